//! Setting aside the second factors of somebody who lost all of them: two people of the organisation approve it
//! ([`crate::ProposedAct::ResetFactors`]), its person is warned, and it is done when its time has come.
//!
//! What is due is done by [`Factors::settle_resets`] on whichever node looks first. From then on a login of the person must
//! add a factor before it may do anything else, see [`Factors::must_enrol`].

use softcap_database::{on_reader, on_writer, row};

use super::{FactorError, Factors, Notice, guessing::HOLD};
use crate::{
    Act, PersonId, ProposalId, Session, UnixMillis,
    alerts::{REVOKE_KEYS, tell},
    audit::note,
    oauth::END_GRANTS,
    people::{END_ADDRESS_CHANGE, END_SESSIONS, actor},
    records::NEXT_CHANGE,
};

/// Persons whose factors are set aside in one round.
const ROUND: i64 = 100;

/// A reset that waits for its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactorReset {
    /// Whose factors.
    pub person: PersonId,
    /// What was approved.
    pub proposal: ProposalId,
    /// When it was approved.
    pub begun_at: UnixMillis,
    /// When it is done.
    pub due_at: UnixMillis,
}

row! {
    struct ResetRow {
        person: String,
        proposal: String,
        begun_at: i64,
        due_at: i64,
    }
}

impl ResetRow {
    fn read(self) -> Result<FactorReset, FactorError> {
        let damaged = |_| FactorError::Row("a reset of factors");
        Ok(FactorReset {
            person: self.person.parse()?,
            proposal: self.proposal.parse().map_err(damaged)?,
            begun_at: UnixMillis::new(self.begun_at),
            due_at: UnixMillis::new(self.due_at),
        })
    }
}

/// Begins one for who has a factor and no reset yet: person, proposal, now, when it is due.
pub(crate) const BEGIN_RESET: &str = "INSERT INTO factor_reset (person, proposal, begun_at, due_at) \
     SELECT id, $2, $3, $4 FROM person WHERE id = $1 \
     AND (EXISTS (SELECT 1 FROM passkey WHERE passkey.person = $1) \
     OR EXISTS (SELECT 1 FROM totp WHERE totp.person = $1 AND confirmed_at IS NOT NULL)) \
     ON CONFLICT (person) DO NOTHING";
/// Ends one whatever its person says: a freeze.
pub(crate) const END_RESET: &str = "DELETE FROM factor_reset WHERE person = $1";
const STOP: &str = "DELETE FROM factor_reset WHERE person = $1 AND due_at > $2";
const ALL: &str =
    "SELECT person, proposal, begun_at, due_at FROM factor_reset ORDER BY due_at, person";
const OF_PERSON: &str =
    "SELECT person, proposal, begun_at, due_at FROM factor_reset WHERE person = $1";
const DUE: &str = "SELECT person, proposal, begun_at, due_at FROM factor_reset \
     WHERE due_at <= $1 ORDER BY due_at LIMIT $2";
/// Of nodes at the same time one gets the row.
const TAKE: &str = "DELETE FROM factor_reset WHERE person = $1 AND due_at <= $2";
/// Everything that could be shown as a second factor, and every session, which may have been begun with it.
const SET_ASIDE: [&str; 8] = [
    "DELETE FROM totp WHERE person = $1",
    "DELETE FROM passkey WHERE person = $1",
    "DELETE FROM recovery_code WHERE person = $1",
    "DELETE FROM factor_removal WHERE person = $1",
    "DELETE FROM ceremony WHERE person = $1",
    "UPDATE person SET needs_level = 'two' WHERE id = $1",
    END_SESSIONS,
    END_ADDRESS_CHANGE,
];

impl Factors {
    /// All resets that wait for their time.
    ///
    /// # Errors
    /// What the database says.
    pub async fn resets(&self) -> Result<Vec<FactorReset>, FactorError> {
        let rows: Vec<ResetRow> = on_reader!(self.people.database(), |pool| sqlx::query_as(ALL)
            .fetch_all(pool)
            .await)?;
        rows.into_iter().map(ResetRow::read).collect()
    }

    /// The reset that waits for a person.
    ///
    /// # Errors
    /// What the database says.
    pub async fn reset_of(&self, person: PersonId) -> Result<Option<FactorReset>, FactorError> {
        let row: Option<ResetRow> =
            on_reader!(self.people.database(), |pool| sqlx::query_as(OF_PERSON)
                .bind(person.to_string())
                .fetch_optional(pool)
                .await)?;
        row.map(ResetRow::read).transpose()
    }

    /// The person has their factors after all: nothing is set aside.
    ///
    /// # Errors
    /// [`FactorError::NoReset`], and what the database says.
    pub async fn stop_reset(&self, session: &Session, now: UnixMillis) -> Result<(), FactorError> {
        session.require_complete()?;
        let by = actor(&session.person.to_string());
        self.stop(&by, session.person, now).await
    }

    /// Somebody of the organisation ends what was approved.
    ///
    /// # Errors
    /// [`FactorError::NoReset`], and what the database says.
    pub async fn stop_reset_by(
        &self,
        by: PersonId,
        person: PersonId,
        now: UnixMillis,
    ) -> Result<(), FactorError> {
        self.stop(&actor(&by.to_string()), person, now).await
    }

    async fn stop(&self, by: &str, person: PersonId, now: UnixMillis) -> Result<(), FactorError> {
        if self.reset_of(person).await?.is_none() {
            return Err(FactorError::NoReset);
        }
        let mail = self.notice(person, Notice::ResetStopped).await?;
        let person = person.to_string();
        let is_stopped = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            let stop = sqlx::query(STOP).bind(&person).bind(now.get());
            if stop.execute(&mut *work).await?.rows_affected() == 0 {
                return Ok(false);
            }
            note!(work, now, by, Act::StopFactorReset, &person, "");
            tell!(work, mail, now);
            work.commit().await?;
            Ok::<_, sqlx::Error>(true)
        }
        .await)?;
        self.people.mail_was_added();
        is_stopped.then_some(()).ok_or(FactorError::NoReset)
    }

    /// Does what is due of anybody. Whose factors were set aside: their keys end on other nodes when those next ask for
    /// changes, for which [`crate::Keys::refresh`] is there.
    ///
    /// # Errors
    /// What the database says; what was not done is done in the next round.
    pub async fn settle_resets(&self, now: UnixMillis) -> Result<Vec<PersonId>, FactorError> {
        let due: Vec<ResetRow> = on_reader!(self.people.database(), |pool| sqlx::query_as(DUE)
            .bind(now.get())
            .bind(ROUND)
            .fetch_all(pool)
            .await)?;
        let mut done = Vec::new();
        for row in due {
            let reset = row.read()?;
            if self.set_aside(&reset, now).await? {
                done.push(reset.person);
            }
        }
        Ok(done)
    }

    /// Whether this node was the one that did it.
    async fn set_aside(&self, reset: &FactorReset, now: UnixMillis) -> Result<bool, FactorError> {
        let mail = self.notice(reset.person, Notice::ResetDone).await?;
        let (person, proposal) = (reset.person.to_string(), reset.proposal.to_string());
        let maker = actor(&person);
        let is_done = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            let take = sqlx::query(TAKE).bind(&person).bind(now.get());
            if take.execute(&mut *work).await?.rows_affected() == 0 {
                return Ok(false);
            }
            sqlx::query(HOLD).bind(&person).execute(&mut *work).await?;
            for text in SET_ASIDE {
                sqlx::query(text).bind(&person).execute(&mut *work).await?;
            }
            let end = sqlx::query(END_GRANTS).bind(&person).bind(now.get());
            end.execute(&mut *work).await?;
            let change: i64 = sqlx::query_scalar(NEXT_CHANGE)
                .fetch_one(&mut *work)
                .await?;
            let revoke = sqlx::query_scalar(REVOKE_KEYS).bind(&maker).bind(now.get());
            let keys: Vec<String> = revoke.bind(change).fetch_all(&mut *work).await?;
            note!(work, now, SERVER, Act::ResetFactors, &person, &proposal);
            for key in &keys {
                note!(work, now, SERVER, Act::Revoke, key, "factor_reset");
            }
            tell!(work, mail, now);
            work.commit().await?;
            Ok::<_, sqlx::Error>(true)
        }
        .await)?;
        self.people.mail_was_added();
        Ok(is_done)
    }
}

/// As the audit names what nobody did at this moment.
const SERVER: &str = "server";
