//! What somebody does in a browser who connects a program: the reference, keys, applications, webhooks.

use std::{
    collections::BTreeSet,
    io::{BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    thread::{self, JoinHandle},
};

use serde_json::{Value, json};
use softcap_identity::Role;
use softcap_server::ProblemCode;

use super::{page, text};
use crate::{
    people::browser::{Browser, Site},
    roles::somebody,
    test_node::{Answer, Call, NAME, TestNode},
};

/// What stands between two marks of a page.
fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = page
        .split_once(before)
        .unwrap_or_else(|| panic!("{before}: {page}"));
    rest.split_once(after).unwrap().0
}

fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").unwrap().to_owned()
}

fn secret(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    between(answer.text(), "id=\"secret\">", "<").to_owned()
}

#[test]
fn the_reference_has_every_operation_and_leads_to_every_object_it_names() {
    let node = TestNode::empty();
    let document = node.get("/openapi.json").json();
    let list = text(&node, "/docs");
    assert!(list.len() < 100_000, "{}", list.len());
    let mut groups = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let group = operation["tags"][0].as_str().unwrap().to_owned();
            let link = format!("href=\"/docs/{group}#{method}{path}\"");
            assert!(list.contains(&link), "{link}");
            groups.insert(group);
        }
    }
    for group in groups {
        let page = page(&node, &format!("/docs/{group}"));
        let page = page.text();
        assert!(page.len() < 100_000, "{group}: {}", page.len());
        assert!(page.contains("<div lang=\"en\">"), "{group}");
        for part in page.split("href=\"#").skip(1) {
            let id = part.split('"').next().unwrap();
            assert!(page.contains(&format!("id=\"{id}\"")), "{group}: {id}");
        }
    }
    assert_eq!(page(&node, "/docs/nothing").status, 404);
}

#[test]
fn every_problem_has_a_page_with_what_to_do() {
    let node = TestNode::empty();
    let list = text(&node, "/problems");
    assert!(list.len() < 100_000, "{}", list.len());
    let own = ProblemCode::ALL
        .iter()
        .map(|code| (code.code(), code.remedy()));
    for (code, remedy) in own {
        let page = text(&node, &format!("/problems/{code}"));
        assert!(page.contains(&remedy.replace('"', "&quot;")), "{code}");
        assert!(list.contains(&format!("/problems/{code}\"")), "{code}");
    }
    for code in ["A408", "A843", "K100"] {
        let is_there = list.contains(&format!("/problems/{code}\""));
        assert_eq!(
            page(&node, &format!("/problems/{code}")).status == 200,
            is_there
        );
    }
    assert_eq!(page(&node, "/problems/H000").status, 404);
}

#[test]
fn pages_let_in_whom_the_interface_lets_in() {
    let site = Site::with_offering();
    let node = &site.node;
    let reads = [
        "/developer/keys",
        "/developer/applications",
        "/developer/webhooks",
    ];
    let writes = [
        "/developer/keys/new",
        "/developer/applications/new",
        "/developer/webhooks/harbour/new",
    ];
    for path in ["/developer", "/docs", "/problems"] {
        assert_eq!(page(node, path).status, 200, "{path}");
    }
    for path in reads.into_iter().chain(writes) {
        let nobody = page(node, path);
        assert!(location(&nobody).starts_with("/log-in?next="), "{path}");
    }
    for (role, reads_them, writes_them) in [
        (Role::Owner, true, true),
        (Role::Developer, true, true),
        (Role::Auditor, true, false),
        (Role::Treasurer, false, false),
    ] {
        let mut browser = somebody(&site, &format!("{role}@example.org"), Some(role));
        for (paths, may) in [(reads, reads_them), (writes, writes_them)] {
            for path in paths {
                let expected = if may { 200 } else { 403 };
                assert_eq!(browser.page(path).status, expected, "{role} {path}");
            }
        }
        let fields = [("label", "x"), ("scope-keys:read", "on"), ("days", "7")];
        let made = browser.submit("/developer/keys", &fields);
        assert_eq!(made.status, if writes_them { 201 } else { 403 }, "{role}");
        let list = browser.page("/developer/keys");
        assert_eq!(
            list.text().contains("/developer/keys/new"),
            writes_them,
            "{role}"
        );
    }
}

#[test]
fn a_key_is_made_seen_replaced_and_revoked_on_the_pages() {
    let site = Site::with_offering();
    let mut owner = somebody(&site, "olga@example.org", Some(Role::Owner));
    let mut browser = somebody(&site, "dora@example.org", Some(Role::Developer));
    let form = browser.page("/developer/keys/new");
    assert!(form.text().contains("scope-webhooks:write"));
    assert!(
        !form.text().contains("scope-accounts:write"),
        "more than a developer may"
    );
    assert!(
        owner
            .page("/developer/keys/new")
            .text()
            .contains("scope-accounts:write")
    );
    let wrong = [
        ("label", "  "),
        ("networks", "everywhere"),
        ("per_second", "many"),
    ];
    let wrong = browser.submit("/developer/keys", &wrong);
    assert_eq!(wrong.status, 422);
    for words in [
        "href=\"#label\"",
        "href=\"#scopes\"",
        "href=\"#per_second\"",
        ">everywhere<",
    ] {
        assert!(wrong.text().contains(words), "{words}: {}", wrong.text());
    }
    let narrow = [
        ("label", "till"),
        ("scope-keys:read", "on"),
        ("networks", "everywhere"),
    ];
    let narrow = browser.submit("/developer/keys", &narrow);
    assert_eq!(narrow.status, 422);
    assert!(narrow.text().contains("href=\"#networks\""));
    let fields = [
        ("label", "till of <spring>"),
        ("scope-keys:read", "on"),
        ("scope-keys:write", "on"),
        ("scope-webhooks:read", "on"),
        ("days", "30"),
        ("networks", "127.0.0.0/8"),
        ("per_second", "50"),
        ("burst", "100"),
    ];
    let made = browser.submit("/developer/keys", &fields);
    let first = secret(&made);
    let place = between(made.text(), "class=\"button\" href=\"", "\"").to_owned();
    let as_key = |secret: &str, method, path: &str, body: &Value| {
        site.node
            .call(&Call::new(method, path).key(secret).body(body))
    };
    let child = json!({ "label": "child", "scopes": ["keys:read:*"] });
    assert_eq!(as_key(&first, "POST", "/v1/keys", &child).status, 201);
    assert!(
        browser
            .page("/developer/keys")
            .text()
            .contains("till of &#60;spring&#62;")
    );
    let shown = browser.page(&place);
    for words in [
        "127.0.0.0/8",
        "50 requests per second",
        "child",
        "webhooks:read:*",
        "never",
    ] {
        assert!(shown.text().contains(words), "{words}: {}", shown.text());
    }
    assert!(!shown.text().contains(&first), "a secret is shown once");
    let id = place.rsplit('/').next().unwrap();
    site.node.note_uses();
    let narrower = browser.page(&format!("/developer/keys/new?from={id}"));
    let ticked = "name=\"scope-keys:write\" checked";
    assert!(narrower.text().contains(ticked), "{}", narrower.text());
    assert!(
        !narrower
            .text()
            .contains("name=\"scope-webhooks:read\" checked")
    );
    let rotated = browser.submit(&format!("{place}/rotation"), &[("overlap", "3600")]);
    let second = secret(&rotated);
    assert_ne!(first, second);
    for key in [&first, &second] {
        assert_eq!(as_key(key, "GET", "/v1/keys", &Value::Null).status, 200);
    }
    assert!(
        browser
            .page(&place)
            .text()
            .contains("replaced, still works")
    );
    let revoked = browser.submit(&format!("{place}/revocation"), &[("with_minted", "on")]);
    assert!(
        browser
            .page(&location(&revoked))
            .text()
            .contains("It is revoked.")
    );
    assert_eq!(as_key(&first, "GET", "/v1/keys", &Value::Null).status, 401);
    assert_eq!(as_key(&second, "GET", "/v1/keys", &Value::Null).status, 200);
}

#[test]
fn what_cannot_be_taken_back_asks_for_a_factor_first_and_leads_back() {
    let site = Site::start();
    let mut browser = somebody(&site, "dora@example.org", Some(Role::Developer));
    site.node.execute("UPDATE session SET fresh_at = 0");
    let asked = browser.page("/developer/keys/new");
    assert_eq!(
        location(&asked),
        "/account/fresh?next=%2Fdeveloper%2Fkeys%2Fnew"
    );
    let late = browser.submit("/developer/keys", &[("label", "x")]);
    assert_eq!(late.status, 422, "what is wrong is said before");
    let fields = [("label", "x"), ("scope-keys:read", "on")];
    let late = browser.submit("/developer/keys", &fields);
    assert_eq!(late.status, 403);
    assert!(late.text().contains("/account/fresh"), "{}", late.text());
}

#[test]
fn an_application_is_registered_changed_and_ended_on_the_pages() {
    let site = Site::start();
    let mut browser = somebody(&site, "dora@example.org", Some(Role::Developer));
    let none = browser.page("/developer/applications");
    assert!(none.text().contains("No application is registered yet"));
    let wrong = [
        ("client_name", "Portfolio"),
        ("code", "on"),
        ("redirect_uris", "nowhere"),
    ];
    let wrong = browser.submit("/developer/applications", &wrong);
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.text().contains("href=\"#redirect_uris\""),
        "{}",
        wrong.text()
    );
    assert!(wrong.text().contains(">nowhere<"));
    let fields = [
        ("client_name", "Portfolio"),
        (
            "redirect_uris",
            "https://app.example/callback\nhttp://127.0.0.1/back",
        ),
        ("code", "on"),
        ("refresh", "on"),
        ("openid", "on"),
        ("offerings:read:*", "on"),
    ];
    let made = browser.submit("/developer/applications", &fields);
    let place = location(&made);
    let shown = browser.page(&place);
    assert!(shown.text().contains("It is registered."));
    let path = place.split('?').next().unwrap().to_owned();
    let id = path.rsplit('/').next().unwrap();
    let listed = browser.get("/v1/oauth/clients").json();
    assert_eq!(listed["clients"][0]["client_id"], id);
    assert_eq!(listed["clients"][0]["scope"], "openid offerings:read:*");
    let body =
        json!({ "client_name": "Ledger", "redirect_uris": ["https://app.example/callback"] });
    let other = format!("/v1/oauth/clients/{id}");
    let changed = browser.send("PUT", &other, &body).json();
    assert_eq!(changed["client_name"], "Ledger");
    let keys = [
        ("client_name", "Ledger"),
        ("code", "on"),
        ("jwks", "{"),
        ("redirect_uris", "https://a.example/"),
    ];
    let refused = browser.submit(&path, &keys);
    assert_eq!(refused.status, 422);
    assert!(
        refused.text().contains("href=\"#jwks\""),
        "{}",
        refused.text()
    );
    let changed = browser.submit(&path, &fields);
    assert!(
        browser
            .page(&location(&changed))
            .text()
            .contains("It is changed.")
    );
    let ended = browser.submit(&format!("{path}/end"), &[]);
    assert!(
        browser
            .page(&location(&ended))
            .text()
            .contains("The application is over.")
    );
    assert_eq!(browser.page(&path).status, 404);
    assert_eq!(
        browser.send("PUT", &other, &body).refusal(),
        (404, "A841".to_owned())
    );
}

/// A call as it came: its headers and its body.
type Received = (Vec<(String, String)>, String);

/// An address that takes some calls, and what they said.
fn receiver(calls: usize) -> (SocketAddr, JoinHandle<Vec<Received>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let taken = thread::spawn(move || {
        let take = |_| {
            let (socket, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(socket);
            let mut line = String::new();
            std::io::BufRead::read_line(&mut reader, &mut line).unwrap();
            let mut headers = Vec::new();
            loop {
                let mut line = String::new();
                std::io::BufRead::read_line(&mut reader, &mut line).unwrap();
                let Some((name, value)) = line.trim_end().split_once(": ") else {
                    break;
                };
                headers.push((name.to_owned(), value.to_owned()));
            }
            let length = headers.iter().find(|(name, _)| name == "content-length");
            let mut body = vec![0; length.unwrap().1.parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\ntaken\n";
            reader.into_inner().write_all(answer).unwrap();
            (headers, String::from_utf8(body).unwrap())
        };
        (0..calls).map(take).collect()
    });
    (address, taken)
}

fn audit(site: &Site) -> Vec<(String, String)> {
    let rows = site.node.get("/v1/audit?act=call&limit=1000").json();
    let rows = rows["rows"].as_array().unwrap().iter();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    rows.map(|row| (text(row, "subject"), text(row, "code")))
        .collect()
}

fn registered(browser: &mut Browser<'_>, url: &str) -> (String, String) {
    let at = format!("/developer/webhooks/{NAME}");
    let form = browser.page(&format!("{at}/new"));
    let once = between(form.text(), "name=\"once\" value=\"", "\"").to_owned();
    let fields = [("url", url), ("once", once.as_str())];
    let made = browser.submit(&at, &fields);
    let again = browser.submit(&at, &fields);
    let place = between(made.text(), "class=\"button\" href=\"", "\"").to_owned();
    assert_eq!(
        secret(&made),
        secret(&again),
        "sent twice is registered once"
    );
    (place, secret(&made))
}

#[test]
fn a_webhook_is_registered_tried_and_forgotten_on_the_pages() {
    let site = Site::start_with(|config| config.webhooks.allow_loopback = true);
    site.node.announce();
    let mut browser = somebody(&site, "dora@example.org", Some(Role::Developer));
    let wrong = [("url", "ftp://example.org/"), ("offering.settled", "on")];
    let wrong = browser.submit(&format!("/developer/webhooks/{NAME}"), &wrong);
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("value=\"ftp://example.org/\""));
    assert!(wrong.text().contains("name=\"offering.settled\" checked"));
    let (address, taken) = receiver(1);
    let (place, secret) = registered(&mut browser, &format!("http://{address}/hook"));
    let tested = browser.submit(&format!("{place}/test"), &[]);
    assert!(
        tested.text().contains("The address took the test."),
        "{}",
        tested.text()
    );
    assert_eq!(between(tested.text(), "id=\"status\">", "<"), "200");
    let (headers, body) = taken.join().unwrap().remove(0);
    let signature = between(tested.text(), "id=\"signature\">", "<");
    assert!(
        headers
            .iter()
            .any(|(name, value)| name == "webhook-signature" && value == signature)
    );
    let mut map = axum::http::HeaderMap::new();
    for (name, value) in &headers {
        let name: axum::http::HeaderName = name.parse().unwrap();
        map.insert(name, value.parse().unwrap());
    }
    let independent = standardwebhooks::Webhook::new(&secret).unwrap();
    independent.verify(body.as_bytes(), &map).unwrap();
    let shown = browser.page(&place);
    assert!(shown.text().contains("webhook.test"), "{}", shown.text());
    assert!(shown.text().contains("delivered"));
    let message = between(shown.text(), &format!("{place}/deliveries/"), "\"").to_owned();
    let calls = browser.page(&format!("{place}/deliveries/{message}"));
    assert!(calls.text().contains("taken"), "{}", calls.text());
    // Nobody listens any more.
    let bad = browser.submit(&format!("{place}/test"), &[]);
    assert!(bad.text().contains("The address did not take the test."));
    let off = browser.submit(&format!("{place}/off"), &[]);
    assert!(
        browser
            .page(&location(&off))
            .text()
            .contains("switched off")
    );
    let replay = browser.submit(&format!("{place}/deliveries/{message}"), &[]);
    assert_eq!(replay.status, 409);
    let on = browser.submit(&format!("{place}/on"), &[]);
    assert!(
        browser
            .page(&location(&on))
            .text()
            .contains("It is called again.")
    );
    let renewed = browser.submit(&format!("{place}/secret"), &[]);
    assert_ne!(self::secret(&renewed), secret);
    let gone = browser.submit(&format!("{place}/removal"), &[]);
    assert!(
        browser
            .page(&location(&gone))
            .text()
            .contains("The address is forgotten")
    );
    assert_eq!(browser.page(&place).status, 404);
    let rows = audit(&site);
    for (end, count) in [
        ("/test", 2),
        ("/off", 1),
        ("/on", 1),
        ("/secret", 1),
        ("/removal", 1),
    ] {
        let code = format!("POST /developer/webhooks/{{offering}}/{{webhook}}{end}");
        let found = rows.iter().filter(|(subject, known)| {
            *subject == format!("offering:{NAME}") && known.starts_with(&code)
        });
        assert_eq!(found.count(), count, "{code}: {rows:?}");
    }
}

#[test]
fn the_examples_are_shown_as_they_stand_in_the_source() {
    let node = TestNode::empty();
    let page = text(&node, "/developer/examples");
    assert!(page.len() < 100_000, "{}", page.len());
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/developer");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            page.contains(&format!("examples/developer/{name}")),
            "{name}"
        );
        count += 1;
    }
    assert_eq!(count, 19);
}
