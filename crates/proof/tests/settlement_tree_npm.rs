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
#[path = "support/npm.rs"]
mod npm;
#[path = "support/settlement_rows.rs"]
mod settlement_rows;

use std::path::Path;

use hex::hash;
use serde_json::{Value, json};
use settlement_rows::{Row, rows, tree};
use softcap_proof::{LeafEncoding, LeafId, LeafIdKind};

#[test]
fn the_npm_package_builds_the_same_trees() {
    let folder = npm::install("settlement-tree-npm");
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

fn ask(folder: &Path, cases: &[(LeafEncoding, Vec<Row>)]) -> Vec<Value> {
    let question: Vec<Value> = cases
        .iter()
        .map(|(encoding, rows)| {
            json!({"types": encoding.types(), "rows": rows.iter().map(values).collect::<Vec<_>>()})
        })
        .collect();
    let answer = npm::run(folder, "standard_tree.mjs", &json!(question));
    serde_json::from_value(answer).expect("a list of answers")
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

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn hashes(value: &Value) -> Vec<[u8; 32]> {
    list(value).iter().map(|hex| hash(text(hex))).collect()
}
