//! People over a socket: signing up by mail, logging in, sessions, and what is refused.

mod addresses;
#[path = "../../../identity/tests/factors/authenticator.rs"]
mod authenticator;
pub(crate) mod browser;
mod factors;
mod freezing;
mod limits;
mod nodes;
mod resets;
mod routes;
mod sign_ins;
mod smtp;
mod wallets;

use serde_json::{Value, json};

use crate::test_node::{Answer, IN_PUBLIC_ROUND};
use browser::{Browser, NEW_PASSWORD, ORIGIN, PASSWORD, Site};

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

#[test]
fn somebody_signs_up_by_mail_logs_in_and_reads_who_they_are() {
    let site = Site::start();
    let mut anna = site.browser("192.0.2.1");
    let asked = anna.post("/v1/sign-up", &json!({ "email": "Anna@Example.org" }));
    assert_eq!((asked.status, asked.text()), (202, ""));
    let code = site.first_code();
    let weak = json!({ "code": code, "password": "passwordpassword" });
    let refused = anna.post("/v1/sign-up/confirmation", &weak);
    assert_eq!(refused.refusal(), (422, "A404".to_owned()));
    let body = json!({ "code": code, "password": PASSWORD });
    let confirmed = anna.post("/v1/sign-up/confirmation", &body);
    assert_eq!(confirmed.status, 201, "{}", confirmed.text());
    let person = confirmed.json()["person"].clone();
    let again = anna.post("/v1/sign-up/confirmation", &body);
    assert_eq!(again.refusal(), (422, "A406".to_owned()));
    assert_eq!(anna.get("/v1/me").refusal(), (401, "A408".to_owned()));

    let logged_in = anna.log_in("anna@example.org", PASSWORD);
    assert_eq!(logged_in.status, 201, "{}", logged_in.text());
    assert_eq!(logged_in.json()["person"], person);
    assert!(!logged_in.text().contains(&anna.secret().unwrap()));
    let me = anna.get("/v1/me").json();
    assert_eq!(me["person"], person);
    assert_eq!(me["email"], "Anna@example.org");
    assert_eq!((&me["level"], &me["needs"]), (&json!("one"), &json!("one")));
    assert_eq!(me["fresh_until"], "2027-01-15T09:11:00Z");
    let sessions = anna.get("/v1/sessions").json();
    assert_eq!(sessions["sessions"][0]["address"], "192.0.2.1");
    assert_eq!(sessions["sessions"][0]["is_current"], true);
    let out = anna.delete("/v1/sessions/current");
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
}

#[test]
fn v7_4_1_the_secret_of_a_session_is_dead_after_logging_out_and_after_a_step_up() {
    let site = Site::start();
    let mut anna = site.signed_up("anna@example.org");
    let first = anna.secret().unwrap();
    assert_eq!(
        anna.step_up(NEW_PASSWORD).refusal(),
        (401, "A407".to_owned())
    );
    assert_eq!(anna.step_up(PASSWORD).status, 204);
    let second = anna.secret().unwrap();
    assert_ne!(first, second);
    for (secret, status) in [(&first, 401), (&second, 200)] {
        assert_eq!(anna.with_secret(secret).get("/v1/me").status, status);
    }
    assert_eq!(anna.delete("/v1/sessions/current").status, 204);
    assert_eq!(
        anna.with_secret(&second).get("/v1/me").refusal(),
        (401, "A408".to_owned())
    );
}

#[test]
fn v7_3_1_and_v7_3_2_a_session_ends_without_use_and_after_twelve_hours() {
    let site = Site::start();
    let mut anna = site.signed_up("anna@example.org");
    site.node.set_clock(IN_PUBLIC_ROUND + 30 * MINUTE);
    assert_eq!(anna.get("/v1/me").refusal(), (401, "A408".to_owned()));
    assert_eq!(anna.log_in("anna@example.org", PASSWORD).status, 201);
    let began = 30 * MINUTE;
    let mut passed = 0;
    while passed + 29 * MINUTE < 12 * HOUR {
        passed += 29 * MINUTE;
        site.node.set_clock(IN_PUBLIC_ROUND + began + passed);
        assert_eq!(
            anna.get("/v1/me").status,
            200,
            "after {} minutes",
            passed / MINUTE
        );
    }
    site.node.set_clock(IN_PUBLIC_ROUND + began + 12 * HOUR);
    assert_eq!(anna.get("/v1/me").refusal(), (401, "A408".to_owned()));
}

#[test]
fn v7_5_1_and_v7_5_2_sessions_are_listed_and_ended_with_a_fresh_factor() {
    let site = Site::start();
    let mut anna = site.signed_up("anna@example.org");
    let mut phone = site.browser("192.0.2.77");
    let mut tablet = site.browser("192.0.2.78");
    assert_eq!(phone.log_in("anna@example.org", PASSWORD).status, 201);
    assert_eq!(tablet.log_in("anna@example.org", PASSWORD).status, 201);
    let mut eve = site.signed_up("eve@example.org");
    let list = anna.get("/v1/sessions").json()["sessions"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(list.len(), 3);
    let id_of = |address: &str| {
        let found = list.iter().find(|session| session["address"] == address);
        format!("/v1/sessions/{}", found.unwrap()["id"].as_str().unwrap())
    };
    let phone_id = id_of("192.0.2.77");
    // Of another person, of nobody: one answer.
    for id in [
        phone_id.as_str(),
        "/v1/sessions/00112233445566778899aabbccddeeff",
        "/v1/sessions/x",
    ] {
        assert_eq!(eve.delete(id).refusal(), (404, "A411".to_owned()), "{id}");
    }
    site.node.set_clock(IN_PUBLIC_ROUND + 10 * MINUTE);
    let change = json!({ "current": PASSWORD, "new": NEW_PASSWORD });
    for (method, path, body) in [
        ("DELETE", phone_id.as_str(), Value::Null),
        ("DELETE", "/v1/sessions", Value::Null),
        ("PUT", "/v1/me/password", change),
    ] {
        let stale = anna.send(method, path, &body);
        assert_eq!(stale.refusal(), (403, "A409".to_owned()), "{method} {path}");
    }
    assert_eq!(phone.get("/v1/me").status, 200);
    assert_eq!(anna.step_up(PASSWORD).status, 204);
    assert_eq!(anna.delete(&phone_id).status, 204);
    assert_eq!(phone.get("/v1/me").status, 401);
    assert_eq!(tablet.get("/v1/me").status, 200);
    assert_eq!(anna.delete("/v1/sessions").json(), json!({ "ended": 1 }));
    assert_eq!(tablet.get("/v1/me").status, 401);
    assert_eq!(anna.get("/v1/me").status, 200);
}

#[test]
fn v7_4_3_a_changed_password_ends_other_sessions_when_asked_and_is_told_by_mail() {
    let site = Site::start();
    let mut anna = site.signed_up("anna@example.org");
    let mut phone = site.browser("192.0.2.77");
    assert_eq!(phone.log_in("anna@example.org", PASSWORD).status, 201);
    let before = anna.secret().unwrap();
    let change = |current: &str, new: &str, end_others: bool| json!({ "current": current, "new": new, "end_others": end_others });
    let path = "/v1/me/password";
    let wrong = anna.send("PUT", path, &change(NEW_PASSWORD, NEW_PASSWORD, true));
    assert_eq!(wrong.refusal(), (401, "A407".to_owned()));
    assert_eq!(
        anna.send("PUT", path, &change(PASSWORD, NEW_PASSWORD, true))
            .status,
        204
    );
    assert_eq!(phone.get("/v1/me").status, 401);
    assert_eq!(anna.with_secret(&before).get("/v1/me").status, 401);
    assert_eq!(anna.get("/v1/me").status, 200);
    let told = site.mail_of(&site, "your password was changed");
    assert!(told.contains("To: anna@example.org"), "{told}");
    assert_eq!(phone.log_in("anna@example.org", PASSWORD).status, 401);
    assert_eq!(phone.log_in("anna@example.org", NEW_PASSWORD).status, 201);
}

#[test]
fn v6_3_8_known_and_unknown_people_get_the_same_answers() {
    let site = Site::start();
    site.signed_up("anna@example.org");
    let mut eve = site.browser("192.0.2.66");
    let mut answers = |email: &str| -> Vec<(u16, String)> {
        let email = json!({ "email": email });
        let mut login = email.clone();
        login["password"] = json!(NEW_PASSWORD);
        [
            ("/v1/sign-up", &email),
            ("/v1/recovery", &email),
            ("/v1/sessions", &login),
        ]
        .map(|(path, body)| {
            let answer = eve.post(path, body);
            let mut text = answer.text().to_owned();
            if let Some(id) = answer.header("x-request-id") {
                text = text.replace(id, "");
            }
            (answer.status, text)
        })
        .to_vec()
    };
    let known = answers("anna@example.org");
    assert_eq!(known, answers("nobody@example.org"));
    assert_eq!(
        known.iter().map(|(status, _)| *status).collect::<Vec<_>>(),
        [202, 202, 401]
    );
    // Two mails each, of which the known one gets a code for a new password, and the unknown one to sign up.
    assert_eq!(site.mails_after(5).len(), 5);
}

#[test]
fn v3_5_1_and_v3_5_3_only_pages_of_the_site_change_anything() {
    let site = Site::start();
    let mut anna = site.signed_up("anna@example.org");
    let login = json!({ "email": "anna@example.org", "password": PASSWORD });
    let email = json!({ "email": "anna@example.org" });
    let step_up = json!({ "password": PASSWORD });
    let foreign = |anna: &mut Browser<'_>, header: (&'static str, &'static str)| -> Vec<Answer> {
        anna.says = Some(header);
        let table = [
            ("POST", "/v1/sign-up", &email),
            ("POST", "/v1/recovery", &email),
            ("POST", "/v1/sessions", &login),
            ("POST", "/v1/sessions/current/step-up", &step_up),
            ("DELETE", "/v1/sessions/current", &Value::Null),
            ("DELETE", "/v1/sessions", &Value::Null),
            (
                "DELETE",
                "/v1/sessions/00112233445566778899aabbccddeeff",
                &Value::Null,
            ),
            ("PUT", "/v1/me/password", &login),
        ];
        table
            .map(|(method, path, body)| anna.send(method, path, body))
            .into()
    };
    for header in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        for answer in foreign(&mut anna, header) {
            assert_eq!(answer.refusal(), (403, "H441".to_owned()), "{header:?}");
            assert_eq!(answer.header("access-control-allow-origin"), None);
            assert_eq!(answer.header("set-cookie"), None);
        }
    }
    // A cookie alone is not enough; the browser's word for the same origin is, and so is no browser without a cookie.
    anna.says = None;
    assert_eq!(anna.step_up(PASSWORD).refusal(), (403, "H441".to_owned()));
    anna.says = Some(("sec-fetch-site", "same-origin"));
    assert_eq!(anna.step_up(PASSWORD).status, 204);
    let mut program = site.browser("192.0.2.67");
    program.says = None;
    assert_eq!(program.log_in("anna@example.org", PASSWORD).status, 201);
    // Reading changes nothing, and nothing is changed by reading.
    anna.says = Some(("origin", "https://evil.example"));
    let read = anna.get("/v1/me");
    assert_eq!(
        (read.status, read.header("access-control-allow-origin")),
        (200, None)
    );
    anna.says = Some(("origin", ORIGIN));
    assert_eq!(
        anna.send("GET", "/v1/sessions/current", &Value::Null)
            .refusal()
            .0,
        405
    );
    let form = anna.send_form("/v1/sessions/current/step-up", "password=x");
    assert_eq!(form.refusal(), (415, "H415".to_owned()));
}

#[test]
fn v3_4_1_and_v14_3_2_answers_about_people_are_kept_by_no_cache_and_bind_browsers_to_tls() {
    let site = Site::start();
    let mut anna = site.signed_up("anna@example.org");
    let unknown = json!({ "email": "nobody@example.org", "password": PASSWORD });
    let answers = [
        anna.get("/v1/me"),
        anna.get("/v1/sessions"),
        anna.step_up(PASSWORD),
        anna.post("/v1/sessions", &unknown),
        anna.post("/v1/recovery", &json!({ "email": "anna@example.org" })),
        anna.post("/v1/sign-up", &json!({ "email": "x" })),
        anna.send("PUT", "/v1/me/password", &json!({})),
    ];
    for answer in answers {
        assert_eq!(
            answer.header("cache-control"),
            Some("no-store"),
            "{answer:?}"
        );
        let tls = answer.header("strict-transport-security");
        assert_eq!(tls, Some("max-age=63072000; includeSubDomains"));
    }
    let plain = crate::test_node::TestNode::empty();
    let answer = plain.get("/v1/me");
    assert_eq!(answer.header("strict-transport-security"), None);
    // Without mail nobody signs up, and the server says why.
    let asked = plain.post("/v1/sign-up", "x", &json!({ "email": "anna@example.org" }));
    assert_eq!(asked.refusal(), (503, "H506".to_owned()));
    let ready = plain.get("/readyz").json();
    let parts = ready["components"].as_array().unwrap();
    let mail = parts.iter().find(|part| part["name"] == "mail").unwrap();
    assert_eq!(
        (&ready["ready"], &mail["state"]),
        (&json!(true), &json!("warning"))
    );
    for (place, words) in [
        ("/sign-up", "mail.smtp_host"),
        ("/sign-up?lang=de", "mail.smtp_host und mail.from"),
    ] {
        let page = crate::pages::text(&plain, place);
        assert!(
            page.contains(words) && !page.contains("name=\"email\""),
            "{page}"
        );
    }
    assert_eq!(plain.get("/development/mail").status, 404);
}

#[test]
fn v8_2_3_fields_that_nobody_asked_for_are_refused() {
    let site = Site::start();
    let mut anna = site.signed_up("anna@example.org");
    for (method, path, body) in [
        (
            "POST",
            "/v1/sign-up",
            json!({ "email": "x@example.org", "role": "owner" }),
        ),
        (
            "POST",
            "/v1/sign-up/confirmation",
            json!({ "code": "", "password": "", "needs": "one" }),
        ),
        (
            "POST",
            "/v1/sessions",
            json!({ "email": "", "password": "", "level": "two" }),
        ),
        (
            "PUT",
            "/v1/me/password",
            json!({ "current": "", "new": "", "person": "" }),
        ),
    ] {
        assert_eq!(
            anna.send(method, path, &body).refusal(),
            (422, "H422".to_owned()),
            "{path}"
        );
    }
}

#[test]
fn who_develops_reads_mails_on_a_page_that_only_this_machine_gets() {
    let site = Site::start();
    let mut anna = site.browser("192.0.2.1");
    anna.post("/v1/sign-up", &json!({ "email": "anna@example.org" }));
    let code = site.first_code();
    let page = site
        .node
        .call(&crate::test_node::Call::new("GET", "/development/mail"));
    assert_eq!(page.status, 200);
    assert!(page.text().contains(&code) && page.text().contains("anna@example.org"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(
        anna.get("/development/mail").refusal(),
        (404, "H404".to_owned())
    );
}
