//! A check of the whole record finds what was changed, and a rebuild makes what is derived again.

use std::path::Path;

use softcap_database::{Database, on_writer};
use softcap_journal::{CheckedLog, JournalError, check_record, rebuild};

use crate::sale::{contribute, flip, name, open, sold, url};

async fn check(folder: &Path) -> Result<CheckedLog, JournalError> {
    let checks = check_record(&url(folder), folder, &mut |_, _| {})
        .await
        .unwrap();
    let [check] = <[_; 1]>::try_from(checks).unwrap();
    assert_eq!(check.name, name());
    check.result
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_record_is_replayed_and_compared_also_beside_a_server() {
    let folder = tempfile::tempdir().unwrap();
    sold(folder.path(), 600).await;
    let checked = check(folder.path()).await.unwrap();
    assert_eq!(checked.entries, 601);
    // Two bundles of 256 entries, and the two tiles of their hashes.
    assert_eq!((checked.tiles, checked.snapshots), (4, 1));

    let journal = open(folder.path()).await.unwrap();
    let log = journal.offering(&name()).unwrap();
    let state = log.sequencer.read().machine().offering().state_hash();
    assert_eq!(checked.state_hash, state);
    contribute(&log, 601..605).await;
    let beside = check(folder.path()).await.unwrap();
    assert_eq!(beside.entries, 605);
    assert_eq!(beside.root, log.sequencer.read().root());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_without_a_record_is_refused_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let checked = check_record(&url(path), path, &mut |_, _| {}).await;
    assert!(matches!(checked, Err(JournalError::NoRecord(_))));
    let rebuilt = rebuild(&url(path), path, &mut |_, _| {}).await;
    assert!(matches!(rebuilt, Err(JournalError::NoRecord(_))));
    assert_eq!(std::fs::read_dir(path).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_byte_of_the_record_is_named_by_its_entry() {
    // In a full bundle, after the last one, and in the very last entry, which only the snapshot knows.
    for number in [100, 590, 600] {
        let folder = tempfile::tempdir().unwrap();
        sold(folder.path(), 600).await;
        let text = format!("contribution-{number:05}");
        flip(&folder.path().join("journal.db"), &text);
        let error = check(folder.path()).await.unwrap_err();
        // The last entry has no batch after it that names its root.
        let named = if number == 600 { 601 } else { number };
        assert_eq!(error.entry(), Some(named), "{error}");
        let in_the_record = matches!(error, JournalError::Damaged { .. });
        assert_eq!(in_the_record, number != 600, "{error}");
        let before = std::fs::read(folder.path().join("derived.db")).unwrap();
        let rebuilt = rebuild(&url(folder.path()), folder.path(), &mut |_, _| {}).await;
        if number != 600 {
            assert!(matches!(rebuilt, Err(JournalError::Damaged { .. })));
            let after = std::fs::read(folder.path().join("derived.db")).unwrap();
            assert!(before == after, "a failed rebuild puts back what was there");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_derived_is_named_and_rebuilt() {
    type Damage = fn(&Path);
    let table: [(&str, u64, Damage); 4] = [
        ("a flipped byte of a bundle", 300, |folder| {
            flip(&folder.join("derived.db"), "contribution-00300");
        }),
        ("a snapshot of other bytes", 601, |folder| {
            let path = folder.join("snapshots/harbour-601.snapshot");
            let mut bytes = std::fs::read(&path).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            std::fs::write(path, bytes).unwrap();
        }),
        ("a snapshot from the future", 601, |folder| {
            let old = folder.join("snapshots/harbour-601.snapshot");
            std::fs::rename(old, folder.join("snapshots/harbour-700.snapshot")).unwrap();
        }),
        ("tiles that are gone", 0, |folder| {
            // The last tile of the table says that all before it are there.
            let url = url(folder);
            tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current().block_on(async {
                    let database = Database::open(&url, "derived").await.unwrap();
                    on_writer!(&database, |pool| {
                        sqlx::query("DELETE FROM tile WHERE level = 0 AND place = 0")
                            .execute(pool)
                            .await
                            .map(|_| ())
                    })
                    .unwrap();
                    database.close().await;
                });
            });
        }),
    ];
    for (case, entry, damage) in table {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        sold(path, 600).await;
        let whole = check(path).await.unwrap();
        damage(path);
        match check(path).await {
            Err(JournalError::Derived { index, .. } | JournalError::Damaged { index, .. }) => {
                assert_eq!(index, entry, "{case}");
            }
            other => panic!("{case}: {other:?}"),
        }
        let rebuilt = rebuild(&url(path), path, &mut |_, _| {}).await.unwrap();
        assert_eq!((rebuilt[0].entries, rebuilt[0].tiles), (601, 4), "{case}");
        assert_eq!(check(path).await.unwrap(), whole, "{case}");
        let files: Vec<_> = std::fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".old"))
            .collect();
        assert!(files.is_empty(), "{case}: {files:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_waits_until_the_server_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    sold(folder.path(), 3).await;
    let journal = open(folder.path()).await.unwrap();
    let refused = rebuild(&url(folder.path()), folder.path(), &mut |_, _| {}).await;
    assert!(matches!(refused, Err(JournalError::InUse(_))));
    journal.close().await.unwrap();
    rebuild(&url(folder.path()), folder.path(), &mut |_, _| {})
        .await
        .unwrap();
}

/// What a busy server writes: each row names the head at which the batch before it began.
async fn name_earlier_heads(folder: &Path) {
    let url = url(folder);
    let database = Database::open(&url, "journal").await.unwrap();
    for text in [
        // Rows that name the head before their batch already say nothing of the one at their own.
        "CREATE TEMPORARY TABLE start AS SELECT first, n, root_before FROM batch \
         WHERE root_size = first",
        "UPDATE batch SET root_size = start.first, root_before = start.root_before FROM start \
         WHERE start.first + start.n = batch.first",
    ] {
        on_writer!(&database, |pool| sqlx::query(text)
            .execute(pool)
            .await
            .map(|_| ()))
        .unwrap();
    }
    database.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_whose_rows_name_the_head_a_batch_earlier_is_as_good() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    sold(path, 600).await;
    let before = check(path).await.unwrap();
    name_earlier_heads(path).await;
    let after = check(path).await.unwrap();
    assert_eq!((after.root, after.tiles), (before.root, before.tiles));
    let journal = open(path).await.unwrap();
    let log = journal.offering(&name()).unwrap();
    assert_eq!(log.reader.scrub().await.unwrap(), 601);
    contribute(&log, 601..603).await;
    drop(log);
    journal.close().await.unwrap();
    assert_eq!(check(path).await.unwrap().entries, 603);
    // After the last full bundle only the roots tell.
    flip(&path.join("journal.db"), "contribution-00590");
    let error = check(path).await.unwrap_err();
    assert_eq!(error.entry(), Some(590), "{error}");
}
