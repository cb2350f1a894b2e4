//! The settlement tree against the npm package `@openzeppelin/merkle-tree` itself: every node, every
//! position and every proof. Needs Node.js and npm and fails without them; the roots in
//! `settlement_tree.rs` hold on any machine.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says why and fails"
)]

#[path = "support/hex.rs"]
mod hex;
#[path = "support/settlement_rows.rs"]
mod settlement_rows;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use hex::hash;
use serde_json::{Value, json};
use settlement_rows::{Row, rows, tree};
use softcap_proof::{LeafEncoding, LeafId, LeafIdKind};

const FILES: [&str; 4] = [
    "package.json",
    "package-lock.json",
    ".npmrc",
    "standard_tree.mjs",
];
const INSTALL_HINT: &str = "this test compares with an npm package and needs Node.js 20 or later with \
                            npm: `apt-get install nodejs npm`, `brew install node`, or nodejs.org";

#[test]
fn the_npm_package_builds_the_same_trees() {
    let folder = install();
    let encodings = [
        LeafEncoding {
            id: LeafIdKind::Address,
            amounts: 3,
        },
        LeafEncoding {
            id: LeafIdKind::Opaque,
            amounts: 5,
        },
        LeafEncoding {
            id: LeafIdKind::Address,
            amounts: 0,
        },
        // More words than the encoder keeps on the stack.
        LeafEncoding {
            id: LeafIdKind::Opaque,
            amounts: 9,
        },
    ];
    let mut cases = Vec::new();
    for (count, kinds) in [(1, 4), (2, 4), (3, 4), (7, 4), (64, 2), (100, 4), (1000, 2)] {
        for encoding in &encodings[..kinds] {
            cases.push((*encoding, rows(*encoding, count)));
        }
    }
    // Equal rows have equal leaves: their order must be the one in which they were given.
    let mut doubled = rows(encodings[0], 9);
    for (from, to) in [(8, 1), (8, 4), (2, 7)] {
        doubled[to] = Row {
            id: doubled[from].id,
            amounts: doubled[from].amounts.clone(),
        };
    }
    cases.push((encodings[0], doubled));

    let answers = ask(&folder, &cases);
    assert_eq!(answers.len(), cases.len());
    for ((encoding, rows), answer) in cases.iter().zip(&answers) {
        let name = format!("{} rows of {:?}", rows.len(), encoding.types());
        let tree = tree(rows);
        assert_eq!(tree.root().0, hash(text(&answer["root"])), "root of {name}");
        let nodes: Vec<[u8; 32]> = tree.nodes().iter().map(|node| node.0).collect();
        assert_eq!(nodes, hashes(&answer["nodes"]), "nodes of {name}");
        assert_eq!(
            json!(tree.positions()),
            answer["positions"],
            "positions of {name}"
        );
        for (index, proof) in list(&answer["proofs"]).iter().enumerate() {
            let ours = tree.proof(index).expect("a leaf");
            let ours: Vec<[u8; 32]> = ours.iter().map(|node| node.0).collect();
            assert_eq!(ours, hashes(proof), "proof of row {index} of {name}");
        }
    }
}

/// Installs the pinned package into the target folder and returns where.
fn install() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/npm");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("settlement-tree-npm");
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

fn ask(folder: &Path, cases: &[(LeafEncoding, Vec<Row>)]) -> Vec<Value> {
    let question: Vec<Value> = cases
        .iter()
        .map(|(encoding, rows)| {
            json!({"types": encoding.types(), "rows": rows.iter().map(values).collect::<Vec<_>>()})
        })
        .collect();
    let mut node = Command::new("node")
        .arg("standard_tree.mjs")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("node cannot be run ({error}): {INSTALL_HINT}"));
    let mut input = node.stdin.take().expect("a pipe");
    // The script reads everything before it writes anything: no reader can wait for the other.
    input
        .write_all(json!(question).to_string().as_bytes())
        .expect("node reads its input");
    drop(input);
    let output = node.wait_with_output().expect("node ends");
    succeeded(&output, "the script standard_tree.mjs failed");
    serde_json::from_slice(&output.stdout).expect("the script prints JSON")
}

fn values(row: &Row) -> Vec<String> {
    let id = match &row.id {
        LeafId::Address(address) => prefixed(address),
        LeafId::Opaque(hash) => prefixed(hash),
    };
    std::iter::once(id)
        .chain(row.amounts.iter().map(u128::to_string))
        .collect()
}

fn prefixed(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold("0x".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

fn succeeded(output: &Output, otherwise: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{otherwise}: {stderr}");
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn hashes(value: &Value) -> Vec<[u8; 32]> {
    list(value).iter().map(|hex| hash(text(hex))).collect()
}
