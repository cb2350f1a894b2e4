//! The record in SQLite: one process, one connection that writes.

use softcap_database::{DatabaseError, SqliteDatabase};

use super::{Appended, LogRow, NewBatch, column};
use crate::{JournalError, LogName};

pub(super) async fn create(sqlite: &SqliteDatabase, row: &LogRow) -> Result<(), JournalError> {
    sqlx::query(
        "INSERT INTO log (name, kind, origin, document, created) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(row.name.as_str())
    .bind(row.kind.code())
    .bind(&row.origin)
    .bind(&row.document)
    .bind(column(row.created)?)
    .execute(sqlite.writer())
    .await
    .map_err(DatabaseError::from)?;
    Ok(())
}

/// One statement is one transaction and one sync. The folder's lock keeps other processes out, so
/// that only a batch of this process whose answer was lost can stand at `first`.
pub(super) async fn append(
    sqlite: &SqliteDatabase,
    log: &LogName,
    batch: &NewBatch,
) -> Result<Appended, JournalError> {
    let written = sqlx::query(
        "INSERT INTO batch (log, first, n, id, time, root_before, body) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(log.as_str())
    .bind(column(batch.first)?)
    .bind(column(batch.count)?)
    .bind(batch.id.as_slice())
    .bind(column(batch.time)?)
    .bind(batch.root_before.as_slice())
    .bind(batch.body.as_slice())
    .execute(sqlite.writer())
    .await
    .map_err(DatabaseError::from);
    match written {
        Ok(_) => Ok(Appended::At { time: batch.time }),
        Err(DatabaseError::Taken(_)) => find(sqlite, log, batch).await,
        Err(error) => Err(error.into()),
    }
}

async fn find(
    sqlite: &SqliteDatabase,
    log: &LogName,
    batch: &NewBatch,
) -> Result<Appended, JournalError> {
    let row: Option<(Vec<u8>, i64)> =
        sqlx::query_as("SELECT id, time FROM batch WHERE log = $1 AND first = $2")
            .bind(log.as_str())
            .bind(column(batch.first)?)
            .fetch_optional(sqlite.writer())
            .await
            .map_err(DatabaseError::from)?;
    Ok(match row {
        Some((id, time)) if id == batch.id => Appended::At {
            time: super::number(time),
        },
        Some(_) | None => Appended::Behind,
    })
}
