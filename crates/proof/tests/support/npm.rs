//! The npm package `@openzeppelin/merkle-tree`, pinned in `tests/npm`, for the tests that compare.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const FILES: [&str; 5] = [
    "package.json",
    "package-lock.json",
    ".npmrc",
    "standard_tree.mjs",
    "verify_proof.mjs",
];
const INSTALL_HINT: &str = "this test compares with an npm package and needs Node.js 20 or later with \
                            npm: `apt-get install nodejs npm`, `brew install node`, or nodejs.org";

/// Installs the pinned package into a folder of this name in the target folder, and returns where.
/// Tests run side by side: each has its own folder.
pub(crate) fn install(name: &str) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/npm");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("a folder in the target directory");
    for file in FILES {
        fs::copy(source.join(file), folder.join(file)).expect("a file of the test");
    }
    // Written below once npm has finished: the install is complete and of this very lock.
    let installed = folder.join("node_modules/installed-lock.json");
    let lock = fs::read(source.join("package-lock.json")).expect("the lock");
    if fs::read(&installed).is_ok_and(|found| found == lock) {
        return folder;
    }
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    let npm = Command::new("npm")
        .args(arguments)
        .current_dir(&folder)
        .output();
    let output = npm.unwrap_or_else(|error| panic!("npm cannot be run ({error}): {INSTALL_HINT}"));
    succeeded(
        &output,
        "`npm ci` failed (it fetches the package from the npm registry)",
    );
    fs::write(&installed, &lock).expect("a file in the target directory");
    folder
}

/// Runs a script of `tests/npm` in the installed folder: JSON in, JSON out.
pub(crate) fn run(folder: &Path, script: &str, question: &Value) -> Value {
    let mut node = Command::new("node")
        .arg(script)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("node cannot be run ({error}): {INSTALL_HINT}"));
    let mut input = node.stdin.take().expect("a pipe");
    // The script reads everything before it writes anything: no reader can wait for the other.
    input
        .write_all(question.to_string().as_bytes())
        .expect("node reads its input");
    drop(input);
    let output = node.wait_with_output().expect("node ends");
    succeeded(&output, &format!("the script {script} failed"));
    serde_json::from_slice(&output.stdout).expect("the script prints JSON")
}

fn succeeded(output: &Output, otherwise: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{otherwise}: {stderr}");
}
