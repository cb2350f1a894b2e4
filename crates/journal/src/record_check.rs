//! Checks a whole record: every log from its first entry, and everything that is derived from it.

use std::{
    io,
    path::{Path, PathBuf},
};

use softcap_database::{Database, DatabaseError, DatabaseUrl};
use softcap_proof::Root;

use crate::{
    AuditMachine, JournalError, Log, LogKind, LogName, LogRow, Machine, PlatformMachine, Store,
    Tiles, bundle_leaves,
    journal::{SNAPSHOTS, offering_machine, parse_terms},
    snapshot_file,
    tile_edge::{BUNDLE_LEVEL, FullTile, TILE},
};

/// Bytes of the record that are read at a time.
const PAGE_BYTES: usize = 8 << 20;

/// What a check of one log found.
#[derive(Debug)]
pub struct LogCheck {
    /// Which log.
    pub name: LogName,
    /// What was compared, or the first thing that is wrong.
    pub result: Result<CheckedLog, JournalError>,
}

/// A log in which everything agrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedLog {
    /// First line of its checkpoints.
    pub origin: String,
    /// Entries, all replayed.
    pub entries: u64,
    /// Root over them.
    pub root: Root,
    /// Hash of the state after them.
    pub state_hash: [u8; 32],
    /// Full tiles that were compared byte by byte.
    pub tiles: u64,
    /// Snapshots whose state is that of the replay.
    pub snapshots: u64,
}

/// Replays every log from entry 0 and compares roots, tiles and snapshots with what is kept. Nothing
/// but missing migrations is written; a server may run meanwhile.
///
/// `progress` gets the name of a log and how many of its entries are done.
///
/// # Errors
/// [`JournalError::NoRecord`], and what the database says of the list of logs. What is wrong in a log
/// stands in its [`LogCheck`].
pub async fn check_record(
    url: &DatabaseUrl,
    folder: &Path,
    progress: &mut (dyn FnMut(&LogName, u64) + Send),
) -> Result<Vec<LogCheck>, JournalError> {
    let (store, tiles) = open_existing(url).await?;
    let mut checks = Vec::new();
    for row in store.logs().await? {
        let name = row.name.clone();
        let check = Check {
            store: &store,
            tiles: &tiles,
            row: &row,
            snapshots: folder.join(SNAPSHOTS),
        };
        let result = check.run(progress).await;
        checks.push(LogCheck { name, result });
    }
    tiles.close().await;
    store.close().await;
    Ok(checks)
}

/// Opens a record that is there; a folder without one stays as it is.
pub(crate) async fn open_existing(url: &DatabaseUrl) -> Result<(Store, Tiles), JournalError> {
    if let DatabaseUrl::Folder(folder) = url
        && !folder.join("journal.db").is_file()
    {
        return Err(JournalError::NoRecord(folder.clone()));
    }
    let store = Store::open(Database::open(url, "journal").await?).await?;
    let tiles = Tiles::open(Database::open_derived(url, "derived").await?).await?;
    Ok((store, tiles))
}

struct Check<'c> {
    store: &'c Store,
    tiles: &'c Tiles,
    row: &'c LogRow,
    snapshots: PathBuf,
}

/// What is kept of a log at the moment the check begins; what a running server adds later is not
/// looked at.
struct Kept {
    /// Full bundles, and with them the hash tiles over them.
    bundles: u64,
    /// Snapshots by size, smallest first.
    snapshots: Vec<(u64, PathBuf)>,
}

impl Check<'_> {
    async fn run(
        &self,
        progress: &mut (dyn FnMut(&LogName, u64) + Send),
    ) -> Result<CheckedLog, JournalError> {
        match self.row.kind {
            LogKind::Offering => {
                let terms = parse_terms(&self.row.name, &self.row.document)?;
                let machine = || offering_machine(&terms);
                self.replay(&machine, progress).await
            }
            LogKind::Platform => {
                let machine = || Ok(PlatformMachine::default());
                self.replay(&machine, progress).await
            }
            LogKind::Audit => {
                let machine = || Ok(AuditMachine::default());
                self.replay(&machine, progress).await
            }
        }
    }

    async fn replay<M: Machine>(
        &self,
        empty: &(dyn Fn() -> Result<M, JournalError> + Sync),
        progress: &mut (dyn FnMut(&LogName, u64) + Send),
    ) -> Result<CheckedLog, JournalError> {
        let kept = self.kept().await?;
        let mut log = Log::new(self.row.name.clone(), empty()?);
        let (mut tiles, mut snapshots) = (0, 0);
        loop {
            let from = log.size();
            let rows = self.store.read(&self.row.name, from, PAGE_BYTES).await;
            let rows = rows.map_err(|error| self.unreadable(from, error))?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                if let Err(error) = log.apply(&row) {
                    return Err(self.closer(&log, error).await);
                }
                if let Some((_, path)) = kept.snapshots.iter().find(|kept| kept.0 == log.size()) {
                    self.compare_snapshot(path, &log, empty()?)?;
                    snapshots += 1;
                }
            }
            let full = log.unwritten();
            for tile in full.iter().filter(|tile| tile.is_before(kept.bundles)) {
                self.compare_tile(tile).await?;
                tiles += 1;
            }
            log.written(full.len());
            progress(&self.row.name, log.size());
        }
        self.nothing_beyond(&log, &kept)?;
        Ok(CheckedLog {
            origin: self.row.origin.clone(),
            entries: log.size(),
            root: log.root(),
            state_hash: state_hash(log.machine()),
            tiles,
            snapshots,
        })
    }

    async fn kept(&self) -> Result<Kept, JournalError> {
        let mut snapshots = snapshot_file::list(&self.snapshots, &self.row.name);
        snapshots.sort_unstable();
        Ok(Kept {
            bundles: self.tiles.bundles(&self.row.name).await?,
            snapshots,
        })
    }

    /// Tiles and snapshots of entries that the record does not have, or at sizes it never had.
    fn nothing_beyond<M: Machine>(&self, log: &Log<M>, kept: &Kept) -> Result<(), JournalError> {
        let size = log.size();
        if kept.bundles > size / TILE as u64 {
            let problem = format!(
                "there are tiles of {} entries, and the record ends here",
                kept.bundles * TILE as u64
            );
            return Err(self.damaged(size, problem));
        }
        if let Some((beyond, _)) = kept.snapshots.iter().find(|kept| kept.0 > size) {
            let problem =
                format!("there is a snapshot of {beyond} entries, and the record ends here");
            return Err(self.damaged(size, problem));
        }
        Ok(())
    }

    fn compare_snapshot<M: Machine>(
        &self,
        path: &Path,
        log: &Log<M>,
        empty: M,
    ) -> Result<(), JournalError> {
        let derived = |problem: String| JournalError::Derived {
            log: self.row.name.to_string(),
            index: log.size(),
            problem: format!("the snapshot {}: {problem}", path.display()),
        };
        let kept = snapshot_file::read(path, &self.row.name, &empty).map_err(derived)?;
        let same = kept.edge() == log.edge()
            && kept.newest() == log.newest()
            && state_hash(kept.machine()) == state_hash(log.machine());
        if same {
            Ok(())
        } else {
            Err(derived("its state is not that of a replay".to_owned()))
        }
    }

    async fn compare_tile(&self, tile: &FullTile) -> Result<(), JournalError> {
        let kept = self.tiles.get(&self.row.name, tile.level, tile.place).await;
        let kept = kept.map_err(|error| self.unreadable(tile.first_entry(), error))?;
        let (level, place) = (tile.level, tile.place);
        let (index, problem) = match kept {
            Some(body) if body == tile.body => return Ok(()),
            Some(body) => (
                first_difference(tile, &body),
                format!("tile {place} of level {level} was changed"),
            ),
            None => (
                tile.first_entry(),
                format!("tile {place} of level {level} is missing"),
            ),
        };
        Err(JournalError::Derived {
            log: self.row.name.to_string(),
            index,
            problem,
        })
    }

    /// The same fault at the entry itself, if the bundles say which one was changed.
    async fn closer<M: Machine>(&self, log: &Log<M>, error: JournalError) -> JournalError {
        let JournalError::Damaged { index, problem, .. } = &error else {
            return error;
        };
        let mut replayed: Vec<FullTile> = log
            .unwritten()
            .iter()
            .map(|tile| (**tile).clone())
            .collect();
        replayed.push(FullTile {
            level: BUNDLE_LEVEL,
            place: log.size() / TILE as u64,
            body: log.edge().bundle().to_vec(),
        });
        for tile in replayed.iter().filter(|tile| tile.level == BUNDLE_LEVEL) {
            let Ok(Some(kept)) = self.tiles.get(&self.row.name, tile.level, tile.place).await
            else {
                continue;
            };
            let first = tile.first_entry();
            let pairs = bundle_leaves(&tile.body).zip(bundle_leaves(&kept));
            let different = (first..)
                .zip(pairs)
                .find(|(entry, (replayed, kept))| entry >= index && replayed != kept);
            if let Some((entry, _)) = different {
                let problem = format!("its content is not what was entered ({problem})");
                return self.damaged(entry, problem);
            }
        }
        error
    }

    fn damaged(&self, index: u64, problem: String) -> JournalError {
        JournalError::Damaged {
            log: self.row.name.to_string(),
            index,
            problem,
        }
    }

    /// A database that cannot read its own file names no entry; this does.
    fn unreadable(&self, from: u64, error: JournalError) -> JournalError {
        if error.is_passing() || matches!(error, JournalError::Damaged { .. }) {
            return error;
        }
        // The error that is made of it says by itself what to do.
        let why = if let JournalError::Database(database) = &error
            && let DatabaseError::Damaged(why) = &**database
        {
            why.clone()
        } else {
            error.to_string()
        };
        self.damaged(from, format!("from here on it cannot be read: {why}"))
    }
}

/// The first entry for which a tile says something else.
pub(crate) fn first_difference(tile: &FullTile, kept: &[u8]) -> u64 {
    let first = tile.first_entry();
    if tile.level == BUNDLE_LEVEL {
        let mut kept = bundle_leaves(kept);
        let mut entries = (first..).zip(bundle_leaves(&tile.body));
        let different = entries.find(|(_, leaf)| kept.next() != Some(*leaf));
        return different.map_or(first, |(entry, _)| entry);
    }
    let place = tile
        .body
        .iter()
        .zip(kept)
        .take_while(|(a, b)| a == b)
        .count()
        / 32;
    let each = u32::try_from(8 * tile.level).unwrap_or(0);
    first + ((place as u64) << each)
}

/// The hash of a machine's state.
pub(crate) fn state_hash<M: Machine>(machine: &M) -> [u8; 32] {
    // Writing to nowhere does not fail.
    machine.write_state(&mut io::sink()).unwrap_or_default()
}
