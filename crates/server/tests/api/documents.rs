//! The documents of an offering, as its record has them.

use serde_json::{Value, json};

use crate::test_node::{Call, IN_PUBLIC_ROUND, NAME, TestNode};

fn publish(node: &TestNode, digit: char, withdrawal_until: Option<u64>) -> Value {
    let mut operation = json!({ "kind": "document", "hash": String::from(digit).repeat(64) });
    if let Some(until) = withdrawal_until {
        operation["withdrawal_until"] = json!(until);
    }
    let path = format!("/v1/offerings/{NAME}/operations");
    let done = node.post(&path, &format!("{digit}"), &operation);
    done.entry(&node.verifier())
}

fn page(node: &TestNode, query: &str) -> Value {
    // Anybody may read them.
    let path = format!("/v1/offerings/{NAME}/documents{query}");
    node.call(&Call::new("GET", &path)).json()
}

#[test]
fn documents_are_listed_with_version_entry_hash_and_reason() {
    let mut node = TestNode::with_offering();
    assert_eq!(page(&node, ""), json!({ "documents": [] }));
    let first = publish(&node, 'a', None);
    node.fund("p-1", 1, 10_000);
    let second = publish(&node, 'b', Some(IN_PUBLIC_ROUND + 60_000));
    // A repeat of the request publishes nothing again.
    assert_eq!(publish(&node, 'a', None), first);
    let expected = json!({ "documents": [
        {
            "version": 1,
            "sequence": first["sequence"],
            "position": "2027-01-15T09:01:00Z",
            "hash": "a".repeat(64),
            "reason": "information",
        },
        {
            "version": 2,
            "sequence": second["sequence"],
            "position": "2027-01-15T09:01:00Z",
            "hash": "b".repeat(64),
            "reason": "supplement",
            "withdrawal_until": "2027-01-15T09:02:00Z",
        },
    ] });
    assert_eq!(
        (&first["sequence"], &second["sequence"]),
        (&json!(1), &json!(3))
    );
    assert_eq!(page(&node, ""), expected);
    node.restart();
    assert_eq!(page(&node, ""), expected);
}

#[test]
fn a_supplement_that_comes_too_late_is_refused_and_not_listed() {
    let node = TestNode::with_offering();
    let cancel = json!({ "kind": "cancel" });
    node.post(
        &format!("/v1/offerings/{NAME}/operations"),
        "cancel",
        &cancel,
    );
    let refused = publish(&node, 'a', Some(IN_PUBLIC_ROUND + 60_000));
    assert_eq!(refused["outcome"]["refusal"]["code"], json!(106));
    assert_eq!(page(&node, ""), json!({ "documents": [] }));
}

#[test]
fn documents_come_in_pages() {
    let node = TestNode::with_offering();
    for digit in ['1', '2', '3', '4', '5'] {
        publish(&node, digit, None);
    }
    for limit in [1, 2, 5, 1000] {
        let mut versions = Vec::new();
        let mut query = format!("?limit={limit}");
        loop {
            let page = page(&node, &query);
            let rows = page["documents"].as_array().unwrap();
            assert!(rows.len() <= limit);
            versions.extend(rows.iter().map(|row| row["version"].as_u64().unwrap()));
            if page["next"].is_null() {
                break;
            }
            query = format!("?limit={limit}&after={}", page["next"]);
        }
        assert_eq!(versions, [1, 2, 3, 4, 5], "{limit}");
    }
    for wrong in ["limit=0", "limit=1001", "after=-1", "page=2"] {
        let call = format!("/v1/offerings/{NAME}/documents?{wrong}");
        let answer = node.call(&Call::new("GET", &call));
        assert!([400, 422].contains(&answer.refusal().0), "{wrong}");
    }
}
