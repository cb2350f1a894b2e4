//! `cargo xtask api`: requests drawn from the server's OpenAPI document, sent to the real program.
//!
//! schemathesis draws them and judges the answers; `xtask/api/check.py` serves an open offering to it.
//! It comes from PyPI into the target directory, each file of it at the hash in the list.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::XtaskError;
use crate::process::{self, Limit, Output};
use crate::workspace::Workspace;

const REQUIREMENTS: &str = "xtask/api/requirements.txt";
const CHECK: &str = "xtask/api/check.py";
/// Written when everything is in place; equal to the list that was installed.
const MARKER: &str = "installed-requirements.txt";
/// The program under test, as the build step leaves it.
pub(crate) const BUILD: [&str; 5] = [
    "build",
    "--workspace",
    "--all-targets",
    "--test=faults",
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

/// The Python that has schemathesis: found in the target directory, else freshly installed there.
///
/// # Errors
/// `X002` without Python, with what installs it; those of pip.
pub(crate) fn ensure(workspace: &Workspace, limit: Option<Limit>) -> Result<PathBuf, XtaskError> {
    let folder = workspace.target().join("tools/schemathesis");
    let python = folder.join("bin/python");
    let wanted = workspace.read(REQUIREMENTS)?;
    let marker = folder.join(MARKER);
    if fs::read_to_string(&marker).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    println!("installing schemathesis into the target directory");
    let place = folder.to_string_lossy();
    let make = workspace.command("python3", &["-m", "venv", "--clear", &place]);
    process::run_to_success(make, Output::Shown, limit)?;
    let pip = ["-m", "pip", "install", "--quiet", "--require-hashes", "-r"];
    let mut install = workspace.command(&python.to_string_lossy(), &pip);
    install.arg(REQUIREMENTS);
    process::run_to_success(install, Output::Shown, limit)?;
    write(&marker, &wanted)?;
    Ok(python)
}

fn write(path: &Path, text: &str) -> Result<(), XtaskError> {
    fs::write(path, text).map_err(|source| XtaskError::File {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_package_has_a_version_and_a_hash() {
        let list = include_str!("../api/requirements.txt");
        let packages = list.split("\n").filter(|line| line.contains("=="));
        let packages: Vec<_> = packages.filter(|line| !line.starts_with('#')).collect();
        assert!(
            packages.contains(&"schemathesis==4.32.5 \\"),
            "{packages:?}"
        );
        for package in &packages {
            let (_, after) = list.split_once(package).unwrap();
            let hash = after.trim_start();
            assert!(hash.starts_with("--hash=sha256:"), "{package}");
        }
    }
}
