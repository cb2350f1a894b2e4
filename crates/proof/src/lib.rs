//! The record of an offering that anybody can check: hash trees, signed checkpoints, settlement
//! commitments.
//!
//! - [`journal_tree`]: the RFC 6962 tree over journal entries, its inclusion and consistency proofs.
//! - [`tree_batch`]: what one batch adds to that tree, with the proof of each new leaf.
//! - [`checkpoint`]: a tree head as text (C2SP tlog-checkpoint), unsigned or as a signed note.
//! - [`cosignature`]: what a witness says of a checkpoint, and when it may say it.
//! - [`note_key`]: the Ed25519 keys of signed notes, in the text forms of Go's `sumdb/note`.
//! - [`settlement_leaf`], [`settlement_tree`], [`settlement_file`]: the commitment to who gets what,
//!   byte for byte the tree of `@openzeppelin/merkle-tree`, and its file.
//! - [`mod@entry`], [`journal`]: what a leaf of the journal's tree is, and the file of all of them.
//! - [`audit_entry`]: what a leaf of the audit log is.
//! - [`bundle`], [`verify`]: the folder that a settlement leaves behind, written and computed again.
//! - [`signed_text`]: any other lines under a signature, such as where an offering stands on a chain.
//! - [`receipt`], [`investor_proof`]: what one person keeps of it.
//!
//! The crate is pure: no clock, no randomness, no network. What is read or written goes through the
//! caller's `Read` and `Write`.

pub mod audit_entry;
pub mod batch_receipts;
pub mod bundle;
pub mod checkpoint;
pub mod cosignature;
pub mod entry;
pub mod error;
mod hex;
pub mod investor_proof;
pub mod journal;
pub mod journal_tree;
pub mod note_key;
pub mod receipt;
pub mod settlement_file;
pub mod settlement_leaf;
pub mod settlement_tree;
pub mod signed_terms;
pub mod signed_text;
pub mod tree_batch;
pub mod verify;
pub mod witness_request;

pub use checkpoint::{Checkpoint, CheckpointNote, SignedCheckpoint};
pub use cosignature::{Cosignature, WitnessKey};
pub use error::ProofError;
pub use hex::{from_hex, hex};
pub use journal_tree::{JournalTree, LeafHash, NodeHash, Root};
pub use note_key::{SigningKey, VerifierKey};
pub use settlement_file::{FilePart, LeafProof, TreeFile};
pub use settlement_leaf::{LeafEncoding, LeafId, LeafIdKind, SettlementLeaf};
pub use settlement_tree::{SettlementNode, SettlementRoot, SettlementTree};
pub use signed_terms::SignedTerms;
pub use signed_text::SignedText;
pub use witness_request::WitnessRequest;
