//! The way to another site: a form of a page here begins it.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::Response,
};
use serde::Deserialize;
use softcap_identity::{BegunAttempt, Level, NewAttempt, PersonError, SIGN_IN_LIFE, SignInPurpose};

use super::{ATTEMPT_COOKIE, telling};
use crate::{
    api::{self, Service, of_person, of_sign_in, secret_cookie},
    extract::Path,
    problem::ApiError,
    sign_in::OtherSite,
    web::{
        account::fresh_place,
        entrance::safe_place,
        form::Form,
        page::{page, see_other},
        visit::{Visit, with_next},
    },
};

#[derive(Debug, Deserialize)]
pub(super) struct NextForm {
    #[serde(default)]
    next: String,
}

#[derive(Template)]
#[template(path = "sign_in/leaving.html")]
struct LeavingPage {
    visit: Visit,
    title: String,
    lead: String,
    go: String,
    /// The other site's page.
    place: String,
    /// Where who does not want to goes.
    back: &'static str,
}

pub(super) async fn log_in(
    State(service): State<Arc<Service>>,
    visit: Visit,
    device: api::Visitor,
    Path(id): Path<String>,
    Form(form): Form<NextForm>,
) -> Result<Response, ApiError> {
    let site = service.other_sites().find(&id).map_err(of_sign_in)?;
    let new = NewAttempt {
        issuer: site.issuer(),
        purpose: SignInPurpose::LogIn,
        next: safe_place(&form.next),
    };
    let (source, now) = (device.0.address, service.now());
    let begun = service.sign_ins().begin(new, source, now).await;
    let begun = begun.map_err(of_sign_in)?;
    leave(&service, visit, (site, new.purpose), &begun).await
}

pub(super) async fn add(
    State(service): State<Arc<Service>>,
    visit: Visit,
    device: api::Visitor,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let site = service.other_sites().find(&id).map_err(of_sign_in)?;
    let session = visit.session()?;
    if session.require_fresh(service.now()).is_err() {
        return see_other(&with_next("/account/fresh", "/account/sign-ins"));
    }
    let new = NewAttempt {
        issuer: site.issuer(),
        purpose: SignInPurpose::Add(session.person),
        next: "/account/sign-ins",
    };
    let (source, now) = (device.0.address, service.now());
    let begun = service.sign_ins().begin_in(session, new, source, now).await;
    let begun = begun.map_err(of_sign_in)?;
    leave(&service, visit, (site, new.purpose), &begun).await
}

pub(super) async fn step_up(
    State(service): State<Arc<Service>>,
    visit: Visit,
    device: api::Visitor,
    Path(id): Path<String>,
    Form(form): Form<NextForm>,
) -> Result<Response, ApiError> {
    let site = service.other_sites().find(&id).map_err(of_sign_in)?;
    let session = visit.session()?;
    // Who has a second factor shows that one: another site is not enough.
    if session.needs > Level::One {
        return Err(of_person(PersonError::SecondFactor));
    }
    let new = NewAttempt {
        issuer: site.issuer(),
        purpose: SignInPurpose::StepUp(session.person),
        next: fresh_place(&form.next),
    };
    let (source, now) = (device.0.address, service.now());
    let begun = service.sign_ins().begin_in(session, new, source, now).await;
    let begun = begun.map_err(of_sign_in)?;
    leave(&service, visit, (site, new.purpose), &begun).await
}

/// The page that leads on to the other site, by itself and by a link.
async fn leave(
    service: &Service,
    visit: Visit,
    (site, purpose): (&OtherSite, SignInPurpose),
    begun: &BegunAttempt,
) -> Result<Response, ApiError> {
    let again = matches!(purpose, SignInPurpose::StepUp(_));
    let place = match site.address_to_ask(service.asking(), (begun, again)).await {
        Ok(place) => place,
        Err(why) => {
            let why = service.sign_ins().refuse(purpose, why, service.now());
            return Err(of_sign_in(why.await));
        }
    };
    let back = match purpose {
        SignInPurpose::LogIn => "/log-in",
        SignInPurpose::Add(_) => "/account/sign-ins",
        SignInPurpose::StepUp(_) => "/account",
    };
    let mut response = page(&LeavingPage {
        title: telling(&visit, "sign-in-leaving", site.name()),
        lead: telling(&visit, "sign-in-leaving-text", site.name()),
        go: telling(&visit, "sign-in-leaving-go", site.name()),
        place: place.to_string(),
        back,
        visit,
    })?;
    let headers = response.headers_mut();
    let refresh = HeaderValue::try_from(format!("0;url={place}"));
    let refresh = refresh.map_err(|error| ApiError::internal(&error))?;
    headers.insert(header::REFRESH, refresh);
    // What is in the address is for the other site alone, and the page for this once.
    let referrer = HeaderValue::from_static("no-referrer");
    headers.insert(header::REFERRER_POLICY, referrer);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let cookie = secret_cookie(ATTEMPT_COOKIE, &begun.browser, SIGN_IN_LIFE)?;
    headers.append(header::SET_COOKIE, cookie);
    Ok(response)
}
