//! The audit bundle: the folder that `softcap settle --out DIR` writes and `softcap verify` recomputes.
//!
//! Two files are given, everything else follows from them: `offering.toml` and `journal`. Writing is
//! generic over a [`BundleSink`], so that verifying writes the same bytes through the same code into
//! a sink that compares ([`crate::verify`]). `docs/bundle-format.md` describes every file.

mod contributions_table;
mod decimal;
mod digest;
mod file;
mod investors_table;
mod manifest;
mod references;
mod summary;
mod tables;
#[cfg(test)]
pub(crate) mod tests;
mod writer;

pub use decimal::{DecimalText, display_decimal, push_decimal};
pub(crate) use investors_table::{leaf_encoding, leaf_id, push_leaf_amounts};

pub use digest::{DigestWriter, FileDigest};
pub use file::{BundleFile, BundleSink};
pub use manifest::Manifest;
pub use references::References;
pub use summary::{Commitments, write_summary, write_terms};
pub use tables::{Tables, settlement_tree, write_tables};
pub use writer::{BundleWriter, OpaqueFile, SettledBundle};
