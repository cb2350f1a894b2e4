//! Applications that are registered here, by an owner or a developer.

use std::{str::FromStr as _, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{delete, get},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use softcap_identity::{
    AppScopes, Client, ClientAuthentication, ClientId, ClientKeys, ClientMetadata, ClientSource,
    GrantKind, OauthError, Registrar, Verb, every_scope,
};
use utoipa::ToSchema;

use super::problem::of_oauth;
use crate::{
    api::{Caller, Service, keys::time_text},
    extract::{Json, Path},
    problem::{ApiError, ProblemCode},
};

const MOST_SHOWN: u32 = 1_000;

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(register, list, change, end))]
pub(crate) struct ClientPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/oauth/clients", get(list).post(register))
        .route("/v1/oauth/clients/{client}", delete(end).put(change))
}

/// An application, in the words of RFC 7591.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientBody {
    /// What people call it: 1 to 100 characters.
    #[schema(example = "Portfolio")]
    pub(crate) client_name: String,
    /// Where answers may go: `https`, `http` to 127.0.0.1 or `[::1]` with any port, or a scheme of your own domain.
    #[serde(default)]
    pub(crate) redirect_uris: Vec<String>,
    /// `none` for programs on people's machines, or `private_key_jwt`. `none` where it is not given.
    #[serde(default)]
    pub(crate) token_endpoint_auth_method: Option<String>,
    /// Its public keys (RFC 7517), for `private_key_jwt`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub(crate) jwks: Option<Value>,
    /// Or the `https` address at which they are, so that the application changes them by itself.
    #[serde(default)]
    pub(crate) jwks_uri: Option<String>,
    /// The most that it asks for; everything where it is not given.
    #[serde(default)]
    pub(crate) scope: Option<String>,
    /// How it comes to tokens; `authorization_code` and `refresh_token` where it is not given.
    #[serde(default)]
    pub(crate) grant_types: Option<Vec<String>>,
    /// Whether its tokens are always bound to a key of its own (RFC 9449).
    #[serde(default)]
    pub(crate) dpop_bound_access_tokens: bool,
}

/// An application that is registered.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClientView {
    /// Its name for programs.
    client_id: String,
    /// What people call it.
    client_name: String,
    /// Where answers may go.
    redirect_uris: Vec<String>,
    /// How it shows that it is the one.
    token_endpoint_auth_method: &'static str,
    /// Where its keys are, if it does not give them itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks_uri: Option<String>,
    /// The most that it asks for.
    scope: String,
    /// How it comes to tokens.
    grant_types: Vec<&'static str>,
    /// Whether its tokens are always bound to a key.
    dpop_bound_access_tokens: bool,
    /// Who registered it.
    made_by: String,
    /// When.
    made_at: String,
}

/// The applications that are registered, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClientList {
    /// The applications.
    clients: Vec<ClientView>,
}

impl ClientView {
    fn new(client: &Client) -> Self {
        let about = &client.about;
        Self {
            client_id: client.id.to_string(),
            client_name: about.name.clone(),
            redirect_uris: about.redirects.iter().map(ToString::to_string).collect(),
            token_endpoint_auth_method: about.authentication.as_code(),
            jwks_uri: jwks_uri(about).map(str::to_owned),
            scope: about.scopes.to_string(),
            grant_types: about.grants.iter().map(|kind| kind.as_code()).collect(),
            dpop_bound_access_tokens: about.needs_dpop,
            made_by: client.made_by.clone(),
            made_at: time_text(client.made_at),
        }
    }
}

/// Where the keys of an application are, if it does not give them itself.
fn jwks_uri(about: &ClientMetadata) -> Option<&str> {
    match &about.authentication {
        ClientAuthentication::PrivateKeyJwt(ClientKeys::At(uri)) => Some(uri.as_str()),
        ClientAuthentication::PrivateKeyJwt(ClientKeys::Given(_)) | ClientAuthentication::None => {
            None
        }
    }
}

/// Refuses an address of keys that is never called.
fn require_callable(service: &Service, about: &ClientMetadata) -> Result<(), ApiError> {
    let Some(uri) = jwks_uri(about) else {
        return Ok(());
    };
    let checked = service.documents.checked(uri).map(drop);
    checked.map_err(|why| of_oauth(OauthError::Client(format!("jwks_uri: {why}").into())))
}

impl ClientBody {
    fn read(self) -> Result<ClientMetadata, OauthError> {
        let redirects: Result<Vec<_>, _> =
            self.redirect_uris.iter().map(|uri| uri.parse()).collect();
        let method = self.token_endpoint_auth_method.as_deref().unwrap_or("none");
        let scopes = self.scope.as_deref().map(AppScopes::from_str).transpose()?;
        let keys = self.jwks.unwrap_or_default();
        Ok(ClientMetadata {
            name: self.client_name,
            redirects: redirects?,
            authentication: ClientAuthentication::read(method, &keys, self.jwks_uri.as_deref())?,
            scopes: scopes.unwrap_or_else(every_scope),
            grants: kinds(self.grant_types)?,
            needs_dpop: self.dpop_bound_access_tokens,
        })
    }
}

/// What a document says about an application; what it does not say is as in a registration.
pub(super) fn metadata_of(
    document: &Value,
    most: &AppScopes,
) -> Result<ClientMetadata, OauthError> {
    let text = |name: &str| document[name].as_str().map(str::to_owned);
    let texts = |name: &str| -> Option<Vec<String>> {
        let all = document[name].as_array()?.iter();
        all.map(|one| one.as_str().map(str::to_owned)).collect()
    };
    let body = ClientBody {
        client_name: text("client_name").unwrap_or_default(),
        redirect_uris: texts("redirect_uris").unwrap_or_default(),
        token_endpoint_auth_method: text("token_endpoint_auth_method"),
        jwks: (!document["jwks"].is_null()).then(|| document["jwks"].clone()),
        jwks_uri: text("jwks_uri"),
        scope: text("scope"),
        grant_types: texts("grant_types"),
        dpop_bound_access_tokens: document["dpop_bound_access_tokens"] == true,
    };
    let mut about = body.read()?;
    about.scopes = about.scopes.within(most);
    // Nobody here vouches for it, so it acts in nobody's name but a person's.
    about
        .grants
        .retain(|kind| *kind != GrantKind::ClientCredentials);
    about.check()?;
    Ok(about)
}

fn kinds(names: Option<Vec<String>>) -> Result<Vec<GrantKind>, OauthError> {
    let Some(names) = names else {
        return Ok(vec![GrantKind::Code, GrantKind::Refresh]);
    };
    let known: Option<Vec<_>> = names.iter().map(|name| GrantKind::of(name)).collect();
    let unknown = "grant_types names one that does not exist here";
    let mut known = known.ok_or(OauthError::Client(unknown.into()))?;
    known.dedup();
    Ok(known)
}

pub(super) fn registrar(caller: &Caller) -> Result<Registrar, ApiError> {
    match caller {
        Caller::Key(key) => Ok(Registrar::Key(
            key.key_id().to_string(),
            key.policy().scopes.clone(),
        )),
        Caller::Person(staff) => Ok(Registrar::Person(staff.standing().clone())),
        Caller::App(_) => Err(ProblemCode::NotAllowed.into()),
    }
}

/// Register an application that asks people to let it act for them. It needs the scope or the role for `keys:write`.
#[utoipa::path(
    post,
    path = "/v1/oauth/clients",
    tag = "keys",
    security(("key" = []), ("session" = [])),
    request_body = ClientBody,
    responses((status = 201, description = "The application", body = ClientView)),
)]
async fn register(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Json(body): Json<ClientBody>,
) -> Result<Response, ApiError> {
    let client = register_client(&service, &caller, body).await?;
    let view = ClientView::new(&client);
    let place = [(
        header::LOCATION,
        format!("/v1/oauth/clients/{}", view.client_id),
    )];
    Ok((StatusCode::CREATED, place, Json(view)).into_response())
}

/// The applications that are registered, oldest first.
#[utoipa::path(
    get,
    path = "/v1/oauth/clients",
    tag = "keys",
    security(("key" = []), ("session" = [])),
    responses((status = 200, description = "Oldest first", body = ClientList)),
)]
async fn list(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<ClientList>, ApiError> {
    let clients = registered_clients(&service, &caller).await?;
    Ok(Json(ClientList {
        clients: clients.iter().map(ClientView::new).collect(),
    }))
}

/// Say anew what an application is: all of it, in the words of a registration. What people granted to it stays as it is, and
/// what it asks for from now on is within this.
#[utoipa::path(
    put,
    path = "/v1/oauth/clients/{client}",
    tag = "keys",
    security(("key" = []), ("session" = [])),
    params(("client" = String, Path, description = "Its `client_id`")),
    request_body = ClientBody,
    responses((status = 200, description = "The application as it is now", body = ClientView)),
)]
async fn change(
    State(service): State<Arc<Service>>,
    Path(client): Path<String>,
    caller: Caller,
    Json(body): Json<ClientBody>,
) -> Result<Json<ClientView>, ApiError> {
    let client = change_client(&service, &caller, &client, body).await?;
    Ok(Json(ClientView::new(&client)))
}

/// End an application: no token of it works from the next request on, whoever granted it.
#[utoipa::path(
    delete,
    path = "/v1/oauth/clients/{client}",
    tag = "keys",
    security(("key" = []), ("session" = [])),
    params(("client" = String, Path, description = "Its `client_id`")),
    responses((status = 204, description = "It is over")),
)]
async fn end(
    State(service): State<Arc<Service>>,
    Path(client): Path<String>,
    caller: Caller,
) -> Result<StatusCode, ApiError> {
    end_client(&service, &caller, &client).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Registers an application, for who may.
pub(crate) async fn register_client(
    service: &Service,
    caller: &Caller,
    body: ClientBody,
) -> Result<Client, ApiError> {
    caller.require_on_all(Verb::KeysWrite)?;
    let by = registrar(caller)?;
    let about = body.read().map_err(of_oauth)?;
    require_callable(service, &about)?;
    let client = service.oauth().register(&by, about, service.now()).await;
    client.map_err(of_oauth)
}

/// The applications that are registered, oldest first, for who may see them.
pub(crate) async fn registered_clients(
    service: &Service,
    caller: &Caller,
) -> Result<Vec<Client>, ApiError> {
    caller.require_on_all(Verb::KeysRead)?;
    let clients = service.oauth().clients(MOST_SHOWN).await;
    clients.map_err(of_oauth)
}

/// One of them.
pub(crate) async fn registered_client(
    service: &Service,
    caller: &Caller,
    client: &str,
) -> Result<Client, ApiError> {
    caller.require_on_all(Verb::KeysRead)?;
    let found = service.oauth().client(&named(client)?).await;
    let found = found.map_err(of_oauth)?;
    let found = found.filter(|client| client.source == ClientSource::Registered);
    found.ok_or_else(|| of_oauth(OauthError::NoClient))
}

/// Replaces what is said about one.
pub(crate) async fn change_client(
    service: &Service,
    caller: &Caller,
    client: &str,
    body: ClientBody,
) -> Result<Client, ApiError> {
    caller.require_on_all(Verb::KeysWrite)?;
    let (by, id) = (registrar(caller)?, named(client)?);
    let about = body.read().map_err(of_oauth)?;
    require_callable(service, &about)?;
    let (oauth, now) = (service.oauth(), service.now());
    let changed = oauth.change_client(&by, &id, &about, now).await;
    changed.map_err(of_oauth)?;
    let found = oauth.client(&id).await.map_err(of_oauth)?;
    found.ok_or_else(|| of_oauth(OauthError::NoClient))
}

/// Ends one.
pub(crate) async fn end_client(
    service: &Service,
    caller: &Caller,
    client: &str,
) -> Result<(), ApiError> {
    caller.require_on_all(Verb::KeysWrite)?;
    let (actor, id) = (registrar(caller)?.actor(), named(client)?);
    let ended = service.oauth().end_client(&actor, &id, service.now());
    ended.await.map_err(of_oauth)
}

fn named(client: &str) -> Result<ClientId, ApiError> {
    client.parse().map_err(|_| of_oauth(OauthError::NoClient))
}
