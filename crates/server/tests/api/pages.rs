//! Pages over a socket: what surrounds them, and what they say of an empty and of a running platform.

mod bids;
mod desk;
mod developer;
pub(crate) mod investor;
mod issuer;
mod notices;
mod office;
mod own_pages;
mod raise_chart;
mod tax;

use std::collections::BTreeSet;

use crate::test_node::{Answer, Call, NAME, TestNode};

/// A page as a browser asks for it.
pub(crate) fn page(node: &TestNode, path: &str) -> Answer {
    node.call(&Call::new("GET", path).header("accept", "text/html"))
}

/// Its text.
pub(crate) fn text(node: &TestNode, path: &str) -> String {
    page(node, path).text().to_owned()
}

/// Where a form led to.
pub(crate) fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").unwrap().to_owned()
}

/// The value of a hidden field.
pub(crate) fn hidden(answer: &Answer, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let (_, rest) = answer
        .text()
        .split_once(&mark)
        .unwrap_or_else(|| panic!("{}", answer.text()));
    rest.split('"').next().unwrap().to_owned()
}

#[test]
fn every_page_loads_only_what_is_the_sites_own_and_allows_nothing_else() {
    let node = TestNode::empty();
    for path in ["/", "/design", "/nothing-here", "/offerings/nobody"] {
        let answer = page(&node, path);
        let policy = answer.header("content-security-policy").unwrap_or_default();
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert_eq!(
            answer.header("referrer-policy"),
            Some("same-origin"),
            "{path}"
        );
        let text = answer.text();
        assert!(text.len() < 100_000, "{path}");
        for wrong in ["style=", "<script>", "onclick", "http://", "https://"] {
            assert!(!text.contains(wrong), "{path}: {wrong}");
        }
    }
}

#[test]
fn assets_may_be_kept_for_ever_and_are_gone_under_another_name() {
    let node = TestNode::empty();
    let home = text(&node, "/");
    let mut found = BTreeSet::new();
    for part in home.split("\"/assets/").skip(1) {
        found.insert(format!("/assets/{}", part.split('"').next().unwrap()));
    }
    assert_eq!(found.len(), 3, "{found:?}");
    for path in &found {
        let answer = node.call(&Call::new("GET", path));
        assert_eq!(answer.status, 200, "{path}");
        let kept = answer.header("cache-control");
        assert_eq!(kept, Some("public, max-age=31536000, immutable"));
        let other = path.replace('.', ".0");
        assert_eq!(node.call(&Call::new("GET", &other)).status, 404);
    }
}

#[test]
fn what_is_not_there_is_a_page_for_people_and_a_problem_for_programs() {
    let node = TestNode::empty();
    let answer = page(&node, "/nothing-here");
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("Page not found"));
    let german = Call::new("GET", "/nothing-here").header("accept", "text/html");
    let german = node.call(&german.header("accept-language", "de"));
    assert!(german.text().contains("Seite nicht gefunden"));
    assert_eq!(german.header("content-language"), Some("de"));
    let program = node.call(&Call::new("GET", "/nothing-here"));
    assert_eq!(program.json()["code"], "H404");
    let interface = page(&node, "/v1/offerings/nobody");
    assert_eq!(interface.json()["code"], "H404");
}

#[test]
fn a_choice_of_language_is_remembered() {
    let node = TestNode::empty();
    let answer = page(&node, "/?lang=de");
    assert!(answer.text().contains("<html lang=\"de\">"));
    let cookie = answer.header("set-cookie").unwrap_or_default().to_owned();
    assert!(cookie.starts_with("softcap-language=de;"), "{cookie}");
    let again = Call::new("GET", "/").header("accept", "text/html");
    let again = node.call(&again.header("cookie", "softcap-language=de"));
    assert!(again.text().contains("Angebote"));
}

#[test]
fn the_list_is_true_for_an_empty_platform_and_for_one_that_sells() {
    let node = TestNode::empty();
    assert!(text(&node, "/").contains("Nothing is offered yet"));
    let calendar = page(&node, "/offerings.ics");
    assert!(calendar.text().starts_with("BEGIN:VCALENDAR\r\n"));
    assert!(!calendar.text().contains("VEVENT"));
    node.announce();
    let home = text(&node, "/");
    assert!(home.contains(&format!("/offerings/{NAME}")), "{home}");
    assert!(home.contains("Open (1)"), "{home}");
    let none = text(&node, "/?show=ended");
    assert!(none.contains("No offering is in this part of its life now."));
    let calendar = text(&node, "/offerings.ics");
    assert_eq!(calendar.matches("BEGIN:VEVENT").count(), 2, "{calendar}");
    assert!(calendar.contains("DTSTART:20270115T090000Z"), "{calendar}");
    let feed = text(&node, "/offerings.atom");
    assert!(feed.contains("early bird - ended"), "{feed}");
    assert!(feed.contains("public - opened"), "{feed}");
    assert!(!feed.contains("public - ended"), "{feed}");
}

#[test]
fn the_pages_of_an_offering_say_what_its_terms_say() {
    let node = TestNode::with_offering();
    node.fund("10001", 1, 150_000);
    node.contribute("10001", "one", 150_000);
    let offering = text(&node, &format!("/offerings/{NAME}"));
    for words in [
        "1,500.00\u{a0}EUR",
        "8,500.00\u{a0}EUR are missing to the soft cap",
        "0.10\u{a0}EUR",
        "Everybody may take a contribution back within 14 days.",
        "nothing for 365 days, then evenly; all after 1461 days",
        "Who was admitted by the issuer.",
        "has published none in the log",
    ] {
        assert!(offering.contains(words), "{words}: {offering}");
    }
    let german = page(&node, &format!("/offerings/{NAME}?lang=de"));
    assert!(german.text().contains("1.500,00\u{a0}EUR"));
    let calculator = format!("/offerings/{NAME}/calculator?currency=EUR&amount=100");
    let calculator = text(&node, &calculator);
    assert!(calculator.contains("1,000\u{a0}HBR"), "{calculator}");
    assert!(
        calculator.contains("fails: everything comes back"),
        "{calculator}"
    );
    let nonsense = page(
        &node,
        &format!("/offerings/{NAME}/calculator?currency=EUR&amount=x"),
    );
    assert_eq!(nonsense.status, 422);
    let log = text(&node, &format!("/offerings/{NAME}/log"));
    assert!(log.contains("10001 contributes 1,500.00\u{a0}EUR"), "{log}");
}

#[test]
fn a_receipt_is_checked_and_a_false_one_is_not_believed() {
    let node = TestNode::with_offering();
    node.fund("10001", 1, 150_000);
    let receipt = node.contribute("10001", "one", 150_000).json()["receipt"]
        .as_str()
        .unwrap()
        .to_owned();
    let check = |text: &str| {
        let call = Call::new("POST", "/verification/receipt").form(&[("receipt", text)]);
        node.call(&call.header("sec-fetch-site", "same-origin"))
    };
    let right = check(&receipt.replace('\n', "\r\n"));
    assert_eq!(right.status, 200, "{}", right.text());
    assert!(right.text().contains("The receipt is right"));
    let changed = receipt.replacen("index 2", "index 1", 1);
    for wrong in ["", "nonsense", changed.as_str()] {
        let answer = check(wrong);
        assert_eq!(answer.status, 422, "{wrong}: {}", answer.text());
        assert!(answer.text().contains("There is a problem"));
    }
    assert!(text(&node, "/verification").contains("softcap verify"));
}

#[test]
fn nobody_reaches_the_pages_of_people() {
    let node = TestNode::with_offering();
    for path in [
        "/account",
        "/account/fresh",
        "/portfolio",
        "/portfolio.csv",
        "/portfolio/tax.csv?year=2027",
        "/issuer",
        "/issuer/new",
        "/issuer/drafts/harbour",
        "/issuer/offerings/harbour",
        "/issuer/offerings/harbour/investors",
        "/issuer/offerings/harbour/settlement",
        "/issuer/team",
        "/offerings/harbour/contribute",
        "/offerings/harbour/contribute/check?currency=EUR&amount=5",
        "/contributions/harbour/2",
        "/account/verification",
        "/account/password",
        "/account/privacy",
        "/account/budget",
        "/account/notifications",
        "/offerings/harbour/wallet",
        "/offerings/harbour/wallet/check?wallet=0x12&amount=5",
        "/wallet/00112233445566778899aabbccddeeff",
        "/wallet/00112233445566778899aabbccddeeff/state",
        "/log-in/second-factor",
    ] {
        let answer = page(&node, path);
        assert_eq!(answer.status, 303, "{path}");
        let place = answer.header("location").unwrap_or_default();
        assert!(place.starts_with("/log-in?next=%2F"), "{path}: {place}");
    }
    for path in [
        "/account/app",
        "/account/app/confirmation",
        "/account/app/remove",
        "/account/recovery-codes",
        "/account/removal/keep",
        "/account/sessions/others/end",
        "/account/fresh",
        "/contributions/harbour/2/withdrawal",
        "/portfolio/harbour/take-back",
        "/issuer/new",
        "/issuer/drafts/harbour/remove",
        "/issuer/drafts/harbour/announcement",
        "/issuer/drafts/harbour/rehearsal",
        "/issuer/offerings/harbour/operations",
        "/issuer/offerings/harbour/admissions",
        "/issuer/offerings/harbour/revocations",
        "/issuer/offerings/harbour/settlement",
        "/issuer/offerings/harbour/payouts",
        "/issuer/offerings/harbour/shares",
        "/issuer/offerings/harbour/returns",
        "/issuer/offerings/harbour/releases",
        "/issuer/offerings/harbour/releases/decision",
        "/issuer/team",
        "/issuer/team/decision",
        "/account/verification",
        "/account/verification/begin",
        "/account/verification/submission",
        "/account/verification/uploads/00112233445566778899aabbccddeeff/remove",
        "/account/password",
        "/account/privacy/export",
        "/account/privacy/erasure",
        "/account/budget",
        "/account/notifications",
        "/contributions/harbour/2/wallet/claim",
        "/wallet/00112233445566778899aabbccddeeff/asked",
        "/wallet/00112233445566778899aabbccddeeff/declined",
        "/wallet/00112233445566778899aabbccddeeff/sent",
        "/wallet/00112233445566778899aabbccddeeff/discard",
    ] {
        let call = Call::new("POST", path)
            .form(&[])
            .header("sec-fetch-site", "same-origin");
        let answer = node.call(&call);
        assert_eq!(answer.status, 401, "{path}: {}", answer.text());
        assert!(answer.text().contains("Please log in"), "{path}");
        let stranger = Call::new("POST", path).form(&[]);
        assert_eq!(node.call(&stranger).status, 403, "{path}");
    }
}
