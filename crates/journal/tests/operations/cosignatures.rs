//! What witnesses said is kept over a restart, and never goes back.

use softcap_journal::{Cosignatures, JournalError};
use softcap_proof::{
    Checkpoint, CheckpointNote, Cosignature, SignedCheckpoint, SigningKey, WitnessKey,
};

use crate::sale::{contribute, name, open, sold};

fn witness(seed: u8) -> SigningKey {
    SigningKey::from_entropy(&format!("witness.example/w{seed}"), &[seed; 32]).unwrap()
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
    let place = folder.path().join("cosignatures");
    let keys: Vec<WitnessKey> = [1, 2].map(|seed| WitnessKey::of(&witness(seed))).to_vec();
    let kept = Cosignatures::open(place.clone(), keys.clone());
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

    let again = Cosignatures::open(place.clone(), keys.clone());
    assert_eq!(again.of(&name()), kept.of(&name()));
    // One who is no longer named is no longer shown.
    let fewer = Cosignatures::open(place.clone(), keys[1..].to_vec());
    assert_eq!(sizes_and_times(&fewer), [(6, 55)]);
    let file = place.join(format!("harbour.{:08x}", keys[0].id()));
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("\n6\n", "\n7\n", 1)).unwrap();
    let damaged = Cosignatures::open(place, keys);
    assert_eq!(sizes_and_times(&damaged), [(6, 55)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_named_witnesses_and_the_logs_own_trees_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    sold(&folder.path().join("data"), 5).await;
    let journal = open(&folder.path().join("data")).await.unwrap();
    let log = journal.offering(&name()).unwrap();
    contribute(&log, 6..7).await;
    let place = folder.path().join("cosignatures");
    let kept = Cosignatures::open(place.clone(), vec![WitnessKey::of(&witness(1))]);
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
    assert!(!place.exists());
}
