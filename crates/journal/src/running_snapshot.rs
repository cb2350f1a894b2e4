//! Snapshots while a server runs, so that a start after a crash does not replay a year.
//!
//! Writing out the state would hold the writer up for as long as it takes. So a second copy of the state
//! is brought from the last snapshot to the present, slowly, from the record alone, written, and
//! dropped. It costs the memory of the state once more for that time, and compares for free: a copy that
//! comes to another root than the batches name ends in an error and is not written.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{JournalError, Log, LogReader, Machine, Tiles, snapshot_file, tile_edge::TILE};

/// Entries after which a new snapshot is worth it, at least; about as many are replayed in two seconds.
const ENTRIES: u64 = 1_000_000;
/// And at least this part of the entries before: a large state takes long to write.
const PART: u64 = 10;
/// How often a log is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Bytes of the record that are read and applied at a time.
const PAGE_BYTES: usize = 1 << 20;
/// A pause is this many times as long as the page before it took, so that people's requests come first.
const PAGE_SHARE: u32 = 4;
/// Between two looks at whether the tiles before a snapshot are written.
const TILE_PAUSE: Duration = Duration::from_millis(50);
/// Looks until a snapshot is given up: a minute, in which a writer of tiles that works has long been there.
const TILE_LOOKS: u32 = 1_200;

/// Writes a snapshot whenever the log has grown enough, as long as the process runs.
pub(crate) async fn snapshot_again<M: Machine>(
    reader: LogReader<M>,
    tiles: Tiles,
    folder: PathBuf,
) {
    let name = reader.sequencer().name().clone();
    let newest = || snapshot_file::list(&folder, &name).into_iter().max();
    let mut last = newest().map_or(0, |(size, _)| size);
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if reader.size() < last.saturating_add(ENTRIES.max(last / PART)) {
            continue;
        }
        match snapshot_beside(&reader, &tiles, &folder, PAGE_SHARE).await {
            Ok(size) => last = size,
            Err(error) => {
                tracing::warn!(log = %name, %error, "no snapshot was written");
                // Not at each look: what failed once will most likely fail again.
                last = reader.size();
            }
        }
    }
}

/// Writes a snapshot of the log as it is now, without its writer; returns how many entries it has.
///
/// # Errors
/// [`JournalError::Damaged`] when the record does not lead to the state, and what disk and database say.
pub(crate) async fn snapshot_beside<M: Machine>(
    reader: &LogReader<M>,
    tiles: &Tiles,
    folder: &Path,
    share: u32,
) -> Result<u64, JournalError> {
    let name = reader.sequencer().name().clone();
    let (end, empty) = {
        let log = reader.sequencer().read();
        (log.size(), log.machine().empty())
    };
    let from = folder.to_owned();
    let mut copy = in_background(move || snapshot_file::newest(&from, &name, empty)).await?;
    while copy.size() < end {
        let began = Instant::now();
        let name = copy.name().clone();
        let rows = reader.store().read(&name, copy.size(), PAGE_BYTES).await?;
        if rows.is_empty() {
            return Err(missing(&copy));
        }
        copy = in_background(move || apply(copy, &rows)).await??;
        tokio::time::sleep(began.elapsed() * share).await;
    }
    wait_for_tiles(&copy, tiles).await?;
    let size = copy.size();
    let to = folder.to_owned();
    in_background(move || snapshot_file::write(&to, &copy)).await??;
    Ok(size)
}

/// Waits until the tiles before the copy are on disk: a start takes them for granted.
async fn wait_for_tiles<M: Machine>(copy: &Log<M>, tiles: &Tiles) -> Result<(), JournalError> {
    for _ in 0..TILE_LOOKS {
        if tiles.bundles(copy.name()).await? >= copy.size() / TILE as u64 {
            return tiles.sync().await;
        }
        tokio::time::sleep(TILE_PAUSE).await;
    }
    Err(JournalError::Derived {
        log: copy.name().to_string(),
        index: copy.size(),
        problem: "the tiles before it are not written yet".to_owned(),
    })
}

fn apply<M: Machine>(mut copy: Log<M>, rows: &[crate::BatchRow]) -> Result<Log<M>, JournalError> {
    for row in rows {
        copy.apply(row)?;
    }
    // The writer's own tiles are the ones that are kept.
    copy.written(copy.unwritten_count());
    Ok(copy)
}

fn missing<M: Machine>(copy: &Log<M>) -> JournalError {
    JournalError::Damaged {
        log: copy.name().to_string(),
        index: copy.size(),
        problem: "its batch is missing".to_owned(),
    }
}

async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JournalError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| JournalError::file("a snapshot")(std::io::Error::other(error)))
}
