//! Why a factor was not made, shown or removed.

use softcap_database::DatabaseError;
use thiserror::Error;

use super::{MOST_PASSKEYS, relying_party::PasskeyFault};
use crate::PersonError;

/// A second factor did not do what was asked.
#[derive(Debug, Error)]
pub enum FactorError {
    /// Wrong, used before, or there is nothing it could belong to: one answer for all three.
    #[error("A501: this code is not valid, or it was used before: take the next one")]
    Code,
    /// The last allowed wrong code of a login.
    #[error("A502: too many wrong codes: this login is over; log in again")]
    LoginOver,
    /// Too many wrong codes in a row, over all sessions.
    #[error(
        "A503: too many wrong codes in a row: no code counts until the password is changed; use a passkey, or recover by mail"
    )]
    Blocked,
    /// A TOTP is confirmed that nobody began, or too late.
    #[error("A504: there is no authenticator app to confirm: begin again")]
    NothingToConfirm,
    /// A TOTP takes the place of another.
    #[error(
        "A505: there is an authenticator app already: give a code of it too (`present_code`), or remove it first"
    )]
    PresentCode,
    /// No such factor of this person.
    #[error("A506: you have no such factor")]
    Missing,
    /// Recovery codes without anything they could stand in for.
    #[error("A507: recovery codes stand in for a second factor: add a passkey or an app first")]
    NothingToRecover,
    /// A label is not what it may be.
    #[error("A508: a label has 1 to 100 characters and no control characters")]
    Label,
    /// More than [`MOST_PASSKEYS`].
    #[error("A509: you have {MOST_PASSKEYS} passkeys, the most there may be: remove one")]
    TooManyPasskeys,
    /// The origin of the site has no host name.
    #[error(
        "A510: passkeys need a site with a host name, such as https://sale.example: the operator sets `[site] origin`"
    )]
    NoSite,
    /// The challenge was not given out, is over, or was answered.
    #[error("A520: this challenge is over or was answered: begin again")]
    CeremonyOver,
    /// A passkey was refused.
    #[error(transparent)]
    Passkey(#[from] PasskeyFault),
    /// The removal of this factor is on its way.
    #[error("A530: this factor is being removed already")]
    RemovalPending,
    /// No removal is on its way.
    #[error("A531: no removal is on its way")]
    NoRemoval,
    /// No reset waits for its time.
    #[error("A532: no second factors are about to be set aside")]
    NoReset,
    /// A factor is there, or none is needed.
    #[error(
        "A533: a factor is added with a code of a mail only after yours were set aside: show the one that you have"
    )]
    NothingToEnrol,
    /// A row that this program cannot have written.
    #[error("A590: a factor's row is damaged: {0}")]
    Row(&'static str),
    /// Something below: sealed columns, limits, randomness, the database.
    #[error(transparent)]
    Person(#[from] PersonError),
}

impl FactorError {
    /// The stable code, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Code => "A501",
            Self::LoginOver => "A502",
            Self::Blocked => "A503",
            Self::NothingToConfirm => "A504",
            Self::PresentCode => "A505",
            Self::Missing => "A506",
            Self::NothingToRecover => "A507",
            Self::Label => "A508",
            Self::TooManyPasskeys => "A509",
            Self::NoSite => "A510",
            Self::CeremonyOver => "A520",
            Self::Passkey(fault) => fault.code(),
            Self::RemovalPending => "A530",
            Self::NoRemoval => "A531",
            Self::NoReset => "A532",
            Self::NothingToEnrol => "A533",
            Self::Row(_) => "A590",
            Self::Person(error) => error.code(),
        }
    }
}

impl From<DatabaseError> for FactorError {
    fn from(error: DatabaseError) -> Self {
        Self::Person(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_begins_with_its_code() {
        let own = [
            FactorError::Code,
            FactorError::LoginOver,
            FactorError::Blocked,
            FactorError::NothingToConfirm,
            FactorError::PresentCode,
            FactorError::Missing,
            FactorError::NothingToRecover,
            FactorError::Label,
            FactorError::TooManyPasskeys,
            FactorError::NoSite,
            FactorError::CeremonyOver,
            FactorError::RemovalPending,
            FactorError::NoRemoval,
            FactorError::NoReset,
            FactorError::NothingToEnrol,
            FactorError::Row("x"),
            FactorError::Person(PersonError::NotFresh),
        ];
        let faults = PasskeyFault::ALL.into_iter().map(FactorError::Passkey);
        for error in own.into_iter().chain(faults) {
            let text = error.to_string();
            assert!(text.starts_with(&format!("{}: ", error.code())), "{text}");
        }
    }
}
