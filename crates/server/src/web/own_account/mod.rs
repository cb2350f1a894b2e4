//! More of a person's own account: the password, and what is held of them.

mod password;
mod privacy;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use crate::api::Service;

/// The pages of the account that are on their own.
pub(super) fn pages() -> Router<Arc<Service>> {
    Router::new()
        .route("/account/password", get(password::show).post(password::set))
        .route("/account/privacy", get(privacy::show))
        .route("/account/privacy/export", post(privacy::export))
        .route("/account/privacy/erasure", post(privacy::erase))
}
