//! `cargo xtask lighthouse`: the public pages of a finished demo, judged by Lighthouse in the browser of the tests.
//!
//! Lighthouse is an npm package at the versions and hashes of `xtask/npm/lighthouse/package-lock.json`.

use std::fs;

use crate::browser;
use crate::error::XtaskError;
use crate::npm::{self, LOCK, written};
use crate::process::{self, Output};
use crate::workspace::Workspace;

/// The folder of package file, lock, settings, and of what measures.
const PINNED: &str = "xtask/npm/lighthouse";
/// Written when everything is in place; equal to the lock it was made from.
const MARKER: &str = "installed-lock.json";

/// Builds the program as users do, and measures its pages so often. Ends in an error where a median is too low.
///
/// # Errors
/// Those of npm, of the browser, of the build, and of Lighthouse.
pub(crate) fn run(workspace: &Workspace, runs: u32) -> Result<(), XtaskError> {
    let browser = browser::ensure(workspace, None)?;
    let folder = workspace.target().join("tools/lighthouse");
    let lock = workspace.read(&format!("{PINNED}/{LOCK}"))?;
    let marker = folder.join(MARKER);
    if !fs::read_to_string(&marker).is_ok_and(|found| found == lock) {
        println!("installing Lighthouse into the target directory");
        npm::install(workspace, PINNED, &folder, None)?;
        written(&marker, fs::write(&marker, lock))?;
    }
    let build = ["build", "--release", "--locked", "--package", "softcap"];
    process::run_to_success(workspace.cargo(&build), Output::Shown, None)?;
    let script = workspace.root().join(PINNED).join("measure.mjs");
    let mut measure = workspace.command("node", &[]);
    measure
        .arg(script)
        .args([folder, browser, workspace.target().join("release/softcap")])
        .arg(runs.to_string());
    process::run_to_success(measure, Output::Shown, None).map(drop)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_lock_holds_a_hash_of_everything_and_names_no_registry() {
        let text = include_str!("../npm/lighthouse/package-lock.json");
        let lock: serde_json::Value = serde_json::from_str(text).unwrap();
        let packages = lock["packages"].as_object().unwrap();
        for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
            let hash = package["integrity"].as_str().unwrap_or_default();
            assert!(hash.starts_with("sha512-"), "{name}: {package}");
            assert!(package["resolved"].is_null(), "{name}: {package}");
        }
        assert!(packages.contains_key("node_modules/lighthouse"));
    }
}
