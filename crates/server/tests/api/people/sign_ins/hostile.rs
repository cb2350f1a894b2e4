//! Answers that no honest site gives, and honest ones in the wrong hands. Each is a page with a code and a row of the audit,
//! and nobody is logged in.

use base64ct::{Base64UrlUnpadded, Encoding as _};

use super::{
    issuer::{jwk, unsigned},
    *,
};

/// HMAC-SHA-256, as somebody signs who takes a public key for a secret.
fn hmac_sha256_of(secret: &[u8], text: &str) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
    Base64UrlUnpadded::encode_string(ring::hmac::sign(&key, text.as_bytes()).as_ref())
}

/// Nobody is logged in, and why stands in the audit.
fn refused(site: &Site, answer: &Answer, browser: &Browser<'_>, code: &str) {
    assert_eq!(shown_code(answer), code, "{}", answer.text());
    assert!(answer.status >= 400);
    assert_eq!(browser.secret(), None);
    assert_eq!(denials(site, code), 1, "{code}");
}

#[test]
fn a_token_of_another_time_place_or_login_is_refused() {
    let issuer = Issuer::start();
    let site = site_with(&[("harbour", &issuer)]);
    type Change = fn(&mut Value);
    let table: [(&str, &[Change]); 5] = [
        (
            "A569",
            &[
                |claims| claims["aud"] = json!("another"),
                |claims| claims["aud"] = json!(["sale", "another"]),
                |claims| claims["azp"] = json!("another"),
                |claims| claims["aud"] = json!([]),
            ],
        ),
        (
            "A570",
            &[
                |claims| claims["nonce"] = json!("another"),
                |claims| claims["nonce"] = Value::Null,
            ],
        ),
        (
            "A571",
            &[
                |claims| claims["iss"] = json!("https://evil.example"),
                |claims| claims["iss"] = json!(format!("{}/", claims["iss"].as_str().unwrap())),
            ],
        ),
        (
            "A572",
            &[
                |claims| claims["exp"] = json!(NOW),
                |claims| claims["iat"] = json!(NOW - 3_600),
                |claims| claims["iat"] = json!(NOW + 3_600),
            ],
        ),
        (
            "A567",
            &[
                |claims| claims["sub"] = json!(""),
                |claims| claims["sub"] = json!("a".repeat(256)),
                |claims| claims["exp"] = Value::Null,
            ],
        ),
    ];
    for (code, changes) in table {
        for (number, change) in changes.iter().enumerate() {
            let mut eve = site.browser(&format!("192.0.2.{number}"));
            let answer = come_back(&mut eve, &issuer, "7", change);
            assert_eq!(shown_code(&answer), code, "{number} {}", answer.text());
            assert_eq!(eve.secret(), None);
            assert_eq!(denials(&site, code), number + 1, "{code}");
        }
    }
}

#[test]
fn a_token_that_another_key_signed_or_none_is_refused() {
    let issuer = Issuer::start();
    let site = site_with(&[("harbour", &issuer)]);
    let public = jwk(&key(1), "one");
    let forge = |number: usize, claims: &Value| -> String {
        let text = |alg: &str| unsigned(&json!({ "alg": alg, "kid": "one" }), claims);
        match number {
            0 => signed(&key(2), "one", claims),
            1 => format!("{}.", text("none")),
            2 => {
                let text = text("HS256");
                let tag = hmac_sha256_of(public.to_string().as_bytes(), &text);
                format!("{text}.{tag}")
            }
            3 => {
                // A header that brings its own key.
                let header = json!({ "alg": "ES256", "kid": "one", "jwk": jwk(&key(2), "one") });
                let text = unsigned(&header, claims);
                let other = signed(&key(2), "one", claims);
                format!("{text}.{}", other.rsplit_once('.').unwrap().1)
            }
            4 => {
                let good = signed(&key(1), "one", claims);
                let (head, rest) = good.split_once('.').unwrap();
                let other = unsigned(&json!({}), &json!({ "sub": "8" }));
                let other = other.split_once('.').unwrap().1.to_owned();
                format!("{head}.{other}.{}", rest.split_once('.').unwrap().1)
            }
            _ => signed(&key(1), "unknown", claims),
        }
    };
    for number in 0..6 {
        let mut eve = site.browser(&format!("192.0.2.{number}"));
        let away = Away::begin(&mut eve, "harbour");
        let claims = issuer.claims("7", &away.has("nonce"));
        issuer.gives(&forge(number, &claims));
        let answer = away.back(&mut eve, &issuer);
        let code = shown_code(&answer);
        assert!(
            ["A567", "A568"].contains(&code.as_str()),
            "{number} {}",
            answer.text()
        );
        assert_eq!(eve.secret(), None);
    }
    assert_eq!(denials(&site, "A567") + denials(&site, "A568"), 6);
}

#[test]
fn keys_are_read_again_for_an_unknown_name_once_a_minute() {
    let issuer = Issuer::start();
    let site = site_with(&[("harbour", &issuer)]);
    let come = |name: &str, number: u8, late: i64| {
        let mut anna = site.browser("192.0.2.1");
        let away = Away::begin(&mut anna, "harbour");
        let mut claims = issuer.claims("7", &away.has("nonce"));
        claims["iat"] = json!(NOW + late);
        claims["exp"] = json!(NOW + late + 300);
        issuer.gives(&signed(&key(number), name, &claims));
        away.back(&mut anna, &issuer)
    };
    assert_eq!(come("one", 1, 0).status, 303);
    assert_eq!(issuer.times("/jwks"), 1);
    // A new key, which nobody here knows yet.
    issuer.keys(&[jwk(&key(1), "one"), jwk(&key(2), "two")]);
    assert_eq!(come("two", 2, 0).status, 303);
    assert_eq!(issuer.times("/jwks"), 2);
    // Tokens that name keys which are not there do not make it ask all the time.
    for _ in 0..3 {
        assert_eq!(shown_code(&come("three", 3, 0)), "A568");
    }
    assert_eq!(issuer.times("/jwks"), 2);
    site.node.set_clock(IN_PUBLIC_ROUND + MINUTE);
    assert_eq!(shown_code(&come("three", 3, 60)), "A568");
    assert_eq!(issuer.times("/jwks"), 3);
    assert_eq!(come("two", 2, 60).status, 303);
}

#[test]
fn an_answer_counts_once_in_its_browser_and_in_time() {
    let issuer = Issuer::start();
    let site = site_with(&[("harbour", &issuer)]);
    let mut anna = site.browser("192.0.2.1");
    let away = Away::begin(&mut anna, "harbour");
    let cookie = anna.others["__Host-softcap-sign-in"].clone();
    assert_eq!(cookie.len(), "__Host-softcap-sign-in=".len() + 43);
    let claims = issuer.claims("7", &away.has("nonce"));
    issuer.gives(&signed(&key(1), "one", &claims));
    assert_eq!(away.back(&mut anna, &issuer).status, 303);
    // The same once more, in the same browser.
    anna.others
        .insert("__Host-softcap-sign-in".to_owned(), cookie);
    refused(&site, &away.back(&mut anna, &issuer), &anna, "A562");

    // Eve's answer in Anna's browser would log Anna in as Eve.
    let mut eve = site.browser("192.0.2.66");
    let hers = Away::begin(&mut eve, "harbour");
    Away::begin(&mut anna, "harbour");
    refused(&site, &hers.back(&mut anna, &issuer), &anna, "A563");
    let mut bare = site.browser("192.0.2.3");
    let hers = Away::begin(&mut eve, "harbour");
    assert_eq!(shown_code(&hers.back(&mut bare, &issuer)), "A563");

    let late = Away::begin(&mut eve, "harbour");
    site.node.set_clock(IN_PUBLIC_ROUND + 10 * MINUTE);
    assert_eq!(shown_code(&late.back(&mut eve, &issuer)), "A562");
    let junk = eve.page("/log-in/with/harbour/answer?code=c&state=junk");
    assert_eq!(shown_code(&junk), "A562");
    assert_eq!(denials(&site, "A562"), 3);
    assert_eq!(shown_code(&eve.page("/log-in/with/nobody/answer")), "A561");
}

#[test]
fn two_sites_are_not_mixed_up() {
    let (honest, evil) = (Issuer::start(), Issuer::start());
    let site = site_with(&[("harbour", &honest), ("evil", &evil)]);
    // Asked at one, answered at the place of the other: the code of the honest one does not go to the evil one.
    let mut anna = site.browser("192.0.2.1");
    let away = Away::begin(&mut anna, "harbour");
    let elsewhere = Away {
        id: "evil",
        asked: away.asked.clone(),
    };
    refused(&site, &elsewhere.back(&mut anna, &evil), &anna, "A565");
    assert_eq!((honest.times("/token"), evil.times("/token")), (0, 0));
    // At the right place, in the name of another, or without a name though the site promised one.
    for (number, iss) in [Some(evil.origin.as_str()), None].into_iter().enumerate() {
        let away = Away::begin(&mut anna, "harbour");
        let state = away.has("state");
        let mut pairs = vec![("code", "c"), ("state", state.as_str())];
        pairs.extend(iss.map(|iss| ("iss", iss)));
        let answer = anna.page(&away.place(&pairs));
        assert_eq!(shown_code(&answer), "A565");
        assert_eq!(denials(&site, "A565"), number + 2);
    }
    assert_eq!(honest.times("/token"), 0);
    // A token of the evil one for the honest one's login.
    let away = Away::begin(&mut anna, "harbour");
    let claims = evil.claims("7", &away.has("nonce"));
    honest.gives(&signed(&key(1), "one", &claims));
    refused(&site, &away.back(&mut anna, &honest), &anna, "A571");
}

#[test]
fn a_site_that_says_no_gives_nothing_or_does_not_answer_is_told_apart() {
    let issuer = Issuer::start();
    let site = site_with(&[("harbour", &issuer)]);
    let mut anna = site.browser("192.0.2.1");
    let away = Away::begin(&mut anna, "harbour");
    let state = away.has("state");
    let pairs = [
        ("error", "access_denied"),
        ("state", &state),
        ("iss", &issuer.origin),
    ];
    let answer = anna.page(&away.place(&pairs));
    refused(&site, &answer, &anna, "A564");
    assert!(answer.text().contains("href=\"/log-in\""));
    let away = Away::begin(&mut anna, "harbour");
    issuer.gives_nothing();
    refused(&site, &away.back(&mut anna, &issuer), &anna, "A567");
    assert_eq!(anna.submit("/log-in/with/nobody", &[]).status, 404);

    // One that says that it is another, and one that leads inside.
    for (name, value) in [
        ("issuer", json!("https://evil.example")),
        ("jwks_uri", json!("http://10.0.0.1/jwks")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
    ] {
        let other = Issuer::start();
        other.describe(name, value);
        let site = site_with(&[("harbour", &other)]);
        let mut anna = site.browser("192.0.2.1");
        for _ in 0..3 {
            let answer = anna.submit("/log-in/with/harbour", &[]);
            assert_eq!(
                (answer.status, shown_code(&answer)),
                (503, "A566".to_owned()),
                "{name}"
            );
        }
        assert_eq!(denials(&site, "A566"), 3);
        // It is not asked anew by each of them.
        assert_eq!(other.times("/.well-known/openid-configuration"), 1);
    }
}
