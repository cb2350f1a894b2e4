//! Everything that may be read, with the files to take along.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use softcap_identity::{ResourcePattern, Right, Verb};

use super::super::{page::page, visit::Visit};
use crate::{
    api::{Service, Staff, alerts_seen},
    problem::ApiError,
};

/// Something that can be read.
struct Part {
    title: String,
    text: String,
    /// The page about it.
    page: &'static str,
    /// Files of it: what a link says, and where it leads.
    files: Vec<(&'static str, String)>,
}

/// An offering and what can be taken along of it.
struct OfferingRow {
    name: String,
    title: String,
    is_settled: bool,
}

#[derive(Template)]
#[template(path = "office/overview.html")]
struct OverviewPage {
    visit: Visit,
    open_alerts: Option<u64>,
    parts: Vec<Part>,
    offerings: Vec<OfferingRow>,
}

pub(super) async fn overview(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
) -> Result<Response, ApiError> {
    let has = |right| staff.standing().has(right, &ResourcePattern::Every);
    let sees_alerts = has(Right::ReadAlerts);
    if !sees_alerts {
        // Whoever sees none of the parts below is told so, and why.
        staff.require(Right::Verb(Verb::AuditRead), &ResourcePattern::Every)?;
    }
    let open = if sees_alerts {
        Some(alerts_seen(&service, &staff, true).await?.len())
    } else {
        None
    };
    let logs = service.journal().offerings();
    let offerings = logs.iter().map(|log| OfferingRow {
        name: log.row.name.to_string(),
        title: log.terms.name.clone(),
        is_settled: log
            .sequencer
            .read()
            .machine()
            .offering()
            .settlement()
            .is_some(),
    });
    page(&OverviewPage {
        open_alerts: open.map(|open| u64::try_from(open).unwrap_or(u64::MAX)),
        parts: parts(&visit),
        offerings: offerings.collect(),
        visit,
    })
}

fn parts(visit: &Visit) -> Vec<Part> {
    let json = |path: &str| vec![("JSON", path.to_owned())];
    vec![
        Part {
            title: visit.say("office-audit"),
            text: visit.say("office-audit-text"),
            page: "/office/audit",
            files: vec![
                ("CSV", "/v1/audit?format=csv".to_owned()),
                ("JSON lines", "/v1/audit?format=jsonl".to_owned()),
                ("checkpoint", "/v1/audit/checkpoint".to_owned()),
            ],
        },
        Part {
            title: visit.say("office-alerts"),
            text: visit.say("office-alerts-text"),
            page: "/office/alerts",
            files: json("/v1/alerts?closed=true"),
        },
        Part {
            title: visit.say("office-health"),
            text: visit.say("office-health-text"),
            page: "/office/health",
            files: Vec::new(),
        },
        Part {
            title: visit.say("office-keys"),
            text: visit.say("office-keys-text"),
            page: "/developer/keys",
            files: json("/v1/keys?limit=1000"),
        },
        Part {
            title: visit.say("office-applications"),
            text: visit.say("office-applications-text"),
            page: "/developer/applications",
            files: json("/v1/oauth/clients"),
        },
        Part {
            title: visit.say("office-webhooks"),
            text: visit.say("office-webhooks-text"),
            page: "/developer/webhooks",
            files: json("/v1/alert-webhooks"),
        },
        Part {
            title: visit.say("office-roles"),
            text: visit.say("office-roles-text"),
            page: "/issuer/team",
            files: vec![
                ("JSON", "/v1/roles".to_owned()),
                ("proposals", "/v1/proposals".to_owned()),
            ],
        },
        Part {
            title: visit.say("office-verifications"),
            text: visit.say("office-verifications-text"),
            page: "/office/verifications",
            files: json("/v1/verifications"),
        },
    ]
}
