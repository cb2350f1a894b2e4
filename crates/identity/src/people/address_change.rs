//! Another address of mail for a person, by the person: asked for, proved by a code, and in force after a delay.
//!
//! The old address is told at once, with a code that stops everything, and every warning goes to both until it is done.
//! Whether somebody has the new address never shows: asked for it, the same rows are written, the text of the mail alone
//! differs, and that the address is free is decided when the time has come.

use std::{net::IpAddr, time::Duration};

use softcap_database::{on_reader, on_writer, row};

use super::{
    Column, Domain, EmailAddress, MailWords, People, PersonError, PersonId, SecretText, Session,
    actor,
    mail_text::{Text, in_days},
    outbox,
    session::STANDS,
};
use crate::{
    Act, AlertKind, UnixMillis,
    alerts::{judge_act, raise, tell},
    audit::note,
    signals::Signal,
};

/// How long the code works that proves the new address.
const CODE_LIFE: Duration = Duration::from_secs(3_600);

/// Changes of the addresses of people. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct AddressChanges {
    pub(super) people: People,
    delay: Duration,
}

/// A change that was asked for.
#[derive(Clone, Debug)]
pub struct AddressChange {
    /// The address to come.
    pub email: EmailAddress,
    /// When it was asked for.
    pub asked_at: UnixMillis,
    /// How far it is.
    pub stage: AddressChangeStage,
}

/// How far a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressChangeStage {
    /// The code that was sent to the new address is awaited.
    Code {
        /// Until then it works.
        until: UnixMillis,
    },
    /// The new address is proved, and the time runs.
    Time {
        /// When it takes the place of the old one.
        due_at: UnixMillis,
    },
}

row! {
    struct ChangeRow {
        email: Vec<u8>,
        asked_at: i64,
        code_until: i64,
        due_at: Option<i64>,
    }
}

row! {
    struct ProvedRow {
        email: Vec<u8>,
    }
}

row! {
    struct EndedRow {
        due_at: Option<i64>,
    }
}

/// Ends what a person asked for, whatever they may say: a freeze, a new password by mail, an operator.
pub(crate) const END_ADDRESS_CHANGE: &str = "DELETE FROM email_change WHERE person = $1";
/// Forgets codes that nobody typed in: now.
pub(super) const FORGET_CHANGES: &str =
    "DELETE FROM email_change WHERE due_at IS NULL AND code_until <= $1";
/// The codes that were sent to an address, of whatever purpose.
pub(super) const END_CODES_OF: &str = "DELETE FROM mail_token WHERE email_tag = $1";
const ASK: &str = "INSERT INTO email_change (person, code_tag, email_tag, email, asked_at, code_until) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (person) DO UPDATE SET code_tag = excluded.code_tag, \
     email_tag = excluded.email_tag, email = excluded.email, asked_at = excluded.asked_at, \
     code_until = excluded.code_until WHERE email_change.due_at IS NULL";
const PROVED: &str = "SELECT email FROM email_change \
     WHERE person = $1 AND code_tag = $2 AND code_until > $3 AND due_at IS NULL";
const BEGIN: &str = "UPDATE email_change SET due_at = $4 \
     WHERE person = $1 AND code_tag = $2 AND code_until > $3 AND due_at IS NULL";
const END: &str = "DELETE FROM email_change WHERE person = $1 \
     AND (due_at > $2 OR (due_at IS NULL AND code_until > $2)) RETURNING due_at";
const FIND: &str = "SELECT email, asked_at, code_until, due_at FROM email_change WHERE person = $1 \
     AND (due_at IS NOT NULL OR code_until > $2)";

impl AddressChanges {
    /// Those of these people, which are done after this time and not before.
    #[must_use]
    pub const fn new(people: People, delay: Duration) -> Self {
        Self { people, delay }
    }

    /// How long a proved address waits.
    #[must_use]
    pub const fn delay(&self) -> Duration {
        self.delay
    }

    /// A person wants another address: sends it a code, or the word that it cannot be. Which of both does not show. What
    /// was asked for before and not proved is forgotten.
    ///
    /// # Errors
    /// [`PersonError::SecondFactor`], [`PersonError::NotFresh`]; [`PersonError::SameAddress`] for the one in force;
    /// [`PersonError::AddressChangeWaits`] while one waits for its time; [`PersonError::Limited`], and what the database
    /// says.
    pub async fn ask(
        &self,
        session: &Session,
        email: &EmailAddress,
        source: IpAddr,
        now: UnixMillis,
    ) -> Result<(), PersonError> {
        session.require_complete()?;
        session.require_fresh(now)?;
        let people = &self.people;
        let person = people.find(session.person).await?;
        let person = person.ok_or(PersonError::NoSession)?;
        let email_tag = people.email_tag(email);
        if email_tag == people.email_tag(&person.email) {
            return Err(PersonError::SameAddress);
        }
        if person.coming.is_some() {
            return Err(PersonError::AddressChangeWaits);
        }
        if !people.may_send(&email_tag, source, now).await? {
            return Ok(());
        }
        let code = SecretText::random()?;
        let code_tag = code_tag(people, &code);
        let (site, language) = (people.site(), person.language);
        let text = if people.is_known(&email_tag).await? {
            Text::of(site, language, MailWords::of("new-address-known"))
        } else {
            let words = MailWords::of("new-address");
            Text::with_code(site, language, words, code.reveal())
        };
        let who = person.id.to_string();
        let sealed = people
            .key()
            .seal(&column(&who), email.as_str().as_bytes())?;
        let mail = people.seal_mail(email, &text.subject, &text.body)?;
        let is_asked = on_writer!(people.database(), |pool| async {
            let mut work = pool.begin().await?;
            let ask = sqlx::query(ASK).bind(&who).bind(code_tag.as_slice());
            let ask = ask.bind(email_tag.as_slice()).bind(sealed.as_bytes());
            let ask = ask.bind(now.get()).bind(now.plus(CODE_LIFE).get());
            if ask.execute(&mut *work).await?.rows_affected() == 0 {
                return Ok(false);
            }
            let add = sqlx::query(outbox::ADD)
                .bind(&mail.id)
                .bind(&mail.recipient);
            let add = add.bind(&mail.message).bind(now.get());
            add.execute(&mut *work).await?;
            note!(work, now, &actor(&who), Act::AskAddressChange, &who, "");
            work.commit().await?;
            Ok::<_, sqlx::Error>(true)
        }
        .await)?;
        people.mail_was_added();
        let waits = || PersonError::AddressChangeWaits;
        is_asked.then_some(()).ok_or_else(waits)
    }

    /// The person has the code of the new address: from now on its time runs. When it is done.
    ///
    /// # Errors
    /// [`PersonError::Code`] when it is unknown, another's, used or over; [`PersonError::NoSession`] when the session was
    /// ended meanwhile; what the database says.
    pub async fn confirm(
        &self,
        session: &Session,
        code: &str,
        now: UnixMillis,
    ) -> Result<UnixMillis, PersonError> {
        session.require_complete()?;
        let people = &self.people;
        let code = SecretText::parse(code.trim()).ok_or(PersonError::Code)?;
        let (code_tag, who) = (code_tag(people, &code), session.person.to_string());
        let found: Option<ProvedRow> = on_reader!(people.database(), |pool| {
            let find = sqlx::query_as(PROVED).bind(&who).bind(code_tag.as_slice());
            find.bind(now.get()).fetch_optional(pool).await
        })?;
        let sealed = found.ok_or(PersonError::Code)?.email;
        let coming = people.key().open_text(&column(&who), sealed)?.parse()?;
        let mut person = people.find(session.person).await?;
        let person = person.as_mut().ok_or(PersonError::NoSession)?;
        person.coming = Some(coming);
        let warning = people.warning(person, begun(self.delay))?;
        let due_at = now.plus(self.delay);
        let begun = on_writer!(people.database(), |pool| async {
            let mut work = pool.begin().await?;
            // Held until the end, so that what ends sessions at the same time ends this too.
            let stands = sqlx::query(STANDS).bind(session.tag.as_slice());
            if stands.execute(&mut *work).await?.rows_affected() == 0 {
                return Ok(Err(PersonError::NoSession));
            }
            let begin = sqlx::query(BEGIN).bind(&who).bind(code_tag.as_slice());
            let begin = begin.bind(now.get()).bind(due_at.get());
            if begin.execute(&mut *work).await?.rows_affected() == 0 {
                return Ok(Err(PersonError::Code));
            }
            note!(work, now, &actor(&who), Act::BeginAddressChange, &who, "");
            tell!(work, warning, now);
            raise!(work, AlertKind::AddressChanging, &who, now);
            judge_act!(work, people, &who, Signal::SensitiveAct, now);
            work.commit().await?;
            Ok::<_, sqlx::Error>(Ok(()))
        }
        .await)?;
        begun?;
        people.mail_was_added();
        Ok(due_at)
    }

    /// The person ends what they asked for; the old address stays. Both addresses are told where the time ran already.
    ///
    /// # Errors
    /// [`PersonError::NoAddressChange`], and what the database says.
    pub async fn end(&self, session: &Session, now: UnixMillis) -> Result<(), PersonError> {
        session.require_complete()?;
        let people = &self.people;
        let person = people.find(session.person).await?;
        let person = person.ok_or(PersonError::NoSession)?;
        let warning = people.warning(&person, MailWords::of("address-ended"))?;
        let who = person.id.to_string();
        let is_ended = on_writer!(people.database(), |pool| async {
            let mut work = pool.begin().await?;
            let end = sqlx::query_as(END).bind(&who).bind(now.get());
            let ended: Option<EndedRow> = end.fetch_optional(&mut *work).await?;
            let Some(ended) = ended else {
                return Ok(false);
            };
            note!(work, now, &actor(&who), Act::EndAddressChange, &who, "");
            if ended.due_at.is_some() {
                tell!(work, warning, now);
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(true)
        }
        .await)?;
        people.mail_was_added();
        let none = || PersonError::NoAddressChange;
        is_ended.then_some(()).ok_or_else(none)
    }

    /// What a person asked for, if it is not over.
    ///
    /// # Errors
    /// [`PersonError::Sealed`], and what the database says.
    pub async fn find(
        &self,
        person: PersonId,
        now: UnixMillis,
    ) -> Result<Option<AddressChange>, PersonError> {
        let (people, who) = (&self.people, person.to_string());
        let row: Option<ChangeRow> = on_reader!(people.database(), |pool| sqlx::query_as(FIND)
            .bind(&who)
            .bind(now.get())
            .fetch_optional(pool)
            .await)?;
        let Some(row) = row else { return Ok(None) };
        let email = people.key().open_text(&column(&who), row.email)?;
        Ok(Some(AddressChange {
            email: email.parse()?,
            asked_at: UnixMillis::new(row.asked_at),
            stage: match row.due_at {
                Some(due_at) => AddressChangeStage::Time {
                    due_at: UnixMillis::new(due_at),
                },
                None => AddressChangeStage::Code {
                    until: UnixMillis::new(row.code_until),
                },
            },
        }))
    }
}

fn code_tag(people: &People, code: &SecretText) -> [u8; 32] {
    people
        .key()
        .tag(Domain::AddressChange, code.reveal().as_bytes())
}

pub(super) fn column(person: &str) -> Column<'_> {
    Column {
        table: "email_change",
        column: "email",
        row: person,
    }
}

fn begun(delay: Duration) -> MailWords {
    MailWords::of("address-begun").with_count("days", in_days(delay))
}
