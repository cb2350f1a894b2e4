//! Applications that act for people: the endpoints of OAuth 2.1, the pages on which people decide, and the list of
//! applications. The rules stand in [`softcap_identity::Oauth`].

mod amount_form;
mod answer;
mod app_caller;
mod apps;
mod apps_page;
mod authorize;
mod client_authentication;
mod client_document;
mod client_keys;
mod clients;
mod consent;
mod consent_page;
mod device;
mod form;
mod introspection;
mod metadata;
mod own_contribution;
mod par;
mod problem;
mod redirect;
mod revocation;
mod spending;
mod token;
mod userinfo;

use std::sync::Arc;

use axum::{Router, middleware::map_response};

use super::{Service, signed_in::no_store};

pub(super) use app_caller::{AppCaller, credentials, name_metadata, sends_proof};
pub(crate) use apps::AppPaths;
pub(super) use client_keys::KeyCache;
pub(crate) use clients::{
    ClientBody, ClientPaths, change_client, end_client, register_client, registered_client,
    registered_clients,
};
pub(crate) use consent_page::verb_words;
pub(crate) use own_contribution::OwnContributionPaths;
pub(super) use own_contribution::routes as own_contribution_routes;
pub(super) use problem::codes;
pub(super) use spending::Allowance;

/// The operations of this folder that programs call.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    metadata::authorization_server,
    metadata::openid_configuration,
    metadata::protected_resource,
    par::push,
    device::begin,
    token::token,
    revocation::revoke,
    introspection::introspect,
    userinfo::userinfo,
    userinfo::userinfo_by_post,
    userinfo::keys,
    userinfo::rotate,
))]
pub(crate) struct OauthPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    let about_people = Router::new()
        .merge(par::routes())
        .merge(authorize::routes())
        .merge(consent::routes())
        .merge(token::routes())
        .merge(revocation::routes())
        .merge(introspection::routes())
        .merge(clients::routes())
        .layer(map_response(no_store));
    metadata::routes()
        .merge(userinfo::routes())
        .merge(device::routes())
        .merge(apps::routes())
        .merge(about_people)
}
