//! Reading a page of somebody's server.

use std::time::Duration;

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::{Request, Uri, body::Bytes, header::USER_AGENT};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tokio::time::timeout;

use crate::failure::Failure;

/// How long it may take in all.
const CALL_TIME: Duration = Duration::from_secs(30);
/// Largest page that is read.
const ANSWER_BYTES: usize = 8 << 20;

/// What is at an address.
pub(crate) async fn get(url: &str) -> Result<Bytes, Failure> {
    let failed = |problem: String| Failure::LogUnread {
        url: url.to_owned(),
        problem,
    };
    let uri: Uri = url
        .parse()
        .map_err(|_| failed("it is no address".to_owned()))?;
    let request = Request::get(uri)
        .header(USER_AGENT, concat!("softcap/", env!("CARGO_PKG_VERSION")))
        .body(Empty::<Bytes>::new())
        .map_err(|error| failed(error.to_string()))?;
    let connector = HttpsConnectorBuilder::new().with_webpki_roots();
    let connector = connector.https_or_http().enable_http1().build();
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let exchange = async {
        let response = client.request(request).await;
        let response = response.map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            cause.unwrap_or_else(|| error.to_string())
        })?;
        if !response.status().is_success() {
            return Err(response.status().to_string());
        }
        let body = Limited::new(response.into_body(), ANSWER_BYTES).collect();
        let body = body.await.map_err(|error| error.to_string())?;
        Ok(body.to_bytes())
    };
    let answer = timeout(CALL_TIME, exchange).await;
    answer
        .unwrap_or_else(|_| Err("no answer within 30 seconds".to_owned()))
        .map_err(failed)
}
