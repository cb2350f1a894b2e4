//! Real databases for tests, gone with the value that holds them.

mod postgres;

use tempfile::TempDir;

use crate::{Database, DatabaseError, DatabaseUrl};
pub use postgres::{FOLDER_VARIABLE, TemporaryPostgres};

pub(crate) fn broken(what: &str, error: &dyn std::fmt::Display) -> DatabaseError {
    DatabaseError::Temporary(format!("{what}: {error}"))
}

/// A folder for SQLite and a PostgreSQL, for tests that run on both.
#[derive(Debug)]
pub struct BothDatabases {
    folder: TempDir,
    server: TemporaryPostgres,
}

impl BothDatabases {
    /// Makes the folder and starts the server.
    ///
    /// # Errors
    /// Those of [`TemporaryPostgres::start`].
    pub fn start() -> Result<Self, DatabaseError> {
        let folder = TempDir::new().map_err(|error| broken("no temporary folder", &error))?;
        let server = TemporaryPostgres::start()?;
        Ok(Self { folder, server })
    }

    /// The addresses of two empty databases, the one in SQLite first. The name is one word of small
    /// letters that was not used yet.
    ///
    /// # Errors
    /// What the server says, for example that the name is taken.
    pub async fn urls(&self, name: &str) -> Result<[DatabaseUrl; 2], DatabaseError> {
        let folder = DatabaseUrl::Folder(self.folder.path().join(name));
        Ok([folder, self.server.database(name).await?])
    }

    /// The same two, opened.
    ///
    /// # Errors
    /// Those of [`BothDatabases::urls`] and [`Database::open`].
    pub async fn open(&self, name: &str) -> Result<[Database; 2], DatabaseError> {
        let [sqlite, postgres] = self.urls(name).await?;
        Ok([
            Database::open(&sqlite, name).await?,
            Database::open(&postgres, name).await?,
        ])
    }

    /// The server, to kill it.
    pub fn server(&mut self) -> &mut TemporaryPostgres {
        &mut self.server
    }
}
