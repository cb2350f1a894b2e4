//! `cargo xtask anvil`: the EVM node that the tests start and the EVM client they run, both by others.
//!
//! anvil and viem are npm packages at the versions and hashes of `xtask/npm/anvil/package-lock.json`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::XtaskError;
use crate::npm::{self, LOCK, link, platform, written};
use crate::process::Limit;
use crate::workspace::Workspace;

/// Names the folder with `bin/anvil` and `node_modules/viem` to the tests.
pub(crate) const FOLDER_VARIABLE: &str = "SOFTCAP_ANVIL";

/// The folder of package file, lock and settings.
const PINNED: &str = "xtask/npm/anvil";
/// Written when everything is in place; equal to the lock it was made from.
const MARKER: &str = "installed-lock.json";

/// The folder that holds `bin/anvil`: the one in the variable, else freshly installed or found in the
/// target directory.
///
/// # Errors
/// `X015` where there is no package for this machine; those of npm, with what installs it.
pub(crate) fn ensure(workspace: &Workspace, limit: Option<Limit>) -> Result<PathBuf, XtaskError> {
    if let Some(folder) = std::env::var_os(FOLDER_VARIABLE) {
        return Ok(folder.into());
    }
    let (system, processor) = (std::env::consts::OS, std::env::consts::ARCH);
    let platform = platform(system, processor).ok_or(XtaskError::NoAnvil { system, processor })?;
    let folder = workspace.target().join("tools/anvil");
    let lock = workspace.read(&format!("{PINNED}/{LOCK}"))?;
    let marker = folder.join(MARKER);
    if fs::read_to_string(&marker).is_ok_and(|found| found == lock) {
        return Ok(folder);
    }
    println!("installing anvil and viem into the target directory");
    npm::install(workspace, PINNED, &folder, limit)?;
    let programs = folder.join("bin");
    written(&programs, fs::create_dir_all(&programs))?;
    let place = programs.join("anvil");
    if place.symlink_metadata().is_err() {
        let package = format!("../node_modules/@foundry-rs/anvil-{platform}/bin/anvil");
        written(&place, link(Path::new(&package), &place))?;
    }
    written(&marker, fs::write(&marker, lock))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_holds_a_hash_of_everything_and_names_no_registry() {
        let text = include_str!("../npm/anvil/package-lock.json");
        let lock: serde_json::Value = serde_json::from_str(text).unwrap();
        let packages = lock["packages"].as_object().unwrap();
        for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
            let hash = package["integrity"].as_str().unwrap_or_default();
            assert!(hash.starts_with("sha512-"), "{name}: {package}");
            assert!(package["resolved"].is_null(), "{name}: {package}");
        }
        for system in ["linux", "macos"] {
            for processor in ["x86_64", "aarch64"] {
                let name = platform(system, processor).unwrap();
                let name = format!("node_modules/@foundry-rs/anvil-{name}");
                assert!(packages.contains_key(&name), "{name}");
            }
        }
        assert!(packages.contains_key("node_modules/viem"));
    }
}
