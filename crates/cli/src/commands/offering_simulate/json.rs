//! The simulation for programs. Every number is a string: amounts in whole units with all their
//! decimals, counts and basis points as whole numbers.

use serde_json::{Value, json};
use softcap_offering::{CurrencyTotals, terms::Terms};

use super::{
    Simulation,
    tally::{KindResult, ScenarioResult},
};
use crate::decimal::InUnits;

pub(super) fn value(simulation: &Simulation) -> Value {
    let sale = &simulation.sale;
    let terms = &sale.terms;
    let results = simulation
        .results
        .iter()
        .map(|result| scenario(terms, result));
    json!({
        "name": terms.name,
        "terms_hash": terms.hash().to_string(),
        "seed": simulation.seed.to_string(),
        "numeraire": terms.numeraire.symbol,
        "token": terms.token.symbol,
        "capacity": money(terms, sale.capacity),
        "capacity_is_bounded": sale.bounded,
        "scenarios": results.collect::<Vec<_>>(),
    })
}

fn scenario(terms: &Terms, result: &ScenarioResult) -> Value {
    let totals = terms
        .currencies
        .iter()
        .zip(&result.totals)
        .map(|(currency, totals)| totals_json(&currency.symbol, currency.decimals, *totals));
    let clearing = result.clearing.iter().map(|price| {
        price.map(|price| {
            json!({ "money": money(terms, price.money), "tokens": tokens(terms, price.tokens) })
        })
    });
    json!({
        "scenario": result.scenario.name(),
        "meaning": result.scenario.meaning(),
        "on_target": result.on_target,
        "verdict": result.settled.verdict.name(),
        "people": result.people.to_string(),
        "asked": money(terms, result.asked),
        "taken_before_verdict": money(terms, result.taken),
        "raised": money(terms, result.settled.raised.0),
        "sold": tokens(terms, result.settled.sold.0),
        "currencies": totals.collect::<Vec<_>>(),
        "clearing_prices": clearing.collect::<Vec<_>>(),
        "kinds": result.kinds.iter().map(|kind| kind_json(terms, kind)).collect::<Vec<_>>(),
    })
}

fn totals_json(symbol: &str, decimals: u8, totals: CurrencyTotals) -> Value {
    let amount = |units: u128| InUnits { units, decimals }.to_string();
    json!({
        "currency": symbol,
        "contributed": amount(totals.contributed.0),
        "accepted": amount(totals.accepted.0),
        "refunded": amount(totals.refunded.0),
        "kept": amount(totals.kept.0),
    })
}

fn kind_json(terms: &Terms, kind: &KindResult) -> Value {
    let reasons = kind
        .reasons
        .iter()
        .map(|(reason, count)| json!({ "reason": reason.name(), "payments": count.to_string() }));
    json!({
        "kind": kind.kind.name(),
        "people": kind.people.to_string(),
        "payments": kind.payments.to_string(),
        "asked": money(terms, kind.asked),
        "accepted": money(terms, kind.accepted),
        "refunded": money(terms, kind.refunded),
        "kept": money(terms, kind.kept),
        "tokens": tokens(terms, kind.tokens),
        "tokens_median": tokens(terms, kind.tokens_median),
        "filled_basis_points": kind.filled().to_string(),
        "not_whole": kind.refused().to_string(),
        "main_reason": kind.main_reason().map(|reason| reason.name()),
        "reasons": reasons.collect::<Vec<_>>(),
    })
}

fn money(terms: &Terms, units: u128) -> String {
    InUnits {
        units,
        decimals: terms.numeraire.decimals,
    }
    .to_string()
}

fn tokens(terms: &Terms, units: u128) -> String {
    InUnits {
        units,
        decimals: terms.token.decimals,
    }
    .to_string()
}
