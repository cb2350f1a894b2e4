//! Keys that are made and changed with keys.

use serde_json::{Value, json};

use crate::test_node::{Call, NAME, TestNode};

fn with(
    node: &TestNode,
    key: &str,
    method: &'static str,
    path: &str,
    body: &Value,
) -> crate::test_node::Answer {
    node.call(&Call::new(method, path).key(key).body(body))
}

#[test]
fn a_key_makes_narrower_keys_and_no_others() {
    let node = TestNode::with_offering();
    let scopes = format!("keys:write:* keys:read:* contributions:read:{NAME}");
    let parent = node.key_with(Some(&scopes), "exchange");
    let make = |body: Value| with(&node, &parent, "POST", "/v1/keys", &body);
    let narrow = json!({ "label": "till", "scopes": [format!("contributions:read:{NAME}")] });
    let made = make(narrow.clone());
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    let id = made.json()["key"]["id"].as_str().unwrap().to_owned();
    assert!(secret.starts_with(&format!("sc_test_{id}_")));
    let list = format!("/v1/offerings/{NAME}/contributions");
    assert_eq!(with(&node, &secret, "GET", &list, &Value::Null).status, 200);

    let mut table = vec![
        (json!({ "label": "", "scopes": [] }), (422, "K233")),
        (json!({ "label": "x", "scopes": ["fly:*"] }), (422, "K201")),
        (
            json!({ "label": "x", "scopes": ["contributions:read:*"] }),
            (403, "K301"),
        ),
        (
            json!({ "label": "x", "scopes": ["contributions:write:harbour"] }),
            (403, "K301"),
        ),
        (json!({ "label": "x" }), (422, "H422")),
        (
            json!({ "label": "x", "scopes": [], "owner": "me" }),
            (422, "H422"),
        ),
    ];
    for (field, value, expected) in [
        ("expires_at", json!("tomorrow"), (422, "H422")),
        ("expires_at", json!("2020-01-01T00:00:00Z"), (422, "K231")),
        ("networks", json!(["10.0.0.1/8"]), (422, "K212")),
        ("networks", json!(["0.0.0.0/0"]), (422, "K213")),
        (
            "limit",
            json!({ "per_second": 0, "burst": 1 }),
            (422, "K221"),
        ),
        (
            "limit",
            json!({ "per_second": 200_000, "burst": 1 }),
            (403, "K301"),
        ),
    ] {
        let mut body = narrow.clone();
        body[field] = value;
        table.push((body, expected));
    }
    for (body, expected) in table {
        let (status, code) = make(body.clone()).refusal();
        assert_eq!((status, code.as_str()), expected, "{body}");
    }
}

#[test]
fn keys_are_listed_rotated_and_revoked_within_one_owner() {
    let node = TestNode::with_offering();
    let parent = node.key_with(Some("keys:write:* keys:read:*"), "exchange");
    let stranger = node.key_with(Some("keys:write:* keys:read:*"), "stranger");
    let body = json!({ "label": "till", "scopes": ["keys:read:*"] });
    let first = with(&node, &parent, "POST", "/v1/keys", &body).json();
    let id = first["key"]["id"].as_str().unwrap();
    let one = format!("/v1/keys/{id}");

    let listed = with(&node, &parent, "GET", "/v1/keys?limit=1", &Value::Null).json();
    assert_eq!(listed["keys"].as_array().unwrap().len(), 1);
    let next = format!("/v1/keys?limit=1&after={}", listed["next"]);
    let listed = with(&node, &parent, "GET", &next, &Value::Null).json();
    assert_eq!(listed["keys"][0]["id"], json!(id));
    assert_eq!(listed["next"], Value::Null);
    assert!(
        !listed
            .to_string()
            .contains(first["secret"].as_str().unwrap())
    );

    // Of another owner, or of nobody: the same answer.
    let rotation = json!({ "overlap_seconds": 60 });
    for path in [
        one.clone(),
        "/v1/keys/000000000000".to_owned(),
        "/v1/keys/x".to_owned(),
    ] {
        for (method, rest, body) in [
            ("GET", "", &Value::Null),
            ("DELETE", "", &Value::Null),
            ("POST", "/rotation", &rotation),
        ] {
            let answer = with(&node, &stranger, method, &format!("{path}{rest}"), body);
            assert_eq!(
                answer.refusal(),
                (404, "H404".to_owned()),
                "{method} {path}"
            );
            assert_eq!(answer.json()["detail"], json!("there is no key of this id"));
        }
    }

    let rotate = || {
        with(
            &node,
            &parent,
            "POST",
            &format!("{one}/rotation"),
            &rotation,
        )
    };
    let second = rotate();
    assert_eq!(second.status, 201, "{}", second.text());
    let second = second.json();
    assert_eq!(second["key"]["replaces"], json!(id));
    assert_eq!(rotate().refusal(), (409, "K303".to_owned()));
    for key in [&first["secret"], &second["secret"]] {
        let key = key.as_str().unwrap();
        assert_eq!(
            with(&node, key, "GET", "/v1/keys", &Value::Null).status,
            200
        );
    }
    let revoked = with(&node, &parent, "DELETE", &one, &Value::Null);
    assert_eq!(revoked.json(), json!({ "revoked": [id] }));
    let again = with(&node, &parent, "DELETE", &one, &Value::Null);
    assert_eq!(again.json(), json!({ "revoked": [] }));
    let old = with(
        &node,
        first["secret"].as_str().unwrap(),
        "GET",
        "/v1/keys",
        &Value::Null,
    );
    assert_eq!(old.refusal(), (401, "key_invalid".to_owned()));
    let new = with(
        &node,
        second["secret"].as_str().unwrap(),
        "GET",
        "/v1/keys",
        &Value::Null,
    );
    assert_eq!(new.status, 200);
}

#[test]
fn keys_of_keys_need_the_verb_on_everything() {
    let node = TestNode::with_offering();
    let narrow = node.key_with(Some("keys:write:harbour keys:read:harbour"), "o");
    let body = json!({ "label": "x", "scopes": [] });
    for (method, path, body) in [
        ("GET", "/v1/keys", &Value::Null),
        ("GET", "/v1/keys/000000000000", &Value::Null),
        ("DELETE", "/v1/keys/000000000000", &Value::Null),
        ("POST", "/v1/keys", &body),
    ] {
        let answer = with(&node, &narrow, method, path, body);
        assert_eq!(
            answer.refusal(),
            (403, "H403".to_owned()),
            "{method} {path}"
        );
        let none = node.call(&Call::new(method, path).body(body));
        assert_eq!(none.refusal(), (401, "H401".to_owned()), "{method} {path}");
    }
}

#[test]
fn each_answer_says_what_is_left_of_the_limit() {
    let node = TestNode::empty();
    let body = json!({
        "label": "till", "scopes": ["keys:read:*"], "limit": { "per_second": 1, "burst": 3 },
    });
    let made = with(&node, &node.key, "POST", "/v1/keys", &body);
    let key = made.json()["secret"].as_str().unwrap().to_owned();
    let first = with(&node, &key, "GET", "/v1/keys", &Value::Null);
    assert_eq!(first.header("ratelimit-policy"), Some("\"key\";q=3;w=3"));
    assert_eq!(first.header("ratelimit"), Some("\"key\";r=2;t=1"));
    let mut answers = (0..9).map(|_| with(&node, &key, "GET", "/v1/keys", &Value::Null));
    let limited = answers.find(|answer| answer.status == 429).unwrap();
    assert_eq!(limited.header("retry-after"), Some("1"));
    assert_eq!(limited.header("ratelimit"), None);
    let public = node.call(&Call::new("GET", "/v1/offerings"));
    let whose = public.header("ratelimit-policy");
    assert_eq!(whose, Some("\"source\";q=5000;w=10"));
}
