//! The newest signed checkpoint of each log, in files outside the database.
//!
//! A database can be put back to an older copy, by accident or not, and then look whole. A checkpoint
//! that was signed cannot be taken back: two of one size with different roots are proof of fraud. So a
//! log that does not lead to the newest checkpoint it ever signed must not grow ([`Hold`]).

use std::{
    fmt,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use softcap_proof::{Checkpoint, CheckpointNote, Root};

use crate::{JournalError, LogName};

/// The folder of kept checkpoints in that of a node.
pub(crate) const FOLDER: &str = "checkpoints";
/// Ends the name of a file that says: this log was restored.
const RESTORED: &str = "restored";

/// Why nothing may be entered into a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The log is shorter than a checkpoint that was signed.
    Behind {
        /// Entries it has.
        has: u64,
        /// Entries under the kept checkpoint.
        kept: u64,
        /// Its root.
        root: Root,
    },
    /// The log has another root at the size of the kept checkpoint.
    Forked {
        /// Entries under the kept checkpoint.
        kept: u64,
    },
    /// The log was restored from a backup, and nothing says how long it was.
    Restored {
        /// Where the newest checkpoint belongs.
        file: PathBuf,
    },
    /// What is kept cannot be read.
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        problem: String,
    },
}

impl fmt::Display for Hold {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Behind { has, kept, .. } => write!(
                out,
                "the log has {has} entries, and a checkpoint of {kept} was signed; put the newer \
                 database back"
            ),
            Self::Forked { kept } => write!(
                out,
                "the first {kept} entries are not those under the checkpoint that was signed; put the \
                 right database back, or find the fault with `softcap verify --data`"
            ),
            Self::Restored { file } => write!(
                out,
                "the log was restored from a backup, and may have been longer; copy the newest \
                 checkpoint kept elsewhere to {}, and start again",
                file.display()
            ),
            Self::Unreadable { file, problem } => write!(
                out,
                "{} is no checkpoint ({problem}); put the right one there, and start again",
                file.display()
            ),
        }
    }
}

/// The folders in which checkpoints are kept.
#[derive(Clone, Debug)]
pub(crate) struct KeptCheckpoints {
    /// The node's own first.
    folders: Vec<PathBuf>,
}

impl KeptCheckpoints {
    /// That in the folder of a node, and perhaps a second one on another disk.
    pub(crate) fn new(node: &Path, second: Option<PathBuf>) -> Self {
        Self {
            folders: [node.join(FOLDER)].into_iter().chain(second).collect(),
        }
    }

    /// The largest checkpoint that is kept of a log.
    ///
    /// # Errors
    /// [`Hold`] when one cannot be read, when two contradict each other, or when there is none and the
    /// log was restored.
    pub(crate) fn newest(&self, log: &LogName) -> Result<Option<Checkpoint>, Hold> {
        let mut newest: Option<Checkpoint> = None;
        for folder in &self.folders {
            let Some(found) = read(&folder.join(log.as_str()))? else {
                continue;
            };
            match &newest {
                Some(newest) if newest.size() == found.size() && newest.root() != found.root() => {
                    return Err(Hold::Forked { kept: found.size() });
                }
                Some(newest) if newest.size() >= found.size() => {}
                Some(_) | None => newest = Some(found),
            }
        }
        match (newest, self.own()) {
            (None, Some(own)) if own.join(format!("{log}.{RESTORED}")).exists() => {
                Err(Hold::Restored {
                    file: own.join(log.as_str()),
                })
            }
            (newest, _) => Ok(newest),
        }
    }

    /// Keeps a checkpoint in each folder that has not a larger one. The log has passed what was kept.
    ///
    /// # Errors
    /// [`JournalError::File`]; the other folders have it all the same.
    pub(crate) fn keep(&self, log: &LogName, note: &CheckpointNote) -> Result<(), JournalError> {
        let mut result = Ok(());
        for folder in &self.folders {
            let path = folder.join(log.as_str());
            // Another node may have written here.
            let larger = read(&path).ok().flatten();
            if larger.is_some_and(|kept| kept.size() >= note.unverified().size()) {
                continue;
            }
            if let Err(error) = write(folder, log.as_str(), &note.to_string()) {
                result = Err(JournalError::file(path)(error));
            }
        }
        if let (Ok(()), Some(own)) = (&result, self.own()) {
            // What was restored has reached what was kept.
            let _ = fs::remove_file(own.join(format!("{log}.{RESTORED}")));
        }
        result
    }

    /// Notes that a log was restored: it grows again when a checkpoint from elsewhere is there.
    pub(crate) fn mark_restored(&self, log: &LogName) -> Result<(), JournalError> {
        let Some(own) = self.own() else {
            return Ok(());
        };
        let name = format!("{log}.{RESTORED}");
        write(own, &name, "").map_err(JournalError::file(own.join(&name)))
    }

    fn own(&self) -> Option<&PathBuf> {
        self.folders.first()
    }
}

fn read(path: &Path) -> Result<Option<Checkpoint>, Hold> {
    let unreadable = |problem: String| Hold::Unreadable {
        file: path.to_owned(),
        problem,
    };
    match fs::read(path) {
        Ok(bytes) => CheckpointNote::parse(&bytes)
            .map(|note| Some(note.unverified().clone()))
            .map_err(|error| unreadable(error.to_string())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(error.to_string())),
    }
}

/// A reader sees the old text or the new one, also after a loss of power.
pub(crate) fn write(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let unfinished = folder.join(format!("{name}.unfinished"));
    let mut out = File::create(&unfinished)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    fs::rename(&unfinished, folder.join(name))?;
    File::open(folder)?.sync_all()
}
