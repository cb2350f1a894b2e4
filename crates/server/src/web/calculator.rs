//! "If I put in X now, at the end I get ...": by scenario, through the engine of the real sale.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use softcap_journal::OfferingLog;
use softcap_offering::{
    Amount, Position, Verdict,
    terms::{ClockKind, RateTerm, Terms},
};

use super::{
    amounts,
    form::Errors,
    language::Language,
    offering_card::{BAR_STEPS, cap_value, windows},
    page::{page, page_with},
    visit::Visit,
};
use crate::{
    api::{Ending, Projected, Service, Wished, project},
    extract::{Path, Query},
    problem::ApiError,
};

#[derive(Debug, Deserialize)]
pub(super) struct CalculatorQuery {
    #[serde(default)]
    amount: Option<String>,
    #[serde(default)]
    currency: Option<String>,
}

/// What would happen if others bring so much.
struct Scenario {
    name: String,
    verdict: String,
    tokens: String,
    accepted: String,
    back: String,
    bar: u32,
    units: u128,
}

#[derive(Template)]
#[template(path = "calculator.html")]
struct CalculatorPage {
    visit: Visit,
    errors: Errors,
    name: String,
    title: String,
    amount: String,
    /// Symbols, and whether each is the chosen one.
    currencies: Vec<(String, bool)>,
    scenarios: Vec<Scenario>,
    /// Why nothing can be calculated.
    is_unknowable: bool,
}

pub(super) async fn calculator(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Query(query): Query<CalculatorQuery>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    let language = visit.language;
    let fixed = fixed_currencies(&log.terms);
    let wish = query.currency.unwrap_or_default();
    let chosen = fixed.iter().find(|(_, symbol)| *symbol == wish);
    let chosen = chosen.or_else(|| fixed.first());
    let is_unknowable = chosen.is_none() || log.terms.clock.kind != ClockKind::Time;
    let mut answer = CalculatorPage {
        errors: Errors::default(),
        title: log.terms.name.clone(),
        amount: query.amount.clone().unwrap_or_default(),
        currencies: fixed
            .iter()
            .map(|known| (known.1.clone(), Some(known) == chosen))
            .collect(),
        scenarios: Vec::new(),
        is_unknowable,
        visit,
        name,
    };
    let (Some(text), Some((currency, _)), false) = (query.amount, chosen, is_unknowable) else {
        return page(&answer);
    };
    let known = log.terms.currencies.get(usize::from(*currency));
    let decimals = known.map_or(0, |known| known.decimals);
    match amounts::parse(language, &text, decimals) {
        Err(fault) => {
            answer.errors.add("amount", language.say(fault.key()));
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer)
        }
        Ok(units) => {
            answer.scenarios = scenarios(language, log, *currency, units).await?;
            page(&answer)
        }
    }
}

/// Currencies whose value the terms fix: of others nobody knows the rate of then.
fn fixed_currencies(terms: &Terms) -> Vec<(u8, String)> {
    let all = (0_u8..).zip(&terms.currencies);
    all.filter(|(_, known)| matches!(known.rate, RateTerm::Fixed(_)))
        .map(|(place, known)| (place, known.symbol.clone()))
        .collect()
}

async fn scenarios(
    language: Language,
    log: Arc<OfferingLog>,
    currency: u8,
    units: u128,
) -> Result<Vec<Scenario>, ApiError> {
    let played = tokio::task::spawn_blocking(move || {
        let terms = &log.terms;
        let (raised, at) = so_far(&log);
        let soft = cap_value(terms.soft_cap);
        let hard = cap_value(terms.hard_cap);
        let wished = Wished {
            currency,
            amount: Amount(units),
            at,
        };
        let mut cases = vec![("scenario-nobody", 0)];
        cases.extend(soft.map(|cap| ("scenario-soft", cap.saturating_sub(raised))));
        cases.extend(hard.map(|cap| ("scenario-full", cap.saturating_sub(raised))));
        cases.extend(hard.map(|cap| ("scenario-twice", cap.saturating_mul(2))));
        let mut all: Vec<Scenario> = cases
            .into_iter()
            .map(|(key, after)| {
                let projected = project(terms, wished, raised, after);
                scenario(language, terms, language.say(key), &projected, currency)
            })
            .collect();
        let most = all.iter().map(|one| one.units).max().unwrap_or(0);
        for one in &mut all {
            one.bar = amounts::length(one.units, most, BAR_STEPS);
        }
        all
    });
    played.await.map_err(|error| ApiError::internal(&error))
}

/// What was raised, and where the next contribution would stand: now, or when the next window begins.
fn so_far(log: &OfferingLog) -> (u128, Position) {
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let now = offering.now_stamp().position;
    let ahead = windows(&log.terms, offering)
        .filter(|(_, window)| now < window.end_exclusive())
        .map(|(_, window)| window.from)
        .min();
    (offering.raised().0, ahead.map_or(now, |from| from.max(now)))
}

fn scenario(
    language: Language,
    terms: &Terms,
    name: String,
    projected: &Projected,
    currency: u8,
) -> Scenario {
    let money = |units: u128| amounts::money(language, terms, usize::from(currency), units).text;
    let verdict = match projected.ending {
        Ending::Settled(Verdict::Succeeded) => language.say("scenario-succeeds"),
        Ending::Settled(Verdict::Failed | Verdict::Cancelled | Verdict::Expired) => {
            language.say("scenario-fails")
        }
        Ending::NotYetKnown => language.say("scenario-unknown"),
    };
    let row = projected.row;
    let units = row.map_or(0, |row| row.tokens.0);
    Scenario {
        name,
        verdict,
        tokens: amounts::tokens(language, terms, units).text,
        accepted: money(row.map_or(0, |row| row.accepted.0)),
        back: row.map_or_else(
            || language.say("scenario-not-taken"),
            |row| money(row.refunded.0),
        ),
        bar: 0,
        units,
    }
}
