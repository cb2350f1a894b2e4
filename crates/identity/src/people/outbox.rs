//! Mail that is to be sent, as rows: what an act has to say by mail is written in the transaction of the act.
//!
//! A row is claimed by moving its due time behind the time that sending can take, and is gone when it was sent. So a
//! process that is killed loses none; it sends one a second time only if it was killed between the moment in which the
//! mail server took it and the next statement, and then under the same message id.

use std::{fmt, time::Duration};

use softcap_database::{DatabaseError, on_reader, on_writer, row};
use zeroize::Zeroizing;

use super::{
    Column, EmailAddress, People, PersonError,
    random_id::{hex, random_bytes},
};
use crate::UnixMillis;

/// Longer than sending takes; after this another node, or the next start, takes the row.
const CLAIM: Duration = Duration::from_secs(120);
/// A mail that nobody took for so long says nothing any more: its code is over.
pub(super) const GIVE_UP: Duration = Duration::from_secs(86_400);
/// The first pause after a failure; each one doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(15);
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);
pub(super) const TABLE: &str = "outbox";

/// A mail to be sent.
#[derive(Clone)]
pub struct Mail {
    /// Names it: the same in every try, so that a receiver can see a second copy for what it is.
    pub id: String,
    /// To whom.
    pub recipient: EmailAddress,
    /// What it is about, one line.
    pub subject: String,
    /// What it says, plain text.
    pub body: Zeroizing<String>,
    /// Where mails of its kind are ended by one click (RFC 8058); none for what nobody can end.
    pub unsubscribe: Option<String>,
    tries: i64,
    made_at: UnixMillis,
}

/// Nothing of it but its name.
impl fmt::Debug for Mail {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Mail({})", self.id)
    }
}

/// What became of a try that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It is tried again after this time.
    After(Duration),
    /// It was tried for a day and is gone.
    GivenUp,
}

/// A mail that is sealed and ready to be put into a transaction.
pub(crate) struct SealedMail {
    pub(crate) id: String,
    pub(crate) recipient: Vec<u8>,
    pub(crate) message: Vec<u8>,
}

/// The statement that adds one: id, recipient, message, made at and due at.
pub(crate) const ADD: &str = "INSERT INTO outbox (id, recipient, message, made_at, due_at, tries) \
     VALUES ($1, $2, $3, $4, $4, 0)";

row! {
    struct MailRow {
        id: String,
        recipient: Vec<u8>,
        message: Vec<u8>,
        unsubscribe: Option<Vec<u8>>,
        made_at: i64,
        tries: i64,
    }
}

impl People {
    /// Seals a mail for its row.
    pub(crate) fn seal_mail(
        &self,
        recipient: &EmailAddress,
        subject: &str,
        body: &str,
    ) -> Result<SealedMail, PersonError> {
        let id = hex(&random_bytes::<16>()?);
        let column = |column| Column {
            table: TABLE,
            column,
            row: &id,
        };
        let message = Zeroizing::new(format!("{subject}\n{body}"));
        let recipient = self
            .key()
            .seal(&column("recipient"), recipient.as_str().as_bytes())?;
        let message = self.key().seal(&column("message"), message.as_bytes())?;
        Ok(SealedMail {
            recipient: recipient.into_bytes(),
            message: message.into_bytes(),
            id,
        })
    }

    /// Claims the mail that is due longest: nobody else gets it for two minutes. `None` when none is due.
    ///
    /// # Errors
    /// [`PersonError::Sealed`], [`PersonError::Row`], and what the database says.
    pub async fn claim_mail(&self, now: UnixMillis) -> Result<Option<Mail>, PersonError> {
        // Most of the time there is none, and then nothing is written.
        const LOOK: &str = "SELECT id FROM outbox WHERE due_at <= $1 ORDER BY due_at LIMIT 1";
        const CLAIM_IT: &str = "UPDATE outbox SET due_at = $3, tries = tries + 1 \
             WHERE id = $1 AND due_at <= $2 RETURNING id, recipient, message, unsubscribe, made_at, tries";
        loop {
            let id: Option<String> = on_reader!(self.database(), |pool| sqlx::query_scalar(LOOK)
                .bind(now.get())
                .fetch_optional(pool)
                .await)?;
            let Some(id) = id else { return Ok(None) };
            let row: Option<MailRow> =
                on_writer!(self.database(), |pool| sqlx::query_as(CLAIM_IT)
                    .bind(&id)
                    .bind(now.get())
                    .bind(now.plus(CLAIM).get())
                    .fetch_optional(pool)
                    .await)?;
            if let Some(row) = row {
                return self.open_mail(row).map(Some);
            }
        }
    }

    fn open_mail(&self, row: MailRow) -> Result<Mail, PersonError> {
        let column = |column| Column {
            table: TABLE,
            column,
            row: &row.id,
        };
        let recipient = self.key().open_text(&column("recipient"), row.recipient)?;
        let message = self.key().open_text(&column("message"), row.message)?;
        let damaged = || PersonError::Row {
            table: TABLE,
            row: row.id.clone(),
        };
        let unsubscribe = row.unsubscribe.map(|sealed| {
            let opened = self.key().open_text(&column("unsubscribe"), sealed);
            opened.map(|text| text.to_string())
        });
        let (subject, body) = message.split_once('\n').ok_or_else(damaged)?;
        Ok(Mail {
            recipient: recipient.parse()?,
            subject: subject.to_owned(),
            body: Zeroizing::new(body.to_owned()),
            unsubscribe: unsubscribe.transpose()?,
            tries: row.tries,
            made_at: UnixMillis::new(row.made_at),
            id: row.id,
        })
    }

    /// The mail was sent.
    ///
    /// # Errors
    /// What the database says; the mail is sent a second time then.
    pub async fn mail_is_sent(&self, mail: &Mail) -> Result<(), DatabaseError> {
        const TEXT: &str = "DELETE FROM outbox WHERE id = $1";
        on_writer!(self.database(), |pool| sqlx::query(TEXT)
            .bind(&mail.id)
            .execute(pool)
            .await
            .map(drop))
    }

    /// The mail was not sent: after 15 seconds it is due again, then after twice as long each time, until a day is over.
    ///
    /// # Errors
    /// What the database says; it is due again in two minutes then.
    pub async fn mail_is_not_sent(
        &self,
        mail: &Mail,
        now: UnixMillis,
    ) -> Result<Retry, DatabaseError> {
        const TEXT: &str = "UPDATE outbox SET due_at = $2 WHERE id = $1";
        if now >= mail.made_at.plus(GIVE_UP) {
            self.mail_is_sent(mail).await?;
            return Ok(Retry::GivenUp);
        }
        let doublings = u32::try_from(mail.tries - 1).unwrap_or(0).min(16);
        let pause = FIRST_PAUSE
            .saturating_mul(1 << doublings)
            .min(LONGEST_PAUSE);
        on_writer!(self.database(), |pool| sqlx::query(TEXT)
            .bind(&mail.id)
            .bind(now.plus(pause).get())
            .execute(pool)
            .await
            .map(drop))?;
        Ok(Retry::After(pause))
    }
}
