//! The leaves that one batch adds to a journal's tree, and the inclusion proof of each, without the
//! rest of the tree.
//!
//! A proof of a new leaf needs hashes of new complete subtrees, of old ones that are peaks of the
//! tree before the batch, and of the incomplete subtrees on the right edge. All of them follow from
//! the peaks and the new leaves: n new leaves cost n node hashes, and a proof only looks up.

use std::ops::Range;

use crate::{
    error::ProofError,
    journal_tree::{JournalTree, LeafHash, NodeHash, Root, node_hash},
};

/// A batch of leaves on top of an older tree.
#[derive(Clone, Debug)]
pub struct TreeBatch {
    /// Leaves before the batch, and with it.
    old: u64,
    new: u64,
    /// For each level, the complete subtrees that hold a new leaf, from the first such on.
    levels: Vec<Vec<[u8; 32]>>,
    /// For each level, the complete subtree on the right edge of the old tree, if there is one.
    old_peaks: Vec<Option<[u8; 32]>>,
    /// For each level, the root over what is right of the last complete subtree, if anything is.
    right: Vec<Option<[u8; 32]>>,
}

impl TreeBatch {
    /// Adds the leaves to the tree.
    pub fn append(tree: &mut JournalTree, leaves: Vec<LeafHash>) -> Self {
        let old = tree.size();
        let new = old + leaves.len() as u64;
        let old_peaks = tree.peaks_by_level();
        let mut levels = vec![leaves.into_iter().map(|leaf| leaf.0).collect::<Vec<_>>()];
        loop {
            let level = levels.len();
            let first = old >> level;
            let count = (new >> level).saturating_sub(first);
            let Some(below) = levels.last().filter(|_| count > 0) else {
                break;
            };
            let begin_below = old >> (level - 1);
            let peak = old_peaks.get(level - 1).copied().flatten();
            let child = |index: u64| {
                usize::try_from(index.wrapping_sub(begin_below))
                    .ok()
                    .and_then(|place| below.get(place).copied())
                    .or(peak)
                    .unwrap_or_default()
            };
            let nodes = (first..first + count)
                .map(|index| node_hash(&child(2 * index), &child(2 * index + 1)))
                .collect();
            levels.push(nodes);
        }
        let mut batch = Self {
            old,
            new,
            levels,
            old_peaks,
            right: Vec::new(),
        };
        batch.right = batch.right_edge();
        *tree = JournalTree::from_peaks(new, batch.peaks());
        batch
    }

    /// The number of the first leaf.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.old
    }

    /// Leaves of the tree with the batch.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.new
    }

    /// The root with the batch.
    #[must_use]
    pub fn root(&self) -> Root {
        self.right
            .last()
            .copied()
            .flatten()
            .map_or_else(Root::empty, Root)
    }

    /// The hashes of the new leaves.
    pub fn leaves(&self) -> impl Iterator<Item = LeafHash> + '_ {
        self.levels
            .iter()
            .take(1)
            .flatten()
            .map(|hash| LeafHash(*hash))
    }

    /// Proves that a leaf of the batch is in the tree of [`TreeBatch::size`] leaves.
    ///
    /// # Errors
    /// [`ProofError::LeafOutOfRange`] for a leaf of another batch.
    pub fn inclusion_proof(&self, index: u64) -> Result<Vec<NodeHash>, ProofError> {
        if index < self.old || index >= self.new {
            return Err(ProofError::LeafOutOfRange {
                index,
                size: self.new,
            });
        }
        Ok(self.path(index, 0..u64::BITS).collect())
    }

    /// The part of [`TreeBatch::inclusion_proof`] on some levels; needs a leaf of the batch.
    pub(crate) fn path(
        &self,
        index: u64,
        levels: Range<u32>,
    ) -> impl Iterator<Item = NodeHash> + '_ {
        siblings(self.new, index, levels).map(|sibling| self.sibling(sibling))
    }

    /// The level from which on the ways of all leaves of the batch go through one node or two
    /// neighbours.
    pub(crate) fn meeting_level(&self) -> u32 {
        let last = self.new.saturating_sub(1);
        let apart = |level: u32| (last >> level).saturating_sub(self.old >> level);
        (0..u64::BITS - 1)
            .find(|&level| apart(level) <= 1)
            .unwrap_or_default()
    }

    fn sibling(&self, sibling: Sibling) -> NodeHash {
        NodeHash(match sibling {
            Sibling::Complete { level, place } => self.subtree(level, place),
            Sibling::Edge { level } => {
                let at = usize::try_from(level).unwrap_or(usize::MAX);
                self.right.get(at).copied().flatten().unwrap_or_default()
            }
        })
    }

    /// The root of the complete subtree number `index` of `2^level` leaves, if it holds a new leaf or was
    /// on the right edge of the tree before; else zeros.
    #[must_use]
    pub fn subtree(&self, level: u32, index: u64) -> [u8; 32] {
        let at = usize::try_from(level).unwrap_or(usize::MAX);
        let first = self.old >> level;
        if index < first {
            return self
                .old_peaks
                .get(at)
                .copied()
                .flatten()
                .unwrap_or_default();
        }
        let place = usize::try_from(index - first).unwrap_or(usize::MAX);
        let nodes = self.levels.get(at);
        nodes
            .and_then(|nodes| nodes.get(place))
            .copied()
            .unwrap_or_default()
    }

    fn right_edge(&self) -> Vec<Option<[u8; 32]>> {
        let mut edge = None;
        let mut right = vec![None];
        for level in 0..u64::BITS - self.new.leading_zeros() {
            if self.new >> level & 1 == 1 {
                let node = self.subtree(level, (self.new >> level) - 1);
                edge = Some(edge.map_or(node, |rest| node_hash(&node, &rest)));
            }
            right.push(edge);
        }
        right
    }

    /// The peaks of the tree with the batch, largest first.
    fn peaks(&self) -> Vec<[u8; 32]> {
        (0..u64::BITS - self.new.leading_zeros())
            .rev()
            .filter(|level| self.new >> level & 1 == 1)
            .map(|level| self.subtree(level, (self.new >> level) - 1))
            .collect()
    }
}

/// A node beside the way from a leaf to the root.
#[derive(Clone, Copy, Debug)]
enum Sibling {
    /// The root of the complete subtree of `2^level` leaves that is number `place` of its level.
    Complete { level: u32, place: u64 },
    /// The root over what is right of the last complete subtree of the level.
    Edge { level: u32 },
}

/// The siblings on some levels of the way from a leaf to the root of the tree of `size` leaves (RFC
/// 9162, 2.1.3.1), nearest first; needs `index < size`.
fn siblings(size: u64, index: u64, levels: Range<u32>) -> impl Iterator<Item = Sibling> {
    let last = size.saturating_sub(1);
    let height = u64::BITS - last.leading_zeros();
    (levels.start..levels.end.min(height)).filter_map(move |level| {
        let place = index >> level;
        if place & 1 == 1 {
            let place = place - 1;
            Some(Sibling::Complete { level, place })
        } else if place + 1 < size >> level {
            let place = place + 1;
            Some(Sibling::Complete { level, place })
        } else {
            (place < last >> level).then_some(Sibling::Edge { level })
        }
    })
}

/// The siblings on the way from a leaf to the root of the tree of `size` leaves (RFC 9162,
/// 2.1.3.1), nearest first. `node(level, index)` gives the root of the complete subtree of
/// `2^level` leaves that is the `index`-th of its level; needs `index < size`.
pub fn inclusion_path(
    size: u64,
    index: u64,
    mut node: impl FnMut(u32, u64) -> [u8; 32],
) -> Vec<NodeHash> {
    let siblings = siblings(size, index, 0..u64::BITS);
    let hashes = siblings.map(|sibling| match sibling {
        Sibling::Complete { level, place } => node(level, place),
        // The incomplete part has as many leaves as the size has below this level.
        Sibling::Edge { level } => range_root(size >> level << level, size, &mut node),
    });
    hashes.map(NodeHash).collect()
}

/// Proves that the tree of `old` leaves is a beginning of that of `new` (RFC 9162, 2.1.4.1), from
/// complete subtrees as in [`inclusion_path`]; needs `old <= new`.
pub fn consistency_path(
    old: u64,
    new: u64,
    mut node: impl FnMut(u32, u64) -> [u8; 32],
) -> Vec<NodeHash> {
    if old == 0 || old == new {
        return Vec::new();
    }
    let (mut begin, mut end, mut remaining) = (0, new, old);
    let mut begins_with_old = true;
    let mut path = Vec::new();
    while remaining < end - begin {
        let split = 1 << (end - begin - 1).ilog2();
        let middle = begin + split;
        if remaining <= split {
            path.push(NodeHash(range_root(middle, end, &mut node)));
            end = middle;
        } else {
            path.push(NodeHash(range_root(begin, middle, &mut node)));
            begin = middle;
            remaining -= split;
            begins_with_old = false;
        }
    }
    if !begins_with_old {
        path.push(NodeHash(range_root(begin, end, &mut node)));
    }
    path.reverse();
    path
}

/// The root of the tree of `size` leaves, from complete subtrees as in [`inclusion_path`].
pub fn root_of_size(size: u64, mut node: impl FnMut(u32, u64) -> [u8; 32]) -> Root {
    if size == 0 {
        return Root::empty();
    }
    Root(range_root(0, size, &mut node))
}

/// The root over leaves `begin` to `end`, where `begin` is a multiple of the largest power of two
/// that is not above their number.
fn range_root(begin: u64, end: u64, node: &mut impl FnMut(u32, u64) -> [u8; 32]) -> [u8; 32] {
    let count = end - begin;
    let mut root = None;
    let mut right = end;
    for level in 0..u64::BITS - count.leading_zeros() {
        if count >> level & 1 == 1 {
            right -= 1 << level;
            let left = node(level, right >> level);
            root = Some(root.map_or(left, |rest| node_hash(&left, &rest)));
        }
    }
    root.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal_tree::{consistency_proof, inclusion_proof, root, verify_inclusion};

    fn leaf(number: u64) -> LeafHash {
        LeafHash::of(&number.to_be_bytes())
    }

    #[test]
    fn proofs_from_subtrees_are_those_over_the_whole_tree() {
        let all: Vec<LeafHash> = (0..70).map(leaf).collect();
        for new in 0..=70_usize {
            let node = |level: u32, place: u64| {
                let begin = usize::try_from(place << level).unwrap();
                let subtree = &all[begin..begin + (1 << level)];
                assert!(begin + subtree.len() <= new);
                root(subtree).0
            };
            let leaves = &all[..new];
            let size = new as u64;
            assert_eq!(root_of_size(size, node), root(leaves));
            for old in 0..=size {
                let expected = consistency_proof(leaves, old).unwrap();
                assert_eq!(
                    consistency_path(old, size, node),
                    expected,
                    "{old} of {new}"
                );
            }
            for index in 0..size {
                let expected = inclusion_proof(leaves, index).unwrap();
                assert_eq!(
                    inclusion_path(size, index, node),
                    expected,
                    "{index} of {new}"
                );
            }
        }
    }

    #[test]
    fn every_leaf_of_every_batch_is_proved_as_over_the_whole_tree() {
        for sizes in [
            vec![1, 1, 1, 1, 1, 1, 1, 1, 1],
            vec![3, 5, 1, 8, 2, 20],
            vec![16, 16, 1, 31],
            vec![7, 256, 3, 129],
            vec![1, 64, 0, 5],
        ] {
            let mut tree = JournalTree::new();
            let mut all = Vec::new();
            for count in sizes {
                let first = all.len() as u64;
                let leaves: Vec<LeafHash> = (first..first + count).map(leaf).collect();
                all.extend(leaves.iter().copied());
                let batch = TreeBatch::append(&mut tree, leaves);
                assert_eq!(batch.root(), root(&all));
                assert_eq!((tree.size(), tree.root()), (all.len() as u64, root(&all)));
                for index in first..first + count {
                    let proof = batch.inclusion_proof(index).unwrap();
                    assert_eq!(
                        proof,
                        inclusion_proof(&all, index).unwrap(),
                        "{index} of {}",
                        all.len()
                    );
                    let hash = &all[usize::try_from(index).unwrap()];
                    verify_inclusion(&batch.root(), batch.size(), index, hash, &proof).unwrap();
                }
                assert!(batch.inclusion_proof(first + count).is_err());
                assert!(first == 0 || batch.inclusion_proof(first - 1).is_err());
            }
        }
    }
}
