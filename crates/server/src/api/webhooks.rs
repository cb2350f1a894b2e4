//! Webhooks: register an address, see how calls to it went, send again.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use softcap_database::DatabaseError;
use softcap_identity::Verb;
use utoipa::ToSchema;

use super::{
    Service,
    caller::{Caller, IdempotencyKey},
    webhook_acts::{
        endpoint_of, register_webhook, remove_webhook, renew_webhook, replay_delivery,
        switch_webhook, test_webhook, webhooks_of,
    },
};
use crate::{
    extract::{Json, Path, Query},
    problem::{ApiError, ProblemCode},
    webhooks::{
        Attempt, Delivery, DeliveryState, Endpoint, EndpointSecret, EndpointState, TestCall,
    },
};

/// Deliveries that are shown without a wish.
const DELIVERIES: u16 = 100;

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    register, list, read, switch, remove, renew, deliveries, delivery, replay, test
))]
pub(crate) struct WebhookPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    let at = "/v1/offerings/{offering}/webhooks";
    Router::new()
        .route(at, post(register).get(list))
        .route(
            &format!("{at}/{{webhook}}"),
            get(read).patch(switch).delete(remove),
        )
        .route(&format!("{at}/{{webhook}}/secret"), post(renew))
        .route(&format!("{at}/{{webhook}}/test"), post(test))
        .route(&format!("{at}/{{webhook}}/deliveries"), get(deliveries))
        .route(
            &format!("{at}/{{webhook}}/deliveries/{{message}}"),
            get(delivery),
        )
        .route(
            &format!("{at}/{{webhook}}/deliveries/{{message}}/replay"),
            post(replay),
        )
}

/// An address to be called.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWebhook {
    /// Where: `https://` on the public internet.
    #[schema(example = "https://example.org/softcap")]
    pub(crate) url: String,
    /// Which kinds of messages: `contribution.accepted`, `contribution.refused`,
    /// `contribution.withdrawn`, `contribution.returned`, `offering.phase_changed`,
    /// `offering.settled`. None means all, also those of later versions.
    #[serde(default)]
    pub(crate) kinds: Vec<String>,
}

/// Whether an address is to be called.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookSwitch {
    /// `false`: it is called no more, and what waits for it is given up.
    active: bool,
}

/// A registered address.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WebhookView {
    /// Its id.
    id: String,
    /// Where it is called.
    url: String,
    /// Which kinds of messages it gets; none means all.
    kinds: Vec<String>,
    /// `active`, `switched_off`, or `failed_too_long`.
    state: &'static str,
    /// Since when no call succeeded, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing_since: Option<String>,
    /// When it was registered, RFC 3339.
    created: String,
}

/// A registered address with its secret, which is not shown again.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WebhookWithSecret {
    #[serde(flatten)]
    webhook: WebhookView,
    /// Signs every call (Standard Webhooks); keep it like a password.
    secret: String,
}

/// All addresses of an offering.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WebhookList {
    /// Oldest first.
    pub(super) webhooks: Vec<WebhookView>,
}

/// A message on its way to an address.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeliveryView {
    /// Id of the message: `webhook-id` of its calls.
    message: String,
    /// Its kind.
    kind: String,
    /// `waiting`, `delivered` or `given_up`.
    state: &'static str,
    /// Calls so far.
    attempts: i64,
    /// When it is tried again, RFC 3339, while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt: Option<String>,
}

/// The newest messages to an address.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeliveryList {
    /// Newest first.
    deliveries: Vec<DeliveryView>,
}

/// A call.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AttemptView {
    /// When it began, RFC 3339.
    at: String,
    /// The HTTP status of the answer, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// How long it took, in milliseconds.
    duration_ms: i64,
    /// The first KiB of the answer, or why there was none.
    answer: String,
}

/// The calls for one message.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AttemptList {
    /// Oldest first.
    attempts: Vec<AttemptView>,
}

/// A call that somebody asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TestView {
    /// The value of `webhook-id`.
    message: String,
    /// The value of `webhook-timestamp`.
    timestamp: i64,
    /// The value of `webhook-signature`.
    signature: String,
    /// The body, byte for byte as it was signed.
    body: String,
    /// How it went.
    attempt: AttemptView,
}

impl From<TestCall> for TestView {
    fn from(call: TestCall) -> Self {
        Self {
            message: call.message,
            timestamp: call.timestamp,
            signature: call.signature,
            body: call.body,
            attempt: call.attempt.into(),
        }
    }
}

/// How many.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct DeliveryQuery {
    /// 1 to 1000; 100 without a wish.
    #[serde(default)]
    limit: Option<u16>,
}

impl From<Endpoint> for WebhookView {
    fn from(endpoint: Endpoint) -> Self {
        Self {
            id: endpoint.id,
            url: endpoint.url,
            kinds: endpoint.kinds,
            state: match endpoint.state {
                EndpointState::Active => "active",
                EndpointState::SwitchedOff => "switched_off",
                EndpointState::FailedTooLong => "failed_too_long",
            },
            failing_since: endpoint.failing_since_ms.map(time),
            created: time(endpoint.created_ms),
        }
    }
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        let is_waiting = delivery.state == DeliveryState::Waiting;
        Self {
            message: delivery.message,
            kind: delivery.kind,
            state: match delivery.state {
                DeliveryState::Waiting => "waiting",
                DeliveryState::Delivered => "delivered",
                DeliveryState::GivenUp => "given_up",
            },
            attempts: delivery.attempts,
            next_attempt: is_waiting.then(|| time(delivery.due_ms)),
        }
    }
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        Self {
            at: time(attempt.at_ms),
            status: attempt.status,
            duration_ms: attempt.duration_ms,
            answer: attempt.answer,
        }
    }
}

fn time(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms)
        .map_or_else(|_| unix_ms.to_string(), |time| time.to_string())
}

pub(super) fn with_secret(endpoint: Endpoint, secret: &EndpointSecret) -> WebhookWithSecret {
    WebhookWithSecret {
        webhook: endpoint.into(),
        secret: secret.to_text().to_string(),
    }
}

pub(crate) fn of_database(error: DatabaseError) -> ApiError {
    if error.is_passing() {
        return ApiError::caused(ProblemCode::NoRoom, &error);
    }
    ApiError::internal(&error)
}

/// Register an address. Its secret is in this answer and in none after it.
#[utoipa::path(
    post,
    path = "/v1/offerings/{offering}/webhooks",
    tag = "webhooks",
    security(("key" = [])),
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("Idempotency-Key" = String, Header, description = "A value of your own; repeat it on a retry"),
    ),
    request_body = NewWebhook,
    responses((status = 201, description = "The address and its secret", body = WebhookWithSecret)),
)]
async fn register(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
    caller: Caller,
    key: IdempotencyKey,
    Json(new): Json<NewWebhook>,
) -> Result<(StatusCode, Json<WebhookWithSecret>), ApiError> {
    let registered = register_webhook(&service, &caller, (&offering, &key), new).await?;
    let (endpoint, secret) = registered;
    Ok((StatusCode::CREATED, Json(with_secret(endpoint, &secret))))
}

/// The registered addresses.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/webhooks",
    tag = "webhooks",
    security(("key" = [])),
    params(("offering" = String, Path, description = "Name of the offering")),
    responses((status = 200, description = "Without secrets", body = WebhookList)),
)]
async fn list(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
    caller: Caller,
) -> Result<Json<WebhookList>, ApiError> {
    let webhooks = webhooks_of(&service, &caller, &offering).await?;
    Ok(Json(WebhookList {
        webhooks: webhooks.into_iter().map(WebhookView::from).collect(),
    }))
}

/// A registered address.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/webhooks/{webhook}",
    tag = "webhooks",
    security(("key" = [])),
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("webhook" = String, Path, description = "Id of the webhook"),
    ),
    responses((status = 200, description = "Without its secret", body = WebhookView)),
)]
async fn read(
    State(service): State<Arc<Service>>,
    Path((offering, webhook)): Path<(String, String)>,
    caller: Caller,
) -> Result<Json<WebhookView>, ApiError> {
    let place = (offering.as_str(), webhook.as_str());
    let endpoint = endpoint_of(&service, &caller, Verb::WebhooksRead, place).await?;
    Ok(Json(endpoint.into()))
}

/// Switch an address off, or on again. What it missed meanwhile is not sent later.
#[utoipa::path(
    patch,
    path = "/v1/offerings/{offering}/webhooks/{webhook}",
    tag = "webhooks",
    security(("key" = [])),
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("webhook" = String, Path, description = "Id of the webhook"),
    ),
    request_body = WebhookSwitch,
    responses((status = 200, description = "As it is now", body = WebhookView)),
)]
async fn switch(
    State(service): State<Arc<Service>>,
    Path((offering, webhook)): Path<(String, String)>,
    caller: Caller,
    Json(wish): Json<WebhookSwitch>,
) -> Result<Json<WebhookView>, ApiError> {
    let place = (offering.as_str(), webhook.as_str());
    let endpoint = switch_webhook(&service, &caller, place, wish.active).await?;
    Ok(Json(endpoint.into()))
}

/// Forget an address and all its deliveries.
#[utoipa::path(
    delete,
    path = "/v1/offerings/{offering}/webhooks/{webhook}",
    tag = "webhooks",
    security(("key" = [])),
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("webhook" = String, Path, description = "Id of the webhook"),
    ),
    responses((status = 204, description = "It is called no more")),
)]
async fn remove(
    State(service): State<Arc<Service>>,
    Path((offering, webhook)): Path<(String, String)>,
    caller: Caller,
) -> Result<StatusCode, ApiError> {
    let place = (offering.as_str(), webhook.as_str());
    remove_webhook(&service, &caller, place).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a new secret. It signs from the next call on.
#[utoipa::path(
    post,
    path = "/v1/offerings/{offering}/webhooks/{webhook}/secret",
    tag = "webhooks",
    security(("key" = [])),
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("webhook" = String, Path, description = "Id of the webhook"),
    ),
    responses((status = 201, description = "The address and its new secret", body = WebhookWithSecret)),
)]
async fn renew(
    State(service): State<Arc<Service>>,
    Path((offering, webhook)): Path<(String, String)>,
    caller: Caller,
) -> Result<(StatusCode, Json<WebhookWithSecret>), ApiError> {
    let place = (offering.as_str(), webhook.as_str());
    let (endpoint, secret) = renew_webhook(&service, &caller, place).await?;
    Ok((StatusCode::CREATED, Json(with_secret(endpoint, &secret))))
}

/// The newest messages to an address.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/webhooks/{webhook}/deliveries",
    tag = "webhooks",
    security(("key" = [])),
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("webhook" = String, Path, description = "Id of the webhook"),
        DeliveryQuery,
    ),
    responses((status = 200, description = "Newest first", body = DeliveryList)),
)]
async fn deliveries(
    State(service): State<Arc<Service>>,
    Path((offering, webhook)): Path<(String, String)>,
    caller: Caller,
    Query(query): Query<DeliveryQuery>,
) -> Result<Json<DeliveryList>, ApiError> {
    let place = (offering.as_str(), webhook.as_str());
    endpoint_of(&service, &caller, Verb::WebhooksRead, place).await?;
    let limit = query.limit.unwrap_or(DELIVERIES);
    if !(1..=1000).contains(&limit) {
        return Err(ApiError::invalid("limit", "1 to 1000"));
    }
    let found = service.webhooks.deliveries(&webhook, limit).await;
    let found = found.map_err(of_database)?;
    Ok(Json(DeliveryList {
        deliveries: found.into_iter().map(DeliveryView::from).collect(),
    }))
}

/// The calls for one message.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/webhooks/{webhook}/deliveries/{message}",
    tag = "webhooks",
    security(("key" = [])),
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("webhook" = String, Path, description = "Id of the webhook"),
        ("message" = String, Path, description = "Id of the message"),
    ),
    responses((status = 200, description = "Oldest first", body = AttemptList)),
)]
async fn delivery(
    State(service): State<Arc<Service>>,
    Path((offering, webhook, message)): Path<(String, String, String)>,
    caller: Caller,
) -> Result<Json<AttemptList>, ApiError> {
    let place = (offering.as_str(), webhook.as_str());
    endpoint_of(&service, &caller, Verb::WebhooksRead, place).await?;
    let found = service.webhooks.attempts(&webhook, &message).await;
    let found = found.map_err(of_database)?;
    Ok(Json(AttemptList {
        attempts: found.into_iter().map(AttemptView::from).collect(),
    }))
}

/// Send a message again, with all attempts.
#[utoipa::path(
    post,
    path = "/v1/offerings/{offering}/webhooks/{webhook}/deliveries/{message}/replay",
    tag = "webhooks",
    security(("key" = [])),
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("webhook" = String, Path, description = "Id of the webhook"),
        ("message" = String, Path, description = "Id of the message"),
    ),
    responses((status = 202, description = "It is sent")),
)]
async fn replay(
    State(service): State<Arc<Service>>,
    Path((offering, webhook, message)): Path<(String, String, String)>,
    caller: Caller,
) -> Result<StatusCode, ApiError> {
    let place = (offering.as_str(), webhook.as_str());
    replay_delivery(&service, &caller, place, &message).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Call an address once, now, with a message of the kind `webhook.test`, and see what came of it: what was signed, and what was
/// answered. It is not called again by itself.
#[utoipa::path(
    post,
    path = "/v1/offerings/{offering}/webhooks/{webhook}/test",
    tag = "webhooks",
    security(("key" = [])),
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("webhook" = String, Path, description = "Id of the webhook"),
    ),
    responses((status = 200, description = "The call, and the answer to it", body = TestView)),
)]
async fn test(
    State(service): State<Arc<Service>>,
    Path((offering, webhook)): Path<(String, String)>,
    caller: Caller,
) -> Result<Json<TestView>, ApiError> {
    let place = (offering.as_str(), webhook.as_str());
    let call = test_webhook(&service, &caller, place).await?;
    Ok(Json(call.into()))
}
