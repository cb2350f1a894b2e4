//! Reading what applications keep at addresses of their own. Only public addresses are asked, no redirect is followed, and
//! little is read.

use std::time::Duration;

use axum::http::{Request, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use tokio::time::timeout;

use crate::api::Service;

const CALL_TIME: Duration = Duration::from_secs(10);
const LARGEST: usize = 64 * 1024;

/// The bytes at an address.
pub(super) async fn read_json(service: &Service, address: &str) -> Result<Bytes, String> {
    let read = timeout(CALL_TIME, read(service, address)).await;
    read.unwrap_or_else(|_| Err("no answer in time".to_owned()))
}

async fn read(service: &Service, address: &str) -> Result<Bytes, String> {
    let url = service.documents.checked(address)?;
    let request = Request::get(url.as_str())
        .header(header::ACCEPT, "application/json")
        .body(Full::new(Bytes::new()))
        .map_err(|error| error.to_string())?;
    let answer = service.documents.request(request).await?;
    if answer.status() != 200 {
        return Err(format!("status {}", answer.status()));
    }
    let body = Limited::new(answer.into_body(), LARGEST).collect().await;
    body.map(|body| body.to_bytes())
        .map_err(|error| error.to_string())
}
