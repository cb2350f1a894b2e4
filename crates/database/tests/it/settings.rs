//! How the databases are opened: what is committed is on disk, and nobody waits for a checkpoint.

use std::str::FromStr as _;

use softcap_database::{
    Checkpoint, Database, DatabaseError, DatabaseUrl, SqliteDatabase, temporary::TemporaryPostgres,
};
use sqlx::{AssertSqlSafe, SqlitePool};
use tempfile::TempDir;

async fn sqlite() -> (TempDir, SqliteDatabase) {
    let folder = TempDir::new().unwrap();
    let url = DatabaseUrl::Folder(folder.path().join("made/by/opening"));
    match Database::open(&url, "settings").await.unwrap() {
        Database::Sqlite(sqlite) => (folder, sqlite),
        Database::Postgres(_) => panic!("a folder is SQLite"),
    }
}

async fn pragma(pool: &SqlitePool, name: &str) -> String {
    let text = AssertSqlSafe(format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"));
    sqlx::query_scalar(text).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn a_commit_of_sqlite_is_on_disk_before_it_returns() {
    let (_folder, sqlite) = sqlite().await;
    for (name, value) in [
        ("journal_mode", "wal"),
        // 2 is FULL: the log is synced at each commit (sqlite.org/pragma.html).
        ("synchronous", "2"),
        ("foreign_keys", "1"),
    ] {
        assert_eq!(pragma(sqlite.writer(), name).await, value, "{name}");
    }
    let pages: i64 = sqlx::query_scalar("PRAGMA wal_autocheckpoint")
        .fetch_one(sqlite.writer())
        .await
        .unwrap();
    assert_eq!(pages, 16_384);
}

#[tokio::test]
async fn sqlite_has_one_writer_and_readers_that_cannot_write() {
    let (_folder, sqlite) = sqlite().await;
    assert_eq!(sqlite.writer().options().get_max_connections(), 1);
    sqlx::query("CREATE TABLE t (a INTEGER)")
        .execute(sqlite.writer())
        .await
        .unwrap();
    let refused = sqlx::query("INSERT INTO t VALUES (1)")
        .execute(sqlite.readers())
        .await;
    let refused = DatabaseError::from(refused.unwrap_err());
    assert!(matches!(refused, DatabaseError::ReadOnly), "{refused:?}");
    // A reader does not wait for a writer that has not committed.
    let mut transaction = sqlite.writer().begin().await.unwrap();
    sqlx::query("INSERT INTO t VALUES (2)")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let count = "SELECT count(*) FROM t";
    let before: i64 = sqlx::query_scalar(count)
        .fetch_one(sqlite.readers())
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let after: i64 = sqlx::query_scalar(count)
        .fetch_one(sqlite.readers())
        .await
        .unwrap();
    assert_eq!((before, after), (0, 1));
}

#[tokio::test]
async fn a_checkpoint_waits_for_nobody_and_lets_the_log_begin_anew() {
    let (folder, sqlite) = sqlite().await;
    let log = folder.path().join("made/by/opening/settings.db-wal");
    sqlx::query("CREATE TABLE t (a BLOB)")
        .execute(sqlite.writer())
        .await
        .unwrap();
    let insert = || sqlx::query("INSERT INTO t VALUES (randomblob(400000))");
    insert().execute(sqlite.writer()).await.unwrap();

    // A writer in the middle of a transaction: what is committed moves all the same.
    let mut transaction = sqlite.writer().begin().await.unwrap();
    insert().execute(&mut *transaction).await.unwrap();
    let Checkpoint { in_log, in_file } = sqlite.checkpoint().await.unwrap();
    assert!(in_log > 97, "{in_log}");
    assert_eq!(in_log, in_file);
    transaction.commit().await.unwrap();

    // A reader in the middle of a transaction: the pages it needs stay, and nobody waits for it.
    let mut reader = sqlite.readers().begin().await.unwrap();
    let _: i64 = sqlx::query_scalar("SELECT count(*) FROM t")
        .fetch_one(&mut *reader)
        .await
        .unwrap();
    insert().execute(sqlite.writer()).await.unwrap();
    let held = sqlite.checkpoint().await.unwrap();
    assert!(held.in_file < held.in_log, "{held:?}");
    reader.rollback().await.unwrap();

    // Moved whole, the log is written from its start again and does not grow.
    let moved = sqlite.checkpoint().await.unwrap();
    assert_eq!(moved.in_file, moved.in_log);
    let size = std::fs::metadata(&log).unwrap().len();
    for _ in 0..5 {
        insert().execute(sqlite.writer()).await.unwrap();
        let moved = sqlite.checkpoint().await.unwrap();
        assert_eq!(moved.in_file, moved.in_log);
    }
    assert_eq!(std::fs::metadata(&log).unwrap().len(), size);
    sqlite.close().await;
    assert!(!log.exists(), "closing moves the log into the file");
}

#[tokio::test]
async fn a_commit_of_postgres_is_on_disk_before_it_returns() {
    let server = TemporaryPostgres::start().unwrap();
    let lax = server.database("lax").await.unwrap();
    let setting = |database: Database| async move {
        let Database::Postgres(pool) = database else {
            panic!("an address is PostgreSQL")
        };
        let value: String = sqlx::query_scalar("SHOW synchronous_commit")
            .fetch_one(&pool)
            .await
            .unwrap();
        pool.close().await;
        value
    };
    let first = Database::open(&lax, "lax").await.unwrap();
    for (ours, theirs) in [
        ("off", "on"),
        ("local", "on"),
        ("remote_apply", "remote_apply"),
    ] {
        let text = format!("ALTER DATABASE lax SET synchronous_commit = {ours}");
        softcap_database::on_writer!(&first, |pool| sqlx::query(AssertSqlSafe(text))
            .execute(pool)
            .await
            .map(drop))
        .unwrap();
        let opened = Database::open(&lax, "lax").await.unwrap();
        assert_eq!(setting(opened).await, theirs, "{ours}");
    }
    first.close().await;
}

#[tokio::test]
async fn a_wrong_address_says_what_to_do() {
    let server = TemporaryPostgres::start().unwrap();
    let DatabaseUrl::Postgres(address) = server.url() else {
        panic!("an address is PostgreSQL")
    };
    let address = address.replace("/postgres", "/missing");
    let missing = DatabaseUrl::from_str(&address).unwrap();
    let refused = Database::open(&missing, "x").await.unwrap_err();
    assert!(matches!(refused, DatabaseError::Refused(_)), "{refused:?}");
    assert!(!refused.is_passing());
}
