//! Rehearsals of drafts: begun, looked at, and asked for before terms freeze.
//!
//! Whoever announces real terms must have rehearsed exactly these, and the rehearsal must have passed. Keys for trials
//! (`sc_test_...`), which only whoever runs the machine makes, announce without one: demonstrations, tests, and sales of the
//! past that are entered once more. Which key did it stands in the audit.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use softcap_identity::{Environment, UnixMillis, Verb};
use softcap_offering::terms::Terms;
use softcap_proof::hex;
use utoipa::ToSchema;

use super::{
    Service, caller::Caller, drafts::draft_of, keys::time_text, offerings::parse_terms,
    webhooks::of_database,
};
use crate::{
    drafts::{KeptRehearsal, RehearsalState},
    extract::{Json, Path},
    problem::{ApiError, ProblemCode},
    rehearsals::{Plan, SaleReport},
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(read, begin))]
pub(crate) struct RehearsalPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new().route("/v1/drafts/{draft}/rehearsal", get(read).post(begin))
}

/// The rehearsal of a draft as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RehearsalView {
    /// The terms that it is of. Other terms are not rehearsed by it.
    terms_hash: String,
    /// `running`, `passed`, `failed`, or `broken_off` where whoever worked at it stopped in the middle.
    state: &'static str,
    /// Steps that are done.
    step: u32,
    /// Of so many.
    steps: u32,
    /// When it was begun, RFC 3339.
    begun_at: String,
    /// When something was last heard of it: its end, where it has ended.
    heard_at: String,
    /// The sales that were played; none while it runs.
    sales: Vec<SaleReport>,
}

impl RehearsalView {
    fn new(kept: KeptRehearsal) -> Self {
        Self {
            state: kept.state.name(),
            step: kept.step,
            steps: kept.steps,
            begun_at: time_text(UnixMillis::new(kept.begun_ms)),
            heard_at: time_text(UnixMillis::new(kept.heard_ms)),
            sales: reports(&kept),
            terms_hash: kept.terms_hash,
        }
    }
}

/// What became of the sales that were played.
pub(crate) fn reports(kept: &KeptRehearsal) -> Vec<SaleReport> {
    serde_json::from_str(&kept.report).unwrap_or_default()
}

/// How the last rehearsal of a draft stands, as long as the draft has the terms that were rehearsed.
#[utoipa::path(
    get,
    path = "/v1/drafts/{draft}/rehearsal",
    tag = "drafts",
    security(("key" = [])),
    params(("draft" = String, Path, description = "Name of the draft")),
    responses((status = 200, description = "How it stands", body = RehearsalView)),
)]
async fn read(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    caller: Caller,
) -> Result<Json<RehearsalView>, ApiError> {
    let draft = draft_of(&service, &caller, Verb::OfferingsRead, &name).await?;
    let terms = parse_terms(&draft.terms)?;
    let kept = rehearsal_of(&service, &terms).await?;
    let kept = kept.ok_or_else(|| ApiError::not_found("these terms were not rehearsed"))?;
    Ok(Json(RehearsalView::new(kept)))
}

/// Rehearse a draft: the whole sale with people who do not exist, on the engine and, where a contract takes the money, on a chain
/// in the server. Returns at once; where one of these terms runs, that one goes on.
#[utoipa::path(
    post,
    path = "/v1/drafts/{draft}/rehearsal",
    tag = "drafts",
    security(("key" = [])),
    params(("draft" = String, Path, description = "Name of the draft")),
    responses((status = 202, description = "It runs", body = RehearsalView)),
)]
async fn begin(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    caller: Caller,
) -> Result<Response, ApiError> {
    let draft = draft_of(&service, &caller, Verb::OfferingsWrite, &name).await?;
    let terms = Arc::new(parse_terms(&draft.terms)?);
    let kept = begin_rehearsal(&service, &caller, &terms).await?;
    Ok((StatusCode::ACCEPTED, Json(RehearsalView::new(kept))).into_response())
}

/// Begins a rehearsal, or finds the one that runs; how it stands.
pub(crate) async fn begin_rehearsal(
    service: &Arc<Service>,
    caller: &Caller,
    terms: &Arc<Terms>,
) -> Result<KeptRehearsal, ApiError> {
    let plan = Plan::of(terms).ok_or_else(|| {
        ApiError::invalid(
            "terms",
            "sealed bids cannot be rehearsed, and need no rehearsal",
        )
    })?;
    let clock = Arc::clone(service);
    let now = Arc::new(move || clock.now());
    let begun = service
        .rehearsals
        .begin(Arc::clone(terms), plan, (caller.name(), now));
    begun.await.map_err(of_database)?;
    let kept = rehearsal_of(service, terms).await?;
    kept.ok_or_else(|| ApiError::internal(&"a rehearsal that was begun is not there"))
}

/// The last rehearsal of exactly these terms.
pub(crate) async fn rehearsal_of(
    service: &Service,
    terms: &Terms,
) -> Result<Option<KeptRehearsal>, ApiError> {
    let hash = hex(&terms.hash().0);
    let kept = service.drafts.rehearsal(&hash, service.now().get()).await;
    kept.map_err(of_database)
}

/// Refuses to freeze terms that were not rehearsed, or whose rehearsal did not pass.
pub(super) async fn require_rehearsed(
    service: &Service,
    caller: &Caller,
    terms: &Terms,
) -> Result<(), ApiError> {
    let is_trial = match caller {
        Caller::Key(principal) => principal.environment() == Environment::Test,
        Caller::Person(_) | Caller::App(_) => false,
    };
    if is_trial || Plan::of(terms).is_none() {
        return Ok(());
    }
    let detail = match rehearsal_of(service, terms).await?.map(|kept| kept.state) {
        Some(RehearsalState::Passed) => return Ok(()),
        Some(RehearsalState::Failed) => "the rehearsal of these terms did not pass",
        Some(RehearsalState::Running) => "the rehearsal of these terms is not over",
        Some(RehearsalState::BrokenOff) => "the rehearsal of these terms broke off",
        None => "these terms were not rehearsed",
    };
    Err(ApiError::new(ProblemCode::NotRehearsed, detail))
}
