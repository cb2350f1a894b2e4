//! `cargo xtask api`: requests drawn from the server's OpenAPI document, sent to the real program.
//!
//! schemathesis draws them and judges the answers; `xtask/api/check.py` serves an open offering to it.
//! It comes from PyPI into the target directory, each file of it at the hash in the list.

use std::path::PathBuf;

use crate::error::XtaskError;
use crate::pip::Packages;
use crate::process::{self, Limit, Output};
use crate::workspace::Workspace;

const SCHEMATHESIS: Packages = Packages {
    name: "schemathesis",
    list: "xtask/api/requirements.txt",
};
const CHECK: &str = "xtask/api/check.py";
/// The program under test, as the build step leaves it.
pub(crate) const BUILD: [&str; 8] = [
    "build",
    "--workspace",
    "--all-targets",
    "--test=faults",
    "--test=anvil",
    "--test=browser",
    "--test=oauth_clients",
    "--locked",
];

/// Builds the program and checks its interface.
///
/// # Errors
/// Those of cargo and of [`check`].
pub(crate) fn build_and_check(workspace: &Workspace) -> Result<(), XtaskError> {
    process::run_to_success(workspace.cargo(&BUILD), Output::Shown, None)?;
    check(workspace, None)
}

/// Runs the check on the program that was built.
///
/// # Errors
/// `X003` when the check finds something, after it has said what; those of [`ensure`].
pub(crate) fn check(workspace: &Workspace, limit: Option<Limit>) -> Result<(), XtaskError> {
    let python = ensure(workspace, limit)?;
    let name = format!("softcap{}", std::env::consts::EXE_SUFFIX);
    let program = workspace.target().join("debug").join(name);
    let arguments = [CHECK, &program.to_string_lossy()];
    let command = workspace.command(&python.to_string_lossy(), &arguments);
    process::run_to_success(command, Output::Shown, limit).map(drop)
}

/// The Python that has schemathesis.
///
/// # Errors
/// Those of [`Packages::ensure`].
pub(crate) fn ensure(workspace: &Workspace, limit: Option<Limit>) -> Result<PathBuf, XtaskError> {
    SCHEMATHESIS.ensure(workspace, limit)
}
