//! The escrow of an offering: naming it, and what is known of it.

use std::{borrow::Cow, sync::Arc};

use alloy_primitives::{Address, Bytes};
use alloy_sol_types::SolCall as _;
use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use softcap_evm::{
    EndpointError, Endpoints, EscrowKind, FindError, Releases, RootStanding, SaleTerms, Stopped,
    bindings::escrow::IEscrow, find_after_sale,
};
use softcap_identity::Verb;
use softcap_journal::OfferingLog;
use softcap_offering::{
    Command, CurrencyIndex, EscrowAddress, LineIndex, Position, Stamp, terms::Rail,
};
use utoipa::ToSchema;

use super::{
    Service,
    call_note::begin_change,
    caller::{Caller, IdempotencyKey},
    contributions::created,
    entry_view::EntryView,
    submit::{domain, name_of, submit_at},
};
use crate::{
    evm::RailStatus,
    extract::{Json, Path},
    problem::{ApiError, ProblemCode},
    system::CodeText,
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(name_escrow, read))]
pub(crate) struct RailPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/offerings/{offering}/escrow", post(name_escrow))
        .route("/v1/offerings/{offering}/rail", get(read))
}

/// The contract that holds an offering's money.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewEscrow {
    /// Its address: `0x` and 40 hexadecimal digits.
    pub contract: String,
    /// Height of the block in which it was announced.
    pub block: u64,
}

/// What is known of an escrow.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RailView {
    /// The chain's number (EIP-155).
    pub chain_id: u64,
    /// The contract.
    pub contract: String,
    /// Confirmations that an entry waits for.
    pub confirmations: u64,
    /// The newest block of the chain, as far as it is known.
    pub head: u64,
    /// The block up to which everything is in the record.
    pub followed: u64,
    /// Logs that are seen and not deep enough yet.
    pub waiting: u64,
    /// The contract that releases the money in steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milestones: Option<String>,
    /// How the money is released in steps, in the newest block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub releases: Option<ReleasesView>,
    /// How the settlement by root stands, in the newest block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<RootView>,
    /// What keeps it from going on for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// What stopped it until an operator confirms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm: Option<String>,
}

/// Where the releases of the money stand on the chain.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReleasesView {
    /// How many milestones are released.
    pub released: u8,
    /// Whether objections ended the releases: what is left goes back for tokens.
    pub stopped: bool,
    /// First second without objections to the next milestone, in unix seconds; left out where it is not announced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objections_until: Option<u64>,
    /// Accepted money of those who object to it, in smallest units.
    pub objections: String,
    /// What the escrow paid in, in smallest units.
    pub total: String,
}

impl From<Releases> for ReleasesView {
    fn from(releases: Releases) -> Self {
        Self {
            released: releases.released,
            stopped: releases.stopped == Stopped::Yes,
            objections_until: releases.objections_until,
            objections: releases.objections.to_string(),
            total: releases.total.to_string(),
        }
    }
}

/// Where a settlement by root stands on the chain.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RootView {
    /// `sale` before a root, `posted`, `void`, or `cancelled`.
    pub phase: &'static str,
    /// The root that was posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// First second without objections, in unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge_until: Option<u64>,
    /// First second without claims: who has not claimed by then takes all money back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims_until: Option<u64>,
    /// Contributed and not returned, in smallest units.
    pub contributed: String,
    /// Contributed by those who object, in smallest units.
    pub objections: String,
    /// Accepted money of claims so far, in smallest units: what the issuer may draw.
    pub accepted: String,
    /// Tokens of claims so far, in smallest units.
    pub tokens: String,
}

impl From<RootStanding> for RootView {
    fn from(standing: RootStanding) -> Self {
        Self {
            phase: standing.phase.name(),
            root: standing.root.map(|root| root.to_string()),
            challenge_until: standing.challenge_until,
            claims_until: standing.claims_until,
            contributed: standing.contributed.to_string(),
            objections: standing.objections.to_string(),
            accepted: standing.accepted.to_string(),
            tokens: standing.tokens.to_string(),
        }
    }
}

const NO_CHAIN: CodeText = CodeText {
    code: Cow::Borrowed("E658"),
    title: Cow::Borrowed("This node follows no chain."),
    remedy: Cow::Borrowed("Name endpoints under [evm] in the configuration and start it again."),
};

const NOT_THE_ESCROW: CodeText = CodeText {
    code: Cow::Borrowed("E659"),
    title: Cow::Borrowed("The contract is not the escrow of this offering."),
    remedy: Cow::Borrowed(
        "Use the address and the block of its announcement, on the chain of the endpoints.",
    ),
};

/// What a chain or a contract is not.
pub(super) fn codes() -> impl Iterator<Item = CodeText> {
    [NO_CHAIN, NOT_THE_ESCROW].into_iter()
}

/// What the terms promise for after the sale has contracts of its own, or the escrow is none of the offering.
fn not_kept(error: &FindError) -> ApiError {
    match error {
        FindError::Endpoints(error) => of_endpoints(error),
        FindError::OwnCode(_) | FindError::NotKept { .. } => {
            domain(StatusCode::CONFLICT, NOT_THE_ESCROW, error.to_string())
        }
    }
}

fn of_endpoints(error: &EndpointError) -> ApiError {
    ApiError::caused(ProblemCode::Busy, error)
}

/// Name the escrow contract that holds the money. The record follows it from here on, and the chain's time is
/// the log's.
#[utoipa::path(
    post,
    path = "/v1/offerings/{offering}/escrow",
    tag = "escrow",
    security(("key" = [])),
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("Idempotency-Key" = String, Header, description = "A value of your own; repeat it on a retry"),
    ),
    request_body = NewEscrow,
    responses((status = 201, description = "The entry and its receipt", body = EntryView)),
)]
async fn name_escrow(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
    caller: Caller,
    key: IdempotencyKey,
    Json(new): Json<NewEscrow>,
) -> Result<Response, ApiError> {
    let log = service.offering(&offering)?;
    caller.require(Verb::OfferingsWrite, &offering)?;
    let contract: Address = new
        .contract
        .parse()
        .map_err(|_| ApiError::invalid("contract", "`0x` and 40 hexadecimal digits"))?;
    let currency = evm_currency(&log)?;
    require_followable(&log)?;
    let chain = service
        .rails()
        .chain()
        .ok_or_else(|| domain(StatusCode::CONFLICT, NO_CHAIN, String::new()))?;
    let (chain_id, position) = look(chain, &log, contract, new.block).await?;
    let stamp = Stamp {
        line: LineIndex(0),
        position,
    };
    let escrow = EscrowAddress {
        chain_id,
        contract: contract.into(),
        currency,
    };
    let blocks = (new.block, new.block);
    let after_sale = find_after_sale(chain, escrow, &log.terms, blocks).await;
    after_sale.map_err(|error| not_kept(&error))?;
    let command = Command::Escrow(escrow);
    let (subject, request) = (
        format!("offering:{}", log.row.name),
        caller.request(&service.requests, &key),
    );
    begin_change(&service, &caller.who(), (&subject, &name_of(request))).await?;
    let entry = submit_at(&service, &log, &caller, &key, (stamp, &command)).await?;
    Ok(created(&entry))
}

/// The chain's number, and the time of the block, if the contract has the terms of the offering there.
async fn look(
    chain: &Endpoints,
    log: &OfferingLog,
    contract: Address,
    block: u64,
) -> Result<(u64, Position), ApiError> {
    let failed = |error: EndpointError| of_endpoints(&error);
    let chain_id = chain.chain_id().await.map_err(failed)?;
    let header = chain.block(block).await.map_err(failed)?.header();
    let call = IEscrow::termsCall {}.abi_encode();
    let answer = chain
        .call(contract, call.into(), block)
        .await
        .map_err(failed)?;
    let refused = |detail: &str| domain(StatusCode::CONFLICT, NOT_THE_ESCROW, detail.to_owned());
    let terms = SaleTerms::read(contract, &answer)
        .map_err(|_| refused("it says no terms at this block"))?;
    if terms.terms_hash().0 != log.terms.hash().0 {
        return Err(refused("its terms have another hash"));
    }
    if terms.kind() != EscrowKind::of(&log.terms) {
        return Err(refused("another kind of escrow keeps these terms"));
    }
    // It is followed from this block on: what came in before would be in no record.
    if let Some(before) = block.checked_sub(1) {
        let code: Bytes = chain
            .account("eth_getCode", contract, before)
            .await
            .map_err(failed)?;
        if !code.is_empty() {
            return Err(refused("it was announced in an earlier block"));
        }
    }
    Ok((chain_id, Position(header.timestamp.saturating_mul(1_000))))
}

fn evm_currency(log: &OfferingLog) -> Result<CurrencyIndex, ApiError> {
    let mut places = log.terms.currencies.iter();
    let place = places.position(|currency| currency.rail == Rail::Evm);
    let place = place.and_then(|place| u8::try_from(place).ok());
    place
        .map(CurrencyIndex)
        .ok_or_else(|| ApiError::invalid("offering", "no currency of its terms is on an EVM chain"))
}

/// Of other rounds no contract decides by itself who gets what.
fn require_followable(log: &OfferingLog) -> Result<(), ApiError> {
    let escrow = EscrowKind::of(&log.terms);
    if log.terms.rounds.iter().all(|round| escrow.decides(round)) {
        return Ok(());
    }
    Err(ApiError::invalid(
        "offering",
        "without `[root]` in the terms, only escrows of rounds that are first come or pro rata are followed",
    ))
}

/// What is known of the escrow: how far it is followed, what waits for confirmations, and what stopped it.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/rail",
    tag = "escrow",
    params(("offering" = String, Path, description = "Name of the offering")),
    responses((status = 200, description = "The escrow and how far it is followed", body = RailView)),
)]
async fn read(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
) -> Result<axum::Json<RailView>, ApiError> {
    let log = service.offering(&offering)?;
    let escrow = log.sequencer.read().machine().offering().escrow();
    let escrow = escrow.ok_or_else(|| ApiError::not_found("the offering has no escrow"))?;
    let RailStatus {
        head,
        followed,
        waiting,
        milestones,
        releases,
        root,
        problem,
        alarm,
    } = service.rails().status(&log.row.name).unwrap_or_default();
    // Without a chain nobody looks, and nothing else would tell that the record stands still.
    let is_blind = service.rails().chain().is_none();
    let no_chain = || format!("{} {}", NO_CHAIN.title, NO_CHAIN.remedy);
    let problem = problem.or_else(|| is_blind.then(no_chain));
    Ok(axum::Json(RailView {
        chain_id: escrow.chain_id,
        contract: Address::from(escrow.contract).to_string(),
        confirmations: service.rails().confirmations(),
        head,
        followed,
        waiting,
        milestones: milestones.map(|contract| contract.to_string()),
        releases: releases.map(ReleasesView::from),
        root: root.map(RootView::from),
        problem,
        alarm,
    }))
}
