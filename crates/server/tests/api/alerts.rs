//! What staff is alerted of, over a socket.

use serde_json::{Value, json};
use softcap_identity::Role;

use crate::{
    people::browser::Site,
    roles::somebody,
    test_node::{Answer, Call},
};

fn of_kind(list: &Value, kind: &str) -> Vec<Value> {
    let all = list["alerts"].as_array().unwrap().iter();
    all.filter(|alert| alert["kind"] == kind).cloned().collect()
}

#[test]
fn an_owner_reads_closes_and_gets_a_mail_and_an_auditor_only_reads() {
    let site = Site::start();
    let mut owner = somebody(&site, "olga@example.org", Some(Role::Owner));
    let mut auditor = somebody(&site, "aldo@example.org", Some(Role::Auditor));
    let person = auditor.get("/v1/me").json()["person"].clone();

    let list = auditor.get("/v1/alerts");
    assert_eq!(list.status, 200, "{}", list.text());
    assert_eq!(list.header("cache-control"), Some("no-store"));
    assert_eq!(of_kind(&list.json(), "owners_changed").len(), 1);
    let raised = of_kind(&list.json(), "rights_widened");
    assert_eq!(raised.len(), 1);
    assert_eq!(raised[0]["subject"], person);
    assert_eq!(
        (&raised[0]["state"], &raised[0]["times"]),
        (&json!("open"), &json!(1))
    );
    let mail = site.mail_of(&site, "alert: a person got a role");
    assert!(mail.contains("To: olga@example.org\r\n"), "{mail}");
    assert!(mail.contains(person.as_str().unwrap()), "{mail}");

    let path = format!("/v1/alerts/{}/close", raised[0]["id"].as_str().unwrap());
    let note = json!({ "note": "expected" });
    let refused = auditor.post(&path, &note);
    assert_eq!(refused.refusal(), (403, "H403".to_owned()));
    let nonsense = owner.post(&path, &json!({ "note": "nonsense" }));
    assert!((400..500).contains(&nonsense.status), "{}", nonsense.text());
    let closed = owner.post(&path, &note);
    assert_eq!(closed.status, 200, "{}", closed.text());
    assert_eq!(closed.json()["state"], "closed");
    assert_eq!(closed.json()["note"], "expected");
    assert_eq!(owner.post(&path, &note).refusal(), (409, "A602".to_owned()));
    for missing in ["0f14d0ab96054a62a9e45ed26688389b", "nonsense"] {
        let answer = owner.post(&format!("/v1/alerts/{missing}/close"), &note);
        assert_eq!(answer.refusal(), (404, "A601".to_owned()));
    }
    assert_eq!(
        of_kind(&owner.get("/v1/alerts").json(), "rights_widened"),
        [] as [Value; 0]
    );
    let all = owner.get("/v1/alerts?closed=true").json();
    assert_eq!(of_kind(&all, "rights_widened").len(), 1);
}

#[test]
fn the_use_of_a_canary_key_is_answered_as_an_unknown_one_and_alerts_the_owner() {
    let site = Site::start();
    let mut owner = somebody(&site, "olga@example.org", Some(Role::Owner));
    let body = json!({ "label": "backup", "scopes": ["offerings:write:*"], "canary": true });
    let made = owner.post("/v1/keys", &body);
    assert_eq!(made.status, 201, "{}", made.text());
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    let unknown = {
        let other = owner.post(
            "/v1/keys",
            &json!({ "label": "x", "scopes": ["keys:read:*"] }),
        );
        let id = other.json()["key"]["id"].as_str().unwrap().to_owned();
        owner.delete(&format!("/v1/keys/{id}"));
        other.json()["secret"].as_str().unwrap().to_owned()
    };
    let call = |key: &str| {
        let call = Call::new("GET", "/v1/keys").key(key);
        site.node.call(&call)
    };
    let (canary, revoked) = (call(&secret), call(&unknown));
    assert_eq!(canary.refusal(), (401, "key_invalid".to_owned()));
    // All but the name of the request.
    let said = |answer: &Answer| {
        let mut body = answer.json();
        body.as_object_mut().unwrap().remove("instance");
        body
    };
    assert_eq!(said(&canary), said(&revoked));
    let mail = site.mail_of(&site, "alert: a canary key was used");
    let id = made.json()["key"]["id"].as_str().unwrap().to_owned();
    assert!(mail.contains(&id), "{mail}");
    let list = owner.get("/v1/alerts").json();
    assert_eq!(of_kind(&list, "canary_used")[0]["subject"], id);
}
