//! A log that does not lead to the newest checkpoint it signed must not grow.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use softcap_journal::{Hold, Journal, JournalError, SystemClock};
use softcap_proof::CheckpointNote;

use crate::sale::{TERMS, config, contribute, contribution, name, open, sold};

/// Copies the database of a stopped server.
fn copy_database(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

fn kept(folder: &Path) -> CheckpointNote {
    CheckpointNote::parse(&fs::read(folder.join("harbour")).unwrap()).unwrap()
}

async fn held(journal: &Journal) -> Option<Hold> {
    journal.offering(&name()).unwrap().sequencer.held()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_copy_is_read_and_not_extended_until_the_right_one_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let (older, newer) = (folder.path().join("older"), folder.path().join("newer"));
    sold(&path, 30).await;
    copy_database(&path, &older);
    let journal = open(&path).await.unwrap();
    let log = journal.offering(&name()).unwrap();
    contribute(&log, 31..41).await;
    let root = log.sequencer.read().root();
    drop(log);
    journal.close().await.unwrap();
    copy_database(&path, &newer);
    let note = kept(&path.join("checkpoints"));
    assert_eq!(
        (note.unverified().size(), note.unverified().root()),
        (41, root)
    );

    // The snapshot alone would know the newer state: take it away with the database.
    copy_database(&older, &path);
    fs::remove_dir_all(path.join("snapshots")).unwrap();
    let journal = open(&path).await.unwrap();
    let log = journal.offering(&name()).unwrap();
    let behind = Hold::Behind {
        has: 31,
        kept: 41,
        root,
    };
    assert_eq!(log.sequencer.held(), Some(behind));
    assert!(log.sequencer.stopped().unwrap().contains("31 entries"));
    let refused = log.sequencer.submit(contribution(99)).await;
    assert!(matches!(refused, Err(JournalError::Held(_))));
    assert_eq!(log.reader.size(), 31);
    assert!(log.reader.receipt(7).await.is_ok(), "reads go on");
    // An operator who confirms the clock does not lift this.
    log.sequencer.confirm();
    let refused = log.sequencer.submit(contribution(99)).await;
    assert!(matches!(refused, Err(JournalError::Held(_))));
    drop(log);
    journal.close().await.unwrap();
    let still = kept(&path.join("checkpoints"));
    assert_eq!(still, note, "what is kept never goes back");

    copy_database(&newer, &path);
    fs::remove_dir_all(path.join("snapshots")).unwrap();
    let journal = open(&path).await.unwrap();
    assert_eq!(held(&journal).await, None);
    let log = journal.offering(&name()).unwrap();
    contribute(&log, 41..42).await;
    assert_eq!(log.reader.size(), 42);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_history_of_the_same_length_is_refused_and_signs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    sold(&one, 5).await;
    sold(&other, 5).await;
    // The times of the entries differ, and so do the roots.
    copy_database(&other, &one);
    fs::remove_dir_all(one.join("snapshots")).unwrap();
    let journal = open(&one).await.unwrap();
    assert_eq!(held(&journal).await, Some(Hold::Forked { kept: 6 }));
    let log = journal.offering(&name()).unwrap();
    let refused = log.sequencer.submit(contribution(9)).await;
    assert!(matches!(refused, Err(JournalError::Held(_))));
    assert!(matches!(
        log.reader.checkpoint(),
        Err(JournalError::Held(_))
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_entries_that_another_node_brings_end_the_wait() {
    let folder = tempfile::tempdir().unwrap();
    let (path, newer) = (folder.path().join("data"), folder.path().join("newer"));
    sold(&path, 10).await;
    copy_database(&path, &newer);
    fs::create_dir_all(newer.join("checkpoints")).unwrap();
    let journal = open(&newer).await.unwrap();
    contribute(&journal.offering(&name()).unwrap(), 11..14).await;
    let rows = journal.store().read(&name(), 11, 1 << 20).await.unwrap();
    journal.close().await.unwrap();
    fs::copy(
        newer.join("checkpoints/harbour"),
        path.join("checkpoints/harbour"),
    )
    .unwrap();

    let journal = open(&path).await.unwrap();
    let log = journal.offering(&name()).unwrap();
    assert!(matches!(log.sequencer.held(), Some(Hold::Behind { .. })));
    for (place, row) in (0_u8..).zip(rows) {
        let batch = softcap_journal::NewBatch {
            first: row.first,
            count: row.count,
            id: [place; 16],
            after: None,
            unread: 256,
            time: row.time,
            tree_before: row.tree_before,
            body: row.body,
        };
        journal.store().append(&name(), &batch).await.unwrap();
    }
    contribute(&log, 14..15).await;
    assert_eq!((log.sequencer.held(), log.reader.size()), (None, 15));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_folder_counts_as_much_as_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let (path, second) = (folder.path().join("data"), folder.path().join("second"));
    let open_and_keep = |second: PathBuf| {
        let clock = Arc::new(SystemClock::default());
        Journal::open_and_keep(config(&path), clock, Some(second))
    };
    let journal = open_and_keep(second.clone()).await.unwrap();
    let log = journal.announce(&name(), TERMS).await.unwrap();
    contribute(&log, 1..4).await;
    drop(log);
    journal.close().await.unwrap();
    assert_eq!(kept(&second), kept(&path.join("checkpoints")));

    // The whole folder of the server is lost, and a new one would begin the log anew.
    fs::remove_dir_all(&path).unwrap();
    let journal = open_and_keep(second.clone()).await.unwrap();
    let refused = journal.announce(&name(), TERMS).await;
    assert!(matches!(refused, Err(JournalError::Held(_))), "{refused:?}");
    assert!(journal.store().logs().await.unwrap().is_empty());
    journal.close().await.unwrap();

    // What is no checkpoint holds the log too.
    fs::remove_dir_all(&path).unwrap();
    sold(&path, 3).await;
    fs::write(second.join("harbour"), "softcap").unwrap();
    let journal = open_and_keep(second.clone()).await.unwrap();
    let hold = held(&journal).await;
    assert!(matches!(hold, Some(Hold::Unreadable { .. })), "{hold:?}");
}
