//! A running server finds what changed in old entries, names it, and takes no more money.

use softcap_database::{Database, DatabaseUrl, on_writer, temporary::TemporaryPostgres};
use softcap_journal::{
    Answer, Intake, Journal, JournalConfig, JournalError, Submission, encode_at_batch_time,
};
use softcap_offering::{Command, Sequence};
use softcap_proof::entry::decode;

use crate::sale::{config, contribute, contribution, name, open, open_with, sold, sold_with, url};

async fn scrub(journal: &Journal) -> Result<u64, JournalError> {
    journal.offering(&name()).unwrap().reader.scrub().await
}

/// What another program does to a database while the server runs.
struct Tampering {
    /// `journal` or `derived`.
    database: &'static str,
    /// Selects one blob.
    select: &'static str,
    /// Puts another one in its place.
    update: &'static str,
    place: Place,
}

/// Which byte is changed.
enum Place {
    /// Counted from the end where it is negative.
    Byte(isize),
    /// The last of the only place where a text stands.
    Text(&'static str),
}

impl Tampering {
    async fn run(&self, url: &DatabaseUrl) {
        let database = Database::open(url, self.database).await.unwrap();
        let (mut blob,): (Vec<u8>,) = on_writer!(&database, |pool| sqlx::query_as(self.select)
            .fetch_one(pool)
            .await)
        .unwrap();
        let length = isize::try_from(blob.len()).unwrap();
        let place = match self.place {
            Place::Byte(byte) => usize::try_from(byte.rem_euclid(length)).unwrap(),
            Place::Text(text) => {
                let mut found = blob.windows(text.len()).enumerate();
                let (begin, _) = found.find(|(_, part)| *part == text.as_bytes()).unwrap();
                begin + text.len() - 1
            }
        };
        blob[place] ^= 1;
        on_writer!(&database, |pool| sqlx::query(self.update)
            .bind(blob.as_slice())
            .execute(pool)
            .await
            .map(|_| ()))
        .unwrap();
        database.close().await;
    }
}

async fn statement(folder: &std::path::Path, database: &'static str, text: &'static str) {
    let database = Database::open(&url(folder), database).await.unwrap();
    on_writer!(&database, |pool| sqlx::query(text)
        .execute(pool)
        .await
        .map(|_| ()))
    .unwrap();
    database.close().await;
}

/// Contributions are refused with the entry's number, and an exit is entered.
async fn only_exits_go_on(journal: &Journal, entry: u64, case: &str) {
    let log = journal.offering(&name()).unwrap();
    let reason = log.sequencer.stopped().unwrap();
    assert!(
        reason.contains(&format!("entry {entry}:")),
        "{case}: {reason}"
    );
    let refused = log.sequencer.submit(contribution(900)).await;
    match refused {
        Err(JournalError::Stopped(said)) => assert_eq!(said, reason, "{case}"),
        other => panic!("{case}: {other:?}"),
    }
    let command = Command::Withdraw {
        contribution: Sequence(3),
    };
    let exit = Submission {
        intake: Intake::Other,
        request: None,
        body: encode_at_batch_time(&command, None).unwrap(),
    };
    let Answer::Entered { batch, index } = log.sequencer.submit(exit).await.unwrap() else {
        panic!("{case}: the exit was not entered");
    };
    let (entered, _) = decode(batch.leaf(index).unwrap()).unwrap();
    assert_eq!(entered.command, command, "{case}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_record_is_scrubbed_also_while_it_grows() {
    let folder = tempfile::tempdir().unwrap();
    sold(folder.path(), 600).await;
    let journal = open(folder.path()).await.unwrap();
    assert_eq!(scrub(&journal).await.unwrap(), 601);
    let log = journal.offering(&name()).unwrap();
    let (grown, scrubbed) = tokio::join!(contribute(&log, 601..800), async {
        let mut largest = 0;
        for _ in 0..20 {
            largest = scrub(&journal).await.unwrap();
        }
        largest
    });
    let () = grown;
    assert!((601..=800).contains(&scrubbed), "{scrubbed}");
    assert_eq!(scrub(&journal).await.unwrap(), 800);
    assert_eq!(log.sequencer.stopped(), None);
    // That of the platform has another kind of entries.
    let platform = journal.open_platform().await.unwrap();
    assert_eq!(platform.reader.scrub().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_byte_that_changed_under_a_running_server_stops_contributions_alone() {
    use Place::{Byte, Text};
    macro_rules! blob {
        ($database:literal, $column:literal, $table:literal, $which:literal, $place:expr) => {
            Tampering {
                database: $database,
                select: concat!("SELECT ", $column, " FROM ", $table, " WHERE ", $which),
                update: concat!("UPDATE ", $table, " SET ", $column, " = $1 WHERE ", $which),
                place: $place,
            }
        };
    }
    // The number, whether it is the record itself, and what is changed.
    let table = [
        (
            100,
            true,
            blob!(
                "journal",
                "body",
                "batch",
                "first = (SELECT MAX(first) FROM batch WHERE first <= 100)",
                Text("contribution-00100")
            ),
        ),
        (
            590,
            true,
            blob!("journal", "body", "batch", "first = 590", Byte(0)),
        ),
        (
            590,
            true,
            blob!("journal", "body", "batch", "first = 590", Byte(12)),
        ),
        (
            600,
            true,
            blob!("journal", "body", "batch", "first = 600", Byte(-1)),
        ),
        (
            585,
            true,
            blob!("journal", "root_before", "batch", "first = 585", Byte(5)),
        ),
        (
            300,
            false,
            blob!(
                "derived",
                "body",
                "tile",
                "level = -1 AND place = 1",
                Text("contribution-00300")
            ),
        ),
        // The last byte of a bundle is of an outcome.
        (
            255,
            false,
            blob!(
                "derived",
                "body",
                "tile",
                "level = -1 AND place = 0",
                Byte(-1)
            ),
        ),
        (
            259,
            false,
            blob!(
                "derived",
                "body",
                "tile",
                "level = 0 AND place = 1",
                Byte(100)
            ),
        ),
    ];
    for (place, (entry, is_record, tampering)) in table.iter().enumerate() {
        let case = format!("row {place}");
        let folder = tempfile::tempdir().unwrap();
        sold(folder.path(), 600).await;
        let journal = open(folder.path()).await.unwrap();
        assert_eq!(scrub(&journal).await.unwrap(), 601, "{case}");
        tampering.run(&url(folder.path())).await;
        let error = scrub(&journal).await.unwrap_err();
        assert_eq!(error.entry(), Some(*entry), "{case}: {error}");
        let damaged = matches!(error, JournalError::Damaged { .. });
        assert_eq!(damaged, *is_record, "{case}: {error}");
        only_exits_go_on(&journal, *entry, &case).await;
        // A word about the clock does not hide the damage for long.
        let log = journal.offering(&name()).unwrap();
        log.sequencer.confirm();
        assert_eq!(scrub(&journal).await.unwrap_err().entry(), Some(*entry));
        only_exits_go_on(&journal, *entry, &case).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_are_gone_or_of_another_time_are_named() {
    let table = [
        (587, true, "journal", "DELETE FROM batch WHERE first = 587"),
        (
            588,
            true,
            "journal",
            "UPDATE batch SET n = 2 WHERE first = 587",
        ),
        (
            587,
            true,
            "journal",
            "UPDATE batch SET time = time + 1 WHERE first = 587",
        ),
        (
            587,
            true,
            "journal",
            "UPDATE batch SET time = 1 WHERE first = 587",
        ),
        (
            0,
            false,
            "derived",
            "DELETE FROM tile WHERE level = 0 AND place = 0",
        ),
        (
            256,
            false,
            "derived",
            "DELETE FROM tile WHERE level = -1 AND place = 1",
        ),
        (
            10,
            false,
            "derived",
            "UPDATE tile SET body = substr(body, 1, 320) WHERE level = 0",
        ),
    ];
    for (entry, is_record, database, text) in table {
        let folder = tempfile::tempdir().unwrap();
        sold(folder.path(), 600).await;
        let journal = open(folder.path()).await.unwrap();
        statement(folder.path(), database, text).await;
        let error = scrub(&journal).await.unwrap_err();
        assert_eq!(error.entry(), Some(entry), "{text}: {error}");
        let damaged = matches!(error, JournalError::Damaged { .. });
        assert_eq!(damaged, is_record, "{text}: {error}");
        only_exits_go_on(&journal, entry, text).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hash_tile_above_the_leaves_is_compared_too() {
    let folder = tempfile::tempdir().unwrap();
    sold(folder.path(), 1).await;
    let journal = open(folder.path()).await.unwrap();
    let log = journal.offering(&name()).unwrap();
    for from in (2..66_000_u64).step_by(4096) {
        let submit = |number| log.sequencer.submit(contribution(number));
        let some = (from..(from + 4096).min(66_000)).map(submit);
        for answer in futures_util::future::join_all(some).await {
            answer.unwrap();
        }
    }
    journal.close().await.unwrap();
    let journal = open(folder.path()).await.unwrap();
    assert_eq!(scrub(&journal).await.unwrap(), 66_000);
    let tampering = Tampering {
        database: "derived",
        select: "SELECT body FROM tile WHERE level = 1 AND place = 0",
        update: "UPDATE tile SET body = $1 WHERE level = 1 AND place = 0",
        place: Place::Byte(3 * 32 + 7),
    };
    tampering.run(&url(folder.path())).await;
    let error = scrub(&journal).await.unwrap_err();
    assert!(matches!(error, JournalError::Derived { .. }), "{error}");
    only_exits_go_on(&journal, 3 * 256, "level 1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_byte_that_changed_on_postgresql_is_named_too() {
    let table = [
        (
            590,
            true,
            Tampering {
                database: "journal",
                select: "SELECT body FROM batch WHERE first = 590",
                update: "UPDATE batch SET body = $1 WHERE first = 590",
                place: Place::Text("contribution-00590"),
            },
        ),
        (
            300,
            false,
            Tampering {
                database: "derived",
                select: "SELECT body FROM tile WHERE level = -1 AND place = 1",
                update: "UPDATE tile SET body = $1 WHERE level = -1 AND place = 1",
                place: Place::Text("contribution-00300"),
            },
        ),
    ];
    let server = TemporaryPostgres::start().unwrap();
    for (entry, is_record, tampering) in table {
        let folder = tempfile::tempdir().unwrap();
        let url = server
            .database(if is_record { "record" } else { "tiles" })
            .await
            .unwrap();
        let here = || JournalConfig {
            url: url.clone(),
            ..config(folder.path())
        };
        sold_with(here(), 600).await;
        let journal = open_with(here()).await.unwrap();
        assert_eq!(scrub(&journal).await.unwrap(), 601);
        tampering.run(&url).await;
        let error = scrub(&journal).await.unwrap_err();
        assert_eq!(error.entry(), Some(entry), "{error}");
        let damaged = matches!(error, JournalError::Damaged { .. });
        assert_eq!(damaged, is_record, "{error}");
        only_exits_go_on(&journal, entry, "PostgreSQL").await;
    }
}
