//! The journal's transparency tree: RFC 6962 section 2.1 with SHA-256, proofs as in RFC 9162
//! sections 2.1.3 and 2.1.4.
//!
//! A leaf is `SHA-256(0x00 || entry)`, a node `SHA-256(0x01 || left || right)`; the left side of a
//! node is always a complete subtree. [`JournalTree`] appends with O(log n) state; the functions over
//! a slice of leaf hashes are for whoever holds the whole journal. Sizes and indices count leaves,
//! from 0. The tree of no leaves has the root `SHA-256("")`.

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::error::ProofError;

/// Below this many leaves a subtree is hashed on one thread: splitting costs more than it saves.
const PARALLEL_LEAVES: usize = 1 << 12;

/// The hash of one journal entry, `SHA-256(0x00 || entry)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LeafHash(pub [u8; 32]);

impl LeafHash {
    /// Hashes an encoded entry with the leaf prefix of RFC 6962.
    #[must_use]
    pub fn of(entry: &[u8]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update([0x00]);
        hasher.update(entry);
        Self(hasher.finalize().into())
    }

    /// Hashes entries, many of them on rayon's current thread pool.
    #[must_use]
    pub fn of_all(entries: &[&[u8]]) -> Vec<Self> {
        // Some fifty microseconds of work, beside which it is little to wake another thread.
        const APART: usize = 256;
        if entries.len() < 2 * APART {
            return entries.iter().map(|entry| Self::of(entry)).collect();
        }
        entries
            .par_iter()
            .with_min_len(APART)
            .map(|entry| Self::of(entry))
            .collect()
    }
}

/// The hash of a complete subtree: what proofs consist of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeHash(pub [u8; 32]);

/// The root of a journal tree of a certain size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Root(pub [u8; 32]);

/// In lower-case hexadecimal.
impl std::fmt::Display for Root {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&crate::hex::hex(&self.0))
    }
}

impl Root {
    /// The root of the tree without leaves, `SHA-256("")`.
    #[must_use]
    pub fn empty() -> Self {
        Self(Sha256::digest([]).into())
    }
}

/// A journal tree that only grows. Holds one hash per set bit of its size (the compact range).
///
/// ```
/// use softcap_proof::journal_tree::{JournalTree, LeafHash, root};
///
/// let leaves = [LeafHash::of(b"first"), LeafHash::of(b"second"), LeafHash::of(b"third")];
/// let mut tree = JournalTree::new();
/// for leaf in leaves {
///     tree.append(leaf);
/// }
/// assert_eq!((tree.size(), tree.root()), (3, root(&leaves)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalTree {
    size: u64,
    /// Roots of the complete subtrees, largest (leftmost) first.
    peaks: Vec<[u8; 32]>,
}

impl JournalTree {
    /// The tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Leaves appended so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends one leaf and returns its index. Amortised one node hash per leaf.
    pub fn append(&mut self, leaf: LeafHash) -> u64 {
        let index = self.size;
        let mut carried = leaf.0;
        // Each trailing one of the size is a complete subtree as large as the one just completed.
        for _ in 0..index.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                carried = node_hash(&left, &carried);
            }
        }
        self.peaks.push(carried);
        self.size += 1;
        index
    }

    /// A tree of `size` leaves with these peaks, largest first: one for each set bit of the size.
    pub(crate) fn from_peaks(size: u64, peaks: Vec<[u8; 32]>) -> Self {
        Self { size, peaks }
    }

    /// The peaks as bytes, to be kept with a snapshot.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let size = self.size.to_be_bytes();
        size.iter()
            .chain(self.peaks.iter().flatten())
            .copied()
            .collect()
    }

    /// The tree of [`JournalTree::to_bytes`]; `None` when the bytes are not of that form.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (size, peaks) = bytes.split_first_chunk::<8>()?;
        let size = u64::from_be_bytes(*size);
        let peaks = peaks.chunks(32).map(|peak| peak.try_into().ok());
        let peaks = peaks.collect::<Option<Vec<[u8; 32]>>>()?;
        (peaks.len() == usize::try_from(size.count_ones()).ok()?).then_some(Self { size, peaks })
    }

    /// For each level, the complete subtree of `2^level` leaves that ends the tree's left part.
    pub(crate) fn peaks_by_level(&self) -> Vec<Option<[u8; 32]>> {
        let mut peaks = self.peaks.iter().rev();
        (0..u64::BITS - self.size.leading_zeros())
            .map(|level| {
                if self.size >> level & 1 == 1 {
                    peaks.next().copied()
                } else {
                    None
                }
            })
            .collect()
    }

    /// The root now.
    #[must_use]
    pub fn root(&self) -> Root {
        let mut peaks = self.peaks.iter().rev();
        peaks.next().map_or_else(Root::empty, |last| {
            Root(peaks.fold(*last, |right, left| node_hash(left, &right)))
        })
    }
}

/// The root over all `leaves`, on one thread.
#[must_use]
pub fn root(leaves: &[LeafHash]) -> Root {
    let mut tree = JournalTree::new();
    for leaf in leaves {
        tree.append(*leaf);
    }
    tree.root()
}

/// The root over all `leaves`, on rayon's current thread pool. Same result as [`root`].
#[must_use]
pub fn parallel_root(leaves: &[LeafHash]) -> Root {
    if leaves.len() <= PARALLEL_LEAVES {
        return root(leaves);
    }
    let (left, right) = leaves.split_at(left_leaves(leaves.len()));
    let (left, right) = rayon::join(|| parallel_root(left), || parallel_root(right));
    Root(node_hash(&left.0, &right.0))
}

/// Proves that leaf `index` is in the tree over `leaves` (RFC 9162, 2.1.3.1): the siblings on the
/// way to the root, nearest first.
///
/// # Errors
/// [`ProofError::LeafOutOfRange`] when there is no such leaf.
pub fn inclusion_proof(leaves: &[LeafHash], index: u64) -> Result<Vec<NodeHash>, ProofError> {
    let size = leaves.len() as u64;
    let out_of_range = ProofError::LeafOutOfRange { index, size };
    let Ok(mut position) = usize::try_from(index) else {
        return Err(out_of_range);
    };
    if position >= leaves.len() {
        return Err(out_of_range);
    }
    let mut subtree = leaves;
    let mut proof = Vec::new();
    while subtree.len() > 1 {
        let split = left_leaves(subtree.len());
        let (left, right) = subtree.split_at(split);
        let sibling;
        if position < split {
            (subtree, sibling) = (left, right);
        } else {
            (subtree, sibling) = (right, left);
            position -= split;
        }
        proof.push(NodeHash(parallel_root(sibling).0));
    }
    proof.reverse();
    Ok(proof)
}

/// Proves that the tree over the first `old_size` leaves is a beginning of the tree over `leaves`
/// (RFC 9162, 2.1.4.1). Empty when the sizes are equal or the old tree has no leaves.
///
/// # Errors
/// [`ProofError::SizeOutOfRange`] when the old tree is the larger one.
pub fn consistency_proof(leaves: &[LeafHash], old_size: u64) -> Result<Vec<NodeHash>, ProofError> {
    let new_size = leaves.len() as u64;
    let out_of_range = ProofError::SizeOutOfRange { old_size, new_size };
    let Ok(mut remaining) = usize::try_from(old_size) else {
        return Err(out_of_range);
    };
    if remaining > leaves.len() {
        return Err(out_of_range);
    }
    if remaining == 0 {
        return Ok(Vec::new());
    }
    let mut subtree = leaves;
    // While true, `subtree` began with the old tree: its root is known to the verifier.
    let mut begins_with_old = true;
    let mut proof = Vec::new();
    while remaining < subtree.len() {
        let split = left_leaves(subtree.len());
        let (left, right) = subtree.split_at(split);
        let sibling;
        if remaining <= split {
            (subtree, sibling) = (left, right);
        } else {
            (subtree, sibling) = (right, left);
            remaining -= split;
            begins_with_old = false;
        }
        proof.push(NodeHash(parallel_root(sibling).0));
    }
    if !begins_with_old {
        proof.push(NodeHash(parallel_root(subtree).0));
    }
    proof.reverse();
    Ok(proof)
}

/// Checks an inclusion proof (RFC 9162, 2.1.3.2): `leaf` is at `index` of the tree of `size` leaves
/// with this `root`.
///
/// # Errors
/// [`ProofError::LeafOutOfRange`] when the index is not below the size,
/// [`ProofError::InclusionInvalid`] when the proof is too short, too long or leads to another root.
pub fn verify_inclusion(
    root: &Root,
    size: u64,
    index: u64,
    leaf: &LeafHash,
    proof: &[NodeHash],
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::LeafOutOfRange { index, size });
    }
    let mut position = index;
    let mut last = size - 1;
    let mut hash = leaf.0;
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::InclusionInvalid { index, size });
        }
        if position & 1 == 1 || position == last {
            hash = node_hash(&sibling.0, &hash);
            // On the right edge the levels without a sibling are skipped.
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, &sibling.0);
        }
        position >>= 1;
        last >>= 1;
    }
    if last == 0 && hash == root.0 {
        Ok(())
    } else {
        Err(ProofError::InclusionInvalid { index, size })
    }
}

/// Checks a consistency proof (RFC 9162, 2.1.4.2): the tree of `new_size` leaves with `new_root`
/// begins with the tree of `old_size` leaves with `old_root`.
///
/// RFC 9162 leaves an old tree without leaves undefined; here it is a beginning of every tree, with
/// the empty proof.
///
/// # Errors
/// [`ProofError::SizeOutOfRange`] when the old tree is the larger one,
/// [`ProofError::ConsistencyInvalid`] when the proof does not show it.
pub fn verify_consistency(
    old_root: &Root,
    old_size: u64,
    new_root: &Root,
    new_size: u64,
    proof: &[NodeHash],
) -> Result<(), ProofError> {
    if old_size > new_size {
        return Err(ProofError::SizeOutOfRange { old_size, new_size });
    }
    let holds = if old_size == 0 {
        let empty = Root::empty();
        proof.is_empty() && *old_root == empty && (new_size > 0 || *new_root == empty)
    } else if old_size == new_size {
        proof.is_empty() && old_root == new_root
    } else {
        roots_of_consistency(old_root, old_size, new_size, proof) == Some((old_root.0, new_root.0))
    };
    if holds {
        Ok(())
    } else {
        Err(ProofError::ConsistencyInvalid { old_size, new_size })
    }
}

/// The roots of the old and the new tree that a consistency proof leads to, for
/// `0 < old_size < new_size`; `None` when it is too short or too long.
fn roots_of_consistency(
    old_root: &Root,
    old_size: u64,
    new_size: u64,
    proof: &[NodeHash],
) -> Option<([u8; 32], [u8; 32])> {
    // An old tree that is complete is itself a node of the new tree, and left out of the proof.
    let (start, rest) = if old_size.is_power_of_two() {
        (old_root.0, proof)
    } else {
        let (first, rest) = proof.split_first()?;
        (first.0, rest)
    };
    let completed = (old_size - 1).trailing_ones();
    let mut position = (old_size - 1) >> completed;
    let mut last = (new_size - 1) >> completed;
    let (mut old_hash, mut new_hash) = (start, start);
    for sibling in rest {
        if last == 0 {
            return None;
        }
        if position & 1 == 1 || position == last {
            old_hash = node_hash(&sibling.0, &old_hash);
            new_hash = node_hash(&sibling.0, &new_hash);
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, &sibling.0);
        }
        position >>= 1;
        last >>= 1;
    }
    (last == 0).then_some((old_hash, new_hash))
}

/// Leaves in the left subtree of a tree of `size` leaves: the largest power of two below `size`.
/// Needs `size >= 2`.
fn left_leaves(size: usize) -> usize {
    1 << (size - 1).ilog2()
}

/// `SHA-256(0x01 || left || right)`.
pub(crate) fn node_hash(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let mut node = [0x01; 65];
    node[1..33].copy_from_slice(left);
    node[33..].copy_from_slice(right);
    Sha256::digest(node).into()
}
