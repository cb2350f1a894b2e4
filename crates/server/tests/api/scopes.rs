//! Every route that asks for a key: none, a wrong one, one without the verb, one of another offering.

use serde_json::{Value, json};

use crate::test_node::{Call, NAME, TestNode};

/// Method, path after the offering, verb, body.
fn routes() -> Vec<(&'static str, String, &'static str, Value)> {
    let money = json!({ "transfer": "a".repeat(32), "currency": "EUR", "amount": "1" });
    let contribution = json!({ "investor": "p-1", "currency": "EUR", "amount": "1" });
    let bid = json!({ "investor": "p-1", "locked": "1", "commitment": "ab".repeat(32) });
    let admit = json!({ "kind": "admit", "round": "public", "investor": "p-1" });
    let reveal = json!({
        "kind": "reveal", "bid": 1, "amount": "1", "money": "1", "tokens": "1",
        "salt": "ab".repeat(32),
    });
    let table = [
        ("GET", "/investors", "investors:read", Value::Null),
        ("GET", "/investors/p-1", "investors:read", Value::Null),
        ("GET", "/contributions", "contributions:read", Value::Null),
        ("GET", "/contributions/0", "contributions:read", Value::Null),
        (
            "POST",
            "/contributions",
            "contributions:write",
            contribution,
        ),
        (
            "POST",
            "/contributions/1/withdrawal",
            "contributions:write",
            Value::Null,
        ),
        ("POST", "/bids", "contributions:write", bid),
        ("GET", "/accounts/p-1", "accounts:read", Value::Null),
        (
            "POST",
            "/accounts/p-1/fundings",
            "accounts:write",
            money.clone(),
        ),
        ("POST", "/accounts/p-1/returns", "accounts:write", money),
        (
            "POST",
            "/operations",
            "operations:write",
            json!({ "kind": "tick" }),
        ),
        ("POST", "/operations", "investors:write", admit),
        ("POST", "/operations", "contributions:write", reveal),
        ("POST", "/confirmation", "server:write", Value::Null),
        ("POST", "/settlement", "settlements:write", Value::Null),
        ("GET", "/settlement/preview", "offerings:read", Value::Null),
    ];
    let full = |rest: &str| format!("/v1/offerings/{NAME}{rest}");
    let draft = |rest: &str| format!("/v1/drafts/{NAME}{rest}");
    let text = json!({ "terms": "" });
    let drafts = [
        (
            "POST",
            "/v1/drafts".to_owned(),
            "offerings:write",
            json!({ "name": NAME, "terms": "" }),
        ),
        ("GET", draft(""), "offerings:read", Value::Null),
        ("PUT", draft(""), "offerings:write", text),
        ("DELETE", draft(""), "offerings:write", Value::Null),
        ("POST", draft("/check"), "offerings:read", Value::Null),
        (
            "POST",
            draft("/simulate"),
            "offerings:read",
            json!({ "contributions": [] }),
        ),
        (
            "POST",
            draft("/announcement"),
            "offerings:write",
            json!({ "terms_hash": "" }),
        ),
    ];
    let offerings = table.into_iter();
    offerings
        .map(|(method, rest, verb, body)| (method, full(rest), verb, body))
        .chain(drafts)
        .collect()
}

const VERBS: [&str; 10] = [
    "offerings:read",
    "offerings:write",
    "investors:read",
    "investors:write",
    "contributions:read",
    "contributions:write",
    "accounts:read",
    "accounts:write",
    "operations:write",
    "settlements:write",
];

fn all_but(verb: &str, resource: &str) -> String {
    let others = VERBS.iter().chain(&["server:write"]);
    let others = others.filter(|other| **other != verb);
    let scopes: Vec<String> = others.map(|other| format!("{other}:{resource}")).collect();
    scopes.join(" ")
}

#[test]
fn a_route_opens_for_its_verb_on_its_offering_and_for_nothing_else() {
    let node = TestNode::with_offering();
    for (method, path, verb, body) in routes() {
        let ask = |key: Option<&str>| {
            let call = Call::new(method, &path).idempotency(&format!("{path}{verb}"));
            let call = key.into_iter().fold(call, Call::key);
            node.call(&call.body(&body))
        };
        let table = [
            (None, (401, "H401")),
            (Some("sc_test_x".to_owned()), (401, "key_malformed")),
            (
                Some(node.key_with(Some(&all_but(verb, "*")), "o")),
                (403, "H403"),
            ),
            (
                Some(node.key_with(Some(&format!("{verb}:other")), "o")),
                (403, "H403"),
            ),
        ];
        for (key, expected) in table {
            let answer = ask(key.as_deref());
            let (status, code) = answer.refusal();
            assert_eq!((status, code.as_str()), expected, "{method} {path} {verb}");
            let challenge = answer.header("www-authenticate");
            assert_eq!(challenge.is_some(), status == 401, "{method} {path}");
        }
        let right = node.key_with(Some(&format!("{verb}:{NAME}")), "o");
        let (status, code) = ask(Some(&right)).refusal();
        assert!(
            ![401, 403].contains(&status),
            "{method} {path} {verb}: {status} {code}"
        );
    }
}

#[test]
fn a_key_of_one_offering_announces_no_other() {
    let node = TestNode::empty();
    let key = node.key_with(Some("offerings:write:other"), "o");
    let body = json!({ "name": NAME, "terms": "", "terms_hash": "" });
    let call = Call::new("POST", "/v1/offerings").key(&key).body(&body);
    assert_eq!(node.call(&call).refusal(), (403, "H403".to_owned()));
    let none = Call::new("POST", "/v1/offerings").body(&body);
    assert_eq!(node.call(&none).refusal(), (401, "H401".to_owned()));
}

#[test]
fn what_everybody_may_read_needs_no_key() {
    let node = TestNode::with_offering();
    for rest in [
        "",
        "/terms",
        "/documents",
        "/log/checkpoint",
        "/log/cosignatures",
        "/log/entries/0",
        "/log/inclusion?index=0&size=1",
        "/log/consistency?old=1&new=1",
        "/log/tile/0/000.p/1",
        "/log/tile/entries/000.p/1",
        "/contributions/0/receipt",
    ] {
        let path = format!("/v1/offerings/{NAME}{rest}");
        assert_eq!(node.call(&Call::new("GET", &path)).status, 200, "{rest}");
    }
}
