//! Announcing, and the desk during the sale.

use softcap_identity::Role;

use super::{
    super::{hidden, location},
    FORM, manager,
    rehearsal::rehearse,
    with,
};
use crate::{
    people::browser::{Browser, Site},
    roles::somebody,
    test_node::{Answer, NAME},
};

const DESK: &str = "/issuer/offerings/harbour";

/// A deed of the desk, with the value that makes it count once.
fn deed(browser: &mut Browser<'_>, fields: &[(&str, &str)]) -> Answer {
    let once = hidden(&browser.page(DESK), "once");
    let mut all = vec![("once", once.as_str())];
    all.extend(fields);
    browser.submit(&format!("{DESK}/operations"), &all)
}

fn phase(site: &Site) -> String {
    let offering = site.node.get(&format!("/v1/offerings/{NAME}")).json();
    offering["phase"].as_str().unwrap().to_owned()
}

#[test]
fn a_draft_is_announced_by_its_name_once_and_as_it_was_read() {
    let site = Site::start();
    let mut mia = manager(&site, "mia@example.org");
    // Without a deadline investors have no day on which they surely have their money back: a red warning.
    mia.submit("/issuer/new", &with(&[("refund-deadline", "")]));
    let path = "/issuer/drafts/pier/announcement";
    let page = mia.page(path);
    let text = page.text().to_owned();
    for words in [
        "What freezes",
        "sale.example/pier",
        "Above 25,000.00\u{a0}EUR nothing more is accepted.",
        "0.05\u{a0}EUR",
        "nothing for 365 days",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let reds = text.matches("id=\"red-").count();
    let (version, hash) = (hidden(&page, "version"), hidden(&page, "terms-hash"));
    let mut fields = vec![
        ("version", version.as_str()),
        ("terms-hash", hash.as_str()),
        ("confirm", "Pier"),
    ];
    let unsure = mia.submit(path, &fields);
    assert_eq!(unsure.status, 422);
    let said = unsure.text();
    assert!(said.contains("Type the name exactly: pier"), "{said}");
    assert!(said.contains("value=\"Pier\""), "kept: {said}");
    assert_eq!(
        said.matches("Confirm that this is meant so").count(),
        2 * reds
    );
    assert!(said.contains("These terms were not rehearsed."), "{said}");
    let names: Vec<String> = (0..reds).map(|place| format!("red-{place}")).collect();
    fields.extend(names.iter().map(|name| (name.as_str(), "yes")));
    fields[2].1 = "pier";

    // Somebody changes a date before the second look: nothing is announced.
    let edit = "/issuer/drafts/pier/text";
    let draft = mia.get("/v1/drafts/pier").json();
    let other = draft["terms"]
        .as_str()
        .unwrap()
        .replace("2027-03-01", "2027-03-02");
    mia.submit(edit, &[("version", &version), ("terms", &other)]);
    let late = mia.submit(path, &fields);
    assert_eq!(late.status, 409, "{}", late.text());
    assert!(late.text().contains("Nothing was announced."));
    assert_eq!(site.node.get("/v1/offerings/pier").status, 404);
    let (version, hash) = (hidden(&late, "version"), hidden(&late, "terms-hash"));
    rehearse(&site, &mut mia, "/issuer/drafts/pier/rehearsal");
    (fields[0].1, fields[1].1) = (&version, &hash);
    let done = "/issuer/offerings/pier?done=announced";
    assert_eq!(location(&mia.submit(path, &fields)), done);
    assert_eq!(location(&mia.submit(path, &fields)), done, "sent twice");
    let offering = site.node.get("/v1/offerings/pier").json();
    assert_eq!(offering["terms_hash"], hash.as_str());
    assert_eq!(mia.get("/v1/drafts/pier").status, 404);
    assert!(mia.page(done).text().contains("It is announced."));
    assert_eq!(
        mia.submit("/issuer/new", &FORM).status,
        422,
        "the name is taken"
    );
}

#[test]
fn the_desk_counts_what_comes_and_what_is_refused() {
    let site = Site::with_offering();
    let mut mia = manager(&site, "mia@example.org");
    let empty = mia.page(DESK).text().to_owned();
    assert!(
        empty.contains("No rule refused anything in the last ten minutes."),
        "{empty}"
    );
    site.node.fund("10001", 1, 700_000);
    site.node.contribute("10001", "a", 500);
    site.node.contribute("10001", "b", 650_000);
    let page = mia.page(DESK).text().to_owned();
    for words in ["6,000.00\u{a0}EUR", "201", "Refused", "Taken in part"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(page.contains("data-live=\"/issuer/offerings/harbour/live\""));
}

#[test]
fn a_pause_has_a_reason_counts_once_and_keeps_its_bounds() {
    let site = Site::with_offering();
    let mut mia = manager(&site, "mia@example.org");
    let page = mia.page(DESK).text().to_owned();
    assert!(
        page.contains("one pause of at most 1 day; 0 used"),
        "{page}"
    );
    let silent = deed(&mut mia, &[("act", "pause"), ("reason", "")]);
    assert_eq!(silent.status, 422);
    assert!(silent.text().contains("Choose a reason."));
    assert_eq!(phase(&site), "open");

    let once = hidden(&mia.page(DESK), "once");
    let pause = [
        ("once", once.as_str()),
        ("act", "pause"),
        ("reason", "technical"),
    ];
    for _ in 0..2 {
        let paused = mia.submit(&format!("{DESK}/operations"), &pause);
        assert_eq!(location(&paused), format!("{DESK}?done=pause"));
    }
    assert_eq!(phase(&site), "paused");
    let resumed = deed(&mut mia, &[("act", "resume"), ("reason", "technical")]);
    assert_eq!(location(&resumed), format!("{DESK}?done=resume"));
    assert_eq!(phase(&site), "open");
    let again = deed(&mut mia, &[("act", "pause"), ("reason", "attack")]);
    assert_eq!(location(&again), format!("{DESK}?refused=702"));
    let said = mia.page(&format!("{DESK}?refused=702")).text().to_owned();
    assert!(said.contains("used up"), "{said}");
    let mut anna = somebody(&site, "anna@example.org", Some(Role::Owner));
    let rows = anna.get("/v1/audit").text().to_owned();
    assert!(rows.contains("pause because technical"), "{rows}");
}

#[test]
fn documents_and_the_end_are_confirmed_and_kept_when_wrong() {
    let site = Site::with_offering();
    let mut mia = manager(&site, "mia@example.org");
    let wrong = deed(&mut mia, &[("act", "document"), ("hash", "abc")]);
    assert_eq!(wrong.status, 422, "{}", wrong.text());
    assert!(wrong.text().contains("value=\"abc\""), "kept");
    let hash = "AB".repeat(32);
    let until = deed(
        &mut mia,
        &[("act", "document"), ("hash", &hash), ("until", "soon")],
    );
    assert_eq!(until.status, 422);
    let published = deed(
        &mut mia,
        &[("act", "document"), ("hash", &hash), ("until", "")],
    );
    assert_eq!(location(&published), format!("{DESK}?done=document"));
    let documents = site.node.get(&format!("/v1/offerings/{NAME}/documents"));
    assert!(documents.text().contains(&"ab".repeat(32)));

    let unsure = [
        ("act", "cancel"),
        ("reason", "other"),
        ("confirm", "Harbor"),
    ];
    let unsure = deed(&mut mia, &unsure);
    assert_eq!(unsure.status, 422);
    assert!(unsure.text().contains("value=\"Harbor\""));
    assert_eq!(phase(&site), "open");
    let sure = [("act", "cancel"), ("reason", "other"), ("confirm", NAME)];
    assert_eq!(
        location(&deed(&mut mia, &sure)),
        format!("{DESK}?done=cancel")
    );
    assert_eq!(phase(&site), "cancelled");
}

#[test]
fn who_may_only_look_is_offered_nothing_and_a_stale_session_is_asked_again() {
    let site = Site::with_offering();
    let mut sam = somebody(&site, "sam@example.org", Some(Role::Support));
    let page = sam.page(DESK);
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Your role may look here"));
    let deed = [("once", "1"), ("act", "pause"), ("reason", "other")];
    assert_eq!(sam.submit(&format!("{DESK}/operations"), &deed).status, 403);
    let mut mia = manager(&site, "mia@example.org");
    site.node
        .execute("UPDATE session SET level = 'two', fresh_at = fresh_at - 600000");
    let page = mia.page(DESK).text().to_owned();
    assert!(
        page.contains("/account/fresh?next=%2Fissuer%2Fofferings%2Fharbour"),
        "{page}"
    );
    let stale = mia.submit(&format!("{DESK}/operations"), &deed);
    assert_eq!(stale.status, 403);
    assert!(stale.text().contains("A409"), "{}", stale.text());
    assert_eq!(phase(&site), "open");
}
