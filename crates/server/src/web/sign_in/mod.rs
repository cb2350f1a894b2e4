//! Logging in with another site (OpenID Connect): buttons, the way there and back, the first time, and one's own list.
//!
//! A form of this site begins, so that no other page can; its answer is a page that leads on, because browsers hold
//! `form-action` against every site that the other one passes through.

mod answer;
mod begin;
mod newcomer;
mod own;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};
use softcap_identity::Level;

use super::{language::Value, visit::Visit};
use crate::{
    api::{Service, of_sign_in},
    problem::ApiError,
    sign_in::OtherSite,
};

/// Binds what was begun to the browser that began it.
const ATTEMPT_COOKIE: &str = "__Host-softcap-sign-in";
/// Binds somebody who comes for the first time to their browser.
const NEWCOMER_COOKIE: &str = "__Host-softcap-newcomer";

/// The pages of other sites.
pub(super) fn pages() -> Router<Arc<Service>> {
    Router::new()
        .route("/log-in/with/{id}", post(begin::log_in))
        .route("/log-in/with/{id}/answer", get(answer::answer))
        .route("/account/fresh/with/{id}", post(begin::step_up))
        .route("/account/sign-ins", get(own::own))
        .route("/account/sign-ins/{id}/add", post(begin::add))
        .route("/account/sign-ins/{id}/remove", post(own::remove))
        .route("/sign-up/with", get(newcomer::show).post(newcomer::sign_up))
        .route("/sign-up/with/mail", post(newcomer::send_code))
        .route(
            "/sign-up/with/code",
            get(newcomer::show_code).post(newcomer::sign_up_with_code),
        )
}

/// A button that leads to another site.
pub(super) struct SignInButton {
    /// Where the form goes.
    pub(super) action: String,
    /// What stands on it.
    pub(super) label: String,
    /// Where the person goes afterwards.
    pub(super) next: String,
}

impl SignInButton {
    /// Those to log in.
    pub(super) fn to_log_in(service: &Service, visit: &Visit, next: &str) -> Vec<Self> {
        let label = |name: &str| telling(visit, "sign-in-log-in", name);
        Self::all(service, "/log-in/with", &label, next)
    }

    /// Those to sign up, which is the same: who has an account is logged in.
    pub(super) fn to_sign_up(service: &Service, visit: &Visit) -> Vec<Self> {
        let label = |name: &str| telling(visit, "sign-in-sign-up", name);
        let asked = visit.next_query();
        let asked = url::form_urlencoded::parse(asked.trim_start_matches('?').as_bytes());
        let next = asked.into_iter().find(|(name, _)| name == "next");
        let next = next.map(|(_, place)| place.into_owned());
        let next = next.unwrap_or_default();
        Self::all(service, "/log-in/with", &label, &next)
    }

    /// Those that somebody who has no second factor can show again.
    pub(super) async fn to_step_up(
        service: &Service,
        visit: &Visit,
        next: &str,
    ) -> Result<Vec<Self>, ApiError> {
        let session = visit.session()?;
        if session.needs > Level::One {
            return Ok(Vec::new());
        }
        let links = service.sign_ins().list(session.person).await;
        let links = links.map_err(of_sign_in)?;
        let is_linked = |site: &&OtherSite| {
            let mut links = links.iter();
            links.any(|link| link.identity.issuer() == site.issuer())
        };
        let sites = service.other_sites().iter().filter(is_linked);
        Ok(sites
            .map(|site| Self {
                action: format!("/account/fresh/with/{}", site.id()),
                label: telling(visit, "sign-in-show", site.name()),
                next: next.to_owned(),
            })
            .collect())
    }

    fn all(
        service: &Service,
        place: &str,
        label: &dyn Fn(&str) -> String,
        next: &str,
    ) -> Vec<Self> {
        let sites = service.other_sites().iter();
        sites
            .map(|site| Self {
                action: format!("{place}/{}", site.id()),
                label: label(site.name()),
                next: next.to_owned(),
            })
            .collect()
    }
}

/// A sentence with the name of a site.
fn telling(visit: &Visit, key: &str, name: &str) -> String {
    visit.language.tell(key, &[("name", Value::Text(name))])
}
