//! What can go wrong with verification.

use softcap_database::DatabaseError;
use thiserror::Error;

use super::{Need, StateKind};
use crate::PersonError;

/// Something about a verification was not done. No text of it holds a personal value.
#[derive(Debug, Error)]
pub enum VerificationError {
    /// The person has none.
    #[error("A901: there is no verification of this person")]
    NoCase,
    /// A step that does not follow on the state.
    #[error("A902: the verification is {}: {step} is no next step", state.as_code())]
    Step {
        /// Where it stands.
        state: StateKind,
        /// What was tried.
        step: &'static str,
    },
    /// A value is not one of its kind.
    #[error("A903: {field} is not valid: {why}")]
    Value {
        /// Which.
        field: &'static str,
        /// What it must be.
        why: &'static str,
    },
    /// Something that the level asks for is not there.
    #[error("A904: this is missing: {}", codes(.0))]
    Missing(Vec<Need>),
    /// More was asked for as often as it may be.
    #[error("A905: more was asked for three times: approve or refuse it now")]
    NoMoreRounds,
    /// A decision without reasons, or with unknown ones.
    #[error("A906: a decision gives one to eight reasons of the list, each once")]
    Reasons,
    /// Somebody changed the case meanwhile.
    #[error("A907: the verification was changed since you read it: read it again")]
    Changed,
    /// Nobody decides about themself.
    #[error("A908: this is your own verification: somebody else must look at it")]
    OwnCase,
    /// The end of an approval is not in the bounds.
    #[error("A909: an approval ends in the future, and no later than the policy allows")]
    Until,
    /// A level below the one that was approved, or the one that needs no case.
    #[error("A910: choose a level above `email`")]
    Level,
    /// The person was erased, and the key of their values destroyed.
    #[error("A911: the values of this person were destroyed: there is nothing to show")]
    Destroyed,
    /// Too many rounds of offerings are wished for.
    #[error("A912: a verification is for ten rounds of offerings at most, each named once")]
    Rounds,
    /// A reviewer grants what nobody asked for.
    #[error(
        "A913: the person does not ask to take part in one of these rounds, or one is named twice"
    )]
    NotWanted,
    /// A file is too large.
    #[error("A914: a file has at most {0} bytes")]
    TooLarge(u64),
    /// A file is not what it says it is, or of no kind that is taken.
    #[error("A915: this is not the kind of file that it says: PDF, JPEG and PNG are taken")]
    NotThatType,
    /// There are as many files as there may be.
    #[error("A916: at most {0} files: take one back that is not needed")]
    TooMany(usize),
    /// There is no such file.
    #[error("A917: there is no file of this name")]
    NoUpload,
    /// A file cannot be written.
    #[error("A918: there is no room for the file now; nothing of it was kept")]
    Room,
    /// A file is gone or was cut off.
    #[error("A919: the file is not there as it was")]
    File,
    /// Permits are for one wallet.
    #[error("A920: a permit of this admission was signed for another wallet")]
    OtherWallet,
    /// People.
    #[error(transparent)]
    Person(#[from] PersonError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl VerificationError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoCase => "A901",
            Self::Step { .. } => "A902",
            Self::Value { .. } => "A903",
            Self::Missing(_) => "A904",
            Self::NoMoreRounds => "A905",
            Self::Reasons => "A906",
            Self::Changed => "A907",
            Self::OwnCase => "A908",
            Self::Until => "A909",
            Self::Level => "A910",
            Self::Destroyed => "A911",
            Self::Rounds => "A912",
            Self::NotWanted => "A913",
            Self::TooLarge(_) => "A914",
            Self::NotThatType => "A915",
            Self::TooMany(_) => "A916",
            Self::NoUpload => "A917",
            Self::Room => "A918",
            Self::File => "A919",
            Self::OtherWallet => "A920",
            Self::Person(error) => error.code(),
            Self::Database(_) => "A999",
        }
    }
}

fn codes(missing: &[Need]) -> String {
    let codes: Vec<_> = missing.iter().map(|need| need.as_code()).collect();
    codes.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_begins_with_its_code() {
        for error in [
            VerificationError::NoCase,
            VerificationError::Step {
                state: StateKind::Open,
                step: "approving it",
            },
            VerificationError::Value {
                field: "country",
                why: "two letters",
            },
            VerificationError::Missing(Vec::new()),
            VerificationError::NoMoreRounds,
            VerificationError::Reasons,
            VerificationError::Changed,
            VerificationError::OwnCase,
            VerificationError::Until,
            VerificationError::Level,
            VerificationError::Destroyed,
            VerificationError::Rounds,
            VerificationError::NotWanted,
            VerificationError::TooLarge(1),
            VerificationError::NotThatType,
            VerificationError::TooMany(1),
            VerificationError::NoUpload,
            VerificationError::Room,
            VerificationError::File,
            VerificationError::OtherWallet,
        ] {
            let text = error.to_string();
            assert!(text.starts_with(&format!("{}: ", error.code())), "{text}");
        }
    }
}
