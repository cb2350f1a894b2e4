//! Tables, by numbered files that are applied once.

use sqlx::{migrate::Migrator, postgres::PgPoolOptions};

use crate::{Database, DatabaseError, database::PATIENCE};

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
    /// ```text
    /// Migrations::new("journal", sqlx::migrate!("migrations/sqlite"), sqlx::migrate!("migrations/postgres"))
    /// ```
    #[must_use]
    pub fn new(group: &str, sqlite: Migrator, postgres: Migrator) -> Self {
        let table = format!("migrations_{group}");
        let named = |mut migrator: Migrator| {
            // Dangerous is to change the name later. It never changes.
            migrator.dangerous_set_table_name(table.clone());
            migrator
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
            Database::Postgres(pool) => {
                // The lock lives as long as its connection, and the library gives it back only after
                // success: on a shared connection, the next node would wait for ever.
                let alone = PgPoolOptions::new()
                    .max_connections(1)
                    .acquire_timeout(PATIENCE)
                    .connect_with(pool.connect_options().as_ref().clone())
                    .await?;
                let result = self.postgres.run(&alone).await;
                alone.close().await;
                result?;
            }
        }
        Ok(())
    }
}
