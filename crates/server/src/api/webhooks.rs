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
use softcap_identity::{UnixMillis, Verb};
use softcap_proof::hex;
use utoipa::ToSchema;

use super::{
    Service,
    caller::{Caller, IdempotencyKey},
    webhook_message::KINDS,
};
use crate::{
    extract::{Json, Path, Query},
    problem::{ApiError, ProblemCode},
    webhooks::{
        Attempt, Delivery, DeliveryState, Endpoint, EndpointSecret, EndpointState, EndpointUrl,
        NewEndpoint,
    },
};

/// Endpoints of one offering at most: each message is stored once for each of them.
const ENDPOINTS_MOST: usize = 20;
/// Deliveries that are shown without a wish.
const DELIVERIES: u16 = 100;

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    register, list, read, switch, remove, renew, deliveries, delivery, replay
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
pub(super) struct NewWebhook {
    /// Where: `https://` on the public internet.
    #[schema(example = "https://example.org/softcap")]
    url: String,
    /// Which kinds of messages: `contribution.accepted`, `contribution.refused`,
    /// `contribution.withdrawn`, `contribution.returned`, `offering.phase_changed`,
    /// `offering.settled`. None means all, also those of later versions.
    #[serde(default)]
    kinds: Vec<String>,
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

/// The endpoint of this offering, if the caller may.
async fn endpoint_of(
    service: &Service,
    caller: &Caller,
    verb: Verb,
    (offering, webhook): (&str, &str),
) -> Result<Endpoint, ApiError> {
    service.offering(offering)?;
    caller.require(verb, offering)?;
    let found = service.webhooks.endpoint(webhook).await;
    found
        .map_err(of_database)?
        .filter(|endpoint| endpoint.offering == offering)
        .ok_or_else(|| ApiError::not_found("the offering has no webhook with this id"))
}

fn chosen_kinds(mut kinds: Vec<String>) -> Result<Vec<String>, ApiError> {
    kinds.sort_unstable();
    kinds.dedup();
    match kinds.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
        None => Ok(kinds),
        Some(_) => Err(ApiError::invalid(
            "kinds",
            &format!("there are {}", KINDS.join(", ")),
        )),
    }
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
    service.offering(&offering)?;
    caller.require(Verb::WebhooksWrite, &offering)?;
    let webhooks = &service.webhooks;
    let url = EndpointUrl::parse(&new.url, webhooks.rules())
        .map_err(|refused| ApiError::invalid("url", &refused.to_string()))?;
    let kinds = chosen_kinds(new.kinds)?;
    let request = caller.request(&service.requests, &key);
    let id = format!("ep_{}", hex(&request.0));
    let others = webhooks.endpoints(&offering).await.map_err(of_database)?;
    if others.len() >= ENDPOINTS_MOST && others.iter().all(|other| other.id != id) {
        return Err(ApiError::new(
            ProblemCode::Conflict,
            format!("an offering has {ENDPOINTS_MOST} webhooks at most: delete one"),
        ));
    }
    let endpoint = NewEndpoint {
        offering,
        owner: caller.owner(),
        url,
        kinds,
    };
    let registered = webhooks
        .register_as(&id, endpoint, UnixMillis::now().get())
        .await;
    let (endpoint, secret) = registered
        .map_err(of_database)?
        .ok_or(ProblemCode::KeyReused)?;
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
    service.offering(&offering)?;
    caller.require(Verb::WebhooksRead, &offering)?;
    let found = service.webhooks.endpoints(&offering).await;
    let webhooks = found.map_err(of_database)?;
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
    endpoint_of(&service, &caller, Verb::WebhooksWrite, place).await?;
    let switched = service.webhooks.switch(&webhook, wish.active).await;
    switched.map_err(of_database)?;
    let endpoint = endpoint_of(&service, &caller, Verb::WebhooksWrite, place).await?;
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
    endpoint_of(&service, &caller, Verb::WebhooksWrite, place).await?;
    let removed = service.webhooks.remove(&webhook).await;
    removed.map_err(of_database)?;
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
    let endpoint = endpoint_of(&service, &caller, Verb::WebhooksWrite, place).await?;
    let renewed = service.webhooks.renew_secret(&webhook).await;
    let secret = renewed.map_err(of_database)?.ok_or(ProblemCode::NotFound)?;
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
    let endpoint = endpoint_of(&service, &caller, Verb::WebhooksWrite, place).await?;
    if endpoint.state != EndpointState::Active {
        let why = "the webhook is switched off: switch it on first";
        return Err(ApiError::new(ProblemCode::Conflict, why));
    }
    let found = service
        .webhooks
        .replay(&webhook, &message, UnixMillis::now().get())
        .await;
    if found.map_err(of_database)? {
        Ok(StatusCode::ACCEPTED)
    } else {
        Err(ApiError::not_found("this webhook has no such message"))
    }
}
