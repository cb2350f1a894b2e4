//! The place in a chain up to which everything is in the record of this node.
//!
//! A shortcut: a file that is lost, damaged, or ahead of the record costs reading the escrow's logs again.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use softcap_evm::Header;
use softcap_journal::LogName;

/// A place, and how much of the record there was when it was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The newest block of which everything is in the record.
    pub(super) block: Header,
    /// How many entries the record had at least. One that was put back to an older copy has fewer.
    pub(super) entries: u64,
}

/// As it stands in its file.
#[derive(Debug, Deserialize, Serialize)]
struct Written {
    number: u64,
    hash: B256,
    parent: B256,
    timestamp: u64,
    entries: u64,
    /// SHA-256 of the other fields.
    check: B256,
}

impl Written {
    fn new(place: Place) -> Self {
        let Place { block, entries } = place;
        let mut check = Sha256::new();
        check.update(block.number.to_be_bytes());
        check.update(block.hash);
        check.update(block.parent);
        check.update(block.timestamp.to_be_bytes());
        check.update(entries.to_be_bytes());
        Self {
            number: block.number,
            hash: block.hash,
            parent: block.parent,
            timestamp: block.timestamp,
            entries,
            check: B256::from_slice(&check.finalize()),
        }
    }

    /// The place, if nothing in the file has changed since it was written.
    fn place(&self) -> Option<Place> {
        let place = Place {
            block: Header {
                number: self.number,
                hash: self.hash,
                parent: self.parent,
                timestamp: self.timestamp,
            },
            entries: self.entries,
        };
        (Self::new(place).check == self.check).then_some(place)
    }
}

fn file(folder: &Path, log: &LogName) -> PathBuf {
    folder.join(format!("{log}.json"))
}

/// The place, if it is there and can be read: what follows it can always be read again.
pub(super) fn read(folder: &Path, log: &LogName) -> Option<Place> {
    let text = fs::read(file(folder, log)).ok()?;
    let written: Written = serde_json::from_slice(&text).ok()?;
    written.place()
}

/// Puts a new place where the old one was, whole or not at all.
pub(super) fn write(folder: &Path, log: &LogName, place: Place) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&mut new, &Written::new(place))?;
    new.as_file().sync_data()?;
    new.persist(file(folder, log))?;
    Ok(())
}

/// Forgets a place.
pub(super) fn remove(folder: &Path, log: &LogName) {
    // What is not there is forgotten.
    let _ = fs::remove_file(file(folder, log));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_which_anything_changed_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let log = "harbour".parse::<LogName>().unwrap();
        let place = Place {
            block: Header {
                number: 17,
                hash: B256::repeat_byte(1),
                parent: B256::repeat_byte(2),
                timestamp: 1_893_456_000,
            },
            entries: 40,
        };
        assert_eq!(read(folder.path(), &log), None);
        write(folder.path(), &log, place).unwrap();
        assert_eq!(read(folder.path(), &log), Some(place));
        let file = file(folder.path(), &log);
        let whole = fs::read(&file).unwrap();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            // Another digit for a digit, and no letter in the other case, which would say the same.
            changed[at] ^= 1;
            fs::write(&file, &changed).unwrap();
            assert_eq!(read(folder.path(), &log), None, "byte {at}");
            fs::write(&file, &whole[..at]).unwrap();
            assert_eq!(read(folder.path(), &log), None, "{at} bytes");
        }
        fs::write(&file, &whole).unwrap();
        assert_eq!(read(folder.path(), &log), Some(place));
        remove(folder.path(), &log);
        assert_eq!(read(folder.path(), &log), None);
    }
}
