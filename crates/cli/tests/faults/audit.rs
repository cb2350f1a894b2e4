//! The audit of a server that is killed: each acknowledged change is a row, each row one entry, and what is done to the
//! table afterwards is named by the program.

use std::{collections::BTreeSet, time::Duration};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use serde_json::{Value, json};
use softcap_database::{Database, DatabaseUrl, on_writer, temporary::TemporaryPostgres};
use softcap_proof::entry::decode;

use crate::{
    client::{Client, OFFERING},
    count,
    postgres::{second_node, url},
    record::Record,
    server::{Server, TERMS},
};

/// Lets time pass in the offering; gives where its entry stands.
async fn change(client: &Client, request: &str) -> String {
    let body = json!({ "kind": "tick" });
    let path = format!("{OFFERING}/operations");
    let answer = client.post_until_answered(&path, request, &body).await;
    format!("{OFFERING}/log/entries/{}", answer.sequence())
}

/// What `softcap verify` says of a record, and whether it ends well.
fn verified(server: &Server) -> (bool, Value) {
    let data = server.data_argument();
    let output = server
        .softcap(&["verify", "--data", data, "--json"])
        .output();
    let output = output.unwrap();
    let said = serde_json::from_slice(&output.stdout);
    let said: Value = said.unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (output.status.success(), said)
}

/// That every acknowledged change has a row, and every row one entry of its number.
async fn holds_all(client: &Client, acknowledged: &[String]) {
    let mut after = 0;
    let mut codes = BTreeSet::new();
    loop {
        let page = client
            .get(&format!("/v1/audit?limit=1000&after={after}"))
            .await;
        assert_eq!(page.status, 200, "{page:?}");
        let page = page.json();
        for row in page["rows"].as_array().unwrap() {
            let (number, entry) = (&row["number"], &row["entry"]);
            // Those of this moment may be on their way.
            if let Some(entry) = entry.as_u64() {
                assert_eq!(number.as_u64(), Some(entry + 1));
            }
            let code = row["code"].as_str().unwrap();
            codes.extend(code.rsplit(' ').next().map(str::to_owned));
        }
        match page["next"].as_i64() {
            Some(next) => after = next,
            None => break,
        }
    }
    for place in acknowledged {
        assert!(codes.contains(place), "{place} is in no row");
    }
}

/// That every entry that somebody asked for was announced by a row with its request: also an entry whose answer, and whose own
/// row, a kill swallowed.
async fn announces_all(client: &Client) {
    let page = client.get("/v1/audit?act=begin_call&limit=1000").await;
    let rows = page.json()["rows"].as_array().unwrap().clone();
    let announced: BTreeSet<_> = rows
        .iter()
        .map(|row| {
            assert_eq!(row["subject"], "offering:harbour", "{row}");
            assert!(row["actor"].as_str().unwrap().starts_with("key:"), "{row}");
            row["code"].as_str().unwrap().to_owned()
        })
        .collect();
    let mut asked_for = 0;
    for leaf in Record::fetch(client).await.leaves {
        if let Some(request) = decode(&leaf).unwrap().0.request {
            let name = format!("request {}", softcap_proof::hex(&request.0));
            assert!(announced.contains(&name), "{name} is in no row");
            asked_for += 1;
        }
    }
    assert!(asked_for > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_and_doubles_no_row_of_the_audit() {
    let mut server = Server::embedded();
    let client = server.client();
    server.start();
    client.announce(TERMS).await;
    let mut random = ChaCha8Rng::seed_from_u64(0x50F7_CA93);
    let mut acknowledged = Vec::new();
    for turn in 0..count(5, 100) {
        for place in 0..random.next_u32() % 12 {
            acknowledged.push(change(&client, &format!("t-{turn}-{place}")).await);
        }
        // Anywhere between a row and its entry.
        let moment = Duration::from_micros(u64::from(random.next_u32() % 300_000));
        tokio::time::sleep(moment).await;
        server.kill();
        server.start();
    }
    holds_all(&client, &acknowledged).await;
    announces_all(&client).await;
    assert!(server.stop().success());
    let (is_right, said) = verified(&server);
    assert!(is_right, "{said}");
    let audit = &said["audit"];
    assert_eq!(
        (&audit["waiting"], &audit["differences"]),
        (&json!(0), &json!(0))
    );
    assert!(audit["rows"].as_u64().unwrap() > acknowledged.len() as u64);
    a_changed_row_is_named(&server).await;
}

async fn a_changed_row_is_named(server: &Server) {
    let folder = DatabaseUrl::Folder(server.data());
    let database = Database::open(&folder, "service").await.unwrap();
    for text in [
        "DROP TRIGGER identity_audit_keeps_rows",
        "DROP TRIGGER identity_audit_loses_no_row",
        "UPDATE identity_audit SET actor = 'key:somebody' WHERE number = 2",
        "DELETE FROM identity_audit WHERE number = 3",
    ] {
        let done = on_writer!(&database, |pool| sqlx::query(text)
            .execute(pool)
            .await
            .map(drop));
        done.unwrap();
    }
    database.close().await;
    let (is_right, said) = verified(server);
    assert!(!is_right && said["verified"] == false, "{said}");
    let found = said["audit"]["findings"].as_array().unwrap().iter();
    let found: Vec<_> = found
        .map(|finding| (finding["code"].as_str().unwrap(), finding["row"].as_u64()))
        .collect();
    assert_eq!(found, [("U101", Some(2)), ("U102", Some(3))]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_carry_each_row_into_the_log_once() {
    let postgres = TemporaryPostgres::start().unwrap();
    let data = url(&postgres);
    let mut one = Server::with_data(&data);
    let client = one.client();
    one.start();
    client.announce(TERMS).await;
    let mut other = second_node(&one, &data);
    other.start();
    let beside = client.to(&other);
    let mut acknowledged = Vec::new();
    for turn in 0..count(6, 60) {
        let (here, there) = (format!("a-{turn}"), format!("b-{turn}"));
        let (here, there) = tokio::join!(change(&client, &here), change(&beside, &there));
        acknowledged.extend([here, there]);
        if turn % 3 == 2 {
            other.kill();
            other.start();
        }
    }
    holds_all(&client, &acknowledged).await;
    assert!(one.stop().success() && other.stop().success());
    let (is_right, said) = verified(&one);
    assert!(is_right, "{said}");
    let audit = &said["audit"];
    assert_eq!(
        (&audit["waiting"], &audit["differences"]),
        (&json!(0), &json!(0))
    );
}
