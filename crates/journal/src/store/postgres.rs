//! The record in PostgreSQL: several nodes append; the head row of a log gives the order.

use std::time::Duration;

use softcap_database::{DatabaseError, row};
use sqlx::PgPool;
use tokio::time::timeout;

use super::{Appended, BatchColumns, LogRow, NewBatch, batch_row, column, number};
use crate::{JournalError, LogName};

/// How long an append waits for its answer before the database counts as gone. Without it, a writer
/// would wait as long as the network keeps a dead connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// Batches of others that a writer that came second is told of at once; usually it is one.
const OTHERS: i64 = 16;

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
/// its statement may still wait in the server. A second try of the same batch waits for the same row,
/// so that it comes after it and finds it.
pub(super) async fn append(
    pool: &PgPool,
    log: &LogName,
    batch: &NewBatch,
) -> Result<Appended, JournalError> {
    timeout(PATIENCE, append_or_find(pool, log, batch))
        .await
        .unwrap_or_else(|_| {
            let text = format!("no answer to an append after {} s", PATIENCE.as_secs());
            Err(DatabaseError::Gone(text).into())
        })
}

/// One statement: the head row is locked for its length only, and moves only from where the caller
/// believes it is. The time is the caller's, which its guard watches, and never before that of the last
/// batch. The database's own clock plays no part: nothing here could tell a jump of it from time.
async fn append_or_find(
    pool: &PgPool,
    log: &LogName,
    batch: &NewBatch,
) -> Result<Appended, JournalError> {
    const TEXT: &str = "WITH head AS (\
            UPDATE log_head SET next = next + $3, time = greatest(time, $5) \
            WHERE log = $1 AND next = $2 RETURNING time) \
        INSERT INTO batch (log, first, n, id, time, root_size, root_before, body) \
        SELECT $1, $2, $3, $4, head.time, $6, $7, $8 FROM head RETURNING time";
    let row: Option<(i64,)> = sqlx::query_as(TEXT)
        .bind(log.as_str())
        .bind(column(batch.first)?)
        .bind(column(batch.count)?)
        .bind(batch.id.as_slice())
        .bind(column(batch.time)?)
        .bind(column(batch.tree_before.size)?)
        .bind(batch.tree_before.root.as_slice())
        .bind(batch.body.as_slice())
        .fetch_optional(pool)
        .await
        .map_err(DatabaseError::from)?;
    if let Some((time,)) = row {
        return Ok(Appended::At { time: number(time) });
    }
    // Somebody's batch stands there: perhaps this one, whose answer was lost.
    let rows: Vec<Placed> = sqlx::query_as(
        "SELECT id, first, n, time, root_size, root_before, body FROM batch \
         WHERE log = $1 AND first >= $2 ORDER BY first LIMIT $3",
    )
    .bind(log.as_str())
    .bind(column(batch.first)?)
    .bind(OTHERS)
    .fetch_all(pool)
    .await
    .map_err(DatabaseError::from)?;
    match rows.first() {
        Some(row) if row.first == column(batch.first)? => {}
        // The place is in the middle of somebody's batch, or behind the end.
        Some(_) | None => return Ok(Appended::Behind { wrote: Vec::new() }),
    }
    if let Some(row) = rows.first().filter(|row| row.id == batch.id) {
        return Ok(Appended::At {
            time: number(row.time),
        });
    }
    let wrote = rows.into_iter().map(|row| batch_row(log, row.into()));
    Ok(Appended::Behind {
        wrote: wrote.collect::<Result<_, _>>()?,
    })
}

row! {
    struct Placed {
        id: Vec<u8>,
        first: i64,
        n: i64,
        time: i64,
        root_size: i64,
        root_before: Vec<u8>,
        body: Vec<u8>,
    }
}

impl From<Placed> for BatchColumns {
    fn from(row: Placed) -> Self {
        Self {
            first: row.first,
            n: row.n,
            time: row.time,
            root_size: row.root_size,
            root_before: row.root_before,
            body: row.body,
        }
    }
}
