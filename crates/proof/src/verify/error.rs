//! What verification finds.

use std::fmt;

use softcap_offering::Outcome;

use crate::bundle::BundleFile;
use crate::error::ProofError;
use crate::hex::hex;
use crate::settlement_file::FilePart;

/// A place in a file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole: nothing says where.
    Whole,
    /// A line of a text.
    Line {
        /// From 1.
        line: u64,
        /// Byte of the line, from 1.
        column: Option<u64>,
    },
    /// A row of a table.
    Row {
        /// From 1, the header not counted.
        row: u64,
        /// The row's first field as it should be: the contribution or the investor.
        id: String,
        /// The field, from 1.
        field: u64,
    },
    /// An entry of the journal.
    Entry {
        /// Its sequence number.
        entry: u64,
    },
    /// A part of the settlement tree.
    Tree(FilePart),
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Line { line, column: None } => write!(out, ", line {line}"),
            Self::Line {
                line,
                column: Some(column),
            } => {
                write!(out, ", line {line}, column {column}")
            }
            Self::Row { row, id, field } => write!(out, ", row {row} ({id}), field {field}"),
            Self::Entry { entry } => write!(out, ", entry {entry}"),
            Self::Tree(part) => write!(out, ", {part}"),
        }
    }
}

/// Why a bundle is not verified. Codes `V1xx` are stable and never reused.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// V101: the folder cannot be listed.
    #[error("the bundle cannot be listed")]
    FolderUnreadable {
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// V102: a file cannot be read.
    #[error("{file} cannot be read")]
    FileUnreadable {
        /// Which one.
        file: BundleFile,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// V103: a file is longer than any of its kind.
    #[error("{file} is longer than {longest} bytes")]
    FileTooLong {
        /// Which one.
        file: BundleFile,
        /// Most bytes it may have.
        longest: u64,
    },
    /// V104: a file of the bundle is not there.
    #[error("{file} is missing")]
    FileMissing {
        /// Which one.
        file: BundleFile,
    },
    /// V105: the folder holds something that the manifest does not list.
    #[error("unexpected file {name:?}")]
    FileUnexpected {
        /// Its name.
        name: String,
    },
    /// V106: a file is not what it should be.
    #[error("{file}{place}: {problem}")]
    Differs {
        /// Which one.
        file: BundleFile,
        /// Where it first differs.
        place: Place,
        /// How it differs.
        problem: String,
    },
    /// V107: an entry records an outcome that its command does not have.
    #[error("journal, entry {entry}: it records {recorded:?}, the rules give {computed:?}")]
    OutcomeDiffers {
        /// Its sequence number.
        entry: u64,
        /// What the journal says.
        recorded: Box<Outcome>,
        /// What follows from terms and entries.
        computed: Box<Outcome>,
    },
    /// V108: the journal announces other terms than `offering.toml` holds.
    #[error(
        "journal, entry 0: it announces terms with hash {}, offering.toml has {}",
        hex(announced),
        hex(computed)
    )]
    OtherTermsAnnounced {
        /// The hash in the entry.
        announced: [u8; 32],
        /// The hash of the terms.
        computed: [u8; 32],
    },
    /// V109: the journal does not end in a settlement.
    #[error("the journal holds no settlement")]
    NotSettled,
    /// V110: the journal does not publish the settlement's root.
    #[error("the journal does not publish the settlement's root")]
    NotPublished,
    /// V111: the checkpoint is not signed by the key it must be signed by.
    #[error("checkpoint: {source}")]
    NotSignedByKey {
        /// What is wrong with the signature.
        #[source]
        source: ProofError,
    },
    /// V112: the terms are not those that the reader trusts.
    #[error(
        "the terms have the hash {}, expected was {}",
        hex(found),
        hex(expected)
    )]
    OtherTermsHash {
        /// The trusted hash.
        expected: [u8; 32],
        /// The hash of the bundle's terms.
        found: [u8; 32],
    },
    /// V114: the terms are not signed as they must be.
    #[error("terms: {source}")]
    NotSignedByIssuer {
        /// What is wrong with the signature.
        #[source]
        source: ProofError,
    },
    /// V113: something could not be computed.
    #[error("the bundle cannot be computed again")]
    NotVerifiable {
        /// Why.
        #[source]
        source: ProofError,
    },
}

impl VerifyError {
    /// The stable code, for programs and for the documentation.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::FolderUnreadable { .. } => "V101",
            Self::FileUnreadable { .. } => "V102",
            Self::FileTooLong { .. } => "V103",
            Self::FileMissing { .. } => "V104",
            Self::FileUnexpected { .. } => "V105",
            Self::Differs { .. } => "V106",
            Self::OutcomeDiffers { .. } => "V107",
            Self::OtherTermsAnnounced { .. } => "V108",
            Self::NotSettled => "V109",
            Self::NotPublished => "V110",
            Self::NotSignedByKey { .. } => "V111",
            Self::OtherTermsHash { .. } => "V112",
            Self::NotVerifiable { .. } => "V113",
            Self::NotSignedByIssuer { .. } => "V114",
        }
    }

    /// The file that is at fault, where it is one.
    #[must_use]
    pub fn file(&self) -> Option<BundleFile> {
        match self {
            Self::FileUnreadable { file, .. }
            | Self::FileTooLong { file, .. }
            | Self::FileMissing { file }
            | Self::Differs { file, .. } => Some(*file),
            Self::OutcomeDiffers { .. }
            | Self::OtherTermsAnnounced { .. }
            | Self::NotSettled
            | Self::NotPublished => Some(BundleFile::Journal),
            Self::NotSignedByKey { .. } => Some(BundleFile::Checkpoint),
            Self::OtherTermsHash { .. } => Some(BundleFile::Offering),
            Self::NotSignedByIssuer { .. } => Some(BundleFile::OfferingSignature),
            Self::FolderUnreadable { .. }
            | Self::FileUnexpected { .. }
            | Self::NotVerifiable { .. } => None,
        }
    }

    /// What the reader can do about it, one sentence.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::FolderUnreadable { .. } | Self::FileUnreadable { .. } => {
                "Check that the folder is a bundle and may be read."
            }
            Self::FileTooLong { .. } | Self::FileMissing { .. } => {
                "Fetch the bundle again, all files of it."
            }
            Self::FileUnexpected { .. } => {
                "Remove what does not belong to the bundle, or fetch it again."
            }
            Self::Differs { .. } => {
                "Do not trust this bundle: a file was altered. Fetch it again from its source."
            }
            Self::OutcomeDiffers { .. } => {
                "Do not trust this bundle: its journal does not follow its terms."
            }
            Self::OtherTermsAnnounced { .. } => {
                "Do not trust this bundle: its terms are not the ones that were announced."
            }
            Self::NotSettled | Self::NotPublished => {
                "Verify the bundle again when the offering is settled."
            }
            Self::NotSignedByKey { .. } => {
                "Do not trust this bundle unless the key you gave is the wrong one."
            }
            Self::NotSignedByIssuer { .. } => {
                "Do not take these terms for the issuer's unless the key you gave is the wrong one."
            }
            Self::OtherTermsHash { .. } => {
                "Do not trust this bundle unless the hash you gave is that of another offering."
            }
            Self::NotVerifiable { source } => source.remedy(),
        }
    }
}
