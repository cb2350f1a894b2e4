//! Several nodes, restarts, and what is on the disk.

use std::{fs, path::Path};

use serde_json::json;

use super::browser::{Browser, PASSWORD, Site};

#[test]
fn v7_4_1_a_session_that_was_ended_on_one_node_is_dead_on_the_other_at_once() {
    let (_server, one, other) = Site::two_nodes();
    let mut here = one.signed_up_beside(&other, "anna@example.org");
    let mut there = other.browser("192.0.2.10");
    assert_eq!(there.log_in("anna@example.org", PASSWORD).status, 201);
    let on_other = |browser: &Browser<'_>, site| {
        let secret = browser.secret().unwrap();
        Site::browser(site, "192.0.2.10")
            .with_secret(&secret)
            .get("/v1/me")
            .refusal()
            .0
    };
    assert_eq!(
        (on_other(&here, &other), on_other(&there, &one)),
        (200, 200)
    );
    assert_eq!(here.delete("/v1/sessions").json(), json!({ "ended": 1 }));
    assert_eq!(there.get("/v1/me").refusal(), (401, "A408".to_owned()));
    // A step-up here makes the secret of before useless there, and logging out there ends it here.
    let before = here.secret().unwrap();
    assert_eq!(here.step_up(PASSWORD).status, 204);
    assert_eq!(
        other
            .browser("192.0.2.10")
            .with_secret(&before)
            .get("/v1/me")
            .status,
        401
    );
    let secret = here.secret().unwrap();
    let mut moved = other.browser("192.0.2.10").with_secret(&secret);
    assert_eq!(moved.delete("/v1/sessions/current").status, 204);
    assert_eq!(here.get("/v1/me").refusal(), (401, "A408".to_owned()));
    drop((one.node, other.node));
}

#[test]
fn v14_2_4_a_database_holds_no_address_password_or_secret_in_the_clear() {
    let mut site = Site::start();
    let (email, agent) = ("planted.anna@example.org", "Firefox on a ship");
    let mut anna = site.signed_up(email);
    let mut secrets = vec![anna.secret().unwrap()];
    anna.post("/v1/recovery", &json!({ "email": email }));
    let mails = site.mails_after(2);
    secrets.extend(mails.iter().map(|mail| super::browser::code_in(mail)));
    assert_eq!(anna.step_up(PASSWORD).status, 204);
    secrets.push(anna.secret().unwrap());
    drop(anna);
    site.node.stop();
    let mut needles = vec![PASSWORD, email, "planted", agent, "192.0.2.10", "argon2id"];
    needles.extend(secrets.iter().map(String::as_str));
    let data = site.node.folder().join("data");
    assert!(bytes_searched(&data, &needles) > 50_000);
}

/// Looks through every file but the secrets; gives how much there was.
fn bytes_searched(folder: &Path, needles: &[&str]) -> usize {
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            seen += bytes_searched(&path, needles);
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        seen += bytes.len();
        for needle in needles {
            let found = bytes
                .windows(needle.len())
                .any(|part| part.eq_ignore_ascii_case(needle.as_bytes()));
            assert!(!found, "{needle} in {}", path.display());
        }
    }
    seen
}
