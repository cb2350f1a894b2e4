//! Logging in with another site over sockets: one that is honest, and one that says what no honest one says.

mod hostile;
mod issuer;
mod linking;

use serde_json::{Value, json};
use softcap_server::SignInSite;
use url::Url;

use super::{
    MINUTE,
    browser::{Browser, PASSWORD, Site, code_in},
    factors::{add_totp, code_of},
};
use crate::test_node::{Answer, IN_PUBLIC_ROUND};
use issuer::{Issuer, NOW, key, signed};

const EMAIL: &str = "anna@example.org";

/// A site where people log in with these others.
fn site_with(issuers: &[(&str, &Issuer)]) -> Site {
    let sites: Vec<SignInSite> = issuers
        .iter()
        .map(|(id, issuer)| SignInSite {
            id: (*id).to_owned(),
            name: "Harbour <ID>".to_owned(),
            issuer: issuer.origin.clone(),
            client_id: "sale".to_owned(),
            client_secret_file: None,
            scopes: vec!["email".to_owned()],
        })
        .collect();
    Site::start_with(move |config| {
        config.webhooks.allow_loopback = true;
        config.sign_in.clone_from(&sites);
    })
}

/// Somebody who is on their way to another site.
struct Away {
    id: &'static str,
    asked: Url,
}

impl Away {
    /// Sent by the answer to a form.
    fn of(id: &'static str, answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.text());
        let refresh = answer.header("refresh").unwrap();
        let asked = refresh.strip_prefix("0;url=").unwrap();
        assert!(answer.text().contains("Harbour &#60;ID&#62;"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        Self {
            id,
            asked: asked.parse().unwrap(),
        }
    }

    fn begin(browser: &mut Browser<'_>, id: &'static str) -> Self {
        let answer = browser.submit(&format!("/log-in/with/{id}"), &[("next", "/portfolio?a=b")]);
        Self::of(id, &answer)
    }

    /// What the other site was asked.
    fn has(&self, name: &str) -> String {
        let found = self.asked.query_pairs().find(|(other, _)| other == name);
        found.map_or_else(String::new, |(_, value)| value.into_owned())
    }

    fn place(&self, pairs: &[(&str, &str)]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs);
        format!("/log-in/with/{}/answer?{}", self.id, query.finish())
    }

    /// Back with a code.
    fn back(&self, browser: &mut Browser<'_>, issuer: &Issuer) -> Answer {
        let state = self.has("state");
        let pairs = [("code", "c"), ("state", &state), ("iss", &issuer.origin)];
        browser.page(&self.place(&pairs))
    }
}

/// Goes there, is vouched for with these changes of an honest token, and comes back.
fn come_back(
    browser: &mut Browser<'_>,
    issuer: &Issuer,
    subject: &str,
    change: impl FnOnce(&mut Value),
) -> Answer {
    let away = Away::begin(browser, "harbour");
    let mut claims = issuer.claims(subject, &away.has("nonce"));
    change(&mut claims);
    issuer.gives(&signed(&key(1), "one", &claims));
    away.back(browser, issuer)
}

fn location(answer: &Answer) -> &str {
    answer.header("location").unwrap_or_default()
}

/// The code of the problem that a page shows.
fn shown_code(answer: &Answer) -> String {
    let text = answer.text();
    let found = text.split_once("/problems/").map(|(_, rest)| &rest[..4]);
    found.unwrap_or_default().to_owned()
}

/// How often somebody was not let in because of this.
fn denials(site: &Site, code: &str) -> usize {
    let rows = site.node.get("/v1/audit?limit=1000&act=deny").json();
    let rows = rows["rows"].as_array().unwrap().clone();
    rows.iter().filter(|row| row["code"] == code).count()
}

/// An address that the other site proved.
fn with_mail(claims: &mut Value) {
    claims["email"] = json!(EMAIL);
    claims["email_verified"] = json!(true);
    claims["auth_time"] = json!(NOW - 5);
}

#[test]
fn somebody_with_a_proved_address_signs_up_and_logs_in_with_another_site() {
    let issuer = Issuer::start();
    let site = site_with(&[("harbour", &issuer)]);
    let mut anna = site.browser("192.0.2.1");
    for page in ["/log-in", "/sign-up"] {
        let shown = anna.page(page);
        assert!(shown.text().contains("action=\"/log-in/with/harbour\""));
        assert!(shown.text().contains("Harbour &#60;ID&#62;"));
    }
    let away = Away::begin(&mut anna, "harbour");
    assert!(away.asked.as_str().starts_with(&issuer.origin));
    assert_eq!(away.has("response_type"), "code");
    assert_eq!(away.has("client_id"), "sale");
    assert_eq!(away.has("scope"), "openid email");
    assert_eq!(away.has("code_challenge_method"), "S256");
    let place = "https://sale.example/log-in/with/harbour/answer";
    assert_eq!(away.has("redirect_uri"), place);
    let mut claims = issuer.claims("7", &away.has("nonce"));
    with_mail(&mut claims);
    issuer.gives(&signed(&key(1), "one", &claims));
    let back = away.back(&mut anna, &issuer);
    assert_eq!(back.status, 303, "{}", back.text());
    assert_eq!(location(&back), "/sign-up/with?next=%2Fportfolio%3Fa%3Db");
    let (authorization, body) = issuer.last_exchange();
    assert_eq!(authorization, "");
    for part in ["code=c", "code_verifier=", "client_id=sale"] {
        assert!(body.contains(part), "{body}");
    }
    // The cookie of the way there is gone, and the answer counts no second time.
    assert!(!anna.others.contains_key("__Host-softcap-sign-in"));
    let asked = anna.page(location(&back));
    assert!(asked.text().contains(EMAIL) && asked.text().contains("Harbour &#60;ID&#62;"));
    assert_eq!(anna.secret(), None);
    let made = anna.submit(location(&back), &[]);
    assert_eq!((made.status, location(&made)), (303, "/portfolio?a=b"));
    let me = anna.get("/v1/me").json();
    assert_eq!((&me["email"], &me["level"]), (&json!(EMAIL), &json!("one")));
    assert_eq!(me["password_at"], Value::Null);
    let list = anna.get("/v1/me/sign-ins").json()["sign_ins"].clone();
    assert_eq!(
        (&list[0]["subject"], list[1].clone()),
        (&json!("7"), Value::Null)
    );
    assert_eq!(list[0]["issuer"], issuer.origin);
    let again = anna.submit("/sign-up/with", &[]);
    assert_eq!(shown_code(&again), "A579");

    // Another day, in another browser; whatever address the other site names.
    let mut phone = site.browser("192.0.2.2");
    let back = come_back(&mut phone, &issuer, "7", |claims| {
        claims["email"] = json!("eve@example.org");
    });
    assert_eq!((back.status, location(&back)), (303, "/portfolio?a=b"));
    assert_eq!(phone.get("/v1/me").json()["person"], me["person"]);
    // The description was read once for all of it.
    assert_eq!(issuer.times("/.well-known/openid-configuration"), 1);
    assert_eq!(issuer.times("/jwks"), 1);
}

#[test]
fn an_address_that_nobody_proved_is_proved_by_a_code() {
    let issuer = Issuer::start();
    let site = site_with(&[("harbour", &issuer)]);
    let mut anna = site.browser("192.0.2.1");
    // Said by who is asked about the person, and not proved.
    issuer.tells(json!({ "sub": "7", "email": EMAIL, "email_verified": false }));
    let back = come_back(&mut anna, &issuer, "7", |_| ());
    let shown = anna.page(location(&back));
    assert!(
        shown.text().contains(&format!("value=\"{EMAIL}\"")),
        "{}",
        shown.text()
    );
    assert_eq!(anna.submit("/sign-up/with", &[]).status, 422);
    let wrong = anna.submit("/sign-up/with/mail", &[("email", "no address")]);
    assert_eq!(wrong.status, 422);
    let sent = anna.submit("/sign-up/with/mail", &[("email", EMAIL)]);
    assert_eq!((sent.status, location(&sent)), (303, "/sign-up/with/code"));
    let code = site.first_code();
    let wrong = anna.submit("/sign-up/with/code", &[("code", "x")]);
    assert_eq!(wrong.status, 422);
    // The code alone is of no use to a browser that nobody vouched for.
    let mut eve = site.browser("192.0.2.66");
    let refused = eve.submit("/sign-up/with/code", &[("code", &code)]);
    assert_eq!(shown_code(&refused), "A579");
    let made = anna.submit("/sign-up/with/code", &[("code", &code)]);
    assert_eq!((made.status, location(&made)), (303, "/portfolio"));
    assert_eq!(anna.get("/v1/me").json()["email"], EMAIL);

    // Somebody about whom another person's words come back is told nothing of them.
    issuer.tells(json!({ "sub": "9", "email": EMAIL, "email_verified": true }));
    let mut bob = site.browser("192.0.2.3");
    let back = come_back(&mut bob, &issuer, "8", |_| ());
    assert!(!bob.page(location(&back)).text().contains(EMAIL));
}

#[test]
fn an_address_that_has_an_account_leads_into_no_account() {
    let issuer = Issuer::start();
    let site = site_with(&[("harbour", &issuer)]);
    let mut anna = site.signed_up(EMAIL);
    let mut eve = site.browser("192.0.2.66");
    let back = come_back(&mut eve, &issuer, "666", with_mail);
    let shown = eve.page(location(&back));
    assert!(shown.text().contains("This address has an account here"));
    let refused = eve.submit(location(&back), &[]);
    assert_eq!((refused.status, location(&refused)), (303, location(&back)));
    assert_eq!(eve.secret(), None);
    // Who logs in links it, and then it leads in.
    let away = Away::of(
        "harbour",
        &anna.submit("/account/sign-ins/harbour/add", &[]),
    );
    let mut claims = issuer.claims("7", &away.has("nonce"));
    with_mail(&mut claims);
    issuer.gives(&signed(&key(1), "one", &claims));
    let back = away.back(&mut anna, &issuer);
    assert_eq!(
        location(&back),
        "/account/sign-ins?done=added",
        "{}",
        back.text()
    );
    let mail = site.mail_to(EMAIL, "another site was linked");
    assert!(code_in(&mail).len() > 20, "the code to say it was not me");
    let mut phone = site.browser("192.0.2.10");
    let back = come_back(&mut phone, &issuer, "7", |_| ());
    assert_eq!(location(&back), "/portfolio?a=b");
    let person = anna.get("/v1/me").json()["person"].clone();
    assert_eq!(phone.get("/v1/me").json()["person"], person);
    let exported = anna.submit("/account/privacy/export", &[]).json();
    assert_eq!(exported["sign_ins"][0]["subject"], "7");
}
