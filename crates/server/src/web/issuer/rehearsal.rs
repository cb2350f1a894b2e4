//! The rehearsal of a draft: the whole sale with people who do not exist, before anything is announced.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use softcap_identity::Verb;
use softcap_offering::{Verdict, terms::Terms};
use softcap_proof::hex;

use super::{
    super::{
        amounts,
        language::{Language, Value},
        offering_card::cap_value,
        page::{page, see_other},
        times::When,
        visit::{Visit, Visitor},
    },
    Member,
    findings::Checked,
};
use crate::{
    api::{
        Ending, Fault, Rehearsed, Service, draft_of, full_sale, keep_rehearsal, rehearsal_of,
        rehearse,
    },
    drafts::KeptRehearsal,
    extract::Path,
    problem::ApiError,
};

/// A sale that was rehearsed, in words.
struct SaleView {
    title: String,
    ending: String,
    tone: &'static str,
    facts: Vec<(String, String)>,
    faults: Vec<String>,
}

/// What is known of a rehearsal of these terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// These terms cannot be played: bids, or rates that nobody knows.
    Impossible,
    /// Nobody rehearsed them.
    Nothing,
    /// It passed.
    Passed,
    /// Something went wrong.
    Failed,
}

impl Known {
    /// Whether it is announced only by who says that it is meant so.
    pub(super) fn is_to_be_confirmed(self) -> bool {
        matches!(self, Self::Nothing | Self::Failed)
    }
}

#[derive(Template)]
#[template(path = "issuer/rehearsal.html")]
struct RehearsalPage {
    visit: Visit,
    name: String,
    title: String,
    known: Known,
    done: Option<When>,
    sales: Vec<SaleView>,
    may_write: bool,
}

/// What is known of the terms of a draft.
pub(super) async fn known(
    service: &Service,
    name: &str,
    terms: &Terms,
) -> Result<(Known, Option<KeptRehearsal>), ApiError> {
    if full_sale(terms).is_none() {
        return Ok((Known::Impossible, None));
    }
    let kept = rehearsal_of(service, name).await?;
    let kept = kept.filter(|kept| kept.terms_hash == hex(&terms.hash().0));
    let known = match &kept {
        None => Known::Nothing,
        Some(kept) if kept.passed => Known::Passed,
        Some(_) => Known::Failed,
    };
    Ok((known, kept))
}

async fn played(terms: &Arc<Terms>) -> Result<Vec<Rehearsed>, ApiError> {
    let Some(whole) = full_sale(terms) else {
        return Ok(Vec::new());
    };
    let terms = Arc::clone(terms);
    let played =
        tokio::task::spawn_blocking(move || rehearse(&terms, whole, cap_value(terms.soft_cap)));
    played.await.map_err(|error| ApiError::internal(&error))
}

pub(super) async fn rehearsal(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Member(caller): Member,
) -> Result<Response, ApiError> {
    let draft = draft_of(&service, &caller, Verb::OfferingsRead, &name).await?;
    let Some(terms) = Checked::new(visit.language, &draft.terms).terms else {
        return see_other(&format!("/issuer/drafts/{name}"));
    };
    let (known, kept) = known(&service, &name, &terms).await?;
    let terms = Arc::new(terms);
    // It follows from the terms alone, so that what is shown is what was done.
    let sales = if kept.is_some() {
        played(&terms).await?
    } else {
        Vec::new()
    };
    let language = visit.language;
    page(&RehearsalPage {
        title: terms.name.clone(),
        known,
        done: kept.map(|kept| When::new(language, u64::try_from(kept.done_ms).unwrap_or(0))),
        sales: sales
            .iter()
            .enumerate()
            .map(|(place, sale)| view(language, &terms, (place, sale)))
            .collect(),
        may_write: caller.require(Verb::OfferingsWrite, &name).is_ok(),
        name,
        visit,
    })
}

pub(super) async fn rehearse_now(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Member(caller): Member,
) -> Result<Response, ApiError> {
    let draft = draft_of(&service, &caller, Verb::OfferingsWrite, &name).await?;
    let place = format!("/issuer/drafts/{name}/rehearsal");
    let Some(terms) = Checked::new(visit.language, &draft.terms).terms else {
        return see_other(&format!("/issuer/drafts/{name}"));
    };
    let terms = Arc::new(terms);
    let sales = played(&terms).await?;
    if sales.is_empty() {
        return see_other(&place);
    }
    let Visitor::Person { session, .. } = &visit.visitor else {
        return see_other(&place);
    };
    let done = KeptRehearsal {
        name,
        terms_hash: hex(&terms.hash().0),
        passed: sales.iter().all(|sale| sale.faults.is_empty()),
        asked_by: session.person.to_string(),
        done_ms: service.now().get(),
    };
    keep_rehearsal(&service, &done).await?;
    see_other(&place)
}

fn view(language: Language, terms: &Terms, (place, sale): (usize, &Rehearsed)) -> SaleView {
    let count =
        |number: usize| amounts::count(language, u128::try_from(number).unwrap_or(u128::MAX));
    let value = |units: u128| amounts::value(language, terms, units).text;
    let (ending, tone) = match sale.ending {
        Ending::Settled(Verdict::Succeeded) => (language.say("verdict-succeeded"), "good"),
        Ending::Settled(Verdict::Failed) => (language.say("verdict-failed"), "info"),
        Ending::Settled(Verdict::Cancelled) => (language.say("verdict-cancelled"), "info"),
        Ending::Settled(Verdict::Expired) => (language.say("verdict-expired"), "info"),
        Ending::NotYetKnown => (language.say("trial-unknown"), "stop"),
    };
    let facts = vec![
        (language.say("trial-comes"), value(sale.demand.0)),
        (language.say("rehearsal-people"), count(sale.people)),
        (
            language.say("desk-contributions"),
            count(sale.contributions),
        ),
        (language.say("trial-cut"), count(sale.cut)),
        (language.say("rehearsal-withdrawn"), count(sale.withdrawn)),
        (language.say("raise-raised"), value(sale.raised.0)),
        (
            language.say("trial-sold"),
            amounts::tokens(language, terms, sale.sold.0).text,
        ),
        (language.say("rehearsal-entries"), count(sale.entries)),
    ];
    SaleView {
        title: if place == 0 {
            language.say("rehearsal-crowd")
        } else {
            language.say("rehearsal-thin")
        },
        ending,
        tone,
        facts,
        faults: sale
            .faults
            .iter()
            .map(|fault| words(language, fault))
            .collect(),
    }
}

fn words(language: Language, fault: &Fault) -> String {
    match fault {
        Fault::Invariant(what) => {
            language.tell("rehearsal-invariant", &[("what", Value::Text(what))])
        }
        Fault::NotSettled => language.say("rehearsal-not-settled"),
        Fault::OtherEnding => language.say("rehearsal-other-ending"),
        Fault::MoneyMissing => language.say("rehearsal-money-missing"),
        Fault::Unfinished(phase) => {
            let phase = language.say(&format!("phase-{phase}"));
            language.tell("rehearsal-unfinished", &[("phase", Value::Text(&phase))])
        }
        Fault::OtherReplay => language.say("rehearsal-other-replay"),
    }
}
