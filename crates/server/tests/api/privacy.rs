//! What a person may ask for: everything that is held of them, and that it is erased.

use serde_json::{Value, json};
use softcap_identity::Role;

use crate::{
    people::browser::{Browser, PASSWORD, Site},
    roles::{person_of, somebody},
    test_node::NAME,
};

/// What a day has.
const DAY: u64 = 86_400_000;

fn filled(anna: &mut Browser<'_>) {
    let begin = json!({ "level": "document" });
    assert_eq!(anna.post("/v1/me/verification", &begin).status, 201);
    let body = json!({ "values": { "full_name": "Anna Planted-Lindqvist" } });
    assert_eq!(anna.send("PUT", "/v1/me/verification", &body).status, 200);
    for content in [
        b"%PDF-1.7 one".as_slice(),
        &[b'%'; 0],
        b"%PDF-1.7 planted three",
    ] {
        let path = "/v1/me/verification/uploads?kind=identity";
        let sent = anna.send_file(path, "application/pdf", content);
        let expected = if content.is_empty() { 415 } else { 201 };
        assert_eq!(sent.status, expected, "{}", sent.text());
    }
}

#[test]
fn a_person_gets_everything_that_is_held_of_them_and_nobody_else_does() {
    let site = Site::with_offering();
    let mut anna = somebody(&site, "anna@example.org", None);
    filled(&mut anna);
    let person = person_of(&mut anna).to_string();
    let export = anna.get("/v1/me/export");
    assert_eq!(export.status, 200, "{}", export.text());
    let disposition = format!("attachment; filename=\"{person}.json\"");
    assert_eq!(export.header("content-disposition"), Some(&*disposition));
    assert_eq!(export.header("cache-control"), Some("no-store"));
    let held = export.json();
    assert_eq!(held["person"], person.as_str());
    assert_eq!(held["account"]["email"], "anna@example.org");
    assert_eq!(held["sessions"][0]["device"], "Firefox on a ship");
    let values = &held["verification"]["values"];
    assert_eq!(values["full_name"], "Anna Planted-Lindqvist");
    let files = held["files"].as_array().unwrap();
    let contents = files.iter().map(|file| file["content"].as_str().unwrap());
    let mut contents: Vec<_> = contents.collect();
    // They came at the same time.
    contents.sort_unstable();
    // Base64 of both, by another program.
    assert_eq!(
        contents,
        ["JVBERi0xLjcgb25l", "JVBERi0xLjcgcGxhbnRlZCB0aHJlZQ=="]
    );
    let audit = held["audit"].as_array().unwrap();
    let acts: Vec<_> = audit
        .iter()
        .map(|row| row["act"].as_str().unwrap())
        .collect();
    for act in [
        "sign_up",
        "log_in",
        "begin_verification",
        "add_upload",
        "export_person",
    ] {
        assert!(acts.contains(&act), "{act} in {acts:?}");
    }
    // By a compliance officer, and by nobody else.
    let path = format!("/v1/people/{person}/export");
    let mut rita = somebody(&site, "rita@example.org", Some(Role::ComplianceOfficer));
    assert_eq!(rita.get(&path).json()["files"], held["files"]);
    let mut olga = somebody(&site, "olga@example.org", Some(Role::Owner));
    assert_eq!(olga.get(&path).refusal(), (403, "H403".to_owned()));
    assert_eq!(anna.get(&path).refusal(), (403, "H403".to_owned()));
    let nobody = format!("/v1/people/{}/export", "a".repeat(32));
    assert_eq!(rita.get(&nobody).refusal(), (404, "A931".to_owned()));
    // V7.5.1: not without a factor that was shown lately.
    site.node
        .execute("UPDATE session SET fresh_at = fresh_at - 600000");
    let stale = (403, "A409".to_owned());
    assert_eq!(anna.get("/v1/me/export").refusal(), stale);
    assert_eq!(rita.get(&path).refusal(), stale);
    let erasure = anna.post("/v1/me/erasure", &Value::Null);
    assert_eq!(erasure.refusal(), (403, "A409".to_owned()));
}

#[test]
fn nobody_is_erased_who_would_lose_money_by_it() {
    let site = Site::with_offering();
    let mut anna = somebody(&site, "anna@example.org", None);
    let person = person_of(&mut anna).to_string();
    let eur = json!({ "symbol": "EUR", "decimals": 2 });
    site.node.post("/v1/platform/currencies", "eur", &eur);
    let people = |what: &str| format!("/v1/people/{person}/{what}");
    let money = json!({ "currency": "EUR", "amount": "300000" });
    assert_eq!(site.node.post(&people("deposits"), "d", &money).status, 201);
    let has_money = (409, "J208".to_owned());
    assert_eq!(
        anna.post("/v1/me/erasure", &Value::Null).refusal(),
        has_money
    );
    let transfer = |name: &str, direction: &str| {
        let body = json!({
            "transfer": name.repeat(32), "offering": NAME, "currency": "EUR", "amount": "300000",
            "direction": direction,
        });
        let moved = site.node.post(&people("transfers"), name, &body);
        assert_eq!(moved.json()["outcome"]["kind"], "done", "{}", moved.text());
    };
    transfer("a", "to_offering");
    assert_eq!(
        anna.post("/v1/me/erasure", &Value::Null).refusal(),
        has_money
    );
    assert_eq!(anna.get("/v1/me").status, 200);
    transfer("b", "from_offering");
    assert_eq!(
        site.node.post(&people("withdrawals"), "w", &money).status,
        201
    );
    let erased = anna.post("/v1/me/erasure", &Value::Null);
    assert_eq!(erased.status, 200, "{}", erased.text());
    let gone = erased.json()["erased"].clone();
    assert!(
        gone.as_array()
            .unwrap()
            .contains(&json!("investor_numbers"))
    );
    let left = site.node.get(&people("offerings")).json();
    assert_eq!(left["offerings"], json!([]));
}

#[test]
fn who_is_erased_is_gone_and_what_is_kept_is_named() {
    let site = Site::with_offering();
    let mut anna = somebody(&site, "anna@example.org", None);
    filled(&mut anna);
    let person = person_of(&mut anna).to_string();
    let mut rita = somebody(&site, "rita@example.org", Some(Role::ComplianceOfficer));
    // Somebody decided by what she said.
    site.node.execute(
        "UPDATE verification SET state = 'refused', reasons = 'differs', officer = person",
    );
    let erased = anna.post("/v1/me/erasure", &Value::Null);
    assert_eq!(erased.status, 200, "{}", erased.text());
    assert!(anna.secret().is_none(), "the cookie is taken away");
    let kept = erased.json()["kept"].clone();
    assert_eq!(kept[0]["what"], "verification");
    // 1,826 days from 2027-01-15.
    assert!(
        kept[0]["until"]
            .as_str()
            .unwrap()
            .starts_with("2032-01-15T"),
        "{kept}"
    );
    assert_eq!(
        anna.log_in("anna@example.org", PASSWORD).refusal(),
        (401, "A407".to_owned())
    );
    let path = format!("/v1/people/{person}/erasure");
    let again = rita.post(&path, &Value::Null);
    assert_eq!(again.json()["kept"], kept, "{}", again.text());
    // The clock of the law.
    let said = format!("/v1/verifications/{person}/values");
    assert_eq!(rita.get(&said).status, 200);
    let later = crate::test_node::IN_PUBLIC_ROUND + 1_826 * DAY;
    let done = site.node.keep_clock(later);
    assert_eq!(done, 1);
    assert_eq!(rita.get(&said).refusal(), (404, "A901".to_owned()));
    // Whoever signs up with the address again is somebody else.
    let mut other = somebody(&site, "anna@example.org", None);
    assert_ne!(person_of(&mut other).to_string(), person);
}
