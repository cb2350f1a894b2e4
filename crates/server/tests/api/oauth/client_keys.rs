//! Keys of applications at an address of their own.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use serde_json::{Value, json};

use super::application::{encoded, error};
use crate::test_node::{Answer, Call, IN_PUBLIC_ROUND, TestNode};

/// Where a node of tests says that it is.
const ISSUER: &str = "http://127.0.0.1:0";
const MINUTE: u64 = 60_000;

/// A place that answers with what it is told to, and counts.
struct Place {
    address: SocketAddr,
    says: Arc<Mutex<(u16, String)>>,
    asked: Arc<AtomicUsize>,
}

impl Place {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = Self {
            address: listener.local_addr().unwrap(),
            says: Arc::default(),
            asked: Arc::default(),
        };
        let (says, asked) = (Arc::clone(&place.says), Arc::clone(&place.asked));
        // Ends with the process.
        thread::spawn(move || {
            for socket in listener.incoming() {
                let mut socket = socket.unwrap();
                let mut head = [0; 4_096];
                let _ = socket.read(&mut head).unwrap();
                asked.fetch_add(1, Ordering::SeqCst);
                let (status, body) = says.lock().unwrap().clone();
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                // Whoever reads no further is gone.
                let _ = socket.write_all(answer.as_bytes());
            }
        });
        place
    }

    fn says(&self, status: u16, body: &Value) {
        *self.says.lock().unwrap() = (status, body.to_string());
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn pair(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn jwk(seed: u8, id: &str) -> Value {
    let point = pair(seed).verifying_key().to_sec1_point(false);
    let text = |from: usize| Base64UrlUnpadded::encode_string(&point.as_bytes()[from..from + 32]);
    json!({ "kty": "EC", "crv": "P-256", "kid": id, "x": text(1), "y": text(33) })
}

struct Application<'a> {
    node: &'a TestNode,
    id: String,
}

impl Application<'_> {
    /// Asks for tokens in its own name with an assertion.
    fn ask(&self, seed: u8, kid: &str, jti: &str, now: u64) -> Answer {
        let part = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
        let claims = json!({
            "iss": self.id, "sub": self.id, "aud": ISSUER, "jti": jti, "exp": now / 1_000 + 60,
        });
        let header = json!({ "alg": "ES256", "kid": kid });
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature: Signature = pair(seed).sign(signed.as_bytes());
        let signature = Base64UrlUnpadded::encode_string(&signature.to_bytes());
        let form = encoded(&[
            ("grant_type", "client_credentials"),
            ("scope", "offerings:read:*"),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", &format!("{signed}.{signature}")),
        ]);
        let call = Call::new("POST", "/oauth/token").encoded(&form);
        self.node.call(&call)
    }
}

fn registration(uri: &str) -> Value {
    json!({
        "client_name": "Back office",
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": uri,
        "scope": "offerings:read:*",
    })
}

#[test]
fn keys_at_an_address_are_read_when_needed_and_not_more_often_than_once_a_minute() {
    let node = TestNode::empty_with(|config| config.webhooks.allow_loopback = true);
    let place = Place::new();
    let uri = format!("http://{}/keys", place.address);
    let answer = node.post("/v1/oauth/clients", "client", &registration(&uri));
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.json()["jwks_uri"], json!(uri));
    let app = Application {
        node: &node,
        id: answer.json()["client_id"].as_str().unwrap().to_owned(),
    };
    let refused = (401, "invalid_client".to_owned());
    let rsa = json!({ "kty": "RSA", "kid": "r", "n": "AQAB", "e": "AQAB" });
    let now = IN_PUBLIC_ROUND;
    place.says(200, &json!({ "keys": [rsa, jwk(1, "one")] }));
    for jti in ["a", "b"] {
        let answer = app.ask(1, "one", jti, now);
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(place.asked(), 1);
    // A new key is looked for once a minute, whoever asks how often.
    place.says(200, &json!({ "keys": [jwk(2, "two")] }));
    assert_eq!(error(&app.ask(2, "two", "c", now)), refused);
    assert_eq!(place.asked(), 1);
    node.set_clock(now + MINUTE);
    assert_eq!(app.ask(2, "two", "d", now + MINUTE).status, 200);
    assert_eq!(place.asked(), 2);
    assert_eq!(error(&app.ask(1, "one", "e", now + MINUTE)), refused);
    for jti in ["f", "g", "h"] {
        assert_eq!(error(&app.ask(3, jti, jti, now + MINUTE)), refused);
    }
    assert_eq!(place.asked(), 2);
    // What cannot be read leaves the keys of before as they are, until they are an hour old.
    let mut later = now + 50 * MINUTE;
    for (status, body) in [
        (500, json!({})),
        (302, json!({ "keys": [jwk(9, "nine")] })),
        (200, json!({ "keys": [] })),
        (200, json!("x".repeat(70_000))),
    ] {
        let asked = place.asked();
        place.says(status, &body);
        node.set_clock(later);
        assert_eq!(error(&app.ask(9, "nine", "i", later)), refused, "{status}");
        assert_eq!(place.asked(), asked + 1);
        assert_eq!(app.ask(2, "two", &later.to_string(), later).status, 200);
        later += MINUTE;
    }
    let over = now + 62 * MINUTE;
    node.set_clock(over);
    assert_eq!(error(&app.ask(2, "two", "k", over)), refused);
}

#[test]
fn an_address_that_is_never_called_is_refused_when_it_is_registered() {
    let node = TestNode::empty();
    for uri in [
        "http://127.0.0.1:1/keys",
        "https://169.254.169.254/keys",
        "https://localhost/keys",
        "https://me@app.example/keys",
        "ftp://app.example/keys",
        "keys",
    ] {
        let answer = node.post("/v1/oauth/clients", uri, &registration(uri));
        assert_eq!(answer.refusal(), (422, "A843".to_owned()), "{uri}");
    }
    let mut both = registration("https://app.example/keys");
    both["jwks"] = json!({ "keys": [jwk(1, "one")] });
    let answer = node.post("/v1/oauth/clients", "both", &both);
    assert_eq!(answer.refusal(), (422, "A843".to_owned()));
}
