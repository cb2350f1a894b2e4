//! Logs of the platform itself, beside those of the offerings: there is one of each kind, made by its first use.

use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::{
    AuditLog, Journal, JournalError, LogKind, LogName, LogReader, LogRow, Machine, PlatformLog,
    Sequencer, Tiles,
    companions::{Companions, keep_newest, write_all_tiles},
    journal::Started,
    kept_checkpoint::KeptCheckpoints,
};

/// A log of the platform, running. It is private.
#[derive(Debug)]
pub struct PrivateLog<M> {
    /// Its row.
    pub row: LogRow,
    /// Its writer.
    pub sequencer: Sequencer<M>,
    /// What can be asked of it.
    pub reader: LogReader<M>,
    companions: Companions,
}

/// The place of a private log, which is perhaps not there yet.
#[derive(Debug)]
pub(crate) struct PrivateCell<M> {
    kind: LogKind,
    name: LogName,
    running: OnceCell<Arc<PrivateLog<M>>>,
}

impl<M: Machine + Default> PrivateCell<M> {
    pub(crate) fn new(kind: LogKind, name: LogName) -> Self {
        Self {
            kind,
            name,
            running: OnceCell::new(),
        }
    }

    /// The log, if it runs here.
    pub(crate) fn get(&self) -> Option<&Arc<PrivateLog<M>>> {
        self.running.get()
    }

    /// Starts the log of a row, unless it runs.
    pub(crate) async fn run(
        &self,
        journal: &Journal,
        row: LogRow,
    ) -> Result<Arc<PrivateLog<M>>, JournalError> {
        let run = || start(journal, row);
        self.running.get_or_try_init(run).await.cloned()
    }

    /// The log, made now if there is none.
    async fn open(&self, journal: &Journal) -> Result<Arc<PrivateLog<M>>, JournalError> {
        let made = self.running.get_or_try_init(|| self.create(journal));
        made.await.cloned()
    }

    /// Makes the log, unless another node does it at the same time.
    async fn create(&self, journal: &Journal) -> Result<Arc<PrivateLog<M>>, JournalError> {
        let row = LogRow {
            name: self.name.clone(),
            kind: self.kind,
            origin: format!("{}/{}", journal.key.verifier_key().name(), self.name),
            document: String::new(),
            created: journal.clock.now(),
            issuer: None,
        };
        let created = match journal.refuse_lost(&row.name).await {
            Ok(()) => journal.store.create(&row).await,
            Err(error) => Err(error),
        };
        match created {
            Ok(()) => start(journal, row).await,
            Err(JournalError::LogExists(name)) => {
                let made = self.row(journal).await?;
                start(journal, made.ok_or(JournalError::LogExists(name))?).await
            }
            Err(error) => Err(error),
        }
    }

    /// The log, also when another node made it just now.
    async fn find(&self, journal: &Journal) -> Result<Option<Arc<PrivateLog<M>>>, JournalError> {
        if let Some(running) = self.running.get() {
            return Ok(Some(Arc::clone(running)));
        }
        match self.row(journal).await? {
            Some(row) => self.run(journal, row).await.map(Some),
            None => Ok(None),
        }
    }

    async fn row(&self, journal: &Journal) -> Result<Option<LogRow>, JournalError> {
        let mut rows = journal.store.logs().await?.into_iter();
        Ok(rows.find(|row| row.kind == self.kind))
    }

    /// Whether it runs and has this name; then it reads what other nodes appended.
    pub(crate) fn catch_up(&self, name: &LogName) -> bool {
        let running = self.named(name);
        running
            .map(|running| running.sequencer.catch_up())
            .is_some()
    }

    /// How many entries it applied, if it runs and has this name.
    pub(crate) fn size(&self, name: &LogName) -> Option<u64> {
        self.named(name).map(|running| running.reader.size())
    }

    fn named(&self, name: &LogName) -> Option<&Arc<PrivateLog<M>>> {
        let running = self.running.get();
        running.filter(|running| running.row.name == *name)
    }

    /// Stops what runs beside the writer, and writes its tiles.
    pub(crate) async fn write_all_tiles(&self, tiles: &Tiles) -> Result<(), JournalError> {
        let Some(running) = self.running.get() else {
            return Ok(());
        };
        running.companions.stop();
        write_all_tiles(&running.sequencer, tiles).await
    }

    /// Keeps its newest checkpoint.
    pub(crate) fn keep_newest(&self, kept: &KeptCheckpoints) -> Result<(), JournalError> {
        let running = self.running.get();
        running.map_or(Ok(()), |running| keep_newest(&running.reader, kept))
    }
}

async fn start<M: Machine + Default>(
    journal: &Journal,
    row: LogRow,
) -> Result<Arc<PrivateLog<M>>, JournalError> {
    let Started {
        sequencer,
        reader,
        companions,
    } = journal.start(&row, M::default()).await?;
    Ok(Arc::new(PrivateLog {
        row,
        sequencer,
        reader,
        companions,
    }))
}

impl Journal {
    /// The log of the platform's balances, made now if there is none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn open_platform(&self) -> Result<Arc<PlatformLog>, JournalError> {
        self.platform.open(self).await
    }

    /// The log of the platform's balances, if there is one.
    ///
    /// # Errors
    /// [`JournalError::NoSuchLog`] before [`Journal::open_platform`] made it, in this run or another.
    pub fn platform(&self) -> Result<Arc<PlatformLog>, JournalError> {
        let running = self.platform.get().cloned();
        running.ok_or_else(|| JournalError::NoSuchLog(LogName::platform().to_string()))
    }

    /// The log of the platform's balances, also when another node made it just now; `None` when nobody
    /// did.
    ///
    /// # Errors
    /// What the database says.
    pub async fn find_platform(&self) -> Result<Option<Arc<PlatformLog>>, JournalError> {
        self.platform.find(self).await
    }

    /// The audit log, made now if there is none.
    ///
    /// # Errors
    /// What the database says; [`JournalError::LogExists`] where an offering has its name.
    pub async fn open_audit(&self) -> Result<Arc<AuditLog>, JournalError> {
        self.audit.open(self).await
    }

    /// The audit log, also when another node made it just now; `None` when nobody did.
    ///
    /// # Errors
    /// What the database says.
    pub async fn find_audit(&self) -> Result<Option<Arc<AuditLog>>, JournalError> {
        self.audit.find(self).await
    }
}
