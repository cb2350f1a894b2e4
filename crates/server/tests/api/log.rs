//! The public log: what it serves is one tree, and every part of it proves itself.

use serde_json::{Value, json};
use softcap_journal::bundle_leaves;
use softcap_proof::{
    CheckpointNote, LeafHash, NodeHash, Root, from_hex,
    journal_tree::{root, verify_consistency, verify_inclusion},
    receipt::Receipt,
};

use crate::test_node::{Call, NAME, TestNode};

fn path(rest: &str) -> String {
    format!("/v1/offerings/{NAME}/log/{rest}")
}

fn proof(answer: &Value) -> Vec<NodeHash> {
    let nodes = answer["proof"].as_array().unwrap().iter();
    nodes
        .map(|node| {
            let bytes = from_hex(node.as_str().unwrap()).unwrap();
            NodeHash(bytes.try_into().unwrap())
        })
        .collect()
}

fn public(node: &TestNode, rest: &str) -> crate::test_node::Answer {
    node.call(&Call::new("GET", &path(rest)))
}

/// A node whose log has 261 entries: a full tile and a part of the next.
fn long_log() -> TestNode {
    let node = TestNode::with_offering();
    for place in 1..261 {
        node.fund(&format!("p-{place}"), place, 100);
    }
    node
}

#[test]
fn tiles_entries_proofs_and_checkpoint_are_those_of_one_tree() {
    let node = long_log();
    let note = public(&node, "checkpoint");
    let note = CheckpointNote::parse(&note.body).unwrap();
    let head = note.verify(&node.verifier()).unwrap();
    assert_eq!(
        (head.origin(), head.size()),
        ("softcap.example/harbour", 261)
    );

    let full = public(&node, "tile/entries/000");
    assert_eq!(
        full.header("cache-control"),
        Some("public, max-age=31536000, immutable")
    );
    let part = public(&node, "tile/entries/001.p/5");
    let leaves: Vec<&[u8]> = bundle_leaves(&full.body)
        .chain(bundle_leaves(&part.body))
        .collect();
    assert_eq!(leaves.len(), 261);
    let hashes: Vec<LeafHash> = leaves.iter().map(|leaf| LeafHash::of(leaf)).collect();
    assert_eq!(root(&hashes), head.root());
    let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
    assert_eq!(public(&node, "tile/0/000").body, bytes[..256 * 32]);
    assert_eq!(public(&node, "tile/0/001.p/5").body, bytes[256 * 32..]);
    assert_eq!(public(&node, "tile/0/000.p/3").body, bytes[..3 * 32]);
    let above = root(&hashes[..256]).0;
    assert_eq!(public(&node, "tile/1/000.p/1").body, above);

    for index in [0, 1, 255, 256, 260] {
        let entry = public(&node, &format!("entries/{index}")).json();
        let receipt = entry["receipt"].as_str().unwrap();
        let receipt = Receipt::parse(receipt.as_bytes()).unwrap();
        receipt.verify(&node.verifier()).unwrap();
        let place = usize::try_from(index).unwrap();
        assert_eq!(receipt.leaf(), leaves[place]);
        let answer = public(&node, &format!("inclusion?index={index}&size=261")).json();
        verify_inclusion(&head.root(), 261, index, &hashes[place], &proof(&answer)).unwrap();
    }
    for old in [1_u64, 2, 100, 256, 257, 261] {
        let answer = public(&node, &format!("consistency?old={old}&new=261")).json();
        let before: Root = root(&hashes[..usize::try_from(old).unwrap()]);
        verify_consistency(&before, old, &head.root(), 261, &proof(&answer)).unwrap();
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    let node = TestNode::with_offering();
    let table = [
        ("entries/1", 404),
        ("entries/-1", 404),
        ("entries/18446744073709551616", 404),
        ("tile/0/000", 404),
        ("tile/0/000.p/1", 200),
        ("tile/0/000.p/2", 404),
        ("tile/0/000.p/256", 404),
        ("tile/00/000.p/1", 404),
        ("tile/+0/000.p/1", 404),
        ("tile/0/0000.p/1", 404),
        ("tile/0/x000/000.p/1", 404),
        ("tile/8/000.p/1", 404),
        ("tile/7/000.p/1", 404),
        ("tile/-1/000.p/1", 404),
        ("tile/entries/000.p/1", 200),
        ("tile/entries/000", 404),
        ("tile/entries/001.p/1", 404),
        ("tile/entries/x999/x999/x999/x999/x999/x999/x999/999", 404),
        ("inclusion?index=0&size=1", 200),
        ("inclusion?index=1&size=1", 404),
        ("inclusion?index=0&size=2", 404),
        ("inclusion?index=0&size=0", 404),
        ("inclusion?index=0", 400),
        ("consistency?old=0&new=1", 200),
        ("consistency?old=1&new=2", 404),
        ("consistency?old=2&new=1", 404),
    ];
    for (rest, status) in table {
        let answer = public(&node, rest);
        assert_eq!(answer.status, status, "{rest}: {:?}", answer.body);
    }
    let empty = public(&node, "consistency?old=0&new=1").json();
    assert_eq!(empty, json!({ "proof": [] }));
}
