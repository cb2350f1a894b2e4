//! Looks again at what was written long ago, some batches at a time, while the server runs.
//!
//! Nothing is replayed: that needs a second copy of the state and is what `softcap verify --data` does.
//! Compared is what the database says twice:
//!
//! - batches follow each other without a gap, and their times never run back;
//! - the commands of a batch are those in the leaves of the tiles;
//! - each leaf has the hash in the tile over it, each full tile the hash in the tile above;
//! - the root that a batch names is that of the leaves before it, and the root in memory that of all.
//!
//! So a changed outcome is found too, because its leaf has another hash. Whether an outcome was right
//! when it was written, and whether a snapshot is of these entries, is not asked here. A fault stops
//! contributions, with the entry in the reason, until a person has looked; exits go on.

use std::time::{Duration, Instant};

use softcap_database::DatabaseError;
use softcap_proof::LeafHash;

use crate::{
    BatchRow, JournalError, Leaves, LogReader, Machine, TileEdge, bundle_leaves,
    record_check::first_difference,
    tile_edge::{BUNDLE_LEVEL, FullTile, TILE},
    tree_head::BatchStarts,
};

/// Batches that are read at a time.
const PAGE_ROWS: u16 = 32;
/// Between two pages, at least, so that people's requests come first.
const PAGE_PAUSE: Duration = Duration::from_millis(50);
/// A pause is at least this many times as long as the page took.
const PAGE_SHARE: u32 = 4;
/// Before the first round: a start has enough to read.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
/// Between two rounds over the whole log.
const ROUND_PAUSE: Duration = Duration::from_secs(3600);

/// Scrubs a log again and again. A fault is found again in the next round, so that an operator's word
/// about something else does not cover it.
pub(crate) async fn scrub_for_ever<M: Machine>(reader: LogReader<M>) {
    tokio::time::sleep(FIRST_PAUSE).await;
    loop {
        let name = reader.sequencer().name();
        match scrub(&reader, PAGE_PAUSE).await {
            Ok(entries) => tracing::debug!(log = %name, entries, "the record was scrubbed"),
            Err(error) if error.entry().is_some() => {}
            Err(error) => tracing::warn!(log = %name, %error, "the record was not scrubbed"),
        }
        tokio::time::sleep(ROUND_PAUSE).await;
    }
}

impl<M: Machine> LogReader<M> {
    /// Compares all entries that are there now with the tiles and roots that follow from them, without
    /// a pause; returns how many. A server does the same in the background.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] and [`JournalError::Derived`] with the entry: contributions are stopped
    /// then; and what the database says.
    pub async fn scrub(&self) -> Result<u64, JournalError> {
        scrub(self, Duration::ZERO).await
    }
}

async fn scrub<M: Machine>(reader: &LogReader<M>, pause: Duration) -> Result<u64, JournalError> {
    let round = Round {
        reader,
        edge: TileEdge::default(),
        starts: BatchStarts::default(),
        newest: 0,
        held: None,
    };
    let result = round.run(pause).await;
    if let Err(error) = &result
        && error.entry().is_some()
    {
        tracing::error!(log = %reader.sequencer().name(), %error, "a scrub found a fault");
        reader.sequencer().stop_contributions(&error.to_string());
    }
    result
}

/// One walk from the first entry to the end that the log had when it began.
struct Round<'r, M> {
    reader: &'r LogReader<M>,
    /// The tree and the tiles over the leaves so far.
    edge: TileEdge,
    starts: BatchStarts,
    /// Time of the newest batch so far.
    newest: u64,
    held: Option<Held>,
}

/// A bundle and the hashes over its leaves. They hold every entry that the log had when they were read.
struct Held {
    place: u64,
    bundle: Vec<u8>,
    hashes: Vec<u8>,
}

impl<M: Machine> Round<'_, M> {
    async fn run(mut self, pause: Duration) -> Result<u64, JournalError> {
        let (end, root) = {
            let log = self.reader.sequencer().read();
            (log.size(), log.root())
        };
        let mut last = 0;
        while self.edge.size() < end {
            let began = Instant::now();
            last = self.page(end).await?;
            if !pause.is_zero() {
                tokio::time::sleep(pause.max(began.elapsed() * PAGE_SHARE)).await;
            }
        }
        if self.edge.root() != root {
            let problem = "the tiles from here on have another root than the log in memory";
            return Err(self.derived(last, problem.to_owned()));
        }
        Ok(end)
    }

    /// Compares the next batches; returns the first entry of the last one.
    async fn page(&mut self, end: u64) -> Result<u64, JournalError> {
        let from = self.edge.size();
        let store = self.reader.store();
        let rows = store.rows(self.reader.sequencer().name(), from, PAGE_ROWS);
        let rows = rows.await.map_err(|error| self.unreadable(from, error))?;
        if rows.is_empty() {
            return Err(self.damaged(from, "its batch is missing"));
        }
        let mut last = from;
        for row in rows {
            if self.edge.size() == end {
                break;
            }
            last = self.edge.size();
            self.batch(&row, end).await?;
        }
        Ok(last)
    }

    async fn batch(&mut self, row: &BatchRow, end: u64) -> Result<(), JournalError> {
        let first = self.edge.size();
        if row.first != first {
            return Err(self.damaged(first, "its batch is missing"));
        }
        // The log ended with a batch, so that none goes beyond.
        if row.count == 0 || row.count > end - first {
            return Err(self.damaged(first, "its batch has another number of entries"));
        }
        if row.time < self.newest {
            let problem = "its time is before that of the batch before it";
            return Err(self.damaged(first, problem));
        }
        let now = self.edge.head();
        if !self.starts.is_right(row.tree_before, now) {
            let problem = "the root in its batch is not that of the entries before it";
            return Err(self.damaged(first, problem));
        }
        let (leaves, hashes) = self.leaves(first, row.count).await?;
        let differs = {
            let log = self.reader.sequencer().read();
            log.machine().first_difference(row, &leaves)
        };
        if let Some(index) = differs {
            return Err(self.damaged(index, "it is not what its leaf says was entered"));
        }
        let mut full = Vec::new();
        self.edge.append(leaves.iter(), hashes, &mut full);
        for tile in full.iter().filter(|tile| tile.level > 0) {
            self.compare(tile).await?;
        }
        self.newest = row.time;
        self.starts.began(now, row.tree_before);
        Ok(())
    }

    /// The leaves of some entries; each has the hash that is in the tile over it.
    async fn leaves(
        &mut self,
        first: u64,
        count: u64,
    ) -> Result<(Leaves, Vec<LeafHash>), JournalError> {
        let (mut leaves, mut hashes) = (Leaves::default(), Vec::new());
        let mut index = first;
        while index < first + count {
            let held = self.hold(index / TILE as u64).await?;
            let pairs = bundle_leaves(&held.bundle).zip(held.hashes.chunks_exact(32));
            let begin = held.place * TILE as u64;
            let wanted = (begin..first + count)
                .zip(pairs)
                .skip_while(|(at, _)| *at < index);
            let mut different = None;
            for (at, (leaf, kept)) in wanted {
                let hash = LeafHash::of(leaf);
                if hash.0 != kept {
                    different = Some(at);
                    break;
                }
                leaves.push(leaf);
                hashes.push(hash);
            }
            let next = first + leaves.len() as u64;
            if let Some(at) = different {
                let problem = "its leaf and the hash in the tile over it differ";
                return Err(self.derived(at, problem.to_owned()));
            }
            if next == index {
                return Err(self.derived(index, "its tile ends before it".to_owned()));
            }
            index = next;
        }
        Ok((leaves, hashes))
    }

    async fn hold(&mut self, place: u64) -> Result<&Held, JournalError> {
        let held = match self.held.take() {
            Some(held) if held.place == place => held,
            Some(_) | None => Held {
                place,
                bundle: self.tile(BUNDLE_LEVEL, place).await?,
                hashes: self.tile(0, place).await?,
            },
        };
        Ok(self.held.insert(held))
    }

    async fn compare(&self, tile: &FullTile) -> Result<(), JournalError> {
        let (level, place) = (tile.level, tile.place);
        let kept = self.tile(level, place).await?;
        if kept == tile.body {
            return Ok(());
        }
        let problem = format!("tile {place} of level {level} was changed");
        Err(self.derived(first_difference(tile, &kept), problem))
    }

    async fn tile(&self, level: i64, place: u64) -> Result<Vec<u8>, JournalError> {
        let found = self.reader.tile(level, place).await;
        found.map_err(|error| {
            let problem = if matches!(error, JournalError::NoSuchEntry { .. }) {
                format!("tile {place} of level {level} is missing")
            } else if is_damage(&error) {
                format!("tile {place} of level {level} cannot be read: {error}")
            } else {
                return error;
            };
            let tile = FullTile {
                level,
                place,
                body: Vec::new(),
            };
            self.derived(tile.first_entry(), problem)
        })
    }

    /// A database that cannot read its own file names no entry; this does.
    fn unreadable(&self, from: u64, error: JournalError) -> JournalError {
        if is_damage(&error) {
            let problem = format!("from here on the record cannot be read: {error}");
            return self.damaged(from, &problem);
        }
        error
    }

    fn damaged(&self, index: u64, problem: &str) -> JournalError {
        JournalError::Damaged {
            log: self.reader.sequencer().name().to_string(),
            index,
            problem: problem.to_owned(),
        }
    }

    fn derived(&self, index: u64, problem: String) -> JournalError {
        JournalError::Derived {
            log: self.reader.sequencer().name().to_string(),
            index,
            problem,
        }
    }
}

fn is_damage(error: &JournalError) -> bool {
    matches!(error, JournalError::Database(error) if matches!(**error, DatabaseError::Damaged(_)))
}
