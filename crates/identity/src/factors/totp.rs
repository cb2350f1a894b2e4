//! Authenticator apps: RFC 6238 with SHA-1, six digits and steps of 30 seconds, which is what every app knows (many
//! take other parameters and silently compute with these). One step before and after now counts too.
//!
//! No code counts twice: the last used step is moved forward by the statement that lets the code in, also when many
//! nodes ask at once. An app counts from its first right code on.

use softcap_database::{on_reader, on_writer, row};
use totp_rs::{Algorithm, Builder, Totp};
use zeroize::Zeroizing;

use super::{
    CEREMONY, FactorError, FactorId, Factors, Notice, codes::Claim, guessing::HOLD, removal,
};
use crate::{
    Act, Column, Level, PersonId, Sealed, SecretText, Session, UnixMillis,
    alerts::{judge_act, tell},
    audit::note,
    people::{actor, random_bytes},
    signals::Signal,
};

/// RFC 4226, section 4: 160 bits.
const SECRET: usize = 20;

/// An app that was begun: what to show, this once.
pub struct BegunTotp {
    /// The secret for whoever types it, base 32.
    pub secret: Zeroizing<String>,
    /// The same as `otpauth://`, to be shown as a picture.
    pub uri: Zeroizing<String>,
    /// Until when the first code must come.
    pub ends_at: UnixMillis,
}

/// What shows that the new app works, and that the one it takes the place of is there.
#[derive(Clone, Copy)]
pub struct TotpConfirmation<'a> {
    /// A code of the new app.
    pub code: &'a str,
    /// A code of the app before, if there is one. Else a stolen session would be worth a lasting one.
    pub present_code: Option<&'a str>,
}

row! {
    struct TotpRow {
        id: String,
        secret: Vec<u8>,
        made_at: i64,
        last_step: i64,
    }
}

fn secret_of(id: &str) -> Column<'_> {
    Column {
        table: "totp",
        column: "secret",
        row: id,
    }
}

fn totp(secret: &[u8], site: &str, account: &str) -> Result<Totp, FactorError> {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(30)
        .with_skew(1)
        .with_secret(secret.to_vec())
        .with_issuer(Some(site))
        .with_account_name(account)
        .build()
        .map_err(|_| FactorError::Row("the secret of an app"))
}

const BEGIN: &str = "INSERT INTO totp (id, person, secret, made_at, last_step) \
     VALUES ($1, $2, $3, $4, 0) ON CONFLICT (person) WHERE confirmed_at IS NULL DO UPDATE SET \
     id = excluded.id, secret = excluded.secret, made_at = excluded.made_at, last_step = 0";
const CONFIRMED: &str = "SELECT id, secret, made_at, last_step FROM totp \
     WHERE person = $1 AND confirmed_at IS NOT NULL";
const UNCONFIRMED: &str = "SELECT id, secret, made_at, last_step FROM totp \
     WHERE person = $1 AND confirmed_at IS NULL";
const CONFIRM: &str = "UPDATE totp SET confirmed_at = $2, last_step = $3 \
     WHERE id = $1 AND confirmed_at IS NULL";
const REPLACE: &str = "DELETE FROM totp WHERE person = $1 AND confirmed_at IS NOT NULL";
const FORGET_REMOVAL: &str = "DELETE FROM factor_removal WHERE factor IN \
     (SELECT id FROM totp WHERE person = $1 AND confirmed_at IS NOT NULL)";

impl Factors {
    /// Begins with a new app. One begun before and not confirmed is forgotten; a confirmed one goes on until the new one
    /// is confirmed.
    ///
    /// # Errors
    /// What the database says; [`crate::PersonError::Randomness`].
    pub async fn begin_totp(
        &self,
        session: &Session,
        now: UnixMillis,
    ) -> Result<BegunTotp, FactorError> {
        let person = self.may_add(session, now).await?;
        let account = self
            .people
            .find(person)
            .await?
            .ok_or(FactorError::Missing)?
            .email;
        let id = FactorId::random()?.to_string();
        let secret: Zeroizing<[u8; SECRET]> = Zeroizing::new(random_bytes()?);
        let site = self.people.site().name.replace(':', " ");
        let totp = totp(&*secret, &site, account.as_str())?;
        let sealed = self.people.key().seal(&secret_of(&id), &*secret)?;
        on_writer!(self.people.database(), |pool| {
            let begin = sqlx::query(BEGIN).bind(&id).bind(person.to_string());
            let begin = begin.bind(sealed.as_bytes()).bind(now.get());
            begin.execute(pool).await.map(drop)
        })?;
        let uri = totp.to_url();
        Ok(BegunTotp {
            secret: Zeroizing::new(totp.secret().to_base32()),
            uri: Zeroizing::new(uri.map_err(|_| FactorError::Row("the name of an app"))?),
            ends_at: now.plus(CEREMONY),
        })
    }

    /// Lets the app that was begun count. The session has shown a second factor and gets a new secret.
    ///
    /// # Errors
    /// [`FactorError::NothingToConfirm`], [`FactorError::Code`], [`FactorError::PresentCode`], the bounds on codes,
    /// and what the database says.
    pub async fn confirm_totp(
        &self,
        session: &Session,
        shown: TotpConfirmation<'_>,
        now: UnixMillis,
    ) -> Result<SecretText, FactorError> {
        let person = self.may_add(session, now).await?;
        self.settle(person, now).await?;
        let begun = self.totp_row(UNCONFIRMED, person).await?;
        let begun = begun.filter(|row| now < UnixMillis::new(row.made_at).plus(CEREMONY));
        let begun = begun.ok_or(FactorError::NothingToConfirm)?;
        let step = self.new_step(&begun, shown.code, now)?;
        let step = step.ok_or(FactorError::Code)?;
        if self.totp_row(CONFIRMED, person).await?.is_some() {
            let code = shown.present_code.ok_or(FactorError::PresentCode)?;
            let claim = self.totp_claim(person, code, now).await?;
            self.spend(session, &claim, now).await?;
        }
        self.count_totp(person, &begun.id, step, now).await?;
        Ok(self.people.raise(session, Level::Two, now).await?)
    }

    async fn count_totp(
        &self,
        person: PersonId,
        id: &str,
        step: i64,
        now: UnixMillis,
    ) -> Result<(), FactorError> {
        let mail = self.notice(person, Notice::TotpAdded).await?;
        let person = person.to_string();
        let counts: bool = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            sqlx::query(HOLD).bind(&person).execute(&mut *work).await?;
            for text in [FORGET_REMOVAL, REPLACE] {
                sqlx::query(text).bind(&person).execute(&mut *work).await?;
            }
            let confirm = sqlx::query(CONFIRM).bind(id).bind(now.get()).bind(step);
            if confirm.execute(&mut *work).await?.rows_affected() == 0 {
                work.rollback().await?;
                return Ok(false);
            }
            for text in removal::FOLLOW {
                sqlx::query(text).bind(&person).execute(&mut *work).await?;
            }
            note!(work, now, &actor(&person), Act::AddFactor, &person, "totp");
            tell!(work, mail, now);
            judge_act!(work, self.people, &person, Signal::SensitiveAct, now);
            work.commit().await?;
            Ok::<_, sqlx::Error>(true)
        }
        .await)?;
        self.people.mail_was_added();
        counts.then_some(()).ok_or(FactorError::NothingToConfirm)
    }

    /// What a code of the app would use up.
    pub(super) async fn totp_claim(
        &self,
        person: PersonId,
        code: &str,
        now: UnixMillis,
    ) -> Result<Claim, FactorError> {
        let Some(row) = self.totp_row(CONFIRMED, person).await? else {
            return Ok(Claim::Nothing);
        };
        let step = self.new_step(&row, code, now)?;
        Ok(step.map_or(Claim::Nothing, |step| Claim::Totp { id: row.id, step }))
    }

    async fn totp_row(
        &self,
        text: &'static str,
        person: PersonId,
    ) -> Result<Option<TotpRow>, FactorError> {
        Ok(on_reader!(self.people.database(), |pool| {
            sqlx::query_as(text)
                .bind(person.to_string())
                .fetch_optional(pool)
                .await
        })?)
    }

    /// The step of a code that is right and later than the last used one.
    fn new_step(
        &self,
        row: &TotpRow,
        code: &str,
        now: UnixMillis,
    ) -> Result<Option<i64>, FactorError> {
        let sealed = Sealed::from_column(row.secret.clone());
        let secret = self.people.key().open(&secret_of(&row.id), &sealed)?;
        // The names are for the app's list and do not enter the code.
        let totp = totp(&secret, "", "")?;
        let seconds = u64::try_from(now.get() / 1000).unwrap_or_default();
        let step = totp.check(code.trim(), seconds);
        let step = step.and_then(|step| i64::try_from(step).ok());
        Ok(step.filter(|step| *step > row.last_step))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: seconds and codes of eight digits, of which six are the last ones.
    const VECTORS: [(u64, &str); 6] = [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ];

    #[test]
    fn codes_are_those_of_the_standard_one_step_early_or_late() {
        let app = totp(b"12345678901234567890", "Harbour", "ada@example.org").unwrap();
        for (seconds, digits) in VECTORS {
            let code = &digits[2..];
            let step = seconds / 30;
            for early_or_late in [seconds - 30, seconds, seconds + 30] {
                assert_eq!(app.check(code, early_or_late), Some(step), "{code}");
            }
            for far in seconds.checked_sub(60).into_iter().chain([seconds + 60]) {
                assert_eq!(app.check(code, far), None, "{code}");
            }
        }
        for junk in ["", "28708", "2870822", "+28708", "28708a", "\u{662}87082"] {
            assert_eq!(app.check(junk, 59), None, "{junk}");
        }
        // The secret in base 32 was computed with Python's base64.b32encode.
        let uri = app.to_url().unwrap();
        assert_eq!(
            uri,
            "otpauth://totp/Harbour:ada%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Harbour"
        );
    }
}
