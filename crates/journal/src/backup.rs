//! A copy of a data folder, taken while the server runs.
//!
//! The copy is a tar archive: the databases but for what is derived, the secrets, the kept
//! checkpoints, and the sealed files that people showed. Each database is copied by `VACUUM INTO`, that is inside one read transaction. The
//! record comes after what must not know of entries that are not in it, and before the numbers of
//! investors: a number is written before the first entry with it, so that every number in the copied
//! record has its owner in the copy.
//!
//! A file gets its name before it gets its row and never changes, so files come after all databases: each row in the copy
//! has its file, unless that was taken back or destroyed meanwhile.
//!
//! The keys of people are left out, and copied by themselves: what is sealed with the key of a person who was erased must
//! not come back with an old copy of everything else.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use softcap_database::DatabaseError;
use sqlx::{
    ConnectOptions as _, Connection as _,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};

use crate::{JournalError, kept_checkpoint};

/// The database of the record.
pub(crate) const RECORD: &str = "journal.db";
/// The database of the numbers of investors.
const PRIVATE: &str = "private.db";
/// What a rebuild makes anew, and a backup leaves out.
const DERIVED: &str = "derived.db";
/// The keys of people, each of which may have to be destroyed for good.
const PERSON_KEYS: &str = "person_keys.db";
/// The folder of a node's keys.
pub(crate) const SECRETS: &str = "secrets";
/// The folder of the files that people showed, in an archive as in the folder of a node.
pub(crate) const UPLOADS: &str = "uploads";
/// How long the copy waits for a lock.
const PATIENCE: Duration = Duration::from_secs(30);

/// What went into a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackedUp {
    /// Names in the archive, in order.
    pub files: Vec<String>,
}

/// Writes an archive of a data folder, and of the folder in which people's files are; the server may run. The archive holds
/// secrets: encrypt it on its way out. For a moment the folder needs room for a second copy of the databases.
///
/// # Errors
/// [`JournalError::NoRecord`], [`JournalError::File`], and what SQLite says; what was written until
/// then is no backup.
pub async fn back_up(
    folder: &Path,
    uploads: &Path,
    out: &mut (dyn Write + Send),
) -> Result<BackedUp, JournalError> {
    if !folder.join(RECORD).is_file() {
        return Err(JournalError::NoRecord(folder.to_owned()));
    }
    let mut plain = Vec::new();
    for inner in [kept_checkpoint::FOLDER, SECRETS] {
        for path in plain_files(&folder.join(inner))? {
            let name = format!("{inner}/{}", file_name(&path));
            plain.push((path, name));
        }
    }
    archive(folder, (plain, Some(uploads)), databases(folder)?, out).await
}

/// Writes an archive of the keys of people alone. Keep the newest one, apart from other backups, and no older one: whoever has
/// both can read what somebody said who is erased by now.
///
/// # Errors
/// Those of [`back_up`]; [`JournalError::NoRecord`] where there are no keys of people.
pub async fn back_up_person_keys(
    folder: &Path,
    out: &mut (dyn Write + Send),
) -> Result<BackedUp, JournalError> {
    let keys = folder.join(PERSON_KEYS);
    if !keys.is_file() {
        return Err(JournalError::NoRecord(folder.to_owned()));
    }
    archive(folder, (Vec::new(), None), vec![keys], out).await
}

/// Files as they are under their names, then copies of databases, then what people showed.
async fn archive(
    folder: &Path,
    (plain, uploads): (Vec<(PathBuf, String)>, Option<&Path>),
    databases: Vec<PathBuf>,
    out: &mut (dyn Write + Send),
) -> Result<BackedUp, JournalError> {
    let copies = tempfile::Builder::new()
        .prefix("backup-")
        .tempdir_in(folder)
        .map_err(JournalError::file(folder))?;
    let mut archive = tar::Builder::new(out);
    let mut files = Vec::new();
    for (path, name) in plain {
        add(&mut archive, &path, name, &mut files)?;
    }
    for database in databases {
        let copy = copies.path().join(file_name(&database));
        copy_database(&database, &copy).await?;
        add(&mut archive, &copy, file_name(&database), &mut files)?;
        fs::remove_file(&copy).map_err(JournalError::file(&copy))?;
    }
    if let Some(uploads) = uploads {
        add_uploads(&mut archive, uploads, &mut files)?;
    }
    archive
        .finish()
        .map_err(JournalError::file("the archive"))?;
    Ok(BackedUp { files })
}

/// The databases to be copied: the record after all others but the private one.
fn databases(folder: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let mut found = plain_files(folder)?;
    found.retain(|path| {
        let name = file_name(path);
        name.ends_with(".db") && name != DERIVED && name != PERSON_KEYS
    });
    found.sort_by_key(|path| {
        let place = match file_name(path).as_str() {
            PRIVATE => 2,
            RECORD => 1,
            _ => 0,
        };
        (place, path.clone())
    });
    Ok(found)
}

/// The files of a folder by name; none when there is no folder.
pub(crate) fn plain_files(folder: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(JournalError::file(folder)(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(JournalError::file(folder))?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

pub(crate) fn file_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

async fn copy_database(from: &Path, to: &Path) -> Result<(), JournalError> {
    let failed = |error: sqlx::Error| JournalError::from(DatabaseError::from(error));
    let options = SqliteConnectOptions::new()
        .filename(from)
        .create_if_missing(false)
        .busy_timeout(PATIENCE);
    let mut connection: SqliteConnection = options.connect().await.map_err(failed)?;
    let copied = sqlx::query("VACUUM INTO $1")
        .bind(to.to_string_lossy())
        .execute(&mut connection)
        .await;
    connection.close().await.map_err(failed)?;
    copied.map(|_| ()).map_err(failed)
}

/// Adds the files that people showed, which one of them may take back, or the clock destroy, while they are read.
fn add_uploads<W: Write>(
    archive: &mut tar::Builder<W>,
    folder: &Path,
    files: &mut Vec<String>,
) -> Result<(), JournalError> {
    for path in plain_files(folder)? {
        let name = file_name(&path);
        if !is_upload(&name) {
            continue;
        }
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(JournalError::file(&path)(error)),
        };
        let name = format!("{UPLOADS}/{name}");
        archive
            .append_file(&name, &mut file)
            .map_err(JournalError::file(&path))?;
        files.push(name);
    }
    Ok(())
}

/// Whether a file is whole: one that comes in has an ending.
pub(crate) fn is_upload(name: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    name.len() == 32 && name.bytes().all(is_digit)
}

fn add<W: Write>(
    archive: &mut tar::Builder<W>,
    path: &Path,
    name: String,
    files: &mut Vec<String>,
) -> Result<(), JournalError> {
    archive
        .append_path_with_name(path, &name)
        .map_err(JournalError::file(path))?;
    files.push(name);
    Ok(())
}
