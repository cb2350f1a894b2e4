//! One call to an endpoint: to a checked address only, without following redirects.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::http::{Request, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{HttpConnector, dns::Name},
    },
    rt::TokioExecutor,
};
use tokio::time::{Instant, timeout};

use super::{
    address::{AddressRules, EndpointUrl},
    endpoint::Attempt,
    secret::EndpointSecret,
};

/// How long a call may take in all.
const CALL_TIME: Duration = Duration::from_secs(15);
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// Bytes of an answer that are kept.
const ANSWER_BYTES: usize = 1024;

/// Resolves names, and fails when any of the addresses may not be called: a name that points to
/// inside and outside at once is an attack.
#[derive(Clone, Debug)]
struct CheckedResolver(Arc<AddressRules>);

impl tower::Service<Name> for CheckedResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let rules = Arc::clone(&self.0);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses: Vec<_> = found.collect();
            if addresses.iter().all(|address| rules.allows(address.ip())) {
                Ok(addresses.into_iter())
            } else {
                Err(io::Error::other(
                    "the name leads to an address that is never called",
                ))
            }
        })
    }
}

/// What is sent.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) url: String,
    pub(super) message: String,
    pub(super) body: String,
    /// The time that is signed.
    pub(super) now_ms: i64,
}

/// Makes the calls.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    client: Client<HttpsConnector<HttpConnector<CheckedResolver>>, Full<Bytes>>,
    rules: Arc<AddressRules>,
}

impl Caller {
    pub(super) fn new(rules: AddressRules) -> Self {
        let rules = Arc::new(rules);
        let mut connector = HttpConnector::new_with_resolver(CheckedResolver(Arc::clone(&rules)));
        connector.enforce_http(false);
        connector.set_connect_timeout(Some(CONNECT_TIME));
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new())
            // Each call checks the address anew.
            .pool_max_idle_per_host(0)
            .build(connector);
        Self { client, rules }
    }

    pub(super) async fn call(&self, call: &Call, secret: &EndpointSecret) -> Attempt {
        let started = Instant::now();
        let outcome = timeout(CALL_TIME, self.exchange(call, secret)).await;
        let (status, answer) = match outcome {
            Ok(Ok((status, answer))) => (Some(status), answer),
            Ok(Err(why)) => (None, why),
            Err(_) => (None, "no answer within 15 seconds".to_owned()),
        };
        Attempt {
            at_ms: call.now_ms,
            status,
            duration_ms: i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX),
            answer,
        }
    }

    async fn exchange(
        &self,
        call: &Call,
        secret: &EndpointSecret,
    ) -> Result<(u16, String), String> {
        // Checked again: the rules may be stricter now than when the endpoint was registered. A
        // host that is an address never reaches the resolver.
        let url = EndpointUrl::parse(&call.url, &self.rules).map_err(|error| error.to_string())?;
        let seconds = call.now_ms.div_euclid(1_000);
        let request = Request::post(url.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .header(
                header::USER_AGENT,
                concat!("softcap/", env!("CARGO_PKG_VERSION")),
            )
            .header("webhook-id", &call.message)
            .header("webhook-timestamp", seconds)
            .header(
                "webhook-signature",
                secret.sign(&call.message, seconds, &call.body),
            )
            .body(Full::new(Bytes::from(call.body.clone())))
            .map_err(|error| error.to_string())?;
        let response = self
            .client
            .request(request)
            .await
            .map_err(|error| causes(&error))?;
        let status = response.status().as_u16();
        let mut body = response.into_body();
        let mut kept = Vec::new();
        while kept.len() < ANSWER_BYTES {
            // A status is an answer, even when its body breaks off.
            let Some(Ok(frame)) = body.frame().await else {
                break;
            };
            if let Some(data) = frame.data_ref() {
                let room = ANSWER_BYTES - kept.len();
                kept.extend_from_slice(data.get(..room).unwrap_or(data));
            }
        }
        // PostgreSQL stores no zero byte in a text.
        let answer = String::from_utf8_lossy(&kept).replace('\0', "\u{fffd}");
        Ok((status, answer))
    }
}

/// An error with its causes, because the first sentence of the library says little.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text.truncate(text.floor_char_boundary(ANSWER_BYTES));
    text
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use tower::Service as _;

    use super::*;

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_resolved() {
        let resolve = async |allow_loopback: bool| {
            let rules = AddressRules {
                ports: vec![443],
                allow_loopback,
            };
            let mut resolver = CheckedResolver(Arc::new(rules));
            // The host file of every machine leads this name to loopback.
            resolver.call(Name::from_str("localhost").unwrap()).await
        };
        let error = resolve(false).await.unwrap_err().to_string();
        assert!(error.contains("never called"), "{error}");
        let addresses = resolve(true).await.unwrap();
        assert!(addresses.count() > 0);
    }

    #[tokio::test]
    async fn the_client_calls_only_what_the_resolver_lets_through() {
        let rules = AddressRules {
            ports: vec![443],
            allow_loopback: false,
        };
        let caller = Caller::new(rules);
        let request = Request::post("https://localhost/")
            .body(Full::new(Bytes::new()))
            .unwrap();
        let error = causes(&caller.client.request(request).await.unwrap_err());
        assert!(error.contains("never called"), "{error}");
    }
}
