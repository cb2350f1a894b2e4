//! People with roles: what they may, what two of them may, and when they may no more.

use serde_json::{Value, json};
use softcap_identity::{PersonId, Role, RoleChange};

use crate::{
    people::browser::{Browser, PASSWORD, Site},
    test_node::{Answer, NAME, SETTLEABLE},
};

/// Somebody with a role of the whole organisation, or none, who has shown two factors just now.
pub(crate) fn somebody<'a>(site: &'a Site, email: &str, role: Option<Role>) -> Browser<'a> {
    let mut browser = site.signed_up(email);
    if let Some(role) = role {
        let change = RoleChange {
            person: person_of(&mut browser),
            role,
            place: "*".parse().unwrap(),
        };
        site.node.give_role(change);
    }
    // As after a second factor.
    site.node.execute("UPDATE session SET level = 'two'");
    browser
}

pub(crate) fn person_of(browser: &mut Browser<'_>) -> PersonId {
    let me = browser.get("/v1/me").json();
    me["person"].as_str().unwrap().parse().unwrap()
}

fn propose(browser: &mut Browser<'_>, act: &Value) -> Answer {
    browser.post("/v1/proposals", act)
}

fn decide(browser: &mut Browser<'_>, proposal: &Value, decision: &str) -> Answer {
    let id = proposal["id"].as_str().unwrap();
    let path = format!("/v1/proposals/{id}/decision");
    browser.post(&path, &json!({ "decision": decision }))
}

#[test]
fn v8_3_2_a_role_counts_from_the_next_request_on_and_no_longer() {
    let site = Site::with_offering();
    let mut anna = somebody(&site, "anna@example.org", Some(Role::Owner));
    let mut bela = somebody(&site, "bela@example.org", Some(Role::Owner));
    let mut carla = somebody(&site, "carla@example.org", None);
    let investors = format!("/v1/offerings/{NAME}/investors");
    assert_eq!(carla.get(&investors).refusal(), (403, "H403".to_owned()));

    let person = person_of(&mut carla).to_string();
    let give = json!({ "kind": "give_role", "person": person, "role": "support", "on": NAME });
    let proposal = propose(&mut anna, &give);
    assert_eq!(proposal.status, 201, "{}", proposal.text());
    let proposal = proposal.json();
    assert_eq!(carla.get(&investors).status, 403);
    assert_eq!(
        decide(&mut anna, &proposal, "approve").refusal(),
        (403, "A705".to_owned())
    );
    assert_eq!(
        decide(&mut carla, &proposal, "approve").refusal(),
        (404, "A703".to_owned())
    );
    let approved = decide(&mut bela, &proposal, "approve");
    assert_eq!(
        approved.json()["proposal"]["state"],
        "approved",
        "{}",
        approved.text()
    );
    assert_eq!(carla.get(&investors).status, 200);
    assert_eq!(
        carla.get("/v1/me/roles").json()["roles"][0]["role"],
        "support"
    );
    // On this offering alone.
    assert_eq!(carla.get("/v1/offerings/other/investors").status, 404);
    assert_eq!(carla.get("/v1/roles").refusal(), (403, "H403".to_owned()));
    assert_eq!(
        anna.get("/v1/roles").json()["roles"]
            .as_array()
            .unwrap()
            .len(),
        3
    );

    let given_up = carla.delete(&format!("/v1/me/roles/support?on={NAME}"));
    assert_eq!(given_up.status, 204, "{}", given_up.text());
    assert_eq!(carla.get(&investors).status, 403);
}

#[test]
fn v7_5_1_a_role_needs_a_second_factor_and_what_lasts_a_fresh_one() {
    let site = Site::with_offering();
    let mut tom = somebody(&site, "tom@example.org", Some(Role::Treasurer));
    let read = format!("/v1/offerings/{NAME}/contributions");
    assert_eq!(tom.get(&read).status, 200);
    site.node.execute("UPDATE session SET level = 'one'");
    assert_eq!(tom.get(&read).refusal(), (403, "H445".to_owned()));
    site.node
        .execute("UPDATE session SET level = 'two', fresh_at = fresh_at - 600000");
    assert_eq!(tom.get(&read).status, 200);
    let release = json!({ "kind": "release", "offering": NAME, "milestone": 0 });
    assert_eq!(
        propose(&mut tom, &release).refusal(),
        (403, "A409".to_owned())
    );
    assert_eq!(tom.step_up(PASSWORD).status, 204);
    site.node.execute("UPDATE session SET level = 'two'");
    assert_eq!(propose(&mut tom, &release).status, 201);
    // Another page cannot make the browser ask.
    tom.says = Some(("origin", "https://evil.example"));
    assert_eq!(
        propose(&mut tom, &release).refusal(),
        (403, "H441".to_owned())
    );
}

/// Two different people release money, and it is one entry however often the second one says so.
#[test]
fn v2_3_5_a_release_is_one_entry_of_two_people() {
    let site = Site::with_offering();
    let mut tom = somebody(&site, "tom@example.org", Some(Role::Treasurer));
    let mut anna = somebody(&site, "anna@example.org", Some(Role::Owner));
    let operations = format!("/v1/offerings/{NAME}/operations");
    let alone = json!({ "kind": "release", "milestone": 0 });
    let refused = anna.post_once(&operations, "r", &alone);
    assert_eq!(refused.refusal(), (403, "H446".to_owned()));
    let release = json!({ "kind": "release", "offering": NAME, "milestone": 0 });
    assert_eq!(
        propose(&mut anna, &release).refusal(),
        (403, "H403".to_owned())
    );
    let proposal = propose(&mut tom, &release).json();
    assert_eq!(
        decide(&mut tom, &proposal, "approve").refusal(),
        (403, "A705".to_owned())
    );
    let first = decide(&mut anna, &proposal, "approve").json();
    // The record judges it like any other: there is nothing to release before the settlement.
    assert_eq!(first["entry"]["outcome"]["refusal"]["code"], 706, "{first}");
    let again = decide(&mut anna, &proposal, "approve").json();
    assert_eq!(first, again);
    assert_eq!(
        decide(&mut anna, &proposal, "decline").refusal(),
        (409, "A704".to_owned())
    );
}

#[test]
fn a_person_makes_keys_that_do_what_the_person_may() {
    let site = Site::with_offering();
    let mut dev = somebody(&site, "dev@example.org", Some(Role::Developer));
    let mut anna = somebody(&site, "anna@example.org", Some(Role::Owner));
    let key = |scope: &str| json!({ "label": "till", "scopes": [scope], "environment": "test" });
    let read = format!("offerings:read:{NAME}");
    let write = format!("contributions:write:{NAME}");
    assert_eq!(dev.post("/v1/keys", &key(&read)).status, 201);
    assert_eq!(
        dev.post("/v1/keys", &key(&write)).refusal(),
        (403, "K301".to_owned())
    );
    let made = anna.post("/v1/keys", &key(&write));
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["key"]["id"].as_str().unwrap().to_owned();
    assert!(
        made.json()["key"]["created_by"]
            .as_str()
            .unwrap()
            .starts_with("person:")
    );
    // Whoever may revoke keys may revoke any: that makes nothing wider.
    let ids = |browser: &mut Browser<'_>| {
        let keys = browser.get("/v1/keys").json();
        let keys = keys["keys"].as_array().unwrap().clone();
        keys.iter()
            .map(|key| key["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert!(ids(&mut dev).contains(&id));
    let revoked = dev.delete(&format!("/v1/keys/{id}"));
    assert_eq!(revoked.json()["revoked"], json!([id]), "{}", revoked.text());
    let rotated = dev.post(
        &format!("/v1/keys/{id}/rotation"),
        &json!({ "overlap_seconds": 0 }),
    );
    assert_eq!(rotated.refusal(), (403, "K301".to_owned()));
}

#[test]
fn a_settlement_by_a_treasurer_is_an_entry_as_by_a_key() {
    let site = Site::with_offering();
    let mut tom = somebody(&site, "tom@example.org", Some(Role::Treasurer));
    site.node.set_clock(SETTLEABLE);
    // The session is over by then.
    assert_eq!(tom.get("/v1/me").refusal(), (401, "A408".to_owned()));
    assert_eq!(tom.log_in("tom@example.org", PASSWORD).status, 201);
    site.node.execute("UPDATE session SET level = 'two'");
    let settled = tom.post_once(
        &format!("/v1/offerings/{NAME}/settlement"),
        "s",
        &Value::Null,
    );
    assert_eq!(settled.status, 201, "{}", settled.text());
    let again = tom.post_once(
        &format!("/v1/offerings/{NAME}/settlement"),
        "s",
        &Value::Null,
    );
    assert_eq!(settled.body, again.body);
}
