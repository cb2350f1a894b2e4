//! Somebody whom another site vouches for, and who has no account here: they say that they want one, and prove an address of
//! mail unless the other site did.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use serde::Deserialize;
use softcap_identity::{Asker, Newcomer, PersonError, SignInError};

use super::{NEWCOMER_COOKIE, telling};
use crate::{
    api::{self, Service, cookie_secret, ended_cookie, of_person, of_sign_in, session_secret},
    extract::Query,
    problem::{ApiError, ProblemCode},
    web::{
        entrance::go_on,
        form::{Errors, Form},
        page::{page, page_with, see_other},
        visit::Visit,
    },
};

/// How the person goes on.
enum Way {
    /// At once, with this address.
    Proved(String),
    /// Not: this address has an account.
    Known(String),
    /// By an address that is typed.
    Asked(String),
    /// By the code that was sent there.
    Code(String),
    /// Not: nothing sends a code.
    NoMail,
}

#[derive(Template)]
#[template(path = "sign_in/newcomer.html")]
struct NewcomerPage {
    visit: Visit,
    errors: Errors,
    lead: String,
    way: Way,
    shows_mail: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct NextQuery {
    #[serde(default)]
    next: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct EmailForm {
    #[serde(default)]
    email: String,
}

/// It has no `Debug`, because it holds a code.
#[derive(Deserialize)]
pub(super) struct CodeForm {
    #[serde(default)]
    code: String,
}

pub(super) async fn show(
    State(service): State<Arc<Service>>,
    visit: Visit,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let newcomer = newcomer(&service, &headers).await?;
    let way = match (newcomer.proved_mail(), &newcomer.mail) {
        (Some(address), _) if newcomer.is_mail_known => Way::Known(address.as_str().to_owned()),
        (Some(address), _) => Way::Proved(address.as_str().to_owned()),
        (None, _) if !service.sends_mail() => Way::NoMail,
        (None, Some(mail)) => Way::Asked(mail.address.as_str().to_owned()),
        (None, None) => Way::Asked(String::new()),
    };
    page(&shown(&service, visit, &newcomer, (way, Errors::default())))
}

pub(super) async fn sign_up(
    State(service): State<Arc<Service>>,
    visit: Visit,
    headers: HeaderMap,
    device: api::Visitor,
    Query(query): Query<NextQuery>,
) -> Result<Response, ApiError> {
    let newcomer = newcomer(&service, &headers).await?;
    let before = session_secret(&headers);
    let device = (&device.0, before.as_ref());
    let (sign_ins, now) = (service.sign_ins(), service.now());
    match sign_ins
        .sign_up((&newcomer, visit.language.mail()), device, now)
        .await
    {
        Ok(logged_in) => done(go_on(&logged_in, &query.next)?),
        // Somebody took the address since the page was shown: it says so now.
        Err(SignInError::MailKnown) => see_other(&format!("/sign-up/with{}", visit.next_query())),
        Err(error) => Err(of_sign_in(error)),
    }
}

pub(super) async fn send_code(
    State(service): State<Arc<Service>>,
    visit: Visit,
    headers: HeaderMap,
    device: api::Visitor,
    Form(form): Form<EmailForm>,
) -> Result<Response, ApiError> {
    if !service.sends_mail() {
        return Err(ProblemCode::NoMail.into());
    }
    let newcomer = newcomer(&service, &headers).await?;
    let Ok(email) = form.email.trim().parse() else {
        let mut errors = Errors::default();
        errors.add("email", visit.say("email-wrong"));
        let answer = shown(&service, visit, &newcomer, (Way::Asked(form.email), errors));
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer);
    };
    let asker = Asker {
        source: device.0.address,
        language: visit.language.mail(),
    };
    let sent = service.people().sign_up(&email, asker, service.now()).await;
    sent.map_err(of_person)?;
    see_other(&format!("/sign-up/with/code{}", visit.next_query()))
}

pub(super) async fn show_code(
    State(service): State<Arc<Service>>,
    visit: Visit,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let newcomer = newcomer(&service, &headers).await?;
    let way = Way::Code(String::new());
    page(&shown(&service, visit, &newcomer, (way, Errors::default())))
}

pub(super) async fn sign_up_with_code(
    State(service): State<Arc<Service>>,
    visit: Visit,
    headers: HeaderMap,
    device: api::Visitor,
    Query(query): Query<NextQuery>,
    Form(form): Form<CodeForm>,
) -> Result<Response, ApiError> {
    let newcomer = newcomer(&service, &headers).await?;
    let before = session_secret(&headers);
    let device = (&device.0, before.as_ref());
    let (sign_ins, now) = (service.sign_ins(), service.now());
    let shown_code = (&newcomer, form.code.as_str());
    match sign_ins.sign_up_with_code(shown_code, device, now).await {
        Ok(logged_in) => done(go_on(&logged_in, &query.next)?),
        Err(SignInError::Person(PersonError::Code)) => {
            let mut errors = Errors::default();
            errors.add("code", visit.say("mail-code-wrong"));
            let answer = shown(&service, visit, &newcomer, (Way::Code(form.code), errors));
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer)
        }
        Err(error) => Err(of_sign_in(error)),
    }
}

/// The answer, which also takes the cookie away.
fn done(mut response: Response) -> Result<Response, ApiError> {
    let cookie = ended_cookie(NEWCOMER_COOKIE)?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

async fn newcomer(service: &Service, headers: &HeaderMap) -> Result<Newcomer, ApiError> {
    let secret = cookie_secret(headers, NEWCOMER_COOKIE);
    let secret = secret.ok_or_else(|| of_sign_in(SignInError::NewcomerOver))?;
    let found = service.sign_ins().newcomer(&secret, service.now()).await;
    found.map_err(of_sign_in)
}

fn shown(
    service: &Service,
    visit: Visit,
    newcomer: &Newcomer,
    (way, errors): (Way, Errors),
) -> NewcomerPage {
    let issuer = newcomer.issuer();
    let name = service.other_sites().name_of(issuer).unwrap_or(issuer);
    NewcomerPage {
        lead: telling(&visit, "sign-in-new-lead", name),
        visit,
        errors,
        way,
        shows_mail: service.shows_mail(),
    }
}
