//! The review desk: compliance officers look at what people said and showed, and decide.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    middleware::map_response,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use softcap_identity::{
    AdmissionLimit, Approval, Approved, Case, PersonId, Reason, ResourcePattern, Right, RoundGrant,
};
use utoipa::ToSchema;

use super::{
    Service,
    amount::parse_units,
    caller::Staff,
    proposals::ProposalView,
    signed_in::no_store,
    verification_acts::{
        approve_case, ask_case_for_more, case_of, case_values, cases_seen, named, refuse_case,
        take_case,
    },
    verification_problem::of_verification,
    verification_view::{
        CaseStateName, CaseView, OverviewView, ReasonView, RoundBody, reasons, time, values,
    },
};
use crate::{
    extract::{Json, Path, Query},
    problem::ApiError,
};

/// Cases of a page at most, and without a wish.
const PAGE: u32 = 100;

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, read, read_values, take, ask_more, approve, refuse))]
pub(crate) struct VerificationDeskPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/verifications", get(list))
        .route("/v1/verifications/{person}", get(read))
        .route("/v1/verifications/{person}/values", get(read_values))
        .route("/v1/verifications/{person}/review", post(take))
        .route("/v1/verifications/{person}/more", post(ask_more))
        .route("/v1/verifications/{person}/approval", post(approve))
        .route("/v1/verifications/{person}/refusal", post(refuse))
        .layer(map_response(no_store))
}

/// Which cases.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    /// Of which state; without it of all.
    state: Option<CaseStateName>,
    /// `next` of the page before.
    after: Option<String>,
    /// How many, 1 to 100; 100 without a wish.
    limit: Option<u32>,
}

/// Cases, those that changed longest ago first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaseList {
    /// The cases.
    cases: Vec<CaseView>,
    /// Give it as `after` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A case for a reviewer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReviewView {
    #[serde(flatten)]
    overview: OverviewView,
    /// What a screening found at the last submission.
    flags: Vec<ReasonView>,
    /// Every reason that a decision may give.
    reasons_to_give: Vec<ReasonView>,
    /// Whole units of a numeraire above which a second officer approves.
    four_eyes_above: u64,
}

/// What a person said.
#[derive(Serialize, ToSchema)]
pub(super) struct ValuesView {
    /// By the name of the field.
    values: BTreeMap<&'static str, String>,
}

/// What a reviewer asks for, or why not.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonsBody {
    /// The version of the case that was read.
    version: i64,
    /// One to eight codes.
    #[schema(example = json!(["unreadable"]))]
    reasons: Vec<String>,
}

/// What is granted in a round.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantBody {
    /// Name of the offering.
    offering: String,
    /// Name of the round, which the person asked for.
    round: String,
    /// Most that may be accepted, in smallest units of the numeraire; without it what the terms allow to everybody.
    limit: Option<String>,
    /// Whether the person has the right of withdrawal where the terms give it to the marked.
    #[serde(default)]
    withdrawal: bool,
}

/// An approval.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApprovalBody {
    /// The version of the case that was read.
    version: i64,
    /// From when it counts no more; without it as late as the configuration allows.
    until: Option<String>,
    /// What the person may do.
    #[serde(default)]
    admissions: Vec<GrantBody>,
}

/// What became of an approval.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ApprovalView {
    /// The case.
    case: CaseView,
    /// What a second officer must approve before it counts; absent when it counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposal: Option<ProposalView>,
}

/// Cases by state.
#[utoipa::path(
    get,
    path = "/v1/verifications",
    tag = "verification",
    security(("session" = [])),
    params(ListQuery),
    responses((status = 200, description = "A page", body = CaseList)),
)]
async fn list(
    State(service): State<Arc<Service>>,
    staff: Staff,
    Query(query): Query<ListQuery>,
) -> Result<Json<CaseList>, ApiError> {
    let limit = query.limit.unwrap_or(PAGE);
    if !(1..=PAGE).contains(&limit) {
        return Err(ApiError::invalid("limit", "1 to 100"));
    }
    let after = query.after.as_deref().map(cursor).transpose()?;
    let state = query.state.map(Into::into);
    let cases = cases_seen(&service, &staff, (state, after), limit).await?;
    let is_full = u32::try_from(cases.len()).is_ok_and(|count| count == limit);
    let next = cases.last().filter(|_| is_full).map(cursor_text);
    Ok(Json(CaseList {
        cases: cases.iter().map(CaseView::from).collect(),
        next,
    }))
}

fn cursor_text(case: &Case) -> String {
    format!("{}-{}", case.changed_at.get(), case.person)
}

fn cursor(text: &str) -> Result<(softcap_identity::UnixMillis, PersonId), ApiError> {
    let read = || {
        let (at, person) = text.split_once('-')?;
        let at = softcap_identity::UnixMillis::new(at.parse().ok()?);
        Some((at, person.parse().ok()?))
    };
    read().ok_or_else(|| ApiError::invalid("after", "`next` of the page before"))
}

/// A case, what is there of it and what is missing, without what the person said.
#[utoipa::path(
    get,
    path = "/v1/verifications/{person}",
    tag = "verification",
    security(("session" = [])),
    params(("person" = String, Path, description = "The person's id")),
    responses((status = 200, description = "As it is now", body = ReviewView)),
)]
async fn read(
    State(service): State<Arc<Service>>,
    Path(person): Path<String>,
    staff: Staff,
) -> Result<Json<ReviewView>, ApiError> {
    let (overview, uploads) = case_of(&service, &staff, &person).await?;
    let cases = &service.verifications;
    Ok(Json(ReviewView {
        flags: reasons(&overview.case.flags),
        overview: OverviewView::new(&overview, &uploads, &service),
        reasons_to_give: reasons(Reason::ALL),
        four_eyes_above: cases.policy().four_eyes_above,
    }))
}

/// What a person said. That it was read is a row of the audit.
#[utoipa::path(
    get,
    path = "/v1/verifications/{person}/values",
    tag = "verification",
    security(("session" = [])),
    params(("person" = String, Path, description = "The person's id")),
    responses((status = 200, description = "By the name of the field", body = ValuesView)),
)]
async fn read_values(
    State(service): State<Arc<Service>>,
    Path(person): Path<String>,
    staff: Staff,
) -> Result<Json<ValuesView>, ApiError> {
    let said = case_values(&service, &staff, &person).await?;
    Ok(Json(ValuesView {
        values: values(&said),
    }))
}

/// Take a case for review: one that was submitted, one of another reviewer, or one that was decided and is looked at again.
#[utoipa::path(
    post,
    path = "/v1/verifications/{person}/review",
    tag = "verification",
    security(("session" = [])),
    params(("person" = String, Path, description = "The person's id")),
    responses((status = 200, description = "It is in review", body = CaseView)),
)]
async fn take(
    State(service): State<Arc<Service>>,
    Path(person): Path<String>,
    staff: Staff,
) -> Result<Json<CaseView>, ApiError> {
    let case = take_case(&service, &staff, &person).await?;
    Ok(Json((&case).into()))
}

/// Ask the person for more, and say what. The person is told by mail and mends it.
#[utoipa::path(
    post,
    path = "/v1/verifications/{person}/more",
    tag = "verification",
    security(("session" = [])),
    params(("person" = String, Path, description = "The person's id")),
    request_body = ReasonsBody,
    responses((status = 200, description = "It is the person's turn", body = CaseView)),
)]
async fn ask_more(
    State(service): State<Arc<Service>>,
    Path(person): Path<String>,
    staff: Staff,
    Json(body): Json<ReasonsBody>,
) -> Result<Json<CaseView>, ApiError> {
    let read = (person.as_str(), body.version);
    let case = ask_case_for_more(&service, &staff, read, &body.reasons).await?;
    Ok(Json((&case).into()))
}

/// Approve a case, and let the person into rounds that they asked for. Above the configured limit it is a proposal that a
/// second officer approves at `POST /v1/proposals/{id}/decision`. What counts becomes an entry of the offering at once, or a
/// permit where a contract takes the money.
#[utoipa::path(
    post,
    path = "/v1/verifications/{person}/approval",
    tag = "verification",
    security(("session" = [])),
    params(("person" = String, Path, description = "The person's id")),
    request_body = ApprovalBody,
    responses(
        (status = 200, description = "The person is verified", body = ApprovalView),
        (status = 202, description = "A second officer must approve it", body = ApprovalView),
    ),
)]
async fn approve(
    State(service): State<Arc<Service>>,
    Path(person): Path<String>,
    staff: Staff,
    Json(body): Json<ApprovalBody>,
) -> Result<Response, ApiError> {
    staff.require(Right::DecideVerifications, &ResourcePattern::Every)?;
    let person = named(&person)?;
    let mut grants = Vec::with_capacity(body.admissions.len());
    for grant in &body.admissions {
        grants.push(granted(&service, grant)?);
    }
    let approval = Approval {
        version: body.version,
        until: time("until", body.until.as_deref())?,
        grants,
    };
    match approve_case(&service, &staff, person, approval).await? {
        Approved::Done(case) => {
            let view = ApprovalView {
                case: (&case).into(),
                proposal: None,
            };
            Ok(Json(view).into_response())
        }
        Approved::Proposed(proposal) => {
            let case = service.verifications.case(person).await;
            let case = case.map_err(of_verification)?;
            let view = ApprovalView {
                case: (&case).into(),
                proposal: Some((&proposal).into()),
            };
            Ok((StatusCode::ACCEPTED, Json(view)).into_response())
        }
    }
}

fn granted(service: &Service, grant: &GrantBody) -> Result<RoundGrant, ApiError> {
    let round = RoundBody {
        offering: grant.offering.clone(),
        round: grant.round.clone(),
    };
    let decimals = service.offering(&grant.offering)?.terms.numeraire.decimals;
    let units = grant.limit.as_deref();
    let units = units.map(|text| parse_units("limit", text)).transpose()?;
    Ok(RoundGrant {
        round: round.read(service)?,
        limit: units.map(|units| AdmissionLimit { units, decimals }),
        withdrawal: grant.withdrawal,
    })
}

/// Refuse a person, and say why; also one who was approved before, whose case is taken for review first. Admissions are taken
/// back in the record. Money that is free can be moved back, and what was accepted is returned by the issuer.
#[utoipa::path(
    post,
    path = "/v1/verifications/{person}/refusal",
    tag = "verification",
    security(("session" = [])),
    params(("person" = String, Path, description = "The person's id")),
    request_body = ReasonsBody,
    responses((status = 200, description = "The person is not verified", body = CaseView)),
)]
async fn refuse(
    State(service): State<Arc<Service>>,
    Path(person): Path<String>,
    staff: Staff,
    Json(body): Json<ReasonsBody>,
) -> Result<Json<CaseView>, ApiError> {
    let read = (person.as_str(), body.version);
    let case = refuse_case(&service, &staff, read, &body.reasons).await?;
    Ok(Json((&case).into()))
}
