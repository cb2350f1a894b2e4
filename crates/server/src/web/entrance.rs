//! Logging in and out: password, then a second factor where there is one; or a passkey, with a script.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Deserialize;
use softcap_identity::{
    FactorError, LogIn, LoggedIn, Password, PersonError, SecondFactor, SecretText, Session,
};

use super::{
    assets::Asset,
    form::{Errors, Form},
    page::{page, page_with, see_other},
    sign_in::SignInButton,
    visit::{Visit, Visitor, with_next},
    wallet::WalletSign,
};
use crate::{
    api::{self, Service, of_factor, of_person, remove_cookie, session_secret, set_cookie},
    extract::Query,
    problem::ApiError,
};

/// Where people go who did not come from elsewhere.
const USUAL: &str = "/portfolio";
/// A longer address was not made here.
const LONGEST_PLACE: usize = 2_000;

/// Where to go when it is done.
#[derive(Debug, Deserialize)]
pub(super) struct NextQuery {
    #[serde(default)]
    pub(super) next: String,
    /// That somebody has just signed up with a wallet, set a password, or logged out.
    #[serde(default)]
    done: String,
}

/// What is typed to log in. It has no `Debug`, because it holds a password.
#[derive(Deserialize)]
pub(super) struct LogInForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

/// What is typed as a second factor. It has no `Debug`.
#[derive(Deserialize)]
pub(super) struct SecondFactorForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    next: String,
}

#[derive(Template)]
#[template(path = "log_in.html")]
struct LogInPage {
    visit: Visit,
    errors: Errors,
    email: String,
    next: String,
    /// What was done just now.
    done: Option<String>,
    passkey_script: &'static str,
    sign: WalletSign,
    others: Vec<SignInButton>,
}

#[derive(Template)]
#[template(path = "second_factor.html")]
struct SecondFactorPage {
    visit: Visit,
    errors: Errors,
    next: String,
    passkey_script: &'static str,
}

/// A place on this site, else the usual one.
pub(super) fn safe_place(next: &str) -> &str {
    let is_own = next.starts_with('/')
        && !next.starts_with("//")
        && next.len() <= LONGEST_PLACE
        && !next.contains(['\\', '\r', '\n', '\t']);
    if is_own { next } else { USUAL }
}

pub(super) async fn log_in_page(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Query(query): Query<NextQuery>,
) -> Result<Response, ApiError> {
    if matches!(visit.visitor, Visitor::Person { .. }) {
        return see_other(safe_place(&query.next));
    }
    let done = match query.done.as_str() {
        "signed-up-wallet" => Some(visit.say("log-in-signed-up-wallet")),
        "new-password" => Some(visit.say("log-in-new-password")),
        "out" => Some(visit.say("log-in-out")),
        _ => None,
    };
    page(&LogInPage {
        sign: WalletSign::log_in(&visit, safe_place(&query.next)),
        others: SignInButton::to_log_in(&service, &visit, safe_place(&query.next)),
        visit,
        errors: Errors::default(),
        email: String::new(),
        next: safe_place(&query.next).to_owned(),
        done,
        passkey_script: Asset::Passkey.path(),
    })
}

pub(super) async fn log_in(
    State(service): State<Arc<Service>>,
    visit: Visit,
    headers: HeaderMap,
    device: api::Visitor,
    Form(form): Form<LogInForm>,
) -> Result<Response, ApiError> {
    let mut errors = Errors::default();
    let email = form.email.trim().parse();
    if email.is_err() {
        errors.add("email", visit.say("email-wrong"));
    }
    let password = Password::new(form.password);
    if password.is_err() {
        errors.add("password", visit.say("password-empty"));
    }
    if let (Ok(email), Ok(password)) = (&email, &password) {
        let before = session_secret(&headers);
        let attempt = LogIn {
            email,
            password,
            device: &device.0,
            replaces: before.as_ref(),
        };
        match service.people().log_in(&attempt, service.now()).await {
            Ok(logged_in) => return go_on(&logged_in, &form.next),
            Err(PersonError::WrongPassword) => errors.add("email", visit.say("log-in-wrong")),
            Err(error) => return Err(of_person(error)),
        }
    }
    let answer = LogInPage {
        sign: WalletSign::log_in(&visit, safe_place(&form.next)),
        others: SignInButton::to_log_in(&service, &visit, safe_place(&form.next)),
        visit,
        errors,
        email: form.email,
        next: safe_place(&form.next).to_owned(),
        done: None,
        passkey_script: Asset::Passkey.path(),
    };
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer)
}

/// On to where somebody wanted to go, with the secret of their session; by way of the second factor where one is asked for.
pub(super) fn go_on(logged_in: &LoggedIn, next: &str) -> Result<Response, ApiError> {
    let next = if logged_in.level < logged_in.needs {
        with_next("/log-in/second-factor", safe_place(next))
    } else {
        safe_place(next).to_owned()
    };
    moved_with(&next, &logged_in.secret)
}

pub(super) async fn second_factor_page(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Query(query): Query<NextQuery>,
) -> Result<Response, ApiError> {
    match &visit.visitor {
        // There is none to show: a new one is added first.
        Visitor::Half(session)
            if service
                .factors()
                .must_enrol(session)
                .await
                .map_err(of_factor)? =>
        {
            return see_other(&with_next("/log-in/set-up", safe_place(&query.next)));
        }
        Visitor::Half(_) => {}
        Visitor::Person { .. } => return see_other(safe_place(&query.next)),
        Visitor::Nobody | Visitor::Unasked => return Err(of_person(PersonError::NoSession)),
    }
    page(&SecondFactorPage {
        visit,
        errors: Errors::default(),
        next: safe_place(&query.next).to_owned(),
        passkey_script: Asset::Passkey.path(),
    })
}

pub(super) async fn second_factor(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Form(form): Form<SecondFactorForm>,
) -> Result<Response, ApiError> {
    let session = match &visit.visitor {
        Visitor::Half(session) | Visitor::Person { session, .. } => session.clone(),
        Visitor::Nobody | Visitor::Unasked => return Err(of_person(PersonError::NoSession)),
    };
    let mut errors = Errors::default();
    match show_code(&service, &session, &form.code).await {
        Ok(secret) => return moved_with(safe_place(&form.next), &secret),
        Err(FactorError::Code) => errors.add("code", visit.say("code-wrong")),
        Err(error) => return Err(of_factor(error)),
    }
    let answer = SecondFactorPage {
        visit,
        errors,
        next: safe_place(&form.next).to_owned(),
        passkey_script: Asset::Passkey.path(),
    };
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer)
}

/// A code of the app, which has six digits, else a recovery code.
pub(super) async fn show_code(
    service: &Service,
    session: &Session,
    code: &str,
) -> Result<SecretText, FactorError> {
    let code: String = code.chars().filter(|sign| !sign.is_whitespace()).collect();
    let is_short = code.len() <= 8 && code.chars().all(|sign| sign.is_ascii_digit());
    let shown = if is_short {
        SecondFactor::Totp(&code)
    } else {
        SecondFactor::RecoveryCode(&code)
    };
    let now = service.now();
    service.factors().show_code(session, shown, now).await
}

pub(super) async fn log_out(
    State(service): State<Arc<Service>>,
    visit: Visit,
) -> Result<Response, ApiError> {
    match &visit.visitor {
        Visitor::Half(session) | Visitor::Person { session, .. } => {
            let ended = service.people().log_out(session, service.now()).await;
            ended.map_err(of_person)?;
        }
        // Who is out already stays out.
        Visitor::Nobody | Visitor::Unasked => {}
    }
    let mut response = see_other("/log-in?done=out")?;
    response
        .headers_mut()
        .insert(header::SET_COOKIE, remove_cookie()?);
    // What was shown to who left is not shown again from a cache.
    let kept = HeaderValue::from_static("\"cache\"");
    response.headers_mut().insert("clear-site-data", kept);
    Ok(response)
}

/// To a page, with the new secret of the session.
pub(super) fn moved_with(place: &str, secret: &SecretText) -> Result<Response, ApiError> {
    let mut response = see_other(place)?;
    response
        .headers_mut()
        .insert(header::SET_COOKIE, set_cookie(secret)?);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        let long = format!("/{}", "a".repeat(LONGEST_PLACE));
        let table = [
            ("/offerings/a/contribute?amount=5", true),
            ("/", true),
            ("", false),
            ("https://evil.example", false),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("/a\r\nset-cookie: b", false),
            ("javascript:alert(1)", false),
            (long.as_str(), false),
        ];
        for (next, is_own) in table {
            assert_eq!(safe_place(next) == next, is_own, "{next}");
        }
    }
}
