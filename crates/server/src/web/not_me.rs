//! "This was not me": the code of a mail stops everything that acts in a person's name. Nobody need be logged in.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use softcap_identity::PersonError;

use super::{
    form::{Errors, Form},
    page::{page, page_with},
    visit::Visit,
};
use crate::{
    api::{Service, freeze_by_code, of_person},
    problem::ApiError,
};

#[derive(Template)]
#[template(path = "not_me.html")]
struct NotMePage {
    visit: Visit,
    errors: Errors,
    /// Sessions and keys that were ended.
    stopped: Option<(u64, u64)>,
}

/// It has no `Debug`, because it holds the code.
#[derive(Deserialize)]
pub(super) struct NotMeForm {
    #[serde(default)]
    code: String,
}

pub(super) async fn not_me_page(visit: Visit) -> Result<Response, ApiError> {
    page(&NotMePage {
        visit,
        errors: Errors::default(),
        stopped: None,
    })
}

pub(super) async fn not_me(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Form(form): Form<NotMeForm>,
) -> Result<Response, ApiError> {
    match freeze_by_code(&service, form.code.trim()).await {
        Ok(frozen) => page(&NotMePage {
            visit,
            errors: Errors::default(),
            stopped: Some((frozen.sessions, frozen.keys)),
        }),
        Err(PersonError::Code) => {
            let mut errors = Errors::default();
            errors.add("code", visit.say("mail-code-wrong"));
            let answer = NotMePage {
                visit,
                errors,
                stopped: None,
            };
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer)
        }
        Err(error) => Err(of_person(error)),
    }
}
