//! Which number is whose in an offering: private, and erasable.

use softcap_database::{Database, DatabaseUrl, migrations, on_reader, on_writer};
use softcap_rails::balance::PersonId;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::{JournalError, LogName};

/// The table of numbers. Inside an offering an investor of the balance rail is a number that is drawn
/// at random for each person and offering, so that nobody can tell from two offerings that somebody is
/// in both.
#[derive(Debug)]
pub struct InvestorNumbers {
    database: Database,
    /// Transfers read numbers; erasing waits until none is under way.
    use_or_erase: RwLock<()>,
}

impl InvestorNumbers {
    /// Opens the private database and brings the table up to date.
    ///
    /// # Errors
    /// What the database says.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, JournalError> {
        let database = Database::open(url, "private").await?;
        let migrations = migrations!("private", "private", ["0001_investor_number"]);
        migrations.run(&database).await?;
        Ok(Self {
            database,
            use_or_erase: RwLock::new(()),
        })
    }

    /// Closes its connections.
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// The number of a person in an offering, drawn now if there is none.
    ///
    /// # Errors
    /// What the database or the random source says.
    pub async fn find_or_draw(
        &self,
        person: PersonId,
        offering: &LogName,
    ) -> Result<String, JournalError> {
        // Of 2^64 numbers one that is taken already is drawn next to never, so that a row that was
        // not written means that the person has one.
        const TEXT: &str = "INSERT INTO investor_number (person, offering, number) \
            VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        loop {
            if let Some(number) = self.find(person, offering).await? {
                return Ok(number);
            }
            let mut drawn = [0; 8];
            getrandom::fill(&mut drawn).map_err(|error| {
                JournalError::file("the random source")(std::io::Error::other(error))
            })?;
            let number = u64::from_be_bytes(drawn).to_string();
            on_writer!(&self.database, |pool| sqlx::query(TEXT)
                .bind(person.0.as_slice())
                .bind(offering.as_str())
                .bind(number.as_str())
                .execute(pool)
                .await
                .map(drop))?;
        }
    }

    /// The number of a person in an offering.
    ///
    /// # Errors
    /// What the database says.
    pub async fn find(
        &self,
        person: PersonId,
        offering: &LogName,
    ) -> Result<Option<String>, JournalError> {
        const TEXT: &str = "SELECT number FROM investor_number WHERE person = $1 AND offering = $2";
        let row = on_reader!(&self.database, |pool| sqlx::query_as::<_, (String,)>(TEXT)
            .bind(person.0.as_slice())
            .bind(offering.as_str())
            .fetch_optional(pool)
            .await)?;
        Ok(row.map(|(number,)| number))
    }

    /// Whose a number is.
    ///
    /// # Errors
    /// What the database says.
    pub async fn person(
        &self,
        offering: &LogName,
        number: &str,
    ) -> Result<Option<PersonId>, JournalError> {
        const TEXT: &str = "SELECT person FROM investor_number WHERE offering = $1 AND number = $2";
        let row = on_reader!(&self.database, |pool| sqlx::query_as::<_, (Vec<u8>,)>(TEXT)
            .bind(offering.as_str())
            .bind(number)
            .fetch_optional(pool)
            .await)?;
        let person = row.and_then(|(person,)| person.try_into().ok());
        Ok(person.map(PersonId))
    }

    /// The offerings in which a person has a number, and the numbers.
    ///
    /// # Errors
    /// What the database says.
    pub async fn of_person(
        &self,
        person: PersonId,
    ) -> Result<Vec<(LogName, String)>, JournalError> {
        const TEXT: &str =
            "SELECT offering, number FROM investor_number WHERE person = $1 ORDER BY offering";
        let rows = on_reader!(&self.database, |pool| {
            sqlx::query_as::<_, (String, String)>(TEXT)
                .bind(person.0.as_slice())
                .fetch_all(pool)
                .await
        })?;
        rows.into_iter()
            .map(|(offering, number)| Ok((offering.parse()?, number)))
            .collect()
    }

    pub(crate) async fn in_use(&self) -> RwLockReadGuard<'_, ()> {
        self.use_or_erase.read().await
    }

    pub(crate) async fn unused(&self) -> RwLockWriteGuard<'_, ()> {
        self.use_or_erase.write().await
    }

    /// Forgets all numbers of a person. Whoever calls this has made sure that none is needed.
    pub(crate) async fn erase(&self, person: PersonId) -> Result<(), JournalError> {
        const TEXT: &str = "DELETE FROM investor_number WHERE person = $1";
        on_writer!(&self.database, |pool| sqlx::query(TEXT)
            .bind(person.0.as_slice())
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }
}
