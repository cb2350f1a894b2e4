//! A person's own verification: what is asked for, what they say and show, where it stands, and why.

mod page;
mod upload;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};

use crate::api::Service;

/// Where forms with files come in: they have a time of their own, as files of the interface.
pub(crate) const UPLOAD_PAGE: &str = "/account/verification/uploads";

/// The pages of one's own verification.
pub(super) fn pages() -> Router<Arc<Service>> {
    // The size is counted while it comes, with the words of verification.
    let add = post(upload::add).layer(DefaultBodyLimit::disable());
    Router::new()
        .route("/account/verification", get(page::show).post(page::fill))
        .route("/account/verification/begin", post(page::begin))
        .route("/account/verification/submission", post(page::submit))
        .route(UPLOAD_PAGE, add)
        .route(
            "/account/verification/uploads/{upload}/remove",
            post(upload::remove),
        )
}
