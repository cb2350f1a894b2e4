//! The same function written twice: two places to mend, and one of them is forgotten.

use std::collections::BTreeMap;

use super::Finding;
use super::rust_source::{Function, RustSource};

/// Shorter bodies are equal by chance.
const FEWEST_LINES: usize = 6;

/// Functions outside the tests whose bodies have the same tokens.
pub(super) fn equal_bodies(sources: &[RustSource]) -> Vec<Finding> {
    let mut by_body: BTreeMap<&str, Vec<(&RustSource, &Function)>> = BTreeMap::new();
    for source in sources {
        for function in &source.functions {
            if function.body_lines >= FEWEST_LINES && !function.is_test {
                by_body
                    .entry(&function.body)
                    .or_default()
                    .push((source, function));
            }
        }
    }
    let mut findings = Vec::new();
    for group in by_body.values() {
        let Some(((source, function), others)) = group.split_first() else {
            continue;
        };
        for (other_source, other) in others {
            let message = format!(
                "`{}` and `{}` ({}:{}) have the same body; let one file own it",
                function.name, other.name, other_source.path, other.line
            );
            findings.push(Finding::failure(&source.path, function.line, message));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::tests::{brief, rust};
    use super::*;

    const BODY: &str = "\n    let mut text = String::new();\n    for byte in bytes {\n        \
                        text.push(digit(byte >> 4));\n        text.push(digit(byte & 15));\n    \
                        }\n    text\n";

    #[test]
    fn equal_bodies_are_found_across_files_whatever_their_layout() {
        let other = BODY
            .replace("    ", "\t")
            .replace("text\n", "text // the digits\n");
        let sources = [
            rust(
                "a/src/x.rs",
                &format!("fn hex(bytes: &[u8]) -> String {{{BODY}}}\n"),
            ),
            rust(
                "b/src/y.rs",
                &format!("\nfn to_hex(bytes: &[u8]) -> String {{{other}}}\n"),
            ),
        ];
        let findings = equal_bodies(&sources);
        let expected = "`hex` and `to_hex` (b/src/y.rs:2) have the same body; let one file own it";
        assert_eq!(brief(&findings), [(1, expected)]);
    }

    #[test]
    fn tests_short_bodies_and_different_bodies_pass() {
        let function = |name: &str, body: &str| format!("fn {name}() {{{body}}}\n");
        let short = "\n a();\n b();\n c();\n d();\n e();\n";
        for (first, second) in [
            (function("a", short), function("b", short)),
            (function("a", BODY), function("b", &BODY.replace("15", "7"))),
            (
                function("a", BODY),
                format!("#[cfg(test)]\nmod tests {{\n{}}}\n", function("b", BODY)),
            ),
        ] {
            let sources = [rust("a.rs", &first), rust("b.rs", &second)];
            assert_eq!(equal_bodies(&sources), [], "{second}");
        }
    }
}
