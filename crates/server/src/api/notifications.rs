//! Which mails somebody gets about offerings.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    middleware::map_response,
    routing::{get, put},
};
use serde::{Deserialize, Serialize};
use softcap_identity::MailLanguage;
use utoipa::ToSchema;

use super::{
    Service,
    person_problem::of_person,
    signed_in::{SignedIn, no_store},
    webhooks::of_database,
};
use crate::{
    extract::Json,
    notices::{Choice, EVERY_OFFERING, NoticeKind},
    problem::ApiError,
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(notifications, choose_notification, choose_language))]
pub(crate) struct NotificationPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route(
            "/v1/me/notifications",
            get(notifications).put(choose_notification),
        )
        .route("/v1/me/language", put(choose_language))
        .layer(map_response(no_store))
}

/// A kind of mails.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NotificationKindView {
    /// `contribution` (what became of one), `result`, `payout` (tokens or money handed over), `opening` (a round opens), `price`
    /// (it changes within a day).
    kind: &'static str,
    /// Whether it comes to who chose nothing.
    by_default: bool,
}

/// A choice about a kind of mails.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NotificationChoice {
    /// Name of the offering; `*` for all of which nothing else is said.
    offering: String,
    /// One of the kinds.
    kind: String,
    /// Whether these mails come.
    is_on: bool,
}

/// A choice of language.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LanguageBody {
    /// `en` or `de`.
    language: String,
}

/// What somebody chose, and what there is to choose.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NotificationsView {
    /// All kinds. Warnings about the security of an account are none of them: they always come.
    kinds: Vec<NotificationKindView>,
    /// What was chosen.
    choices: Vec<NotificationChoice>,
    /// The language of all mails to this person, those about the security of an account too: `en` or `de`.
    language: &'static str,
}

/// Which mails come about offerings.
#[utoipa::path(
    get,
    path = "/v1/me/notifications",
    tag = "people",
    security(("session" = [])),
    responses((status = 200, description = "Kinds and choices", body = NotificationsView)),
)]
async fn notifications(
    State(service): State<Arc<Service>>,
    current: SignedIn,
) -> Result<Json<NotificationsView>, ApiError> {
    let choices = service.notices.of(current.0.person).await;
    let choices = choices.map_err(of_database)?.into_iter();
    let person = service.people.find(current.0.person).await;
    let person = person.map_err(of_person)?;
    let language = person.map_or_else(MailLanguage::default, |person| person.language);
    let kinds = NoticeKind::ALL
        .into_iter()
        .map(|kind| NotificationKindView {
            kind: kind.code(),
            by_default: kind.by_default(),
        });
    let choices = choices.map(|choice| NotificationChoice {
        offering: choice.offering,
        kind: choice.kind.code().to_owned(),
        is_on: choice.is_on,
    });
    Ok(Json(NotificationsView {
        kinds: kinds.collect(),
        choices: choices.collect(),
        language: language.as_code(),
    }))
}

/// Choose the language of all mails to oneself. At first it is the one in which somebody signed up.
#[utoipa::path(
    put,
    path = "/v1/me/language",
    tag = "people",
    security(("session" = [])),
    request_body = LanguageBody,
    responses((status = 204, description = "Mails are in it from now on")),
)]
async fn choose_language(
    State(service): State<Arc<Service>>,
    current: SignedIn,
    Json(wanted): Json<LanguageBody>,
) -> Result<StatusCode, ApiError> {
    let language = MailLanguage::from_code(&wanted.language)
        .ok_or_else(|| ApiError::invalid("language", "one of \"en\" and \"de\""))?;
    let set = service.people.set_language(&current.0, language).await;
    set.map_err(of_person)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Choose whether mails of a kind come, about one offering or all.
#[utoipa::path(
    put,
    path = "/v1/me/notifications",
    tag = "people",
    security(("session" = [])),
    request_body = NotificationChoice,
    responses((status = 204, description = "It counts from now on")),
)]
async fn choose_notification(
    State(service): State<Arc<Service>>,
    current: SignedIn,
    Json(wanted): Json<NotificationChoice>,
) -> Result<StatusCode, ApiError> {
    let kind = NoticeKind::of_code(&wanted.kind)
        .ok_or_else(|| ApiError::invalid("kind", "one of the kinds that are listed"))?;
    if wanted.offering != EVERY_OFFERING {
        service.offering(&wanted.offering)?;
    }
    let choice = Choice {
        offering: wanted.offering,
        kind,
        is_on: wanted.is_on,
    };
    let put = service.notices.put(current.0.person, &[choice]).await;
    put.map_err(of_database)?;
    Ok(StatusCode::NO_CONTENT)
}
