//! Second factors that are set aside by two people, over the wire and on pages.

use serde_json::json;
use softcap_identity::Role;

use super::{
    HOUR, MINUTE,
    browser::{Browser, PASSWORD, Site, code_in},
    factors::{add_totp, code_of},
};
use crate::{
    roles::{person_of, somebody},
    test_node::IN_PUBLIC_ROUND,
};

const EMAIL: &str = "lost@example.org";
const DAY: u64 = 24 * HOUR;
const SUBJECT: &str = "add a second factor";

/// Somebody with an app and a key for programs: their browser and number.
fn with_app(site: &Site) -> (Browser<'_>, String) {
    let mut lost = site.signed_up(EMAIL);
    let person = lost.get("/v1/me").json()["person"]
        .as_str()
        .unwrap()
        .to_owned();
    add_totp(&mut lost, IN_PUBLIC_ROUND);
    (lost, person)
}

fn mail_about(site: &Site, subject: &str) -> String {
    let recipient = format!("To: {EMAIL}\r\n");
    site.mail_that(subject, |mail| mail.contains(&recipient))
}

#[test]
fn two_people_set_factors_aside_and_a_new_one_is_added_with_a_code_of_a_mail() {
    let site = Site::start_with(|config| config.accounts.factor_reset_days = 1);
    let mut olga = somebody(&site, "olga@example.org", Some(Role::Owner));
    let mut carl = somebody(&site, "carl@example.org", Some(Role::ComplianceOfficer));
    let mut auditor = somebody(&site, "audrey@example.org", Some(Role::Auditor));
    let (mut lost, person) = with_app(&site);
    let mut body = json!({ "kind": "reset_factors", "person": person, "reason": "because" });
    let unknown = olga.post("/v1/proposals", &body);
    assert_eq!(unknown.status, 422, "{}", unknown.text());
    body["reason"] = json!("seen_on_video");
    let refused = auditor.post("/v1/proposals", &body);
    assert_eq!(refused.status, 403);
    let proposed = olga.post("/v1/proposals", &body);
    assert_eq!(proposed.status, 201, "{}", proposed.text());
    assert_eq!(proposed.json()["act"], body);
    let id = proposed.json()["id"].as_str().unwrap().to_owned();
    let decision = format!("/v1/proposals/{id}/decision");
    let approve = json!({ "decision": "approve" });
    assert_eq!(olga.post(&decision, &approve).refusal().1, "A705");
    let approved = carl.post(&decision, &approve);
    assert_eq!(approved.status, 200, "{}", approved.text());
    for reader in [&mut olga, &mut carl, &mut auditor] {
        let list = reader.get("/v1/factor-resets").json();
        assert_eq!(list["resets"][0]["person"], person.as_str());
        assert_eq!(list["resets"][0]["due_at"], "2027-01-16T09:01:00Z");
    }
    let warning = mail_about(&site, "your second factors will be set aside");
    assert!(warning.contains("a day"), "{warning}");
    let seen = lost.get("/v1/me/factors").json();
    assert_eq!(seen["reset_at"], "2027-01-16T09:01:00Z");
    let page = lost.page("/account");
    assert!(page.text().contains("Keep my second factors"));

    site.node.set_clock(IN_PUBLIC_ROUND + DAY);
    site.node.settle_resets();
    mail_about(&site, "your second factors were set aside");
    assert_eq!(lost.get("/v1/me").refusal(), (401, "A408".to_owned()));
    let mut phone = site.browser("192.0.2.10");
    let half = phone.log_in(EMAIL, PASSWORD).json();
    assert_eq!(
        (&half["level"], &half["needs"]),
        (&json!("one"), &json!("two"))
    );
    assert_eq!(phone.get("/v1/me").json()["must_add_factor"], true);
    let early = phone.post("/v1/me/factors/totp", &json!({}));
    assert_eq!(early.refusal(), (403, "A410".to_owned()));
    let enrolment = "/v1/sessions/current/enrolment";
    assert_eq!(phone.post(enrolment, &json!({})).status, 202);
    let body = json!({ "code": code_in(&mail_about(&site, SUBJECT)) });
    let confirmation = format!("{enrolment}/confirmation");
    assert_eq!(phone.post(&confirmation, &body).status, 204);
    for path in ["/v1/me/factors", "/v1/sessions", "/v1/me/export"] {
        assert_eq!(phone.get(path).refusal().1, "A410", "{path}");
    }
    add_totp(&mut phone, IN_PUBLIC_ROUND + DAY);
    let me = phone.get("/v1/me").json();
    assert_eq!(
        (&me["level"], &me["must_add_factor"]),
        (&json!("two"), &json!(false))
    );
    let again = phone.post(enrolment, &json!({}));
    assert_eq!(again.refusal(), (409, "A533".to_owned()));
}

#[test]
fn a_reset_is_proposed_approved_and_stopped_on_pages() {
    let site = Site::start();
    let mut olga = somebody(&site, "olga@example.org", Some(Role::Owner));
    let mut carl = somebody(&site, "carl@example.org", Some(Role::ComplianceOfficer));
    let mut dora = somebody(&site, "dora@example.org", Some(Role::Developer));
    let (mut lost, person) = with_app(&site);
    let own = person_of(&mut olga).to_string();
    let place = "/office/factors";
    assert_eq!(dora.page(place).status, 403);
    let reason = ("reason", "known_to_staff");
    for (number, words) in [
        ("not a number", "That is no number of an account"),
        (own.as_str(), "has no second factor"),
        (
            "00112233445566778899aabbccddeeff",
            "Nobody on this platform",
        ),
    ] {
        let wrong = olga.submit(place, &[("person", number), reason]);
        assert_eq!(wrong.status, 422, "{number}");
        assert!(wrong.text().contains(words), "{number}: {}", wrong.text());
    }
    let proposed = olga.submit(place, &[("person", &person), reason]);
    assert_eq!(
        proposed.header("location"),
        Some("/office/factors?done=proposed")
    );
    let page = carl.page(place).text().to_owned();
    assert!(page.contains("a colleague vouches for them"), "{page}");
    let (_, id) = page.split_once("name=\"proposal\" value=\"").unwrap();
    let id = id.split('"').next().unwrap();
    let fields = [("proposal", id), ("decision", "approve")];
    let approved = carl.submit(&format!("{place}/decision"), &fields);
    assert_eq!(
        approved.header("location"),
        Some("/office/factors?done=approve")
    );
    let german = olga.page(&format!("{place}?lang=de"));
    assert!(german.text().contains("Fallen weg ab"), "{}", german.text());
    let stop = format!("{place}/{person}/stop");
    assert_eq!(dora.submit(&stop, &[]).status, 403);
    for _ in 0..2 {
        let stopped = olga.submit(&stop, &[]);
        assert_eq!(
            stopped.header("location"),
            Some("/office/factors?done=stopped")
        );
    }
    mail_about(&site, "your second factors stay");
    let kept = lost.submit("/account/reset/keep", &[]);
    assert_eq!(kept.header("location"), Some("/account?done=kept"));
}

#[test]
fn a_new_factor_is_added_on_pages_before_anything_else() {
    let site = Site::start();
    let mut olga = somebody(&site, "olga@example.org", Some(Role::Owner));
    let mut carl = somebody(&site, "carl@example.org", Some(Role::ComplianceOfficer));
    let (_, person) = with_app(&site);
    let body = json!({ "kind": "reset_factors", "person": person, "reason": "seen_in_person" });
    let id = olga.post("/v1/proposals", &body).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let decision = format!("/v1/proposals/{id}/decision");
    carl.post(&decision, &json!({ "decision": "approve" }));
    let then = IN_PUBLIC_ROUND + 3 * DAY;
    site.node.set_clock(then);
    site.node.settle_resets();
    let mut phone = site.browser("192.0.2.10");
    let form = [("email", EMAIL), ("password", PASSWORD)];
    let in_half = phone.submit("/log-in", &form);
    let second = in_half.header("location").unwrap().to_owned();
    let place = "/log-in/set-up?next=%2Fportfolio";
    assert_eq!(phone.page(&second).header("location"), Some(place));
    let page = phone.page(place);
    assert!(
        page.text().contains("Add a new second factor"),
        "{}",
        page.text()
    );
    assert_eq!(phone.page("/account").status, 303);
    let sent = phone.submit("/log-in/set-up/mail", &[("next", "/portfolio")]);
    let sent = sent.header("location").unwrap().to_owned();
    assert!(phone.page(&sent).text().contains("name=\"code\""));
    let wrong = phone.submit("/log-in/set-up/code", &[("code", "nonsense")]);
    assert_eq!(wrong.status, 422);
    let code = code_in(&mail_about(&site, SUBJECT));
    let right = phone.submit("/log-in/set-up/code", &[("code", &code)]);
    assert_eq!(right.header("location"), Some(place));
    let begun = phone.submit("/account/app", &[]);
    assert_eq!(begun.status, 200, "{}", begun.text());
    let (_, secret) = begun.text().split_once("id=\"app-secret\">").unwrap();
    let secret = secret.split('<').next().unwrap().replace(' ', "");
    let shown = code_of(&secret, then);
    let confirmed = phone.submit("/account/app/confirmation", &[("code", &shown)]);
    assert_eq!(confirmed.header("location"), Some("/account?done=app"));
    site.node.set_clock(then + MINUTE);
    assert_eq!(phone.page("/account").status, 200);
}
