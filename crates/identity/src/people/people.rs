//! The service: everything about people goes through it.

use std::{fmt, sync::Arc};

use softcap_database::{Database, on_reader, row};

use super::{Column, Level, Person, PersonError, PersonId, PersonalKey};
use crate::UnixMillis;

/// The people of an installation; its tables are those of [`crate::Keys::migrations`]. Cloning is cheap.
#[derive(Clone)]
pub struct People {
    inner: Arc<Inner>,
}

struct Inner {
    database: Database,
    key: PersonalKey,
}

row! {
    struct PersonRow {
        id: String,
        email: Vec<u8>,
        made_at: i64,
        password_at: Option<i64>,
        needs_level: String,
    }
}

impl People {
    /// Those of a database, whose personal columns are sealed with this key.
    #[must_use]
    pub fn new(database: Database, key: PersonalKey) -> Self {
        Self {
            inner: Arc::new(Inner { database, key }),
        }
    }

    /// The person of this id.
    ///
    /// # Errors
    /// [`PersonError::Sealed`], [`PersonError::Row`], and what the database says.
    pub async fn find(&self, id: PersonId) -> Result<Option<Person>, PersonError> {
        const TEXT: &str =
            "SELECT id, email, made_at, password_at, needs_level FROM person WHERE id = $1";
        let row: Option<PersonRow> = on_reader!(self.database(), |pool| sqlx::query_as(TEXT)
            .bind(id.to_string())
            .fetch_optional(pool)
            .await)?;
        row.map(|row| self.read(row)).transpose()
    }

    fn read(&self, row: PersonRow) -> Result<Person, PersonError> {
        let column = Column {
            table: "person",
            column: "email",
            row: &row.id,
        };
        let damaged = || PersonError::Row {
            table: "person",
            row: row.id.clone(),
        };
        let email = self.key().open_text(&column, row.email)?;
        Ok(Person {
            id: row.id.parse()?,
            email: email.parse()?,
            made_at: UnixMillis::new(row.made_at),
            password_at: row.password_at.map(UnixMillis::new),
            needs: Level::from_code(&row.needs_level).ok_or_else(damaged)?,
        })
    }

    pub(crate) fn database(&self) -> &Database {
        &self.inner.database
    }

    pub(crate) fn key(&self) -> &PersonalKey {
        &self.inner.key
    }
}

impl fmt::Debug for People {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("People")
    }
}
