//! How a factor goes. One of several goes at once. The last one, and one beside which there are only younger ones than
//! [`REMOVAL_DELAY`], goes after that time, and until then whoever owns it can take it back: they are told by mail.
//!
//! What is due is done by the next call that looks at the person's factors on any node, or by [`Factors::settle_due`].

use softcap_database::{on_reader, on_writer, row};

use super::{FactorError, FactorId, Factors, Notice, REMOVAL_DELAY, guessing::HOLD, may_change};
use crate::{
    Act, PersonId, Session, UnixMillis,
    alerts::{judge_act, tell},
    audit::note,
    people::actor,
    signals::Signal,
};

/// Which factor of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorName {
    /// The authenticator app.
    Totp,
    /// A passkey.
    Passkey(FactorId),
}

/// What became of a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// It is gone.
    Done,
    /// It goes at this time unless it is taken back.
    Due(UnixMillis),
}

/// Persons whose removals are done in one round.
const ROUND: i64 = 100;

row! {
    struct FactorRow {
        id: String,
        kind: String,
        since: i64,
        due_at: Option<i64>,
    }
}

const ALL: &str = "SELECT factor.id, factor.kind, factor.since, factor_removal.due_at FROM \
     (SELECT id, 'totp' AS kind, confirmed_at AS since FROM totp \
     WHERE person = $1 AND confirmed_at IS NOT NULL \
     UNION ALL SELECT id, 'passkey' AS kind, made_at AS since FROM passkey WHERE person = $1) \
     AS factor LEFT JOIN factor_removal ON factor_removal.factor = factor.id";
const REMOVE: [&str; 3] = [
    "DELETE FROM totp WHERE id = $1",
    "DELETE FROM passkey WHERE id = $1",
    "DELETE FROM factor_removal WHERE factor = $1",
];
/// What follows from the factors that are there: which level a session of the person needs, and whether recovery codes
/// have anything left that they stand in for.
pub(super) const FOLLOW: [&str; 2] = [
    "UPDATE person SET needs_level = CASE WHEN EXISTS (SELECT 1 FROM passkey WHERE person = $1) \
     OR EXISTS (SELECT 1 FROM totp WHERE person = $1 AND confirmed_at IS NOT NULL) \
     THEN 'two' ELSE 'one' END WHERE id = $1",
    "DELETE FROM recovery_code WHERE person = $1 \
     AND NOT EXISTS (SELECT 1 FROM passkey WHERE person = $1) \
     AND NOT EXISTS (SELECT 1 FROM totp WHERE person = $1 AND confirmed_at IS NOT NULL)",
];

impl FactorRow {
    fn name(&self) -> Result<FactorName, FactorError> {
        match self.kind.as_str() {
            "totp" => Ok(FactorName::Totp),
            _ => Ok(FactorName::Passkey(self.id.parse()?)),
        }
    }
}

impl FactorName {
    /// As the audit calls it.
    const fn as_code(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey(_) => "passkey",
        }
    }
}

impl Factors {
    /// Removes a factor, or begins with it.
    ///
    /// # Errors
    /// [`FactorError::Missing`], [`FactorError::RemovalPending`], and what the database says.
    pub async fn remove(
        &self,
        session: &Session,
        factor: FactorName,
        now: UnixMillis,
    ) -> Result<Removal, FactorError> {
        let person = may_change(session, now)?;
        const BEGIN: &str = "INSERT INTO factor_removal (factor, person, asked_at, due_at) \
             VALUES ($1, $2, $3, $4)";
        self.settle(person, now).await?;
        let done = self.notice(person, Notice::Removed(factor)).await?;
        let begun = self.notice(person, Notice::RemovalBegun(factor)).await?;
        let person = person.to_string();
        let judged = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            sqlx::query(HOLD).bind(&person).execute(&mut *work).await?;
            let all: Vec<FactorRow> = sqlx::query_as(ALL)
                .bind(&person)
                .fetch_all(&mut *work)
                .await?;
            let judged = judge(&all, factor, now);
            match &judged {
                Err(_) => return Ok(judged),
                Ok((id, Removal::Done)) => {
                    for text in REMOVE {
                        sqlx::query(text).bind(id).execute(&mut *work).await?;
                    }
                    note!(
                        work,
                        now,
                        &actor(&person),
                        Act::RemoveFactor,
                        &person,
                        factor.as_code()
                    );
                    tell!(work, done, now);
                    judge_act!(work, self.people, &person, Signal::SensitiveAct, now);
                }
                Ok((id, Removal::Due(due_at))) => {
                    let begin = sqlx::query(BEGIN).bind(id).bind(&person);
                    let begin = begin.bind(now.get()).bind(due_at.get());
                    begin.execute(&mut *work).await?;
                    note!(
                        work,
                        now,
                        &actor(&person),
                        Act::BeginFactorRemoval,
                        &person,
                        factor.as_code()
                    );
                    tell!(work, begun, now);
                }
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(judged)
        }
        .await)?;
        self.people.mail_was_added();
        judged.map(|(_, removal)| removal)
    }

    /// Keeps what was about to go.
    ///
    /// # Errors
    /// [`FactorError::NoRemoval`], and what the database says.
    pub async fn take_back(&self, session: &Session, now: UnixMillis) -> Result<(), FactorError> {
        const TEXT: &str = "DELETE FROM factor_removal WHERE person = $1 AND due_at > $2";
        session.require_complete()?;
        let person = session.person;
        let mail = self.notice(person, Notice::TakenBack).await?;
        let person = person.to_string();
        let found: bool = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            let keep = sqlx::query(TEXT).bind(&person).bind(now.get());
            if keep.execute(&mut *work).await?.rows_affected() == 0 {
                return Ok(false);
            }
            note!(work, now, &actor(&person), Act::KeepFactor, &person, "");
            tell!(work, mail, now);
            work.commit().await?;
            Ok::<_, sqlx::Error>(true)
        }
        .await)?;
        self.people.mail_was_added();
        found.then_some(()).ok_or(FactorError::NoRemoval)
    }

    /// Factors on their way out, and when they go.
    pub(super) async fn removals(
        &self,
        person: PersonId,
    ) -> Result<Vec<(FactorName, UnixMillis)>, FactorError> {
        let all: Vec<FactorRow> = on_reader!(self.people.database(), |pool| sqlx::query_as(ALL)
            .bind(person.to_string())
            .fetch_all(pool)
            .await)?;
        let leaving = all
            .iter()
            .filter_map(|row| row.due_at.map(|due| (row, due)));
        leaving
            .map(|(row, due)| Ok((row.name()?, UnixMillis::new(due))))
            .collect()
    }

    /// Does what is due of a person.
    pub(super) async fn settle(
        &self,
        person: PersonId,
        now: UnixMillis,
    ) -> Result<(), FactorError> {
        const DUE: &str = "SELECT COUNT(*) FROM factor_removal WHERE person = $1 AND due_at <= $2";
        let due: i64 = on_reader!(self.people.database(), |pool| sqlx::query_scalar(DUE)
            .bind(person.to_string())
            .bind(now.get())
            .fetch_one(pool)
            .await)?;
        if due == 0 {
            return Ok(());
        }
        let mail = self.notice(person, Notice::RemovalDone).await?;
        let person = person.to_string();
        on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            sqlx::query(HOLD).bind(&person).execute(&mut *work).await?;
            let all: Vec<FactorRow> = sqlx::query_as(ALL)
                .bind(&person)
                .fetch_all(&mut *work)
                .await?;
            let is_due = |row: &&FactorRow| row.due_at.is_some_and(|due| due <= now.get());
            let due: Vec<_> = all.iter().filter(is_due).collect();
            // Another node was faster.
            if due.is_empty() {
                return Ok(());
            }
            for row in due {
                for text in REMOVE {
                    sqlx::query(text).bind(&row.id).execute(&mut *work).await?;
                }
                note!(
                    work,
                    now,
                    &actor(&person),
                    Act::RemoveFactor,
                    &person,
                    &row.kind
                );
            }
            for text in FOLLOW {
                sqlx::query(text).bind(&person).execute(&mut *work).await?;
            }
            tell!(work, mail, now);
            work.commit().await
        }
        .await)?;
        self.people.mail_was_added();
        Ok(())
    }

    /// Does what is due of anybody, so that nobody waits for the next login. How many persons it was done for.
    ///
    /// # Errors
    /// What the database says.
    pub async fn settle_due(&self, now: UnixMillis) -> Result<usize, FactorError> {
        const DUE: &str = "SELECT DISTINCT person FROM factor_removal WHERE due_at <= $1 LIMIT $2";
        let people: Vec<String> =
            on_reader!(self.people.database(), |pool| sqlx::query_scalar(DUE)
                .bind(now.get())
                .bind(ROUND)
                .fetch_all(pool)
                .await)?;
        for person in &people {
            self.settle(person.parse()?, now).await?;
        }
        Ok(people.len())
    }
}

/// Whether a factor goes at once, and its id.
fn judge(
    all: &[FactorRow],
    factor: FactorName,
    now: UnixMillis,
) -> Result<(String, Removal), FactorError> {
    let names: Vec<_> = all.iter().map(FactorRow::name).collect::<Result<_, _>>()?;
    let place = names.iter().position(|name| *name == factor);
    let row = place.and_then(|place| all.get(place));
    let row = row.ok_or(FactorError::Missing)?;
    if row.due_at.is_some() {
        return Err(FactorError::RemovalPending);
    }
    let settled = now.minus(REMOVAL_DELAY).get();
    let stays =
        |other: &FactorRow| other.id != row.id && other.due_at.is_none() && other.since <= settled;
    let removal = if all.iter().any(stays) {
        Removal::Done
    } else {
        Removal::Due(now.plus(REMOVAL_DELAY))
    };
    Ok((row.id.clone(), removal))
}
