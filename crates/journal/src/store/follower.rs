//! How a node learns that another one appended: a notification wakes it, and because notifications get
//! lost with their connection, it also looks once a second.

use std::{sync::Arc, time::Duration};

use softcap_database::DatabaseError;
use sqlx::{PgPool, postgres::PgListener};
use tokio::{
    sync::Notify,
    task::AbortHandle,
    time::{Instant, sleep, timeout_at},
};

use super::number;
use crate::{JournalError, LogName};

const CHANNEL: &str = "softcap_journal";
/// The longest time until a node looks by itself.
const POLL: Duration = Duration::from_secs(1);
/// The shortest time between two notifications of a node. Each has every other node ask once for the heads
/// and once for each log that grew.
const PAUSE: Duration = Duration::from_millis(25);

/// Which of those that are told of appends is this one, so that it need not listen to itself.
#[derive(Clone, Debug)]
pub(super) struct NodeMark(Arc<str>);

impl NodeMark {
    pub(super) fn new() -> Result<Self, JournalError> {
        let number = getrandom::u64().map_err(|error| {
            JournalError::file("the random source")(std::io::Error::other(error))
        })?;
        Ok(Self(format!("{number:016x}").into()))
    }
}

/// Tells other nodes that something was appended. Not in the append's own transaction: PostgreSQL lets
/// transactions that notify commit one after the other, over all logs.
#[derive(Clone, Debug)]
pub(super) struct Herald {
    wake: Arc<Notify>,
    mark: NodeMark,
    /// Ends with the last clone.
    _task: Arc<Task>,
}

#[derive(Debug)]
struct Task(AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Herald {
    /// Starts the task that notifies.
    pub(super) fn start(pool: PgPool, mark: NodeMark) -> Self {
        let wake = Arc::new(Notify::new());
        let task = tokio::spawn(notify(pool, Arc::clone(&wake), mark.clone()));
        Self {
            wake,
            mark,
            _task: Arc::new(Task(task.abort_handle())),
        }
    }

    /// Of the node that this tells of.
    pub(super) fn mark(&self) -> NodeMark {
        self.mark.clone()
    }

    /// Returns at once. Several calls become one notification.
    pub(super) fn tell(&self) {
        self.wake.notify_one();
    }
}

async fn notify(pool: PgPool, wake: Arc<Notify>, mark: NodeMark) {
    // What is lost in a crash of the database is found by the next look, so that no sync is waited for.
    const TEXT: &str = "SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)";
    loop {
        wake.notified().await;
        let told = sqlx::query(TEXT)
            .bind(CHANNEL)
            .bind(&*mark.0)
            .execute(&pool)
            .await;
        if pool.is_closed() {
            return;
        }
        if let Err(error) = told {
            tracing::debug!(%error, "other nodes were not notified; they look by themselves");
        }
        sleep(PAUSE).await;
    }
}

/// Where the logs end, whoever appended to them.
#[derive(Debug)]
pub struct Follower {
    pool: PgPool,
    own: NodeMark,
    listener: Option<PgListener>,
}

impl Follower {
    pub(super) fn new(pool: PgPool, own: NodeMark) -> Self {
        Self {
            pool,
            own,
            listener: None,
        }
    }

    /// Waits until another node may have appended, at most a second and at the first call not at all; then says how
    /// many entries each log has. What a reader did not come to read by then is said again.
    ///
    /// # Errors
    /// What the database says; call again to go on.
    pub async fn heads(&mut self) -> Result<Vec<(LogName, u64)>, JournalError> {
        if self.listener.is_none() {
            // Before the first look, so that nothing falls between the two.
            self.listen().await?;
        } else {
            self.wait().await?;
        }
        self.look().await
    }

    async fn listen(&mut self) -> Result<(), JournalError> {
        let mut listener = PgListener::connect_with(&self.pool)
            .await
            .map_err(DatabaseError::from)?;
        listener
            .listen(CHANNEL)
            .await
            .map_err(DatabaseError::from)?;
        self.listener = Some(listener);
        Ok(())
    }

    /// Until another node's notification, a lost connection (which may have cost one), or the time to look
    /// anyway.
    async fn wait(&mut self) -> Result<(), JournalError> {
        let look = Instant::now() + POLL;
        loop {
            let Some(listener) = &mut self.listener else {
                return self.listen().await;
            };
            match timeout_at(look, listener.try_recv()).await {
                Ok(Ok(Some(told))) if told.payload() == &*self.own.0 => {}
                Ok(Ok(Some(_))) | Err(_) => return Ok(()),
                Ok(Ok(None) | Err(_)) => {
                    self.listener = None;
                    return self.listen().await;
                }
            }
        }
    }

    async fn look(&self) -> Result<Vec<(LogName, u64)>, JournalError> {
        let heads: Vec<(String, i64)> = sqlx::query_as("SELECT log, next FROM log_head")
            .fetch_all(&self.pool)
            .await
            .map_err(DatabaseError::from)?;
        heads
            .into_iter()
            .map(|(log, next)| Ok((log.parse()?, number(next))))
            .collect()
    }
}
