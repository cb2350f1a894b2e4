//! What runs beside the writer of a log: tiles are written, checkpoints kept, old entries
//! scrubbed, snapshots written.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinHandle};

use crate::{
    JournalError, LogReader, Machine, SealedBatch, Sequencer, Tiles,
    kept_checkpoint::KeptCheckpoints, running_snapshot::snapshot_again, scrub::scrub_for_ever,
    tile_edge::TILE,
};

/// Tiles that are written in one transaction.
pub(crate) const TILES_AT_ONCE: usize = 512;
/// Between two checkpoints of a log that are kept in files.
const KEEP_EVERY: Duration = Duration::from_secs(1);

/// The tasks of one log.
#[derive(Debug)]
pub(crate) struct Companions {
    tasks: [JoinHandle<()>; 4],
}

impl Companions {
    pub(crate) fn start<M: Machine>(
        reader: &LogReader<M>,
        tiles: Tiles,
        kept: KeptCheckpoints,
        snapshots: PathBuf,
    ) -> Self {
        let sequencer = reader.sequencer().clone();
        Self {
            tasks: [
                tokio::spawn(write_tiles(sequencer, tiles.clone())),
                tokio::spawn(keep_checkpoints(reader.clone(), kept)),
                tokio::spawn(scrub_for_ever(reader.clone())),
                tokio::spawn(snapshot_again(reader.clone(), tiles, snapshots)),
            ],
        }
    }

    /// Ends them; what is not written yet is for who closes the record.
    pub(crate) fn stop(&self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Keeps the newest checkpoint in files, at most once in [`KEEP_EVERY`].
async fn keep_checkpoints<M: Machine>(reader: LogReader<M>, kept: KeptCheckpoints) {
    let mut newest = reader.sequencer().newest();
    loop {
        let (of, to) = (reader.clone(), kept.clone());
        let done = tokio::task::spawn_blocking(move || keep_newest(&of, &to)).await;
        if let Ok(Err(error)) = done {
            tracing::warn!(log = %reader.sequencer().name(), %error, "a checkpoint was not kept");
        }
        tokio::time::sleep(KEEP_EVERY).await;
        if newest.changed().await.is_err() {
            return;
        }
    }
}

pub(crate) fn keep_newest<M: Machine>(
    reader: &LogReader<M>,
    kept: &KeptCheckpoints,
) -> Result<(), JournalError> {
    if reader.sequencer().held().is_some() || reader.size() == 0 {
        return Ok(());
    }
    kept.keep(reader.sequencer().name(), &reader.checkpoint()?)
}

/// Writes tiles as they become full, as long as the writer lives.
async fn write_tiles<M: Machine>(sequencer: Sequencer<M>, tiles: Tiles) {
    let mut newest: watch::Receiver<Option<Arc<SealedBatch>>> = sequencer.newest();
    let mut written = 0;
    while newest.changed().await.is_ok() {
        // Most batches fill no tile; the writer is not held up to look.
        let size = newest
            .borrow_and_update()
            .as_ref()
            .map_or(0, |batch| batch.size());
        if size / TILE as u64 == written {
            continue;
        }
        written = size / TILE as u64;
        if let Err(error) = write_all_tiles(&sequencer, &tiles).await {
            // They stay in memory, and the next full tile tries again.
            tracing::warn!(log = %sequencer.name(), %error, "tiles were not written");
        }
    }
}

pub(crate) async fn write_all_tiles<M: Machine>(
    sequencer: &Sequencer<M>,
    tiles: &Tiles,
) -> Result<(), JournalError> {
    loop {
        let full = sequencer.read().unwritten();
        let some: Vec<_> = full
            .iter()
            .take(TILES_AT_ONCE)
            .map(|tile| (**tile).clone())
            .collect();
        if some.is_empty() {
            return Ok(());
        }
        tiles.put(sequencer.name(), &some).await?;
        sequencer.tiles_written(some.len());
    }
}
