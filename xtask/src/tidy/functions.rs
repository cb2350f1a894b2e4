//! How long a function may be, and that no test is switched off.

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use super::Finding;
use super::rust_source::RustSource;

/// More lines than this are a question to the author.
const LONG: usize = 70;

/// More lines than this are an error.
const TOO_LONG: usize = 100;

/// Functions that nobody reads in one go. A long test is a table of cases more often than not, and
/// a table is read row by row: it is a question, never an error.
pub(super) fn long_functions(source: &RustSource) -> Vec<Finding> {
    source
        .functions
        .iter()
        .filter(|function| function.lines > LONG)
        .map(|function| {
            let message = format!(
                "`{}` has {} lines; split it by what it does (beyond {LONG} a warning, beyond \
                 {TOO_LONG} an error outside the tests)",
                function.name, function.lines
            );
            if function.lines > TOO_LONG && !function.is_test {
                Finding::failure(&source.path, function.line, message)
            } else {
                Finding::warning(&source.path, function.line, message)
            }
        })
        .collect()
}

/// Tests that do not run, or that pass on any panic.
pub(super) fn evaded_tests(source: &RustSource) -> Vec<Finding> {
    let mut search = AttributeSearch {
        path: &source.path,
        findings: Vec::new(),
    };
    search.visit_file(&source.syntax);
    search.findings
}

struct AttributeSearch<'a> {
    path: &'a str,
    findings: Vec<Finding>,
}

impl<'ast> Visit<'ast> for AttributeSearch<'_> {
    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        // Also inside `cfg_attr(condition, ignore)`, whose arguments are bare tokens.
        let names = std::iter::once(attribute.path())
            .filter_map(|path| path.get_ident().map(ToString::to_string))
            .chain(
                attribute
                    .path()
                    .is_ident("cfg_attr")
                    .then(|| cfg_attr_names(attribute))
                    .into_iter()
                    .flatten(),
            );
        for name in names {
            let remedy = match name.as_str() {
                "ignore" => "a test that does not run proves nothing; make it fit, or delete it",
                "should_panic" => "it passes on any panic; assert on the returned error instead",
                _ => continue,
            };
            let line = attribute.pound_token.span().start().line;
            self.findings.push(Finding::failure(
                self.path,
                line,
                format!("`#[{name}]`: {remedy}"),
            ));
        }
        visit::visit_attribute(self, attribute);
    }

    // The body of `proptest! { ... }` and the like is bare tokens, with attributes among them.
    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.search_tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }
}

impl AttributeSearch<'_> {
    fn search_tokens(&mut self, tokens: proc_macro2::TokenStream) {
        let mut after_pound = false;
        for token in tokens {
            let is_pound = matches!(&token, proc_macro2::TokenTree::Punct(p) if p.as_char() == '#');
            if let proc_macro2::TokenTree::Group(group) = token {
                let text = format!("#[{}]", group.stream());
                let is_attribute =
                    after_pound && group.delimiter() == proc_macro2::Delimiter::Bracket;
                let parsed = is_attribute.then(|| {
                    syn::parse::Parser::parse_str(syn::Attribute::parse_outer, &text).ok()
                });
                for mut attribute in parsed.flatten().into_iter().flatten() {
                    attribute.pound_token.span = group.span();
                    self.visit_attribute(&attribute);
                }
                self.search_tokens(group.stream());
            }
            after_pound = is_pound;
        }
    }
}

fn cfg_attr_names(attribute: &syn::Attribute) -> Vec<String> {
    let Ok(list) = attribute.meta.require_list() else {
        return Vec::new();
    };
    list.tokens
        .clone()
        .into_iter()
        .filter_map(|token| match token {
            proc_macro2::TokenTree::Ident(ident) => Some(ident.to_string()),
            proc_macro2::TokenTree::Group(_)
            | proc_macro2::TokenTree::Punct(_)
            | proc_macro2::TokenTree::Literal(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::Weight;
    use super::super::tests::{brief, rust};
    use super::*;

    #[test]
    fn length_warns_and_then_fails() {
        for (lines, expected) in [
            (70, None),
            (71, Some(Weight::Warning)),
            (100, Some(Weight::Warning)),
            (101, Some(Weight::Failure)),
        ] {
            let text = format!("fn f() {{{}}}\n", "\n".repeat(lines - 1));
            let weight = long_functions(&rust("a.rs", &text))
                .first()
                .map(|finding| finding.weight);
            assert_eq!(weight, expected, "{lines} lines");
        }
    }

    #[test]
    fn a_long_table_of_cases_is_a_question() {
        let text = format!("#[test]\nfn t() {{{}}}\n", "\n".repeat(300));
        let findings = long_functions(&rust("a.rs", &text));
        assert_eq!(
            findings.iter().map(|f| f.weight).collect::<Vec<_>>(),
            [Weight::Warning]
        );
    }

    #[test]
    fn tests_that_evade_are_found_in_every_form() {
        for (text, line) in [
            ("#[test]\n#[ignore]\nfn t() {}", 2),
            ("#[ignore = \"slow\"]\nfn t() {}", 1),
            (
                "mod m {\n#[should_panic(expected = \"x\")]\nfn t() {}\n}",
                2,
            ),
            ("#[cfg_attr(windows, ignore)]\nfn t() {}", 1),
            ("proptest! {\n#[test]\n#[ignore]\nfn t(x in 0..9) {}\n}", 3),
        ] {
            let findings = evaded_tests(&rust("a.rs", text));
            let found = brief(&findings);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert_eq!(found[0].0, line, "{text}");
        }
    }

    #[test]
    fn other_attributes_pass() {
        let text = "#[test]\n#[cfg(unix)]\n#[cfg_attr(unix, allow(unused, reason = \"x\"))]\nfn t() \
                    { let ignore = [1]; m!(# [x]); }";
        assert_eq!(evaded_tests(&rust("a.rs", text)), []);
    }
}
