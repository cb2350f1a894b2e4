//! The authorization endpoint: a request is read, kept, and the browser goes on to the page on which its person decides.

use std::sync::Arc;

use axum::{
    Router,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
    routing::get,
};
use softcap_identity::{AuthorizationRequest, BadRequest, Client, OauthError, Params, ToldError};

use super::{
    client_document,
    consent_page::error_page,
    form::Form,
    redirect::{answered, see},
};
use crate::{api::Service, forwarded::ClientAddress, problem::ApiError, web::Visit};

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new().route("/oauth/authorize", get(by_query).post(by_form))
}

async fn by_query(
    State(service): State<Arc<Service>>,
    client: ClientAddress,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    let params = Params::parse(query.unwrap_or_default().as_bytes());
    begin(&service, client, &visit, &params).await
}

async fn by_form(
    State(service): State<Arc<Service>>,
    client: ClientAddress,
    visit: Visit,
    Form(params): Form,
) -> Response {
    begin(&service, client, &visit, &params).await
}

async fn begin(
    service: &Service,
    client: ClientAddress,
    visit: &Visit,
    params: &Params,
) -> Response {
    if let Err(error) = service.oauth().admit(client.ip(), service.now()).await {
        return error_page(visit, error);
    }
    match request(service, params).await {
        Ok(request) => match service.oauth().show(&request, service.now()).await {
            Ok(name) => see(&format!("/oauth/consent?request={}", name.reveal())),
            Err(error) => error_page(visit, error),
        },
        Err(BadRequest::Shown(error)) => error_page(visit, error),
        Err(BadRequest::Told(told)) => tell(service, &told),
    }
}

async fn request(service: &Service, params: &Params) -> Result<AuthorizationRequest, BadRequest> {
    let (oauth, now) = (service.oauth(), service.now());
    let client = known(service, params).await.map_err(BadRequest::Shown)?;
    let pushed = params.one("request_uri").map_err(BadRequest::Shown)?;
    match pushed {
        // What stands beside the name of a pushed request does not count (RFC 9126, section 4).
        Some(uri) => oauth
            .take_pushed(uri, &client.id, now)
            .await
            .map_err(BadRequest::Shown),
        None => AuthorizationRequest::read(params, &client, &oauth.resource(), now),
    }
}

async fn known(service: &Service, params: &Params) -> Result<Client, OauthError> {
    let id = params.need("client_id")?;
    client_document::client(service, id, service.now()).await
}

/// Tells an application why not.
fn tell(service: &Service, told: &ToldError) -> Response {
    let error = &told.error;
    let Some(fault) = error.fault() else {
        return error_page_of(error);
    };
    let description = error.to_string();
    let answer = [
        ("error", fault.as_word()),
        ("error_description", description.as_str()),
        ("state", told.state.as_deref().unwrap_or_default()),
        ("iss", service.oauth().issuer()),
    ];
    see(&answered(&told.redirect, &answer))
}

/// The server's own failures are nobody's answer to an application.
fn error_page_of(error: &OauthError) -> Response {
    ApiError::internal(error).into_response()
}
