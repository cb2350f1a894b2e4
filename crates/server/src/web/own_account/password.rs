//! Another password: the one in force, and the one to come.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use softcap_identity::{Password, PasswordChange, PersonError};

use crate::{
    api::{Service, of_person},
    problem::ApiError,
    web::{
        entrance::moved_with,
        form::{Errors, Form},
        page::{page, page_with, see_other},
        visit::{Visit, with_next},
    },
};

/// It has no `Debug`, because it holds two passwords.
#[derive(Deserialize)]
pub(super) struct PasswordForm {
    #[serde(default)]
    current: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    end_others: String,
}

#[derive(Template)]
#[template(path = "own_account/password.html")]
struct PasswordPage {
    visit: Visit,
    errors: Errors,
    email: String,
    ends_others: bool,
}

/// Where somebody shows again that it is them, and comes back from.
pub(super) fn fresh_first(place: &str) -> Result<Response, ApiError> {
    see_other(&with_next("/account/fresh", place))
}

pub(super) async fn show(
    State(service): State<Arc<Service>>,
    visit: Visit,
) -> Result<Response, ApiError> {
    if visit.session()?.require_fresh(service.now()).is_err() {
        return fresh_first("/account/password");
    }
    page(&PasswordPage {
        email: visit.email().unwrap_or_default().to_owned(),
        errors: Errors::default(),
        ends_others: true,
        visit,
    })
}

pub(super) async fn set(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Form(form): Form<PasswordForm>,
) -> Result<Response, ApiError> {
    let session = visit.session()?.clone();
    let now = service.now();
    session.require_fresh(now).map_err(of_person)?;
    let mut errors = Errors::default();
    let ends_others = !form.end_others.is_empty();
    let typed = (Password::new(form.current), Password::new(form.password));
    let changed = match typed {
        (Err(_), _) => Err(PersonError::WrongPassword),
        (_, Err(error)) => Err(error),
        (Ok(current), Ok(new)) => {
            let change = PasswordChange {
                current: &current,
                new: &new,
                end_others: ends_others,
            };
            service
                .people()
                .change_password(&session, &change, now)
                .await
        }
    };
    match changed {
        Ok(secret) => return moved_with("/account?done=password", &secret),
        Err(PersonError::WrongPassword) => errors.add("current", visit.say("password-wrong")),
        Err(PersonError::PasswordLength) => errors.add("password", visit.say("password-length")),
        Err(PersonError::PasswordGuessed) => errors.add("password", visit.say("password-guessed")),
        Err(PersonError::PasswordOfContext) => {
            errors.add("password", visit.say("password-of-context"));
        }
        Err(error) => return Err(of_person(error)),
    }
    let answer = PasswordPage {
        email: visit.email().unwrap_or_default().to_owned(),
        errors,
        ends_others,
        visit,
    };
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer)
}
