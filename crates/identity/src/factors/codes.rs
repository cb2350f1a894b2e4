//! Codes that are shown: of an app, or a recovery code.

use softcap_database::on_writer;

use super::{
    FactorError, Factors, Notice, RecoveryCode,
    guessing::{CHARGE, CHARGE_SESSION, FORGIVE, FORGIVE_SESSION, MOST_IN_A_LOGIN, MOST_IN_A_ROW},
};
use crate::{
    Act, Level, SecretText, Session, UnixMillis, alerts::tell, audit::note, people::actor,
};

/// What a person shows.
#[derive(Clone, Copy)]
pub enum SecondFactor<'a> {
    /// A code of the authenticator app.
    Totp(&'a str),
    /// A recovery code.
    RecoveryCode(&'a str),
}

/// What a code would use up. That it is right is known, that nobody was faster is not.
pub(super) enum Claim {
    /// A step of an app.
    Totp { id: String, step: i64 },
    /// A recovery code.
    RecoveryCode([u8; 32]),
    /// Nothing: the code is wrong.
    Nothing,
}

impl Claim {
    /// As the audit calls it.
    const fn as_code(&self) -> &'static str {
        match self {
            Self::Totp { .. } => "totp",
            Self::RecoveryCode(_) => "recovery_code",
            Self::Nothing => "",
        }
    }
}

/// What became of a code.
enum Spent {
    Counted,
    Wrong,
    LoginOver,
    Blocked,
}

const END_SESSION: &str = "DELETE FROM session WHERE id = $1";
const USE_STEP: &str = "UPDATE totp SET last_step = $2 \
     WHERE id = $1 AND confirmed_at IS NOT NULL AND last_step < $2";
const USE_CODE: &str = "UPDATE recovery_code SET used_at = $3 \
     WHERE person = $1 AND tag = $2 AND used_at IS NULL";

/// Counts a code as wrong until it is found right, of person and session: how many there are in the session.
macro_rules! charge {
    ($work:ident, $person:expr, $session:expr) => {{
        let charge = sqlx::query_scalar(CHARGE).bind($person);
        let charge = charge.bind(i64::from(MOST_IN_A_ROW));
        let of_person: Option<i64> = charge.fetch_optional(&mut *$work).await?;
        let charge = sqlx::query_scalar(CHARGE_SESSION).bind($session);
        let of_session: Option<i64> = charge.fetch_optional(&mut *$work).await?;
        match (of_person, of_session) {
            (None, _) => Err(Spent::Blocked),
            (Some(_), None) => Err(Spent::LoginOver),
            (Some(_), Some(tried)) => Ok(tried),
        }
    }};
}

/// Uses a claim up. Whether nobody was faster.
macro_rules! use_up {
    ($work:ident, $person:expr, $claim:expr, $now:expr) => {{
        let used = match $claim {
            Claim::Nothing => 0,
            Claim::Totp { id, step } => {
                let query = sqlx::query(USE_STEP).bind(id).bind(step);
                query.execute(&mut *$work).await?.rows_affected()
            }
            Claim::RecoveryCode(tag) => {
                let query = sqlx::query(USE_CODE).bind($person).bind(tag.as_slice());
                let query = query.bind($now.get());
                query.execute(&mut *$work).await?.rows_affected()
            }
        };
        used == 1
    }};
}

impl Factors {
    /// Lets a code count, once: the session has shown a second factor, is fresh, and gets a new secret.
    ///
    /// # Errors
    /// [`FactorError::Code`]; [`FactorError::LoginOver`] with the last wrong one, and then the session is over;
    /// [`FactorError::Blocked`]; [`crate::PersonError::Limited`]; what the database says.
    pub async fn show_code(
        &self,
        session: &Session,
        shown: SecondFactor<'_>,
        now: UnixMillis,
    ) -> Result<SecretText, FactorError> {
        let person = session.person;
        self.settle(person, now).await?;
        let claim = match shown {
            SecondFactor::Totp(code) => self.totp_claim(person, code, now).await?,
            SecondFactor::RecoveryCode(text) => {
                let code = RecoveryCode::parse(text);
                let tag = code.map(|code| self.recovery_tag(person, &code));
                tag.map_or(Claim::Nothing, Claim::RecoveryCode)
            }
        };
        self.spend(session, &claim, now).await?;
        Ok(self.people.raise(session, Level::Two, now).await?)
    }

    /// Charges person and session for a code, and uses it up.
    pub(super) async fn spend(
        &self,
        session: &Session,
        claim: &Claim,
        now: UnixMillis,
    ) -> Result<(), FactorError> {
        self.pace(session.person, now).await?;
        let guessed = self.notice(session.person, Notice::CodesGuessed).await?;
        let used = self
            .notice(session.person, Notice::RecoveryCodeUsed)
            .await?;
        let (person, id) = (session.person.to_string(), session.id.to_string());
        let spent = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            let tried = match charge!(work, &person, &id) {
                Ok(tried) => tried,
                Err(refused) => return Ok(refused),
            };
            let spent = if use_up!(work, &person, claim, now) {
                for (text, whose) in [(FORGIVE, &person), (FORGIVE_SESSION, &id)] {
                    sqlx::query(text).bind(whose).execute(&mut *work).await?;
                }
                note!(
                    work,
                    now,
                    &actor(&person),
                    Act::ShowFactor,
                    &person,
                    claim.as_code()
                );
                if matches!(claim, Claim::RecoveryCode(_)) {
                    tell!(work, used, now);
                }
                Spent::Counted
            } else {
                note!(work, now, "-", Act::Deny, &person, "A501");
                if tried >= i64::from(MOST_IN_A_LOGIN) {
                    sqlx::query(END_SESSION)
                        .bind(&id)
                        .execute(&mut *work)
                        .await?;
                    note!(work, now, &actor(&person), Act::EndSession, &person, &id);
                    tell!(work, guessed, now);
                    Spent::LoginOver
                } else {
                    Spent::Wrong
                }
            };
            work.commit().await?;
            Ok::<_, sqlx::Error>(spent)
        }
        .await)?;
        self.people.mail_was_added();
        match spent {
            Spent::Counted => Ok(()),
            Spent::Wrong => Err(FactorError::Code),
            Spent::LoginOver => Err(FactorError::LoginOver),
            Spent::Blocked => Err(FactorError::Blocked),
        }
    }
}
