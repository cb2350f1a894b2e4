//! Deposits and withdrawals from a table.

use serde_json::{Value, json};

use crate::test_node::{Answer, Call, TestNode};

const HEADER: &str = "id,kind,person,currency,amount,reference";
const ADA: &str = "000000000000000000000000000000a1";
const BEN: &str = "000000000000000000000000000000b2";

fn platform() -> TestNode {
    let node = TestNode::empty();
    let body = json!({ "symbol": "EUR", "decimals": 2 });
    assert_eq!(
        node.post("/v1/platform/currencies", "EUR", &body).status,
        201
    );
    node
}

fn table(rows: &[&str]) -> String {
    let text = format!("{HEADER}\n{}\n", rows.join("\n"));
    text.replace("ADA", ADA).replace("BEN", BEN)
}

fn import(node: &TestNode, key: &str, query: &str, text: &str) -> Answer {
    let call = Call::new("POST", &format!("/v1/platform/imports{query}")).key(key);
    node.call(&call.text(text))
}

/// Outcome and code of each row.
fn outcomes(answer: &Answer) -> Vec<(String, Value)> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let rows = answer.json()["rows"].as_array().unwrap().clone();
    let outcome = |row: &Value| row["outcome"].as_str().unwrap().to_owned();
    rows.iter()
        .map(|row| (outcome(row), row["code"].clone()))
        .collect()
}

fn all(outcome: &str, count: usize) -> Vec<(String, Value)> {
    vec![(outcome.to_owned(), Value::Null); count]
}

fn available(node: &TestNode, person: &str) -> Value {
    let balances = node.get(&format!("/v1/people/{person}/balances")).json();
    balances["balances"][0]["available"]["units"].clone()
}

#[test]
fn a_table_counts_once_whoever_sends_it_and_however_often() {
    let mut node = platform();
    let text = table(&[
        "b-1,deposit,ADA,EUR,50000,statement 1",
        "b-2,deposit,BEN,EUR,300,",
        "b-3,withdrawal,ADA,EUR,20000,statement 2",
    ]);
    let key = node.key.clone();
    let tried = import(&node, &key, "?dry_run=true", &text);
    assert_eq!(outcomes(&tried), all("new", 3));
    assert_eq!(available(&node, ADA), Value::Null);

    let first = import(&node, &key, "", &text);
    assert_eq!(outcomes(&first), all("recorded", 3));
    let sequences: Vec<Value> = (0..3)
        .map(|place| first.json()["rows"][place]["sequence"].clone())
        .collect();
    assert_eq!(sequences, [1, 2, 3].map(|number| json!(number)));
    node.restart();
    let other = node.key_with(Some("accounts:write:*"), "somebody else");
    for key in [&key, &other] {
        for query in ["", "?dry_run=true", "?dry_run=false"] {
            let again = import(&node, key, query, &text);
            assert_eq!(outcomes(&again), all("known", 3), "{query}");
        }
    }
    assert_eq!(available(&node, ADA), json!("30000"));
    assert_eq!(available(&node, BEN), json!("300"));

    // A longer table of the same rows: only what is new counts.
    let longer = format!("{text}b-4,deposit,{ADA},EUR,1,\n");
    let longer = outcomes(&import(&node, &other, "", &longer));
    assert_eq!(longer[..3], all("known", 3));
    assert_eq!(longer[3], ("recorded".to_owned(), Value::Null));
    assert_eq!(available(&node, ADA), json!("30001"));
}

#[test]
fn a_refused_row_is_named_and_stops_no_other() {
    let node = platform();
    let text = table(&[
        "b-1,deposit,ADA,EUR,100,",
        "b-2,withdrawal,ADA,EUR,101,",
        "b-3,deposit,ADA,USD,1,",
        "b-4,withdrawal,ADA,EUR,99,",
    ]);
    let expected = [
        ("recorded", Value::Null),
        ("refused", json!("insufficient_balance")),
        ("refused", json!("unknown_currency")),
        ("recorded", Value::Null),
    ];
    let expected = expected.map(|(outcome, code)| (outcome.to_owned(), code));
    let first = outcomes(&import(&node, &node.key, "", &text));
    assert_eq!(first, expected);
    assert_eq!(available(&node, ADA), json!("1"));
    // The answer to a refused row is for good.
    let again = outcomes(&import(&node, &node.key, "", &text));
    assert_eq!((&again[1], &again[2]), (&expected[1], &expected[2]));
    // An id is of one content.
    let other = table(&["b-1,deposit,ADA,EUR,200,"]);
    let other = outcomes(&import(&node, &node.key, "", &other));
    assert_eq!(other, [("other_content".to_owned(), Value::Null)]);
    assert_eq!(available(&node, ADA), json!("1"));
}

#[test]
fn a_table_with_a_wrong_row_is_refused_whole_and_says_where() {
    let node = platform();
    let wrong = table(&[
        "b-1,deposit,ADA,EUR,100,",
        "b-2,deposit,ADA,EUR,1.5,",
        "b-3",
    ]);
    let answer = import(&node, &node.key, "", &wrong);
    assert_eq!(answer.refusal(), (422, "H422".to_owned()));
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("line 3, amount:") && detail.contains("line 4, row:"),
        "{detail}"
    );
    assert_eq!(available(&node, ADA), Value::Null);

    let rows = |count: usize| {
        let rows: Vec<String> = (0..count)
            .map(|place| format!("r-{place},deposit,ADA,EUR,1,"))
            .collect();
        table(&rows.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let full = import(&node, &node.key, "", &rows(500));
    assert_eq!(outcomes(&full), all("recorded", 500));
    let more = import(&node, &node.key, "", &rows(501));
    assert_eq!(more.refusal(), (422, "H422".to_owned()));
    let larger = "x".repeat((1 << 19) + 1);
    assert_eq!(import(&node, &node.key, "", &larger).refusal().0, 413);
    let few = node.key_with(Some("accounts:write:harbour"), "o");
    assert_eq!(import(&node, &few, "", &rows(1)).refusal().0, 403);
}
