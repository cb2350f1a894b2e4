//! Adding a factor after a reset: the password, then a code of a mail, and with both a session that may add a factor and do
//! nothing else. The code is no second factor: with the first one that is added, that is what was shown.

use std::net::IpAddr;

use softcap_database::{on_reader, on_writer};

use super::{FactorError, Factors, may_change};
use crate::{
    Act, PersonId, SecretText, Session, UnixMillis,
    audit::note,
    people::{Asker, MailPurpose, ROTATE, USE_CODE, actor},
};

/// Factors of a person that could be shown.
const COUNT: &str = "SELECT (SELECT COUNT(*) FROM passkey WHERE person = $1) \
     + (SELECT COUNT(*) FROM totp WHERE person = $1 AND confirmed_at IS NOT NULL)";
const ENROL: &str = "UPDATE session SET enrols = 1 WHERE tag = $1";

impl Factors {
    /// Whether a session is of somebody who must add a factor first: they need one and have none, because two people set aside
    /// what they had.
    ///
    /// # Errors
    /// What the database says.
    pub async fn must_enrol(&self, session: &Session) -> Result<bool, FactorError> {
        if session.level >= session.needs {
            return Ok(false);
        }
        let factors: i64 = on_reader!(self.people.database(), |pool| sqlx::query_scalar(COUNT)
            .bind(session.person.to_string())
            .fetch_one(pool)
            .await)?;
        Ok(factors == 0)
    }

    /// Sends the code with which a factor may be added.
    ///
    /// # Errors
    /// [`FactorError::NothingToEnrol`], [`crate::PersonError::Limited`], and what the database says.
    pub async fn ask_to_enrol(
        &self,
        session: &Session,
        source: IpAddr,
        now: UnixMillis,
    ) -> Result<(), FactorError> {
        if !self.must_enrol(session).await? {
            return Err(FactorError::NothingToEnrol);
        }
        let person = self.people.find(session.person).await?;
        let person = person.ok_or(FactorError::Missing)?;
        let asker = Asker {
            source,
            language: person.language,
        };
        let (purpose, email) = (MailPurpose::Enrolment, &person.email);
        Ok(self.people.send_code(purpose, email, asker, now).await?)
    }

    /// The code was typed in: the session may add a factor. It gets a new secret, and is fresh.
    ///
    /// # Errors
    /// [`FactorError::NothingToEnrol`], [`crate::PersonError::Code`], [`crate::PersonError::NoSession`], and what the
    /// database says.
    pub async fn confirm_enrolment(
        &self,
        session: &Session,
        code: &str,
        now: UnixMillis,
    ) -> Result<SecretText, FactorError> {
        if !self.must_enrol(session).await? {
            return Err(FactorError::NothingToEnrol);
        }
        let (people, purpose) = (&self.people, MailPurpose::Enrolment);
        let token = people.find_code(purpose, code, now).await?;
        let owner = people.credentials(&token.email_tag).await?;
        if owner.is_none_or(|owner| owner.id != session.person) {
            return Err(crate::PersonError::Code.into());
        }
        let (secret, who) = (SecretText::random()?, session.person.to_string());
        let tag = people.session_tag(&secret);
        let enrolled = on_writer!(people.database(), |pool| async {
            let mut work = pool.begin().await?;
            let used: Option<Vec<u8>> = sqlx::query_scalar(USE_CODE)
                .bind(token.tag.as_slice())
                .bind(purpose.as_code())
                .bind(now.get())
                .fetch_optional(&mut *work)
                .await?;
            if used.is_none() {
                return Ok(Err(crate::PersonError::Code));
            }
            let rotate = sqlx::query_scalar(ROTATE).bind(session.tag.as_slice());
            let rotate = rotate.bind(tag.as_slice()).bind(now.get());
            let rotate = rotate.bind(session.level.as_code());
            let id: Option<String> = rotate.fetch_optional(&mut *work).await?;
            let Some(id) = id else {
                return Ok(Err(crate::PersonError::NoSession));
            };
            let enrol = sqlx::query(ENROL).bind(tag.as_slice());
            enrol.execute(&mut *work).await?;
            note!(work, now, &actor(&who), Act::Enrol, &who, &id);
            work.commit().await?;
            Ok::<_, sqlx::Error>(Ok(()))
        }
        .await)?;
        enrolled?;
        Ok(secret)
    }

    /// Whoever adds a factor has shown all of theirs; or has none after a reset, and read the mail.
    pub(super) async fn may_add(
        &self,
        session: &Session,
        now: UnixMillis,
    ) -> Result<PersonId, FactorError> {
        if session.enrols && self.must_enrol(session).await? {
            session.require_fresh(now)?;
            return Ok(session.person);
        }
        may_change(session, now)
    }
}
