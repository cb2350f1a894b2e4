//! What a person granted: the list, what is taken away, and the page that needs no script.

use std::collections::BTreeSet;

use serde_json::json;
use softcap_identity::Role;

use super::application::{Application, encoded};
use crate::{
    people::browser::{ORIGIN, Site},
    roles::somebody,
};

const INVESTORS: &str = "/v1/offerings/harbour/investors";

#[test]
fn a_person_sees_narrows_and_ends_what_they_granted_and_nobody_else_does() {
    let site = Site::with_offering();
    let app = Application::register(&site);
    let mut carla = somebody(&site, "carla@example.org", Some(Role::ComplianceOfficer));
    let mut eve = somebody(&site, "eve@example.org", None);
    let token = app.token(&mut carla, "investors:read:* offerings:read:*");
    let listed = carla.get("/v1/me/apps").json();
    let grant = &listed["grants"][0];
    assert_eq!(
        (&grant["client_name"], &grant["client_id"]),
        (&json!("Portfolio"), &json!(app.id))
    );
    assert_eq!(eve.get("/v1/me/apps").json(), json!({ "grants": [] }));
    let path = format!("/v1/me/apps/{}", grant["id"].as_str().unwrap());
    let less = json!({ "scope": "investors:read:harbour" });
    assert_eq!(
        eve.send("PATCH", &path, &less).refusal(),
        (404, "A842".to_owned())
    );
    assert_eq!(eve.delete(&path).refusal(), (404, "A842".to_owned()));
    assert_eq!(
        eve.get(&format!("{path}/acts")).refusal(),
        (404, "A842".to_owned())
    );
    let more = json!({ "scope": "audit:read:*" });
    assert_eq!(
        carla.send("PATCH", &path, &more).refusal(),
        (422, "A845".to_owned())
    );
    assert_eq!(carla.send("PATCH", &path, &less).status, 204);
    assert_eq!(app.get(INVESTORS, &token).status, 200);
    let other = app.get("/v1/audit", &token);
    assert_eq!(other.refusal(), (403, "A815".to_owned()));
    assert_eq!(
        carla.get(&format!("{path}/acts")).json(),
        json!({ "acts": [] })
    );
    assert_eq!(carla.delete(&path).status, 204);
    assert_eq!(
        app.get(INVESTORS, &token).refusal(),
        (401, "A814".to_owned())
    );
}

#[test]
fn the_page_of_applications_works_with_forms() {
    let site = Site::with_offering();
    let app = Application::register(&site);
    let mut carla = somebody(&site, "carla@example.org", Some(Role::ComplianceOfficer));
    let token = app.token(&mut carla, "investors:read:* offerings:read:*");
    let listed = carla.get("/v1/me/apps").json();
    let grant = listed["grants"][0]["id"].as_str().unwrap().to_owned();
    let shown = carla.get("/apps");
    for part in ["Portfolio", "investors:read:*", &grant] {
        assert!(shown.text().contains(part), "{part}");
    }
    let narrow = [
        ("grant", grant.as_str()),
        ("act", "narrow"),
        ("scope", "investors:read:*"),
        ("only_on", "harbour"),
        ("days", ""),
    ];
    carla.says = Some(("origin", "https://evil.example"));
    let foreign = carla.send_form("/apps", &encoded(&narrow));
    assert_eq!(foreign.refusal(), (403, "H441".to_owned()));
    carla.says = Some(("origin", ORIGIN));
    let done = carla.send_form("/apps", &encoded(&narrow));
    assert_eq!((done.status, done.header("location")), (303, Some("/apps")));
    let scope = carla.get("/v1/me/apps").json()["grants"][0]["scope"].clone();
    assert_eq!(scope, "investors:read:harbour");
    let wider = [
        ("grant", grant.as_str()),
        ("act", "narrow"),
        ("scope", "audit:read:*"),
    ];
    let refused = carla.send_form("/apps", &encoded(&wider));
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("role=\"alert\""));
    // Two forms on one page: a label belongs to the box beside it.
    let other = Application::register(&site);
    other.token(&mut carla, "investors:read:*");
    let two = carla.get("/apps");
    let ids: Vec<_> = two.text().split(" id=\"").skip(1).collect();
    let ids: Vec<_> = ids
        .iter()
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let once: BTreeSet<_> = ids.iter().collect();
    assert!(ids.len() == once.len() && ids.len() > 6, "{ids:?}");
    let end = [("grant", grant.as_str()), ("act", "end")];
    assert_eq!(carla.send_form("/apps", &encoded(&end)).status, 303);
    assert_eq!(app.get(INVESTORS, &token).status, 401);

    let mut nobody = site.browser("192.0.2.10");
    let asked = nobody.get("/apps");
    assert_eq!(asked.header("location"), Some("/log-in?next=%2Fapps"));
}
