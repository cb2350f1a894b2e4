//! Investors of an offering and their admissions. They are let in, and admissions taken back, by
//! operations.

use std::sync::Arc;

use axum::{Router, extract::State, routing::get};
use serde::{Deserialize, Serialize};
use softcap_identity::Verb;
use softcap_offering::{InvestorId, InvestorIndex, Offering, RoundIndex, Standing, WithdrawalMark};
use utoipa::ToSchema;

use super::{Service, amount::Money, caller::Caller, entry_view::position_text, page::Page};
use crate::{
    extract::{Json, Path, Query},
    problem::ApiError,
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, read))]
pub(crate) struct InvestorPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/offerings/{offering}/investors", get(list))
        .route("/v1/offerings/{offering}/investors/{investor}", get(read))
}

/// An investor as the offering knows them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InvestorView {
    /// The investor's number in this offering, or an EVM address.
    #[schema(example = "p-1024")]
    investor: String,
    /// Rounds to which they were ever admitted, in the order of the terms.
    admissions: Vec<AdmissionView>,
}

/// An admission to a round.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AdmissionView {
    /// Name of the round.
    round: String,
    /// Whether it stands, if it has not expired.
    standing: StandingName,
    /// Most that may be accepted; absent without a limit of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<Money>,
    /// From when it is void: RFC 3339, or a height.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    /// What of a guaranteed allocation is not used yet.
    guarantee_left: Money,
    /// Whether it carries the right of withdrawal where the terms give it to the marked.
    withdrawal: bool,
}

/// Whether an admission stands.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum StandingName {
    /// It was given.
    Valid,
    /// It was taken back.
    Revoked,
}

/// A page of investors in the order of their first entries.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InvestorPage {
    /// The investors.
    investors: Vec<InvestorView>,
    /// Give it as `after` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u32>,
}

/// Which page.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct InvestorQuery {
    /// `next` of the page before.
    #[serde(default)]
    after: Option<u32>,
    /// How many, 1 to 1000; 100 without a wish.
    #[serde(default)]
    limit: Option<usize>,
}

impl InvestorQuery {
    /// The places of this page among so many investors.
    pub(super) fn page(&self, count: usize) -> Result<Page, ApiError> {
        Page::new(self.after, self.limit, count)
    }
}

fn view(offering: &Offering, index: InvestorIndex) -> InvestorView {
    let terms = offering.terms();
    let rounds = (0_u8..).zip(&terms.rounds);
    let admissions = rounds.filter_map(|(place, round)| {
        let held = offering.admission(index, RoundIndex(place))?;
        Some(AdmissionView {
            round: round.name.clone(),
            standing: match held.standing {
                Standing::Valid => StandingName::Valid,
                Standing::Revoked => StandingName::Revoked,
            },
            limit: held.limit.map(|limit| Money::of_value(terms, limit.0)),
            expires: held.expires.map(|end| position_text(terms, end.0)),
            guarantee_left: Money::of_value(terms, held.guarantee_left.0),
            withdrawal: held.withdrawal == WithdrawalMark::Marked,
        })
    });
    InvestorView {
        investor: offering.investor(index).to_string(),
        admissions: admissions.collect(),
    }
}

/// Investors, in the order of their first entries: whoever was admitted, had money moved in, or
/// contributed.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/investors",
    tag = "investors",
    security(("key" = [])),
    params(("offering" = String, Path, description = "Name of the offering"), InvestorQuery),
    responses((status = 200, description = "A page", body = InvestorPage)),
)]
async fn list(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
    caller: Caller,
    Query(query): Query<InvestorQuery>,
) -> Result<Json<InvestorPage>, ApiError> {
    let log = service.offering(&offering)?;
    caller.require(Verb::InvestorsRead, &offering)?;
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let page = query.page(offering.investor_count())?;
    Ok(Json(InvestorPage {
        investors: page
            .places()
            .map(|place| view(offering, InvestorIndex(place)))
            .collect(),
        next: page.next(),
    }))
}

/// An investor and their admissions.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/investors/{investor}",
    tag = "investors",
    security(("key" = [])),
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("investor" = String, Path, description = "The investor's number in this offering"),
    ),
    responses((status = 200, description = "Now", body = InvestorView)),
)]
async fn read(
    State(service): State<Arc<Service>>,
    Path((offering, who)): Path<(String, String)>,
    caller: Caller,
) -> Result<Json<InvestorView>, ApiError> {
    let log = service.offering(&offering)?;
    caller.require(Verb::InvestorsRead, &offering)?;
    let id = InvestorId::parse(&who)
        .map_err(|error| ApiError::invalid("investor", &error.to_string()))?;
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let index = offering
        .find_investor(id)
        .ok_or_else(|| ApiError::not_found("nobody has this number here"))?;
    Ok(Json(view(offering, index)))
}
