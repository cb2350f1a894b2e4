//! Somebody whom another site vouches for, and whom nobody here is linked with: what is known of them waits until they said
//! that they want an account, and have an address of mail that is proved.

use std::time::Duration;

use softcap_database::{DatabaseError, on_reader, on_writer, row};

use super::{OutsideIdentity, OutsideMail, SignInError, SignIns, links::INSERT as ADD_LINK};
use crate::{
    Act, Column, Device, Domain, EmailAddress, Level, LoggedIn, MailLanguage, People, PersonError,
    PersonId, SecretText, UnixMillis,
    audit::note,
    people::{ADD_PERSON, END_CODES, Entered, MailPurpose, MailToken, USE_CODE, actor, hex},
};

/// How long somebody who came for the first time may take.
pub const NEWCOMER_LIFE: Duration = Duration::from_secs(30 * 60);

const ADD: &str = "INSERT INTO sign_in_newcomer (tag, kept, ends_at) VALUES ($1, $2, $3)";
const FIND: &str = "SELECT kept FROM sign_in_newcomer WHERE tag = $1 AND ends_at > $2";
const USE: &str = "DELETE FROM sign_in_newcomer WHERE tag = $1 AND ends_at > $2 RETURNING tag";
/// Sweeps who did not sign up: now.
pub(crate) const FORGET_NEWCOMERS: &str = "DELETE FROM sign_in_newcomer WHERE ends_at <= $1";

/// Somebody who comes for the first time.
#[derive(Debug, Clone)]
pub struct Newcomer {
    identity: OutsideIdentity,
    /// The address that the other site names.
    pub mail: Option<OutsideMail>,
    /// Whether somebody here has it already. Told to who the other site says owns it.
    pub is_mail_known: bool,
    tag: [u8; 32],
}

impl Newcomer {
    /// The site that vouches for them.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.identity.issuer()
    }

    /// The address with which they sign up without another proof.
    #[must_use]
    pub fn proved_mail(&self) -> Option<&EmailAddress> {
        let proved = self.mail.as_ref().filter(|mail| mail.is_verified);
        proved.map(|mail| &mail.address)
    }
}

/// How the address was proved.
enum Proof<'a> {
    /// By the other site.
    Vouched(&'a EmailAddress, MailLanguage),
    /// By a code that was sent there.
    Code(MailToken),
}

row! {
    struct NewcomerRow {
        kept: Vec<u8>,
    }
}

impl SignIns {
    /// Keeps what is known of somebody who comes for the first time, for the browser that has the answer.
    ///
    /// # Errors
    /// What the database says.
    pub async fn keep_newcomer(
        &self,
        identity: &OutsideIdentity,
        mail: Option<&OutsideMail>,
        now: UnixMillis,
    ) -> Result<SecretText, SignInError> {
        let secret = SecretText::random()?;
        let tag = self.newcomer_tag(&secret);
        let shown_at = identity.shown_before(now).map_or(0, UnixMillis::get);
        let verified = mail.is_some_and(|mail| mail.is_verified);
        let address = mail.map_or("", |mail| mail.address.as_str());
        let kept = format!(
            "{shown_at}\n{}\n{address}\n{}",
            u8::from(verified),
            identity.text()
        );
        let row = hex(&tag);
        let kept = self.people.key().seal(&column(&row), kept.as_bytes())?;
        on_writer!(self.people.database(), |pool| sqlx::query(ADD)
            .bind(tag.as_slice())
            .bind(kept.as_bytes())
            .bind(now.plus(NEWCOMER_LIFE).get())
            .execute(pool)
            .await
            .map(drop))?;
        Ok(secret)
    }

    /// Who came with this secret.
    ///
    /// # Errors
    /// [`SignInError::NewcomerOver`], and what the database says.
    pub async fn newcomer(
        &self,
        secret: &SecretText,
        now: UnixMillis,
    ) -> Result<Newcomer, SignInError> {
        let tag = self.newcomer_tag(secret);
        let row: Option<NewcomerRow> = on_reader!(self.people.database(), |pool| {
            sqlx::query_as(FIND)
                .bind(tag.as_slice())
                .bind(now.get())
                .fetch_optional(pool)
                .await
        })?;
        let row = row.ok_or(SignInError::NewcomerOver)?;
        let text = self.people.key().open_text(&column(&hex(&tag)), row.kept)?;
        let mut newcomer = read(&text, tag).ok_or(SignInError::Row("newcomer"))?;
        if let Some(address) = newcomer.proved_mail() {
            let email_tag = self.people.email_tag(address);
            newcomer.is_mail_known = self.people.is_known(&email_tag).await?;
        }
        Ok(newcomer)
    }

    /// Somebody whose address the other site proved becomes a person who logs in with it, and is logged in.
    ///
    /// # Errors
    /// [`SignInError::MailKnown`], [`SignInError::Known`], [`SignInError::NewcomerOver`]; [`PersonError::Code`] where the other
    /// site proved no address; what the database says.
    pub async fn sign_up(
        &self,
        (newcomer, language): (&Newcomer, MailLanguage),
        (device, replaces): (&Device, Option<&SecretText>),
        now: UnixMillis,
    ) -> Result<LoggedIn, SignInError> {
        let address = newcomer.proved_mail().ok_or(PersonError::Code)?;
        let proof = Proof::Vouched(address, language);
        let person = self.become_person(newcomer, &proof, now).await?;
        let identity = &newcomer.identity;
        self.enter(person, identity, (device, replaces), now).await
    }

    /// The same with a code that was sent to an address ([`crate::People::sign_up`]).
    ///
    /// # Errors
    /// [`PersonError::Code`], and those of [`SignIns::sign_up`].
    pub async fn sign_up_with_code(
        &self,
        (newcomer, code): (&Newcomer, &str),
        (device, replaces): (&Device, Option<&SecretText>),
        now: UnixMillis,
    ) -> Result<LoggedIn, SignInError> {
        let token = self
            .people
            .find_code(MailPurpose::SignUp, code, now)
            .await?;
        let proof = Proof::Code(token);
        let person = self.become_person(newcomer, &proof, now).await?;
        let identity = &newcomer.identity;
        self.enter(person, identity, (device, replaces), now).await
    }

    async fn become_person(
        &self,
        newcomer: &Newcomer,
        proof: &Proof<'_>,
        now: UnixMillis,
    ) -> Result<PersonId, SignInError> {
        let id = PersonId::random()?;
        let (who, purpose) = (id.to_string(), MailPurpose::SignUp.as_code());
        let (address, language, code) = match proof {
            Proof::Vouched(address, language) => (*address, *language, None),
            Proof::Code(token) => (token.email(), token.language(), Some(token.tag)),
        };
        let email_tag = self.people.email_tag(address);
        let email = address.as_str().as_bytes();
        let column = People::column("email", &who);
        let email = self.people.key().seal(&column, email)?;
        let link = self.new_link(&newcomer.identity)?;
        let entered = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            if let Some(code) = code {
                let end = sqlx::query(USE_CODE).bind(code.as_slice());
                let end = end.bind(purpose).bind(now.get());
                if end.fetch_optional(&mut *work).await?.is_none() {
                    return Ok(Entered::CodeOver);
                }
            }
            let end = sqlx::query(USE).bind(newcomer.tag.as_slice());
            let end = end.bind(now.get());
            if end.fetch_optional(&mut *work).await?.is_none() {
                return Ok(Entered::MessageOver);
            }
            let add = sqlx::query(ADD_PERSON)
                .bind(&who)
                .bind(email_tag.as_slice());
            let add = add.bind(email.as_bytes()).bind(None::<&[u8]>);
            let add = add.bind(None::<i64>).bind(now.get());
            let add = add.bind(Level::One.as_code());
            let add = add.bind(language.as_code());
            if add.execute(&mut *work).await?.rows_affected() == 0 {
                // Nothing of it is kept, so that they can say what they want instead.
                return Ok(Entered::AddressKnown);
            }
            let add = sqlx::query(ADD_LINK).bind(link.id.to_string()).bind(&who);
            let add = add.bind(link.tag.as_slice());
            let add = add.bind(link.identity.as_bytes()).bind(now.get());
            add.execute(&mut *work).await?;
            let end = sqlx::query(END_CODES).bind(email_tag.as_slice());
            end.bind(purpose).execute(&mut *work).await?;
            note!(work, now, &actor(&who), Act::SignUp, &who, "sign_in");
            work.commit().await?;
            Ok::<_, sqlx::Error>(Entered::Yes(id))
        }
        .await);
        Err(match entered {
            Ok(Entered::Yes(id)) => return Ok(id),
            Ok(Entered::CodeOver) => PersonError::Code.into(),
            Ok(Entered::MessageOver) => SignInError::NewcomerOver,
            Ok(Entered::AddressKnown) => SignInError::MailKnown,
            Err(DatabaseError::Taken(_)) => SignInError::Known,
            Err(error) => error.into(),
        })
    }

    fn newcomer_tag(&self, secret: &SecretText) -> [u8; 32] {
        let key = self.people.key();
        key.tag(Domain::SignInNewcomer, secret.reveal().as_bytes())
    }
}

fn read(text: &str, tag: [u8; 32]) -> Option<Newcomer> {
    let mut lines = text.splitn(4, '\n');
    let shown_at: i64 = lines.next()?.parse().ok()?;
    let is_verified = lines.next()? == "1";
    let address = lines.next()?;
    let mail = (!address.is_empty()).then(|| address.parse());
    let identity = OutsideIdentity::parse(lines.next()?).ok()?;
    let shown_at = (shown_at != 0).then(|| UnixMillis::new(shown_at));
    Some(Newcomer {
        mail: mail.transpose().ok()?.map(|address| OutsideMail {
            address,
            is_verified,
        }),
        identity: identity.with_shown_at(shown_at),
        is_mail_known: false,
        tag,
    })
}

fn column(row: &str) -> Column<'_> {
    Column {
        table: "sign_in_newcomer",
        column: "kept",
        row,
    }
}
