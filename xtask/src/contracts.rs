//! `cargo xtask contracts`: the Solidity sources compiled, compared and tested.
//!
//! Compiler and forge are npm packages at the versions of `contracts/package-lock.json`. They go into
//! the target directory, and the scripts under `contracts/tools` find them through a variable.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::XtaskError;
use crate::npm::{self, LOCK, platform};
use crate::pip::Packages;
use crate::process::{self, Limit, Output};
use crate::workspace::Workspace;

/// The Foundry project, which also holds the pinned packages.
const PROJECT: &str = "contracts";
/// Names the folder of the packages to the scripts.
const MODULES_VARIABLE: &str = "SOFTCAP_CONTRACTS_MODULES";
/// Asks the tests to write `GAS.md` instead of comparing with it.
const GAS_VARIABLE: &str = "SOFTCAP_WRITE_GAS";
/// Written when everything is in place; equal to the lock it was made from.
const MARKER: &str = "installed-lock.json";

/// The static analyser.
const SLITHER: Packages = Packages {
    name: "slither",
    list: "contracts/tools/slither.txt",
};
/// What proves `contracts/proofs`.
const HALMOS: Packages = Packages {
    name: "halmos",
    list: "contracts/tools/halmos.txt",
};

/// What can be done with the contracts.
#[derive(Debug, Clone, Copy, clap::Subcommand)]
pub(crate) enum Task {
    /// Compiles and writes the ABI and bytecode that the Rust side reads.
    Build,
    /// Compiles, compares with what is committed, and runs the tests (`test` does it, too).
    Check,
    /// Measures gas and writes contracts/GAS.md.
    Gas,
    /// Proves what contracts/proofs says with halmos, for all values at once (`test` does it, too).
    Prove,
    /// Looks for known mistakes with slither; a finding without an answer fails (`test` does it, too).
    Slither,
}

/// Does one of the tasks.
///
/// # Errors
/// `X003` when the compiler or a test says no; `X009` when no test ran; those of [`ensure`].
pub(crate) fn run(
    workspace: &Workspace,
    task: Task,
    limit: Option<Limit>,
) -> Result<(), XtaskError> {
    let tools = ensure(workspace, limit)?;
    match task {
        Task::Build => process::run_to_success(tools.build(workspace), Output::Shown, limit),
        Task::Check => {
            process::run_to_success(tools.compare(workspace), Output::Shown, limit)?;
            let tests = tools.forge(workspace, &["test"]);
            let ended = process::run_to_success(tests, Output::ShownAndKept, limit)?;
            if !ran_tests(&ended) {
                return Err(XtaskError::NoTests);
            }
            Ok(ended)
        }
        Task::Gas => {
            // The tests deploy what is committed: of sources that have moved on they would measure the past.
            process::run_to_success(tools.compare(workspace), Output::Shown, limit)?;
            let mut gas = tools.forge(workspace, &["test", "--match-contract", "GasTest"]);
            gas.env(GAS_VARIABLE, "true");
            process::run_to_success(gas, Output::Shown, limit)
        }
        Task::Prove => {
            let python = HALMOS.ensure(workspace, limit)?;
            let proofs = tools.proofs();
            npm::written(&proofs, fs::create_dir_all(&proofs))?;
            process::run_to_success(tools.halmos(workspace, &python), Output::Shown, limit)
        }
        Task::Slither => {
            let python = SLITHER.ensure(workspace, limit)?;
            process::run_to_success(tools.trees(workspace), Output::Shown, limit)?;
            let slither = tools.slither(workspace, &python);
            process::run_to_success(slither, Output::Shown, limit)
        }
    }
    .map(drop)
}

/// Whether forge's summary, its last line, counts a test.
fn ran_tests(output: &str) -> bool {
    let summary = output
        .lines()
        .rev()
        .find(|line| line.contains(" tests passed"));
    summary.is_some_and(|line| {
        let before = line.split(" tests passed").next().unwrap_or_default();
        let count = before.rsplit(' ').next().unwrap_or_default();
        count.parse::<u64>().is_ok_and(|count| count > 0)
    })
}

/// Where the packages are.
#[derive(Debug)]
struct Tools {
    folder: PathBuf,
    forge: PathBuf,
}

/// The tools, found in the target directory or freshly installed there.
///
/// # Errors
/// `X014` where forge is not built for this machine; those of npm, with what installs it.
fn ensure(workspace: &Workspace, limit: Option<Limit>) -> Result<Tools, XtaskError> {
    let (system, processor) = (std::env::consts::OS, std::env::consts::ARCH);
    let platform = platform(system, processor).ok_or(XtaskError::NoForge { system, processor })?;
    let folder = workspace.target().join("tools/contracts");
    let tools = Tools {
        forge: folder.join(format!(
            "node_modules/@foundry-rs/forge-{platform}/bin/forge"
        )),
        folder,
    };
    let lock = workspace.read(&format!("{PROJECT}/{LOCK}"))?;
    let marker = tools.folder.join(MARKER);
    if fs::read_to_string(&marker).is_ok_and(|found| found == lock) {
        return Ok(tools);
    }
    println!("installing the Solidity compiler and forge into the target directory");
    npm::install(workspace, PROJECT, &tools.folder, limit)?;
    npm::written(&marker, fs::write(&marker, lock))?;
    Ok(tools)
}

/// Installs the tools ahead of their first use.
///
/// # Errors
/// Those of npm and pip.
pub(crate) fn install(workspace: &Workspace, limit: Option<Limit>) -> Result<(), XtaskError> {
    SLITHER.ensure(workspace, limit)?;
    HALMOS.ensure(workspace, limit)?;
    ensure(workspace, limit).map(drop)
}

impl Tools {
    fn build(&self, workspace: &Workspace) -> Command {
        let mut node = workspace.command("node", &["contracts/tools/build.mjs"]);
        node.env(MODULES_VARIABLE, &self.folder);
        node
    }

    /// Says whether what is committed is what the sources compile to.
    fn compare(&self, workspace: &Workspace) -> Command {
        let mut node = self.build(workspace);
        node.arg("--check");
        node
    }

    /// Writes what slither reads.
    fn trees(&self, workspace: &Workspace) -> Command {
        let mut node = workspace.command("node", &["contracts/tools/analysis.mjs"]);
        node.arg(self.analysis())
            .env(MODULES_VARIABLE, &self.folder);
        node
    }

    fn analysis(&self) -> PathBuf {
        self.folder.join("analysis")
    }

    fn slither(&self, workspace: &Workspace, python: &Path) -> Command {
        let script = ["contracts/tools/slither.py"];
        let mut command = workspace.command(&python.to_string_lossy(), &script);
        command.arg(self.analysis());
        command.args(self.forge.parent());
        command
    }

    /// Compiled apart from the tests, because the settings differ.
    fn proofs(&self) -> PathBuf {
        self.folder.join("proofs")
    }

    fn halmos(&self, workspace: &Workspace, python: &Path) -> Command {
        let script = ["contracts/tools/prove.py"];
        let mut command = workspace.command(&python.to_string_lossy(), &script);
        command.arg(self.proofs());
        command.args(self.forge.parent());
        // Halmos calls forge itself, so nothing can be given as an option.
        command.env("FOUNDRY_REMAPPINGS", self.remapping());
        self.tell_forge(workspace, &mut command, &self.proofs());
        command
    }

    fn forge(&self, workspace: &Workspace, arguments: &[&str]) -> Command {
        let mut forge = workspace.command(&self.forge.to_string_lossy(), arguments);
        forge
            .current_dir(workspace.root().join(PROJECT))
            // One core: what else runs beside it has its own budget.
            .args(["--threads", "1"])
            .arg("--remappings")
            .arg(self.remapping())
            .env("FOUNDRY_PROFILE", "tests");
        self.tell_forge(workspace, &mut forge, &self.folder);
        forge
    }

    /// Where the imported packages are.
    fn remapping(&self) -> OsString {
        let mut remapping = OsString::from("@openzeppelin/=");
        remapping.push(self.folder.join("node_modules/@openzeppelin"));
        remapping.push("/");
        remapping
    }

    /// Where packages and compiler are, and where to put what is built.
    fn tell_forge(&self, workspace: &Workspace, command: &mut Command, built: &Path) {
        let solc = workspace.root().join(PROJECT).join("tools/solc.mjs");
        command
            .env(MODULES_VARIABLE, &self.folder)
            .env(
                "FOUNDRY_ALLOW_PATHS",
                format!("[{:?}]", self.folder.to_string_lossy()),
            )
            .env("FOUNDRY_SOLC", solc)
            .env("FOUNDRY_OUT", built.join("out"))
            .env("FOUNDRY_CACHE_PATH", built.join("cache"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_holds_a_hash_of_forge_for_every_platform() {
        let text = fs::read_to_string(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../contracts/package-lock.json"
        ))
        .unwrap();
        let lock: serde_json::Value = serde_json::from_str(&text).unwrap();
        for system in ["linux", "macos"] {
            for processor in ["x86_64", "aarch64"] {
                let name = platform(system, processor).unwrap();
                let package = &lock["packages"][format!("node_modules/@foundry-rs/forge-{name}")];
                let hash = package["integrity"].as_str().unwrap_or_default();
                assert!(hash.starts_with("sha512-"), "{name}: {package}");
            }
        }
    }

    #[test]
    fn a_run_without_a_test_is_noticed() {
        for (summary, expected) in [
            ("Ran 1 test suite in 1ms: 20 tests passed, 0 failed", true),
            ("Ran 0 test suites in 1ms: 0 tests passed, 0 failed", false),
            ("No tests found in project!", false),
        ] {
            assert_eq!(ran_tests(summary), expected, "{summary}");
        }
    }
}
