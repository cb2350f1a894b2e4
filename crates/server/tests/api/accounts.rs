//! Money of investors in an offering.

use serde_json::{Value, json};

use crate::test_node::{NAME, TestNode, money};

fn path(rest: &str) -> String {
    format!("/v1/offerings/{NAME}/accounts/{rest}")
}

fn transfer(id: u32, amount: &str) -> Value {
    json!({ "transfer": format!("{id:032x}"), "currency": "EUR", "amount": amount })
}

#[test]
fn money_is_moved_in_and_out_exactly_once() {
    let node = TestNode::with_offering();
    let key = node.verifier();
    let table = [
        ("fundings", "a", transfer(1, "50000"), json!("done")),
        // The same transfer under another request moves nothing.
        ("fundings", "b", transfer(1, "50000"), json!("repeat_of")),
        ("returns", "c", transfer(2, "60000"), json!("refused")),
        ("returns", "d", transfer(3, "20000"), json!("done")),
        ("returns", "e", transfer(3, "20000"), json!("repeat_of")),
    ];
    for (what, idempotency, body, kind) in table {
        let answer = node.post(&path(&format!("p-1/{what}")), idempotency, &body);
        let entry = answer.entry(&key);
        assert_eq!(entry["outcome"]["kind"], kind, "{what} {idempotency}");
        let again = node.post(&path(&format!("p-1/{what}")), idempotency, &body);
        assert_eq!(again.body, answer.body, "{what} {idempotency}");
    }
    node.contribute("p-1", "f", 10_000);
    let accounts = node.get(&path("p-1")).json();
    assert_eq!(accounts["investor"], json!("p-1"));
    let euros = json!({
        "funded": money("50000", "500 EUR"),
        "taken_back": money("20000", "200 EUR"),
        "held": money("10000", "100 EUR"),
        "available": money("20000", "200 EUR"),
        "spent": money("0", "0 EUR"),
    });
    assert_eq!(accounts["accounts"][0], euros);
    assert_eq!(accounts["accounts"].as_array().unwrap().len(), 2);
    // What is in a contribution stays there until it is taken back.
    let beyond = node.post(&path("p-1/returns"), "g", &transfer(4, "20001"));
    assert_eq!(beyond.entry(&key)["outcome"]["refusal"]["code"], json!(214));
}

#[test]
fn transfers_without_a_name_of_their_own_are_no_entries() {
    let node = TestNode::with_offering();
    let with = |id: &str| json!({ "transfer": id, "currency": "EUR", "amount": "1" });
    let table = [
        with(""),
        with("1"),
        with(&"0".repeat(32)),
        with(&"A".repeat(32)),
        with(&"a".repeat(34)),
        json!({ "transfer": "a".repeat(32), "currency": "USD", "amount": "1" }),
        json!({ "transfer": "a".repeat(32), "currency": "EUR", "amount": 1 }),
    ];
    for body in table {
        for what in ["fundings", "returns"] {
            let answer = node.post(&path(&format!("p-1/{what}")), "k", &body);
            assert_eq!(answer.refusal(), (422, "H422".to_owned()), "{body}");
        }
    }
    assert_eq!(node.get(&path("p-1")).refusal(), (404, "H404".to_owned()));
}
