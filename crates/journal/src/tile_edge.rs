//! The right edge of a log's tiles: what of them is not full yet.
//!
//! A tile holds 256 hashes of its level; level 0 those of the leaves, level `l + 1` the roots of the
//! tiles of level `l`. An entry bundle holds 256 leaves. ([C2SP tlog-tiles](https://c2sp.org/tlog-tiles))

use softcap_proof::{JournalTree, LeafHash, Root, tree_batch::TreeBatch};

use crate::TreeHead;

/// Hashes in a full tile, leaves in a full bundle.
pub(crate) const TILE: usize = 256;
/// The level under which entry bundles are kept.
pub(crate) const BUNDLE_LEVEL: i64 = -1;

/// A tile that became full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullTile {
    /// [`BUNDLE_LEVEL`] or the level of a hash tile.
    pub level: i64,
    /// Its place on the level.
    pub place: u64,
    /// Its bytes, as served.
    pub body: Vec<u8>,
}

impl FullTile {
    /// Number of the first entry under it.
    pub(crate) fn first_entry(&self) -> u64 {
        let shift = u32::try_from(8 * (self.level.max(0) + 1)).unwrap_or(u32::MAX);
        self.place.checked_shl(shift).unwrap_or(u64::MAX)
    }

    /// Whether all its leaves are in the first `bundles` bundles.
    pub(crate) fn is_before(&self, bundles: u64) -> bool {
        let shift = u32::try_from(8 * self.level.max(0)).unwrap_or(u32::MAX);
        (self.place + 1)
            .checked_shl(shift)
            .is_some_and(|end| end <= bundles)
    }
}

/// The tree, and the tiles and the bundle that are not full.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TileEdge {
    tree: JournalTree,
    /// For each level, hashes after the last full tile.
    partial: Vec<Vec<[u8; 32]>>,
    /// Leaves after the last full bundle, each with its 16-bit length before it.
    bundle: Vec<u8>,
}

impl TileEdge {
    /// Leaves so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The root now.
    #[must_use]
    pub fn root(&self) -> Root {
        self.tree.root()
    }

    /// Both.
    pub(crate) fn head(&self) -> TreeHead {
        TreeHead {
            size: self.size(),
            root: self.root().0,
        }
    }

    /// The hashes of a level after its last full tile.
    #[must_use]
    pub fn partial(&self, level: usize) -> &[[u8; 32]] {
        self.partial.get(level).map_or(&[], Vec::as_slice)
    }

    /// The bundle after the last full one.
    #[must_use]
    pub fn bundle(&self) -> &[u8] {
        &self.bundle
    }

    /// Adds leaves; tiles that became full go to `full`.
    pub fn append<'a>(
        &mut self,
        leaves: impl Iterator<Item = &'a [u8]>,
        hashes: Vec<LeafHash>,
        full: &mut Vec<FullTile>,
    ) -> TreeBatch {
        let mut next = self.size();
        let batch = TreeBatch::append(&mut self.tree, hashes);
        for (leaf, hash) in leaves.zip(batch.leaves()) {
            let length = u16::try_from(leaf.len()).unwrap_or(u16::MAX);
            self.bundle.extend_from_slice(&length.to_be_bytes());
            self.bundle.extend_from_slice(leaf);
            next += 1;
            if next.is_multiple_of(TILE as u64) {
                full.push(FullTile {
                    level: BUNDLE_LEVEL,
                    place: next / TILE as u64 - 1,
                    body: std::mem::take(&mut self.bundle),
                });
            }
            self.push(0, hash.0, &batch, next, full);
        }
        batch
    }

    /// Adds the newest hash of a level, over the last of the first `leaves` leaves.
    fn push(
        &mut self,
        level: usize,
        hash: [u8; 32],
        batch: &TreeBatch,
        leaves: u64,
        full: &mut Vec<FullTile>,
    ) {
        if self.partial.len() == level {
            self.partial.push(Vec::with_capacity(TILE));
        }
        let Some(partial) = self.partial.get_mut(level) else {
            return;
        };
        partial.push(hash);
        if partial.len() < TILE {
            return;
        }
        let body = partial.concat();
        partial.clear();
        let above = level + 1;
        let shift = 8 * u32::try_from(above).unwrap_or(u32::MAX);
        let place = (leaves >> shift) - 1;
        full.push(FullTile {
            level: i64::try_from(level).unwrap_or(0),
            place,
            body,
        });
        // The root of a full tile is that of a complete subtree, which the batch has at hand because its
        // last leaf is new.
        self.push(above, batch.subtree(shift, place), batch, leaves, full);
    }

    /// As bytes, to stand in a snapshot.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut part = |bytes: &[u8]| {
            out.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
            out.extend_from_slice(bytes);
        };
        part(&self.tree.to_bytes());
        part(&self.bundle);
        for level in &self.partial {
            part(&level.concat());
        }
        out
    }

    /// From [`TileEdge::to_bytes`]; `None` when the bytes are not of that form.
    #[must_use]
    pub fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let mut part = || -> Option<Option<&[u8]>> {
            if bytes.is_empty() {
                return Some(None);
            }
            let (length, rest) = bytes.split_first_chunk::<8>()?;
            let length = usize::try_from(u64::from_be_bytes(*length)).ok()?;
            let (part, rest) = rest.split_at_checked(length)?;
            bytes = rest;
            Some(Some(part))
        };
        let tree = JournalTree::from_bytes(part()??)?;
        let bundle = part()??.to_vec();
        let mut partial = Vec::new();
        while let Some(level) = part()? {
            let hashes = level.chunks(32).map(|hash| hash.try_into().ok());
            partial.push(hashes.collect::<Option<Vec<[u8; 32]>>>()?);
        }
        Some(Self {
            tree,
            partial,
            bundle,
        })
    }
}

#[cfg(test)]
mod tests {
    use softcap_proof::journal_tree::root;

    use super::*;

    /// Against the definition of the tree, over batches of all sizes and up to the third level.
    #[test]
    fn the_hashes_above_are_the_roots_of_the_tiles_below() {
        let all: Vec<LeafHash> = (0_u32..66_000)
            .map(|number| LeafHash::of(&number.to_be_bytes()))
            .collect();
        let (mut edge, mut full, mut size) = (TileEdge::default(), Vec::new(), 1);
        let mut rest = all.as_slice();
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(size.min(rest.len()));
            edge.append(
                batch.iter().map(|_| [].as_slice()),
                batch.to_vec(),
                &mut full,
            );
            (rest, size) = (later, size * 5 % 1_021);
        }
        assert_eq!(edge.root(), root(&all));
        let mut tiles = full.iter().filter(|tile| tile.level == 0);
        for (place, hashes) in all.chunks_exact(TILE).enumerate() {
            let tile = tiles.next().unwrap();
            assert_eq!(tile.place, place as u64);
            let held = hashes.iter().flat_map(|hash| hash.0);
            assert!(tile.body.iter().copied().eq(held), "tile {place}");
        }
        let above: Vec<[u8; 32]> = all.chunks_exact(TILE).map(|tile| root(tile).0).collect();
        let tile = full.iter().find(|tile| tile.level == 1).unwrap();
        assert_eq!(tile.body, above[..TILE].concat());
        assert_eq!(edge.partial(1), &above[TILE..]);
        assert_eq!(edge.partial(2), [root(&all[..TILE * TILE]).0]);
    }
}
