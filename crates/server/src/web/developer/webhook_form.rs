//! Registering a webhook and taking a new secret: the form, and the secret that is shown once.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use softcap_identity::Verb;

use super::super::{
    fields::Fields,
    form::{Errors, Form, once},
    page::{page, page_with},
    visit::Visit,
};
use crate::{
    api::{
        Caller, IdempotencyKey, NewWebhook, Service, Staff, WEBHOOK_KINDS, register_webhook,
        renew_webhook,
    },
    extract::Path,
    problem::ApiError,
};

/// A kind of messages that can be chosen.
struct Choice {
    code: &'static str,
    words: String,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "developer/webhook_form.html")]
struct WebhookForm {
    visit: Visit,
    errors: Errors,
    fields: Fields,
    offering: String,
    kinds: Vec<Choice>,
    once: String,
}

#[derive(Template)]
#[template(path = "developer/webhook_made.html")]
struct WebhookMade {
    visit: Visit,
    url: String,
    place: String,
    secret: String,
}

fn words(visit: &Visit, kind: &str) -> String {
    match kind {
        "contribution.accepted" => visit.say("webhook-kind-accepted"),
        "contribution.refused" => visit.say("webhook-kind-refused"),
        "contribution.withdrawn" => visit.say("webhook-kind-withdrawn"),
        "contribution.returned" => visit.say("webhook-kind-returned"),
        "offering.phase_changed" => visit.say("webhook-kind-phase"),
        "offering.settled" => visit.say("webhook-kind-settled"),
        other => other.to_owned(),
    }
}

fn form(
    visit: Visit,
    offering: String,
    fields: Fields,
    errors: Errors,
) -> Result<WebhookForm, ApiError> {
    let kinds = WEBHOOK_KINDS.map(|code| Choice {
        code,
        words: words(&visit, code),
        is_chosen: fields.has(code),
    });
    let once = match fields.text("once") {
        "" => once()?,
        before => before.to_owned(),
    };
    Ok(WebhookForm {
        kinds: kinds.into(),
        visit,
        errors,
        fields,
        offering,
        once,
    })
}

pub(super) async fn new_webhook(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Path(offering): Path<String>,
) -> Result<Response, ApiError> {
    service.offering(&offering)?;
    Caller::from(staff).require(Verb::WebhooksWrite, &offering)?;
    let form = form(visit, offering, Fields::default(), Errors::default())?;
    page(&form)
}

pub(super) async fn register(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Path(offering): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, ApiError> {
    let key = IdempotencyKey::of_form(fields.text("once"));
    let chosen = WEBHOOK_KINDS.iter().filter(|kind| fields.has(kind));
    let new = NewWebhook {
        url: fields.text("url").to_owned(),
        kinds: chosen.map(|kind| (*kind).to_owned()).collect(),
    };
    let caller = Caller::from(staff);
    let (endpoint, secret) = match register_webhook(&service, &caller, (&offering, &key), new).await
    {
        Ok(registered) => registered,
        Err(error) if error.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            let mut errors = Errors::default();
            let why = error.problem().detail;
            errors.add("url", format!("{} {why}", visit.say("webhook-url-wrong")));
            let form = form(visit, offering, fields, errors)?;
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &form);
        }
        Err(error) => return Err(error),
    };
    made(&WebhookMade {
        url: endpoint.url,
        place: format!("/developer/webhooks/{offering}/{}", endpoint.id),
        secret: secret.to_text().to_string(),
        visit,
    })
}

/// The page with the secret, which no cache keeps and no page shows again.
fn made(template: &WebhookMade) -> Result<Response, ApiError> {
    let mut response = page_with(StatusCode::CREATED, template)?;
    let never = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, never);
    Ok(response)
}

pub(super) async fn renew(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Path((offering, id)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let place = (offering.as_str(), id.as_str());
    let (endpoint, secret) = renew_webhook(&service, &staff.into(), place).await?;
    made(&WebhookMade {
        url: endpoint.url,
        place: format!("/developer/webhooks/{offering}/{id}"),
        secret: secret.to_text().to_string(),
        visit,
    })
}
