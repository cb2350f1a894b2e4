//! The table of drafts, in the service's database.

use sha2::{Digest as _, Sha256};
use softcap_database::{Database, DatabaseError, Migrations, migrations, on_reader, on_writer};
use softcap_proof::hex;

/// Drafts of a service at most.
pub const MOST_DRAFTS: u32 = 1_000;

/// Drafts. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Drafts(Database);

/// A draft as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The name under which the offering would be announced.
    pub name: String,
    /// The content of `offering.toml`, right or wrong.
    pub terms: String,
    /// Names this text: SHA-256 in hexadecimal.
    pub version: String,
    /// When it was written, in unix milliseconds.
    pub changed_ms: i64,
}

/// A draft without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftName {
    /// The name under which the offering would be announced.
    pub name: String,
    /// Names the text.
    pub version: String,
    /// When it was written, in unix milliseconds.
    pub changed_ms: i64,
}

/// What became of a new draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is stored.
    Stored,
    /// There is one of this name.
    NameTaken,
    /// There are [`MOST_DRAFTS`].
    Full,
}

/// What became of a change to one version of a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// It is done.
    Done,
    /// The draft is no longer this version, or no longer there.
    OtherVersion,
}

type Row = (String, String, String, i64);

impl Draft {
    /// A draft that is not stored yet.
    #[must_use]
    pub fn new(name: &str, terms: String, changed_ms: i64) -> Self {
        Self {
            name: name.to_owned(),
            version: hex(&Sha256::digest(&terms)),
            terms,
            changed_ms,
        }
    }
}

impl Drafts {
    /// The steps of its tables, which are in the service's database.
    #[must_use]
    pub fn migrations() -> Migrations {
        migrations!(
            "drafts",
            "drafts",
            ["0001_drafts", "0002_rehearsals", "0003_rehearsal_runs"]
        )
    }

    /// Opens the tables of the service database, and makes them if they are not there.
    ///
    /// # Errors
    /// What the database says.
    pub async fn open(database: Database) -> Result<Self, DatabaseError> {
        Self::migrations().run(&database).await?;
        Ok(Self(database))
    }

    pub(super) fn database(&self) -> &Database {
        &self.0
    }

    /// Stores a new draft.
    ///
    /// # Errors
    /// What the database says.
    pub async fn add(&self, draft: &Draft) -> Result<Added, DatabaseError> {
        on_writer!(&self.0, |pool| async {
            let mut work = pool.begin().await?;
            sqlx::query("UPDATE draft_turn SET turn = turn + 1")
                .execute(&mut *work)
                .await?;
            let (count,): (i64,) = sqlx::query_as("SELECT count(*) FROM draft WHERE name <> $1")
                .bind(&draft.name)
                .fetch_one(&mut *work)
                .await?;
            if count >= i64::from(MOST_DRAFTS) {
                return Ok(Added::Full);
            }
            let added = sqlx::query(
                "INSERT INTO draft (name, terms, version, changed) VALUES ($1, $2, $3, $4)
                 ON CONFLICT DO NOTHING",
            )
            .bind(&draft.name)
            .bind(&draft.terms)
            .bind(&draft.version)
            .bind(draft.changed_ms)
            .execute(&mut *work)
            .await?
            .rows_affected();
            work.commit().await?;
            Ok::<_, sqlx::Error>(if added > 0 {
                Added::Stored
            } else {
                Added::NameTaken
            })
        }
        .await)
    }

    /// The draft of a name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn read(&self, name: &str) -> Result<Option<Draft>, DatabaseError> {
        let row: Option<Row> = on_reader!(&self.0, |pool| {
            sqlx::query_as("SELECT name, terms, version, changed FROM draft WHERE name = $1")
                .bind(name)
                .fetch_optional(pool)
                .await
        })?;
        Ok(row.map(|(name, terms, version, changed_ms)| Draft {
            name,
            terms,
            version,
            changed_ms,
        }))
    }

    /// All drafts by name, without their texts.
    ///
    /// # Errors
    /// What the database says.
    pub async fn names(&self) -> Result<Vec<DraftName>, DatabaseError> {
        let rows: Vec<(String, String, i64)> = on_reader!(&self.0, |pool| {
            sqlx::query_as("SELECT name, version, changed FROM draft")
                .fetch_all(pool)
                .await
        })?;
        let rows = rows.into_iter();
        let mut names: Vec<DraftName> = rows
            .map(|(name, version, changed_ms)| DraftName {
                name,
                version,
                changed_ms,
            })
            .collect();
        // Here, because the order of texts is a setting of the database.
        names.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(names)
    }

    /// Puts a draft in the place of a version of the same name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn replace(&self, draft: &Draft, version: &str) -> Result<Replaced, DatabaseError> {
        let changed = on_writer!(&self.0, |pool| sqlx::query(
            "UPDATE draft SET terms = $3, version = $4, changed = $5
             WHERE name = $1 AND version = $2"
        )
        .bind(&draft.name)
        .bind(version)
        .bind(&draft.terms)
        .bind(&draft.version)
        .bind(draft.changed_ms)
        .execute(pool)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(replaced(changed))
    }

    /// Deletes a version of a draft.
    ///
    /// # Errors
    /// What the database says.
    pub async fn remove(&self, name: &str, version: &str) -> Result<Replaced, DatabaseError> {
        let changed = on_writer!(&self.0, |pool| sqlx::query(
            "DELETE FROM draft WHERE name = $1 AND version = $2"
        )
        .bind(name)
        .bind(version)
        .execute(pool)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(replaced(changed))
    }
}

fn replaced(rows: u64) -> Replaced {
    if rows > 0 {
        Replaced::Done
    } else {
        Replaced::OtherVersion
    }
}
