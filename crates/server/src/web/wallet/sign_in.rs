//! Wallets that log in: where one is asked to sign, and the list of a person's own.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;

use crate::{
    api::{Service, of_wallet},
    extract::{Path, Query},
    problem::ApiError,
    web::{
        assets::Asset,
        page::{page, see_other},
        times::When,
        visit::Visit,
    },
};

/// A place of a page where wallets are asked to sign a message (`wallet/sign.html`).
pub(in crate::web) struct WalletSign {
    /// What for, as the interface calls it.
    pub(in crate::web) purpose: &'static str,
    /// Where the message comes from.
    pub(in crate::web) messages: &'static str,
    /// Where it goes when it is signed.
    pub(in crate::web) act: &'static str,
    /// The page after that.
    pub(in crate::web) next: String,
    /// What stands above it.
    pub(in crate::web) title: String,
    /// What stands on the button before the wallet's name.
    pub(in crate::web) button: String,
    /// The module that asks.
    pub(in crate::web) script: &'static str,
}

impl WalletSign {
    /// To log in.
    pub(in crate::web) fn log_in(visit: &Visit, next: &str) -> Self {
        Self {
            purpose: "log_in",
            messages: "/v1/wallet-messages",
            act: "/v1/sessions/wallet",
            next: next.to_owned(),
            title: visit.say("wallet-sign-title"),
            button: visit.say("nav-log-in"),
            script: Asset::Wallet.path(),
        }
    }

    /// To sign up with the code that is typed on the page.
    pub(in crate::web) fn sign_up(visit: &Visit) -> Self {
        Self {
            purpose: "sign_up",
            messages: "/v1/wallet-messages",
            act: "/v1/sign-up/confirmation/wallet",
            next: {
                let next = visit.next_query().replacen('?', "&", 1);
                format!("/log-in?done=signed-up-wallet{next}")
            },
            title: visit.say("wallet-sign-title"),
            button: visit.say("nav-sign-up"),
            script: Asset::Wallet.path(),
        }
    }

    /// To show one again.
    pub(in crate::web) fn step_up(visit: &Visit, next: &str) -> Self {
        Self {
            purpose: "step_up",
            messages: "/v1/me/wallets/messages",
            act: "/v1/sessions/current/step-up/wallet",
            next: next.to_owned(),
            title: visit.say("wallet-sign-title"),
            button: visit.say("wallet-sign-show"),
            script: Asset::Wallet.path(),
        }
    }

    fn add(visit: &Visit) -> Self {
        Self {
            purpose: "add",
            messages: "/v1/me/wallets/messages",
            act: "/v1/me/wallets",
            next: "/account/wallets?done=added".to_owned(),
            title: visit.say("wallet-sign-add-title"),
            button: visit.say("wallet-sign-add"),
            script: Asset::Wallet.path(),
        }
    }
}

struct Row {
    id: String,
    address: String,
    added: When,
    used: Option<When>,
}

#[derive(Template)]
#[template(path = "wallet/own.html")]
struct OwnPage {
    visit: Visit,
    wallets: Vec<Row>,
    sign: WalletSign,
    done: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct DoneQuery {
    #[serde(default)]
    done: String,
}

pub(super) async fn own(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Query(query): Query<DoneQuery>,
) -> Result<Response, ApiError> {
    let person = visit.session()?.person;
    let wallets = service.wallets().list(person).await.map_err(of_wallet)?;
    let done = match query.done.as_str() {
        "added" => Some(visit.say("wallet-own-added")),
        "removed" => Some(visit.say("wallet-own-removed")),
        _ => None,
    };
    let rows = wallets.into_iter().map(|wallet| Row {
        id: wallet.id.to_string(),
        address: wallet.address.to_string(),
        added: When::of(visit.language, wallet.made_at),
        used: wallet.used_at.map(|at| When::of(visit.language, at)),
    });
    page(&OwnPage {
        wallets: rows.collect(),
        sign: WalletSign::add(&visit),
        done,
        visit,
    })
}

pub(super) async fn remove(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let id = id.parse().map_err(of_wallet)?;
    let removed = service
        .wallets()
        .remove(visit.session()?, id, service.now())
        .await;
    removed.map_err(of_wallet)?;
    see_other("/account/wallets?done=removed")
}
