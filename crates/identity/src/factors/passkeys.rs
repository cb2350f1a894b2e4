//! Passkeys of people: added with a fresh session, and then a login of their own.

use std::{net::IpAddr, time::Duration};

use softcap_database::{DatabaseError, on_reader, on_writer, row};
use webauthn_rs::prelude::Passkey;

use super::{
    Ceremony, FactorError, FactorId, Factors, MOST_PASSKEYS, Notice, PasskeyFault, RelyingParty,
    ceremonies::CeremonyKind, guessing::HOLD, relying_party::Assertion, removal,
};
use crate::{
    Act, Column, Device, Domain, Level, LoggedIn, PersonId, Sealed, SecretText, Session,
    UnixMillis,
    alerts::{judge_act, tell},
    audit::note,
    people::{Beginning, Rate, actor, network},
    signals::Signal,
};

const LONGEST_LABEL: usize = 100;
/// Challenges that one source may ask for; each is a row until it is answered or over.
const BY_SOURCE: Rate = Rate {
    name: "passkey by source",
    burst: 30,
    every: Duration::from_secs(10),
};

/// A passkey, without what it proves itself with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyView {
    /// Which.
    pub id: FactorId,
    /// What its owner calls it.
    pub label: String,
    /// When it was added.
    pub made_at: UnixMillis,
    /// When it was used last.
    pub used_at: Option<UnixMillis>,
}

row! {
    struct PasskeyRow {
        id: String,
        person: String,
        credential: Vec<u8>,
        label: Vec<u8>,
        made_at: i64,
        used_at: Option<i64>,
    }
}

const OF_PERSON: &str = "SELECT id, person, credential, label, made_at, used_at FROM passkey \
     WHERE person = $1 ORDER BY made_at, id";
const OF_TAG: &str = "SELECT id, person, credential, label, made_at, used_at FROM passkey \
     WHERE tag = $1";
const COUNT: &str = "SELECT COUNT(*) FROM passkey WHERE person = $1";
const INSERT: &str = "INSERT INTO passkey (id, person, tag, credential, label, counter, made_at) \
     VALUES ($1, $2, $3, $4, $5, 0, $6)";
/// Passkeys that are copied between devices count nothing and say zero each time.
const USE: &str = "UPDATE passkey SET credential = $2, counter = $3, used_at = $4 \
     WHERE id = $1 AND (counter < $3 OR (counter = 0 AND $3 = 0))";

fn column<'a>(column: &'static str, id: &'a str) -> Column<'a> {
    Column {
        table: "passkey",
        column,
        row: id,
    }
}

/// What the browser answered.
#[derive(Debug)]
pub struct Answered<'a> {
    /// The [`Ceremony`] it answers.
    pub ceremony: &'a str,
    /// The credential, as its `toJSON` shows it.
    pub credential: serde_json::Value,
}

/// A passkey that is said to have answered.
struct Found {
    person: PersonId,
    row: PasskeyRow,
    assertion: Assertion,
}

impl Factors {
    fn site(&self) -> Result<&RelyingParty, FactorError> {
        self.site.as_ref().ok_or(FactorError::NoSite)
    }

    /// Begins with a new passkey. Its authenticator is told the person's address, to show it to its owner.
    ///
    /// # Errors
    /// [`FactorError::NoSite`], [`FactorError::TooManyPasskeys`], and what the database says.
    pub async fn begin_passkey(
        &self,
        session: &Session,
        now: UnixMillis,
    ) -> Result<Ceremony, FactorError> {
        let person = self.may_add(session, now).await?;
        let site = self.site()?;
        self.settle(person, now).await?;
        let rows = self.passkey_rows(person).await?;
        if rows.len() >= MOST_PASSKEYS as usize {
            return Err(FactorError::TooManyPasskeys);
        }
        let known: Result<Vec<_>, FactorError> = rows
            .iter()
            .map(|row| Ok(self.open_passkey(row)?.cred_id().clone()))
            .collect();
        let account = self
            .people
            .find(person)
            .await?
            .ok_or(FactorError::Missing)?
            .email;
        let asked = site.ask_to_register(person.to_bytes(), account.as_str(), known?)?;
        self.keep(CeremonyKind::Register(person), asked, now).await
    }

    /// Adds the passkey that answered. It counts at once: the session has shown two factors and gets a new secret.
    ///
    /// # Errors
    /// [`FactorError::CeremonyOver`], [`FactorError::Passkey`], [`FactorError::Label`],
    /// [`FactorError::TooManyPasskeys`], and what the database says.
    pub async fn add_passkey(
        &self,
        session: &Session,
        answered: Answered<'_>,
        label: &str,
        now: UnixMillis,
    ) -> Result<(FactorId, SecretText), FactorError> {
        let person = self.may_add(session, now).await?;
        let label = label.trim();
        let length = label.chars().count();
        if !(1..=LONGEST_LABEL).contains(&length) || label.chars().any(char::is_control) {
            return Err(FactorError::Label);
        }
        let state = self
            .take(CeremonyKind::Register(person), answered.ceremony, now)
            .await?;
        let passkey = self.site()?.register(answered.credential, &state)?;
        let id = self.store_passkey(person, &passkey, label, now).await?;
        Ok((id, self.people.raise(session, Level::Two, now).await?))
    }

    async fn store_passkey(
        &self,
        person: PersonId,
        passkey: &Passkey,
        label: &str,
        now: UnixMillis,
    ) -> Result<FactorId, FactorError> {
        let id = FactorId::random()?;
        let name = id.to_string();
        let key = self.people.key();
        let credential = self.seal_passkey(&name, passkey)?;
        let sealed_label = key.seal(&column("label", &name), label.as_bytes())?;
        let tag = key.tag(Domain::Passkey, passkey.cred_id());
        let mail = self.notice(person, Notice::PasskeyAdded(label)).await?;
        let person = person.to_string();
        let stored = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            sqlx::query(HOLD).bind(&person).execute(&mut *work).await?;
            let count: i64 = sqlx::query_scalar(COUNT)
                .bind(&person)
                .fetch_one(&mut *work)
                .await?;
            if count >= i64::from(MOST_PASSKEYS) {
                return Ok(false);
            }
            let insert = sqlx::query(INSERT)
                .bind(&name)
                .bind(&person)
                .bind(tag.as_slice());
            let insert = insert
                .bind(credential.as_bytes())
                .bind(sealed_label.as_bytes());
            insert.bind(now.get()).execute(&mut *work).await?;
            for text in removal::FOLLOW {
                sqlx::query(text).bind(&person).execute(&mut *work).await?;
            }
            note!(
                work,
                now,
                &actor(&person),
                Act::AddFactor,
                &person,
                "passkey"
            );
            tell!(work, mail, now);
            judge_act!(work, self.people, &person, Signal::SensitiveAct, now);
            work.commit().await?;
            Ok::<_, sqlx::Error>(true)
        }
        .await);
        self.people.mail_was_added();
        match stored {
            Ok(true) => Ok(id),
            Ok(false) => Err(FactorError::TooManyPasskeys),
            Err(DatabaseError::Taken(_)) => Err(PasskeyFault::Known.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Begins with a passkey that is to be shown: of anybody, because nobody has said yet who they are.
    ///
    /// # Errors
    /// [`FactorError::NoSite`]; [`crate::PersonError::Limited`] when this source asks too often; what the database says.
    pub async fn ask_for_passkey(
        &self,
        source: IpAddr,
        now: UnixMillis,
    ) -> Result<Ceremony, FactorError> {
        let cell = self.people.cell(BY_SOURCE, &[&network(source)]);
        self.people.take(&cell, now).await?;
        let asked = self.site()?.ask_to_authenticate()?;
        self.keep(CeremonyKind::Authenticate, asked, now).await
    }

    /// Logs in whose passkey answered. It is two factors at once: the passkey, and what it verified its user with.
    ///
    /// # Errors
    /// [`FactorError::CeremonyOver`], [`FactorError::Passkey`], and what the database says.
    pub async fn log_in(
        &self,
        answered: Answered<'_>,
        device: &Device,
        replaces: Option<&SecretText>,
        now: UnixMillis,
    ) -> Result<LoggedIn, FactorError> {
        let person = self.show_passkey(answered, None, now).await?;
        let level = Level::Two;
        let beginning = Beginning {
            person,
            level,
            device,
            replaces,
            shown_at: now,
        };
        let (secret, id) = self.people.begin(&beginning, now).await?;
        Ok(LoggedIn {
            secret,
            id,
            person,
            level,
            needs: level,
        })
    }

    /// A session in which a passkey of its person answered: it has shown two factors, is fresh, and gets a new secret.
    ///
    /// # Errors
    /// Those of [`Factors::log_in`]; [`PasskeyFault::Unknown`] when the passkey is another person's.
    pub async fn step_up(
        &self,
        session: &Session,
        answered: Answered<'_>,
        now: UnixMillis,
    ) -> Result<SecretText, FactorError> {
        self.show_passkey(answered, Some(session.person), now)
            .await?;
        Ok(self.people.raise(session, Level::Two, now).await?)
    }

    /// Whose passkey answered: of anybody, or of this person.
    async fn show_passkey(
        &self,
        answered: Answered<'_>,
        of: Option<PersonId>,
        now: UnixMillis,
    ) -> Result<PersonId, FactorError> {
        let Answered {
            ceremony,
            credential,
        } = answered;
        let state = self.take(CeremonyKind::Authenticate, ceremony, now).await?;
        let assertion = self.site()?.identify(credential);
        let found = match assertion {
            Ok(assertion) => self.find_passkey(assertion, of).await,
            Err(error) => Err(error),
        };
        let (whose, used) = match found {
            Ok(found) => {
                let person = found.person;
                (Some(person), self.use_passkey(found, &state, now).await)
            }
            Err(error) => (None, Err(error)),
        };
        if let Err(FactorError::Passkey(fault)) = &used {
            self.note_refused_passkey(whose, *fault, now).await?;
        }
        used
    }

    /// The passkey that an answer names, if it is one of the person whom the answer names.
    async fn find_passkey(
        &self,
        assertion: Assertion,
        of: Option<PersonId>,
    ) -> Result<Found, FactorError> {
        let tag = self
            .people
            .key()
            .tag(Domain::Passkey, assertion.credential_id());
        let row: Option<PasskeyRow> = on_reader!(self.people.database(), |pool| {
            sqlx::query_as(OF_TAG)
                .bind(tag.as_slice())
                .fetch_optional(pool)
                .await
        })?;
        let row = row.ok_or(PasskeyFault::Unknown)?;
        let person: PersonId = row.person.parse()?;
        let is_asked = of.is_none_or(|asked| asked == person);
        if !is_asked || person.to_bytes() != assertion.person {
            return Err(PasskeyFault::Unknown.into());
        }
        Ok(Found {
            person,
            row,
            assertion,
        })
    }

    /// Moves the counter forward. Who comes second with the same one, or after the passkey was removed, is refused.
    async fn use_passkey(
        &self,
        found: Found,
        state: &[u8],
        now: UnixMillis,
    ) -> Result<PersonId, FactorError> {
        let Found {
            person,
            row,
            assertion,
        } = found;
        self.settle(person, now).await?;
        let passkey = self.open_passkey(&row)?;
        let accepted = self.site()?.authenticate(&assertion, state, passkey)?;
        let credential = self.seal_passkey(&row.id, &accepted.passkey)?;
        let used: bool = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            let query = sqlx::query(USE).bind(&row.id).bind(credential.as_bytes());
            let query = query.bind(i64::from(accepted.counter)).bind(now.get());
            if query.execute(&mut *work).await?.rows_affected() == 0 {
                return Ok(false);
            }
            note!(
                work,
                now,
                &actor(&row.person),
                Act::ShowFactor,
                &row.person,
                "passkey"
            );
            work.commit().await?;
            Ok::<_, sqlx::Error>(true)
        }
        .await)?;
        used.then_some(person).ok_or(PasskeyFault::Counter.into())
    }

    /// Writes a refusal down, and tells the owner of a passkey that there may be a copy of it.
    async fn note_refused_passkey(
        &self,
        whose: Option<PersonId>,
        fault: PasskeyFault,
        now: UnixMillis,
    ) -> Result<(), FactorError> {
        let mail = match (whose, fault) {
            (Some(person), PasskeyFault::Counter) => {
                Some(self.notice(person, Notice::PasskeyCopied).await?)
            }
            _ => None,
        };
        let subject = whose.map_or_else(|| "-".to_owned(), |person| person.to_string());
        on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            note!(work, now, "-", Act::Deny, &subject, fault.code());
            if let Some(mail) = &mail {
                tell!(work, mail, now);
            }
            work.commit().await
        }
        .await)?;
        Ok(())
    }

    pub(super) async fn passkeys(&self, person: PersonId) -> Result<Vec<PasskeyView>, FactorError> {
        let rows = self.passkey_rows(person).await?;
        let views = rows.into_iter().map(|row| {
            let label = self
                .people
                .key()
                .open_text(&column("label", &row.id), row.label)?;
            Ok(PasskeyView {
                id: row.id.parse()?,
                label: label.to_string(),
                made_at: UnixMillis::new(row.made_at),
                used_at: row.used_at.map(UnixMillis::new),
            })
        });
        views.collect()
    }

    async fn passkey_rows(&self, person: PersonId) -> Result<Vec<PasskeyRow>, FactorError> {
        Ok(on_reader!(self.people.database(), |pool| {
            sqlx::query_as(OF_PERSON)
                .bind(person.to_string())
                .fetch_all(pool)
                .await
        })?)
    }

    fn open_passkey(&self, row: &PasskeyRow) -> Result<Passkey, FactorError> {
        let sealed = Sealed::from_column(row.credential.clone());
        let bytes = self
            .people
            .key()
            .open(&column("credential", &row.id), &sealed)?;
        serde_json::from_slice(&bytes).map_err(|_| FactorError::Row("a passkey"))
    }

    fn seal_passkey(&self, id: &str, passkey: &Passkey) -> Result<Sealed, FactorError> {
        let bytes = serde_json::to_vec(passkey).map_err(|_| FactorError::Row("a passkey"))?;
        Ok(self.people.key().seal(&column("credential", id), &bytes)?)
    }
}
