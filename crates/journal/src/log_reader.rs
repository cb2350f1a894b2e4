//! What anybody may ask of a log: entries, receipts, checkpoints, proofs, tiles.

use std::{collections::HashMap, sync::Arc};

use softcap_proof::{
    Checkpoint, CheckpointNote, NodeHash, SignedCheckpoint, SigningKey,
    journal_tree::{LeafHash, Root, root},
    receipt::Receipt,
    tree_batch,
};

use crate::{
    Hold, JournalError, Machine, Sequencer, Store, Tiles,
    tile_edge::{BUNDLE_LEVEL, TILE},
};

/// Reads a log: from memory what is new, from the database what is old.
#[derive(Debug)]
pub struct LogReader<M> {
    sequencer: Sequencer<M>,
    store: Store,
    tiles: Tiles,
    origin: Arc<str>,
    key: Arc<SigningKey>,
}

impl<M> Clone for LogReader<M> {
    fn clone(&self) -> Self {
        Self {
            sequencer: self.sequencer.clone(),
            store: self.store.clone(),
            tiles: self.tiles.clone(),
            origin: Arc::clone(&self.origin),
            key: Arc::clone(&self.key),
        }
    }
}

/// Place of a complete subtree: its level, and its place on the level.
type Node = (u32, u64);

impl<M: Machine> LogReader<M> {
    pub(crate) fn new(
        sequencer: Sequencer<M>,
        store: Store,
        tiles: Tiles,
        origin: &str,
        key: Arc<SigningKey>,
    ) -> Self {
        Self {
            sequencer,
            store,
            tiles,
            origin: origin.into(),
            key,
        }
    }

    pub(crate) fn sequencer(&self) -> &Sequencer<M> {
        &self.sequencer
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Entries that can be read now.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.sequencer.read().size()
    }

    /// The signed tree head now.
    ///
    /// # Errors
    /// [`JournalError::Proof`] when the origin is none.
    pub fn checkpoint(&self) -> Result<CheckpointNote, JournalError> {
        let (size, root) = {
            let log = self.sequencer.read();
            (log.size(), log.root())
        };
        self.sign(size, root).map(CheckpointNote::Signed)
    }

    /// The signed tree head that the log had with `size` entries.
    ///
    /// # Errors
    /// [`JournalError::NoSuchEntry`] when there are not as many; [`JournalError::Held`]; what the
    /// database says.
    pub async fn checkpoint_of(&self, size: u64) -> Result<SignedCheckpoint, JournalError> {
        let root = self.root_at(size).await?;
        self.sign(size, root)
    }

    fn sign(&self, size: u64, root: Root) -> Result<SignedCheckpoint, JournalError> {
        // A second checkpoint of one size with another root would be proof of fraud.
        if let Some(hold @ Hold::Forked { .. }) = self.sequencer.held() {
            return Err(JournalError::Held(Box::new(hold)));
        }
        let checkpoint = Checkpoint::new(&self.origin, size, root)?;
        Ok(checkpoint.sign(&self.key))
    }

    /// The leaf of an entry.
    ///
    /// # Errors
    /// [`JournalError::NoSuchEntry`], and what the database says.
    pub async fn leaf(&self, index: u64) -> Result<Vec<u8>, JournalError> {
        let size = self.size();
        if index >= size {
            return Err(JournalError::NoSuchEntry { index, size });
        }
        let bundle = self.tile(BUNDLE_LEVEL, index / TILE as u64).await?;
        let mut leaves = bundle_leaves(&bundle);
        let place = usize::try_from(index % TILE as u64).unwrap_or(usize::MAX);
        let leaf = leaves.nth(place).map(<[u8]>::to_vec);
        leaf.ok_or_else(|| self.damaged(index, "its bundle ends before it"))
    }

    /// The receipt of an entry, with the checkpoint of its batch: the same bytes at any time.
    ///
    /// # Errors
    /// [`JournalError::NoSuchEntry`], and what the database says.
    pub async fn receipt(&self, index: u64) -> Result<Receipt, JournalError> {
        let leaf = self.leaf(index).await?;
        let (first, count) = self.store.batch_of(self.sequencer.name(), index).await?;
        let size = first + count;
        let proof = self.inclusion(index, size).await?;
        let root = self.root_at(size).await?;
        Ok(Receipt::from_parts(
            leaf,
            index,
            proof,
            CheckpointNote::Signed(self.sign(size, root)?),
        ))
    }

    /// Proves that an entry is in the tree of a size.
    ///
    /// # Errors
    /// [`JournalError::NoSuchEntry`], and what the database says.
    pub async fn inclusion(&self, index: u64, size: u64) -> Result<Vec<NodeHash>, JournalError> {
        self.check_size(size)?;
        if index >= size {
            return Err(JournalError::NoSuchEntry { index, size });
        }
        self.with_nodes(|node| tree_batch::inclusion_path(size, index, node))
            .await
    }

    /// Proves that the tree of `old` entries is a beginning of that of `new`.
    ///
    /// # Errors
    /// [`JournalError::NoSuchEntry`] when there are not as many, or `old` is more than `new`.
    pub async fn consistency(&self, old: u64, new: u64) -> Result<Vec<NodeHash>, JournalError> {
        self.check_size(new)?;
        if old > new {
            return Err(JournalError::NoSuchEntry {
                index: old,
                size: new,
            });
        }
        self.with_nodes(|node| tree_batch::consistency_path(old, new, node))
            .await
    }

    /// The root that the log had with `size` entries.
    ///
    /// # Errors
    /// [`JournalError::NoSuchEntry`] when there are not as many.
    pub async fn root_at(&self, size: u64) -> Result<Root, JournalError> {
        self.check_size(size)?;
        self.with_nodes(|node| tree_batch::root_of_size(size, node))
            .await
    }

    fn check_size(&self, size: u64) -> Result<(), JournalError> {
        let has = self.size();
        if size > has {
            return Err(JournalError::NoSuchEntry {
                index: size - 1,
                size: has,
            });
        }
        Ok(())
    }

    /// A tile or bundle as far as it is there; full when it can be. Level -1 are entry bundles.
    ///
    /// # Errors
    /// [`JournalError::NoSuchEntry`] when nothing of it is there.
    pub async fn tile(&self, level: i64, place: u64) -> Result<Vec<u8>, JournalError> {
        // A tile that is full by now and not in memory any more is in the database.
        let held = {
            let log = self.sequencer.read();
            let unwritten = log.unwritten_tile(level, place);
            unwritten.map_or_else(
                || log.partial_tile(level, place),
                |tile| Some(tile.body.clone()),
            )
        };
        if let Some(body) = held.filter(|body| !body.is_empty()) {
            return Ok(body);
        }
        let found = self.tiles.get(self.sequencer.name(), level, place).await?;
        found.ok_or(JournalError::NoSuchEntry {
            index: place,
            size: self.size(),
        })
    }

    /// Computes something from complete subtrees: once to see which, once with their roots.
    async fn with_nodes<T>(
        &self,
        compute: impl Fn(&mut dyn FnMut(u32, u64) -> [u8; 32]) -> T,
    ) -> Result<T, JournalError> {
        let mut wanted: Vec<Node> = Vec::new();
        compute(&mut |level, place| {
            wanted.push((level, place));
            [0; 32]
        });
        let mut nodes: HashMap<Node, [u8; 32]> = HashMap::new();
        for (level, place) in wanted {
            let hash = self.node(level, place).await?;
            nodes.insert((level, place), hash);
        }
        Ok(compute(&mut |level, place| {
            nodes.get(&(level, place)).copied().unwrap_or_default()
        }))
    }

    /// The root of a complete subtree of `2^level` leaves.
    async fn node(&self, level: u32, place: u64) -> Result<[u8; 32], JournalError> {
        let (tile_level, within) = (level / 8, level % 8);
        let begin = place << within;
        let tile = self
            .tile(i64::from(tile_level), begin / TILE as u64)
            .await?;
        let begin = usize::try_from(begin % TILE as u64).unwrap_or(0);
        let count = 1_usize << within;
        let hashes: Option<Vec<LeafHash>> = tile
            .chunks_exact(32)
            .skip(begin)
            .take(count)
            .map(|hash| hash.try_into().ok().map(LeafHash))
            .collect();
        match hashes {
            Some(hashes) if hashes.len() == count => Ok(root(&hashes).0),
            Some(_) | None => Err(self.damaged(place << level, "a tile of its tree is too short")),
        }
    }

    fn damaged(&self, index: u64, problem: &str) -> JournalError {
        JournalError::Derived {
            log: self.sequencer.name().to_string(),
            index,
            problem: problem.to_owned(),
        }
    }
}

/// The leaves of an entry bundle.
pub fn bundle_leaves(mut bundle: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = bundle.split_first_chunk::<2>()?;
        let (leaf, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        bundle = rest;
        Some(leaf)
    })
}
