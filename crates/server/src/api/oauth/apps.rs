//! What a person granted to applications: seen, narrowed, ended, and what each did with it. The page works without a script.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    middleware::map_response,
    response::Response,
    routing::{get, patch},
};
use serde::{Deserialize, Serialize};
use softcap_identity::{
    AmountLimit, AmountLimits, AppGrant, AppScopes, GrantId, LeftOfGrant, Params, PersonId, Spent,
    UnixMillis,
};
use utoipa::ToSchema;

use super::{
    amount_form::{AmountForm, FormFault, amount_limits, contributes},
    apps_page::{ShownGrant, apps_page},
    consent::granted,
    form::Form,
    problem::of_oauth,
    redirect::see,
    spending::{offered_currencies, spent},
};
use crate::{
    api::{
        Service,
        amount::parse_units,
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
    /// How much it may contribute, in each currency; absent: without limits. In a currency that is not here nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    limits: Vec<LimitView>,
}

/// How much an application may contribute in a currency.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LimitView {
    /// Symbol of the currency.
    #[schema(example = "EUR")]
    currency: String,
    /// Places of its smallest unit.
    decimals: u8,
    /// In one contribution, in smallest units; absent: without limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    each: Option<String>,
    /// In all, in smallest units; absent: without limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<String>,
    /// What was put in and did not come back since there are limits.
    used: String,
}

/// A limit that is left of a grant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitLeft {
    /// Symbol of the currency.
    #[schema(example = "EUR")]
    currency: String,
    /// Places of its smallest unit.
    decimals: u8,
    /// In one contribution, in smallest units.
    #[serde(default)]
    each: Option<String>,
    /// In all, in smallest units.
    #[serde(default)]
    total: Option<String>,
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
    /// How much it may still contribute, for each currency in which it may; as before where it is not given.
    #[serde(default)]
    limits: Option<Vec<LimitLeft>>,
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
    fn new(grant: &AppGrant, spent: &[Spent]) -> Self {
        Self {
            id: grant.id.to_string(),
            client_id: grant.client.to_string(),
            client_name: grant.client_name.clone(),
            scope: grant.scopes.to_string(),
            made_at: time_text(grant.made_at),
            expires_at: time_text(grant.expires_at),
            used_at: time_text(grant.used_at),
            limits: grant
                .limits
                .iter()
                .map(|limit| LimitView::new(limit, spent))
                .collect(),
        }
    }
}

impl LimitView {
    fn new(limit: &AmountLimit, spent: &[Spent]) -> Self {
        let text = |units: Option<u128>| units.map(|units| units.to_string());
        let mut spent = spent.iter();
        let spent = spent.find(|one| one.symbol == limit.symbol && one.decimals == limit.decimals);
        Self {
            currency: limit.symbol.clone(),
            decimals: limit.decimals,
            each: text(limit.each),
            total: text(limit.total),
            used: spent.map_or(0, |spent| spent.amount).to_string(),
        }
    }
}

fn limits_left(limits: Vec<LimitLeft>) -> Result<AmountLimits, ApiError> {
    let units = |field: &str, text: Option<String>| {
        let units = text.map(|text| parse_units(field, &text));
        units.transpose()
    };
    let mut all = Vec::with_capacity(limits.len());
    for limit in limits {
        all.push(AmountLimit {
            symbol: limit.currency,
            decimals: limit.decimals,
            each: units("limits.each", limit.each)?,
            total: units("limits.total", limit.total)?,
        });
    }
    AmountLimits::new(all).map_err(of_oauth)
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
    let mut views = Vec::new();
    for grant in grants.map_err(of_oauth)? {
        let spent = spent(&service, &grant).await.map_err(of_oauth)?;
        views.push(GrantView::new(&grant, &spent));
    }
    Ok(Json(GrantList { grants: views }))
}

/// Take away a part of a grant, some of its time, or some of what the application may contribute. What the application has already is for what is left, from its next
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
    let limits = body.limits.map(limits_left).transpose()?;
    let left = LeftOfGrant {
        scopes,
        expires_at: ends,
        limits: limits.unwrap_or(before.limits),
    };
    let narrowed = service.oauth().narrow(person, id, &left, now);
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
        let spent = spent(service, &grant).await.map_err(of_oauth)?;
        all.push(ShownGrant {
            currencies: limited_or_offered(service, &grant),
            spent,
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
    match changed(&service, &visit, session.person, &params).await {
        Ok(()) => Ok(see("/apps")),
        Err(FormFault::Typed(said)) => shown(&service, &visit, session.person, &said).await,
        Err(FormFault::Protocol(error)) => {
            let problem = of_oauth(error);
            if problem.status().is_server_error() {
                return Err(problem);
            }
            let said = problem.problem().title;
            shown(&service, &visit, session.person, &said).await
        }
    }
}

async fn changed(
    service: &Service,
    visit: &Visit,
    person: PersonId,
    params: &Params,
) -> Result<(), FormFault> {
    let (oauth, now) = (service.oauth(), service.now());
    let id: GrantId = params.need("grant")?.parse()?;
    if params.one("act")? == Some("end") {
        return Ok(oauth.end_grant(person, id, now).await?);
    }
    let before = oauth.grant(person, id, now).await?;
    let left = granted(params)?;
    let limits = if contributes(&left.scopes) {
        let asked = AmountForm {
            currencies: &limited_or_offered(service, &before),
            limits: &before.limits,
            spent: &[],
            typed: None,
        };
        amount_limits(visit, params, &asked)?
    } else {
        before.limits
    };
    let ends = match params.one("days")? {
        Some(_) => now.plus(left.life.max(Duration::from_secs(1))),
        None => before.expires_at,
    };
    let left = LeftOfGrant {
        scopes: left.scopes,
        expires_at: ends.min(before.expires_at),
        limits,
    };
    Ok(oauth.narrow(person, id, &left, now).await?)
}

/// Currencies that are offered now, and those that the grant has limits in.
fn limited_or_offered(service: &Service, grant: &AppGrant) -> BTreeSet<(String, u8)> {
    let limited = grant.limits.iter();
    let limited = limited.map(|limit| (limit.symbol.clone(), limit.decimals));
    offered_currencies(service)
        .into_iter()
        .chain(limited)
        .collect()
}
