//! Sealing again with the newest key what an older one sealed. A stop in the middle loses nothing: what is sealed with which
//! key says each row itself, and the next round goes on.

use softcap_database::{Database, on_reader, on_writer, row};

use super::{Column, People, PersonError, Sealed};
use crate::{Act, UnixMillis, audit::note};

/// Rows that are looked at in one round.
const ROUND: i64 = 200;

/// One column that is sealed anew.
pub(crate) struct Place {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    /// Rows after a name, in order: name and sealed bytes.
    pub(crate) read: &'static str,
    /// Name, what was read, what is written.
    pub(crate) write: &'static str,
}

macro_rules! place {
    ($table:literal, $column:literal) => {
        Place {
            table: $table,
            column: $column,
            read: concat!(
                "SELECT id AS name, ",
                $column,
                " AS sealed FROM ",
                $table,
                " WHERE id > $1 AND ",
                $column,
                " IS NOT NULL ORDER BY id LIMIT $2"
            ),
            write: concat!(
                "UPDATE ",
                $table,
                " SET ",
                $column,
                " = $3 WHERE id = $1 AND ",
                $column,
                " = $2"
            ),
        }
    };
}

/// What stays. Sessions, codes and mails are gone within two days by themselves.
const PLACES: [Place; 9] = [
    place!("person", "email"),
    place!("person", "password"),
    place!("totp", "secret"),
    place!("passkey", "credential"),
    place!("passkey", "label"),
    place!("wallet", "address"),
    place!("sign_in_link", "identity"),
    Place {
        table: "email_change",
        column: "email",
        read: "SELECT person AS name, email AS sealed FROM email_change \
             WHERE person > $1 ORDER BY person LIMIT $2",
        write: "UPDATE email_change SET email = $3 WHERE person = $1 AND email = $2",
    },
    // What is usual for a key is not sealed.
    Place {
        table: "habits",
        column: "state",
        read: "SELECT subject AS name, state AS sealed FROM habits \
             WHERE subject > $1 AND subject IN (SELECT id FROM person) ORDER BY subject LIMIT $2",
        write: "UPDATE habits SET state = $3 WHERE subject = $1 AND state = $2",
    },
];

/// Every sealed column, to count what an older key sealed.
const COUNTS: [&str; 17] = [
    "SELECT COUNT(*) FROM person WHERE substr(email, 1, 4) <> $1",
    "SELECT COUNT(*) FROM person WHERE password IS NOT NULL AND substr(password, 1, 4) <> $1",
    "SELECT COUNT(*) FROM totp WHERE substr(secret, 1, 4) <> $1",
    "SELECT COUNT(*) FROM passkey WHERE substr(credential, 1, 4) <> $1",
    "SELECT COUNT(*) FROM passkey WHERE substr(label, 1, 4) <> $1",
    "SELECT COUNT(*) FROM wallet WHERE substr(address, 1, 4) <> $1",
    "SELECT COUNT(*) FROM sign_in_link WHERE substr(identity, 1, 4) <> $1",
    "SELECT COUNT(*) FROM sign_in_attempt WHERE substr(kept, 1, 4) <> $1",
    "SELECT COUNT(*) FROM sign_in_newcomer WHERE substr(kept, 1, 4) <> $1",
    "SELECT COUNT(*) FROM habits WHERE subject IN (SELECT id FROM person) AND substr(state, 1, 4) <> $1",
    "SELECT COUNT(*) FROM email_change WHERE substr(email, 1, 4) <> $1",
    "SELECT COUNT(*) FROM mail_token WHERE substr(email, 1, 4) <> $1",
    "SELECT COUNT(*) FROM session WHERE substr(device, 1, 4) <> $1",
    "SELECT COUNT(*) FROM session WHERE substr(address, 1, 4) <> $1",
    "SELECT COUNT(*) FROM outbox WHERE substr(recipient, 1, 4) <> $1",
    "SELECT COUNT(*) FROM outbox WHERE substr(message, 1, 4) <> $1",
    "SELECT COUNT(*) FROM ceremony WHERE substr(state, 1, 4) <> $1",
];

row! {
    struct SealedRow {
        name: String,
        sealed: Vec<u8>,
    }
}

/// What became of what an older key sealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Values that were sealed anew.
    pub changed: u64,
    /// Values that an older key sealed, of sessions, codes and mails: they are gone within two days.
    pub left: u64,
}

impl People {
    /// Seals again with the newest key what an older one sealed. The server may run, if it was started with both keys.
    ///
    /// # Errors
    /// [`PersonError::Sealed`] for what neither key opens, and what the database says.
    pub async fn reseal(&self) -> Result<Resealed, PersonError> {
        let mut done = Resealed::default();
        for place in &PLACES {
            done.changed += self.reseal_place(self.database(), place).await?;
        }
        done.left = self.sealed_before().await?;
        Ok(done)
    }

    /// Writes down that the key took a step towards another one: `begin` or `end`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn note_key_step(
        &self,
        operator: &str,
        step: &str,
        now: UnixMillis,
    ) -> Result<(), PersonError> {
        let actor = format!("operator:{operator}");
        on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            note!(work, now, &actor, Act::ChangePersonalKey, "-", step);
            work.commit().await
        }
        .await)?;
        Ok(())
    }

    /// Values that an older key sealed.
    async fn sealed_before(&self) -> Result<u64, PersonError> {
        let id = self.key().id().to_vec();
        let mut left = 0;
        for text in COUNTS {
            let rows: i64 = on_reader!(self.database(), |pool| sqlx::query_scalar(text)
                .bind(&id)
                .fetch_one(pool)
                .await)?;
            left += u64::try_from(rows).unwrap_or(0);
        }
        Ok(left)
    }

    /// Seals a column of a database anew. How many values changed.
    pub(crate) async fn reseal_place(
        &self,
        database: &Database,
        place: &Place,
    ) -> Result<u64, PersonError> {
        let (mut after, mut changed) = (String::new(), 0);
        loop {
            let rows: Vec<SealedRow> = on_reader!(database, |pool| sqlx::query_as(place.read)
                .bind(&after)
                .bind(ROUND)
                .fetch_all(pool)
                .await)?;
            let Some(last) = rows.last() else {
                return Ok(changed);
            };
            after.clone_from(&last.name);
            for row in rows {
                if self.key().is_newest(&row.sealed) {
                    continue;
                }
                let column = Column {
                    table: place.table,
                    column: place.column,
                    row: &row.name,
                };
                let plain = self
                    .key()
                    .open(&column, &Sealed::from_column(row.sealed.clone()))?;
                let anew = self.key().seal(&column, &plain)?;
                // A row that changed meanwhile was sealed anew by that.
                changed += on_writer!(database, |pool| sqlx::query(place.write)
                    .bind(&row.name)
                    .bind(&row.sealed)
                    .bind(anew.as_bytes())
                    .execute(pool)
                    .await
                    .map(|done| done.rows_affected()))?;
            }
        }
    }
}
