//! Files of a verification: taken from their person, shown to a reviewer.

use std::{io, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::map_response,
    response::{IntoResponse as _, Response},
    routing::{delete, get, post},
};
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use softcap_identity::{
    MediaType, ResourcePattern, Right, Showing, UploadId, UploadKind, VerificationError,
};

use super::{
    Service,
    caller::Staff,
    person_problem::of_person,
    signed_in::{SignedIn, no_store},
    verification_problem::of_verification,
    verification_view::UploadView,
};
use crate::{
    body_deadline,
    extract::{Json, Path, Query},
    problem::{ApiError, ProblemCode},
};

/// Where files come in: it has a time of its own.
pub(crate) const UPLOAD_ROUTE: &str = "/v1/me/verification/uploads";
/// What a browser may do with a file that was somebody else's: nothing but keep it.
const SANDBOX: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(add, take_back, show))]
pub(crate) struct UploadPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    // The size is counted while it comes, with the words of verification.
    let add = post(add).layer(DefaultBodyLimit::disable());
    Router::new()
        .route(UPLOAD_ROUTE, add)
        .route("/v1/me/verification/uploads/{upload}", delete(take_back))
        .route("/v1/verifications/{person}/uploads/{upload}", get(show))
        .layer(map_response(no_store))
}

/// What a file shows.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct UploadQuery {
    /// `identity`, `proof_of_life`, `proof_of_address` or `source_of_funds`.
    kind: String,
}

fn media(headers: &HeaderMap) -> Result<MediaType, ApiError> {
    let text = headers.get(header::CONTENT_TYPE);
    let text = text.and_then(|text| text.to_str().ok()).unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim();
    let known = MediaType::from_code(&essence.to_ascii_lowercase());
    known.ok_or_else(|| of_verification(VerificationError::NotThatType))
}

/// Show a file: a PDF, JPEG or PNG, which `Content-Type` names, as the body. It is sealed as it comes, and whole or not there.
#[utoipa::path(
    post,
    path = "/v1/me/verification/uploads",
    tag = "people",
    security(("session" = [])),
    params(UploadQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The file"),
    responses((status = 201, description = "It is kept", body = UploadView)),
)]
async fn add(
    State(service): State<Arc<Service>>,
    SignedIn(session): SignedIn,
    Query(query): Query<UploadQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let kind = UploadKind::from_code(&query.kind);
    let kind = kind.ok_or_else(|| ApiError::invalid("kind", "none of the four kinds"))?;
    let media = media(&headers)?;
    let (cases, now) = (&service.verifications, service.now());
    let receiving = cases.receive(session.person, (kind, media), now).await;
    let mut receiving = receiving.map_err(of_verification)?;
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| {
            if body_deadline::caused(&error) {
                ApiError::from(ProblemCode::BodyTooSlow)
            } else {
                ApiError::from(ProblemCode::BadRequest)
            }
        })?;
        receiving.push(&piece).await.map_err(of_verification)?;
    }
    let upload = receiving.finish(service.now()).await;
    let upload = upload.map_err(of_verification)?;
    Ok((StatusCode::CREATED, Json(UploadView::from(&upload))).into_response())
}

/// Take a file back, while nobody looks at it.
#[utoipa::path(
    delete,
    path = "/v1/me/verification/uploads/{upload}",
    tag = "people",
    security(("session" = [])),
    params(("upload" = String, Path, description = "Its name")),
    responses((status = 204, description = "It is gone")),
)]
async fn take_back(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    SignedIn(session): SignedIn,
) -> Result<StatusCode, ApiError> {
    let id: UploadId = name.parse().map_err(of_verification)?;
    let taken = service
        .verifications
        .take_back(session.person, id, service.now());
    taken.await.map_err(of_verification)?;
    Ok(StatusCode::NO_CONTENT)
}

/// A file that a person showed, to be kept and not to be opened by the browser. That it was read is a row of the audit.
#[utoipa::path(
    get,
    path = "/v1/verifications/{person}/uploads/{upload}",
    tag = "verification",
    security(("session" = [])),
    params(
        ("person" = String, Path, description = "The person's id"),
        ("upload" = String, Path, description = "The file's name"),
    ),
    responses((status = 200, description = "The file", content_type = "application/octet-stream", body = Vec<u8>)),
)]
async fn show(
    State(service): State<Arc<Service>>,
    Path((person, name)): Path<(String, String)>,
    staff: Staff,
) -> Result<Response, ApiError> {
    staff.require(Right::ReviewVerifications, &ResourcePattern::Every)?;
    let person = person.parse().map_err(of_person)?;
    let id: UploadId = name.parse().map_err(of_verification)?;
    let reviewer = staff.standing().person();
    let now = service.now();
    let shown = service.verifications.show(reviewer, (person, id), now);
    attachment(shown.await.map_err(of_verification)?)
}

fn attachment(showing: Showing) -> Result<Response, ApiError> {
    let upload = showing.upload;
    let (media, ending) = (upload.media.as_code(), upload.media.ending());
    let name = format!("attachment; filename=\"{}.{ending}\"", upload.id);
    let name = HeaderValue::try_from(name).map_err(|error| ApiError::internal(&error))?;
    let length = HeaderValue::from(upload.bytes);
    let pieces = stream::try_unfold(showing, |mut showing| async move {
        let piece = showing.next().await.map_err(io::Error::other)?;
        Ok::<_, io::Error>(piece.map(|piece| (Bytes::from(piece), showing)))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media)),
        (header::CONTENT_LENGTH, length),
        (header::CONTENT_DISPOSITION, name),
        (header::CONTENT_SECURITY_POLICY, SANDBOX),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}
