//! `cargo xtask browser`: the browser that the tests start, and what drives it.
//!
//! Chromium and playwright are npm packages at the versions and hashes of `xtask/npm/browser/package-lock.json`.

use std::fs;
use std::path::PathBuf;

use crate::error::XtaskError;
use crate::npm::{self, LOCK, written};
use crate::process::{self, Limit, Output};
use crate::workspace::Workspace;

/// Names the folder with `bin/chromium`, its libraries in `lib`, and `node_modules/playwright-core` to the tests.
pub(crate) const FOLDER_VARIABLE: &str = "SOFTCAP_BROWSER";

/// The folder of package file, lock, settings, and of what unpacks the browser.
const PINNED: &str = "xtask/npm/browser";
/// Written when everything is in place; equal to the lock it was made from.
const MARKER: &str = "installed-lock.json";

/// The folder that holds `bin/chromium`: the one in the variable, else freshly installed or found in the target
/// directory.
///
/// # Errors
/// `X016` where there is no browser for this machine; those of npm, with what installs it.
pub(crate) fn ensure(workspace: &Workspace, limit: Option<Limit>) -> Result<PathBuf, XtaskError> {
    if let Some(folder) = std::env::var_os(FOLDER_VARIABLE) {
        return Ok(folder.into());
    }
    let (system, processor) = (std::env::consts::OS, std::env::consts::ARCH);
    if (system, processor) != ("linux", "x86_64") {
        return Err(XtaskError::NoBrowser { system, processor });
    }
    let folder = workspace.target().join("tools/browser");
    let lock = workspace.read(&format!("{PINNED}/{LOCK}"))?;
    let marker = folder.join(MARKER);
    if fs::read_to_string(&marker).is_ok_and(|found| found == lock) {
        return Ok(folder);
    }
    println!("installing a browser into the target directory");
    npm::install(workspace, PINNED, &folder, limit)?;
    let script = workspace.root().join(PINNED).join("unpack.mjs");
    let mut unpack = workspace.command("node", &[]);
    unpack.arg(script).arg(&folder);
    process::run_to_success(unpack, Output::Shown, limit)?;
    written(&marker, fs::write(&marker, lock))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_lock_holds_a_hash_of_everything_and_names_no_registry() {
        let text = include_str!("../npm/browser/package-lock.json");
        let lock: serde_json::Value = serde_json::from_str(text).unwrap();
        let packages = lock["packages"].as_object().unwrap();
        for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
            let hash = package["integrity"].as_str().unwrap_or_default();
            assert!(hash.starts_with("sha512-"), "{name}: {package}");
            assert!(package["resolved"].is_null(), "{name}: {package}");
        }
        for name in ["playwright-core", "@sparticuz/chromium", "tar-fs"] {
            let name = format!("node_modules/{name}");
            assert!(packages.contains_key(&name), "{name}");
        }
    }
}
