//! All logs of one data folder or database.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
    sync::{Arc, RwLock, Weak},
    time::Duration,
};

use softcap_database::{Database, DatabaseUrl};
use softcap_offering::{
    Command, Sequence, Stamp,
    terms::{ClockKind, Terms},
};
use softcap_proof::{SigningKey, entry::Entry};
use tokio::time::sleep;

use crate::locks::{read, write};
use crate::{
    AuditMachine, BATCH_TIME, Clock, Follower, Hold, Intake, IssuerSignature, JournalError, Log,
    LogKind, LogName, LogReader, LogRow, Machine, OfferingMachine, PlatformMachine, Sequencer,
    SequencerConfig, Store, Submission, Tiles,
    companions::{Companions, TILES_AT_ONCE, keep_newest, write_all_tiles},
    kept_checkpoint::KeptCheckpoints,
    machine::SERVER_LINE,
    private_log::PrivateCell,
    running_snapshot::snapshot_beside,
    snapshot_file,
    tile_edge::TILE,
};

/// Bytes of the record that are read at a time at a start.
const PAGE_BYTES: usize = 32 << 20;
/// The folder of snapshots in that of a node.
pub(crate) const SNAPSHOTS: &str = "snapshots";
/// Entries that may wait for the writer of a log.
const QUEUE: usize = 16_384;

/// Where the record is and who signs it.
#[derive(Debug)]
pub struct JournalConfig {
    /// The database.
    pub url: DatabaseUrl,
    /// The folder of this node: lock, snapshots, the newest checkpoints. The same as that of the
    /// database when it is SQLite.
    pub folder: PathBuf,
    /// Signs checkpoints.
    pub key: SigningKey,
}

/// An open record. One per process and folder.
#[derive(Debug)]
pub struct Journal {
    pub(crate) store: Store,
    tiles: Tiles,
    kept: KeptCheckpoints,
    folder: PathBuf,
    pub(crate) key: Arc<SigningKey>,
    pub(crate) clock: Arc<dyn Clock>,
    offerings: RwLock<BTreeMap<LogName, Arc<OfferingLog>>>,
    /// Held while a log is started, so that it gets one writer here.
    starting: tokio::sync::Mutex<()>,
    pub(crate) platform: PrivateCell<PlatformMachine>,
    pub(crate) audit: PrivateCell<AuditMachine>,
    /// Held until the record is closed: a second process must not append.
    lock: File,
}

/// The log of an offering, running.
#[derive(Debug)]
pub struct OfferingLog {
    /// Its row.
    pub row: LogRow,
    /// Its terms.
    pub terms: Arc<Terms>,
    /// Its writer.
    pub sequencer: Sequencer<OfferingMachine>,
    /// What can be asked of it.
    pub reader: LogReader<OfferingMachine>,
    companions: Companions,
}

/// A log that takes entries, whatever its machine.
pub(crate) struct Started<M> {
    pub(crate) sequencer: Sequencer<M>,
    pub(crate) reader: LogReader<M>,
    pub(crate) companions: Companions,
}

impl std::fmt::Debug for dyn Clock {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Clock({})", self.now())
    }
}

impl Journal {
    /// Opens the record, replays every log that is not at its end, and starts their writers.
    ///
    /// # Errors
    /// [`JournalError::InUse`] when another process has the folder, [`JournalError::Damaged`] when the
    /// record contradicts itself.
    pub async fn open(config: JournalConfig, clock: Arc<dyn Clock>) -> Result<Self, JournalError> {
        Self::open_and_keep(config, clock, None).await
    }

    /// As [`Journal::open`]; the newest checkpoints are also kept in a second folder, which should be on
    /// another disk. A log that does not lead to the checkpoint kept of it is held
    /// ([`Sequencer::held`]): it can be read, and nothing is entered.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub async fn open_and_keep(
        config: JournalConfig,
        clock: Arc<dyn Clock>,
        second: Option<PathBuf>,
    ) -> Result<Self, JournalError> {
        let folder = config.folder;
        let lock = lock(&folder)?;
        snapshot_file::remove_unfinished(&folder.join(SNAPSHOTS));
        let store = Store::open(Database::open(&config.url, "journal").await?).await?;
        let tiles = Tiles::open(Database::open_derived(&config.url, "derived").await?).await?;
        let journal = Self {
            store,
            tiles,
            kept: KeptCheckpoints::new(&folder, second),
            folder,
            key: Arc::new(config.key),
            clock,
            offerings: RwLock::new(BTreeMap::new()),
            starting: tokio::sync::Mutex::new(()),
            platform: PrivateCell::new(LogKind::Platform, LogName::platform()),
            audit: PrivateCell::new(LogKind::Audit, LogName::audit()),
            lock,
        };
        for row in journal.store.logs().await? {
            journal.run_log(row).await?;
        }
        Ok(journal)
    }

    /// Starts a log of the record.
    async fn run_log(&self, row: LogRow) -> Result<(), JournalError> {
        match row.kind {
            LogKind::Offering => self.run(row).await,
            LogKind::Platform => self.platform.run(self, row).await.map(|_| ()),
            LogKind::Audit => self.audit.run(self, row).await.map(|_| ()),
        }
    }

    /// Freezes terms: makes the log of an offering, whose first entry announces them.
    ///
    /// # Errors
    /// [`JournalError::LogExists`], [`JournalError::OriginTaken`], [`JournalError::ForeignClock`],
    /// [`JournalError::Terms`].
    pub async fn announce(
        &self,
        name: &LogName,
        document: &str,
    ) -> Result<Arc<OfferingLog>, JournalError> {
        self.announce_signed(name, document, None).await
    }

    /// As [`Journal::announce`], with the signature of the issuer beside the terms. Whose it is was
    /// verified by the caller.
    ///
    /// # Errors
    /// Those of [`Journal::announce`].
    pub async fn announce_signed(
        &self,
        name: &LogName,
        document: &str,
        issuer: Option<IssuerSignature>,
    ) -> Result<Arc<OfferingLog>, JournalError> {
        if name.is_reserved() {
            return Err(JournalError::LogExists(name.to_string()));
        }
        let terms = parse_terms(name, document)?;
        // A height stamped with a time in milliseconds would end every window at once.
        if terms.clock.kind != ClockKind::Time {
            return Err(JournalError::ForeignClock);
        }
        self.refuse_lost(name).await?;
        let row = LogRow {
            name: name.clone(),
            kind: LogKind::Offering,
            origin: terms.origin.clone(),
            document: document.to_owned(),
            created: self.clock.now(),
            issuer,
        };
        let starting = self.starting.lock().await;
        let others = self.store.logs().await?;
        if others
            .iter()
            .any(|other| other.name != *name && other.origin == row.origin)
        {
            return Err(JournalError::OriginTaken(row.origin));
        }
        self.store.create(&row).await?;
        self.run(row).await?;
        drop(starting);
        let log = self
            .offering(name)
            .ok_or_else(|| JournalError::NoSuchLog(name.to_string()))?;
        self.announce_first(&log).await?;
        Ok(log)
    }

    /// A log that is not in the database and of which a checkpoint is kept is lost, not new.
    pub(crate) async fn refuse_lost(&self, name: &LogName) -> Result<(), JournalError> {
        let known = self.store.logs().await?.iter().any(|row| row.name == *name);
        let hold = match self.kept.newest(name) {
            Ok(Some(kept)) => Hold::Behind {
                has: 0,
                kept: kept.size(),
                root: kept.root(),
            },
            Ok(None) => return Ok(()),
            Err(hold) => hold,
        };
        if known {
            return Err(JournalError::LogExists(name.to_string()));
        }
        Err(JournalError::Held(Box::new(hold)))
    }

    /// Why a log must not grow: it does not lead to the checkpoint that is kept of it.
    async fn hold<M: Machine>(
        &self,
        reader: &LogReader<M>,
        name: &LogName,
    ) -> Result<Option<Hold>, JournalError> {
        let kept = match self.kept.newest(name) {
            Ok(Some(kept)) => kept,
            Ok(None) => return Ok(None),
            Err(hold) => return Ok(Some(hold)),
        };
        let has = reader.size();
        let (kept, root) = (kept.size(), kept.root());
        if has < kept {
            return Ok(Some(Hold::Behind { has, kept, root }));
        }
        let same = reader.root_at(kept).await? == root;
        Ok((!same).then_some(Hold::Forked { kept }))
    }

    /// Follows the other nodes on the same database, until this value is dropped: their entries are
    /// applied here soon after they are on disk, and offerings that they announce are started here.
    /// Returns at once, and does nothing on SQLite.
    pub fn follow(self: &Arc<Self>) {
        if let Some(follower) = self.store.follower() {
            tokio::spawn(follow(Arc::downgrade(self), follower));
        }
    }

    /// Entries of a log that this node applied; none where it does not know the log.
    fn size_of(&self, name: &LogName) -> u64 {
        let offering = self.offering(name).map(|log| log.reader.size());
        let private = || self.platform.size(name).or_else(|| self.audit.size(name));
        offering.or_else(private).unwrap_or(0)
    }

    async fn learn_of(&self, name: &LogName) -> Result<(), JournalError> {
        if let Some(log) = self.offering(name) {
            log.sequencer.catch_up();
            return Ok(());
        }
        if self.platform.catch_up(name) || self.audit.catch_up(name) {
            return Ok(());
        }
        let _starting = self.starting.lock().await;
        if self.offering(name).is_some() {
            return Ok(());
        }
        let rows = self.store.logs().await?;
        match rows.into_iter().find(|row| row.name == *name) {
            Some(row) => self.run_log(row).await,
            None => Ok(()),
        }
    }

    /// The first entry of a log, if it is not there yet: also after a stop between the two.
    async fn announce_first(&self, log: &OfferingLog) -> Result<(), JournalError> {
        if log.reader.size() > 0 {
            return Ok(());
        }
        let terms_hash = log.terms.hash().0;
        let body = encode_at_batch_time(&Command::Announce { terms_hash }, None)?;
        let submission = Submission {
            intake: Intake::Other,
            request: None,
            body,
        };
        log.sequencer.submit(submission).await.map(|_| ())
    }

    /// A running offering.
    #[must_use]
    pub fn offering(&self, name: &LogName) -> Option<Arc<OfferingLog>> {
        let held = read(&self.offerings);
        held.get(name).cloned()
    }

    /// All running offerings, by name.
    #[must_use]
    pub fn offerings(&self) -> Vec<Arc<OfferingLog>> {
        let held = read(&self.offerings);
        held.values().cloned().collect()
    }

    /// The database of the record.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The key that signs checkpoints.
    #[must_use]
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// The folder of this node, for what must have a place on its disk.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    async fn run(&self, row: LogRow) -> Result<(), JournalError> {
        let terms = parse_terms(&row.name, &row.document)?;
        let machine = offering_machine(&terms)?;
        let Started {
            sequencer,
            reader,
            companions,
        } = self.start(&row, machine).await?;
        let name = row.name.clone();
        let running = Arc::new(OfferingLog {
            row,
            terms,
            sequencer,
            reader,
            companions,
        });
        if running.sequencer.held().is_none() {
            self.announce_first(&running).await?;
        }
        let mut held = write(&self.offerings);
        held.insert(name, running);
        Ok(())
    }

    /// Brings a log to its end, and starts its writer and the writer's companions.
    pub(crate) async fn start<M: Machine>(
        &self,
        row: &LogRow,
        empty: M,
    ) -> Result<Started<M>, JournalError> {
        let log = self.replay(row, empty).await?;
        let config = SequencerConfig {
            queue: QUEUE,
            origin: row.origin.clone(),
        };
        let sequencer = Sequencer::start(
            log,
            self.store.clone(),
            Arc::clone(&self.key),
            Arc::clone(&self.clock),
            config,
        );
        let reader = LogReader::new(
            sequencer.clone(),
            self.store.clone(),
            self.tiles.clone(),
            &row.origin,
            Arc::clone(&self.key),
        );
        if let Some(hold) = self.hold(&reader, &row.name).await? {
            sequencer.hold(hold);
        }
        let companions = Companions::start(
            &reader,
            self.tiles.clone(),
            self.kept.clone(),
            self.snapshots(),
        );
        Ok(Started {
            sequencer,
            reader,
            companions,
        })
    }

    /// The log at the end of the record: from the newest snapshot, then batch by batch.
    async fn replay<M: Machine>(&self, row: &LogRow, empty: M) -> Result<Log<M>, JournalError> {
        let nothing = empty.empty();
        let mut log = snapshot_file::newest(&self.snapshots(), &row.name, empty);
        let bundles = self.tiles.bundles(&row.name).await?;
        if log.size() / TILE as u64 > bundles {
            // Nothing but a replay makes the tiles before a snapshot again.
            tracing::warn!(log = %row.name, "tiles are missing: the log is replayed from entry 0");
            log = Log::new(row.name.clone(), nothing);
        }
        loop {
            let rows = self.store.read(&row.name, log.size(), PAGE_BYTES).await?;
            if rows.is_empty() {
                return Ok(log);
            }
            for batch in &rows {
                log.apply(batch)?;
            }
            self.put_tiles(&mut log, bundles).await?;
        }
    }

    /// Writes the tiles that a replay made and the database does not have.
    async fn put_tiles<M: Machine>(
        &self,
        log: &mut Log<M>,
        bundles: u64,
    ) -> Result<(), JournalError> {
        let full = log.unwritten();
        let missing: Vec<_> = full
            .iter()
            .filter(|tile| !tile.is_before(bundles))
            .map(|tile| (**tile).clone())
            .collect();
        for some in missing.chunks(TILES_AT_ONCE) {
            self.tiles.put(log.name(), some).await?;
        }
        log.written(full.len());
        Ok(())
    }

    fn snapshots(&self) -> PathBuf {
        self.folder.join(SNAPSHOTS)
    }

    /// Writes a snapshot of an offering's log from the record, while its writer goes on; returns how many
    /// entries it has. A server does so by itself when a log has grown enough.
    ///
    /// # Errors
    /// [`JournalError::NoSuchLog`], [`JournalError::Damaged`], and what disk and database say.
    pub async fn snapshot_offering(&self, name: &LogName) -> Result<u64, JournalError> {
        let log = self.offering(name);
        let log = log.ok_or_else(|| JournalError::NoSuchLog(name.to_string()))?;
        snapshot_beside(&log.reader, &self.tiles, &self.snapshots(), 0).await
    }

    /// Writes a snapshot of every log. A writer waits meanwhile, so this is for a stop.
    ///
    /// # Errors
    /// [`JournalError::File`].
    pub fn snapshot(&self) -> Result<(), JournalError> {
        for running in self.offerings() {
            self.snapshot_of(&running.sequencer)?;
        }
        if let Some(running) = self.platform.get() {
            self.snapshot_of(&running.sequencer)?;
        }
        let audit = self.audit.get();
        audit.map_or(Ok(()), |running| self.snapshot_of(&running.sequencer))
    }

    fn snapshot_of<M: Machine>(&self, sequencer: &Sequencer<M>) -> Result<(), JournalError> {
        let log = sequencer.read();
        if log.size() > 0 {
            snapshot_file::write(&self.snapshots(), &log)?;
        }
        Ok(())
    }

    /// Stops the writers' companions, writes tiles and snapshots, closes the database and frees the
    /// folder.
    ///
    /// # Errors
    /// What the disk or the database says; the record itself is safe anyway.
    pub async fn close(&self) -> Result<(), JournalError> {
        for running in self.offerings() {
            running.companions.stop();
            write_all_tiles(&running.sequencer, &self.tiles).await?;
        }
        self.platform.write_all_tiles(&self.tiles).await?;
        self.audit.write_all_tiles(&self.tiles).await?;
        // A snapshot takes the tiles before it for granted: they must be on disk first.
        self.tiles.close().await;
        self.snapshot()?;
        for running in self.offerings() {
            keep_newest(&running.reader, &self.kept)?;
        }
        self.platform.keep_newest(&self.kept)?;
        self.audit.keep_newest(&self.kept)?;
        self.store.close().await;
        // Nothing can be appended any more: the folder is free for others.
        self.lock
            .unlock()
            .map_err(JournalError::file(self.folder.join("lock")))
    }
}

/// One entry at the time of its batch, as the body that a submission carries.
///
/// # Errors
/// [`JournalError::Proof`] when a text of it is too long or has a character that is not allowed.
pub fn encode_at_batch_time(
    command: &Command<'_>,
    request: Option<softcap_offering::RequestId>,
) -> Result<Vec<u8>, JournalError> {
    let entry = Entry {
        sequence: Sequence(0),
        stamp: Stamp {
            line: SERVER_LINE,
            position: BATCH_TIME,
        },
        request,
        command: command.clone(),
    };
    let mut body = Vec::new();
    softcap_proof::entry::encode_command(&entry, &mut body)?;
    Ok(body)
}

/// The machine of an offering before its first entry.
pub(crate) fn offering_machine(terms: &Arc<Terms>) -> Result<OfferingMachine, JournalError> {
    let mut seed = [0; 8];
    getrandom::fill(&mut seed)
        .map_err(|error| JournalError::file("the random source")(std::io::Error::other(error)))?;
    Ok(OfferingMachine::new(
        Arc::clone(terms),
        u64::from_le_bytes(seed),
    ))
}

pub(crate) fn parse_terms(name: &LogName, document: &str) -> Result<Arc<Terms>, JournalError> {
    Terms::parse(document)
        .map(Arc::new)
        .map_err(|problems| JournalError::Terms {
            log: name.to_string(),
            problem: problems
                .first()
                .map_or_else(String::new, ToString::to_string),
        })
}

/// Keeps other processes away from a folder for as long as the file is held.
pub(crate) fn lock(folder: &Path) -> Result<File, JournalError> {
    fs::create_dir_all(folder).map_err(JournalError::file(folder))?;
    let path = folder.join("lock");
    let file = File::create(&path).map_err(JournalError::file(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(JournalError::InUse(folder.to_owned())),
        Err(fs::TryLockError::Error(error)) => Err(JournalError::file(&path)(error)),
    }
}

/// Between two tries while the database is gone.
const PAUSE: Duration = Duration::from_secs(1);

async fn follow(journal: Weak<Journal>, mut follower: Follower) {
    loop {
        let heads = follower.heads().await;
        let Some(journal) = journal.upgrade() else {
            return;
        };
        let mut failed = heads.as_ref().err().cloned();
        for (name, next) in heads.unwrap_or_default() {
            if journal.size_of(&name) < next {
                failed = journal.learn_of(&name).await.err().or(failed);
            }
        }
        drop(journal);
        if let Some(error) = failed {
            tracing::warn!(%error, "what other nodes appended was not read");
            sleep(PAUSE).await;
        }
    }
}
