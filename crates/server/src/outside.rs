//! Reading what others keep at addresses of their own. Only public addresses are asked, no redirect is followed, and little
//! is read.

use std::time::Duration;

use axum::http::{Request, Response, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use tokio::time::timeout;

use crate::webhooks::GuardedClient;

const CALL_TIME: Duration = Duration::from_secs(10);
const LARGEST: usize = 64 * 1024;

/// The bytes at an address.
pub(crate) async fn read_json(client: &GuardedClient, address: &str) -> Result<Bytes, String> {
    let request = Request::get(address)
        .header(header::ACCEPT, "application/json")
        .body(Bytes::new())
        .map_err(|error| error.to_string())?;
    let answer = call(client, request).await?;
    if answer.status() != 200 {
        return Err(format!("status {}", answer.status()));
    }
    Ok(answer.into_body())
}

/// The answer to a request, with all of its body.
pub(crate) async fn call(
    client: &GuardedClient,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, String> {
    let called = timeout(CALL_TIME, exchange(client, request)).await;
    called.unwrap_or_else(|_| Err("no answer in time".to_owned()))
}

async fn exchange(
    client: &GuardedClient,
    mut request: Request<Bytes>,
) -> Result<Response<Bytes>, String> {
    let url = client.checked(&request.uri().to_string())?;
    *request.uri_mut() = url.as_str().parse().map_err(|_| "no address".to_owned())?;
    let answer = client.request(request.map(Full::new)).await?;
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, LARGEST).collect().await;
    let body = body.map_err(|error| error.to_string())?;
    Ok(Response::from_parts(head, body.to_bytes()))
}
