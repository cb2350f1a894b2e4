//! The review desk in a browser: a case is taken, read, asked about, approved and refused, with a second officer above a limit.

use softcap_identity::Role;

use crate::{
    people::browser::{Browser, Site},
    roles::somebody,
    test_node::{Answer, NAME},
    verification::{officer, submitted},
};

fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").unwrap().to_owned()
}

fn version(browser: &mut Browser<'_>, place: &str) -> String {
    let page = browser.page(place);
    let (_, rest) = page.text().split_once("name=\"version\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

fn taken(browser: &mut Browser<'_>, place: &str) -> String {
    let taken = browser.submit(&format!("{place}/review"), &[]);
    assert!(
        browser
            .page(&location(&taken))
            .text()
            .contains("It is yours now.")
    );
    version(browser, place)
}

#[test]
fn a_case_is_read_and_approved_with_a_limit_on_the_pages() {
    let site = Site::with_offering();
    let (mut anna, person) = submitted(&site, "anna@example.org");
    let mut rita = officer(&site, "rita@example.org");
    let list = rita.page("/office/verifications");
    let place = format!("/office/verifications/{person}");
    assert!(list.text().contains(&place), "{}", list.text());
    let case = rita.page(&place);
    assert!(
        !case.text().contains("Planted"),
        "not before it is asked for"
    );
    let values = rita.page(&format!("{place}/values"));
    assert!(values.text().contains("Anna Planted-Lindqvist"));
    assert_eq!(values.header("cache-control"), Some("no-store"));
    let read = taken(&mut rita, &place);
    let wrong = [
        ("version", read.as_str()),
        ("round-0", "on"),
        ("limit-0", "much"),
    ];
    let wrong = rita.submit(&format!("{place}/approval"), &wrong);
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("value=\"much\""));
    let old = rita.submit(&format!("{place}/approval"), &[("version", "1")]);
    assert_eq!(old.status, 409);
    let right = [
        ("version", read.as_str()),
        ("round-0", "on"),
        ("limit-0", "6,000"),
    ];
    let right = rita.submit(&format!("{place}/approval"), &right);
    assert!(
        rita.page(&location(&right))
            .text()
            .contains("The person is verified.")
    );
    let granted = anna.get("/v1/me/verification").json()["admissions"][0].clone();
    assert_eq!(granted["limit"]["units"], "600000", "{granted}");
    assert_eq!(granted["offering"], NAME);
    let approved = rita.page("/office/verifications?state=approved");
    assert!(approved.text().contains(&place));
}

#[test]
fn a_case_is_asked_about_or_refused_with_reasons_and_above_a_limit_by_two() {
    let site = Site::with_offering();
    let (_anna, person) = submitted(&site, "anna@example.org");
    let mut rita = officer(&site, "rita@example.org");
    let place = format!("/office/verifications/{person}");
    let read = taken(&mut rita, &place);
    let none = rita.submit(&format!("{place}/refusal"), &[("version", &read)]);
    assert_eq!(none.status, 422);
    assert!(none.text().contains("href=\"#reasons\""));
    let large = [
        ("version", read.as_str()),
        ("round-0", "on"),
        ("limit-0", "90,000,000"),
    ];
    let large = rita.submit(&format!("{place}/approval"), &large);
    let after = rita.page(&location(&large));
    assert!(
        after.text().contains("A second officer must approve it"),
        "{}",
        after.text()
    );
    let (_bert, other) = submitted(&site, "bert@example.org");
    let place = format!("/office/verifications/{other}");
    let read = taken(&mut rita, &place);
    let more = [("version", read.as_str()), ("reason-unreadable", "on")];
    let more = rita.submit(&format!("{place}/more"), &more);
    assert!(
        rita.page(&location(&more))
            .text()
            .contains("The person is asked by mail.")
    );
    let (_cleo, third) = submitted(&site, "cleo@example.org");
    let place = format!("/office/verifications/{third}");
    let read = taken(&mut rita, &place);
    let refused = [("version", read.as_str()), ("reason-sanctions", "on")];
    let refused = rita.submit(&format!("{place}/refusal"), &refused);
    assert!(
        rita.page(&location(&refused))
            .text()
            .contains("The person is refused")
    );
}

#[test]
fn an_auditor_sees_where_cases_stand_and_not_what_people_said() {
    let site = Site::with_offering();
    let (mut anna, person) = submitted(&site, "anna@example.org");
    let place = format!("/office/verifications/{person}");
    let mut auditor = somebody(&site, "otto@example.org", Some(Role::Auditor));
    let case = auditor.page(&place);
    assert_eq!(case.status, 200);
    assert!(!case.text().contains("/values"), "{}", case.text());
    assert_eq!(auditor.page(&format!("{place}/values")).status, 403);
    for end in ["review", "more", "refusal", "approval"] {
        let fields = [("version", "1"), ("reason-sanctions", "on")];
        let refused = auditor.submit(&format!("{place}/{end}"), &fields);
        assert_eq!(refused.status, 403, "{end}");
    }
    assert_eq!(anna.page("/office/verifications").status, 403);
}
