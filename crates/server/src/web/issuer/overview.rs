//! Everything that somebody of the issuer works on: drafts and offerings, each with where it stands.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;
use softcap_identity::{ResourcePattern, Right, Verb};
use softcap_offering::terms::Terms;

use super::super::{
    offering_card::{OfferingCard, Shelf},
    page::page,
    times::When,
    visit::Visit,
};
use crate::{
    api::{Caller, Service, Staff, draft_of, readable_drafts},
    extract::Query,
    problem::{ApiError, ProblemCode},
};

#[derive(Debug, Deserialize)]
pub(super) struct DoneQuery {
    #[serde(default)]
    done: String,
}

struct DraftRow {
    name: String,
    title: String,
    changed: When,
    /// Whether it could be announced as it stands.
    is_right: bool,
}

#[derive(Template)]
#[template(path = "issuer/overview.html")]
struct OverviewPage {
    visit: Visit,
    drafts: Vec<DraftRow>,
    offerings: Vec<OfferingCard>,
    may_write: bool,
    reads_roles: bool,
    reads_keys: bool,
    reads_webhooks: bool,
    done: Option<String>,
}

pub(super) async fn overview(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Query(query): Query<DoneQuery>,
) -> Result<Response, ApiError> {
    let reads_roles = staff
        .require(Right::ReadRoles, &ResourcePattern::Every)
        .is_ok();
    let caller = Caller::Person(Box::new(staff));
    if !caller.may_somewhere(Verb::OfferingsRead) {
        caller.require_on_all(Verb::OfferingsRead)?;
    }
    let logs = service.journal().offerings();
    let mine = logs.iter().filter(|log| {
        caller
            .require(Verb::OfferingsRead, log.row.name.as_str())
            .is_ok()
    });
    let mut offerings: Vec<OfferingCard> = mine
        .map(|log| OfferingCard::new(visit.language, log))
        .collect();
    let place = |shelf: Shelf| Shelf::ALL.into_iter().position(|other| other == shelf);
    offerings.sort_by_key(|card| place(card.shelf));
    page(&OverviewPage {
        drafts: draft_rows(&service, &caller, &visit).await?,
        reads_roles,
        reads_keys: caller.may_somewhere(Verb::KeysRead),
        reads_webhooks: caller.may_somewhere(Verb::WebhooksRead),
        may_write: caller.may_somewhere(Verb::OfferingsWrite),
        done: (query.done == "removed").then(|| visit.say("draft-removed")),
        offerings,
        visit,
    })
}

async fn draft_rows(
    service: &Service,
    caller: &Caller,
    visit: &Visit,
) -> Result<Vec<DraftRow>, ApiError> {
    let mut rows = Vec::new();
    for known in readable_drafts(service, caller).await? {
        let draft = match draft_of(service, caller, Verb::OfferingsRead, &known.name).await {
            Ok(draft) => draft,
            // Announced or deleted since the list was read.
            Err(ApiError::Own {
                code: ProblemCode::NotFound,
                ..
            }) => continue,
            Err(error) => return Err(error),
        };
        let terms = Terms::parse(&draft.terms).ok();
        rows.push(DraftRow {
            title: terms
                .as_ref()
                .map_or_else(String::new, |terms| terms.name.clone()),
            is_right: terms.is_some(),
            changed: When::new(visit.language, u64::try_from(known.changed_ms).unwrap_or(0)),
            name: known.name,
        });
    }
    Ok(rows)
}
