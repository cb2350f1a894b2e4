//! What is alarming, for the owners and auditors of the organisation.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    middleware::map_response,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use softcap_identity::{Alert, AlertError, AlertState, ResourcePattern, Right, Verdict};
use utoipa::ToSchema;

use super::{
    Service, caller::Staff, keys::time_text, person_problem::of_person, signed_in::no_store,
};
use crate::{
    extract::{Json, Path, Query},
    problem::{ApiError, ProblemCode},
    system::CodeText,
};

/// Alerts of an answer at most.
const MOST: u32 = 200;

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, close))]
pub(crate) struct AlertPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/alerts", get(list))
        .route("/v1/alerts/{id}/close", post(close))
        .layer(map_response(no_store))
}

/// Which alerts.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct AlertQuery {
    /// Also those that somebody closed; only the open ones without a wish.
    #[serde(default)]
    closed: bool,
}

/// What somebody found out about an alert.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum VerdictName {
    /// It was meant to happen.
    Expected,
    /// It was an attack or a mistake, and is dealt with.
    Handled,
    /// The rule should not have held.
    FalseAlarm,
}

/// How an alert is closed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseBody {
    /// What was found out.
    note: VerdictName,
}

/// A rule that held for a subject on a day.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AlertView {
    /// Its name.
    id: String,
    /// Which rule; `docs/alerts.md` says of each what to do.
    kind: &'static str,
    /// The id of a person or key, or a keyed hash of a network.
    subject: String,
    /// The weak signals that made it; none for a hard rule.
    signals: Vec<String>,
    /// When the rule first held.
    first_at: String,
    /// When it last held.
    last_at: String,
    /// How often it held.
    times: i64,
    /// `open` or `closed`.
    state: &'static str,
    /// Who closed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_by: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<String>,
    /// What they found out.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<VerdictName>,
}

/// Alerts, the latest first, at most 200.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AlertList {
    /// The alerts.
    alerts: Vec<AlertView>,
}

impl From<VerdictName> for Verdict {
    fn from(name: VerdictName) -> Self {
        match name {
            VerdictName::Expected => Self::Expected,
            VerdictName::Handled => Self::Handled,
            VerdictName::FalseAlarm => Self::FalseAlarm,
        }
    }
}

impl From<Verdict> for VerdictName {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Expected => Self::Expected,
            Verdict::Handled => Self::Handled,
            Verdict::FalseAlarm => Self::FalseAlarm,
        }
    }
}

impl From<Alert> for AlertView {
    fn from(alert: Alert) -> Self {
        let closed = match alert.state {
            AlertState::Open => None,
            AlertState::Closed { by, at, verdict } => Some((by, at, verdict)),
        };
        Self {
            id: alert.id.to_string(),
            kind: alert.kind.as_code(),
            signals: alert
                .signals
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            first_at: time_text(alert.first_at),
            last_at: time_text(alert.last_at),
            times: alert.times,
            state: if closed.is_some() { "closed" } else { "open" },
            closed_by: closed.map(|(by, ..)| by.to_string()),
            closed_at: closed.map(|(_, at, _)| time_text(at)),
            note: closed.map(|(.., verdict)| verdict.into()),
            subject: alert.subject,
        }
    }
}

/// What is alarming, the latest first: for owners and auditors.
#[utoipa::path(
    get,
    path = "/v1/alerts",
    tag = "alerts",
    security(("session" = [])),
    params(AlertQuery),
    responses((status = 200, description = "The latest first", body = AlertList)),
)]
async fn list(
    State(service): State<Arc<Service>>,
    staff: Staff,
    Query(query): Query<AlertQuery>,
) -> Result<Json<AlertList>, ApiError> {
    let alerts = alerts_seen(&service, &staff, !query.closed).await?;
    Ok(Json(AlertList {
        alerts: alerts.into_iter().map(AlertView::from).collect(),
    }))
}

/// Close an alert with what was found out: for owners. If its rule holds again on the same day, it is open again.
#[utoipa::path(
    post,
    path = "/v1/alerts/{id}/close",
    tag = "alerts",
    security(("session" = [])),
    params(("id" = String, Path, description = "The alert's name in the list")),
    request_body = CloseBody,
    responses((status = 200, description = "The alert as it is now", body = AlertView)),
)]
async fn close(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    staff: Staff,
    Json(body): Json<CloseBody>,
) -> Result<Json<AlertView>, ApiError> {
    let closed = close_alert(&service, &staff, &id, body.note.into()).await?;
    Ok(Json(closed.into()))
}

/// The alerts, the latest first: those that are open, or all, for who may see them.
pub(crate) async fn alerts_seen(
    service: &Service,
    staff: &Staff,
    only_open: bool,
) -> Result<Vec<Alert>, ApiError> {
    staff.require(Right::ReadAlerts, &ResourcePattern::Every)?;
    let alerts = service.alerts.list(only_open, MOST).await;
    alerts.map_err(of_alert)
}

/// Closes one with what was found out.
pub(crate) async fn close_alert(
    service: &Service,
    staff: &Staff,
    id: &str,
    verdict: Verdict,
) -> Result<Alert, ApiError> {
    staff.require(Right::CloseAlerts, &ResourcePattern::Every)?;
    let id = id.parse().map_err(of_alert)?;
    let by = staff.standing().person();
    let closed = service.alerts.close(by, id, verdict, service.now()).await;
    closed.map_err(of_alert)
}

pub(super) fn of_alert(error: AlertError) -> ApiError {
    let (status, remedy) = match error {
        AlertError::Person(error) => return of_person(error),
        AlertError::Database(ref database) if database.is_passing() => {
            return ApiError::caused(ProblemCode::NoRoom, &error);
        }
        AlertError::Database(_) => return ApiError::internal(&error),
        AlertError::Missing => (StatusCode::NOT_FOUND, READ_AGAIN),
        AlertError::Closed => (StatusCode::CONFLICT, READ_AGAIN),
    };
    ApiError::domain(&error, error.code(), (status, remedy))
}

const READ_AGAIN: &str = "Read the list at `GET /v1/alerts?closed=true` again.";

/// The codes of this file, for their pages.
pub(super) fn codes() -> impl Iterator<Item = CodeText> {
    let all = [AlertError::Missing, AlertError::Closed];
    all.into_iter()
        .map(|error| CodeText::of(&error, error.code(), READ_AGAIN))
}
