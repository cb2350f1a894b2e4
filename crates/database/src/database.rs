//! Opening a database, and which pool a statement runs on.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use sqlx::{
    Executor as _, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{DatabaseError, SqliteDatabase, sqlite::Content};

/// How long a statement waits for a connection or a lock before the database counts as gone.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
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

/// Scheme, host, port and name: what stands before an `@` or behind a `?` may be a password, and so
/// may be what stands where a port belongs.
fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    let (host, name) = match rest.split_once('/') {
        Some((host, name)) => (host, format!("/{name}")),
        None => (rest, String::new()),
    };
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_err() => host,
        _ => host,
    };
    format!("{scheme}://{host}{name}")
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

impl Database {
    /// Opens `name.db` in a folder, or the PostgreSQL database of the address (where `name` plays no
    /// part: tables of all names lie in one database).
    ///
    /// SQLite: see [`SqliteDatabase::open`]; the folder is made if there is none. PostgreSQL: a commit
    /// that returns is on its disk, whatever the server's own setting of `synchronous_commit`.
    ///
    /// # Errors
    /// [`DatabaseError::Folder`], [`DatabaseError::Gone`], [`DatabaseError::Refused`],
    /// [`DatabaseError::Unsafe`] when a PostgreSQL was told not to write to its disk, and what the
    /// database says.
    pub async fn open(url: &DatabaseUrl, name: &str) -> Result<Self, DatabaseError> {
        Self::open_content(url, name, Content::Kept).await
    }

    /// As [`Database::open`], for what can be made again from elsewhere. On PostgreSQL it makes no
    /// difference.
    ///
    /// # Errors
    /// Those of [`Database::open`].
    pub async fn open_derived(url: &DatabaseUrl, name: &str) -> Result<Self, DatabaseError> {
        Self::open_content(url, name, Content::Derived).await
    }

    /// As [`Database::open`], for what must be gone when it is deleted: on SQLite it is overwritten in the file. On PostgreSQL it
    /// makes no difference: rows are gone after a vacuum, and its own copies are its operator's to keep short.
    ///
    /// # Errors
    /// Those of [`Database::open`].
    pub async fn open_erasable(url: &DatabaseUrl, name: &str) -> Result<Self, DatabaseError> {
        Self::open_content(url, name, Content::Erasable).await
    }

    async fn open_content(
        url: &DatabaseUrl,
        name: &str,
        content: Content,
    ) -> Result<Self, DatabaseError> {
        match url {
            DatabaseUrl::Folder(folder) => {
                std::fs::create_dir_all(folder).map_err(|source| DatabaseError::Folder {
                    path: folder.clone(),
                    source,
                })?;
                let file = folder.join(format!("{name}.db"));
                require_writable(&file)?;
                SqliteDatabase::open(&file, content).await.map(Self::Sqlite)
            }
            DatabaseUrl::Postgres(url) => {
                let options = PgConnectOptions::from_str(url)?.application_name("softcap");
                open_postgres(options).await.map(Self::Postgres)
            }
        }
    }

    /// Closes all connections; on SQLite the write-ahead log goes into the file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(sqlite) => sqlite.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// Off and local would answer before the disk of the server, or of its standby, has the commit.
const KEEP_WHAT_IS_COMMITTED: &str = "SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') IN ('off', 'local')";

async fn open_postgres(options: PgConnectOptions) -> Result<PgPool, DatabaseError> {
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        // A round trip each time; without it every connection to a server that was started again would
        // fail once, at the moment when everybody tries again.
        .test_before_acquire(true)
        .after_connect(|connection, _| {
            Box::pin(async move { connection.execute(KEEP_WHAT_IS_COMMITTED).await.map(drop) })
        })
        .connect_with(options)
        .await?;
    // Databases that only speak the protocol of PostgreSQL have no such setting.
    let fsync: Option<String> = sqlx::query_scalar("SELECT current_setting('fsync', true)")
        .fetch_one(&pool)
        .await?;
    if fsync.as_deref() == Some("off") {
        pool.close().await;
        return Err(DatabaseError::Unsafe);
    }
    Ok(pool)
}

/// Runs a statement that changes something on whichever database this is:
///
/// ```text
/// on_writer!(database, |pool| sqlx::query("UPDATE t SET a = $1")
///     .bind(x)
///     .execute(pool)
///     .await
///     .map(|done| done.rows_affected()))
/// ```
///
/// The body is compiled for both, so its types are inferred from `pool` and what it returns is the
/// same for both.
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

/// SQLite says of a file that may only be read that it cannot be opened, and not why. An empty file is a
/// new database.
fn require_writable(file: &Path) -> Result<(), DatabaseError> {
    let opened = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(file);
    opened.map(drop).map_err(|source| DatabaseError::Folder {
        path: file.to_owned(),
        source,
    })
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
            "postgres://me:secret",
            "postgres://me:secret/x?password=secret",
        ] {
            let error = DatabaseUrl::from_str(wrong).unwrap_err().to_string();
            assert!(error.starts_with("D101"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
