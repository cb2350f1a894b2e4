//! A parsed Rust file: its items, its comments and its functions, each with line numbers.

use std::str::FromStr as _;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use super::{Finding, TextFile};

/// A Rust file that parses.
pub(crate) struct RustSource {
    /// Path from the root of the workspace, with slashes.
    pub(super) path: String,
    /// Its items.
    pub(super) syntax: syn::File,
    /// Its comments, documentation comments included, in order.
    pub(super) comments: Vec<Comment>,
    /// Its functions with a body, in order; those inside macro calls are not seen.
    pub(super) functions: Vec<Function>,
}

/// One line of a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(super) line: usize,
    pub(super) text: String,
}

/// A function or method with a body.
#[derive(Debug)]
pub(crate) struct Function {
    pub(super) name: String,
    /// Of the word `fn`.
    pub(super) line: usize,
    /// From the word `fn` to the closing brace.
    pub(super) lines: usize,
    /// Lines between the braces.
    pub(super) body_lines: usize,
    /// The tokens of the body, without comments and layout.
    pub(super) body: String,
    /// In a test file, a test module, or a test itself.
    pub(super) is_test: bool,
}

impl RustSource {
    /// Parses a file, or says where it is not Rust.
    pub(super) fn parse(file: &TextFile) -> Result<Self, Finding> {
        let not_rust = |line: usize, error: &dyn std::fmt::Display| {
            Finding::failure(&file.path, line, format!("this is not Rust: {error}"))
        };
        let tokens = TokenStream::from_str(&file.text)
            .map_err(|error| not_rust(error.span().start().line, &error))?;
        let comments = comments(&file.text, &tokens);
        let syntax: syn::File =
            syn::parse2(tokens).map_err(|error| not_rust(error.span().start().line, &error))?;
        let mut collector = FunctionCollector {
            functions: Vec::new(),
            in_test: is_test_path(&file.path),
        };
        collector.visit_file(&syntax);
        Ok(Self {
            path: file.path.clone(),
            syntax,
            comments,
            functions: collector.functions,
        })
    }
}

/// Whether everything in this file is test code.
fn is_test_path(path: &str) -> bool {
    path.split('/')
        .any(|part| matches!(part, "tests" | "tests.rs") || part.ends_with("_tests.rs"))
}

/// Everything between the tokens is layout or an ordinary comment. A documentation comment is a
/// token whose own text starts with slashes.
fn comments(text: &str, tokens: &TokenStream) -> Vec<Comment> {
    let mut covered = Vec::new();
    leaf_ranges(tokens.clone(), &mut covered);
    let mut comments = Vec::new();
    let mut end = 0;
    for range in covered {
        // The tokens of one documentation comment all lie at the same place.
        if range.start < end {
            continue;
        }
        comment_lines(text, end..range.start, &mut comments);
        let token = text.get(range.clone()).unwrap_or_default();
        if token.starts_with("//") || token.starts_with("/*") {
            comment_lines(text, range.clone(), &mut comments);
        }
        end = range.end;
    }
    comment_lines(text, end..text.len(), &mut comments);
    comments
}

fn leaf_ranges(tokens: TokenStream, ranges: &mut Vec<std::ops::Range<usize>>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = (
                    group.span_open().byte_range(),
                    group.span_close().byte_range(),
                );
                ranges.push(open.clone());
                leaf_ranges(group.stream(), ranges);
                if close != open {
                    ranges.push(close);
                }
            }
            TokenTree::Ident(ident) => ranges.push(ident.span().byte_range()),
            TokenTree::Punct(punct) => ranges.push(punct.span().byte_range()),
            TokenTree::Literal(literal) => ranges.push(literal.span().byte_range()),
        }
    }
}

fn comment_lines(text: &str, range: std::ops::Range<usize>, comments: &mut Vec<Comment>) {
    let (Some(before), Some(part)) = (text.get(..range.start), text.get(range)) else {
        return;
    };
    let first = 1 + before.matches('\n').count();
    for (offset, line) in part.lines().enumerate() {
        if !line.trim().is_empty() {
            comments.push(Comment {
                line: first + offset,
                text: line.trim().to_owned(),
            });
        }
    }
}

struct FunctionCollector {
    functions: Vec<Function>,
    in_test: bool,
}

impl FunctionCollector {
    fn collect(
        &mut self,
        attributes: &[syn::Attribute],
        signature: &syn::Signature,
        block: &syn::Block,
    ) {
        let first = signature.fn_token.span().start().line;
        let open = block.brace_token.span.open().start().line;
        let last = block.brace_token.span.close().end().line;
        self.functions.push(Function {
            name: signature.ident.to_string(),
            line: first,
            lines: last + 1 - first,
            body_lines: (last - open).saturating_sub(1),
            body: block.to_token_stream().to_string(),
            is_test: self.in_test || is_marked_as_test(attributes),
        });
    }
}

/// `#[test]`, `#[cfg(test)]`, `#[cfg(all(test, ...))]`; not `#[cfg(not(test))]`.
fn is_marked_as_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute.meta.require_list().is_ok_and(|list| {
                    let condition = list.tokens.to_string();
                    condition == "test" || condition.replace(' ', "").starts_with("all(test,")
                })
    })
}

impl<'ast> Visit<'ast> for FunctionCollector {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let outside = self.in_test;
        self.in_test |= is_marked_as_test(&module.attrs);
        visit::visit_item_mod(self, module);
        self.in_test = outside;
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.collect(&function.attrs, &function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.collect(&function.attrs, &function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.collect(&function.attrs, &function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{rust, text_file};
    use super::*;

    #[test]
    fn comments_are_found_and_strings_are_not() {
        let source = rust(
            "a.rs",
            "//! Top.\n\n// one\nfn f<'a>(x: &'a str) {\n    let s = \"// no\"; // two\n    \
             let r = r#\"/* no */\"#; /* three\n    four */\n    let c = '\"';\n}\n\n/// Five.\n\
             fn g() {}\n// six\n",
        );
        let found: Vec<_> = source
            .comments
            .iter()
            .map(|comment| (comment.line, comment.text.as_str()))
            .collect();
        let expected = [
            (1, "//! Top."),
            (3, "// one"),
            (5, "// two"),
            (6, "/* three"),
            (7, "four */"),
            (11, "/// Five."),
            (13, "// six"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn functions_know_their_length_and_whether_they_are_tests() {
        let source = rust(
            "crates/a/src/x.rs",
            "fn one() {}\nimpl S {\n    fn two(\n        a: u8,\n    ) {\n        b();\n    }\n}\n\
             #[cfg(test)]\nmod tests {\n    fn three() {}\n}\n#[cfg(not(test))]\nmod m {\n    fn \
             four() {}\n}\n#[test]\nfn five() {}\ntrait T {\n    fn six();\n    fn seven() {}\n}\n",
        );
        let found: Vec<_> = source
            .functions
            .iter()
            .map(|f| (f.name.as_str(), f.line, f.lines, f.body_lines, f.is_test))
            .collect();
        let expected = [
            ("one", 1, 1, 0, false),
            ("two", 3, 5, 1, false),
            ("three", 11, 1, 0, true),
            ("four", 15, 1, 0, false),
            ("five", 18, 1, 0, true),
            ("seven", 21, 1, 0, false),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn files_of_tests_are_known_by_their_path() {
        for (path, expected) in [
            ("crates/a/tests/x.rs", true),
            ("crates/a/src/pricing/tests.rs", true),
            ("crates/a/src/pricing_tests.rs", true),
            ("crates/a/src/latests.rs", false),
            ("crates/a/src/tests_of_time.rs", false),
        ] {
            assert_eq!(is_test_path(path), expected, "{path}");
        }
    }

    #[test]
    fn the_place_where_a_file_stops_being_rust_is_named() {
        let finding = RustSource::parse(&text_file("a.rs", "fn f() {}\nfn 7\n"))
            .err()
            .unwrap();
        assert!(
            finding
                .to_string()
                .starts_with("a.rs:2: error: this is not Rust"),
            "{finding}"
        );
    }
}
