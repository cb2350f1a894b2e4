//! Snapshots: the state of a log in a file, so that a start need not replay everything.
//!
//! A snapshot is a cache. It is written to a temporary name and renamed, carries hashes of both its
//! parts, and one that cannot be read is passed over.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use sha2::{Digest, Sha256};

use crate::{JournalError, Log, LogName, Machine, TileEdge};

/// Bytes of a snapshot that wait for the disk together.
const SYNC_BYTES: usize = 4 << 20;
/// How the name of a file ends that is being written.
const UNFINISHED: &str = ".unfinished";
static WRITTEN: AtomicU64 = AtomicU64::new(0);
const MAGIC: &[u8; 18] = b"softcap snapshot 1";

/// Writes the state of a log into `folder`, and removes older snapshots of it.
///
/// # Errors
/// [`JournalError::File`]; then the older ones are still there.
pub(crate) fn write<M: Machine>(folder: &Path, log: &Log<M>) -> Result<PathBuf, JournalError> {
    fs::create_dir_all(folder).map_err(JournalError::file(folder))?;
    let path = folder.join(format!("{}-{}.snapshot", log.name(), log.size()));
    // A name of its own, so that a stop does not write into what a running server began.
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let unfinished = path.with_extension(format!("{number}{UNFINISHED}"));
    let written = write_file(&unfinished, log).and_then(|()| fs::rename(&unfinished, &path));
    if let Err(error) = written {
        let _ = fs::remove_file(&unfinished);
        return Err(JournalError::file(&path)(error));
    }
    for (size, older) in list(folder, log.name()) {
        if size < log.size() {
            let _ = fs::remove_file(older);
        }
    }
    Ok(path)
}

/// Removes what was not written to its end before the process ended.
pub(crate) fn remove_unfinished(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        if entry.file_name().to_string_lossy().ends_with(UNFINISHED) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn write_file<M: Machine>(path: &Path, log: &Log<M>) -> io::Result<()> {
    let file = SyncedFile {
        file: File::create(path)?,
        waiting: 0,
    };
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let edge = log.edge().to_bytes();
    out.write_all(MAGIC)?;
    out.write_all(&log.newest().to_be_bytes())?;
    out.write_all(&(edge.len() as u64).to_be_bytes())?;
    out.write_all(&edge)?;
    out.write_all(&head_hash(log.newest(), &edge))?;
    log.machine().write_state(&mut out)?;
    out.into_inner()?.file.sync_all()
}

/// A file that goes to disk in parts while it is written. At once, hundreds of megabytes would stand in
/// front of the record's next commit.
struct SyncedFile {
    file: File,
    waiting: usize,
}

impl Write for SyncedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.waiting += written;
        if self.waiting >= SYNC_BYTES {
            self.file.sync_data()?;
            self.waiting = 0;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn head_hash(newest: u64, edge: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(MAGIC);
    hasher.update(newest.to_be_bytes());
    hasher.update(edge);
    hasher.finalize().into()
}

/// The newest snapshot that can be read, or the log without entries.
pub(crate) fn newest<M: Machine>(folder: &Path, name: &LogName, empty: M) -> Log<M> {
    let mut found = list(folder, name);
    found.sort_unstable();
    for (_, path) in found.iter().rev() {
        match read(path, name, &empty) {
            Ok(log) => return log,
            Err(problem) => {
                tracing::warn!(%name, path = %path.display(), problem, "a snapshot is passed over");
            }
        }
    }
    Log::new(name.clone(), empty)
}

/// The log of a snapshot, or why it cannot be read.
pub(crate) fn read<M: Machine>(path: &Path, name: &LogName, empty: &M) -> Result<Log<M>, String> {
    let said = |error: io::Error| error.to_string();
    let file = File::open(path).map_err(said)?;
    let length = file.metadata().map_err(said)?.len();
    let mut input = BufReader::with_capacity(1 << 20, file);
    let mut magic = [0; MAGIC.len()];
    input.read_exact(&mut magic).map_err(said)?;
    if magic != *MAGIC {
        return Err("it is of another version".to_owned());
    }
    let mut word = [0; 8];
    input.read_exact(&mut word).map_err(said)?;
    let newest = u64::from_be_bytes(word);
    input.read_exact(&mut word).map_err(said)?;
    let edge_length = u64::from_be_bytes(word);
    if edge_length > length {
        return Err("it is cut off".to_owned());
    }
    let mut edge = vec![0; usize::try_from(edge_length).map_err(|_| "it is too long")?];
    input.read_exact(&mut edge).map_err(said)?;
    let mut hash = [0; 32];
    input.read_exact(&mut hash).map_err(said)?;
    if hash != head_hash(newest, &edge) {
        return Err("its head is damaged".to_owned());
    }
    let edge = TileEdge::from_bytes(&edge).ok_or("its tiles are damaged")?;
    let machine = empty
        .with_state(&mut input)
        .map_err(|error| error.to_string())?;
    Ok(Log::resume(name.clone(), machine, edge, newest))
}

/// Snapshots of a log by size.
pub(crate) fn list(folder: &Path, name: &LogName) -> Vec<(u64, PathBuf)> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let stem = path.file_name()?.to_str()?.strip_suffix(".snapshot")?;
            let (of, size) = stem.rsplit_once('-')?;
            let size = size.parse().ok()?;
            (of == name.as_str()).then_some((size, path))
        })
        .collect()
}
