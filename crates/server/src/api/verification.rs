//! A person's own verification.

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
use softcap_identity::{AdmissionState, Filling, PersonId, PersonalField, VerificationError};
use utoipa::ToSchema;

use super::{
    Service,
    permits::{PermitView, SignedPermit},
    signed_in::{SignedIn, no_store},
    verification_problem::of_verification,
    verification_view::{LevelName, OverviewView, RoundBody, values},
};
use crate::{extract::Json, problem::ApiError};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(read, begin, fill, submit, permit))]
pub(crate) struct VerificationPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/me/verification", get(read).post(begin).put(fill))
        .route("/v1/me/verification/submission", post(submit))
        .route("/v1/me/verification/permits", post(permit))
        .layer(map_response(no_store))
}

/// One's own verification.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnView {
    #[serde(flatten)]
    overview: OverviewView,
    /// What one said, by the name of the field; empty when it was destroyed.
    values: BTreeMap<&'static str, String>,
}

/// A verification that begins.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BeginBody {
    /// How far one wants to be verified.
    level: LevelName,
}

/// What is written into a verification. It has no `Debug`, because it holds personal values.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FillBody {
    /// How far one wants to be verified.
    level: Option<LevelName>,
    /// `full_name`, `birth_date`, `address`, `country`, `source_of_funds`, `wallet`. What is not named stays.
    #[serde(default)]
    values: BTreeMap<String, String>,
    /// Rounds that one wants to take part in, all of them.
    rounds: Option<Vec<RoundBody>>,
}

async fn view(service: &Service, person: PersonId) -> Result<Json<OwnView>, ApiError> {
    let cases = &service.verifications;
    let overview = cases.overview(person).await.map_err(of_verification)?;
    let uploads = cases.uploads(person).await.map_err(of_verification)?;
    let said = match cases.own_values(person).await {
        Ok(said) => said,
        Err(VerificationError::Destroyed) => Vec::new(),
        Err(error) => return Err(of_verification(error)),
    };
    Ok(Json(OwnView {
        overview: OverviewView::new(&overview, &uploads, service),
        values: values(&said),
    }))
}

/// One's own verification: where it stands, what is missing and why, and what one may do by it.
#[utoipa::path(
    get,
    path = "/v1/me/verification",
    tag = "people",
    security(("session" = [])),
    responses((status = 200, description = "As it is now", body = OwnView)),
)]
async fn read(
    State(service): State<Arc<Service>>,
    SignedIn(session): SignedIn,
) -> Result<Json<OwnView>, ApiError> {
    view(&service, session.person).await
}

/// Begin to be verified, or begin anew: for a higher level, for another round, when an approval is over, or after a refusal.
/// What was said and shown before is still there.
#[utoipa::path(
    post,
    path = "/v1/me/verification",
    tag = "people",
    security(("session" = [])),
    request_body = BeginBody,
    responses((status = 201, description = "It is open", body = OwnView)),
)]
async fn begin(
    State(service): State<Arc<Service>>,
    SignedIn(session): SignedIn,
    Json(body): Json<BeginBody>,
) -> Result<Response, ApiError> {
    let (level, now) = (body.level.into(), service.now());
    let begun = service.verifications.begin(session.person, level, now);
    begun.await.map_err(of_verification)?;
    let view = view(&service, session.person).await?;
    Ok((StatusCode::CREATED, view).into_response())
}

/// Write into it, while nobody looks at it.
#[utoipa::path(
    put,
    path = "/v1/me/verification",
    tag = "people",
    security(("session" = [])),
    request_body = FillBody,
    responses((status = 200, description = "As it is now", body = OwnView)),
)]
async fn fill(
    State(service): State<Arc<Service>>,
    SignedIn(session): SignedIn,
    Json(body): Json<FillBody>,
) -> Result<Json<OwnView>, ApiError> {
    let mut said = Vec::with_capacity(body.values.len());
    for (name, text) in body.values {
        let field = PersonalField::from_code(&name);
        let field = field.ok_or_else(|| ApiError::invalid("values", "a name of no field"))?;
        said.push((field, text));
    }
    let rounds = match body.rounds {
        None => None,
        Some(rounds) => {
            let read = rounds.iter().map(|round| round.read(&service));
            Some(read.collect::<Result<_, _>>()?)
        }
    };
    let filling = Filling {
        level: body.level.map(Into::into),
        values: said,
        rounds,
    };
    let now = service.now();
    let filled = service.verifications.fill(session.person, filling, now);
    filled.await.map_err(of_verification)?;
    view(&service, session.person).await
}

/// Say that it is complete. A compliance officer looks at it then.
#[utoipa::path(
    post,
    path = "/v1/me/verification/submission",
    tag = "people",
    security(("session" = [])),
    responses((status = 200, description = "It waits for a reviewer", body = OwnView)),
)]
async fn submit(
    State(service): State<Arc<Service>>,
    SignedIn(session): SignedIn,
) -> Result<Json<OwnView>, ApiError> {
    let submitted = service.verifications.submit(session.person, service.now());
    submitted.await.map_err(of_verification)?;
    view(&service, session.person).await
}

/// Ask for the permit that an escrow contract wants to see (EIP-712). It counts for a day, or as long as the configuration
/// says, and is for the wallet of the verification alone; ask again for another one.
#[utoipa::path(
    post,
    path = "/v1/me/verification/permits",
    tag = "people",
    security(("session" = [])),
    request_body = RoundBody,
    responses((status = 200, description = "The permit", body = PermitView)),
)]
async fn permit(
    State(service): State<Arc<Service>>,
    SignedIn(session): SignedIn,
    Json(body): Json<RoundBody>,
) -> Result<Json<PermitView>, ApiError> {
    let signed = own_permit(&service, session.person, (&body.offering, &body.round)).await?;
    Ok(Json(signed.into()))
}

/// The permit of somebody who was let into a round whose money a contract takes.
pub(crate) async fn own_permit(
    service: &Service,
    person: PersonId,
    (offering, round): (&str, &str),
) -> Result<SignedPermit, ApiError> {
    let log = service.offering(offering)?;
    let cases = &service.verifications;
    let overview = cases.overview(person).await;
    let overview = overview.map_err(of_verification)?;
    let now = service.now();
    let mut granted = overview.admissions.into_iter().rev();
    let admission = granted.find(|admission| {
        let wanted = &admission.grant.round;
        admission.state == AdmissionState::Permitted
            && now < admission.until
            && wanted.offering.as_str() == offering
            && wanted.round == round
    });
    let none = "you have no admission to this round that asks for a permit";
    let admission = admission.ok_or_else(|| ApiError::not_found(none))?;
    let wallet = cases.wallet_for_permit(&admission).await;
    let wallet = wallet.map_err(of_verification)?;
    service.permits.sign(&log, (&admission, &wallet), now).await
}
