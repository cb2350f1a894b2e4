//! Webhooks: which there are, how calls to one went, and a call that only says whether calls arrive.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use softcap_identity::{ResourcePattern, Right, UnixMillis, Verb};

use super::super::{
    page::{page, page_with, see_other},
    times::When,
    visit::Visit,
};
use crate::{
    api::{
        Caller, Service, Staff, endpoint_of, of_database, remove_webhook, replay_delivery,
        switch_webhook, test_webhook, webhooks_of,
    },
    extract::{Path, Query},
    problem::ApiError,
    webhooks::{Attempt, Delivery, DeliveryState, Endpoint, EndpointState, TestCall},
};

/// Newest deliveries that are shown.
const DELIVERIES: u16 = 50;

/// A webhook in a list.
pub(super) struct WebhookRow {
    id: String,
    offering: String,
    url: String,
    kinds: String,
    state: String,
    tone: &'static str,
    failing: Option<When>,
    made: When,
    is_active: bool,
}

/// A message on its way.
struct DeliveryRow {
    message: String,
    kind: String,
    state: String,
    tone: &'static str,
    attempts: i64,
    next: Option<When>,
}

/// A call.
struct AttemptRow {
    at: When,
    status: Option<u16>,
    tone: &'static str,
    duration: i64,
    answer: String,
}

#[derive(Template)]
#[template(path = "developer/webhooks.html")]
struct WebhooksPage {
    visit: Visit,
    rows: Vec<WebhookRow>,
    /// Offerings for which the person may register one.
    writable: Vec<String>,
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "developer/webhook.html")]
struct WebhookPage {
    visit: Visit,
    webhook: WebhookRow,
    deliveries: Vec<DeliveryRow>,
    may_write: bool,
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "developer/delivery.html")]
struct DeliveryPage {
    visit: Visit,
    webhook: WebhookRow,
    message: String,
    attempts: Vec<AttemptRow>,
    may_write: bool,
}

#[derive(Template)]
#[template(path = "developer/webhook_tested.html")]
struct TestedPage {
    visit: Visit,
    webhook: WebhookRow,
    message: String,
    timestamp: i64,
    signature: String,
    body: String,
    attempt: AttemptRow,
    is_success: bool,
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct DoneQuery {
    #[serde(default)]
    done: String,
}

impl WebhookRow {
    pub(super) fn new(visit: &Visit, endpoint: Endpoint) -> Self {
        let (state, tone) = match endpoint.state {
            EndpointState::Active => (visit.say("webhook-active"), "good"),
            EndpointState::SwitchedOff => (visit.say("webhook-off"), ""),
            EndpointState::FailedTooLong => (visit.say("webhook-failed"), "stop"),
        };
        let at = |millis| When::of(visit.language, UnixMillis::new(millis));
        Self {
            kinds: if endpoint.kinds.is_empty() {
                visit.say("webhook-all-kinds")
            } else {
                endpoint.kinds.join(", ")
            },
            failing: endpoint.failing_since_ms.map(at),
            made: at(endpoint.created_ms),
            is_active: endpoint.state == EndpointState::Active,
            id: endpoint.id,
            offering: endpoint.offering,
            url: endpoint.url,
            state,
            tone,
        }
    }
}

impl DeliveryRow {
    fn new(visit: &Visit, delivery: Delivery) -> Self {
        let (state, tone) = match delivery.state {
            DeliveryState::Waiting => (visit.say("delivery-waiting"), "poor"),
            DeliveryState::Delivered => (visit.say("delivery-done"), "good"),
            DeliveryState::GivenUp => (visit.say("delivery-given-up"), "stop"),
        };
        let due = When::of(visit.language, UnixMillis::new(delivery.due_ms));
        Self {
            next: (delivery.state == DeliveryState::Waiting).then_some(due),
            message: delivery.message,
            kind: delivery.kind,
            attempts: delivery.attempts,
            state,
            tone,
        }
    }
}

impl AttemptRow {
    fn new(visit: &Visit, attempt: Attempt) -> Self {
        Self {
            at: When::of(visit.language, UnixMillis::new(attempt.at_ms)),
            tone: if attempt.is_success() { "good" } else { "stop" },
            status: attempt.status,
            duration: attempt.duration_ms,
            answer: attempt.answer,
        }
    }
}

/// Whether the person has a role that may do this with webhooks of an offering.
fn has(staff: &Staff, verb: Verb, offering: &str) -> bool {
    let place = offering.parse().map(ResourcePattern::Only);
    place.is_ok_and(|place| staff.standing().has(Right::Verb(verb), &place))
}

fn may_write(staff: &Staff, offering: &str) -> bool {
    has(staff, Verb::WebhooksWrite, offering)
}

pub(super) async fn webhooks(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Query(query): Query<DoneQuery>,
) -> Result<Response, ApiError> {
    let offerings = service.journal().offerings();
    let names: Vec<String> = offerings
        .iter()
        .map(|log| log.row.name.to_string())
        .collect();
    // Of an offering on which somebody has no role they see none; on none of all it is a refusal.
    let seen: Vec<&String> = names
        .iter()
        .filter(|name| has(&staff, Verb::WebhooksRead, name))
        .collect();
    if seen.is_empty() {
        staff.require(Right::Verb(Verb::WebhooksRead), &ResourcePattern::Every)?;
    }
    let writable = names.iter().filter(|name| may_write(&staff, name));
    let writable = writable.cloned().collect();
    let caller = Caller::from(staff);
    let mut rows = Vec::new();
    for name in seen {
        let endpoints = webhooks_of(&service, &caller, name).await?;
        rows.extend(
            endpoints
                .into_iter()
                .map(|one| WebhookRow::new(&visit, one)),
        );
    }
    page(&WebhooksPage {
        rows,
        writable,
        done: (query.done == "removed").then(|| visit.say("webhook-is-removed")),
        visit,
    })
}

pub(super) async fn webhook(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Path((offering, id)): Path<(String, String)>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, ApiError> {
    let may_write = may_write(&staff, &offering);
    let caller = Caller::from(staff);
    let place = (offering.as_str(), id.as_str());
    let endpoint = endpoint_of(&service, &caller, Verb::WebhooksRead, place).await?;
    let found = service.webhooks().deliveries(&id, DELIVERIES).await;
    let found = found.map_err(of_database)?.into_iter();
    let done = match query.done.as_str() {
        "on" => Some(visit.say("webhook-is-on")),
        "off" => Some(visit.say("webhook-is-off")),
        "again" => Some(visit.say("delivery-again")),
        _ => None,
    };
    page(&WebhookPage {
        webhook: WebhookRow::new(&visit, endpoint),
        deliveries: found.map(|one| DeliveryRow::new(&visit, one)).collect(),
        may_write,
        done,
        visit,
    })
}

pub(super) async fn delivery(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Path((offering, id, message)): Path<(String, String, String)>,
) -> Result<Response, ApiError> {
    let may_write = may_write(&staff, &offering);
    let caller = Caller::from(staff);
    let place = (offering.as_str(), id.as_str());
    let endpoint = endpoint_of(&service, &caller, Verb::WebhooksRead, place).await?;
    let found = service.webhooks().attempts(&id, &message).await;
    let found = found.map_err(of_database)?.into_iter();
    page(&DeliveryPage {
        webhook: WebhookRow::new(&visit, endpoint),
        attempts: found.map(|one| AttemptRow::new(&visit, one)).collect(),
        message,
        may_write,
        visit,
    })
}

pub(super) async fn replay(
    State(service): State<Arc<Service>>,
    staff: Staff,
    Path((offering, id, message)): Path<(String, String, String)>,
) -> Result<Response, ApiError> {
    let place = (offering.as_str(), id.as_str());
    replay_delivery(&service, &staff.into(), place, &message).await?;
    see_other(&format!("/developer/webhooks/{offering}/{id}?done=again"))
}

pub(super) async fn switch_on(
    service: State<Arc<Service>>,
    staff: Staff,
    path: Path<(String, String)>,
) -> Result<Response, ApiError> {
    switch(service, staff, path, true).await
}

pub(super) async fn switch_off(
    service: State<Arc<Service>>,
    staff: Staff,
    path: Path<(String, String)>,
) -> Result<Response, ApiError> {
    switch(service, staff, path, false).await
}

async fn switch(
    State(service): State<Arc<Service>>,
    staff: Staff,
    Path((offering, id)): Path<(String, String)>,
    is_on: bool,
) -> Result<Response, ApiError> {
    let place = (offering.as_str(), id.as_str());
    switch_webhook(&service, &staff.into(), place, is_on).await?;
    let done = if is_on { "on" } else { "off" };
    see_other(&format!("/developer/webhooks/{offering}/{id}?done={done}"))
}

pub(super) async fn remove(
    State(service): State<Arc<Service>>,
    staff: Staff,
    Path((offering, id)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let place = (offering.as_str(), id.as_str());
    remove_webhook(&service, &staff.into(), place).await?;
    see_other("/developer/webhooks?done=removed")
}

pub(super) async fn test(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Path((offering, id)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let caller = Caller::from(staff);
    let place = (offering.as_str(), id.as_str());
    let call = test_webhook(&service, &caller, place).await?;
    let endpoint = endpoint_of(&service, &caller, Verb::WebhooksWrite, place).await?;
    let TestCall {
        message,
        timestamp,
        signature,
        body,
        attempt,
    } = call;
    // It made a call, which is a row of the audit.
    page_with(
        StatusCode::CREATED,
        &TestedPage {
            webhook: WebhookRow::new(&visit, endpoint),
            message,
            timestamp,
            signature,
            body,
            is_success: attempt.is_success(),
            attempt: AttemptRow::new(&visit, attempt),
            visit,
        },
    )
}
