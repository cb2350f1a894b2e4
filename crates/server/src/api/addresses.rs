//! Where the offerings of this server stand on their chain, each signed by its issuer.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
    routing::get,
};

use super::{Service, etag::unless_known};
use crate::problem::ApiError;

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(read))]
pub(crate) struct AddressPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new().route("/.well-known/softcap-addresses.json", get(read))
}

/// The addresses of the offerings' contracts, each signed by its issuer: `softcap watch` compares them with the chain. One offering
/// is an object; many are such objects in a list, `{"offerings": [...]}`. 404 where the operator named no file. Its ETag is the
/// SHA-256 of the file.
#[utoipa::path(
    get,
    path = "/.well-known/softcap-addresses.json",
    tag = "offerings",
    responses(
        (status = 200, description = "The file", body = Object, content_type = "application/json"),
        (status = 304, description = "The one you have"),
    ),
)]
async fn read(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let signed = service
        .rails
        .addresses()
        .ok_or_else(|| ApiError::not_found("this server has no signed addresses"))?;
    let about = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ),
        // Asked again each time: an address that was replaced must not be shown from a cache.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    Ok(unless_known(
        &headers,
        &signed.tag,
        (about, signed.file.clone()),
    ))
}
