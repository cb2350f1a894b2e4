//! Codes that prove an address of mail: sent to it, used once, and kept as a keyed hash only.
//!
//! Whether somebody is known under an address never shows: asked for a code, the same rows are written for both, and only
//! the text of the mail differs. A code that cannot be used stands in no mail.

use std::{net::IpAddr, time::Duration};

use softcap_database::{on_reader, on_writer, row};

use super::{
    Column, Domain, EmailAddress, MailLanguage, People, PersonError, SecretText, allowance::Rate,
    mail_text::Text, outbox, random_id::hex,
};
use crate::UnixMillis;

/// Mails that one source may ask for, to whomever.
const BY_SOURCE: Rate = Rate {
    name: "mail by source",
    burst: 10,
    every: Duration::from_secs(60),
};
/// Mails that one address gets, whoever asks.
const TO_ADDRESS: Rate = Rate {
    name: "mail to address",
    burst: 3,
    every: Duration::from_secs(900),
};

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Signing up.
    SignUp,
    /// Setting a new password.
    Recovery,
    /// Adding a second factor after a reset.
    Enrolment,
}

impl Purpose {
    pub(crate) const fn as_code(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::Recovery => "recovery",
            Self::Enrolment => "enrolment",
        }
    }

    /// How long a code works.
    const fn life(self) -> Duration {
        match self {
            Self::SignUp => Duration::from_secs(86_400),
            Self::Recovery | Self::Enrolment => Duration::from_secs(3_600),
        }
    }
}

/// A code that may still be used.
pub(crate) struct MailToken {
    pub(crate) tag: [u8; 32],
    pub(super) email: EmailAddress,
    pub(crate) email_tag: Vec<u8>,
    /// In which it was asked for.
    pub(super) language: MailLanguage,
}

/// Somebody who asks for a mail.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    /// From where.
    pub source: IpAddr,
    /// In which language. Who signs up gets all later mails in it too.
    pub language: MailLanguage,
}

/// In English.
impl From<IpAddr> for Asker {
    fn from(source: IpAddr) -> Self {
        Self {
            source,
            language: MailLanguage::default(),
        }
    }
}

impl MailToken {
    /// The address that it proves.
    pub(crate) const fn email(&self) -> &EmailAddress {
        &self.email
    }

    /// In which it was asked for.
    pub(crate) const fn language(&self) -> MailLanguage {
        self.language
    }
}

row! {
    struct TokenRow {
        email_tag: Vec<u8>,
        email: Vec<u8>,
        language: String,
    }
}

/// Uses a code up: tag, purpose, now. Of requests at the same time one gets the row.
pub(crate) const USE: &str = "DELETE FROM mail_token WHERE tag = $1 AND purpose = $2 \
     AND expires_at > $3 RETURNING tag";
/// Ends all codes for an address: its tag, purpose.
pub(crate) const END_OTHERS: &str = "DELETE FROM mail_token WHERE email_tag = $1 AND purpose = $2";

impl People {
    /// Writes a code and its mail.
    pub(crate) async fn send_code(
        &self,
        purpose: Purpose,
        email: &EmailAddress,
        asker: Asker,
        now: UnixMillis,
    ) -> Result<(), PersonError> {
        const ADD: &str = "INSERT INTO mail_token (tag, purpose, email_tag, email, expires_at, language) \
             VALUES ($1, $2, $3, $4, $5, $6)";
        let email_tag = self.email_tag(email);
        if !self.may_send(&email_tag, asker.source, now).await? {
            return Ok(());
        }
        let may_go_on = self.is_known(&email_tag).await? == (purpose != Purpose::SignUp);
        let code = SecretText::random()?;
        let tag = self.key().tag(Domain::MailToken, code.reveal().as_bytes());
        let (site, language) = (self.site(), asker.language);
        let text = if may_go_on {
            Text::with_code(site, language, purpose.words(), code.reveal())
        } else {
            Text::of(site, language, purpose.words_without_code())
        };
        let row = hex(&tag);
        let sealed = self.key().seal(&column(&row), email.as_str().as_bytes())?;
        let mail = self.seal_mail(email, &text.subject, &text.body)?;
        on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let add = sqlx::query(ADD)
                .bind(tag.as_slice())
                .bind(purpose.as_code());
            let add = add.bind(email_tag.as_slice()).bind(sealed.as_bytes());
            let add = add.bind(now.plus(purpose.life()).get());
            add.bind(asker.language.as_code())
                .execute(&mut *work)
                .await?;
            let add = sqlx::query(outbox::ADD)
                .bind(&mail.id)
                .bind(&mail.recipient);
            add.bind(&mail.message)
                .bind(now.get())
                .execute(&mut *work)
                .await?;
            work.commit().await?;
            Ok::<_, sqlx::Error>(())
        }
        .await)?;
        self.mail_was_added();
        Ok(())
    }

    /// Takes a mail from what a source may ask for, and from what an address gets. False where the address has had enough:
    /// who asks is told nothing, because the mail that they wait for is one of those that were sent.
    pub(super) async fn may_send(
        &self,
        email_tag: &[u8; 32],
        source: IpAddr,
        now: UnixMillis,
    ) -> Result<bool, PersonError> {
        let by_source = self.cell(BY_SOURCE, &[network(source).as_slice()]);
        self.take(&by_source, now).await?;
        let to_address = self.cell(TO_ADDRESS, &[email_tag]);
        match to_address.take(self.database(), now).await {
            Err(PersonError::Limited { .. }) => Ok(false),
            taken => taken.map(|()| true),
        }
    }

    /// Whether somebody has an address.
    pub(crate) async fn is_known(&self, email_tag: &[u8; 32]) -> Result<bool, PersonError> {
        const LOOK: &str = "SELECT COUNT(*) FROM person WHERE email_tag = $1";
        let known: i64 = on_reader!(self.database(), |pool| sqlx::query_scalar(LOOK)
            .bind(email_tag.as_slice())
            .fetch_one(pool)
            .await)?;
        Ok(known > 0)
    }

    /// The code that somebody sent, if it may still be used.
    pub(crate) async fn find_code(
        &self,
        purpose: Purpose,
        code: &str,
        now: UnixMillis,
    ) -> Result<MailToken, PersonError> {
        const TEXT: &str = "SELECT email_tag, email, language FROM mail_token \
             WHERE tag = $1 AND purpose = $2 AND expires_at > $3";
        let code = SecretText::parse(code.trim()).ok_or(PersonError::Code)?;
        let tag = self.key().tag(Domain::MailToken, code.reveal().as_bytes());
        let found: Option<TokenRow> = on_reader!(self.database(), |pool| sqlx::query_as(TEXT)
            .bind(tag.as_slice())
            .bind(purpose.as_code())
            .bind(now.get())
            .fetch_optional(pool)
            .await)?;
        let found = found.ok_or(PersonError::Code)?;
        let row = hex(&tag);
        Ok(MailToken {
            tag,
            email: self.key().open_text(&column(&row), found.email)?.parse()?,
            email_tag: found.email_tag,
            language: MailLanguage::from_code(&found.language).unwrap_or_default(),
        })
    }
}

fn column(row: &str) -> Column<'_> {
    Column {
        table: "mail_token",
        column: "email",
        row,
    }
}

/// What counts as one source: an address of IPv4, or 64 bits of IPv6, of which one subscriber has all the rest.
pub(crate) fn network(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().into_iter().take(8).collect(),
    }
}
