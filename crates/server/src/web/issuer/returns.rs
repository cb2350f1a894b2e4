//! Giving a contribution back, in whole or in part, for a reason of the list that the record knows.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use softcap_identity::Verb;
use softcap_journal::OfferingLog;
use softcap_offering::{ReturnReason, Sequence};

use super::{
    super::{
        amounts,
        form::{Errors, Form},
        page::{page_with, see_other},
        visit::Visit,
    },
    Member,
    desk_acts::outcome_place,
    investors::{InvestorQuery, investors_page},
};
use crate::{
    api::{IdempotencyKey, Operation, Service, operate_as},
    extract::Path,
    problem::ApiError,
};

/// What is given back.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct ReturnForm {
    #[serde(default)]
    once: String,
    /// Number of the contribution's entry.
    #[serde(default)]
    pub(super) entry: String,
    /// Nothing: all that counts.
    #[serde(default)]
    pub(super) amount: String,
    #[serde(default)]
    pub(super) reason: String,
}

/// The reasons with their words.
pub(super) fn return_reasons(visit: &Visit) -> Vec<(&'static str, String)> {
    let words = |reason: ReturnReason| match reason {
        ReturnReason::Discretion => visit.say("return-discretion"),
        ReturnReason::OverLimit => visit.say("return-over-limit"),
        ReturnReason::IdentityNotProved => visit.say("return-identity"),
        ReturnReason::Sanctions => visit.say("return-sanctions"),
        ReturnReason::Order => visit.say("return-order"),
        ReturnReason::NotEligible => visit.say("return-not-eligible"),
        ReturnReason::WrongfulPayment => visit.say("return-wrongful"),
    };
    let all = ReturnReason::ALL.into_iter();
    all.map(|(reason, _, name)| (name, words(reason))).collect()
}

pub(super) async fn give_back(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Member(caller): Member,
    Form(form): Form<ReturnForm>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    caller.require(Verb::OperationsWrite, &name)?;
    let mut errors = Errors::default();
    if let Some(operation) = operation(&visit, &log, &form, &mut errors) {
        let key = IdempotencyKey::of_form(&form.once);
        let entry = operate_as(&service, &name, (&caller, &key), &operation).await?;
        let page = format!("/issuer/offerings/{name}/investors");
        return see_other(&outcome_place(&page, "returned", &entry));
    }
    let asked = (&caller, &InvestorQuery::default());
    let mut answer = investors_page(&service, visit, &name, asked)?;
    answer.errors = errors;
    answer.once.clone_from(&form.once);
    answer.back = form;
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer)
}

fn operation(
    visit: &Visit,
    log: &OfferingLog,
    form: &ReturnForm,
    errors: &mut Errors,
) -> Option<Operation> {
    if ReturnReason::from_name(&form.reason).is_none() {
        errors.add("return-reason", visit.say("desk-choose-reason"));
    }
    let sequence: Option<u64> = form.entry.trim().parse().ok();
    let row = {
        let state = log.sequencer.read();
        let offering = state.machine().offering();
        let index = sequence.and_then(|sequence| offering.contribution_at(Sequence(sequence)));
        index.map(|index| offering.row(index))
    };
    let (Some(sequence), Some(row)) = (sequence, row) else {
        errors.add("return-entry", visit.say("return-no-entry"));
        return None;
    };
    let currency = log.terms.currencies.get(row.currency.index());
    let decimals = currency.map_or(0, |known| known.decimals);
    let units = match form.amount.trim() {
        "" => Ok(row.accepted.0),
        typed => amounts::parse(visit.language, typed, decimals),
    };
    let units = units
        .map_err(|fault| errors.add("return-amount", visit.say(fault.key())))
        .ok()?;
    errors.is_empty().then(|| Operation::Return {
        contribution: sequence,
        amount: units.to_string(),
        reason: form.reason.clone(),
    })
}
