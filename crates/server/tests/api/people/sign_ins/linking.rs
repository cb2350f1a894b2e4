//! Linking, unlinking, showing again, and second factors.

use super::*;

/// Somebody who signed up with the other site, and has no password.
fn newcomer<'a>(site: &'a Site, issuer: &Issuer) -> Browser<'a> {
    let mut anna = site.browser("192.0.2.1");
    let back = come_back(&mut anna, issuer, "7", with_mail);
    assert_eq!(anna.submit(location(&back), &[]).status, 303);
    anna
}

/// Links an account there with that of a session.
fn link(browser: &mut Browser<'_>, issuer: &Issuer, subject: &str) -> Answer {
    let begun = browser.submit("/account/sign-ins/harbour/add", &[]);
    let away = Away::of("harbour", &begun);
    let claims = issuer.claims(subject, &away.has("nonce"));
    issuer.gives(&signed(&key(1), "one", &claims));
    away.back(browser, issuer)
}

#[test]
fn the_only_way_in_stays_and_one_of_several_goes() {
    let issuer = Issuer::start();
    let site = site_with(&[("harbour", &issuer)]);
    let mut anna = newcomer(&site, &issuer);
    let list = anna.get("/v1/me/sign-ins").json()["sign_ins"].clone();
    let path = format!("/v1/me/sign-ins/{}", list[0]["id"].as_str().unwrap());
    assert_eq!(anna.delete(&path).refusal(), (409, "A577".to_owned()));
    assert_eq!(
        location(&link(&mut anna, &issuer, "8")),
        "/account/sign-ins?done=added"
    );
    // The same account twice, in one account and in two.
    assert_eq!(shown_code(&link(&mut anna, &issuer, "8")), "A575");
    assert_eq!(denials(&site, "A575"), 1);
    let shown = anna.page("/account/sign-ins");
    assert!(shown.text().contains("Harbour &#60;ID&#62;"));
    let remove = format!(
        "/account/sign-ins/{}/remove",
        list[0]["id"].as_str().unwrap()
    );
    let gone = anna.submit(&remove, &[]);
    assert_eq!(location(&gone), "/account/sign-ins?done=removed");
    site.mail_to(EMAIL, "another site was unlinked");
    assert_eq!(anna.delete(&path).refusal(), (404, "A576".to_owned()));
    // Who has it comes as somebody new.
    let mut phone = site.browser("192.0.2.2");
    let back = come_back(&mut phone, &issuer, "7", |_| ());
    assert!(location(&back).starts_with("/sign-up/with?"));
    let junk = anna.delete("/v1/me/sign-ins/junk");
    assert_eq!(junk.refusal(), (404, "A576".to_owned()));
}

#[test]
fn linking_needs_a_fresh_factor_and_the_same_session_on_both_ends() {
    let issuer = Issuer::start();
    let site = site_with(&[("harbour", &issuer)]);
    let mut anna = site.signed_up(EMAIL);
    let away = Away::of(
        "harbour",
        &anna.submit("/account/sign-ins/harbour/add", &[]),
    );
    let claims = issuer.claims("7", &away.has("nonce"));
    issuer.gives(&signed(&key(1), "one", &claims));
    // Logged out meanwhile, with the cookie of the way there still in the browser.
    anna.submit("/log-out", &[]);
    assert_eq!(shown_code(&away.back(&mut anna, &issuer)), "A563");
    assert_eq!(anna.log_in(EMAIL, PASSWORD).status, 201);
    site.node.set_clock(IN_PUBLIC_ROUND + 11 * MINUTE);
    for place in [
        "/account/sign-ins/harbour/add",
        "/account/sign-ins/00/remove",
    ] {
        let asked = anna.submit(place, &[]);
        assert_eq!(
            location(&asked),
            "/account/fresh?next=%2Faccount%2Fsign-ins"
        );
    }
    // A page of another site begins nothing.
    anna.says = Some(("origin", "https://evil.example"));
    for place in ["/account/sign-ins/harbour/add", "/log-in/with/harbour"] {
        assert_eq!(anna.submit(place, &[]).status, 403);
    }
}

#[test]
fn a_login_is_as_fresh_as_what_was_shown_there() {
    let issuer = Issuer::start();
    let site = site_with(&[("harbour", &issuer)]);
    drop(newcomer(&site, &issuer));
    let mut anna = site.browser("192.0.2.1");
    // Without `auth_time`, and with one of an hour ago, nothing was shown now.
    for shown_at in [None, Some(NOW - 3_600)] {
        come_back(&mut anna, &issuer, "7", |claims| {
            if let Some(at) = shown_at {
                claims["auth_time"] = json!(at);
            }
        });
        let asked = anna.submit("/account/sign-ins/harbour/add", &[]);
        assert!(
            location(&asked).starts_with("/account/fresh"),
            "{shown_at:?}"
        );
    }
    let shown = anna.page("/account/fresh?next=%2Faccount%2Fsign-ins");
    assert!(
        shown
            .text()
            .contains("action=\"/account/fresh/with/harbour\"")
    );
    let show = |anna: &mut Browser<'_>, subject: &str, shown_at: Option<i64>| {
        let next = [("next", "/account/sign-ins")];
        let away = Away::of(
            "harbour",
            &anna.submit("/account/fresh/with/harbour", &next),
        );
        assert_eq!(
            (away.has("prompt"), away.has("max_age")),
            ("login".into(), "0".into())
        );
        let mut claims = issuer.claims(subject, &away.has("nonce"));
        if let Some(at) = shown_at {
            claims["auth_time"] = json!(at);
        }
        issuer.gives(&signed(&key(1), "one", &claims));
        away.back(anna, &issuer)
    };
    let before = anna.secret().unwrap();
    assert_eq!(shown_code(&show(&mut anna, "7", None)), "A573");
    assert_eq!(shown_code(&show(&mut anna, "7", Some(NOW - 600))), "A573");
    assert_eq!(shown_code(&show(&mut anna, "8", Some(NOW))), "A574");
    assert_eq!((denials(&site, "A573"), denials(&site, "A574")), (2, 1));
    assert_eq!(anna.secret().unwrap(), before);
    assert_eq!(
        location(&show(&mut anna, "7", Some(NOW))),
        "/account/sign-ins"
    );
    assert_ne!(anna.secret().unwrap(), before);
    assert_eq!(
        anna.submit("/account/sign-ins/harbour/add", &[]).status,
        200
    );
}

#[test]
fn another_site_is_no_way_around_a_second_factor() {
    let issuer = Issuer::start();
    let site = site_with(&[("harbour", &issuer)]);
    let mut anna = newcomer(&site, &issuer);
    let secret = add_totp(&mut anna, IN_PUBLIC_ROUND);
    let mut phone = site.browser("192.0.2.2");
    let back = come_back(&mut phone, &issuer, "7", with_mail);
    let place = "/log-in/second-factor?next=%2Fportfolio%3Fa%3Db";
    assert_eq!(location(&back), place);
    assert_eq!(
        phone.get("/v1/me/sign-ins").refusal(),
        (403, "A410".to_owned())
    );
    site.node.set_clock(IN_PUBLIC_ROUND + MINUTE);
    let code = code_of(&secret, IN_PUBLIC_ROUND + MINUTE);
    let shown = phone.submit("/log-in/second-factor", &[("code", &code)]);
    assert_eq!(shown.status, 303);
    assert_eq!(phone.get("/v1/me/sign-ins").status, 200);
    // Showing again is for the second factor too.
    let shown = phone.page("/account/fresh");
    assert!(!shown.text().contains("/account/fresh/with/"));
    let refused = phone.submit("/account/fresh/with/harbour", &[]);
    assert_eq!(shown_code(&refused), "A410");
}
