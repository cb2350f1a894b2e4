//! A device without a browser (RFC 8628): the endpoint that gives it codes, and the page on which its person types one.

use std::sync::Arc;

use axum::{
    Router,
    extract::{RawQuery, State},
    http::{HeaderMap, request::Parts},
    middleware::map_response,
    response::Response,
    routing::{get, post},
};
use serde::Serialize;
use softcap_identity::{
    AmountLimits, DEVICE_LIFE, DEVICE_PAUSE, DeviceCodes, OauthError, Params, Session,
};
use utoipa::ToSchema;

use super::{
    amount_form::{AmountForm, FormFault},
    answer::{ErrorView, OauthAnswer},
    client_authentication::{authenticated, proved_key},
    client_document,
    consent::granted_by,
    consent_page::{Asking, consent_page, device_done_page, device_page},
    form::Form,
    problem::of_oauth,
    redirect::{answered, see},
    spending::offered_currencies,
};
use crate::{
    api::{Service, signed_in::no_store},
    extract::Json,
    forwarded::ClientAddress,
    origin::require_own_page,
    problem::ApiError,
    web::{Visit, with_next},
};

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/oauth/device-authorization", post(begin))
        .route("/device", get(ask).post(decide))
        .layer(map_response(no_store))
}

/// What a device shows and keeps. It has no `Debug`, because it holds codes.
#[derive(Serialize, ToSchema)]
pub(super) struct DeviceView {
    /// For the token endpoint.
    device_code: String,
    /// For the person to type.
    #[schema(example = "WDJB-MJHT")]
    user_code: String,
    /// Where.
    verification_uri: String,
    /// The same with the code in it, for a picture that a phone reads.
    verification_uri_complete: String,
    /// Seconds until it is over.
    expires_in: u64,
    /// Seconds to pause between two questions.
    interval: u64,
}

impl DeviceView {
    fn new(issuer: &str, codes: &DeviceCodes) -> Self {
        Self {
            device_code: codes.device.reveal().to_owned(),
            verification_uri: format!("{issuer}/device"),
            verification_uri_complete: format!("{issuer}/device?user_code={}", codes.user),
            user_code: codes.user.clone(),
            expires_in: DEVICE_LIFE.as_secs(),
            interval: DEVICE_PAUSE.as_secs(),
        }
    }
}

/// Get codes for a device without a browser (RFC 8628). Then ask the token endpoint, not more often than `interval` says.
#[utoipa::path(
    post,
    path = "/oauth/device-authorization",
    tag = "oauth",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The codes", body = DeviceView),
        (status = 400, description = "It is refused", body = ErrorView),
        (status = 401, description = "The client did not show who it is", body = ErrorView),
    ),
)]
pub(super) async fn begin(
    State(service): State<Arc<Service>>,
    client: ClientAddress,
    parts: Parts,
    Form(params): Form,
) -> Result<Json<DeviceView>, OauthAnswer> {
    service.oauth().admit(client.ip(), service.now()).await?;
    let client = authenticated(&service, &parts.headers, &params).await?;
    let key = proved_key(&service, &parts).await?;
    let (oauth, now) = (service.oauth(), service.now());
    let codes = oauth
        .begin_device(&client, &params, key.as_deref(), now)
        .await?;
    Ok(Json(DeviceView::new(oauth.issuer(), &codes)))
}

async fn ask(visit: Visit, RawQuery(query): RawQuery) -> Result<Response, ApiError> {
    let params = Params::parse(query.unwrap_or_default().as_bytes());
    let code = params.one("user_code").ok().flatten().unwrap_or_default();
    // A code that came with the address is shown, and not yet looked up: the person compares it with their device.
    Ok(match visit.session() {
        Ok(_) => device_page(&visit, code, ""),
        Err(_) => see(&log_in_place(&visit, code)),
    })
}

/// Where somebody logs in who will type a code.
fn log_in_place(visit: &Visit, code: &str) -> String {
    let page = if visit.is_half() {
        "/log-in/second-factor"
    } else {
        "/log-in"
    };
    with_next(page, &answered("/device", &[("user_code", code)]))
}

async fn decide(
    State(service): State<Arc<Service>>,
    visit: Visit,
    headers: HeaderMap,
    Form(params): Form,
) -> Result<Response, ApiError> {
    require_own_page(&headers, &service.origin)?;
    let code = params.one("user_code").ok().flatten().unwrap_or_default();
    let Ok(session) = visit.session() else {
        return Ok(see(&log_in_place(&visit, code)));
    };
    let decision = params.one("decision").ok().flatten();
    let done = match decision {
        Some("allow") => match granted_by(&service, &visit, &params) {
            Ok(granted) => {
                let (oauth, now) = (service.oauth(), service.now());
                oauth.allow_device(code, session, &granted, now).await
            }
            Err(FormFault::Typed(said)) => {
                let before = (Some(&params), said.as_str());
                return show(&service, &visit, (code, session), before).await;
            }
            Err(FormFault::Protocol(error)) => Err(error),
        },
        Some("deny") => service.oauth().deny_device(code, service.now()).await,
        // The code was typed, and nothing was decided.
        _ => return show(&service, &visit, (code, session), (None, "")).await,
    };
    match done {
        Ok(()) => Ok(device_done_page(&visit, decision == Some("allow"))),
        Err(error) => again(&visit, code, error),
    }
}

/// What the device asks for, line by line; with what was typed and what was wrong with it where it is shown again.
async fn show(
    service: &Service,
    visit: &Visit,
    (code, session): (&str, &Session),
    (typed, said): (Option<&Params>, &str),
) -> Result<Response, ApiError> {
    let now = service.now();
    let request = match service.oauth().device_request(code, session, now).await {
        Ok(request) => request,
        Err(error) => return again(visit, code, error),
    };
    let client = client_document::client(service, &request.client, now).await;
    let client = client.map_err(of_oauth)?;
    let asking = Asking::for_device(&client, code);
    let amounts = AmountForm {
        currencies: &offered_currencies(service),
        limits: &AmountLimits::default(),
        spent: &[],
        typed,
    };
    let page = consent_page(visit, &asking, (&request.scopes, &amounts), said);
    Ok(page.shown(visit))
}

/// The page to type a code on, with what was wrong; what is no refusal of the protocol is a problem.
fn again(visit: &Visit, code: &str, error: OauthError) -> Result<Response, ApiError> {
    let problem = of_oauth(error);
    if problem.status().is_server_error() {
        return Err(problem);
    }
    Ok(device_page(visit, code, &problem.problem().title))
}
