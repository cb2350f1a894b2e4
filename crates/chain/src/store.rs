//! The chain's file: records one after the other, each on the disk before anybody is answered.
//!
//! A record is `SCB1`, its length, a CRC-32 of length and content, the content. A process that is killed
//! while it writes leaves a part of one record at the end: that part is cut off. A bad record before a good
//! one cannot come from there and is refused.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use crate::{error::ChainError, record::Record};

/// Name of the file in the chain's folder.
const FILE: &str = "chain.log";
const MAGIC: [u8; 4] = *b"SCB1";
/// Magic, length, checksum.
const HEAD: usize = 12;

/// The open file, which no other process can open.
#[derive(Debug)]
pub(crate) struct Store {
    file: File,
    path: PathBuf,
    /// Bytes that are known to be on the disk.
    length: u64,
    health: Health,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Good,
    /// The disk did not say that it has what was written.
    Unsure,
}

/// What a file holds.
#[derive(Debug)]
pub(crate) struct Stored {
    /// Each with the byte at which it begins.
    pub(crate) records: Vec<(u64, Record)>,
    /// Bytes at the end that were never finished, and are cut off.
    pub(crate) torn: u64,
}

impl Store {
    /// Opens the file in a folder, and makes both where they are not there.
    ///
    /// # Errors
    /// [`ChainError::Folder`], [`ChainError::InUse`], [`ChainError::Damaged`].
    pub(crate) fn open(folder: &Path) -> Result<(Self, Stored), ChainError> {
        let path = folder.join(FILE);
        let failed = |source| ChainError::Folder {
            path: path.clone(),
            source,
        };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => ChainError::InUse {
                path: folder.to_owned(),
            },
            TryLockError::Error(source) => failed(source),
        })?;
        // The name of a new file is on the disk only when its folder is.
        File::open(folder)
            .and_then(|opened| opened.sync_all())
            .map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let (records, end) = read(&bytes).map_err(|(offset, detail)| ChainError::Damaged {
            path: path.clone(),
            offset: offset.try_into().unwrap_or(u64::MAX),
            detail,
        })?;
        let length = end.try_into().unwrap_or(u64::MAX);
        let torn = bytes
            .len()
            .saturating_sub(end)
            .try_into()
            .unwrap_or(u64::MAX);
        if torn > 0 {
            file.set_len(length)
                .and_then(|()| file.sync_all())
                .map_err(failed)?;
        }
        let store = Self {
            file,
            path,
            length,
            health: Health::Good,
        };
        Ok((store, Stored { records, torn }))
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a record and waits until the disk has it.
    ///
    /// # Errors
    /// [`ChainError::Unwritable`]: nothing changed, and it may be tried again. [`ChainError::Unsure`].
    pub(crate) fn append(&mut self, record: &Record) -> Result<(), ChainError> {
        if self.health == Health::Unsure {
            return Err(ChainError::Unsure);
        }
        let frame = frame(&record.encode()).map_err(|source| ChainError::Unwritable { source })?;
        if let Err(source) = self.write(&frame) {
            // What was written of it goes again; if it does not, the next start cuts it off.
            if self.file.set_len(self.length).is_err() {
                self.health = Health::Unsure;
            }
            return Err(ChainError::Unwritable { source });
        }
        // After a failed sync the system may have forgotten the bytes: trying again would prove nothing.
        if self.file.sync_data().is_err() {
            self.health = Health::Unsure;
            return Err(ChainError::Unsure);
        }
        self.length = self
            .length
            .saturating_add(frame.len().try_into().unwrap_or(u64::MAX));
        Ok(())
    }

    fn write(&mut self, frame: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.write_all(frame)
    }
}

fn frame(content: &[u8]) -> io::Result<Vec<u8>> {
    let length = u32::try_from(content.len())
        .map_err(|_| io::Error::new(io::ErrorKind::FileTooLarge, "a block of 4 GB"))?
        .to_le_bytes();
    let mut bytes = Vec::with_capacity(content.len().saturating_add(HEAD));
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&length);
    bytes.extend_from_slice(&checksum(length, content).to_le_bytes());
    bytes.extend_from_slice(content);
    Ok(bytes)
}

fn checksum(length: [u8; 4], content: &[u8]) -> u32 {
    let mut hash = crc32fast::Hasher::new();
    hash.update(&length);
    hash.update(content);
    hash.finalize()
}

/// The content of a record at the beginning of these bytes, and its length with its head.
fn record_at(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let rest = bytes.strip_prefix(&MAGIC)?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let size = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let content = rest.get(..size)?;
    (checksum(*length, content) == u32::from_le_bytes(*sum))
        .then(|| (content, HEAD.saturating_add(size)))
}

type Records = Vec<(u64, Record)>;

/// The records, and the byte after the last one; or the byte at which something is wrong, and what.
fn read(bytes: &[u8]) -> Result<(Records, usize), (usize, String)> {
    let mut records = Vec::new();
    let mut offset = 0;
    while let Some((content, length)) = record_at(&bytes[offset..]) {
        let record = Record::decode(content).map_err(|detail| (offset, detail))?;
        records.push((offset.try_into().unwrap_or(u64::MAX), record));
        offset = offset.saturating_add(length);
    }
    let rest = &bytes[offset..];
    let good = (1..rest.len()).find(|begin| record_at(&rest[*begin..]).is_some());
    if let Some(begin) = good {
        let detail = format!("a record that is none, {begin} bytes before a good one");
        return Err((offset, detail));
    }
    Ok((records, offset))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(depths: &[u64]) -> Vec<u8> {
        depths
            .iter()
            .flat_map(|depth| frame(&Record::Dropped(*depth).encode()).unwrap())
            .collect()
    }

    fn content(bytes: &[u8]) -> Vec<u8> {
        let (records, _) = read(bytes).unwrap();
        records
            .iter()
            .flat_map(|(_, record)| frame(&record.encode()).unwrap())
            .collect()
    }

    proptest! {
        /// Wherever the writing of the last record ended, those before it are there, and it is not.
        #[test]
        fn a_torn_tail_is_cut_and_nothing_else(
            kept in proptest::collection::vec(any::<u64>(), 0..6),
            torn in any::<u64>(),
            end in any::<prop::sample::Index>(),
            noise in any::<bool>(),
        ) {
            let mut bytes = written(&kept);
            let whole = bytes.len();
            let tail = written(&[torn]);
            bytes.extend_from_slice(&tail[..end.index(tail.len())]);
            if noise {
                // The system may have made the file longer before it wrote the bytes.
                bytes.resize(whole + tail.len() - 1, 0);
            }
            prop_assert_eq!(content(&bytes), written(&kept));
            prop_assert_eq!(read(&bytes).unwrap().1, whole);
        }

        /// One changed bit before the last record is found, whatever it is in.
        #[test]
        fn a_changed_bit_is_found(
            values in proptest::collection::vec(any::<u64>(), 2..6),
            place in any::<prop::sample::Index>(),
            bit in 0..8_u8,
        ) {
            let mut bytes = written(&values);
            let last = written(&values[values.len() - 1..]).len();
            let place = place.index(bytes.len() - last);
            bytes[place] ^= 1 << bit;
            let (offset, _) = read(&bytes).unwrap_err();
            prop_assert!(offset <= place);
        }
    }

    #[test]
    fn one_process_has_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let (_store, stored) = Store::open(folder.path()).unwrap();
        assert!(stored.records.is_empty());
        let error = Store::open(folder.path()).unwrap_err();
        assert!(error.to_string().starts_with("E102"), "{error}");
    }

    #[test]
    fn what_was_appended_is_there_again() {
        let folder = tempfile::tempdir().unwrap();
        let (mut store, _) = Store::open(folder.path()).unwrap();
        store.append(&Record::Dropped(3)).unwrap();
        store.append(&Record::Dropped(5)).unwrap();
        let path = store.path().to_owned();
        drop(store);
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"SCB1\x09\0\0\0half").unwrap();
        let (mut store, stored) = Store::open(folder.path()).unwrap();
        assert_eq!(stored.torn, 12);
        assert_eq!(stored.records.len(), 2);
        store.append(&Record::Dropped(7)).unwrap();
        drop(store);
        assert_eq!(std::fs::read(&path).unwrap(), written(&[3, 5, 7]));
    }
}
