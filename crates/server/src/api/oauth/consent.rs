//! The page on which a person decides what an application may do for them.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{RawQuery, State},
    http::HeaderMap,
    response::Response,
    routing::get,
};
use softcap_identity::{
    AmountLimits, AppScopes, AuthorizationRequest, Client, Fault, GRANT_LIVES, Granted, Level,
    OauthError, Params, Prompt, RedirectUri, ResourceId, Session, UnixMillis,
};

use super::{
    amount_form::{AmountForm, FormFault, amount_limits, contributes},
    client_document,
    consent_page::{Asking, consent_page, error_page},
    form::Form,
    problem::of_oauth,
    redirect::{answered, see},
    spending::offered_currencies,
};
use crate::{
    api::Service,
    origin::require_own_page,
    problem::ApiError,
    web::{Visit, Visitor, with_next},
};

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new().route("/oauth/consent", get(show).post(decide))
}

/// How far a person is.
enum Stage {
    /// They log in, show their second factor, or one of their factors again: the page for it.
    LogIn(&'static str),
    /// Their session is as it is asked for.
    Ready(Box<Session>),
    /// They cannot become what is asked for: they have no second factor.
    Impossible,
}

fn stage(visit: &Visit, request: &AuthorizationRequest, now: UnixMillis) -> Stage {
    let session = match &visit.visitor {
        Visitor::Person { session, .. } => session,
        Visitor::Half(_) => return Stage::LogIn("/log-in/second-factor"),
        Visitor::Unasked | Visitor::Nobody => return Stage::LogIn("/log-in"),
    };
    if request.is_met_by(session, now) {
        return Stage::Ready(Box::new(session.clone()));
    }
    if request.needs_two_factors && session.needs == Level::One && session.level == Level::One {
        return Stage::Impossible;
    }
    Stage::LogIn("/account/fresh")
}

async fn show(
    State(service): State<Arc<Service>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::parse(query.unwrap_or_default().as_bytes());
    match waiting(&service, &params).await {
        Ok((name, request, client)) => {
            next_page(&service, &visit, (&name, &request, &client)).await
        }
        Err(error) => Ok(error_page(&visit, error)),
    }
}

/// The request that a page is about, and who asks.
async fn waiting(
    service: &Service,
    params: &Params,
) -> Result<(String, AuthorizationRequest, Client), OauthError> {
    let name = params.need("request")?.to_owned();
    let now = service.now();
    let request = service.oauth().shown(&name, now).await?;
    let client = client_document::client(service, &request.client, now).await?;
    Ok((name, request, client))
}

type Waiting<'a> = (&'a str, &'a AuthorizationRequest, &'a Client);

async fn next_page(
    service: &Service,
    visit: &Visit,
    waiting: Waiting<'_>,
) -> Result<Response, ApiError> {
    let (name, request, _) = waiting;
    let is_silent = request.prompt == Prompt::None;
    match stage(visit, request, service.now()) {
        Stage::Impossible => {
            let why = "the person has no second factor";
            let fault = Fault::UnmetAuthenticationRequirements;
            refuse(service, visit, name, (fault, why)).await
        }
        Stage::LogIn(_) if is_silent => {
            let why = "somebody must log in";
            refuse(service, visit, name, (Fault::LoginRequired, why)).await
        }
        Stage::LogIn(page) => Ok(see(&with_next(page, &place(name)))),
        Stage::Ready(session) => decided_or_page(service, visit, waiting, &session).await,
    }
}

/// Where a request is decided.
fn place(name: &str) -> String {
    answered("/oauth/consent", &[("request", name)])
}

/// Whoever agreed to the same before is not asked again, unless the application wants it, or its answers go to a program
/// that anybody can imitate (RFC 8252, section 8.6).
async fn decided_or_page(
    service: &Service,
    visit: &Visit,
    (name, request, client): Waiting<'_>,
    session: &Session,
) -> Result<Response, ApiError> {
    let (oauth, now) = (service.oauth(), service.now());
    let may_go_on = match request.prompt {
        Prompt::Needed | Prompt::None | Prompt::Login => request.redirect.starts_with("https://"),
        Prompt::Consent | Prompt::LoginAndConsent => false,
    };
    let grant = if may_go_on {
        let covering = oauth.covering(session.person, request, now).await;
        covering.map_err(of_oauth)?
    } else {
        None
    };
    if let Some(grant) = grant {
        let code = oauth.continue_under(&grant, name, session, now).await;
        let (code, request) = code.map_err(of_oauth)?;
        return Ok(approved(service, &request, code.reveal()));
    }
    if request.prompt == Prompt::None {
        let why = "somebody must agree";
        return refuse(service, visit, name, (Fault::ConsentRequired, why)).await;
    }
    asked(service, visit, (name, request, client), (None, ""))
}

/// The page itself; `typed` and `said` where it is shown again.
fn asked(
    service: &Service,
    visit: &Visit,
    (name, request, client): Waiting<'_>,
    (typed, said): (Option<&Params>, &str),
) -> Result<Response, ApiError> {
    let scopes = request.scopes().map_err(of_oauth)?;
    let amounts = AmountForm {
        currencies: &offered_currencies(service),
        limits: &AmountLimits::default(),
        spent: &[],
        typed,
    };
    let asking = Asking::new(client, name);
    let page = consent_page(visit, &asking, (&scopes, &amounts), said);
    Ok(page.leading_to(&RedirectUri::source(&request.redirect), visit))
}

async fn decide(
    State(service): State<Arc<Service>>,
    visit: Visit,
    headers: HeaderMap,
    Form(params): Form,
) -> Result<Response, ApiError> {
    require_own_page(&headers, &service.origin)?;
    let (name, request, client) = match waiting(&service, &params).await {
        Ok(waiting) => waiting,
        Err(error) => return Ok(error_page(&visit, error)),
    };
    let Stage::Ready(session) = stage(&visit, &request, service.now()) else {
        return next_page(&service, &visit, (&name, &request, &client)).await;
    };
    if params.one("decision").ok().flatten() != Some("allow") {
        let why = "the person said no";
        return refuse(&service, &visit, &name, (Fault::AccessDenied, why)).await;
    }
    let granted = match granted_by(&service, &visit, &params) {
        Ok(granted) => granted,
        Err(FormFault::Typed(said)) => {
            let waiting = (name.as_str(), &request, &client);
            return asked(&service, &visit, waiting, (Some(&params), &said));
        }
        Err(FormFault::Protocol(error)) => return Ok(error_page(&visit, error)),
    };
    let (oauth, now) = (service.oauth(), service.now());
    let approved_now = oauth.approve(&name, &session, &granted, now).await;
    match approved_now {
        Ok((code, request)) => Ok(approved(&service, &request, code.reveal())),
        Err(error) => Ok(error_page(&visit, error)),
    }
}

/// What a person left in the form, with the amounts that they typed.
pub(super) fn granted_by(
    service: &Service,
    visit: &Visit,
    params: &Params,
) -> Result<Granted, FormFault> {
    let granted = granted(params)?;
    if !contributes(&granted.scopes) {
        return Ok(granted);
    }
    let asked = AmountForm {
        currencies: &offered_currencies(service),
        limits: &AmountLimits::default(),
        spent: &[],
        typed: None,
    };
    let limits = amount_limits(visit, params, &asked)?;
    Ok(Granted { limits, ..granted })
}

/// What a person left in the form, but for amounts.
pub(super) fn granted(params: &Params) -> Result<Granted, OauthError> {
    let scopes: Vec<_> = params.all("scope").collect();
    let scopes: AppScopes = scopes.join(" ").parse()?;
    let scopes = match params.one("only_on")? {
        Some(resource) => {
            let resource: Result<ResourceId, _> = resource.parse();
            scopes.only_on(&resource.map_err(|_| wrong("only_on names no offering"))?)?
        }
        None => scopes,
    };
    let days = params.one("days")?.map(str::parse::<u32>).transpose();
    let days = days.map_err(|_| wrong("days is a number"))?;
    let life = days.map(|days| Duration::from_secs(u64::from(days) * 86_400));
    let life = life.or(GRANT_LIVES.get(1).copied()).unwrap_or_default();
    if life.is_zero() {
        return Err(wrong("days is at least one"));
    }
    Ok(Granted {
        scopes,
        life,
        limits: AmountLimits::default(),
    })
}

fn wrong(why: &'static str) -> OauthError {
    OauthError::Refused {
        fault: Fault::InvalidRequest,
        why: why.into(),
    }
}

/// Sends the browser back with a code.
fn approved(service: &Service, request: &AuthorizationRequest, code: &str) -> Response {
    let answer = [
        ("code", code),
        ("state", request.state.as_deref().unwrap_or_default()),
        ("iss", service.oauth().issuer()),
    ];
    see(&answered(&request.redirect, &answer))
}

/// Sends the browser back with an error; the request is over.
async fn refuse(
    service: &Service,
    visit: &Visit,
    name: &str,
    (fault, why): (Fault, &'static str),
) -> Result<Response, ApiError> {
    let request = match service.oauth().decline(name, service.now()).await {
        Ok(request) => request,
        Err(error) => return Ok(error_page(visit, error)),
    };
    let description = format!("{}: {why}", fault.code());
    let answer = [
        ("error", fault.as_word()),
        ("error_description", description.as_str()),
        ("state", request.state.as_deref().unwrap_or_default()),
        ("iss", service.oauth().issuer()),
    ];
    Ok(see(&answered(&request.redirect, &answer)))
}
