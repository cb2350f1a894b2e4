//! The room that a test run needs on the disk, looked at before anything is built.
//!
//! A disk that fills up in the middle ends compilers and linkers in ways that say nothing of disks, and
//! every later step repeats it.

use std::path::{Path, PathBuf};

use crate::error::XtaskError;
use crate::workspace::Workspace;

/// What the target directory of a run from nothing holds at its largest, and some more.
const TARGET: u64 = 3_200 << 20;
/// What a run writes even where everything is built already.
const TARGET_AT_LEAST: u64 = 800 << 20;
/// The databases and folders of the tests, while they run.
const TEMPORARY: u64 = 500 << 20;

/// A folder, its disk, and what must be free there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Need {
    folder: PathBuf,
    /// The number of the disk; nothing where nobody can tell.
    disk: Option<u64>,
    bytes: u64,
}

/// Says how much is free and how much a run needs.
///
/// # Errors
/// `X013` when there is too little; `X005` for a folder that cannot be asked.
pub(crate) fn check(workspace: &Workspace) -> Result<(), XtaskError> {
    let target = workspace.target();
    std::fs::create_dir_all(&target).map_err(|source| unreadable(&target, source))?;
    let temporary = std::env::temp_dir();
    let needs = by_disk([
        Need {
            disk: disk(&target),
            bytes: of_target(size(&target)),
            folder: target,
        },
        Need {
            disk: disk(&temporary),
            bytes: TEMPORARY,
            folder: temporary,
        },
    ]);
    for need in needs {
        if let Some(free) = free(&need.folder)? {
            println!("{}", need.sentence(free));
            need.met_by(free)?;
        }
    }
    Ok(())
}

/// What a run needs in a target directory that holds so much.
fn of_target(held: u64) -> u64 {
    TARGET.saturating_sub(held).max(TARGET_AT_LEAST)
}

/// Folders of one disk share its room.
fn by_disk([target, temporary]: [Need; 2]) -> Vec<Need> {
    if target.disk.is_some() && target.disk == temporary.disk {
        let bytes = target.bytes + temporary.bytes;
        return vec![Need { bytes, ..target }];
    }
    vec![target, temporary]
}

impl Need {
    fn sentence(&self, free: u64) -> String {
        format!(
            "{}: {} MB free, up to {} MB needed",
            self.folder.display(),
            free >> 20,
            self.bytes >> 20
        )
    }

    fn met_by(&self, free: u64) -> Result<(), XtaskError> {
        if free >= self.bytes {
            return Ok(());
        }
        Err(XtaskError::NoRoom {
            folder: self.folder.clone(),
            free_megabytes: free >> 20,
            needed_megabytes: self.bytes >> 20,
        })
    }
}

fn unreadable(path: &Path, source: std::io::Error) -> XtaskError {
    XtaskError::File {
        path: path.to_owned(),
        source,
    }
}

/// The bytes of all files below. What cannot be read counts as nothing: more is asked for then.
fn size(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(data) if data.is_dir() => size(&entry.path()),
        Ok(data) => data.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

/// What this account may still write on a folder's disk; nothing where nobody can tell.
#[cfg(unix)]
fn free(folder: &Path) -> Result<Option<u64>, XtaskError> {
    let disk = nix::sys::statvfs::statvfs(folder)
        .map_err(|error| unreadable(folder, std::io::Error::from(error)))?;
    Ok(Some(disk.blocks_available() * disk.fragment_size()))
}

#[cfg(unix)]
fn disk(folder: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(folder).ok().map(|data| data.dev())
}

#[cfg(not(unix))]
fn disk(_folder: &Path) -> Option<u64> {
    None
}

#[cfg(not(unix))]
fn free(_folder: &Path) -> Result<Option<u64>, XtaskError> {
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(folder: &str, disk: Option<u64>, megabytes: u64) -> Need {
        Need {
            folder: folder.into(),
            disk,
            bytes: megabytes << 20,
        }
    }

    #[test]
    fn folders_on_one_disk_need_the_sum() {
        let [target, temporary] = [need("t", Some(1), 30), need("tmp", Some(1), 5)];
        assert_eq!(
            by_disk([target.clone(), temporary]),
            [need("t", Some(1), 35)]
        );
        for other in [need("tmp", Some(2), 5), need("tmp", None, 5)] {
            let both = [target.clone(), other];
            assert_eq!(by_disk(both.clone()), both);
        }
        let unknown = [need("t", None, 30), need("tmp", None, 5)];
        assert_eq!(by_disk(unknown.clone()), unknown);
    }

    #[test]
    fn what_is_built_already_needs_no_room_again() {
        assert_eq!(of_target(0), TARGET);
        assert_eq!(of_target(10 << 20), TARGET - (10 << 20));
        assert_eq!(of_target(u64::MAX), TARGET_AT_LEAST);
    }

    #[test]
    fn too_little_room_is_an_error_that_names_folder_and_both_sizes() {
        let need = need("there", None, 30);
        assert_eq!(
            need.sentence(40 << 20),
            "there: 40 MB free, up to 30 MB needed"
        );
        need.met_by(30 << 20).unwrap();
        let error = need.met_by(29 << 20).unwrap_err().to_string();
        assert!(
            error.starts_with("X013: there has 29 MB free and this run may need 30 MB"),
            "{error}"
        );
    }

    #[test]
    fn sizes_are_those_of_all_files_below() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("in")).unwrap();
        std::fs::write(folder.path().join("in/a"), [1; 300]).unwrap();
        std::fs::write(folder.path().join("b"), [1; 20]).unwrap();
        assert_eq!(size(folder.path()), 320);
        assert_eq!(size(&folder.path().join("missing")), 0);
        if cfg!(unix) {
            assert!(free(folder.path()).unwrap().is_some());
        }
    }
}
