//! Reads the audit log from its first entry, for whoever compares it with the table.

use softcap_database::DatabaseUrl;

use super::{AuditMachine, AuditState};
use crate::{JournalError, Log, LogKind, LogName, Store, Tiles, record_check::open_existing};

/// Bytes of the record that are read at a time.
const PAGE_BYTES: usize = 1 << 20;

/// The audit log of a record, replayed page by page. A server may run meanwhile.
#[derive(Debug)]
pub struct AuditReading {
    store: Store,
    tiles: Tiles,
    /// `None` while the record has no audit log.
    log: Option<Log<AuditMachine>>,
}

impl AuditReading {
    /// Opens a record that is there.
    ///
    /// # Errors
    /// [`JournalError::NoRecord`], and what the database says.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, JournalError> {
        let (store, tiles) = open_existing(url).await?;
        let mut rows = store.logs().await?.into_iter();
        let is_there = rows.any(|row| row.kind == LogKind::Audit);
        let log = is_there.then(|| Log::new(LogName::audit(), AuditMachine::default()));
        Ok(Self { store, tiles, log })
    }

    /// Leaves of the next entries in order; none at the end.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] where the entries do not lead to the roots that the record names, and what the database
    /// says.
    pub async fn next_leaves(&mut self) -> Result<Vec<Vec<u8>>, JournalError> {
        let Some(log) = &mut self.log else {
            return Ok(Vec::new());
        };
        let batches = self.store.read(log.name(), log.size(), PAGE_BYTES).await?;
        let mut leaves = Vec::new();
        for batch in &batches {
            let applied = log.apply(batch)?;
            leaves.extend(applied.leaves.iter().map(<[u8]>::to_vec));
        }
        log.written(log.unwritten_count());
        Ok(leaves)
    }

    /// What the log says up to where it was read; `None` where there is no log.
    #[must_use]
    pub fn state(&self) -> Option<&AuditState> {
        self.log.as_ref().map(|log| log.machine().state())
    }

    /// Closes the record.
    pub async fn close(self) {
        self.tiles.close().await;
        self.store.close().await;
    }
}
