//! Snapshots that are written while a server runs, and what a start makes of them.

use std::{fs, path::Path};

use softcap_journal::check_record;

use crate::sale::{contribute, key, name, open, sold, url};

fn snapshots(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder.join("snapshots")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_is_written_from_the_record_beside_the_writer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    sold(path, 600).await;
    fs::write(path.join("snapshots/harbour-9.0.unfinished"), "half").unwrap();
    let journal = open(path).await.unwrap();
    assert_eq!(snapshots(path), ["harbour-601.snapshot"]);
    let log = journal.offering(&name()).unwrap();
    contribute(&log, 601..900).await;
    assert_eq!(journal.snapshot_offering(&name()).await.unwrap(), 900);
    assert_eq!(snapshots(path), ["harbour-900.snapshot"]);

    // It goes on from itself, also without growth; and it is the state that a replay from entry 0 has.
    contribute(&log, 900..910).await;
    assert_eq!(journal.snapshot_offering(&name()).await.unwrap(), 910);
    assert_eq!(journal.snapshot_offering(&name()).await.unwrap(), 910);
    let mut checks = check_record(&url(path), path, &mut |_, _| {})
        .await
        .unwrap();
    let checked = checks.remove(0).result.unwrap();
    assert_eq!((checked.entries, checked.snapshots), (910, 1));
    assert_eq!(checked.root, log.sequencer.read().root());
    journal.close().await.unwrap();
}

/// After a power cut the file may be there, and the tiles before it not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_without_the_tiles_before_it_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    sold(path, 600).await;
    for file in ["derived.db", "derived.db-wal", "derived.db-shm"] {
        let _ = fs::remove_file(path.join(file));
    }
    let journal = open(path).await.unwrap();
    let log = journal.offering(&name()).unwrap();
    let receipt = log.reader.receipt(3).await.unwrap();
    let proved = receipt
        .verify(key().verifier_key())
        .map(|proved| proved.entry.sequence.0);
    assert_eq!(proved.unwrap(), 3);
    journal.close().await.unwrap();
}
