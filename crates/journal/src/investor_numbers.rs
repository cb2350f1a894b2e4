//! Which number is whose in an offering: private, and erasable.

use softcap_database::{Database, DatabaseError, DatabaseUrl, migrations, on_reader, on_writer};
use softcap_rails::balance::PersonId;
use sqlx::{Postgres, Transaction};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::{JournalError, LogName};

const FIND: &str = "SELECT number FROM investor_number WHERE person = $1 AND offering = $2";
/// As [`FIND`]; waits while another node decides whether the number is forgotten.
const FIND_SETTLED: &str = "SELECT number FROM investor_number WHERE person = $1 AND offering = $2 \
    FOR KEY SHARE";

/// The table of numbers. Inside an offering an investor of the balance rail is a number that is drawn
/// at random for each person and offering, so that nobody can tell from two offerings that somebody is
/// in both.
#[derive(Debug)]
pub struct InvestorNumbers {
    database: Database,
    /// Transfers read numbers; forgetting waits until none of this process is under way.
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
        loop {
            if let Some(number) = self.find(person, offering).await? {
                return Ok(number);
            }
            self.draw(person, offering).await?;
        }
    }

    /// As [`Self::find_or_draw`], and no node forgets the number between this call and the end of a
    /// transfer that was open before it: who wants to forget it sees the transfer or its money.
    pub(crate) async fn find_or_draw_settled(
        &self,
        person: PersonId,
        offering: &LogName,
    ) -> Result<String, JournalError> {
        loop {
            let found = match &self.database {
                // The one process waits by its own lock, which who moves money holds.
                Database::Sqlite(_) => self.find(person, offering).await?,
                Database::Postgres(pool) => {
                    let row = sqlx::query_as::<_, (String,)>(FIND_SETTLED)
                        .bind(person.0.as_slice())
                        .bind(offering.as_str())
                        .fetch_optional(pool);
                    let row = row.await.map_err(DatabaseError::from)?;
                    row.map(|(number,)| number)
                }
            };
            if let Some(number) = found {
                return Ok(number);
            }
            self.draw(person, offering).await?;
        }
    }

    /// Draws a number for a person, unless there is one.
    async fn draw(&self, person: PersonId, offering: &LogName) -> Result<(), JournalError> {
        // Of 2^64 numbers one that is taken already is drawn next to never, so that a row that was
        // not written means that the person has one.
        const TEXT: &str = "INSERT INTO investor_number (person, offering, number) \
            VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
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
        Ok(())
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
        let row = on_reader!(&self.database, |pool| sqlx::query_as::<_, (String,)>(FIND)
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
        named(rows)
    }

    pub(crate) async fn in_use(&self) -> RwLockReadGuard<'_, ()> {
        self.use_or_erase.read().await
    }

    /// Begins to forget a person: until the answer ends, no money of theirs starts to move on any node,
    /// because who asks for a number of theirs waits.
    pub(crate) async fn leave(&self, person: PersonId) -> Result<Leaving<'_>, JournalError> {
        const TEXT: &str = "SELECT offering, number FROM investor_number WHERE person = $1 \
            ORDER BY offering FOR UPDATE";
        let unused = self.use_or_erase.write().await;
        let (rows, held) = match &self.database {
            Database::Sqlite(_) => (self.of_person(person).await?, Held::ByThisProcess),
            Database::Postgres(pool) => {
                let failed = |error: sqlx::Error| JournalError::from(DatabaseError::from(error));
                let mut work = pool.begin().await.map_err(failed)?;
                let rows = sqlx::query_as::<_, (String, String)>(TEXT)
                    .bind(person.0.as_slice())
                    .fetch_all(&mut *work);
                let rows = named(rows.await.map_err(failed)?)?;
                (rows, Held::InDatabase(work))
            }
        };
        Ok(Leaving {
            numbers: self,
            person,
            rows,
            held,
            _unused: unused,
        })
    }
}

fn named(rows: Vec<(String, String)>) -> Result<Vec<(LogName, String)>, JournalError> {
    let rows = rows.into_iter();
    rows.map(|(offering, number)| Ok((offering.parse()?, number)))
        .collect()
}

/// The numbers of a person while it is decided whether they are forgotten. Dropped, nothing changed.
pub(crate) struct Leaving<'a> {
    numbers: &'a InvestorNumbers,
    person: PersonId,
    rows: Vec<(LogName, String)>,
    held: Held,
    _unused: RwLockWriteGuard<'a, ()>,
}

/// What keeps others from the numbers.
enum Held {
    /// SQLite: no other process has the database.
    ByThisProcess,
    /// PostgreSQL: the rows are locked, and free again when the connection ends, however it ends.
    InDatabase(Transaction<'static, Postgres>),
}

impl Leaving<'_> {
    /// The offerings in which the person has a number, and the numbers.
    pub(crate) fn rows(&self) -> &[(LogName, String)] {
        &self.rows
    }

    /// Forgets them. A number that another node drew meanwhile is none of them.
    pub(crate) async fn erase(self) -> Result<(), JournalError> {
        const TEXT: &str = "DELETE FROM investor_number WHERE person = $1 AND offering = $2";
        let failed = |error: sqlx::Error| JournalError::from(DatabaseError::from(error));
        match self.held {
            Held::ByThisProcess => {
                for (offering, _) in &self.rows {
                    on_writer!(&self.numbers.database, |pool| sqlx::query(TEXT)
                        .bind(self.person.0.as_slice())
                        .bind(offering.as_str())
                        .execute(pool)
                        .await
                        .map(drop))?;
                }
                Ok(())
            }
            Held::InDatabase(mut work) => {
                for (offering, _) in &self.rows {
                    sqlx::query(TEXT)
                        .bind(self.person.0.as_slice())
                        .bind(offering.as_str())
                        .execute(&mut *work)
                        .await
                        .map_err(failed)?;
                }
                work.commit().await.map_err(failed)
            }
        }
    }
}
