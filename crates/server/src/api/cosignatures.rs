//! What witnesses say of a log: their signature lines come in, and go out with the checkpoint.

use std::sync::Arc;

use axum::{Router, extract::State, routing::get};
use serde::{Deserialize, Serialize};
use softcap_journal::Cosigned;
use softcap_proof::Cosignature;
use utoipa::ToSchema;

use super::{Service, submit::of_journal};
use crate::{
    extract::{Json, Path, Query, RawBody},
    problem::{ApiError, ProblemCode},
};

/// Most signature lines of one request.
const LINES_MAX: usize = 16;

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(cosignatures, add_cosignatures))]
pub(crate) struct CosignaturePaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new().route(
        "/v1/offerings/{offering}/log/cosignatures",
        get(cosignatures).post(add_cosignatures),
    )
}

/// Which checkpoint was signed.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct SizeQuery {
    /// Entries under the checkpoint.
    size: u64,
}

/// The newest checkpoint that a witness signed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CosignatureView {
    /// Name of the witness.
    witness: String,
    /// Entries under the checkpoint.
    size: u64,
    /// When the witness looked, as it says: RFC 3339.
    time: Option<String>,
    /// A signed note with the line of the log and that of the witness.
    checkpoint: String,
}

impl CosignatureView {
    fn new(cosigned: &Cosigned) -> Self {
        let seconds = i64::try_from(cosigned.time).ok();
        let time = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        Self {
            witness: cosigned.witness.clone(),
            size: cosigned.note.unverified().size(),
            time: time.map(|time| time.to_string()),
            checkpoint: cosigned.note.to_string(),
        }
    }
}

/// The newest checkpoint that each witness cosigned (C2SP tlog-cosignature).
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/log/cosignatures",
    tag = "log",
    params(("offering" = String, Path, description = "Name of the offering")),
    responses((status = 200, description = "One for each witness that posted one", body = [CosignatureView])),
)]
async fn cosignatures(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
) -> Result<Json<Vec<CosignatureView>>, ApiError> {
    let log = service.offering(&offering)?;
    let newest = service.cosignatures().of(&log.row.name);
    let views = newest.iter().map(|cosigned| CosignatureView::new(cosigned));
    Ok(Json(views.collect()))
}

/// Take the signature lines of witnesses.
///
/// Each line is `cosignature/v1` over the checkpoint of `size` entries, by a key that the operator named
/// in `witnesses.keys`. The signature is the permission: no API key is asked for. An older line than the
/// newest of its witness changes nothing.
#[utoipa::path(
    post,
    path = "/v1/offerings/{offering}/log/cosignatures",
    tag = "log",
    params(("offering" = String, Path, description = "Name of the offering"), SizeQuery),
    request_body(content = String, content_type = "text/plain", description = "Signature lines, as under a signed note"),
    responses((status = 200, description = "The newest of each witness now", body = [CosignatureView])),
)]
async fn add_cosignatures(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
    Query(query): Query<SizeQuery>,
    RawBody(body): RawBody,
) -> Result<Json<Vec<CosignatureView>>, ApiError> {
    let log = service.offering(&offering)?;
    let text = std::str::from_utf8(&body)
        .map_err(|_| ApiError::new(ProblemCode::BadRequest, "the body is not UTF-8"))?;
    if text.lines().count() > LINES_MAX {
        return Err(ApiError::invalid("body", "it has more than 16 lines"));
    }
    let lines = text.lines().map(Cosignature::parse);
    let lines: Vec<Cosignature> = lines
        .collect::<Result<_, _>>()
        .map_err(|error| ApiError::new(ProblemCode::Invalid, error.to_string()))?;
    if lines.is_empty() {
        return Err(ApiError::invalid("body", "it has no signature line"));
    }
    for line in &lines {
        let added = service.cosignatures().add(&log.reader, query.size, line);
        added.await.map_err(of_journal)?;
    }
    let newest = service.cosignatures().of(&log.row.name);
    let views = newest.iter().map(|cosigned| CosignatureView::new(cosigned));
    Ok(Json(views.collect()))
}
