//! The place in a chain up to which everything is in the record of this node.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use softcap_evm::Header;
use softcap_journal::LogName;

/// As it stands in its file.
#[derive(Debug, Deserialize, Serialize)]
struct Written {
    number: u64,
    hash: alloy_primitives::B256,
    parent: alloy_primitives::B256,
    timestamp: u64,
}

fn file(folder: &Path, log: &LogName) -> PathBuf {
    folder.join(format!("{log}.json"))
}

/// The place, if it is there and can be read: what follows it can always be read again.
pub(super) fn read(folder: &Path, log: &LogName) -> Option<Header> {
    let text = fs::read(file(folder, log)).ok()?;
    let written: Written = serde_json::from_slice(&text).ok()?;
    Some(Header {
        number: written.number,
        hash: written.hash,
        parent: written.parent,
        timestamp: written.timestamp,
    })
}

/// Puts a new place where the old one was, whole or not at all.
pub(super) fn write(folder: &Path, log: &LogName, header: Header) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let written = Written {
        number: header.number,
        hash: header.hash,
        parent: header.parent,
        timestamp: header.timestamp,
    };
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&mut new, &written)?;
    new.as_file().sync_data()?;
    new.persist(file(folder, log))?;
    Ok(())
}

/// Forgets a place.
pub(super) fn remove(folder: &Path, log: &LogName) {
    // What is not there is forgotten.
    let _ = fs::remove_file(file(folder, log));
}
