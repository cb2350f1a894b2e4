//! What it costs to show more than a secret: contributions whose requests are signed by a key of the program (RFC 9421), or come
//! with a token that is bound to one (RFC 9449), in turn with the same ones and a plain key. Everything is signed before the clock
//! runs, so that the clients of all three do the same.

use std::{
    fmt::Write as _,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    failure::BenchFailure,
    http_load::{Turns, Until, post, run as load_run},
    http_server::{Installation, OFFERING, RunningServer, ask},
    measure::{load, middle, percentile},
};

const TERMS: &str = include_str!("../terms/engine.toml");
const ORIGIN: &str = "http://bench.example";
const PER_SECOND: u32 = 500_000;
const CONNECTIONS: usize = 64;
const INVESTORS: u64 = 10_000;
/// Signed beforehand for each second of a run: more than any of the three can answer.
const SIGNED_PER_SECOND: f64 = 40_000.0;
const SCOPES: [&str; 2] = ["contributions:write:*", "accounts:write:*"];

/// What a request shows.
enum Shown {
    Secret(String),
    Signature {
        pair: SigningKey,
        id: String,
    },
    BoundToken {
        pair: SigningKey,
        token: String,
        nonce: String,
    },
}

/// One of the three, and what its runs gave.
struct Way {
    name: &'static str,
    shown: Shown,
    rates: Vec<f64>,
    p99: Vec<f64>,
}

/// Requests that are written already, from this number on.
struct Prepared(Vec<Vec<u8>>);

impl Turns for Prepared {
    fn write(&self, number: u64, _step: usize, out: &mut Vec<u8>) {
        let request = usize::try_from(number).ok().and_then(|at| self.0.get(at));
        out.extend_from_slice(request.map_or(&[], Vec::as_slice));
    }

    fn is_right(&self, body: &[u8]) -> bool {
        memchr::memmem::find(body, b"\"kind\":\"contributed\"").is_some()
    }
}

/// Measures the three in turn.
pub(crate) fn run(
    program: &Path,
    folder: &Path,
    (time, runs): (Duration, usize),
) -> Result<(), BenchFailure> {
    let data = folder.join("data").display().to_string();
    let real = Installation::create(program, data, folder, PER_SECOND)?;
    let server = real.serve_with(&[
        ("SOFTCAP_SITE_ORIGIN", ORIGIN),
        ("SOFTCAP_CALLS_PER_APP", "100000"),
    ])?;
    real.announce(&server, TERMS)?;
    let mut ways = [
        ("a plain key", Shown::Secret(real.key.clone())),
        ("signed requests", signing_key(&real, &server)?),
        ("tokens bound to a key (DPoP)", bound_token(&real, &server)?),
    ]
    .map(|(name, shown)| Way {
        name,
        shown,
        rates: Vec::new(),
        p99: Vec::new(),
    });
    let mut written = 0;
    // The first round warms up.
    for round in 0..=runs {
        for way in &mut ways {
            way.measure(&server, (time, &mut written), round > 0)?;
        }
    }
    let plain = middle(ways.first().map_or_else(Vec::new, |way| way.rates.clone()));
    for way in ways {
        let (rate, p99) = (middle(way.rates), middle(way.p99));
        let ratio = rate / plain;
        println!(
            "contributions over {CONNECTIONS} connections with {}: {rate:.0}/s, p99 {p99:.1} ms, {ratio:.2} of a plain key",
            way.name
        );
    }
    println!("load {}", load());
    Ok(())
}

impl Way {
    fn measure(
        &mut self,
        server: &RunningServer,
        (time, written): (Duration, &mut u64),
        counts: bool,
    ) -> Result<(), BenchFailure> {
        let amount = (time.as_secs_f64() * SIGNED_PER_SECOND) as u64;
        let requests = (0..amount).map(|number| self.shown.request(*written + number));
        let turns: Arc<dyn Turns> = Arc::new(Prepared(requests.collect()));
        *written += amount;
        let next = Arc::new(AtomicU64::new(0));
        let until = Until::Elapsed(time);
        let mut seen = load_run(server.address, CONNECTIONS, until, &next, &turns)?;
        if counts {
            self.rates.push(seen.rate());
            let p99 = percentile(&mut seen.times, 99.0);
            self.p99.push(p99.as_secs_f64() * 1e3);
        }
        Ok(())
    }
}

impl Shown {
    /// A contribution that has this number.
    fn request(&self, number: u64) -> Vec<u8> {
        let investor = 100_000 + number % INVESTORS;
        let path = format!("/v1/offerings/{OFFERING}/contributions");
        let once = format!("c-{number}");
        let body = format!(
            "{{\"investor\":\"{investor}\",\"currency\":\"ETH\",\"amount\":\"1000000000000000\",\
             \"reference\":\"r-{number}\",\"funding\":\"arrived\"}}"
        );
        let mut head = format!("POST {path} HTTP/1.1\r\nhost: bench\r\n");
        match self {
            Self::Secret(key) => {
                let mut request = Vec::new();
                post(&path, key, &once, &body, &mut request);
                return request;
            }
            Self::Signature { pair, id } => sign(pair, id, (&path, &once, &body), &mut head),
            Self::BoundToken { pair, token, nonce } => {
                let ath = Base64UrlUnpadded::encode_string(&Sha256::digest(token));
                let about = json!({ "nonce": nonce, "ath": ath });
                let proof = proof(pair, &once, &path, &about);
                let _ = write!(head, "authorization: DPoP {token}\r\ndpop: {proof}\r\n");
            }
        }
        let length = body.len();
        let _ = write!(
            head,
            "content-type: application/json\r\nidempotency-key: {once}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        head.into_bytes()
    }
}

/// The headers of a signature over method, address, body and Idempotency-Key.
fn sign(pair: &SigningKey, id: &str, (path, once, body): (&str, &str, &str), head: &mut String) {
    let digest = Base64::encode_string(&Sha256::digest(body));
    let created = now();
    let params = format!(
        "(\"@method\" \"@target-uri\" \"content-digest\" \"idempotency-key\");created={created};nonce=\"{once}\";keyid=\"{id}\""
    );
    let base = format!(
        "\"@method\": POST\n\"@target-uri\": {ORIGIN}{path}\n\"content-digest\": sha-256=:{digest}:\n\
         \"idempotency-key\": {once}\n\"@signature-params\": {params}"
    );
    let signature = Base64::encode_string(&pair.sign(base.as_bytes()).to_bytes());
    let _ = write!(
        head,
        "content-digest: sha-256=:{digest}:\r\nsignature-input: sig={params}\r\nsignature: sig=:{signature}:\r\n"
    );
}

/// A proof of possession for a POST.
fn proof(pair: &SigningKey, jti: &str, path: &str, more: &Value) -> String {
    let header = json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": jwk(pair) });
    let mut claims =
        json!({ "jti": jti, "htm": "POST", "htu": format!("{ORIGIN}{path}"), "iat": now() });
    if let (Some(claims), Some(more)) = (claims.as_object_mut(), more.as_object()) {
        claims.extend(more.clone());
    }
    token(pair, &header, &claims)
}

fn token(pair: &SigningKey, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = Base64UrlUnpadded::encode_string(&pair.sign(signed.as_bytes()).to_bytes());
    format!("{signed}.{signature}")
}

fn jwk(pair: &SigningKey) -> Value {
    let x = Base64UrlUnpadded::encode_string(pair.verifying_key().as_bytes());
    json!({ "kty": "OKP", "crv": "Ed25519", "x": x })
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// A key of the server for a program that signs.
fn signing_key(real: &Installation, server: &RunningServer) -> Result<Shown, BenchFailure> {
    let pair = SigningKey::from_bytes(&[7; 32]);
    let public = Base64::encode_string(pair.verifying_key().as_bytes());
    let body = json!({ "label": "till", "scopes": SCOPES, "public_key": public, "limit": { "per_second": PER_SECOND, "burst": PER_SECOND } });
    let mut request = Vec::new();
    post(
        "/v1/keys",
        &real.key,
        "till",
        &body.to_string(),
        &mut request,
    );
    let made = ask(server.address, &request)?;
    let id = text(&made["key"]["id"])?;
    Ok(Shown::Signature { pair, id })
}

/// A token of an application that acts for the organisation, bound to the key that signs its assertions, too.
fn bound_token(real: &Installation, server: &RunningServer) -> Result<Shown, BenchFailure> {
    let pair = SigningKey::from_bytes(&[9; 32]);
    let mut key = jwk(&pair);
    key["kid"] = json!("one");
    let body = json!({
        "client_name": "Till",
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": { "keys": [key] },
        "scope": SCOPES.join(" "),
    });
    let mut request = Vec::new();
    let path = "/v1/oauth/clients";
    post(path, &real.key, "client", &body.to_string(), &mut request);
    let client = text(&ask(server.address, &request)?["client_id"])?;
    let (_, nonce, _) = ask_for_token(server.address, (&pair, &client), "one", &json!({}))?;
    let nonce = nonce.ok_or_else(|| BenchFailure("no nonce for a proof".into()))?;
    let about = json!({ "nonce": nonce });
    let (status, _, said) = ask_for_token(server.address, (&pair, &client), "two", &about)?;
    let token = text(&said["access_token"])
        .map_err(|_| BenchFailure(format!("no token: {status} {said}")))?;
    Ok(Shown::BoundToken { pair, token, nonce })
}

/// Status, nonce and body of an answer of the token endpoint.
fn ask_for_token(
    address: SocketAddr,
    (pair, client): (&SigningKey, &str),
    once: &str,
    more: &Value,
) -> Result<(String, Option<String>, Value), BenchFailure> {
    const PATH: &str = "/oauth/token";
    let claims = json!({
        "iss": client, "sub": client, "aud": ORIGIN, "jti": format!("assertion {once}"), "exp": now() + 60,
    });
    let assertion = token(pair, &json!({ "alg": "EdDSA", "kid": "one" }), &claims);
    let form = format!(
        "grant_type=client_credentials&scope={}&client_assertion_type=\
         urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={assertion}",
        SCOPES.join("+")
    );
    let proof = proof(pair, &format!("proof {once}"), PATH, more);
    let request = format!(
        "POST {PATH} HTTP/1.1\r\nhost: bench\r\nconnection: close\r\ndpop: {proof}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        form.len()
    );
    let mut socket = TcpStream::connect(address)?;
    socket.write_all(request.as_bytes())?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let nonce = head
        .lines()
        .find_map(|line| line.strip_prefix("dpop-nonce: "));
    let status = head.lines().next().unwrap_or_default().to_owned();
    let body = serde_json::from_str(body).unwrap_or_default();
    Ok((status, nonce.map(str::to_owned), body))
}

fn text(value: &Value) -> Result<String, BenchFailure> {
    let text = value.as_str().map(str::to_owned);
    text.ok_or_else(|| BenchFailure("an answer without what was asked for".into()))
}
