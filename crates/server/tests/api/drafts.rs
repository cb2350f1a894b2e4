//! Drafts: written, checked, tried out, announced.

use serde_json::{Value, json};

use crate::test_node::{Answer, Call, NAME, TestNode, terms, terms_hash};

fn create(node: &TestNode, name: &str, terms: &str) -> Answer {
    node.post("/v1/drafts", "-", &json!({ "name": name, "terms": terms }))
}

fn path(rest: &str) -> String {
    format!("/v1/drafts/{NAME}{rest}")
}

/// A change with `If-Match`, or without.
fn change(node: &TestNode, method: &'static str, tag: Option<&str>, body: &Value) -> Answer {
    let call = Call::new(method, &path("")).key(&node.key).body(body);
    let call = tag
        .into_iter()
        .fold(call, |call, tag| call.header("if-match", tag));
    node.call(&call)
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// Name and version of all drafts.
fn listed(node: &TestNode) -> Vec<Value> {
    let page = node.get("/v1/drafts").json();
    page["drafts"].as_array().unwrap().clone()
}

#[test]
fn a_draft_is_written_read_replaced_and_deleted_and_stays_over_a_restart() {
    let mut node = TestNode::empty();
    // It need not be right.
    let made = create(&node, NAME, "name = ");
    assert_eq!(made.status, 201, "{}", made.text());
    let first = made.header("etag").unwrap().to_owned();
    node.restart();
    let read = node.get(&path(""));
    assert_eq!(read.body, made.body);
    assert_eq!(read.header("etag"), Some(first.as_str()));
    assert_eq!(read.json()["terms"], json!("name = "));
    let known = Call::new("GET", &path("")).key(&node.key);
    assert_eq!(
        node.call(&known.header("if-none-match", &first)).status,
        304
    );

    let body = json!({ "terms": terms() });
    let replaced = change(&node, "PUT", Some(&first), &body);
    assert_eq!(replaced.status, 200, "{}", replaced.text());
    let second = replaced.header("etag").unwrap().to_owned();
    assert_ne!(first, second);
    assert_eq!(node.get(&path("")).body, replaced.body);
    let row = listed(&node).remove(0);
    assert_eq!(row["name"], json!(NAME));
    assert_eq!(format!("\"{}\"", row["version"].as_str().unwrap()), second);

    let deleted = change(&node, "DELETE", Some(&second), &Value::Null);
    assert_eq!((deleted.status, deleted.text()), (204, ""));
    assert_eq!(node.get(&path("")).refusal(), refused(404, "H404"));
    assert_eq!(listed(&node), Vec::<Value>::new());
    let again = change(&node, "DELETE", Some(&second), &Value::Null);
    assert_eq!(again.refusal(), refused(404, "H404"));
}

#[test]
fn no_change_is_lost_to_one_who_read_an_older_draft() {
    let node = TestNode::empty();
    let first = create(&node, NAME, "a = 1");
    let first = first.header("etag").unwrap().to_owned();
    let body = json!({ "terms": "a = 2" });
    let second = change(&node, "PUT", Some(&first), &body);
    let second = second.header("etag").unwrap().to_owned();
    let weak = format!("W/{second}");
    let stale = [
        (None, (428, "H431")),
        (Some(first.as_str()), (412, "H412")),
        (Some("\"x\""), (412, "H412")),
        // If-Match compares strongly: RFC 9110, 13.1.1.
        (Some(weak.as_str()), (412, "H412")),
        (Some(second.trim_matches('"')), (412, "H412")),
    ];
    for (tag, (status, code)) in stale {
        for (method, body) in [
            ("PUT", json!({ "terms": "a = 3" })),
            ("DELETE", Value::Null),
        ] {
            let answer = change(&node, method, tag, &body);
            assert_eq!(answer.refusal(), refused(status, code), "{method} {tag:?}");
        }
    }
    assert_eq!(node.get(&path("")).json()["terms"], json!("a = 2"));
    let among = format!("{first}, {second}");
    let body = json!({ "terms": "a = 3" });
    assert_eq!(change(&node, "PUT", Some(&among), &body).status, 200);
    assert_eq!(change(&node, "DELETE", Some("*"), &Value::Null).status, 204);
}

#[test]
fn a_draft_is_checked_tried_out_and_announced_and_is_then_gone() {
    let node = TestNode::empty();
    let text = terms();
    let broken = text.replace("hard_cap = \"25_000 EUR\"", "hard_cap = \"1 EUR\"");
    create(&node, NAME, &broken);
    let checked = node.post(&path("/check"), "-", &Value::Null).json();
    let direct = node.post("/v1/offerings/check", "-", &json!({ "terms": broken }));
    assert_eq!(
        (&checked["valid"], &checked),
        (&json!(false), &direct.json())
    );
    let announcement = json!({ "terms_hash": terms_hash(&text) });
    let announce = || node.post(&path("/announcement"), "-", &announcement);
    assert_eq!(announce().refusal(), refused(422, "H422"));

    change(&node, "PUT", Some("*"), &json!({ "terms": text }));
    let checked = node.post(&path("/check"), "-", &Value::Null).json();
    assert_eq!(checked["terms_hash"], announcement["terms_hash"]);
    let wishes = json!([{ "investor": "p-1", "currency": "EUR", "amount": "20000" }]);
    let trial = json!({ "contributions": wishes });
    let tried = node.post(&path("/simulate"), "-", &trial).json();
    let direct = json!({ "terms": text, "contributions": wishes });
    let direct = node.post("/v1/offerings/simulate", "-", &direct).json();
    assert_eq!(
        tried["contributions"][0]["outcome"]["kind"],
        json!("contributed")
    );
    assert_eq!(tried, direct);

    let other = json!({ "terms_hash": "0".repeat(64) });
    let wrong = node.post(&path("/announcement"), "-", &other);
    assert_eq!(wrong.refusal(), refused(422, "H422"));
    let announced = announce();
    assert_eq!(announced.status, 201, "{}", announced.text());
    assert_eq!(announced.json()["terms_hash"], announcement["terms_hash"]);
    assert_eq!(
        node.get(&format!("/v1/offerings/{NAME}/terms")).text(),
        text
    );
    assert_eq!(announce().refusal(), refused(404, "H404"));
    assert_eq!(listed(&node), Vec::<Value>::new());
    // The name belongs to the offering now.
    assert_eq!(create(&node, NAME, &text).refusal(), refused(409, "H409"));
}

#[test]
fn a_draft_has_a_name_that_can_be_announced_and_a_bounded_text() {
    let node = TestNode::empty();
    let longest = "#".repeat(65_536);
    let longer = "#".repeat(65_537);
    let escaped = "\u{1}".repeat(65_536);
    let table = [
        ("Harbour", "", (422, "H422")),
        ("", "", (422, "H422")),
        ("platform", "", (422, "H422")),
        ("check", "", (422, "H422")),
        (NAME, longer.as_str(), (422, "H422")),
        (NAME, "a\0", (422, "H422")),
        // As JSON it is six times as long.
        (NAME, escaped.as_str(), (413, "H413")),
        (NAME, longest.as_str(), (201, "-")),
        (NAME, "", (409, "H409")),
        ("second", "", (201, "-")),
    ];
    for (name, text, expected) in table {
        let (status, code) = create(&node, name, text).refusal();
        assert_eq!((status, code.as_str()), expected, "{name} {}", text.len());
    }
    let body = json!({ "terms": longer });
    assert_eq!(
        change(&node, "PUT", Some("*"), &body).refusal(),
        refused(422, "H422")
    );
    assert_eq!(
        node.get("/v1/drafts/Harbour").refusal(),
        refused(404, "H404")
    );
}

#[test]
fn drafts_come_in_pages_and_only_to_who_may_read_them() {
    let node = TestNode::empty();
    for name in ["c", "a", "b", "a-b"] {
        create(&node, name, "x = 1");
    }
    let names = |key: &str, query: &str| {
        let page = node.call(&Call::new("GET", &format!("/v1/drafts{query}")).key(key));
        let page = page.json();
        let rows = page["drafts"].as_array().unwrap().iter();
        let names: Vec<String> = rows
            .map(|row| row["name"].as_str().unwrap().to_owned())
            .collect();
        (names, page["next"].clone())
    };
    assert_eq!(names(&node.key, "").0, ["a", "a-b", "b", "c"]);
    assert_eq!(names(&node.key, "?limit=3").1, json!("b"));
    assert_eq!(names(&node.key, "?limit=3&after=b").0, ["c"]);
    assert_eq!(names(&node.key, "?limit=4").1, Value::Null);
    let few = node.key_with(Some("offerings:read:b offerings:read:c"), "o");
    assert_eq!(names(&few, "").0, ["b", "c"]);
    assert_eq!(names(&few, "?limit=1").1, json!("b"));
    let wrong = node.get("/v1/drafts?limit=0");
    assert_eq!(wrong.refusal(), refused(422, "H422"));
}

#[test]
fn a_server_keeps_a_thousand_drafts() {
    let node = TestNode::empty();
    for place in 0..1_000 {
        let made = create(&node, &format!("d-{place}"), "");
        assert_eq!(made.status, 201, "{place}: {}", made.text());
    }
    assert_eq!(create(&node, NAME, "").refusal(), refused(409, "H409"));
    let gone = Call::new("DELETE", "/v1/drafts/d-7").key(&node.key);
    assert_eq!(node.call(&gone.header("if-match", "*")).status, 204);
    assert_eq!(create(&node, NAME, "").status, 201);
}
