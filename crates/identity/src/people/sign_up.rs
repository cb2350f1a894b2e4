//! Signing up, and setting a password anew: both prove an address of mail first, and set the password with the proof.
//!
//! The password comes with the code and not before it: else somebody could sign up with an address of another, wait until
//! its owner confirms, and know the password.

use std::net::IpAddr;

use softcap_database::on_writer;
use zeroize::Zeroizing;

use super::{
    Asker, END_ADDRESS_CHANGE, EmailAddress, Level, MailWords, Password, People, PersonError,
    PersonId, Sealed,
    mail_token::{END_OTHERS, MailToken, Purpose, USE},
    session::END_ALL,
};
use crate::{
    Act, UnixMillis,
    alerts::{judge_act, tell},
    audit::note,
    factors::FORGIVE,
    signals::Signal,
    wallets::{ADD_WALLET, USE_CHALLENGE, WalletPurpose, WalletRow},
};

/// What a new person logs in with.
enum FirstWay<'a> {
    /// A password, as it is kept.
    Password(&'a str),
    /// A wallet that signed a message.
    Wallet {
        wallet: &'a WalletRow,
        /// The keyed hash of the message.
        message: &'a [u8],
    },
}

/// Whether somebody became a person.
pub(crate) enum Entered {
    /// This one.
    Yes(PersonId),
    /// The code was used meanwhile.
    CodeOver,
    /// The message was, or what another site said.
    MessageOver,
    /// Somebody has the address.
    AddressKnown,
}

impl People {
    /// Somebody wants to sign up with this address: sends it a code, or the word that it is known. Which of both does
    /// not show.
    ///
    /// # Errors
    /// [`PersonError::Limited`] when this source asks too often, and what the database says.
    pub async fn sign_up(
        &self,
        email: &EmailAddress,
        asker: impl Into<Asker>,
        now: UnixMillis,
    ) -> Result<(), PersonError> {
        let asker = asker.into();
        self.send_code(Purpose::SignUp, email, asker, now).await
    }

    /// The owner of the address, who has the code, becomes a person with this password.
    ///
    /// # Errors
    /// [`PersonError::Code`] when it is unknown, used or over; [`PersonError::PasswordLength`],
    /// [`PersonError::PasswordOfContext`] and [`PersonError::PasswordGuessed`], which use up no code;
    /// [`PersonError::Busy`], and what the database says.
    pub async fn confirm_sign_up(
        &self,
        code: &str,
        password: &Password,
        now: UnixMillis,
    ) -> Result<PersonId, PersonError> {
        let token = self.find_code(Purpose::SignUp, code, now).await?;
        let kept = self.make_password(password, &token.email).await?;
        let entered = self.enter(&token, &FirstWay::Password(&kept), now).await?;
        match entered {
            Entered::Yes(id) => Ok(id),
            Entered::CodeOver | Entered::MessageOver | Entered::AddressKnown => {
                Err(PersonError::Code)
            }
        }
    }

    /// The owner of the address, who has the code, becomes a person with this wallet, if the message that it signed waits
    /// still.
    ///
    /// # Errors
    /// [`PersonError::Code`], and what the database says: [`softcap_database::DatabaseError::Taken`] for a wallet of somebody.
    pub(crate) async fn sign_up_with_wallet(
        &self,
        code: &str,
        (wallet, message): (&WalletRow, &[u8]),
        now: UnixMillis,
    ) -> Result<Entered, PersonError> {
        let token = self.find_code(Purpose::SignUp, code, now).await?;
        let way = FirstWay::Wallet { wallet, message };
        self.enter(&token, &way, now).await
    }

    /// Makes a person, if the code and what comes with it were not used meanwhile.
    async fn enter(
        &self,
        token: &MailToken,
        way: &FirstWay<'_>,
        now: UnixMillis,
    ) -> Result<Entered, PersonError> {
        let id = PersonId::random()?;
        let who = id.to_string();
        let email = token.email.as_str().as_bytes();
        let email = self.key().seal(&Self::column("email", &who), email)?;
        let column = Self::column("password", &who);
        let password = match way {
            FirstWay::Password(kept) => Some(self.key().seal(&column, kept.as_bytes())?),
            FirstWay::Wallet { .. } => None,
        };
        let password = password.as_ref().map(Sealed::as_bytes);
        let (purpose, message_purpose) = (Purpose::SignUp.as_code(), WalletPurpose::SignUp);
        on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let used: Option<Vec<u8>> = sqlx::query_scalar(USE)
                .bind(token.tag.as_slice())
                .bind(purpose)
                .bind(now.get())
                .fetch_optional(&mut *work)
                .await?;
            if used.is_none() {
                return Ok(Entered::CodeOver);
            }
            if let FirstWay::Wallet { message, .. } = way {
                let end = sqlx::query(USE_CHALLENGE).bind(*message);
                let end = end.bind(message_purpose.as_code());
                let end = end.bind(message_purpose.person()).bind(now.get());
                if end.fetch_optional(&mut *work).await?.is_none() {
                    return Ok(Entered::MessageOver);
                }
            }
            let add = sqlx::query(ADD_PERSON).bind(&who).bind(&token.email_tag);
            let add = add.bind(email.as_bytes()).bind(password);
            let add = add.bind(password.map(|_| now.get())).bind(now.get());
            let add = add.bind(Level::One.as_code());
            let add = add.bind(token.language.as_code());
            let is_new = add.execute(&mut *work).await?.rows_affected() == 1;
            if let (true, FirstWay::Wallet { wallet, .. }) = (is_new, way) {
                let add = sqlx::query(ADD_WALLET)
                    .bind(wallet.id.to_string())
                    .bind(&who);
                let add = add.bind(wallet.tag.as_slice());
                let add = add.bind(wallet.address.as_bytes()).bind(now.get());
                add.execute(&mut *work).await?;
            }
            let end = sqlx::query(END_OTHERS).bind(&token.email_tag);
            end.bind(purpose).execute(&mut *work).await?;
            if is_new {
                note!(work, now, &actor(&who), Act::SignUp, &who, "");
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(if is_new {
                Entered::Yes(id)
            } else {
                Entered::CodeOver
            })
        }
        .await)
        .map_err(PersonError::from)
    }

    /// Somebody does not know their password: sends a code to this address, or the word that it is not known here.
    /// Which of both does not show.
    ///
    /// # Errors
    /// [`PersonError::Limited`] when this source asks too often, and what the database says.
    pub async fn recover(
        &self,
        email: &EmailAddress,
        asker: impl Into<Asker>,
        now: UnixMillis,
    ) -> Result<(), PersonError> {
        let asker = asker.into();
        self.send_code(Purpose::Recovery, email, asker, now).await
    }

    /// The owner of the address, who has the code, sets a new password. All sessions end, a change of the address
    /// that was begun is ended, nobody is logged in, and a second factor stays.
    ///
    /// # Errors
    /// Those of [`People::confirm_sign_up`].
    pub async fn confirm_recovery(
        &self,
        code: &str,
        password: &Password,
        source: IpAddr,
        now: UnixMillis,
    ) -> Result<(), PersonError> {
        let token = self.find_code(Purpose::Recovery, code, now).await?;
        let person = self
            .credentials(&token.email_tag)
            .await?
            .ok_or(PersonError::Code)?;
        let kept = self.make_password(password, &token.email).await?;
        let who = person.id.to_string();
        let kept = self
            .key()
            .seal(&Self::column("password", &who), kept.as_bytes())?;
        let owner = self.find(person.id).await?.ok_or(PersonError::Code)?;
        let warning = self.warning(&owner, MailWords::of("password-recovered"))?;
        let source = self.source_tag(person.id, source);
        let purpose = Purpose::Recovery.as_code();
        let is_done = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let used: Option<Vec<u8>> = sqlx::query_scalar(USE)
                .bind(token.tag.as_slice())
                .bind(purpose)
                .bind(now.get())
                .fetch_optional(&mut *work)
                .await?;
            if used.is_none() {
                return Ok(false);
            }
            let set = sqlx::query(SET_PASSWORD).bind(&who).bind(kept.as_bytes());
            set.bind(now.get()).execute(&mut *work).await?;
            sqlx::query(FORGIVE).bind(&who).execute(&mut *work).await?;
            let end = sqlx::query(END_OTHERS).bind(&token.email_tag);
            end.bind(purpose).execute(&mut *work).await?;
            for text in [END_ALL, END_ADDRESS_CHANGE] {
                sqlx::query(text).bind(&who).execute(&mut *work).await?;
            }
            let know = sqlx::query(KNOW_SOURCE).bind(&who).bind(source.as_slice());
            know.bind(now.get()).execute(&mut *work).await?;
            sqlx::query(THAW).bind(&who).execute(&mut *work).await?;
            note!(work, now, &actor(&who), Act::Recover, &who, "");
            tell!(work, warning, now);
            judge_act!(work, self, &who, Signal::Recovered, now);
            work.commit().await?;
            Ok::<_, sqlx::Error>(true)
        }
        .await)?;
        self.mail_was_added();
        is_done.then_some(()).ok_or(PersonError::Code)
    }

    /// Judges a password for the owner of an address and makes what is kept of it.
    pub(super) async fn make_password(
        &self,
        password: &Password,
        email: &EmailAddress,
    ) -> Result<Zeroizing<String>, PersonError> {
        let context = self
            .site()
            .words()
            .chain(super::password::words(email.as_str()));
        self.hasher().make(password, context.collect()).await
    }
}

/// Adds a person, if nobody has the address: id, keyed hash of the address, sealed address, sealed password, when that was
/// set, now, level, language of mails.
pub(crate) const ADD_PERSON: &str = "INSERT INTO person \
     (id, email_tag, email, password, password_at, made_at, needs_level, language) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (email_tag) DO NOTHING";
/// Sets a password: person, sealed text, now.
pub(super) const SET_PASSWORD: &str =
    "UPDATE person SET password = $2, password_at = $3 WHERE id = $1";
/// Ends a freeze: person.
const THAW: &str = "UPDATE person SET frozen_at = NULL WHERE id = $1";
/// Notes from where a person came: person, source, now.
pub(super) const KNOW_SOURCE: &str = "INSERT INTO known_source (person, source_tag, seen_at) VALUES ($1, $2, $3) \
     ON CONFLICT (person, source_tag) DO UPDATE SET seen_at = $3";

/// As the audit names a person who acts.
pub(crate) fn actor(person: &str) -> String {
    format!("person:{person}")
}
