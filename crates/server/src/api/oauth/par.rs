//! Pushed authorization requests (RFC 9126): an application says what it wants where nobody's browser carries it.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Serialize;
use softcap_identity::{AuthorizationRequest, BadRequest, OauthError, PUSHED_LIFE, Params};
use utoipa::ToSchema;

use super::{
    answer::{ErrorView, OauthAnswer},
    client_authentication::{authenticated, proved_key},
    form::Form,
};
use crate::{api::Service, extract::Json, forwarded::ClientAddress};

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new().route("/oauth/par", post(push))
}

/// Where a request waits.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PushedView {
    /// Its name, for `request_uri` of the authorization endpoint.
    request_uri: String,
    /// Seconds that it waits.
    expires_in: u64,
}

/// Say what is wanted before a person's browser is sent (RFC 9126). The parameters are those of the authorization endpoint;
/// the client shows who it is as at the token endpoint.
#[utoipa::path(
    post,
    path = "/oauth/par",
    tag = "oauth",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 201, description = "It waits", body = PushedView),
        (status = 400, description = "It is refused", body = ErrorView),
        (status = 401, description = "The client did not show who it is", body = ErrorView),
    ),
)]
pub(super) async fn push(
    State(service): State<Arc<Service>>,
    client: ClientAddress,
    parts: Parts,
    Form(params): Form,
) -> Result<Response, OauthAnswer> {
    service.oauth().admit(client.ip(), service.now()).await?;
    let uri = pushed(&service, &parts, &params).await?;
    let view = PushedView {
        request_uri: uri,
        expires_in: PUSHED_LIFE.as_secs(),
    };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

async fn pushed(service: &Service, parts: &Parts, params: &Params) -> Result<String, OauthError> {
    let client = authenticated(service, &parts.headers, params).await?;
    if params.one("request_uri")?.is_some() {
        return Err(OauthError::Refused {
            fault: softcap_identity::Fault::InvalidRequest,
            why: "a pushed request does not name another one".into(),
        });
    }
    let (oauth, now) = (service.oauth(), service.now());
    let request = AuthorizationRequest::read(params, &client, &oauth.resource(), now);
    let mut request = request.map_err(|bad| match bad {
        BadRequest::Shown(error) => error,
        BadRequest::Told(told) => told.error,
    })?;
    if let Some(key) = proved_key(service, parts).await? {
        if request.key.as_ref().is_some_and(|named| *named != key) {
            return Err(OauthError::Refused {
                fault: softcap_identity::Fault::InvalidDpopProof,
                why: "dpop_jkt is not the thumbprint of the key of the proof".into(),
            });
        }
        request.key = Some(key);
    }
    oauth.push(&request, now).await
}
