//! Contributions: make one, read one, list them, take one back.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use softcap_identity::Verb;
use softcap_journal::OfferingLog;
use softcap_offering::{
    Amount, Command, Contribute, ContributionIndex, CurrencyIndex, Funding, InvestorId, LimitPrice,
    Offering, Sequence, terms::Rail,
};
use utoipa::ToSchema;

use super::{
    Service,
    amount::{Money, parse_currency, parse_units},
    caller::{Caller, IdempotencyKey},
    entry_view::{EntryView, position_text},
    page,
    submit::{Ready, at_batch_time, enter, of_journal, prepare, submit, view},
};
use crate::{
    contribution_state::{ResultOnChain, facts},
    extract::{Json, Path, Query},
    header_text::header_text,
    problem::ApiError,
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(make, read, list, receipt, withdraw))]
pub(crate) struct ContributionPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route(
            "/v1/offerings/{offering}/contributions",
            post(make).get(list),
        )
        .route(
            "/v1/offerings/{offering}/contributions/{sequence}",
            get(read),
        )
        .route(
            "/v1/offerings/{offering}/contributions/{sequence}/receipt",
            get(receipt),
        )
        .route(
            "/v1/offerings/{offering}/contributions/{sequence}/withdrawal",
            post(withdraw),
        )
}

/// A contribution to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewContribution {
    /// Who puts the money in: the investor's number in this offering, or an EVM address.
    #[schema(example = "p-1024")]
    investor: String,
    /// Symbol of a currency of the terms.
    #[schema(example = "EUR")]
    currency: String,
    /// Smallest units.
    #[schema(example = "125000")]
    amount: String,
    /// Where the money is. `account`: in the investor's account in the offering, which is the default on
    /// the balance rail; `arrived`: it came in otherwise, and the platform says so.
    #[serde(default)]
    funding: Option<FundingName>,
    /// In auctions: the most money for so many tokens.
    #[serde(default)]
    limit_price: Option<LimitPriceBody>,
    /// A name of your own for it: up to 255 printable ASCII characters without comma and quotation mark.
    /// It is public.
    #[serde(default)]
    reference: String,
    /// Where it was seen, for example a transaction hash. It is public.
    #[serde(default)]
    source: Option<String>,
}

/// Where the money of a contribution is.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum FundingName {
    /// In the investor's account in the offering.
    Account,
    /// It arrived.
    Arrived,
}

/// The most money that a bid gives for tokens, both in smallest units.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitPriceBody {
    /// Units of the numeraire.
    money: String,
    /// Units of the token; not zero.
    tokens: String,
}

/// A contribution as it stands now.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ContributionView {
    /// Number of its entry: its id.
    sequence: u64,
    /// Whose.
    investor: String,
    /// Where in the schedule it stands.
    position: String,
    /// The round that took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    round: Option<String>,
    /// What came in: accepted, refunded and kept together.
    contributed: Money,
    /// What the offering has.
    accepted: Money,
    /// What goes back, or waits.
    refunded: Money,
    /// What is neither.
    kept: Money,
    /// What it buys.
    tokens: Money,
    /// Why less than all is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What is the matter with it, in a word of docs/contribution-states.md.
    #[schema(example = "counted")]
    state: &'static str,
}

/// A page of contributions in their order.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ContributionPage {
    /// The contributions.
    contributions: Vec<ContributionView>,
    /// Give it as `after` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// Which page.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct PageQuery {
    /// Contributions after this sequence number.
    #[serde(default)]
    after: Option<u64>,
    /// How many, 1 to 1000; 100 without a wish.
    #[serde(default)]
    limit: Option<usize>,
}

/// Contribute. Answered when the entry is on disk. A refusal by the rules is an entry too: 201 with
/// the outcome `refused` and its receipt.
#[utoipa::path(
    post,
    path = "/v1/offerings/{offering}/contributions",
    tag = "contributions",
    security(("key" = [])),
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("Idempotency-Key" = String, Header, description = "A value of your own; repeat it on a retry"),
    ),
    request_body = NewContribution,
    responses((status = 201, description = "The entry and its receipt", body = EntryView)),
)]
fn make(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
    caller: Caller,
    key: IdempotencyKey,
    Json(new): Json<NewContribution>,
) -> impl Future<Output = Result<Response, ApiError>> + Send {
    // No part of the answer's future: what came with the request is given back before the disk is waited for.
    let prepared = prepare_new(&service, &offering, (&caller, &key), &new);
    async move {
        let (log, ready) = prepared?;
        Ok(created(&enter(&service, &log, ready).await?))
    }
}

fn prepare_new(
    service: &Service,
    offering: &str,
    (caller, key): (&Caller, &IdempotencyKey),
    new: &NewContribution,
) -> Result<(Arc<OfferingLog>, Ready), ApiError> {
    let log = service.offering(offering)?;
    caller.require(Verb::ContributionsWrite, offering)?;
    let investor = InvestorId::parse(&new.investor)
        .map_err(|error| ApiError::invalid("investor", &error.to_string()))?;
    let currency = parse_currency(&log.terms, &new.currency)?;
    let rail = log
        .terms
        .currencies
        .get(usize::from(currency))
        .map(|known| known.rail);
    let funding = match (new.funding, rail) {
        (Some(FundingName::Account), _) | (None, Some(Rail::Balance)) => Funding::Account,
        (Some(FundingName::Arrived) | None, _) => Funding::Arrived,
    };
    let limit = new.limit_price.as_ref().map(limit_price).transpose()?;
    let command = Command::Contribute(Contribute {
        investor,
        currency: CurrencyIndex(currency),
        amount: Amount(parse_units("amount", &new.amount)?),
        limit,
        reference: &new.reference,
        source: new.source.as_deref(),
        funding,
    });
    let request = caller.request(&service.requests, key);
    let ready = prepare(service, &log, request, (at_batch_time(), &command))?;
    Ok((log, ready))
}

pub(super) fn limit_price(body: &LimitPriceBody) -> Result<LimitPrice, ApiError> {
    let tokens = parse_units("limit_price.tokens", &body.tokens)?;
    if tokens == 0 {
        return Err(ApiError::invalid("limit_price.tokens", "it is zero"));
    }
    Ok(LimitPrice {
        money: parse_units("limit_price.money", &body.money)?,
        tokens,
    })
}

/// Room for the headers of an answer, those of the frame with them.
const HEADERS: usize = 12;

pub(super) fn created(entry: &EntryView) -> Response {
    let body = match entry.to_json() {
        Ok(body) => body,
        Err(error) => return ApiError::internal(&error).into_response(),
    };
    let place = header_text(format_args!(
        "/v1/offerings/{}/log/entries/{}",
        entry.offering, entry.sequence
    ));
    // Exactly as long as it is, the answer goes out from where it was written.
    let mut response = Response::new(Bytes::from(body.into_boxed_slice()).into());
    *response.status_mut() = StatusCode::CREATED;
    let headers = response.headers_mut();
    headers.reserve(HEADERS);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    if let Ok(place) = place {
        headers.insert(header::LOCATION, place);
    }
    response
}

/// A contribution as it stands now.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/contributions/{sequence}",
    tag = "contributions",
    security(("key" = [])),
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("sequence" = u64, Path, description = "Number of its entry"),
    ),
    responses((status = 200, description = "As it stands now", body = ContributionView)),
)]
async fn read(
    State(service): State<Arc<Service>>,
    Path((offering, sequence)): Path<(String, u64)>,
    caller: Caller,
) -> Result<Json<ContributionView>, ApiError> {
    let log = service.offering(&offering)?;
    caller.require(Verb::ContributionsRead, &offering)?;
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let index = offering
        .contribution_at(Sequence(sequence))
        .ok_or_else(|| ApiError::not_found("this entry is no contribution"))?;
    let result = ResultOnChain::of(&service, &log.row.name, offering);
    Ok(Json(row_view(offering, index, result)))
}

pub(super) fn row_view(
    offering: &Offering,
    index: ContributionIndex,
    result: ResultOnChain,
) -> ContributionView {
    let facts = facts(offering, index, result);
    let row = facts.row;
    let terms = offering.terms();
    let money = |amount| Money::of_currency(terms, row.currency.index(), amount);
    let round = row.round.and_then(|round| terms.rounds.get(round.index()));
    ContributionView {
        sequence: row.sequence.0,
        investor: offering.investor(row.investor).to_string(),
        position: position_text(terms, row.position.0),
        round: round.map(|round| round.name.clone()),
        contributed: money(row.contributed),
        accepted: money(row.accepted),
        refunded: money(row.refunded),
        kept: money(row.kept),
        tokens: Money::of_tokens(terms, row.tokens.0),
        reason: row.reason.map(softcap_offering::Reason::name),
        state: facts.state.code(),
    }
}

/// Contributions in their order.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/contributions",
    tag = "contributions",
    security(("key" = [])),
    params(("offering" = String, Path, description = "Name of the offering"), PageQuery),
    responses((status = 200, description = "A page", body = ContributionPage)),
)]
async fn list(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<ContributionPage>, ApiError> {
    let log = service.offering(&offering)?;
    caller.require(Verb::ContributionsRead, &offering)?;
    let limit = page::rows(query.limit)?;
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let begin = query.after.map_or(0, |after| first_after(offering, after));
    let end = offering.contribution_count().min(begin + limit);
    let result = ResultOnChain::of(&service, &log.row.name, offering);
    let contributions: Vec<ContributionView> = (begin..end)
        .filter_map(|index| u32::try_from(index).ok())
        .map(|index| row_view(offering, ContributionIndex(index), result))
        .collect();
    let next = contributions
        .last()
        .filter(|_| end < offering.contribution_count())
        .map(|last| last.sequence);
    Ok(Json(ContributionPage {
        contributions,
        next,
    }))
}

/// Place of the first contribution after an entry.
fn first_after(offering: &Offering, after: u64) -> usize {
    let (mut low, mut high) = (0, offering.contribution_count());
    while low < high {
        let middle = usize::midpoint(low, high);
        let index = ContributionIndex(u32::try_from(middle).unwrap_or(u32::MAX));
        if offering.row(index).sequence.0 <= after {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// The receipt of an entry, as it was given: text, to be saved as a file.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/contributions/{sequence}/receipt",
    tag = "contributions",
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("sequence" = u64, Path, description = "Number of its entry"),
    ),
    responses((status = 200, description = "A C2SP tlog-proof", body = String, content_type = "text/plain")),
)]
async fn receipt(
    State(service): State<Arc<Service>>,
    Path((offering, sequence)): Path<(String, u64)>,
) -> Result<String, ApiError> {
    let log = service.offering(&offering)?;
    let receipt = log.reader.receipt(sequence).await.map_err(of_journal)?;
    Ok(receipt.to_string())
}

/// Take a contribution back, within the right of withdrawal that the terms give.
#[utoipa::path(
    post,
    path = "/v1/offerings/{offering}/contributions/{sequence}/withdrawal",
    tag = "contributions",
    security(("key" = [])),
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("sequence" = u64, Path, description = "Number of the contribution's entry"),
        ("Idempotency-Key" = String, Header, description = "A value of your own; repeat it on a retry"),
    ),
    responses((status = 201, description = "The entry and its receipt", body = EntryView)),
)]
async fn withdraw(
    State(service): State<Arc<Service>>,
    Path((offering, sequence)): Path<(String, u64)>,
    caller: Caller,
    key: IdempotencyKey,
) -> Result<Response, ApiError> {
    let log = service.offering(&offering)?;
    caller.require(Verb::ContributionsWrite, &offering)?;
    let command = Command::Withdraw {
        contribution: Sequence(sequence),
    };
    let entry = submit(&service, &log, &caller, &key, &command).await?;
    Ok(created(&entry))
}

/// The newest form of an entry that anybody may read.
pub(super) async fn entry(log: &OfferingLog, sequence: u64) -> Result<EntryView, ApiError> {
    let receipt = log.reader.receipt(sequence).await.map_err(of_journal)?;
    view(log, &receipt)
}
