//! Wallets on pages: the server prepares and follows, the module in the page (`assets/wallet.js`) only asks the wallet, and
//! the person's key never leaves it. Without the module every page says what to send where, and takes the hash by hand.

mod act_page;
mod chain_words;
mod form;
mod sign_in;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use crate::api::Service;

pub(super) use chain_words::{fee_words, money_words};
pub(super) use sign_in::WalletSign;

/// The pages of wallets.
pub(super) fn pages() -> Router<Arc<Service>> {
    Router::new()
        .route("/offerings/{offering}/wallet", get(form::form))
        .route("/offerings/{offering}/wallet/check", get(form::check))
        .route("/offerings/{offering}/wallet/acts", post(form::begin))
        .route(
            "/contributions/{offering}/{sequence}/wallet/{what}",
            post(form::begin_exit),
        )
        .route("/account/wallets", get(sign_in::own))
        .route("/account/wallets/{id}/remove", post(sign_in::remove))
        .route("/wallet/{act}", get(act_page::act))
        .route("/wallet/{act}/state", get(act_page::state))
        .route("/wallet/{act}/asked", post(act_page::asked))
        .route("/wallet/{act}/declined", post(act_page::declined))
        .route("/wallet/{act}/sent", post(act_page::sent))
        .route("/wallet/{act}/discard", post(act_page::discard))
}
