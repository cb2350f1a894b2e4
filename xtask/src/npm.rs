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

/// The result of writing a file, with its path.
pub(crate) fn written(path: &Path, result: std::io::Result<()>) -> Result<(), XtaskError> {
    result.map_err(|source| XtaskError::File {
        path: path.to_owned(),
        source,
    })
}
