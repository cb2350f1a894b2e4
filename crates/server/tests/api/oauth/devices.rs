//! A device without a browser, and the page on which its person types the code (RFC 8628).

use serde_json::json;

use super::application::{Application, encoded, error};
use crate::{
    people::browser::{PASSWORD, Site},
    test_node::{Answer, IN_PUBLIC_ROUND},
};

const KIND: &str = "urn:ietf:params:oauth:grant-type:device_code";
const SCOPE: &str = "offline_access offerings:read:*";

fn device(site: &Site) -> Application<'_> {
    let body = json!({ "client_name": "Wall display", "grant_types": [KIND, "refresh_token"] });
    Application::registered(site, &body)
}

fn poll(app: &Application<'_>, code: &str) -> Answer {
    let params = [
        ("client_id", app.id.as_str()),
        ("grant_type", KIND),
        ("device_code", code),
    ];
    app.send("/oauth/token", &params, None)
}

fn codes(app: &Application<'_>) -> (String, String) {
    let begun = app.send(
        "/oauth/device-authorization",
        &[("client_id", &app.id), ("scope", SCOPE)],
        None,
    );
    assert_eq!(begun.status, 200, "{}", begun.text());
    let begun = begun.json();
    let text = |name: &str| begun[name].as_str().unwrap().to_owned();
    (text("device_code"), text("user_code"))
}

#[test]
fn a_device_waits_and_gets_its_tokens_once() {
    let site = Site::start();
    let app = device(&site);
    site.signed_up("anna@example.org");
    let (device, user) = codes(&app);
    assert_eq!(
        error(&poll(&app, &device)),
        (400, "authorization_pending".to_owned())
    );
    assert_eq!(error(&poll(&app, &device)), (400, "slow_down".to_owned()));
    assert_eq!(
        error(&poll(&app, "junk")),
        (400, "invalid_grant".to_owned())
    );

    let mut anna = site.browser("192.0.2.10");
    let page = format!("/device?user_code={user}");
    let way_in = format!("/log-in?{}", encoded(&[("next", &page)]));
    assert_eq!(anna.get(&page).header("location"), Some(way_in.as_str()));
    let log_in = encoded(&[
        ("email", "anna@example.org"),
        ("password", PASSWORD),
        ("next", &page),
    ]);
    let logged_in = anna.send_form("/log-in", &log_in);
    assert_eq!(
        (logged_in.status, logged_in.header("location")),
        (303, Some(page.as_str()))
    );
    assert!(anna.get(&page).text().contains(&user));
    let wrong = anna.send_form("/device", "user_code=BBBB-BBBB");
    assert_eq!(wrong.status, 422);
    // In small letters, without the dash.
    let typed = user.replace('-', "").to_ascii_lowercase();
    let shown = anna.send_form("/device", &encoded(&[("user_code", &typed)]));
    assert_eq!(shown.status, 200, "{}", shown.text());
    assert!(shown.text().contains("Wall display") && shown.text().contains("offerings:read:*"));
    let allow = [
        ("user_code", typed.as_str()),
        ("decision", "allow"),
        ("scope", "offline_access"),
        ("scope", "offerings:read:*"),
    ];
    assert_eq!(anna.send_form("/device", &encoded(&allow)).status, 200);
    let given = poll(&app, &device);
    assert_eq!(given.status, 200, "{}", given.text());
    assert_eq!(given.json()["scope"], SCOPE);
    assert!(given.json()["refresh_token"].is_string());
    assert_eq!(
        error(&poll(&app, &device)),
        (400, "invalid_grant".to_owned())
    );
}

#[test]
fn a_device_is_told_no_and_that_it_is_too_late() {
    let site = Site::start();
    let app = device(&site);
    let mut anna = site.signed_up("anna@example.org");
    let (device, user) = codes(&app);
    let deny = encoded(&[("user_code", &user), ("decision", "deny")]);
    anna.says = Some(("origin", "https://evil.example"));
    assert_eq!(
        anna.send_form("/device", &deny).refusal(),
        (403, "H441".to_owned())
    );
    anna.says = Some(("origin", crate::people::browser::ORIGIN));
    assert_eq!(anna.send_form("/device", &deny).status, 200);
    assert_eq!(
        error(&poll(&app, &device)),
        (400, "access_denied".to_owned())
    );
    let (device, user) = codes(&app);
    site.node.set_clock(IN_PUBLIC_ROUND + 600_000);
    assert_eq!(
        error(&poll(&app, &device)),
        (400, "expired_token".to_owned())
    );
    assert_eq!(
        anna.send_form("/device", &encoded(&[("user_code", &user)]))
            .status,
        422
    );
    let other = Application::register(&site);
    let refused = other.send(
        "/oauth/device-authorization",
        &[("client_id", &other.id), ("scope", SCOPE)],
        None,
    );
    assert_eq!(error(&refused), (400, "unauthorized_client".to_owned()));
}
