//! "This was not me": a code of a mail ends everything that acts in a person's name.

use std::sync::Arc;

use axum::{Router, extract::State, http::HeaderMap, middleware::map_response, routing::post};
use serde::{Deserialize, Serialize};
use softcap_identity::{Frozen, PersonError};
use utoipa::ToSchema;

use super::{Service, person_problem::of_person, signed_in::no_store};
use crate::{extract::Json, origin::refuse_other_pages, problem::ApiError};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(freeze))]
pub(crate) struct FreezePaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/freeze", post(freeze))
        .layer(map_response(no_store))
}

/// The code of a mail about an act. It has no `Debug`, because it holds the code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FreezeBody {
    /// The code: it works once, for 30 days.
    code: String,
}

/// What was ended.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FrozenView {
    /// How many sessions.
    sessions: u64,
    /// How many keys: those that the person made, and those that were made with them.
    keys: u64,
}

/// Say that an act was not yours, with the code of the mail about it. All your sessions end, keys that you made are revoked, and
/// nobody logs in until you set a new password at `POST /v1/recovery`. A second factor stays.
#[utoipa::path(
    post,
    path = "/v1/freeze",
    tag = "people",
    request_body = FreezeBody,
    responses((status = 200, description = "Everything in the person's name was stopped", body = FrozenView)),
)]
async fn freeze(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    Json(body): Json<FreezeBody>,
) -> Result<Json<FrozenView>, ApiError> {
    refuse_other_pages(&headers, &service.origin)?;
    let frozen = freeze_by_code(&service, &body.code).await;
    let frozen = frozen.map_err(of_person)?;
    Ok(Json(FrozenView {
        sessions: frozen.sessions,
        keys: frozen.keys,
    }))
}

/// Stops everything that acts in the name of whoever has this code.
pub(crate) async fn freeze_by_code(service: &Service, code: &str) -> Result<Frozen, PersonError> {
    let frozen = service.people.freeze(code, service.now()).await?;
    // Keys hold in memory. Where this fails, the node sees it as others do: with the next question, or lets no key in.
    if let Err(error) = service.keys.refresh().await {
        tracing::warn!(%error, "keys that a freeze revoked end with the next look at the database");
    }
    Ok(frozen)
}
