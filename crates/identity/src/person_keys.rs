//! A key for each person, of which nothing but the key of all people (`personal.key`) can make use.
//!
//! What is sealed with a person's key is destroyed by destroying the key: then no copy of the database leads to it. For that
//! the keys have a database of their own (a file of their own on SQLite, a table on PostgreSQL), which a backup of everything
//! else does not hold. An old backup brings sealed values back and not the key that opens them.

use std::{fmt, sync::Arc};

use softcap_database::{Database, DatabaseError, Migrations, migrations, on_reader, on_writer};
use zeroize::Zeroizing;

use crate::{
    Column, People, PersonError, PersonId, PersonalKey, Sealed, UnixMillis,
    people::{Place, random_bytes},
};

const TABLE: &str = "person_key";

/// What a key of a person is for. Each is destroyed at a time of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPurpose {
    /// What a person said and showed to be verified, which the law may ask to keep.
    Verification,
}

impl KeyPurpose {
    const fn as_code(self) -> &'static str {
        match self {
            Self::Verification => "verification",
        }
    }
}

/// The keys of people, wrapped. Cloning is cheap.
#[derive(Clone)]
pub struct PersonKeys {
    database: Database,
    people: People,
}

impl PersonKeys {
    /// The name of the database, and of its file.
    pub const DATABASE: &'static str = "person_keys";

    /// The tables, to be brought up to date before [`PersonKeys::new`].
    #[must_use]
    pub fn migrations() -> Migrations {
        migrations!(
            "person_keys",
            "person_keys",
            ["0001_person_key", "0002_erased_person"]
        )
    }

    /// Those in a database that was opened as erasable, wrapped with the key of these people.
    #[must_use]
    pub const fn new(database: Database, people: People) -> Self {
        Self { database, people }
    }

    /// The key of a person, if there is one.
    ///
    /// # Errors
    /// [`PersonError::Sealed`] when it was wrapped with another key, and what the database says.
    pub async fn find(
        &self,
        person: PersonId,
        purpose: KeyPurpose,
    ) -> Result<Option<Arc<PersonalKey>>, PersonError> {
        const TEXT: &str = "SELECT wrapped FROM person_key WHERE person = $1 AND purpose = $2";
        let row = person.to_string();
        let wrapped: Option<Vec<u8>> = on_reader!(&self.database, |pool| sqlx::query_scalar(TEXT)
            .bind(&row)
            .bind(purpose.as_code())
            .fetch_optional(pool)
            .await)?;
        let Some(wrapped) = wrapped else {
            return Ok(None);
        };
        let secret = self
            .people
            .key()
            .open(&column(purpose, &row), &Sealed::from_column(wrapped))?;
        let secret: [u8; 32] = secret.as_slice().try_into().map_err(|_| PersonError::Row {
            table: TABLE,
            row: row.clone(),
        })?;
        let secret = Zeroizing::new(secret);
        Ok(Some(Arc::new(PersonalKey::new(&secret))))
    }

    /// The key of a person, made now if there is none.
    ///
    /// # Errors
    /// Those of [`PersonKeys::find`], [`PersonError::Randomness`].
    pub async fn find_or_make(
        &self,
        person: PersonId,
        purpose: KeyPurpose,
        now: UnixMillis,
    ) -> Result<Arc<PersonalKey>, PersonError> {
        const TEXT: &str = "INSERT INTO person_key (person, purpose, wrapped, made_at) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (person, purpose) DO NOTHING";
        if let Some(key) = self.find(person, purpose).await? {
            return Ok(key);
        }
        let row = person.to_string();
        let secret = Zeroizing::new(random_bytes::<32>()?);
        let wrapped = self.people.key().seal(&column(purpose, &row), &*secret)?;
        on_writer!(&self.database, |pool| sqlx::query(TEXT)
            .bind(&row)
            .bind(purpose.as_code())
            .bind(wrapped.as_bytes())
            .bind(now.get())
            .execute(pool)
            .await
            .map(drop))?;
        // Of two that made one at the same time, one was first.
        let key = self.find(person, purpose).await?;
        key.ok_or(PersonError::Row { table: TABLE, row })
    }

    /// Destroys the key of a person: what was sealed with it opens never again. Whether there was one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn destroy(
        &self,
        person: PersonId,
        purpose: KeyPurpose,
    ) -> Result<bool, DatabaseError> {
        const TEXT: &str = "DELETE FROM person_key WHERE person = $1 AND purpose = $2";
        let done = on_writer!(&self.database, |pool| sqlx::query(TEXT)
            .bind(person.to_string())
            .bind(purpose.as_code())
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        if let Database::Sqlite(sqlite) = &self.database {
            sqlite.empty_log().await?;
        }
        Ok(done == 1)
    }

    /// Writes down that a person is erased, before anything of it is done.
    pub(crate) async fn note_erased(
        &self,
        person: PersonId,
        now: UnixMillis,
    ) -> Result<(), DatabaseError> {
        const TEXT: &str = "INSERT INTO erased_person (person, erased_at) VALUES ($1, $2) \
             ON CONFLICT (person) DO NOTHING";
        on_writer!(&self.database, |pool| sqlx::query(TEXT)
            .bind(person.to_string())
            .bind(now.get())
            .execute(pool)
            .await
            .map(drop))
    }

    /// Everybody who was ever erased.
    pub(crate) async fn erased(&self) -> Result<Vec<PersonId>, PersonError> {
        const TEXT: &str = "SELECT person FROM erased_person ORDER BY person";
        let rows: Vec<String> = on_reader!(&self.database, |pool| sqlx::query_scalar(TEXT)
            .fetch_all(pool)
            .await)?;
        rows.iter().map(|row| row.parse()).collect()
    }

    /// Wraps again with the newest personal key what an older one wrapped. How many keys changed.
    ///
    /// # Errors
    /// [`PersonError::Sealed`] for what neither key opens, and what the database says.
    pub async fn rewrap(&self) -> Result<u64, PersonError> {
        const PLACE: Place = Place {
            table: TABLE,
            column: KeyPurpose::Verification.as_code(),
            read: "SELECT person AS name, wrapped AS sealed FROM person_key \
                 WHERE person > $1 AND purpose = 'verification' ORDER BY person LIMIT $2",
            write: "UPDATE person_key SET wrapped = $3 \
                 WHERE person = $1 AND wrapped = $2 AND purpose = 'verification'",
        };
        self.people.reseal_place(&self.database, &PLACE).await
    }

    /// Closes the connections.
    pub async fn close(&self) {
        self.database.close().await;
    }
}

fn column(purpose: KeyPurpose, row: &str) -> Column<'_> {
    Column {
        table: TABLE,
        column: purpose.as_code(),
        row,
    }
}

impl fmt::Debug for PersonKeys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PersonKeys(..)")
    }
}
