//! What operators and auditors come for: the audit, alerts and what to do about them, and how the installation is.
//!
//! Whoever may read everything sees it here, with the files to take along; what changes something is asked of the same rights
//! as for programs.

mod alerts;
mod audit;
mod desk;
mod factors;
mod health;
mod incident;
mod overview;
mod second_eyes;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use crate::api::{CallNotes, Service};

/// The pages of this folder. What is refused on them is counted as it is for programs.
pub(super) fn pages(service: &Arc<Service>) -> Router<Arc<Service>> {
    Router::new()
        .route("/office", get(overview::overview))
        .route("/office/audit", get(audit::audit))
        .route("/office/audit/entries/{sequence}", get(audit::entry))
        .route("/office/alerts", get(alerts::alerts))
        .route("/office/alerts/{alert}", get(incident::incident_page))
        .route("/office/alerts/{alert}/freeze", post(incident::freeze))
        .route("/office/alerts/{alert}/revoke", post(incident::revoke))
        .route("/office/alerts/{alert}/close", post(incident::close))
        .route("/office/health", get(health::health))
        .merge(about_people())
        .route_layer(CallNotes::of(service))
}

/// The review desk, and second factors that were lost.
fn about_people() -> Router<Arc<Service>> {
    let at = "/office/verifications/{person}";
    Router::new()
        .route("/office/factors", get(factors::show).post(factors::propose))
        .route("/office/factors/decision", post(factors::decide))
        .route("/office/factors/{person}/stop", post(factors::stop))
        .route("/office/verifications", get(desk::cases))
        .route(at, get(desk::case))
        .route(&format!("{at}/values"), get(desk::values))
        .route(&format!("{at}/review"), post(desk::take))
        .route(&format!("{at}/more"), post(desk::more))
        .route(&format!("{at}/refusal"), post(desk::refuse))
        .route(&format!("{at}/approval"), post(desk::approve))
        .route(&format!("{at}/second"), post(second_eyes::decide))
}
