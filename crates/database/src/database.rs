//! Opening a database, and which pool a statement runs on.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use sqlx::{
    PgPool, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::DatabaseError;

/// How long a statement waits for a connection or a lock before the database counts as gone.
const PATIENCE: Duration = Duration::from_secs(5);
/// Connections that read a SQLite file at the same time.
const SQLITE_READERS: u32 = 4;
/// Connections to PostgreSQL per node.
const POSTGRES_CONNECTIONS: u32 = 16;

/// Where the data is.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A folder of SQLite files.
    Folder(PathBuf),
    /// `postgres://...`
    Postgres(String),
}

impl FromStr for DatabaseUrl {
    type Err = DatabaseError;

    fn from_str(text: &str) -> Result<Self, DatabaseError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return match PgConnectOptions::from_str(text) {
                Ok(_) => Ok(Self::Postgres(text.to_owned())),
                Err(_) => Err(DatabaseError::Address {
                    shown: without_password(text),
                }),
            };
        }
        if text.is_empty() || text.contains("://") {
            return Err(DatabaseError::Address {
                shown: without_password(text),
            });
        }
        Ok(Self::Folder(PathBuf::from(text)))
    }
}

fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let host = host.split_once('?').map_or(host, |(host, _)| host);
    format!("{scheme}://{host}")
}

/// Without the password.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(out),
            Self::Postgres(url) => out.write_str(&without_password(url)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "DatabaseUrl({self})")
    }
}

/// An open database. Cloning is cheap.
#[derive(Clone, Debug)]
pub enum Database {
    /// One SQLite file.
    Sqlite(SqliteDatabase),
    /// PostgreSQL.
    Postgres(PgPool),
}

/// A SQLite file: one connection that writes, some that read. In WAL mode readers never wait for the
/// writer, and one writer needs no lock to wait for.
#[derive(Clone, Debug)]
pub struct SqliteDatabase {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl SqliteDatabase {
    /// The pool of the one connection that writes.
    #[must_use]
    pub fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    /// The pool of those that read.
    #[must_use]
    pub fn readers(&self) -> &SqlitePool {
        &self.readers
    }
}

impl Database {
    /// Opens `name.db` in a folder, or the PostgreSQL database of the address (where `name` plays no
    /// part: tables of all names lie in one database).
    ///
    /// SQLite: write-ahead log, `synchronous = FULL` (a commit is on disk before it returns),
    /// foreign keys on. The folder is made if there is none.
    ///
    /// # Errors
    /// [`DatabaseError::Folder`], [`DatabaseError::Gone`], and what the database says.
    pub async fn open(url: &DatabaseUrl, name: &str) -> Result<Self, DatabaseError> {
        match url {
            DatabaseUrl::Folder(folder) => {
                std::fs::create_dir_all(folder).map_err(|source| DatabaseError::Folder {
                    path: folder.clone(),
                    source,
                })?;
                Self::open_sqlite(folder.join(format!("{name}.db"))).await
            }
            DatabaseUrl::Postgres(url) => {
                let options = PgConnectOptions::from_str(url)?.application_name("softcap");
                let pool = PgPoolOptions::new()
                    .max_connections(POSTGRES_CONNECTIONS)
                    .acquire_timeout(PATIENCE)
                    .connect_with(options)
                    .await?;
                Ok(Self::Postgres(pool))
            }
        }
    }

    async fn open_sqlite(path: PathBuf) -> Result<Self, DatabaseError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE);
        let pool = |connections: u32| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .min_connections(1)
                .acquire_timeout(PATIENCE)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let writer = pool(1).connect_with(options.clone()).await?;
        let readers = pool(SQLITE_READERS)
            .connect_with(options.read_only(true).create_if_missing(false))
            .await?;
        Ok(Self::Sqlite(SqliteDatabase { writer, readers }))
    }

    /// Closes all connections; on SQLite the write-ahead log goes into the file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(sqlite) => {
                sqlite.readers.close().await;
                sqlite.writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// Runs a statement that changes something on whichever database this is:
/// `on_writer!(database, |pool| sqlx::query("...").bind(x).execute(pool).await)`. The body is compiled
/// for both, so its types must be inferred from `pool`.
#[macro_export]
macro_rules! on_writer {
    ($database:expr, |$pool:ident| $body:expr) => {
        match $database {
            $crate::Database::Sqlite(sqlite) => {
                let $pool = sqlite.writer();
                $body.map_err($crate::DatabaseError::from)
            }
            $crate::Database::Postgres($pool) => $body.map_err($crate::DatabaseError::from),
        }
    };
}

/// As [`on_writer!`], for statements that only read.
#[macro_export]
macro_rules! on_reader {
    ($database:expr, |$pool:ident| $body:expr) => {
        match $database {
            $crate::Database::Sqlite(sqlite) => {
                let $pool = sqlite.readers();
                $body.map_err($crate::DatabaseError::from)
            }
            $crate::Database::Postgres($pool) => $body.map_err($crate::DatabaseError::from),
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_folder_or_postgres_and_never_shows_a_password() {
        let folder = DatabaseUrl::from_str("data").unwrap();
        assert_eq!(folder, DatabaseUrl::Folder(PathBuf::from("data")));
        let url = "postgres://softcap:secret@db.example:5432/softcap?sslmode=require";
        let postgres = DatabaseUrl::from_str(url).unwrap();
        assert_eq!(postgres.to_string(), "postgres://db.example:5432/softcap");
        assert!(!format!("{postgres:?}").contains("secret"));
        for wrong in [
            "",
            "mysql://me:secret@host/x",
            "postgres://me:secret@host:port/x",
        ] {
            let error = DatabaseUrl::from_str(wrong).unwrap_err().to_string();
            assert!(error.starts_with("D101"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
