//! A client of the server, as an issuer's program would have one.

use std::{
    sync::{Arc, RwLock},
    time::Duration,
};

use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, body::Bytes, header};
use hyper_util::{
    client::legacy::{Client as Pool, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use softcap_offering::terms::Terms;
use softcap_proof::hex;

use crate::server::Server;

/// The name of the offering of these tests.
pub(crate) const OFFERING: &str = "/v1/offerings/harbour";
/// Between two tries of a request that got no answer.
const PAUSE: Duration = Duration::from_millis(20);
/// Tries until a request must have got its answer: a minute and more.
const TRIES: u32 = 4_000;
/// An answer that takes longer than this comes never.
const PATIENCE: Duration = Duration::from_secs(60);

/// Calls whichever server runs at the moment. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct Client {
    pool: Pool<HttpConnector, Full<Bytes>>,
    url: Arc<RwLock<String>>,
    key: String,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    /// Status and code of a problem.
    pub(crate) fn problem(&self) -> (u16, String) {
        let code = self.json()["code"].as_str().unwrap_or_default().to_owned();
        (self.status, code)
    }

    /// The number of the entry.
    pub(crate) fn sequence(&self) -> u64 {
        assert_eq!(self.status, 201, "{self:?}");
        self.json()["sequence"].as_u64().unwrap()
    }
}

impl Client {
    pub(crate) fn new(url: Arc<RwLock<String>>, key: String) -> Self {
        let pool = Pool::builder(TokioExecutor::new()).build_http();
        Self { pool, url, key }
    }

    /// The same key at another server.
    pub(crate) fn to(&self, server: &Server) -> Self {
        Self::new(server.url(), self.key.clone())
    }

    /// What it proves with who it is.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    pub(crate) fn url(&self) -> String {
        self.url.read().unwrap().clone()
    }

    /// One try. An error is that of the connection: nobody knows then whether the server did it.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        idempotency_key: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answer, String> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url()))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.key));
        if let Some(key) = idempotency_key {
            request = request.header("idempotency-key", key);
        }
        let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(Full::new(body)).unwrap();
        let exchange = async {
            let response = self.pool.request(request).await?;
            let status = response.status().as_u16();
            let retry_after = response.headers().get(header::RETRY_AFTER);
            let retry_after = retry_after.map(|value| value.to_str().unwrap().to_owned());
            let body = response.into_body().collect().await?.to_bytes();
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(Answer {
                status,
                retry_after,
                body,
            })
        };
        let answer = tokio::time::timeout(PATIENCE, exchange).await;
        let answer = answer.unwrap_or_else(|_| panic!("no answer from {path}"));
        answer.map_err(|error| error.to_string())
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let answer = self.send(Method::GET, path, None, None).await;
        answer.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) async fn post(&self, path: &str, idempotency_key: &str, body: &Value) -> Answer {
        let body = (!body.is_null()).then_some(body);
        let answer = self.send(Method::POST, path, Some(idempotency_key), body);
        let answer = answer.await;
        answer.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Repeats a request until it is answered with something else than "later", as a client should:
    /// lost connections, and 503 with a `Retry-After`.
    pub(crate) async fn post_until_answered(
        &self,
        path: &str,
        idempotency_key: &str,
        body: &Value,
    ) -> Answer {
        let mut last = String::new();
        for _ in 0..TRIES {
            let answer = self.send(Method::POST, path, Some(idempotency_key), Some(body));
            match answer.await {
                Ok(answer) if answer.status != 503 => return answer,
                Ok(answer) => {
                    assert!(answer.retry_after.is_some(), "{answer:?}");
                    last = answer.text();
                }
                Err(error) => last = error,
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("no answer to {idempotency_key} after {TRIES} tries: {last}")
    }

    /// Announces the offering of these tests.
    pub(crate) async fn announce(&self, terms: &str) {
        let hash = Terms::parse(terms).unwrap().hash().0;
        let body = json!({ "name": "harbour", "terms": terms, "terms_hash": hex(&hash) });
        let answer = self.post("/v1/offerings", "announce", &body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }

    /// One try to contribute.
    pub(crate) async fn contribute(&self, key: &str, investor: &str, cents: u64) -> Answer {
        let path = format!("{OFFERING}/contributions");
        self.post(&path, key, &contribution(key, investor, cents))
            .await
    }
}

/// A contribution whose reference is the Idempotency-Key, so that it can be found in the record.
pub(crate) fn contribution(key: &str, investor: &str, cents: u64) -> Value {
    json!({
        "investor": investor,
        "currency": "EUR",
        "amount": cents.to_string(),
        "funding": "arrived",
        "reference": key,
    })
}
