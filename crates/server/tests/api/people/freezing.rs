//! "This was not me", over the wire and on two nodes.

use serde_json::json;

use super::browser::{NEW_PASSWORD, PASSWORD, Site, code_in};

const EMAIL: &str = "anna@example.org";

#[test]
fn a_code_of_a_mail_stops_everything_on_both_nodes_until_there_is_a_new_password() {
    let (_server, one, other) = Site::two_nodes();
    let mut here = one.signed_up_beside(&other, EMAIL);
    let secret = here.secret().unwrap();
    let mut thief = other.browser("203.0.113.9");
    assert_eq!(thief.log_in(EMAIL, PASSWORD).status, 201);
    let mail = one.mail_of(&other, "a login from a new place");
    assert!(mail.contains("203.0.113.9"), "{mail}");
    let code = json!({ "code": code_in(&mail) });

    let mut anybody = one.browser("192.0.2.99");
    for wrong in [json!({ "code": "x" }), json!({ "code": "A".repeat(43) })] {
        let refused = anybody.post("/v1/freeze", &wrong);
        assert_eq!(refused.refusal(), (422, "A406".to_owned()));
    }
    assert_eq!(thief.get("/v1/me").status, 200);
    let frozen = anybody.post("/v1/freeze", &code);
    assert_eq!(frozen.status, 200, "{}", frozen.text());
    assert_eq!(frozen.json(), json!({ "sessions": 2, "keys": 0 }));
    assert_eq!(frozen.header("cache-control"), Some("no-store"));
    let again = anybody.post("/v1/freeze", &code);
    assert_eq!(again.refusal(), (422, "A406".to_owned()));

    assert_eq!(thief.get("/v1/me").refusal(), (401, "A408".to_owned()));
    for site in [&one, &other] {
        let mut owner = site.browser("192.0.2.10").with_secret(&secret);
        assert_eq!(owner.get("/v1/me").refusal(), (401, "A408".to_owned()));
        let mut new = site.browser("203.0.113.9");
        let refused = new.log_in(EMAIL, PASSWORD);
        assert_eq!(refused.refusal(), (403, "A414".to_owned()));
    }
    one.mail_of(&other, "everything in your name was stopped");

    let asked = here.post("/v1/recovery", &json!({ "email": EMAIL }));
    assert_eq!(asked.status, 202);
    let mail = one.mail_of(&other, "set a new password");
    let body = json!({ "code": code_in(&mail), "password": NEW_PASSWORD });
    assert_eq!(here.post("/v1/recovery/confirmation", &body).status, 204);
    assert_eq!(here.log_in(EMAIL, NEW_PASSWORD).status, 201);
    drop((one.node, other.node));
}

#[test]
fn pages_of_other_sites_freeze_nobody() {
    let site = Site::start();
    let mut elsewhere = site.browser("192.0.2.10");
    elsewhere.says = Some(("origin", "https://evil.example"));
    let refused = elsewhere.post("/v1/freeze", &json!({ "code": "A".repeat(43) }));
    assert_eq!(refused.refusal(), (403, "H441".to_owned()));
}
