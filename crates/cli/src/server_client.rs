//! Calls to a server of ours, with an API key.

use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Request, Uri,
    body::Bytes,
    header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::failure::Failure;

/// How long a call may take in all.
const CALL_TIME: Duration = Duration::from_secs(60);
/// Largest answer that is read.
const ANSWER_BYTES: usize = 4 << 20;
/// How often a server that asks to be called again is.
const TRIES: u32 = 5;
/// Longest wait between two of them, in seconds.
const LONGEST_WAIT: u64 = 30;

/// A server, and the key for it.
pub(crate) struct ServerClient {
    /// Without a slash at its end.
    url: String,
    key: String,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// What became of one call.
enum Called {
    Answered(Bytes),
    /// Nothing was done; after so many seconds it may be.
    Later(u64, String),
}

impl ServerClient {
    pub(crate) fn new(url: &str, key: String) -> Result<Self, Failure> {
        let parsed: Option<Uri> = url.parse().ok();
        let scheme = parsed.as_ref().and_then(Uri::scheme_str);
        if !matches!(scheme, Some("http" | "https")) {
            return Err(Failure::Argument {
                flag: "server",
                problem: "it does not begin with http:// or https://".to_owned(),
                allowed: "the address of a server, such as http://127.0.0.1:8080",
            });
        }
        let connector = HttpsConnectorBuilder::new().with_webpki_roots();
        let connector = connector.https_or_http().enable_http1().build();
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            key,
            client: Client::builder(TokioExecutor::new()).build(connector),
        })
    }

    /// Posts a table, and again when the server asks for it; the answer, or what kept it away. Only for
    /// what may be said twice.
    pub(crate) async fn post_csv(&self, path: &str, table: String) -> Result<Bytes, String> {
        let table = Bytes::from(table);
        let mut tries = 1;
        loop {
            let called = timeout(CALL_TIME, self.call(path, table.clone())).await;
            match called.unwrap_or_else(|_| Err("no answer within 60 seconds".to_owned()))? {
                Called::Answered(answer) => return Ok(answer),
                Called::Later(_, problem) if tries == TRIES => return Err(problem),
                Called::Later(seconds, _) => sleep(Duration::from_secs(seconds)).await,
            }
            tries += 1;
        }
    }

    async fn call(&self, path: &str, body: Bytes) -> Result<Called, String> {
        let request = Request::post(format!("{}/{path}", self.url))
            .header(CONTENT_TYPE, "text/csv")
            .header(AUTHORIZATION, format!("Bearer {}", self.key))
            .body(Full::new(body))
            .map_err(|error| error.to_string())?;
        let response = self.client.request(request).await;
        let response = response.map_err(|error| {
            let cause = std::error::Error::source(&error);
            cause.map_or_else(|| error.to_string(), ToString::to_string)
        })?;
        let status = response.status();
        let wait = response.headers().get(RETRY_AFTER);
        let wait = wait.and_then(|value| value.to_str().ok()?.parse().ok());
        let body = Limited::new(response.into_body(), ANSWER_BYTES).collect();
        let answer = body.await.map_err(|error| error.to_string())?.to_bytes();
        if status.is_success() {
            return Ok(Called::Answered(answer));
        }
        let problem: Value = serde_json::from_slice(&answer).unwrap_or_default();
        let part = |name: &str| problem[name].as_str().unwrap_or_default();
        let said = format!("{status}: {} {}", part("title"), part("detail"));
        match wait {
            Some(seconds) => Ok(Called::Later(LONGEST_WAIT.min(seconds), said)),
            None => Err(said),
        }
    }
}
