//! Tables, by numbered files that are applied once.

use sqlx::migrate::Migrator;

use crate::{Database, DatabaseError};

/// The migrations of one group of tables: the same numbers for both databases, in
/// `migrations/sqlite` and `migrations/postgres` of the crate that owns the tables. The library keeps
/// a hash of each that was applied, so that a changed file is noticed.
#[derive(Debug)]
pub struct Migrations {
    sqlite: Migrator,
    postgres: Migrator,
}

impl Migrations {
    /// A group; its record of what was applied is the table `migrations_{group}`, because on
    /// PostgreSQL all groups share one database.
    ///
    /// ```ignore
    /// Migrations::new("journal", sqlx::migrate!("migrations/sqlite"), sqlx::migrate!("migrations/postgres"))
    /// ```
    #[must_use]
    pub fn new(group: &str, sqlite: Migrator, postgres: Migrator) -> Self {
        let table = format!("migrations_{group}");
        let named = |migrator: Migrator| Migrator {
            table_name: table.clone().into(),
            ..migrator
        };
        Self {
            sqlite: named(sqlite),
            postgres: named(postgres),
        }
    }

    /// Applies those that are missing, each in a transaction. On PostgreSQL a lock makes sure that
    /// only one node does it.
    ///
    /// # Errors
    /// [`DatabaseError::Migration`] when the tables are newer than this program or a migration file
    /// was changed after it was applied.
    pub async fn run(&self, database: &Database) -> Result<(), DatabaseError> {
        match database {
            Database::Sqlite(sqlite) => self.sqlite.run(sqlite.writer()).await?,
            Database::Postgres(pool) => self.postgres.run(pool).await?,
        }
        Ok(())
    }
}
