//! A server that is killed at any moment: what it acknowledged is there, and there once.

use std::time::Duration;

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};

use crate::{
    bundle::end_and_verify,
    count,
    load::Load,
    record::{Held, Record, same_bytes},
    server::{Server, TERMS},
};

const WORKERS: u32 = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_and_doubles_nothing() {
    let mut server = Server::embedded();
    let client = server.client();
    server.start();
    client.announce(TERMS).await;
    let mut load = Load::start(std::slice::from_ref(&client), "k", WORKERS);
    let mut random = ChaCha8Rng::seed_from_u64(0x50F7_CA90);
    for _ in 0..count(6, 200) {
        load.more(random.next_u32() % 60).await;
        // Anywhere in the life of a batch, not only just after an answer.
        let moment = Duration::from_micros(u64::from(random.next_u32() % 5_000));
        tokio::time::sleep(moment).await;
        server.kill();
        if random.next_u32() % 3 == 0 {
            // Killed again while it starts.
            server.spawn();
            let moment = Duration::from_millis(u64::from(random.next_u32() % 200));
            tokio::time::sleep(moment).await;
            server.kill();
        }
        server.start();
    }
    load.more(10).await;
    let held = load.finish().await;
    let record = Record::fetch(&client).await;
    record.check(&server.verifier(), &held).unwrap();
    same_bytes(&client, &held).await;
    the_check_can_fail(&record, &server, &held);
    end_and_verify(&server, &client).await;
}

/// A check that finds nothing wrong with a wrong log would prove nothing.
fn the_check_can_fail(record: &Record, server: &Server, held: &[Held]) {
    let key = server.verifier();
    let wrong = |held: &[Held]| record.check(&key, held).unwrap_err();
    let one = held[held.len() / 2].clone();

    let mut other_number = one.clone();
    other_number.sequence += 1;
    assert!(wrong(&[other_number]).contains("is not entry"));

    let mut other_request = one.clone();
    other_request.key = "never-sent".to_owned();
    assert!(wrong(&[other_request]).contains("alone"));

    // A log without its last entry, although somebody holds the receipt of one.
    let mut shorter = Record {
        terms: record.terms.clone(),
        leaves: record.leaves.clone(),
        checkpoint: record.checkpoint.clone(),
    };
    shorter.leaves.pop();
    assert!(shorter.check(&key, held).is_err());

    // Two entries in each other's place.
    shorter.leaves.clone_from(&record.leaves);
    shorter.leaves.swap(2, 3);
    assert!(shorter.check(&key, held).unwrap_err().contains("root"));
}
