//! Carries rows of the audit into its log, in their order and each once.
//!
//! A row is written in the transaction of the act that it is about, and the log is another database on SQLite: so a row
//! is an entry a moment later. How far the log is, the log itself says; whatever is killed in between, the next look goes on
//! from there, and a row that another node entered meanwhile is found by its number.

use std::{sync::Arc, time::Duration};

use softcap_identity::AuditTable;
use softcap_journal::Journal;

use super::{carried, column};
use crate::{api::Service, error::ServerError, stop::Stopping};

/// How often rows are looked for: an entry is to be there within a second of its row.
const EVERY: Duration = Duration::from_millis(250);
/// Rows that are entered in one batch.
const AT_ONCE: u32 = 512;

/// Enters new rows until the service stops.
pub(crate) async fn feed_audit_log(service: Arc<Service>, mut stopping: Stopping) {
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut fails = false;
    loop {
        // Not in the middle: a batch that was handed to the writer must not be handed to it a second time.
        tokio::select! {
            () = stopping.wait() => return,
            _ = every.tick() => {}
        }
        let entered = enter_rows(service.journal(), service.audit()).await;
        match &entered {
            Err(error) if !fails => {
                tracing::error!(%error, "rows of the audit are not entered into its log for now");
            }
            Ok(()) if fails => tracing::info!("rows of the audit are entered into its log again"),
            Ok(()) | Err(_) => {}
        }
        fails = entered.is_err();
    }
}

/// Enters all rows that the log does not have.
///
/// # Errors
/// What the record or the database says; what was entered until then is.
pub(crate) async fn enter_rows(journal: &Journal, table: &AuditTable) -> Result<(), ServerError> {
    loop {
        let log = journal.find_audit().await?;
        let last = log.as_ref().map_or(0, |log| log.last_row());
        let rows = table.rows(column(last), AT_ONCE).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let log = match log {
            Some(log) => log,
            None => journal.open_audit().await?,
        };
        let entries: Vec<_> = rows.iter().map(carried).collect();
        log.note(&entries).await?;
    }
}
