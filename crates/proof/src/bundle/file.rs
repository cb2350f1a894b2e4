//! The files of a bundle, and where they go.

use std::fmt;
use std::io::{self, Write};

/// A file of a bundle. The order is that of the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BundleFile {
    /// The terms as given.
    Offering,
    /// The issuer's signature of the terms; missing when nobody signed them.
    OfferingSignature,
    /// The terms in canonical form, whose hash the first entry announces.
    Terms,
    /// All entries.
    Journal,
    /// The hashes of all entries.
    JournalHashes,
    /// Origin, size and root of the journal, perhaps signed.
    Checkpoint,
    /// One row per contribution.
    SettlementTable,
    /// One row per investor.
    InvestorsTable,
    /// Totals, outcome, roots.
    Summary,
    /// The settlement tree; missing when nobody took part.
    SettlementTree,
    /// The page for people; opaque here.
    Report,
    /// Annotation columns of the contributions; opaque here, only when asked for.
    Annotations,
    /// Size and hash of all the others.
    Manifest,
}

impl BundleFile {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Offering,
        Self::OfferingSignature,
        Self::Terms,
        Self::Journal,
        Self::JournalHashes,
        Self::Checkpoint,
        Self::SettlementTable,
        Self::InvestorsTable,
        Self::Summary,
        Self::SettlementTree,
        Self::Report,
        Self::Annotations,
        Self::Manifest,
    ];

    /// Its name in the folder.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Offering => "offering.toml",
            Self::OfferingSignature => "offering.sig",
            Self::Terms => "terms.json",
            Self::Journal => "journal",
            Self::JournalHashes => "journal.hashes",
            Self::Checkpoint => "checkpoint",
            Self::SettlementTable => "settlement.csv",
            Self::InvestorsTable => "investors.csv",
            Self::Summary => "settlement.json",
            Self::SettlementTree => "settlement.tree",
            Self::Report => "report.html",
            Self::Annotations => "annotations.csv",
            Self::Manifest => "manifest.json",
        }
    }

    /// The file with a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|file| file.name() == name)
    }

    /// Whether every bundle has it.
    pub(crate) fn is_required(self) -> bool {
        match self {
            Self::OfferingSignature | Self::SettlementTree | Self::Report | Self::Annotations => {
                false
            }
            Self::Offering
            | Self::Terms
            | Self::Journal
            | Self::JournalHashes
            | Self::Checkpoint
            | Self::SettlementTable
            | Self::InvestorsTable
            | Self::Summary
            | Self::Manifest => true,
        }
    }
}

impl fmt::Display for BundleFile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// Where the files of a bundle go. Several may be open at once, each on its own thread; only large
/// pieces are written, so that no buffer is needed.
pub trait BundleSink: Sync {
    /// One open file.
    type File: Write + Send;

    /// Opens a file that is not there yet.
    ///
    /// # Errors
    /// What the system says.
    fn create(&self, file: BundleFile) -> io::Result<Self::File>;

    /// Takes a file back after its last byte, flushed.
    ///
    /// # Errors
    /// What the system says; for a sink that compares, that the other file goes on.
    fn close(&self, file: BundleFile, open: Self::File) -> io::Result<()>;
}
