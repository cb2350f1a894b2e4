//! One line as fields.

use std::{borrow::Cow, ops::Range};

/// Where a field stands in its line, without its quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Field {
    begin: u32,
    end: u32,
    /// Whether quotes stand doubled inside.
    doubled_quotes: bool,
}

/// Why a line is no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineFault {
    /// A quoted field has no end.
    Open,
    /// A quote inside an unquoted field, or something after the closing quote. The range is the
    /// field.
    Stray { begin: usize, end: usize },
}

impl Field {
    fn new(range: Range<usize>, doubled_quotes: bool) -> Self {
        // A line is at most 64 KiB long.
        let narrow = |place| u32::try_from(place).unwrap_or(u32::MAX);
        Self {
            begin: narrow(range.start),
            end: narrow(range.end),
            doubled_quotes,
        }
    }

    /// Its place in the line.
    pub(super) fn range(self) -> Range<usize> {
        let wide = |place| usize::try_from(place).unwrap_or(usize::MAX);
        wide(self.begin)..wide(self.end)
    }

    /// As it stands in the line; doubled quotes stay doubled.
    pub(super) fn raw(self, line: &str) -> &str {
        &line[self.range()]
    }

    /// What it says.
    pub(super) fn text(self, line: &str) -> Cow<'_, str> {
        let raw = self.raw(line);
        if self.doubled_quotes {
            Cow::Owned(raw.replace("\"\"", "\""))
        } else {
            Cow::Borrowed(raw)
        }
    }
}

/// Splits a line without its end into fields; `fields` is emptied first.
pub(super) fn split(line: &str, fields: &mut Vec<Field>) -> Result<(), LineFault> {
    fields.clear();
    let bytes = line.as_bytes();
    if memchr::memchr(b'"', bytes).is_some() {
        return split_quoted(bytes, fields);
    }
    let mut begin = 0;
    for comma in memchr::memchr_iter(b',', bytes) {
        fields.push(Field::new(begin..comma, false));
        begin = comma + 1;
    }
    fields.push(Field::new(begin..bytes.len(), false));
    Ok(())
}

fn split_quoted(bytes: &[u8], fields: &mut Vec<Field>) -> Result<(), LineFault> {
    let mut at = 0;
    loop {
        let end = if bytes.get(at) == Some(&b'"') {
            let (close, doubled) = closing_quote(bytes, at + 1).ok_or(LineFault::Open)?;
            if bytes.get(close + 1).is_some_and(|next| *next != b',') {
                return Err(LineFault::Stray {
                    begin: at,
                    end: field_end(bytes, close + 1),
                });
            }
            fields.push(Field::new(at + 1..close, doubled));
            close + 1
        } else {
            let end = field_end(bytes, at);
            if memchr::memchr(b'"', &bytes[at..end]).is_some() {
                return Err(LineFault::Stray { begin: at, end });
            }
            fields.push(Field::new(at..end, false));
            end
        };
        if end == bytes.len() {
            return Ok(());
        }
        at = end + 1;
    }
}

/// The quote that ends a field, and whether doubled ones stand before it.
fn closing_quote(bytes: &[u8], begin: usize) -> Option<(usize, bool)> {
    let (mut at, mut doubled) = (begin, false);
    loop {
        let quote = at + memchr::memchr(b'"', bytes.get(at..)?)?;
        if bytes.get(quote + 1) != Some(&b'"') {
            return Some((quote, doubled));
        }
        (at, doubled) = (quote + 2, true);
    }
}

fn field_end(bytes: &[u8], begin: usize) -> usize {
    memchr::memchr(b',', &bytes[begin..]).map_or(bytes.len(), |comma| begin + comma)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(line: &str) -> Result<Vec<String>, LineFault> {
        let mut fields = Vec::new();
        split(line, &mut fields)?;
        Ok(fields
            .iter()
            .map(|field| field.text(line).into_owned())
            .collect())
    }

    /// The same line by the csv crate, as one record.
    fn by_csv(line: &str) -> Vec<String> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(line.as_bytes());
        let records: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(records.len(), 1, "{line:?}");
        records[0].iter().map(str::to_owned).collect()
    }

    #[test]
    fn quotes_stand_around_fields_or_the_line_is_refused() {
        let owned = |fields: &[&str]| Ok(fields.iter().map(|&field| field.to_owned()).collect());
        let table = [
            ("a,b,c", owned(&["a", "b", "c"])),
            (",,", owned(&["", "", ""])),
            ("\"a,b\",c", owned(&["a,b", "c"])),
            ("\"\",\"\"", owned(&["", ""])),
            ("\"say \"\"hi\"\"\",", owned(&["say \"hi\"", ""])),
            ("\"\"\"\"", owned(&["\""])),
            ("\"a", Err(LineFault::Open)),
            ("a,\"b\"\"", Err(LineFault::Open)),
            ("\"a\"b,c", Err(LineFault::Stray { begin: 0, end: 4 })),
            ("a,b\"c\"", Err(LineFault::Stray { begin: 2, end: 6 })),
            ("a, \"b\"", Err(LineFault::Stray { begin: 2, end: 6 })),
        ];
        for (line, expected) in table {
            assert_eq!(read(line), expected, "{line}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// What is accepted is read as the csv crate reads it.
        #[test]
        fn accepted_lines_are_those_of_the_csv_crate(line in "[a-c,\"é ]{1,14}") {
            if let Ok(fields) = read(&line) {
                prop_assert_eq!(fields, by_csv(&line));
            }
        }

        /// What a csv writer writes is accepted, and means the same.
        #[test]
        fn written_records_are_read_back(fields in prop::collection::vec("[a-c,\"é ]{0,6}", 2..6)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(&fields).unwrap();
            let line = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            prop_assert_eq!(read(line.trim_end_matches('\n')), Ok(fields));
        }
    }
}
