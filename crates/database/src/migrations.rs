//! Tables, by numbered files that are applied once.

use std::borrow::Cow;

use sqlx::{
    SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
    postgres::PgPoolOptions,
};

use crate::{Database, DatabaseError, database::PATIENCE};

/// One file, in the words of both databases.
#[derive(Debug, Clone, Copy)]
pub struct MigrationFile {
    /// `0001_journal`; what follows the number is shown to who looks into the table of what was applied.
    pub name: &'static str,
    /// Its text for SQLite.
    pub sqlite: &'static str,
    /// Its text for PostgreSQL.
    pub postgres: &'static str,
}

/// The migrations of one group of tables: the same files for both databases, in the crate that owns
/// the tables. The library keeps a hash of each that was applied, so that a changed file is noticed.
#[derive(Debug)]
pub struct Migrations {
    sqlite: Migrator,
    postgres: Migrator,
}

/// A group from `FOLDER/sqlite/FILE.sql` and `FOLDER/postgres/FILE.sql` of the calling crate, in the
/// order of their numbers. A macro of ours: the library's reads folders while it compiles, and for that
/// the whole library with both databases is built a second time, for the compiler.
///
/// ```text
/// migrations!("journal", "migrations", ["0001_journal", "0002_origin"])
/// ```
#[macro_export]
macro_rules! migrations {
    ($group:literal, $folder:literal, [$($file:literal),+ $(,)?]) => {
        $crate::Migrations::new($group, &[$($crate::MigrationFile {
            name: $file,
            sqlite: include_str!(
                concat!(env!("CARGO_MANIFEST_DIR"), "/", $folder, "/sqlite/", $file, ".sql")
            ),
            postgres: include_str!(
                concat!(env!("CARGO_MANIFEST_DIR"), "/", $folder, "/postgres/", $file, ".sql")
            ),
        }),+])
    };
}

impl Migrations {
    /// A group; its record of what was applied is the table `migrations_{group}`, because on
    /// PostgreSQL all groups share one database. The files are numbered from 1 in their order, which
    /// therefore never changes.
    #[must_use]
    pub fn new(group: &str, files: &[MigrationFile]) -> Self {
        let table = format!("migrations_{group}");
        let migrator = |text: fn(&MigrationFile) -> &'static str| {
            let numbered = (1..).zip(files);
            let applied = numbered.map(|(number, file)| migration(number, file.name, text(file)));
            let mut migrator = Migrator::with_migrations(applied.collect());
            // Dangerous is to change the name later. It never changes.
            migrator.dangerous_set_table_name(table.clone());
            migrator
        };
        Self {
            sqlite: migrator(|file| file.sqlite),
            postgres: migrator(|file| file.postgres),
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

fn migration(number: i64, name: &'static str, text: &'static str) -> Migration {
    let words = name.split_once('_').map_or(name, |(_, words)| words);
    Migration::new(
        number,
        Cow::Owned(words.replace('_', " ")),
        MigrationType::Simple,
        text.into_sql_str(),
        false,
    )
}
