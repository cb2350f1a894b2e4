//! What can go wrong with a database.

use std::path::PathBuf;

use thiserror::Error;

/// A database did not do what was asked.
#[derive(Debug, Error)]
pub enum DatabaseError {
    /// The address is none of the two kinds.
    #[error(
        "D101: `{shown}` is no database: give a folder, or postgres://user@host:5432/name (the password comes from PGPASSWORD)"
    )]
    Address {
        /// The address without what may be a password.
        shown: String,
    },
    /// The folder cannot be used.
    #[error("D102: cannot use the folder {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// PostgreSQL knows no such user or database, or the password is wrong.
    #[error("D103: PostgreSQL refuses: {0}; check user, password, name and what the user may do")]
    Refused(String),
    /// PostgreSQL was told not to wait for its disk.
    #[error(
        "D104: PostgreSQL runs with fsync = off and would lose acknowledged contributions in a crash; set fsync = on in postgresql.conf"
    )]
    Unsafe,
    /// The database is full.
    #[error("D201: there is no room left for the database: make room, nothing needs a restart")]
    Full,
    /// It cannot be reached for now.
    #[error("D202: the database cannot be reached: {0}")]
    Gone(String),
    /// The database may only be read.
    #[error("D203: the database may only be read: check owner and permissions of its folder")]
    ReadOnly,
    /// A row that must be unique is there already.
    #[error("D204: {0} is there already")]
    Taken(String),
    /// A file of the database is damaged.
    #[error("D205: the database is damaged: {0}; restore a backup")]
    Damaged(String),
    /// Somebody else holds what the statement needs.
    #[error("D206: the database is busy: {0}; try again")]
    Busy(String),
    /// The tables are those of another version.
    #[error("D301: migration: {0}")]
    Migration(String),
    /// A statement failed: a defect.
    #[error("D901: {0}")]
    Statement(String),
    /// A PostgreSQL for tests could not be started.
    #[error("D902: {0}")]
    Temporary(String),
}

impl DatabaseError {
    /// Whether the same may work later without anybody changing the program: a full disk, a lost
    /// connection, a lock held by another.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Full | Self::Gone(_) | Self::ReadOnly | Self::Busy(_)
        )
    }
}

/// SQLite result codes (sqlite.org/rescode.html), the low byte of the extended ones.
const SQLITE_PERM: u32 = 3;
const SQLITE_BUSY: u32 = 5;
const SQLITE_LOCKED: u32 = 6;
const SQLITE_READONLY: u32 = 8;
const SQLITE_IOERR: u32 = 10;
const SQLITE_CORRUPT: u32 = 11;
const SQLITE_FULL: u32 = 13;
const SQLITE_CANTOPEN: u32 = 14;
const SQLITE_NOTADB: u32 = 26;

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library's enum may grow; what is not named is a defect"
)]
impl From<sqlx::Error> for DatabaseError {
    fn from(error: sqlx::Error) -> Self {
        let text = error.to_string();
        match error {
            sqlx::Error::Database(inner) if inner.is_unique_violation() => {
                Self::Taken(what_is_unique(inner.as_ref()))
            }
            sqlx::Error::Database(inner) => {
                let code = inner.code().unwrap_or_default();
                if is_sqlite(inner.as_ref()) {
                    sqlite(&code, text)
                } else {
                    postgres(&code, text)
                }
            }
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Protocol(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::WorkerCrashed => Self::Gone(text),
            sqlx::Error::Migrate(inner) => (*inner).into(),
            _ => Self::Statement(text),
        }
    }
}

fn is_sqlite(error: &dyn sqlx::error::DatabaseError) -> bool {
    error
        .try_downcast_ref::<sqlx::sqlite::SqliteError>()
        .is_some()
}

/// The constraint on PostgreSQL. SQLite names the columns behind the colon of its message.
fn what_is_unique(error: &dyn sqlx::error::DatabaseError) -> String {
    let message = error.message();
    let columns = message.split_once(": ").map_or(message, |(_, names)| names);
    error.constraint().unwrap_or(columns).to_owned()
}

fn sqlite(code: &str, text: String) -> DatabaseError {
    match code.parse::<u32>().unwrap_or(0) & 0xff {
        SQLITE_FULL => DatabaseError::Full,
        SQLITE_READONLY | SQLITE_PERM => DatabaseError::ReadOnly,
        SQLITE_BUSY | SQLITE_LOCKED => DatabaseError::Busy(text),
        SQLITE_IOERR | SQLITE_CANTOPEN => DatabaseError::Gone(text),
        SQLITE_CORRUPT | SQLITE_NOTADB => DatabaseError::Damaged(text),
        _ => DatabaseError::Statement(text),
    }
}

/// SQLSTATE, by its class where a class means one thing (PostgreSQL manual, appendix A).
fn postgres(code: &str, text: String) -> DatabaseError {
    match code {
        "25006" => return DatabaseError::ReadOnly,
        "53100" => return DatabaseError::Full,
        // The server stopped while it committed: nobody knows yet whether the commit happened.
        "40003" => return DatabaseError::Gone(text),
        "XX001" | "XX002" => return DatabaseError::Damaged(text),
        "42501" => return DatabaseError::Refused(text),
        _ => {}
    }
    match code.get(..2).unwrap_or_default() {
        // Connection, resources, operator (shutdown, start-up, timeout), system (input or output).
        "08" | "53" | "57" | "58" => DatabaseError::Gone(text),
        // Serialization and deadlock; a lock that was not waited for.
        "40" | "55" => DatabaseError::Busy(text),
        // No such user, wrong password; no such database.
        "28" | "3D" => DatabaseError::Refused(text),
        _ => DatabaseError::Statement(text),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library's enum may grow; all else is said in its own words"
)]
impl From<sqlx::migrate::MigrateError> for DatabaseError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::Execute(error)
            | sqlx::migrate::MigrateError::ExecuteMigration(error, _) => error.into(),
            other => Self::Migration(other.to_string()),
        }
    }
}
