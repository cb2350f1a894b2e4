//! The record in SQLite: one process, one connection that writes.

use std::sync::Arc;

use softcap_database::{DatabaseError, SqliteDatabase};
use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::Mutex;

use super::{Appended, LogRow, NewBatch, column};
use crate::{JournalError, LogName};

/// The one connection that writes the record, taken out of its pool: a pool gets a connection back by a
/// task of its own, for which the next batch would have to wait.
#[derive(Clone, Debug)]
pub(super) struct Writer(Arc<Mutex<Option<SqliteConnection>>>);

impl Writer {
    pub(super) async fn of(sqlite: &SqliteDatabase) -> Result<Self, JournalError> {
        let connection = sqlite.writer().acquire().await;
        let connection = connection.map_err(DatabaseError::from)?.detach();
        Ok(Self(Arc::new(Mutex::new(Some(connection)))))
    }

    /// Nothing is appended after it.
    pub(super) async fn close(&self) {
        if let Some(connection) = self.0.lock().await.take() {
            // What was committed is on disk; a close that fails leaves no less.
            let _ = connection.close().await;
        }
    }
}

/// What a writer that is closed says.
fn closed() -> JournalError {
    DatabaseError::Gone("it is closed".to_owned()).into()
}

pub(super) async fn create(writer: &Writer, row: &LogRow) -> Result<(), JournalError> {
    let mut held = writer.0.lock().await;
    let connection = held.as_mut().ok_or_else(closed)?;
    sqlx::query(
        "INSERT INTO log (name, kind, origin, document, created, issuer_key, signature) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(row.name.as_str())
    .bind(row.kind.code())
    .bind(&row.origin)
    .bind(&row.document)
    .bind(column(row.created)?)
    .bind(row.issuer_columns().0)
    .bind(row.issuer_columns().1)
    .execute(connection)
    .await
    .map_err(DatabaseError::from)?;
    Ok(())
}

/// One statement is one transaction and one sync. It writes only where the log ends, whatever the
/// caller believes: a gap or an overlap can never be stored.
pub(super) async fn append(
    writer: &Writer,
    log: &LogName,
    batch: &NewBatch,
) -> Result<Appended, JournalError> {
    let mut held = writer.0.lock().await;
    let connection = held.as_mut().ok_or_else(closed)?;
    let written = sqlx::query(
        "INSERT INTO batch (log, first, n, id, time, root_size, root_before, body) \
         SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE $2 = COALESCE( \
            (SELECT first + n FROM batch WHERE log = $1 ORDER BY first DESC LIMIT 1), 0)",
    )
    .bind(log.as_str())
    .bind(column(batch.first)?)
    .bind(column(batch.count)?)
    .bind(batch.id.as_slice())
    .bind(column(batch.time)?)
    .bind(column(batch.tree_before.size)?)
    .bind(batch.tree_before.root.as_slice())
    .bind(batch.body.as_slice())
    .execute(&mut *connection)
    .await
    .map_err(DatabaseError::from)?;
    if written.rows_affected() == 1 {
        return Ok(at(batch, batch.time));
    }
    find(connection, log, batch).await
}

async fn find(
    connection: &mut SqliteConnection,
    log: &LogName,
    batch: &NewBatch,
) -> Result<Appended, JournalError> {
    let row: Option<(Vec<u8>, i64)> =
        sqlx::query_as("SELECT id, time FROM batch WHERE log = $1 AND first = $2")
            .bind(log.as_str())
            .bind(column(batch.first)?)
            .fetch_optional(connection)
            .await
            .map_err(DatabaseError::from)?;
    Ok(match row {
        Some((id, time)) if id == batch.id => at(batch, super::number(time)),
        Some(_) | None => Appended::Behind { wrote: Vec::new() },
    })
}

/// Nobody else writes: a batch stands where its writer believes that the log ends.
fn at(batch: &NewBatch, time: u64) -> Appended {
    Appended::At {
        first: batch.first,
        time,
        before: Vec::new(),
    }
}
