//! Programs that the checks need and that cargo can install.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Command;

use crate::error::XtaskError;
use crate::process::{self, Limit, Output};
use crate::workspace::Workspace;

/// A program from crates.io at one exact version, so that every machine gives the same verdict.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
}

/// Checks licences, bans, sources and advisories.
pub(crate) const CARGO_DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
};

/// Changes the program in many small ways and sees whether a test notices.
pub(crate) const CARGO_MUTANTS: Tool = Tool {
    name: "cargo-mutants",
    version: "27.1.0",
};

/// The tools run for seconds, so they are built quickly: their own release profile, with link-time
/// optimisation in one unit, would make everybody's first run wait for a speed nobody needs.
const QUICK_BUILD: [(&str, &str); 3] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
];

impl Tool {
    /// The tool at its version: from the path or the target directory, else freshly installed
    /// into the latter.
    ///
    /// # Errors
    /// Those of [`process::run_to_success`] when it has to be installed and cannot be.
    pub(crate) fn ensure(
        self,
        workspace: &Workspace,
        limit: Option<Limit>,
    ) -> Result<PathBuf, XtaskError> {
        let folder = workspace.target().join("tools");
        let installed =
            folder
                .join("bin")
                .join(format!("{}{}", self.name, std::env::consts::EXE_SUFFIX));
        if let Some(found) = [installed.clone(), PathBuf::from(self.name)]
            .into_iter()
            .find(|program| self.has_version(program))
        {
            return Ok(found);
        }
        println!(
            "installing {} {} into the target directory",
            self.name, self.version
        );
        let mut install =
            workspace.cargo(&["install", self.name, "--locked", "--version", self.version]);
        install.arg("--root").arg(&folder).arg("--force");
        // Beside the tool and not in the system's temporary folder, so that a run that was killed leaves
        // nothing behind that nobody finds; and gone before the workspace itself needs the room.
        let build = folder.join("build");
        install.arg("--target-dir").arg(&build);
        install.envs(QUICK_BUILD);
        let result = process::run_to_success(install, Output::Shown, limit);
        match std::fs::remove_dir_all(&build) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                return Err(XtaskError::File {
                    path: build,
                    source,
                });
            }
            _ => {}
        }
        result.map(|_| installed)
    }

    fn has_version(self, program: &std::path::Path) -> bool {
        // Some plug-ins of cargo answer only as cargo calls them, with their own name first.
        let plug_in = self.name.strip_prefix("cargo-");
        let questions = [None, plug_in].map(|name| name.into_iter().chain(["--version"]));
        questions.into_iter().any(|question| {
            // A program that cannot be started is a program that is not there.
            let answer = Command::new(program).args(question).output();
            answer.is_ok_and(|answer| self.is_named_in(&String::from_utf8_lossy(&answer.stdout)))
        })
    }

    /// Whether the answer to `--version` names this tool at this version.
    fn is_named_in(self, answer: &str) -> bool {
        let mut words = answer.split_whitespace();
        words.next() == Some(self.name) && words.next() == Some(self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_version_is_accepted() {
        for (answer, expected) in [
            ("cargo-deny 0.20.2\n", true),
            ("cargo-deny 0.20.2 (abcdef 2026-08-01)", true),
            ("cargo-deny 0.20.20", false),
            ("cargo-deny 0.19.9", false),
            ("cargo-denier 0.20.2", false),
            ("", false),
        ] {
            assert_eq!(CARGO_DENY.is_named_in(answer), expected, "{answer}");
        }
    }
}
