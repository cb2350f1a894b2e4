//! Logging in with a password, showing it again, and changing it.
//!
//! **Limits.** A guess is counted by its source and by the account it is for, before anything is hashed. Strangers share
//! the account's cell; a source from which the person logged in before has one of its own, so that strangers who use up
//! theirs lock nobody out. The right password gives back what its try took. An address that nobody has is counted in the
//! same way, and its password is compared with that of nobody.

use std::time::Duration;

use softcap_database::{on_reader, on_writer, row};
use zeroize::Zeroizing;

use super::{
    Column, Device, Domain, EmailAddress, Level, MailWords, Password, People, PersonError,
    PersonId, SecretText, Session, SessionId,
    allowance::{Cell, Rate},
    mail_token::{self, Purpose, network},
    random_id::hex,
    session::{self, Beginning},
    sign_up::{SET_PASSWORD, actor},
};
use crate::{
    Act, UnixMillis,
    alerts::{FailedLogin, judge_act, tell},
    audit::note,
    factors::FORGIVE,
    signals::Signal,
};

/// Tries of one source, at whatever account.
const BY_SOURCE: Rate = Rate {
    name: "login by source",
    burst: 30,
    every: Duration::from_secs(20),
};
/// Tries of all strangers at one account.
const BY_STRANGERS: Rate = Rate {
    name: "login by strangers",
    burst: 10,
    every: Duration::from_secs(300),
};
/// Tries at one account from a source that it knows.
const BY_KNOWN: Rate = Rate {
    name: "login by known source",
    burst: 10,
    every: Duration::from_secs(60),
};
/// Tries of who is logged in already, or has stolen a session.
const IN_SESSION: Rate = Rate {
    name: "password in session",
    burst: 5,
    every: Duration::from_secs(60),
};

/// Somebody who wants to log in.
#[derive(Clone, Debug)]
pub struct LogIn<'a> {
    /// Who they say they are.
    pub email: &'a EmailAddress,
    /// What shows it.
    pub password: &'a Password,
    /// Where they are.
    pub device: &'a Device,
    /// The secret of the session that their browser has already; it ends.
    pub replaces: Option<&'a SecretText>,
}

/// Somebody who logged in.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    /// The secret of the session, for the cookie.
    pub secret: SecretText,
    /// Its name.
    pub id: SessionId,
    /// Whose it is.
    pub person: PersonId,
    /// What it has shown.
    pub level: Level,
    /// What it must show before it may do anything.
    pub needs: Level,
}

/// A change of password.
#[derive(Clone, Debug)]
pub struct PasswordChange<'a> {
    /// The one that is in force.
    pub current: &'a Password,
    /// The one to come.
    pub new: &'a Password,
    /// Whether all other sessions end.
    pub end_others: bool,
}

/// What is compared with.
pub(crate) struct Credentials {
    pub(crate) id: PersonId,
    needs: Level,
    password: Option<Zeroizing<String>>,
}

row! {
    struct CredentialsRow {
        id: String,
        password: Option<Vec<u8>>,
        needs_level: String,
    }
}

impl People {
    /// Logs a person in with their password. Unknown, wrong and without a password are one answer at one cost.
    ///
    /// # Errors
    /// [`PersonError::WrongPassword`], [`PersonError::Limited`], [`PersonError::Busy`], and what the database says.
    pub async fn log_in(
        &self,
        attempt: &LogIn<'_>,
        now: UnixMillis,
    ) -> Result<LoggedIn, PersonError> {
        let email_tag = self.email_tag(attempt.email);
        let source = network(attempt.device.address);
        let by_source = self.cell(BY_SOURCE, &[&source]);
        self.take(&by_source, now).await?;
        let found = self.credentials(&email_tag).await?;
        let (by_account, is_familiar) = self
            .account_cell(found.as_ref(), &email_tag, attempt.device)
            .await?;
        self.take(&by_account, now).await?;
        let kept = found.as_ref().and_then(|person| person.password.clone());
        let compared = self.hasher().compare(attempt.password, kept).await;
        if !matches!(compared, Ok(false)) {
            // Right, or not looked at: then it was no guess.
            by_source.give_back(self.database()).await?;
            by_account.give_back(self.database()).await?;
        }
        let (true, Some(person)) = (compared?, &found) else {
            let subject = match &found {
                Some(person) => person.id.to_string(),
                None => hex(&self.key().tag(Domain::Subject, &email_tag)),
            };
            let failed = FailedLogin {
                subject: &subject,
                is_known: found.is_some(),
                is_familiar,
                source: &source,
            };
            self.note_failed(&failed, now).await?;
            return Err(PersonError::WrongPassword);
        };
        let beginning = Beginning {
            person: person.id,
            level: Level::One,
            device: attempt.device,
            replaces: attempt.replaces,
            shown_at: now,
        };
        let (secret, id) = self.begin(&beginning, now).await?;
        Ok(LoggedIn {
            secret,
            id,
            person: person.id,
            level: Level::One,
            needs: person.needs,
        })
    }

    /// The owner of an address, who has the code of the mail, becomes a person with this password as in
    /// [`People::confirm_sign_up`], and is logged in at once where they are: what a log-in asks for was proved just now, and
    /// nobody has a second factor yet.
    ///
    /// # Errors
    /// Those of [`People::confirm_sign_up`]. What the database says may also come after somebody has signed up; they log in
    /// as always then.
    pub async fn sign_up_and_log_in(
        &self,
        code: &str,
        password: &Password,
        (device, replaces): (&Device, Option<&SecretText>),
        now: UnixMillis,
    ) -> Result<LoggedIn, PersonError> {
        let person = self.confirm_sign_up(code, password, now).await?;
        let beginning = Beginning {
            person,
            level: Level::One,
            device,
            replaces,
            shown_at: now,
        };
        let (secret, id) = self.begin(&beginning, now).await?;
        Ok(LoggedIn {
            secret,
            id,
            person,
            level: Level::One,
            needs: Level::One,
        })
    }

    /// The cell of an account for tries from this device, and whether it was used from there before. The same statements are made for an account that is none.
    async fn account_cell(
        &self,
        found: Option<&Credentials>,
        email_tag: &[u8],
        device: &Device,
    ) -> Result<(Cell, bool), PersonError> {
        const TEXT: &str =
            "SELECT COUNT(*) FROM known_source WHERE person = $1 AND source_tag = $2";
        let person = found.map_or_else(PersonId::random, |person| Ok(person.id))?;
        let source = self.source_tag(person, device.address);
        let known: i64 = on_reader!(self.database(), |pool| sqlx::query_scalar(TEXT)
            .bind(person.to_string())
            .bind(source.as_slice())
            .fetch_one(pool)
            .await)?;
        Ok(if known > 0 {
            (self.cell(BY_KNOWN, &[&source]), true)
        } else {
            (self.cell(BY_STRANGERS, &[email_tag]), false)
        })
    }

    /// Shows the password again: the session gets a new secret and is fresh.
    ///
    /// # Errors
    /// [`PersonError::WrongPassword`], [`PersonError::Limited`], [`PersonError::Busy`], [`PersonError::NoSession`], and
    /// what the database says.
    pub async fn step_up(
        &self,
        session: &Session,
        password: &Password,
        now: UnixMillis,
    ) -> Result<SecretText, PersonError> {
        self.prove(session, password, now).await?;
        self.raise(session, session.level, now).await
    }

    /// Sets another password, for who knows the one in force. The session gets a new secret.
    ///
    /// # Errors
    /// As [`People::step_up`]; [`PersonError::PasswordLength`], [`PersonError::PasswordOfContext`],
    /// [`PersonError::PasswordGuessed`].
    pub async fn change_password(
        &self,
        session: &Session,
        change: &PasswordChange<'_>,
        now: UnixMillis,
    ) -> Result<SecretText, PersonError> {
        let person = self
            .find(session.person)
            .await?
            .ok_or(PersonError::NoSession)?;
        self.prove(session, change.current, now).await?;
        let kept = self.make_password(change.new, &person.email).await?;
        let (who, row) = (session.person.to_string(), session.id.to_string());
        let kept = self
            .key()
            .seal(&Self::column("password", &who), kept.as_bytes())?;
        let warning = self.warning(&person, MailWords::of("password-changed"))?;
        let secret = SecretText::random()?;
        let (tag, email_tag) = (self.session_tag(&secret), self.email_tag(&person.email));
        let is_done = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let rotate = sqlx::query_scalar(session::ROTATE).bind(session.tag.as_slice());
            let rotate = rotate.bind(tag.as_slice()).bind(now.get());
            let rotate = rotate.bind(session.level.as_code());
            let id: Option<String> = rotate.fetch_optional(&mut *work).await?;
            if id.is_none() {
                return Ok(false);
            }
            let set = sqlx::query(SET_PASSWORD).bind(&who).bind(kept.as_bytes());
            set.bind(now.get()).execute(&mut *work).await?;
            sqlx::query(FORGIVE).bind(&who).execute(&mut *work).await?;
            if change.end_others {
                let end = sqlx::query(session::END_OTHERS).bind(&who).bind(&row);
                end.execute(&mut *work).await?;
            }
            let end = sqlx::query(mail_token::END_OTHERS).bind(email_tag.as_slice());
            end.bind(Purpose::Recovery.as_code())
                .execute(&mut *work)
                .await?;
            note!(work, now, &actor(&who), Act::ChangePassword, &who, "");
            tell!(work, warning, now);
            judge_act!(work, self, &who, Signal::SensitiveAct, now);
            work.commit().await?;
            Ok::<_, sqlx::Error>(true)
        }
        .await)?;
        self.mail_was_added();
        is_done.then_some(secret).ok_or(PersonError::NoSession)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`PersonError::NoSuchSession`] when it was ended meanwhile; what the database says.
    pub async fn log_out(&self, session: &Session, now: UnixMillis) -> Result<(), PersonError> {
        self.end_session(session.person, session.id, now).await
    }

    /// Whether this is the password of the session's person.
    async fn prove(
        &self,
        session: &Session,
        password: &Password,
        now: UnixMillis,
    ) -> Result<(), PersonError> {
        const TEXT: &str = "SELECT id, password, needs_level FROM person WHERE id = $1";
        let who = session.person.to_string();
        let tries = self.cell(IN_SESSION, &[who.as_bytes()]);
        self.take(&tries, now).await?;
        let row: Option<CredentialsRow> = on_reader!(self.database(), |pool| sqlx::query_as(TEXT)
            .bind(&who)
            .fetch_optional(pool)
            .await)?;
        let kept = row.map(|row| self.read_credentials(row)).transpose()?;
        let kept = kept.and_then(|person| person.password);
        let compared = self.hasher().compare(password, kept).await;
        if !matches!(compared, Ok(false)) {
            tries.give_back(self.database()).await?;
        }
        if compared? {
            return Ok(());
        }
        self.note_denial(&who, &PersonError::WrongPassword, now)
            .await?;
        Err(PersonError::WrongPassword)
    }

    /// Whoever has this address.
    pub(crate) async fn credentials(
        &self,
        email_tag: &[u8],
    ) -> Result<Option<Credentials>, PersonError> {
        const TEXT: &str = "SELECT id, CASE WHEN disabled_at IS NULL THEN password END AS password, needs_level \
             FROM person WHERE email_tag = $1";
        let row: Option<CredentialsRow> = on_reader!(self.database(), |pool| sqlx::query_as(TEXT)
            .bind(email_tag)
            .fetch_optional(pool)
            .await)?;
        row.map(|row| self.read_credentials(row)).transpose()
    }

    fn read_credentials(&self, row: CredentialsRow) -> Result<Credentials, PersonError> {
        let column = Self::column("password", &row.id);
        let password = row
            .password
            .map(|sealed| self.key().open_text(&column, sealed));
        Ok(Credentials {
            id: row.id.parse()?,
            needs: Level::from_code(&row.needs_level).ok_or_else(|| Self::damaged(&row.id))?,
            password: password.transpose()?,
        })
    }

    pub(super) fn source_tag(&self, person: PersonId, address: std::net::IpAddr) -> [u8; 32] {
        let mut bytes = person.to_bytes().to_vec();
        bytes.extend_from_slice(&network(address));
        self.key().tag(Domain::Source, &bytes)
    }

    pub(crate) fn column<'a>(column: &'static str, row: &'a str) -> Column<'a> {
        Column {
            table: "person",
            column,
            row,
        }
    }
}
