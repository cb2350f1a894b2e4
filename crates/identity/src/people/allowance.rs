//! How often something may be tried: the generic cell rate algorithm (GCRA), one row of the database for each cell.
//!
//! In the database, and not in memory as the limits of API keys are, because a guess at a password on one node is a guess
//! on all of them, and a restart gives nobody a new burst. What is refused only reads. A cell is named by a keyed hash.

use std::time::Duration;

use softcap_database::{Database, DatabaseError, on_reader, on_writer};

use super::PersonError;
use crate::UnixMillis;

/// How often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// What the cell belongs to; cells of different rates are different cells.
    pub(crate) name: &'static str,
    /// Tries at once after a pause.
    pub(crate) burst: u32,
    /// Then one in this time.
    pub(crate) every: Duration,
}

/// The cell of a rate for one account, source or address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) rate: Rate,
    pub(crate) tag: [u8; 32],
}

impl Rate {
    fn interval(self) -> i64 {
        i64::try_from(self.every.as_millis()).unwrap_or(i64::MAX)
    }

    /// A try is allowed while the cell is full again at most this much later.
    fn slack(self) -> i64 {
        self.interval() * i64::from(self.burst.saturating_sub(1))
    }
}

impl Cell {
    /// Takes one try. Of tries at the same time no more get through than there are.
    ///
    /// # Errors
    /// [`PersonError::Limited`] with the time after which the same goes through; what the database says.
    pub(crate) async fn take(
        &self,
        database: &Database,
        now: UnixMillis,
    ) -> Result<(), PersonError> {
        const LOOK: &str = "SELECT full_at FROM allowance WHERE tag = $1";
        const TAKE: &str = "INSERT INTO allowance (tag, full_at) VALUES ($1, $2) \
             ON CONFLICT (tag) DO UPDATE SET full_at = $4 + \
             CASE WHEN allowance.full_at > $3 THEN allowance.full_at ELSE $3 END \
             WHERE allowance.full_at <= $5 RETURNING full_at";
        let (interval, latest) = (self.rate.interval(), now.get() + self.rate.slack());
        for _ in 0..2 {
            let full_at: Option<i64> = on_reader!(database, |pool| sqlx::query_scalar(LOOK)
                .bind(self.tag.as_slice())
                .fetch_optional(pool)
                .await)?;
            let late = full_at.map_or(0, |full_at| full_at - latest);
            if late > interval {
                // Written by a clock that was ahead of this one: no more than all tries can be gone.
                self.empty(database, latest + interval).await?;
            }
            if late > 0 {
                let wait = u64::try_from(late.min(interval)).unwrap_or_default();
                let wait = Duration::from_millis(wait);
                return Err(PersonError::Limited { wait });
            }
            let taken: Option<i64> = on_writer!(database, |pool| sqlx::query_scalar(TAKE)
                .bind(self.tag.as_slice())
                .bind(now.get() + interval)
                .bind(now.get())
                .bind(interval)
                .bind(latest)
                .fetch_optional(pool)
                .await)?;
            if taken.is_some() {
                return Ok(());
            }
            // Others took what was left in between: look once more, to say how long.
        }
        let wait = self.rate.every;
        Err(PersonError::Limited { wait })
    }

    /// Leaves no try before this time, if there would be none for longer.
    async fn empty(&self, database: &Database, full_at: i64) -> Result<(), DatabaseError> {
        const TEXT: &str = "UPDATE allowance SET full_at = $2 WHERE tag = $1 AND full_at > $2";
        on_writer!(database, |pool| sqlx::query(TEXT)
            .bind(self.tag.as_slice())
            .bind(full_at)
            .execute(pool)
            .await
            .map(drop))
    }

    /// Gives one try back, because it turned out to be none: the right password, say.
    pub(crate) async fn give_back(&self, database: &Database) -> Result<(), DatabaseError> {
        const TEXT: &str = "UPDATE allowance SET full_at = full_at - $2 WHERE tag = $1";
        on_writer!(database, |pool| sqlx::query(TEXT)
            .bind(self.tag.as_slice())
            .bind(self.rate.interval())
            .execute(pool)
            .await
            .map(drop))
    }
}

/// Removes cells that are full again, which is what a cell without a row is.
pub(crate) async fn forget_full(database: &Database, now: UnixMillis) -> Result<(), DatabaseError> {
    const TEXT: &str = "DELETE FROM allowance WHERE full_at <= $1";
    on_writer!(database, |pool| sqlx::query(TEXT)
        .bind(now.get())
        .execute(pool)
        .await
        .map(drop))
}
