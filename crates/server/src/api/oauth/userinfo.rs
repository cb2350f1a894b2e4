//! What an application may know about the person who logged in, and the keys that sign it (OpenID Connect Core, section 5.3).

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, request::Parts},
    middleware::map_response,
    routing::{get, post},
};
use serde::Serialize;
use serde_json::Value;
use softcap_identity::{BearerOwner, Fault, OauthError, Verb};
use utoipa::ToSchema;

use super::{
    app_caller::{bearer, credentials},
    clients::registrar,
    problem::{challenged, of_oauth},
};
use crate::{
    api::{Caller, Service, person_problem::of_person, signed_in::no_store},
    extract::Json,
    problem::{ApiError, ProblemCode},
};

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/oauth/userinfo", get(userinfo).post(userinfo_by_post))
        .layer(map_response(no_store))
        .route("/oauth/jwks", get(keys))
        .route("/v1/oauth/signing-key/rotation", post(rotate))
}

/// The person who logged in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UserinfoView {
    /// Who: the same in every id token and for every application.
    sub: String,
    /// Where mail for them goes, if they grant `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// That it was proved by a mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
}

/// Who logged in, for a token with the scope `openid`.
#[utoipa::path(
    get,
    path = "/oauth/userinfo",
    tag = "oauth",
    security(("key" = [])),
    responses((status = 200, description = "The person", body = UserinfoView)),
)]
pub(super) async fn userinfo(
    State(service): State<Arc<Service>>,
    parts: Parts,
) -> Result<Json<UserinfoView>, ApiError> {
    person(&service, &parts).await.map(Json)
}

/// The same by POST, as OpenID Connect has it.
#[utoipa::path(
    post,
    path = "/oauth/userinfo",
    tag = "oauth",
    security(("key" = [])),
    responses((status = 200, description = "The person", body = UserinfoView)),
)]
pub(super) async fn userinfo_by_post(
    State(service): State<Arc<Service>>,
    parts: Parts,
) -> Result<Json<UserinfoView>, ApiError> {
    person(&service, &parts).await.map(Json)
}

async fn person(service: &Service, parts: &Parts) -> Result<UserinfoView, ApiError> {
    let shown = credentials(&parts.headers).ok_or(ProblemCode::NotAuthenticated)?;
    let scheme = if shown.is_bound { "DPoP" } else { "Bearer" };
    let bearer = bearer(service, parts, shown).await;
    let bearer = bearer.map_err(|error| challenged(error, scheme))?;
    let lacks = || {
        let error = OauthError::Refused {
            fault: Fault::InsufficientScope,
            why: "openid".into(),
        };
        challenged(error, scheme)
    };
    let BearerOwner::Person { person, .. } = bearer.owner else {
        return Err(lacks());
    };
    if !bearer.scopes.openid {
        return Err(lacks());
    }
    let email = if bearer.scopes.email {
        let found = service.people.find(person).await.map_err(of_person)?;
        found.map(|found| found.email.as_str().to_owned())
    } else {
        None
    };
    Ok(UserinfoView {
        sub: person.to_string(),
        email_verified: email.is_some().then_some(true),
        email,
    })
}

/// The public keys of id tokens (RFC 7517): the one that signs now, and the one before it.
#[utoipa::path(
    get,
    path = "/oauth/jwks",
    tag = "oauth",
    responses((status = 200, description = "The keys", body = Object)),
)]
pub(super) async fn keys(State(service): State<Arc<Service>>) -> Result<Json<Value>, ApiError> {
    service
        .oauth()
        .public_keys()
        .await
        .map(Json)
        .map_err(of_oauth)
}

/// Sign id tokens with another key from now on. The one of before stays in the set, for what was signed with it; doing it
/// twice takes it out.
#[utoipa::path(
    post,
    path = "/v1/oauth/signing-key/rotation",
    tag = "keys",
    security(("key" = []), ("session" = [])),
    responses((status = 204, description = "Another key signs")),
)]
pub(super) async fn rotate(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<StatusCode, ApiError> {
    caller.require_on_all(Verb::ServerWrite)?;
    let actor = registrar(&caller)?.actor();
    let rotated = service.oauth().rotate_signing_key(&actor, service.now());
    rotated.await.map_err(of_oauth)?;
    Ok(StatusCode::NO_CONTENT)
}
