//! What a person does about themself by forms alone: is checked, sets a budget and another password, and is erased.

use serde_json::{Value, json};
use softcap_identity::Role;

use crate::{
    people::browser::{Browser, PASSWORD, Site},
    roles::{person_of, somebody},
    test_node::{Answer, NAME},
};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and the rest of a picture";

fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").unwrap().to_owned()
}

/// A form with a file, as browsers send it.
fn send_file(
    browser: &mut Browser<'_>,
    kind: &str,
    (name, media): (&str, &str),
    content: &[u8],
) -> Answer {
    let mut body = Vec::new();
    for (field, text) in [("next", "/offerings/harbour"), ("kind", kind)] {
        body.extend_from_slice(
            format!("--xYz\r\ncontent-disposition: form-data; name=\"{field}\"\r\n\r\n{text}\r\n")
                .as_bytes(),
        );
    }
    let head = format!(
        "--xYz\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: {media}\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--xYz--\r\n");
    let path = "/account/verification/uploads";
    browser.send_file(path, "multipart/form-data; boundary=xYz", &body)
}

#[test]
fn a_person_is_checked_by_forms_alone_and_goes_back_to_where_they_were() {
    let site = Site::with_offering();
    let mut anna = somebody(&site, "anna@example.org", None);
    let place = "/account/verification";
    let page = anna.page(&format!("{place}?next=%2Fofferings%2Fharbour"));
    assert!(
        page.text().contains("data-check=\"none\""),
        "{}",
        page.text()
    );
    assert!(page.text().contains("href=\"/offerings/harbour\""));
    let foreign = anna.page(&format!("{place}?next=https%3A%2F%2Fevil.example"));
    assert!(!foreign.text().contains("\"https://evil.example"));

    let wrong = anna.submit(&format!("{place}/begin"), &[("level", "email")]);
    assert_eq!(wrong.status, 422);
    let begun = anna.submit(&format!("{place}/begin"), &[("level", "document")]);
    assert!(location(&begun).starts_with(place));
    let again = anna.submit(&format!("{place}/begin"), &[("level", "document")]);
    assert_eq!(again.status, 303, "begun twice is begun");

    // What is wrong is marked, what was typed is kept, and nothing of it is saved.
    let typed = [
        ("full_name", "Anna Lindqvist"),
        ("birth_date", "31.12.1990"),
        ("country", "se"),
    ];
    let wrong = anna.submit(place, &typed);
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("<title>Error: "));
    assert!(wrong.text().contains("value=\"31.12.1990\""));
    assert!(wrong.text().contains("value=\"Anna Lindqvist\""));
    let early = anna.submit(&format!("{place}/submission"), &[]);
    assert_eq!(early.status, 422);
    assert!(
        early.text().contains("Missing: Full name."),
        "{}",
        early.text()
    );

    let typed = [
        ("full_name", "Anna Lindqvist"),
        ("birth_date", "1990-12-31"),
        ("address", "Kaj 4\r\n111 30 Stockholm"),
        ("country", "se"),
        ("wallet", ""),
        ("level", "document"),
        ("round", "harbour/early bird"),
        ("next", "/offerings/harbour"),
    ];
    let saved = anna.submit(place, &typed);
    assert_eq!(
        location(&saved),
        format!("{place}?done=saved&next=%2Fofferings%2Fharbour")
    );
    let said = anna.get("/v1/me/verification").json();
    assert_eq!(said["values"]["country"], "SE");
    assert_eq!(said["rounds"][0]["round"], "early bird");

    for (file, content, words) in [
        (("", "application/octet-stream"), &b""[..], "Choose a file."),
        (("id.png", "text/html"), PNG, "This is no PDF, JPEG or PNG."),
        (
            ("id.png", "image/png"),
            b"<svg/>",
            "This is no PDF, JPEG or PNG.",
        ),
    ] {
        let answer = send_file(&mut anna, "identity", file, content);
        assert_eq!(answer.status, 422, "{words}: {}", answer.text());
        assert!(answer.text().contains(words), "{words}: {}", answer.text());
    }
    for kind in ["identity", "proof_of_life"] {
        let kept = send_file(&mut anna, kind, ("id.png", "image/png"), PNG);
        assert!(location(&kept).contains("done=shown"));
    }
    let held = anna.get("/v1/me/verification").json();
    assert_eq!(held["uploads"].as_array().unwrap().len(), 2);
    assert_eq!(held["uploads"][0]["bytes"], PNG.len());
    assert_eq!(held["missing"], json!([]));
    // Both came at one moment, so that either may stand first.
    let mut shown = held["uploads"].as_array().unwrap().iter();
    let identity = shown.find(|shown| shown["kind"] == "identity").unwrap();
    let id = identity["id"].as_str().unwrap().to_owned();
    let path = format!("{place}/uploads/{id}/remove");
    for _ in 0..2 {
        assert!(location(&anna.submit(&path, &[])).contains("done=removed"));
    }
    send_file(&mut anna, "identity", ("id.png", "image/png"), PNG);

    let sent = anna.submit(&format!("{place}/submission"), &[]);
    assert!(location(&sent).contains("done=sent"));
    let again = anna.submit(&format!("{place}/submission"), &[]);
    assert!(location(&again).contains("done=sent"), "sent twice is sent");
    let page = anna.page(place).text().to_owned();
    assert!(page.contains("data-check=\"submitted\""), "{page}");

    // An officer asks for more, and then refuses: the person reads why, in their language.
    let person = person_of(&mut anna);
    let mut rita = somebody(&site, "rita@example.org", Some(Role::ComplianceOfficer));
    let path = format!("/v1/verifications/{person}");
    rita.post(&format!("{path}/review"), &Value::Null);
    let version = rita.get(&path).json()["case"]["version"].clone();
    let more = json!({ "version": version, "reasons": ["unreadable"] });
    let asked = rita.post(&format!("{path}/more"), &more);
    assert!(asked.status < 300, "{}", asked.text());
    let page = anna.page(&format!("{place}?lang=de")).text().to_owned();
    assert!(page.contains("data-check=\"needs_more\""), "{page}");
    assert!(page.contains("Ein Dokument ist nicht zu lesen"), "{page}");
}

#[test]
fn a_password_is_changed_and_a_person_erased_only_by_who_shows_that_it_is_them() {
    let site = Site::start();
    let mut anna = somebody(&site, "anna@example.org", None);
    let page = anna.page("/account/password");
    assert_eq!(page.status, 200, "{}", page.text());
    let new = "nine quiet lighthouses hum";
    for (current, password, field) in [
        ("not this one at all", new, "current"),
        (PASSWORD, "short", "password"),
        (PASSWORD, "anna@example.org anna", "password"),
    ] {
        let fields = [("current", current), ("password", password)];
        let wrong = anna.submit("/account/password", &fields);
        assert_eq!(wrong.status, 422, "{field}");
        assert!(wrong.text().contains(&format!("id=\"{field}-error\"")));
    }
    let fields = [("current", PASSWORD), ("password", new)];
    let changed = anna.submit("/account/password", &fields);
    assert_eq!(location(&changed), "/account?done=password");

    site.node.execute("UPDATE session SET fresh_at = 0");
    assert_eq!(
        location(&anna.page("/account/password")),
        "/account/fresh?next=%2Faccount%2Fpassword"
    );
    assert_eq!(anna.submit("/account/password", &fields).status, 403);
    let stale = anna.page("/account/privacy");
    assert!(!stale.text().contains("/account/privacy/erasure"));
    assert_eq!(
        location(&anna.submit("/account/privacy/export", &[])),
        "/account/fresh?next=%2Faccount%2Fprivacy"
    );
    let mail = [("email", "anna@example.org")];
    assert_eq!(anna.submit("/account/privacy/erasure", &mail).status, 403);

    site.node.execute("UPDATE session SET fresh_at = made_at");
    let export = anna.submit("/account/privacy/export", &[]);
    assert_eq!(export.json()["account"]["email"], "anna@example.org");
    assert_eq!(export.json()["wallet_acts"], json!([]));
    let wrong = anna.submit("/account/privacy/erasure", &[("email", "anna")]);
    assert_eq!(wrong.status, 422);
    let erased = anna.submit("/account/privacy/erasure", &mail);
    assert_eq!(erased.status, 200, "{}", erased.text());
    assert!(erased.text().contains("You are erased"));
    assert!(anna.secret().is_none(), "the cookie is taken away");
    assert_eq!(anna.log_in("anna@example.org", new).status, 401);
}

#[test]
fn a_budget_brakes_at_once_and_lets_go_after_a_day() {
    let site = Site::with_offering();
    let mut anna = super::investor::with_money(&site, "anna@example.org");
    let set = |browser: &mut Browser<'_>, year: &str, offering: &str| {
        let fields = [
            ("currency", "EUR/2"),
            ("year", year),
            ("offering", offering),
        ];
        browser.submit("/account/budget", &fields)
    };
    let wrong = set(&mut anna, "much", "");
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("id=\"year-error\""));
    assert_eq!(
        location(&set(&mut anna, "300", "200")),
        "/account/budget?done=set"
    );

    let check = format!("/offerings/{NAME}/contribute/check?currency=EUR&amount=");
    let over = anna.page(&format!("{check}201"));
    assert_eq!(over.status, 422, "{}", over.text());
    assert!(
        over.text().contains("Your budget leaves 200.00\u{a0}EUR"),
        "{}",
        over.text()
    );
    let fields = super::investor::check(&mut anna, "150");
    location(&super::investor::confirm(&mut anna, &fields));

    // A form that was made before the budget is stopped where money would move.
    let fields = super::investor::check(&mut anna, "50");
    location(&set(&mut anna, "160", "200"));
    let stopped = super::investor::confirm(&mut anna, &fields);
    assert_eq!(stopped.status, 409, "{}", stopped.text());
    assert!(stopped.text().contains("W101"), "{}", stopped.text());

    // More counts after a day, less at once.
    location(&set(&mut anna, "400", "400"));
    let page = anna.page("/account/budget").text().to_owned();
    assert!(page.contains("400.00\u{a0}EUR in the year"), "{page}");
    assert_eq!(anna.page(&format!("{check}50")).status, 422);
}
