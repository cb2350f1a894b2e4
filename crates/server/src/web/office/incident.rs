//! An alert: what to do about it, and doing it.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use softcap_identity::{ResourcePattern, Right, Verdict};

use super::{
    super::{
        fields::Fields,
        form::Form,
        language::Value,
        page::{page, see_other},
        visit::Visit,
    },
    alerts::AlertRow,
    audit::Row,
};
use crate::{
    api::{Service, Staff, Step, Trail, close_alert, incident, stop_key, stop_person, trail_of},
    extract::{Path, Query},
    problem::ApiError,
};

/// Rows of the trail on the page, the newest; the file has all.
const ROWS: usize = 50;

/// Something to do.
struct StepRow {
    words: String,
    /// The end of the address that does it, and what its button says.
    act: Option<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "office/incident.html")]
struct IncidentPage {
    visit: Visit,
    alert: AlertRow,
    steps: Vec<StepRow>,
    by: Vec<Row>,
    to: Vec<Row>,
    may_act: bool,
    done: Option<String>,
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct DoneQuery {
    #[serde(default)]
    done: String,
    #[serde(default)]
    keys: u64,
    #[serde(default)]
    sessions: u64,
}

fn step_row(visit: &Visit, step: Step) -> StepRow {
    let (words, act) = match step {
        Step::Freeze => (
            visit.say("incident-freeze"),
            Some(("freeze", visit.say("incident-freeze-go"))),
        ),
        Step::Roles => (visit.say("incident-roles"), None),
        Step::Revoke => (
            visit.say("incident-revoke"),
            Some(("revoke", visit.say("incident-revoke-go"))),
        ),
        Step::Source => (visit.say("incident-source"), None),
        Step::Trail => (visit.say("incident-trail"), None),
        Step::Close => (visit.say("incident-close"), None),
    };
    StepRow { words, act }
}

fn done(visit: &Visit, query: &DoneQuery) -> Option<String> {
    let counts = [
        ("keys", Value::Count(query.keys)),
        ("sessions", Value::Count(query.sessions)),
    ];
    match query.done.as_str() {
        "revoked" => Some(visit.language.tell("incident-revoked", &counts[..1])),
        "frozen" => Some(visit.language.tell("incident-frozen", &counts)),
        "closed" => Some(visit.say("incident-closed")),
        _ => None,
    }
}

pub(super) async fn incident_page(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Path(id): Path<String>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, ApiError> {
    let (alert, steps) = incident(&service, &staff, &id).await?;
    let Trail { by, to } = trail_of(&service, &staff, &id).await?;
    let newest = |rows: Vec<softcap_identity::AuditRow>| -> Vec<Row> {
        let rows = rows.into_iter().rev().take(ROWS);
        rows.map(|row| Row::new(&visit, row, None)).collect()
    };
    let (by, to) = (newest(by), newest(to));
    let may_act = staff
        .standing()
        .has(Right::CloseAlerts, &ResourcePattern::Every);
    page(&IncidentPage {
        alert: AlertRow::new(&visit, alert),
        steps: steps
            .into_iter()
            .map(|step| step_row(&visit, step))
            .collect(),
        done: done(&visit, &query),
        by,
        to,
        may_act,
        visit,
    })
}

pub(super) async fn freeze(
    State(service): State<Arc<Service>>,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let frozen = stop_person(&service, &staff, &id).await?;
    let (sessions, keys) = (frozen.sessions, frozen.keys);
    see_other(&format!(
        "/office/alerts/{id}?done=frozen&sessions={sessions}&keys={keys}"
    ))
}

pub(super) async fn revoke(
    State(service): State<Arc<Service>>,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let keys = stop_key(&service, &staff, &id).await?;
    see_other(&format!("/office/alerts/{id}?done=revoked&keys={keys}"))
}

pub(super) async fn close(
    State(service): State<Arc<Service>>,
    staff: Staff,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, ApiError> {
    let verdict = match fields.text("note") {
        "expected" => Verdict::Expected,
        "false_alarm" => Verdict::FalseAlarm,
        "handled" => Verdict::Handled,
        _ => {
            let why = "`expected`, `handled` or `false_alarm`";
            return Err(ApiError::invalid("note", why));
        }
    };
    close_alert(&service, &staff, &id, verdict).await?;
    see_other(&format!("/office/alerts/{id}?done=closed"))
}
