//! Accounts of other sites with which a person logs in: the list of one's own. They are linked on pages, because the other
//! site asks its person in a browser.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    middleware::map_response,
    routing::{delete, get},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Service,
    keys::time_text,
    sign_in_problem::of_sign_in,
    signed_in::{SignedIn, no_store},
};
use crate::{
    extract::{Json, Path},
    problem::ApiError,
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, remove))]
pub(crate) struct SignInPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/me/sign-ins", get(list))
        .route("/v1/me/sign-ins/{id}", delete(remove))
        .layer(map_response(no_store))
}

/// An account of another site with which its owner logs in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SignInEntry {
    /// Its name here.
    id: String,
    /// The other site.
    #[schema(example = "https://id.harbour.example")]
    issuer: String,
    /// What the other site calls the person.
    subject: String,
    /// When it was linked.
    added_at: String,
    /// When it was used last.
    #[serde(skip_serializing_if = "Option::is_none")]
    used_at: Option<String>,
}

/// The accounts of other sites of a person, in the order they were linked.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SignInList {
    /// The accounts.
    sign_ins: Vec<SignInEntry>,
}

/// The accounts of other sites with which the asking person logs in.
#[utoipa::path(
    get,
    path = "/v1/me/sign-ins",
    tag = "people",
    security(("session" = [])),
    responses((status = 200, description = "In the order they were linked", body = SignInList)),
)]
async fn list(
    State(service): State<Arc<Service>>,
    SignedIn(session): SignedIn,
) -> Result<Json<SignInList>, ApiError> {
    let links = service.sign_ins.list(session.person).await;
    let links = links.map_err(of_sign_in)?.into_iter();
    Ok(Json(SignInList {
        sign_ins: links
            .map(|link| SignInEntry {
                id: link.id.to_string(),
                issuer: link.identity.issuer().to_owned(),
                subject: link.identity.subject().to_owned(),
                added_at: time_text(link.made_at),
                used_at: link.used_at.map(time_text),
            })
            .collect(),
    }))
}

/// End the link with an account of another site: it logs nobody in any more. It needs a factor that was shown in the last ten
/// minutes.
#[utoipa::path(
    delete,
    path = "/v1/me/sign-ins/{id}",
    tag = "people",
    security(("session" = [])),
    params(("id" = String, Path, description = "The link's name in the list")),
    responses((status = 204, description = "It is gone")),
)]
async fn remove(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    current: SignedIn,
) -> Result<StatusCode, ApiError> {
    current.require_fresh(&service)?;
    let id = id.parse().map_err(of_sign_in)?;
    let removed = service.sign_ins.remove(&current.0, id, service.now()).await;
    removed.map_err(of_sign_in)?;
    Ok(StatusCode::NO_CONTENT)
}
