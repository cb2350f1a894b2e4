//! After the sale: settlement, handing over, releases by two people.

use serde_json::json;
use softcap_identity::Role;

use super::super::{hidden, location};
use crate::{
    people::browser::{Browser, PASSWORD, Site},
    roles::somebody,
    test_node::{NAME, SETTLEABLE, terms, terms_hash},
};

const SETTLEMENT: &str = "/issuer/offerings/harbour/settlement";

/// The offering with two steps of release, in its public round, with money above the soft cap.
fn sold() -> Site {
    let site = Site::start();
    let text = terms()
        + "\n[[milestone]]\nname = \"start\"\npart = \"30 %\"\n\n[[milestone]]\nname = \"launch\"\npart = \"70 %\"\nafter = \"30 days\"\n";
    let body = json!({ "name": NAME, "terms": text, "terms_hash": terms_hash(&text) });
    let announced = site.node.post("/v1/offerings", "announce", &body);
    assert_eq!(announced.status, 201, "{}", announced.text());
    for (number, transfer) in [("10001", 1), ("10002", 2)] {
        site.node.fund(number, transfer, 600_000);
        let made = site.node.contribute(number, number, 600_000);
        assert_eq!(made.status, 201, "{}", made.text());
    }
    site
}

/// Somebody whose session is as old as the clock.
fn back<'a>(site: &Site, browser: &mut Browser<'a>, email: &str) {
    assert_eq!(browser.log_in(email, PASSWORD).status, 201);
    site.node.execute("UPDATE session SET level = 'two'");
}

#[test]
fn a_sale_is_settled_handed_over_and_released_by_two_people() {
    let site = sold();
    let mut tom = somebody(&site, "tom@example.org", Some(Role::Treasurer));
    let mut mia = somebody(&site, "mia@example.org", Some(Role::IssuerManager));
    let mut anna = somebody(&site, "anna@example.org", Some(Role::Owner));
    let early = tom.page(SETTLEMENT).text().to_owned();
    assert!(early.contains("It can be settled from"), "{early}");
    assert!(!early.contains("Settle for good:"), "{early}");
    let forced = tom.submit(SETTLEMENT, &[("once", "early")]);
    assert_eq!(location(&forced), format!("{SETTLEMENT}?refused=705"));

    site.node.set_clock(SETTLEABLE);
    for (browser, email) in [
        (&mut tom, "tom@example.org"),
        (&mut mia, "mia@example.org"),
        (&mut anna, "anna@example.org"),
    ] {
        back(&site, browser, email);
    }
    let preview = tom.page(SETTLEMENT);
    let text = preview.text().to_owned();
    for words in [
        "What a settlement now would give",
        "Succeeded",
        "12,000.00\u{a0}EUR",
        "120,000\u{a0}HBR",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(
        mia.page(SETTLEMENT)
            .text()
            .contains("Only a treasurer settles.")
    );
    let once = hidden(&preview, "once");
    assert_eq!(mia.submit(SETTLEMENT, &[("once", &once)]).status, 403);
    for _ in 0..2 {
        let settled = tom.submit(SETTLEMENT, &[("once", &once)]);
        assert_eq!(location(&settled), format!("{SETTLEMENT}?done=settled"));
    }
    let root = site
        .node
        .get(&format!("/v1/offerings/{NAME}/settlement"))
        .json();
    let text = mia.page(SETTLEMENT).text().to_owned();
    assert!(text.contains(root["root"].as_str().unwrap()), "{text}");

    // Tokens are handed over by the manager, once.
    let once = hidden(&mia.page(SETTLEMENT), "once");
    let hand = [
        ("once", once.as_str()),
        ("investor", "10001"),
        ("tokens", "60000000000"),
    ];
    for _ in 0..2 {
        let handed = mia.submit("/issuer/offerings/harbour/payouts", &hand);
        assert_eq!(location(&handed), format!("{SETTLEMENT}?done=handed"));
    }
    let text = mia.page(SETTLEMENT).text().to_owned();
    assert!(
        text.contains("60,000\u{a0}HBR</strong> were handed over (50.00%)"),
        "{text}"
    );
    assert_eq!(
        tom.submit("/issuer/offerings/harbour/payouts", &hand)
            .status,
        403
    );

    // The treasury's share is free at once, the team's after a year.
    let once = hidden(&mia.page(SETTLEMENT), "once");
    let shares = "/issuer/offerings/harbour/shares";
    let treasury = [
        ("once", once.as_str()),
        ("share", "1"),
        ("tokens", "200000000000"),
    ];
    for _ in 0..2 {
        let handed = mia.submit(shares, &treasury);
        assert_eq!(location(&handed), format!("{SETTLEMENT}?done=handed"));
    }
    let team = [("once", once.as_str()), ("share", "0"), ("tokens", "1")];
    assert!(location(&mia.submit(shares, &team)).contains("?refused="));
    let text = mia.page(SETTLEMENT).text().to_owned();
    assert!(text.contains("Nothing more yet"), "{text}");
    assert_eq!(tom.submit(shares, &treasury).status, 403);

    // The first step is proposed by one and released by another; the second one waits for its time.
    let releases = "/issuer/offerings/harbour/releases";
    for _ in 0..2 {
        let proposed = mia.submit(releases, &[("milestone", "0")]);
        assert_eq!(location(&proposed), format!("{SETTLEMENT}?done=proposed"));
    }
    let page = anna.page(SETTLEMENT);
    assert!(
        page.text().contains("Release 30.00%: 3,600.00\u{a0}EUR"),
        "{}",
        page.text()
    );
    let proposal = hidden(&page, "proposal");
    let approve = [("proposal", proposal.as_str()), ("decision", "approve")];
    let decision = format!("{releases}/decision");
    assert_eq!(mia.submit(&decision, &approve).status, 403, "not alone");
    for _ in 0..2 {
        let released = anna.submit(&decision, &approve);
        assert_eq!(location(&released), format!("{SETTLEMENT}?done=released"));
    }
    let text = anna.page(SETTLEMENT).text().to_owned();
    assert!(text.contains("Released"), "{text}");
    mia.submit(releases, &[("milestone", "1")]);
    let proposal = hidden(&tom.page(SETTLEMENT), "proposal");
    let approve = [("proposal", proposal.as_str()), ("decision", "approve")];
    let early = tom.submit(&decision, &approve);
    assert!(location(&early).contains("?refused="), "{early:?}");
}

#[test]
fn a_proposal_is_declined_and_who_may_not_is_not_asked() {
    let site = sold();
    let mut tom = somebody(&site, "tom@example.org", Some(Role::Treasurer));
    let mut anna = somebody(&site, "anna@example.org", Some(Role::Owner));
    let mut sam = somebody(&site, "sam@example.org", Some(Role::Support));
    let releases = "/issuer/offerings/harbour/releases";
    assert_eq!(sam.page(SETTLEMENT).status, 200);
    assert_eq!(sam.submit(releases, &[("milestone", "0")]).status, 403);
    assert_eq!(
        location(&tom.submit(releases, &[("milestone", "0")])),
        format!("{SETTLEMENT}?done=proposed")
    );
    let proposal = hidden(&anna.page(SETTLEMENT), "proposal");
    let decline = [("proposal", proposal.as_str()), ("decision", "decline")];
    let declined = anna.submit(&format!("{releases}/decision"), &decline);
    assert_eq!(location(&declined), format!("{SETTLEMENT}?done=declined"));
    assert!(!anna.page(SETTLEMENT).text().contains("name=\"proposal\""));
}
