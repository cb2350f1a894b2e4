//! What is alarming, the latest first.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;
use softcap_identity::{Alert, AlertKind, AlertState, Verdict};

use super::super::{page::page, times::When, visit::Visit};
use crate::{
    api::{Service, Staff, alerts_seen},
    extract::Query,
    problem::ApiError,
};

/// An alert.
pub(super) struct AlertRow {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) subject: String,
    pub(super) signals: String,
    pub(super) first: When,
    pub(super) last: When,
    pub(super) times: i64,
    /// When somebody closed it, and with what.
    pub(super) closed: Option<(When, String)>,
}

#[derive(Template)]
#[template(path = "office/alerts.html")]
struct AlertsPage {
    visit: Visit,
    rows: Vec<AlertRow>,
    with_closed: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct AlertsQuery {
    #[serde(default)]
    show: String,
}

impl AlertRow {
    pub(super) fn new(visit: &Visit, alert: Alert) -> Self {
        let language = visit.language;
        let closed = match alert.state {
            AlertState::Open => None,
            AlertState::Closed { at, verdict, .. } => {
                Some((When::of(language, at), verdict_words(visit, verdict)))
            }
        };
        Self {
            id: alert.id.to_string(),
            title: title(visit, alert.kind),
            first: When::of(language, alert.first_at),
            last: When::of(language, alert.last_at),
            times: alert.times,
            signals: alert.signals,
            subject: alert.subject,
            closed,
        }
    }
}

fn title(visit: &Visit, kind: AlertKind) -> String {
    match kind {
        AlertKind::PersonFrozen => visit.say("alert-person-frozen"),
        AlertKind::LoginsFailed => visit.say("alert-logins-failed"),
        AlertKind::Spraying => visit.say("alert-spraying"),
        AlertKind::CanaryUsed => visit.say("alert-canary-used"),
        AlertKind::RightsWidened => visit.say("alert-rights-widened"),
        AlertKind::OwnersChanged => visit.say("alert-owners-changed"),
        AlertKind::AddressChanging => visit.say("alert-address-changing"),
        AlertKind::FactorsResetting => visit.say("alert-factors-resetting"),
        AlertKind::UnusualLogin => visit.say("alert-unusual-login"),
        AlertKind::SessionMoved => visit.say("alert-session-moved"),
        AlertKind::UnusualKeyUse => visit.say("alert-unusual-key-use"),
        AlertKind::UnusualMoney => visit.say("alert-unusual-money"),
        AlertKind::Takeover => visit.say("alert-takeover"),
        AlertKind::SiteFailures => visit.say("alert-site-failures"),
        AlertKind::LogGap => visit.say("alert-log-gap"),
    }
}

fn verdict_words(visit: &Visit, verdict: Verdict) -> String {
    match verdict {
        Verdict::Expected => visit.say("verdict-expected"),
        Verdict::Handled => visit.say("verdict-handled"),
        Verdict::FalseAlarm => visit.say("verdict-false"),
    }
}

pub(super) async fn alerts(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Query(query): Query<AlertsQuery>,
) -> Result<Response, ApiError> {
    let with_closed = query.show == "all";
    let alerts = alerts_seen(&service, &staff, !with_closed).await?;
    let rows = alerts.into_iter().map(|alert| AlertRow::new(&visit, alert));
    page(&AlertsPage {
        rows: rows.collect(),
        with_closed,
        visit,
    })
}
