//! Settlement: do it, read it, prove it.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Router, extract::State, http::HeaderMap, response::Response, routing::get};
use serde::Serialize;
use softcap_identity::{UnixMillis, Verb};
use softcap_journal::{
    Intake, LogName, Machine as _, OfferingLog, Submission, encode_at_batch_time,
};
use softcap_offering::{
    Command, CurrencyTotals, InvestorId, InvestorIndex, InvestorRow, Offering, Position, Tokens,
    terms::Terms,
};
use softcap_proof::{SettlementNode, SettlementTree, bundle, hex};
use tokio::sync::Mutex;
use utoipa::ToSchema;

use super::{
    Service,
    amount::Money,
    caller::{Caller, IdempotencyKey},
    contributions::created,
    entry_view::{EntryView, OutcomeView},
    etag::unless_known,
    investors::InvestorQuery,
    submit::submit_noted,
};
use crate::{
    extract::{Json, Path, Query},
    problem::{ApiError, ProblemCode},
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(settle, read, preview, table, proof))]
pub(crate) struct SettlementPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route(
            "/v1/offerings/{offering}/settlement",
            get(read).post(settle),
        )
        .route("/v1/offerings/{offering}/settlement/preview", get(preview))
        .route("/v1/offerings/{offering}/settlement/table", get(table))
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

/// A page of the settlement table.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SettlementTable {
    /// Investors, in the order of their first entries and of the leaves of the tree.
    investors: Vec<SettlementRow>,
    /// Give it as `after` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u32>,
}

/// What one investor gets.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SettlementRow {
    /// Whose.
    investor: String,
    /// What they get.
    tokens: Money,
    /// For each currency of the terms.
    currencies: Vec<CurrencyView>,
}

impl SettlementRow {
    fn new(terms: &Terms, row: &InvestorRow<'_>) -> Self {
        let totals = row.totals.iter().enumerate();
        Self {
            investor: row.id.to_string(),
            tokens: Money::of_tokens(terms, row.tokens.0),
            currencies: totals
                .map(|(place, totals)| currency_view(terms, place, totals))
                .collect(),
        }
    }
}

/// One investor's leaf of the settlement tree, with its proof (`@openzeppelin/merkle-tree`).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InvestorProofView {
    /// What the leaf says.
    #[serde(flatten)]
    row: SettlementRow,
    /// Root of the tree, as the journal publishes it.
    root: String,
    /// Siblings from the leaf up.
    proof: Vec<String>,
}

pub(super) fn settlement_view(offering: &Offering, root: Option<String>) -> Option<SettlementView> {
    let settlement = offering.settlement()?;
    let terms = offering.terms();
    let currencies = settlement
        .totals
        .iter()
        .enumerate()
        .map(|(place, totals)| currency_view(terms, place, totals))
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

fn currency_view(terms: &Terms, place: usize, totals: &CurrencyTotals) -> CurrencyView {
    let money = |amount| Money::of_currency(terms, place, amount);
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
    let entry = settle_as(&service, &offering, (&caller, &key)).await?;
    Ok(created(&entry))
}

/// Settles and publishes the root, if the caller may.
pub(crate) async fn settle_as(
    service: &Service,
    offering: &str,
    (caller, key): (&Caller, &IdempotencyKey),
) -> Result<EntryView, ApiError> {
    let log = service.offering(offering)?;
    caller.require(Verb::SettlementsWrite, offering)?;
    let entry = submit_noted(service, &log, caller, key, &Command::Settle).await?;
    if matches!(entry.outcome, OutcomeView::Settled { .. }) {
        // Also when the server was stopped between the two entries: the repeat comes here again.
        if let Some(tree) = tree(service, &log).await? {
            // No client can send a zero byte, so this is the key of nobody's own request.
            let key = IdempotencyKey(format!("{}\0publish", key.0));
            let command = Command::Publish {
                settlement_root: tree.root().0,
            };
            submit_noted(service, &log, caller, &key, &command).await?;
        }
    }
    Ok(entry)
}

/// The root of a settled offering; none when nobody took part.
pub(crate) async fn settlement_root(
    service: &Service,
    log: &Arc<OfferingLog>,
) -> Result<Option<String>, ApiError> {
    let tree = tree(service, log).await?;
    Ok(tree.map(|tree| hex(&tree.root().0)))
}

/// Publishes the root of a settlement that no request asked for, once; also after a stop between the two.
pub(crate) async fn publish_settlement(
    service: &Service,
    log: &Arc<OfferingLog>,
) -> Result<(), String> {
    let request = service.requests.of("settlement", "publish");
    let is_there = {
        let state = log.sequencer.read();
        let machine = state.machine();
        machine.offering().settlement().is_none() || machine.find_request(request).is_some()
    };
    if is_there {
        return Ok(());
    }
    if let Some(tree) = tree(service, log)
        .await
        .map_err(|error| error.to_string())?
    {
        let settlement_root = tree.root().0;
        let body = encode_at_batch_time(&Command::Publish { settlement_root }, Some(request));
        let body = body.map_err(|error| error.to_string())?;
        let submission = Submission {
            intake: Intake::Other,
            request: Some(request),
            body,
        };
        let submitted = log.sequencer.submit(submission).await;
        submitted.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Trees of settled offerings; of one in which nobody took part there is none.
pub(super) type Trees = Mutex<BTreeMap<LogName, Option<Arc<SettlementTree>>>>;

fn not_settled() -> ApiError {
    ApiError::not_found("the offering is not settled")
}

pub(super) fn require_settled(log: &OfferingLog) -> Result<(), ApiError> {
    let state = log.sequencer.read();
    let settlement = state.machine().offering().settlement();
    settlement.map(|_| ()).ok_or_else(not_settled)
}

/// The settlement tree; `None` when nobody took part. Anybody may ask, so it is built once, by one
/// at a time and beside the requests, and kept: after a settlement it never changes.
async fn tree(
    service: &Service,
    log: &Arc<OfferingLog>,
) -> Result<Option<Arc<SettlementTree>>, ApiError> {
    let mut trees = service.trees.lock().await;
    if let Some(known) = trees.get(&log.row.name) {
        return Ok(known.clone());
    }
    let of = Arc::clone(log);
    let built = tokio::task::spawn_blocking(move || {
        let state = of.sequencer.read();
        bundle::settlement_tree(state.machine().offering())
    });
    let built = built.await.map_err(|error| ApiError::internal(&error))?;
    let tree = built.map_err(|error| ApiError::internal(&error))?;
    let tree = tree.map(Arc::new);
    trees.insert(log.row.name.clone(), tree.clone());
    Ok(tree)
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
    require_settled(&log)?;
    let tree = tree(&service, &log).await?;
    let root = tree.map(|tree| hex(&tree.root().0));
    let tag = root.clone().unwrap_or_else(|| "nobody".to_owned());
    let state = log.sequencer.read();
    let view = settlement_view(state.machine().offering(), root).ok_or_else(not_settled)?;
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
    let copy = settled_copy(log, service.now()).await?;
    let view = settlement_view(&copy, None).ok_or_else(not_settleable)?;
    Ok(Json(view))
}

fn not_settleable() -> ApiError {
    ApiError::new(ProblemCode::Conflict, "it cannot be settled as it stands")
}

/// The offering as it would be after a settlement now. Only once contributions have ended, because it copies the state.
pub(crate) async fn settled_copy(
    log: Arc<OfferingLog>,
    now: UnixMillis,
) -> Result<Offering, ApiError> {
    // A settlement would be stamped with the time: the log does not have to be that far.
    let now = Position(u64::try_from(now.get()).unwrap_or(0));
    let tried = tokio::task::spawn_blocking(move || {
        let mut copy = {
            let state = log.sequencer.read();
            let offering = state.machine().offering();
            let waits = offering.settlement_stamps();
            if waits
                .iter()
                .any(|stamp| stamp.position > offering.latest(stamp.line).max(now))
            {
                return Err(ApiError::new(
                    ProblemCode::Conflict,
                    "windows or rights of withdrawal are still open",
                ));
            }
            offering.clone()
        };
        let mut stamp = copy.now_stamp();
        stamp.position = stamp.position.max(now);
        copy.apply(stamp, &Command::Settle);
        if copy.settlement().is_some() {
            Ok(copy)
        } else {
            Err(not_settleable())
        }
    });
    tried.await.map_err(|error| ApiError::internal(&error))?
}

/// Who gets what. It never changes.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/settlement/table",
    tag = "settlement",
    params(("offering" = String, Path, description = "Name of the offering"), InvestorQuery),
    responses((status = 200, description = "A page", body = SettlementTable)),
)]
async fn table(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
    Query(query): Query<InvestorQuery>,
) -> Result<Json<SettlementTable>, ApiError> {
    let log = service.offering(&offering)?;
    require_settled(&log)?;
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let page = query.page(offering.investor_count())?;
    let places = page.places();
    let [begin, end] = [places.start, places.end].map(|place| InvestorIndex(place).index());
    let mut rows = offering.investor_rows_from(begin, end);
    let mut investors = Vec::with_capacity(places.len());
    while let Some(row) = rows.next() {
        investors.push(SettlementRow::new(offering.terms(), &row));
    }
    Ok(Json(SettlementTable {
        investors,
        next: page.next(),
    }))
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
    require_settled(&log)?;
    let tree = tree(&service, &log).await?;
    let tree = tree.ok_or_else(|| ApiError::not_found("nobody took part"))?;
    investor_proof(&log, &tree, &who).map(Json)
}

/// What the settlement says of an investor in its only currency, and the proof of it.
#[derive(Clone, Debug)]
pub(crate) struct OwnLeaf {
    /// What they get.
    pub(crate) tokens: Tokens,
    /// What of their money was taken, and what goes back.
    pub(crate) money: CurrencyTotals,
    /// The siblings up to the root, nearest first.
    pub(crate) proof: Vec<SettlementNode>,
}

/// The leaf of an investor; `None` before there is a settlement, of nobody, and of a sale in several currencies.
pub(crate) async fn own_leaf(
    service: &Service,
    log: &Arc<OfferingLog>,
    id: InvestorId<'_>,
) -> Result<Option<OwnLeaf>, ApiError> {
    if require_settled(log).is_err() {
        return Ok(None);
    }
    let Some(tree) = tree(service, log).await? else {
        return Ok(None);
    };
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let Some(index) = offering.find_investor(id).map(InvestorIndex::index) else {
        return Ok(None);
    };
    let mut rows = offering.investor_rows_from(index, index + 1);
    let Some((tokens, [money])) = rows.next().map(|row| (row.tokens, row.totals)) else {
        return Ok(None);
    };
    let proof = tree.proof(index);
    Ok(Some(OwnLeaf {
        tokens,
        money: *money,
        proof: proof.map_err(|error| ApiError::internal(&error))?,
    }))
}

fn investor_proof(
    log: &OfferingLog,
    tree: &SettlementTree,
    who: &str,
) -> Result<InvestorProofView, ApiError> {
    let id = InvestorId::parse(who)
        .map_err(|error| ApiError::invalid("investor", &error.to_string()))?;
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let index = offering
        .find_investor(id)
        .ok_or_else(|| ApiError::not_found("nobody has this number here"))?
        .index();
    let failed = |error: softcap_proof::ProofError| ApiError::internal(&error);
    let mut rows = offering.investor_rows_from(index, index + 1);
    let row = rows
        .next()
        .ok_or_else(|| ApiError::not_found("nobody has this number here"))?;
    Ok(InvestorProofView {
        row: SettlementRow::new(offering.terms(), &row),
        root: hex(&tree.root().0),
        proof: tree
            .proof(index)
            .map_err(failed)?
            .iter()
            .map(|node| hex(&node.0))
            .collect(),
    })
}
