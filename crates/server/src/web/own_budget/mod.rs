//! The page of one's own budget.

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};
use serde::Deserialize;
use softcap_offering::Amount;

use super::{
    amounts,
    form::{Errors, Form},
    language::{Language, Value},
    page::{page, page_with, see_other},
    times::When,
    visit::Visit,
};
use crate::{
    api::{Service, holdings, of_database, spent},
    budgets::{InCurrency, Limits},
    extract::Query,
    problem::ApiError,
};

/// The page of one's own budget.
pub(super) fn pages() -> Router<Arc<Service>> {
    Router::new().route("/account/budget", get(show).post(set))
}

#[derive(Debug, Deserialize)]
struct DoneQuery {
    #[serde(default)]
    done: String,
}

#[derive(Debug, Default, Deserialize)]
struct BudgetForm {
    /// Symbol and places: `EUR/2`.
    #[serde(default)]
    currency: String,
    #[serde(default)]
    year: String,
    #[serde(default)]
    offering: String,
}

struct CurrencyView {
    value: String,
    symbol: String,
    is_chosen: bool,
}

struct BudgetView {
    symbol: String,
    year: String,
    used: String,
    offering: String,
    /// What counts later, and from when.
    later: Option<(String, When)>,
}

#[derive(Template)]
#[template(path = "own_budget/page.html")]
struct BudgetPage {
    visit: Visit,
    errors: Errors,
    budgets: Vec<BudgetView>,
    currencies: Vec<CurrencyView>,
    year: String,
    offering: String,
    done: Option<String>,
}

/// Currencies of the platform's offerings and of the person's balances.
async fn currencies(service: &Service, visit: &Visit) -> Result<BTreeSet<(String, u8)>, ApiError> {
    let mut all = BTreeSet::new();
    for log in service.journal().offerings() {
        let known = log.terms.currencies.iter();
        all.extend(known.map(|known| (known.symbol.clone(), known.decimals)));
    }
    let held = holdings(service.journal(), visit.session()?.person).await?;
    all.extend(held.into_iter().map(|held| (held.symbol, held.decimals)));
    Ok(all)
}

fn bound(language: Language, held: &InCurrency, amount: Option<Amount>) -> String {
    match amount {
        None => language.say("budget-none"),
        Some(amount) => amounts::amount(language, amount.0, held.decimals, &held.symbol).text,
    }
}

async fn budget_page(
    service: &Service,
    visit: Visit,
    form: &BudgetForm,
    errors: Errors,
) -> Result<BudgetPage, ApiError> {
    let (language, now) = (visit.language, service.now());
    let person = visit.session()?.person;
    let held = service.budgets().of(person).await.map_err(of_database)?;
    let mut budgets = Vec::with_capacity(held.len());
    for held in &held {
        let used = spent(service, person, (&held.symbol, held.decimals), (None, None)).await?;
        let limits = held.budget.at(now);
        let later = held.budget.next.filter(|(_, from)| now < *from);
        budgets.push(BudgetView {
            symbol: held.symbol.clone(),
            year: bound(language, held, limits.year),
            used: bound(language, held, Some(used.year)),
            offering: bound(language, held, limits.offering),
            later: later.map(|(later, from)| {
                let (year, offering) = (
                    bound(language, held, later.year),
                    bound(language, held, later.offering),
                );
                let values = [
                    ("year", Value::Text(&year)),
                    ("offering", Value::Text(&offering)),
                ];
                (
                    language.tell("budget-later", &values),
                    When::of(language, from),
                )
            }),
        });
    }
    let known = currencies(service, &visit).await?;
    let only = known.len() == 1;
    let currencies = known.into_iter().map(|(symbol, decimals)| {
        let value = format!("{symbol}/{decimals}");
        CurrencyView {
            is_chosen: only || value == form.currency,
            value,
            symbol,
        }
    });
    Ok(BudgetPage {
        budgets,
        currencies: currencies.collect(),
        year: form.year.clone(),
        offering: form.offering.clone(),
        done: None,
        errors,
        visit,
    })
}

async fn show(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Query(query): Query<DoneQuery>,
) -> Result<Response, ApiError> {
    let done = (query.done == "set").then(|| visit.say("budget-set"));
    let mut shown = budget_page(&service, visit, &BudgetForm::default(), Errors::default()).await?;
    shown.done = done;
    page(&shown)
}

async fn set(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Form(form): Form<BudgetForm>,
) -> Result<Response, ApiError> {
    let person = visit.session()?.person;
    let mut errors = Errors::default();
    let known = currencies(&service, &visit).await?.into_iter();
    let mut chosen =
        known.filter(|(symbol, decimals)| format!("{symbol}/{decimals}") == form.currency);
    let Some((symbol, decimals)) = chosen.next() else {
        errors.add("currency", visit.say("contribute-choose-currency"));
        let shown = budget_page(&service, visit, &form, errors).await?;
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown);
    };
    let mut read = |field: &'static str, text: &str| {
        if text.trim().is_empty() {
            return None;
        }
        match amounts::parse(visit.language, text, decimals) {
            Ok(units) => Some(Amount(units)),
            Err(amounts::AmountFault::Zero) => Some(Amount::ZERO),
            Err(fault) => {
                errors.add(field, visit.say(fault.key()));
                None
            }
        }
    };
    let wanted = Limits {
        year: read("year", &form.year),
        offering: read("offering", &form.offering),
    };
    if !errors.is_empty() {
        let shown = budget_page(&service, visit, &form, errors).await?;
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown);
    }
    let budgets = service.budgets();
    let before = budgets.find(person, (&symbol, decimals)).await;
    let budget = before.map_err(of_database)?.wish(wanted, service.now());
    let held = InCurrency {
        symbol,
        decimals,
        budget,
    };
    budgets.put(person, &held).await.map_err(of_database)?;
    see_other("/account/budget?done=set")
}
