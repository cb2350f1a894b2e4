//! The settlement tree against the npm package `@openzeppelin/merkle-tree`.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use sha2::{Digest as _, Sha256};
use softcap_proof::{LeafId, SettlementLeaf, SettlementTree};

use crate::failure::BenchFailure;

/// Amounts of a leaf after the address, as in `npm/merkle.mjs`.
const AMOUNTS: usize = 5;

pub(crate) fn run(leaves: usize) -> Result<(), BenchFailure> {
    let values: Vec<_> = (0..leaves as u64).map(values).collect();
    let start = Instant::now();
    let tree = SettlementTree::build(leaves, |index| {
        let (address, amounts) = &values[index];
        SettlementLeaf::new(&LeafId::Address(*address), amounts)
    })
    .map_err(|error| BenchFailure(error.to_string()))?;
    let own = start.elapsed().as_secs_f64();
    let root = format!("0x{}", hex(&tree.root().0));

    println!("{leaves} leaves: {own:.3} s; the npm package may take some minutes");
    let answer = npm(leaves)?;
    let theirs = answer["tree_seconds"].as_f64().unwrap_or(0.0);
    println!("npm: {theirs:.3} s, ratio {:.0}", theirs / own.max(1e-9));
    if answer["root"].as_str() == Some(root.as_str()) {
        println!("same root {root}");
        Ok(())
    } else {
        Err(BenchFailure(format!(
            "other roots: {root} and {}",
            answer["root"]
        )))
    }
}

/// Values of a leaf, made as `npm/merkle.mjs` makes them.
fn values(index: u64) -> ([u8; 20], [u128; AMOUNTS]) {
    let mut hash = Sha256::new();
    hash.update(b"softcap/bench/v1");
    hash.update(index.to_le_bytes());
    let digest: [u8; 32] = hash.finalize().into();
    let mut address = [0; 20];
    address.copy_from_slice(&digest[..20]);
    let amounts = std::array::from_fn(|place| {
        let mut word = [0; 8];
        word.copy_from_slice(&digest[4 * place..4 * place + 8]);
        (place as u128 + 1) * u128::from(u64::from_be_bytes(word))
    });
    (address, amounts)
}

fn npm(leaves: usize) -> Result<serde_json::Value, BenchFailure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir()?;
    for file in ["package.json", "package-lock.json"] {
        let from = root.join("../crates/proof/tests/npm").join(file);
        std::fs::copy(from, folder.path().join(file))?;
    }
    std::fs::copy(
        root.join("npm/merkle.mjs"),
        folder.path().join("merkle.mjs"),
    )?;
    let install = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--silent"])
        .current_dir(folder.path())
        .status()
        .map_err(|error| {
            BenchFailure(format!("npm does not run ({error}); apt-get install npm"))
        })?;
    if !install.success() {
        return Err(BenchFailure("npm ci failed".into()));
    }
    let output = Command::new("node")
        .args([
            "--max-old-space-size=12000",
            "merkle.mjs",
            &leaves.to_string(),
        ])
        .current_dir(folder.path())
        .stderr(Stdio::inherit())
        .output()?;
    serde_json::from_slice(&output.stdout).map_err(|error| BenchFailure(error.to_string()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
