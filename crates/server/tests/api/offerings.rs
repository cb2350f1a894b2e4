//! Announcing, listing, reading.

use serde_json::{Value, json};

use crate::test_node::{Call, NAME, TestNode, money, terms, terms_hash};

#[test]
fn only_the_terms_that_were_checked_are_announced_and_once() {
    let node = TestNode::empty();
    let text = terms();
    let hash = terms_hash(&text);
    let checked = node.post("/v1/offerings/check", "-", &json!({ "terms": text }));
    assert_eq!(checked.json()["valid"], json!(true));
    assert_eq!(checked.json()["terms_hash"], json!(hash));
    let broken = text.replace("hard_cap = \"25_000 EUR\"", "hard_cap = \"1 EUR\"");
    let checked = node.post("/v1/offerings/check", "-", &json!({ "terms": broken }));
    assert_eq!(checked.status, 200);
    assert_eq!(checked.json()["valid"], json!(false));
    assert_eq!(checked.json()["terms_hash"], Value::Null);
    assert!(!checked.json()["problems"].as_array().unwrap().is_empty());

    let other = text.replace("softcap.example/harbour", "softcap.example/other");
    let other_hash = terms_hash(&other);
    let zeros = "0".repeat(64);
    let table = [
        (NAME, &text, &zeros, (422, "H422")),
        (NAME, &text, &other_hash, (422, "H422")),
        (NAME, &broken, &zeros, (422, "H422")),
        ("Harbour", &text, &hash, (422, "H422")),
        ("1harbour", &text, &hash, (422, "H422")),
        ("", &text, &hash, (422, "H422")),
        ("platform", &text, &hash, (422, "H422")),
        ("check", &text, &hash, (422, "H422")),
        (NAME, &text, &hash, (201, "-")),
        (NAME, &text, &hash, (409, "H409")),
        (NAME, &other, &other_hash, (409, "H409")),
        ("second", &text, &hash, (409, "H409")),
        ("second", &other, &other_hash, (201, "-")),
    ];
    for (name, text, hash, expected) in table {
        let body = json!({ "name": name, "terms": text, "terms_hash": hash });
        let answer = node.post("/v1/offerings", "-", &body);
        let (status, code) = answer.refusal();
        assert_eq!((status, code.as_str()), expected, "{}", answer.text());
    }
    let names: Vec<Value> = node.get("/v1/offerings").json()["offerings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|offering| offering["name"].clone())
        .collect();
    assert_eq!(names, [NAME, "second"]);
}

#[test]
fn terms_that_count_blocks_are_checked_as_what_the_server_does_with_them() {
    let node = TestNode::empty();
    let text = include_str!("../../../../examples/history/counterparty-2014/offering.toml");
    let checked = node.post("/v1/offerings/check", "-", &json!({ "terms": text }));
    let checked = checked.json();
    assert_eq!(checked["valid"], json!(false));
    assert_eq!(checked["terms_hash"], json!(terms_hash(text)));
    let first = checked["problems"][0].as_str().unwrap();
    assert!(
        first.starts_with("note: the clock counts blocks"),
        "{first}"
    );
    let body = json!({ "name": NAME, "terms": text, "terms_hash": terms_hash(text) });
    let answer = node.post("/v1/offerings", "-", &body);
    assert_eq!(answer.refusal(), (422, "H422".to_owned()));
}

#[test]
fn an_offering_shows_its_state_to_everybody() {
    let node = TestNode::with_offering();
    let expected = json!({
        "name": NAME,
        "title": "Harbour",
        "origin": "softcap.example/harbour",
        "terms_hash": terms_hash(&terms()),
        "terms_signature": "unsigned",
        "phase": "open",
        "round": "public",
        "position": "2027-01-15T09:01:00Z",
        "raised": money("0", "0 EUR"),
        "contributions": 0,
        "investors": 0,
        "entries": 1,
    });
    let path = format!("/v1/offerings/{NAME}");
    let answer = node.call(&Call::new("GET", &path));
    assert_eq!(answer.json(), expected);
    let list = node.call(&Call::new("GET", "/v1/offerings"));
    assert_eq!(list.json(), json!({ "offerings": [expected] }));
    for absent in ["/v1/offerings/nothing", "/v1/offerings/Harbour"] {
        let answer = node.call(&Call::new("GET", absent));
        assert_eq!(answer.refusal(), (404, "H404".to_owned()), "{absent}");
    }
}

#[test]
fn terms_are_the_text_that_was_announced_and_need_be_fetched_once() {
    let node = TestNode::with_offering();
    let path = format!("/v1/offerings/{NAME}/terms");
    let first = node.call(&Call::new("GET", &path));
    let tag = format!("\"{}\"", terms_hash(&terms()));
    assert_eq!(first.text(), terms());
    assert_eq!(first.header("content-type"), Some("application/toml"));
    assert_eq!(first.header("etag"), Some(tag.as_str()));
    let table = [
        (tag.clone(), 304),
        (format!("\"x\", {tag}"), 304),
        (format!("W/{tag}"), 304),
        ("*".to_owned(), 304),
        ("\"x\"".to_owned(), 200),
        (tag.trim_matches('"').to_owned(), 200),
    ];
    for (known, status) in table {
        let call = Call::new("GET", &path).header("if-none-match", &known);
        let answer = node.call(&call);
        assert_eq!(answer.status, status, "{known}");
        assert_eq!(answer.header("etag"), Some(tag.as_str()), "{known}");
        assert_eq!(answer.body.is_empty(), status == 304, "{known}");
    }
}
