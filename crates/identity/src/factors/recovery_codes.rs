//! Recovery codes: ten, each good for one login without the app or the passkey.

use softcap_database::{on_reader, on_writer};

use super::{FactorError, Factors, Notice, RecoveryCode, guessing::HOLD, may_change};
use crate::{
    Act, Domain, PersonId, Session, UnixMillis,
    alerts::{judge_act, tell},
    audit::note,
    people::actor,
    signals::Signal,
};

/// Codes that are made at once.
pub const RECOVERY_CODES: usize = 10;

const FORGET: &str = "DELETE FROM recovery_code WHERE person = $1";
const INSERT: &str = "INSERT INTO recovery_code (person, tag, made_at) VALUES ($1, $2, $3)";
/// Whether somebody has a factor that codes can stand in for.
const HAS_FACTOR: &str = "SELECT COUNT(*) FROM (SELECT id FROM passkey WHERE person = $1 \
     UNION ALL SELECT id FROM totp WHERE person = $1 AND confirmed_at IS NOT NULL) AS factor";

impl Factors {
    /// Makes new codes, which are shown this once; the old ones are void.
    ///
    /// # Errors
    /// [`FactorError::NothingToRecover`]; what the database says; [`crate::PersonError::Randomness`].
    pub async fn make_recovery_codes(
        &self,
        session: &Session,
        now: UnixMillis,
    ) -> Result<Vec<RecoveryCode>, FactorError> {
        let person = may_change(session, now)?;
        self.settle(person, now).await?;
        let codes: Result<Vec<_>, _> = (0..RECOVERY_CODES)
            .map(|_| RecoveryCode::random())
            .collect();
        let codes = codes?;
        let tags: Vec<_> = codes
            .iter()
            .map(|code| self.recovery_tag(person, code))
            .collect();
        let mail = self.notice(person, Notice::RecoveryCodesMade).await?;
        let person = person.to_string();
        let made: bool = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            sqlx::query(HOLD).bind(&person).execute(&mut *work).await?;
            let factors: i64 = sqlx::query_scalar(HAS_FACTOR)
                .bind(&person)
                .fetch_one(&mut *work)
                .await?;
            if factors == 0 {
                return Ok(false);
            }
            sqlx::query(FORGET)
                .bind(&person)
                .execute(&mut *work)
                .await?;
            for tag in &tags {
                let insert = sqlx::query(INSERT).bind(&person).bind(tag.as_slice());
                insert.bind(now.get()).execute(&mut *work).await?;
            }
            note!(
                work,
                now,
                &actor(&person),
                Act::AddFactor,
                &person,
                "recovery_codes"
            );
            tell!(work, mail, now);
            judge_act!(work, self.people, &person, Signal::SensitiveAct, now);
            work.commit().await?;
            Ok::<_, sqlx::Error>(true)
        }
        .await)?;
        self.people.mail_was_added();
        made.then_some(codes).ok_or(FactorError::NothingToRecover)
    }

    pub(super) async fn recovery_codes_left(&self, person: PersonId) -> Result<u32, FactorError> {
        const TEXT: &str =
            "SELECT COUNT(*) FROM recovery_code WHERE person = $1 AND used_at IS NULL";
        let left: i64 = on_reader!(self.people.database(), |pool| sqlx::query_scalar(TEXT)
            .bind(person.to_string())
            .fetch_one(pool)
            .await)?;
        Ok(u32::try_from(left).unwrap_or(u32::MAX))
    }

    /// What is stored of a code: nobody finds it again with the code of another person.
    pub(super) fn recovery_tag(&self, person: PersonId, code: &RecoveryCode) -> [u8; 32] {
        let bytes = [&person.to_bytes(), code.as_bytes()].concat();
        self.people.key().tag(Domain::RecoveryCode, &bytes)
    }
}
