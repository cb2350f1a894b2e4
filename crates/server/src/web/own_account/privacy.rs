//! What is held of oneself: as a file, and erased.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;

use super::password::fresh_first;
use crate::{
    api::{Erased, Service, erase_self, export_self, of_person, remove_cookie},
    problem::ApiError,
    web::{
        form::{Errors, Form},
        language::{Language, Value},
        page::{page, page_with},
        times::When,
        visit::{Visit, Visitor},
    },
};

const PLACE: &str = "/account/privacy";

#[derive(Debug, Deserialize)]
pub(super) struct EraseForm {
    /// The address of mail, typed once more.
    #[serde(default)]
    email: String,
}

#[derive(Template)]
#[template(path = "own_account/privacy.html")]
struct PrivacyPage {
    visit: Visit,
    errors: Errors,
    email: String,
    typed: String,
    /// Why it cannot be erased now.
    trouble: Option<String>,
    is_fresh: bool,
}

#[derive(Template)]
#[template(path = "own_account/erased.html")]
struct ErasedPage {
    visit: Visit,
    gone: Vec<String>,
    kept: Vec<String>,
}

fn privacy_page(service: &Service, visit: Visit) -> Result<PrivacyPage, ApiError> {
    let is_fresh = visit.session()?.require_fresh(service.now()).is_ok();
    Ok(PrivacyPage {
        email: visit.email().unwrap_or_default().to_owned(),
        errors: Errors::default(),
        typed: String::new(),
        trouble: None,
        is_fresh,
        visit,
    })
}

pub(super) async fn show(
    State(service): State<Arc<Service>>,
    visit: Visit,
) -> Result<Response, ApiError> {
    page(&privacy_page(&service, visit)?)
}

pub(super) async fn export(
    State(service): State<Arc<Service>>,
    visit: Visit,
) -> Result<Response, ApiError> {
    let session = visit.session()?;
    if session.require_fresh(service.now()).is_err() {
        return fresh_first(PLACE);
    }
    export_self(&service, session.person).await
}

pub(super) async fn erase(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Form(form): Form<EraseForm>,
) -> Result<Response, ApiError> {
    let session = visit.session()?.clone();
    session.require_fresh(service.now()).map_err(of_person)?;
    let language = visit.language;
    let typed = form.email.trim();
    if !visit
        .email()
        .is_some_and(|email| email.eq_ignore_ascii_case(typed))
    {
        let words = visit.say("privacy-type-address");
        let mut shown = privacy_page(&service, visit)?;
        shown.errors.add("email", words);
        typed.clone_into(&mut shown.typed);
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown);
    }
    let erased = match erase_self(&service, session.person).await {
        Ok(erased) => erased,
        Err(ApiError::Domain { status, code, .. }) if status == StatusCode::CONFLICT => {
            let key = match &*code {
                "J208" => "privacy-has-money",
                _ => "privacy-has-role",
            };
            let words = visit.say(key);
            let mut shown = privacy_page(&service, visit)?;
            shown.trouble = Some(words);
            return page_with(StatusCode::CONFLICT, &shown);
        }
        Err(error) => return Err(error),
    };
    let answer = page(&erased_page(language, visit, &erased))?;
    let cookie = [(header::SET_COOKIE, remove_cookie()?)];
    Ok((cookie, answer).into_response())
}

/// Nobody is logged in any more who could be named on top of the page.
fn erased_page(language: Language, visit: Visit, erased: &Erased) -> ErasedPage {
    let gone = erased.gone.iter();
    let kept = erased.kept.iter().map(|(what, until)| {
        let what = language.say(&format!("privacy-kept-{what}"));
        match until {
            None => what,
            Some(until) => {
                let until = When::of(language, *until).text;
                let values = [("what", Value::Text(&what)), ("until", Value::Text(&until))];
                language.tell("privacy-kept-until", &values)
            }
        }
    });
    ErasedPage {
        gone: gone
            .map(|what| language.say(&format!("privacy-gone-{what}")))
            .collect(),
        kept: kept.collect(),
        visit: Visit {
            visitor: Visitor::Nobody,
            ..visit
        },
    }
}
