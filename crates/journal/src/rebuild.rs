//! Writes anew what is derived from the record.

use std::{
    fs,
    path::{Path, PathBuf},
};

use softcap_database::{Database, DatabaseUrl};
use softcap_proof::Root;

use crate::{
    AuditMachine, JournalError, Log, LogKind, LogName, LogRow, Machine, PlatformMachine, Store,
    Tiles,
    companions::TILES_AT_ONCE,
    journal::{SNAPSHOTS, lock, offering_machine, parse_terms},
    snapshot_file,
};

/// Bytes of the record that are read at a time.
const PAGE_BYTES: usize = 8 << 20;
/// The files of the SQLite database of derived tables.
const DERIVED_FILES: [&str; 3] = ["derived.db", "derived.db-wal", "derived.db-shm"];

/// A log whose tiles and snapshot were written anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// Which log.
    pub name: LogName,
    /// Entries that were replayed.
    pub entries: u64,
    /// Root over them.
    pub root: Root,
    /// Full tiles that were written.
    pub tiles: u64,
}

/// Drops tiles and snapshots, and makes them again by a replay from entry 0. The server must be
/// stopped. On SQLite, what was there before comes back when the record turns out damaged.
///
/// # Errors
/// [`JournalError::InUse`], [`JournalError::NoRecord`], [`JournalError::Damaged`].
pub async fn rebuild(
    url: &DatabaseUrl,
    folder: &Path,
    progress: &mut (dyn FnMut(&LogName, u64) + Send),
) -> Result<Vec<Rebuilt>, JournalError> {
    if let DatabaseUrl::Folder(folder) = url
        && !folder.join("journal.db").is_file()
    {
        return Err(JournalError::NoRecord(folder.clone()));
    }
    let _lock = lock(folder)?;
    let aside = SetAside::new(url, folder)?;
    match write_anew(url, folder, progress).await {
        Ok(rebuilt) => {
            aside.forget()?;
            Ok(rebuilt)
        }
        Err(error) => {
            aside.put_back()?;
            Err(error)
        }
    }
}

async fn write_anew(
    url: &DatabaseUrl,
    folder: &Path,
    progress: &mut (dyn FnMut(&LogName, u64) + Send),
) -> Result<Vec<Rebuilt>, JournalError> {
    let store = Store::open(Database::open(url, "journal").await?).await?;
    let tiles = Tiles::open(Database::open_derived(url, "derived").await?).await?;
    let mut rebuilt = Vec::new();
    let result = async {
        for row in store.logs().await? {
            let snapshots = folder.join(SNAPSHOTS);
            rebuilt.push(rebuild_log(&store, &tiles, &snapshots, &row, progress).await?);
        }
        Ok(())
    }
    .await;
    tiles.close().await;
    store.close().await;
    result.map(|()| rebuilt)
}

async fn rebuild_log(
    store: &Store,
    tiles: &Tiles,
    snapshots: &Path,
    row: &LogRow,
    progress: &mut (dyn FnMut(&LogName, u64) + Send),
) -> Result<Rebuilt, JournalError> {
    match row.kind {
        LogKind::Offering => {
            let terms = parse_terms(&row.name, &row.document)?;
            let log = Log::new(row.name.clone(), offering_machine(&terms)?);
            replay(store, tiles, snapshots, log, progress).await
        }
        LogKind::Platform => {
            let log = Log::new(row.name.clone(), PlatformMachine::default());
            replay(store, tiles, snapshots, log, progress).await
        }
        LogKind::Audit => {
            let log = Log::new(row.name.clone(), AuditMachine::default());
            replay(store, tiles, snapshots, log, progress).await
        }
    }
}

async fn replay<M: Machine>(
    store: &Store,
    tiles: &Tiles,
    snapshots: &Path,
    mut log: Log<M>,
    progress: &mut (dyn FnMut(&LogName, u64) + Send),
) -> Result<Rebuilt, JournalError> {
    let name = log.name().clone();
    // Other nodes may hold the same database: what they wrote is replaced row by row, what the record
    // does not have goes.
    tiles.clear(&name).await?;
    let mut written = 0;
    loop {
        let rows = store.read(&name, log.size(), PAGE_BYTES).await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            log.apply(row)?;
        }
        let full: Vec<_> = log
            .unwritten()
            .iter()
            .map(|tile| (**tile).clone())
            .collect();
        for some in full.chunks(TILES_AT_ONCE) {
            tiles.put(&name, some).await?;
        }
        written += full.len() as u64;
        log.written(full.len());
        progress(&name, log.size());
    }
    if log.size() > 0 {
        snapshot_file::write(snapshots, &log)?;
    }
    Ok(Rebuilt {
        name,
        entries: log.size(),
        root: log.root(),
        tiles: written,
    })
}

/// What is derived, under other names until its successor is whole.
struct SetAside {
    /// From where to where.
    moved: Vec<(PathBuf, PathBuf)>,
}

impl SetAside {
    fn new(url: &DatabaseUrl, folder: &Path) -> Result<Self, JournalError> {
        let mut paths = vec![folder.join(SNAPSHOTS)];
        if let DatabaseUrl::Folder(database) = url {
            paths.extend(DERIVED_FILES.iter().map(|file| database.join(file)));
        }
        let mut aside = Self { moved: Vec::new() };
        for path in paths {
            let mut old = path.clone().into_os_string();
            old.push(".old");
            let old = PathBuf::from(old);
            // Left by a rebuild that was broken off: what is at the right place now is newer.
            if path.exists() {
                remove(&old)?;
                fs::rename(&path, &old).map_err(JournalError::file(&path))?;
            }
            aside.moved.push((path, old));
        }
        Ok(aside)
    }

    fn put_back(self) -> Result<(), JournalError> {
        for (path, old) in self.moved {
            remove(&path)?;
            if old.exists() {
                fs::rename(&old, &path).map_err(JournalError::file(&path))?;
            }
        }
        Ok(())
    }

    fn forget(self) -> Result<(), JournalError> {
        self.moved.iter().try_for_each(|(_, old)| remove(old))
    }
}

fn remove(path: &Path) -> Result<(), JournalError> {
    let removed = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(JournalError::file(path)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
