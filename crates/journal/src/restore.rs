//! A data folder from a backup: verified before it has its name, and held until it is known that it
//! is not too old.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Component, Path, PathBuf},
};

use softcap_database::DatabaseUrl;

use crate::{
    CheckedLog, JournalError, LogName,
    backup::{RECORD, SECRETS, UPLOADS, file_name, is_upload, plain_files},
    check_record,
    kept_checkpoint::{self, KeptCheckpoints},
};

/// What is known of the time after the backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restoring<'r> {
    /// Nothing: each log is held until a checkpoint that was kept elsewhere is put into its folder.
    Unknown,
    /// The newest checkpoints that were kept elsewhere, in this folder.
    Checkpoints(&'r Path),
    /// The server was stopped before the backup: nothing came after it.
    Complete,
}

/// A log that was restored, and is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Which log.
    pub name: LogName,
    /// What its check found.
    pub checked: CheckedLog,
}

/// Unpacks the archive of a backup beside `data`, replays and verifies every log, and only then gives
/// the folder its name.
///
/// # Errors
/// [`JournalError::NotEmpty`], [`JournalError::NoBackup`], [`JournalError::Damaged`]; nothing is left
/// behind then.
pub async fn restore(
    archive: &mut (dyn Read + Send),
    data: &Path,
    restoring: Restoring<'_>,
) -> Result<Vec<Restored>, JournalError> {
    refuse_full(data)?;
    let parent = match data.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(JournalError::file(parent))?;
    let staging = tempfile::Builder::new()
        .prefix(".restore-")
        .tempdir_in(parent)
        .map_err(JournalError::file(parent))?;
    let folder = staging.path();
    unpack(archive, folder, restoring == Restoring::Complete)?;
    if !folder.join(RECORD).is_file() {
        return Err(JournalError::NoBackup(
            "there is no record in it".to_owned(),
        ));
    }
    let url = DatabaseUrl::Folder(folder.to_owned());
    let mut restored = Vec::new();
    for check in check_record(&url, folder, &mut |_, _| {}).await? {
        restored.push(Restored {
            name: check.name,
            checked: check.result?,
        });
    }
    guard(folder, restoring, &restored)?;
    // Over an empty folder of this name, too, and at once.
    let staging = staging.keep();
    let renamed = fs::rename(&staging, data).and_then(|()| File::open(parent)?.sync_all());
    if let Err(error) = renamed {
        let _ = fs::remove_dir_all(&staging);
        return Err(JournalError::file(data)(error));
    }
    Ok(restored)
}

fn refuse_full(data: &Path) -> Result<(), JournalError> {
    match fs::read_dir(data).map(|mut entries| entries.next().is_some()) {
        Ok(true) => Err(JournalError::NotEmpty(data.to_owned())),
        Ok(false) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(JournalError::file(data)(error)),
    }
}

/// Writes what a backup may hold, and refuses anything else: names come from the archive.
fn unpack(
    archive: &mut (dyn Read + Send),
    folder: &Path,
    with_checkpoints: bool,
) -> Result<(), JournalError> {
    let unreadable = |error: io::Error| JournalError::NoBackup(error.to_string());
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let name = entry.path().map_err(unreadable)?.into_owned();
        if !entry.header().entry_type().is_file() || !is_expected(&name) {
            let problem = format!("{} does not belong into it", name.display());
            return Err(JournalError::NoBackup(problem));
        }
        if name.starts_with(kept_checkpoint::FOLDER) && !with_checkpoints {
            continue;
        }
        let path = folder.join(&name);
        if let Some(parent) = path.parent() {
            let mut builder = fs::DirBuilder::new();
            let made = builder.recursive(true).mode(0o700).create(parent);
            made.map_err(JournalError::file(parent))?;
        }
        let mut out = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(JournalError::file(&path))?;
        io::copy(&mut entry, &mut out).map_err(|error| {
            let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
            if full.contains(&error.kind()) {
                JournalError::file(&path)(error)
            } else {
                // What is left is the other side: an archive that is cut off or was changed.
                unreadable(error)
            }
        })?;
        out.sync_all().map_err(JournalError::file(&path))?;
    }
    Ok(())
}

/// A database, a checkpoint, a secret, or a file that somebody showed.
fn is_expected(name: &Path) -> bool {
    let parts: Option<Vec<&str>> = name
        .components()
        .map(|part| match part {
            Component::Normal(part) => part.to_str(),
            Component::Prefix(_)
            | Component::RootDir
            | Component::CurDir
            | Component::ParentDir => None,
        })
        .collect();
    match parts.as_deref() {
        Some([file]) => file.ends_with(".db"),
        Some([folder, name]) if *folder == UPLOADS => is_upload(name),
        Some([folder, _]) => *folder == kept_checkpoint::FOLDER || *folder == SECRETS,
        Some(_) | None => false,
    }
}

/// Marks each log, and puts the checkpoints there that it must lead to.
fn guard(
    folder: &Path,
    restoring: Restoring<'_>,
    restored: &[Restored],
) -> Result<(), JournalError> {
    let kept = KeptCheckpoints::new(folder, None);
    for log in restored {
        // Of a log without an entry no checkpoint was ever signed that it could wait for, if the
        // operator says that there was none later.
        if log.checked.entries > 0 || restoring == Restoring::Unknown {
            kept.mark_restored(&log.name)?;
        }
    }
    if let Restoring::Checkpoints(from) = restoring {
        let paths: Vec<PathBuf> = plain_files(from)?;
        for path in paths {
            let to = folder.join(kept_checkpoint::FOLDER).join(file_name(&path));
            fs::copy(&path, &to).map_err(JournalError::file(&path))?;
        }
    }
    Ok(())
}
