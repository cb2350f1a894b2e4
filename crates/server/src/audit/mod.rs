//! The audit log: rows of the table become entries, rows that the table lost come back, and the two are compared.

mod comparison;
mod log_feed;
mod lost_rows;
#[cfg(test)]
mod tests;

use softcap_identity::AuditRow;
use softcap_proof::audit_entry::{self, AuditText};

pub use comparison::{AuditComparison, AuditFinding, compare_audit};
pub(crate) use log_feed::{enter_rows, feed_audit_log};
pub(crate) use lost_rows::put_back_lost_rows;

/// A row as an entry carries it. The table gives no number below 1.
fn carried(row: &AuditRow) -> audit_entry::AuditRow<'_> {
    audit_entry::AuditRow {
        number: row_number(row.number),
        at: row.at,
        actor: AuditText::of(&row.actor),
        act: AuditText::of(&row.act),
        subject: AuditText::of(&row.subject),
        code: AuditText::of(&row.code),
        times: row.times,
    }
}

/// The number of a row in the log.
fn row_number(column: i64) -> u64 {
    u64::try_from(column).unwrap_or(0)
}

/// The number of a row in the table.
fn column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
