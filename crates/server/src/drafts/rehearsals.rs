//! The table of rehearsals: the last one of each draft, with the hash of the terms that it was of.

use softcap_database::{DatabaseError, on_reader, on_writer};

use super::store::Drafts;

/// A rehearsal that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRehearsal {
    /// The name of the draft.
    pub name: String,
    /// SHA-256 of the canonical terms, in hexadecimal.
    pub terms_hash: String,
    /// Whether nothing went wrong.
    pub passed: bool,
    /// Who asked for it.
    pub asked_by: String,
    /// When, in unix milliseconds.
    pub done_ms: i64,
}

type Row = (String, String, i64, String, i64);

impl Drafts {
    /// Keeps the last rehearsal of a draft.
    ///
    /// # Errors
    /// What the database says.
    pub async fn keep_rehearsal(&self, done: &KeptRehearsal) -> Result<(), DatabaseError> {
        on_writer!(self.database(), |pool| sqlx::query(
            "INSERT INTO rehearsal (name, terms_hash, passed, asked_by, done)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (name) DO UPDATE SET terms_hash = excluded.terms_hash,
                 passed = excluded.passed, asked_by = excluded.asked_by, done = excluded.done"
        )
        .bind(&done.name)
        .bind(&done.terms_hash)
        .bind(i64::from(done.passed))
        .bind(&done.asked_by)
        .bind(done.done_ms)
        .execute(pool)
        .await
        .map(drop))
    }

    /// The last rehearsal of a draft, whatever its terms were then.
    ///
    /// # Errors
    /// What the database says.
    pub async fn rehearsal(&self, name: &str) -> Result<Option<KeptRehearsal>, DatabaseError> {
        let row: Option<Row> = on_reader!(self.database(), |pool| {
            sqlx::query_as(
                "SELECT name, terms_hash, passed, asked_by, done FROM rehearsal WHERE name = $1",
            )
            .bind(name)
            .fetch_optional(pool)
            .await
        })?;
        Ok(row.map(
            |(name, terms_hash, passed, asked_by, done_ms)| KeptRehearsal {
                name,
                terms_hash,
                passed: passed != 0,
                asked_by,
                done_ms,
            },
        ))
    }
}
