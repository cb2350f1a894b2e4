//! Where things are: the workspace, its target directory, and how cargo is called in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::XtaskError;

/// The root of the workspace, which every command runs in.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Finds the workspace through the variable that cargo sets for what it runs.
    ///
    /// # Errors
    /// `X001` when this program was not started by cargo.
    pub(crate) fn find() -> Result<Self, XtaskError> {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").ok_or(XtaskError::NoWorkspace)?;
        let root = Path::new(&manifest)
            .parent()
            .ok_or(XtaskError::NoWorkspace)?;
        Ok(Self {
            root: root.to_owned(),
        })
    }

    /// The root folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where cargo puts what it builds.
    pub(crate) fn target(&self) -> PathBuf {
        match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => self.root.join(folder),
            None => self.root.join("target"),
        }
    }

    /// A program that runs in the root folder.
    pub(crate) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.root);
        command
    }

    /// Cargo, in the root folder.
    ///
    /// The variables of the cargo that started this program describe this package. They would make
    /// build scripts that watch them run again, so the inner cargo does not see them.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let mut command = self.command(&cargo, arguments);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name == "CARGO_MANIFEST_DIR"
                || name == "CARGO_MANIFEST_PATH"
                || name.starts_with("CARGO_PKG_")
            {
                command.env_remove(name.as_ref());
            }
        }
        command
    }

    /// Reads a text file that must exist.
    pub(crate) fn read(&self, path: &str) -> Result<String, XtaskError> {
        let path = self.root.join(path);
        std::fs::read_to_string(&path).map_err(|source| XtaskError::File { path, source })
    }
}
