//! The audit log on real databases: each row once, whatever ends in between, and what the table says later is compared.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use softcap_database::{
    Database, DatabaseUrl, on_writer,
    temporary::{BothDatabases, TemporaryPostgres},
};
use softcap_identity::{Act, AuditTable, Keys, UnixMillis};
use softcap_journal::{AuditReading, Journal, JournalConfig, SystemClock, check_record};
use softcap_proof::{SigningKey, audit_entry::decode};
use tokio::runtime::Runtime;

use super::{AuditComparison, AuditFinding, compare_audit, enter_rows, put_back_lost_rows};

const NOW: UnixMillis = UnixMillis::new(1_800_000_000_000);

/// A node on a database.
struct Node {
    journal: Journal,
    table: AuditTable,
    database: Database,
}

impl Node {
    async fn open(url: &DatabaseUrl, folder: &Path) -> Self {
        let database = Database::open(url, "service").await.unwrap();
        Keys::migrations().run(&database).await.unwrap();
        let config = JournalConfig {
            url: url.clone(),
            folder: folder.to_owned(),
            key: SigningKey::from_entropy("softcap.example", &[7; 32]).unwrap(),
        };
        let clock = Arc::new(SystemClock::default());
        Self {
            journal: Journal::open(config, clock).await.unwrap(),
            table: AuditTable::new(database.clone()),
            database,
        }
    }

    async fn add(&self, code: &str) {
        let subject = ("offering:harbour", code);
        let added = self.table.add("key:a", Act::Call, subject, NOW).await;
        added.unwrap();
    }

    async fn enter(&self) {
        enter_rows(&self.journal, &self.table).await.unwrap();
    }

    async fn run(&self, text: &'static str) {
        let done = on_writer!(&self.database, |pool| sqlx::query(text)
            .execute(pool)
            .await
            .map(drop));
        done.unwrap();
    }

    /// As somebody who may do everything with the database.
    async fn behind(&self, text: &'static str) {
        let guards: &[&str] = match &self.database {
            Database::Sqlite(_) => &[
                "DROP TRIGGER IF EXISTS identity_audit_keeps_rows",
                "DROP TRIGGER IF EXISTS identity_audit_loses_no_row",
            ],
            Database::Postgres(_) => {
                &["DROP TRIGGER IF EXISTS identity_audit_keeps_rows ON identity_audit"]
            }
        };
        for guard in guards {
            self.run(guard).await;
        }
        self.run(text).await;
    }

    async fn close(self) {
        self.journal.close().await.unwrap();
        self.database.close().await;
    }
}

/// The number of each row in the log, with its code, in the order of the entries.
async fn entered(url: &DatabaseUrl) -> Vec<(u64, String)> {
    let mut reading = AuditReading::open(url).await.unwrap();
    let mut rows = Vec::new();
    loop {
        let leaves = reading.next_leaves().await.unwrap();
        if leaves.is_empty() {
            break;
        }
        for leaf in leaves {
            let (entry, _) = decode(&leaf).unwrap();
            rows.push((entry.row.number, format!("{:?}", entry.row.code)));
        }
    }
    reading.close().await;
    rows
}

async fn compared(url: &DatabaseUrl) -> AuditComparison {
    compare_audit(url).await.unwrap()
}

/// One folder for SQLite and for the node on PostgreSQL.
async fn both() -> (BothDatabases, [DatabaseUrl; 2], tempfile::TempDir) {
    let databases = BothDatabases::start().unwrap();
    let urls = databases.urls("audit").await.unwrap();
    (databases, urls, tempfile::tempdir().unwrap())
}

fn node_folder(url: &DatabaseUrl, spare: &Path) -> std::path::PathBuf {
    match url {
        DatabaseUrl::Folder(folder) => folder.clone(),
        DatabaseUrl::Postgres(_) => spare.to_owned(),
    }
}

/// A process that ends anywhere: nothing is closed, nothing is written behind.
fn life(url: &DatabaseUrl, folder: &Path, rows: u32, patience: Duration) {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let node = Node::open(url, folder).await;
        for row in 0..rows {
            node.add(&format!("row {row}")).await;
        }
        // Cut off in the middle, or not.
        let _ = tokio::time::timeout(patience, enter_rows(&node.journal, &node.table)).await;
    });
    runtime.shutdown_background();
}

#[test]
fn each_row_becomes_one_entry_whatever_ends_in_between() {
    let runtime = Runtime::new().unwrap();
    let (databases, urls, spare) = runtime.block_on(both());
    // Rows, and after how many microseconds it ends.
    let lives = [
        (20, 0),
        (3, 900),
        (40, 2_500),
        (0, 300),
        (17, 5_000),
        (30, 100),
        (9, 60_000_000),
        (25, 1_700),
    ];
    for url in &urls {
        let folder = node_folder(url, spare.path());
        let mut rows = 0;
        for (some, micros) in lives {
            life(url, &folder, some, Duration::from_micros(micros));
            rows += u64::from(some);
        }
        runtime.block_on(async {
            let node = Node::open(url, &folder).await;
            node.enter().await;
            node.enter().await;
            node.close().await;
            let numbers: Vec<u64> = entered(url).await.into_iter().map(|row| row.0).collect();
            assert_eq!(numbers, (1..=rows).collect::<Vec<_>>(), "{url}");
            let expected = AuditComparison {
                rows,
                ..AuditComparison::default()
            };
            assert_eq!(compared(url).await, expected);
            for check in check_record(url, &folder, &mut |_, _| {}).await.unwrap() {
                assert_eq!(check.result.unwrap().entries, rows);
            }
        });
    }
    drop(databases);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_enter_a_row_once() {
    let server = TemporaryPostgres::start().unwrap();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let one = Node::open(&server.url(), folders[0].path()).await;
    let other = Node::open(&server.url(), folders[1].path()).await;
    for turn in 0..12 {
        for row in 0..5 {
            let (code, beside) = (format!("one {turn} {row}"), format!("other {turn} {row}"));
            tokio::join!(one.add(&code), other.add(&beside));
        }
        tokio::join!(one.enter(), other.enter());
    }
    one.close().await;
    other.close().await;
    let numbers: Vec<u64> = entered(&server.url())
        .await
        .iter()
        .map(|row| row.0)
        .collect();
    assert_eq!(numbers, (1..=120).collect::<Vec<_>>());
    assert_eq!(compared(&server.url()).await.differences, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_is_given_up_leaves_no_gap() {
    let (databases, urls, spare) = both().await;
    for url in &urls {
        let node = Node::open(url, &node_folder(url, spare.path())).await;
        node.add("first").await;
        let given_up = on_writer!(&node.database, |pool| async {
            let mut work = pool.begin().await?;
            let text = "INSERT INTO identity_audit (at, actor, act, subject, code, times) \
                VALUES (1, '-', 'deny', '-', 'given up', 1)";
            sqlx::query(text).execute(&mut *work).await?;
            work.rollback().await
        }
        .await);
        given_up.unwrap();
        node.add("second").await;
        node.enter().await;
        node.close().await;
        let codes: BTreeMap<u64, String> = entered(url).await.into_iter().collect();
        let numbers: Vec<u64> = codes.keys().copied().collect();
        assert_eq!(numbers, [1, 2], "{url}: {codes:?}");
    }
    drop(databases);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_to_the_table_behind_the_log_is_named() {
    let (databases, urls, spare) = both().await;
    for url in &urls {
        let node = Node::open(url, &node_folder(url, spare.path())).await;
        for row in 1..=9 {
            node.add(&format!("row {row}")).await;
        }
        // Gone before the log has it, in between and at the end.
        node.behind("DELETE FROM identity_audit WHERE number IN (3, 4)")
            .await;
        node.enter().await;
        node.add("row 10").await;
        node.behind("DELETE FROM identity_audit WHERE number = 10")
            .await;
        node.add("row 11").await;
        node.enter().await;
        let lost = [(3, 4), (10, 10)].map(|(first, last)| AuditFinding::Lost { first, last });
        assert_eq!(compared(url).await.findings, lost);

        node.behind("UPDATE identity_audit SET subject = 'offering:other' WHERE number = 2")
            .await;
        node.behind("UPDATE identity_audit SET at = at + 1 WHERE number = 6")
            .await;
        node.behind("DELETE FROM identity_audit WHERE number IN (5, 11)")
            .await;
        node.behind(
            "INSERT INTO identity_audit (number, at, actor, act, subject, code, times) \
             VALUES (4, 1, 'key:b', 'call', '-', '', 1)",
        )
        .await;
        node.close().await;
        let found = compared(url).await;
        let changed = |number, entry, column| AuditFinding::Changed {
            number,
            entry,
            column,
        };
        let missing = |number, entry| AuditFinding::Missing { number, entry };
        let mut expected = vec![
            changed(2, 1, "subject"),
            AuditFinding::Added { number: 4 },
            missing(5, 2),
            changed(6, 3, "at"),
            missing(11, 7),
        ];
        expected.extend(lost);
        assert_eq!(found.findings, expected, "{url}");
        assert_eq!((found.rows, found.differences), (8, 7));
    }
    drop(databases);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_from_an_older_backup_gets_its_last_rows_from_the_log() {
    let (databases, urls, spare) = both().await;
    for url in &urls {
        let node = Node::open(url, &node_folder(url, spare.path())).await;
        for row in 1..=5 {
            node.add(&format!("row {row}")).await;
        }
        node.enter().await;
        let before = node.table.rows(0, 100).await.unwrap();
        node.behind("DELETE FROM identity_audit WHERE number > 2")
            .await;
        for _ in 0..2 {
            let put_back = put_back_lost_rows(&node.journal, &node.table, NOW).await;
            put_back.unwrap();
        }
        node.add("row 7").await;
        node.enter().await;
        let after = node.table.rows(0, 100).await.unwrap();
        assert_eq!(after[..5], before);
        let rest: Vec<_> = after[5..]
            .iter()
            .map(|row| (row.number, row.act.as_str(), row.code.as_str()))
            .collect();
        assert_eq!(rest, [(6, "put_back", "3-5"), (7, "call", "row 7")]);
        node.close().await;
        let found = compared(url).await;
        assert_eq!((found.rows, found.differences), (7, 0), "{url}");
    }
    drop(databases);
}

#[tokio::test]
async fn a_log_without_its_table_is_a_finding() {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Folder(folder.path().to_owned());
    let node = Node::open(&url, folder.path()).await;
    assert_eq!(compared(&url).await, AuditComparison::default());
    node.add("row").await;
    assert_eq!(compared(&url).await.waiting, 1);
    node.enter().await;
    node.close().await;
    std::fs::remove_file(folder.path().join("service.db")).unwrap();
    assert_eq!(compared(&url).await.findings, [AuditFinding::NoTable]);
}
