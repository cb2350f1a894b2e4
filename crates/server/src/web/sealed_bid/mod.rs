//! Sealed bids from a balance: the money is locked, and how much of it is bid at which price is a hash that the browser makes, so
//! that nobody here learns it before the round is over. Then its owner opens it ([`opening`]).

mod opening;

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};
use serde::Deserialize;
use softcap_identity::UnixMillis;
use softcap_journal::OfferingLog;
use softcap_offering::{
    Amount, CurrencyIndex, Offering, Position, Reason, RoundIndex, Row,
    terms::{Pricing, Rail, Sealing, Terms},
};
use softcap_proof::{from_hex, hex};

use super::{
    amounts::{self, Shown},
    assets::Asset,
    contribute::{is_let_in, over_budget, shown},
    form::{Errors, Form, once},
    page::{page, page_with, see_other},
    raise::open_round,
    state_words::{Told, needs_check},
    times::When,
    visit::{Visit, with_next},
};
use crate::{
    api::{
        Holding, OwnContribution, Service, contribute_own, holdings, made_before,
        own_number_for_bid,
    },
    extract::Path,
    problem::{ApiError, ProblemCode},
};

/// The pages of sealed bids.
pub(super) fn pages() -> Router<Arc<Service>> {
    Router::new()
        .route("/offerings/{offering}/bid", get(show).post(lock))
        .route(
            "/contributions/{offering}/{sequence}/opening",
            get(opening::show).post(opening::open),
        )
}

/// What the terms say of sealed bids in a round.
#[derive(Clone, Copy)]
struct Sealed {
    step: Amount,
    reveal_until: Position,
    bond: u32,
    currency: CurrencyIndex,
}

impl Sealed {
    fn of(terms: &Terms, round: RoundIndex) -> Option<Self> {
        let round = terms.rounds.get(round.index())?;
        let Pricing::Bids {
            sealing:
                Sealing::Sealed {
                    lock_step,
                    reveal_until,
                    bond,
                },
            ..
        } = &round.pricing
        else {
            return None;
        };
        Some(Self {
            step: *lock_step,
            reveal_until: *reveal_until,
            bond: bond.0,
            currency: round.currencies.first().copied().unwrap_or_default(),
        })
    }
}

/// When a sealed bid is opened.
pub(super) struct Window {
    /// When the round is over.
    pub(super) from: Option<Position>,
    /// The first moment in which it is too late.
    pub(super) until: Position,
    /// Whether it is now.
    pub(super) is_open: bool,
}

impl Window {
    /// Of a contribution that is sealed still, by the clock of the server: no entry has to come after the round first.
    pub(super) fn of(offering: &Offering, row: &Row, now: UnixMillis) -> Option<Self> {
        let round = row.round.filter(|_| row.reason == Some(Reason::Sealed))?;
        let sealed = Sealed::of(offering.terms(), round)?;
        let line = softcap_offering::LineIndex(0);
        let end = offering
            .round_window(round, line)
            .map(|window| window.end_exclusive());
        let early = offering.closed_early(round).map(|stamp| stamp.position);
        let from = early.or(end);
        let now = Position(u64::try_from(now.get()).unwrap_or(0));
        Some(Self {
            from,
            until: sealed.reveal_until,
            is_open: from.is_some_and(|from| from <= now) && now < sealed.reveal_until,
        })
    }
}

/// What the page of a bid sends: the money that is locked, and the hash.
#[derive(Debug, Default, Deserialize)]
struct LockForm {
    #[serde(default)]
    locked: String,
    #[serde(default)]
    commitment: String,
    #[serde(default)]
    once: String,
}

#[derive(Template)]
#[template(path = "sealed_bid/form.html")]
struct BidPage {
    visit: Visit,
    errors: Errors,
    name: String,
    title: String,
    is_open: bool,
    /// What is needed first, and where; none for who is let in.
    needs: Option<(Told, String)>,
    /// What the person has of the currency.
    have: Option<Shown>,
    /// The person's id, to name when money is paid in.
    person: String,
    step: Shown,
    /// In smallest units, for the script.
    step_units: String,
    decimals: u8,
    limit_decimals: u8,
    token_decimals: u8,
    symbol: String,
    price_unit: String,
    sign: char,
    bond: Option<String>,
    until: When,
    number: String,
    terms_hash: String,
    locked: String,
    commitment: String,
    once: String,
    script: &'static str,
}

async fn show(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    visit.session()?;
    let form = LockForm {
        once: once()?,
        ..LockForm::default()
    };
    page(&bid_page(&service, visit, &log, form, Errors::default()).await?)
}

/// The round that takes sealed bids now, else the one that does at all.
fn sealed_round(log: &OfferingLog) -> Option<(Sealed, bool)> {
    let state = log.sequencer.read();
    let open = open_round(state.machine().offering());
    let open = open.and_then(|round| Sealed::of(&log.terms, round));
    let mut all = (0_u8..).take(log.terms.rounds.len());
    let any = || all.find_map(|place| Sealed::of(&log.terms, RoundIndex(place)));
    let is_open = open.is_some();
    Some((open.or_else(any)?, is_open))
}

async fn bid_page(
    service: &Service,
    visit: Visit,
    log: &OfferingLog,
    form: LockForm,
    errors: Errors,
) -> Result<BidPage, ApiError> {
    let (language, terms) = (visit.language, &log.terms);
    let person = visit.session()?.person;
    let (sealed, is_open) = sealed_round(log).ok_or(ProblemCode::NotFound)?;
    let place = sealed.currency.index();
    let held = holdings(service.journal(), person).await?;
    let number = own_number_for_bid(service, log, person).await?;
    let is_in = is_let_in(log.sequencer.read().machine().offering(), Some(&number));
    let known = terms.currencies.get(place).ok_or(ProblemCode::NotFound)?;
    let here = format!("/offerings/{}/bid", log.row.name);
    let whole = u128::from(softcap_offering::BasisPoints::WHOLE.0);
    Ok(BidPage {
        errors,
        name: log.row.name.to_string(),
        title: terms.name.clone(),
        is_open,
        needs: (is_open && !is_in).then(|| {
            let way = with_next("/account/verification", &here);
            (needs_check(language), way)
        }),
        have: holding_of(terms, sealed, &held).map(|have| shown(language, have, have.available)),
        person: person.to_string(),
        step: amounts::money(language, terms, place, sealed.step.0),
        step_units: sealed.step.0.to_string(),
        decimals: known.decimals,
        limit_decimals: terms.numeraire.decimals,
        token_decimals: terms.token.decimals,
        symbol: known.symbol.clone(),
        price_unit: format!("{} / {}", terms.numeraire.symbol, terms.token.symbol),
        sign: language.decimal_sign(),
        bond: (sealed.bond > 0)
            .then(|| amounts::percent(language, u128::from(sealed.bond), whole))
            .flatten(),
        until: When::at(language, sealed.reveal_until),
        number,
        terms_hash: hex(&terms.hash().0),
        locked: form.locked,
        commitment: form.commitment,
        once: form.once,
        script: Asset::Sealed.path(),
        visit,
    })
}

/// What a person has of the currency in which bids are, where it comes from balances.
fn holding_of<'a>(terms: &Terms, sealed: Sealed, held: &'a [Holding]) -> Option<&'a Holding> {
    let known = terms.currencies.get(sealed.currency.index())?;
    let mut held = held.iter().filter(|_| known.rail == Rail::Balance);
    held.find(|holding| holding.symbol == known.symbol && holding.decimals == known.decimals)
}

/// Locks the money of a bid. What is typed here is the lock and the hash; the bid itself never comes here.
async fn lock(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Form(form): Form<LockForm>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    let person = visit.session()?.person;
    if let Some(first) = made_before(&service, &log, person, &form.once) {
        return see_other(&format!("/contributions/{name}/{first}?done=sealed"));
    }
    let (sealed, _) = sealed_round(&log).ok_or(ProblemCode::NotFound)?;
    let held = holdings(service.journal(), person).await?;
    let new = match read(&visit, &log, (sealed, &held), &form) {
        Ok(new) => new,
        Err(errors) => {
            let answer = bid_page(&service, visit, &log, form, errors).await?;
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer);
        }
    };
    let place = (sealed.currency.index(), new.amount);
    if let Some(over) = over_budget(&service, &visit, &log, place).await? {
        let mut errors = Errors::default();
        errors.add("locked", over.of("amount").unwrap_or_default());
        let answer = bid_page(&service, visit, &log, form, errors).await?;
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer);
    }
    let sequence = contribute_own(&service, &log, person, &new).await?;
    see_other(&format!("/contributions/{name}/{sequence}?done=sealed"))
}

fn read(
    visit: &Visit,
    log: &OfferingLog,
    (sealed, held): (Sealed, &[Holding]),
    form: &LockForm,
) -> Result<OwnContribution, Errors> {
    let (language, mut errors) = (visit.language, Errors::default());
    let commitment = from_hex(form.commitment.trim());
    let commitment = commitment.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    if commitment.is_none() {
        errors.add("commitment", visit.say("sealed-hash-wrong"));
    }
    let Some(holding) = holding_of(&log.terms, sealed, held) else {
        errors.add("locked", visit.say("contribute-no-balance"));
        return Err(errors);
    };
    let step = amounts::money(language, &log.terms, sealed.currency.index(), sealed.step.0).text;
    match amounts::parse(language, &form.locked, holding.decimals) {
        Err(fault) => errors.add("locked", visit.say(fault.key())),
        Ok(units) if units % sealed.step.0.max(1) != 0 => {
            let words = language.tell("sealed-step-wrong", &[("step", (&step).into())]);
            errors.add("locked", words);
        }
        Ok(units) if units > holding.available.0 => {
            let have = shown(language, holding, holding.available).text;
            let words = language.tell("contribute-too-much", &[("have", (&have).into())]);
            errors.add("locked", words);
        }
        Ok(units) if errors.is_empty() => {
            return Ok(OwnContribution {
                once: form.once.clone(),
                currency: sealed.currency.0,
                amount: Amount(units),
                limit: None,
                sealed: commitment,
            });
        }
        Ok(_) => {}
    }
    Err(errors)
}
