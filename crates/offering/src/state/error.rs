//! Why bytes are not the state of an offering.

use std::io;

/// Why a stored state could not be read. A stored state is a cache: whatever is wrong with it, the
/// journal still holds everything.
///
/// Codes are stable and never reused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// S101: the source of the bytes failed.
    #[error("the state could not be read beyond byte {offset}: {kind}")]
    Source {
        /// How many bytes came before.
        offset: u64,
        /// What the source said.
        kind: io::ErrorKind,
    },
    /// S102: the bytes end too early.
    #[error("the state ends at byte {offset}, in the middle of something")]
    CutOff {
        /// Where the bytes end.
        offset: u64,
    },
    /// S103: the first bytes are not those of a state.
    #[error("this is not the state of an offering")]
    Foreign,
    /// S104: the state was written in a form that this program does not read.
    #[error(
        "the state has form {version}; this program reads form {}",
        super::STATE_VERSION
    )]
    Version {
        /// The form that its header names.
        version: u32,
    },
    /// S105: the state belongs to other terms.
    #[error("the state belongs to other terms")]
    OtherTerms {
        /// The hash of those terms.
        terms_hash: [u8; 32],
    },
    /// S106: something in the bytes cannot be part of a state.
    #[error("the state is wrong at byte {offset}: {problem}")]
    Malformed {
        /// Where it stands.
        offset: u64,
        /// What is wrong there.
        problem: &'static str,
    },
    /// S107: the hash at the end is not the hash of what stands before it.
    #[error("the hash at byte {offset} is not the hash of the bytes before it")]
    Damaged {
        /// Where the hash stands.
        offset: u64,
    },
    /// S108: something follows the end.
    #[error("the state ends at byte {offset}, and more bytes follow")]
    TrailingBytes {
        /// Where the state ends.
        offset: u64,
    },
}

impl StateError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Source { .. } => "S101",
            Self::CutOff { .. } => "S102",
            Self::Foreign => "S103",
            Self::Version { .. } => "S104",
            Self::OtherTerms { .. } => "S105",
            Self::Malformed { .. } => "S106",
            Self::Damaged { .. } => "S107",
            Self::TrailingBytes { .. } => "S108",
        }
    }

    /// What to do.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Source { .. } => {
                "Check the disk or the database, or replay the journal without it."
            }
            Self::OtherTerms { .. } => "Read it with the terms that it was written under.",
            Self::Version { .. } => {
                "Replay the journal; the state is then written in the new form."
            }
            Self::CutOff { .. }
            | Self::Foreign
            | Self::Malformed { .. }
            | Self::Damaged { .. }
            | Self::TrailingBytes { .. } => "Delete it and replay the journal.",
        }
    }
}
