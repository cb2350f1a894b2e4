//! JSON-RPC over HTTP on the client that the program has already.
//!
//! Alloy's own transport would bring a second HTTP client, or the system's TLS library.

use std::{
    fmt,
    task::{Context, Poll},
    time::Duration,
};

use alloy_json_rpc::{RequestPacket, ResponsePacket};
use alloy_transport::{TransportError, TransportErrorKind, TransportFut};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Request, StatusCode, Uri,
    body::Bytes,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tower::Service;

use crate::error::EvmError;

/// How long a request may take in all.
const CALL_TIME: Duration = Duration::from_secs(30);
/// Largest answer that is read: 20,000 logs are some 12 MB.
const ANSWER_BYTES: usize = 64 << 20;

/// A transport to one node: give it to `alloy_rpc_client::RpcClient::new(transport, false)`.
#[derive(Clone)]
pub struct HttpTransport {
    url: Uri,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// Without the address: providers put a key into its path.
impl fmt::Debug for HttpTransport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("HttpTransport").finish_non_exhaustive()
    }
}

/// The part of an address that may be named: neither a password before it nor a path behind it, which may be
/// secret.
#[must_use]
pub fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}

impl HttpTransport {
    /// Requests go to this address.
    ///
    /// # Errors
    /// [`EvmError::Address`] when it is none of http or https.
    pub fn new(url: &str) -> Result<Self, EvmError> {
        let problem = |problem| EvmError::Address {
            host: host_of(url).to_owned(),
            problem,
        };
        let parsed: Uri = url.parse().map_err(|_| problem("it cannot be read"))?;
        if !matches!(parsed.scheme_str(), Some("http" | "https")) {
            return Err(problem("it does not begin with http:// or https://"));
        }
        let connector = HttpsConnectorBuilder::new().with_webpki_roots();
        let connector = connector.https_or_http().enable_http1().build();
        Ok(Self {
            url: parsed,
            client: Client::builder(TokioExecutor::new()).build(connector),
        })
    }

    async fn ask(self, packet: RequestPacket) -> Result<ResponsePacket, TransportError> {
        let body = serde_json::to_vec(&packet).map_err(TransportError::ser_err)?;
        let request = Request::post(self.url)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(TransportErrorKind::custom)?;
        let response = self.client.request(request).await;
        let response = response.map_err(TransportErrorKind::custom)?;
        let status = response.status();
        let wait = response.headers().get(RETRY_AFTER);
        let wait = wait.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let body = Limited::new(response.into_body(), ANSWER_BYTES).collect();
        let body = body
            .await
            .map_err(|error| TransportErrorKind::custom_str(&error.to_string()))?
            .to_bytes();
        // Some nodes answer 400 or 500 with a JSON-RPC error inside, which says more. Not where the status itself
        // says what to do.
        let asks_to_wait =
            status == StatusCode::TOO_MANY_REQUESTS || (wait.is_some() && !status.is_success());
        match serde_json::from_slice(&body) {
            Ok(packet) if !asks_to_wait => Ok(packet),
            Err(error) if status.is_success() => Err(TransportError::deser_err(
                error,
                String::from_utf8_lossy(&body),
            )),
            Ok(_) | Err(_) => Err(TransportErrorKind::http_error_with_retry_after(
                status.as_u16(),
                String::from_utf8_lossy(&body).into_owned(),
                wait.map(Duration::from_secs),
            )),
        }
    }
}

impl Service<RequestPacket> for HttpTransport {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, packet: RequestPacket) -> Self::Future {
        let transport = self.clone();
        Box::pin(async move {
            let answer = tokio::time::timeout(CALL_TIME, transport.ask(packet)).await;
            answer.unwrap_or_else(|_| Err(TransportErrorKind::custom_str("no answer in 30 s")))
        })
    }
}
