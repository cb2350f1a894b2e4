//! What to do about an alert, and doing it: revoke keys, freeze a person, read the trail.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    middleware::map_response,
    routing::{get, post},
};
use serde::Serialize;
use softcap_identity::{
    Actor, Alert, AlertKind, AuditFilter, KeyId, PersonId, Reach, ResourcePattern, Right,
};
use utoipa::ToSchema;

use super::{
    Service,
    alerts::{AlertView, of_alert},
    audit::AuditRowView,
    caller::Staff,
    keys::of_keys,
    person_problem::of_person,
    signed_in::no_store,
    webhooks::of_database,
};
use crate::{
    extract::{Json, Path},
    problem::{ApiError, ProblemCode},
};

/// Rows of a trail at most; the export has all.
const MOST_ROWS: u32 = 1_000;

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(read, revoke, freeze, trail))]
pub(crate) struct IncidentPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/incidents/{alert}", get(read))
        .route("/v1/incidents/{alert}/revoke", post(revoke))
        .route("/v1/incidents/{alert}/freeze", post(freeze))
        .route("/v1/incidents/{alert}/trail", get(trail))
        .layer(map_response(no_store))
}

/// One thing to do.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StepView {
    /// What.
    what: &'static str,
    /// The request that does it; none where people do it.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
}

/// An alert and what to do about it, in this order.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IncidentView {
    /// The alert.
    alert: AlertView,
    /// What to do.
    steps: Vec<StepView>,
}

/// What was stopped.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StoppedView {
    /// Sessions that ended.
    sessions: u64,
    /// Ids of keys that were revoked, or how many where they are a person's.
    keys: usize,
}

/// What the audit has of the subject, oldest first, at most 1,000 rows: `GET /v1/audit/export` has all.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TrailView {
    /// Done by the subject.
    by: Vec<AuditRowView>,
    /// Done to the subject.
    to: Vec<AuditRowView>,
}

/// Whom an alert is about.
enum Subject {
    Person(PersonId),
    Key(KeyId),
    /// A network, the site, a row of the audit: nothing that can be stopped here.
    Other,
}

impl Subject {
    fn of(alert: &Alert) -> Self {
        match alert.kind {
            AlertKind::CanaryUsed | AlertKind::UnusualKeyUse => {
                alert.subject.parse().map_or(Self::Other, Self::Key)
            }
            AlertKind::PersonFrozen
            | AlertKind::LoginsFailed
            | AlertKind::RightsWidened
            | AlertKind::OwnersChanged
            | AlertKind::UnusualLogin
            | AlertKind::SessionMoved
            | AlertKind::UnusualMoney
            | AlertKind::Takeover => alert.subject.parse().map_or(Self::Other, Self::Person),
            AlertKind::Spraying | AlertKind::SiteFailures | AlertKind::LogGap => Self::Other,
        }
    }

    /// As the audit names who acts.
    fn actor(&self, alert: &Alert) -> String {
        match self {
            Self::Person(person) => format!("person:{person}"),
            Self::Key(key) => format!("key:{key}"),
            Self::Other => alert.subject.clone(),
        }
    }
}

async fn alert(service: &Service, id: &str) -> Result<Alert, ApiError> {
    let id = id.parse().map_err(of_alert)?;
    service.alerts.find(id).await.map_err(of_alert)
}

/// What to do about an alert: for owners and auditors.
#[utoipa::path(
    get,
    path = "/v1/incidents/{alert}",
    tag = "alerts",
    security(("session" = [])),
    params(("alert" = String, Path, description = "The alert's name in the list")),
    responses((status = 200, description = "The alert, and the steps", body = IncidentView)),
)]
async fn read(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    staff: Staff,
) -> Result<Json<IncidentView>, ApiError> {
    staff.require(Right::ReadAlerts, &ResourcePattern::Every)?;
    let alert = alert(&service, &id).await?;
    let step = |what, request: &str| StepView {
        what,
        request: Some(format!("{request} /v1/incidents/{id}")),
    };
    let with = |what, method: &str, rest: &str| StepView {
        request: Some(format!("{method} /v1/incidents/{id}/{rest}")),
        ..step(what, method)
    };
    let by_people = |what| StepView {
        what,
        request: None,
    };
    let mut steps = Vec::new();
    match Subject::of(&alert) {
        Subject::Person(_) => {
            steps.push(with("freeze the person: sessions and keys end at once, and they set a new password by mail", "POST", "freeze"));
            steps.push(by_people(
                "take roles that must not wait, and decline open proposals of the person",
            ));
        }
        Subject::Key(_) => {
            steps.push(with(
                "revoke the key, and the keys that were made with it",
                "POST",
                "revoke",
            ));
        }
        Subject::Other => steps.push(by_people(
            "refuse the source at the proxy, or look for who has access to the database",
        )),
    }
    steps.push(with(
        "read what was done by the subject and to it, and keep it",
        "GET",
        "trail",
    ));
    steps.push(StepView {
        what: "close the alert with what was found out",
        request: Some(format!("POST /v1/alerts/{id}/close")),
    });
    Ok(Json(IncidentView {
        alert: alert.into(),
        steps,
    }))
}

/// Revoke the key that an alert is about, with the keys that were made with it: for owners.
#[utoipa::path(
    post,
    path = "/v1/incidents/{alert}/revoke",
    tag = "alerts",
    security(("session" = [])),
    params(("alert" = String, Path, description = "The alert's name in the list")),
    responses((status = 200, description = "What was revoked", body = StoppedView)),
)]
async fn revoke(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    staff: Staff,
) -> Result<Json<StoppedView>, ApiError> {
    staff.require(Right::CloseAlerts, &ResourcePattern::Every)?;
    let Subject::Key(key) = Subject::of(&alert(&service, &id).await?) else {
        return Err(not_about("key"));
    };
    let actor = Actor::Person(staff.standing().clone());
    let revoked = service
        .keys
        .revoke(&actor, key, Reach::WithMinted, service.now())
        .await;
    Ok(Json(StoppedView {
        sessions: 0,
        keys: revoked.map_err(of_keys)?.len(),
    }))
}

/// Freeze the person that an alert is about, as they do themselves with a code of a mail: for owners. Sessions end, keys that
/// they made are revoked, and nobody logs in until they set a new password.
#[utoipa::path(
    post,
    path = "/v1/incidents/{alert}/freeze",
    tag = "alerts",
    security(("session" = [])),
    params(("alert" = String, Path, description = "The alert's name in the list")),
    responses((status = 200, description = "What was ended", body = StoppedView)),
)]
async fn freeze(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    staff: Staff,
) -> Result<Json<StoppedView>, ApiError> {
    staff.require(Right::CloseAlerts, &ResourcePattern::Every)?;
    let Subject::Person(person) = Subject::of(&alert(&service, &id).await?) else {
        return Err(not_about("person"));
    };
    let by = staff.standing().person();
    let frozen = service.people.freeze_by(by, person, service.now()).await;
    let frozen = frozen.map_err(of_person)?;
    if let Err(error) = service.keys.refresh().await {
        tracing::warn!(%error, "keys that a freeze revoked end with the next look at the database");
    }
    Ok(Json(StoppedView {
        sessions: frozen.sessions,
        keys: usize::try_from(frozen.keys).unwrap_or(usize::MAX),
    }))
}

/// What the audit has of whom an alert is about: for owners and auditors.
#[utoipa::path(
    get,
    path = "/v1/incidents/{alert}/trail",
    tag = "alerts",
    security(("session" = [])),
    params(("alert" = String, Path, description = "The alert's name in the list")),
    responses((status = 200, description = "Rows of the audit", body = TrailView)),
)]
async fn trail(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    staff: Staff,
) -> Result<Json<TrailView>, ApiError> {
    staff.require(Right::ReadAlerts, &ResourcePattern::Every)?;
    let alert = alert(&service, &id).await?;
    let actor = Subject::of(&alert).actor(&alert);
    let rows = async |filter: AuditFilter| {
        let found = service.audit.search(&filter, 0, MOST_ROWS).await;
        let found = found.map_err(of_database)?.into_iter();
        Ok::<_, ApiError>(
            found
                .map(|row| AuditRowView::new(row, None))
                .collect::<Vec<_>>(),
        )
    };
    let to = |subject: &str| AuditFilter {
        subject: Some(subject.to_owned()),
        ..AuditFilter::default()
    };
    let by = AuditFilter {
        actor: Some(actor.clone()),
        ..AuditFilter::default()
    };
    let mut done_to = rows(to(&alert.subject)).await?;
    if actor != alert.subject {
        // Changes of roles name their person as one who acts is named.
        done_to.extend(rows(to(&actor)).await?);
        done_to.sort_by_key(|row| row.number);
    }
    Ok(Json(TrailView {
        by: rows(by).await?,
        to: done_to,
    }))
}

fn not_about(what: &str) -> ApiError {
    ApiError::new(
        ProblemCode::Conflict,
        format!("this alert is not about a {what}"),
    )
}
