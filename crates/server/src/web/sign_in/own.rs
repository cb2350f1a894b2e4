//! A person's own list of accounts of other sites.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;

use super::{SignInButton, telling};
use crate::{
    api::{Service, of_sign_in},
    extract::{Path, Query},
    problem::ApiError,
    web::{
        page::{page, see_other},
        times::When,
        visit::{Visit, with_next},
    },
};

const PLACE: &str = "/account/sign-ins";

struct Row {
    id: String,
    /// What people call the site, or its address.
    site: String,
    /// Whether it logs in still.
    is_configured: bool,
    subject: String,
    added: When,
    used: Option<When>,
}

#[derive(Template)]
#[template(path = "sign_in/own.html")]
struct OwnPage {
    visit: Visit,
    links: Vec<Row>,
    others: Vec<SignInButton>,
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
    let links = service.sign_ins().list(person).await.map_err(of_sign_in)?;
    let done = match query.done.as_str() {
        "added" => Some(visit.say("sign-in-own-added")),
        "removed" => Some(visit.say("sign-in-own-removed")),
        _ => None,
    };
    let sites = service.other_sites();
    let rows = links.into_iter().map(|link| {
        let name = sites.name_of(link.identity.issuer());
        Row {
            id: link.id.to_string(),
            site: name.unwrap_or(link.identity.issuer()).to_owned(),
            is_configured: name.is_some(),
            subject: link.identity.subject().to_owned(),
            added: When::of(visit.language, link.made_at),
            used: link.used_at.map(|at| When::of(visit.language, at)),
        }
    });
    let rows = rows.collect();
    let others = sites.iter().map(|site| SignInButton {
        action: format!("{PLACE}/{}/add", site.id()),
        label: telling(&visit, "sign-in-own-add-one", site.name()),
        next: String::new(),
    });
    page(&OwnPage {
        links: rows,
        others: others.collect(),
        done,
        visit,
    })
}

pub(super) async fn remove(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let session = visit.session()?;
    if session.require_fresh(service.now()).is_err() {
        return see_other(&with_next("/account/fresh", PLACE));
    }
    let id = id.parse().map_err(of_sign_in)?;
    let removed = service.sign_ins().remove(session, id, service.now()).await;
    removed.map_err(of_sign_in)?;
    see_other(&format!("{PLACE}?done=removed"))
}
