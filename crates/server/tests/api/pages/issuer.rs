//! What an issuer does in a browser: writes terms, tries them out, and sees what becomes of them.

mod after_sale;
mod desk;
mod invitations;
mod live;
mod people;
mod rehearsal;

use softcap_identity::Role;

use super::{hidden, location};
use crate::{
    people::browser::{Browser, Site},
    roles::somebody,
    test_node::{NAME, terms},
};

/// A form that is right: one currency, a share of the team, two rounds.
pub(super) const FORM: [(&str, &str); 44] = [
    ("name", "pier"),
    ("title", "Pier"),
    ("origin", "sale.example/pier"),
    ("currency-rows", "1"),
    ("currency-0-symbol", "EUR"),
    ("currency-0-decimals", "2"),
    ("currency-0-rail", "balance"),
    ("token-name", "Pier"),
    ("token-symbol", "PIR"),
    ("token-decimals", "6"),
    ("supply-total", "1,000,000"),
    ("supply-sale", "600 000"),
    ("sale-cliff", ""),
    ("sale-duration", ""),
    ("share-rows", "1"),
    ("share-0-holder", "team"),
    ("share-0-name", ""),
    ("share-0-amount", "400000"),
    ("share-0-cliff", "365"),
    ("share-0-duration", "1461"),
    ("soft-cap", "10,000"),
    ("hard-cap", "25,000.00"),
    ("investor-max", "6000"),
    ("refund-deadline", "2027-06-01T00:00"),
    ("round-rows", "1"),
    ("round-0-name", "public"),
    ("round-0-from", "2027-02-01T09:00"),
    ("round-0-until", "2027-03-01T09:00"),
    ("round-0-price", "0.05"),
    ("round-0-access", "public"),
    ("round-0-allocation", "first_come"),
    ("round-0-cap", ""),
    ("round-0-least", "10"),
    ("round-0-most", ""),
    ("withdrawal-days", "14"),
    ("withdrawal-who", "everyone"),
    ("pause-longest", "12 hours"),
    ("pause-count", "1"),
    ("pause-end", "moves"),
    ("early-close", "never"),
    ("unsold", "burned"),
    ("milestone-rows", "0"),
    ("version", ""),
    ("act", "save"),
];

/// The form with other things typed.
pub(super) fn with<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = FORM.to_vec();
    for (name, value) in changes {
        match fields.iter_mut().find(|(known, _)| known == name) {
            Some(field) => field.1 = value,
            None => fields.push((name, value)),
        }
    }
    fields
}

pub(super) fn manager<'a>(site: &'a Site, email: &str) -> Browser<'a> {
    somebody(site, email, Some(Role::IssuerManager))
}

#[test]
fn a_draft_is_made_in_the_form_once_and_tried_out() {
    let site = Site::start();
    let mut mia = manager(&site, "mia@example.org");
    assert!(mia.page("/issuer").text().contains("There is no draft"));
    assert_eq!(mia.page("/issuer/new").status, 200);
    let made = mia.submit("/issuer/new", &FORM);
    assert_eq!(location(&made), "/issuer/drafts/pier?done=saved");
    assert_eq!(
        location(&mia.submit("/issuer/new", &FORM)),
        "/issuer/drafts/pier?done=saved",
        "sent twice, made once"
    );
    let page = mia.page("/issuer/drafts/pier").text().to_owned();
    for words in [
        "The terms are in order.",
        // Whoever comes when nothing is left is counted too.
        "data-label=\"Contributions cut or refused\">10<",
        "Sold out",
        "Fails: money goes back",
        "10,000.00\u{a0}EUR",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let draft = mia.get("/v1/drafts/pier").json();
    let text = draft["terms"].as_str().unwrap();
    assert!(text.contains("soft_cap = \"10000 EUR\""), "{text}");
    assert!(text.contains("price = \"0.05 EUR per PIR\""), "{text}");
    assert!(mia.page("/issuer").text().contains("Can be announced"));
    let preview = mia.page("/issuer/drafts/pier/preview").text().to_owned();
    assert!(
        preview.contains("Only your people see this page"),
        "{preview}"
    );
    assert!(preview.contains("0.05\u{a0}EUR"), "{preview}");
    assert!(preview.contains("nothing for 365 days"), "{preview}");
}

#[test]
fn what_is_wrong_is_marked_and_everything_typed_is_kept() {
    let site = Site::start();
    let mut mia = manager(&site, "mia@example.org");
    let wrong = with(&[
        ("soft-cap", "30,000"),
        ("round-0-until", "2027-01-01T09:00"),
        ("title", "Pier & \"Sons\""),
    ]);
    let answer = mia.submit("/issuer/new", &wrong);
    assert_eq!(answer.status, 422, "{}", answer.text());
    let page = answer.text();
    for kept in [
        "value=\"30,000\"",
        "value=\"2027-01-01T09:00\"",
        "value=\"Pier &#38; &#34;Sons&#34;\"",
        "<title>Error: ",
        "id=\"round-0-until-error\"",
        "There is a problem",
    ] {
        assert!(page.contains(kept), "{kept}: {page}");
    }
    let doubtful = with(&[("soft-cap", "10.000"), ("supply-total", "many")]);
    let answer = mia.submit("/issuer/new", &doubtful);
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("id=\"soft-cap-error\""));
    assert_eq!(mia.get("/v1/drafts/pier").status, 404, "nothing is stored");

    let kept = with(&[("soft-cap", "many"), ("act", "keep")]);
    let answer = mia.submit("/issuer/new", &kept);
    assert_eq!(location(&answer), "/issuer/drafts/pier?done=saved");
    let page = mia.page("/issuer/drafts/pier").text().to_owned();
    assert!(page.contains("It cannot be announced yet."), "{page}");
    assert!(mia.page("/issuer").text().contains("Unfinished"));
    let form = mia.page("/issuer/drafts/pier/form");
    assert!(form.text().contains("value=\"many\""), "{}", form.text());
    let none = mia.page("/issuer/drafts/pier/preview");
    assert_eq!(location(&none), "/issuer/drafts/pier?done=no-preview");
}

#[test]
fn rows_come_and_go_and_nothing_is_stored() {
    let site = Site::start();
    let mut mia = manager(&site, "mia@example.org");
    let more = mia.submit("/issuer/new", &with(&[("act", "add-round")]));
    assert_eq!(more.status, 200);
    assert!(more.text().contains("name=\"round-1-price\""));
    assert!(more.text().contains("value=\"1,000,000\""), "kept");
    let two = with(&[
        ("round-rows", "2"),
        ("round-1-name", "second"),
        ("act", "remove-round-0"),
    ]);
    let fewer = mia.submit("/issuer/new", &two);
    assert!(fewer.text().contains("value=\"second\""));
    assert!(!fewer.text().contains("name=\"round-1-price\""));
    assert_eq!(
        mia.get("/v1/drafts").json()["drafts"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    // Nothing was changed, so nothing stands in the audit.
    let mut anna = somebody(&site, "anna@example.org", Some(Role::Owner));
    let rows = anna.get("/v1/audit").text().to_owned();
    assert!(!rows.contains("/issuer/new"), "{rows}");
    mia.submit("/issuer/new", &FORM);
    let rows = anna.get("/v1/audit").text().to_owned();
    assert!(
        rows.contains("POST /issuer/new /issuer/drafts/pier"),
        "{rows}"
    );
}

/// The fields of a price or a rule come when they are asked for, also without a script, and say what is wrong beside them.
#[test]
fn each_price_has_its_fields() {
    let site = Site::start();
    let mut mia = manager(&site, "mia@example.org");
    let plain = mia.submit("/issuer/new", &with(&[("act", "show")]));
    assert!(!plain.text().contains("round-0-price-end"), "one price");
    let dutch = [
        ("round-0-pricing", "dutch"),
        ("round-0-price-end", "0.01"),
        ("round-0-price-every", "1 hour"),
        ("round-0-supply", "600,000"),
    ];
    let shown = mia.submit(
        "/issuer/new",
        &with(&[&[("act", "show")][..], &dutch].concat()),
    );
    assert_eq!(shown.status, 200);
    for field in ["round-0-price-end", "round-0-price-every", "round-0-supply"] {
        assert!(shown.text().contains(&format!("id=\"{field}\"")), "{field}");
    }
    assert!(!shown.text().contains("round-0-bonus"), "not of this price");
    let rising = with(&[&dutch[..], &[("round-0-price-end", "0.09")]].concat());
    let wrong = mia.submit("/issuer/new", &rising);
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.text().contains("id=\"round-0-price"),
        "{}",
        wrong.text()
    );
    let saved = mia.submit("/issuer/new", &with(&dutch));
    assert_eq!(location(&saved), "/issuer/drafts/pier?done=saved");
    let draft = mia.get("/v1/drafts/pier").json();
    let text = draft["terms"].as_str().unwrap();
    assert!(text.contains("kind = \"dutch\""), "{text}");
    let form = mia.page("/issuer/drafts/pier/form").text().to_owned();
    assert!(form.contains("value=\"dutch\" selected"), "{form}");
    assert!(form.contains("value=\"0.01\""), "{form}");
    // A dozen rounds and more, and the page stays light.
    let many = with(&[("round-rows", "18"), ("act", "show")]);
    let page = mia.submit("/issuer/new", &many);
    assert!(page.text().contains("id=\"round-17-name\""));
    assert!(page.text().len() < 100_000, "{}", page.text().len());
}

#[test]
fn two_people_at_one_draft_lose_nothing() {
    let site = Site::start();
    let mut mia = manager(&site, "mia@example.org");
    let mut max = manager(&site, "max@example.org");
    mia.submit("/issuer/new", &FORM);
    let (path, done) = ("/issuer/drafts/pier/form", "/issuer/drafts/pier?done=saved");
    let version = hidden(&mia.page(path), "version");
    let mine = with(&[("version", &version), ("title", "Mine")]);
    let theirs = with(&[("version", &version), ("title", "Theirs")]);
    assert_eq!(location(&max.submit(path, &theirs)), done);
    let late = mia.submit(path, &mine);
    assert_eq!(late.status, 409, "{}", late.text());
    assert!(late.text().contains("value=\"Mine\""), "kept");
    let newer = hidden(&late, "version");
    assert_ne!(newer, version);
    let again = with(&[("version", &newer), ("title", "Mine")]);
    assert_eq!(location(&mia.submit(path, &again)), done);
    assert!(mia.page("/issuer").text().contains("Mine"));
    // The text, in the same way.
    let text = "/issuer/drafts/pier/text";
    let newest = hidden(&mia.page(text), "version");
    let stale = [("version", newer.as_str()), ("terms", "rules = 1\r\n")];
    assert_eq!(max.submit(text, &stale).status, 409);
    let fresh = [("version", newest.as_str()), ("terms", "rules = 1\r\n")];
    assert_eq!(location(&max.submit(text, &fresh)), done);
    assert_eq!(mia.get("/v1/drafts/pier").json()["terms"], "rules = 1\n");
    let form = mia.page(path);
    assert_eq!(location(&form), "/issuer/drafts/pier/text?done=only-text");
    // Deleted by the version that was seen, and once.
    let remove = "/issuer/drafts/pier/remove";
    assert_eq!(mia.submit(remove, &[("version", &newest)]).status, 412);
    let last = hidden(&mia.page("/issuer/drafts/pier"), "version");
    for _ in 0..2 {
        let gone = mia.submit(remove, &[("version", &last)]);
        assert_eq!(location(&gone), "/issuer?done=removed");
    }
}

#[test]
fn the_text_is_checked_line_by_line_and_announced_terms_are_no_draft() {
    let site = Site::with_offering();
    let mut mia = manager(&site, "mia@example.org");
    let wrong = terms().replace("10_000 EUR", "10_000 EURO");
    let look = mia.submit("/issuer/new/text", &[("terms", &wrong), ("act", "check")]);
    assert_eq!(look.status, 200);
    assert!(look.text().contains("Line 9"), "{}", look.text());
    assert!(look.text().contains("10_000 EURO"), "{}", look.text());
    for (name, said) in [
        (NAME, "its terms are frozen"),
        ("Not A Name", "lower-case letters"),
        ("check", "a meaning of its own"),
    ] {
        let fields = [("name", name), ("terms", wrong.as_str()), ("act", "save")];
        let refused = mia.submit("/issuer/new/text", &fields);
        assert_eq!(refused.status, 422, "{name}");
        assert!(refused.text().contains(said), "{name}: {}", refused.text());
        assert!(refused.text().contains("10_000 EURO"), "kept");
    }
    let overview = mia.page("/issuer").text().to_owned();
    assert!(
        overview.contains("early bird") || overview.contains("Harbour"),
        "{overview}"
    );
}

/// Each page asks what the interface asks.
#[test]
fn who_may_what_is_what_the_interface_says() {
    let site = Site::start();
    manager(&site, "mia@example.org").submit("/issuer/new", &FORM);
    for role in Role::ALL.iter().copied() {
        let given = role.is_granted().then_some(role);
        let mut person = somebody(&site, &format!("{role}@example.org"), given);
        let reads = given.is_some();
        let writes = matches!(role, Role::Owner | Role::IssuerManager);
        let home = person.page("/").text().to_owned();
        assert_eq!(home.contains("href=\"/issuer\""), reads, "{role}");
        for (path, may) in [
            ("/issuer", reads),
            ("/issuer/drafts/pier", reads),
            ("/issuer/drafts/pier/preview", reads),
            ("/issuer/new", writes),
            ("/issuer/new/text", writes),
            ("/issuer/drafts/pier/form", writes),
            ("/issuer/drafts/pier/text", writes),
            ("/issuer/drafts/pier/announcement", writes),
        ] {
            let status = person.page(path).status;
            assert_eq!(status, if may { 200 } else { 403 }, "{role} {path}");
        }
        for path in [
            "/issuer/new",
            "/issuer/drafts/pier/form",
            "/issuer/drafts/pier/text",
            "/issuer/drafts/pier/announcement",
        ] {
            let status = person.submit(path, &with(&[("act", "add-round")])).status;
            assert_eq!(status == 403, !writes, "{role} {path}: {status}");
        }
        let page = person.page("/issuer/drafts/pier");
        assert_eq!(
            page.text().contains("/issuer/drafts/pier/remove"),
            writes,
            "{role}"
        );
    }
    let removed = site.node.get("/v1/drafts/pier").status;
    assert_eq!(removed, 200);
}
