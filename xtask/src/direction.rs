//! Dependencies point one way (ARCHITECTURE.md): `cli -> proof -> offering`, and nothing back.
//!
//! The compiler refuses cycles only. That the pure core knows no outer crate, also not in its
//! tests, is checked here against the table below.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::error::XtaskError;
use crate::process::{self, Limit, Output};
use crate::workspace::Workspace;

/// More crates than this in a build are more than anybody can keep an eye on.
///
/// `Cargo.lock` has more: it also lists what is built on other systems only, or for features that nobody
/// switched on. No line of those is compiled.
const MOST_CRATES: usize = 640;

/// Every crate that a build of the workspace and its tests compiles on this machine, a line for each edge to it.
const TREE: [&str; 9] = [
    "tree",
    "--locked",
    "--workspace",
    "--edges",
    "normal,build,dev",
    "--prefix",
    "none",
    "--format",
    "{p}",
];

/// What a package of the workspace may know of the others.
#[derive(Debug, Clone, Copy)]
enum MayKnow {
    /// These, and no others.
    Only(&'static [&'static str]),
    /// Every one.
    Any,
}

/// One row per package. A new crate needs a new row, and with it a thought.
const TABLE: [(&str, MayKnow); 12] = [
    ("softcap-offering", MayKnow::Only(&[])),
    ("softcap-proof", MayKnow::Only(&["softcap-offering"])),
    (
        "softcap-rails",
        MayKnow::Only(&["softcap-proof", "softcap-offering"]),
    ),
    ("softcap-chain", MayKnow::Only(&[])),
    (
        // The chain in process says what code the contracts have, and is what the tests run on.
        "softcap-evm",
        MayKnow::Only(&["softcap-proof", "softcap-offering", "softcap-chain"]),
    ),
    ("softcap-database", MayKnow::Only(&[])),
    (
        "softcap-journal",
        MayKnow::Only(&[
            "softcap-database",
            "softcap-rails",
            "softcap-proof",
            "softcap-offering",
        ]),
    ),
    ("softcap-identity", MayKnow::Only(&["softcap-database"])),
    (
        "softcap-server",
        MayKnow::Only(&[
            "softcap-database",
            "softcap-evm",
            "softcap-identity",
            "softcap-journal",
            "softcap-rails",
            "softcap-proof",
            "softcap-offering",
        ]),
    ),
    (
        "softcap",
        MayKnow::Only(&[
            "softcap-chain",
            "softcap-database",
            "softcap-evm",
            "softcap-identity",
            "softcap-journal",
            "softcap-offering",
            "softcap-proof",
            "softcap-rails",
            "softcap-server",
        ]),
    ),
    ("softcap-bench", MayKnow::Any),
    ("xtask", MayKnow::Only(&[])),
];

/// The part of `cargo metadata` that matters here.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    /// Present for what lies in the workspace.
    path: Option<String>,
}

/// Checks all edges between packages of the workspace and the number of crates in a build.
///
/// # Errors
/// `X008` after the findings were printed; `X006` when cargo's answer cannot be read.
pub(crate) fn check(workspace: &Workspace, limit: Option<Limit>) -> Result<(), XtaskError> {
    let arguments = ["metadata", "--format-version", "1", "--no-deps", "--locked"];
    let json = process::run_to_success(workspace.cargo(&arguments), Output::Kept, limit)?;
    let mut findings = wrong_edges(&json)?;
    let tree = process::run_to_success(workspace.cargo(&TREE), Output::Kept, limit)?;
    findings.extend(too_many_crates(&tree));
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => Ok(()),
        count => Err(XtaskError::Direction { count }),
    }
}

fn wrong_edges(json: &str) -> Result<Vec<String>, XtaskError> {
    let metadata: Metadata =
        serde_json::from_str(json).map_err(|error| XtaskError::UnreadableOutput {
            command: "cargo metadata".to_owned(),
            detail: error.to_string(),
        })?;
    let mut findings = Vec::new();
    for package in &metadata.packages {
        let Some((_, may_know)) = TABLE.iter().find(|(name, _)| *name == package.name) else {
            findings.push(format!(
                "{}: this crate has no row in xtask/src/direction.rs; say what it may know",
                package.name
            ));
            continue;
        };
        let MayKnow::Only(allowed) = may_know else {
            continue;
        };
        // A crate that names itself switches its own features on for its tests.
        for dependency in package
            .dependencies
            .iter()
            .filter(|edge| edge.path.is_some() && edge.name != package.name)
        {
            if !allowed.contains(&dependency.name.as_str()) {
                findings.push(format!(
                    "{} -> {}: this edge is against the direction of ARCHITECTURE.md; move the \
                     code that needs it outwards",
                    package.name, dependency.name
                ));
            }
        }
    }
    Ok(findings)
}

fn too_many_crates(tree: &str) -> Option<String> {
    // "name v1.2.3", then marks and places that differ between the edges to one crate.
    let crates: BTreeSet<_> = tree
        .lines()
        .map(|line| {
            let mut words = line.split_whitespace();
            (words.next(), words.next())
        })
        .filter(|(_, version)| version.is_some())
        .collect();
    let count = crates.len();
    (count > MOST_CRATES).then(|| {
        format!("{count} crates are built, at most {MOST_CRATES} are allowed; drop a dependency")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Metadata of one package; names after `path:` are in the workspace.
    fn metadata(package: &str, dependencies: &[&str]) -> String {
        let dependencies: Vec<_> = dependencies
            .iter()
            .map(|name| match name.strip_prefix("path:") {
                Some(name) => serde_json::json!({ "name": name, "path": "/w/x", "kind": "dev" }),
                None => serde_json::json!({ "name": name, "kind": null }),
            })
            .collect();
        let package = serde_json::json!({ "name": package, "dependencies": dependencies });
        serde_json::json!({ "packages": [package] }).to_string()
    }

    #[test]
    fn each_edge_is_judged_by_the_table() {
        let cases: [(&str, &[&str], usize); 10] = [
            ("softcap-offering", &["serde_json", "ruint"], 0),
            ("softcap-offering", &["path:softcap-proof"], 1),
            ("softcap-offering", &["path:softcap", "path:xtask"], 2),
            ("softcap-proof", &["path:softcap-offering", "sha2"], 0),
            ("softcap-proof", &["path:softcap"], 1),
            ("softcap-database", &["path:softcap-database", "sqlx"], 0),
            (
                "softcap",
                &["path:softcap-offering", "path:softcap-proof"],
                0,
            ),
            ("softcap", &["path:softcap-bench"], 1),
            ("softcap-bench", &["path:softcap", "path:softcap-proof"], 0),
            ("xtask", &["path:softcap-offering"], 1),
        ];
        for (package, dependencies, expected) in cases {
            let findings = wrong_edges(&metadata(package, dependencies)).unwrap();
            assert_eq!(
                findings.len(),
                expected,
                "{package} -> {dependencies:?}: {findings:?}"
            );
        }
    }

    #[test]
    fn a_crate_without_a_row_is_a_finding() {
        let findings = wrong_edges(&metadata("softcap-stranger", &[])).unwrap();
        assert!(
            findings[0].starts_with("softcap-stranger: this crate has no row"),
            "{findings:?}"
        );
    }

    #[test]
    fn as_many_crates_as_the_bound_may_be_built() {
        let tree = |crates: usize| -> String {
            (0..crates)
                .map(|number| format!("x{number} v1.0.0\nx{number} v1.0.0 (proc-macro) (*)\n\n"))
                .collect()
        };
        assert_eq!(too_many_crates(&tree(640)), None);
        let finding = too_many_crates(&tree(641)).unwrap();
        assert!(finding.starts_with("641 crates are built"), "{finding}");
    }

    #[test]
    fn an_answer_of_unknown_form_is_an_error() {
        assert!(
            wrong_edges("{}")
                .unwrap_err()
                .to_string()
                .starts_with("X006")
        );
    }
}
