//! People who are verified: from the first word to the entry of the record, and back.

mod files;
mod permits;

use serde_json::{Value, json};
use softcap_identity::Role;

use crate::{
    people::browser::{Browser, Site},
    roles::{person_of, somebody},
    test_node::{Answer, NAME},
};

const ROUND: &str = "early bird";
/// While the early bird round is open.
const EARLY: u64 = 1_800_000_060_000;

fn filled() -> Value {
    json!({
        "values": {
            "full_name": "Anna Planted-Lindqvist",
            "birth_date": "1990-12-31",
            "address": "Planted Quay 4\n111 30 Stockholm",
            "country": "SE",
        },
        "rounds": [{ "offering": NAME, "round": ROUND }],
    })
}

/// A node whose offering is in the round of those who were admitted.
fn in_early_bird() -> Site {
    let site = Site::start();
    site.node.set_clock(EARLY);
    site.node.announce();
    site
}

/// Somebody whose case waits for a reviewer.
pub(super) fn submitted<'a>(site: &'a Site, email: &str) -> (Browser<'a>, String) {
    let mut anna = somebody(site, email, None);
    let begun = anna.post("/v1/me/verification", &json!({ "level": "identity" }));
    assert_eq!(begun.status, 201, "{}", begun.text());
    let missing = &begun.json()["missing"];
    assert_eq!(missing[1]["what"], "birth_date");
    let filled = anna.send("PUT", "/v1/me/verification", &filled());
    assert_eq!(filled.json()["missing"], json!([]), "{}", filled.text());
    let sent = anna.post("/v1/me/verification/submission", &Value::Null);
    assert_eq!(sent.json()["case"]["state"], "submitted", "{}", sent.text());
    let person = person_of(&mut anna).to_string();
    (anna, person)
}

pub(super) fn officer<'a>(site: &'a Site, email: &str) -> Browser<'a> {
    somebody(site, email, Some(Role::ComplianceOfficer))
}

/// Takes a case, and says which version was read.
fn taken(officer: &mut Browser<'_>, person: &str) -> i64 {
    let path = format!("/v1/verifications/{person}/review");
    let answer = officer.post(&path, &Value::Null);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["version"].as_i64().unwrap()
}

fn approve(officer: &mut Browser<'_>, person: &str, version: i64, cents: &str) -> Answer {
    let grant = json!({ "offering": NAME, "round": ROUND, "limit": cents });
    let body = json!({ "version": version, "admissions": [grant] });
    officer.post(&format!("/v1/verifications/{person}/approval"), &body)
}

fn refuse(officer: &mut Browser<'_>, person: &str, version: i64) -> Answer {
    let body = json!({ "version": version, "reasons": ["sanctions"] });
    officer.post(&format!("/v1/verifications/{person}/refusal"), &body)
}

/// The first admission of a person.
fn admission(anna: &mut Browser<'_>) -> Value {
    anna.get("/v1/me/verification").json()["admissions"][0].clone()
}

/// The investors of the offering, as the record knows them.
fn investors(site: &Site) -> Value {
    let path = format!("/v1/offerings/{NAME}/investors");
    site.node.get(&path).json()["investors"].clone()
}

#[test]
fn a_verified_person_is_an_entry_that_says_nothing_of_them() {
    let site = Site::with_offering();
    let (mut anna, person) = submitted(&site, "anna@example.org");
    let mut rita = officer(&site, "rita@example.org");
    let list = rita.get("/v1/verifications?state=submitted").json();
    assert_eq!(list["cases"][0]["person"], person.as_str());
    let version = taken(&mut rita, &person);
    let review = rita.get(&format!("/v1/verifications/{person}"));
    assert!(!review.text().contains("Planted"));
    assert_eq!(
        review.json()["reasons_to_give"].as_array().unwrap().len(),
        14
    );
    let said = rita.get(&format!("/v1/verifications/{person}/values"));
    assert_eq!(said.json()["values"]["full_name"], "Anna Planted-Lindqvist");
    assert_eq!(said.header("cache-control"), Some("no-store"));
    let approved = approve(&mut rita, &person, version, "600000");
    assert_eq!(approved.status, 200, "{}", approved.text());
    assert_eq!(approved.json()["case"]["state"], "approved");
    let granted = admission(&mut anna);
    assert_eq!(granted["state"], "entered", "{granted}");
    assert_eq!(granted["limit"]["display"], "6000 EUR");
    let entry = granted["entry"].as_u64().unwrap();
    // Once, and nothing about the person.
    let [only] = investors(&site)
        .as_array()
        .unwrap()
        .clone()
        .try_into()
        .unwrap();
    assert_eq!(only["admissions"][0]["standing"], "valid");
    assert_eq!(only["admissions"][0]["limit"]["units"], "600000");
    assert_ne!(only["investor"], person.as_str());
    let read = site
        .node
        .get(&format!("/v1/offerings/{NAME}/log/entries/{entry}"));
    assert!(!read.text().contains(&person) && !read.text().contains("Planted"));
}

#[test]
fn an_admission_is_one_entry_whatever_is_killed_in_between() {
    let mut site = Site::with_offering();
    // As a stop leaves it: before the entry, and between the entry and its note.
    const LEFT: [&str; 2] = [
        "UPDATE verification_admission SET state = 'due', entry = NULL",
        "UPDATE verification_admission SET state = 'entering', entry = NULL",
    ];
    {
        let (_anna, person) = submitted(&site, "anna@example.org");
        let mut rita = officer(&site, "rita@example.org");
        let version = taken(&mut rita, &person);
        assert_eq!(approve(&mut rita, &person, version, "1000").status, 200);
    }
    let size =
        |site: &Site| site.node.get(&format!("/v1/offerings/{NAME}")).json()["entries"].clone();
    let before = size(&site);
    for text in LEFT {
        site.node.execute(text);
        site.node.restart();
        site.node.wait_for_admissions();
        assert_eq!(size(&site), before, "{text}");
        assert_eq!(investors(&site).as_array().unwrap().len(), 1);
    }
    // Refused between the entry and its note: it is taken back in the record, and nobody is let in after that.
    site.node
        .execute("UPDATE verification_admission SET state = 'revoke_due', entry = NULL");
    site.node.restart();
    site.node.wait_for_admissions();
    assert_eq!(investors(&site)[0]["admissions"][0]["standing"], "revoked");
}

#[test]
fn v2_3_5_a_large_limit_needs_a_second_officer() {
    let site = Site::with_offering();
    let (mut anna, person) = submitted(&site, "anna@example.org");
    let mut rita = officer(&site, "rita@example.org");
    let mut omar = officer(&site, "omar@example.org");
    let version = taken(&mut rita, &person);
    let proposed = approve(&mut rita, &person, version, "1500001");
    assert_eq!(proposed.status, 202, "{}", proposed.text());
    assert_eq!(admission(&mut anna)["state"], "proposed");
    let id = proposed.json()["proposal"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v1/proposals/{id}/decision");
    let yes = json!({ "decision": "approve" });
    let alone = rita.post(&path, &yes);
    assert_eq!(alone.refusal(), (403, "A705".to_owned()));
    assert_eq!(anna.post(&path, &yes).refusal(), (403, "A710".to_owned()));
    let seen = omar.get("/v1/proposals").json();
    assert_eq!(seen["proposals"][0]["act"]["kind"], "approve_verification");
    for _ in 0..2 {
        let decided = omar.post(&path, &yes);
        assert_eq!(decided.status, 200, "{}", decided.text());
    }
    assert_eq!(admission(&mut anna)["state"], "entered");
    assert_eq!(investors(&site).as_array().unwrap().len(), 1);
    // Nobody proposes it by hand.
    let by_hand = json!({ "kind": "approve_verification", "person": person, "decision": id });
    let refused = rita.post("/v1/proposals", &by_hand);
    assert_eq!(refused.refusal(), (422, "H422".to_owned()));
}

#[test]
fn v2_3_1_no_step_is_skipped_over_the_interface() {
    let site = in_early_bird();
    let mut anna = somebody(&site, "anna@example.org", None);
    let mut rita = officer(&site, "rita@example.org");
    let person = person_of(&mut anna).to_string();
    let absent = (404, "A901".to_owned());
    let submission = "/v1/me/verification/submission";
    assert_eq!(anna.get("/v1/me/verification").refusal(), absent);
    assert_eq!(anna.post(submission, &Value::Null).refusal(), absent);
    assert_eq!(approve(&mut rita, &person, 1, "1").refusal(), absent);
    let begun = anna.post("/v1/me/verification", &json!({ "level": "document" }));
    assert_eq!(begun.status, 201);
    assert_eq!(
        anna.post(submission, &Value::Null).refusal(),
        (409, "A904".to_owned())
    );
    let early = approve(&mut rita, &person, 1, "1");
    assert_eq!(early.refusal(), (409, "A902".to_owned()));
    // Nobody writes into a case what is not theirs to write (V8.2.3).
    for body in [
        json!({ "state": "approved" }),
        json!({ "values": { "state": "approved" } }),
    ] {
        let wrong = anna.send("PUT", "/v1/me/verification", &body);
        assert_eq!(wrong.refusal(), (422, "H422".to_owned()));
    }
    // Without an admission the round takes no money.
    site.node.fund("p-7", 1, 100_000);
    let refused = site.node.contribute("p-7", "c", 50_000);
    assert_eq!(refused.json()["outcome"]["kind"], "refused");
}

/// The rail of balances: whoever is refused after they paid gets everything back, by the ways that are there for anybody.
#[test]
fn who_fails_later_gets_the_money_back() {
    let site = in_early_bird();
    let (mut anna, person) = submitted(&site, "anna@example.org");
    let mut rita = officer(&site, "rita@example.org");
    let version = taken(&mut rita, &person);
    assert_eq!(approve(&mut rita, &person, version, "600000").status, 200);
    site.node.post(
        "/v1/platform/currencies",
        "eur",
        &json!({ "symbol": "EUR", "decimals": 2 }),
    );
    let people = |what: &str| format!("/v1/people/{person}/{what}");
    let deposit = json!({ "currency": "EUR", "amount": "300000" });
    let deposited = site.node.post(&people("deposits"), "d", &deposit);
    assert_eq!(deposited.status, 201, "{}", deposited.text());
    let transfer = |name: &str, direction: &str, amount: &str| {
        let body = json!({
            "transfer": name.repeat(32), "offering": NAME, "currency": "EUR", "amount": amount,
            "direction": direction,
        });
        let moved = site.node.post(&people("transfers"), name, &body);
        assert_eq!(moved.json()["outcome"]["kind"], "done", "{}", moved.text());
        moved.json()["investor"].as_str().unwrap().to_owned()
    };
    // The number that was admitted is the one that the money has.
    let number = transfer("a", "to_offering", "300000");
    assert_eq!(investors(&site)[0]["investor"], number.as_str());
    let paid = site.node.contribute(&number, "c1", 200_000);
    assert_eq!(paid.json()["outcome"]["accepted"]["units"], "200000");
    let contribution = paid.sequence();

    let version = taken(&mut rita, &person);
    let refused = refuse(&mut rita, &person, version);
    assert_eq!(refused.json()["state"], "refused", "{}", refused.text());
    assert_eq!(admission(&mut anna)["state"], "revoked");
    // No more comes in.
    let more = site.node.contribute(&number, "c2", 50_000);
    assert_eq!(more.json()["outcome"]["kind"], "refused", "{}", more.text());
    // What was accepted is returned for the reason, and is free at once.
    let back = json!({
        "kind": "return", "contribution": contribution, "amount": "200000",
        "reason": "identity_not_proved",
    });
    let operations = format!("/v1/offerings/{NAME}/operations");
    let returned = site.node.post(&operations, "r", &back);
    assert_eq!(
        returned.json()["outcome"]["kind"],
        "refunded",
        "{}",
        returned.text()
    );
    transfer("b", "from_offering", "300000");
    let balance = site.node.get(&people("balances")).json();
    assert_eq!(
        balance["balances"][0]["available"]["units"], "300000",
        "{balance}"
    );
    let told = anna.get("/v1/me/verification").json();
    assert_eq!(told["case"]["reasons"][0]["code"], "sanctions");
}
