//! Files: how long, how named, and what `lib.rs` is for.

use super::rust_source::RustSource;
use super::{Finding, TextFile};

/// Lines that a file of code may have.
const LONGEST_FILE: usize = 650;

/// Kinds of file that count as code.
const CODE: [&str; 9] = ["rs", "sol", "ts", "js", "mjs", "css", "html", "sql", "sh"];

/// Names that say nothing about what is inside, so that anything ends up there.
const VAGUE: [&str; 8] = [
    "util", "utils", "helper", "helpers", "common", "manager", "managers", "misc",
];

/// A file that may be longer than the rule says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    /// Path from the root of the workspace.
    pub(super) path: &'static str,
    /// Its length when it was last looked at. It may not grow, and the number follows it down.
    pub(super) lines: usize,
}

/// Files that are too long. An allowance only shrinks: a file that became shorter lowers it.
pub(super) fn long_files(files: &[TextFile], allowances: &[Allowance]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| is_code(&file.path)) {
        let lines = file.text.lines().count();
        let allowance = allowances
            .iter()
            .find(|allowance| allowance.path == file.path);
        let message = match allowance {
            None if lines > LONGEST_FILE => {
                format!(
                    "{lines} lines, at most {LONGEST_FILE} are allowed; split it by what it does"
                )
            }
            Some(Allowance { lines: allowed, .. }) if lines > *allowed => {
                format!("{lines} lines, it was allowed {allowed}; it may only become shorter")
            }
            Some(Allowance { lines: allowed, .. }) if lines < *allowed => {
                let remedy = if lines > LONGEST_FILE {
                    "lower"
                } else {
                    "delete"
                };
                format!("{lines} lines, it is allowed {allowed}; {remedy} its entry in tidy.rs")
            }
            None | Some(_) => continue,
        };
        findings.push(Finding::failure(&file.path, 0, message));
    }
    for allowance in allowances {
        if files.iter().all(|file| file.path != allowance.path) {
            let message = "is gone; delete its entry in tidy.rs";
            findings.push(Finding::failure(allowance.path, 0, message));
        }
    }
    findings
}

fn is_code(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.')
        .is_some_and(|(_, ending)| CODE.contains(&ending))
}

/// Files and folders whose name says nothing.
pub(super) fn vague_names(paths: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in paths {
        for part in path.split('/') {
            let stem = part.split('.').next().unwrap_or(part).to_lowercase();
            if VAGUE.contains(&stem.as_str()) {
                let message = format!("`{stem}` says nothing; name it after what it holds");
                findings.push(Finding::failure(path, 0, message));
            }
        }
    }
    findings
}

/// `lib.rs` may hold documentation, modules and re-exports.
pub(super) fn lib_rs_is_a_table_of_contents(source: &RustSource) -> Vec<Finding> {
    if !source.path.ends_with("src/lib.rs") {
        return Vec::new();
    }
    source
        .syntax
        .items
        .iter()
        .filter(|item| !belongs_in_lib_rs(item))
        .map(|item| {
            let line = syn::spanned::Spanned::span(item).start().line;
            let message = "lib.rs may hold only documentation, `mod name;` and re-exports; move \
                           this into a module";
            Finding::failure(&source.path, line, message)
        })
        .collect()
}

fn belongs_in_lib_rs(item: &syn::Item) -> bool {
    if let syn::Item::Mod(module) = item {
        module.content.is_none()
    } else if let syn::Item::Use(import) = item {
        !matches!(import.vis, syn::Visibility::Inherited)
    } else {
        false
    }
}

/// Source files that no module declares. The compiler does not see them, so nothing checks them.
pub(super) fn unreachable_files(sources: &[RustSource]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources {
        let Some((parents, module)) = declaring_files(&source.path) else {
            continue;
        };
        let declared = sources
            .iter()
            .filter(|other| parents.contains(&other.path))
            .any(|other| declares(&other.syntax.items, &module));
        if !declared {
            let message = format!(
                "no `mod {module};` in {}; add it, or delete the file",
                parents.join(" or ")
            );
            findings.push(Finding::failure(&source.path, 0, message));
        }
    }
    findings
}

/// The files that may declare the module in this file, and its name. Nothing for crate roots and
/// for files outside a `src` folder.
fn declaring_files(path: &str) -> Option<(Vec<String>, String)> {
    let (base, inside) = path.split_once("src/")?;
    if !(base.is_empty() || base.ends_with('/')) {
        return None;
    }
    let inside = inside.strip_suffix(".rs")?;
    let inside = inside.strip_suffix("/mod").unwrap_or(inside);
    if matches!(inside, "lib" | "main") || inside.starts_with("bin/") {
        return None;
    }
    let (parents, module) = match inside.rsplit_once('/') {
        None => (
            vec![format!("{base}src/lib.rs"), format!("{base}src/main.rs")],
            inside,
        ),
        Some((folder, module)) => (
            vec![
                format!("{base}src/{folder}.rs"),
                format!("{base}src/{folder}/mod.rs"),
            ],
            module,
        ),
    };
    Some((parents, module.to_owned()))
}

fn declares(items: &[syn::Item], module: &str) -> bool {
    items.iter().any(
        |item| matches!(item, syn::Item::Mod(found) if found.content.is_none() && found.ident == module),
    )
}

/// Migrations that no list of their crate names: they would never be applied.
pub(super) fn unlisted_migrations(files: &[TextFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        let Some((package, name)) = migration(&file.path) else {
            continue;
        };
        let source = format!("{package}/src/");
        let listed = format!("\"{name}\"");
        let is_listed = files
            .iter()
            .filter(|other| other.path.starts_with(&source) && other.path.ends_with(".rs"))
            .any(|other| other.text.contains(&listed));
        if !is_listed {
            let message = format!(
                "no `migrations!` in {source} lists {listed}; add it at the end of its list, or delete \
                 the file"
            );
            findings.push(Finding::failure(&file.path, 0, message));
        }
    }
    findings
}

/// The package of a migration's file, and its name as lists have it.
fn migration(path: &str) -> Option<(&str, &str)> {
    let (folder, file) = path.rsplit_once('/')?;
    let (group, database) = folder.rsplit_once('/')?;
    let (package, _) = group.rsplit_once('/')?;
    let name = file.strip_suffix(".sql")?;
    matches!(database, "sqlite" | "postgres").then_some((package, name))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{brief, rust, text_file};
    use super::*;

    #[test]
    fn length_is_a_ratchet() {
        let file = |lines: usize| text_file("a/b.rs", &"x\n".repeat(lines));
        let cases: [(usize, Option<usize>, &str); 8] = [
            (650, None, ""),
            (651, None, "651 lines, at most 650"),
            (800, Some(800), ""),
            (
                801,
                Some(800),
                "801 lines, it was allowed 800; it may only become shorter",
            ),
            (799, Some(800), "799 lines, it is allowed 800; lower"),
            (600, Some(800), "600 lines, it is allowed 800; delete"),
            (1, None, ""),
            (650, Some(651), "650 lines, it is allowed 651; delete"),
        ];
        for (lines, allowed, expected) in cases {
            let allowance = allowed.map(|lines| Allowance {
                path: "a/b.rs",
                lines,
            });
            let findings = long_files(&[file(lines)], allowance.as_slice());
            let found = brief(&findings);
            assert_eq!(
                found.is_empty(),
                expected.is_empty(),
                "{lines} {allowed:?}: {found:?}"
            );
            assert!(
                found
                    .iter()
                    .all(|(_, message)| message.starts_with(expected)),
                "{found:?}"
            );
        }
    }

    #[test]
    fn an_allowance_without_its_file_is_found_and_data_is_not_code() {
        let gone = [Allowance {
            path: "a/gone.rs",
            lines: 900,
        }];
        assert_eq!(
            brief(&long_files(&[], &gone)),
            [(0, "is gone; delete its entry in tidy.rs")]
        );
        let data = text_file("examples/contributions.csv", &"x\n".repeat(9000));
        assert_eq!(long_files(&[data], &[]), []);
    }

    #[test]
    fn vague_names_are_found_in_files_and_folders() {
        for (path, expected) in [
            ("crates/a/src/utils.rs", 1),
            ("crates/a/src/Helpers/x.rs", 1),
            ("crates/a/tests/common/mod.rs", 1),
            ("web/manager.test.ts", 1),
            ("crates/a/src/uncommon.rs", 0),
            ("crates/a/src/utility_token.rs", 0),
        ] {
            assert_eq!(vague_names(&[path.to_owned()]).len(), expected, "{path}");
        }
    }

    #[test]
    fn lib_rs_holds_modules_and_re_exports_only() {
        for (item, expected) in [
            ("mod a;", 0),
            ("pub mod a;", 0),
            ("pub use a::B;", 0),
            ("pub(crate) use a::B;", 0),
            ("use a::B;", 1),
            ("pub fn f() {}", 1),
            ("mod a { fn f() {} }", 1),
            ("pub const X: u8 = 1;", 1),
        ] {
            let text = format!("//! Docs.\n#![deny(missing_docs)]\n{item}\n");
            let findings = lib_rs_is_a_table_of_contents(&rust("crates/a/src/lib.rs", &text));
            assert_eq!(findings.len(), expected, "{item}");
            assert!(findings.iter().all(|finding| finding.line == 3), "{item}");
            assert_eq!(
                lib_rs_is_a_table_of_contents(&rust("crates/a/src/b.rs", &text)),
                []
            );
        }
    }

    #[test]
    fn files_no_module_declares_are_found() {
        let sources = [
            rust("c/src/lib.rs", "mod a;\nmod inline {}\n"),
            rust("c/src/main.rs", "mod m;\n"),
            rust("c/src/a.rs", "mod b;\n"),
            rust("c/src/a/b.rs", ""),
            rust("c/src/a/lost.rs", ""),
            rust("c/src/m/mod.rs", "mod n;\n"),
            rust("c/src/m/n.rs", ""),
            rust("c/src/inline.rs", ""),
            rust("c/src/bin/tool.rs", ""),
            rust("c/tests/t.rs", ""),
            rust("c/build.rs", ""),
        ];
        let findings = unreachable_files(&sources);
        let paths: Vec<_> = findings
            .iter()
            .map(|finding| finding.path.as_str())
            .collect();
        assert_eq!(paths, ["c/src/a/lost.rs", "c/src/inline.rs"]);
    }

    #[test]
    fn migrations_that_no_list_names_are_found() {
        let files = [
            text_file(
                "c/a/src/x/store.rs",
                "migrations!(\"a\", \"migrations\", [\"0001_a\"])",
            ),
            text_file("c/b/src/store.rs", "\"0002_b\""),
            text_file("c/a/migrations/sqlite/0001_a.sql", ""),
            text_file("c/a/migrations/postgres/0001_a.sql", ""),
            text_file("c/a/migrations/sqlite/0002_b.sql", ""),
            text_file("c/a/tests/query.sql", ""),
        ];
        let findings = unlisted_migrations(&files);
        let paths: Vec<_> = findings
            .iter()
            .map(|finding| finding.path.as_str())
            .collect();
        assert_eq!(paths, ["c/a/migrations/sqlite/0002_b.sql"]);
    }
}
