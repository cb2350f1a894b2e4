//! Where programs of the operator are told of alerts: webhooks that belong to no offering.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    middleware::map_response,
    routing::{delete, get},
};
use serde::Deserialize;
use softcap_identity::{ResourcePattern, Right, UnixMillis};
use utoipa::ToSchema;

use super::{
    Service,
    caller::Staff,
    signed_in::no_store,
    webhooks::{WebhookList, WebhookWithSecret, of_database, with_secret},
};
use crate::{
    alert_feed::{PLATFORM, RAISED},
    extract::{Json, Path},
    problem::{ApiError, ProblemCode},
    webhooks::{EndpointUrl, NewEndpoint},
};

/// More would only be told the same.
const MOST: usize = 5;

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(register, list, remove))]
pub(crate) struct AlertWebhookPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/alert-webhooks", get(list).post(register))
        .route("/v1/alert-webhooks/{webhook}", delete(remove))
        .layer(map_response(no_store))
}

/// An address that is called for each new alert.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAlertWebhook {
    /// Where: `https://` on the public internet.
    #[schema(example = "https://example.org/alerts")]
    url: String,
}

/// Have an address called for each new alert: for owners. Its secret, which signs the calls, is in this answer and in none
/// after it.
#[utoipa::path(
    post,
    path = "/v1/alert-webhooks",
    tag = "alerts",
    security(("session" = [])),
    request_body = NewAlertWebhook,
    responses((status = 201, description = "The address and its secret", body = WebhookWithSecret)),
)]
async fn register(
    State(service): State<Arc<Service>>,
    staff: Staff,
    Json(new): Json<NewAlertWebhook>,
) -> Result<(StatusCode, Json<WebhookWithSecret>), ApiError> {
    staff.require(Right::CloseAlerts, &ResourcePattern::Every)?;
    let webhooks = &service.webhooks;
    let url = EndpointUrl::parse(&new.url, webhooks.rules())
        .map_err(|refused| ApiError::invalid("url", &refused.to_string()))?;
    let others = webhooks.endpoints(PLATFORM).await.map_err(of_database)?;
    if others.len() >= MOST {
        let detail = format!("there are {MOST} addresses at most: delete one");
        return Err(ApiError::new(ProblemCode::Conflict, detail));
    }
    let endpoint = NewEndpoint {
        offering: PLATFORM.to_owned(),
        owner: staff.standing().person().to_string(),
        url,
        kinds: vec![RAISED.to_owned()],
    };
    let registered = webhooks.register(endpoint, UnixMillis::now().get()).await;
    let (endpoint, secret) = registered.map_err(of_database)?;
    Ok((StatusCode::CREATED, Json(with_secret(endpoint, &secret))))
}

/// The addresses that are called for alerts: for owners and auditors.
#[utoipa::path(
    get,
    path = "/v1/alert-webhooks",
    tag = "alerts",
    security(("session" = [])),
    responses((status = 200, description = "Without secrets", body = WebhookList)),
)]
async fn list(
    State(service): State<Arc<Service>>,
    staff: Staff,
) -> Result<Json<WebhookList>, ApiError> {
    staff.require(Right::ReadAlerts, &ResourcePattern::Every)?;
    let webhooks = service.webhooks.endpoints(PLATFORM).await;
    let webhooks = webhooks.map_err(of_database)?.into_iter();
    Ok(Json(WebhookList {
        webhooks: webhooks.map(Into::into).collect(),
    }))
}

/// Call an address no more: for owners.
#[utoipa::path(
    delete,
    path = "/v1/alert-webhooks/{webhook}",
    tag = "alerts",
    security(("session" = [])),
    params(("webhook" = String, Path, description = "Its id")),
    responses((status = 204, description = "It is called no more")),
)]
async fn remove(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    staff: Staff,
) -> Result<StatusCode, ApiError> {
    staff.require(Right::CloseAlerts, &ResourcePattern::Every)?;
    let found = service.webhooks.endpoint(&id).await.map_err(of_database)?;
    if found.is_none_or(|endpoint| endpoint.offering != PLATFORM) {
        return Err(ApiError::not_found("no address for alerts has this id"));
    }
    service.webhooks.remove(&id).await.map_err(of_database)?;
    Ok(StatusCode::NO_CONTENT)
}
