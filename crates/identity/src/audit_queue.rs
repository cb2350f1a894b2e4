//! Rows of the audit that are written together.
//!
//! A transaction costs a sync of the disk, and one for each call would let no more calls through than the
//! disk has syncs. So whoever comes first writes what is there, and who comes meanwhile waits for the next turn.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use softcap_database::{Database, DatabaseError, on_writer};
use tokio::sync::oneshot;

use crate::{Act, UnixMillis, audit::ADD};

/// Most rows of a transaction; what is more takes the next turn.
const AT_ONCE: usize = 512;

/// A row that has no number yet.
#[derive(Debug)]
pub(crate) struct NewRow {
    pub(crate) at: UnixMillis,
    pub(crate) actor: String,
    pub(crate) act: Act,
    pub(crate) subject: String,
    pub(crate) code: String,
}

#[derive(Debug)]
struct Waiting {
    row: NewRow,
    answer: oneshot::Sender<Result<(), Arc<DatabaseError>>>,
}

/// What waits, and whose turn it is.
#[derive(Debug)]
pub(crate) struct AuditQueue {
    database: Database,
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

impl AuditQueue {
    pub(crate) fn new(database: Database) -> Self {
        Self {
            database,
            waiting: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Adds a row; returns when it is on disk.
    pub(crate) async fn add(queue: &Arc<Self>, row: NewRow) -> Result<(), Arc<DatabaseError>> {
        let (answer, answered) = oneshot::channel();
        queue.put(Waiting { row, answer });
        // A task of its own: who goes away while it writes would take the rows of others along.
        let writing = Arc::clone(queue);
        tokio::spawn(async move { writing.write().await });
        let stopping = |_| Err(Arc::new(DatabaseError::Gone("the server stops".to_owned())));
        answered.await.unwrap_or_else(stopping)
    }

    fn put(&self, one: Waiting) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(one);
    }

    /// The oldest that wait, as many as a transaction takes.
    fn take(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.len().min(AT_ONCE);
        let rest = waiting.split_off(count);
        mem::replace(&mut waiting, rest)
    }

    /// Writes what waits when it has the turn. Often somebody before has done it.
    async fn write(&self) {
        let _turn = self.turn.lock().await;
        let all = self.take();
        if all.is_empty() {
            return;
        }
        let written = self.insert(&all).await.map_err(Arc::new);
        for one in all {
            let _ = one.answer.send(written.clone());
        }
    }

    async fn insert(&self, all: &[Waiting]) -> Result<(), DatabaseError> {
        on_writer!(&self.database, |pool| async {
            let mut work = pool.begin().await?;
            for Waiting { row, .. } in all {
                let add = sqlx::query(ADD).bind(row.at.get()).bind(&row.actor);
                let add = add.bind(row.act.as_code()).bind(&row.subject);
                let add = add.bind(&row.code).bind(1_i64);
                add.execute(&mut *work).await?;
            }
            work.commit().await
        }
        .await)
    }
}
