//! Adding a second factor at log-in, where those of before were set aside: a code of a mail, then an app or a passkey.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use softcap_identity::{FactorError, PersonError, Session};

use crate::{
    api::{self, Service, of_factor, of_person},
    extract::Query,
    problem::{ApiError, ProblemCode},
    web::{
        assets::Asset,
        entrance::{moved_with, safe_place},
        form::{Errors, Form},
        page::{page, page_with, see_other},
        visit::{Visit, Visitor, with_next},
    },
};

const PLACE: &str = "/log-in/set-up";

#[derive(Debug, Deserialize)]
pub(super) struct SetUpQuery {
    #[serde(default)]
    next: String,
    /// That a mail was asked for.
    #[serde(default)]
    sent: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct NextForm {
    #[serde(default)]
    next: String,
}

/// It has no `Debug`, because it holds a code.
#[derive(Deserialize)]
pub(super) struct CodeForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    next: String,
}

#[derive(Template)]
#[template(path = "own_account/set_up.html")]
struct SetUpPage {
    visit: Visit,
    errors: Errors,
    next: String,
    is_sent: bool,
    /// The code was typed in: a factor may be added.
    enrols: bool,
    passkey_script: &'static str,
}

/// The session of somebody who has to add a factor; or where they go instead.
async fn half(
    service: &Service,
    visit: &Visit,
    next: &str,
) -> Result<Result<Session, Response>, ApiError> {
    let session = match &visit.visitor {
        Visitor::Half(session) => session.clone(),
        Visitor::Person { .. } => return see_other(safe_place(next)).map(Err),
        Visitor::Nobody | Visitor::Unasked => return Err(of_person(PersonError::NoSession)),
    };
    if service
        .factors()
        .must_enrol(&session)
        .await
        .map_err(of_factor)?
    {
        return Ok(Ok(session));
    }
    see_other(&with_next("/log-in/second-factor", safe_place(next))).map(Err)
}

fn set_up_page(visit: Visit, session: &Session, next: &str) -> SetUpPage {
    SetUpPage {
        visit,
        errors: Errors::default(),
        next: safe_place(next).to_owned(),
        is_sent: false,
        enrols: session.enrols,
        passkey_script: Asset::Passkey.path(),
    }
}

pub(super) async fn show(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Query(query): Query<SetUpQuery>,
) -> Result<Response, ApiError> {
    let session = match half(&service, &visit, &query.next).await? {
        Ok(session) => session,
        Err(elsewhere) => return Ok(elsewhere),
    };
    page(&SetUpPage {
        is_sent: !query.sent.is_empty(),
        ..set_up_page(visit, &session, &query.next)
    })
}

pub(super) async fn send(
    State(service): State<Arc<Service>>,
    visit: Visit,
    device: api::Visitor,
    Form(form): Form<NextForm>,
) -> Result<Response, ApiError> {
    if !service.sends_mail() {
        return Err(ProblemCode::NoMail.into());
    }
    let session = match half(&service, &visit, &form.next).await? {
        Ok(session) => session,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let (factors, from) = (service.factors(), device.0.address);
    let asked = factors.ask_to_enrol(&session, from, service.now()).await;
    asked.map_err(of_factor)?;
    see_other(&format!(
        "{}&sent=1",
        with_next(PLACE, safe_place(&form.next))
    ))
}

pub(super) async fn confirm(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Form(form): Form<CodeForm>,
) -> Result<Response, ApiError> {
    let session = match half(&service, &visit, &form.next).await? {
        Ok(session) => session,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let (factors, now) = (service.factors(), service.now());
    match factors.confirm_enrolment(&session, &form.code, now).await {
        Ok(secret) => return moved_with(&with_next(PLACE, safe_place(&form.next)), &secret),
        Err(FactorError::Person(PersonError::Code)) => {}
        Err(error) => return Err(of_factor(error)),
    }
    let mut shown = set_up_page(visit, &session, &form.next);
    shown.is_sent = true;
    let words = shown.visit.say("mail-code-wrong");
    shown.errors.add("code", words);
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown)
}
