//! What operators and auditors do in a browser: the audit, alerts and incidents, and how the installation is.

use serde_json::json;
use softcap_identity::Role;
use softcap_server::{BackupKind, MadeBackup, note_backup};

use super::page;
use crate::{
    people::browser::{Browser, PASSWORD, Site, code_in},
    roles::{person_of, somebody},
    test_node::{Call, NAME},
};

const PAGES: [&str; 4] = [
    "/office",
    "/office/audit",
    "/office/alerts",
    "/office/health",
];

#[test]
fn an_auditor_sees_everything_changes_nothing_and_others_see_nothing() {
    let site = Site::with_offering();
    for path in PAGES {
        let nobody = page(&site.node, path);
        assert_eq!(nobody.status, 303, "{path}");
    }
    for (role, may) in [
        (Role::Owner, true),
        (Role::Auditor, true),
        (Role::Developer, false),
        (Role::Support, false),
    ] {
        let mut browser = somebody(&site, &format!("{role}@example.org"), Some(role));
        for path in PAGES {
            let expected = if may { 200 } else { 403 };
            let answer = browser.page(path);
            assert_eq!(answer.status, expected, "{role} {path}");
            assert!(answer.text().len() < 100_000, "{path}");
        }
    }
    // Every file that the overview names is there for who sees it.
    let mut auditor = somebody(&site, "anna@example.org", Some(Role::Auditor));
    let overview = auditor.page("/office").text().to_owned();
    let files = overview.split("href=\"/v1/").skip(1);
    let files: Vec<_> = files.map(|part| part.split('"').next().unwrap()).collect();
    assert!(files.len() >= 12, "{files:?}");
    for file in files {
        let answer = auditor.get(&format!("/v1/{}", file.replace("&#38;", "&")));
        assert_eq!(answer.status, 200, "{file}: {}", answer.text());
    }
}

#[test]
fn the_audit_is_searched_paged_taken_along_and_proved() {
    let site = Site::with_offering();
    let mut auditor = somebody(&site, "anna@example.org", Some(Role::Auditor));
    let person = person_of(&mut auditor);
    for _ in 0..60 {
        let wrong = auditor.page("/developer/keys/new");
        assert_eq!(wrong.status, 403);
    }
    for place in 0..60 {
        let body = json!({ "label": format!("key {place}"), "scopes": ["keys:read:*"] });
        let call = Call::new("POST", "/v1/keys")
            .key(&site.node.key)
            .body(&body);
        assert_eq!(site.node.call(&call).status, 201);
    }
    let first = auditor.page("/office/audit?act=create").text().to_owned();
    assert_eq!(first.matches("<tr><th scope=\"row\"").count(), 50);
    let (_, rest) = first.split_once("href=\"/office/audit?before=").unwrap();
    let next = rest.split('"').next().unwrap().replace("&#38;", "&");
    let second = auditor.page(&format!("/office/audit?before={next}"));
    let second = second.text().matches("<tr><th scope=\"row\"").count();
    assert!((10..50).contains(&second), "{second}");
    let own = auditor.page(&format!("/office/audit?actor=person:{person}&act=log_in"));
    assert_eq!(own.text().matches("<code>log_in</code>").count(), 1);
    let none = auditor.page("/office/audit?subject=offering:nobody");
    assert!(none.text().contains("Nothing of this kind."));
    let later = auditor.page("/office/audit?from=2999-01-01");
    assert!(later.text().contains("Nothing of this kind."));
    let wrong = auditor.page("/office/audit?from=yesterday&actor=key:a");
    assert_eq!(wrong.status, 422);
    for words in ["href=\"#from\"", "value=\"yesterday\"", "value=\"key:a\""] {
        assert!(wrong.text().contains(words), "{words}: {}", wrong.text());
    }
    let entry = auditor.page("/office/audit/entries/0");
    let (size, hash) = {
        let checkpoint = auditor.get("/v1/audit/checkpoint").text().to_owned();
        let leaf = auditor.get("/v1/audit/entries/0").json();
        let size = checkpoint.lines().nth(1).unwrap().to_owned();
        (size, leaf["leaf_hash"].as_str().unwrap().to_owned())
    };
    assert!(entry.text().contains(&hash), "{}", entry.text());
    let shown: u64 = size.parse().unwrap();
    assert!(shown > 0);
    assert_eq!(auditor.page("/office/audit/entries/999999").status, 404);
}

/// An owner, and a thief who used a canary key.
fn with_alert(site: &Site) -> (Browser<'_>, String) {
    let browser = somebody(site, "olga@example.org", Some(Role::Owner));
    let body = json!({ "label": "bait", "scopes": ["keys:read:*"], "canary": true });
    let call = Call::new("POST", "/v1/keys")
        .key(&site.node.key)
        .body(&body);
    let made = site.node.call(&call).json();
    let secret = made["secret"].as_str().unwrap();
    let used = site.node.call(&Call::new("GET", "/v1/keys").key(secret));
    assert_eq!(used.status, 401);
    site.mail_of(site, "alert: a canary key was used");
    (browser, made["key"]["id"].as_str().unwrap().to_owned())
}

fn alert_place(browser: &mut Browser<'_>, title: &str) -> String {
    let list = browser.page("/office/alerts").text().to_owned();
    let (before, _) = list
        .split_once(&format!("\">{title}</a>"))
        .unwrap_or_else(|| panic!("{list}"));
    before.rsplit("href=\"").next().unwrap().to_owned()
}

#[test]
fn an_owner_does_what_an_incident_asks_for() {
    let site = Site::with_offering();
    let (mut owner, key) = with_alert(&site);
    let place = alert_place(&mut owner, "A canary key was used");
    let shown = owner.page(&place);
    for words in [
        key.as_str(),
        "Revoke this key",
        "Close the alert",
        "Done to the subject",
    ] {
        assert!(shown.text().contains(words), "{words}: {}", shown.text());
    }
    let frozen = owner.submit(&format!("{place}/freeze"), &[]);
    assert_eq!(frozen.status, 409, "it is about no person");
    let revoked = owner.submit(&format!("{place}/revoke"), &[]);
    let after = revoked.header("location").unwrap().to_owned();
    assert!(owner.page(&after).text().contains("Keys revoked: 1."));
    let wrong = owner.submit(&format!("{place}/close"), &[("note", "whatever")]);
    assert_eq!(wrong.status, 422);
    let closed = owner.submit(&format!("{place}/close"), &[("note", "handled")]);
    let after = closed.header("location").unwrap().to_owned();
    let after = owner.page(&after);
    assert!(after.text().contains("It is closed."));
    assert!(after.text().contains("It was handled"));
    let again = owner.submit(&format!("{place}/close"), &[("note", "handled")]);
    assert_eq!(again.status, 409);
    let all = owner.page("/office/alerts?show=all");
    assert!(all.text().contains("A canary key was used"));
    assert!(
        !owner
            .page("/office/alerts")
            .text()
            .contains("A canary key was used")
    );
}

#[test]
fn an_owner_freezes_a_person_and_an_auditor_only_reads_of_it() {
    let site = Site::with_offering();
    let mut auditor = somebody(&site, "anna@example.org", Some(Role::Auditor));
    let mut owner = somebody(&site, "olga@example.org", Some(Role::Owner));
    let mut thief = somebody(&site, "theo@example.org", Some(Role::Developer));
    let person = person_of(&mut thief).to_string();
    site.node
        .execute("DELETE FROM alert WHERE kind = 'owners_changed'");
    let list = owner.get("/v1/alerts").json();
    let alert = list["alerts"].as_array().unwrap().iter();
    let alert = alert
        .filter(|alert| alert["kind"] == "rights_widened")
        .find(|alert| alert["subject"] == person.as_str());
    let place = format!("/office/alerts/{}", alert.unwrap()["id"].as_str().unwrap());
    let read = auditor.page(&place);
    assert!(read.text().contains("A person got a role"));
    assert!(
        !read.text().contains("Freeze this person"),
        "buttons of others"
    );
    for end in ["freeze", "revoke", "close"] {
        let fields = [("note", "handled")];
        let refused = auditor.submit(&format!("{place}/{end}"), &fields);
        assert_eq!(refused.status, 403, "{end}");
    }
    let frozen = owner.submit(&format!("{place}/freeze"), &[]);
    let after = frozen.header("location").unwrap().to_owned();
    assert!(
        owner
            .page(&after)
            .text()
            .contains("Frozen. Sessions ended: 1")
    );
    assert_eq!(
        thief.page("/developer/keys").status,
        303,
        "the session is over"
    );
    assert_eq!(thief.log_in("theo@example.org", PASSWORD).status, 403);
}

#[test]
fn health_says_what_stands_still_and_when_data_were_backed_up() {
    let site = Site::with_offering();
    let mut auditor = somebody(&site, "anna@example.org", Some(Role::Auditor));
    let good = auditor.page("/office/health");
    for words in [
        "Everything goes on.",
        NAME,
        "No chain is followed.",
        "No backup is known.",
    ] {
        assert!(good.text().contains(words), "{words}: {}", good.text());
    }
    let made = MadeBackup {
        at: 1_800_000_000_000,
        files: 9,
    };
    note_backup(&site.node.folder().join("data"), BackupKind::Data, made).unwrap();
    let known = auditor.page("/office/health");
    assert!(known.text().contains("15 Jan 2027"), "{}", known.text());
    assert!(!known.text().contains("No backup is known."));
}

#[test]
fn somebody_says_with_the_code_of_a_mail_that_it_was_not_them() {
    const EMAIL: &str = "olga@example.org";
    let site = Site::start();
    let mut olga = site.signed_up(EMAIL);
    let mut thief = site.browser("203.0.113.9");
    assert_eq!(thief.log_in(EMAIL, PASSWORD).status, 201);
    let mail = site.mail_of(&site, "a login from a new place");
    assert!(mail.contains("https://sale.example/not-me"), "{mail}");
    let mut anybody = site.browser("192.0.2.77");
    assert!(anybody.page("/not-me").text().contains("This was not me"));
    let wrong = anybody.submit("/not-me", &[("code", "guessed")]);
    assert_eq!(wrong.status, 422);
    assert_eq!(thief.get("/v1/me").status, 200);
    let code = code_in(&mail);
    let stopped = anybody.submit("/not-me", &[("code", &code)]);
    let words = "Sessions ended: 2, keys revoked: 0.";
    assert!(stopped.text().contains(words), "{}", stopped.text());
    for browser in [&mut thief, &mut olga] {
        assert_eq!(browser.get("/v1/me").status, 401);
    }
    let again = anybody.submit("/not-me", &[("code", &code)]);
    assert_eq!(again.status, 422);
}
