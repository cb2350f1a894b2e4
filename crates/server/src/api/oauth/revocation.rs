//! An application ends a token of its own (RFC 7009).

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, request::Parts},
    routing::post,
};

use super::{
    answer::{ErrorView, OauthAnswer},
    client_authentication::authenticated,
    form::Form,
};
use crate::api::Service;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new().route("/oauth/revoke", post(revoke))
}

/// End a token (RFC 7009): an access token alone, a refresh token with everything that came of its login. A token that is
/// unknown, or of another client, is answered in the same way.
#[utoipa::path(
    post,
    path = "/oauth/revoke",
    tag = "oauth",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "It is not good any more, if it ever was"),
        (status = 400, description = "It is refused", body = ErrorView),
        (status = 401, description = "The client did not show who it is", body = ErrorView),
    ),
)]
pub(super) async fn revoke(
    State(service): State<Arc<Service>>,
    parts: Parts,
    Form(params): Form,
) -> Result<StatusCode, OauthAnswer> {
    let client = authenticated(&service, &parts.headers, &params).await?;
    let token = params.need("token")?;
    service
        .oauth()
        .revoke(&client, token, service.now())
        .await?;
    Ok(StatusCode::OK)
}
