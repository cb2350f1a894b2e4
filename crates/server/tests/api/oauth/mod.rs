//! Applications on a real node: their browsers' ways, their endpoints, and what their tokens may.

mod application;
mod apps;
mod authorizing;
mod calling;
mod client_keys;
mod devices;
mod limits;
mod possession;

use serde_json::json;
use softcap_identity::Role;

use crate::{
    people::browser::{ORIGIN, Site},
    roles::somebody,
    test_node::{Call, NAME},
};

use application::Application;

#[test]
fn the_metadata_name_their_own_issuer_and_endpoints_that_exist() {
    let site = Site::start();
    for name in ["oauth-authorization-server", "openid-configuration"] {
        let answer = site.node.get(&format!("/.well-known/{name}"));
        let found = answer.json();
        assert_eq!(found["issuer"], ORIGIN);
        assert_eq!(found["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(found["response_types_supported"], json!(["code"]));
        let endpoints = found.as_object().unwrap().iter();
        let endpoints =
            endpoints.filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri");
        for (name, place) in endpoints {
            let path = place.as_str().unwrap().strip_prefix(ORIGIN).unwrap();
            let answer = site.node.call(&Call::new("POST", path));
            assert_ne!(answer.status, 404, "{name}");
        }
    }
    let resource = site
        .node
        .get("/.well-known/oauth-protected-resource/v1")
        .json();
    assert_eq!(resource["resource"], format!("{ORIGIN}/v1"));
    assert_eq!(resource["authorization_servers"], json!([ORIGIN]));
    let refused = site.node.call(&Call::new("GET", "/v1/keys"));
    let challenge = refused.header("www-authenticate").unwrap();
    let place = format!(r#"resource_metadata="{ORIGIN}/.well-known/oauth-protected-resource/v1""#);
    assert!(
        challenge.starts_with("Bearer") && challenge.contains(&place),
        "{challenge}"
    );
}

#[test]
fn who_may_make_keys_registers_applications_and_ends_them() {
    let site = Site::with_offering();
    let mut dora = somebody(&site, "dora@example.org", Some(Role::Developer));
    let mut ivan = somebody(&site, "ivan@example.org", None);
    let body = json!({ "client_name": "Portfolio", "redirect_uris": [application::REDIRECT] });
    let answer = dora.post("/v1/oauth/clients", &body);
    assert_eq!(answer.status, 201, "{}", answer.text());
    let id = answer.json()["client_id"].as_str().unwrap().to_owned();
    assert_eq!(
        ivan.post("/v1/oauth/clients", &body).refusal(),
        (403, "H403".to_owned())
    );
    let listed = dora.get("/v1/oauth/clients").json();
    assert_eq!(listed["clients"][0]["client_id"], json!(id));
    for (name, value) in [
        ("client_name", json!("")),
        ("redirect_uris", json!(["http://app.example/cb"])),
        ("redirect_uris", json!([])),
        ("grant_types", json!(["password"])),
        ("grant_types", json!(["client_credentials"])),
        ("token_endpoint_auth_method", json!("client_secret_basic")),
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        (
            "jwks",
            json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] }),
        ),
    ] {
        let mut wrong = body.clone();
        wrong[name] = value;
        let refused = dora.post("/v1/oauth/clients", &wrong);
        assert_eq!(refused.refusal(), (422, "A843".to_owned()), "{name}");
    }
    let path = format!("/v1/oauth/clients/{id}");
    assert_eq!(ivan.delete(&path).status, 403);
    let app = Application { site: &site, id };
    let token = app.token(&mut dora, &format!("offerings:read:{NAME}"));
    let drafts = "/v1/audit";
    assert_eq!(app.get(drafts, &token).refusal(), (403, "A815".to_owned()));
    assert_eq!(dora.delete(&path).status, 204);
    assert_eq!(app.get(drafts, &token).refusal(), (401, "A814".to_owned()));
    assert_eq!(dora.delete(&path).refusal(), (404, "A841".to_owned()));
}
