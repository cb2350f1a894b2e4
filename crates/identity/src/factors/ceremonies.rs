//! Challenges that were given out. What is needed to judge an answer lies in a sealed row, which goes with the first
//! answer, right or wrong: an answer that was listened to is worth nothing afterwards.

use softcap_database::{on_writer, row};
use zeroize::Zeroizing;

use super::{CEREMONY, FactorError, Factors, relying_party::Asked};
use crate::{
    Column, PersonId, Sealed, UnixMillis,
    people::{hex, random_bytes},
};

/// A challenge for the browser.
#[derive(Debug)]
pub struct Ceremony {
    /// Comes back with the answer.
    pub id: String,
    /// The `publicKey` options, as JSON.
    pub options: serde_json::Value,
    /// Until when an answer counts.
    pub ends_at: UnixMillis,
}

/// What an answer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CeremonyKind {
    /// A new passkey of this person.
    Register(PersonId),
    /// A login, or a factor shown again.
    Authenticate,
}

impl CeremonyKind {
    const fn as_code(self) -> &'static str {
        match self {
            Self::Register(_) => "register",
            Self::Authenticate => "authenticate",
        }
    }

    fn person(self) -> Option<String> {
        match self {
            Self::Register(person) => Some(person.to_string()),
            Self::Authenticate => None,
        }
    }
}

row! {
    struct CeremonyRow {
        person: Option<String>,
        state: Vec<u8>,
    }
}

fn state_of(id: &str) -> Column<'_> {
    Column {
        table: "ceremony",
        column: "state",
        row: id,
    }
}

impl Factors {
    /// Keeps what is needed to judge the answer, and forgets what was never answered.
    pub(super) async fn keep(
        &self,
        kind: CeremonyKind,
        asked: Asked,
        now: UnixMillis,
    ) -> Result<Ceremony, FactorError> {
        const FORGET: &str = "DELETE FROM ceremony WHERE ends_at <= $1";
        const INSERT: &str = "INSERT INTO ceremony (id, kind, person, state, ends_at) \
             VALUES ($1, $2, $3, $4, $5)";
        let id = hex(&random_bytes::<32>()?);
        let state = self.people.key().seal(&state_of(&id), &asked.state)?;
        let ends_at = now.plus(CEREMONY);
        on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            sqlx::query(FORGET)
                .bind(now.get())
                .execute(&mut *work)
                .await?;
            let insert = sqlx::query(INSERT)
                .bind(&id)
                .bind(kind.as_code())
                .bind(kind.person());
            let insert = insert.bind(state.as_bytes()).bind(ends_at.get());
            insert.execute(&mut *work).await?;
            work.commit().await
        }
        .await)?;
        Ok(Ceremony {
            id,
            options: asked.options,
            ends_at,
        })
    }

    /// The state of a ceremony, once.
    pub(super) async fn take(
        &self,
        kind: CeremonyKind,
        id: &str,
        now: UnixMillis,
    ) -> Result<Zeroizing<Vec<u8>>, FactorError> {
        const TAKE: &str = "DELETE FROM ceremony WHERE id = $1 AND kind = $2 AND ends_at > $3 \
             RETURNING person, state";
        let row: Option<CeremonyRow> =
            on_writer!(self.people.database(), |pool| sqlx::query_as(TAKE)
                .bind(id)
                .bind(kind.as_code())
                .bind(now.get())
                .fetch_optional(pool)
                .await)?;
        let row = row.filter(|row| row.person == kind.person());
        let row = row.ok_or(FactorError::CeremonyOver)?;
        let state = Sealed::from_column(row.state);
        Ok(self.people.key().open(&state_of(id), &state)?)
    }
}
