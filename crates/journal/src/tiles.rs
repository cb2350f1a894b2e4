//! Full tiles in the database: derived from the record, written behind it.

use softcap_database::{Database, DatabaseError, migrations, on_reader};

use crate::{JournalError, LogName, tile_edge::FullTile};

/// The table of full tiles.
#[derive(Clone, Debug)]
pub struct Tiles {
    database: Database,
}

const INSERT: &str = "INSERT INTO tile (log, level, place, body) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (log, level, place) DO UPDATE SET body = excluded.body";

fn column(place: u64) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX)
}

impl Tiles {
    /// Opens the table and brings it up to date.
    ///
    /// # Errors
    /// What the database says.
    pub async fn open(database: Database) -> Result<Self, JournalError> {
        let migrations = migrations!("tiles", "derived", ["0001_tiles"]);
        migrations.run(&database).await?;
        Ok(Self { database })
    }

    /// Closes its connections.
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// Returns when what was put before is on disk: a commit alone does not say so.
    ///
    /// # Errors
    /// What the database says.
    pub async fn sync(&self) -> Result<(), JournalError> {
        match &self.database {
            Database::Sqlite(sqlite) => sqlite.checkpoint().await.map(drop)?,
            Database::Postgres(_) => {}
        }
        Ok(())
    }

    /// The bytes of a full tile; `None` when it is not there (yet).
    ///
    /// # Errors
    /// What the database says.
    pub async fn get(
        &self,
        log: &LogName,
        level: i64,
        place: u64,
    ) -> Result<Option<Vec<u8>>, JournalError> {
        const TEXT: &str = "SELECT body FROM tile WHERE log = $1 AND level = $2 AND place = $3";
        let row = on_reader!(&self.database, |pool| sqlx::query_as::<_, (Vec<u8>,)>(TEXT)
            .bind(log.as_str())
            .bind(level)
            .bind(column(place))
            .fetch_optional(pool)
            .await)?;
        Ok(row.map(|(body,)| body))
    }

    /// How many full bundles there are without a gap from the start, as far as this table knows: the
    /// number after the last one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn bundles(&self, log: &LogName) -> Result<u64, JournalError> {
        const TEXT: &str = "SELECT MAX(place) FROM tile WHERE log = $1 AND level = -1";
        let row = on_reader!(&self.database, |pool| sqlx::query_as::<_, (Option<i64>,)>(
            TEXT
        )
        .bind(log.as_str())
        .fetch_one(pool)
        .await)?;
        Ok(row
            .0
            .and_then(|place| u64::try_from(place).ok())
            .map_or(0, |place| place + 1))
    }

    /// Writes tiles, in one transaction.
    ///
    /// # Errors
    /// What the database says; then none is written.
    pub async fn put(&self, log: &LogName, tiles: &[FullTile]) -> Result<(), JournalError> {
        let failed = |error: sqlx::Error| JournalError::from(DatabaseError::from(error));
        match &self.database {
            Database::Sqlite(sqlite) => {
                let mut transaction = sqlite.writer().begin().await.map_err(failed)?;
                for tile in tiles {
                    sqlx::query(INSERT)
                        .bind(log.as_str())
                        .bind(tile.level)
                        .bind(column(tile.place))
                        .bind(tile.body.as_slice())
                        .execute(&mut *transaction)
                        .await
                        .map_err(failed)?;
                }
                transaction.commit().await.map_err(failed)
            }
            Database::Postgres(pool) => {
                let mut transaction = pool.begin().await.map_err(failed)?;
                for tile in tiles {
                    sqlx::query(INSERT)
                        .bind(log.as_str())
                        .bind(tile.level)
                        .bind(column(tile.place))
                        .bind(tile.body.as_slice())
                        .execute(&mut *transaction)
                        .await
                        .map_err(failed)?;
                }
                transaction.commit().await.map_err(failed)
            }
        }
    }

    /// Removes what is derived of a log.
    ///
    /// # Errors
    /// What the database says.
    pub async fn clear(&self, log: &LogName) -> Result<(), JournalError> {
        const TEXT: &str = "DELETE FROM tile WHERE log = $1";
        softcap_database::on_writer!(&self.database, |pool| sqlx::query(TEXT)
            .bind(log.as_str())
            .execute(pool)
            .await
            .map(|_| ()))?;
        Ok(())
    }
}
