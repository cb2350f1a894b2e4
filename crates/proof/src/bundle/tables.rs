//! The tables and the tree of a settlement, written side by side.

use std::io::Write;

use softcap_offering::Offering;

use super::{BundleFile, BundleSink, DigestWriter, FileDigest, References};
use super::{contributions_table, investors_table};
use crate::error::ProofError;
use crate::settlement_leaf::LeafEncoding;
use crate::settlement_tree::{SettlementRoot, SettlementTree};

/// What came of writing the tables.
#[derive(Clone, Debug)]
pub struct Tables {
    /// Root of the settlement tree; `None` when nobody took part.
    pub root: Option<SettlementRoot>,
    /// How its leaves are encoded.
    pub encoding: LeafEncoding,
    /// The files that were written: `settlement.csv`, `investors.csv`, and `settlement.tree` if there
    /// is one.
    pub files: Vec<(BundleFile, FileDigest)>,
}

/// Writes `settlement.csv`, `investors.csv` and `settlement.tree` of a settled offering, on rayon's
/// current thread pool. `references` are those of its contributions, in order.
///
/// # Errors
/// [`ProofError::NotSettled`]; [`ProofError::ReferencesMissing`] when there are not as many as
/// contributions; [`ProofError::BundleIo`] with the file; those of building the tree.
pub fn write_tables<S: BundleSink>(
    offering: &Offering,
    references: &References,
    sink: &S,
) -> Result<Tables, ProofError> {
    if offering.settlement().is_none() {
        return Err(ProofError::NotSettled);
    }
    let (contributions, references_given) = (offering.contribution_count(), references.len());
    if contributions != references_given {
        return Err(ProofError::ReferencesMissing {
            contributions,
            references: references_given,
        });
    }
    let encoding = investors_table::leaf_encoding(offering);
    let (table, (investors, tree)) = rayon::join(
        || {
            write_file(sink, BundleFile::SettlementTable, |out| {
                contributions_table::write(offering, references, out)
            })
        },
        || {
            rayon::join(
                || {
                    write_file(sink, BundleFile::InvestorsTable, |out| {
                        investors_table::write(offering, out)
                    })
                },
                || write_tree(offering, encoding, sink),
            )
        },
    );
    let mut files = vec![table?, investors?];
    let root = match tree? {
        Some((root, file)) => {
            files.push(file);
            Some(root)
        }
        None => None,
    };
    Ok(Tables {
        root,
        encoding,
        files,
    })
}

/// The settlement tree of a settled offering, on rayon's current thread pool; `None` when nobody took
/// part. Leaf `i` is that of investor `i`.
///
/// # Errors
/// [`ProofError::NotSettled`], and those of building the tree.
pub fn settlement_tree(offering: &Offering) -> Result<Option<SettlementTree>, ProofError> {
    if offering.settlement().is_none() {
        return Err(ProofError::NotSettled);
    }
    build_tree(offering, investors_table::leaf_encoding(offering))
}

fn build_tree(
    offering: &Offering,
    encoding: LeafEncoding,
) -> Result<Option<SettlementTree>, ProofError> {
    let count = offering.investor_count();
    if count == 0 {
        return Ok(None);
    }
    // Leaves are made where the tree wants them: a table of their own would be 32 bytes per investor.
    let leaf = |place| investors_table::leaf(offering, encoding.id, place);
    SettlementTree::build(count, leaf).map(Some)
}

/// The root, and the file.
type WrittenTree = (SettlementRoot, (BundleFile, FileDigest));

/// Builds and writes the tree over all investors; there is none when nobody took part.
fn write_tree<S: BundleSink>(
    offering: &Offering,
    encoding: LeafEncoding,
    sink: &S,
) -> Result<Option<WrittenTree>, ProofError> {
    let Some(tree) = build_tree(offering, encoding)? else {
        return Ok(None);
    };
    let file = write_file(sink, BundleFile::SettlementTree, |out| {
        tree.write_to(out).map_err(|error| {
            if let ProofError::TreeFileIo { source, .. } = error {
                source
            } else {
                std::io::Error::other(error)
            }
        })
    })?;
    Ok(Some((tree.root(), file)))
}

/// Writes one file through a digest.
pub(super) fn write_file<S: BundleSink>(
    sink: &S,
    file: BundleFile,
    write: impl FnOnce(&mut DigestWriter<S::File>) -> std::io::Result<()>,
) -> Result<(BundleFile, FileDigest), ProofError> {
    let written = || {
        let mut out = DigestWriter::new(sink.create(file)?);
        write(&mut out)?;
        out.flush()?;
        let (open, digest) = out.finish()?;
        sink.close(file, open)?;
        Ok((file, digest))
    };
    written().map_err(|source| ProofError::BundleIo { file, source })
}
