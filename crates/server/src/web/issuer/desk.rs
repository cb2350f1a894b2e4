//! The desk of an offering: how far it is, how fast money comes, what is refused and why, and what the issuer can do.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;
use softcap_identity::Verb;
use softcap_journal::OfferingLog;
use softcap_offering::{
    Offering, Phase, Refusal,
    terms::{EarlyClose, PauseTerms},
};

use super::{
    super::{
        amounts,
        entry_words::rule_words,
        form::{Errors, once},
        language::{Language, Value},
        offering::{RoundView, rounds},
        offering_card::{Shelf, phase_words, tone},
        page::page,
        raise::Raise,
        times::span,
        visit::{Visit, with_next},
    },
    Member,
    desk_acts::{DeedForm, reasons},
    permit::Permit,
    pulse::Pulse,
};
use crate::{
    api::{Caller, Service},
    extract::{Path, Query},
    problem::ApiError,
};

/// What was done just now, or which rule refused it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct DeskQuery {
    #[serde(default)]
    pub(super) done: String,
    #[serde(default)]
    pub(super) refused: Option<u16>,
}

impl DeskQuery {
    /// What became of what was asked for, in words.
    pub(super) fn refused_words(&self, language: Language) -> Option<String> {
        let refusal = Refusal::from_code(self.refused?)?;
        Some(rule_words(language, refusal))
    }
}

/// Links of all pages about one offering.
pub(super) struct Place {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) phase: String,
    pub(super) tone: &'static str,
}

impl Place {
    pub(super) fn new(language: Language, log: &OfferingLog) -> Self {
        let phase = log.sequencer.read().machine().offering().phase();
        Self {
            name: log.row.name.to_string(),
            title: log.terms.name.clone(),
            phase: phase_words(language, phase),
            tone: tone(phase),
        }
    }
}

#[derive(Template)]
#[template(path = "issuer/desk.html")]
pub(super) struct DeskPage {
    visit: Visit,
    errors: Errors,
    /// What was typed into a form that is shown again.
    typed: DeedForm,
    reasons: Vec<(&'static str, String)>,
    place: Place,
    done: Option<String>,
    refused: Option<String>,
    raise: Raise,
    entries: String,
    contributions: String,
    investors: String,
    pulse: Pulse,
    rounds: Vec<RoundView>,
    is_over: bool,
    /// What somebody should look at.
    strange: Vec<String>,
    may_act: Permit,
    fresh_place: String,
    /// A contract holds the money and decides.
    is_on_chain: bool,
    is_paused: bool,
    can_pause: bool,
    pause_words: String,
    /// Names of rounds that can be closed early now.
    closable: Vec<String>,
    can_cancel: bool,
    once: String,
}

pub(super) async fn desk(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Member(caller): Member,
    Query(query): Query<DeskQuery>,
) -> Result<Response, ApiError> {
    page(&desk_view(&service, visit, &name, (&caller, &query)).await?)
}

/// The desk once more, with what was typed and what is wrong with it.
pub(super) async fn desk_again(
    service: &Service,
    visit: Visit,
    name: &str,
    (caller, typed): (&Caller, &DeedForm),
    errors: Errors,
) -> Result<DeskPage, ApiError> {
    let mut answer = desk_view(service, visit, name, (caller, &DeskQuery::default())).await?;
    answer.errors = errors;
    answer.typed = typed.clone();
    Ok(answer)
}

async fn desk_view(
    service: &Service,
    visit: Visit,
    name: &str,
    asked: (&Caller, &DeskQuery),
) -> Result<DeskPage, ApiError> {
    let log = service.offering(name)?;
    asked.0.require(Verb::OfferingsRead, name)?;
    let now = u64::try_from(service.now().get()).unwrap_or(0);
    let figures = service.desk_pulses().figures(&log, now).await?;
    let pulse = Pulse::new(visit.language, &figures);
    let alarms = alarms(visit.language, service, &log);
    desk_page(visit, &log, asked, (pulse, alarms))
}

fn desk_page(
    visit: Visit,
    log: &OfferingLog,
    (caller, query): (&Caller, &DeskQuery),
    (pulse, alarms): (Pulse, Vec<String>),
) -> Result<DeskPage, ApiError> {
    let language = visit.language;
    let place = Place::new(language, log);
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let phase = offering.phase();
    let count =
        |number: usize| amounts::count(language, u128::try_from(number).unwrap_or(u128::MAX));
    let done = match query.done.as_str() {
        "announced" => Some(visit.say("desk-announced")),
        "pause" => Some(visit.say("desk-paused")),
        "resume" => Some(visit.say("desk-resumed")),
        "close" => Some(visit.say("desk-closed")),
        "cancel" => Some(visit.say("desk-cancelled")),
        "document" => Some(visit.say("desk-document-published")),
        _ => None,
    };
    let is_running = Shelf::of(phase) != Shelf::Ended || phase == Phase::Closed;
    let bounds = log.terms.pause;
    Ok(DeskPage {
        errors: Errors::default(),
        typed: DeedForm::default(),
        reasons: reasons(&visit),
        done,
        refused: query.refused_words(language),
        raise: Raise::new(language, offering),
        entries: amounts::count(language, u128::from(state.size())),
        contributions: count(offering.contribution_count()),
        investors: count(offering.investor_count()),
        strange: alarms.iter().chain(&pulse.strange).cloned().collect(),
        pulse,
        rounds: rounds(language, offering),
        is_over: Shelf::of(phase) == Shelf::Ended,
        may_act: Permit::of(&caller.require(Verb::OperationsWrite, &place.name)),
        fresh_place: with_next("/account/fresh", &visit.place),
        is_on_chain: offering.escrow().is_some(),
        is_paused: phase == Phase::Paused,
        can_pause: matches!(
            phase,
            Phase::Open(_) | Phase::BetweenRounds | Phase::Announced
        ) && bounds.is_some_and(|bounds| offering.pause_count() < bounds.count),
        pause_words: pause_words(language, bounds, offering.pause_count()),
        closable: closable(offering),
        can_cancel: is_running,
        once: once()?,
        place,
        visit,
    })
}

/// Why nothing comes in, as far as the server or the rail stopped it.
pub(super) fn alarms(language: Language, service: &Service, log: &OfferingLog) -> Vec<String> {
    let stopped = log.sequencer.stopped().map(|reason| reason.to_string());
    let rail = service.rails().status(&log.row.name).unwrap_or_default();
    // What stopped the rail stopped contributions as well, and is said once.
    let alarm = rail.alarm.filter(|alarm| stopped.as_ref() != Some(alarm));
    let told = [
        ("strange-stopped", stopped),
        ("strange-rail", alarm),
        ("strange-chain", rail.problem),
    ];
    let told = told.into_iter();
    told.filter_map(|(key, what)| {
        let what = what?;
        Some(language.tell(key, &[("what", Value::Text(&what))]))
    })
    .collect()
}

/// How long and how often the sale can still be stopped.
fn pause_words(language: Language, bounds: Option<PauseTerms>, used: u32) -> String {
    let Some(bounds) = bounds else {
        return language.say("terms-no-pause");
    };
    let longest = span(language, bounds.longest);
    let values = [
        ("longest", Value::Text(&longest)),
        ("used", Value::Count(u64::from(used))),
        ("count", Value::Count(u64::from(bounds.count))),
    ];
    language.tell("desk-pause-bounds", &values)
}

/// The open round, where the terms allow to close it early.
fn closable(offering: &Offering) -> Vec<String> {
    let terms = offering.terms();
    let Phase::Open(round) = offering.phase() else {
        return Vec::new();
    };
    match terms.early_close {
        EarlyClose::Never => Vec::new(),
        // Whether the soft cap is reached is the engine's to say.
        EarlyClose::Allowed | EarlyClose::AfterSoftCap => terms
            .rounds
            .get(round.index())
            .map(|known| known.name.clone())
            .into_iter()
            .collect(),
    }
}
