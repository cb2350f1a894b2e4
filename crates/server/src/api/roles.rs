//! Who has which role.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    middleware::map_response,
    routing::{delete, get},
};
use serde::{Deserialize, Serialize};
use softcap_identity::{Grant, ResourcePattern, Right, Role, RoleChange};
use utoipa::ToSchema;

use super::{Service, caller::Staff, keys::time_text, role_problem::of_role, signed_in::no_store};
use crate::{
    extract::{Json, Path, Query},
    problem::ApiError,
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, own, give_up))]
pub(crate) struct RolePaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/roles", get(list))
        .route("/v1/me/roles", get(own))
        .route("/v1/me/roles/{role}", delete(give_up))
        .layer(map_response(no_store))
}

/// A role that a person has.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GrantView {
    /// Who.
    person: String,
    /// `owner`, `issuer_manager`, `compliance_officer`, `treasurer`, `support`, `auditor` or `developer`.
    role: &'static str,
    /// The name of an offering, or `*`: every offering.
    on: String,
    /// Since when.
    granted_at: String,
    /// `operator:NAME`, or `proposal:ID`.
    granted_by: String,
}

/// Roles that people have.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GrantList {
    /// The roles.
    roles: Vec<GrantView>,
}

/// Where a role counts.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct OnQuery {
    /// The name of an offering, or `*`: every offering.
    on: String,
}

impl From<&Grant> for GrantView {
    fn from(grant: &Grant) -> Self {
        Self {
            person: grant.person.to_string(),
            role: grant.role.as_code(),
            on: grant.place.to_string(),
            granted_at: time_text(grant.granted_at),
            granted_by: grant.granted_by.clone(),
        }
    }
}

pub(super) fn place(on: &str) -> Result<ResourcePattern, ApiError> {
    on.parse()
        .map_err(|_| ApiError::invalid("on", "the name of an offering, or `*`"))
}

pub(super) fn role(text: &str) -> Result<Role, ApiError> {
    text.parse().map_err(of_role)
}

/// Everybody who has a role.
#[utoipa::path(
    get,
    path = "/v1/roles",
    tag = "roles",
    security(("session" = [])),
    responses((status = 200, description = "By person", body = GrantList)),
)]
async fn list(
    State(service): State<Arc<Service>>,
    staff: Staff,
) -> Result<Json<GrantList>, ApiError> {
    staff.require(Right::ReadRoles, &ResourcePattern::Every)?;
    let grants = service.roles.grants().await.map_err(of_role)?;
    Ok(Json(GrantList {
        roles: grants.iter().map(GrantView::from).collect(),
    }))
}

/// The roles of the person who asks.
#[utoipa::path(
    get,
    path = "/v1/me/roles",
    tag = "roles",
    security(("session" = [])),
    responses((status = 200, description = "None for an investor", body = GrantList)),
)]
async fn own(staff: Staff) -> Json<GrantList> {
    Json(GrantList {
        roles: staff
            .standing()
            .grants()
            .iter()
            .map(GrantView::from)
            .collect(),
    })
}

/// Give up a role of one's own. It needs nobody's approval; the last owner stays.
#[utoipa::path(
    delete,
    path = "/v1/me/roles/{role}",
    tag = "roles",
    security(("session" = [])),
    params(("role" = String, Path, description = "The role"), OnQuery),
    responses((status = 204, description = "It is gone")),
)]
async fn give_up(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    staff: Staff,
    Query(query): Query<OnQuery>,
) -> Result<StatusCode, ApiError> {
    let change = RoleChange {
        person: staff.standing().person(),
        role: role(&name)?,
        place: place(&query.on)?,
    };
    let given_up = service.roles.give_up(change, service.now()).await;
    given_up.map_err(of_role)?;
    Ok(StatusCode::NO_CONTENT)
}
