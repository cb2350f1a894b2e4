//! What applications find out by themselves: RFC 8414, OpenID Connect Discovery, RFC 9728.

use std::sync::Arc;

use axum::{Router, extract::State, routing::get};
use serde_json::{Value, json};
use softcap_identity::{GrantKind, Level, acr, every_scope, signing_algorithms};

use crate::{api::Service, extract::Json};

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route(
            "/.well-known/oauth-authorization-server",
            get(authorization_server),
        )
        .route(
            "/.well-known/openid-configuration",
            get(openid_configuration),
        )
        .route(
            "/.well-known/oauth-protected-resource",
            get(protected_resource),
        )
        .route(
            "/.well-known/oauth-protected-resource/v1",
            get(protected_resource),
        )
}

/// What this site gives tokens for, and how (RFC 8414).
#[utoipa::path(
    get,
    path = "/.well-known/oauth-authorization-server",
    tag = "oauth",
    responses((status = 200, description = "The metadata", body = Object)),
)]
pub(super) async fn authorization_server(State(service): State<Arc<Service>>) -> Json<Value> {
    Json(document(&service))
}

/// The same under the name of OpenID Connect Discovery.
#[utoipa::path(
    get,
    path = "/.well-known/openid-configuration",
    tag = "oauth",
    responses((status = 200, description = "The metadata", body = Object)),
)]
pub(super) async fn openid_configuration(State(service): State<Arc<Service>>) -> Json<Value> {
    Json(document(&service))
}

/// What the interface below `/v1` wants from who calls it with a token (RFC 9728).
#[utoipa::path(
    get,
    path = "/.well-known/oauth-protected-resource/v1",
    tag = "oauth",
    responses((status = 200, description = "The metadata", body = Object)),
)]
pub(super) async fn protected_resource(State(service): State<Arc<Service>>) -> Json<Value> {
    let issuer = service.oauth().issuer();
    let scopes: Vec<_> = every_scope()
        .scopes
        .iter()
        .map(ToString::to_string)
        .collect();
    Json(json!({
        "resource": service.oauth().resource(),
        "authorization_servers": [issuer],
        "scopes_supported": scopes,
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": signing_algorithms(),
        "resource_documentation": format!("{issuer}/docs"),
    }))
}

fn document(service: &Service) -> Value {
    let issuer = service.oauth().issuer();
    let at = |path: &str| format!("{issuer}{path}");
    let methods = ["none", "private_key_jwt"];
    let algorithms = signing_algorithms();
    let kinds: Vec<_> = GrantKind::ALL.iter().map(|kind| kind.as_code()).collect();
    let scopes = every_scope().to_string();
    let scopes: Vec<_> = scopes.split(' ').collect();
    json!({
        "issuer": issuer,
        "authorization_endpoint": at("/oauth/authorize"),
        "token_endpoint": at("/oauth/token"),
        "pushed_authorization_request_endpoint": at("/oauth/par"),
        "device_authorization_endpoint": at("/oauth/device-authorization"),
        "revocation_endpoint": at("/oauth/revoke"),
        "introspection_endpoint": at("/oauth/introspect"),
        "userinfo_endpoint": at("/oauth/userinfo"),
        "jwks_uri": at("/oauth/jwks"),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "nonce", "email", "email_verified"],
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": kinds,
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint_auth_methods_supported": ["private_key_jwt"],
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "dpop_signing_alg_values_supported": algorithms,
        "authorization_response_iss_parameter_supported": true,
        "require_pushed_authorization_requests": false,
        "client_id_metadata_document_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "claims_parameter_supported": false,
        "acr_values_supported": [acr(Level::One), acr(Level::Two)],
        "prompt_values_supported": ["none", "login", "consent"],
        "protected_resources": [service.oauth().resource()],
        "service_documentation": at("/docs"),
    })
}
