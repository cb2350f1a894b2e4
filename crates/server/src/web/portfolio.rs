//! What somebody has here: balances, contributions with their states, and money that waits in offerings.

use std::{fmt::Write as _, sync::Arc};

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use softcap_identity::PersonId;
use softcap_journal::OfferingLog;

use super::{
    amounts, language::Language, page::page, state_words, times::When, visit::Visit, wallet,
};
use crate::{
    api::{
        OwnName, Service, YearQuery, free_money, holdings, of_database, own_names, own_rows,
        tax_file, tax_years,
    },
    contribution_state::{ResultOnChain, facts},
    extract::Query,
    problem::ApiError,
    wallet_acts::{ActKind, Seen, Stage, look},
};

#[derive(Debug, Deserialize)]
pub(super) struct DoneQuery {
    #[serde(default)]
    done: String,
}

struct HoldingRow {
    symbol: String,
    available: String,
    in_offerings: String,
}

struct ContributionRow {
    /// Its page.
    page: String,
    title: String,
    /// Its number in the log, once it is there.
    number: Option<String>,
    received: When,
    amount: String,
    tokens: String,
    state: String,
    tone: &'static str,
    position: u64,
}

/// Free money that waits in the account of an offering.
struct FreeRow {
    offering: String,
    title: String,
    amount: String,
}

#[derive(Template)]
#[template(path = "portfolio.html")]
struct PortfolioPage {
    visit: Visit,
    holdings: Vec<HoldingRow>,
    rows: Vec<ContributionRow>,
    free: Vec<FreeRow>,
    done: Option<String>,
    person: String,
    /// In which something was contributed, newest first.
    years: Vec<i16>,
}

pub(super) async fn portfolio(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Query(query): Query<DoneQuery>,
) -> Result<Response, ApiError> {
    let language = visit.language;
    let person = visit.session()?.person;
    let held = holdings(service.journal(), person).await?;
    let held = held.into_iter().map(|held| HoldingRow {
        available: amounts::number(language, held.available.0, held.decimals),
        in_offerings: amounts::number(language, held.in_offerings.0, held.decimals),
        symbol: held.symbol,
    });
    let (mut rows, mut free) = (Vec::new(), Vec::new());
    for (log, own) in own_names(&service, person).await? {
        rows.extend(rows_of(&service, language, &log, &own));
        if let OwnName::Number(number) = &own {
            free.extend(free_of(language, &log, number));
        }
    }
    rows.extend(rows_of_acts(&service, language, person).await?);
    rows.sort_by_key(|row| std::cmp::Reverse(row.position));
    let done = (query.done == "back").then(|| visit.say("contribution-money-back"));
    page(&PortfolioPage {
        holdings: held.collect(),
        rows,
        free,
        done,
        years: tax_years(&service, person).await?,
        person: person.to_string(),
        visit,
    })
}

fn rows_of(
    service: &Service,
    language: Language,
    log: &OfferingLog,
    own: &OwnName,
) -> Vec<ContributionRow> {
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let result = ResultOnChain::of(service, &log.row.name, offering);
    let terms = &log.terms;
    let rows = own_rows(service, log, offering, own.id())
        .into_iter()
        .map(|index| {
            let facts = facts(offering, index, result);
            let row = &facts.row;
            let told = state_words::told(language, offering, &facts, None);
            ContributionRow {
                page: format!("/contributions/{}/{}", log.row.name, row.sequence.0),
                title: terms.name.clone(),
                number: Some(amounts::count(language, u128::from(row.sequence.0))),
                received: When::at(language, row.position),
                amount: amounts::money(language, terms, row.currency.index(), row.contributed.0)
                    .text,
                tokens: amounts::tokens(language, terms, facts.tokens().0).text,
                state: told.name,
                tone: told.tone,
                position: row.position.0,
            }
        });
    rows.collect()
}

/// Contributions that a wallet was asked for and that are in no log yet.
async fn rows_of_acts(
    service: &Service,
    language: Language,
    person: PersonId,
) -> Result<Vec<ContributionRow>, ApiError> {
    let acts = service.wallet_acts().of_person(person).await;
    let mut rows = Vec::new();
    for mut act in acts.map_err(of_database)? {
        let is_open = act.kind == ActKind::Contribute && act.stage != Stage::Done;
        let Some(log) = service
            .journal()
            .offering(&act.offering)
            .filter(|_| is_open)
        else {
            continue;
        };
        let Seen::Before { state, .. } = look(service, &log, &mut act).await? else {
            continue;
        };
        rows.push(ContributionRow {
            page: format!("/wallet/{}", act.id),
            title: log.terms.name.clone(),
            number: None,
            received: When::of(language, act.made_at),
            amount: wallet::money_words(language, &log, act.amount),
            tokens: "–".to_owned(),
            state: language.say(&format!("state-{}-name", state.code())),
            tone: state_words::tone(state),
            position: u64::try_from(act.made_at.get()).unwrap_or(0),
        });
    }
    Ok(rows)
}

fn free_of(language: Language, log: &OfferingLog, number: &str) -> Vec<FreeRow> {
    let state = log.sequencer.read();
    let free = free_money(state.machine().offering(), number).into_iter();
    let rows = free.map(|free| FreeRow {
        offering: log.row.name.to_string(),
        title: log.terms.name.clone(),
        amount: amounts::money(
            language,
            &log.terms,
            usize::from(free.currency),
            free.amount.0,
        )
        .text,
    });
    rows.collect()
}

pub(super) async fn export(
    State(service): State<Arc<Service>>,
    visit: Visit,
) -> Result<Response, ApiError> {
    let text = table(&service, visit.session()?.person).await?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"contributions.csv\""),
        ),
    ];
    Ok((headers, text).into_response())
}

pub(super) async fn tax(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Query(query): Query<YearQuery>,
) -> Result<Response, ApiError> {
    tax_file(&service, visit.session()?.person, query.year).await
}

/// All contributions of a person with exact amounts, for programs.
async fn table(service: &Service, person: PersonId) -> Result<String, ApiError> {
    let mut text = String::from(
        "received_at,offering,sequence,state,currency,contributed,accepted,refunded,kept,token,tokens\r\n",
    );
    for (log, own) in own_names(service, person).await? {
        let terms = &log.terms;
        let state = log.sequencer.read();
        let offering = state.machine().offering();
        let result = ResultOnChain::of(service, &log.row.name, offering);
        for index in own_rows(service, &log, offering, own.id()) {
            let facts = facts(offering, index, result);
            let row = &facts.row;
            let Some(currency) = terms.currencies.get(row.currency.index()) else {
                continue;
            };
            let money = |units: u128| amounts::plain(units, currency.decimals);
            // Names and symbols have no comma and no quotation mark.
            let _ = write!(
                text,
                "{},{},{},{},{},{},{},{},{},{},{}\r\n",
                When::at(Language::English, row.position).iso,
                log.row.name,
                row.sequence.0,
                facts.state.code(),
                currency.symbol,
                money(row.contributed.0),
                money(row.accepted.0),
                money(row.refunded.0),
                money(row.kept.0),
                terms.token.symbol,
                amounts::plain(row.tokens.0, terms.token.decimals),
            );
        }
    }
    Ok(text)
}
