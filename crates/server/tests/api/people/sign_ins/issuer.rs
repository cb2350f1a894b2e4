//! Another site: it says what the test wants it to say, also what no honest one says.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use serde_json::{Value, json};

use crate::test_node::IN_PUBLIC_ROUND;

/// Seconds of the nodes' clock.
pub(super) const NOW: i64 = 1_800_003_660;

/// What it says next.
struct Says {
    description: Value,
    keys: Value,
    tokens: (u16, Value),
    about: (u16, Value),
    /// What it was asked: path, authorization and body.
    asked: Vec<(String, String, String)>,
}

/// A site on a port of its own.
pub(super) struct Issuer {
    pub(super) origin: String,
    says: Arc<Mutex<Says>>,
}

impl Issuer {
    /// An honest one, with one key.
    pub(super) fn start() -> Self {
        assert_eq!(NOW, i64::try_from(IN_PUBLIC_ROUND / 1000).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let at = |path: &str| format!("{origin}{path}");
        let says = Says {
            description: json!({
                "issuer": origin,
                "authorization_endpoint": at("/auth"),
                "token_endpoint": at("/token"),
                "userinfo_endpoint": at("/me"),
                "jwks_uri": at("/jwks"),
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
                "authorization_response_iss_parameter_supported": true,
            }),
            keys: json!({ "keys": [jwk(&key(1), "one")] }),
            tokens: (400, json!({ "error": "invalid_grant" })),
            about: (404, json!({})),
            asked: Vec::new(),
        };
        let says = Arc::new(Mutex::new(says));
        let spoken = Arc::clone(&says);
        thread::spawn(move || {
            for socket in listener.incoming() {
                answer(socket.unwrap(), &spoken);
            }
        });
        Self { origin, says }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Says) -> T) -> T {
        work(&mut self.says.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn describe(&self, name: &str, value: Value) {
        self.with(|says| says.description[name] = value);
    }

    pub(super) fn keys(&self, keys: &[Value]) {
        self.with(|says| says.keys = json!({ "keys": keys }));
    }

    /// Gives this id token for the next codes.
    pub(super) fn gives(&self, id_token: &str) {
        let tokens = json!({
            "access_token": "access", "token_type": "Bearer", "expires_in": 300, "id_token": id_token,
        });
        self.with(|says| says.tokens = (200, tokens));
    }

    pub(super) fn gives_nothing(&self) {
        self.with(|says| says.tokens = (400, json!({ "error": "invalid_grant" })));
    }

    /// Says this about whoever asks.
    pub(super) fn tells(&self, about: Value) {
        self.with(|says| says.about = (200, about));
    }

    /// How often it was asked at a path.
    pub(super) fn times(&self, path: &str) -> usize {
        self.with(|says| says.asked.iter().filter(|(at, ..)| at == path).count())
    }

    /// Authorization and body of the last request to the token endpoint.
    pub(super) fn last_exchange(&self) -> (String, String) {
        self.with(|says| {
            let mut asked = says.asked.iter().rev();
            let last = asked.find(|(at, ..)| at == "/token").unwrap();
            (last.1.clone(), last.2.clone())
        })
    }

    /// What an honest id token says of somebody.
    pub(super) fn claims(&self, subject: &str, nonce: &str) -> Value {
        json!({
            "iss": self.origin, "sub": subject, "aud": "sale", "nonce": nonce,
            "iat": NOW, "exp": NOW + 300,
        })
    }
}

/// A key of a number.
pub(super) fn key(number: u8) -> SigningKey {
    SigningKey::from_slice(&[number; 32]).unwrap()
}

/// Its public part.
pub(super) fn jwk(key: &SigningKey, id: &str) -> Value {
    let point = key.verifying_key().to_sec1_point(false);
    let part = |from: usize| Base64UrlUnpadded::encode_string(&point.as_bytes()[from..from + 32]);
    json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": id, "x": part(1), "y": part(33),
    })
}

/// Header and claims as they are signed.
pub(super) fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
    format!("{}.{}", part(header), part(claims))
}

/// An id token by a key.
pub(super) fn signed(key: &SigningKey, id: &str, claims: &Value) -> String {
    let text = unsigned(&json!({ "alg": "ES256", "kid": id }), claims);
    let signature: Signature = key.sign(text.as_bytes());
    let signature = Base64UrlUnpadded::encode_string(&signature.to_bytes());
    format!("{text}.{signature}")
}

fn answer(mut socket: TcpStream, says: &Mutex<Says>) {
    let mut reader = BufReader::new(socket.try_clone().unwrap());
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap() == 0 {
        return;
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let (mut length, mut authorization) = (0, String::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "authorization" => value.clone_into(&mut authorization),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body = String::from_utf8(body).unwrap();
    let mut says = says.lock().unwrap_or_else(PoisonError::into_inner);
    let (status, said) = match path.as_str() {
        "/.well-known/openid-configuration" => (200, says.description.clone()),
        "/jwks" => (200, says.keys.clone()),
        "/token" => says.tokens.clone(),
        "/me" => says.about.clone(),
        _ => (404, json!({})),
    };
    says.asked.push((path, authorization, body));
    let said = said.to_string();
    let head = format!(
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        said.len()
    );
    // Who asked may be gone.
    let _ = socket.write_all((head + &said).as_bytes());
}
