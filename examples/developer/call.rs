//! One call of the interface, with `hyper-util` and `hyper-rustls`. A request that fails is answered with a problem: programs
//! read its `code`, people its `remedy`.

use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::Value;

pub(crate) async fn call(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: String,
) -> Result<Value, Box<dyn std::error::Error>> {
    let connector = HttpsConnectorBuilder::new().with_webpki_roots();
    let connector = connector.https_or_http().enable_http1().build();
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from(body)))?;
    let response = client.request(request).await?;
    let status = response.status();
    let bytes = response.into_body().collect().await?.to_bytes();
    let answer: Value = serde_json::from_slice(&bytes)?;
    if status.is_success() {
        return Ok(answer);
    }
    Err(format!(
        "{} {} {}",
        answer["code"], answer["title"], answer["remedy"]
    )
    .into())
}
