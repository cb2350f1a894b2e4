//! Keys without a secret: requests that are signed with a key of the program's own.

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use softcap_identity::UnixMillis;

use crate::test_node::{Answer, Call, NAME, TestNode};

/// Where a node of tests says that it is.
const ORIGIN: &str = "http://127.0.0.1:0";

/// A program with a pair of keys, and a key of the server for it.
struct Program {
    pair: SigningKey,
    id: String,
}

/// What a request is signed as; what is sent may be something else.
struct Signed<'a> {
    method: &'static str,
    path: &'a str,
    body: &'a Value,
    once: &'a str,
    /// Seconds that are added to now.
    age: i64,
    nonce: &'a str,
}

impl<'a> Signed<'a> {
    fn get(path: &'a str, nonce: &'a str) -> Self {
        Self {
            method: "GET",
            path,
            body: &Value::Null,
            once: "",
            age: 0,
            nonce,
        }
    }
}

fn public(pair: &SigningKey) -> String {
    Base64::encode_string(pair.verifying_key().as_bytes())
}

fn new_key(pair: &SigningKey, scopes: &[&str]) -> Value {
    json!({ "label": "till", "scopes": scopes, "public_key": public(pair) })
}

impl Program {
    fn new(node: &TestNode, seed: u8, scopes: &[&str]) -> Self {
        let pair = SigningKey::from_bytes(&[seed; 32]);
        let call = Call::new("POST", "/v1/keys").key(&node.key);
        let made = node.call(&call.body(&new_key(&pair, scopes)));
        assert_eq!(made.status, 201, "{}", made.text());
        let made = made.json();
        assert_eq!(made.get("secret"), None);
        assert_eq!(made["key"]["public_key"], json!(public(&pair)));
        let id = made["key"]["id"].as_str().unwrap().to_owned();
        Self { pair, id }
    }

    /// The headers of a signature.
    fn sign(&self, signed: &Signed<'_>) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        let mut lines = vec![
            ("@method", signed.method.to_owned()),
            ("@target-uri", format!("{ORIGIN}{}", signed.path)),
        ];
        if !signed.body.is_null() {
            let digest = Sha256::digest(signed.body.to_string());
            let digest = format!("sha-256=:{}:", Base64::encode_string(&digest));
            headers.push(("content-digest", digest.clone()));
            lines.push(("content-digest", digest));
        }
        if !signed.once.is_empty() {
            headers.push(("idempotency-key", signed.once.to_owned()));
            lines.push(("idempotency-key", signed.once.to_owned()));
        }
        let names: Vec<_> = lines
            .iter()
            .map(|(name, _)| format!("\"{name}\""))
            .collect();
        let created = UnixMillis::now().get() / 1_000 + signed.age;
        let params = format!(
            "({});created={created};nonce=\"{}\";keyid=\"{}\"",
            names.join(" "),
            signed.nonce,
            self.id
        );
        let mut base = String::new();
        for (name, value) in &lines {
            base.push_str(&format!("\"{name}\": {value}\n"));
        }
        base.push_str(&format!("\"@signature-params\": {params}"));
        let signature = self.pair.sign(base.as_bytes()).to_bytes();
        headers.push(("signature-input", format!("sig={params}")));
        let signature = Base64::encode_string(&signature);
        headers.push(("signature", format!("sig=:{signature}:")));
        headers
    }

    fn call(&self, signed: &Signed<'_>) -> Call {
        let mut call = Call::new(signed.method, signed.path).body(signed.body);
        for (name, value) in self.sign(signed) {
            call = call.header(name, &value);
        }
        call
    }

    fn send(&self, node: &TestNode, signed: &Signed<'_>) -> Answer {
        node.call(&self.call(signed))
    }
}

fn refused(code: &str) -> (u16, String) {
    (401, code.to_owned())
}

#[test]
fn a_signed_contribution_is_entered_once_and_its_signature_works_once() {
    let node = TestNode::with_offering();
    node.fund("1", 1, 100_000);
    let program = Program::new(&node, 7, &["contributions:write:harbour"]);
    let path = format!("/v1/offerings/{NAME}/contributions");
    let body = json!({ "investor": "1", "currency": "EUR", "amount": "10000" });
    let signed = Signed {
        method: "POST",
        path: &path,
        body: &body,
        once: "first",
        age: 0,
        nonce: "one",
    };
    let call = program.call(&signed);
    let first = node.call(&call);
    assert_eq!(first.status, 201, "{}", first.text());
    assert_eq!(node.call(&call).refusal(), refused("signature_used"));
    // Signed anew it is a repeat, and gets the same receipt.
    let again = program.send(
        &node,
        &Signed {
            nonce: "two",
            ..signed
        },
    );
    assert_eq!(again.status, 201);
    assert_eq!(again.json()["receipt"], first.json()["receipt"]);
    // Another scope is refused as for any key, and counts as used by it.
    let list = program.send(&node, &Signed::get(&path, "three"));
    assert_eq!(list.refusal(), (403, "H403".to_owned()));
    assert!(list.header("ratelimit").is_some());
}

#[test]
fn whatever_was_changed_on_the_way_is_refused_with_its_code_and_nothing_done() {
    let node = TestNode::with_offering();
    node.fund("1", 1, 100_000);
    let program = Program::new(&node, 7, &["contributions:write:harbour", "keys:read:*"]);
    let path = format!("/v1/offerings/{NAME}/contributions");
    let body = json!({ "investor": "1", "currency": "EUR", "amount": "10000" });
    let signed = |nonce, age| Signed {
        method: "POST",
        path: &path,
        body: &body,
        once: "first",
        age,
        nonce,
    };
    let headers = |nonce, age| program.sign(&signed(nonce, age));
    let send = |headers: &[(&str, String)], path: &str, body: &Value| {
        let mut call = Call::new("POST", path).body(body);
        for (name, value) in headers {
            call = call.header(name, value);
        }
        node.call(&call).refusal()
    };
    let more = json!({ "investor": "1", "currency": "EUR", "amount": "99999" });
    assert_eq!(
        send(&headers("a", 0), &path, &more),
        refused("signature_body")
    );
    let bids = format!("/v1/offerings/{NAME}/bids");
    for (changed, path, code) in [
        (
            ("idempotency-key", "second"),
            path.as_str(),
            "signature_invalid",
        ),
        (("signature-input", "sig=()"), &path, "signature_malformed"),
        (("signature", "sig=:AAAA:"), &path, "signature_malformed"),
        (("x", "x"), &bids, "signature_invalid"),
        (("x", "x"), &format!("{path}?x=y"), "signature_invalid"),
    ] {
        let mut headers = headers("b", 0);
        for header in &mut headers {
            if header.0 == changed.0 {
                header.1 = changed.1.to_owned();
            }
        }
        assert_eq!(send(&headers, path, &body), refused(code), "{changed:?}");
    }
    for age in [-301, 120] {
        let code = send(&headers("c", age), &path, &body);
        assert_eq!(code, refused("signature_old"), "{age}");
    }
    // A key that signs the time of another one, and one that nobody has.
    let other = Program {
        pair: SigningKey::from_bytes(&[8; 32]),
        id: program.id.clone(),
    };
    let unknown = Program {
        pair: program.pair.clone(),
        id: "000000000000".to_owned(),
    };
    for wrong in [other, unknown] {
        let answer = wrong.send(&node, &signed("d", 0));
        assert_eq!(answer.refusal(), refused("signature_invalid"));
    }
    // Without what must be signed.
    let mut bare = program.sign(&Signed::get(&path, "e"));
    bare.push(("idempotency-key", "x".to_owned()));
    let mut call = Call::new("GET", &path);
    for (name, value) in &bare {
        call = call.header(name, value);
    }
    assert_eq!(node.call(&call).refusal(), refused("signature_incomplete"));
    let state = node.get(&format!("/v1/offerings/{NAME}/contributions"));
    assert_eq!(state.json()["contributions"], json!([]));
}

#[test]
fn a_key_that_signs_is_listed_replaced_and_revoked_as_any_other() {
    let node = TestNode::with_offering();
    let program = Program::new(&node, 7, &["keys:read:*", "keys:write:*"]);
    assert_eq!(
        program.send(&node, &Signed::get("/v1/keys", "1")).status,
        200
    );
    // It makes keys within itself, also such as have a secret.
    let body = json!({ "label": "child", "scopes": ["keys:read:*"] });
    let signed = Signed {
        method: "POST",
        path: "/v1/keys",
        body: &body,
        once: "",
        age: 0,
        nonce: "2",
    };
    let child = program.send(&node, &signed);
    assert_eq!(child.status, 201, "{}", child.text());
    assert!(child.json()["secret"].is_string());
    // In its place comes another pair, and none without.
    let rotation = format!("/v1/keys/{}/rotation", program.id);
    let next = SigningKey::from_bytes(&[9; 32]);
    for (body, expected) in [
        (json!({ "overlap_seconds": 0 }), (409, "K307".to_owned())),
        (
            json!({ "overlap_seconds": 0, "public_key": "x" }),
            (422, "K234".to_owned()),
        ),
    ] {
        let call = Call::new("POST", &rotation).key(&node.key).body(&body);
        assert_eq!(node.call(&call).refusal(), expected);
    }
    let body = json!({ "overlap_seconds": 0, "public_key": public(&next) });
    let call = Call::new("POST", &rotation).key(&node.key).body(&body);
    let made = node.call(&call);
    assert_eq!(made.status, 201, "{}", made.text());
    let successor = Program {
        pair: next,
        id: made.json()["key"]["id"].as_str().unwrap().to_owned(),
    };
    let old = program.send(&node, &Signed::get("/v1/keys", "3"));
    assert_eq!(old.refusal(), refused("key_expired"));
    assert_eq!(
        successor.send(&node, &Signed::get("/v1/keys", "4")).status,
        200
    );
    // A key with a secret becomes one that signs.
    let secret = child.json()["key"]["id"].as_str().unwrap().to_owned();
    let rotation = format!("/v1/keys/{secret}/rotation");
    let pair = SigningKey::from_bytes(&[10; 32]);
    let body = json!({ "overlap_seconds": 0, "public_key": public(&pair) });
    let call = Call::new("POST", &rotation).key(&node.key).body(&body);
    let made = node.call(&call).json();
    let id = made["key"]["id"].as_str().unwrap().to_owned();
    let grown = Program { pair, id };
    assert_eq!(grown.send(&node, &Signed::get("/v1/keys", "5")).status, 200);
    let one = format!("/v1/keys/{}", grown.id);
    assert_eq!(
        node.call(&Call::new("DELETE", &one).key(&node.key)).status,
        200
    );
    let revoked = grown.send(&node, &Signed::get("/v1/keys", "6"));
    assert_eq!(revoked.refusal(), refused("key_invalid"));
}

#[test]
fn networks_and_limits_hold_for_signed_requests_and_a_refused_one_may_come_again() {
    let node = TestNode::with_offering();
    let pair = SigningKey::from_bytes(&[7; 32]);
    let make = |change: Value| {
        let mut body = new_key(&pair, &["keys:read:*"]);
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        let call = Call::new("POST", "/v1/keys").key(&node.key).body(&body);
        let made = node.call(&call).json();
        Program {
            pair: pair.clone(),
            id: made["key"]["id"].as_str().unwrap().to_owned(),
        }
    };
    let elsewhere = make(json!({ "networks": ["203.0.113.0/24"] }));
    let answer = elsewhere.send(&node, &Signed::get("/v1/keys", "1"));
    assert_eq!(answer.refusal(), (403, "key_address".to_owned()));
    let slow = make(json!({ "limit": { "per_second": 1, "burst": 1 } }));
    // Dearer than all that it may: the same each time, because nothing was used up.
    let call = slow.call(&Signed::get("/v1/audit", "1"));
    for _ in 0..2 {
        assert_eq!(node.call(&call).refusal(), (429, "key_too_dear".to_owned()));
    }
}
