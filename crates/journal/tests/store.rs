//! The rows of the record on SQLite and on a real PostgreSQL: order, time, lost answers, other nodes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says why and fails"
)]

use std::str::FromStr as _;

use softcap_database::{
    Database, DatabaseError, DatabaseUrl, migrations, on_writer,
    temporary::{BothDatabases, TemporaryPostgres},
};
use softcap_journal::{
    Appended, BatchRow, JournalError, LogKind, LogName, LogRow, NewBatch, Store, TreeHead,
};
use sqlx::{PgPool, postgres::PgListener};

fn name() -> LogName {
    LogName::from_str("harbour").unwrap()
}

fn row() -> LogRow {
    LogRow {
        name: name(),
        kind: LogKind::Offering,
        origin: "softcap.example/harbour".to_owned(),
        document: "rules = 1\n".to_owned(),
        issuer: None,
        created: 1,
    }
}

/// A batch whose body says who made it, so that it is known again.
fn batch(first: u64, count: u64, maker: u8, number: u64) -> NewBatch {
    let mut id = [maker; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    NewBatch {
        first,
        count,
        id,
        after: None,
        unread: 256,
        time: 1_000,
        tree_before: TreeHead {
            size: first,
            root: [maker; 32],
        },
        body: id.to_vec(),
    }
}

async fn open(url: &DatabaseUrl) -> Store {
    Store::open(Database::open(url, "journal").await.unwrap())
        .await
        .unwrap()
}

async fn all(store: &Store) -> Vec<BatchRow> {
    store.read(&name(), 0, usize::MAX).await.unwrap()
}

/// What an append is told when nobody else appended since the writer read.
fn at(first: u64, time: u64) -> Appended {
    Appended::At {
        first,
        time,
        before: Vec::new(),
    }
}

/// What must hold of any record: numbers without gaps, times that do not run back.
fn assert_in_order(rows: &[BatchRow]) {
    let (mut next, mut time) = (0, 0);
    for row in rows {
        assert_eq!(row.first, next);
        assert!(row.count > 0 && row.time >= time, "{row:?} after {time}");
        (next, time) = (row.first + row.count, row.time);
    }
}

fn pool(store: &Store) -> &PgPool {
    match store.database() {
        Database::Postgres(pool) => pool,
        Database::Sqlite(_) => panic!("an address is PostgreSQL"),
    }
}

/// Rows that were written before a row said which head it names: that of its own first entry.
#[tokio::test(flavor = "multi_thread")]
async fn rows_of_older_tables_come_along() {
    let both = BothDatabases::start().unwrap();
    for database in both.open("older").await.unwrap() {
        let shown = format!("{database:?}");
        let older = migrations!(
            "journal",
            "migrations",
            [
                "0001_journal",
                "0002_origin",
                "0003_cosignature",
                "0004_issuer",
                "0005_reference",
            ]
        );
        older.run(&database).await.unwrap();
        on_writer!(&database, |pool| sqlx::query(
            "INSERT INTO log (name, kind, origin, document, created, issuer_key, signature) \
             VALUES ($1, 1, 'example.org/log', '', 1, '', '')"
        )
        .bind(name().as_str())
        .execute(pool)
        .await
        .map(|_| ()))
        .unwrap();
        for (first, count, time, body) in [(3_i64, 2_i64, 7_i64, b"b"), (0, 3, 5, b"c")] {
            on_writer!(&database, |pool| sqlx::query(
                "INSERT INTO batch (log, first, n, id, time, root_before, body) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)"
            )
            .bind(name().as_str())
            .bind(first)
            .bind(count)
            .bind(body.repeat(16))
            .bind(time)
            .bind(&[b'r'; 32][..])
            .bind(&body[..])
            .execute(pool)
            .await
            .map(|_| ()))
            .unwrap();
        }
        let rows = all(&Store::open(database).await.unwrap()).await;
        assert_in_order(&rows);
        let found: Vec<_> = rows
            .iter()
            .map(|row| (row.time, row.tree_before.size, row.body.as_slice()))
            .collect();
        assert_eq!(found, [(5, 0, &b"c"[..]), (7, 3, b"b")], "{shown}");
        assert_eq!(rows[1].tree_before.root, [b'r'; 32], "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_keep_the_contract() {
    let both = BothDatabases::start().unwrap();
    for database in both.open("contract").await.unwrap() {
        let shown = format!("{database:?}");
        let store = Store::open(database).await.unwrap();
        store.create(&row()).await.unwrap();
        let again = store.create(&row()).await.unwrap_err();
        assert!(matches!(again, JournalError::LogExists(_)), "{again:?}");
        assert_eq!(store.logs().await.unwrap(), [row()], "{shown}");

        // The next number.
        let first = batch(0, 3, 1, 0);
        let time = first.time;
        let answer = store.append(&name(), &first).await.unwrap();
        assert_eq!(answer, at(0, time), "{shown}");
        let beyond = store.append(&name(), &batch(4, 1, 2, 7)).await.unwrap();
        assert_eq!(beyond, Appended::Behind { wrote: Vec::new() }, "{shown}");

        // A second try finds the first, with its time.
        let later = NewBatch {
            time: time + 1_000_000,
            ..first.clone()
        };
        for _ in 0..2 {
            let answer = store.append(&name(), &later).await.unwrap();
            assert_eq!(answer, at(0, time), "{shown}");
        }

        // A time that the caller knows to be later counts.
        let ahead = NewBatch {
            time: time + 60_000,
            ..batch(3, 2, 1, 1)
        };
        let answer = store.append(&name(), &ahead).await.unwrap();
        assert_eq!(answer, at(3, ahead.time), "{shown}");
        // While one batch is applied, the next one names the head before that.
        let next = NewBatch {
            time: ahead.time,
            tree_before: ahead.tree_before,
            ..batch(5, 1, 1, 2)
        };
        store.append(&name(), &next).await.unwrap();

        let rows = all(&store).await;
        assert_in_order(&rows);
        let expected = [&first, &ahead, &next].map(|new| (new.first, new.count, new.body.clone()));
        let found: Vec<_> = rows
            .iter()
            .map(|row| (row.first, row.count, row.body.clone()))
            .collect();
        assert_eq!(found, expected, "{shown}");
        for row in &rows[1..] {
            assert_eq!(row.tree_before, ahead.tree_before, "{shown}");
        }
        assert_eq!(store.read(&name(), 0, 1).await.unwrap()[0], rows[0]);
        assert_eq!(store.read(&name(), 3, 1).await.unwrap()[0], rows[1]);
        assert_eq!(store.read(&name(), 6, 1).await.unwrap(), []);
        for (index, expected) in [(0, (0, 3)), (2, (0, 3)), (3, (3, 2)), (5, (5, 1))] {
            let found = store.batch_of(&name(), index).await.unwrap();
            assert_eq!(found, expected, "{index} {shown}");
        }
        let missing = store.batch_of(&name(), 6).await.unwrap_err();
        let is_six = matches!(missing, JournalError::NoSuchEntry { index: 6, size: 6 });
        assert!(is_six, "{missing:?}");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_one_writer_of_an_embedded_database_appends_where_it_believes_or_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&DatabaseUrl::Folder(folder.path().to_owned())).await;
    store.create(&row()).await.unwrap();
    store.append(&name(), &batch(0, 3, 1, 0)).await.unwrap();
    for (place, maker) in [(0, 2), (1, 2), (2, 2), (4, 2), (0, 1)] {
        let other = batch(place, 1, maker, 7);
        let answer = store.append(&name(), &other).await.unwrap();
        assert_eq!(answer, Appended::Behind { wrote: Vec::new() }, "{place}");
    }
    assert_eq!(all(&store).await.len(), 1);
}

/// A row may name a head that is so old, and no older.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_appends_behind_what_it_has_not_read_if_that_is_not_much() {
    const UNREAD: u64 = 256;
    let server = TemporaryPostgres::start().unwrap();
    let store = open(&server.url()).await;
    store.create(&row()).await.unwrap();
    for (first, count) in [(0, 3), (3, UNREAD - 3)] {
        let new = batch(first, count, 1, first);
        assert_eq!(store.append(&name(), &new).await.unwrap(), at(first, 1_000));
    }
    let rows = all(&store).await;
    let late = store.append(&name(), &batch(0, 2, 2, 0)).await.unwrap();
    let expected = Appended::At {
        first: UNREAD,
        time: 1_000,
        before: rows,
    };
    assert_eq!(late, expected);
    // A second try is told the same.
    let again = store.append(&name(), &batch(0, 2, 2, 0)).await.unwrap();
    assert_eq!(again, expected);

    let rows = all(&store).await;
    let too_late = store.append(&name(), &batch(0, 2, 3, 0)).await.unwrap();
    assert_eq!(
        too_late,
        Appended::Behind {
            wrote: rows.clone()
        }
    );
    // Nor who must have read everything.
    let all_read = NewBatch {
        unread: 0,
        ..batch(UNREAD, 1, 3, 0)
    };
    let behind = store.append(&name(), &all_read).await.unwrap();
    assert_eq!(
        behind,
        Appended::Behind {
            wrote: rows[2..].to_vec()
        }
    );
    // Nor who knows a batch that is not there.
    let of_another_record = NewBatch {
        after: Some([9; 16]),
        ..batch(UNREAD + 2, 1, 3, 0)
    };
    let refused = store.append(&name(), &of_another_record).await.unwrap();
    assert_eq!(refused, Appended::Behind { wrote: Vec::new() });
    let amid = store.append(&name(), &batch(1, 2, 3, 0)).await.unwrap();
    assert_eq!(amid, Appended::Behind { wrote: Vec::new() });
    assert_eq!(all(&store).await, rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_clock_is_behind_takes_the_time_of_the_one_before_it() {
    let server = TemporaryPostgres::start().unwrap();
    let store = open(&server.url()).await;
    store.create(&row()).await.unwrap();
    for (first, time, stamped) in [(0, 5_000, 5_000), (1, 4_000, 5_000), (2, 6_000, 6_000)] {
        let new = NewBatch {
            time,
            ..batch(first, 1, 1, first)
        };
        let answer = store.append(&name(), &new).await.unwrap();
        assert_eq!(answer, at(first, stamped));
    }
}

/// Appends `batches` batches of one to five entries, each where the log ends by then; what others wrote before it
/// leaves no gap. Returns their ids and how many entries they were.
async fn append_many(store: Store, maker: u8, batches: u64) -> (Vec<Vec<u8>>, u64) {
    let (mut next, mut ids, mut entries) = (0, Vec::new(), 0);
    for number in 0..batches {
        let count = 1 + (number + u64::from(maker)) % 5;
        loop {
            let new = batch(next, count, maker, number);
            match store.append(&name(), &new).await.unwrap() {
                Appended::At { first, before, .. } => {
                    for row in before {
                        assert_eq!(row.first, next);
                        next += row.count;
                    }
                    assert_eq!(first, next);
                    next += count;
                    break;
                }
                Appended::Behind { .. } => {
                    for row in store.read(&name(), next, usize::MAX).await.unwrap() {
                        next = row.first + row.count;
                    }
                }
            }
        }
        ids.push(batch(0, 0, maker, number).id.to_vec());
        entries += count;
    }
    (ids, entries)
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_append_at_once_make_one_order() {
    let server = TemporaryPostgres::start().unwrap();
    let store = open(&server.url()).await;
    store.create(&row()).await.unwrap();
    let mut nodes = Vec::new();
    for maker in 1..=3 {
        let node = open(&server.url()).await;
        nodes.push(tokio::spawn(append_many(node, maker, 200)));
    }
    let (mut ids, mut entries) = (Vec::new(), 0);
    for node in nodes {
        let (made, count) = node.await.unwrap();
        ids.extend(made);
        entries += count;
    }
    let rows = all(&store).await;
    assert_in_order(&rows);
    let mut found: Vec<_> = rows.iter().map(|row| row.body.clone()).collect();
    found.sort();
    ids.sort();
    assert_eq!(found, ids);
    let last = rows.last().unwrap();
    assert_eq!(last.first + last.count, entries);
    let head: i64 = sqlx::query_scalar("SELECT next FROM log_head")
        .fetch_one(pool(&store))
        .await
        .unwrap();
    assert_eq!(u64::try_from(head).unwrap(), entries);
}

fn is_gone(error: &JournalError) -> bool {
    matches!(error, JournalError::Database(inner)
        if matches!(**inner, DatabaseError::Gone(_)) && error.is_passing())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_try_whose_answer_was_lost_is_found_and_never_written_twice() {
    let server = TemporaryPostgres::start().unwrap();
    let store = open(&server.url()).await;
    store.create(&row()).await.unwrap();
    // Holds the head, so that the append waits in the server while its client goes away.
    let mut holder = pool(&store).begin().await.unwrap();
    sqlx::query("SELECT next FROM log_head FOR UPDATE")
        .execute(&mut *holder)
        .await
        .unwrap();
    let lost = batch(0, 2, 1, 0);
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    let mut tries = Vec::new();
    for number in 1..=2_i64 {
        let (store, lost) = (store.clone(), lost.clone());
        let one = tokio::spawn(async move { store.append(&name(), &lost).await });
        while sqlx::query_scalar::<_, i64>(waiting)
            .fetch_one(pool(&self::open(&server.url()).await))
            .await
            .unwrap()
            < number
        {
            tokio::task::yield_now().await;
        }
        tries.push(one);
    }
    tries[0].abort();
    holder.rollback().await.unwrap();
    let answer = tries.remove(1).await.unwrap().unwrap();
    let rows = all(&store).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(answer, at(0, rows[0].time));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_keeps_what_it_acknowledged_once() {
    let mut server = TemporaryPostgres::start().unwrap();
    let store = open(&server.url()).await;
    store.create(&row()).await.unwrap();
    let (mut next, mut number, mut acknowledged, mut unanswered) = (0, 0, Vec::new(), 0);
    for round in 0..2_u64 {
        // The kill comes at an append of its own, somewhere between its start and its end.
        let (answers, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let appender = tokio::spawn({
            let store = store.clone();
            async move {
                let (mut next, mut number) = (next, number);
                loop {
                    let new = batch(next, 1 + number % 3, 1, number);
                    match store.append(&name(), &new).await {
                        Ok(Appended::At { .. }) => {
                            let _ = answers.send(new.body);
                            (next, number) = (next + new.count, number + 1);
                        }
                        Ok(Appended::Behind { .. }) => panic!("nobody else appends"),
                        Err(error) => return (new, error),
                    }
                }
            }
        });
        for _ in 0..(50 + round) {
            acknowledged.push(heard.recv().await.unwrap());
        }
        server.kill();
        let (open_batch, error) = appender.await.unwrap();
        while let Ok(body) = heard.try_recv() {
            acknowledged.push(body);
        }
        assert!(is_gone(&error), "{error:?}");
        let still = store.append(&name(), &open_batch).await.unwrap_err();
        assert!(is_gone(&still), "{still:?}");
        server.resume().unwrap();

        // It is there once or not at all, and a second try says the same.
        let rows = all(&store).await;
        assert_in_order(&rows);
        let there = rows
            .iter()
            .filter(|row| row.body == open_batch.body)
            .count();
        assert!(there <= 1);
        assert_eq!(rows.len(), acknowledged.len() + there);
        if round % 2 == 0 {
            let tried = store.append(&name(), &open_batch).await.unwrap();
            assert!(matches!(tried, Appended::At { .. }), "{tried:?}");
            acknowledged.push(open_batch.body.clone());
        } else if there == 1 {
            acknowledged.push(open_batch.body.clone());
        } else {
            unanswered += 1;
        }
        let rows = all(&store).await;
        let found: Vec<_> = rows.iter().map(|row| row.body.clone()).collect();
        assert_eq!(found, acknowledged);
        next = rows.last().map_or(0, |row| row.first + row.count);
        number += u64::try_from(rows.len()).unwrap() + unanswered;
    }
}

/// As the thread of a writer does when nobody closed the record.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_may_be_dropped_where_there_is_no_runtime() {
    let server = TemporaryPostgres::start().unwrap();
    let store = open(&server.url()).await;
    store.create(&row()).await.unwrap();
    store.append(&name(), &batch(0, 1, 1, 0)).await.unwrap();
    std::thread::spawn(move || drop(store)).join().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_hears_of_what_others_append_also_after_a_crash() {
    let mut server = TemporaryPostgres::start().unwrap();
    let (here, there) = (open(&server.url()).await, open(&server.url()).await);
    here.create(&row()).await.unwrap();
    let mut follower = here.follower().unwrap();
    let mut listener = PgListener::connect_with(pool(&here)).await.unwrap();
    listener.listen("softcap_journal").await.unwrap();
    for number in 0..3 {
        there
            .append(&name(), &batch(number, 1, 1, number))
            .await
            .unwrap();
        let heads = follower.heads().await.unwrap();
        assert_eq!(heads, [(name(), number + 1)]);
        // It need not wait until it looks by itself.
        listener.recv().await.unwrap();
    }
    drop(listener);
    server.kill();
    let gone = follower.heads().await.unwrap_err();
    assert!(is_gone(&gone), "{gone:?}");
    server.resume().unwrap();
    there.append(&name(), &batch(3, 1, 1, 3)).await.unwrap();
    assert_eq!(follower.heads().await.unwrap(), [(name(), 4)]);
    assert_eq!(all(&here).await.len(), 4);
}

#[tokio::test]
async fn sqlite_has_nobody_to_follow() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&DatabaseUrl::Folder(folder.path().to_owned())).await;
    assert!(store.follower().is_none());
}
