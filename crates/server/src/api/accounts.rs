//! Accounts of investors in an offering (the balance rail): money is moved in, and what is free is
//! moved out again at any time. For platforms that keep the balances of people elsewhere; with those
//! kept here, `people.rs` moves money.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    response::Response,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use softcap_identity::Verb;
use softcap_journal::OfferingLog;
use softcap_offering::{Amount, Command, CurrencyIndex, InvestorId, TransferId};
use utoipa::ToSchema;

use super::{
    Service,
    amount::{Money, parse_currency, parse_units},
    caller::{Caller, IdempotencyKey},
    contributions::created,
    entry_view::EntryView,
    random_id::parse_id,
    submit::submit_noted,
};
use crate::{
    extract::{Json, Path},
    problem::ApiError,
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(read, fund, take_back))]
pub(crate) struct AccountPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/offerings/{offering}/accounts/{investor}", get(read))
        .route(
            "/v1/offerings/{offering}/accounts/{investor}/fundings",
            post(fund),
        )
        .route(
            "/v1/offerings/{offering}/accounts/{investor}/returns",
            post(take_back),
        )
}

/// Money that is moved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Transfer {
    /// A name for it that is used once: 32 hexadecimal digits. The same one again moves nothing.
    #[schema(example = "00112233445566778899aabbccddeeff")]
    transfer: String,
    /// Symbol of a currency of the terms.
    currency: String,
    /// Smallest units.
    amount: String,
}

/// The accounts of one investor.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AccountsView {
    /// Whose.
    investor: String,
    /// One for each currency of the terms.
    accounts: Vec<AccountView>,
}

/// One account: funded is taken back, available, held and spent together.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AccountView {
    /// All that was moved in.
    funded: Money,
    /// All that was moved out again.
    taken_back: Money,
    /// In contributions, and may still come back.
    held: Money,
    /// Free to contribute with, or to be moved out.
    available: Money,
    /// Never comes back.
    spent: Money,
}

fn transfer_id(text: &str) -> Result<TransferId, ApiError> {
    parse_id("transfer", text).map(TransferId)
}

fn investor(text: &str) -> Result<InvestorId<'_>, ApiError> {
    InvestorId::parse(text).map_err(|error| ApiError::invalid("investor", &error.to_string()))
}

/// The accounts of an investor, one for each currency of the terms; `None` when nobody has the number.
pub(super) fn accounts(log: &OfferingLog, id: InvestorId<'_>) -> Option<Vec<AccountView>> {
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let index = offering.find_investor(id)?;
    let places = (0_u8..).take(log.terms.currencies.len());
    let accounts = places.map(|place| {
        let held = offering.account(index, CurrencyIndex(place));
        let money = |amount| Money::of_currency(&log.terms, usize::from(place), amount);
        AccountView {
            funded: money(held.funded),
            taken_back: money(held.taken_back),
            held: money(held.held),
            available: money(held.available),
            spent: money(held.spent),
        }
    });
    Some(accounts.collect())
}

/// The accounts of an investor now.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/accounts/{investor}",
    tag = "accounts",
    security(("key" = [])),
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("investor" = String, Path, description = "The investor's number in this offering"),
    ),
    responses((status = 200, description = "Now", body = AccountsView)),
)]
async fn read(
    State(service): State<Arc<Service>>,
    Path((offering, who)): Path<(String, String)>,
    caller: Caller,
) -> Result<Json<AccountsView>, ApiError> {
    let log = service.offering(&offering)?;
    caller.require(Verb::AccountsRead, &offering)?;
    let id = investor(&who)?;
    let accounts =
        accounts(&log, id).ok_or_else(|| ApiError::not_found("nobody has this number here"))?;
    Ok(Json(AccountsView {
        investor: who,
        accounts,
    }))
}

/// Move money of the platform into an investor's account in the offering.
#[utoipa::path(
    post,
    path = "/v1/offerings/{offering}/accounts/{investor}/fundings",
    tag = "accounts",
    security(("key" = [])),
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("investor" = String, Path, description = "The investor's number in this offering"),
        ("Idempotency-Key" = String, Header, description = "A value of your own; repeat it on a retry"),
    ),
    request_body = Transfer,
    responses((status = 201, description = "The entry and its receipt", body = EntryView)),
)]
async fn fund(
    State(service): State<Arc<Service>>,
    Path((offering, who)): Path<(String, String)>,
    caller: Caller,
    key: IdempotencyKey,
    Json(body): Json<Transfer>,
) -> Result<Response, ApiError> {
    let log = service.offering(&offering)?;
    caller.require(Verb::AccountsWrite, &offering)?;
    let command = Command::Fund {
        transfer: transfer_id(&body.transfer)?,
        investor: investor(&who)?,
        currency: CurrencyIndex(parse_currency(&log.terms, &body.currency)?),
        amount: Amount(parse_units("amount", &body.amount)?),
    };
    let entry = submit_noted(&service, &log, &caller, &key, &command).await?;
    Ok(created(&entry))
}

/// Move free money out of the offering again. Possible at any time, whatever became of the offering.
#[utoipa::path(
    post,
    path = "/v1/offerings/{offering}/accounts/{investor}/returns",
    tag = "accounts",
    security(("key" = [])),
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("investor" = String, Path, description = "The investor's number in this offering"),
        ("Idempotency-Key" = String, Header, description = "A value of your own; repeat it on a retry"),
    ),
    request_body = Transfer,
    responses((status = 201, description = "The entry and its receipt", body = EntryView)),
)]
async fn take_back(
    State(service): State<Arc<Service>>,
    Path((offering, who)): Path<(String, String)>,
    caller: Caller,
    key: IdempotencyKey,
    Json(body): Json<Transfer>,
) -> Result<Response, ApiError> {
    let log = service.offering(&offering)?;
    caller.require(Verb::AccountsWrite, &offering)?;
    let command = Command::TakeBack {
        transfer: transfer_id(&body.transfer)?,
        investor: investor(&who)?,
        currency: CurrencyIndex(parse_currency(&log.terms, &body.currency)?),
        amount: Amount(parse_units("amount", &body.amount)?),
    };
    let entry = submit_noted(&service, &log, &caller, &key, &command).await?;
    Ok(created(&entry))
}
