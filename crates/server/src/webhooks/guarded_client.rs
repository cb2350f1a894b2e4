//! A client that calls public addresses only, for everything that somebody else may choose the address of.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::http::{Request, Response};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{HttpConnector, dns::Name},
    },
    rt::TokioExecutor,
};

use super::address::{AddressRules, EndpointUrl};

const CONNECT_TIME: Duration = Duration::from_secs(5);
/// Bytes of what went wrong that are kept.
const LONGEST_CAUSE: usize = 1024;

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

/// Calls checked addresses, and follows no redirect.
#[derive(Clone, Debug)]
pub(crate) struct GuardedClient {
    client: Client<HttpsConnector<HttpConnector<CheckedResolver>>, Full<Bytes>>,
    rules: Arc<AddressRules>,
}

impl GuardedClient {
    pub(crate) fn new(rules: AddressRules) -> Self {
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

    /// An address that may be called. A host that is an address never reaches the resolver.
    pub(crate) fn checked(&self, url: &str) -> Result<EndpointUrl, String> {
        EndpointUrl::parse(url, &self.rules).map_err(|error| error.to_string())
    }

    /// Calls an address that was checked.
    pub(crate) async fn request(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, String> {
        let answer = self.client.request(request).await;
        answer.map_err(|error| causes(&error))
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
    text.truncate(text.floor_char_boundary(LONGEST_CAUSE));
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
        let client = GuardedClient::new(rules);
        let request = Request::post("https://localhost/")
            .body(Full::new(Bytes::new()))
            .unwrap();
        let error = client.request(request).await.unwrap_err();
        assert!(error.contains("never called"), "{error}");
    }
}
