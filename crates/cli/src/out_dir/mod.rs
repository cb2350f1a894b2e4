//! A folder of results that is there whole or not at all.
//!
//! Files are written into a fresh folder beside the target that only this user may enter, synced to
//! the disk, and the folder takes the target's name as the last step. Whatever goes wrong before, an
//! earlier result stays as it was, and the unfinished folder is removed.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tempfile::TempDir;

/// Bytes that are collected before they are written.
const BUFFER: usize = 1 << 18;

/// Unfinished folders, for [`remove_unfinished`].
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Why a result cannot be written. The display says what happened, then what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutDirError {
    /// There is something in it.
    #[error(
        "C201: {}: the folder is not empty; name a new folder, or remove the earlier result \
         yourself",
        .0.display()
    )]
    NotEmpty(PathBuf),
    /// A file, a device.
    #[error("C202: {}: is there and is not a folder; name a new folder", .0.display())]
    NotAFolder(PathBuf),
    /// A link could lead the result elsewhere than the name says.
    #[error(
        "C203: {}: is a symbolic link; name the folder by its real path", .0.display()
    )]
    Symlink(PathBuf),
    /// `/`, `..`.
    #[error("C204: {}: does not name a folder; end the path with a name", .0.display())]
    NoName(PathBuf),
    /// The system refuses to look at a folder, or to make one.
    #[error(
        "C205: {}: {error}; name a folder whose parent exists and may be written", path.display()
    )]
    Folder {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// No room.
    #[error(
        "C206: {file}: no room ({reason}): {written} bytes of the result were written, and at least \
         {needed} more are needed; make room, or write elsewhere; nothing was kept"
    )]
    Full {
        /// The file of the result.
        file: String,
        /// What the system says.
        reason: String,
        /// Bytes in all files so far.
        written: u64,
        /// Bytes that did not fit; later ones are not counted.
        needed: usize,
    },
    /// A file cannot be written.
    #[error("C207: {file}: cannot be written ({reason}); nothing was kept")]
    File {
        /// The file of the result.
        file: String,
        /// What the system says.
        reason: String,
    },
    /// A file was dropped before it was closed: a fault of the program.
    #[error(
        "C208: {0}: files of the result were not closed; this is a fault of softcap, please report it"
    )]
    NotClosed(u64),
    /// The finished folder could not take its name.
    #[error("C209: {}: the result could not take its name ({error}); nothing was kept", path.display())]
    Rename {
        /// The target.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// What the folder and its files count together, from several threads.
#[derive(Debug, Default)]
struct Counts {
    /// Bytes written to all files.
    written: AtomicU64,
    /// Files that are not closed.
    open: AtomicU64,
}

/// A result in the making.
#[derive(Debug)]
pub(crate) struct OutDir {
    target: PathBuf,
    parent: PathBuf,
    unfinished: Unfinished,
    /// What the finished folder allows to whom.
    permissions: Permissions,
    counts: Arc<Counts>,
}

/// A file of a result in the making.
#[derive(Debug)]
pub(crate) struct OutFile {
    name: String,
    writer: BufWriter<CountedFile>,
}

/// Counts what reaches the system, and names the file in each error.
#[derive(Debug)]
struct CountedFile {
    name: String,
    file: File,
    written: u64,
    counts: Arc<Counts>,
}

/// Removes its folder when it is dropped.
#[derive(Debug)]
struct Unfinished(Option<TempDir>);

impl OutDir {
    /// Begins a result that will be at `target`.
    ///
    /// # Errors
    /// When `target` is there and not an empty folder, when it or a folder above it is a symbolic
    /// link, and when the folder above it may not be written.
    pub(crate) fn create(target: &Path) -> Result<Self, OutDirError> {
        // Without slashes at the end, which would follow a link.
        let target: PathBuf = target.components().collect();
        if target.file_name().is_none() {
            return Err(OutDirError::NoName(target));
        }
        refuse_symlinks(&target)?;
        let before = existing_permissions(&target)?;
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
            _ => PathBuf::from("."),
        };
        let cannot = |error| OutDirError::Folder {
            path: parent.clone(),
            error,
        };
        // Asked by itself, so that the message names no folder that only this program would know.
        fs::metadata(&parent).map_err(cannot)?;
        let unfinished = Unfinished::create(&parent).map_err(cannot)?;
        let permissions = match before {
            Some(permissions) => permissions,
            None => usual_permissions(unfinished.path()).map_err(cannot)?,
        };
        Ok(Self {
            target,
            parent,
            unfinished,
            permissions,
            counts: Arc::default(),
        })
    }

    /// The folder in the making, to read back what was written.
    pub(crate) fn path(&self) -> &Path {
        self.unfinished.path()
    }

    /// Begins a file; `name` has no folders in it. Files may be written by several threads.
    pub(crate) fn file(&self, name: &str) -> Result<OutFile, OutDirError> {
        // Not while the folder is being removed: a new file would keep it from going.
        let _unfinished = lock_unfinished();
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(self.path().join(name))
            .map_err(|error| explain(name, &error, &self.counts, 0))?;
        self.counts.open.fetch_add(1, Ordering::Relaxed);
        let counted = CountedFile {
            name: name.to_owned(),
            file,
            written: 0,
            counts: Arc::clone(&self.counts),
        };
        Ok(OutFile {
            name: name.to_owned(),
            writer: BufWriter::with_capacity(BUFFER, counted),
        })
    }

    /// Gives the result its name. Every file must be closed.
    pub(crate) fn finish(self) -> Result<(), OutDirError> {
        let open = self.counts.open.load(Ordering::Relaxed);
        if open > 0 {
            return Err(OutDirError::NotClosed(open));
        }
        let rename = |error| OutDirError::Rename {
            path: self.target.clone(),
            error,
        };
        fs::set_permissions(self.path(), self.permissions.clone()).map_err(rename)?;
        sync_folder(self.path()).map_err(rename)?;
        // Takes the place of an empty folder only; the system refuses anything else that may have
        // come there in the meantime. Not while Ctrl-C removes the folder: half of it would appear.
        let mut unfinished = lock_unfinished();
        fs::rename(self.path(), &self.target).map_err(rename)?;
        unfinished.retain(|other| other != self.unfinished.path());
        drop(unfinished);
        self.unfinished.done();
        sync_folder(&self.parent).map_err(rename)
    }
}

impl OutFile {
    /// Writes what is left and waits until the disk has it; gives the size.
    pub(crate) fn close(self) -> Result<u64, OutDirError> {
        let Self { name, writer } = self;
        let counted = writer.into_inner().map_err(|error| {
            let (error, _) = error.into_parts();
            out_dir_error(&name, error)
        })?;
        counted
            .file
            .sync_all()
            .map_err(|error| explain(&name, &error, &counted.counts, 0))?;
        counted.counts.open.fetch_sub(1, Ordering::Relaxed);
        Ok(counted.written)
    }
}

impl Write for OutFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Write for CountedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.file.write(bytes) {
            Ok(count) => {
                let count_wide = u64::try_from(count).unwrap_or(u64::MAX);
                self.written += count_wide;
                self.counts.written.fetch_add(count_wide, Ordering::Relaxed);
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let kind = error.kind();
                Err(io::Error::new(
                    kind,
                    explain(&self.name, &error, &self.counts, bytes.len()),
                ))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The error of a file as one of ours, also after it went through a writer of somebody else.
pub(crate) fn out_dir_error(file: &str, error: io::Error) -> OutDirError {
    match error.downcast::<OutDirError>() {
        Ok(ours) => ours,
        Err(error) => OutDirError::File {
            file: file.to_owned(),
            reason: error.to_string(),
        },
    }
}

impl From<OutDirError> for io::Error {
    /// For writers that know only the system's errors; [`out_dir_error`] finds ours in it again.
    fn from(error: OutDirError) -> Self {
        Self::other(error)
    }
}

fn explain(file: &str, error: &io::Error, counts: &Counts, needed: usize) -> OutDirError {
    let (file, reason) = (file.to_owned(), error.to_string());
    let full = [
        io::ErrorKind::StorageFull,
        io::ErrorKind::QuotaExceeded,
        io::ErrorKind::FileTooLarge,
    ];
    if full.contains(&error.kind()) {
        let written = counts.written.load(Ordering::Relaxed);
        OutDirError::Full {
            file,
            reason,
            written,
            needed,
        }
    } else {
        OutDirError::File { file, reason }
    }
}

/// Refuses links in the path as it was named: a result must not appear where nobody expects it.
fn refuse_symlinks(target: &Path) -> Result<(), OutDirError> {
    let named = target
        .ancestors()
        .filter(|part| !part.as_os_str().is_empty());
    match named.into_iter().find(|part| part.is_symlink()) {
        None => Ok(()),
        Some(link) => Err(OutDirError::Symlink(link.to_path_buf())),
    }
}

/// The permissions of an empty folder that is there; `None` when nothing is there.
fn existing_permissions(target: &Path) -> Result<Option<Permissions>, OutDirError> {
    let cannot = |error| OutDirError::Folder {
        path: target.to_path_buf(),
        error,
    };
    let kind = match fs::symlink_metadata(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot(error)),
        Ok(kind) => kind,
    };
    if !kind.is_dir() {
        return Err(OutDirError::NotAFolder(target.to_path_buf()));
    }
    if fs::read_dir(target).map_err(cannot)?.next().is_some() {
        return Err(OutDirError::NotEmpty(target.to_path_buf()));
    }
    Ok(Some(kind.permissions()))
}

/// What a new folder allows to whom here; a process cannot ask for that without changing it.
fn usual_permissions(folder: &Path) -> io::Result<Permissions> {
    let probe = folder.join("probe");
    fs::create_dir(&probe)?;
    let permissions = fs::metadata(&probe)?.permissions();
    fs::remove_dir(&probe)?;
    Ok(permissions)
}

/// Waits until the disk has the names in a folder.
fn sync_folder(folder: &Path) -> io::Result<()> {
    // Elsewhere a folder cannot be opened as a file.
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

impl Unfinished {
    /// A folder with a random name that only this user may enter.
    fn create(parent: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".softcap-unfinished-");
        #[cfg(unix)]
        let private = <Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o700);
        #[cfg(unix)]
        builder.permissions(private);
        // Locked before there is a folder, so that Ctrl-C finds all there are.
        let mut unfinished = lock_unfinished();
        let folder = builder.tempdir_in(parent)?;
        unfinished.push(folder.path().to_path_buf());
        Ok(Self(Some(folder)))
    }

    fn path(&self) -> &Path {
        self.0.as_ref().map_or(Path::new(""), TempDir::path)
    }

    /// The folder has its name and stays.
    fn done(mut self) {
        if let Some(folder) = self.0.take() {
            // Only gives up the duty to remove; there is nothing at the old name.
            drop(folder.keep());
        }
    }

    fn forget(&self) {
        let path = self.path();
        lock_unfinished().retain(|other| other != path);
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.forget();
    }
}

fn lock_unfinished() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    // A list of paths is whole whatever happened to its last user.
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As long as it lives no result of this process begins, grows by a file, or takes its name.
#[derive(Debug)]
#[must_use]
pub(crate) struct NoMoreResults {
    _unfinished: std::sync::MutexGuard<'static, Vec<PathBuf>>,
}

/// Removes every unfinished folder of this process: for the handler of Ctrl-C, which keeps what this
/// gives until the process has ended.
pub(crate) fn remove_unfinished() -> NoMoreResults {
    let mut unfinished = lock_unfinished();
    for folder in unfinished.drain(..) {
        // There is nobody left to tell.
        drop(fs::remove_dir_all(folder));
    }
    NoMoreResults {
        _unfinished: unfinished,
    }
}

#[cfg(test)]
mod tests;
