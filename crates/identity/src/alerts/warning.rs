//! A mail about an act that its person may not have done, and the code with which they say so.

use std::{fmt, net::IpAddr, time::Duration};

use crate::{
    Domain, People, Person, PersonError, PersonId, SecretText,
    people::{MailWords, SealedMail, Text},
};

/// How long somebody may take to say that it was not them.
pub const FREEZE_CODE_LIFE: Duration = Duration::from_secs(30 * 86_400);

/// Keeps a code: its tag, whose it is, until when.
pub(crate) const ADD_FREEZE_CODE: &str =
    "INSERT INTO freeze_code (tag, person, expires_at) VALUES ($1, $2, $3)";
/// Ends the codes that are over: now.
pub(crate) const END_FREEZE_CODES: &str = "DELETE FROM freeze_code WHERE expires_at <= $1";

/// A mail that is sealed, once for each address of its person, with its code: to be put into the transaction of the act that
/// it is about.
pub struct Warning {
    pub(crate) mails: Vec<SealedMail>,
    pub(crate) tag: [u8; 32],
    pub(crate) person: String,
}

/// Nothing of it but the names of its mails.
impl fmt::Debug for Warning {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.mails.iter().map(|mail| &mail.id);
        out.debug_list().entries(names).finish()
    }
}

/// Adds a warning in a transaction that is called `$work`: its mail and its code.
macro_rules! tell {
    ($work:ident, $warning:expr, $now:expr) => {{
        let warning: &$crate::Warning = &$warning;
        sqlx::query($crate::alerts::ADD_FREEZE_CODE)
            .bind(warning.tag.as_slice())
            .bind(&warning.person)
            .bind($now.plus($crate::FREEZE_CODE_LIFE).get())
            .execute(&mut *$work)
            .await?;
        for mail in &warning.mails {
            sqlx::query($crate::people::ADD_MAIL)
                .bind(&mail.id)
                .bind(&mail.recipient)
                .bind(&mail.message)
                .bind($now.get())
                .execute(&mut *$work)
                .await?;
        }
    }};
}
pub(crate) use tell;

impl People {
    /// A warning to a person: to their address, and to the one that takes its place soon.
    pub(crate) fn warning(
        &self,
        person: &Person,
        words: MailWords,
    ) -> Result<Warning, PersonError> {
        let code = SecretText::random()?;
        let text = Text::warning(self.site(), person.language, words, code.reveal());
        let addresses = [Some(&person.email), person.coming.as_ref()];
        let mails = addresses.into_iter().flatten();
        let mails = mails.map(|address| self.seal_mail(address, &text.subject, &text.body));
        Ok(Warning {
            mails: mails.collect::<Result<_, _>>()?,
            tag: self.freeze_tag(&code),
            person: person.id.to_string(),
        })
    }

    /// A warning to a person.
    async fn warning_to(&self, person: PersonId, words: MailWords) -> Result<Warning, PersonError> {
        let found = self.find(person).await?.ok_or(PersonError::NoSession)?;
        self.warning(&found, words)
    }

    /// That somebody logged in from where the person never was. What the device says of itself is not in it: whoever
    /// logs in chooses those words.
    pub(crate) async fn warning_of_place(
        &self,
        person: PersonId,
        from: IpAddr,
    ) -> Result<Warning, PersonError> {
        let address = from.to_canonical().to_string();
        let words = MailWords::of("new-place").with("address", address);
        self.warning_to(person, words).await
    }

    /// That a key was made in the name of a person, for [`crate::Keys::create_and_tell`].
    ///
    /// # Errors
    /// [`PersonError::NoSession`] when there is no such person, [`PersonError::Sealed`], and what the database says.
    pub async fn warning_of_key(
        &self,
        person: PersonId,
        label: &str,
    ) -> Result<Warning, PersonError> {
        let words = MailWords::of("key-made").with("label", label);
        self.warning_to(person, words).await
    }

    /// That a person let an application act for them.
    pub(crate) async fn warning_of_app(
        &self,
        person: PersonId,
        name: &str,
    ) -> Result<Warning, PersonError> {
        let words = MailWords::of("application-allowed").with("label", name);
        self.warning_to(person, words).await
    }

    pub(crate) fn freeze_tag(&self, code: &SecretText) -> [u8; 32] {
        self.key().tag(Domain::FreezeCode, code.reveal().as_bytes())
    }
}
