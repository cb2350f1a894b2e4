//! More of a person's own account: the address of mail, the password, a second factor
//! after a reset, and what is held of them.

mod address;
mod password;
mod privacy;
mod set_up;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use crate::api::Service;

pub(super) use address::{ChangeRow, change_of};

/// The pages of the account that are on their own.
pub(super) fn pages() -> Router<Arc<Service>> {
    Router::new()
        .route("/account/address", get(address::show).post(address::ask))
        .route("/account/address/code", post(address::confirm))
        .route("/account/address/end", post(address::end))
        .route("/account/reset/keep", post(super::account::stop_reset))
        .route("/log-in/set-up", get(set_up::show))
        .route("/log-in/set-up/mail", post(set_up::send))
        .route("/log-in/set-up/code", post(set_up::confirm))
        .route("/account/password", get(password::show).post(password::set))
        .route("/account/privacy", get(privacy::show))
        .route("/account/privacy/export", post(privacy::export))
        .route("/account/privacy/erasure", post(privacy::erase))
}
