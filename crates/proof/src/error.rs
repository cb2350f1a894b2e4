//! Everything that can be wrong with a proof, a checkpoint, a key or a settlement tree.
//!
//! Codes are stable and never reused: `P1xx` journal tree, `P2xx` keys and checkpoints, `P3xx`
//! settlement tree, `P4xx` entries and the journal file, `P5xx` the bundle, `P6xx` receipts. The
//! message says what happened and with which numbers, [`ProofError::remedy`] says what the reader can
//! do.

use softcap_offering::Refusal;

use crate::bundle::BundleFile;
use crate::settlement_file::FilePart;

/// A refusal of this crate.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// P101: a leaf was asked for that the tree does not have.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    LeafOutOfRange {
        /// The leaf asked for, counted from 0.
        index: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// P102: a consistency proof was asked for from a larger tree to a smaller one.
    #[error("a tree of {old_size} leaves cannot be an earlier state of one of {new_size}")]
    SizeOutOfRange {
        /// Leaves of the tree said to be the earlier one.
        old_size: u64,
        /// Leaves of the tree said to be the later one.
        new_size: u64,
    },
    /// P103: an inclusion proof has the wrong length or leads to another root.
    #[error("the inclusion proof of leaf {index} does not lead to the root of {size} leaves")]
    InclusionInvalid {
        /// The leaf, counted from 0.
        index: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// P104: a consistency proof has the wrong length or leads to other roots.
    #[error("the consistency proof from {old_size} to {new_size} leaves does not hold")]
    ConsistencyInvalid {
        /// Leaves of the earlier tree.
        old_size: u64,
        /// Leaves of the later tree.
        new_size: u64,
    },
    /// P201: the text of a signing or verifier key is not one.
    #[error("not a {kind} key: {problem}")]
    KeyMalformed {
        /// `signing` or `verifier`. The text of the key is never repeated: it may be a secret.
        kind: &'static str,
        /// Which part is wrong.
        problem: &'static str,
    },
    /// P202: a key name is empty or has spaces, plus signs or control characters.
    #[error("key name {name:?} is empty or has a space, a plus sign or a control character")]
    KeyNameInvalid {
        /// The name as given.
        name: String,
    },
    /// P203: the text is not a checkpoint or its signature lines are malformed.
    #[error("not a checkpoint: line {line}: {problem}")]
    CheckpointMalformed {
        /// Line of the text, counted from 1.
        line: usize,
        /// What is wrong there.
        problem: &'static str,
    },
    /// P204: no signature line is by the key that was asked about.
    #[error("the checkpoint has no signature by {name}+{id:08x}")]
    SignatureMissing {
        /// Name of the key.
        name: String,
        /// The key's 32-bit id.
        id: u32,
    },
    /// P205: a signature line names the key and does not verify.
    #[error("the checkpoint's signature by {name}+{id:08x} is false")]
    SignatureInvalid {
        /// Name of the key.
        name: String,
        /// The key's 32-bit id.
        id: u32,
    },
    /// P206: the text is not the signature line of a witness.
    #[error("not a cosignature: {problem}")]
    CosignatureMalformed {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// P207: the text is not a request to a witness.
    #[error("not a request to a witness: {problem}")]
    WitnessRequestMalformed {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// P208: the text is not a signature of terms.
    #[error("not a signature of terms: line {line}: {problem}")]
    SignedTermsMalformed {
        /// Line of the text, counted from 1.
        line: usize,
        /// What is wrong there.
        problem: &'static str,
    },
    /// P209: a signature is of other terms.
    #[error("it signs the terms {terms_hash} of {origin}, which are not these")]
    OtherTermsSigned {
        /// The origin that was signed.
        origin: String,
        /// The hash that was signed.
        terms_hash: String,
    },
    /// P210: the issuer's key that was asked about did not sign the terms.
    #[error("the terms have no signature by {name}+{id:08x}")]
    TermsNotSigned {
        /// Name of the key.
        name: String,
        /// The key's 32-bit id.
        id: u32,
    },
    /// P211: a signature line names the issuer's key and does not verify.
    #[error("the signature of the terms by {name}+{id:08x} is false")]
    TermsSignatureInvalid {
        /// Name of the key.
        name: String,
        /// The key's 32-bit id.
        id: u32,
    },
    /// P212: the text is not a signed text.
    #[error("not a signed text: line {line}: {problem}")]
    SignedTextMalformed {
        /// Line of the text, counted from 1.
        line: usize,
        /// What is wrong there.
        problem: &'static str,
    },
    /// P213: the key that was asked about did not sign the text.
    #[error("there is no signature by {name}+{id:08x}")]
    TextNotSigned {
        /// Name of the key.
        name: String,
        /// The key's 32-bit id.
        id: u32,
    },
    /// P214: a signature line names the key and does not verify.
    #[error("the signature by {name}+{id:08x} is false")]
    TextSignatureInvalid {
        /// Name of the key.
        name: String,
        /// The key's 32-bit id.
        id: u32,
    },
    /// P301: a settlement without investors has no tree.
    #[error("a settlement tree needs at least one leaf")]
    SettlementEmpty,
    /// P302: more leaves than tree positions of 32 bits can name.
    #[error("{leaves} leaves are more than a settlement tree can hold ({max})")]
    SettlementTooLarge {
        /// Leaves given.
        leaves: u64,
        /// Leaves allowed.
        max: u64,
    },
    /// P303: a proof does not lead from the leaf to the root.
    #[error("the proof does not lead from this leaf to the settlement root")]
    SettlementProofInvalid,
    /// P304: the file is not a settlement tree, or of another version or length.
    #[error("not a settlement tree file: {problem}")]
    TreeFileMalformed {
        /// What is wrong.
        problem: String,
    },
    /// P305: the file is not the file of the tree it was compared with.
    #[error("the settlement tree file differs from the recomputed tree, first at {part}")]
    TreeFileDiffers {
        /// The first differing place in the order of the file.
        part: FilePart,
    },
    /// P306: the file could not be read or written.
    #[error("the settlement tree file cannot be {action}")]
    TreeFileIo {
        /// `read` or `written`.
        action: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// P401: bytes are not the leaf of an entry.
    #[error("not an entry: byte {offset}: {problem}")]
    EntryMalformed {
        /// Where it stops making sense, counted from 0.
        offset: usize,
        /// What is wrong there.
        problem: &'static str,
    },
    /// P402: an entry has no encoding.
    #[error("entry {sequence} cannot be recorded: {problem}")]
    EntryNotEncodable {
        /// Its sequence number.
        sequence: u64,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// P403: the file `journal` is not a sequence of entries.
    #[error("the journal is malformed: entry {entry} at byte {offset}: {problem}")]
    JournalMalformed {
        /// Number of the entry, from 0.
        entry: u64,
        /// Where it begins in the file.
        offset: u64,
        /// What is wrong there.
        problem: &'static str,
    },
    /// P404: the journal or its leaf hashes cannot be read or written.
    #[error("the journal cannot be {action}")]
    JournalIo {
        /// `read` or `written`.
        action: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// P405: the thread that writes the journal stopped; finishing the journal says why.
    #[error("the journal is no longer written")]
    JournalStopped,
    /// P501: a bundle is made of a settlement, and there is none.
    #[error("the offering is not settled")]
    NotSettled,
    /// P502: every contribution has a reference, and there are more or fewer.
    #[error("there are {contributions} contributions and {references} references")]
    ReferencesMissing {
        /// Contributions of the offering.
        contributions: usize,
        /// References given.
        references: usize,
    },
    /// P503: a file of the bundle cannot be written.
    #[error("{file} cannot be written")]
    BundleIo {
        /// Which one.
        file: BundleFile,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// P504: the state machine refused to settle or to publish.
    #[error("the offering cannot be settled: {} ({})", .refusal.sentence(), .refusal.code())]
    SettleRefused {
        /// Why.
        refusal: Refusal,
    },
    /// P505: nobody with this id took part.
    #[error("there is no investor {investor} in this settlement")]
    InvestorUnknown {
        /// The id asked for.
        investor: String,
    },
    /// P601: the text is not a receipt.
    #[error("not a receipt: line {line}: {problem}")]
    ReceiptMalformed {
        /// Line of the text, from 1.
        line: usize,
        /// What is wrong there.
        problem: &'static str,
    },
}

impl ProofError {
    /// The stable code, for programs and for the documentation.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::LeafOutOfRange { .. } => "P121",
            Self::SizeOutOfRange { .. } => "P122",
            Self::InclusionInvalid { .. } => "P123",
            Self::ConsistencyInvalid { .. } => "P124",
            Self::KeyMalformed { .. } => "P201",
            Self::KeyNameInvalid { .. } => "P202",
            Self::CheckpointMalformed { .. } => "P203",
            Self::SignatureMissing { .. } => "P204",
            Self::SignatureInvalid { .. } => "P205",
            Self::CosignatureMalformed { .. } => "P206",
            Self::WitnessRequestMalformed { .. } => "P207",
            Self::SignedTermsMalformed { .. } => "P208",
            Self::OtherTermsSigned { .. } => "P209",
            Self::TermsNotSigned { .. } => "P210",
            Self::TermsSignatureInvalid { .. } => "P211",
            Self::SignedTextMalformed { .. } => "P212",
            Self::TextNotSigned { .. } => "P213",
            Self::TextSignatureInvalid { .. } => "P214",
            Self::SettlementEmpty => "P301",
            Self::SettlementTooLarge { .. } => "P302",
            Self::SettlementProofInvalid => "P303",
            Self::TreeFileMalformed { .. } => "P304",
            Self::TreeFileDiffers { .. } => "P305",
            Self::TreeFileIo { .. } => "P306",
            Self::EntryMalformed { .. } => "P401",
            Self::EntryNotEncodable { .. } => "P402",
            Self::JournalMalformed { .. } => "P403",
            Self::JournalIo { .. } => "P404",
            Self::JournalStopped => "P405",
            Self::NotSettled => "P501",
            Self::ReferencesMissing { .. } => "P502",
            Self::BundleIo { .. } => "P503",
            Self::SettleRefused { .. } => "P504",
            Self::InvestorUnknown { .. } => "P505",
            Self::ReceiptMalformed { .. } => "P601",
        }
    }

    /// What the reader can do about it, one sentence.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::LeafOutOfRange { .. } => "Ask for a leaf below the size of the checkpoint.",
            Self::SizeOutOfRange { .. } => "Give the smaller checkpoint first.",
            Self::InclusionInvalid { .. } => {
                "Fetch the proof again for this very checkpoint; if it still fails, the entry is not \
                 in that log: keep the receipt, it is evidence."
            }
            Self::ConsistencyInvalid { .. } => {
                "Fetch the proof again for these two checkpoints; if it still fails, the log was \
                 rewritten: keep both checkpoints, they are evidence."
            }
            Self::KeyMalformed { .. } => {
                "Copy the whole key, one line: NAME+ID+KEY, or PRIVATE+KEY+NAME+ID+KEY to sign."
            }
            Self::KeyNameInvalid { .. } => "Choose a name such as example.com/offering.",
            Self::CheckpointMalformed { .. } => {
                "Fetch the checkpoint again, byte for byte: origin, size, root, then a blank line \
                 and the signatures if there are any."
            }
            Self::SignatureMissing { .. } => {
                "Compare the key with one from a source you trust; an unsigned checkpoint proves \
                 only that the bundle agrees with itself."
            }
            Self::SignatureInvalid { .. } => {
                "Do not trust this checkpoint: it was altered after it was signed, or forged."
            }
            Self::CosignatureMalformed { .. } => {
                "Send the witness's line as it is: em dash, name, base64 of id, time and signature."
            }
            Self::WitnessRequestMalformed { .. } => {
                "Send `old` and a size, the proof in base64, an empty line, and the checkpoint."
            }
            Self::SignedTermsMalformed { .. } => {
                "Give the file that softcap offering sign wrote, byte for byte."
            }
            Self::OtherTermsSigned { .. } => {
                "Compare the two terms; the issuer signs again after every change."
            }
            Self::TermsNotSigned { .. } => {
                "Compare the key with one from a source you trust, or let the issuer sign."
            }
            Self::TermsSignatureInvalid { .. } => {
                "Do not trust these terms: the signature is of others, or forged."
            }
            Self::SignedTextMalformed { .. } => "Fetch the file again, byte for byte.",
            Self::TextNotSigned { .. } => {
                "Compare the key with one from a source you trust, or let its owner sign."
            }
            Self::TextSignatureInvalid { .. } => {
                "Do not trust this text: it was altered after it was signed, or forged."
            }
            Self::SettlementEmpty => "Settle an offering in which at least one investor took part.",
            Self::SettlementTooLarge { .. } => "Split the sale into several offerings.",
            Self::SettlementProofInvalid => {
                "Check the id, the amounts and their order against the settlement table, and take \
                 the proof from the same settlement."
            }
            Self::TreeFileMalformed { .. } => "Fetch the file again or settle again.",
            Self::TreeFileDiffers { .. } => {
                "Do not trust this file: it is not the tree of the settlement beside it."
            }
            Self::TreeFileIo { .. } => "Check the disk, its free space and the permissions.",
            Self::EntryMalformed { .. } => {
                "Fetch the journal again; if it is the same, it was altered or made by a newer version."
            }
            Self::JournalMalformed { .. } => {
                "Fetch the journal again; if it is the same, it was cut or altered."
            }
            Self::NotSettled => "End the journal with a settle entry.",
            Self::ReferencesMissing { .. } => "Note the reference of every entry, in order.",
            Self::InvestorUnknown { .. } => "Use an id of investors.csv.",
            Self::ReceiptMalformed { .. } => "Fetch the receipt again, byte for byte.",
            Self::SettleRefused { refusal } => refusal.remedy(),
            Self::BundleIo { .. } => "Check the disk, its free space and the permissions.",
            Self::JournalIo { .. } | Self::JournalStopped => {
                "Check the disk, its free space and the permissions."
            }
            Self::EntryNotEncodable { .. } => {
                "Shorten or correct the field that the message names."
            }
        }
    }
}
