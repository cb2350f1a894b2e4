//! Packages from npm at exact versions, installed beside the build and never into the tree.

use std::fs;
use std::path::Path;

use crate::error::XtaskError;
use crate::process::{self, Limit, Output};
use crate::workspace::Workspace;

/// Holds the version and the hash of every package.
pub(crate) const LOCK: &str = "package-lock.json";

/// Installs what the folder `pinned` of the workspace locks into `folder`. No install script runs.
///
/// # Errors
/// `X002` without npm, with what installs it; `X003` when npm refuses; `X005` for files.
pub(crate) fn install(
    workspace: &Workspace,
    pinned: &str,
    folder: &Path,
    limit: Option<Limit>,
) -> Result<(), XtaskError> {
    written(folder, fs::create_dir_all(folder))?;
    for file in ["package.json", LOCK, ".npmrc"] {
        let copy = folder.join(file);
        let source = workspace.root().join(pinned).join(file);
        written(&copy, fs::copy(source, &copy).map(drop))?;
    }
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    let mut npm = workspace.command("npm", &arguments);
    npm.current_dir(folder);
    process::run_to_success(npm, Output::Shown, limit).map(drop)
}

/// The name of a Foundry program's package for an operating system and a processor.
pub(crate) fn platform(system: &str, processor: &str) -> Option<&'static str> {
    match (system, processor) {
        ("linux", "x86_64") => Some("linux-amd64"),
        ("linux", "aarch64") => Some("linux-arm64"),
        ("macos", "x86_64") => Some("darwin-amd64"),
        ("macos", "aarch64") => Some("darwin-arm64"),
        _ => None,
    }
}

/// Makes a symbolic link that an npm package cannot hold.
#[cfg(unix)]
pub(crate) fn link(name: &Path, place: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(name, place)
}

#[cfg(not(unix))]
pub(crate) fn link(_name: &Path, _place: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// The result of writing a file, with its path.
pub(crate) fn written(path: &Path, result: std::io::Result<()>) -> Result<(), XtaskError> {
    result.map_err(|source| XtaskError::File {
        path: path.to_owned(),
        source,
    })
}
