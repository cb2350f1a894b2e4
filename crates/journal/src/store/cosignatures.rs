//! The rows of what witnesses said, beside the record.

use softcap_database::{on_reader, on_writer};

use super::{Store, column, number};
use crate::{JournalError, LogName};

/// A statement of a witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CosignatureRow {
    /// The log it is about.
    pub(crate) log: LogName,
    /// The public key of the witness.
    pub(crate) witness: String,
    /// Entries under the checkpoint.
    pub(crate) size: u64,
    /// When the witness looked, in POSIX seconds.
    pub(crate) time: u64,
    /// The checkpoint, with the lines of log and witness.
    pub(crate) note: String,
}

impl Store {
    /// Keeps a statement in the place of an older one by the same witness about the same log.
    pub(crate) async fn keep_cosignature(&self, row: &CosignatureRow) -> Result<(), JournalError> {
        const TEXT: &str = "INSERT INTO cosignature (log, witness, size, time, note)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (log, witness) DO UPDATE
             SET size = excluded.size, time = excluded.time, note = excluded.note
             WHERE (cosignature.size, cosignature.time) < (excluded.size, excluded.time)";
        let (size, time) = (column(row.size)?, column(row.time)?);
        on_writer!(&self.database, |pool| sqlx::query(TEXT)
            .bind(row.log.as_str())
            .bind(&row.witness)
            .bind(size)
            .bind(time)
            .bind(&row.note)
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }

    /// The newest statement of each witness about each log.
    pub(crate) async fn cosignatures(&self) -> Result<Vec<CosignatureRow>, JournalError> {
        const TEXT: &str = "SELECT log, witness, size, time, note FROM cosignature";
        type Row = (String, String, i64, i64, String);
        let rows = on_reader!(&self.database, |pool| sqlx::query_as::<_, Row>(TEXT)
            .fetch_all(pool)
            .await)?;
        let row = |(log, witness, size, time, note): Row| {
            Ok(CosignatureRow {
                log: log.parse()?,
                witness,
                size: number(size),
                time: number(time),
                note,
            })
        };
        rows.into_iter().map(row).collect()
    }
}
