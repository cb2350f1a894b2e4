//! Settling: what it would give, the deed, and what has been handed over, paid back and released since.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;
use softcap_identity::Verb;
use softcap_journal::OfferingLog;
use softcap_offering::{InvestorIndex, Offering, Position, Span, Verdict};

use super::{
    super::{
        amounts,
        form::{Form, once},
        language::Language,
        offering_card::BAR_STEPS,
        page::{page, see_other},
        times::When,
        visit::{Visit, with_next},
    },
    Member,
    desk::{DeskQuery, Place},
    desk_acts::outcome_place,
    permit::Permit,
    releases::{StepRow, step_rows},
    shares::{ShareRow, share_rows},
};
use crate::{
    api::{
        Caller, IdempotencyKey, Operation, Service, Staff, operate_as, settle_as, settled_copy,
        settlement_root,
    },
    extract::{Path, Query},
    problem::ApiError,
};

/// Investors that still get tokens, on a page.
const ROWS: usize = 50;

/// How the offering ended, or would end.
struct Outcome {
    verdict: String,
    raised: String,
    sold: String,
    unsold: String,
    /// Symbol, contributed, accepted, refunded.
    currencies: Vec<(String, String, String, String)>,
}

/// Somebody to whom tokens are still to be handed over.
struct OwedRow {
    investor: String,
    whole: String,
    given: String,
    /// What is free now and not handed over yet; its plain number is sent.
    free: Option<(String, String)>,
}

/// How far a currency has gone back.
struct BackRow {
    symbol: String,
    refunded: String,
    /// What waits in accounts for whose it is.
    waits: String,
}

#[derive(Template)]
#[template(path = "issuer/settlement.html")]
struct SettlementPage {
    visit: Visit,
    place: Place,
    done: Option<String>,
    refused: Option<String>,
    outcome: Option<Outcome>,
    is_settled: bool,
    succeeded: bool,
    /// When it can be settled at the earliest, while that is ahead.
    waits_until: Option<When>,
    root: Option<String>,
    may_settle: Permit,
    may_act: Permit,
    fresh_place: String,
    handed_over: String,
    handed_share: String,
    handed_bar: u32,
    owed: Vec<OwedRow>,
    shares: Vec<ShareRow>,
    back: Vec<BackRow>,
    steps: Vec<StepRow>,
    may_propose: Permit,
    once: String,
}

pub(super) async fn settlement(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    staff: Staff,
    Query(query): Query<DeskQuery>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    let caller = Caller::Person(Box::new(staff.clone()));
    caller.require(Verb::OfferingsRead, &name)?;
    let steps = step_rows(&service, &staff, visit.language, &log).await?;
    page(&settlement_page(&service, visit, (&log, &query), (&caller, steps)).await?)
}

async fn settlement_page(
    service: &Service,
    visit: Visit,
    (log, query): (&Arc<OfferingLog>, &DeskQuery),
    (caller, (steps, may_propose)): (&Caller, (Vec<StepRow>, Permit)),
) -> Result<SettlementPage, ApiError> {
    let language = visit.language;
    let place = Place::new(language, log);
    let now = Position(u64::try_from(service.now().get()).unwrap_or(0));
    let (is_settled, due) = {
        let state = log.sequencer.read();
        let offering = state.machine().offering();
        let due = offering
            .settlement_stamps()
            .into_iter()
            .map(|stamp| stamp.position)
            .max();
        (offering.settlement().is_some(), due.unwrap_or(now))
    };
    let root = if is_settled {
        settlement_root(service, log).await?
    } else {
        None
    };
    // Before the time there is nothing to show, and what cannot be settled yet says so when it is tried.
    let preview = if is_settled || due > now {
        None
    } else {
        settled_copy(Arc::clone(log), service.now()).await.ok()
    };
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let seen = preview.as_ref().unwrap_or(offering);
    let succeeded = offering
        .settlement()
        .is_some_and(|held| held.settled.verdict == Verdict::Succeeded);
    let (sold, given) = progress(offering);
    let name = &place.name;
    Ok(SettlementPage {
        done: done_words(language, &query.done),
        refused: query.refused_words(language),
        outcome: outcome(language, seen),
        is_settled,
        succeeded,
        waits_until: (!is_settled && due > now).then(|| When::at(language, due)),
        root,
        may_settle: Permit::of(&caller.require(Verb::SettlementsWrite, name)),
        may_act: Permit::of(&caller.require(Verb::OperationsWrite, name)),
        fresh_place: with_next("/account/fresh", &visit.place),
        handed_over: amounts::tokens(language, offering.terms(), given).text,
        handed_share: amounts::percent(language, given, sold).unwrap_or_default(),
        handed_bar: amounts::length(given, sold, BAR_STEPS),
        owed: if succeeded {
            owed(language, offering, now)
        } else {
            Vec::new()
        },
        shares: if succeeded {
            share_rows(language, offering, now)
        } else {
            Vec::new()
        },
        back: back(language, offering),
        steps,
        may_propose,
        once: once()?,
        place,
        visit,
    })
}

fn done_words(language: Language, done: &str) -> Option<String> {
    Some(match done {
        "settled" => language.say("settlement-done"),
        "handed" => language.say("settlement-handed"),
        "proposed" => language.say("release-proposed"),
        "released" => language.say("release-done"),
        "declined" => language.say("release-declined"),
        _ => return None,
    })
}

fn outcome(language: Language, offering: &Offering) -> Option<Outcome> {
    let held = offering.settlement()?;
    let terms = offering.terms();
    let verdict = match held.settled.verdict {
        Verdict::Succeeded => language.say("verdict-succeeded"),
        Verdict::Failed => language.say("verdict-failed"),
        Verdict::Cancelled => language.say("verdict-cancelled"),
        Verdict::Expired => language.say("verdict-expired"),
    };
    let currencies = held.totals.iter().enumerate().map(|(place, totals)| {
        let money = |units: u128| amounts::money(language, terms, place, units).text;
        let symbol = terms
            .currencies
            .get(place)
            .map(|known| known.symbol.clone());
        (
            symbol.unwrap_or_default(),
            money(totals.contributed.0),
            money(totals.accepted.0),
            money(totals.refunded.0),
        )
    });
    Some(Outcome {
        verdict,
        raised: amounts::value(language, terms, held.settled.raised.0).text,
        sold: amounts::tokens(language, terms, held.settled.sold.0).text,
        unsold: amounts::tokens(language, terms, held.unsold.0).text,
        currencies: currencies.collect(),
    })
}

/// Tokens that were sold, and those of them that were handed over.
fn progress(offering: &Offering) -> (u128, u128) {
    let sold = offering.settlement().map_or(0, |held| held.settled.sold.0);
    (sold, offering.handed_over_in_all().0)
}

/// The first investors to whom tokens are still to be handed over, in the order of their first entries.
fn owed(language: Language, offering: &Offering, now: Position) -> Vec<OwedRow> {
    let terms = offering.terms();
    let tokens = |units: u128| amounts::tokens(language, terms, units).text;
    let since = offering.settlement().map_or(now, |held| held.at.position);
    let elapsed = Span(now.0.saturating_sub(since.0));
    let all = (0_u32..).take(offering.investor_count()).map(InvestorIndex);
    let rows = all.filter_map(|index| {
        let whole = offering.tokens_of(index);
        let given = offering.handed_over(index);
        if whole.0 <= given.0 {
            return None;
        }
        let free = terms.token.sale_vesting.free(whole, elapsed);
        let ready = free.0.saturating_sub(given.0);
        Some(OwedRow {
            investor: offering.investor(index).to_string(),
            whole: tokens(whole.0),
            given: tokens(given.0),
            free: (ready > 0).then(|| (tokens(ready), ready.to_string())),
        })
    });
    rows.take(ROWS).collect()
}

fn back(language: Language, offering: &Offering) -> Vec<BackRow> {
    let terms = offering.terms();
    let Some(held) = offering.settlement() else {
        return Vec::new();
    };
    let rows = (0_u8..).zip(&terms.currencies).zip(&held.totals);
    rows.map(|((place, known), totals)| {
        let account = offering.account_totals(softcap_offering::CurrencyIndex(place));
        let money = |units: u128| amounts::money(language, terms, usize::from(place), units).text;
        BackRow {
            symbol: known.symbol.clone(),
            refunded: money(totals.refunded.0),
            waits: money(account.available.0),
        }
    })
    .collect()
}

#[derive(Debug, Deserialize)]
pub(super) struct OnceForm {
    #[serde(default)]
    once: String,
}

pub(super) async fn settle(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    Member(caller): Member,
    Form(form): Form<OnceForm>,
) -> Result<Response, ApiError> {
    let key = IdempotencyKey::of_form(&form.once);
    let entry = settle_as(&service, &name, (&caller, &key)).await?;
    let page = format!("/issuer/offerings/{name}/settlement");
    see_other(&outcome_place(&page, "settled", &entry))
}

#[derive(Debug, Deserialize)]
pub(super) struct HandOverForm {
    #[serde(default)]
    once: String,
    #[serde(default)]
    investor: String,
    #[serde(default)]
    tokens: String,
}

pub(super) async fn hand_over(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    Member(caller): Member,
    Form(form): Form<HandOverForm>,
) -> Result<Response, ApiError> {
    // One page has many of these forms and one value, so that what makes it count once is whose it is, too.
    let key = IdempotencyKey::of_form(&format!("{} {}", form.once, form.investor));
    let operation = Operation::Distribute {
        investor: form.investor,
        tokens: form.tokens,
    };
    let entry = operate_as(&service, &name, (&caller, &key), &operation).await?;
    let page = format!("/issuer/offerings/{name}/settlement");
    see_other(&outcome_place(&page, "handed", &entry))
}
