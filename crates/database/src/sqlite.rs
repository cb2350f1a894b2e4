//! A SQLite file: who writes, who reads, and when the write-ahead log goes into the file.

use std::{path::Path, sync::Arc, time::Duration};

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::task::AbortHandle;

use crate::{DatabaseError, database::PATIENCE};

/// Connections that read a file at the same time.
const READERS: u32 = 4;
/// Between two checkpoints that run beside the writer, while there is something to move. What a commit has
/// to move when it begins the log anew is what came in this time: with ten times as much, commits of more
/// than 50 ms were seen.
const CHECKPOINT_INTERVAL: Duration = Duration::from_millis(50);
/// And while there is nothing.
const IDLE_INTERVAL: Duration = Duration::from_millis(500);
/// Pages (of 4 kB) in the log above which the commit itself moves them. While commits come without a
/// pause, only the writer can find the log moved whole and begin it anew, so without this bound it
/// would grow for ever. What is left to move then is what came since the last checkpoint beside it.
/// With a sixteenth of it, a log that grew by 377,000 entries a second stood still for 169 ms once.
const PAGES_BEFORE_THE_WRITER_HELPS: &str = "16384";

/// An open SQLite file: one connection that writes, some that read, one that moves the write-ahead
/// log into the file. Readers never wait for the writer, and one writer has no lock to wait for.
/// Cloning is cheap.
///
/// Nothing here keeps a second process away from the file: who needs that locks a file of their own.
#[derive(Clone, Debug)]
pub struct SqliteDatabase {
    writer: SqlitePool,
    readers: SqlitePool,
    checkpointer: SqlitePool,
    /// Ends with the last clone.
    _checkpoints: Arc<CheckpointTask>,
}

/// What a database holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// What is nowhere else: a commit that returns is on disk.
    Kept,
    /// What follows from something that is kept: a power cut may undo the last commits (whole ones, and
    /// never one before another), up to the last checkpoint.
    Derived,
    /// As what is kept, and what is deleted is overwritten.
    Erasable,
}

/// What a checkpoint found and did, in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Pages in the write-ahead log.
    pub in_log: i64,
    /// Of these, how many are in the file by now, whoever moved them.
    pub in_file: i64,
}

#[derive(Debug)]
struct CheckpointTask(AbortHandle);

impl Drop for CheckpointTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl SqliteDatabase {
    /// Opens the file, and makes it if there is none. Write-ahead log, a commit that returns is on disk
    /// unless the content can be made again, foreign keys on.
    ///
    /// By itself SQLite moves the log into the file inside a commit, which then waits for two more
    /// syncs and a thousand pages. Here a task does it beside the writer all the time, and a commit only
    /// when the log is large all the same.
    ///
    /// # Errors
    /// [`DatabaseError::Gone`] when the file cannot be opened, and what SQLite says.
    pub async fn open(file: &Path, content: Content) -> Result<Self, DatabaseError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(match content {
                Content::Kept | Content::Erasable => SqliteSynchronous::Full,
                Content::Derived => SqliteSynchronous::Normal,
            })
            .foreign_keys(true)
            .pragma("wal_autocheckpoint", PAGES_BEFORE_THE_WRITER_HELPS)
            .pragma(
                "secure_delete",
                match content {
                    Content::Kept | Content::Derived => "OFF",
                    Content::Erasable => "ON",
                },
            )
            .busy_timeout(PATIENCE);
        let pool = |connections: u32| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .min_connections(1)
                .acquire_timeout(PATIENCE)
                .idle_timeout(None)
                .max_lifetime(None)
                // A connection to a file does not get lost.
                .test_before_acquire(false)
        };
        // The writer first: it makes the file that the others find.
        let writer = pool(1).connect_with(options.clone()).await?;
        let checkpointer = pool(1).connect_with(options.clone()).await?;
        let readers = pool(READERS)
            .connect_with(options.read_only(true).create_if_missing(false))
            .await?;
        let task = tokio::spawn(checkpoint_again_and_again(checkpointer.clone()));
        Ok(Self {
            writer,
            readers,
            checkpointer,
            _checkpoints: Arc::new(CheckpointTask(task.abort_handle())),
        })
    }

    /// The pool of the one connection that writes.
    #[must_use]
    pub fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    /// The pool of those that read.
    #[must_use]
    pub fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// Moves the write-ahead log into the file, as far as no reader still needs it. Neither readers nor
    /// the writer wait. A task does this all the time; before a copy of the file it is worth a call.
    ///
    /// # Errors
    /// What SQLite says, for example that the disk is full.
    pub async fn checkpoint(&self) -> Result<Checkpoint, DatabaseError> {
        checkpoint(&self.checkpointer).await
    }

    /// Moves the whole write-ahead log into the file and empties it, so that nothing is left there of what was deleted.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn empty_log(&self) -> Result<(), DatabaseError> {
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Closes all connections; the write-ahead log goes into the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.checkpointer.close().await;
        self.writer.close().await;
    }
}

async fn checkpoint(pool: &SqlitePool) -> Result<Checkpoint, DatabaseError> {
    let (_busy, in_log, in_file): (i64, i64, i64) =
        sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)")
            .fetch_one(pool)
            .await?;
    Ok(Checkpoint { in_log, in_file })
}

async fn checkpoint_again_and_again(pool: SqlitePool) {
    let mut moved = 0;
    loop {
        let result = checkpoint(&pool).await;
        if pool.is_closed() {
            return;
        }
        let pause = match result {
            Ok(found) if found.in_file == moved => IDLE_INTERVAL,
            Ok(found) => {
                moved = found.in_file;
                CHECKPOINT_INTERVAL
            }
            Err(error) => {
                tracing::warn!(%error, "the write-ahead log could not be moved into the file");
                IDLE_INTERVAL
            }
        };
        tokio::time::sleep(pause).await;
    }
}
