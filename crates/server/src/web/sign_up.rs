//! Signing up and setting a new password: an address of mail is proved with a code. Nobody is told whether an address
//! is known.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Deserialize;
use softcap_identity::{Asker, Password, PersonError};

use super::{
    entrance::{NextQuery, go_on},
    form::{Errors, Form},
    page::{page, page_with, see_other},
    sign_in::SignInButton,
    visit::Visit,
    wallet::WalletSign,
};
use crate::{
    api::{self, Service, of_person, session_secret},
    extract::Query,
    problem::{ApiError, ProblemCode},
};

/// What the address is proved for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    SignUp,
    Recovery,
}

impl Purpose {
    const fn path(self) -> &'static str {
        match self {
            Self::SignUp => "/sign-up",
            Self::Recovery => "/recovery",
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct EmailForm {
    #[serde(default)]
    email: String,
}

/// It has no `Debug`, because it holds a password.
#[derive(Deserialize)]
pub(super) struct CodeForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    password: String,
}

#[derive(Template)]
#[template(path = "ask_email.html")]
struct EmailPage {
    visit: Visit,
    errors: Errors,
    purpose: Purpose,
    title: String,
    lead: String,
    email: String,
    sends_mail: bool,
    /// Other sites, for who signs up.
    others: Vec<SignInButton>,
}

#[derive(Template)]
#[template(path = "ask_code.html")]
struct CodePage {
    visit: Visit,
    errors: Errors,
    purpose: Purpose,
    title: String,
    code: String,
    /// A wallet in the place of a password, for who signs up.
    wallet: Option<WalletSign>,
    /// Whether mails are shown on a page instead of being sent: for development, and for this machine alone.
    shows_mail: bool,
}

pub(super) async fn sign_up_page(
    State(service): State<Arc<Service>>,
    visit: Visit,
) -> Result<Response, ApiError> {
    page(&email_page(
        &service,
        visit,
        Purpose::SignUp,
        Errors::default(),
        String::new(),
    ))
}

pub(super) async fn recovery_page(
    State(service): State<Arc<Service>>,
    visit: Visit,
) -> Result<Response, ApiError> {
    page(&email_page(
        &service,
        visit,
        Purpose::Recovery,
        Errors::default(),
        String::new(),
    ))
}

fn email_page(
    service: &Service,
    visit: Visit,
    purpose: Purpose,
    errors: Errors,
    email: String,
) -> EmailPage {
    let (title, lead) = match purpose {
        Purpose::SignUp => (visit.say("sign-up-title"), visit.say("sign-up-lead")),
        Purpose::Recovery => (visit.say("recovery-title"), visit.say("recovery-lead")),
    };
    let others = match purpose {
        Purpose::SignUp => SignInButton::to_sign_up(service, &visit),
        Purpose::Recovery => Vec::new(),
    };
    EmailPage {
        others,
        visit,
        errors,
        purpose,
        title,
        lead,
        email,
        sends_mail: service.sends_mail(),
    }
}

pub(super) async fn sign_up(
    State(service): State<Arc<Service>>,
    visit: Visit,
    device: api::Visitor,
    Form(form): Form<EmailForm>,
) -> Result<Response, ApiError> {
    ask(&service, visit, &device, form, Purpose::SignUp).await
}

pub(super) async fn recover(
    State(service): State<Arc<Service>>,
    visit: Visit,
    device: api::Visitor,
    Form(form): Form<EmailForm>,
) -> Result<Response, ApiError> {
    ask(&service, visit, &device, form, Purpose::Recovery).await
}

async fn ask(
    service: &Service,
    visit: Visit,
    device: &api::Visitor,
    form: EmailForm,
    purpose: Purpose,
) -> Result<Response, ApiError> {
    if !service.sends_mail() {
        return Err(ProblemCode::NoMail.into());
    }
    let Ok(email) = form.email.trim().parse() else {
        let mut errors = Errors::default();
        errors.add("email", visit.say("email-wrong"));
        let answer = email_page(service, visit, purpose, errors, form.email);
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer);
    };
    let (people, now) = (service.people(), service.now());
    let asker = Asker {
        source: device.0.address,
        language: visit.language.mail(),
    };
    let asked = match purpose {
        Purpose::SignUp => people.sign_up(&email, asker, now).await,
        Purpose::Recovery => people.recover(&email, asker, now).await,
    };
    asked.map_err(of_person)?;
    see_other(&format!("{}/code{}", purpose.path(), visit.next_query()))
}

pub(super) async fn sign_up_code_page(
    State(service): State<Arc<Service>>,
    visit: Visit,
) -> Result<Response, ApiError> {
    let nothing = (Errors::default(), String::new());
    page(&code_page(&service, visit, Purpose::SignUp, nothing))
}

pub(super) async fn recovery_code_page(
    State(service): State<Arc<Service>>,
    visit: Visit,
) -> Result<Response, ApiError> {
    let nothing = (Errors::default(), String::new());
    page(&code_page(&service, visit, Purpose::Recovery, nothing))
}

fn code_page(
    service: &Service,
    visit: Visit,
    purpose: Purpose,
    (errors, code): (Errors, String),
) -> CodePage {
    let title = match purpose {
        Purpose::SignUp => visit.say("sign-up-code-title"),
        Purpose::Recovery => visit.say("recovery-code-title"),
    };
    CodePage {
        wallet: (purpose == Purpose::SignUp).then(|| WalletSign::sign_up(&visit)),
        visit,
        errors,
        purpose,
        title,
        code,
        shows_mail: service.shows_mail(),
    }
}

/// Who proved an address and set a password has shown all that a log-in asks for, and goes on to where they wanted to go.
pub(super) async fn confirm_sign_up(
    State(service): State<Arc<Service>>,
    visit: Visit,
    (device, headers): (api::Visitor, HeaderMap),
    Query(query): Query<NextQuery>,
    Form(form): Form<CodeForm>,
) -> Result<Response, ApiError> {
    let (before, code) = (session_secret(&headers), form.code);
    let done = match Password::new(form.password) {
        Err(error) => Err(error),
        Ok(password) => {
            let browser = (&device.0, before.as_ref());
            let (people, now) = (service.people(), service.now());
            people
                .sign_up_and_log_in(code.trim(), &password, browser, now)
                .await
        }
    };
    match done {
        Ok(logged_in) => go_on(&logged_in, &query.next),
        Err(error) => refused(&service, visit, Purpose::SignUp, (code, error)),
    }
}

/// Nobody is logged in by a new password: a second factor may be missing.
pub(super) async fn confirm_recovery(
    State(service): State<Arc<Service>>,
    visit: Visit,
    device: api::Visitor,
    Form(form): Form<CodeForm>,
) -> Result<Response, ApiError> {
    let code = form.code;
    let done = match Password::new(form.password) {
        Err(error) => Err(error),
        Ok(password) => {
            let (people, now) = (service.people(), service.now());
            let source = device.0.address;
            people
                .confirm_recovery(code.trim(), &password, source, now)
                .await
        }
    };
    match done {
        Ok(()) => {
            let next = visit.next_query().replacen('?', "&", 1);
            see_other(&format!("/log-in?done=new-password{next}"))
        }
        Err(error) => refused(&service, visit, Purpose::Recovery, (code, error)),
    }
}

/// The page again with what was typed, but the password.
fn refused(
    service: &Service,
    visit: Visit,
    purpose: Purpose,
    (code, error): (String, PersonError),
) -> Result<Response, ApiError> {
    let mut errors = Errors::default();
    match error {
        PersonError::Code => errors.add("code", visit.say("mail-code-wrong")),
        PersonError::PasswordLength => errors.add("password", visit.say("password-length")),
        PersonError::PasswordGuessed => errors.add("password", visit.say("password-guessed")),
        PersonError::PasswordOfContext => {
            errors.add("password", visit.say("password-of-context"));
        }
        error @ (PersonError::Id
        | PersonError::Email
        | PersonError::WrongPassword
        | PersonError::NoSession
        | PersonError::NotFresh
        | PersonError::SecondFactor
        | PersonError::NoSuchSession
        | PersonError::Limited { .. }
        | PersonError::Busy { .. }
        | PersonError::Frozen
        | PersonError::SameAddress
        | PersonError::NoAddressChange
        | PersonError::AddressChangeWaits
        | PersonError::Randomness
        | PersonError::Sealed { .. }
        | PersonError::Row { .. }
        | PersonError::Hash
        | PersonError::Database(_)) => return Err(of_person(error)),
    }
    let answer = code_page(service, visit, purpose, (errors, code));
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer)
}
