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
    Actor, Alert, AlertKind, AuditFilter, AuditRow, Frozen, KeyId, PersonId, Reach,
    ResourcePattern, Right,
};
use utoipa::ToSchema;

use super::{
    Service,
    alerts::{AlertView, of_alert},
    audit::AuditRowView,
    caller::Staff,
    key_acts::of_keys,
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
            | AlertKind::AddressChanging
            | AlertKind::FactorsResetting
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
    let (alert, steps) = incident(&service, &staff, &id).await?;
    let steps = steps.into_iter().map(|step| StepView {
        what: step.words(),
        request: step.request(&id),
    });
    Ok(Json(IncidentView {
        alert: alert.into(),
        steps: steps.collect(),
    }))
}

/// One thing to do about an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// End sessions and keys of the person.
    Freeze,
    /// Take away roles, decline proposals.
    Roles,
    /// End the key, and what was made with it.
    Revoke,
    /// Refuse who is outside, or look for who is inside.
    Source,
    /// Read what was done.
    Trail,
    /// Say what was found out.
    Close,
}

impl Step {
    fn words(self) -> &'static str {
        match self {
            Self::Freeze => {
                "freeze the person: sessions and keys end at once, and they set a new password by mail"
            }
            Self::Roles => {
                "take roles that must not wait, and decline open proposals of the person"
            }
            Self::Revoke => "revoke the key, and the keys that were made with it",
            Self::Source => {
                "refuse the source at the proxy, or look for who has access to the database"
            }
            Self::Trail => "read what was done by the subject and to it, and keep it",
            Self::Close => "close the alert with what was found out",
        }
    }

    /// The request that does it; none where people do it.
    fn request(self, id: &str) -> Option<String> {
        match self {
            Self::Freeze => Some(format!("POST /v1/incidents/{id}/freeze")),
            Self::Revoke => Some(format!("POST /v1/incidents/{id}/revoke")),
            Self::Trail => Some(format!("GET /v1/incidents/{id}/trail")),
            Self::Close => Some(format!("POST /v1/alerts/{id}/close")),
            Self::Roles | Self::Source => None,
        }
    }
}

/// An alert and what to do about it, in this order, for who may see it.
pub(crate) async fn incident(
    service: &Service,
    staff: &Staff,
    id: &str,
) -> Result<(Alert, Vec<Step>), ApiError> {
    staff.require(Right::ReadAlerts, &ResourcePattern::Every)?;
    let alert = alert(service, id).await?;
    let mut steps = match Subject::of(&alert) {
        Subject::Person(_) => vec![Step::Freeze, Step::Roles],
        Subject::Key(_) => vec![Step::Revoke],
        Subject::Other => vec![Step::Source],
    };
    steps.extend([Step::Trail, Step::Close]);
    Ok((alert, steps))
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
    let keys = stop_key(&service, &staff, &id).await?;
    Ok(Json(StoppedView { sessions: 0, keys }))
}

/// Revokes the key that an alert is about, with those that were made with it; how many.
pub(crate) async fn stop_key(
    service: &Service,
    staff: &Staff,
    id: &str,
) -> Result<usize, ApiError> {
    staff.require(Right::CloseAlerts, &ResourcePattern::Every)?;
    let Subject::Key(key) = Subject::of(&alert(service, id).await?) else {
        return Err(not_about("key"));
    };
    let actor = Actor::Person(staff.standing().clone());
    let revoked = service
        .keys
        .revoke(&actor, key, Reach::WithMinted, service.now())
        .await;
    Ok(revoked.map_err(of_keys)?.len())
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
    let frozen = stop_person(&service, &staff, &id).await?;
    Ok(Json(StoppedView {
        sessions: frozen.sessions,
        keys: usize::try_from(frozen.keys).unwrap_or(usize::MAX),
    }))
}

/// Freezes the person that an alert is about.
pub(crate) async fn stop_person(
    service: &Service,
    staff: &Staff,
    id: &str,
) -> Result<Frozen, ApiError> {
    staff.require(Right::CloseAlerts, &ResourcePattern::Every)?;
    let Subject::Person(person) = Subject::of(&alert(service, id).await?) else {
        return Err(not_about("person"));
    };
    let by = staff.standing().person();
    let frozen = service.people.freeze_by(by, person, service.now()).await;
    let frozen = frozen.map_err(of_person)?;
    if let Err(error) = service.keys.refresh().await {
        tracing::warn!(%error, "keys that a freeze revoked end with the next look at the database");
    }
    Ok(frozen)
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
    let Trail { by, to } = trail_of(&service, &staff, &id).await?;
    let shown = |rows: Vec<AuditRow>| {
        let rows = rows.into_iter();
        rows.map(|row| AuditRowView::new(row, None)).collect()
    };
    Ok(Json(TrailView {
        by: shown(by),
        to: shown(to),
    }))
}

/// What the audit has of whom an alert is about, oldest first.
pub(crate) struct Trail {
    /// Done by the subject.
    pub(crate) by: Vec<AuditRow>,
    /// Done to the subject.
    pub(crate) to: Vec<AuditRow>,
}

/// The trail of an alert, for who may see it.
pub(crate) async fn trail_of(
    service: &Service,
    staff: &Staff,
    id: &str,
) -> Result<Trail, ApiError> {
    staff.require(Right::ReadAlerts, &ResourcePattern::Every)?;
    let alert = alert(service, id).await?;
    let actor = Subject::of(&alert).actor(&alert);
    let rows = async |filter: AuditFilter| {
        let found = service.audit.search(&filter, 0, MOST_ROWS).await;
        found.map_err(of_database)
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
    Ok(Trail {
        by: rows(by).await?,
        to: done_to,
    })
}

fn not_about(what: &str) -> ApiError {
    ApiError::new(
        ProblemCode::Conflict,
        format!("this alert is not about a {what}"),
    )
}
