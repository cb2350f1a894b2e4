//! What witnesses said of the logs: the newest statement of each, beside the record, so that every node on
//! it shows them.

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock, Weak},
    time::Duration,
};

use softcap_database::Database;
use softcap_proof::{CheckpointNote, Cosignature, SignedCheckpoint, WitnessKey};
use tokio::time::{MissedTickBehavior, interval};

use crate::locks::{read, write};
use crate::{JournalError, LogName, LogReader, Machine, Store, store::CosignatureRow};

/// How often a node looks for what others were told.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The newest cosignature of each witness that the operator named, for each log.
#[derive(Debug)]
pub struct Cosignatures {
    store: Store,
    witnesses: Vec<WitnessKey>,
    /// As of the last look; by log and place of the witness.
    newest: RwLock<BTreeMap<(LogName, usize), Arc<Cosigned>>>,
}

/// A checkpoint with the log's own line and that of one witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigned {
    /// Name of the witness.
    pub witness: String,
    /// When it looked, in POSIX seconds, as it says.
    pub time: u64,
    /// What it signed.
    pub note: SignedCheckpoint,
    line: Cosignature,
}

impl Cosigned {
    /// What is larger is newer.
    fn said(&self) -> (u64, u64) {
        (self.note.unverified().size(), self.time)
    }
}

impl Cosignatures {
    /// Those of these witnesses that are kept beside a record. What is not theirs is left alone.
    ///
    /// # Errors
    /// What the database says.
    pub async fn open(store: Store, witnesses: Vec<WitnessKey>) -> Result<Self, JournalError> {
        let kept = Self {
            store,
            witnesses,
            newest: RwLock::default(),
        };
        for (log, witness) in kept.refresh().await? {
            tracing::warn!(%log, %witness, "a kept cosignature is damaged");
        }
        Ok(kept)
    }

    /// Looks for what other nodes on the database were told, until this value is dropped. Returns at
    /// once, and does nothing on SQLite or without witnesses.
    pub fn follow(self: &Arc<Self>) {
        if matches!(self.store.database(), Database::Postgres(_)) && !self.witnesses.is_empty() {
            tokio::spawn(follow(Arc::downgrade(self)));
        }
    }

    /// Reads what is kept now. Names log and witness of what cannot be used.
    ///
    /// # Errors
    /// What the database says.
    pub async fn refresh(&self) -> Result<Vec<(LogName, String)>, JournalError> {
        let mut damaged = Vec::new();
        for row in self.store.cosignatures().await? {
            let mut known = self.witnesses.iter().enumerate();
            let Some((place, key)) = known.find(|(_, key)| key.to_string() == row.witness) else {
                continue;
            };
            if self.is_known(&row.log, place, (row.size, row.time)) {
                continue;
            }
            match parse(&row, key) {
                Some(cosigned) => self.show(row.log, place, cosigned),
                None => damaged.push((row.log, key.name().to_owned())),
            }
        }
        Ok(damaged)
    }

    /// Takes the line of a witness under the checkpoint of the first `size` entries, and keeps it unless
    /// a newer one of it is there.
    ///
    /// # Errors
    /// [`JournalError::UnknownWitness`]; [`JournalError::NoSuchEntry`] when the log is shorter;
    /// [`JournalError::Proof`] when the witness did not sign this; what the database says.
    pub async fn add<M: Machine>(
        &self,
        reader: &LogReader<M>,
        size: u64,
        line: &Cosignature,
    ) -> Result<(), JournalError> {
        let found = self.witnesses.iter().position(|key| line.names(key));
        let known = found.and_then(|place| Some((place, self.witnesses.get(place)?)));
        let (place, key) = known.ok_or(JournalError::UnknownWitness)?;
        let mut note = reader.checkpoint_of(size).await?;
        let time = line.verify(note.unverified(), key)?;
        note.put_cosignature(line);
        let log = reader.sequencer().name().clone();
        if self.is_known(&log, place, (size, time)) {
            return Ok(());
        }
        let row = CosignatureRow {
            log: log.clone(),
            witness: key.to_string(),
            size,
            time,
            note: note.to_string(),
        };
        // The database keeps the newer one too, whoever comes last.
        self.store.keep_cosignature(&row).await?;
        let cosigned = Cosigned {
            witness: key.name().to_owned(),
            time,
            note,
            line: line.clone(),
        };
        self.show(log, place, cosigned);
        Ok(())
    }

    /// Whether a witness said as much or more.
    fn is_known(&self, log: &LogName, place: usize, said: (u64, u64)) -> bool {
        let newest = read(&self.newest);
        let has = newest.get(&(log.clone(), place));
        has.is_some_and(|has| has.said() >= said)
    }

    fn show(&self, log: LogName, place: usize, cosigned: Cosigned) {
        let mut newest = write(&self.newest);
        let has = newest.get(&(log.clone(), place));
        if has.is_none_or(|has| has.said() < cosigned.said()) {
            newest.insert((log, place), Arc::new(cosigned));
        }
    }

    /// The newest of each witness for a log, in the order in which the witnesses were named.
    #[must_use]
    pub fn of(&self, log: &LogName) -> Vec<Arc<Cosigned>> {
        let newest = read(&self.newest);
        let all = newest.iter().filter(|((name, _), _)| name == log);
        all.map(|(_, cosigned)| Arc::clone(cosigned)).collect()
    }

    /// The lines of all witnesses that signed just this checkpoint, put under it.
    pub fn put_under(&self, log: &LogName, note: &mut SignedCheckpoint) {
        for cosigned in self.of(log) {
            if cosigned.note.unverified() == note.unverified() {
                note.put_cosignature(&cosigned.line);
            }
        }
    }
}

async fn follow(kept: Weak<Cosignatures>) {
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let Some(kept) = kept.upgrade() else { return };
        // What is damaged was said at the start; a database that is gone is said by others.
        if let Err(error) = kept.refresh().await {
            tracing::debug!(%error, "what witnesses told other nodes was not read");
        }
    }
}

fn parse(row: &CosignatureRow, key: &WitnessKey) -> Option<Cosigned> {
    let CheckpointNote::Signed(note) = CheckpointNote::parse(row.note.as_bytes()).ok()? else {
        return None;
    };
    let time = note.cosigned(key).ok()?;
    let mut lines = row
        .note
        .lines()
        .filter_map(|line| Cosignature::parse(line).ok());
    let line = lines.find(|line| line.names(key))?;
    let cosigned = Cosigned {
        witness: key.name().to_owned(),
        time,
        note,
        line,
    };
    (cosigned.said() == (row.size, row.time)).then_some(cosigned)
}
