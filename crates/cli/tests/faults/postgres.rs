//! On PostgreSQL: the server, the database, or both are killed; two nodes append to one log.

use std::{
    fs,
    time::{Duration, Instant},
};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use softcap_database::temporary::TemporaryPostgres;
use softcap_offering::{Outcome, Sequence};
use softcap_proof::{CheckpointNote, entry::decode};

use crate::{
    bundle::end_and_verify,
    client::{Client, OFFERING},
    count,
    load::Load,
    record::{Held, Record, same_bytes},
    server::{Server, TERMS},
};

const WORKERS: u32 = 8;
/// A node looks once a second at the least for what others entered.
const CATCH_UP: Duration = Duration::from_secs(20);

pub(crate) fn url(postgres: &TemporaryPostgres) -> String {
    match postgres.url() {
        softcap_database::DatabaseUrl::Postgres(url) => url,
        softcap_database::DatabaseUrl::Folder(_) => unreachable!(),
    }
}

/// What is killed.
#[derive(Clone, Copy, Debug)]
enum Victim {
    Server,
    Database,
    Both,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_killed_nothing_is_lost_or_doubled() {
    let mut postgres = TemporaryPostgres::start().unwrap();
    let mut server = Server::with_data(&url(&postgres));
    let client = server.client();
    server.start();
    client.announce(TERMS).await;
    let mut load = Load::start(std::slice::from_ref(&client), "g", WORKERS);
    let mut random = ChaCha8Rng::seed_from_u64(0x50F7_CA91);
    for turn in 0..count(9, 150) {
        load.more(random.next_u32() % 40).await;
        let moment = Duration::from_micros(u64::from(random.next_u32() % 5_000));
        tokio::time::sleep(moment).await;
        let victim = [Victim::Server, Victim::Database, Victim::Both][turn as usize % 3];
        if matches!(victim, Victim::Database | Victim::Both) {
            postgres.kill();
        }
        if matches!(victim, Victim::Server | Victim::Both) {
            server.kill();
        }
        if matches!(victim, Victim::Database | Victim::Both) {
            postgres.resume().unwrap();
        }
        if matches!(victim, Victim::Server | Victim::Both) {
            server.start();
        }
    }
    load.more(10).await;
    let held = load.finish().await;
    let record = Record::fetch(&client).await;
    record.check(&server.verifier(), &held).unwrap();
    same_bytes(&client, &held).await;
    end_and_verify(&server, &client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_its_database_says_so_and_comes_back() {
    let mut postgres = TemporaryPostgres::start().unwrap();
    let mut server = Server::with_data(&url(&postgres));
    let client = server.client();
    server.start();
    client.announce(TERMS).await;
    let first = client.contribute("before", "p-1", 100).await;
    assert_eq!(first.status, 201, "{first:?}");
    postgres.kill();
    let gone = Instant::now();
    let minute = Duration::from_secs(u64::from(count(0, 60)));
    let mut asked = 0;
    while asked < 3 || gone.elapsed() < minute {
        let key = format!("gone-{}", asked % 3);
        let answer = client.contribute(&key, "p-1", 100).await;
        assert_eq!(answer.problem(), (503, "H507".to_owned()));
        assert!(answer.retry_after.is_some(), "{answer:?}");
        asked += 1;
    }
    // What is in memory is served.
    assert_eq!(client.get(OFFERING).await.json()["contributions"], 1);
    assert_eq!(client.get("/healthz").await.status, 200);
    postgres.resume().unwrap();
    let path = format!("{OFFERING}/contributions");
    let mut held = Vec::new();
    for number in 0..3 {
        let key = format!("gone-{number}");
        let body = crate::client::contribution(&key, "p-1", 100);
        let answer = client.post_until_answered(&path, &key, &body).await;
        held.push(Held {
            sequence: answer.sequence(),
            body: answer.body,
            key,
        });
    }
    let record = Record::fetch(&client).await;
    let offering = record.check(&server.verifier(), &held).unwrap();
    assert_eq!(offering.contribution_count(), 4);
}

/// A node that does not run yet, with the secrets of another one.
pub(crate) fn second_node(one: &Server, data: &str) -> Server {
    let other = Server::with_data(data);
    copy_secrets(one, &other);
    other
}

async fn checkpoint(client: &Client) -> CheckpointNote {
    let answer = client.get(&format!("{OFFERING}/log/checkpoint")).await;
    CheckpointNote::parse(&answer.body).unwrap()
}

/// Waits until both nodes have read what either entered: one size has one checkpoint.
async fn one_checkpoint(first: &Client, second: &Client) -> CheckpointNote {
    let begun = Instant::now();
    loop {
        let (mine, yours) = (checkpoint(first).await, checkpoint(second).await);
        if mine.unverified().size() == yours.unverified().size() {
            assert_eq!(mine, yours);
            return mine;
        }
        assert!(begun.elapsed() < CATCH_UP, "{mine:?} {yours:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_append_to_one_log() {
    let postgres = TemporaryPostgres::start().unwrap();
    let mut one = Server::with_data(&url(&postgres));
    let first = one.client();
    one.start();
    first.announce(TERMS).await;
    let mut other = second_node(&one, &url(&postgres));
    // The same key, so that a request is the same one at both.
    let second = first.to(&other);
    other.start();
    let mut load = Load::start(&[first.clone(), second.clone()], "n", WORKERS);
    load.more(300).await;
    // One of them dies, and the other one goes on.
    other.kill();
    load.more(50).await;
    other.start();
    load.more(50).await;
    let mut held = load.finish().await;
    held.extend(one_key_at_both(&first, &second).await);

    // Who has not read yet that the other entered it enters a repeat, and answers as the other did.
    let last = first.contribute("last", "p-1", 100).await;
    assert_eq!(last.status, 201);
    assert_eq!(second.contribute("last", "p-1", 100).await, last);
    let mine = one_checkpoint(&first, &second).await;
    let record = Record::fetch(&first).await;
    assert_eq!(record.checkpoint, mine);
    record.check(&one.verifier(), &held).unwrap();
    let after = usize::try_from(last.sequence()).unwrap() + 1;
    let repeats = record.leaves.get(after..).unwrap();
    assert!(repeats.len() <= 1, "{}", repeats.len());
    for leaf in repeats {
        let (_, outcome) = decode(leaf).unwrap();
        assert_eq!(outcome, Outcome::RepeatOf(Sequence(last.sequence())));
    }
    same_bytes(&first, &held).await;
    same_bytes(&second, &held).await;
    end_and_verify(&one, &first).await;
}

/// What an operator does for each further node.
fn copy_secrets(from: &Server, to: &Server) {
    fs::create_dir_all(to.secrets()).unwrap();
    for file in fs::read_dir(from.secrets()).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.secrets().join(file.file_name())).unwrap();
    }
}

/// It would sign with another key, know no API key, and take a request that was answered for a new one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_with_other_secrets_does_not_start() {
    let postgres = TemporaryPostgres::start().unwrap();
    let mut one = Server::with_data(&url(&postgres));
    let first = one.client();
    one.start();
    first.announce(TERMS).await;
    let mut stranger = Server::embedded();
    stranger.start();
    let mut other = Server::with_data(&url(&postgres));
    let refuses = |other: &mut Server, name: &str, why: &str| {
        let ended = other.fails_to_start();
        assert_eq!(ended.code, Some(2), "{ended:?}");
        for part in ["H916", &format!("secrets/{name}"), why] {
            assert!(ended.error.contains(part), "{part}: {ended:?}");
        }
    };
    refuses(&mut other, "log.key", "is missing");
    let data = url(&postgres);
    let mut key = other.softcap(&["api-key", "new", "--data", &data, "--label", "x"]);
    let key = key.output().unwrap();
    let error = String::from_utf8_lossy(&key.stderr);
    assert!(
        !key.status.success() && error.contains("secrets/pepper"),
        "{error}"
    );
    // None is made that would have to be removed again.
    assert_eq!(fs::read_dir(other.secrets()).unwrap().count(), 0);

    copy_secrets(&one, &other);
    for name in [
        "log.key",
        "pepper",
        "personal.key",
        "requests.key",
        "webhook.key",
    ] {
        let file = other.secrets().join(name);
        fs::remove_file(&file).unwrap();
        refuses(&mut other, name, "is missing");
        fs::copy(stranger.secrets().join(name), &file).unwrap();
        refuses(&mut other, name, "another secret");
        fs::copy(one.secrets().join(name), &file).unwrap();
    }
    other.start();
    let answer = first.to(&other).contribute("there", "p-1", 100).await;
    assert_eq!(answer, first.contribute("there", "p-1", 100).await);
}

/// Sends each request to both nodes at the same time.
async fn one_key_at_both(first: &Client, second: &Client) -> Vec<Held> {
    let mut held = Vec::new();
    for number in 0..30 {
        let key = format!("both-{number}");
        let (one, other) = tokio::join!(
            first.contribute(&key, "p-1", 100),
            second.contribute(&key, "p-1", 100)
        );
        assert_eq!(one, other);
        held.push(Held {
            sequence: one.sequence(),
            body: one.body,
            key,
        });
    }
    held
}
