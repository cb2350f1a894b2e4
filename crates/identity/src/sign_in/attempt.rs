//! What was begun and waits for an answer of another site. The answer counts once, in the browser that began, and from the
//! site that was asked.

use std::{net::IpAddr, time::Duration};

use softcap_database::{on_writer, row};
use subtle::ConstantTimeEq as _;

use super::{SignInError, SignIns};
use crate::{
    Act, Column, Domain, PersonId, SecretText, Session, UnixMillis,
    audit::note,
    people::{Rate, hex, network},
};

/// How long an answer is waited for.
pub const SIGN_IN_LIFE: Duration = Duration::from_secs(10 * 60);
/// What one source may begin; each is a row until it is answered or over.
const BEGUN_BY_SOURCE: Rate = Rate {
    name: "sign-in by source",
    burst: 30,
    every: Duration::from_secs(10),
};
/// Answers that one source may give; each that is refused is a row of the audit.
const ANSWERED_BY_SOURCE: Rate = Rate {
    name: "sign-in answer by source",
    burst: 30,
    every: Duration::from_secs(10),
};

const ADD: &str = "INSERT INTO sign_in_attempt \
     (tag, browser, issuer, purpose, person, kept, made_at, ends_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
/// Whatever comes of the answer, there is no second one. Of answers at the same time one gets the row.
const TAKE: &str = "DELETE FROM sign_in_attempt WHERE tag = $1 \
     RETURNING browser, issuer, purpose, person, kept, made_at, ends_at";
/// Sweeps what nobody answered: now.
pub(crate) const FORGET_ATTEMPTS: &str = "DELETE FROM sign_in_attempt WHERE ends_at <= $1";

/// What somebody goes to another site for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInPurpose {
    /// To log in, or to sign up.
    LogIn,
    /// To log in with it from now on.
    Add(PersonId),
    /// To show, in a session, that they are there.
    StepUp(PersonId),
}

impl SignInPurpose {
    const fn as_code(self) -> &'static str {
        match self {
            Self::LogIn => "log_in",
            Self::Add(_) => "add",
            Self::StepUp(_) => "step_up",
        }
    }

    fn person(self) -> Option<PersonId> {
        match self {
            Self::LogIn => None,
            Self::Add(person) | Self::StepUp(person) => Some(person),
        }
    }

    fn read(code: &str, person: &str) -> Result<Self, SignInError> {
        let whose = || person.parse().map_err(SignInError::Person);
        Ok(match code {
            "log_in" => Self::LogIn,
            "add" => Self::Add(whose()?),
            "step_up" => Self::StepUp(whose()?),
            _ => return Err(SignInError::Row("purpose")),
        })
    }
}

/// What is to begin.
#[derive(Clone, Copy, Debug)]
pub struct NewAttempt<'a> {
    /// The other site.
    pub issuer: &'a str,
    /// What for.
    pub purpose: SignInPurpose,
    /// Where the person goes afterwards: a place of this site.
    pub next: &'a str,
}

/// What was begun.
#[derive(Debug)]
pub struct BegunAttempt {
    /// Goes to the other site and comes back.
    pub state: SecretText,
    /// Stays in the browser.
    pub browser: SecretText,
    /// Comes back in the id token.
    pub nonce: SecretText,
    /// Proves to the other site that the same program sends the code (RFC 7636).
    pub verifier: SecretText,
}

/// What somebody comes back with.
#[derive(Clone, Copy, Debug)]
pub struct AttemptAnswer<'a> {
    /// The site at whose address of return they arrive.
    pub issuer: &'a str,
    /// As the address has it.
    pub state: &'a str,
    /// As the cookie has it.
    pub browser: Option<&'a SecretText>,
    /// From where they come.
    pub source: IpAddr,
}

/// What was begun, when its answer is there.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What for.
    pub purpose: SignInPurpose,
    /// When.
    pub made_at: UnixMillis,
    /// What the id token must have.
    pub nonce: SecretText,
    /// What the code is sent with.
    pub verifier: SecretText,
    /// Where the person goes afterwards.
    pub next: String,
}

row! {
    struct AttemptRow {
        browser: Vec<u8>,
        issuer: String,
        purpose: String,
        person: String,
        kept: Vec<u8>,
        made_at: i64,
        ends_at: i64,
    }
}

impl SignIns {
    /// Begins to log in with another site.
    ///
    /// # Errors
    /// [`crate::PersonError::Limited`] when this source begins too often, and what the database says.
    pub async fn begin(
        &self,
        new: NewAttempt<'_>,
        source: IpAddr,
        now: UnixMillis,
    ) -> Result<BegunAttempt, SignInError> {
        self.begin_until(new, source, (now, now.plus(SIGN_IN_LIFE)))
            .await
    }

    /// Begins to link another site with the account of a session, or to show in it that its person is there. A link counts
    /// only for as long as the session is fresh.
    ///
    /// # Errors
    /// [`crate::PersonError::SecondFactor`]; [`crate::PersonError::NotFresh`] for a link; those of [`SignIns::begin`].
    pub async fn begin_in(
        &self,
        session: &Session,
        new: NewAttempt<'_>,
        source: IpAddr,
        now: UnixMillis,
    ) -> Result<BegunAttempt, SignInError> {
        session.require_complete()?;
        let mut ends_at = now.plus(SIGN_IN_LIFE);
        if let SignInPurpose::Add(_) = new.purpose {
            session.require_fresh(now)?;
            ends_at = ends_at.min(session.fresh_until());
        }
        self.begin_until(new, source, (now, ends_at)).await
    }

    async fn begin_until(
        &self,
        new: NewAttempt<'_>,
        source: IpAddr,
        (now, ends_at): (UnixMillis, UnixMillis),
    ) -> Result<BegunAttempt, SignInError> {
        let cell = self.people.cell(BEGUN_BY_SOURCE, &[&network(source)]);
        self.people.take(&cell, now).await?;
        let begun = BegunAttempt {
            state: SecretText::random()?,
            browser: SecretText::random()?,
            nonce: SecretText::random()?,
            verifier: SecretText::random()?,
        };
        let tag = self.state_tag(begun.state.reveal());
        let browser = self.browser_tag(&begun.browser);
        let kept = [begun.nonce.reveal(), begun.verifier.reveal(), new.next].join("\n");
        let row = hex(&tag);
        let kept = self.people.key().seal(&column(&row), kept.as_bytes())?;
        let person = new.purpose.person().map(|person| person.to_string());
        on_writer!(self.people.database(), |pool| sqlx::query(ADD)
            .bind(tag.as_slice())
            .bind(browser.as_slice())
            .bind(new.issuer)
            .bind(new.purpose.as_code())
            .bind(person.as_deref().unwrap_or_default())
            .bind(kept.as_bytes())
            .bind(now.get())
            .bind(ends_at.get())
            .execute(pool)
            .await
            .map(drop))?;
        Ok(begun)
    }

    /// What an answer belongs to. There is no second one, whatever becomes of it. What is refused is written down.
    ///
    /// # Errors
    /// [`SignInError::AttemptOver`], [`SignInError::OtherBrowser`], [`SignInError::OtherSite`];
    /// [`crate::PersonError::Limited`] when this source answers too often; what the database says.
    pub async fn take(
        &self,
        answer: AttemptAnswer<'_>,
        now: UnixMillis,
    ) -> Result<Attempt, SignInError> {
        let cell = self
            .people
            .cell(ANSWERED_BY_SOURCE, &[&network(answer.source)]);
        self.people.take(&cell, now).await?;
        let tag = self.state_tag(answer.state);
        let row: Option<AttemptRow> = on_writer!(self.people.database(), |pool| {
            sqlx::query_as(TAKE)
                .bind(tag.as_slice())
                .fetch_optional(pool)
                .await
        })?;
        let refused = match &row {
            None => SignInError::AttemptOver,
            Some(row) if now.get() >= row.ends_at => SignInError::AttemptOver,
            Some(row) if !self.is_browser(answer.browser, &row.browser) => {
                SignInError::OtherBrowser
            }
            Some(row) if row.issuer != answer.issuer => SignInError::OtherSite,
            Some(row) => return self.read_attempt(&hex(&tag), row),
        };
        let subject = row.map(|row| row.person).filter(|who| !who.is_empty());
        Err(self
            .refuse_for(subject.as_deref().unwrap_or("-"), refused, now)
            .await)
    }

    /// Writes down why somebody was not let in whom no other site vouches for.
    pub async fn refuse(
        &self,
        purpose: SignInPurpose,
        why: SignInError,
        now: UnixMillis,
    ) -> SignInError {
        let person = purpose.person().map(|person| person.to_string());
        self.refuse_for(person.as_deref().unwrap_or("-"), why, now)
            .await
    }

    pub(super) async fn refuse_for(
        &self,
        subject: &str,
        why: SignInError,
        now: UnixMillis,
    ) -> SignInError {
        let written = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            note!(work, now, "-", Act::Deny, subject, why.code());
            work.commit().await
        }
        .await);
        match written {
            Ok(()) => why,
            Err(error) => error.into(),
        }
    }

    fn read_attempt(&self, name: &str, row: &AttemptRow) -> Result<Attempt, SignInError> {
        let damaged = || SignInError::Row("kept");
        let kept = self
            .people
            .key()
            .open_text(&column(name), row.kept.clone())?;
        let mut lines = kept.splitn(3, '\n');
        let mut secret = || lines.next().and_then(SecretText::parse).ok_or_else(damaged);
        let (nonce, verifier) = (secret()?, secret()?);
        Ok(Attempt {
            purpose: SignInPurpose::read(&row.purpose, &row.person)?,
            made_at: UnixMillis::new(row.made_at),
            nonce,
            verifier,
            next: lines.next().ok_or_else(damaged)?.to_owned(),
        })
    }

    fn is_browser(&self, shown: Option<&SecretText>, kept: &[u8]) -> bool {
        shown.is_some_and(|shown| self.browser_tag(shown).ct_eq(kept).into())
    }

    fn state_tag(&self, state: &str) -> [u8; 32] {
        let key = self.people.key();
        key.tag(Domain::SignInState, state.as_bytes())
    }

    fn browser_tag(&self, browser: &SecretText) -> [u8; 32] {
        let key = self.people.key();
        key.tag(Domain::SignInBrowser, browser.reveal().as_bytes())
    }
}

fn column(row: &str) -> Column<'_> {
    Column {
        table: "sign_in_attempt",
        column: "kept",
        row,
    }
}
