//! The issuer's signature of terms: taken, refused, served, carried home.

use serde_json::{Value, json};
use softcap_proof::{SignedTerms, SigningKey, VerifierKey};
use softcap_server::Issuer;

use crate::test_node::{Answer, Call, NAME, TestNode, terms, terms_hash};

fn issuer(seed: u8) -> SigningKey {
    SigningKey::from_entropy("example.org/issuer", &[seed; 32]).unwrap()
}

fn public(seed: u8) -> VerifierKey {
    issuer(seed).verifier_key().clone()
}

/// The content of `offering.sig`.
fn signed(text: &str, seed: u8) -> String {
    let terms = softcap_offering::terms::Terms::parse(text).unwrap();
    let signed = SignedTerms::sign(&terms.origin, terms.hash().0, &issuer(seed));
    signed.unwrap().to_string()
}

fn announce(node: &TestNode, signature: Option<&str>, key: Option<&VerifierKey>) -> Answer {
    let text = terms();
    let mut body = json!({ "name": NAME, "terms": text, "terms_hash": terms_hash(&text) });
    if let Some(signature) = signature {
        body["signature"] = json!(signature);
    }
    if let Some(key) = key {
        body["issuer_key"] = json!(key.to_string());
    }
    node.post("/v1/offerings", "-", &body)
}

fn shown(node: &TestNode) -> (Value, Value, Answer) {
    let path = format!("/v1/offerings/{NAME}");
    let view = node.call(&Call::new("GET", &path)).json();
    let note = node.call(&Call::new("GET", &format!("{path}/terms/signature")));
    let get = |field: &str| view[field].clone();
    (get("terms_signature"), get("issuer_key"), note)
}

#[test]
fn without_a_signature_the_answer_says_so() {
    let node = TestNode::empty();
    let answer = announce(&node, None, None);
    assert_eq!(answer.json()["terms_signature"], json!("unsigned"));
    let (state, key, note) = shown(&node);
    assert_eq!((state, key), (json!("unsigned"), Value::Null));
    assert_eq!(note.refusal(), (404, "H404".to_owned()));
}

#[test]
fn a_signature_is_verified_kept_and_served() {
    let mut node = TestNode::empty();
    let note = signed(&terms(), 1);
    let other = terms().replace("softcap.example/harbour", "softcap.example/other");
    let other = signed(&other, 1);
    let damaged = note.replace("softcap terms/v1", "softcap terms/v2");
    let (right, wrong) = (public(1), public(2));
    let table = [
        (None, Some(&right)),
        (Some(note.as_str()), None),
        (Some(note.as_str()), Some(&wrong)),
        (Some(other.as_str()), Some(&right)),
        (Some(damaged.as_str()), Some(&right)),
        (Some(""), Some(&right)),
    ];
    for (signature, key) in table {
        let answer = announce(&node, signature, key);
        assert_eq!(
            answer.refusal(),
            (422, "H422".to_owned()),
            "{signature:?} {key:?}"
        );
    }
    assert_eq!(node.get("/v1/offerings").json(), json!({ "offerings": [] }));

    let answer = announce(&node, Some(&note), Some(&right));
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.json()["terms_signature"], json!("signed"));
    for _ in 0..2 {
        let (state, key, served) = shown(&node);
        assert_eq!((state, key), (json!("signed"), json!(right.to_string())));
        assert_eq!(served.text(), note);
        node.restart();
    }
}

#[test]
fn a_server_that_knows_issuers_announces_what_one_of_them_signed_and_nothing_else() {
    let node = TestNode::empty_with(|config| {
        config.issuers.keys = vec![Issuer(public(1)), Issuer(public(2))];
    });
    let (by_second, by_third) = (signed(&terms(), 2), signed(&terms(), 3));
    let third = public(3);
    let table = [
        (None, None),
        (None, Some(&third)),
        (Some(by_third.as_str()), None),
        (Some(by_third.as_str()), Some(&third)),
    ];
    for (signature, key) in table {
        let answer = announce(&node, signature, key);
        assert_eq!(
            answer.refusal(),
            (422, "H422".to_owned()),
            "{signature:?} {key:?}"
        );
    }
    // Of a draft as well.
    let text = terms();
    let draft = json!({ "name": NAME, "terms": text });
    assert_eq!(node.post("/v1/drafts", "-", &draft).status, 201);
    let path = format!("/v1/drafts/{NAME}/announcement");
    let mut body = json!({ "terms_hash": terms_hash(&text) });
    assert_eq!(node.post(&path, "-", &body).refusal().0, 422);
    body["signature"] = json!(by_second);
    let answer = node.post(&path, "-", &body);
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.json()["issuer_key"], json!(public(2).to_string()));
}
