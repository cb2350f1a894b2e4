//! A field of a table in a file (RFC 4180).

/// In quotation marks where it must be.
pub(crate) fn push_field(field: &str, out: &mut String) {
    if field.contains([',', '"', '\r', '\n']) {
        out.push('"');
        out.push_str(&field.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(field);
    }
}

/// The same for who opens it in a spreadsheet: words that it would take for a formula begin with an apostrophe.
pub(crate) fn push_words(words: &str, out: &mut String) {
    if words.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '|', '%']) {
        push_field(&format!("'{words}"), out);
    } else {
        push_field(words, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_quoted_where_it_must_be() {
        for (field, expected) in [
            ("key:a", "key:a"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("two\nlines", "\"two\nlines\""),
        ] {
            let mut out = String::new();
            push_field(field, &mut out);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn words_are_never_a_formula() {
        for (words, expected) in [
            ("Harbour", "Harbour"),
            ("=HYPERLINK(\"x\",1)", "\"'=HYPERLINK(\"\"x\"\",1)\""),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("a=b", "a=b"),
        ] {
            let mut out = String::new();
            push_words(words, &mut out);
            assert_eq!(out, expected);
        }
    }
}
