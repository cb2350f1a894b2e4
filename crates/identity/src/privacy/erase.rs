//! Erasing a person: what names them, what lets them in, and what they said, as soon as the law allows.

use softcap_database::{Database, on_reader, on_writer, row};

use super::{PrivacyError, RetentionPolicy};
use crate::{
    Act, People, PersonId, PersonKeys, Roles, StateKind, UnixMillis, VerificationError,
    Verifications, alerts::REVOKE_KEYS, audit::note, people::actor, records::NEXT_CHANGE,
};

/// Erases people, and destroys what is kept no more. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Privacy {
    pub(super) people: People,
    pub(super) roles: Roles,
    pub(super) keys: PersonKeys,
    pub(super) cases: Verifications,
    pub(super) policy: RetentionPolicy,
}

/// What became of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Who was.
    pub person: PersonId,
    /// When it was asked for.
    pub asked_at: UnixMillis,
    /// Until when what they said and showed to be verified is kept, because somebody decided by it; in the past: it is
    /// destroyed.
    pub keep_until: UnixMillis,
    /// When everything was destroyed.
    pub done_at: Option<UnixMillis>,
}

row! {
    struct ErasureRow {
        person: String,
        asked_at: i64,
        keep_until: i64,
        done_at: Option<i64>,
    }
}

impl ErasureRow {
    fn read(self) -> Result<Erasure, PrivacyError> {
        Ok(Erasure {
            person: self.person.parse()?,
            asked_at: UnixMillis::new(self.asked_at),
            keep_until: UnixMillis::new(self.keep_until),
            done_at: self.done_at.map(UnixMillis::new),
        })
    }
}

const FIND: &str = "SELECT person, asked_at, keep_until, done_at FROM erasure WHERE person = $1";
const ADD: &str = "INSERT INTO erasure (person, asked_at, keep_until) VALUES ($1, $2, $3) \
     ON CONFLICT (person) DO NOTHING";
/// Everything else that names the person, or lets them in, goes with the row.
const END_PERSON: &str = "DELETE FROM person WHERE id = $1";
/// Codes that were sent to the address.
const END_CODES: &str =
    "DELETE FROM mail_token WHERE email_tag = (SELECT email_tag FROM person WHERE id = $1)";
/// What was usual for the person.
const END_HABITS: &str = "DELETE FROM habits WHERE subject = $1";
/// Nothing is entered any more for who is not there.
const END_ADMISSIONS: &str = "UPDATE verification_admission SET state = 'cancelled' \
     WHERE person = $1 AND state IN ('proposed', 'due')";

impl Privacy {
    /// Of these people, by this clock.
    #[must_use]
    pub const fn new(
        people: People,
        roles: Roles,
        keys: PersonKeys,
        cases: Verifications,
        policy: RetentionPolicy,
    ) -> Self {
        Self {
            people,
            roles,
            keys,
            cases,
            policy,
        }
    }

    /// Erases a person: they are let in nowhere from this moment on, what names them is gone, and what they said is destroyed
    /// now or, where somebody decided by it, when its time is over. Asked again it says the same. Whether money of theirs is
    /// anywhere is for the caller to know.
    ///
    /// # Errors
    /// [`PrivacyError::NoPerson`], [`PrivacyError::HasRole`], and what the database says.
    pub async fn erase(
        &self,
        (actor, person): (&str, PersonId),
        now: UnixMillis,
    ) -> Result<Erasure, PrivacyError> {
        if let Some(erased) = self.find(person).await?
            && self.people.find(person).await?.is_none()
        {
            self.keep_clock(now).await?;
            return Ok(self.find(person).await?.unwrap_or(erased));
        }
        if self.people.find(person).await?.is_none() {
            return Err(PrivacyError::NoPerson);
        }
        if !self.roles.standing(person).await?.grants().is_empty() {
            return Err(PrivacyError::HasRole);
        }
        self.keys.note_erased(person, now).await?;
        self.end_person((actor, person), now).await?;
        self.keep_clock(now).await?;
        let erased = self.find(person).await?;
        erased.ok_or(PrivacyError::NoPerson)
    }

    /// What became of a person who was erased.
    ///
    /// # Errors
    /// What the database says.
    pub async fn find(&self, person: PersonId) -> Result<Option<Erasure>, PrivacyError> {
        let row: Option<ErasureRow> = on_reader!(self.database(), |pool| sqlx::query_as(FIND)
            .bind(person.to_string())
            .fetch_optional(pool)
            .await)?;
        row.map(ErasureRow::read).transpose()
    }

    /// Ends everything of a person but what is kept for its time.
    pub(super) async fn end_person(
        &self,
        (by, person): (&str, PersonId),
        now: UnixMillis,
    ) -> Result<(), PrivacyError> {
        let keep_until = if self.was_decided(person).await? {
            now.plus(self.policy.verification)
        } else {
            now
        };
        let who = person.to_string();
        let own = actor(&who);
        on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            for text in [END_CODES, END_HABITS, END_ADMISSIONS, END_PERSON] {
                sqlx::query(text).bind(&who).execute(&mut *work).await?;
            }
            let change: i64 = sqlx::query_scalar(NEXT_CHANGE)
                .fetch_one(&mut *work)
                .await?;
            let revoke = sqlx::query_scalar(REVOKE_KEYS).bind(&own).bind(now.get());
            let keys: Vec<String> = revoke.bind(change).fetch_all(&mut *work).await?;
            let add = sqlx::query(ADD).bind(&who).bind(now.get());
            add.bind(keep_until.get()).execute(&mut *work).await?;
            note!(work, now, by, Act::ErasePerson, &who, "");
            for key in &keys {
                note!(work, now, by, Act::Revoke, key, "erased");
            }
            work.commit().await
        }
        .await)?;
        Ok(())
    }

    /// Whether somebody decided by what the person said: then the law may ask how.
    async fn was_decided(&self, person: PersonId) -> Result<bool, PrivacyError> {
        match self.cases.overview(person).await {
            Err(VerificationError::NoCase) => Ok(false),
            Err(error) => Err(error.into()),
            Ok(overview) => Ok(match overview.case.state.kind() {
                StateKind::Approved
                | StateKind::RecheckDue
                | StateKind::Refused
                | StateKind::Expired => true,
                // Begun anew after a decision.
                StateKind::Open
                | StateKind::Submitted
                | StateKind::InReview
                | StateKind::NeedsMore => !overview.admissions.is_empty(),
            }),
        }
    }

    pub(super) fn database(&self) -> &Database {
        self.people.database()
    }
}
