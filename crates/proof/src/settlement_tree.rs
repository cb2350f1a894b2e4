//! The settlement tree: byte for byte the tree that `StandardMerkleTree.of` of the npm package
//! `@openzeppelin/merkle-tree` 1.0 builds, so that its proofs verify in a contract with OpenZeppelin's
//! `MerkleProof`.
//!
//! The leaves are sorted by their hash (equal hashes in the order given) and stand at the end of an
//! array in reverse, the root is at 0, the children of node `i` at `2i + 1` and `2i + 2`. A node is
//! `keccak256` of its two children, the smaller one first. A "leaf" number is always the place in the
//! caller's order, a "position" the place in that array.

use rayon::prelude::*;
use sha3::{Digest, Keccak256};

use crate::error::ProofError;
use crate::settlement_leaf::SettlementLeaf;

/// Most leaves of a tree: their positions must fit 32 bits.
pub(crate) const LEAVES_MAX: u64 = 1 << 31;
/// Nodes that one thread hashes at a time: about 0.1 ms of work.
const NODES_PER_TASK: usize = 256;

/// The commitment to a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SettlementRoot(pub [u8; 32]);

/// In lower-case hexadecimal after `0x`, as in the ecosystem of its tree.
impl std::fmt::Display for SettlementRoot {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "0x{}", crate::hex::hex(&self.0))
    }
}

/// A node of the tree: what proofs consist of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SettlementNode(pub [u8; 32]);

/// In lower-case hexadecimal after `0x`, as in the ecosystem of its tree.
impl std::fmt::Display for SettlementNode {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "0x{}", crate::hex::hex(&self.0))
    }
}

/// A settlement tree in memory: 68 bytes per leaf.
///
/// ```
/// use softcap_proof::{LeafId, SettlementLeaf, SettlementTree, settlement_tree};
///
/// let rows = [(LeafId::opaque("alice"), [500, 20, 0]), (LeafId::opaque("bob"), [250, 10, 5])];
/// let leaf = |i: usize| SettlementLeaf::new(&rows[i].0, &rows[i].1);
/// let tree = SettlementTree::build(rows.len(), leaf)?;
/// settlement_tree::verify(&tree.root(), &leaf(1), &tree.proof(1)?)?;
/// # Ok::<(), softcap_proof::ProofError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettlementTree {
    /// The array that the npm package calls `tree`. Never empty.
    nodes: Vec<SettlementNode>,
    /// Position of each leaf, in the caller's order.
    positions: Vec<u32>,
}

impl SettlementTree {
    /// Builds the tree of leaf hashes that are already there.
    ///
    /// # Errors
    /// [`ProofError::SettlementEmpty`], [`ProofError::SettlementTooLarge`].
    pub fn from_leaves(leaves: &[SettlementLeaf]) -> Result<Self, ProofError> {
        Self::build(leaves.len(), |i| leaves[i])
    }

    /// Builds the tree of `count` leaves on rayon's current thread pool. `leaf(i)` is called once for
    /// each leaf, in any order, so that hashing the rows runs in parallel and needs no second copy.
    ///
    /// # Errors
    /// [`ProofError::SettlementEmpty`], [`ProofError::SettlementTooLarge`].
    pub fn build(
        count: usize,
        leaf: impl Fn(usize) -> SettlementLeaf + Sync,
    ) -> Result<Self, ProofError> {
        if count == 0 {
            return Err(ProofError::SettlementEmpty);
        }
        if count as u64 > LEAVES_MAX {
            return Err(ProofError::SettlementTooLarge {
                leaves: count as u64,
                max: LEAVES_MAX,
            });
        }
        let mut nodes = vec![SettlementNode::default(); 2 * count - 1];
        let positions = place_leaves(&mut nodes, count, leaf);
        hash_inner_nodes(&mut nodes, count);
        Ok(Self { nodes, positions })
    }

    /// The commitment.
    #[must_use]
    pub fn root(&self) -> SettlementRoot {
        SettlementRoot(self.nodes[0].0)
    }

    /// Number of leaves, at least one.
    #[must_use]
    pub fn leaf_count(&self) -> usize {
        self.positions.len()
    }

    /// The hash of leaf `index` in the caller's order, if there is one.
    #[must_use]
    pub fn leaf(&self, index: usize) -> Option<SettlementLeaf> {
        let position = *self.positions.get(index)?;
        self.nodes
            .get(position as usize)
            .map(|node| SettlementLeaf(node.0))
    }

    /// The proof of leaf `index` in the caller's order: the siblings up to the root, nearest first.
    ///
    /// # Errors
    /// [`ProofError::LeafOutOfRange`].
    pub fn proof(&self, index: usize) -> Result<Vec<SettlementNode>, ProofError> {
        let Some(position) = self.positions.get(index) else {
            let size = self.positions.len() as u64;
            return Err(ProofError::LeafOutOfRange {
                index: index as u64,
                size,
            });
        };
        Ok(sibling_positions(*position)
            .map(|sibling| self.nodes[sibling as usize])
            .collect())
    }

    /// The whole array, root first.
    #[must_use]
    pub fn nodes(&self) -> &[SettlementNode] {
        &self.nodes
    }

    /// The position of each leaf in [`SettlementTree::nodes`], in the caller's order.
    #[must_use]
    pub fn positions(&self) -> &[u32] {
        &self.positions
    }
}

/// Checks that `proof` leads from `leaf` to `root`, as OpenZeppelin's `MerkleProof.verify` does.
///
/// # Errors
/// [`ProofError::SettlementProofInvalid`].
pub fn verify(
    root: &SettlementRoot,
    leaf: &SettlementLeaf,
    proof: &[SettlementNode],
) -> Result<(), ProofError> {
    let start = SettlementNode(leaf.0);
    let reached = proof
        .iter()
        .fold(start, |node, sibling| node_hash(&node, sibling));
    if reached.0 == root.0 {
        Ok(())
    } else {
        Err(ProofError::SettlementProofInvalid)
    }
}

/// The positions of the siblings on the way from `position` to the root.
pub(crate) fn sibling_positions(position: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(position), |&at| (at > 0).then(|| (at - 1) / 2))
        .take_while(|&at| at > 0)
        // Left children stand at odd positions, right ones at even positions.
        .map(|at| if at % 2 == 1 { at + 1 } else { at - 1 })
}

/// Fills the last `count` nodes with the leaves and returns the position of each leaf.
///
/// The front of the array, where inner nodes will be, first serves as the store of the leaves in the
/// caller's order; that saves a third of the memory at the peak.
fn place_leaves(
    nodes: &mut [SettlementNode],
    count: usize,
    leaf: impl Fn(usize) -> SettlementLeaf + Sync,
) -> Vec<u32> {
    let last_position = nodes.len() - 1;
    let (front, places) = nodes.split_at_mut(count - 1);
    front
        .par_iter_mut()
        .with_min_len(NODES_PER_TASK)
        .enumerate()
        .for_each(|(index, node)| *node = SettlementNode(leaf(index).0));
    let last_leaf = SettlementNode(leaf(count - 1).0);
    let hash_of = |index: usize| front.get(index).unwrap_or(&last_leaf);

    let order = sorted_order(count, hash_of);
    places
        .par_iter_mut()
        .with_min_len(NODES_PER_TASK)
        .zip(order.par_iter().rev())
        .for_each(|(place, entry)| *place = *hash_of(entry.index()));

    let mut positions = vec![0; count];
    // `count` is at most 2^31, so that every position fits.
    for (entry, position) in order.iter().zip((0..=last_position as u32).rev()) {
        positions[entry.index()] = position;
    }
    positions
}

/// A leaf in the order of sorting: the first four bytes of its hash above its number, so that almost
/// every comparison is one of two integers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct SortEntry(u64);

impl SortEntry {
    fn new(hash: &SettlementNode, index: usize) -> Self {
        let [a, b, c, d, ..] = hash.0;
        Self(u64::from(u32::from_be_bytes([a, b, c, d])) << 32 | index as u64)
    }

    fn prefix(self) -> u32 {
        (self.0 >> 32) as u32
    }

    fn index(self) -> usize {
        self.0 as u32 as usize
    }
}

/// The leaves sorted by hash, then by number (which is what a stable sort by hash gives).
fn sorted_order<'a>(
    count: usize,
    hash_of: impl Fn(usize) -> &'a SettlementNode + Sync,
) -> Vec<SortEntry> {
    let mut order: Vec<SortEntry> = (0..count)
        .into_par_iter()
        .map(|i| SortEntry::new(hash_of(i), i))
        .collect();
    order.par_sort_unstable();
    // Entries with the same prefix are in order of their number; only the rest of the hash can differ.
    for equal in order.chunk_by_mut(|a, b| a.prefix() == b.prefix()) {
        if equal.len() > 1 {
            equal.sort_unstable_by_key(|entry| (hash_of(entry.index()), entry.index()));
        }
    }
    order
}

/// Hashes the first `count - 1` nodes, level by level from the deepest.
fn hash_inner_nodes(nodes: &mut [SettlementNode], count: usize) {
    let inner = count - 1;
    // Level d stands at positions 2^d - 1 up to 2^(d+1) - 1.
    for depth in (0..usize::BITS - inner.leading_zeros()).rev() {
        let begin = (1 << depth) - 1;
        let next_level = 2 * begin + 1;
        let (upper, lower) = nodes.split_at_mut(next_level);
        let end = inner.min(next_level);
        let children = lower.par_chunks_exact(2);
        upper[begin..end]
            .par_iter_mut()
            .zip(children)
            .with_min_len(NODES_PER_TASK)
            .for_each(|(node, pair)| *node = node_hash(&pair[0], &pair[1]));
    }
}

/// `keccak256(smaller || larger)`.
pub(crate) fn node_hash(a: &SettlementNode, b: &SettlementNode) -> SettlementNode {
    let (first, second) = if a <= b { (a, b) } else { (b, a) };
    let mut pair = [0; 64];
    pair[..32].copy_from_slice(&first.0);
    pair[32..].copy_from_slice(&second.0);
    SettlementNode(Keccak256::digest(pair).into())
}
