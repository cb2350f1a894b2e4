//! How a node learns that another one appended: a notification wakes it, and because notifications get
//! lost with their connection, it also looks once a second.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use softcap_database::DatabaseError;
use sqlx::{PgPool, postgres::PgListener};
use tokio::{
    sync::Notify,
    task::AbortHandle,
    time::{sleep, timeout},
};

use crate::{JournalError, LogName};

const CHANNEL: &str = "softcap_journal";
/// The longest time until a node looks by itself.
const POLL: Duration = Duration::from_secs(1);
/// The shortest time between two notifications of a node.
const PAUSE: Duration = Duration::from_millis(10);

/// Tells other nodes that something was appended. Not in the append's own transaction: PostgreSQL lets
/// transactions that notify commit one after the other, over all logs.
#[derive(Clone, Debug)]
pub(super) struct Herald {
    wake: Arc<Notify>,
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
    pub(super) fn start(pool: PgPool) -> Self {
        let wake = Arc::new(Notify::new());
        let task = tokio::spawn(notify(pool, Arc::clone(&wake)));
        Self {
            wake,
            _task: Arc::new(Task(task.abort_handle())),
        }
    }

    /// Returns at once. Several calls become one notification.
    pub(super) fn tell(&self) {
        self.wake.notify_one();
    }
}

async fn notify(pool: PgPool, wake: Arc<Notify>) {
    loop {
        wake.notified().await;
        let told = sqlx::query("SELECT pg_notify($1, '')")
            .bind(CHANNEL)
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

/// What was appended to which log, by any node.
#[derive(Debug)]
pub struct Follower {
    pool: PgPool,
    listener: Option<PgListener>,
    /// The size of each log when it was last told.
    told: BTreeMap<String, i64>,
}

impl Follower {
    pub(super) fn new(pool: PgPool) -> Self {
        Self {
            pool,
            listener: None,
            told: BTreeMap::new(),
        }
    }

    /// Waits until there is a log that grew since the last call, or since it was made, and names all
    /// such logs. The first call names every log that is not empty.
    ///
    /// # Errors
    /// What the database says; call again to go on. Nothing that grew meanwhile is missed.
    pub async fn grown(&mut self) -> Result<Vec<LogName>, JournalError> {
        if self.listener.is_none() {
            // Before the first look, so that nothing falls between the two.
            self.listen().await?;
        }
        loop {
            let grown = self.look().await?;
            if !grown.is_empty() {
                return Ok(grown);
            }
            self.wait().await?;
        }
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

    /// Until a notification, a lost connection (which may have cost one), or the time to look anyway.
    async fn wait(&mut self) -> Result<(), JournalError> {
        let Some(listener) = &mut self.listener else {
            return self.listen().await;
        };
        match timeout(POLL, listener.try_recv()).await {
            Ok(Ok(Some(_))) | Err(_) => Ok(()),
            Ok(Ok(None) | Err(_)) => {
                self.listener = None;
                self.listen().await
            }
        }
    }

    async fn look(&mut self) -> Result<Vec<LogName>, JournalError> {
        let heads: Vec<(String, i64)> = sqlx::query_as("SELECT log, next FROM log_head")
            .fetch_all(&self.pool)
            .await
            .map_err(DatabaseError::from)?;
        let mut grown = Vec::new();
        for (log, next) in heads {
            if self.told.get(&log).copied().unwrap_or(0) < next {
                grown.push(log.parse()?);
                self.told.insert(log, next);
            }
        }
        Ok(grown)
    }
}
