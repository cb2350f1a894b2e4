//! Second factors: authenticator apps, recovery codes and passkeys, and how they go.
//!
//! | shown | counts as | level of the session afterwards |
//! |---|---|---|
//! | password | one factor | one |
//! | code of an authenticator app, after the password | the second | two |
//! | recovery code, after the password | the second, once | two |
//! | passkey | two at once, because it verifies its user | two |
//!
//! Nothing here reads a clock, and no secret is in the database: those of apps and the passkeys are sealed with
//! [`crate::PersonalKey`], of recovery codes there are keyed tags. What a code or a challenge was good for it was good
//! for once: the statement that uses it up is the one that decides, also on several nodes at once.

mod ceremonies;
mod codes;
mod enrolment;
mod error;
mod guessing;
mod notices;
mod passkeys;
mod recovery_code;
mod recovery_codes;
mod relying_party;
mod removal;
mod reset;
mod totp;

use std::time::Duration;

use softcap_database::{on_reader, row};

pub use ceremonies::Ceremony;
pub use codes::SecondFactor;
pub use error::FactorError;
pub(crate) use guessing::{FORGIVE, HOLD};
pub use guessing::{MOST_IN_A_LOGIN, MOST_IN_A_ROW};
use notices::Notice;
pub use passkeys::{Answered, PasskeyView};
pub use recovery_code::RecoveryCode;
pub use recovery_codes::RECOVERY_CODES;
pub use relying_party::PasskeyFault;
use relying_party::RelyingParty;
pub use removal::{FactorName, Removal};
pub use reset::FactorReset;
pub(crate) use reset::{BEGIN_RESET, END_RESET};
pub use totp::{BegunTotp, TotpConfirmation};

use crate::{
    People, PersonId, Session, UnixMillis,
    people::{id_text, random_bytes},
};

/// Passkeys of a person.
pub const MOST_PASSKEYS: u32 = 20;
/// How long a challenge waits for its answer, and an app for its first code.
pub const CEREMONY: Duration = Duration::from_secs(5 * 60);
/// How long a last factor stays after somebody asked for its removal, and how old another factor must be to make it one
/// of several: else who stole a session would add a passkey of their own and remove the owner's factors at once.
pub const REMOVAL_DELAY: Duration = Duration::from_secs(72 * 3600);

/// The second factors of people. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Factors {
    people: People,
    site: Option<RelyingParty>,
}

/// Names an app or a passkey: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FactorId([u8; 16]);

impl FactorId {
    fn random() -> Result<Self, FactorError> {
        Ok(Self(random_bytes()?))
    }
}

id_text!(FactorId, FactorError::Missing);

/// What a person has beside a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactorList {
    /// Since when an authenticator app is confirmed.
    pub totp_since: Option<UnixMillis>,
    /// The passkeys in the order they were added.
    pub passkeys: Vec<PasskeyView>,
    /// Recovery codes that were not used yet.
    pub recovery_codes_left: u32,
    /// Factors on their way out, and when they go.
    pub removals: Vec<(FactorName, UnixMillis)>,
}

row! {
    struct TotpSinceRow {
        confirmed_at: i64,
    }
}

impl Factors {
    /// The factors of these people. Where the site has no host name, there are no passkeys.
    #[must_use]
    pub fn new(people: People) -> Self {
        let site = RelyingParty::new(&people.site().origin).ok();
        Self { people, site }
    }

    /// All factors of a person.
    ///
    /// # Errors
    /// What the database says; [`crate::PersonError::Sealed`] for a row that was changed.
    pub async fn list(&self, person: PersonId, now: UnixMillis) -> Result<FactorList, FactorError> {
        const TOTP: &str =
            "SELECT confirmed_at FROM totp WHERE person = $1 AND confirmed_at IS NOT NULL";
        self.settle(person, now).await?;
        let totp: Option<TotpSinceRow> = on_reader!(self.people.database(), |pool| {
            sqlx::query_as(TOTP)
                .bind(person.to_string())
                .fetch_optional(pool)
                .await
        })?;
        Ok(FactorList {
            totp_since: totp.map(|row| UnixMillis::new(row.confirmed_at)),
            passkeys: self.passkeys(person).await?,
            recovery_codes_left: self.recovery_codes_left(person).await?,
            removals: self.removals(person).await?,
        })
    }
}

/// Whoever changes factors has shown all of theirs, and one a short while ago.
fn may_change(session: &Session, now: UnixMillis) -> Result<PersonId, FactorError> {
    session.require_complete()?;
    session.require_fresh(now)?;
    Ok(session.person)
}
