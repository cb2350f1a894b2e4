//! The folder of a witness: the largest checkpoint of one log that it cosigned, and evidence.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use softcap_proof::{CheckpointNote, SignedCheckpoint, VerifierKey, hex};

use crate::failure::Failure;

/// The file of the newest checkpoint.
const NEWEST: &str = "checkpoint";

pub(super) struct State {
    folder: PathBuf,
    log_key: VerifierKey,
    /// Held until the end: two witnesses over one folder could cosign a fork.
    _lock: File,
}

impl State {
    /// Opens the folder for one log, which is the one whose key signed what is there.
    pub(super) fn open(folder: &Path, log_key: &VerifierKey) -> Result<Self, Failure> {
        let unwritable = |source| Failure::Unwritable {
            file: folder.display().to_string(),
            source,
        };
        fs::create_dir_all(folder).map_err(unwritable)?;
        // A folder that is gone after a loss of power would be a first sight again.
        let parent = folder.parent().filter(|path| !path.as_os_str().is_empty());
        let parent = File::open(parent.unwrap_or(Path::new(".")));
        parent
            .and_then(|parent| parent.sync_all())
            .map_err(unwritable)?;
        let lock = File::create(folder.join("lock")).map_err(unwritable)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => Failure::Argument {
                flag: "state",
                problem: format!("another witness uses {}", folder.display()),
                allowed: "a folder of its own for each log",
            },
            TryLockError::Error(source) => unwritable(source),
        })?;
        let state = Self {
            folder: folder.to_owned(),
            log_key: log_key.clone(),
            _lock: lock,
        };
        state.newest()?;
        Ok(state)
    }

    /// The largest checkpoint that was cosigned. It is read each time: what a start would find is what
    /// counts.
    pub(super) fn newest(&self) -> Result<Option<SignedCheckpoint>, Failure> {
        let path = self.folder.join(NEWEST);
        let file = path.display().to_string();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Failure::Unreadable { file, source }),
        };
        let note = CheckpointNote::parse(&bytes).and_then(|note| {
            note.verify(&self.log_key)?;
            Ok(note)
        });
        match note {
            Ok(CheckpointNote::Signed(signed)) => Ok(Some(signed)),
            Ok(CheckpointNote::Unsigned(_)) => Err(Failure::WitnessState {
                file,
                problem: "nobody signed it".to_owned(),
            }),
            Err(error) => Err(Failure::WitnessState {
                file,
                problem: error.to_string(),
            }),
        }
    }

    /// Keeps what is cosigned: on disk when it returns, or what was there before is.
    pub(super) fn keep(&self, note: &SignedCheckpoint) -> Result<(), Failure> {
        self.write(NEWEST, &note.to_string())
    }

    /// Keeps two checkpoints that contradict each other, in a file that is named by them.
    pub(super) fn keep_evidence(
        &self,
        sentence: &str,
        known: &SignedCheckpoint,
        seen: &SignedCheckpoint,
    ) -> Result<PathBuf, Failure> {
        let (size, root) = (seen.unverified().size(), seen.unverified().root());
        let begin = root.0.get(..4).unwrap_or_default();
        let name = format!("contradiction-{size}-{}", hex(begin));
        let text = format!("{sentence}\n\ncosigned before:\n\n{known}\nseen then:\n\n{seen}");
        self.write(&name, &text)?;
        Ok(self.folder.join(name))
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.folder.join(name);
        let write = || {
            let mut unfinished = tempfile::NamedTempFile::new_in(&self.folder)?;
            unfinished.write_all(text.as_bytes())?;
            unfinished.as_file().sync_all()?;
            unfinished.persist(&path).map_err(|error| error.error)?;
            File::open(&self.folder)?.sync_all()
        };
        write().map_err(|source| Failure::Unwritable {
            file: path.display().to_string(),
            source,
        })
    }
}
