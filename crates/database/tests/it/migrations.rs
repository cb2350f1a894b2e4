//! Tables are made once, by both databases alike.

use softcap_database::{
    Database, DatabaseError, MigrationFile, Migrations, on_reader, on_writer,
    temporary::BothDatabases,
};

/// A group whose files are these texts, numbered from 1.
fn group(name: &str, texts: &[&'static str]) -> Migrations {
    let files: Vec<_> = texts
        .iter()
        .map(|text| MigrationFile {
            name: "0000_tables",
            sqlite: text,
            postgres: text,
        })
        .collect();
    Migrations::new(name, &files)
}

const FIRST: &str = "CREATE TABLE one (a BIGINT); INSERT INTO one VALUES (1);";
const SECOND: &str = "INSERT INTO one VALUES (2);";
const OTHER: &str = "CREATE TABLE other (a BIGINT);";

async fn count(database: &Database) -> i64 {
    on_reader!(database, |pool| sqlx::query_scalar(
        "SELECT count(*) FROM one"
    )
    .fetch_one(pool)
    .await)
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_file_is_applied_once_and_groups_do_not_mix() {
    let both = BothDatabases::start().unwrap();
    for database in both.open("once").await.unwrap() {
        for _ in 0..2 {
            group("a", &[FIRST]).run(&database).await.unwrap();
            group("b", &[OTHER]).run(&database).await.unwrap();
        }
        assert_eq!(count(&database).await, 1, "{database:?}");
        group("a", &[FIRST, SECOND]).run(&database).await.unwrap();
        assert_eq!(count(&database).await, 2, "{database:?}");

        let newer = group("a", &[FIRST]).run(&database).await.unwrap_err();
        assert!(matches!(newer, DatabaseError::Migration(_)), "{newer:?}");
        let changed = group("a", &[FIRST, OTHER])
            .run(&database)
            .await
            .unwrap_err();
        assert!(
            matches!(changed, DatabaseError::Migration(_)),
            "{changed:?}"
        );
        database.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_fails_changes_nothing() {
    let both = BothDatabases::start().unwrap();
    for database in both.open("fails").await.unwrap() {
        let broken = "INSERT INTO one VALUES (2); INSERT INTO missing VALUES (3);";
        let failed = group("a", &[FIRST, broken])
            .run(&database)
            .await
            .unwrap_err();
        assert!(matches!(failed, DatabaseError::Statement(_)), "{failed:?}");
        assert_eq!(count(&database).await, 1, "{database:?}");
        group("a", &[FIRST, SECOND]).run(&database).await.unwrap();
        assert_eq!(count(&database).await, 2, "{database:?}");
        database.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_start_together_apply_each_file_once() {
    let both = BothDatabases::start().unwrap();
    let [_, url] = both.urls("together").await.unwrap();
    let mut nodes = Vec::new();
    for _ in 0..4 {
        let url = url.clone();
        nodes.push(tokio::spawn(async move {
            let database = Database::open(&url, "x").await.unwrap();
            group("a", &[FIRST, SECOND]).run(&database).await.unwrap();
            database
        }));
    }
    for node in nodes {
        let database = node.await.unwrap();
        assert_eq!(count(&database).await, 2);
        on_writer!(&database, |pool| sqlx::query("SELECT 1")
            .execute(pool)
            .await
            .map(drop))
        .unwrap();
    }
}
