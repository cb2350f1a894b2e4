//! What an issuer does in a browser: write terms, try them out, announce them, watch the sale, end it.
//!
//! Every handler begins with a [`Member`]: somebody who is logged in, with the roles of this moment. What the member may is
//! asked where the interface asks it, by [`Caller::require`], and what is done is a function of [`api`](crate::api) that the
//! interface calls too. What was done is a row of the audit, as there.

mod announce;
mod desk;
mod desk_acts;
mod desk_live;
mod draft;
mod fields;
mod findings;
mod guide;
mod guide_form;
mod investors;
mod invitations;
mod overview;
mod permit;
mod preview;
mod pulse;
mod rehearsal;
mod releases;
mod returns;
mod settlement;
mod shares;
mod team;
mod terms_fields;
mod terms_text;
mod text;
mod trial;

pub(super) use permit::Permit;
pub(super) use releases::DecideForm;
pub(super) use team::{on_words, role_words};

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::FromRequestParts,
    http::request::Parts,
    middleware::from_fn_with_state,
    routing::{get, post},
};

use crate::{
    api::{CallNotes, Caller, Service, Staff, write_page_changes},
    problem::ApiError,
    stop::Stopping,
};

/// The pages of this folder.
pub(super) fn pages(service: &Arc<Service>, stopping: &Stopping) -> Router<Arc<Service>> {
    let state = || Arc::clone(service);
    Router::new()
        .route("/issuer", get(overview::overview))
        .merge(draft_pages())
        .merge(offering_pages(stopping))
        .route_layer(from_fn_with_state(state(), write_page_changes))
        // What two people do, and what is sent to a third one, is a row of the audit already.
        .merge(pages_of_two())
        .route_layer(CallNotes::of(service))
}

fn pages_of_two() -> Router<Arc<Service>> {
    Router::new()
        .route("/issuer/team", get(team::team).post(team::propose))
        .route("/issuer/team/decision", post(team::decide))
        .route(
            "/issuer/team/invitations",
            get(invitations::to_roles).post(invitations::invite_to_role),
        )
        .route(
            "/issuer/offerings/{offering}/invitations",
            get(invitations::into_sale).post(invitations::invite_into_sale),
        )
        .route(
            "/issuer/invitations/withdrawal",
            post(invitations::withdraw),
        )
        .route(
            "/issuer/offerings/{offering}/releases",
            post(releases::propose),
        )
        .route(
            "/issuer/offerings/{offering}/releases/decision",
            post(releases::decide),
        )
}

fn draft_pages() -> Router<Arc<Service>> {
    Router::new()
        .route("/issuer/new", get(guide::new_page).post(guide::create))
        .route("/issuer/new/text", get(text::new_page).post(text::create))
        .route("/issuer/drafts/{draft}", get(draft::draft))
        .route(
            "/issuer/drafts/{draft}/form",
            get(guide::edit_page).post(guide::replace),
        )
        .route(
            "/issuer/drafts/{draft}/text",
            get(text::edit_page).post(text::replace),
        )
        .route("/issuer/drafts/{draft}/preview", get(preview::preview))
        .route(
            "/issuer/drafts/{draft}/rehearsal",
            get(rehearsal::rehearsal).post(rehearsal::rehearse_now),
        )
        .route("/issuer/drafts/{draft}/remove", post(draft::remove))
        .route(
            "/issuer/drafts/{draft}/announcement",
            get(announce::announce_page).post(announce::announce),
        )
}

fn offering_pages(stopping: &Stopping) -> Router<Arc<Service>> {
    let live = get(desk_live::live).layer(Extension(stopping.clone()));
    Router::new()
        .route("/issuer/offerings/{offering}", get(desk::desk))
        .route("/issuer/offerings/{offering}/live", live)
        .route(
            "/issuer/offerings/{offering}/operations",
            post(desk_acts::operate),
        )
        .route(
            "/issuer/offerings/{offering}/investors",
            get(investors::investors),
        )
        .route(
            "/issuer/offerings/{offering}/admissions",
            post(investors::admit),
        )
        .route(
            "/issuer/offerings/{offering}/revocations",
            post(investors::revoke),
        )
        .route(
            "/issuer/offerings/{offering}/settlement",
            get(settlement::settlement).post(settlement::settle),
        )
        .route(
            "/issuer/offerings/{offering}/payouts",
            post(settlement::hand_over),
        )
        .route(
            "/issuer/offerings/{offering}/shares",
            post(shares::hand_over),
        )
        .route(
            "/issuer/offerings/{offering}/returns",
            post(returns::give_back),
        )
}

/// Somebody who is logged in, as the interface sees who calls it.
pub(super) struct Member(pub(super) Caller);

impl FromRequestParts<Arc<Service>> for Member {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, ApiError> {
        let staff = Staff::from_request_parts(parts, service).await?;
        Ok(Self(Caller::Person(Box::new(staff))))
    }
}
