//! Witnesses post their lines, and everybody sees them under the checkpoint.

use softcap_proof::{Checkpoint, CheckpointNote, Cosignature, SignedCheckpoint, WitnessKey};

use crate::test_node::{Answer, Call, NAME, TestNode, witness};

fn path(rest: &str) -> String {
    format!("/v1/offerings/{NAME}/log/{rest}")
}

fn signed(text: &str) -> SignedCheckpoint {
    match CheckpointNote::parse(text.as_bytes()).unwrap() {
        CheckpointNote::Signed(signed) => signed,
        CheckpointNote::Unsigned(_) => panic!("nobody signed {text}"),
    }
}

fn newest(node: &TestNode) -> SignedCheckpoint {
    signed(node.call(&Call::new("GET", &path("checkpoint"))).text())
}

fn line(seed: u8, checkpoint: &Checkpoint, time: u64) -> String {
    let line = Cosignature::sign(checkpoint, &witness(seed), time).unwrap();
    line.to_string()
}

fn post(node: &TestNode, size: u64, lines: &str) -> Answer {
    let path = path(&format!("cosignatures?size={size}"));
    node.call(&Call::new("POST", &path).text(lines))
}

fn cosigned(note: &SignedCheckpoint, seed: u8) -> Option<u64> {
    note.cosigned(&WitnessKey::of(&witness(seed))).ok()
}

#[test]
fn lines_of_known_witnesses_stand_under_the_checkpoint_that_they_signed() {
    let node = TestNode::with_offering();
    let first = newest(&node).unverified().clone();
    assert_eq!(first.size(), 1);
    let both = [line(1, &first, 100), line(2, &first, 200)].concat();
    assert_eq!(post(&node, 1, &both).status, 200);
    let note = newest(&node);
    assert_eq!(
        (cosigned(&note, 1), cosigned(&note, 2)),
        (Some(100), Some(200))
    );
    note.verify(&node.verifier()).unwrap();

    node.fund("p-1", 1, 100);
    let grown = newest(&node);
    assert_eq!(grown.unverified().size(), 2);
    assert_eq!((cosigned(&grown, 1), cosigned(&grown, 2)), (None, None));
    let answer = post(&node, 2, &line(2, grown.unverified(), 300));
    assert_eq!(answer.status, 200);
    let grown = newest(&node);
    assert_eq!(
        (cosigned(&grown, 1), cosigned(&grown, 2)),
        (None, Some(300))
    );

    let all = node.call(&Call::new("GET", &path("cosignatures")));
    assert_eq!(all.json(), answer.json());
    let all = all.json();
    let rows = all.as_array().unwrap();
    let expected = [
        ("witness.example/w1", 1, 1, 100, "1970-01-01T00:01:40Z"),
        ("witness.example/w2", 2, 2, 300, "1970-01-01T00:05:00Z"),
    ];
    assert_eq!(rows.len(), expected.len());
    for (row, (name, seed, size, seconds, time)) in rows.iter().zip(expected) {
        assert_eq!(row["witness"], name);
        assert_eq!(row["size"], size);
        assert_eq!(row["time"], time);
        let note = signed(row["checkpoint"].as_str().unwrap());
        assert_eq!(note.unverified().size(), size);
        assert_eq!(cosigned(&note, seed), Some(seconds));
        note.verify(&node.verifier()).unwrap();
    }
}

#[test]
fn lines_of_others_and_about_other_trees_are_refused() {
    let node = TestNode::with_offering();
    node.fund("p-1", 1, 100);
    let note = newest(&node).unverified().clone();
    let right = line(1, &note, 100);
    let other_root = Checkpoint::new(note.origin(), 2, softcap_proof::Root([7; 32])).unwrap();
    let table = [
        (2, line(3, &note, 100), (403, "H403")),
        (2, line(1, &other_root, 100), (422, "H422")),
        (1, right.clone(), (422, "H422")),
        (3, right.clone(), (404, "H404")),
        (2, String::new(), (422, "H422")),
        (2, right.repeat(17), (422, "H422")),
        (2, "— witness.example/w1 AAAA\n".to_owned(), (422, "H422")),
        (2, note.sign(&witness(1)).to_string(), (422, "H422")),
    ];
    for (size, lines, (status, code)) in table {
        let refusal = post(&node, size, &lines).refusal();
        assert_eq!(refusal, (status, code.to_owned()), "{size} {lines}");
    }
    let missing = node.call(&Call::new("POST", &path("cosignatures")).text(&right));
    assert_eq!(missing.refusal(), (400, "H400".to_owned()));
    let all = node.call(&Call::new("GET", &path("cosignatures")));
    assert_eq!(all.json(), serde_json::json!([]));
}
