//! Adding a second factor where two people of the organisation set aside those that somebody lost.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    middleware::map_response,
    response::{IntoResponse as _, Response},
    routing::{delete, get, post},
};
use serde::{Deserialize, Serialize};
use softcap_identity::{FactorReset, ResourcePattern, Right};
use utoipa::ToSchema;

use super::{
    Service,
    caller::Staff,
    factor_problem::of_factor,
    keys::time_text,
    person_problem::of_person,
    signed_in::{HalfSignedIn, Visitor, no_store, set_cookie},
};
use crate::{
    extract::{Json, Path},
    problem::{ApiError, ProblemCode},
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(ask, confirm, list, stop))]
pub(crate) struct EnrolmentPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/sessions/current/enrolment", post(ask))
        .route("/v1/sessions/current/enrolment/confirmation", post(confirm))
        .route("/v1/factor-resets", get(list))
        .route("/v1/factor-resets/{person}", delete(stop))
        .layer(map_response(no_store))
}

/// The code of a mail. It has no `Debug`, because it holds it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EnrolmentBody {
    /// The code: it works once, for an hour.
    code: String,
}

/// Second factors that are about to be set aside.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FactorResetView {
    /// Whose.
    person: String,
    /// The proposal that was approved.
    proposal: String,
    /// When.
    begun_at: String,
    /// When it is done unless somebody stops it.
    due_at: String,
}

/// Everybody whose second factors are about to be set aside.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FactorResetList {
    /// Those that are done next first.
    resets: Vec<FactorResetView>,
}

impl From<FactorReset> for FactorResetView {
    fn from(reset: FactorReset) -> Self {
        Self {
            person: reset.person.to_string(),
            proposal: reset.proposal.to_string(),
            begun_at: time_text(reset.begun_at),
            due_at: time_text(reset.due_at),
        }
    }
}

/// Ask for the code with which a second factor is added after those of before were set aside. It goes to the person's address.
/// `GET /v1/me` says in `must_add_factor` whether it is so.
#[utoipa::path(
    post,
    path = "/v1/sessions/current/enrolment",
    tag = "factors",
    security(("session" = [])),
    responses((status = 202, description = "A mail is on its way")),
)]
async fn ask(
    State(service): State<Arc<Service>>,
    HalfSignedIn(session): HalfSignedIn,
    Visitor(device): Visitor,
) -> Result<StatusCode, ApiError> {
    if !service.sends_mail {
        return Err(ProblemCode::NoMail.into());
    }
    let factors = &service.factors;
    let asked = factors.ask_to_enrol(&session, device.address, service.now());
    asked.await.map_err(of_factor)?;
    Ok(StatusCode::ACCEPTED)
}

/// Type in the code: for ten minutes the session may add an app (`POST /v1/me/factors/totp`) or a passkey, and do nothing else.
/// The answer sets the cookie anew.
#[utoipa::path(
    post,
    path = "/v1/sessions/current/enrolment/confirmation",
    tag = "factors",
    security(("session" = [])),
    request_body = EnrolmentBody,
    responses((status = 204, description = "A factor may be added")),
)]
async fn confirm(
    State(service): State<Arc<Service>>,
    HalfSignedIn(session): HalfSignedIn,
    Json(body): Json<EnrolmentBody>,
) -> Result<Response, ApiError> {
    let (factors, now) = (&service.factors, service.now());
    let secret = factors.confirm_enrolment(&session, &body.code, now).await;
    let secret = secret.map_err(of_factor)?;
    let cookie = [(header::SET_COOKIE, set_cookie(&secret)?)];
    Ok((StatusCode::NO_CONTENT, cookie).into_response())
}

/// Whose second factors are about to be set aside.
#[utoipa::path(
    get,
    path = "/v1/factor-resets",
    tag = "roles",
    security(("session" = [])),
    responses((status = 200, description = "Those that are done next first", body = FactorResetList)),
)]
async fn list(
    State(service): State<Arc<Service>>,
    staff: Staff,
) -> Result<Json<FactorResetList>, ApiError> {
    let resets = resets_seen(&service, &staff).await?.into_iter();
    Ok(Json(FactorResetList {
        resets: resets.map(FactorResetView::from).collect(),
    }))
}

/// The resets that wait, if the person may see them.
pub(crate) async fn resets_seen(
    service: &Service,
    staff: &Staff,
) -> Result<Vec<FactorReset>, ApiError> {
    let standing = staff.standing();
    let every = ResourcePattern::Every;
    if !standing.has(Right::ReadRoles, &every) {
        staff.require(Right::ResetFactors, &every)?;
    }
    service.factors.resets().await.map_err(of_factor)
}

/// Stop a reset that was approved: the person keeps their second factors, and is told. One person is enough for it.
#[utoipa::path(
    delete,
    path = "/v1/factor-resets/{person}",
    tag = "roles",
    security(("session" = [])),
    params(("person" = String, Path, description = "The person's number")),
    responses((status = 204, description = "Nothing is set aside")),
)]
async fn stop(
    State(service): State<Arc<Service>>,
    Path(person): Path<String>,
    staff: Staff,
) -> Result<StatusCode, ApiError> {
    stop_reset_of(&service, &staff, &person).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Stops a reset, if the person may.
pub(crate) async fn stop_reset_of(
    service: &Service,
    staff: &Staff,
    person: &str,
) -> Result<(), ApiError> {
    staff.require(Right::ResetFactors, &ResourcePattern::Every)?;
    let (by, person) = (
        staff.standing().person(),
        person.parse().map_err(of_person)?,
    );
    let stopped = service
        .factors
        .stop_reset_by(by, person, service.now())
        .await;
    stopped.map_err(of_factor)
}
