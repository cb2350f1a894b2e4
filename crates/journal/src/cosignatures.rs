//! What witnesses said of the logs of this node: the newest statement of each, in memory and in files.

use std::{
    collections::BTreeMap,
    fs, io,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use softcap_proof::{CheckpointNote, Cosignature, SignedCheckpoint, WitnessKey};
use tokio::sync::Mutex;

use crate::{JournalError, LogName, LogReader, Machine, kept_checkpoint};

/// The newest cosignature of each witness that the operator named, for each log.
#[derive(Debug)]
pub struct Cosignatures {
    folder: PathBuf,
    witnesses: Vec<WitnessKey>,
    newest: RwLock<BTreeMap<(LogName, usize), Arc<Cosigned>>>,
    /// Held by who writes a file, so that none is ever older than what is in memory.
    writing: Mutex<()>,
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

impl Cosignatures {
    /// Those of these witnesses that were kept in a folder. What is not theirs is left alone.
    #[must_use]
    pub fn open(folder: PathBuf, witnesses: Vec<WitnessKey>) -> Self {
        let mut newest = BTreeMap::new();
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let file = entry.file_name();
            let place = file.to_str().and_then(|name| name.split_once('.'));
            let Some((log, id)) = place else { continue };
            let found = witnesses
                .iter()
                .enumerate()
                .find(|(_, key)| id == format!("{:08x}", key.id()));
            let (Ok(log), Some((place, key))) = (log.parse::<LogName>(), found) else {
                continue;
            };
            match fs::read(entry.path())
                .ok()
                .and_then(|text| read(&text, key))
            {
                Some(cosigned) => {
                    newest.insert((log, place), Arc::new(cosigned));
                }
                None => tracing::warn!(%log, witness = key.name(), "a kept cosignature is damaged"),
            }
        }
        Self {
            folder,
            witnesses,
            newest: RwLock::new(newest),
            writing: Mutex::new(()),
        }
    }

    /// Takes the line of a witness under the checkpoint of the first `size` entries, and keeps it unless
    /// a newer one of it is there.
    ///
    /// # Errors
    /// [`JournalError::UnknownWitness`]; [`JournalError::NoSuchEntry`] when the log is shorter;
    /// [`JournalError::Proof`] when the witness did not sign this; [`JournalError::File`].
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
        let _turn = self.writing.lock().await;
        if self.is_known(&log, place, (size, time)) {
            return Ok(());
        }
        self.write(format!("{log}.{:08x}", key.id()), note.to_string())
            .await?;
        let cosigned = Cosigned {
            witness: key.name().to_owned(),
            time,
            note,
            line: line.clone(),
        };
        let mut newest = self.newest.write().unwrap_or_else(PoisonError::into_inner);
        newest.insert((log, place), Arc::new(cosigned));
        Ok(())
    }

    /// Whether a witness said as much or more.
    fn is_known(&self, log: &LogName, place: usize, said: (u64, u64)) -> bool {
        let newest = self.newest.read().unwrap_or_else(PoisonError::into_inner);
        let has = newest.get(&(log.clone(), place));
        has.is_some_and(|has| (has.note.unverified().size(), has.time) >= said)
    }

    async fn write(&self, name: String, text: String) -> Result<(), JournalError> {
        let (folder, path) = (self.folder.clone(), self.folder.join(&name));
        let write = move || kept_checkpoint::write(&folder, &name, &text);
        let done = tokio::task::spawn_blocking(write).await;
        done.unwrap_or_else(|error| Err(io::Error::other(error)))
            .map_err(JournalError::file(path))
    }

    /// The newest of each witness for a log, in the order in which the witnesses were named.
    #[must_use]
    pub fn of(&self, log: &LogName) -> Vec<Arc<Cosigned>> {
        let newest = self.newest.read().unwrap_or_else(PoisonError::into_inner);
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

fn read(text: &[u8], key: &WitnessKey) -> Option<Cosigned> {
    let CheckpointNote::Signed(note) = CheckpointNote::parse(text).ok()? else {
        return None;
    };
    let time = note.cosigned(key).ok()?;
    let lines = std::str::from_utf8(text).ok()?.lines();
    let mut lines = lines.filter_map(|line| Cosignature::parse(line).ok());
    let line = lines.find(|line| line.names(key))?;
    Some(Cosigned {
        witness: key.name().to_owned(),
        time,
        note,
        line,
    })
}
