//! Second factors over a socket.

use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use super::{
    HOUR, MINUTE,
    authenticator::Authenticator,
    browser::{Browser, NEW_PASSWORD, ORIGIN, PASSWORD, Site, code_in},
};
use crate::test_node::{Answer, IN_PUBLIC_ROUND};

const EMAIL: &str = "anna@example.org";
const SHOW: &str = "/v1/sessions/current/second-factor";

/// The code that an app shows at a time of the node.
pub(super) fn code_of(secret: &str, at: u64) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let app = Builder::new().with_secret(secret).build().unwrap();
    app.generate(at / 1000).to_string()
}

/// Adds an app at this time; its secret.
pub(super) fn add_totp(browser: &mut Browser<'_>, at: u64) -> String {
    let begun = browser.post("/v1/me/factors/totp", &json!({}));
    assert_eq!(begun.status, 201, "{}", begun.text());
    assert_eq!(begun.header("cache-control"), Some("no-store"));
    let secret = begun.json()["secret"].as_str().unwrap().to_owned();
    let body = json!({ "code": code_of(&secret, at) });
    let confirmed = browser.post("/v1/me/factors/totp/confirmation", &body);
    assert_eq!(confirmed.status, 204, "{}", confirmed.text());
    secret
}

fn add_passkey(browser: &mut Browser<'_>, passkey: &mut Authenticator) -> Answer {
    let begun = browser.post("/v1/me/factors/passkeys", &json!({}));
    assert_eq!(begun.status, 201, "{}", begun.text());
    let begun = begun.json();
    let body = json!({
        "ceremony": begun["ceremony"],
        "credential": passkey.create(&begun["options"]),
        "label": "phone",
    });
    browser.post("/v1/me/factors/passkeys/confirmation", &body)
}

/// The answer of a passkey to a new challenge.
fn answer_of(browser: &mut Browser<'_>, passkey: &mut Authenticator) -> Value {
    let asked = browser.post("/v1/sessions/passkey", &json!({}));
    assert_eq!(asked.status, 201, "{}", asked.text());
    let asked = asked.json();
    json!({ "ceremony": asked["ceremony"], "credential": passkey.get(&asked["options"]) })
}

#[test]
fn an_app_and_recovery_codes_complete_a_login() {
    let site = Site::start();
    let mut anna = site.signed_up(EMAIL);
    let before = anna.secret().unwrap();
    let secret = add_totp(&mut anna, IN_PUBLIC_ROUND);
    // Whoever shows a factor gets a new secret of the session, and the old one is dead.
    assert_ne!(anna.secret().unwrap(), before);
    assert_eq!(anna.with_secret(&before).get("/v1/me").status, 401);
    let made = anna.post("/v1/me/factors/recovery-codes", &json!({}));
    assert_eq!(made.status, 201, "{}", made.text());
    let codes = made.json()["codes"].as_array().unwrap().clone();
    assert_eq!(codes.len(), 10);
    let list = anna.get("/v1/me/factors").json();
    assert_eq!(list["totp"]["since"], "2027-01-15T09:01:00Z");
    assert_eq!(
        (&list["passkeys"], &list["recovery_codes_left"]),
        (&json!([]), &json!(10))
    );

    let mut phone = site.browser("192.0.2.77");
    let half = phone.log_in(EMAIL, PASSWORD).json();
    assert_eq!(
        (&half["level"], &half["needs"]),
        (&json!("one"), &json!("two"))
    );
    for path in ["/v1/me/factors", "/v1/sessions"] {
        assert_eq!(
            phone.get(path).refusal(),
            (403, "A410".to_owned()),
            "{path}"
        );
    }
    let me = phone.get("/v1/me").json();
    assert_eq!(me["email"], Value::Null);
    let at = IN_PUBLIC_ROUND + MINUTE;
    site.node.set_clock(at);
    let wrong = phone.post(SHOW, &json!({ "totp": "000000" }));
    assert_eq!(wrong.refusal(), (401, "A501".to_owned()));
    let right = json!({ "totp": code_of(&secret, at) });
    assert_eq!(phone.post(SHOW, &right).status, 204);
    assert_eq!(phone.get("/v1/me").json()["level"], "two");
    assert_eq!(phone.post(SHOW, &right).refusal(), (401, "A501".to_owned()));

    let mut tablet = site.browser("192.0.2.78");
    tablet.log_in(EMAIL, PASSWORD);
    let code = json!({ "recovery_code": codes[0] });
    assert_eq!(tablet.post(SHOW, &code).status, 204);
    assert_eq!(tablet.post(SHOW, &code).refusal(), (401, "A501".to_owned()));
    let list = tablet.get("/v1/me/factors").json();
    assert_eq!(list["recovery_codes_left"], 9);
}

#[test]
fn v6_4_3_a_new_password_by_mail_does_not_set_the_second_factor_aside() {
    let site = Site::start();
    let mut anna = site.signed_up(EMAIL);
    let secret = add_totp(&mut anna, IN_PUBLIC_ROUND);
    let mails = site.mails_after(2).len();
    let mut thief = site.browser("192.0.2.66");
    assert_eq!(
        thief
            .post("/v1/recovery", &json!({ "email": EMAIL }))
            .status,
        202
    );
    let mail = site.mails_after(mails + 1).pop().unwrap();
    let body = json!({ "code": code_in(&mail), "password": NEW_PASSWORD });
    assert_eq!(thief.post("/v1/recovery/confirmation", &body).status, 204);
    let half = thief.log_in(EMAIL, NEW_PASSWORD).json();
    assert_eq!(half["needs"], "two");
    for (method, path) in [
        ("GET", "/v1/me/factors"),
        ("POST", "/v1/me/factors/totp"),
        ("POST", "/v1/me/factors/recovery-codes"),
        ("POST", "/v1/me/factors/passkeys"),
        ("DELETE", "/v1/me/factors/totp"),
        ("DELETE", "/v1/me/factors/removal"),
        ("DELETE", "/v1/sessions"),
    ] {
        let refused = thief.send(method, path, &Value::Null);
        assert_eq!(
            refused.refusal(),
            (403, "A410".to_owned()),
            "{method} {path}"
        );
    }
    let at = IN_PUBLIC_ROUND + MINUTE;
    site.node.set_clock(at);
    let right = json!({ "totp": code_of(&secret, at) });
    assert_eq!(thief.post(SHOW, &right).status, 204);
}

#[test]
fn a_passkey_logs_in_alone_and_each_wrong_answer_has_its_code() {
    let site = Site::start();
    let mut anna = site.signed_up(EMAIL);
    let mut phone = Authenticator::new(1, ORIGIN);
    let added = add_passkey(&mut anna, &mut phone);
    assert_eq!(added.status, 201, "{}", added.text());
    assert_eq!(anna.get("/v1/me").json()["level"], "two");
    let twice = add_passkey(&mut anna, &mut phone);
    assert_eq!(twice.refusal(), (409, "A528".to_owned()));
    let list = anna.get("/v1/me/factors").json();
    assert_eq!(list["passkeys"][0]["id"], added.json()["id"]);

    let login = "/v1/sessions/passkey/confirmation";
    let mut visitor = site.browser("192.0.2.77");
    let answer = answer_of(&mut visitor, &mut phone);
    let logged_in = visitor.post(login, &answer);
    assert_eq!(logged_in.status, 201, "{}", logged_in.text());
    assert_eq!(logged_in.json()["level"], "two");
    assert_eq!(visitor.get("/v1/me").json()["email"], EMAIL);
    assert_eq!(
        visitor.post(login, &answer).refusal(),
        (409, "A520".to_owned())
    );
    assert_eq!(visitor.get("/v1/me").status, 200);

    type Change = fn(&mut Authenticator);
    let table: [(Change, &str); 4] = [
        (|it| it.origin = "https://evil.example".to_owned(), "A521"),
        (|it| it.site = "evil.example".to_owned(), "A522"),
        (|it| it.verifies = false, "A525"),
        (|it| it.counter = 1, "A524"),
    ];
    for (change, code) in table {
        let kept = (phone.origin.clone(), phone.site.clone(), phone.counter);
        change(&mut phone);
        let answer = answer_of(&mut visitor, &mut phone);
        let refused = visitor.post(login, &answer);
        assert_eq!(refused.refusal(), (422, code.to_owned()));
        assert_eq!(refused.header("set-cookie"), None);
        (phone.origin, phone.site, phone.counter) = kept;
        (phone.verifies, phone.counter) = (true, phone.counter + 1);
    }
    // As a second factor, after the password.
    let mut tablet = site.browser("192.0.2.78");
    tablet.log_in(EMAIL, PASSWORD);
    let answer = answer_of(&mut tablet, &mut phone);
    assert_eq!(tablet.post(SHOW, &json!({ "passkey": answer })).status, 204);
    assert_eq!(tablet.get("/v1/me").json()["level"], "two");
}

#[test]
fn five_wrong_codes_end_the_session_and_no_other() {
    let site = Site::start();
    let mut anna = site.signed_up(EMAIL);
    add_totp(&mut anna, IN_PUBLIC_ROUND);
    let mut thief = site.browser("192.0.2.66");
    thief.log_in(EMAIL, PASSWORD);
    for code in ["A501", "A501", "A501", "A501", "A502", "A408"] {
        let refused = thief.post(SHOW, &json!({ "totp": "000000" }));
        assert_eq!(refused.refusal(), (401, code.to_owned()));
    }
    assert_eq!(anna.get("/v1/me").status, 200);
    // Ten codes at once over all sessions, then one a minute.
    thief.log_in(EMAIL, PASSWORD);
    for code in ["A501", "A501", "A501", "A501", "A502"] {
        let refused = thief.post(SHOW, &json!({ "totp": "000000" }));
        assert_eq!(refused.refusal(), (401, code.to_owned()));
    }
    thief.log_in(EMAIL, PASSWORD);
    let refused = thief.post(SHOW, &json!({ "totp": "000000" }));
    assert_eq!(refused.refusal(), (429, "H442".to_owned()));
    assert_eq!(refused.header("retry-after"), Some("60"));
}

#[test]
fn the_last_factor_goes_after_72_hours_unless_it_is_kept() {
    let site = Site::start();
    let mut anna = site.signed_up(EMAIL);
    let secret = add_totp(&mut anna, IN_PUBLIC_ROUND);
    let path = "/v1/me/factors/totp";
    let leaving = anna.delete(path);
    assert_eq!(leaving.status, 202, "{}", leaving.text());
    assert_eq!(leaving.json()["goes_at"], "2027-01-18T09:01:00Z");
    assert_eq!(
        anna.get("/v1/me/factors").json()["totp"]["goes_at"],
        leaving.json()["goes_at"]
    );
    assert_eq!(anna.delete(path).refusal(), (409, "A530".to_owned()));
    assert_eq!(anna.delete("/v1/me/factors/removal").status, 204);
    assert_eq!(
        anna.delete("/v1/me/factors/removal").refusal(),
        (404, "A531".to_owned())
    );
    assert_eq!(
        anna.get("/v1/me/factors").json()["totp"]["goes_at"],
        Value::Null
    );
    assert_eq!(anna.delete(path).status, 202);

    let due = IN_PUBLIC_ROUND + 72 * HOUR;
    site.node.set_clock(due - MINUTE);
    assert_eq!(anna.log_in(EMAIL, PASSWORD).json()["needs"], "two");
    assert_eq!(
        anna.post(SHOW, &json!({ "totp": code_of(&secret, due - MINUTE) }))
            .status,
        204
    );
    site.node.set_clock(due);
    let list = anna.get("/v1/me/factors").json();
    assert_eq!(list["totp"], Value::Null);
    assert_eq!(anna.log_in(EMAIL, PASSWORD).json()["needs"], "one");
    assert_eq!(anna.get("/v1/me/factors").status, 200);
}

#[test]
fn nonsense_strangers_and_other_pages_are_refused() {
    let site = Site::start();
    let mut anna = site.signed_up(EMAIL);
    let ceremony = anna.post("/v1/sessions/passkey", &json!({})).json()["ceremony"].clone();
    let table = [
        (SHOW, json!({}), (400, "H400")),
        (
            SHOW,
            json!({ "totp": "1", "recovery_code": "2" }),
            (400, "H400"),
        ),
        (SHOW, json!({ "sms": "123456" }), (422, "H422")),
        (
            SHOW,
            json!({ "totp": "\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}" }),
            (401, "A501"),
        ),
        (
            SHOW,
            json!({ "recovery_code": "x".repeat(10_000) }),
            (401, "A501"),
        ),
        (
            "/v1/me/factors/totp/confirmation",
            json!({ "code": "123456" }),
            (409, "A504"),
        ),
        ("/v1/me/factors/recovery-codes", json!({}), (409, "A507")),
        (
            "/v1/sessions/passkey/confirmation",
            json!({ "ceremony": ceremony, "credential": [1, 2] }),
            (422, "A527"),
        ),
        (
            "/v1/sessions/passkey/confirmation",
            json!({ "ceremony": "' OR 1=1 --", "credential": {} }),
            (409, "A520"),
        ),
    ];
    for (path, body, (status, code)) in table {
        let refused = anna.post(path, &body);
        assert_eq!(
            refused.refusal(),
            (status, code.to_owned()),
            "{path} {body}"
        );
    }
    let unknown = "/v1/me/factors/passkeys/00112233445566778899aabbccddeeff";
    for path in [unknown, "/v1/me/factors/passkeys/x", "/v1/me/factors/totp"] {
        assert_eq!(
            anna.delete(path).refusal(),
            (404, "A506".to_owned()),
            "{path}"
        );
    }
    let mut nobody = site.browser("192.0.2.66");
    assert_eq!(
        nobody.get("/v1/me/factors").refusal(),
        (401, "A408".to_owned())
    );
    for path in ["/v1/sessions/passkey", "/v1/me/factors/totp", SHOW] {
        anna.says = Some(("origin", "https://evil.example"));
        let refused = anna.post(path, &json!({}));
        assert_eq!(refused.refusal(), (403, "H441".to_owned()), "{path}");
    }
}
