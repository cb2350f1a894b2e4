//! Rows that are written together.
//!
//! A transaction costs a sync of the disk, and one for each call would let no more calls through than the
//! disk has syncs. So whoever comes first writes what is there, and who comes meanwhile waits for the next turn.

use std::{
    fmt,
    future::Future,
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use softcap_database::{Database, DatabaseError};
use tokio::sync::oneshot;

/// Most rows of a transaction; what is more takes the next turn.
const AT_ONCE: usize = 512;

/// What is written together.
pub(crate) trait Together: Send + Sync + 'static {
    type Row: Send + Sync + 'static;
    type Answer: Send + 'static;

    /// Writes these rows in one transaction, and answers each, in their order.
    fn write(
        &self,
        database: &Database,
        rows: &[Self::Row],
    ) -> impl Future<Output = Result<Vec<Self::Answer>, DatabaseError>> + Send;
}

type Answered<T> = Result<<T as Together>::Answer, Arc<DatabaseError>>;

struct Waiting<T: Together> {
    row: T::Row,
    answer: oneshot::Sender<Answered<T>>,
}

/// What waits, and whose turn it is.
pub(crate) struct WriteQueue<T: Together> {
    database: Database,
    what: T,
    waiting: Mutex<Vec<Waiting<T>>>,
    turn: tokio::sync::Mutex<()>,
}

impl<T: Together> WriteQueue<T> {
    pub(crate) fn new(database: Database, what: T) -> Self {
        Self {
            database,
            what,
            waiting: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Adds a row; returns when it is on disk.
    pub(crate) async fn add(queue: &Arc<Self>, row: T::Row) -> Answered<T> {
        let (answer, answered) = oneshot::channel();
        queue.put(Waiting { row, answer });
        // A task of its own: who goes away while it writes would take the rows of others along.
        let writing = Arc::clone(queue);
        tokio::spawn(async move { writing.write().await });
        answered.await.unwrap_or_else(|_| Err(Arc::new(stopping())))
    }

    fn put(&self, one: Waiting<T>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(one);
    }

    /// The oldest that wait, as many as a transaction takes.
    fn take(&self) -> Vec<Waiting<T>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.len().min(AT_ONCE);
        let rest = waiting.split_off(count);
        mem::replace(&mut waiting, rest)
    }

    /// Writes what waits when it has the turn. Often somebody before has done it.
    async fn write(&self) {
        let _turn = self.turn.lock().await;
        let (rows, answers): (Vec<_>, Vec<_>) = self
            .take()
            .into_iter()
            .map(|one| (one.row, one.answer))
            .unzip();
        if rows.is_empty() {
            return;
        }
        match self.what.write(&self.database, &rows).await {
            Ok(written) => {
                for (answer, written) in answers.into_iter().zip(written) {
                    // Who went away meanwhile needs none.
                    let _ = answer.send(Ok(written));
                }
            }
            Err(error) => {
                let error = Arc::new(error);
                for answer in answers {
                    let _ = answer.send(Err(Arc::clone(&error)));
                }
            }
        }
    }
}

impl<T: Together> fmt::Debug for WriteQueue<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("WriteQueue")
    }
}

fn stopping() -> DatabaseError {
    DatabaseError::Gone("the server stops".to_owned())
}
