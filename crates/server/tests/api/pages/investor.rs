//! What an investor does in a browser: signs up, contributes from a balance, follows it and takes it back.

use serde_json::json;

use super::{hidden, location};
use crate::{
    people::browser::{Browser, ORIGIN, PASSWORD, Site, code_in},
    test_node::{Answer, NAME, TestNode},
};

/// Somebody with 1,000.00 EUR on a platform whose offering is open.
pub(crate) fn with_money<'a>(site: &'a Site, email: &str) -> Browser<'a> {
    let mut browser = site.signed_up(email);
    give_money(site, &mut browser, email);
    browser
}

/// Books 1,000.00 EUR for somebody who is logged in.
pub(super) fn give_money(site: &Site, browser: &mut Browser<'_>, email: &str) {
    let node = &site.node;
    node.post(
        "/v1/platform/currencies",
        "EUR",
        &json!({ "symbol": "EUR", "decimals": 2 }),
    );
    let person = browser.get("/v1/me").json()["person"]
        .as_str()
        .unwrap()
        .to_owned();
    let body = json!({ "currency": "EUR", "amount": "100000" });
    let paid = node.post(&format!("/v1/people/{person}/deposits"), email, &body);
    assert_eq!(paid.status, 201, "{}", paid.text());
}

/// The page on which the answers are checked, and what it sends.
pub(super) fn check(browser: &mut Browser<'_>, amount: &str) -> [(&'static str, String); 4] {
    let path = format!("/offerings/{NAME}/contribute/check?currency=EUR&amount={amount}");
    let answer = browser.page(&path);
    assert_eq!(answer.status, 200, "{}", answer.text());
    ["currency", "amount", "once", "seen"].map(|name| (name, hidden(&answer, name)))
}

pub(super) fn confirm(browser: &mut Browser<'_>, fields: &[(&'static str, String); 4]) -> Answer {
    let fields = fields
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    browser.submit(&format!("/offerings/{NAME}/contributions"), &fields)
}

/// The state that the interface says.
fn state(node: &TestNode, sequence: &str) -> String {
    let answer = node.get(&format!("/v1/offerings/{NAME}/contributions/{sequence}"));
    answer.json()["state"].as_str().unwrap().to_owned()
}

pub(crate) fn available(browser: &mut Browser<'_>, node: &TestNode) -> String {
    let person = browser.get("/v1/me").json()["person"]
        .as_str()
        .unwrap()
        .to_owned();
    let answer = node.get(&format!("/v1/people/{person}/balances"));
    answer.json()["balances"][0]["available"]["units"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn somebody_signs_up_and_logs_out_and_in_by_forms_alone() {
    let site = Site::start();
    let mut browser = site.browser("192.0.2.20");
    let wrong = browser.submit("/sign-up", &[("email", "anna at example")]);
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("There is a problem"));
    assert!(
        wrong.text().contains("value=\"anna at example\""),
        "what was typed is kept"
    );
    let asked = browser.submit("/sign-up", &[("email", "anna@example.org")]);
    assert_eq!(location(&asked), "/sign-up/code");
    let code = site.first_code();
    let short = browser.submit("/sign-up/code", &[("code", &code), ("password", "short")]);
    assert_eq!(short.status, 422);
    let fields = [("code", code.as_str()), ("password", PASSWORD)];
    let done = browser.submit("/sign-up/code", &fields);
    assert_eq!(location(&done), "/portfolio", "logged in at once");
    let account = browser.page("/account");
    assert!(account.text().contains("anna@example.org"));
    let mut elsewhere = site.browser("192.0.2.21");
    let again = elsewhere.submit("/sign-up/code", &fields);
    assert_eq!(again.status, 422, "a code logs in once");
    assert!(elsewhere.secret().is_none());
    assert_eq!(
        location(&browser.submit("/log-out", &[])),
        "/log-in?done=out"
    );
    let wrong = [
        ("email", "anna@example.org"),
        ("password", "not this one at all"),
    ];
    let wrong = browser.submit("/log-in", &wrong);
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("Address or password is wrong."));
    let right = [
        ("email", "anna@example.org"),
        ("password", PASSWORD),
        ("next", "https://evil.example"),
    ];
    assert_eq!(location(&browser.submit("/log-in", &right)), "/portfolio");
    let account = browser.page("/account");
    assert!(account.text().contains("anna@example.org"));
    assert_eq!(account.header("cache-control"), Some("no-store"));
    assert_eq!(
        location(&browser.submit("/log-out", &[])),
        "/log-in?done=out"
    );
    let place = location(&browser.page("/account"));
    assert_eq!(place, "/log-in?next=%2Faccount");
}

#[test]
fn who_signs_up_goes_on_where_they_wanted_to_and_ends_what_the_browser_had() {
    let site = Site::with_offering();
    let mut browser = site.signed_up("anna@example.org");
    let before = browser.secret().unwrap();
    let mut nobody = site.browser("192.0.2.22");
    let page = nobody.page(&format!("/offerings/{NAME}/calculator"));
    let way = format!("/sign-up?next=%2Fofferings%2F{NAME}");
    assert!(page.text().contains(&way), "{}", page.text());
    let asked = browser.submit(&way, &[("email", "bela@example.org")]);
    let place = location(&asked);
    assert_eq!(place, format!("/sign-up/code?next=%2Fofferings%2F{NAME}"));
    let mail = site.mail_to("bela@example.org", "confirm your address");
    let code = code_in(&mail);
    let fields = [("code", code.as_str()), ("password", PASSWORD)];
    let done = browser.submit(&place, &fields);
    assert_eq!(location(&done), format!("/offerings/{NAME}"));
    let after = browser.secret().unwrap();
    assert_ne!(before, after);
    let mut old = browser.with_secret(&before);
    assert_eq!(old.get("/v1/me").json()["code"], "A408", "it ended");
    assert_eq!(browser.get("/v1/me").json()["email"], "bela@example.org");
    // No other site is a place to go on to.
    let mut other = site.browser("192.0.2.23");
    other.submit("/sign-up", &[("email", "cora@example.org")]);
    let code = code_in(&site.mail_to("cora@example.org", "confirm your address"));
    let fields = [("code", code.as_str()), ("password", PASSWORD)];
    let done = other.submit("/sign-up/code?next=%2F%2Fevil.example", &fields);
    assert_eq!(location(&done), "/portfolio");
}

#[test]
fn a_contribution_is_made_once_followed_and_taken_back() {
    let site = Site::with_offering();
    let mut browser = with_money(&site, "anna@example.org");
    let fields = check(&mut browser, "100.00");
    let place = location(&confirm(&mut browser, &fields));
    let sequence = place
        .strip_prefix(&format!("/contributions/{NAME}/"))
        .and_then(|rest| rest.strip_suffix("?done=made"))
        .unwrap()
        .to_owned();
    assert_eq!(
        location(&confirm(&mut browser, &fields)),
        place,
        "sent twice, done once"
    );
    let [_, _, (_, once), _] = &fields;
    let back = format!("/offerings/{NAME}/contribute/check?currency=EUR&amount=100&once={once}");
    assert_eq!(location(&browser.page(&back)), place, "back to the form");
    let page = browser.page(&place).text().to_owned();
    assert!(
        page.contains("Counted: 100.00\u{a0}EUR for 1,000\u{a0}HBR"),
        "{page}"
    );
    assert_eq!(state(&site.node, &sequence), "counted");
    assert_eq!(available(&mut browser, &site.node), "90000");
    let table = browser.page("/portfolio.csv").text().to_owned();
    assert!(table.contains(&format!(
        "{NAME},{sequence},counted,EUR,100.00,100.00,0.00,0.00,HBR"
    )));
    let portfolio = browser.page("/portfolio").text().to_owned();
    assert!(portfolio.contains(&format!("/contributions/{NAME}/{sequence}")));

    let mut stranger = with_money(&site, "eve@example.org");
    let path = format!("/contributions/{NAME}/{sequence}");
    assert_eq!(stranger.page(&path).status, 404, "nobody else's page");
    let once = [("once", "00112233445566778899aabbccddeeff")];
    let foreign = stranger.submit(&format!("{path}/withdrawal"), &once);
    assert_eq!(foreign.status, 404);

    let back = browser.submit(&format!("{path}/withdrawal"), &once);
    assert_eq!(location(&back), format!("{path}?done=withdrawn"));
    assert_eq!(state(&site.node, &sequence), "withdrawn");
    assert_eq!(available(&mut browser, &site.node), "100000");
    let again = browser.submit(&format!("{path}/withdrawal"), &once);
    assert_eq!(location(&again), format!("{path}?done=withdrawn"));
}

#[test]
fn change_of_a_contribution_that_only_fits_in_part_comes_back_at_once() {
    let site = Site::with_offering();
    for number in 0..4 {
        let investor = format!("{}", 500 + number);
        site.node.fund(&investor, 700 + number, 600_000);
        let made = site
            .node
            .contribute(&investor, &format!("c{number}"), 600_000);
        assert_eq!(made.status, 201);
    }
    let mut browser = with_money(&site, "anna@example.org");
    site.node.fund("600", 800, 60_000);
    site.node.contribute("600", "c9", 60_000);
    let fields = check(&mut browser, "1%2C000");
    let place = location(&confirm(&mut browser, &fields));
    let page = browser.page(&place).text().to_owned();
    assert!(page.contains("Counted in part"), "{page}");
    assert_eq!(available(&mut browser, &site.node), "60000");
}

#[test]
fn two_tabs_and_a_session_that_is_over_end_in_a_true_page() {
    let site = Site::with_offering();
    let mut browser = with_money(&site, "anna@example.org");
    let (one, other) = (check(&mut browser, "700"), check(&mut browser, "800"));
    confirm(&mut browser, &one);
    let late = confirm(&mut browser, &other);
    assert_eq!(late.status, 409, "{}", late.text());
    assert!(
        late.text().contains("You have 300.00\u{a0}EUR"),
        "{}",
        late.text()
    );
    assert_eq!(available(&mut browser, &site.node), "30000");

    let third = check(&mut browser, "100");
    let mut nobody = site.browser("192.0.2.10");
    let place = location(&confirm(&mut nobody, &third));
    let typed = "%2Fofferings%2Fharbour%2Fcontribute%2Fcheck%3Fcurrency%3DEUR%26amount%3D100";
    let kept = place.starts_with(&format!("/log-in?next={typed}%26once%3D"));
    assert!(kept, "what was typed is kept: {place}");

    let mut changed = check(&mut browser, "100");
    changed[3].1 = "0000000000000000".to_owned();
    assert_eq!(
        confirm(&mut browser, &changed).status,
        409,
        "the price is another one"
    );
}

#[test]
fn amounts_that_are_no_amounts_are_marked_and_kept() {
    let site = Site::with_offering();
    let mut browser = with_money(&site, "anna@example.org");
    for (typed, said) in [
        ("", "Type an amount."),
        ("12x", "Type the amount in digits"),
        ("1.000", "This could mean two amounts."),
        ("0.001", "more decimal places"),
        ("1000.01", "You have 1,000.00\u{a0}EUR"),
    ] {
        let path = format!("/offerings/{NAME}/contribute/check?currency=EUR&amount={typed}");
        let answer = browser.page(&path);
        assert_eq!(answer.status, 422, "{typed}");
        assert!(answer.text().contains(said), "{typed}: {}", answer.text());
        assert!(
            answer.text().contains(&format!("value=\"{typed}\"")),
            "{typed}"
        );
        assert!(answer.text().contains("<title>Error: "), "{typed}");
    }
}

#[test]
fn a_form_of_another_site_changes_nothing() {
    let site = Site::with_offering();
    let mut browser = with_money(&site, "anna@example.org");
    let fields = check(&mut browser, "100");
    browser.says = Some(("origin", "https://elsewhere.example"));
    let refused = confirm(&mut browser, &fields);
    assert_eq!(refused.status, 403);
    assert!(
        refused
            .text()
            .contains("did not come from a page of this site")
    );
    browser.says = Some(("origin", ORIGIN));
    assert_eq!(available(&mut browser, &site.node), "100000");
}
