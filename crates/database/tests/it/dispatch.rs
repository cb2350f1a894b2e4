//! One text per statement, the same answer from both databases.

use softcap_database::{Database, DatabaseError, on_reader, on_writer, temporary::BothDatabases};

type Row = (i64, bool, Option<i64>, Option<String>, Vec<u8>);

const INSERT: &str =
    "INSERT INTO thing (number, is_open, maybe, name, body) VALUES ($1, $2, $3, $4, $5)";
const SELECT: &str = "SELECT number, is_open, maybe, name, body FROM thing WHERE number >= $1 ORDER BY number LIMIT $2";

async fn make_table(database: &Database) {
    let bytes = match database {
        Database::Sqlite(_) => "BLOB",
        Database::Postgres(_) => "BYTEA",
    };
    let text = format!(
        "CREATE TABLE thing (number BIGINT PRIMARY KEY, is_open BOOLEAN NOT NULL, maybe BIGINT,
            name TEXT, body {bytes} NOT NULL, UNIQUE (name))"
    );
    on_writer!(database, |pool| sqlx::query(sqlx::AssertSqlSafe(text))
        .execute(pool)
        .await
        .map(drop))
    .unwrap();
}

async fn insert(database: &Database, row: &Row) -> Result<u64, DatabaseError> {
    let (number, is_open, maybe, name, body) = row.clone();
    on_writer!(database, |pool| sqlx::query(INSERT)
        .bind(number)
        .bind(is_open)
        .bind(maybe)
        .bind(name)
        .bind(body)
        .execute(pool)
        .await
        .map(|done| done.rows_affected()))
}

async fn select(database: &Database, from: i64, most: i64) -> Vec<Row> {
    on_reader!(database, |pool| sqlx::query_as::<_, Row>(SELECT)
        .bind(from)
        .bind(most)
        .fetch_all(pool)
        .await)
    .unwrap()
}

fn rows() -> [Row; 3] {
    [
        (i64::MIN, true, None, None, vec![]),
        (
            0,
            false,
            Some(i64::MAX),
            Some("zoë ' $1".to_owned()),
            vec![0, 255, 0],
        ),
        (
            i64::MAX,
            true,
            Some(-1),
            Some(String::new()),
            vec![7; 100_000],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn values_come_back_as_they_went_in() {
    let both = BothDatabases::start().unwrap();
    for database in both.open("values").await.unwrap() {
        make_table(&database).await;
        for row in rows() {
            assert_eq!(insert(&database, &row).await.unwrap(), 1);
        }
        assert_eq!(
            select(&database, i64::MIN, 10).await,
            rows(),
            "{database:?}"
        );
        assert_eq!(select(&database, 0, 1).await, rows()[1..2], "{database:?}");
        database.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_mean_the_same() {
    let both = BothDatabases::start().unwrap();
    for database in both.open("statements").await.unwrap() {
        make_table(&database).await;
        let [least, zero, most] = rows();
        for row in [&least, &zero] {
            insert(&database, row).await.unwrap();
        }

        // The numbers of parameters, not their order in the text, say which value goes where.
        let changed: (i64, Option<i64>) = on_writer!(&database, |pool| sqlx::query_as(
            "UPDATE thing SET maybe = $2 WHERE number = $1 RETURNING number, maybe"
        )
        .bind(0_i64)
        .bind(5_i64)
        .fetch_one(pool)
        .await)
        .unwrap();
        assert_eq!(changed, (0, Some(5)), "{database:?}");
        let swapped: (i64, Option<i64>) = on_writer!(&database, |pool| sqlx::query_as(
            "UPDATE thing SET maybe = $2 + $2 WHERE number = $1 RETURNING number, maybe"
        )
        .bind(0_i64)
        .bind(6_i64)
        .fetch_one(pool)
        .await)
        .unwrap();
        assert_eq!(swapped, (0, Some(12)), "{database:?}");

        let doubled = |action: &str| format!("{INSERT} ON CONFLICT (number) DO {action}");
        let nothing = doubled("NOTHING");
        let rows = on_writer!(&database, |pool| sqlx::query(sqlx::AssertSqlSafe(nothing))
            .bind(0_i64)
            .bind(true)
            .bind(None::<i64>)
            .bind("other")
            .bind(vec![1_u8])
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))
        .unwrap();
        assert_eq!(rows, 0, "{database:?}");
        assert_eq!(select(&database, 0, 1).await[0].3, zero.3, "{database:?}");
        let update = doubled("UPDATE SET name = excluded.name RETURNING name");
        let name: (String,) = on_writer!(&database, |pool| sqlx::query_as(sqlx::AssertSqlSafe(
            update
        ))
        .bind(0_i64)
        .bind(true)
        .bind(None::<i64>)
        .bind("other")
        .bind(vec![1_u8])
        .fetch_one(pool)
        .await)
        .unwrap();
        assert_eq!(name.0, "other", "{database:?}");

        let taken = insert(&database, &(0, most.1, None, None, vec![]))
            .await
            .unwrap_err();
        assert!(matches!(taken, DatabaseError::Taken(_)), "{taken:?}");
        let name = Some("other".to_owned());
        let taken = insert(&database, &(9, true, None, name, vec![]))
            .await
            .unwrap_err();
        let DatabaseError::Taken(what) = &taken else {
            panic!("{taken:?}")
        };
        assert!(what.contains("name"), "{what}");
        assert!(!taken.is_passing());
        assert_eq!(
            select(&database, i64::MIN, 10).await.len(),
            2,
            "{database:?}"
        );
        database.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_whole_or_not_at_all() {
    let both = BothDatabases::start().unwrap();
    for database in both.open("transactions").await.unwrap() {
        make_table(&database).await;
        for keep in [false, true] {
            on_writer!(&database, |pool| async {
                let mut transaction = pool.begin().await?;
                sqlx::query("INSERT INTO thing (number, is_open, body) VALUES ($1, $2, $3)")
                    .bind(1_i64)
                    .bind(true)
                    .bind(vec![1_u8])
                    .execute(&mut *transaction)
                    .await?;
                if keep {
                    transaction.commit().await
                } else {
                    transaction.rollback().await
                }
            }
            .await)
            .unwrap();
            let expected = usize::from(keep);
            assert_eq!(
                select(&database, 0, 10).await.len(),
                expected,
                "{database:?}"
            );
        }
        database.close().await;
    }
}
