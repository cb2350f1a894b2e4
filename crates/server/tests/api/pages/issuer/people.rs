//! Investors of an offering, and the people who work on it.

use serde_json::json;
use softcap_identity::Role;

use super::{
    super::{hidden, location},
    manager,
};
use crate::{
    people::browser::Site,
    roles::{person_of, somebody},
    test_node::{NAME, terms, terms_hash},
};

const INVESTORS: &str = "/issuer/offerings/harbour/investors";
const ADMISSIONS: &str = "/issuer/offerings/harbour/admissions";

/// A person is let in before they have brought anything, by the number of their account, and that is enough to contribute.
#[test]
fn somebody_is_let_in_by_the_number_of_their_account_before_they_bring_money() {
    let site = Site::start();
    let text = terms().replace(
        "price = \"0.10 EUR per HBR\"",
        "access = \"admitted\"\nprice = \"0.10 EUR per HBR\"",
    );
    let body = json!({ "name": NAME, "terms": text, "terms_hash": terms_hash(&text) });
    let announced = site.node.post("/v1/offerings", "announce", &body);
    assert_eq!(announced.status, 201, "{}", announced.text());
    let mut cleo = somebody(&site, "cleo@example.org", Some(Role::ComplianceOfficer));
    let mut ivo = site.signed_up("ivo@example.org");
    let account = ivo.page("/account").text().to_owned();
    let person = person_of(&mut ivo).to_string();
    assert!(
        account.contains(&person),
        "the person sees their number: {account}"
    );

    let page = cleo.page(INVESTORS);
    assert!(page.text().contains("Nobody yet"), "{}", page.text());
    let once = hidden(&page, "once");
    let fields = |who: &'static str, limit: &'static str| {
        [
            ("once", ""),
            ("who", who),
            ("round", "public"),
            ("limit", limit),
        ]
    };
    for (wrong, said) in [
        (fields("", ""), "Type a number."),
        (
            fields("00112233445566778899aabbccddeeff", ""),
            "Nobody on this platform has this number.",
        ),
        (fields("77", "a lot"), "Type the amount in digits"),
    ] {
        let answer = cleo.submit(ADMISSIONS, &wrong);
        assert_eq!(answer.status, 422, "{said}");
        assert!(answer.text().contains(said), "{said}: {}", answer.text());
    }
    let right = [
        ("once", once.as_str()),
        ("who", person.as_str()),
        ("round", "public"),
        ("limit", "500.00"),
        ("expires", "2027-01-15T09:50"),
    ];
    for _ in 0..2 {
        let admitted = cleo.submit(ADMISSIONS, &right);
        assert_eq!(location(&admitted), format!("{INVESTORS}?done=admitted"));
    }
    let page = cleo.page(INVESTORS);
    let text = page.text().to_owned();
    assert!(text.contains("Let in"), "{text}");
    assert!(text.contains("500.00\u{a0}EUR"), "{text}");
    let listed = site
        .node
        .get(&format!("/v1/offerings/{NAME}/investors"))
        .json();
    assert_eq!(
        listed["investors"].as_array().unwrap().len(),
        1,
        "once: {listed}"
    );
    let number = listed["investors"][0]["investor"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_ne!(number, person, "another number than anywhere else");

    site.node.post(
        "/v1/platform/currencies",
        "EUR",
        &json!({ "symbol": "EUR", "decimals": 2 }),
    );
    let deposit = json!({ "currency": "EUR", "amount": "100000" });
    site.node
        .post(&format!("/v1/people/{person}/deposits"), "d", &deposit);
    let check = ivo.page(&format!(
        "/offerings/{NAME}/contribute/check?currency=EUR&amount=200"
    ));
    let sent = ["currency", "amount", "once", "seen"].map(|name| (name, hidden(&check, name)));
    let sent = sent.each_ref().map(|(name, value)| (*name, value.as_str()));
    let made = location(&ivo.submit(&format!("/offerings/{NAME}/contributions"), &sent));
    assert!(ivo.page(&made).text().contains("Counted"));
    let text = cleo
        .page(&format!("{INVESTORS}?q={number}"))
        .text()
        .to_owned();
    assert!(text.contains("200.00\u{a0}EUR"), "{text}");
    assert!(
        cleo.page(&format!("{INVESTORS}?q=nobody"))
            .text()
            .contains("Nobody has this number here")
    );

    let revoke = [
        ("once", "r"),
        ("investor", number.as_str()),
        ("round", "public"),
    ];
    let revoked = cleo.submit("/issuer/offerings/harbour/revocations", &revoke);
    assert_eq!(location(&revoked), format!("{INVESTORS}?done=revoked"));
    assert!(cleo.page(INVESTORS).text().contains("Taken back"));
    // The issuer's manager sees the investors, and lets nobody in.
    let mut mia = manager(&site, "mia@example.org");
    assert!(
        mia.page(INVESTORS)
            .text()
            .contains("Only a compliance officer lets people in.")
    );
    assert_eq!(mia.submit(ADMISSIONS, &right).status, 403);
    assert_eq!(
        mia.submit("/issuer/offerings/harbour/revocations", &revoke)
            .status,
        403
    );
    let mut tom = somebody(&site, "tom@example.org", Some(Role::Treasurer));
    assert_eq!(tom.page(INVESTORS).status, 403);
}

#[test]
fn a_program_admits_a_person_or_a_number_and_never_both() {
    let site = Site::with_offering();
    let mut ivo = site.signed_up("ivo@example.org");
    let person = person_of(&mut ivo).to_string();
    let path = format!("/v1/offerings/{NAME}/operations");
    let admit = |who: serde_json::Value| {
        let mut body = json!({ "kind": "admit", "round": "early bird" });
        body.as_object_mut()
            .unwrap()
            .extend(who.as_object().unwrap().clone());
        body
    };
    for (key, who, status) in [
        ("a", json!({ "person": person }), 201),
        ("b", json!({ "person": person, "investor": "7" }), 422),
        ("c", json!({ "person": "no number" }), 422),
        ("d", json!({}), 422),
        ("e", json!({ "investor": "7" }), 201),
    ] {
        let answer = site.node.post(&path, key, &admit(who.clone()));
        assert_eq!(answer.status, status, "{who}: {}", answer.text());
    }
    let again = site
        .node
        .post(&path, "a", &admit(json!({ "person": person })));
    assert_eq!(again.status, 201);
    let listed = site
        .node
        .get(&format!("/v1/offerings/{NAME}/investors"))
        .json();
    assert_eq!(listed["investors"].as_array().unwrap().len(), 2, "{listed}");
}

#[test]
fn a_contribution_is_given_back_once_for_a_reason_of_the_list() {
    let site = Site::with_offering();
    site.node.fund("10001", 1, 100_000);
    let entry = site
        .node
        .contribute("10001", "c", 100_000)
        .sequence()
        .to_string();
    let mut mia = manager(&site, "mia@example.org");
    let returns = "/issuer/offerings/harbour/returns";
    for (fields, said) in [
        (
            [("entry", "7777"), ("amount", ""), ("reason", "order")],
            "No contribution has this number.",
        ),
        (
            [
                ("entry", entry.as_str()),
                ("amount", "x"),
                ("reason", "order"),
            ],
            "Type the amount in digits",
        ),
        (
            [
                ("entry", entry.as_str()),
                ("amount", "5"),
                ("reason", "mood"),
            ],
            "Choose a reason.",
        ),
    ] {
        let answer = mia.submit(returns, &fields);
        assert_eq!(answer.status, 422, "{said}");
        assert!(answer.text().contains(said), "{said}: {}", answer.text());
        let kept = format!("value=\"{}\"", fields[0].1);
        assert!(answer.text().contains(&kept), "kept: {}", answer.text());
    }
    let part = [
        ("once", "a"),
        ("entry", entry.as_str()),
        ("amount", "400.00"),
        ("reason", "discretion"),
    ];
    for _ in 0..2 {
        assert_eq!(
            location(&mia.submit(returns, &part)),
            format!("{INVESTORS}?done=returned")
        );
    }
    let path = format!("/v1/offerings/{NAME}/contributions/{entry}");
    assert_eq!(site.node.get(&path).json()["refunded"]["units"], "40000");
    let rest = [
        ("once", "b"),
        ("entry", entry.as_str()),
        ("amount", ""),
        ("reason", "order"),
    ];
    assert_eq!(
        location(&mia.submit(returns, &rest)),
        format!("{INVESTORS}?done=returned")
    );
    assert_eq!(site.node.get(&path).json()["accepted"]["units"], "0");
    let mut cleo = somebody(&site, "cleo@example.org", Some(Role::ComplianceOfficer));
    assert!(
        cleo.page(INVESTORS)
            .text()
            .contains("Your role may give nothing back.")
    );
    assert_eq!(cleo.submit(returns, &rest).status, 403);
}

#[test]
fn roles_change_by_two_owners_on_the_page_as_by_the_interface() {
    let site = Site::with_offering();
    let mut anna = somebody(&site, "anna@example.org", Some(Role::Owner));
    let mut bela = somebody(&site, "bela@example.org", Some(Role::Owner));
    let mut carla = somebody(&site, "carla@example.org", None);
    let person = person_of(&mut carla).to_string();
    assert_eq!(carla.page("/issuer/team").status, 403);
    let wrong = [
        ("act", "give"),
        ("person", "carla@example.org"),
        ("role", ""),
        ("on", "*"),
    ];
    let answer = anna.submit("/issuer/team", &wrong);
    assert_eq!(answer.status, 422);
    for said in [
        "That is no number of an account",
        "Choose a role.",
        "value=\"carla@example.org\"",
    ] {
        assert!(answer.text().contains(said), "{said}: {}", answer.text());
    }
    let give = [
        ("act", "give"),
        ("person", person.as_str()),
        ("role", "support"),
        ("on", NAME),
    ];
    for _ in 0..2 {
        assert_eq!(
            location(&anna.submit("/issuer/team", &give)),
            "/issuer/team?done=proposed"
        );
    }
    let page = bela.page("/issuer/team");
    assert!(
        page.text()
            .contains("carla@example.org gets the role support on harbour"),
        "{}",
        page.text()
    );
    let proposal = hidden(&page, "proposal");
    let approve = [("proposal", proposal.as_str()), ("decision", "approve")];
    assert_eq!(
        anna.submit("/issuer/team/decision", &approve).status,
        403,
        "the other one"
    );
    assert_eq!(carla.page(INVESTORS).status, 403);
    assert_eq!(
        location(&bela.submit("/issuer/team/decision", &approve)),
        "/issuer/team?done=approve"
    );
    assert_eq!(carla.page(INVESTORS).status, 200);
    assert!(
        anna.page("/issuer/team")
            .text()
            .contains("carla@example.org")
    );
    let again = anna.submit("/issuer/team", &give);
    assert_eq!(again.status, 422, "nothing would change");
    let take = [
        ("act", "take"),
        ("person", person.as_str()),
        ("role", "support"),
        ("on", NAME),
    ];
    assert_eq!(
        location(&bela.submit("/issuer/team", &take)),
        "/issuer/team?done=proposed"
    );
    let proposal = hidden(&anna.page("/issuer/team"), "proposal");
    let decline = [("proposal", proposal.as_str()), ("decision", "decline")];
    assert_eq!(
        location(&anna.submit("/issuer/team/decision", &decline)),
        "/issuer/team?done=decline"
    );
    assert_eq!(carla.page(INVESTORS).status, 200);
    let mut uma = somebody(&site, "uma@example.org", Some(Role::Auditor));
    let page = uma.page("/issuer/team");
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Your role may look here"));
    assert_eq!(uma.submit("/issuer/team", &give).status, 403);
}
