//! An application asks what a token of its own is good for (RFC 7662).

use std::sync::Arc;

use axum::{Router, extract::State, http::request::Parts, routing::post};
use serde_json::{Value, json};
use softcap_identity::{
    BearerOwner, Client, ClientAuthentication, Fault, Introspection, OauthError, UnixMillis, acr,
};

use super::{
    answer::{ErrorView, OauthAnswer},
    client_authentication::authenticated,
    form::Form,
};
use crate::{api::Service, extract::Json};

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new().route("/oauth/introspect", post(introspect))
}

/// Ask what a token is good for (RFC 7662). A client asks about its own tokens only, and shows who it is with
/// `private_key_jwt`; everything else is not active.
#[utoipa::path(
    post,
    path = "/oauth/introspect",
    tag = "oauth",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "What it is good for, or `active: false`", body = Object),
        (status = 400, description = "It is refused", body = ErrorView),
        (status = 401, description = "The client did not show who it is", body = ErrorView),
    ),
)]
pub(super) async fn introspect(
    State(service): State<Arc<Service>>,
    parts: Parts,
    Form(params): Form,
) -> Result<Json<Value>, OauthAnswer> {
    let client = authenticated(&service, &parts.headers, &params).await?;
    if client.about.authentication == ClientAuthentication::None {
        return Err(OauthAnswer(OauthError::Refused {
            fault: Fault::InvalidClient,
            why: "only clients that show who they are ask about tokens".into(),
        }));
    }
    let token = params.need("token")?;
    let found = service.oauth().introspect(&client, token, service.now());
    Ok(Json(view(&service, &client, found.await?)))
}

fn view(service: &Service, client: &Client, found: Option<Introspection>) -> Value {
    let seconds = |at: UnixMillis| at.get().div_euclid(1_000);
    let Some(found) = found else {
        return json!({ "active": false });
    };
    let mut view = json!({
        "active": true,
        "client_id": client.id.as_str(),
        "iss": service.oauth().issuer(),
        "aud": service.oauth().resource(),
    });
    let key = match found {
        Introspection::Access(bearer) => {
            view["scope"] = json!(bearer.scopes.to_string());
            view["iat"] = json!(seconds(bearer.made_at));
            view["exp"] = json!(seconds(bearer.expires_at));
            view["token_type"] = json!(if bearer.key.is_some() {
                "DPoP"
            } else {
                "Bearer"
            });
            match &bearer.owner {
                BearerOwner::Person {
                    person,
                    level,
                    shown_at,
                    ..
                } => {
                    view["sub"] = json!(person.to_string());
                    view["acr"] = json!(acr(*level));
                    view["auth_time"] = json!(seconds(*shown_at));
                }
                BearerOwner::Client => view["sub"] = json!(client.id.as_str()),
            }
            bearer.key
        }
        Introspection::Refresh {
            scopes,
            key,
            expires_at,
        } => {
            view["scope"] = json!(scopes.to_string());
            view["exp"] = json!(seconds(expires_at));
            key
        }
    };
    if let Some(key) = key {
        view["cnf"] = json!({ "jkt": key });
    }
    view
}
