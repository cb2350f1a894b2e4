//! Keys that stood where they should not: whoever found one sends it here, and it is over.

use std::sync::Arc;

use axum::{Router, extract::State, http::HeaderMap, routing::post};
use serde::{Deserialize, Serialize};
use softcap_identity::UnixMillis;
use utoipa::ToSchema;

use super::{Service, key_acts::of_keys};
use crate::{
    extract::{Json, RawBody, parse_json},
    leak_reporter::Signed,
    problem::{ApiError, ProblemCode},
};

/// Findings of one report at most.
const MOST: usize = 1000;

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(report))]
pub(crate) struct LeakPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new().route("/v1/leaks", post(report))
}

/// A key that was found. It has no `Debug`, because it holds the secret.
#[derive(Deserialize, ToSchema)]
pub(super) struct LeakedToken {
    /// The whole text that was found.
    token: String,
    /// What the finder calls this kind of text.
    #[serde(default, rename = "type")]
    kind: String,
}

/// What a text turned out to be. It has no `Debug`, because it holds the text.
#[derive(Serialize, ToSchema)]
pub(super) struct LeakLabel {
    /// The text as it was sent.
    token_raw: String,
    /// What the finder calls this kind of text.
    token_type: String,
    /// What it is.
    label: LeakVerdict,
}

/// What a text turned out to be.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum LeakVerdict {
    /// A key of this server. It is revoked now, with all keys that were made with it.
    TruePositive,
    /// No key of this server.
    FalsePositive,
}

/// Report keys that were found where they should not be: at most 1000. A text that is a key of this server is revoked at
/// once, with all keys that were made with it. No permission is asked for: who has the whole key could do worse with it. Form and answer are those
/// of GitHub's secret scanning partner program; the fields `url` and `source` are passed over. A report that says it is signed by GitHub must
/// be.
#[utoipa::path(
    post,
    path = "/v1/leaks",
    tag = "keys",
    params(
        ("GitHub-Public-Key-Identifier" = Option<String>, Header, description = "Which key signed the body"),
        ("GitHub-Public-Key-Signature" = Option<String>, Header, description = "ECDSA P-256 with SHA-256 over the body: DER in base64"),
    ),
    request_body = Vec<LeakedToken>,
    responses((status = 200, description = "What each text is, in the order of the report", body = Vec<LeakLabel>)),
)]
async fn report(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Json<Vec<LeakLabel>>, ApiError> {
    if let Some(signed) = Signed::of(&headers) {
        service
            .leak_reporters
            .verify(&signed, &body)
            .map_err(|why| ApiError::new(ProblemCode::ForeignReport, why.as_sentence()))?;
    }
    let tokens: Vec<LeakedToken> = parse_json(&body)?;
    if tokens.len() > MOST {
        return Err(ApiError::invalid("tokens", "at most 1000"));
    }
    let mut labels = Vec::with_capacity(tokens.len());
    for LeakedToken { token, kind } in tokens {
        let known = service.keys.revoke_shown(&token, UnixMillis::now()).await;
        let known = known.map_err(of_keys)?;
        if let Some(id) = known {
            tracing::warn!(key = %id, "a key was reported as leaked and is revoked");
        }
        labels.push(LeakLabel {
            token_raw: token,
            token_type: kind,
            label: known.map_or(LeakVerdict::FalsePositive, |_| LeakVerdict::TruePositive),
        });
    }
    Ok(Json(labels))
}
