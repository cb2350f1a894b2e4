//! What can go wrong with the record.

use std::{path::PathBuf, sync::Arc};

use softcap_database::DatabaseError;
use softcap_proof::ProofError;
use thiserror::Error;

use crate::Hold;

/// The record could not be read or written.
#[derive(Clone, Debug, Error)]
pub enum JournalError {
    /// Not a name of a log.
    #[error(
        "J101: a name has 1 to 64 lower-case letters, digits and hyphens, and begins with a letter"
    )]
    LogName,
    /// There is no log of this name.
    #[error("J102: there is no log `{0}`")]
    NoSuchLog(String),
    /// There is a log of this name.
    #[error("J103: there is a log `{0}` already: choose another name")]
    LogExists(String),
    /// There is no such entry yet.
    #[error("J104: there is no entry {index}: the log has {size}")]
    NoSuchEntry {
        /// The number asked for.
        index: u64,
        /// How many there are.
        size: u64,
    },
    /// Another log has the origin.
    #[error(
        "J105: another offering has the origin `{0}`: two logs of one origin would contradict each other"
    )]
    OriginTaken(String),
    /// The schedule is in heights of a chain that nobody here watches.
    #[error(
        "J106: the terms' clock counts blocks, and this server stamps time: use `clock.kind = \"time\"`"
    )]
    ForeignClock,
    /// The queue of the writer is full.
    #[error("J201: too many are waiting: try again in a second")]
    Busy,
    /// No contributions are taken for now.
    #[error("J202: contributions are stopped: {0}")]
    Stopped(Arc<str>),
    /// The writer ended.
    #[error("J203: the server is stopping: try again in a moment")]
    Stopping,
    /// The same request came with another command.
    #[error("J204: entry {first} has this request with another content: use a new Idempotency-Key")]
    OtherContent {
        /// The entry that came first with the request.
        first: u64,
    },
    /// Nothing may be entered: the log is not what it was.
    #[error("J205: nothing is entered into this log: {0}")]
    Held(Box<Hold>),
    /// The id of a transfer was used for another one.
    #[error("J206: another transfer has this id: use a new one")]
    OtherTransfer,
    /// An offering and the platform do not share the currency.
    #[error(
        "J207: the offering takes no {0} from balances, or counts it in other units: use a currency \
         of its terms"
    )]
    NotOnBalance(String),
    /// A person cannot be forgotten yet.
    #[error("J208: money of this person is in an offering or on its way: take it back first")]
    HasMoney,
    /// A cosignature by nobody who was named.
    #[error("J209: no witness of this server has this key: its operator names them in `witnesses`")]
    UnknownWitness,
    /// Another process uses the folder.
    #[error("J301: another process uses {}: stop it first", .0.display())]
    InUse(PathBuf),
    /// A file beside the database.
    #[error("J302: {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Arc<std::io::Error>,
    },
    /// The terms of a log.
    #[error("J303: the terms of the log `{log}` cannot be read: {problem}")]
    Terms {
        /// Which log.
        log: String,
        /// The first problem.
        problem: String,
    },
    /// The record contradicts itself.
    #[error("J401: log `{log}`, entry {index}: {problem}; restore a backup")]
    Damaged {
        /// Which log.
        log: String,
        /// The first entry that is not right.
        index: u64,
        /// What is wrong.
        problem: String,
    },
    /// What is derived from the record contradicts it.
    #[error(
        "J402: log `{log}`, entry {index}: {problem}; stop the server and run `softcap rebuild`"
    )]
    Derived {
        /// Which log.
        log: String,
        /// The first entry that it concerns.
        index: u64,
        /// What is wrong.
        problem: String,
    },
    /// There is no database where one was expected.
    #[error("J304: there is no record in {}; name the folder of a server", .0.display())]
    NoRecord(PathBuf),
    /// A folder that should be empty.
    #[error("J305: {} is not empty; name a new folder", .0.display())]
    NotEmpty(PathBuf),
    /// What was read is no backup.
    #[error("J306: this is no backup of a record: {0}; name a file that `softcap backup` wrote")]
    NoBackup(String),
    /// An offering has a transfer for somebody else.
    #[error(
        "J403: entry {index} has this transfer for another investor; look whose number that is \
         before the transfer is ended by hand"
    )]
    UnclearTransfer {
        /// The entry of the offering.
        index: u64,
    },
    /// The database.
    #[error(transparent)]
    Database(Arc<DatabaseError>),
    /// An entry or checkpoint.
    #[error(transparent)]
    Proof(Arc<ProofError>),
}

impl JournalError {
    /// Whether the same may work later without anybody doing anything but making room or waiting.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Busy | Self::Stopping | Self::Stopped(_) => true,
            Self::Database(error) => error.is_passing(),
            Self::LogName
            | Self::NoSuchLog(_)
            | Self::LogExists(_)
            | Self::OriginTaken(_)
            | Self::ForeignClock
            | Self::NoSuchEntry { .. }
            | Self::OtherContent { .. }
            | Self::Held(_)
            | Self::OtherTransfer
            | Self::NotOnBalance(_)
            | Self::HasMoney
            | Self::UnknownWitness
            | Self::UnclearTransfer { .. }
            | Self::InUse(_)
            | Self::File { .. }
            | Self::Terms { .. }
            | Self::Damaged { .. }
            | Self::Derived { .. }
            | Self::NoRecord(_)
            | Self::NotEmpty(_)
            | Self::NoBackup(_)
            | Self::Proof(_) => false,
        }
    }

    /// The entry at which the record, or what is derived from it, is not right.
    #[must_use]
    pub fn entry(&self) -> Option<u64> {
        match self {
            Self::Damaged { index, .. } | Self::Derived { index, .. } => Some(*index),
            Self::LogName
            | Self::NoSuchLog(_)
            | Self::LogExists(_)
            | Self::OriginTaken(_)
            | Self::ForeignClock
            | Self::NoSuchEntry { .. }
            | Self::Busy
            | Self::Stopped(_)
            | Self::Stopping
            | Self::OtherContent { .. }
            | Self::OtherTransfer
            | Self::NotOnBalance(_)
            | Self::HasMoney
            | Self::UnknownWitness
            | Self::UnclearTransfer { .. }
            | Self::Held(_)
            | Self::InUse(_)
            | Self::File { .. }
            | Self::Terms { .. }
            | Self::NoRecord(_)
            | Self::NotEmpty(_)
            | Self::NoBackup(_)
            | Self::Database(_)
            | Self::Proof(_) => None,
        }
    }

    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File {
            path,
            source: Arc::new(source),
        }
    }
}

impl From<DatabaseError> for JournalError {
    fn from(error: DatabaseError) -> Self {
        Self::Database(Arc::new(error))
    }
}

impl From<ProofError> for JournalError {
    fn from(error: ProofError) -> Self {
        Self::Proof(Arc::new(error))
    }
}
