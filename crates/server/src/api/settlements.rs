//! Settlement: do it, read it, prove it, and the audit bundle's parts.

use std::sync::Arc;

use axum::{Router, extract::State, http::HeaderMap, response::Response, routing::get};
use serde::Serialize;
use softcap_identity::Verb;
use softcap_journal::OfferingLog;
use softcap_offering::{Command, InvestorId, Offering};
use softcap_proof::{bundle, hex};
use utoipa::ToSchema;

use super::{
    Service,
    amount::Money,
    caller::{Caller, IdempotencyKey},
    contributions::created,
    entry_view::{EntryView, OutcomeView},
    etag::unless_known,
    submit::submit,
};
use crate::{
    extract::{Json, Path},
    problem::{ApiError, ProblemCode},
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(settle, read, preview, proof))]
pub(crate) struct SettlementPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route(
            "/v1/offerings/{offering}/settlement",
            get(read).post(settle),
        )
        .route("/v1/offerings/{offering}/settlement/preview", get(preview))
        .route(
            "/v1/offerings/{offering}/settlement/proofs/{investor}",
            get(proof),
        )
}

/// How an offering ended.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SettlementView {
    /// `succeeded`, `failed`, `cancelled` or `expired`.
    verdict: &'static str,
    /// Accepted value.
    raised: Money,
    /// Tokens that investors get.
    sold: Money,
    /// Tokens on sale that nobody got.
    unsold: Money,
    /// All tokens that exist after it.
    minted: Money,
    /// For each currency of the terms.
    currencies: Vec<CurrencyView>,
    /// Root of the settlement tree; absent when nobody took part.
    #[serde(skip_serializing_if = "Option::is_none")]
    root: Option<String>,
}

/// The money of a currency.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CurrencyView {
    /// What came in.
    contributed: Money,
    /// What the offering has.
    accepted: Money,
    /// What goes back.
    refunded: Money,
    /// What is neither.
    kept: Money,
}

/// One investor's leaf of the settlement tree, with its proof (`@openzeppelin/merkle-tree`).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InvestorProofView {
    /// Whose.
    investor: String,
    /// What they get.
    tokens: Money,
    /// For each currency of the terms.
    currencies: Vec<CurrencyView>,
    /// Root of the tree, as the journal publishes it.
    root: String,
    /// Siblings from the leaf up.
    proof: Vec<String>,
}

fn settlement_view(
    log: &OfferingLog,
    offering: &Offering,
    root: Option<String>,
) -> Option<SettlementView> {
    let settlement = offering.settlement()?;
    let terms = &log.terms;
    let currencies = settlement
        .totals
        .iter()
        .enumerate()
        .map(|(place, totals)| currency_view(log, place, totals))
        .collect();
    Some(SettlementView {
        verdict: settlement.settled.verdict.name(),
        raised: Money::of_value(terms, settlement.settled.raised.0),
        sold: Money::of_tokens(terms, settlement.settled.sold.0),
        unsold: Money::of_tokens(terms, settlement.unsold.0),
        minted: Money::of_tokens(terms, settlement.minted.0),
        currencies,
        root,
    })
}

fn currency_view(
    log: &OfferingLog,
    place: usize,
    totals: &softcap_offering::CurrencyTotals,
) -> CurrencyView {
    let money = |amount| Money::of_currency(&log.terms, place, amount);
    CurrencyView {
        contributed: money(totals.contributed),
        accepted: money(totals.accepted),
        refunded: money(totals.refunded),
        kept: money(totals.kept),
    }
}

/// Settle: fixes who gets what, and publishes the root of the settlement tree in the log.
#[utoipa::path(
    post,
    path = "/v1/offerings/{offering}/settlement",
    tag = "settlement",
    security(("key" = [])),
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("Idempotency-Key" = String, Header, description = "A value of your own; repeat it on a retry"),
    ),
    responses((status = 201, description = "The entry and its receipt", body = EntryView)),
)]
async fn settle(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
    caller: Caller,
    key: IdempotencyKey,
) -> Result<Response, ApiError> {
    let log = service.offering(&offering)?;
    caller.require(Verb::SettlementsWrite, &offering)?;
    let entry = submit(&service, &log, &caller, &key, &Command::Settle).await?;
    if matches!(entry.outcome, OutcomeView::Settled { .. }) {
        // Also when the server was stopped between the two entries: the repeat comes here again.
        if let Some(root) = root(&log).await? {
            // No client can send a zero byte, so this is the key of nobody's own request.
            let key = IdempotencyKey(format!("{}\0publish", key.0));
            let command = Command::Publish {
                settlement_root: root,
            };
            submit(&service, &log, &caller, &key, &command).await?;
        }
    }
    Ok(created(&offering, &entry))
}

/// The root of the settlement tree; built beside the requests.
async fn root(log: &Arc<OfferingLog>) -> Result<Option<[u8; 32]>, ApiError> {
    let log = Arc::clone(log);
    let built = tokio::task::spawn_blocking(move || {
        let state = log.sequencer.read();
        bundle::settlement_tree(state.machine().offering())
    });
    let tree = built.await.map_err(|error| ApiError::internal(&error))?;
    let tree = tree.map_err(|error| ApiError::internal(&error))?;
    Ok(tree.map(|tree| tree.root().0))
}

/// How the offering ended. The ETag is the root.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/settlement",
    tag = "settlement",
    params(("offering" = String, Path, description = "Name of the offering")),
    responses(
        (status = 200, description = "The result", body = SettlementView),
        (status = 304, description = "The one you have"),
    ),
)]
async fn read(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let log = service.offering(&offering)?;
    let not_yet = || ApiError::not_found("the offering is not settled");
    if log
        .sequencer
        .read()
        .machine()
        .offering()
        .settlement()
        .is_none()
    {
        return Err(not_yet());
    }
    let root = root(&log).await?.map(|root| hex(&root));
    let tag = root.clone().unwrap_or_else(|| "nobody".to_owned());
    let state = log.sequencer.read();
    let view = settlement_view(&log, state.machine().offering(), root).ok_or_else(not_yet)?;
    drop(state);
    Ok(unless_known(&headers, &tag, Json(view)))
}

/// What a settlement now would give. Only once contributions have ended, because it copies the state.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/settlement/preview",
    tag = "settlement",
    security(("key" = [])),
    params(("offering" = String, Path, description = "Name of the offering")),
    responses((status = 200, description = "What a settlement would give", body = SettlementView)),
)]
async fn preview(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
    caller: Caller,
) -> Result<Json<SettlementView>, ApiError> {
    let log = service.offering(&offering)?;
    caller.require(Verb::OfferingsRead, &offering)?;
    let tried = tokio::task::spawn_blocking(move || {
        let mut copy = {
            let state = log.sequencer.read();
            let offering = state.machine().offering();
            let waits = offering.settlement_stamps();
            if waits
                .iter()
                .any(|stamp| stamp.position > offering.latest(stamp.line))
            {
                return Err(ApiError::new(
                    ProblemCode::Conflict,
                    "windows or rights of withdrawal are still open",
                ));
            }
            offering.clone()
        };
        copy.apply(copy.now_stamp(), &Command::Settle);
        settlement_view(&log, &copy, None).ok_or_else(|| {
            ApiError::new(ProblemCode::Conflict, "it cannot be settled as it stands")
        })
    });
    let view = tried.await.map_err(|error| ApiError::internal(&error))??;
    Ok(Json(view))
}

/// What one investor gets, and the proof of it.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/settlement/proofs/{investor}",
    tag = "settlement",
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("investor" = String, Path, description = "The investor's number in this offering"),
    ),
    responses((status = 200, description = "Leaf and proof", body = InvestorProofView)),
)]
async fn proof(
    State(service): State<Arc<Service>>,
    Path((offering, who)): Path<(String, String)>,
) -> Result<Json<InvestorProofView>, ApiError> {
    let log = service.offering(&offering)?;
    let built = tokio::task::spawn_blocking(move || investor_proof(&log, &who));
    let view = built.await.map_err(|error| ApiError::internal(&error))??;
    Ok(Json(view))
}

fn investor_proof(log: &OfferingLog, who: &str) -> Result<InvestorProofView, ApiError> {
    let id = InvestorId::parse(who)
        .map_err(|error| ApiError::invalid("investor", &error.to_string()))?;
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    if offering.settlement().is_none() {
        return Err(ApiError::not_found("the offering is not settled"));
    }
    let index = offering
        .find_investor(id)
        .ok_or_else(|| ApiError::not_found("nobody has this number here"))?
        .index();
    let failed = |error: softcap_proof::ProofError| ApiError::internal(&error);
    let tree = bundle::settlement_tree(offering)
        .map_err(failed)?
        .ok_or_else(|| ApiError::not_found("nobody took part"))?;
    let mut rows = offering.investor_rows_from(index, index + 1);
    let row = rows
        .next()
        .ok_or_else(|| ApiError::not_found("nobody has this number here"))?;
    Ok(InvestorProofView {
        investor: row.id.to_string(),
        tokens: Money::of_tokens(&log.terms, row.tokens.0),
        currencies: row
            .totals
            .iter()
            .enumerate()
            .map(|(place, totals)| currency_view(log, place, totals))
            .collect(),
        root: hex(&tree.root().0),
        proof: tree
            .proof(index)
            .map_err(failed)?
            .iter()
            .map(|node| hex(&node.0))
            .collect(),
    })
}
