//! Who is in an offering, and with which admissions.

use serde_json::{Value, json};

use crate::test_node::{NAME, SETTLEABLE, TestNode, money};

fn path(rest: &str) -> String {
    format!("/v1/offerings/{NAME}{rest}")
}

fn operate(node: &TestNode, key: &str, operation: &Value) {
    let done = node.post(&path("/operations"), key, operation);
    let entry = done.entry(&node.verifier());
    assert_eq!(entry["outcome"], json!({ "kind": "done" }), "{operation}");
}

fn admit(node: &TestNode, who: &str, limit: Option<&str>) {
    let mut admit = json!({ "kind": "admit", "round": "early bird", "investor": who });
    if let Some(limit) = limit {
        admit["limit"] = json!(limit);
        admit["expires"] = json!(1_800_003_600_000_u64);
        admit["withdrawal"] = json!(true);
    }
    operate(node, &format!("{who} {limit:?}"), &admit);
}

#[test]
fn an_admission_is_shown_as_it_stands() {
    let node = TestNode::with_offering();
    let read = |who: &str| node.get(&path(&format!("/investors/{who}")));
    assert_eq!(read("p-1").refusal(), (404, "H404".to_owned()));
    admit(&node, "p-1", None);
    let admission = json!({
        "round": "early bird",
        "standing": "valid",
        "guarantee_left": money("0", "0 EUR"),
        "withdrawal": false,
    });
    let expected = json!({ "investor": "p-1", "admissions": [admission] });
    assert_eq!(read("p-1").json(), expected);
    // A later one replaces it.
    admit(&node, "p-1", Some("50000"));
    let mut admission = json!({
        "round": "early bird",
        "standing": "valid",
        "limit": money("50000", "500 EUR"),
        "expires": "2027-01-15T09:00:00Z",
        "guarantee_left": money("0", "0 EUR"),
        "withdrawal": true,
    });
    let expected = json!({ "investor": "p-1", "admissions": [admission] });
    assert_eq!(read("p-1").json(), expected);
    let revoke = json!({ "kind": "revoke", "round": "early bird", "investor": "p-1" });
    operate(&node, "revoke", &revoke);
    admission["standing"] = json!("revoked");
    let expected = json!({ "investor": "p-1", "admissions": [admission] });
    assert_eq!(read("p-1").json(), expected);
    // Money makes an investor, too.
    node.fund("p-2", 1, 1_000);
    let expected = json!({ "investor": "p-2", "admissions": [] });
    assert_eq!(read("p-2").json(), expected);
    assert_eq!(read("a,b").refusal(), (422, "H422".to_owned()));
}

/// The investors of all pages of a list with so many rows each.
fn pages(node: &TestNode, list: &str, limit: usize) -> Vec<Value> {
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = node
            .get(&path(&format!("{list}?limit={limit}{after}")))
            .json();
        let rows = page["investors"].as_array().unwrap();
        assert!(rows.len() <= limit);
        seen.extend(rows.iter().cloned());
        if page["next"].is_null() {
            return seen;
        }
        after = format!("&after={}", page["next"]);
    }
}

#[test]
fn lists_of_investors_come_in_pages_and_in_one_order() {
    let node = TestNode::with_offering();
    let everybody = ["p-3", "p-1", "p-7", "p-2", "p-5"];
    for (place, who) in (1..).zip(everybody) {
        node.fund(who, place, 500_000);
        node.contribute(who, who, 250_000 + place);
    }
    let names = |rows: &[Value]| -> Vec<String> {
        let names = rows
            .iter()
            .map(|row| row["investor"].as_str().unwrap().to_owned());
        names.collect()
    };
    for limit in [1, 2, 5, 1000] {
        assert_eq!(
            names(&pages(&node, "/investors", limit)),
            everybody,
            "{limit}"
        );
    }
    for wrong in ["limit=0", "limit=1001", "after=-1", "page=2"] {
        let answer = node.get(&path(&format!("/investors?{wrong}")));
        assert!([400, 422].contains(&answer.refusal().0), "{wrong}");
    }

    let table = "/settlement/table";
    assert_eq!(node.get(&path(table)).refusal(), (404, "H404".to_owned()));
    node.set_clock(SETTLEABLE);
    node.post(&path("/settlement"), "settle", &Value::Null);
    let rows = pages(&node, table, 2);
    assert_eq!(names(&rows), everybody);
    assert_eq!(rows, pages(&node, table, 1000));
    for row in &rows {
        let who = row["investor"].as_str().unwrap();
        let proof = node.get(&path(&format!("/settlement/proofs/{who}"))).json();
        for part in ["investor", "tokens", "currencies"] {
            assert_eq!(proof[part], row[part], "{who}");
        }
    }
    let accepted = |row: &Value| row["currencies"][0]["accepted"]["units"].clone();
    assert_eq!(accepted(&rows[0]), json!("250001"));
    assert_eq!(accepted(&rows[4]), json!("250005"));
}
