//! Who takes part, and how each stands; letting people in, and taking that back.
//!
//! Somebody is let in by the number that they have on the platform and see beside their balances. Their number in the
//! offering is drawn then, so that nobody has to bring money first. An address of mail names nobody here: whether one has
//! signed up is nobody's to learn.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use softcap_identity::Verb;
use softcap_journal::OfferingLog;
use softcap_offering::{
    InvestorId, InvestorIndex, Offering, RoundIndex, Standing,
    terms::{Access, WithdrawalHolder},
};

use super::{
    super::{
        amounts,
        form::{Errors, Form, once},
        language::Language,
        page::{page, page_with, see_other},
        state_words,
        times::When,
        visit::{Visit, with_next},
    },
    Member,
    desk::{DeskQuery, Place},
    desk_acts::outcome_place,
    guide::words_of,
    permit::Permit,
    returns::{ReturnForm, return_reasons},
    terms_text::instant,
};
use crate::{
    api::{Caller, IdempotencyKey, Operation, Service, operate_as, rows_of},
    contribution_state::{ResultOnChain, facts},
    extract::{Path, Query},
    problem::{ApiError, ProblemCode},
};

/// Investors on a page.
const ROWS: usize = 40;
/// Contributions of one investor that are shown.
const SHOWN: usize = 5;

#[derive(Debug, Default, Deserialize)]
pub(super) struct InvestorQuery {
    /// A number to look for.
    #[serde(default)]
    q: String,
    /// Investors after the one at this place.
    #[serde(default)]
    after: Option<usize>,
    #[serde(default)]
    done: String,
    #[serde(default)]
    refused: Option<u16>,
    /// Who is to be let in: the number of somebody who accepted an invitation.
    #[serde(default)]
    who: String,
}

/// Who is to be let in, and how far.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct AdmitForm {
    #[serde(default)]
    once: String,
    #[serde(default)]
    who: String,
    #[serde(default)]
    round: String,
    #[serde(default)]
    limit: String,
    #[serde(default)]
    expires: String,
    #[serde(default)]
    withdrawal: String,
}

/// Whose admission is taken back.
#[derive(Debug, Deserialize)]
pub(super) struct RevokeForm {
    #[serde(default)]
    once: String,
    #[serde(default)]
    investor: String,
    #[serde(default)]
    round: String,
}

struct AdmissionRow {
    round: String,
    state: String,
    tone: &'static str,
    limit: Option<String>,
    expires: Option<When>,
    is_valid: bool,
}

struct ContributionRow {
    sequence: u64,
    amount: String,
    state: String,
    tone: &'static str,
}

struct InvestorRow {
    investor: String,
    admissions: Vec<AdmissionRow>,
    contributions: Vec<ContributionRow>,
    /// Contributions that are not shown.
    more: usize,
}

#[derive(Template)]
#[template(path = "issuer/investors.html")]
pub(super) struct InvestorsPage {
    visit: Visit,
    place: Place,
    pub(super) errors: Errors,
    done: Option<String>,
    refused: Option<String>,
    query: String,
    count: String,
    rows: Vec<InvestorRow>,
    next: Option<usize>,
    may_admit: Permit,
    /// Rounds to which people are let in one by one.
    rounds: Vec<String>,
    /// A contract asks for a permit and not for an entry.
    is_on_chain: bool,
    asks_for_right: bool,
    unit: String,
    typed: AdmitForm,
    pub(super) once: String,
    may_return: Permit,
    fresh_place: String,
    return_reasons: Vec<(&'static str, String)>,
    /// What was typed to give something back.
    pub(super) back: ReturnForm,
}

pub(super) async fn investors(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Member(caller): Member,
    Query(query): Query<InvestorQuery>,
) -> Result<Response, ApiError> {
    page(&investors_page(&service, visit, &name, (&caller, &query))?)
}

pub(super) fn investors_page(
    service: &Service,
    visit: Visit,
    name: &str,
    (caller, query): (&Caller, &InvestorQuery),
) -> Result<InvestorsPage, ApiError> {
    let log = service.offering(name)?;
    caller.require(Verb::InvestorsRead, name)?;
    let language = visit.language;
    let place = Place::new(language, &log);
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let count = offering.investor_count();
    let looked_for = query.q.trim();
    let (places, next): (Vec<usize>, Option<usize>) = if looked_for.is_empty() {
        let begin = query
            .after
            .map_or(0, |after| after.saturating_add(1))
            .min(count);
        let end = begin.saturating_add(ROWS).min(count);
        ((begin..end).collect(), (end < count).then(|| end - 1))
    } else {
        let id = InvestorId::parse(looked_for).ok();
        let found = id.and_then(|id| offering.find_investor(id));
        (found.map(InvestorIndex::index).into_iter().collect(), None)
    };
    let see_money = caller.require(Verb::ContributionsRead, name).is_ok();
    let rows = places.into_iter().filter_map(|place| {
        let index = InvestorIndex(u32::try_from(place).ok()?);
        Some(row(service, language, (&log, offering), (index, see_money)))
    });
    let terms = offering.terms();
    let admitted = terms
        .rounds
        .iter()
        .filter(|round| round.access == Access::Admitted);
    Ok(InvestorsPage {
        errors: Errors::default(),
        done: match query.done.as_str() {
            "admitted" => Some(visit.say("investors-admitted")),
            "revoked" => Some(visit.say("investors-revoked")),
            "returned" => Some(visit.say("return-done")),
            _ => None,
        },
        refused: DeskQuery {
            done: String::new(),
            refused: query.refused,
        }
        .refused_words(language),
        query: looked_for.to_owned(),
        count: amounts::count(language, u128::try_from(count).unwrap_or(u128::MAX)),
        rows: rows.collect(),
        next,
        may_admit: Permit::of(&caller.require(Verb::InvestorsWrite, name)),
        rounds: admitted.map(|round| round.name.clone()).collect(),
        is_on_chain: offering.escrow().is_some() || softcap_evm::takes_evm(terms),
        asks_for_right: terms
            .withdrawal
            .is_some_and(|right| right.who == WithdrawalHolder::Marked),
        unit: terms.numeraire.symbol.clone(),
        typed: AdmitForm {
            who: query.who.clone(),
            ..AdmitForm::default()
        },
        may_return: Permit::of(&caller.require(Verb::OperationsWrite, name)),
        fresh_place: with_next("/account/fresh", &visit.place),
        return_reasons: return_reasons(&visit),
        back: ReturnForm::default(),
        once: once()?,
        place,
        visit,
    })
}

fn row(
    service: &Service,
    language: Language,
    (log, offering): (&OfferingLog, &Offering),
    (index, see_money): (InvestorIndex, bool),
) -> InvestorRow {
    let terms = offering.terms();
    let investor = offering.investor(index).to_string();
    let now = offering.now_stamp().position;
    let rounds = (0_u8..).zip(&terms.rounds);
    let admissions = rounds.filter_map(|(place, round)| {
        let held = offering.admission(index, RoundIndex(place))?;
        let is_over = held.expires.is_some_and(|end| end <= now);
        let (state, tone) = match held.standing {
            Standing::Revoked => (language.say("admission-revoked"), "stop"),
            Standing::Valid if is_over => (language.say("admission-over"), "poor"),
            Standing::Valid => (language.say("admission-valid"), "good"),
        };
        Some(AdmissionRow {
            round: round.name.clone(),
            state,
            tone,
            limit: held
                .limit
                .map(|limit| amounts::value(language, terms, limit.0).text),
            expires: held.expires.map(|end| When::at(language, end)),
            is_valid: held.standing == Standing::Valid,
        })
    });
    let own = if see_money {
        rows_of(service, log, offering, index)
    } else {
        Vec::new()
    };
    let result = ResultOnChain::of(service, &log.row.name, offering);
    let shown = own.iter().take(SHOWN).map(|index| {
        let facts = facts(offering, *index, result);
        let told = state_words::told(language, offering, &facts, None);
        let money = facts.row.contributed.0;
        ContributionRow {
            sequence: facts.row.sequence.0,
            amount: amounts::money(language, terms, facts.row.currency.index(), money).text,
            state: told.name,
            tone: told.tone,
        }
    });
    InvestorRow {
        contributions: shown.collect(),
        more: own.len().saturating_sub(SHOWN),
        admissions: admissions.collect(),
        investor,
    }
}

pub(super) async fn admit(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Member(caller): Member,
    Form(form): Form<AdmitForm>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    caller.require(Verb::InvestorsWrite, &name)?;
    let mut errors = Errors::default();
    if let Some(operation) = operation(&visit, &log, &form, &mut errors) {
        let key = IdempotencyKey::of_form(&form.once);
        match operate_as(&service, &name, (&caller, &key), &operation).await {
            Ok(entry) => {
                let page = format!("/issuer/offerings/{name}/investors");
                return see_other(&outcome_place(&page, "admitted", &entry));
            }
            Err(
                error @ ApiError::Own {
                    code: ProblemCode::Invalid,
                    ..
                },
            ) => errors.add("who", said(&visit, &error)),
            Err(error) => return Err(error),
        }
    }
    let asked = (&caller, &InvestorQuery::default());
    let mut answer = investors_page(&service, visit, &name, asked)?;
    answer.errors = errors;
    answer.once.clone_from(&form.once);
    answer.typed = form;
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer)
}

fn said(visit: &Visit, error: &ApiError) -> String {
    let words = words_of(error);
    if words.starts_with("person: ") {
        return visit.say("investors-unknown");
    }
    words
        .split_once(": ")
        .map_or(words.clone(), |(_, why)| why.to_owned())
}

/// Digits of a person's number on the platform.
const PERSON_DIGITS: usize = 32;

fn operation(
    visit: &Visit,
    log: &OfferingLog,
    form: &AdmitForm,
    errors: &mut Errors,
) -> Option<Operation> {
    let language = visit.language;
    let who = form.who.trim();
    if who.is_empty() {
        errors.add("who", visit.say("investors-who-empty"));
    }
    if form.round.is_empty() {
        errors.add("round", visit.say("investors-choose-round"));
    }
    let limit = match form.limit.trim() {
        "" => None,
        typed => match amounts::parse(language, typed, log.terms.numeraire.decimals) {
            Ok(units) => Some(units.to_string()),
            Err(fault) => {
                errors.add("limit", visit.say(fault.key()));
                None
            }
        },
    };
    let expires = match form.expires.trim() {
        "" => None,
        typed => {
            let time: Option<jiff::Timestamp> = instant(typed).parse().ok();
            let millis = time.and_then(|time| u64::try_from(time.as_millisecond()).ok());
            if millis.is_none() {
                errors.add("expires", visit.say("desk-until-wrong"));
            }
            millis
        }
    };
    let is_person = who.len() == PERSON_DIGITS && who.bytes().all(|byte| byte.is_ascii_hexdigit());
    errors.is_empty().then(|| Operation::Admit {
        round: form.round.clone(),
        investor: (!is_person).then(|| who.to_owned()),
        person: is_person.then(|| who.to_ascii_lowercase()),
        limit,
        expires,
        guaranteed: None,
        withdrawal: !form.withdrawal.is_empty(),
    })
}

pub(super) async fn revoke(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    Member(caller): Member,
    Form(form): Form<RevokeForm>,
) -> Result<Response, ApiError> {
    let operation = Operation::Revoke {
        round: form.round,
        investor: form.investor,
    };
    let key = IdempotencyKey::of_form(&form.once);
    let entry = operate_as(&service, &name, (&caller, &key), &operation).await?;
    let page = format!("/issuer/offerings/{name}/investors");
    see_other(&outcome_place(&page, "revoked", &entry))
}
