//! A log in memory: its machine, its tree, and what is not in the database yet.

use std::{collections::VecDeque, sync::Arc};

use softcap_proof::{LeafHash, Root, tree_batch::TreeBatch};

use crate::{
    BatchId, BatchRow, JournalError, Leaves, LogName, Machine, TileEdge, TreeHead, UnsignedBatch,
    tile_edge::{BUNDLE_LEVEL, FullTile, TILE},
    tree_head::BatchStarts,
};

/// The state of a log after all entries that were applied.
#[derive(Debug)]
pub struct Log<M> {
    name: LogName,
    machine: M,
    edge: TileEdge,
    /// Full tiles that are not in the database yet, oldest first.
    unwritten: VecDeque<Arc<FullTile>>,
    newest: u64,
    newest_batch: Option<BatchId>,
    starts: BatchStarts,
}

impl<M: Machine> Log<M> {
    /// A log without entries.
    pub fn new(name: LogName, machine: M) -> Self {
        Self::resume(name, machine, TileEdge::default(), 0)
    }

    /// A log at a snapshot.
    pub(crate) fn resume(name: LogName, machine: M, edge: TileEdge, newest: u64) -> Self {
        Self {
            name,
            machine,
            edge,
            unwritten: VecDeque::new(),
            newest,
            newest_batch: None,
            starts: BatchStarts::default(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &LogName {
        &self.name
    }

    /// The state machine.
    pub fn machine(&self) -> &M {
        &self.machine
    }

    /// Entries so far.
    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    /// Root of the tree now.
    pub fn root(&self) -> Root {
        self.edge.root()
    }

    /// Size and root of the tree now.
    pub fn head(&self) -> TreeHead {
        self.edge.head()
    }

    /// Time of the newest batch in unix milliseconds; 0 when there is none.
    pub fn newest(&self) -> u64 {
        self.newest
    }

    /// The newest batch, if one was applied since the snapshot that the log began with.
    pub fn newest_batch(&self) -> Option<BatchId> {
        self.newest_batch
    }

    pub(crate) fn edge(&self) -> &TileEdge {
        &self.edge
    }

    /// Applies the next batch of the record; what it returns can be signed, and receipts made of it.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] when it does not follow from what was there before, or cannot be read.
    /// The log must not be used any more then.
    pub fn apply(&mut self, row: &BatchRow) -> Result<UnsignedBatch, JournalError> {
        let (leaves, hashes) = self.step(row)?;
        let tree = self.extend(leaves.iter(), hashes);
        Ok(UnsignedBatch {
            leaves,
            tree,
            time: row.time,
        })
    }

    fn step(&mut self, row: &BatchRow) -> Result<(Leaves, Vec<LeafHash>), JournalError> {
        let damaged = |problem: String| JournalError::Damaged {
            log: self.name.to_string(),
            index: row.first,
            problem,
        };
        if row.first != self.edge.size() {
            return Err(JournalError::Damaged {
                log: self.name.to_string(),
                index: self.size(),
                problem: format!("it and what follows up to entry {} are missing", row.first),
            });
        }
        let now = self.head();
        if !self.starts.is_right(row.tree_before, now) {
            return Err(self.other_root(row));
        }
        if row.time < self.newest {
            return Err(damaged(
                "its time is before that of the batch before it".to_owned(),
            ));
        }
        let mut leaves = Leaves::for_batch(row.count, row.body.len());
        let applied = self
            .machine
            .apply_batch(row.first, row.time, &row.body, &mut leaves);
        applied.map_err(|error| JournalError::Damaged {
            log: self.name.to_string(),
            index: row.first + leaves.len() as u64,
            problem: error.to_string(),
        })?;
        if leaves.len() as u64 != row.count {
            return Err(JournalError::Damaged {
                log: self.name.to_string(),
                index: row.first,
                problem: format!(
                    "its batch says {} entries and has {}",
                    row.count,
                    leaves.len()
                ),
            });
        }
        self.newest = row.time;
        self.newest_batch = Some(row.id);
        self.starts.began(now, row.tree_before);
        let hashes = leaves.hashes();
        Ok((leaves, hashes))
    }

    /// The root that a batch names is not that of the entries it says it is of. What was changed is
    /// among the entries that no earlier row named a root over, or is the root itself.
    fn other_root(&self, row: &BatchRow) -> JournalError {
        let (index, problem) = match self.starts.changed(row.tree_before) {
            Some(of) if of.start + 1 == of.end => (
                of.start,
                "it, or the root that a later batch names, was changed".to_owned(),
            ),
            Some(of) => (
                of.start,
                format!(
                    "it, one up to {}, or the root that a later batch names was changed",
                    of.end - 1
                ),
            ),
            None => (
                row.first,
                "the root before it is not that of the entries before it".to_owned(),
            ),
        };
        JournalError::Damaged {
            log: self.name.to_string(),
            index,
            problem,
        }
    }

    fn extend<'a>(
        &mut self,
        leaves: impl Iterator<Item = &'a [u8]>,
        hashes: Vec<LeafHash>,
    ) -> TreeBatch {
        let mut full = Vec::new();
        let batch = self.edge.append(leaves, hashes, &mut full);
        self.unwritten.extend(full.into_iter().map(Arc::new));
        batch
    }

    /// How many full tiles are not in the database yet.
    pub fn unwritten_count(&self) -> usize {
        self.unwritten.len()
    }

    /// Full tiles that are not in the database yet, oldest first.
    pub(crate) fn unwritten(&self) -> Vec<Arc<FullTile>> {
        self.unwritten.iter().cloned().collect()
    }

    /// Notes that the oldest `count` of them are in the database now.
    pub fn written(&mut self, count: usize) {
        self.unwritten.drain(..count.min(self.unwritten.len()));
    }

    /// A full tile that is not in the database yet.
    pub(crate) fn unwritten_tile(&self, level: i64, place: u64) -> Option<Arc<FullTile>> {
        let mut held = self.unwritten.iter();
        held.find(|tile| tile.level == level && tile.place == place)
            .cloned()
    }

    /// The part of a tile that is there when the tile is not full: some of its first hashes, or the
    /// leaves of the last bundle.
    pub(crate) fn partial_tile(&self, level: i64, place: u64) -> Option<Vec<u8>> {
        let size = self.size();
        if level == BUNDLE_LEVEL {
            return (place == size / TILE as u64).then(|| self.edge.bundle().to_vec());
        }
        let level = usize::try_from(level).ok()?;
        let shift = u32::try_from(8 * (level + 1)).ok()?;
        let full = size.checked_shr(shift).unwrap_or(0);
        (place == full).then(|| self.edge.partial(level).concat())
    }
}
