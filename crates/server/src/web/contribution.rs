//! One contribution: what happened, where the money is, what comes next and when, and what its owner can do.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;
use softcap_journal::OfferingLog;

use super::{
    amounts,
    form::{Form, once},
    page::{page, see_other},
    state_words::{self, Told},
    times::When,
    visit::Visit,
};
use crate::{
    api::{Service, free_money, own_contribution, own_number, take_back_own, withdraw_own},
    contribution_state::facts,
    extract::{Path, Query},
    problem::{ApiError, ProblemCode},
};

#[derive(Debug, Deserialize)]
pub(super) struct DoneQuery {
    #[serde(default)]
    done: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct OnceForm {
    #[serde(default)]
    once: String,
}

#[derive(Template)]
#[template(path = "contribution.html")]
struct ContributionPage {
    visit: Visit,
    name: String,
    title: String,
    sequence: u64,
    number: String,
    state: &'static str,
    told: Told,
    received: When,
    contributed: String,
    accepted: String,
    back: String,
    tokens: String,
    exit_until: Option<When>,
    /// Free money in the account of the offering.
    free: Vec<String>,
    once: String,
    done: Option<String>,
}

pub(super) async fn contribution(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path((name, sequence)): Path<(String, u64)>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    let person = visit.session()?.person;
    let number = own_number(&service, &log, person).await?;
    let number = number.ok_or(ProblemCode::NotFound)?;
    let done = match query.done.as_str() {
        "made" => Some(visit.say("contribution-made")),
        "withdrawn" => Some(visit.say("contribution-withdrawn")),
        "back" => Some(visit.say("contribution-money-back")),
        _ => None,
    };
    page(&contribution_page(visit, &log, &number, (sequence, done))?)
}

fn contribution_page(
    visit: Visit,
    log: &OfferingLog,
    number: &str,
    (sequence, done): (u64, Option<String>),
) -> Result<ContributionPage, ApiError> {
    let language = visit.language;
    let terms = &log.terms;
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let index = own_contribution(offering, number, sequence).ok_or(ProblemCode::NotFound)?;
    let facts = facts(offering, index);
    let row = &facts.row;
    let money = |units: u128| amounts::money(language, terms, row.currency.index(), units).text;
    let free = free_money(offering, number).into_iter().map(|free| {
        amounts::money(language, terms, usize::from(free.currency), free.amount.0).text
    });
    Ok(ContributionPage {
        name: log.row.name.to_string(),
        title: terms.name.clone(),
        sequence,
        number: amounts::count(language, u128::from(sequence)),
        state: facts.state.code(),
        told: state_words::told(language, offering, &facts),
        received: When::at(language, row.position),
        contributed: money(row.contributed.0),
        accepted: money(row.accepted.0),
        back: money(row.refunded.0),
        tokens: amounts::tokens(language, terms, row.tokens.0).text,
        exit_until: facts.exit_until.map(|until| When::at(language, until)),
        free: free.collect(),
        once: once()?,
        done,
        visit,
    })
}

pub(super) async fn withdraw(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path((name, sequence)): Path<(String, u64)>,
    Form(form): Form<OnceForm>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    let person = visit.session()?.person;
    withdraw_own(&service, &log, person, (sequence, &form.once)).await?;
    see_other(&format!("/contributions/{name}/{sequence}?done=withdrawn"))
}

pub(super) async fn take_back(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    take_back_own(&service, &log, visit.session()?.person).await?;
    see_other("/portfolio?done=back")
}
