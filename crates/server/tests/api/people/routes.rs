//! Every operation that the document says needs a session: none, a dead one, and pages of other sites.

use serde_json::{Value, json};

use super::browser::Site;

/// Method, and path with something for each parameter.
fn operations() -> Vec<(&'static str, String)> {
    let text = softcap_server::document_text().unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "put", "post", "delete", "patch"] {
            let schemes = item[method]["security"].as_array();
            let needs = schemes.is_some_and(|all| {
                !all.is_empty() && all.iter().all(|one| one.get("session").is_some())
            });
            if needs {
                let parts = path
                    .split('/')
                    .map(|part| if part.starts_with('{') { "x" } else { part });
                let path = parts.collect::<Vec<_>>().join("/");
                let method = match method {
                    "get" => "GET",
                    "put" => "PUT",
                    "post" => "POST",
                    "delete" => "DELETE",
                    _ => "PATCH",
                };
                found.push((method, path));
            }
        }
    }
    found
}

#[test]
fn v7_2_1_an_operation_that_needs_a_session_is_closed_without_a_live_one() {
    let site = Site::start();
    let mut anna = site.signed_up("anna@example.org");
    let mut nobody = site.browser("192.0.2.1");
    let ended = anna.secret().unwrap();
    assert_eq!(anna.step_up(super::PASSWORD).status, 204);
    let mut dead = anna.with_secret(&ended);
    let mut foreign = anna.with_secret(&anna.secret().unwrap());
    foreign.says = Some(("origin", "https://evil.example"));
    let operations = operations();
    assert!(operations.len() >= 7, "{operations:?}");
    for (method, path) in operations {
        let body = json!({});
        for browser in [&mut nobody, &mut dead] {
            let answer = browser.send(method, &path, &body);
            assert_eq!(
                answer.refusal(),
                (401, "A408".to_owned()),
                "{method} {path}"
            );
            assert_eq!(
                answer.header("cache-control"),
                Some("no-store"),
                "{method} {path}"
            );
        }
        if method != "GET" {
            let answer = foreign.send(method, &path, &body);
            assert_eq!(
                answer.refusal(),
                (403, "H441".to_owned()),
                "{method} {path}"
            );
        }
    }
    // And nothing of it happened.
    assert_eq!(anna.get("/v1/me").status, 200);
}
