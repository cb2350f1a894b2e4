//! What a witness asks of a log, over HTTP.

use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Method, Request, Uri, body::Bytes, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;
use softcap_proof::{NodeHash, from_hex};
use tokio::time::timeout;

use crate::failure::Failure;

/// How long a call may take in all.
const CALL_TIME: Duration = Duration::from_secs(30);
/// Largest answer that is read.
const ANSWER_BYTES: usize = 1_000_000;
/// Most hashes of a consistency proof (C2SP tlog-witness).
const PROOF_MAX: usize = 63;

/// The log of one offering.
pub(super) struct LogClient {
    /// The address of the offering, without a slash at its end.
    url: String,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl LogClient {
    pub(super) fn new(url: &str) -> Result<Self, Failure> {
        let wrong = |problem: &str| Failure::Argument {
            flag: "url",
            problem: problem.to_owned(),
            allowed: "the address of an offering, such as https://softcap.example/v1/offerings/harbour",
        };
        let parsed: Uri = url.parse().map_err(|_| wrong("it is no address"))?;
        if !matches!(parsed.scheme_str(), Some("http" | "https")) || parsed.query().is_some() {
            return Err(wrong(
                "it does not begin with http:// or https://, or has a query",
            ));
        }
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            client: Client::builder(TokioExecutor::new()).build(connector),
        })
    }

    pub(super) async fn checkpoint(&self) -> Result<Bytes, Failure> {
        self.call(Method::GET, "log/checkpoint", Bytes::new()).await
    }

    /// Proof that the tree of `old` entries is the beginning of that of `new`.
    pub(super) async fn consistency(&self, old: u64, new: u64) -> Result<Vec<NodeHash>, Failure> {
        let path = format!("log/consistency?old={old}&new={new}");
        let answer = self.call(Method::GET, &path, Bytes::new()).await?;
        let proof = serde_json::from_slice(&answer)
            .ok()
            .and_then(|answer: Value| {
                let nodes = answer["proof"].as_array()?;
                if nodes.len() > PROOF_MAX {
                    return None;
                }
                let nodes = nodes.iter().map(|node| {
                    let bytes = from_hex(node.as_str()?)?;
                    Some(NodeHash(bytes.try_into().ok()?))
                });
                nodes.collect()
            });
        proof.ok_or_else(|| self.failure(format!("{path}: the answer is no proof")))
    }

    /// Hands the witness's line under the checkpoint of `size` entries to the log.
    pub(super) async fn post(&self, size: u64, line: String) -> Result<(), Failure> {
        let path = format!("log/cosignatures?size={size}");
        self.call(Method::POST, &path, Bytes::from(line)).await?;
        Ok(())
    }

    async fn call(&self, method: Method, path: &str, body: Bytes) -> Result<Bytes, Failure> {
        let failed = |problem: String| self.failure(format!("{path}: {problem}"));
        let request = Request::builder()
            .method(method)
            .uri(format!("{}/{path}", self.url))
            .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
            .header(
                header::USER_AGENT,
                concat!("softcap/", env!("CARGO_PKG_VERSION")),
            )
            .body(Full::new(body))
            .map_err(|error| failed(error.to_string()))?;
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                cause.unwrap_or_else(|| error.to_string())
            })?;
            let status = response.status();
            let body = Limited::new(response.into_body(), ANSWER_BYTES)
                .collect()
                .await;
            let bytes = body.map_err(|error| error.to_string())?.to_bytes();
            Ok((status, bytes))
        };
        let answer = timeout(CALL_TIME, exchange).await;
        let answer = answer.unwrap_or_else(|_| Err("no answer within 30 seconds".to_owned()));
        let (status, bytes) = answer.map_err(failed)?;
        if status.is_success() {
            return Ok(bytes);
        }
        let problem: Option<Value> = serde_json::from_slice(&bytes).ok();
        let said = problem
            .as_ref()
            .and_then(|problem| problem["title"].as_str());
        Err(failed(format!("{status} {}", said.unwrap_or_default())))
    }

    pub(super) fn failure(&self, problem: String) -> Failure {
        Failure::LogUnread {
            url: self.url.clone(),
            problem,
        }
    }
}
