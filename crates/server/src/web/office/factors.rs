//! Setting aside the second factors of somebody who lost all of them: proposed, approved by a second person, waited for, and
//! stopped.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use softcap_identity::{ProposalState, ProposedAct, ResetReason, ResourcePattern, Right};

use super::super::{
    form::{Errors, Form},
    issuer::{DecideForm, Permit},
    page::{page, page_with, see_other},
    times::When,
    visit::{Visit, with_next},
};
use crate::{
    api::{
        Service, Staff, decide_act, of_role, propose_act, resets_seen, seen_proposals,
        stop_reset_of,
    },
    extract::{Path, Query},
    problem::ApiError,
};

const PLACE: &str = "/office/factors";

#[derive(Debug, Deserialize)]
pub(super) struct DoneQuery {
    #[serde(default)]
    done: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct ResetForm {
    #[serde(default)]
    person: String,
    #[serde(default)]
    reason: String,
}

/// What waits for a second person.
struct ProposalRow {
    id: String,
    person: String,
    reason: String,
    by: String,
    expires: When,
    is_own: bool,
    /// Nobody decides about themself.
    is_about_self: bool,
}

/// What was approved, and waits for its time.
struct ResetRow {
    person: String,
    begun: When,
    due: When,
}

#[derive(Template)]
#[template(path = "office/factors.html")]
struct FactorsPage {
    visit: Visit,
    errors: Errors,
    done: Option<String>,
    waiting: Vec<ProposalRow>,
    resets: Vec<ResetRow>,
    /// Code and words of each reason.
    reasons: Vec<(&'static str, String)>,
    may: Permit,
    fresh_place: String,
    typed: ResetForm,
}

fn reason_words(visit: &Visit, reason: ResetReason) -> String {
    match reason {
        ResetReason::SeenInPerson => visit.say("reset-seen-in-person"),
        ResetReason::SeenOnVideo => visit.say("reset-seen-on-video"),
        ResetReason::DocumentShownAgain => visit.say("reset-document-shown-again"),
        ResetReason::KnownToStaff => visit.say("reset-known-to-staff"),
    }
}

async fn factors_page(
    service: &Service,
    visit: Visit,
    staff: &Staff,
) -> Result<FactorsPage, ApiError> {
    let language = visit.language;
    let own = staff.standing().person();
    let resets = resets_seen(service, staff).await?;
    let mut waiting = Vec::new();
    for proposal in seen_proposals(service, staff).await? {
        let ProposedAct::ResetFactors { person, reason } = proposal.act else {
            continue;
        };
        if proposal.state == ProposalState::Open {
            waiting.push(ProposalRow {
                id: proposal.id.to_string(),
                person: person.to_string(),
                reason: reason_words(&visit, reason),
                by: proposal.proposed_by.to_string(),
                expires: When::of(language, proposal.expires_at),
                is_own: proposal.proposed_by == own,
                is_about_self: person == own,
            });
        }
    }
    let reasons = ResetReason::ALL.into_iter();
    Ok(FactorsPage {
        errors: Errors::default(),
        done: None,
        waiting,
        resets: resets
            .into_iter()
            .map(|reset| ResetRow {
                person: reset.person.to_string(),
                begun: When::of(language, reset.begun_at),
                due: When::of(language, reset.due_at),
            })
            .collect(),
        reasons: reasons
            .map(|reason| (reason.as_code(), reason_words(&visit, reason)))
            .collect(),
        may: Permit::of(&staff.require(Right::ResetFactors, &ResourcePattern::Every)),
        fresh_place: with_next("/account/fresh", PLACE),
        typed: ResetForm::default(),
        visit,
    })
}

pub(super) async fn show(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Query(query): Query<DoneQuery>,
) -> Result<Response, ApiError> {
    let mut shown = factors_page(&service, visit, &staff).await?;
    shown.done = match query.done.as_str() {
        "proposed" => Some(shown.visit.say("reset-proposed")),
        "approve" => Some(shown.visit.say("reset-approved")),
        "decline" => Some(shown.visit.say("release-declined")),
        "stopped" => Some(shown.visit.say("reset-stopped")),
        _ => None,
    };
    page(&shown)
}

pub(super) async fn propose(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Form(form): Form<ResetForm>,
) -> Result<Response, ApiError> {
    staff.require(Right::ResetFactors, &ResourcePattern::Every)?;
    let mut errors = Errors::default();
    let person = form.person.trim().to_ascii_lowercase().parse();
    if person.is_err() {
        errors.add("person", visit.say("team-person-wrong"));
    }
    let reason = ResetReason::from_code(&form.reason);
    if reason.is_none() {
        errors.add("reason", visit.say("desk-choose-reason"));
    }
    if let (Ok(person), Some(reason)) = (person, reason) {
        let act = ProposedAct::ResetFactors { person, reason };
        let proposed = format!("{PLACE}?done=proposed");
        match propose_act(&service, &staff, act).await {
            Ok(_) => return see_other(&proposed),
            // Proposed twice is proposed.
            Err(ApiError::Domain { code, .. }) if code == "A709" => return see_other(&proposed),
            Err(ApiError::Domain { code, .. }) if code == "A702" => {
                errors.add("person", visit.say("investors-unknown"));
            }
            Err(ApiError::Domain { code, .. }) if code == "A708" => {
                errors.add("person", visit.say("reset-nothing"));
            }
            Err(ApiError::Domain { code, .. }) if code == "A710" => {
                errors.add("person", visit.say("reset-own"));
            }
            Err(error) => return Err(error),
        }
    }
    let mut shown = factors_page(&service, visit, &staff).await?;
    shown.errors = errors;
    shown.typed = form;
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown)
}

pub(super) async fn decide(
    State(service): State<Arc<Service>>,
    staff: Staff,
    Form(form): Form<DecideForm>,
) -> Result<Response, ApiError> {
    let id = form.proposal.parse().map_err(of_role)?;
    decide_act(&service, &staff, id, form.read()).await?;
    let word = if form.decision == "approve" {
        "approve"
    } else {
        "decline"
    };
    see_other(&format!("{PLACE}?done={word}"))
}

pub(super) async fn stop(
    State(service): State<Arc<Service>>,
    staff: Staff,
    Path(person): Path<String>,
) -> Result<Response, ApiError> {
    match stop_reset_of(&service, &staff, &person).await {
        Ok(()) => see_other(&format!("{PLACE}?done=stopped")),
        // Stopped twice is stopped.
        Err(ApiError::Domain { code, .. }) if code == "A532" => {
            see_other(&format!("{PLACE}?done=stopped"))
        }
        Err(error) => Err(error),
    }
}
