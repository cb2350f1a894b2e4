//! The issuer's entries: each kind reaches the rules, and nothing else does.

use serde_json::{Value, json};

use crate::test_node::{NAME, TestNode};

fn path() -> String {
    format!("/v1/offerings/{NAME}/operations")
}

#[test]
fn every_kind_is_an_entry_that_the_rules_judge() {
    let node = TestNode::with_offering();
    let key = node.verifier();
    node.fund("p-1", 1, 20_000);
    let contribution = node.contribute("p-1", "c", 10_000).sequence();
    let digest = "ab".repeat(32);
    let admit = |limit: Value, guaranteed: Value| {
        json!({
            "kind": "admit",
            "round": "early bird",
            "investor": "p-1",
            "limit": limit,
            "guaranteed": guaranteed,
        })
    };
    // The refusal's code; 0: done; 1: money went back.
    let table = [
        (admit(Value::Null, Value::Null), 0),
        (admit(json!("100"), json!("100")), 306),
        (
            json!({ "kind": "revoke", "round": "early bird", "investor": "p-1" }),
            0,
        ),
        (
            json!({ "kind": "rate", "currency": "ETH", "numerator": "1", "denominator": "1" }),
            405,
        ),
        (
            json!({ "kind": "return", "contribution": contribution, "amount": "4000", "reason": "discretion" }),
            1,
        ),
        (
            json!({ "kind": "return", "contribution": contribution, "amount": "9000", "reason": "order" }),
            605,
        ),
        (json!({ "kind": "pause" }), 0),
        (json!({ "kind": "pause" }), 703),
        (json!({ "kind": "resume" }), 0),
        (json!({ "kind": "resume" }), 704),
        (
            json!({ "kind": "seed", "round": "public", "seed": digest, "proof": "00ff" }),
            709,
        ),
        (
            json!({ "kind": "reveal", "bid": contribution, "amount": "1", "money": "1", "tokens": "1", "salt": digest }),
            510,
        ),
        (json!({ "kind": "document", "hash": digest }), 0),
        (json!({ "kind": "close", "round": "public" }), 708),
        (json!({ "kind": "tick" }), 0),
        (
            json!({ "kind": "distribute", "investor": "p-1", "tokens": "1" }),
            706,
        ),
        (
            json!({ "kind": "pay_refund", "investor": "p-1", "currency": "EUR" }),
            706,
        ),
        (json!({ "kind": "vest", "share": 0, "tokens": "1" }), 706),
        (json!({ "kind": "cancel" }), 0),
        (json!({ "kind": "pause" }), 106),
    ];
    for (place, (body, code)) in table.into_iter().enumerate() {
        let answer = node.post(&path(), &format!("{place}"), &body);
        let outcome = answer.entry(&key)["outcome"].clone();
        let seen = match outcome["kind"].as_str().unwrap() {
            "done" => json!(0),
            "refunded" => json!(1),
            _ => outcome["refusal"]["code"].clone(),
        };
        assert_eq!(seen, json!(code), "{body}: {outcome}");
    }
    let phase = node.get(&format!("/v1/offerings/{NAME}")).json()["phase"].clone();
    assert_eq!(phase, json!("cancelled"));
    let bid = json!({ "investor": "p-1", "locked": "1", "commitment": digest });
    let bid = node.post(&format!("/v1/offerings/{NAME}/bids"), "bid", &bid);
    assert_eq!(bid.entry(&key)["outcome"]["kind"], json!("refused"));
}

#[test]
fn what_names_nothing_in_the_terms_is_no_entry() {
    let node = TestNode::with_offering();
    let digest = "ab".repeat(32);
    let table = [
        json!({ "kind": "explode" }),
        json!({ "kind": "pause", "why": "x" }),
        json!({}),
        json!({ "kind": "admit", "round": "none", "investor": "p-1" }),
        json!({ "kind": "admit", "round": "public", "investor": "" }),
        json!({ "kind": "admit", "round": "public", "investor": "p-1", "limit": "x" }),
        json!({ "kind": "rate", "currency": "ETH", "numerator": "1", "denominator": "0" }),
        json!({ "kind": "rate", "currency": "USD", "numerator": "1", "denominator": "1" }),
        json!({ "kind": "return", "contribution": 1, "amount": "1", "reason": "whim" }),
        json!({ "kind": "seed", "round": "public", "seed": "ab" }),
        json!({ "kind": "seed", "round": "public", "seed": digest, "proof": "ab".repeat(1025) }),
        json!({ "kind": "document", "hash": digest.to_uppercase() }),
        json!({ "kind": "close", "round": "" }),
    ];
    for body in table {
        let answer = node.post(&path(), "k", &body);
        assert_eq!(answer.refusal(), (422, "H422".to_owned()), "{body}");
    }
    let confirmed = node.post(
        &format!("/v1/offerings/{NAME}/confirmation"),
        "-",
        &Value::Null,
    );
    assert_eq!((confirmed.status, confirmed.text()), (204, ""));
}

#[test]
fn a_key_releases_no_money() {
    let node = TestNode::with_offering();
    let path = format!("/v1/offerings/{NAME}/operations");
    let body = json!({ "kind": "release", "milestone": 0 });
    let refused = node.post(&path, "release", &body);
    assert_eq!(refused.refusal(), (403, "H446".to_owned()));
}
