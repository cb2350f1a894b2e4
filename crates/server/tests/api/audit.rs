//! The audit: what is done becomes rows, rows become entries, and both are found by who may.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use softcap_identity::Role;
use softcap_proof::{
    CheckpointNote, LeafHash, NodeHash,
    audit_entry::{AuditText, decode},
    from_hex, hex,
    journal_tree::{root, verify_consistency, verify_inclusion},
};

use crate::{
    people::browser::Site,
    roles::somebody,
    test_node::{Answer, Call, NAME, TestNode, terms, terms_hash},
};

/// Longer than anything a test waits for; a test that waits this long fails.
const PATIENCE: Duration = Duration::from_secs(60);

fn rows(node: &TestNode, query: &str) -> Vec<Value> {
    let answer = node.get(&format!("/v1/audit?limit=1000&{query}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["rows"].as_array().unwrap().clone()
}

/// All rows of a query, once each of them is in the log.
fn entered(node: &TestNode, query: &str) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let rows = rows(node, query);
        if rows.iter().all(|row| row["entry"].is_u64()) {
            return rows;
        }
        assert!(began.elapsed() < PATIENCE, "{rows:?}");
    }
}

fn operate(node: &TestNode, key: &str, request: &str, kind: &str) -> Answer {
    let path = format!("/v1/offerings/{NAME}/operations");
    let call = Call::new("POST", &path).key(key).idempotency(request);
    node.call(&call.body(&json!({ "kind": kind })))
}

fn id_of(key: &str) -> &str {
    key.split('_').nth(2).unwrap()
}

fn proof(answer: &Answer) -> Vec<NodeHash> {
    let answer = answer.json();
    let nodes = answer["proof"].as_array().unwrap().iter();
    let bytes = nodes.map(|node| from_hex(node.as_str().unwrap()).unwrap());
    bytes
        .map(|bytes| NodeHash(bytes.try_into().unwrap()))
        .collect()
}

#[test]
fn every_row_is_an_entry_of_a_tree_that_proves_it() {
    let node = TestNode::with_offering();
    for place in 0..4 {
        let kind = if place % 2 == 0 { "pause" } else { "resume" };
        let done = operate(&node, &node.key, &format!("o-{place}"), kind);
        assert_eq!(done.status, 201, "{}", done.text());
    }
    let rows = entered(&node, "");
    let note = node.get("/v1/audit/checkpoint");
    let note = CheckpointNote::parse(&note.body).unwrap();
    let head = note.verify(&node.verifier()).unwrap();
    assert!(head.origin().ends_with("/audit"), "{}", head.origin());
    let size = head.size();
    assert_eq!(size, rows.len() as u64);
    let mut hashes = Vec::new();
    for (index, row) in (0..).zip(&rows) {
        assert_eq!(
            (&row["number"], &row["entry"]),
            (&json!(index + 1), &json!(index))
        );
        let entry = node.get(&format!("/v1/audit/entries/{index}")).json();
        let leaf = from_hex(entry["leaf"].as_str().unwrap()).unwrap();
        let (said, _) = decode(&leaf).unwrap();
        assert_eq!(said.row.number, index + 1);
        assert_eq!(
            said.row.actor,
            AuditText::of(row["actor"].as_str().unwrap())
        );
        assert_eq!(said.row.code, AuditText::of(row["code"].as_str().unwrap()));
        hashes.push(LeafHash::of(&leaf));
    }
    assert_eq!(root(&hashes), head.root());
    for (index, hash) in (0..).zip(&hashes) {
        let path = format!("/v1/audit/inclusion?index={index}&size={size}");
        let proof = proof(&node.get(&path));
        verify_inclusion(&head.root(), size, index, hash, &proof).unwrap();
        let old = index + 1;
        let path = format!("/v1/audit/consistency?old={old}&new={size}");
        let before = root(&hashes[..usize::try_from(old).unwrap()]);
        let proof = self::proof(&node.get(&path));
        verify_consistency(&before, old, &head.root(), size, &proof).unwrap();
    }
}

#[test]
fn changes_are_rows_with_who_and_where_and_contributions_are_none() {
    let node = TestNode::with_offering();
    let key = node.key_with(Some(&format!("operations:write:{NAME}")), "issuer");
    let paused = operate(&node, &key, "p", "pause");
    let resumed = operate(&node, &key, "r", "resume");
    node.fund("p-1", 1, 100);
    assert_eq!(node.contribute("p-1", "c", 100).status, 201);
    // Not changed: the request is wrong, or it only judges.
    let wrong = operate(&node, &key, "w", "fly");
    assert_eq!(wrong.status, 422, "{}", wrong.text());
    let check = node.post("/v1/offerings/check", "k", &json!({ "terms": "" }));
    assert_eq!(check.status, 200, "{}", check.text());

    let actor = format!("key:{}", id_of(&key));
    let expected: Vec<_> = [&paused, &resumed]
        .iter()
        .map(|done| {
            let route = "POST /v1/offerings/{offering}/operations";
            let entry = format!("/v1/offerings/{NAME}/log/entries/{}", done.sequence());
            (
                actor.clone(),
                format!("offering:{NAME}"),
                format!("{route} {entry}"),
            )
        })
        .collect();
    let said = |row: &Value| {
        let text = |field: &str| row[field].as_str().unwrap().to_owned();
        (text("actor"), text("subject"), text("code"))
    };
    let of_key = rows(&node, &format!("act=call&actor={actor}"));
    assert_eq!(of_key.iter().map(said).collect::<Vec<_>>(), expected);
    // The announcement, the pause, its end, and the money that an operator moved.
    assert_eq!(rows(&node, "act=call").len(), 4);
}

#[test]
fn what_a_caller_may_not_do_is_counted_and_the_log_is_closed_to_them() {
    let mut node = TestNode::with_offering();
    let key = node.key_with(Some("offerings:read:*"), "curious");
    let one = node.key_with(Some(&format!("audit:read:{NAME}")), "one offering");
    let paths = [
        "/v1/audit",
        "/v1/audit?format=csv",
        "/v1/audit?fly=1",
        "/v1/audit/checkpoint",
        "/v1/audit/entries/0",
        "/v1/audit/inclusion",
        "/v1/audit/consistency?old=0&new=1",
    ];
    for path in paths {
        let denied = |key| node.call(&Call::new("GET", path).key(key)).refusal();
        assert_eq!(denied(&key), (403, "H403".to_owned()), "{path}");
        assert_eq!(denied(&one), (403, "H403".to_owned()), "{path}");
        assert_eq!(node.call(&Call::new("GET", path)).status, 401, "{path}");
    }
    assert_eq!(operate(&node, &key, "p", "pause").status, 403);
    // What was counted is written at a stop.
    node.restart();
    let denied = entered(&node, &format!("act=deny&subject={}", id_of(&key)));
    let shown: Vec<_> = denied
        .iter()
        .map(|row| (&row["code"], &row["times"]))
        .collect();
    assert_eq!(shown, [(&json!("not_allowed"), &json!(paths.len() + 1))]);
}

#[test]
fn staff_read_the_audit_by_their_role() {
    let site = Site::with_offering();
    for (role, status) in [
        (Role::Auditor, 200),
        (Role::Owner, 200),
        (Role::Treasurer, 403),
        (Role::Developer, 403),
    ] {
        let mut browser = somebody(&site, &format!("{role}@example.org"), Some(role));
        assert_eq!(browser.get("/v1/audit").status, status, "{role}");
    }
}

#[test]
fn rows_are_found_by_who_what_and_when_page_by_page() {
    let node = TestNode::with_offering();
    for place in 0..5 {
        operate(&node, &node.key, &format!("o-{place}"), "tick");
    }
    let all = rows(&node, "");
    let mut paged = Vec::new();
    let mut after = 0;
    loop {
        let page = node.get(&format!("/v1/audit?limit=2&after={after}")).json();
        let rows = page["rows"].as_array().unwrap();
        assert!(rows.len() <= 2);
        paged.extend(rows.iter().map(|row| row["number"].clone()));
        match page["next"].as_i64() {
            Some(next) => after = next,
            None => break,
        }
    }
    let numbers: Vec<_> = all.iter().map(|row| row["number"].clone()).collect();
    assert_eq!(paged, numbers);

    let (first, calls) = (all[0]["at"].as_str().unwrap(), rows(&node, "act=call"));
    let announced = calls[0]["at"].as_str().unwrap();
    for (query, expected) in [
        ("act=create".to_owned(), 1),
        ("act=fly".to_owned(), 0),
        ("actor=operator:test".to_owned(), 1),
        // Each is announced before it is done.
        (format!("subject=offering:{NAME}"), 11),
        (format!("subject=offering:{NAME}&act=begin_call"), 6),
        (format!("subject=offering:{NAME}&act=create"), 0),
        (format!("actor=key:{}&act=call", id_of(&node.key)), 6),
        (format!("until={first}"), 0),
        (format!("act=call&from={announced}"), 6),
        ("from=2999-01-01T00:00:00Z".to_owned(), 0),
    ] {
        assert_eq!(rows(&node, &query).len(), expected, "{query}");
    }
    for wrong in [
        "from=yesterday",
        "limit=0",
        "limit=1001",
        "format=xml",
        "actor=%00",
        "fly=1",
    ] {
        let status = node.get(&format!("/v1/audit?{wrong}")).status;
        assert!((400..500).contains(&status), "{wrong}: {status}");
    }
}

#[test]
fn who_is_about_to_change_something_is_a_row_before_it() {
    let node = TestNode::empty();
    let changed = |method: &'static str, path: &str, body: &Value| {
        let call = Call::new(method, path)
            .key(&node.key)
            .header("if-match", "*");
        let answer = node.call(&call.idempotency(path).body(body));
        assert!(
            (200..300).contains(&answer.status),
            "{path}: {}",
            answer.text()
        );
        answer.json()
    };
    let text = |name: &str| terms().replace("Harbour", name);
    let draft = json!({ "name": NAME, "terms": text("Port") });
    changed("POST", "/v1/drafts", &draft);
    changed(
        "PUT",
        "/v1/drafts/harbour",
        &json!({ "terms": text("Quay") }),
    );
    let removed = Call::new("DELETE", "/v1/drafts/harbour").key(&node.key);
    assert_eq!(node.call(&removed.header("if-match", "*")).status, 204);
    node.announce();
    let webhooks = format!("/v1/offerings/{NAME}/webhooks");
    let made = changed(
        "POST",
        &webhooks,
        &json!({ "url": "https://93.184.216.34/x" }),
    );
    let id = made["id"].as_str().unwrap();
    let own = format!("{webhooks}/{id}");
    changed("PATCH", &own, &json!({ "active": false }));
    changed("PATCH", &own, &json!({ "active": true }));
    changed("POST", &format!("{own}/secret"), &Value::Null);
    let removed = node.call(&Call::new("DELETE", &own).key(&node.key));
    assert_eq!(removed.status, 204);
    let hash = |text: &str| hex(&Sha256::digest(text));
    let expected = [
        (
            format!("draft:{NAME}"),
            format!("create {}", hash(&text("Port"))),
        ),
        (
            format!("draft:{NAME}"),
            format!("replace {}", hash(&text("Quay"))),
        ),
        (
            format!("draft:{NAME}"),
            format!("remove {}", hash(&text("Quay"))),
        ),
        (
            format!("offering:{NAME}"),
            format!("announce {}", terms_hash(&terms())),
        ),
        (format!("offering:{NAME}"), format!("webhook {id} register")),
        (
            format!("offering:{NAME}"),
            format!("webhook {id} switch off"),
        ),
        (
            format!("offering:{NAME}"),
            format!("webhook {id} switch on"),
        ),
        (format!("offering:{NAME}"), format!("webhook {id} renew")),
        (format!("offering:{NAME}"), format!("webhook {id} remove")),
    ];
    let begun = rows(&node, "act=begin_call");
    let begun: Vec<_> = begun
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            (text("subject"), text("code"))
        })
        .collect();
    assert_eq!(begun, expected);
    // Each stands before the row that says that it was done.
    let all = rows(&node, &format!("actor=key:{}", id_of(&node.key)));
    let acts: Vec<_> = all.iter().map(|row| row["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["begin_call", "call"].repeat(expected.len()));
}

#[test]
fn an_export_has_every_row_as_a_table_or_as_lines() {
    let node = TestNode::with_offering();
    operate(&node, &node.key, "p", "pause");
    let rows = entered(&node, "");
    let table = node.get("/v1/audit?format=csv");
    assert!(
        table
            .header("content-type")
            .unwrap()
            .starts_with("text/csv")
    );
    let accepted = Call::new("GET", "/v1/audit").key(&node.key);
    let accepted = node.call(&accepted.header("accept", "text/csv"));
    assert_eq!(accepted.body, table.body);
    let text = table.text();
    let mut lines = text.split_terminator("\r\n");
    let header = "number,at,actor,act,subject,code,times,entry";
    assert_eq!(lines.next(), Some(header));
    let fields: Vec<&str> = header.split(',').collect();
    for (line, row) in lines.by_ref().zip(&rows) {
        // None of these rows has a comma.
        let expected = fields.iter().map(|field| {
            let value = &row[*field];
            let text = value.as_str().map(str::to_owned);
            text.unwrap_or_else(|| value.to_string())
        });
        assert_eq!(line, expected.collect::<Vec<_>>().join(","));
    }
    assert_eq!(lines.count(), 0);
    assert_eq!(text.split_terminator("\r\n").count(), rows.len() + 1);

    let text = node.get("/v1/audit?format=jsonl&after=1");
    let lines = text.text().lines();
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines, rows[1..]);
    let some = node.get("/v1/audit?format=jsonl&limit=2&act=call");
    assert_eq!(some.text().lines().count(), 2);
}
