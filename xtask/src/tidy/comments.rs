//! What a comment must not say: history belongs in commits, and open work in issues.

use super::Finding;
use super::rust_source::RustSource;

/// Words that tell what the code was or who asked for it.
const HISTORY: [&str; 4] = ["previously", "refactored", "now uses", "as requested"];

/// Marks of work left undone.
const OPEN_WORK: [&str; 4] = ["TODO", "FIXME", "XXX", "HACK"];

/// Comments that narrate history, mark open work, or are code that was switched off.
pub(super) fn check(source: &RustSource) -> Vec<Finding> {
    let mut findings = Vec::new();
    for comment in &source.comments {
        let lower = comment.text.to_lowercase();
        for word in HISTORY.into_iter().filter(|word| lower.contains(word)) {
            findings.push(Finding::failure(
                &source.path,
                comment.line,
                format!(
                    "the comment says `{word}`; say why the code is as it is, history is in git"
                ),
            ));
        }
        for mark in OPEN_WORK
            .into_iter()
            .filter(|mark| has_word(&comment.text, mark))
        {
            findings.push(Finding::failure(
                &source.path,
                comment.line,
                format!("the comment says `{mark}`; do it, or open an issue and drop the mark"),
            ));
        }
        if is_code(&comment.text) {
            findings.push(Finding::failure(
                &source.path,
                comment.line,
                "this comment is code that was switched off; delete it, git keeps it",
            ));
        }
    }
    findings
}

/// Whether the word stands alone in the text.
fn has_word(text: &str, word: &str) -> bool {
    text.split(|character: char| !character.is_alphanumeric())
        .any(|part| part == word)
}

/// A statement behind `//`. Documentation may show code, and prose does not parse.
fn is_code(comment: &str) -> bool {
    let Some(text) = comment.strip_prefix("//") else {
        return false;
    };
    let text = text.trim();
    !text.starts_with(['/', '!'])
        && text.ends_with(';')
        && text.contains(['(', '='])
        && syn::parse_str::<syn::Block>(&format!("{{ {text} }}")).is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{brief, rust};
    use super::*;

    #[test]
    fn each_banned_comment_is_found_once() {
        let cases = [
            ("// Previously a map.", "the comment says `previously`"),
            (
                "/// It now uses a tree.\nfn f() {}",
                "the comment says `now uses`",
            ),
            ("/* Refactored\n */", "the comment says `refactored`"),
            ("//! As requested, ...", "the comment says `as requested`"),
            ("// TODO: later", "the comment says `TODO`"),
            ("// (FIXME)", "the comment says `FIXME`"),
            ("// let x = price(y);", "this comment is code"),
            ("// release(funds);", "this comment is code"),
        ];
        for (text, expected) in cases {
            let findings = check(&rust("a.rs", text));
            let found = brief(&findings);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(
                found[0].0 == 1 && found[0].1.starts_with(expected),
                "{text}: {found:?}"
            );
        }
    }

    #[test]
    fn good_comments_and_strings_pass() {
        for text in [
            "// Rounds down (DESIGN.md 3); the dust stays with the issuer;",
            "// METHODOLOGY and TODOS are other words",
            "fn f() { g(\"TODO previously\"); }",
            "/// ```\n/// let x = price(y);\n/// ```\nfn f() {}",
            "// see below;",
        ] {
            assert_eq!(check(&rust("a.rs", text)), [], "{text}");
        }
    }
}
