//! Several nodes on one PostgreSQL: one order, which each of them reaches.

use softcap_database::temporary::TemporaryPostgres;

use super::*;

async fn node(server: &TemporaryPostgres, folder: &Path) -> Arc<Journal> {
    let config = JournalConfig {
        url: server.url(),
        folder: folder.to_owned(),
        key: key(),
    };
    let journal = Journal::open(config, Arc::new(SystemClock::default())).await;
    let journal = Arc::new(journal.unwrap());
    journal.follow();
    journal
}

/// Waits until the node has that many entries.
async fn reaches(log: &OfferingLog, size: u64) {
    let mut newest = log.sequencer.newest();
    while log.reader.size() < size {
        newest.changed().await.unwrap();
    }
    assert_eq!(log.reader.size(), size);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_make_one_record_and_each_reaches_it() {
    let server = TemporaryPostgres::start().unwrap();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let here = node(&server, folders[0].path()).await;
    let there = node(&server, folders[1].path()).await;
    let name = LogName::from_str("harbour").unwrap();
    let log = here.announce(&name, TERMS).await.unwrap();
    // The other node learns of the offering without being asked.
    let other = loop {
        match there.offering(&name) {
            Some(log) => break log,
            None => tokio::task::yield_now().await,
        }
    };
    let announced = there.announce(&name, TERMS).await;
    assert!(matches!(announced, Err(JournalError::LogExists(_))));

    // Both append at once; every third request goes to both, as from a client that tried again.
    let mut tasks = Vec::new();
    for (log, offset) in [(&log, 0), (&other, 1_000)] {
        let log = Arc::clone(log);
        tasks.push(tokio::spawn(async move {
            let mut shared_entries = Vec::new();
            for number in 0..60_u64 {
                let shared = number % 3 == 0;
                let number = if shared { number } else { number + offset };
                let answer = log.sequencer.submit(contribution(number, 500)).await;
                let entry = match answer.unwrap() {
                    Answer::Entered { index, .. } => index,
                    Answer::Known { first, .. } => first,
                };
                if shared {
                    shared_entries.push(entry);
                }
            }
            shared_entries
        }));
    }
    let mut entries = Vec::new();
    for task in tasks {
        entries.push(task.await.unwrap());
    }
    assert_eq!(
        entries[0], entries[1],
        "both nodes name the same first entry"
    );
    // The announcement, twenty shared requests and twice forty of their own. A request that reached both at once is
    // entered twice: once as a contribution, once as its repeat, which changes nothing.
    let rows = here.store().read(&name, 0, usize::MAX).await.unwrap();
    let size = rows.last().map_or(0, |row| row.first + row.count);
    assert!((101..=121).contains(&size), "{size}");
    reaches(&log, size).await;
    reaches(&other, size).await;
    assert_eq!(root(&log), root(&other));
    let counts = [&log, &other].map(|log| contributions(log));
    assert_eq!(counts, [100, 100]);

    // Each proves what the other entered, and a node that starts later reaches the same.
    for index in [0, 1, 50, 100] {
        let [mine, theirs] = [&log, &other].map(|log| log.reader.receipt(index));
        assert_eq!(
            mine.await.unwrap().to_string(),
            theirs.await.unwrap().to_string()
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let late = node(&server, folder.path()).await;
    assert_eq!(root(&late.offering(&name).unwrap()), root(&log));
}

/// A database that lost its newest rows under a running node: the order says more than there is to read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_is_past_the_record_ends_in_an_error() {
    let server = TemporaryPostgres::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let node = node(&server, folder.path()).await;
    let name = LogName::from_str("harbour").unwrap();
    let log = node.announce(&name, TERMS).await.unwrap();
    receipt(&log, contribution(1, 500)).await;
    let softcap_database::Database::Postgres(pool) = node.store().database() else {
        panic!("this is PostgreSQL")
    };
    sqlx::query("UPDATE log_head SET next = next + 1")
        .execute(pool)
        .await
        .unwrap();
    for number in [2, 3] {
        let answer = log.sequencer.submit(contribution(number, 500)).await;
        let error = answer.unwrap_err();
        assert_eq!(error.entry(), Some(2), "{error}");
    }
    assert!(log.sequencer.stopped().unwrap().contains("entry 2"));
    assert_eq!(log.reader.size(), 2, "what was there can be read");
}

/// A database that lost its newest batch and grew again by another node: whoever knows what was lost says so, and
/// writes nothing that the others could not read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_knows_what_the_database_lost_enters_nothing() {
    let server = TemporaryPostgres::start().unwrap();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let knows = node(&server, folders[0].path()).await;
    let name = LogName::from_str("harbour").unwrap();
    let log = knows.announce(&name, TERMS).await.unwrap();
    receipt(&log, contribution(1, 500)).await;
    let softcap_database::Database::Postgres(pool) = knows.store().database() else {
        panic!("this is PostgreSQL")
    };
    for text in [
        "DELETE FROM batch WHERE first = 1",
        "UPDATE log_head SET next = 1",
    ] {
        sqlx::query(text).execute(pool).await.unwrap();
    }
    let other = node(&server, folders[1].path()).await;
    let there = other.offering(&name).unwrap();
    receipt(&there, contribution(2, 500)).await;

    let error = log
        .sequencer
        .submit(contribution(3, 500))
        .await
        .unwrap_err();
    assert_eq!(error.entry(), Some(2), "{error}");
    assert!(log.sequencer.stopped().is_some());
    receipt(&there, contribution(4, 500)).await;
    let folder = tempfile::tempdir().unwrap();
    let late = node(&server, folder.path()).await;
    assert_eq!(root(&late.offering(&name).unwrap()), root(&there));
}

fn root(log: &OfferingLog) -> softcap_proof::Root {
    log.reader.checkpoint().unwrap().unverified().root()
}

fn contributions(log: &OfferingLog) -> usize {
    let held = log.sequencer.read();
    held.machine().offering().contribution_count()
}
