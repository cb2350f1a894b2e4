//! The browser's part: what is refused on a page, what the application is told, and what a person decides.

use super::application::{Application, REDIRECT, encoded, error, param, sent_back};
use crate::people::browser::{ORIGIN, PASSWORD, Site};

const SCOPE: &str = "openid offline_access offerings:read:*";

#[test]
fn v10_4_1_nobody_is_sent_to_an_address_that_was_not_registered() {
    let site = Site::start();
    let app = Application::register(&site);
    let mut anna = site.browser("192.0.2.10");
    for uri in [
        "https://app.example/callback/",
        "https://app.example/Callback",
        "https://app.example/callback?x=1",
        "https://app.example/%63allback",
        "https://app.example/x/../callback",
        "https://me@app.example/callback",
        "https://app.example.evil.example/callback",
        "http://app.example/callback",
        "http://localhost/callback",
        "",
    ] {
        let mut params = app.params(SCOPE);
        params[2].1 = uri;
        let answer = anna.get(&format!("/oauth/authorize?{}", encoded(&params)));
        assert_eq!(
            (answer.status, answer.header("location")),
            (400, None),
            "{uri}"
        );
        assert!(
            answer
                .header("content-type")
                .unwrap()
                .starts_with("text/html")
        );
    }
    for id in [
        "",
        "00112233445566778899aabbccddeeff",
        "https://127.0.0.1/client.json",
        "https://169.254.169.254/x",
        "https://localhost/client.json",
    ] {
        let mut params = app.params(SCOPE);
        params[0].1 = id;
        let answer = anna.get(&format!("/oauth/authorize?{}", encoded(&params)));
        assert_eq!(
            (answer.status, answer.header("location")),
            (400, None),
            "{id}"
        );
    }
    let mut params = app.params(SCOPE);
    params[2].1 = "http://127.0.0.1:49152/callback";
    app.page(&mut anna, &params);
}

#[test]
fn v10_4_6_what_is_wrong_with_a_request_is_told_to_its_application() {
    let site = Site::start();
    let app = Application::register(&site);
    let mut anna = site.browser("192.0.2.10");
    let table = [
        ("response_type", "token", "unsupported_response_type"),
        (
            "response_type",
            "code id_token",
            "unsupported_response_type",
        ),
        ("response_type", "", "invalid_request"),
        ("scope", "", "invalid_scope"),
        ("scope", "keys:write:*", "invalid_scope"),
        ("scope", "root", "invalid_scope"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("resource", "https://other.example/v1", "invalid_target"),
        ("request", "e30.e30.", "request_not_supported"),
        ("response_mode", "fragment", "invalid_request"),
        ("prompt", "none login", "invalid_request"),
        ("max_age", "-1", "invalid_request"),
        ("dpop_jkt", "x", "invalid_request"),
        ("state", "twice", "invalid_request"),
    ];
    for (name, value, expected) in table {
        let mut params = app.params(SCOPE);
        match params.iter_mut().find(|(other, _)| *other == name) {
            Some(found) if value != "twice" => found.1 = value,
            _ => params.push((name, value)),
        }
        let answer = anna.get(&format!("/oauth/authorize?{}", encoded(&params)));
        let place = answer.header("location").unwrap().to_owned();
        assert!(place.starts_with(REDIRECT), "{name}: {place}");
        let told = sent_back(&answer);
        assert_eq!(param(&told, "error"), expected, "{name}={value}");
        assert_eq!(param(&told, "iss"), ORIGIN);
        if value != "twice" {
            assert_eq!(param(&told, "state"), "s-1");
        }
    }
}

#[test]
fn a_person_logs_in_on_the_way_without_a_script_and_decides_once() {
    let site = Site::start();
    let app = Application::register(&site);
    site.signed_up("anna@example.org");
    let mut anna = site.browser("192.0.2.10");
    let page = app.page(&mut anna, &app.params(SCOPE));
    let (_, request) = page.split_once('=').unwrap();
    let asked = anna.get(&page);
    let way_in = format!("/log-in?{}", encoded(&[("next", &page)]));
    assert_eq!(
        (asked.status, asked.header("location")),
        (303, Some(way_in.as_str()))
    );
    let fields = [
        ("email", "anna@example.org"),
        ("password", PASSWORD),
        ("next", page.as_str()),
    ];
    let right = anna.send_form("/log-in", &encoded(&fields));
    assert_eq!(
        (right.status, right.header("location")),
        (303, Some(page.as_str()))
    );
    let shown = anna.get(&page);
    assert_eq!(shown.header("referrer-policy"), Some("same-origin"));
    for part in [
        "Portfolio",
        "offerings:read:*",
        "anna@example.org",
        "while you are away",
    ] {
        assert!(shown.text().contains(part), "{part}");
    }
    let policy = shown.header("content-security-policy").unwrap();
    assert!(
        policy.contains("form-action 'self' https://app.example;"),
        "{policy}"
    );
    let decide = encoded(&[
        ("request", request),
        ("decision", "allow"),
        ("scope", "offerings:read:*"),
        ("only_on", "harbour"),
        ("days", "1"),
    ]);
    anna.says = Some(("origin", "https://evil.example"));
    let foreign = anna.send_form("/oauth/consent", &decide);
    assert_eq!(foreign.refusal(), (403, "H441".to_owned()));
    anna.says = Some(("origin", ORIGIN));
    let told = sent_back(&anna.send_form("/oauth/consent", &decide));
    let tokens = app.redeem(param(&told, "code"), None).json();
    assert_eq!(tokens["scope"], "offerings:read:harbour");
    assert_eq!(tokens["refresh_token"], serde_json::Value::Null);
    assert_eq!(anna.send_form("/oauth/consent", &decide).status, 400);
}

#[test]
fn a_person_who_says_no_gives_nothing() {
    let site = Site::start();
    let app = Application::register(&site);
    let mut anna = site.signed_up("anna@example.org");
    let page = app.page(&mut anna, &app.params(SCOPE));
    let (_, request) = page.split_once('=').unwrap();
    let no = encoded(&[
        ("request", request),
        ("decision", "deny"),
        ("scope", "openid"),
    ]);
    let told = sent_back(&anna.send_form("/oauth/consent", &no));
    assert_eq!(param(&told, "error"), "access_denied");
    assert_eq!((param(&told, "code"), param(&told, "state")), ("", "s-1"));
    assert_eq!(anna.get(&page).status, 400);
}

#[test]
fn without_pages_somebody_must_be_logged_in_and_have_agreed() {
    let site = Site::start();
    let app = Application::register(&site);
    let mut params = app.params("openid");
    params.push(("prompt", "none"));
    let mut nobody = site.browser("192.0.2.11");
    let page = app.page(&mut nobody, &params);
    assert_eq!(
        param(&sent_back(&nobody.get(&page)), "error"),
        "login_required"
    );
    let mut anna = site.signed_up("anna@example.org");
    let page = app.page(&mut anna, &params);
    assert_eq!(
        param(&sent_back(&anna.get(&page)), "error"),
        "consent_required"
    );
    app.code(&mut anna, "openid");
    let page = app.page(&mut anna, &params);
    let told = sent_back(&anna.get(&page));
    let tokens = app.redeem(param(&told, "code"), None);
    assert_eq!(tokens.status, 200, "{}", tokens.text());
    assert!(tokens.json()["id_token"].is_string());
    // Who must log in again does, though they agreed.
    params.pop();
    params.push(("prompt", "login"));
    site.node
        .set_clock(crate::test_node::IN_PUBLIC_ROUND + 1_000);
    let page = app.page(&mut anna, &params);
    let again = anna.get(&page);
    let place = again.header("location").unwrap();
    assert!(place.starts_with("/account/fresh?next="), "{place}");
    // Two factors are not shown by who has one.
    params.pop();
    params.push(("acr_values", "urn:softcap:acr:two-factors"));
    let page = app.page(&mut anna, &params);
    let told = sent_back(&anna.get(&page));
    assert_eq!(param(&told, "error"), "unmet_authentication_requirements");
}

#[test]
fn a_pushed_request_takes_the_place_of_the_parameters() {
    let site = Site::start();
    let app = Application::register(&site);
    let mut anna = site.signed_up("anna@example.org");
    let pushed = app.send("/oauth/par", &app.params("openid"), None);
    assert_eq!(pushed.status, 201, "{}", pushed.text());
    let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let params = [
        ("client_id", app.id.as_str()),
        ("request_uri", &uri),
        ("scope", "root"),
    ];
    let page = app.page(&mut anna, &params);
    assert!(anna.get(&page).text().contains("Portfolio"));
    let again = anna.get(&format!("/oauth/authorize?{}", encoded(&params)));
    assert_eq!(again.status, 400);
    let mut wrong = app.params("openid");
    wrong.push(("request_uri", &uri));
    assert_eq!(
        error(&app.send("/oauth/par", &wrong, None)),
        (400, "invalid_request".to_owned())
    );
}
