//! What a fault of the database is called, and that it passes without a restart of ours.

use softcap_database::{
    Database, DatabaseError, on_reader, on_writer,
    temporary::{BothDatabases, TemporaryPostgres},
};
use sqlx::{AssertSqlSafe, PgPool};
use tempfile::TempDir;

async fn run(database: &Database, text: &str) -> Result<(), DatabaseError> {
    on_writer!(database, |pool| sqlx::query(AssertSqlSafe(text.to_owned()))
        .execute(pool)
        .await
        .map(drop))
}

async fn sum(database: &Database) -> Result<i64, DatabaseError> {
    on_reader!(database, |pool| sqlx::query_scalar(
        "SELECT CAST(sum(a) AS BIGINT) FROM t"
    )
    .fetch_one(pool)
    .await)
}

fn pool_of(database: &Database) -> &PgPool {
    match database {
        Database::Postgres(pool) => pool,
        Database::Sqlite(_) => panic!("an address is PostgreSQL"),
    }
}

#[tokio::test]
async fn a_killed_server_is_gone_and_comes_back_with_all_that_was_committed() {
    let mut server = TemporaryPostgres::start().unwrap();
    let database = Database::open(&server.url(), "x").await.unwrap();
    run(&database, "CREATE TABLE t (a BIGINT)").await.unwrap();
    for round in 1..=2_i64 {
        run(&database, &format!("INSERT INTO t VALUES ({round})"))
            .await
            .unwrap();
        server.kill();
        let gone = run(&database, "INSERT INTO t VALUES (100)")
            .await
            .unwrap_err();
        assert!(matches!(gone, DatabaseError::Gone(_)), "{gone:?}");
        assert!(gone.is_passing());
        server.resume().unwrap();
        assert_eq!(sum(&database).await.unwrap(), round * (round + 1) / 2);
    }
}

#[tokio::test]
async fn a_kill_ends_also_what_a_connection_was_about_to_commit() {
    let mut server = TemporaryPostgres::start().unwrap();
    let database = Database::open(&server.url(), "x").await.unwrap();
    run(&database, "CREATE TABLE t (a BIGINT)").await.unwrap();
    run(&database, "INSERT INTO t VALUES (1)").await.unwrap();
    // Holds the row, so that the other statement waits until its server process dies.
    let mut holder = pool_of(&database).begin().await.unwrap();
    sqlx::query("UPDATE t SET a = 2")
        .execute(&mut *holder)
        .await
        .unwrap();
    let waiting = tokio::spawn({
        let database = database.clone();
        async move { run(&database, "UPDATE t SET a = 3").await }
    });
    let blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(blocked)
        .fetch_one(pool_of(&database))
        .await
        .unwrap()
        == 0
    {
        tokio::task::yield_now().await;
    }
    server.kill();
    let gone = waiting.await.unwrap().unwrap_err();
    assert!(matches!(gone, DatabaseError::Gone(_)), "{gone:?}");
    drop(holder);
    server.resume().unwrap();
    assert_eq!(sum(&database).await.unwrap(), 1);
}

#[tokio::test]
async fn a_full_disk_refuses_and_goes_on_when_there_is_room() {
    let both = BothDatabases::start().unwrap();
    let [sqlite, postgres] = both.open("full").await.unwrap();
    for database in [&sqlite, &postgres] {
        run(database, "CREATE TABLE t (a BIGINT)").await.unwrap();
    }
    // No page more than there are, and a row larger than what is free in them.
    run(&sqlite, "PRAGMA max_page_count = 2").await.unwrap();
    let full = run(&sqlite, "INSERT INTO t VALUES (randomblob(100000))")
        .await
        .unwrap_err();
    assert!(
        matches!(full, DatabaseError::Full) && full.is_passing(),
        "{full:?}"
    );
    run(&sqlite, "PRAGMA max_page_count = 1000").await.unwrap();
    // The code that PostgreSQL answers with when it finds no room (manual, appendix A).
    let text = "DO $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$";
    let full = run(&postgres, text).await.unwrap_err();
    assert!(matches!(full, DatabaseError::Full), "{full:?}");
    for database in [&sqlite, &postgres] {
        run(database, "INSERT INTO t VALUES (7)").await.unwrap();
        assert_eq!(sum(database).await.unwrap(), 7);
    }
}

#[tokio::test]
async fn each_answer_of_postgres_has_its_name() {
    let server = TemporaryPostgres::start().unwrap();
    let database = Database::open(&server.url(), "x").await.unwrap();
    run(&database, "CREATE TABLE t (a BIGINT)").await.unwrap();
    // State of the PostgreSQL manual (appendix A), code of ours, whether it passes.
    for (state, code, passes) in [
        ("08006", "D202", true),
        ("25006", "D203", true),
        ("28P01", "D103", false),
        ("40001", "D206", true),
        ("40003", "D202", true),
        ("40P01", "D206", true),
        ("42501", "D103", false),
        ("42P01", "D901", false),
        ("53100", "D201", true),
        ("53300", "D202", true),
        ("55P03", "D206", true),
        ("57014", "D202", true),
        ("57P01", "D202", true),
        ("57P03", "D202", true),
        ("58030", "D202", true),
        ("XX000", "D901", false),
        ("XX001", "D205", false),
    ] {
        let text = format!("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$");
        let error = run(&database, &text).await.unwrap_err();
        assert!(error.to_string().starts_with(code), "{state}: {error}");
        assert_eq!(error.is_passing(), passes, "{state}: {error}");
    }
    let text = "ALTER DATABASE postgres SET default_transaction_read_only = on";
    run(&database, text).await.unwrap();
    let reader = Database::open(&server.url(), "x").await.unwrap();
    let refused = run(&reader, "INSERT INTO t VALUES (1)").await.unwrap_err();
    assert!(matches!(refused, DatabaseError::ReadOnly), "{refused:?}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_damaged() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("x.db"), vec![b'x'; 8_192]).unwrap();
    let url = softcap_database::DatabaseUrl::Folder(folder.path().to_owned());
    let damaged = Database::open(&url, "x").await.unwrap_err();
    assert!(matches!(damaged, DatabaseError::Damaged(_)), "{damaged:?}");
    assert!(!damaged.is_passing());
}
