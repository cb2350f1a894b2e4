//! When the data of a folder were last backed up: `softcap backup` leaves word beside them, and the server shows it.

use std::{fs, io, path::Path};

use serde::{Deserialize, Serialize};

/// What was backed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupKind {
    /// Everything but the keys of people.
    Data,
    /// The keys of people, which are kept apart.
    PersonKeys,
}

/// A backup that was made. Nobody says here that it can be put back: only putting it back shows that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeBackup {
    /// Unix milliseconds.
    pub at: u64,
    /// Files in it.
    pub files: u64,
}

impl BackupKind {
    const fn file(self) -> &'static str {
        match self {
            Self::Data => "last-backup.json",
            Self::PersonKeys => "last-backup-of-person-keys.json",
        }
    }
}

/// Leaves word of a backup in the folder of the data.
///
/// # Errors
/// What the disk says; the backup is good all the same.
pub fn note_backup(folder: &Path, kind: BackupKind, made: MadeBackup) -> io::Result<()> {
    let (name, text) = (kind.file(), serde_json::to_string(&made)?);
    let begun = folder.join(format!("{name}.new"));
    fs::write(&begun, text)?;
    fs::rename(begun, folder.join(name))
}

/// The last backup of which there is word.
#[must_use]
pub fn last_backup(folder: &Path, kind: BackupKind) -> Option<MadeBackup> {
    let text = fs::read_to_string(folder.join(kind.file())).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_each_kind_is_known_and_nonsense_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path();
        let made = |at| MadeBackup { at, files: 7 };
        assert_eq!(last_backup(place, BackupKind::Data), None);
        for at in [1, 2] {
            note_backup(place, BackupKind::Data, made(at)).unwrap();
        }
        note_backup(place, BackupKind::PersonKeys, made(3)).unwrap();
        assert_eq!(last_backup(place, BackupKind::Data), Some(made(2)));
        assert_eq!(last_backup(place, BackupKind::PersonKeys), Some(made(3)));
        fs::write(place.join("last-backup.json"), "{").unwrap();
        assert_eq!(last_backup(place, BackupKind::Data), None);
    }
}
