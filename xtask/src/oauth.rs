//! `cargo xtask oauth`: clients and a server of OAuth by others, which the tests run against ours.
//!
//! oauth4webapi, openid-client and oidc-provider are npm packages at the versions and hashes of
//! `xtask/npm/oauth/package-lock.json`.

use std::fs;
use std::path::PathBuf;

use crate::error::XtaskError;
use crate::npm::{self, LOCK, written};
use crate::process::Limit;
use crate::workspace::Workspace;

/// Names the folder with `node_modules` to the tests.
pub(crate) const FOLDER_VARIABLE: &str = "SOFTCAP_OAUTH";

/// The folder of package file, lock and settings.
const PINNED: &str = "xtask/npm/oauth";
/// Written when everything is in place; equal to the lock it was made from.
const MARKER: &str = "installed-lock.json";

/// The folder that holds the packages: the one in the variable, else freshly installed or found in the target directory.
///
/// # Errors
/// Those of npm, with what installs it.
pub(crate) fn ensure(workspace: &Workspace, limit: Option<Limit>) -> Result<PathBuf, XtaskError> {
    if let Some(folder) = std::env::var_os(FOLDER_VARIABLE) {
        return Ok(folder.into());
    }
    let folder = workspace.target().join("tools/oauth");
    let lock = workspace.read(&format!("{PINNED}/{LOCK}"))?;
    let marker = folder.join(MARKER);
    if fs::read_to_string(&marker).is_ok_and(|found| found == lock) {
        return Ok(folder);
    }
    println!("installing clients of OAuth into the target directory");
    npm::install(workspace, PINNED, &folder, limit)?;
    written(&marker, fs::write(&marker, lock))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_lock_holds_a_hash_of_everything_and_names_no_registry() {
        let text = include_str!("../npm/oauth/package-lock.json");
        let lock: serde_json::Value = serde_json::from_str(text).unwrap();
        let packages = lock["packages"].as_object().unwrap();
        for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
            let hash = package["integrity"].as_str().unwrap_or_default();
            assert!(hash.starts_with("sha512-"), "{name}: {package}");
            assert!(package["resolved"].is_null(), "{name}: {package}");
        }
        for name in ["oauth4webapi", "openid-client", "oidc-provider"] {
            assert!(
                packages.contains_key(&format!("node_modules/{name}")),
                "{name}"
            );
        }
    }
}
