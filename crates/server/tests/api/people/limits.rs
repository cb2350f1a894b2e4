//! What is refused because there is too much of it.

use std::{sync::Barrier, thread};

use serde_json::json;

use super::browser::{Browser, NEW_PASSWORD, PASSWORD, Site};
use crate::test_node::{Answer, Call};

/// More calls than a limit of one a second lets through, however slow the machine is.
const MANY: usize = 500;

/// The first answer of these that is none of the usual ones.
fn until_limited(mut call: impl FnMut() -> Answer, usual: u16) -> Answer {
    let mut answers = (0..MANY).map(|_| call());
    let first = answers.find(|answer| answer.status != usual).unwrap();
    assert_eq!(first.refusal(), (429, "H429".to_owned()));
    assert_eq!(first.header("retry-after"), Some("1"));
    first
}

#[test]
fn more_logins_at_once_than_the_queue_holds_are_told_to_come_again() {
    let site = Site::start();
    site.signed_up("anna@example.org");
    let together = Barrier::new(100);
    let answers: Vec<_> = thread::scope(|scope| {
        let logins: Vec<_> = (0..100)
            .map(|count| {
                let (site, together) = (&site, &together);
                scope.spawn(move || {
                    let mut browser = site.browser(&format!("198.51.100.{count}"));
                    together.wait();
                    browser.log_in(&format!("nobody.{count}@example.org"), NEW_PASSWORD)
                })
            })
            .collect();
        logins
            .into_iter()
            .map(|login| login.join().unwrap())
            .collect()
    });
    let refused: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == 429)
        .collect();
    assert!(!refused.is_empty());
    for answer in &refused {
        assert_eq!(answer.refusal().1, "H443");
        assert_eq!(answer.header("retry-after"), Some("2"));
    }
    let looked_at = answers
        .iter()
        .filter(|answer| answer.refusal() == (401, "A407".to_owned()));
    assert_eq!(looked_at.count() + refused.len(), 100);
    // Who comes again gets in.
    let mut anna = site.browser("192.0.2.10");
    assert_eq!(anna.log_in("anna@example.org", PASSWORD).status, 201);
}

#[test]
fn v6_3_1_guesses_are_slowed_by_account_and_the_owner_gets_in() {
    let site = Site::start();
    let mut anna = site.signed_up("anna@example.org");
    for email in ["anna@example.org", "nobody@example.org"] {
        for count in 0..10 {
            let mut eve = site.browser(&format!("203.0.113.{count}"));
            assert_eq!(
                eve.log_in(email, NEW_PASSWORD).refusal(),
                (401, "A407".to_owned())
            );
        }
        let mut eve = site.browser("203.0.113.50");
        let limited = eve.log_in(email, NEW_PASSWORD);
        assert_eq!(limited.refusal(), (429, "H442".to_owned()), "{email}");
        assert_eq!(limited.header("retry-after"), Some("300"));
    }
    assert_eq!(anna.log_in("anna@example.org", PASSWORD).status, 201);
}

#[test]
fn v6_3_1_a_source_that_sprays_is_slowed_at_all_accounts() {
    let site = Site::start();
    let mut eve = site.browser("2001:db8::1");
    for count in 0..30 {
        let email = format!("sprayed.{count}@example.org");
        assert_eq!(
            eve.log_in(&email, PASSWORD).refusal(),
            (401, "A407".to_owned())
        );
    }
    // Her whole network is one source, and what she writes into a header of the proxies changes nothing.
    for from in [
        "2001:db8::1",
        "2001:db8::ffff:1",
        "203.0.113.1, 2001:db8::2",
    ] {
        let limited = site
            .browser(from)
            .log_in("sprayed.last@example.org", PASSWORD);
        assert_eq!(limited.refusal(), (429, "H442".to_owned()), "{from}");
        assert_eq!(limited.header("retry-after"), Some("20"));
    }
    assert_eq!(
        site.browser("2001:db8:0:1::1")
            .log_in("x@example.org", PASSWORD)
            .status,
        401
    );
}

#[test]
fn mail_is_limited_by_source_and_silently_by_address() {
    let site = Site::start();
    let mut eve = site.browser("203.0.113.1");
    for _ in 0..4 {
        let asked = eve.post("/v1/sign-up", &json!({ "email": "anna@example.org" }));
        assert_eq!(asked.status, 202);
    }
    for count in 4..10 {
        let email = json!({ "email": format!("anna.{count}@example.org") });
        assert_eq!(eve.post("/v1/recovery", &email).status, 202);
    }
    let limited = eve.post("/v1/sign-up", &json!({ "email": "last@example.org" }));
    assert_eq!(limited.refusal(), (429, "H442".to_owned()));
    assert_eq!(limited.header("retry-after"), Some("60"));
    let mails = site.mails_after(9);
    let to_anna = mails
        .iter()
        .filter(|mail| mail.contains("To: anna@example.org\r\n"));
    assert_eq!((to_anna.count(), mails.len()), (3, 9));
}

#[test]
fn a_person_who_calls_too_fast_waits_over_all_sessions_and_nobody_else_does() {
    let site = Site::start_with(|config| config.limits.calls_per_person = 1);
    let mut anna = site.signed_up("anna@example.org");
    let mut phone = site.browser("192.0.2.77");
    assert_eq!(phone.log_in("anna@example.org", PASSWORD).status, 201);
    let mut bert = site.signed_up("bert@example.org");
    let first = anna.get("/v1/me");
    let policy = first.header("ratelimit-policy");
    assert_eq!(policy, Some("\"person\";q=10;w=10"));
    until_limited(|| anna.get("/v1/me"), 200);
    until_limited(|| phone.get("/v1/sessions"), 200);
    let page = until_page_is_limited(&mut phone);
    assert!(page.text().contains("H429"), "{}", page.text());
    assert_eq!(bert.get("/v1/me").status, 200);
}

fn until_page_is_limited(browser: &mut Browser<'_>) -> Answer {
    let mut answers = (0..MANY).map(|_| browser.page("/portfolio"));
    answers.find(|answer| answer.status == 429).unwrap()
}

#[test]
fn a_network_that_shows_nothing_that_holds_waits_and_others_do_not() {
    let site = Site::start_with(|config| config.limits.calls_per_source = 1);
    let mut eve = site.browser("2001:db8:1:2::1");
    until_limited(|| eve.get("/v1/offerings"), 200);
    // The rest of her network is hers.
    let mut other = site.browser("2001:db8:1:2:ffff::1");
    until_limited(|| other.get("/v1/offerings"), 200);
    let mut anna = site.browser("192.0.2.1");
    assert_eq!(anna.get("/v1/offerings").status, 200);
    // A session that is none, too.
    let secret = "A".repeat(43);
    let mut guessing = site.browser("192.0.2.66").with_secret(&secret);
    until_limited(|| guessing.get("/v1/me"), 401);
}

#[test]
fn junk_that_is_shown_with_public_reads_counts_to_its_network() {
    let site = Site::start_with(|config| config.limits.calls_per_source = 1);
    let from = |network: u8| format!("203.0.113.{network}");
    let junk: [(&str, &[(&str, &str)]); 5] = [
        ("a key", &[("authorization", "Bearer sc_live_junk")]),
        ("a token", &[("authorization", "Bearer at_junk")]),
        ("another scheme", &[("authorization", "Basic YTpi")]),
        (
            "a proof",
            &[("authorization", "DPoP at_junk"), ("dpop", "a.b.c")],
        ),
        (
            "a signature",
            &[("signature-input", "sig=()"), ("signature", "sig=:AA==:")],
        ),
    ];
    for (network, (what, headers)) in junk.into_iter().enumerate() {
        let network = from(u8::try_from(network).unwrap());
        let read = || {
            let call = Call::new("GET", "/v1/offerings").header("x-forwarded-for", &network);
            let shown = headers.iter();
            site.node
                .call(&shown.fold(call, |call, (name, value)| call.header(name, value)))
        };
        let mut answers = (0..MANY).map(|_| read());
        let limited = answers.find(|answer| answer.status != 200);
        assert_eq!(
            limited.unwrap().refusal(),
            (429, "H429".to_owned()),
            "{what}"
        );
    }
    // A session that is none reads no more than nobody.
    let mut eve = site.browser(&from(77)).with_secret(&"A".repeat(43));
    until_limited(|| eve.get("/v1/offerings"), 200);
    // A key that holds pays from its own limit, whatever its network has used up.
    for _ in 0..MANY {
        let call = Call::new("GET", "/v1/offerings").header("x-forwarded-for", &from(77));
        let answer = site.node.call(&call.key(&site.node.key));
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}
