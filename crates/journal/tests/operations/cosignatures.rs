//! What witnesses said is kept over a restart, and never goes back.

use std::sync::Arc;

use softcap_database::{on_writer, temporary::TemporaryPostgres};
use softcap_journal::{Cosignatures, Journal, JournalConfig, JournalError, Store, SystemClock};
use softcap_proof::{
    Checkpoint, CheckpointNote, Cosignature, SignedCheckpoint, SigningKey, WitnessKey,
};

use crate::sale::{TERMS, contribute, key, name, open, sold};

fn witness(seed: u8) -> SigningKey {
    SigningKey::from_entropy(&format!("witness.example/w{seed}"), &[seed; 32]).unwrap()
}

async fn kept_in(store: &Store, keys: &[WitnessKey]) -> Cosignatures {
    let kept = Cosignatures::open(store.clone(), keys.to_vec()).await;
    kept.unwrap()
}

fn sizes_and_times(kept: &Cosignatures) -> Vec<(u64, u64)> {
    let all = kept.of(&name()).into_iter();
    all.map(|one| (one.note.unverified().size(), one.time))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_line_of_each_witness_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    sold(&folder.path().join("data"), 5).await;
    let journal = open(&folder.path().join("data")).await.unwrap();
    let log = journal.offering(&name()).unwrap();
    let keys = [1, 2].map(|seed| WitnessKey::of(&witness(seed)));
    let kept = kept_in(journal.store(), &keys).await;
    let reader = &log.reader;
    let at = async |size| reader.checkpoint_of(size).await.unwrap();
    let line = |note: &SignedCheckpoint, seed, time| {
        Cosignature::sign(note.unverified(), &witness(seed), time).unwrap()
    };

    let (four, six) = (at(4).await, at(6).await);
    kept.add(reader, 4, &line(&four, 1, 70)).await.unwrap();
    kept.add(reader, 6, &line(&six, 2, 50)).await.unwrap();
    assert_eq!(sizes_and_times(&kept), [(4, 70), (6, 50)]);
    kept.add(reader, 6, &line(&six, 1, 60)).await.unwrap();
    kept.add(reader, 4, &line(&four, 2, 90)).await.unwrap();
    kept.add(reader, 6, &line(&six, 2, 55)).await.unwrap();
    kept.add(reader, 6, &line(&six, 2, 54)).await.unwrap();
    assert_eq!(sizes_and_times(&kept), [(6, 60), (6, 55)]);

    let mut note = at(6).await;
    kept.put_under(&name(), &mut note);
    for (key, time) in keys.iter().zip([60, 55]) {
        assert_eq!(note.cosigned(key).unwrap(), time);
    }
    let mut other = at(5).await;
    kept.put_under(&name(), &mut other);
    assert_eq!(other, at(5).await);

    let again = kept_in(journal.store(), &keys).await;
    assert_eq!(again.of(&name()), kept.of(&name()));
    // One who is no longer named is no longer shown.
    let fewer = kept_in(journal.store(), &keys[1..]).await;
    assert_eq!(sizes_and_times(&fewer), [(6, 55)]);
    const DAMAGE: &str = "UPDATE cosignature SET note = replace(note, '6', '7') WHERE time = 60";
    on_writer!(journal.store().database(), |pool| sqlx::query(DAMAGE)
        .execute(pool)
        .await
        .map(drop))
    .unwrap();
    let damaged = kept_in(journal.store(), &keys).await;
    assert_eq!(sizes_and_times(&damaged), [(6, 55)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_was_told_every_node_shows() {
    let server = TemporaryPostgres::start().unwrap();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let node = async |place: usize| {
        let config = JournalConfig {
            url: server.url(),
            folder: folders[place].path().to_owned(),
            key: key(),
        };
        let clock = Arc::new(SystemClock::default());
        Journal::open(config, clock).await.unwrap()
    };
    let here = node(0).await;
    let log = here.announce(&name(), TERMS).await.unwrap();
    contribute(&log, 1..4).await;
    let there = node(1).await;
    let other = there.offering(&name()).unwrap();
    let keys = [WitnessKey::of(&witness(1))];
    let mine = kept_in(here.store(), &keys).await;
    let theirs = kept_in(there.store(), &keys).await;
    let line = async |size, time| {
        let note = log.reader.checkpoint_of(size).await.unwrap();
        Cosignature::sign(note.unverified(), &witness(1), time).unwrap()
    };
    mine.add(&log.reader, 4, &line(4, 70).await).await.unwrap();
    // It was not told, and takes an older line for the newest: the database does not.
    theirs
        .add(&other.reader, 2, &line(2, 90).await)
        .await
        .unwrap();
    assert_eq!(sizes_and_times(&theirs), [(2, 90)]);
    for _ in 0..2 {
        assert!(theirs.refresh().await.unwrap().is_empty());
        assert_eq!(sizes_and_times(&theirs), [(4, 70)]);
    }
    assert_eq!(theirs.of(&name()), mine.of(&name()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_named_witnesses_and_the_logs_own_trees_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    sold(&folder.path().join("data"), 5).await;
    let journal = open(&folder.path().join("data")).await.unwrap();
    let log = journal.offering(&name()).unwrap();
    contribute(&log, 6..7).await;
    let kept = kept_in(journal.store(), &[WitnessKey::of(&witness(1))]).await;
    let note = log.reader.checkpoint_of(7).await.unwrap();
    assert_eq!(
        CheckpointNote::Signed(note.clone()),
        log.reader.checkpoint().unwrap()
    );
    let line =
        |seed, checkpoint: &Checkpoint| Cosignature::sign(checkpoint, &witness(seed), 1).unwrap();
    let stranger = kept.add(&log.reader, 7, &line(2, note.unverified())).await;
    assert!(matches!(stranger, Err(JournalError::UnknownWitness)));
    let longer = kept.add(&log.reader, 8, &line(1, note.unverified())).await;
    assert!(matches!(
        longer,
        Err(JournalError::NoSuchEntry { size: 7, .. })
    ));
    let shorter = kept.add(&log.reader, 6, &line(1, note.unverified())).await;
    assert!(matches!(shorter, Err(JournalError::Proof(_))));
    assert_eq!(kept.of(&name()), []);
    let again = kept_in(journal.store(), &[WitnessKey::of(&witness(1))]).await;
    assert_eq!(again.of(&name()), []);
}
