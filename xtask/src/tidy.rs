//! The house rules that no compiler knows, run with every test.
//!
//! Each rule is a function from sources to findings and is tested here on sources that break it.
//! A rule that turns out wrong is changed here with its reason, never silenced at the place it
//! points to.

mod codes;
mod comments;
mod duplicates;
mod functions;
mod layout;
mod leaks;
mod rust_source;

use std::path::Path;

use crate::error::XtaskError;
use crate::process::{self, Output};
use crate::workspace::Workspace;
use rust_source::RustSource;

/// Files that were too long when the rule came, with the length each had. Entries only shrink and
/// go; a new one is a decision for a review.
const LONG_FILES: &[layout::Allowance] = &[];

/// Binary files and data are not read beyond this size; the rules are about text people write.
const LARGEST_TEXT: u64 = 4 << 20;

/// One broken rule at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Path from the root of the workspace.
    path: String,
    /// From 1; 0 when the whole file is meant.
    line: usize,
    /// What is wrong and what to do.
    message: String,
    weight: Weight,
}

/// Whether a finding fails the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Warning,
    Failure,
}

impl Finding {
    fn failure(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            message: message.into(),
            weight: Weight::Failure,
        }
    }

    fn warning(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            weight: Weight::Warning,
            ..Self::failure(path, line, message)
        }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let weight = match self.weight {
            Weight::Warning => "warning",
            Weight::Failure => "error",
        };
        write!(
            formatter,
            "{}:{}: {weight}: {}",
            self.path, self.line, self.message
        )
    }
}

/// A text file of the project.
#[derive(Debug, Clone)]
pub(crate) struct TextFile {
    /// Path from the root of the workspace, with slashes.
    path: String,
    text: String,
}

/// Applies all rules to every file that is or could be committed.
///
/// # Errors
/// `X007` after the findings were printed; those of `git ls-files` and of reading.
pub(crate) fn check(workspace: &Workspace) -> Result<(), XtaskError> {
    let paths = listed_files(workspace)?;
    let mut files = Vec::new();
    for path in &paths {
        if let Some(text) = read_text(&workspace.root().join(path))? {
            files.push(TextFile {
                path: path.clone(),
                text,
            });
        }
    }
    let mut findings = apply(&paths, &files);
    findings.extend(leaks::machine_traces(
        &files,
        &leaks::Needles::of(workspace.root()),
    ));
    findings.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    for finding in &findings {
        println!("{finding}");
    }
    let count = findings
        .iter()
        .filter(|finding| finding.weight == Weight::Failure)
        .count();
    println!(
        "tidy: {} files, {count} error(s), {} warning(s)",
        paths.len(),
        findings.len() - count
    );
    if count == 0 {
        Ok(())
    } else {
        Err(XtaskError::Tidy { count })
    }
}

/// All rules that need nothing but the files.
fn apply(paths: &[String], files: &[TextFile]) -> Vec<Finding> {
    let mut findings = layout::vague_names(paths);
    findings.extend(layout::long_files(files, LONG_FILES));
    findings.extend(layout::unlisted_migrations(files));
    let mut sources = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        match RustSource::parse(file) {
            Ok(source) => sources.push(source),
            Err(finding) => findings.push(finding),
        }
    }
    for source in &sources {
        findings.extend(comments::check(source));
        findings.extend(functions::long_functions(source));
        findings.extend(functions::evaded_tests(source));
        findings.extend(layout::lib_rs_is_a_table_of_contents(source));
    }
    findings.extend(layout::unreachable_files(&sources));
    findings.extend(duplicates::equal_bodies(&sources));
    findings.extend(codes::of_two_crates(&sources));
    findings
}

/// Tracked files, and new ones that are not ignored: a run before the commit sees what it adds.
fn listed_files(workspace: &Workspace) -> Result<Vec<String>, XtaskError> {
    let arguments = [
        // The checkout may belong to another account than ours, as in a container.
        "-c",
        "safe.directory=*",
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "-z",
    ];
    let list = process::run_to_success(workspace.command("git", &arguments), Output::Kept, None)?;
    let mut paths: Vec<String> = list
        .split('\0')
        // A file removed but not yet committed is still listed.
        .filter(|path| !path.is_empty() && workspace.root().join(path).is_file())
        .map(str::to_owned)
        .collect();
    paths.sort_unstable();
    paths.dedup();
    Ok(paths)
}

/// The text of a file; nothing for what is not text.
fn read_text(path: &Path) -> Result<Option<String>, XtaskError> {
    let failed = |source| XtaskError::File {
        path: path.to_owned(),
        source,
    };
    if std::fs::metadata(path).map_err(failed)?.len() > LARGEST_TEXT {
        return Ok(None);
    }
    let bytes = std::fs::read(path).map_err(failed)?;
    Ok(String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of the tests of this module's children.
    pub(super) fn text_file(path: &str, text: &str) -> TextFile {
        TextFile {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// A parsed source for the tests of this module's children.
    pub(super) fn rust(path: &str, text: &str) -> RustSource {
        RustSource::parse(&text_file(path, text)).unwrap()
    }

    /// `line message-start` of each finding, which is what the tables of the children compare.
    pub(super) fn brief(findings: &[Finding]) -> Vec<(usize, &str)> {
        findings
            .iter()
            .map(|finding| (finding.line, finding.message.as_str()))
            .collect()
    }

    #[test]
    fn every_rule_is_applied() {
        let long = "//! Docs.\nfn f() {}\n".to_owned() + &"\n".repeat(700);
        let body = "{\n let a = 1;\n let b = a + 1;\n let c = b;\n d(c);\n e(c);\n f(c);\n}\n";
        let files = [
            text_file("crates/a/src/main.rs", &long),
            text_file("crates/a/src/lib.rs", "fn f() {}\n"),
            text_file("crates/a/src/orphan.rs", "// previously this\n"),
            text_file("crates/a/tests/t.rs", "#[test]\n#[ignore]\nfn t() {}\n"),
            text_file(
                "crates/b/src/main.rs",
                &format!("fn x() {body} fn y() {body}"),
            ),
            text_file("crates/c/src/main.rs", "fn code() { a(\"C101\") }"),
            text_file("crates/d/src/main.rs", "fn code() { b(\"C101\") }"),
            text_file(
                "crates/b/src/bin/p.rs",
                &format!("fn z() {{{}}}", "\n".repeat(100)),
            ),
            text_file("crates/b/src/bin/q.rs", "fn ("),
            text_file("crates/b/migrations/sqlite/0001_b.sql", ""),
        ];
        let paths: Vec<String> = ["crates/a/src/utils.rs".to_owned()].into();
        let findings = apply(&paths, &files);
        for expected in [
            "crates/a/src/utils.rs:0: error: `utils`",
            "crates/a/src/main.rs:0: error: 702 lines",
            "crates/a/src/lib.rs:1: error: lib.rs",
            "crates/a/src/orphan.rs:0: error: no `mod orphan",
            "crates/a/src/orphan.rs:1: error: the comment says `previously`",
            "crates/a/tests/t.rs:2: error: `#[ignore]`",
            "crates/b/src/main.rs:1: error: `x` and `y`",
            "crates/d/src/main.rs:1: error: `C101`",
            "crates/b/src/bin/p.rs:1: error: `z` has 101 lines",
            "crates/b/src/bin/q.rs:1: error: this is not Rust",
            "crates/b/migrations/sqlite/0001_b.sql:0: error: no `migrations!`",
        ] {
            assert!(
                findings
                    .iter()
                    .any(|finding| finding.to_string().starts_with(expected)),
                "no finding starts with {expected:?} in {findings:#?}"
            );
        }
        assert_eq!(findings.len(), 11, "{findings:#?}");
    }

    #[test]
    fn what_is_not_text_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("picture");
        std::fs::write(&path, b"\x89PNG\0\0").unwrap();
        assert_eq!(read_text(&path).unwrap(), None);
        std::fs::write(&path, "words").unwrap();
        assert_eq!(read_text(&path).unwrap().as_deref(), Some("words"));
    }
}
