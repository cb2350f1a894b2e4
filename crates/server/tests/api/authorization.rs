//! Every operation of the interface, asked by everybody: nobody, an investor, each role, and a key without scopes. The answers are
//! in `authorization.md`, so that a change of who may do what is seen by who reads the change.

use std::{env, fmt::Write as _, fs, path::Path};

use serde_json::{Value, json};
use softcap_identity::Role;

use crate::{
    people::browser::{ORIGIN, Site},
    roles::somebody,
    test_node::{Call, NAME},
};

/// What is not asked for by a role: a person's own things (`people`, `factors`), and the endpoints at which an application shows
/// in the request itself who it is (`oauth`).
const OWN: [&str; 3] = ["people", "factors", "oauth"];

/// The columns, and who stands for each.
struct Asking {
    name: &'static str,
    headers: Vec<(&'static str, String)>,
}

/// One operation, with values in the place of its parameters.
struct Asked {
    method: &'static str,
    path: String,
    shown: String,
    body: Value,
}

fn asking(site: &Site) -> Vec<Asking> {
    let key = site.node.key_with(Some("metrics:read:nothing"), "o");
    let mut all = vec![
        Asking {
            name: "nobody",
            headers: Vec::new(),
        },
        Asking {
            name: "key without scopes",
            headers: vec![("authorization", format!("Bearer {key}"))],
        },
    ];
    for role in Role::ALL {
        let email = format!("{role}@example.org");
        let given = role.is_granted().then_some(*role);
        let browser = somebody(site, &email, given);
        let cookie = format!("__Host-softcap={}", browser.secret().unwrap());
        all.push(Asking {
            name: role.as_code(),
            headers: vec![("cookie", cookie), ("origin", ORIGIN.to_owned())],
        });
    }
    all
}

/// A body that is read and then refused for another reason, or does no harm: who may not is to be refused before.
fn body(shown: &str) -> Value {
    let money = json!({ "transfer": "a".repeat(32), "currency": "XXX", "amount": "1" });
    match shown {
        "POST /v1/alerts/{id}/close" => json!({ "note": "handled" }),
        "POST /v1/alert-webhooks" => json!({ "url": "no address" }),
        "POST /v1/drafts" => json!({ "name": NAME, "terms": "" }),
        "PUT /v1/drafts/{draft}" | "POST /v1/offerings/check" => json!({ "terms": "" }),
        "POST /v1/drafts/{draft}/announcement" => json!({ "terms_hash": "" }),
        "POST /v1/drafts/{draft}/simulate" => json!({ "contributions": [] }),
        "POST /v1/keys" => json!({ "label": "", "scopes": [] }),
        "POST /v1/keys/{id}/rotation" => json!({ "overlap_seconds": 0 }),
        "POST /v1/leaks" => json!([]),
        "POST /v1/oauth/clients" | "PUT /v1/oauth/clients/{client}" => {
            json!({ "client_name": "" })
        }
        "POST /v1/offerings" => json!({ "name": NAME, "terms": "", "terms_hash": "" }),
        "POST /v1/offerings/simulate" => json!({ "terms": "", "contributions": [] }),
        "POST /v1/offerings/{offering}/accounts/{investor}/fundings"
        | "POST /v1/offerings/{offering}/accounts/{investor}/returns" => money,
        "POST /v1/offerings/{offering}/bids" => {
            json!({ "investor": "p-1", "locked": "1", "commitment": "" })
        }
        "POST /v1/offerings/{offering}/contributions" => {
            json!({ "investor": "p-1", "currency": "XXX", "amount": "1" })
        }
        "POST /v1/offerings/{offering}/escrow" => json!({ "contract": "0x", "block": 1 }),
        "POST /v1/offerings/{offering}/operations" => json!({ "kind": "tick" }),
        "POST /v1/offerings/{offering}/webhooks" => json!({ "url": "no address", "kinds": [] }),
        "PATCH /v1/offerings/{offering}/webhooks/{webhook}" => json!({ "active": false }),
        "POST /v1/people/{person}/deposits" | "POST /v1/people/{person}/withdrawals" => {
            json!({ "currency": "XXX", "amount": "1" })
        }
        "POST /v1/people/{person}/transfers" => json!({
            "transfer": "no name", "offering": NAME, "currency": "XXX", "amount": "1",
            "direction": "to_offering",
        }),
        "POST /v1/platform/currencies" => json!({ "symbol": "", "decimals": 2 }),
        "POST /v1/proposals" => {
            json!({ "kind": "release", "offering": NAME, "milestone": 9 })
        }
        "POST /v1/proposals/{id}/decision" => json!({ "decision": "decline" }),
        "POST /v1/verifications/{person}/more" | "POST /v1/verifications/{person}/refusal" => {
            json!({ "version": 1, "reasons": ["unreadable"] })
        }
        "POST /v1/verifications/{person}/approval" => json!({ "version": 1 }),
        // They take no body, or one that is not JSON.
        _ => Value::Null,
    }
}

/// The operations of the document that are not about the asking person alone.
fn operations() -> Vec<Asked> {
    let document: Value = serde_json::from_str(&softcap_server::document_text().unwrap()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (name, operation) in item.as_object().unwrap() {
            let method = match name.as_str() {
                "get" => "GET",
                "post" => "POST",
                "put" => "PUT",
                "patch" => "PATCH",
                "delete" => "DELETE",
                // What stands beside the operations of a path.
                _ => continue,
            };
            let tag = operation["tags"][0].as_str().unwrap();
            // Its answer has no end.
            if OWN.contains(&tag) || path.ends_with("/events") {
                continue;
            }
            let shown = format!("{method} {path}");
            let takes_json = !operation["requestBody"]["content"]["application/json"].is_null();
            let body = body(&shown);
            assert!(
                takes_json != body.is_null(),
                "{shown}: give it a body above"
            );
            all.push(Asked {
                method,
                path: filled(path),
                shown,
                body,
            });
        }
    }
    all
}

fn filled(path: &str) -> String {
    let id = "0f14d0ab96054a62a9e45ed26688389b";
    let values = [
        ("{offering}", NAME),
        ("{draft}", NAME),
        ("{investor}", "p-1"),
        ("{sequence}", "0"),
        ("{level}", "0"),
        ("{place}", "000"),
        ("{person}", id),
        ("{webhook}", "ep_1"),
        ("{message}", "msg_1"),
        ("{upload}", id),
        ("{role}", "nonsense"),
        ("{client}", id),
        ("{id}", id),
        ("{alert}", id),
    ];
    let path = values.iter().fold(path.to_owned(), |path, (name, value)| {
        path.replace(name, value)
    });
    assert!(
        !path.contains('{'),
        "{path}: give the parameter a value above"
    );
    path
}

/// `x` where the caller is not refused for who they are.
fn mark(site: &Site, asked: &Asked, asking: &Asking) -> &'static str {
    let call = Call::new(asked.method, &asked.path).idempotency(&asked.shown);
    let call = asking
        .headers
        .iter()
        .fold(call, |call, (name, value)| call.header(name, value));
    let call = match asked.shown.as_str() {
        "PUT /v1/drafts/{draft}" => call.header("if-match", "\"x\""),
        "POST /v1/platform/imports" => call.header("content-type", "text/csv"),
        _ => call,
    };
    let answer = site.node.call(&call.body(&asked.body));
    assert!(
        answer.status < 500,
        "{} {}: {}",
        asking.name,
        asked.shown,
        answer.text()
    );
    match (answer.status, answer.refusal().1.as_str()) {
        (401, _) => "-",
        (403, "H403") => "",
        // Refused for what is asked and not for who asks.
        (_, _) => "x",
    }
}

fn matrix() -> String {
    let site = Site::with_offering();
    let columns = asking(&site);
    let mut text = String::from(
        "# Who may do what\n\nWritten by the test `authorization` from what the interface answers. `x`: not refused for who asks; empty: \
         403; `-`: 401, who are you?\nWhat concerns the asking person alone (tags `people`, `factors`) is not here: it needs a session and \
         no role. Nor are the endpoints of applications (tag `oauth`): who asks shows it in the request.\n\n| operation |",
    );
    for column in &columns {
        write!(text, " {} |", column.name.replace('_', " ")).unwrap();
    }
    text += "\n|---|";
    text += &"---|".repeat(columns.len());
    text += "\n";
    for asked in operations() {
        write!(text, "| `{}` |", asked.shown).unwrap();
        for column in &columns {
            write!(text, " {} |", mark(&site, &asked, column)).unwrap();
        }
        text += "\n";
    }
    text
}

/// `SOFTCAP_WRITE_DOCS=1` writes it.
#[test]
fn v8_2_1_every_operation_and_role_is_as_the_file_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/authorization.md");
    let found = matrix();
    if env::var_os("SOFTCAP_WRITE_DOCS").is_some() {
        fs::write(&path, &found).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    for (found, kept) in found.lines().zip(kept.lines()) {
        assert_eq!(
            found, kept,
            "read the difference, then renew it with SOFTCAP_WRITE_DOCS=1"
        );
    }
    assert_eq!(found.lines().count(), kept.lines().count());
}

/// An operation that changes something is never for everybody, but where its key or its session comes with the request.
#[test]
fn only_a_few_changes_are_open_to_everybody() {
    let kept = include_str!("authorization.md");
    let rows = kept.lines().filter_map(|line| line.strip_prefix("| `"));
    let open = rows.filter_map(|row| {
        let (operation, marks) = row.split_once("` |")?;
        let reads = operation.starts_with("GET ");
        (!reads && marks.trim_start().starts_with('x')).then_some(operation)
    });
    // Who shows a leaked key holds it, and a cosignature is verified.
    assert_eq!(
        open.collect::<Vec<_>>(),
        [
            "POST /v1/leaks",
            "POST /v1/offerings/{offering}/log/cosignatures"
        ]
    );
}
