//! Why a wallet was not added, shown or removed.

use softcap_database::DatabaseError;
use thiserror::Error;

use super::MOST_WALLETS;
use crate::PersonError;

/// A wallet did not do what was asked. No text of it holds an address.
#[derive(Debug, Error)]
pub enum WalletError {
    /// The text is no address.
    #[error(
        "A551: the address of a wallet is 0x and 40 hexadecimal digits; with capital and small letters they must be the right ones"
    )]
    Address,
    /// A chain has no such number.
    #[error("A552: the number of a chain is 1 or more")]
    Chain,
    /// The message was not given out for this, is over, or was answered.
    #[error("A553: this message is not valid: it works once, for five minutes, for what it says")]
    ChallengeOver,
    /// Another key signed, or something else.
    #[error("A554: this is not the signature of the wallet under this message")]
    Signature,
    /// The wallet may be a contract, and its chain cannot be asked.
    #[error("A555: the wallet is none with a key of its own, and its chain cannot be asked now")]
    Unreachable,
    /// Nobody has this wallet.
    #[error("A556: no account here has this wallet")]
    Unknown,
    /// Somebody has this wallet.
    #[error("A557: an account here has this wallet already")]
    Known,
    /// No such wallet of this person.
    #[error("A558: you have no such wallet")]
    Missing,
    /// Nothing else would let the person in.
    #[error("A559: without this wallet nothing would let you in: set a password first")]
    OnlyWay,
    /// More than [`MOST_WALLETS`].
    #[error("A560: you have {MOST_WALLETS} wallets, the most there may be: remove one")]
    TooMany,
    /// A row or a time that this program cannot have written.
    #[error("A595: a wallet's row is damaged: {0}")]
    Row(&'static str),
    /// Something below: sealed columns, limits, randomness, the database.
    #[error(transparent)]
    Person(#[from] PersonError),
}

impl WalletError {
    /// The refusals, for pages that explain each.
    pub const REFUSALS: [Self; 10] = [
        Self::Address,
        Self::Chain,
        Self::ChallengeOver,
        Self::Signature,
        Self::Unreachable,
        Self::Unknown,
        Self::Known,
        Self::Missing,
        Self::OnlyWay,
        Self::TooMany,
    ];

    /// The stable code, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Address => "A551",
            Self::Chain => "A552",
            Self::ChallengeOver => "A553",
            Self::Signature => "A554",
            Self::Unreachable => "A555",
            Self::Unknown => "A556",
            Self::Known => "A557",
            Self::Missing => "A558",
            Self::OnlyWay => "A559",
            Self::TooMany => "A560",
            Self::Row(_) => "A595",
            Self::Person(error) => error.code(),
        }
    }
}

impl From<DatabaseError> for WalletError {
    fn from(error: DatabaseError) -> Self {
        Self::Person(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_begins_with_its_code() {
        for error in WalletError::REFUSALS
            .into_iter()
            .chain([WalletError::Row("x")])
        {
            let text = error.to_string();
            assert!(text.starts_with(&format!("{}: ", error.code())), "{text}");
        }
    }
}
