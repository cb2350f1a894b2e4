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

/// One statement is one transaction and one sync. It writes only where the log ends, whatever the
/// caller believes: a gap or an overlap can never be stored.
pub(super) async fn append(
    sqlite: &SqliteDatabase,
    log: &LogName,
    batch: &NewBatch,
) -> Result<Appended, JournalError> {
    let written = sqlx::query(
        "INSERT INTO batch (log, first, n, id, time, root_before, body) \
         SELECT $1, $2, $3, $4, $5, $6, $7 WHERE $2 = COALESCE( \
            (SELECT first + n FROM batch WHERE log = $1 ORDER BY first DESC LIMIT 1), 0)",
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
    .map_err(DatabaseError::from)?;
    if written.rows_affected() == 1 {
        return Ok(Appended::At { time: batch.time });
    }
    find(sqlite, log, batch).await
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
