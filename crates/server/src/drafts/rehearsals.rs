//! The table of rehearsals: the last one of each terms, and how far one is that still runs.
//!
//! A run is a row before it begins and says every few seconds that it is still there. Where nothing was heard of it for
//! [`SILENCE_MS`], whoever ran it is gone: the row says so to everybody who reads it, and the next one may begin.

use softcap_database::{DatabaseError, on_reader, on_writer};

use super::store::Drafts;

/// Of a run of which nothing was heard for so long nobody works any more, in milliseconds.
pub const SILENCE_MS: i64 = 30_000;
/// Rehearsals are kept for so long: a year and a month, in milliseconds.
const KEPT_MS: i64 = 397 * 24 * 60 * 60 * 1_000;

/// Where a rehearsal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RehearsalState {
    /// Somebody works at it.
    Running,
    /// Nothing went wrong.
    Passed,
    /// Something did.
    Failed,
    /// Whoever worked at it stopped in the middle.
    BrokenOff,
}

impl RehearsalState {
    const RUNNING: i64 = 1;
    const PASSED: i64 = 2;
    const FAILED: i64 = 3;

    /// In one word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::BrokenOff => "broken_off",
        }
    }

    fn read(code: i64, heard_ms: i64, now_ms: i64) -> Self {
        match code {
            Self::PASSED => Self::Passed,
            Self::FAILED => Self::Failed,
            _ if now_ms.saturating_sub(heard_ms) < SILENCE_MS => Self::Running,
            _ => Self::BrokenOff,
        }
    }
}

/// A rehearsal, done or on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRehearsal {
    /// SHA-256 of the canonical terms, in hexadecimal.
    pub terms_hash: String,
    /// Where it stands.
    pub state: RehearsalState,
    /// Steps that are done.
    pub step: u32,
    /// Of so many.
    pub steps: u32,
    /// What became of it, as JSON; empty while it runs.
    pub report: String,
    /// Who asked for it.
    pub asked_by: String,
    /// When it was begun, in unix milliseconds. It names the run as well.
    pub begun_ms: i64,
    /// When something was last heard of it.
    pub heard_ms: i64,
}

type Row = (i64, i64, i64, String, String, i64, i64);

impl Drafts {
    /// Notes that a rehearsal begins; `false` where somebody works at one of the same terms.
    ///
    /// # Errors
    /// What the database says.
    pub async fn begin_rehearsal(&self, new: &KeptRehearsal) -> Result<bool, DatabaseError> {
        let now = new.begun_ms;
        let begun = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            sqlx::query("DELETE FROM rehearsal_run WHERE heard < $1")
                .bind(now.saturating_sub(KEPT_MS))
                .execute(&mut *work)
                .await?;
            let done = sqlx::query(
                "INSERT INTO rehearsal_run
                     (terms_hash, state, step, steps, report, asked_by, begun, heard)
                 VALUES ($1, $2, 0, $3, '', $4, $5, $5)
                 ON CONFLICT (terms_hash) DO UPDATE SET state = excluded.state, step = 0,
                     steps = excluded.steps, report = '', asked_by = excluded.asked_by,
                     begun = excluded.begun, heard = excluded.heard
                 WHERE rehearsal_run.state <> $2 OR rehearsal_run.heard <= $6",
            )
            .bind(&new.terms_hash)
            .bind(RehearsalState::RUNNING)
            .bind(i64::from(new.steps))
            .bind(&new.asked_by)
            .bind(now)
            .bind(now.saturating_sub(SILENCE_MS))
            .execute(&mut *work)
            .await?;
            work.commit().await?;
            Ok::<_, sqlx::Error>(done.rows_affected())
        }
        .await)?;
        Ok(begun > 0)
    }

    /// Notes how far a run is, and that it is still there; nothing happens where another one took its place.
    ///
    /// # Errors
    /// What the database says.
    pub async fn hear_rehearsal(
        &self,
        run: &KeptRehearsal,
        (step, now_ms): (u32, i64),
    ) -> Result<(), DatabaseError> {
        on_writer!(self.database(), |pool| sqlx::query(
            "UPDATE rehearsal_run SET step = $3, heard = $4
             WHERE terms_hash = $1 AND begun = $2 AND state = $5"
        )
        .bind(&run.terms_hash)
        .bind(run.begun_ms)
        .bind(i64::from(step))
        .bind(now_ms)
        .bind(RehearsalState::RUNNING)
        .execute(pool)
        .await
        .map(drop))
    }

    /// Notes what became of a run; nothing happens where another one took its place.
    ///
    /// # Errors
    /// What the database says.
    pub async fn end_rehearsal(
        &self,
        run: &KeptRehearsal,
        (has_passed, report): (bool, &str),
        now_ms: i64,
    ) -> Result<(), DatabaseError> {
        let state = if has_passed {
            RehearsalState::PASSED
        } else {
            RehearsalState::FAILED
        };
        on_writer!(self.database(), |pool| sqlx::query(
            "UPDATE rehearsal_run SET state = $3, step = steps, report = $4, heard = $5
             WHERE terms_hash = $1 AND begun = $2 AND state = $6"
        )
        .bind(&run.terms_hash)
        .bind(run.begun_ms)
        .bind(state)
        .bind(report)
        .bind(now_ms)
        .bind(RehearsalState::RUNNING)
        .execute(pool)
        .await
        .map(drop))
    }

    /// The last rehearsal of these terms, as it stands now.
    ///
    /// # Errors
    /// What the database says.
    pub async fn rehearsal(
        &self,
        terms_hash: &str,
        now_ms: i64,
    ) -> Result<Option<KeptRehearsal>, DatabaseError> {
        let row: Option<Row> = on_reader!(self.database(), |pool| {
            sqlx::query_as(
                "SELECT state, step, steps, report, asked_by, begun, heard
                 FROM rehearsal_run WHERE terms_hash = $1",
            )
            .bind(terms_hash)
            .fetch_optional(pool)
            .await
        })?;
        Ok(row.map(
            |(state, step, steps, report, asked_by, begun_ms, heard_ms)| KeptRehearsal {
                terms_hash: terms_hash.to_owned(),
                state: RehearsalState::read(state, heard_ms, now_ms),
                step: u32::try_from(step).unwrap_or(0),
                steps: u32::try_from(steps).unwrap_or(0),
                report,
                asked_by,
                begun_ms,
                heard_ms,
            },
        ))
    }
}
