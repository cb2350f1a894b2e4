//! Contributing from a balance: what is wanted, the answers once more, and then once and for all.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use softcap_journal::OfferingLog;
use softcap_offering::{
    Amount, InvestorId, Offering, RoundIndex, Standing, Tokens,
    terms::{Access, Rail, Terms},
};
use softcap_proof::hex;

use super::{
    amounts::{self, Shown},
    bids::{Bidding, limit_price, read_limit},
    form::{Errors, Form, once},
    language::{Language, Value},
    offering_card::windows,
    page::{page, page_with, see_other},
    raise::{open_round, price_at},
    state_words::{Told, needs_check},
    terms_words,
    visit::Visit,
};
use crate::{
    api::{
        Holding, OwnContribution, Service, TakenAtOnce, Wished, contribute_own, holdings,
        left_of_budget, made_before, own_number, project,
    },
    extract::{Path, Query},
    problem::ApiError,
};

/// Bytes of what a form remembers of the offering.
const MARK_BYTES: usize = 8;

/// What is typed.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    currency: String,
    #[serde(default)]
    amount: String,
    /// Of a bid, the most that is paid for one token.
    #[serde(default)]
    limit: String,
    /// Makes it count once, also when somebody goes back and sends it again.
    #[serde(default)]
    once: String,
}

/// What the page of answers sends.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ConfirmForm {
    #[serde(default)]
    currency: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    limit: String,
    /// Makes it count once.
    #[serde(default)]
    once: String,
    /// What the offering looked like.
    #[serde(default)]
    seen: String,
}

/// A currency that can be contributed.
struct Choice {
    symbol: String,
    available: Shown,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "contribute.html")]
struct ContributePage {
    visit: Visit,
    errors: Errors,
    name: String,
    title: String,
    price: Option<String>,
    exit: String,
    choices: Vec<Choice>,
    amount: String,
    /// What was typed as the highest price; `None` where nobody bids.
    limit: Option<String>,
    /// In which a limit is said: money for a token.
    limit_unit: String,
    once: String,
    /// The person's id, to name when money is paid in.
    person: String,
    is_open: bool,
}

#[derive(Template)]
#[template(path = "check_answers.html")]
struct CheckPage {
    visit: Visit,
    name: String,
    title: String,
    wish: Wish,
    amount: Shown,
    rest: Shown,
    price: Option<String>,
    /// What would be got for it now; none where all bids are decided together.
    tokens: Option<String>,
    limit: Option<Shown>,
    back: Option<String>,
    exit: String,
    custody: String,
    once: String,
    seen: String,
    /// Whether nothing of it would be taken by today's numbers.
    buys_nothing: bool,
    /// Whether some open round takes money of this person.
    is_let_in: bool,
    /// What is needed first, and where.
    needs: Told,
    way_in: String,
}

#[derive(Template)]
#[template(path = "changed.html")]
struct ChangedPage {
    visit: Visit,
    name: String,
    title: String,
    changes: Vec<String>,
    again: String,
}

pub(super) async fn contribute_page(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    let rails = log.terms.currencies.iter().map(|known| known.rail);
    if rails.clone().all(|rail| rail == Rail::Evm) {
        return see_other(&format!("/offerings/{name}/wallet"));
    }
    if Bidding::of(&log.terms) == Bidding::Sealed {
        return see_other(&format!("/offerings/{name}/bid"));
    }
    let held = own_holdings(&service, &visit).await?;
    page(&contribute_form(
        visit,
        &log,
        &held,
        &wish,
        Errors::default(),
    )?)
}

async fn own_holdings(service: &Service, visit: &Visit) -> Result<Vec<Holding>, ApiError> {
    holdings(service.journal(), visit.session()?.person).await
}

fn contribute_form(
    visit: Visit,
    log: &OfferingLog,
    held: &[Holding],
    wish: &Wish,
    errors: Errors,
) -> Result<ContributePage, ApiError> {
    let language = visit.language;
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let (terms, bidding) = (&log.terms, Bidding::of(&log.terms));
    let choices = takeable(terms, held).map(|(_, holding)| Choice {
        available: shown(language, holding, holding.available),
        is_chosen: holding.symbol == wish.currency,
        symbol: holding.symbol.clone(),
    });
    Ok(ContributePage {
        errors,
        name: log.row.name.to_string(),
        title: log.terms.name.clone(),
        price: price_now(language, offering),
        exit: terms_words::withdrawal(language, &log.terms),
        choices: choices.collect(),
        amount: wish.amount.clone(),
        limit: (bidding == Bidding::Open).then(|| wish.limit.clone()),
        limit_unit: format!("{} / {}", terms.numeraire.symbol, terms.token.symbol),
        once: kept_once(wish)?,
        person: visit.session()?.person.to_string(),
        is_open: open_round(offering).is_some(),
        visit,
    })
}

/// Currencies of the terms that are taken from balances, with what the person has of each.
fn takeable<'a>(terms: &'a Terms, held: &'a [Holding]) -> impl Iterator<Item = (u8, &'a Holding)> {
    let all = (0_u8..).zip(&terms.currencies);
    let on_balance = all.filter(|(_, known)| known.rail == Rail::Balance);
    on_balance.filter_map(|(place, known)| {
        let holding = held
            .iter()
            .find(|holding| holding.symbol == known.symbol && holding.decimals == known.decimals)?;
        Some((place, holding))
    })
}

pub(super) fn shown(language: Language, holding: &Holding, amount: Amount) -> Shown {
    amounts::amount(language, amount.0, holding.decimals, &holding.symbol)
}

pub(super) fn price_now(language: Language, offering: &Offering) -> Option<String> {
    let now = offering.now_stamp().position;
    price_at(language, offering, open_round(offering), now)
}

/// A wish that was read: place of the currency, the holding, and how much.
struct Checked<'a> {
    currency: u8,
    holding: &'a Holding,
    amount: Amount,
    /// Of a bid, in the numeraire for one token.
    limit: Option<Amount>,
}

fn checked<'a>(
    visit: &Visit,
    terms: &'a Terms,
    held: &'a [Holding],
    wish: &Wish,
) -> Result<Checked<'a>, Errors> {
    let mut errors = Errors::default();
    let found = takeable(terms, held).find(|(_, holding)| holding.symbol == wish.currency);
    let Some((currency, holding)) = found else {
        errors.add("currency", visit.say("contribute-choose-currency"));
        return Err(errors);
    };
    match amounts::parse(visit.language, &wish.amount, holding.decimals) {
        Err(fault) => errors.add("amount", visit.say(fault.key())),
        Ok(units) if units > holding.available.0 => {
            let have = shown(visit.language, holding, holding.available).text;
            let words = visit
                .language
                .tell("contribute-too-much", &[("have", (&have).into())]);
            errors.add("amount", words);
        }
        Ok(units) => {
            let decimals = terms.numeraire.decimals;
            return Ok(Checked {
                currency,
                holding,
                amount: Amount(units),
                limit: read_limit(visit, terms, &wish.limit, decimals)?,
            });
        }
    }
    Err(errors)
}

pub(super) async fn check(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    let person = visit.session()?.person;
    // Who goes back to a page whose form was sent sees what came of it.
    if let Some(first) = made_before(&service, &log, person, &wish.once) {
        return see_other(&format!("/contributions/{name}/{first}?done=made"));
    }
    let held = own_holdings(&service, &visit).await?;
    let checked = match checked(&visit, &log.terms, &held, &wish) {
        Ok(checked) => checked,
        Err(errors) => {
            let answer = contribute_form(visit, &log, &held, &wish, errors)?;
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer);
        }
    };
    let place = (usize::from(checked.currency), checked.amount);
    if let Some(errors) = over_budget(&service, &visit, &log, place).await? {
        let answer = contribute_form(visit, &log, &held, &wish, errors)?;
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer);
    }
    if open_round(log.sequencer.read().machine().offering()).is_none() {
        return changed(visit, &log, &wish, None);
    }
    let number = own_number(&service, &log, person).await?;
    let is_let_in = is_let_in(log.sequencer.read().machine().offering(), number.as_deref());
    page(&check_page(visit, &log, &checked, (wish, is_let_in)).await?)
}

/// What is wrong with an amount beyond what the person allows themself.
pub(super) async fn over_budget(
    service: &Service,
    visit: &Visit,
    log: &OfferingLog,
    (currency, amount): (usize, Amount),
) -> Result<Option<Errors>, ApiError> {
    let left = left_of_budget(service, log, visit.session()?.person, currency).await?;
    let Some(left) = left.filter(|left| amount > *left) else {
        return Ok(None);
    };
    let left = amounts::money(visit.language, &log.terms, currency, left.0).text;
    let mut errors = Errors::default();
    errors.add("amount", format!("{} {left}.", visit.say("budget-left")));
    Ok(Some(errors))
}

/// Whether a round is open that is for everybody, or to which this number was admitted.
pub(super) fn is_let_in(offering: &Offering, number: Option<&str>) -> bool {
    let terms = offering.terms();
    let now = offering.now_stamp().position;
    let investor = number.and_then(|number| offering.find_investor(InvestorId::Opaque(number)));
    windows(terms, offering).any(|(place, window)| {
        let round = RoundIndex(place);
        let is_open = window.contains(now) && offering.closed_early(round).is_none();
        let access = terms
            .rounds
            .get(usize::from(place))
            .map(|known| known.access);
        let admitted = || {
            let held = investor.and_then(|investor| offering.admission(investor, round));
            held.is_some_and(|held| {
                held.standing == Standing::Valid && held.expires.is_none_or(|end| now < end)
            })
        };
        is_open && (access == Some(Access::Public) || admitted())
    })
}

async fn check_page(
    visit: Visit,
    log: &Arc<OfferingLog>,
    checked: &Checked<'_>,
    (wish, is_let_in): (Wish, bool),
) -> Result<CheckPage, ApiError> {
    let language = visit.language;
    let (price, seen) = {
        let state = log.sequencer.read();
        let offering = state.machine().offering();
        (price_now(language, offering), mark(offering))
    };
    let TakenAtOnce { tokens, back } = would_take(log, (checked.currency, checked.amount)).await?;
    let (tokens, back) = (tokens.0, back.0);
    let is_known = checked.limit.is_none();
    let limit = checked
        .limit
        .map(|limit| amounts::value(language, &log.terms, limit.0));
    let rest = Amount(checked.holding.available.0.saturating_sub(checked.amount.0));
    Ok(CheckPage {
        name: log.row.name.to_string(),
        title: log.terms.name.clone(),
        amount: shown(language, checked.holding, checked.amount),
        rest: shown(language, checked.holding, rest),
        tokens: is_known.then(|| amounts::tokens(language, &log.terms, tokens).text),
        limit,
        back: (back > 0 && is_known).then(|| shown(language, checked.holding, Amount(back)).text),
        buys_nothing: back >= checked.amount.0 && is_known,
        is_let_in,
        needs: needs_check(language),
        way_in: super::visit::with_next("/account/verification", &check_place(log, &wish)),
        exit: terms_words::withdrawal(language, &log.terms),
        custody: terms_words::custody(language, Rail::Balance),
        once: kept_once(&wish)?,
        price,
        seen,
        wish,
        visit,
    })
}

/// What would be taken of a contribution now: by the engine, on an offering that only exists here.
pub(super) async fn would_take(
    log: &OfferingLog,
    (currency, amount): (u8, Amount),
) -> Result<TakenAtOnce, ApiError> {
    let (raised, at) = {
        let state = log.sequencer.read();
        let offering = state.machine().offering();
        (offering.raised().0, offering.now_stamp().position)
    };
    let wished = Wished {
        currency,
        amount,
        at,
    };
    let terms = Arc::clone(&log.terms);
    let played = tokio::task::spawn_blocking(move || project(&terms, wished, raised, 0));
    let row = played
        .await
        .map_err(|error| ApiError::internal(&error))?
        .at_once;
    Ok(row.unwrap_or(TakenAtOnce {
        tokens: Tokens::ZERO,
        back: amount,
    }))
}

/// The value of the form that is filled in, or a new one.
fn kept_once(wish: &Wish) -> Result<String, ApiError> {
    if wish.once.is_empty() {
        once()
    } else {
        Ok(wish.once.clone())
    }
}

/// What decides what somebody agrees to: whether it is open, which round, which price.
pub(super) fn mark(offering: &Offering) -> String {
    let round = open_round(offering);
    let now = offering.now_stamp().position;
    let price = round.and_then(|round| offering.quoted_price(round, now));
    let hash = Sha256::digest(format!("{round:?} {price:?}"));
    hex(hash.get(..MARK_BYTES).unwrap_or_default())
}

pub(super) async fn confirm(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Form(form): Form<ConfirmForm>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    let wish = Wish {
        currency: form.currency,
        amount: form.amount,
        limit: form.limit,
        once: form.once,
    };
    if visit.session().is_err() {
        // Somebody whose session is over goes on after logging in, with what they typed.
        let place = check_place(&log, &wish);
        return see_other(&super::visit::with_next("/log-in", &place));
    }
    let person = visit.session()?.person;
    // A form that was sent before leads to what it did, whatever happened since.
    if let Some(first) = made_before(&service, &log, person, &wish.once) {
        return see_other(&format!("/contributions/{name}/{first}?done=made"));
    }
    let held = own_holdings(&service, &visit).await?;
    let checked = match checked(&visit, &log.terms, &held, &wish) {
        Ok(checked) => checked,
        // It was right when the page was made, so the balance changed.
        Err(errors) => {
            let why = errors.all().first().map(|error| error.text.clone());
            return changed(visit, &log, &wish, why);
        }
    };
    let is_same = form.seen == mark(log.sequencer.read().machine().offering());
    if !is_same {
        return changed(visit, &log, &wish, None);
    }
    let new = OwnContribution {
        once: wish.once.clone(),
        currency: checked.currency,
        amount: checked.amount,
        limit: checked
            .limit
            .and_then(|limit| limit_price(&log.terms, limit)),
        sealed: None,
    };
    let sequence = contribute_own(&service, &log, person, &new).await?;
    see_other(&format!("/contributions/{name}/{sequence}?done=made"))
}

fn check_place(log: &OfferingLog, wish: &Wish) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    pairs.append_pair("currency", &wish.currency);
    pairs.append_pair("amount", &wish.amount);
    if !wish.limit.is_empty() {
        pairs.append_pair("limit", &wish.limit);
    }
    pairs.append_pair("once", &wish.once);
    format!(
        "/offerings/{}/contribute/check?{}",
        log.row.name,
        pairs.finish()
    )
}

/// 409: what is not any more as it was when the page was made. Nothing was done.
fn changed(
    visit: Visit,
    log: &OfferingLog,
    wish: &Wish,
    why: Option<String>,
) -> Result<Response, ApiError> {
    let language = visit.language;
    let changes = {
        let state = log.sequencer.read();
        let offering = state.machine().offering();
        let mut changes: Vec<String> = why.into_iter().collect();
        match (open_round(offering), price_now(language, offering)) {
            (None, _) => changes.push(language.say("changed-closed")),
            (Some(_), Some(price)) => {
                let values = [("price", Value::Text(&price))];
                changes.push(language.tell("changed-price", &values));
            }
            (Some(_), None) => {}
        }
        changes
    };
    let answer = ChangedPage {
        name: log.row.name.to_string(),
        title: log.terms.name.clone(),
        again: check_place(log, wish),
        changes,
        visit,
    };
    Ok(page_with(StatusCode::CONFLICT, &answer)?.into_response())
}
