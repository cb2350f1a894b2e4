//! The record in PostgreSQL: several nodes append; the head row of a log gives the order.

use std::{ops::Range, time::Duration};

use softcap_database::DatabaseError;
use sqlx::{PgConnection, PgPool};
use tokio::time::timeout;

use super::{
    Appended, BatchColumns, BatchRow, LogRow, NewBatch, batch_row, column,
    connections::Connections, number,
};
use crate::{JournalError, LogName, tree_head::UNREAD};

/// How long an append waits for its answer before the database counts as gone. Without it, a writer
/// would wait as long as the network keeps a dead connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// Entries of others that a writer that is too far behind is told of at once.
const BEHIND: u64 = 16 * UNREAD as u64;

pub(super) async fn create(pool: &PgPool, row: &LogRow) -> Result<(), JournalError> {
    let failed = |error: sqlx::Error| JournalError::from(DatabaseError::from(error));
    let mut transaction = pool.begin().await.map_err(failed)?;
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
    .execute(&mut *transaction)
    .await
    .map_err(failed)?;
    sqlx::query("INSERT INTO log_head (log, next, time) VALUES ($1, 0, 0)")
        .bind(row.name.as_str())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

/// A connection that breaks leaves it open whether the batch was written, and even whether it will be:
/// its statement may still wait in the server. Wherever it comes to stand, it does so once.
pub(super) async fn append(
    connections: &Connections,
    log: &LogName,
    batch: &NewBatch,
) -> Result<Appended, JournalError> {
    let appended = async {
        let mut connection = connections.take().await?;
        let appended = append_or_find(connection.get(), log, batch).await?;
        connections.put_back(connection);
        Ok(appended)
    };
    timeout(PATIENCE, appended).await.unwrap_or_else(|_| {
        let text = format!("no answer to an append after {} s", PATIENCE.as_secs());
        Err(DatabaseError::Gone(text).into())
    })
}

async fn append_or_find(
    connection: &mut PgConnection,
    log: &LogName,
    batch: &NewBatch,
) -> Result<Appended, JournalError> {
    let written = match write(connection, log, batch).await {
        Err(JournalError::Database(error)) if matches!(*error, DatabaseError::Taken(_)) => None,
        other => other?,
    };
    let place = match written {
        Some(place) => Some(place),
        // Perhaps an earlier try is there, whose answer was lost.
        None => find(connection, log, batch).await?,
    };
    let Some((first, time)) = place else {
        let wrote = rows(connection, log, batch.first..batch.first + BEHIND).await?;
        // Else the place is in the middle of somebody's batch, or behind the end.
        let follows = wrote.first().is_some_and(|row| row.first == batch.first);
        return Ok(Appended::Behind {
            wrote: if follows { wrote } else { Vec::new() },
        });
    };
    let (first, time) = (number(first), number(time));
    let before = if first > batch.first {
        rows(connection, log, batch.first..first).await?
    } else {
        Vec::new()
    };
    Ok(Appended::At {
        first,
        time,
        before,
    })
}

/// One statement: the head row is locked for its length only. The place is where the log ends by then; what its
/// entries become follows from the order, so that nobody need know what stands before them. Only so much may stand
/// there that the head that the row names is recent enough ([`NewBatch::unread`]), and a log that is shorter than its writer
/// believes, or does not have the newest batch that it knows, lost rows: behind others, nobody could read a row of this writer. The time is the caller's, which its guard watches, and never before that of the last
/// batch. The database's own clock plays no part: nothing here could tell a jump of it from time.
async fn write(
    connection: &mut PgConnection,
    log: &LogName,
    batch: &NewBatch,
) -> Result<Option<(i64, i64)>, JournalError> {
    const TEXT: &str = "WITH head AS (\
            UPDATE log_head SET next = next + $3, time = greatest(time, $5) \
            WHERE log = $1 AND next BETWEEN $2 AND $2 + $9 \
            AND ($10 IS NULL OR EXISTS (SELECT 1 FROM batch WHERE log = $1 AND id = $10)) RETURNING next - $3 AS first, time) \
        INSERT INTO batch (log, first, n, id, time, root_size, root_before, body) \
        SELECT $1, head.first, $3, $4, head.time, $6, $7, $8 FROM head RETURNING first, time";
    let place = sqlx::query_as(TEXT)
        .bind(log.as_str())
        .bind(column(batch.first)?)
        .bind(column(batch.count)?)
        .bind(batch.id.as_slice())
        .bind(column(batch.time)?)
        .bind(column(batch.tree_before.size)?)
        .bind(batch.tree_before.root.as_slice())
        .bind(batch.body.as_slice())
        .bind(i64::from(batch.unread))
        .bind(batch.after.as_ref().map(<[u8; 16]>::as_slice))
        .fetch_optional(connection)
        .await;
    Ok(place.map_err(DatabaseError::from)?)
}

/// Where a batch stands, and its time.
async fn find(
    connection: &mut PgConnection,
    log: &LogName,
    batch: &NewBatch,
) -> Result<Option<(i64, i64)>, JournalError> {
    const TEXT: &str = "SELECT first, time FROM batch WHERE log = $1 AND id = $2";
    let place = sqlx::query_as(TEXT)
        .bind(log.as_str())
        .bind(batch.id.as_slice())
        .fetch_optional(connection)
        .await;
    Ok(place.map_err(DatabaseError::from)?)
}

/// The batches that begin at these numbers.
async fn rows(
    connection: &mut PgConnection,
    log: &LogName,
    firsts: Range<u64>,
) -> Result<Vec<BatchRow>, JournalError> {
    let rows: Vec<BatchColumns> = sqlx::query_as(
        "SELECT first, n, id, time, root_size, root_before, body FROM batch \
         WHERE log = $1 AND first >= $2 AND first < $3 ORDER BY first",
    )
    .bind(log.as_str())
    .bind(column(firsts.start)?)
    .bind(column(firsts.end)?)
    .fetch_all(connection)
    .await
    .map_err(DatabaseError::from)?;
    rows.into_iter().map(|row| batch_row(log, row)).collect()
}
