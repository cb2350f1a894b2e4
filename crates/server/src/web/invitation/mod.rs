//! Accepting an invitation: the code of a mail, what it is to, and then yes.

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};
use serde::Deserialize;
use softcap_identity::{Accepted, Invitation, InvitedTo};

use super::{
    form::{Errors, Form},
    issuer::{on_words, role_words},
    language::Value,
    page::{page, page_with},
    visit::{Visit, Visitor, with_next},
};
use crate::{
    api::{Service, accept_invitation, invitation_of_code},
    problem::ApiError,
};

/// The pages of this folder.
pub(super) fn pages() -> Router<Arc<Service>> {
    Router::new().route("/invitation", get(show).post(take))
}

#[derive(Debug, Default, Deserialize)]
struct CodeForm {
    #[serde(default)]
    code: String,
    /// That it was read, and is wanted.
    #[serde(default)]
    accept: String,
}

/// How far somebody is.
enum Step {
    /// The code is asked for.
    Code,
    /// What it is to is shown.
    Look(String),
    /// It is accepted.
    Done(String),
}

#[derive(Template)]
#[template(path = "invitation/page.html")]
struct InvitationPage {
    visit: Visit,
    errors: Errors,
    is_known: bool,
    email: String,
    step: Step,
    code: String,
    log_in: String,
    sign_up: String,
}

impl InvitationPage {
    fn new(visit: Visit, step: Step) -> Self {
        Self {
            errors: Errors::default(),
            is_known: matches!(visit.visitor, Visitor::Person { .. }),
            email: visit.email().unwrap_or_default().to_owned(),
            step,
            code: String::new(),
            log_in: with_next("/log-in", "/invitation"),
            sign_up: with_next("/sign-up", "/invitation"),
            visit,
        }
    }
}

async fn show(visit: Visit) -> Result<Response, ApiError> {
    page(&InvitationPage::new(visit, Step::Code))
}

/// The first time it shows what the code is to; with a yes it is accepted.
async fn take(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Form(form): Form<CodeForm>,
) -> Result<Response, ApiError> {
    let person = visit.session()?.person;
    let code = form.code.trim();
    let found = match invitation_of_code(&service, code).await {
        Ok(found) => found,
        Err(error) => return again(visit, form, error),
    };
    let what = words(&visit, &found);
    if form.accept.is_empty() {
        let mut answer = InvitationPage::new(visit, Step::Look(what));
        answer.code = code.to_owned();
        return page(&answer);
    }
    let done = match accept_invitation(&service, person, code).await {
        Ok(Accepted::Proposed(_)) => "invited-proposed",
        Ok(Accepted::Told(_)) => "invited-told",
        Err(error) => return again(visit, form, error),
    };
    let done = visit.say(done);
    page(&InvitationPage::new(visit, Step::Done(done)))
}

fn words(visit: &Visit, invitation: &Invitation) -> String {
    match &invitation.to {
        InvitedTo::Role { role, place } => {
            let (role, place) = (role_words(visit, *role), on_words(visit, place));
            let values = [("role", Value::Text(&role)), ("on", Value::Text(&place))];
            visit.language.tell("invited-role", &values)
        }
        InvitedTo::Sale(offering) => {
            let name = offering.as_str();
            visit
                .language
                .tell("invited-sale", &[("name", Value::Text(name))])
        }
    }
}

/// The form once more, with what is wrong with the code; what no code can mend is an error.
fn again(visit: Visit, form: CodeForm, error: ApiError) -> Result<Response, ApiError> {
    let ApiError::Domain { code, .. } = &error else {
        return Err(error);
    };
    let key = match &**code {
        "A711" => "invited-code",
        "A713" => "invited-lost",
        "A708" => "invited-has-role",
        "A709" => "invited-waits",
        _ => return Err(error),
    };
    let words = visit.say(key);
    let mut answer = InvitationPage::new(visit, Step::Code);
    answer.errors.add("code", words);
    answer.code = form.code;
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer)
}
