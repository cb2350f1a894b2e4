//! What a token may: its scope, its person's roles, what they had shown; and what no token is.

use serde_json::json;
use softcap_identity::Role;

use super::application::{Application, error};
use crate::{
    people::browser::Site,
    roles::somebody,
    test_node::{Call, IN_PUBLIC_ROUND, NAME},
};

const INVESTORS: &str = "/v1/offerings/harbour/investors";

#[test]
fn a_token_does_what_its_scope_and_its_persons_roles_allow_both() {
    let site = Site::with_offering();
    let app = Application::register(&site);
    let mut carla = somebody(&site, "carla@example.org", Some(Role::ComplianceOfficer));
    let mut ivan = somebody(&site, "ivan@example.org", None);
    let of_carla = app.token(&mut carla, "investors:read:harbour");
    let of_ivan = app.token(&mut ivan, "investors:read:harbour");
    assert_eq!(app.get(INVESTORS, &of_carla).status, 200);
    assert_eq!(
        app.get(INVESTORS, &of_ivan).refusal(),
        (403, "H403".to_owned())
    );
    let less = app.get("/v1/audit", &of_carla);
    assert_eq!(less.refusal(), (403, "A815".to_owned()));
    let challenge = less.header("www-authenticate").unwrap();
    assert!(
        challenge.contains(r#"error="insufficient_scope", scope="audit:read:*""#),
        "{challenge}"
    );
    site.node.execute("DELETE FROM role_grant");
    assert_eq!(
        app.get(INVESTORS, &of_carla).refusal(),
        (403, "H403".to_owned())
    );
}

#[test]
fn what_cannot_be_taken_back_needs_a_factor_that_was_shown_lately() {
    let site = Site::with_offering();
    let app = Application::register(&site);
    let mut olga = somebody(&site, "olga@example.org", Some(Role::Owner));
    // One factor only: as before the second one is shown.
    site.node.execute("UPDATE session SET level = 'one'");
    let token = app.token(&mut olga, "investors:read:*");
    let refused = app.get(INVESTORS, &token);
    assert_eq!(refused.refusal(), (401, "A816".to_owned()));
    let challenge = refused.header("www-authenticate").unwrap();
    for part in [
        r#"error="insufficient_user_authentication""#,
        r#"acr_values="urn:softcap:acr:two-factors""#,
        r#"max_age="600""#,
    ] {
        assert!(challenge.contains(part), "{challenge}");
    }
    // Scopes for such acts are given to bound tokens only.
    let code = app.code(&mut olga, "operations:write:*");
    assert_eq!(
        error(&app.redeem(&code, None)),
        (400, "invalid_dpop_proof".to_owned())
    );
}

#[test]
fn v9_2_2_an_id_token_a_refresh_token_and_a_token_in_the_query_let_nobody_in() {
    let site = Site::with_offering();
    let app = Application::register(&site);
    let mut carla = somebody(&site, "carla@example.org", Some(Role::ComplianceOfficer));
    let code = app.code(&mut carla, "openid email offline_access investors:read:*");
    let tokens = app.redeem(&code, None).json();
    for name in ["id_token", "refresh_token"] {
        let answer = app.get(INVESTORS, tokens[name].as_str().unwrap());
        assert_eq!(answer.status, 401, "{name}");
    }
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(app.get(INVESTORS, token).status, 200);
    let query = format!("{INVESTORS}?access_token={token}");
    assert_eq!(site.node.call(&Call::new("GET", &query)).status, 401);
    let info = app.get("/oauth/userinfo", token).json();
    assert_eq!(info["email"], "carla@example.org");
    let person = carla.get("/v1/me").json()["person"].clone();
    assert_eq!(info["sub"], person);
    // Pages of a person are for the person.
    assert_eq!(app.get("/v1/me", token).status, 401);
    assert_eq!(app.get("/v1/roles", token).status, 401);
}

#[test]
fn what_an_application_does_is_written_down_under_its_grant() {
    let site = Site::with_offering();
    let app = Application::register(&site);
    let mut dora = somebody(&site, "dora@example.org", Some(Role::Developer));
    let token = app.token(&mut dora, &format!("webhooks:write:{NAME}"));
    let path = format!("/v1/offerings/{NAME}/webhooks");
    let body = json!({ "url": "https://app.example/hook", "kinds": [] });
    let call = Call::new("POST", &path).key(&token).idempotency("hook");
    let made = site.node.call(&call.body(&body));
    assert!(made.status < 300, "{}", made.text());
    let rows = site.node.get("/v1/audit?limit=1000").json();
    let rows = rows["rows"].as_array().unwrap();
    let call = rows
        .iter()
        .find(|row| row["act"] == "call" && row["subject"] == "offering:harbour");
    let call = rows
        .iter()
        .rev()
        .find(|row| {
            row["actor"]
                .as_str()
                .is_some_and(|actor| actor.starts_with("app:"))
        })
        .or(call);
    assert_eq!(call.unwrap()["act"], "call", "{rows:?}");
}

#[test]
fn v7_4_2_a_token_is_dead_at_the_next_request_when_its_person_is() {
    let site = Site::with_offering();
    let app = Application::register(&site);
    let mut carla = somebody(&site, "carla@example.org", Some(Role::ComplianceOfficer));
    let token = app.token(&mut carla, "investors:read:*");
    site.node.execute("UPDATE person SET disabled_at = 1");
    assert_eq!(
        app.get(INVESTORS, &token).refusal(),
        (401, "A814".to_owned())
    );
    site.node.execute("UPDATE person SET disabled_at = NULL");
    assert_eq!(app.get(INVESTORS, &token).status, 200);
    site.node.set_clock(IN_PUBLIC_ROUND + 10 * 60_000);
    assert_eq!(
        app.get(INVESTORS, &token).refusal(),
        (401, "A814".to_owned())
    );
}

#[test]
fn an_application_that_calls_too_fast_waits_and_acts_for_others_meanwhile() {
    let site = Site::start_with(|config| config.limits.calls_per_app = 1);
    site.node.announce();
    let app = Application::register(&site);
    let mut carla = somebody(&site, "carla@example.org", Some(Role::ComplianceOfficer));
    let mut dora = somebody(&site, "dora@example.org", Some(Role::ComplianceOfficer));
    let of_carla = app.token(&mut carla, "investors:read:harbour");
    let of_dora = app.token(&mut dora, "investors:read:harbour");
    let first = app.get(INVESTORS, &of_carla);
    let policy = first.header("ratelimit-policy");
    assert_eq!(policy, Some("\"app\";q=10;w=10"));
    let mut answers = (0..500).map(|_| app.get(INVESTORS, &of_carla));
    let limited = answers.find(|answer| answer.status != 200).unwrap();
    assert_eq!(limited.refusal(), (429, "H429".to_owned()));
    assert_eq!(app.get(INVESTORS, &of_dora).status, 200);
}
