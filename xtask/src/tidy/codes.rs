//! Stable codes: a code means one thing, whichever crate says it.

use std::collections::BTreeMap;

use super::Finding;
use super::rust_source::RustSource;

/// Codes that functions called `code` of two crates give.
pub(super) fn of_two_crates(sources: &[RustSource]) -> Vec<Finding> {
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    let mut findings = Vec::new();
    for source in sources {
        let Some(owner) = crate_of(&source.path) else {
            continue;
        };
        let given = source
            .functions
            .iter()
            .filter(|function| function.name == "code" && !function.is_test);
        for function in given {
            for code in codes(&function.body) {
                let first = *owners.entry(code.to_owned()).or_insert(owner);
                if first != owner {
                    let message = format!("`{code}` is a code of `{first}` too; take a free one");
                    findings.push(Finding::failure(&source.path, function.line, message));
                }
            }
        }
    }
    findings
}

fn crate_of(path: &str) -> Option<&str> {
    path.strip_prefix("crates/")?.split('/').next()
}

/// The string literals of a body that are a letter and three digits.
fn codes(body: &str) -> impl Iterator<Item = &str> {
    body.split('"').filter(|text| match text.as_bytes() {
        [letter, digits @ ..] => {
            letter.is_ascii_uppercase()
                && digits.len() == 3
                && digits.iter().all(u8::is_ascii_digit)
        }
        [] => false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{brief, rust};
    use super::*;

    #[test]
    fn a_code_belongs_to_one_crate() {
        let gives =
            |name: &str| format!("fn {name}(e: E) -> &str {{ match e {{ A => \"P101\" }} }}");
        let sources = [
            rust("crates/a/src/error.rs", &gives("code")),
            rust("crates/a/src/other.rs", &gives("code")),
            rust("crates/b/src/asks.rs", &gives("page")),
            rust("crates/b/src/error.rs", &format!("\n{}", gives("code"))),
        ];
        let findings = of_two_crates(&sources);
        assert_eq!(
            brief(&findings),
            [(2, "`P101` is a code of `a` too; take a free one")]
        );
    }
}
