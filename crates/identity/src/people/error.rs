//! What can go wrong with people.

use std::time::Duration;

use softcap_database::DatabaseError;
use thiserror::Error;

/// Something about a person was not done. No text of it holds a secret or an address.
#[derive(Debug, Error)]
pub enum PersonError {
    /// The text names no person.
    #[error("A401: a person's id has 32 lower-case hexadecimal digits, not all of them zero")]
    Id,
    /// The text is no address of mail.
    #[error(
        "A402: this is no address of mail: write it as anna@example.org, without a name, the domain in ASCII"
    )]
    Email,
    /// A password is too short or too long.
    #[error(
        "A403: a password has at least 15 characters, of whatever kind, and at most 1,024 bytes: take some words that nobody else puts together"
    )]
    PasswordLength,
    /// A password is one of those that are tried first.
    #[error(
        "A404: this password is one of those that are tried first: take some words that nobody else puts together, or let a password manager make one"
    )]
    PasswordGuessed,
    /// A password is made of what everybody knows here.
    #[error(
        "A405: this password is made of the site's name or of your own address, which is tried first: take other words"
    )]
    PasswordOfContext,
    /// A code of a mail is unknown, used or over.
    #[error(
        "A406: this code is not valid: it works once and for a limited time; ask for another one"
    )]
    Code,
    /// Nobody has this address with this password.
    #[error("A407: address or password is wrong")]
    WrongPassword,
    /// There is no such session.
    #[error("A408: you are not logged in, or not any more: log in")]
    NoSession,
    /// No factor was shown lately.
    #[error(
        "A409: this needs a factor that was shown in the last ten minutes: show one again, and repeat it"
    )]
    NotFresh,
    /// The second factor was not shown yet.
    #[error("A410: your second factor is asked for before anything else")]
    SecondFactor,
    /// The person has no session of this name.
    #[error("A411: you have no session of this name")]
    NoSuchSession,
    /// Too many tries.
    #[error("A412: too many tries")]
    Limited {
        /// After this long the same goes through if no other comes first.
        wait: Duration,
    },
    /// Too many passwords wait to be looked at.
    #[error("A413: too many people log in at this moment")]
    Busy {
        /// When to come again.
        wait: Duration,
    },
    /// Somebody said that an act of this person was not theirs.
    #[error(
        "A414: nobody logs in here until a new password was set by mail: an act was reported as not yours"
    )]
    Frozen,
    /// The address to come is the one in force.
    #[error("A415: this is your address already")]
    SameAddress,
    /// There is no change to end.
    #[error("A416: no change of your address is on its way")]
    NoAddressChange,
    /// One at a time.
    #[error("A417: another address takes the place of yours soon: end that change first")]
    AddressChangeWaits,
    /// The operating system gives no random bytes.
    #[error("A491: the operating system gives no random bytes")]
    Randomness,
    /// A sealed column does not open.
    #[error(
        "A492: {table}.{column} of row {row} does not open: it was changed, moved, or sealed with another `personal.key`"
    )]
    Sealed {
        /// Which table.
        table: &'static str,
        /// Which column.
        column: &'static str,
        /// Which row.
        row: String,
    },
    /// A row that this program cannot have written.
    #[error("A493: the row `{row}` of {table} is damaged")]
    Row {
        /// Which table.
        table: &'static str,
        /// Which row.
        row: String,
    },
    /// A password could not be hashed, or what was kept of one is none.
    #[error("A494: passwords cannot be hashed now")]
    Hash,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl PersonError {
    /// The stable code, for the audit and for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Id => "A401",
            Self::Email => "A402",
            Self::PasswordLength => "A403",
            Self::PasswordGuessed => "A404",
            Self::PasswordOfContext => "A405",
            Self::Code => "A406",
            Self::WrongPassword => "A407",
            Self::NoSession => "A408",
            Self::NotFresh => "A409",
            Self::SecondFactor => "A410",
            Self::NoSuchSession => "A411",
            Self::Limited { .. } => "A412",
            Self::Busy { .. } => "A413",
            Self::Frozen => "A414",
            Self::SameAddress => "A415",
            Self::NoAddressChange => "A416",
            Self::AddressChangeWaits => "A417",
            Self::Randomness => "A491",
            Self::Sealed { .. } => "A492",
            Self::Row { .. } => "A493",
            Self::Hash => "A494",
            Self::Database(_) => "A499",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_begins_with_its_code() {
        let wait = Duration::ZERO;
        let row = String::new();
        let table = "person";
        for error in [
            PersonError::Id,
            PersonError::Email,
            PersonError::PasswordLength,
            PersonError::PasswordGuessed,
            PersonError::PasswordOfContext,
            PersonError::Code,
            PersonError::WrongPassword,
            PersonError::NoSession,
            PersonError::NotFresh,
            PersonError::SecondFactor,
            PersonError::NoSuchSession,
            PersonError::Limited { wait },
            PersonError::Busy { wait },
            PersonError::Frozen,
            PersonError::SameAddress,
            PersonError::NoAddressChange,
            PersonError::AddressChangeWaits,
            PersonError::Randomness,
            PersonError::Row { table, row },
            PersonError::Hash,
        ] {
            let text = error.to_string();
            assert!(text.starts_with(&format!("{}: ", error.code())), "{text}");
        }
    }
}
