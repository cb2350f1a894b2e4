//! What staff is alerted of, over a socket.

use serde_json::{Value, json};
use softcap_identity::Role;

use crate::{
    people::browser::{Browser, PASSWORD, Site},
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

#[test]
fn an_owner_revokes_freezes_and_reads_the_trail_of_an_incident() {
    let site = Site::start();
    let mut owner = somebody(&site, "olga@example.org", Some(Role::Owner));
    let mut auditor = somebody(&site, "aldo@example.org", Some(Role::Auditor));
    let body = json!({ "label": "backup", "scopes": ["offerings:write:*"], "canary": true });
    let made = owner.post("/v1/keys", &body).json();
    let secret = made["secret"].as_str().unwrap();
    site.node.call(&Call::new("GET", "/v1/keys").key(secret));
    site.mail_of(&site, "alert: a canary key was used");
    let list = owner.get("/v1/alerts").json();
    let named = |kind: &str| of_kind(&list, kind)[0]["id"].as_str().unwrap().to_owned();

    // A key is revoked, and nothing else is done with it.
    let canary = format!("/v1/incidents/{}", named("canary_used"));
    let read = auditor.get(&canary);
    assert_eq!(read.status, 200, "{}", read.text());
    assert_eq!(
        read.json()["steps"][0]["request"],
        format!("POST {canary}/revoke")
    );
    let revoke = format!("{canary}/revoke");
    assert_eq!(
        auditor.post(&revoke, &Value::Null).refusal(),
        (403, "H403".to_owned())
    );
    let revoked = owner.post(&revoke, &Value::Null);
    assert_eq!((revoked.status, &revoked.json()["keys"]), (200, &json!(1)));
    let wrong = owner.post(&format!("{canary}/freeze"), &Value::Null);
    assert_eq!(wrong.refusal(), (409, "H409".to_owned()));

    // A person is stopped at once, and told so.
    let person = format!("/v1/incidents/{}", named("rights_widened"));
    let frozen = owner.post(&format!("{person}/freeze"), &Value::Null);
    assert_eq!(frozen.status, 200, "{}", frozen.text());
    assert!(frozen.json()["sessions"].as_u64().unwrap() >= 1);
    assert_eq!(auditor.get("/v1/me").status, 401);
    assert_eq!(
        auditor.log_in("aldo@example.org", PASSWORD).refusal(),
        (403, "A414".to_owned())
    );
    let told = site.mail_of(&site, "everything in your name was stopped");
    assert!(told.contains("To: aldo@example.org\r\n"), "{told}");
    let trail = owner.get(&format!("{person}/trail")).json();
    let to: Vec<&Value> = trail["to"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["act"])
        .collect();
    assert!(
        to.contains(&&json!("freeze")) && to.contains(&&json!("give_role")),
        "{to:?}"
    );
}

#[test]
fn a_program_is_told_of_each_alert_once() {
    let site = Site::start();
    let mut owner = somebody(&site, "olga@example.org", Some(Role::Owner));
    let register = |owner: &mut Browser<'_>, url: &str| {
        owner.post("/v1/alert-webhooks", &json!({ "url": url }))
    };
    for inside in [
        "https://127.0.0.1/x",
        "http://example.org/x",
        "https://169.254.169.254/",
    ] {
        assert_eq!(
            register(&mut owner, inside).refusal(),
            (422, "H422".to_owned())
        );
    }
    let made = register(&mut owner, "https://hooks.example.org/alerts");
    assert_eq!(made.status, 201, "{}", made.text());
    assert!(
        made.json()["secret"]
            .as_str()
            .unwrap()
            .starts_with("whsec_")
    );
    let listed = owner.get("/v1/alert-webhooks").json();
    assert_eq!(
        listed["webhooks"][0]["url"],
        "https://hooks.example.org/alerts"
    );
    assert_eq!(listed["webhooks"][0].get("secret"), None);
    let path = format!("/v1/alert-webhooks/{}", made.json()["id"].as_str().unwrap());
    assert_eq!(owner.delete(&path).status, 204);
    assert_eq!(owner.delete(&path).refusal(), (404, "H404".to_owned()));
}
