//! What people come for who connect programs: the reference, examples, keys, applications, webhooks.
//!
//! What is on a page here is done by the functions that the interface calls, and allowed by the same question: pages only
//! read forms and show what came of them.

mod applications;
mod examples;
mod key_form;
mod keys;
mod operation;
mod overview;
mod problem_list;
mod reference;
mod webhook_form;
mod webhooks;

use std::sync::Arc;

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};

use crate::api::{CallNotes, Service, write_page_changes};

/// The pages of this folder. What is refused on them is counted as it is for programs.
pub(super) fn pages(service: &Arc<Service>) -> Router<Arc<Service>> {
    Router::new()
        .route("/developer", get(overview::overview))
        .route("/developer/examples", get(examples::examples))
        .route("/docs", get(reference::reference))
        .route("/docs/{group}", get(reference::reference_group))
        .route("/problems", get(problem_list::problems))
        .route("/problems/{code}", get(problem_list::problem))
        .merge(about_keys())
        .merge(about_applications())
        .merge(about_webhooks(service))
        .route_layer(CallNotes::of(service))
}

fn about_keys() -> Router<Arc<Service>> {
    Router::new()
        .route("/developer/keys", get(keys::keys).post(key_form::make))
        .route("/developer/keys/new", get(key_form::new_key))
        .route("/developer/keys/{id}", get(keys::key))
        .route("/developer/keys/{id}/rotation", post(key_form::rotate))
        .route("/developer/keys/{id}/revocation", post(keys::revoke))
}

fn about_applications() -> Router<Arc<Service>> {
    let at = "/developer/applications";
    Router::new()
        .route(
            at,
            get(applications::applications).post(applications::register),
        )
        .route(&format!("{at}/new"), get(applications::new_application))
        .route(
            &format!("{at}/{{client}}"),
            get(applications::application).post(applications::change),
        )
        .route(&format!("{at}/{{client}}/end"), post(applications::end))
}

/// What is changed here is a row of the audit as a call, as it is for programs; keys and applications write their own.
fn about_webhooks(service: &Arc<Service>) -> Router<Arc<Service>> {
    let at = "/developer/webhooks/{offering}/{webhook}";
    Router::new()
        .route("/developer/webhooks", get(webhooks::webhooks))
        .route(
            "/developer/webhooks/{offering}",
            post(webhook_form::register),
        )
        .route(
            "/developer/webhooks/{offering}/new",
            get(webhook_form::new_webhook),
        )
        .route(at, get(webhooks::webhook))
        .route(&format!("{at}/test"), post(webhooks::test))
        .route(&format!("{at}/on"), post(webhooks::switch_on))
        .route(&format!("{at}/off"), post(webhooks::switch_off))
        .route(&format!("{at}/secret"), post(webhook_form::renew))
        .route(&format!("{at}/removal"), post(webhooks::remove))
        .route(
            &format!("{at}/deliveries/{{message}}"),
            get(webhooks::delivery).post(webhooks::replay),
        )
        .route_layer(from_fn_with_state(Arc::clone(service), write_page_changes))
}
