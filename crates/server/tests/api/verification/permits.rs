//! Where a contract takes the money, an approval is a permit that the contract asks for.

use std::fs;

use serde_json::{Value, json};
use softcap_evm::{Permit, PermitDomain, Verifier};
use softcap_identity::Role;
use softcap_offering::{Command, CurrencyIndex, EscrowAddress};

use crate::{
    people::browser::{Browser, Site},
    roles::{person_of, somebody},
    test_node::{Answer, NAME, terms_hash},
};

const TERMS: &str = r#"
rules = 1
name = "On a chain"
origin = "softcap.example/chain"
hard_cap = "100 ETH"
dust = "unassigned"
[clock]
kind = "time"
[token]
name = "Token"
symbol = "TOK"
decimals = 18
[token.supply]
kind = "minted"
[currency.ETH]
decimals = 18
rail = "evm"
[[round]]
name = "public"
from = "2030-01-01T00:00:00Z"
until = "2030-01-02T00:00:00Z"
end = "exclusive"
access = "admitted"
price = "10 TOK per 1 ETH"
allocation = "first_come"
cap = "100 ETH"
"#;
/// The first key of every development chain.
const KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const WALLET: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const CONTRACT: [u8; 20] = [0xe5; 20];
const LIMIT: &str = "1000000000000000000";

fn announced(site: &Site) {
    let hash = terms_hash(TERMS);
    let body = json!({ "name": NAME, "terms": TERMS, "terms_hash": hash });
    let answer = site.node.post("/v1/offerings", "announce", &body);
    assert_eq!(answer.status, 201, "{}", answer.text());
    site.node.enter(&Command::Escrow(EscrowAddress {
        chain_id: 31_337,
        contract: CONTRACT,
        currency: CurrencyIndex(0),
    }));
}

fn approved<'a>(site: &'a Site, email: &str, wallet: Option<&str>) -> Browser<'a> {
    let mut anna = somebody(site, email, None);
    let begin = json!({ "level": "identity" });
    assert_eq!(anna.post("/v1/me/verification", &begin).status, 201);
    let mut values = json!({
        "full_name": "Anna", "birth_date": "1990-12-31", "address": "Quay 4", "country": "SE",
    });
    if let Some(wallet) = wallet {
        values["wallet"] = json!(wallet);
    }
    let rounds = json!([{ "offering": NAME, "round": "public" }]);
    let body = json!({ "values": values, "rounds": rounds });
    let filled = anna.send("PUT", "/v1/me/verification", &body);
    assert_eq!(filled.status, 200, "{}", filled.text());
    let sent = anna.post("/v1/me/verification/submission", &Value::Null);
    assert_eq!(sent.status, 200, "{}", sent.text());
    let person = person_of(&mut anna);
    let mut rita = somebody(site, &format!("of-{email}"), Some(Role::ComplianceOfficer));
    let taken = rita.post(&format!("/v1/verifications/{person}/review"), &Value::Null);
    let grant = json!({ "offering": NAME, "round": "public", "limit": LIMIT });
    let body = json!({ "version": taken.json()["version"], "admissions": [grant] });
    let done = rita.post(&format!("/v1/verifications/{person}/approval"), &body);
    assert_eq!(done.status, 200, "{}", done.text());
    anna
}

fn permit(anna: &mut Browser<'_>) -> Answer {
    let round = json!({ "offering": NAME, "round": "public" });
    anna.post("/v1/me/verification/permits", &round)
}

#[test]
fn a_verified_wallet_gets_a_permit_for_a_day() {
    let site = Site::start_with(|config| {
        let path = std::path::PathBuf::from(&config.server.data).with_file_name("permit.key");
        fs::write(&path, KEY).unwrap();
        config.verification.permit_key_file = Some(path);
    });
    announced(&site);
    let mut anna = approved(&site, "anna@example.org", Some(WALLET));
    let granted = anna.get("/v1/me/verification").json()["admissions"][0].clone();
    assert_eq!(granted["state"], "permitted");
    assert_eq!(granted["permits_are_signed"], true);
    let answer = permit(&mut anna);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let signed = answer.json();
    // A day from now, in whole seconds.
    assert_eq!(signed["expiry"], (1_800_003_660 + 86_400).to_string());
    assert_eq!(signed["max"], LIMIT);
    assert_eq!(signed["investor"], WALLET);
    assert_eq!(signed["chain_id"], 31_337);
    // The same as whoever signs by hand with the key gets: `softcap permit` does, and the contract recovers it.
    let verifier = Verifier::read(&site.node.folder().join("permit.key")).unwrap();
    let domain = PermitDomain {
        chain_id: 31_337,
        escrow: CONTRACT.into(),
        round: "0".parse().unwrap(),
        terms_hash: terms_hash(TERMS).parse().unwrap(),
    };
    let by_hand = Permit {
        investor: WALLET.parse().unwrap(),
        max: LIMIT.parse().unwrap(),
        expiry: signed["expiry"].as_str().unwrap().parse().unwrap(),
    };
    let by_hand = site.node.wait(verifier.sign(&by_hand, &domain)).unwrap();
    assert_eq!(signed["signature"], by_hand.to_string());
    // No entry was made for the person: the contract decides.
    let investors = site.node.get(&format!("/v1/offerings/{NAME}/investors"));
    assert_eq!(investors.json()["investors"], json!([]));
    // Without a wallet there is nothing to sign for.
    let mut bela = approved(&site, "bela@example.org", None);
    assert_eq!(permit(&mut bela).refusal(), (409, "A904".to_owned()));
    // Who is looked at again gets no permit.
    let person = person_of(&mut anna);
    let mut rita = somebody(&site, "r@example.org", Some(Role::ComplianceOfficer));
    rita.post(&format!("/v1/verifications/{person}/review"), &Value::Null);
    assert_eq!(permit(&mut anna).refusal(), (409, "A902".to_owned()));
    let version =
        rita.get(&format!("/v1/verifications/{person}")).json()["case"]["version"].clone();
    let body = json!({ "version": version, "reasons": ["sanctions"] });
    let refused = rita.post(&format!("/v1/verifications/{person}/refusal"), &body);
    assert_eq!(refused.status, 200, "{}", refused.text());
    assert_eq!(permit(&mut anna).refusal(), (404, "H404".to_owned()));
}

#[test]
fn without_a_key_the_answer_says_that_no_permits_are_signed() {
    let site = Site::start();
    announced(&site);
    let mut anna = approved(&site, "anna@example.org", Some(WALLET));
    let granted = anna.get("/v1/me/verification").json()["admissions"][0].clone();
    assert_eq!(granted["permits_are_signed"], false);
    assert_eq!(permit(&mut anna).refusal(), (503, "H508".to_owned()));
}
