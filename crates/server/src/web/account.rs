//! A person's own account: sessions, second factors, and showing again that it is them.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use softcap_identity::{
    FactorError, FactorName, Level, Password, PersonError, Removal, Session, TotpConfirmation,
};

use super::{
    assets::Asset,
    entrance::{moved_with, safe_place, show_code},
    form::{Errors, Form},
    own_account::{ChangeRow, change_of},
    page::{page, page_with, see_other},
    qr::Qr,
    sign_in::SignInButton,
    times::When,
    visit::Visit,
    wallet::WalletSign,
};
use crate::{
    api::{Service, of_factor, of_person},
    extract::{Path, Query},
    problem::ApiError,
};

/// A session in the list.
struct SessionRow {
    id: String,
    device: String,
    address: String,
    began: When,
    seen: When,
    is_current: bool,
}

/// A passkey in the list.
struct PasskeyRow {
    id: String,
    label: String,
    added: When,
    goes: Option<When>,
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    visit: Visit,
    /// The person's number on the platform.
    number: String,
    sessions: Vec<SessionRow>,
    app_since: Option<When>,
    app_goes: Option<When>,
    passkeys: Vec<PasskeyRow>,
    is_leaving: bool,
    /// When all second factors are set aside.
    reset: Option<When>,
    /// Another address of mail that is on its way.
    address_change: Option<ChangeRow>,
    email: String,
    codes_left: u32,
    has_factor: bool,
    /// Said once after something was done.
    done: Option<String>,
    passkey_script: &'static str,
}

#[derive(Template)]
#[template(path = "new_app.html")]
struct NewAppPage {
    visit: Visit,
    errors: Errors,
    /// The secret in groups, and the address that opens an app on the same device; only the first time.
    secret: Option<(String, String)>,
    /// The same address for the camera of a phone.
    qr: Option<Qr>,
    needs_present: bool,
}

#[derive(Template)]
#[template(path = "recovery_codes.html")]
struct CodesPage {
    visit: Visit,
    codes: Vec<String>,
}

#[derive(Template)]
#[template(path = "fresh.html")]
struct FreshPage {
    visit: Visit,
    errors: Errors,
    next: String,
    has_factor: bool,
    passkey_script: &'static str,
    sign: WalletSign,
    others: Vec<SignInButton>,
}

#[derive(Debug, Deserialize)]
pub(super) struct DoneQuery {
    #[serde(default)]
    done: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct FreshQuery {
    #[serde(default)]
    next: String,
}

/// It has no `Debug`, because it holds a password or a code.
#[derive(Deserialize)]
pub(super) struct FreshForm {
    #[serde(default)]
    shown: String,
    #[serde(default)]
    next: String,
}

/// It has no `Debug`.
#[derive(Deserialize)]
pub(super) struct AppForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    present_code: String,
}

pub(super) async fn account(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Query(query): Query<DoneQuery>,
) -> Result<Response, ApiError> {
    let done = match query.done.as_str() {
        "ended" => Some(visit.say("account-session-ended")),
        "app" => Some(visit.say("account-app-added")),
        "passkey" => Some(visit.say("account-passkey-added")),
        "removed" => Some(visit.say("account-removed")),
        "kept" => Some(visit.say("account-kept")),
        "fresh" => Some(visit.say("account-fresh")),
        "address-kept" => Some(visit.say("address-kept")),
        "password" => Some(visit.say("account-password-changed")),
        _ => None,
    };
    page(&account_page(&service, visit, done).await?)
}

async fn account_page(
    service: &Service,
    visit: Visit,
    done: Option<String>,
) -> Result<AccountPage, ApiError> {
    let language = visit.language;
    let session = visit.session()?.clone();
    let now = service.now();
    let sessions = service.people().sessions(session.person, now).await;
    let sessions = sessions.map_err(of_person)?.into_iter();
    let factors = service.factors().list(session.person, now).await;
    let factors = factors.map_err(of_factor)?;
    let reset = service.factors().reset_of(session.person).await;
    let reset = reset.map_err(of_factor)?;
    let goes = |name: FactorName| {
        let leaving = factors
            .removals
            .iter()
            .find(|(leaving, _)| *leaving == name);
        leaving.map(|(_, at)| When::of(language, *at))
    };
    let passkeys = factors.passkeys.iter().map(|passkey| PasskeyRow {
        id: passkey.id.to_string(),
        label: passkey.label.clone(),
        added: When::of(language, passkey.made_at),
        goes: goes(FactorName::Passkey(passkey.id)),
    });
    Ok(AccountPage {
        number: session.person.to_string(),
        sessions: sessions
            .map(|listed| SessionRow {
                is_current: listed.id == session.id,
                id: listed.id.to_string(),
                device: listed.device,
                address: listed.address,
                began: When::of(language, listed.made_at),
                seen: When::of(language, listed.seen_at),
            })
            .collect(),
        app_since: factors.totp_since.map(|since| When::of(language, since)),
        app_goes: goes(FactorName::Totp),
        passkeys: passkeys.collect(),
        email: visit.email().unwrap_or_default().to_owned(),
        address_change: change_of(service, &visit).await?,
        reset: reset.map(|reset| When::of(language, reset.due_at)),
        is_leaving: !factors.removals.is_empty(),
        codes_left: factors.recovery_codes_left,
        has_factor: session.needs > Level::One,
        done,
        passkey_script: Asset::Passkey.path(),
        visit,
    })
}

pub(super) async fn end_session(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let session = fresh(&service, &visit)?;
    let (person, now) = (session.person, service.now());
    let ended = match id.as_str() {
        "others" => service.people().end_others(session, now).await.map(drop),
        id => {
            let id = id.parse().map_err(of_person)?;
            service.people().end_session(person, id, now).await
        }
    };
    match ended {
        // Ended twice is ended.
        Ok(()) | Err(PersonError::NoSuchSession) => see_other("/account?done=ended"),
        Err(error) => Err(of_person(error)),
    }
}

/// A session in which a factor was shown lately.
fn fresh<'a>(service: &Service, visit: &'a Visit) -> Result<&'a Session, ApiError> {
    let session = visit.session()?;
    session.require_fresh(service.now()).map_err(of_person)?;
    Ok(session)
}

pub(super) async fn begin_app(
    State(service): State<Arc<Service>>,
    visit: Visit,
) -> Result<Response, ApiError> {
    let session = visit.session_to_add()?;
    let now = service.now();
    let begun = service.factors().begin_totp(session, now).await;
    let begun = begun.map_err(of_factor)?;
    let factors = service.factors().list(session.person, now).await;
    let needs_present = factors.map_err(of_factor)?.totp_since.is_some();
    let letters: Vec<char> = begun.secret.chars().collect();
    let groups: Vec<String> = letters
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    page(&NewAppPage {
        qr: Qr::of(&begun.uri),
        secret: Some((groups.join(" "), begun.uri.to_string())),
        errors: Errors::default(),
        needs_present,
        visit,
    })
}

pub(super) async fn confirm_app(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Form(form): Form<AppForm>,
) -> Result<Response, ApiError> {
    let session = visit.session_to_add()?;
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let (code, present) = (digits(&form.code), digits(&form.present_code));
    let shown = TotpConfirmation {
        code: &code,
        present_code: (!present.is_empty()).then_some(present.as_str()),
    };
    let mut errors = Errors::default();
    let confirmed = service
        .factors()
        .confirm_totp(session, shown, service.now());
    match confirmed.await {
        Ok(secret) => return moved_with("/account?done=app", &secret),
        Err(FactorError::Code) => errors.add("code", visit.say("code-wrong")),
        Err(FactorError::PresentCode) => errors.add("present_code", visit.say("app-present-code")),
        Err(error) => return Err(of_factor(error)),
    }
    let answer = NewAppPage {
        needs_present: !present.is_empty() || errors.of("present_code").is_some(),
        secret: None,
        qr: None,
        errors,
        visit,
    };
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer)
}

pub(super) async fn recovery_codes(
    State(service): State<Arc<Service>>,
    visit: Visit,
) -> Result<Response, ApiError> {
    let session = visit.session()?;
    let made = service
        .factors()
        .make_recovery_codes(session, service.now())
        .await;
    let made = made.map_err(of_factor)?;
    let codes = made.iter().map(|code| code.reveal().to_string()).collect();
    page(&CodesPage { visit, codes })
}

pub(super) async fn remove_app(
    State(service): State<Arc<Service>>,
    visit: Visit,
) -> Result<Response, ApiError> {
    remove(&service, &visit, FactorName::Totp).await
}

pub(super) async fn remove_passkey(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let id = id.parse().map_err(of_factor)?;
    remove(&service, &visit, FactorName::Passkey(id)).await
}

async fn remove(
    service: &Service,
    visit: &Visit,
    factor: FactorName,
) -> Result<Response, ApiError> {
    let session = visit.session()?;
    match service
        .factors()
        .remove(session, factor, service.now())
        .await
    {
        Ok(Removal::Done | Removal::Due(_)) | Err(FactorError::RemovalPending) => {
            see_other("/account?done=removed")
        }
        Err(error) => Err(of_factor(error)),
    }
}

pub(super) async fn keep_factors(
    State(service): State<Arc<Service>>,
    visit: Visit,
) -> Result<Response, ApiError> {
    let kept = service
        .factors()
        .take_back(visit.session()?, service.now())
        .await;
    match kept {
        Ok(()) | Err(FactorError::NoRemoval) => see_other("/account?done=kept"),
        Err(error) => Err(of_factor(error)),
    }
}

/// Keeps what others said was lost.
pub(super) async fn stop_reset(
    State(service): State<Arc<Service>>,
    visit: Visit,
) -> Result<Response, ApiError> {
    let stopped = service
        .factors()
        .stop_reset(visit.session()?, service.now())
        .await;
    match stopped {
        Ok(()) | Err(FactorError::NoReset) => see_other("/account?done=kept"),
        Err(error) => Err(of_factor(error)),
    }
}

/// Where to go after showing a factor again: never to another site.
pub(super) fn fresh_place(next: &str) -> &str {
    match next {
        "" => "/account?done=fresh",
        next => safe_place(next),
    }
}

pub(super) async fn fresh_page(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Query(query): Query<FreshQuery>,
) -> Result<Response, ApiError> {
    let has_factor = visit.session()?.needs > Level::One;
    let place = fresh_place(&query.next);
    page(&FreshPage {
        others: SignInButton::to_step_up(&service, &visit, place).await?,
        sign: WalletSign::step_up(&visit, place),
        visit,
        errors: Errors::default(),
        next: fresh_place(&query.next).to_owned(),
        has_factor,
        passkey_script: Asset::Passkey.path(),
    })
}

pub(super) async fn make_fresh(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Form(form): Form<FreshForm>,
) -> Result<Response, ApiError> {
    let session = visit.session()?.clone();
    let place = fresh_place(&form.next);
    let has_factor = session.needs > Level::One;
    let mut errors = Errors::default();
    if has_factor {
        match show_code(&service, &session, &form.shown).await {
            Ok(secret) => return moved_with(place, &secret),
            Err(FactorError::Code) => errors.add("shown", visit.say("code-wrong")),
            Err(error) => return Err(of_factor(error)),
        }
    } else {
        let shown = match Password::new(form.shown) {
            Ok(password) => {
                let people = service.people();
                people.step_up(&session, &password, service.now()).await
            }
            Err(error) => Err(error),
        };
        match shown {
            Ok(secret) => return moved_with(place, &secret),
            Err(PersonError::WrongPassword | PersonError::PasswordLength) => {
                errors.add("shown", visit.say("password-wrong"));
            }
            Err(error) => return Err(of_person(error)),
        }
    }
    let answer = FreshPage {
        others: SignInButton::to_step_up(&service, &visit, place).await?,
        sign: WalletSign::step_up(&visit, place),
        visit,
        errors,
        next: fresh_place(&form.next).to_owned(),
        has_factor,
        passkey_script: Asset::Passkey.path(),
    };
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer)
}
