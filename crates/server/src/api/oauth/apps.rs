//! What a person granted to applications: seen, narrowed, ended, and what each did with it. The page works without a script.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    middleware::map_response,
    response::Response,
    routing::{get, patch},
};
use serde::{Deserialize, Serialize};
use softcap_identity::{AppGrant, AppScopes, GrantId, OauthError, Params, PersonId, UnixMillis};
use utoipa::ToSchema;

use super::{
    apps_page::{ShownGrant, apps_page},
    consent::granted,
    form::Form,
    problem::of_oauth,
    redirect::see,
};
use crate::{
    api::{
        Service,
        keys::{instant, time_text},
        signed_in::{SignedIn, no_store},
    },
    extract::{Json, Path},
    origin::require_own_page,
    problem::ApiError,
    web::{Visit, with_next},
};

/// Acts of one application that are shown.
const ACTS: u32 = 100;

/// The routes of this file that programs call.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, narrow, end, acts))]
pub(crate) struct AppPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/me/apps", get(list))
        .route("/v1/me/apps/{grant}", patch(narrow).delete(end))
        .route("/v1/me/apps/{grant}/acts", get(acts))
        .route("/apps", get(page).post(change))
        .layer(map_response(no_store))
}

/// Something that a person granted to an application.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GrantView {
    /// Its name.
    id: String,
    /// The application.
    client_id: String,
    /// What that calls itself.
    client_name: String,
    /// What it may do.
    scope: String,
    /// Since when.
    made_at: String,
    /// Until when.
    expires_at: String,
    /// When it last got tokens.
    used_at: String,
}

/// What a person granted, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GrantList {
    /// The grants.
    grants: Vec<GrantView>,
}

/// What is left of a grant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NarrowBody {
    /// What the application may still do; as before where it is not given.
    #[serde(default)]
    scope: Option<String>,
    /// Until when; as before where it is not given.
    #[serde(default)]
    expires_at: Option<String>,
}

/// Something that an application did.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ActView {
    /// When.
    at: String,
    /// To what.
    subject: String,
    /// The call, and what it made.
    code: String,
}

/// What an application did, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ActList {
    /// The acts: the last hundred.
    acts: Vec<ActView>,
}

impl GrantView {
    fn new(grant: &AppGrant) -> Self {
        Self {
            id: grant.id.to_string(),
            client_id: grant.client.to_string(),
            client_name: grant.client_name.clone(),
            scope: grant.scopes.to_string(),
            made_at: time_text(grant.made_at),
            expires_at: time_text(grant.expires_at),
            used_at: time_text(grant.used_at),
        }
    }
}

/// What the asking person granted to applications, newest first.
#[utoipa::path(
    get,
    path = "/v1/me/apps",
    tag = "people",
    security(("session" = [])),
    responses((status = 200, description = "Newest first", body = GrantList)),
)]
async fn list(
    State(service): State<Arc<Service>>,
    SignedIn(session): SignedIn,
) -> Result<Json<GrantList>, ApiError> {
    let grants = service.oauth().grants(session.person, service.now()).await;
    let grants = grants.map_err(of_oauth)?;
    Ok(Json(GrantList {
        grants: grants.iter().map(GrantView::new).collect(),
    }))
}

/// Take away a part of a grant, or some of its time. What the application has already is for what is left, from its next
/// request on.
#[utoipa::path(
    patch,
    path = "/v1/me/apps/{grant}",
    tag = "people",
    security(("session" = [])),
    params(("grant" = String, Path, description = "Its `id` in the list")),
    request_body = NarrowBody,
    responses((status = 204, description = "It is for less now")),
)]
async fn narrow(
    State(service): State<Arc<Service>>,
    SignedIn(session): SignedIn,
    Path(grant): Path<String>,
    Json(body): Json<NarrowBody>,
) -> Result<StatusCode, ApiError> {
    let id: GrantId = grant.parse().map_err(of_oauth)?;
    let (person, now) = (session.person, service.now());
    let before = service.oauth().grant(person, id, now).await;
    let before = before.map_err(of_oauth)?;
    let scopes: AppScopes = match body.scope {
        Some(scope) => scope.parse().map_err(of_oauth)?,
        None => before.scopes,
    };
    let ends = body.expires_at.map(|text| instant("expires_at", &text));
    let ends = ends.transpose()?.unwrap_or(before.expires_at);
    let narrowed = service.oauth().narrow(person, id, (&scopes, ends), now);
    narrowed.await.map_err(of_oauth)?;
    Ok(StatusCode::NO_CONTENT)
}

/// End a grant: every token of it is dead at the next request, on all nodes.
#[utoipa::path(
    delete,
    path = "/v1/me/apps/{grant}",
    tag = "people",
    security(("session" = [])),
    params(("grant" = String, Path, description = "Its `id` in the list")),
    responses((status = 204, description = "It is over")),
)]
async fn end(
    State(service): State<Arc<Service>>,
    SignedIn(session): SignedIn,
    Path(grant): Path<String>,
) -> Result<StatusCode, ApiError> {
    let id: GrantId = grant.parse().map_err(of_oauth)?;
    let ended = service.oauth().end_grant(session.person, id, service.now());
    ended.await.map_err(of_oauth)?;
    Ok(StatusCode::NO_CONTENT)
}

/// What an application changed in the asking person's name, from the audit.
#[utoipa::path(
    get,
    path = "/v1/me/apps/{grant}/acts",
    tag = "people",
    security(("session" = [])),
    params(("grant" = String, Path, description = "Its `id` in the list")),
    responses((status = 200, description = "Oldest first", body = ActList)),
)]
async fn acts(
    State(service): State<Arc<Service>>,
    SignedIn(session): SignedIn,
    Path(grant): Path<String>,
) -> Result<Json<ActList>, ApiError> {
    let id: GrantId = grant.parse().map_err(of_oauth)?;
    let found = service.oauth().grant(session.person, id, service.now());
    found.await.map_err(of_oauth)?;
    let acts = acts_of(&service, id).await?;
    Ok(Json(ActList { acts }))
}

async fn acts_of(service: &Service, grant: GrantId) -> Result<Vec<ActView>, ApiError> {
    let rows = service.audit().newest_of(&grant.actor(), ACTS).await;
    let rows = rows.map_err(|error| of_oauth(error.into()))?;
    let shown = rows.into_iter().map(|row| ActView {
        at: time_text(UnixMillis::new(row.at)),
        subject: row.subject,
        code: row.code,
    });
    Ok(shown.collect())
}

impl ActView {
    /// For the page.
    pub(super) fn line(&self) -> String {
        format!("{} {} {}", self.at, self.code, self.subject)
    }
}

async fn page(State(service): State<Arc<Service>>, visit: Visit) -> Result<Response, ApiError> {
    match visit.session() {
        Ok(session) => shown(&service, &visit, session.person, "").await,
        Err(_) if visit.is_half() => Ok(see(&with_next("/log-in/second-factor", "/apps"))),
        Err(_) => Ok(see(&with_next("/log-in", "/apps"))),
    }
}

async fn shown(
    service: &Service,
    visit: &Visit,
    person: PersonId,
    said: &str,
) -> Result<Response, ApiError> {
    let grants = service.oauth().grants(person, service.now()).await;
    let mut all = Vec::new();
    for grant in grants.map_err(of_oauth)? {
        let acts = acts_of(service, grant.id).await?;
        all.push(ShownGrant {
            acts: acts.iter().map(ActView::line).collect(),
            grant,
        });
    }
    Ok(apps_page(visit, &all, said))
}

async fn change(
    State(service): State<Arc<Service>>,
    visit: Visit,
    headers: HeaderMap,
    Form(params): Form,
) -> Result<Response, ApiError> {
    require_own_page(&headers, &service.origin)?;
    let Ok(session) = visit.session() else {
        return Ok(see("/apps"));
    };
    match changed(&service, session.person, &params).await {
        Ok(()) => Ok(see("/apps")),
        Err(error) => {
            let problem = of_oauth(error);
            if problem.status().is_server_error() {
                return Err(problem);
            }
            let said = problem.problem().title;
            shown(&service, &visit, session.person, &said).await
        }
    }
}

async fn changed(service: &Service, person: PersonId, params: &Params) -> Result<(), OauthError> {
    let (oauth, now) = (service.oauth(), service.now());
    let id: GrantId = params.need("grant")?.parse()?;
    if params.one("act")? == Some("end") {
        return oauth.end_grant(person, id, now).await;
    }
    let before = oauth.grant(person, id, now).await?;
    let left = granted(params)?;
    let ends = match params.one("days")? {
        Some(_) => now.plus(left.life.max(Duration::from_secs(1))),
        None => before.expires_at,
    };
    let ends = ends.min(before.expires_at);
    oauth.narrow(person, id, (&left.scopes, ends), now).await
}
