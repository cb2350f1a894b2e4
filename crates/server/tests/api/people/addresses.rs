//! Another address of mail, over the wire and on pages.

use serde_json::{Value, json};

use super::{
    HOUR, MINUTE,
    browser::{PASSWORD, Site, code_in},
};
use crate::test_node::IN_PUBLIC_ROUND;

const CHANGE: &str = "/v1/me/address-change";
const OLD: &str = "anna@example.org";
const NEW: &str = "anna.berg@example.org";
const DAY: u64 = 24 * HOUR;

/// The newest mail of this subject to an address.
fn mail_to(site: &Site, address: &str, subject: &str) -> String {
    let recipient = format!("To: {address}\r\n");
    site.mail_that(subject, |mail| mail.contains(&recipient))
}

#[test]
fn an_address_is_changed_after_its_code_and_its_days_and_both_are_told() {
    let site = Site::start_with(|config| config.accounts.address_change_days = 2);
    let mut anna = site.signed_up(OLD);
    let mut nobody = site.browser("192.0.2.50");
    for (method, path) in [
        ("GET", CHANGE),
        ("POST", CHANGE),
        ("DELETE", CHANGE),
        ("POST", "/v1/me/address-change/confirmation"),
    ] {
        let refused = nobody.send(method, path, &json!({ "email": NEW }));
        assert_eq!(refused.refusal(), (401, "A408".to_owned()), "{method}");
    }
    assert_eq!(anna.get(CHANGE).refusal(), (404, "A416".to_owned()));
    assert_eq!(anna.delete(CHANGE).refusal(), (404, "A416".to_owned()));
    for (body, refusal) in [
        (json!({ "email": "anna" }), (422, "A402".to_owned())),
        (
            json!({ "email": "Anna@Example.org" }),
            (422, "A415".to_owned()),
        ),
    ] {
        assert_eq!(anna.post(CHANGE, &body).refusal(), refusal);
    }
    let asked = anna.post(CHANGE, &json!({ "email": NEW }));
    assert_eq!((asked.status, asked.text()), (202, ""));
    let code = code_in(&mail_to(&site, NEW, "confirm your new address"));
    let seen = anna.get(CHANGE).json();
    assert_eq!(
        (&seen["email"], &seen["state"]),
        (&json!(NEW), &json!("code"))
    );
    assert_eq!(seen["code_until"], "2027-01-15T10:01:00Z");
    let confirmation = format!("{CHANGE}/confirmation");
    let wrong = anna.post(&confirmation, &json!({ "code": "A".repeat(43) }));
    assert_eq!(wrong.refusal(), (422, "A406".to_owned()));
    let begun = anna.post(&confirmation, &json!({ "code": code }));
    assert_eq!(begun.status, 202, "{}", begun.text());
    assert_eq!(begun.json(), json!({ "due_at": "2027-01-17T09:01:00Z" }));
    for address in [OLD, NEW] {
        let told = mail_to(&site, address, "your address of mail will change");
        // Wherever the line is broken.
        let words: Vec<_> = told.split_whitespace().collect();
        assert!(words.join(" ").contains("In 2 days"), "{told}");
    }
    let seen = anna.get(CHANGE).json();
    assert_eq!(
        (&seen["state"], &seen["code_until"]),
        (&json!("time"), &Value::Null)
    );
    let again = anna.post(CHANGE, &json!({ "email": "anna.third@example.org" }));
    assert_eq!(again.refusal(), (409, "A417".to_owned()));
    let held = anna.get("/v1/me/export").json();
    assert_eq!(held["account"]["coming_email"], NEW);

    site.node.set_clock(IN_PUBLIC_ROUND + 2 * DAY);
    site.node.settle_addresses();
    for address in [OLD, NEW] {
        mail_to(&site, address, "your address of mail was changed");
    }
    let mut later = site.browser("192.0.2.10");
    let old = later.log_in(OLD, PASSWORD);
    assert_eq!(old.refusal(), (401, "A407".to_owned()));
    assert_eq!(later.log_in(NEW, PASSWORD).status, 201);
    assert_eq!(later.get("/v1/me").json()["email"], NEW);
}

#[test]
fn the_code_of_the_warning_stops_a_change_that_is_not_its_owners() {
    let site = Site::start();
    let mut thief = site.signed_up(OLD);
    thief.post(CHANGE, &json!({ "email": "eve@example.org" }));
    let mail = mail_to(&site, "eve@example.org", "confirm your new address");
    let body = json!({ "code": code_in(&mail) });
    let begun = thief.post("/v1/me/address-change/confirmation", &body);
    assert_eq!(begun.status, 202, "{}", begun.text());
    let warning = mail_to(&site, OLD, "your address of mail will change");
    let mut owner = site.browser("192.0.2.90");
    let frozen = owner.post("/v1/freeze", &json!({ "code": code_in(&warning) }));
    assert_eq!(frozen.status, 200, "{}", frozen.text());
    assert_eq!(thief.get(CHANGE).refusal(), (401, "A408".to_owned()));
    site.node.set_clock(IN_PUBLIC_ROUND + 4 * DAY);
    site.node.settle_addresses();
    let asked = owner.post("/v1/recovery", &json!({ "email": OLD }));
    assert_eq!(asked.status, 202);
    mail_to(&site, OLD, "set a new password");
}

#[test]
fn an_address_is_changed_on_pages_in_both_languages() {
    let site = Site::start();
    let mut anna = site.signed_up(OLD);
    let place = "/account/address";
    let page = anna.page(place);
    assert_eq!(page.status, 200);
    assert!(page.text().contains("3 days"), "{}", page.text());
    let german = anna.page(&format!("{place}?lang=de"));
    assert!(german.text().contains("3 Tage"), "{}", german.text());
    let wrong = anna.submit(place, &[("email", "anna at example")]);
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("value=\"anna at example\""));
    let same = anna.submit(place, &[("email", OLD)]);
    assert!(same.text().contains("This is your address already."));

    let asked = anna.submit(place, &[("email", NEW)]);
    assert_eq!(
        asked.header("location"),
        Some("/account/address?done=asked")
    );
    let code = code_in(&mail_to(&site, NEW, "confirm your new address"));
    let page = anna.page(place);
    assert!(page.text().contains(NEW) && page.text().contains("name=\"code\""));
    let wrong = anna.submit(&format!("{place}/code"), &[("code", "nonsense")]);
    assert_eq!(wrong.status, 422);
    let begun = anna.submit(&format!("{place}/code"), &[("code", &code)]);
    assert_eq!(
        begun.header("location"),
        Some("/account/address?done=begun")
    );
    for path in [place, "/account"] {
        let page = anna.page(path);
        assert!(page.text().contains("Keep the address in force"), "{path}");
        assert!(page.text().contains(NEW), "{path}");
    }
    // It is seen and ended without showing a factor again; asking for one is not.
    site.node.set_clock(IN_PUBLIC_ROUND + 11 * MINUTE);
    assert_eq!(anna.page(place).status, 200);
    for _ in 0..2 {
        let ended = anna.submit(&format!("{place}/end"), &[]);
        assert_eq!(ended.header("location"), Some("/account?done=address-kept"));
    }
    let stale = anna.page(place);
    let fresh = "/account/fresh?next=%2Faccount%2Faddress";
    assert_eq!(stale.header("location"), Some(fresh));
    let stale = anna.submit(place, &[("email", NEW)]);
    assert_eq!(stale.header("location"), Some(fresh));
}
