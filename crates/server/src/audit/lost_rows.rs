//! Rows that the log has and the table has not any more, at its end: after a restore, because a backup copies the table
//! before the record. They must be back before a new row takes the number of one of them.

use softcap_identity::{AuditRow, AuditTable, UnixMillis};
use softcap_journal::{AuditLog, Journal};
use softcap_proof::{
    audit_entry::{AuditText, decode},
    hex,
};

use super::{column, row_number};
use crate::error::ServerError;

/// Puts them back from the log, and adds a row that says so.
///
/// # Errors
/// What the record or the database says.
pub(crate) async fn put_back_lost_rows(
    journal: &Journal,
    table: &AuditTable,
    now: UnixMillis,
) -> Result<(), ServerError> {
    let Some(log) = journal.find_audit().await? else {
        return Ok(());
    };
    let last = log.last_row();
    let newest = row_number(table.newest().await?);
    let lost = rows_between(&log, newest, last).await?;
    if lost.is_empty() {
        return Ok(());
    }
    tracing::warn!(
        rows = lost.len(),
        "the audit log has rows that its table had lost: they are put back"
    );
    match table.put_back(&lost, now).await {
        Ok(()) => Ok(()),
        // Another node on the database was first.
        Err(_) if row_number(table.newest().await?) > newest => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The rows of the log with numbers above the first and up to the last.
async fn rows_between(log: &AuditLog, above: u64, last: u64) -> Result<Vec<AuditRow>, ServerError> {
    let mut rows = Vec::new();
    for number in above.saturating_add(1)..=last {
        let entry = log.sequencer.read().machine().state().entry_of(number);
        let Some(entry) = entry else {
            continue;
        };
        let leaf = log.reader.leaf(entry).await?;
        let (entry, _) = decode(&leaf).map_err(softcap_journal::JournalError::from)?;
        rows.push(AuditRow {
            number: column(entry.row.number),
            at: entry.row.at,
            actor: text(entry.row.actor),
            act: text(entry.row.act),
            subject: text(entry.row.subject),
            code: text(entry.row.code),
            times: entry.row.times,
        });
    }
    Ok(rows)
}

/// What is left of a text.
fn text(text: AuditText<'_>) -> String {
    match text {
        AuditText::Whole(text) => text.to_owned(),
        AuditText::Digest(digest) => format!("sha256:{}", hex(&digest)),
    }
}
