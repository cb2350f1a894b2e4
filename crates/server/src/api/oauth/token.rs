//! The token endpoint.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Serialize;
use softcap_identity::{
    ACCESS_LIFE, Fault, GrantKind, Issued, OauthError, Params, Redemption, Refreshing,
};
use utoipa::ToSchema;

use super::{
    answer::{ErrorView, OauthAnswer},
    client_authentication::{authenticated, proved_key},
    form::Form,
};
use crate::{api::Service, extract::Json};

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new().route("/oauth/token", post(token))
}

/// What an application gets. It has no `Debug`, because it holds tokens.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenView {
    /// For `Authorization`.
    access_token: String,
    /// `Bearer`, or `DPoP` for one that is bound to a key.
    token_type: &'static str,
    /// Seconds that it is good.
    expires_in: u64,
    /// What it is for.
    scope: String,
    /// Who logged in, where `openid` was granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    /// For new tokens, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

impl TokenView {
    fn new(issued: &Issued, id_token: Option<String>) -> Self {
        Self {
            access_token: issued.access.to_string(),
            token_type: if issued.is_bound { "DPoP" } else { "Bearer" },
            expires_in: ACCESS_LIFE.as_secs(),
            scope: issued.scopes.to_string(),
            id_token,
            refresh_token: issued.refresh.as_ref().map(|token| token.to_string()),
        }
    }
}

/// Get tokens: with a code, a refresh token, or in the client's own name (RFC 6749; OAuth 2.1).
#[utoipa::path(
    post,
    path = "/oauth/token",
    tag = "oauth",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "Tokens", body = TokenView),
        (status = 400, description = "It is refused", body = ErrorView),
        (status = 401, description = "The client did not show who it is", body = ErrorView),
    ),
)]
pub(super) async fn token(
    State(service): State<Arc<Service>>,
    parts: Parts,
    Form(params): Form,
) -> Result<Response, OauthAnswer> {
    let view = issue(&service, &parts, &params).await?;
    let mut answer = Json(view).into_response();
    answer
        .headers_mut()
        .insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(answer)
}

async fn issue(service: &Service, parts: &Parts, params: &Params) -> Result<TokenView, OauthError> {
    let client = authenticated(service, &parts.headers, params).await?;
    let (oauth, now) = (service.oauth(), service.now());
    let kind = params.need("grant_type")?;
    let kind = GrantKind::of(kind).ok_or_else(|| OauthError::Refused {
        fault: Fault::UnsupportedGrantType,
        why: "there is no such grant_type here".into(),
    })?;
    client.require(kind)?;
    oauth.require_resource(params)?;
    let key = proved_key(service, parts).await?;
    let key = key.as_deref();
    let issued = match kind {
        GrantKind::Code => {
            let redemption = Redemption {
                code: params.need("code")?,
                redirect: params.one("redirect_uri")?,
                verifier: params.need("code_verifier")?,
                key,
            };
            oauth.redeem(&client, &redemption, now).await?
        }
        GrantKind::Refresh => {
            let refreshing = Refreshing {
                token: params.need("refresh_token")?,
                scope: params.one("scope")?,
                key,
            };
            oauth.refresh(&client, &refreshing, now).await?
        }
        GrantKind::Device => {
            let code = params.need("device_code")?;
            oauth.poll_device(&client, code, key, now).await?
        }
        GrantKind::ClientCredentials => {
            let scope = params.one("scope")?;
            oauth.client_credentials(&client, scope, key, now).await?
        }
    };
    let id_token = match &issued.id {
        Some(claims) => Some(oauth.id_token(&client, claims, now).await?),
        None => None,
    };
    Ok(TokenView::new(&issued, id_token))
}
