//! How far the record of each offering has been told: messages and cursor move in one transaction,
//! so that a stop at any instruction neither skips a message nor makes a second one.

use softcap_database::{DatabaseError, on_reader, on_writer};

use super::store::{ADD_DELIVERIES, ADD_MESSAGE, Store};

/// A message that is not stored yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// Names it for ever; receivers see it as `webhook-id`.
    pub id: String,
    /// Its kind.
    pub kind: &'static str,
    /// JSON.
    pub body: String,
}

const MOVE: &str = "INSERT INTO webhook_cursor (offering, next, phase, phase_at)
     VALUES ($1, $2, '', 0)
     ON CONFLICT (offering) DO UPDATE SET next = excluded.next
     WHERE webhook_cursor.next < excluded.next";
const CHANGE_PHASE: &str = "UPDATE webhook_cursor SET phase = $2, phase_at = $3
     WHERE offering = $1 AND phase <> $2 AND phase_at < $3";

/// Adds one message within a transaction.
macro_rules! add {
    ($work:ident, $offering:ident, $message:ident, $now_ms:ident) => {
        sqlx::query(ADD_MESSAGE)
            .bind(&$message.id)
            .bind($offering)
            .bind($message.kind)
            .bind(&$message.body)
            .bind($now_ms)
            .execute(&mut *$work)
            .await?;
        sqlx::query(ADD_DELIVERIES)
            .bind(&$message.id)
            .bind($now_ms)
            .bind($offering)
            .bind(format!("%,{},%", $message.kind))
            .execute(&mut *$work)
            .await?;
    };
}

impl Store {
    pub(super) async fn cursor(&self, offering: &str) -> Result<u64, DatabaseError> {
        let row: Option<(i64,)> = on_reader!(&self.0, |pool| {
            sqlx::query_as("SELECT next FROM webhook_cursor WHERE offering = $1")
                .bind(offering)
                .fetch_optional(pool)
                .await
        })?;
        Ok(row.map_or(0, |(next,)| u64::try_from(next).unwrap_or(0)))
    }

    pub(super) async fn add_entries(
        &self,
        offering: &str,
        messages: &[NewMessage],
        next: u64,
        now_ms: i64,
    ) -> Result<(), DatabaseError> {
        on_writer!(&self.0, |pool| async {
            let mut work = pool.begin().await?;
            for message in messages {
                add!(work, offering, message, now_ms);
            }
            sqlx::query(MOVE)
                .bind(offering)
                .bind(number(next))
                .execute(&mut *work)
                .await?;
            work.commit().await
        }
        .await)
    }

    /// Whether the phase was new.
    pub(super) async fn add_phase(
        &self,
        offering: &str,
        phase: &str,
        size: u64,
        message: &NewMessage,
        now_ms: i64,
    ) -> Result<bool, DatabaseError> {
        on_writer!(&self.0, |pool| async {
            let mut work = pool.begin().await?;
            let changed = sqlx::query(CHANGE_PHASE)
                .bind(offering)
                .bind(phase)
                .bind(number(size))
                .execute(&mut *work)
                .await?
                .rows_affected();
            if changed > 0 {
                add!(work, offering, message, now_ms);
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(changed > 0)
        }
        .await)
    }

    /// Deliveries that wait.
    pub(super) async fn waiting(&self) -> Result<i64, DatabaseError> {
        let (waiting,): (i64,) = on_reader!(&self.0, |pool| {
            sqlx::query_as("SELECT count(*) FROM webhook_delivery WHERE state = 0")
                .fetch_one(pool)
                .await
        })?;
        Ok(waiting)
    }

    /// Whether there was such an endpoint.
    pub(super) async fn remove(&self, id: &str) -> Result<bool, DatabaseError> {
        on_writer!(&self.0, |pool| async {
            let mut work = pool.begin().await?;
            for text in [
                "DELETE FROM webhook_attempt WHERE endpoint = $1",
                "DELETE FROM webhook_delivery WHERE endpoint = $1",
            ] {
                sqlx::query(text).bind(id).execute(&mut *work).await?;
            }
            let removed = sqlx::query("DELETE FROM webhook_endpoint WHERE id = $1")
                .bind(id)
                .execute(&mut *work)
                .await?
                .rows_affected();
            work.commit().await?;
            Ok::<_, sqlx::Error>(removed > 0)
        }
        .await)
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
