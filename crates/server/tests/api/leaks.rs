//! A key that was found ends, whoever sends it.

use serde_json::{Value, json};

use crate::test_node::{Answer, Call, TestNode};

fn report(node: &TestNode, body: &Value) -> Answer {
    node.call(&Call::new("POST", "/v1/leaks").body(body))
}

fn status_of(node: &TestNode, key: &str) -> u16 {
    node.call(&Call::new("GET", "/v1/keys").key(key)).status
}

#[test]
fn a_key_that_is_shown_whole_ends_with_all_that_it_made() {
    let node = TestNode::empty();
    let parent = node.key_with(Some("keys:write:* keys:read:*"), "exchange");
    let make = json!({ "label": "till", "scopes": ["keys:read:*"] });
    let made = node.call(&Call::new("POST", "/v1/keys").key(&parent).body(&make));
    let child = made.json()["secret"].as_str().unwrap().to_owned();
    let stranger = node.key_with(Some("keys:read:*"), "other");
    assert_eq!(
        [&parent, &child, &stranger].map(|key| status_of(&node, key)),
        [200; 3]
    );

    // The right id with another secret proves nothing.
    let id: String = parent.chars().take(21).collect();
    let forged = format!("{id}{}", &stranger[21..]);
    let body = json!([
        { "token": "nonsense", "type": "softcap", "url": "https://a.example/x", "source": "content" },
        { "token": forged },
        { "token": parent, "type": "softcap" },
    ]);
    let answer = report(&node, &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let label = |token: &str, kind: &str, label: &str| json!({ "token_raw": token, "token_type": kind, "label": label });
    let expected = json!([
        label("nonsense", "softcap", "false_positive"),
        label(&forged, "", "false_positive"),
        label(&parent, "softcap", "true_positive"),
    ]);
    assert_eq!(answer.json(), expected);
    assert_eq!(
        [&parent, &child, &stranger].map(|key| status_of(&node, key)),
        [401, 401, 200]
    );
    // What is over stays over, and is still told from what never was a key.
    let again = report(&node, &json!([{ "token": parent }])).json();
    assert_eq!(again[0]["label"], "true_positive");
}

#[test]
fn a_report_that_names_a_signer_is_signed_or_refused_whole() {
    let node = TestNode::empty();
    let key = node.key_with(Some("keys:read:*"), "exchange");
    let call = Call::new("POST", "/v1/leaks").body(&json!([{ "token": key }]));
    let call = call.header("github-public-key-identifier", "90a4");
    let answer = node.call(&call.header("github-public-key-signature", "MEQ="));
    assert_eq!(answer.refusal(), (403, "H444".to_owned()));
    assert_eq!(status_of(&node, &key), 200);
}

#[test]
fn reports_have_a_form_and_a_size() {
    let node = TestNode::empty();
    let many = json!(vec![json!({ "token": "x" }); 1001]);
    for (body, expected) in [
        (json!({}), (422, "H422")),
        (json!([{}]), (422, "H422")),
        (many, (422, "H422")),
    ] {
        let (status, code) = report(&node, &body).refusal();
        assert_eq!((status, code.as_str()), expected);
    }
    let empty = report(&node, &json!([]));
    assert_eq!((empty.status, empty.json()), (200, json!([])));
}
