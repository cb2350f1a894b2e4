//! The pages: an investor, an issuer and a stranger each do their whole job in a browser.
//!
//! # How a page is made
//!
//! A handler is an axum handler as those of [`api`](crate::api): it takes [`Visit`] (who is there, in which language),
//! calls what the handlers of the interface call (the journal, `People`, `Factors`, functions of `api`), never the
//! interface itself over HTTP, fills a plain struct that derives `askama::Template`, and returns [`page`](page::page).
//! It fails with [`ApiError`](crate::ApiError), as the interface does; the layer around all pages makes a page of it,
//! in the language of the visitor. Rules and sums stay where they are: a page formats.
//!
//! # What the layer does (`visit.rs`)
//!
//! It looks up the session once and puts the [`Visit`] into the request; refuses every form that no page of this site
//! sent (the `Origin` rule of the interface); sets the content security policy, `Referrer-Policy: same-origin` (with
//! `no-referrer` browsers send `Origin: null` with forms), `no-store` where somebody is logged in; remembers a choice of
//! language (`?lang=de`). A handler that sets one of these headers itself is not overruled.
//!
//! # How to add a page
//!
//! 1. A file here with the view struct (`visit: Visit`, texts and numbers that are formatted already) and the handler; a
//!    template in `templates/` that begins with `{% extends "layout.html" %}` and fills `title` and `main`. Arguments in
//!    templates are literals; whatever needs values is said in the handler.
//! 2. Words in `words/en/NAME.ftl` and `words/de/NAME.ftl`, named in `language.rs`. The tests find keys without words,
//!    words in one language only, and different values.
//! 3. Amounts by `amounts.rs`, times by `times.rs`: integers in, text out, no floats.
//! 4. A form posts to its own address with a hidden `once` ([`form::once`]) where doing it twice matters, answers 422
//!    with the page and everything typed ([`form::Errors`]), and 303 ([`page::see_other`]) to the page that shows the
//!    result when it is done. What changed in between is a 409.
//! 5. Components are the classes of `assets/site.css`; `/design` shows each. No inline style or script: the policy
//!    forbids both. A script is a file in `assets/` and an [`Asset`](assets::Asset).

mod account;
pub(crate) mod amounts;
mod assets;
mod bids;
mod calculator;
mod contribute;
mod contribution;
mod design;
mod developer;
mod entrance;
mod entry_words;
mod feeds;
mod fields;
mod form;
mod home;
mod invitation;
mod issuer;
mod language;
mod live;
mod log_pages;
mod not_me;
mod notice_words;
mod objections;
mod offering;
mod offering_card;
mod office;
mod own_account;
mod own_budget;
mod own_check;
mod own_notices;
mod page;
mod portfolio;
mod problem_page;
mod qr;
mod raise;
mod raise_chart;
mod sealed_bid;
mod sign_in;
mod sign_up;
mod state_words;
mod states_page;
mod supply;
mod terms_words;
mod times;
mod verification;
mod visit;
mod wallet;

use std::{convert::Infallible, sync::Arc};

use axum::{
    Extension, Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};

use crate::{api::Service, stop::Stopping};

pub(crate) use language::Language;
pub(crate) use log_pages::leaves;
pub(crate) use notice_words::{contribution_words, price_words};
pub(crate) use own_check::UPLOAD_PAGE;
pub(crate) use page::page_with;
pub(crate) use problem_page::problem_page;
pub(crate) use times::When;
pub(crate) use visit::{Visit, Visitor, set_headers as set_page_headers, with_next};

/// All pages.
pub(crate) fn routes(service: Arc<Service>, stopping: &Stopping) -> Router {
    let pages = Router::new()
        .route("/", get(home::home))
        .route("/offerings.ics", get(feeds::calendar))
        .route("/offerings.atom", get(feeds::feed))
        .route("/offerings/{offering}", get(offering::offering))
        .route(
            "/offerings/{offering}/calculator",
            get(calculator::calculator),
        )
        .route(
            "/offerings/{offering}/live",
            get(live::live)
                .layer::<_, Infallible>(Extension(live::LiveTotals::default()))
                .layer(Extension(stopping.clone())),
        )
        .route("/offerings/{offering}/log", get(log_pages::log))
        .route(
            "/offerings/{offering}/log/{sequence}",
            get(log_pages::entry),
        )
        .route("/verification", get(verification::verification))
        .route("/verification/receipt", post(verification::check_receipt))
        .route("/contribution-states", get(states_page::states))
        .route("/design", get(design::design))
        .merge(investor_pages())
        .merge(entrance_pages())
        .merge(account_pages())
        .merge(issuer::pages(&service, stopping))
        .merge(invitation::pages())
        .merge(own_check::pages())
        .merge(own_account::pages())
        .merge(own_budget::pages())
        .merge(own_notices::pages())
        .merge(wallet::pages())
        .merge(sign_in::pages())
        .merge(raise_chart::pages())
        .merge(sealed_bid::pages())
        .merge(developer::pages(&service))
        .merge(office::pages(&service));
    pages
        .route_layer(from_fn_with_state(Arc::clone(&service), visit::around))
        .merge(own_notices::unsubscribe_routes())
        .merge(assets::routes())
        .with_state(service)
}

fn entrance_pages() -> Router<Arc<Service>> {
    Router::new()
        .route("/log-in", get(entrance::log_in_page).post(entrance::log_in))
        .route(
            "/log-in/second-factor",
            get(entrance::second_factor_page).post(entrance::second_factor),
        )
        .route("/log-out", post(entrance::log_out))
        .route("/not-me", get(not_me::not_me_page).post(not_me::not_me))
        .route(
            "/sign-up",
            get(sign_up::sign_up_page).post(sign_up::sign_up),
        )
        .route(
            "/sign-up/code",
            get(sign_up::sign_up_code_page).post(sign_up::confirm_sign_up),
        )
        .route(
            "/recovery",
            get(sign_up::recovery_page).post(sign_up::recover),
        )
        .route(
            "/recovery/code",
            get(sign_up::recovery_code_page).post(sign_up::confirm_recovery),
        )
}

fn account_pages() -> Router<Arc<Service>> {
    Router::new()
        .route("/account", get(account::account))
        .route(
            "/account/fresh",
            get(account::fresh_page).post(account::make_fresh),
        )
        .route("/account/sessions/{id}/end", post(account::end_session))
        .route("/account/app", post(account::begin_app))
        .route("/account/app/confirmation", post(account::confirm_app))
        .route("/account/app/remove", post(account::remove_app))
        .route("/account/recovery-codes", post(account::recovery_codes))
        .route(
            "/account/passkeys/{id}/remove",
            post(account::remove_passkey),
        )
        .route("/account/removal/keep", post(account::keep_factors))
}

fn investor_pages() -> Router<Arc<Service>> {
    Router::new()
        .route(
            "/offerings/{offering}/contribute",
            get(contribute::contribute_page),
        )
        .route(
            "/offerings/{offering}/contribute/check",
            get(contribute::check),
        )
        .route(
            "/offerings/{offering}/contributions",
            post(contribute::confirm),
        )
        .route(
            "/contributions/{offering}/{sequence}",
            get(contribution::contribution),
        )
        .route(
            "/contributions/{offering}/{sequence}/withdrawal",
            post(contribution::withdraw),
        )
        .route("/portfolio", get(portfolio::portfolio))
        .route("/portfolio.csv", get(portfolio::export))
        .route("/portfolio/tax.csv", get(portfolio::tax))
        .route(
            "/portfolio/{offering}/take-back",
            post(contribution::take_back),
        )
}
