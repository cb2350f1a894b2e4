//! The files `journal` and `journal.hashes`: all leaves in order as C2SP tlog-tiles entry bundles
//! (`u16` length, leaf), and their hashes as level 0 tiles, each concatenated.
//!
//! Both are streams. The writer encodes on the caller's thread and hashes, digests and writes on
//! one of its own, so that the state machine does not wait; the reader gives blocks of whole leaves.

#[cfg(test)]
mod tests;

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use softcap_offering::Outcome;

use crate::bundle::{DigestWriter, FileDigest};
use crate::entry::{self, Entry};
use crate::error::ProofError;
use crate::journal_tree::{JournalTree, LeafHash, Root};

/// Bytes of leaves that are handed from thread to thread at a time.
const BATCH: usize = 1 << 18;
/// Batches that may wait: bounds the memory when the disk is slower than the caller.
const WAITING: usize = 8;

/// Writes a journal and its leaf hashes.
///
/// ```
/// use softcap_offering::{Command, Outcome, Sequence, Stamp};
/// use softcap_proof::{entry::Entry, journal::JournalWriter};
///
/// let mut journal = JournalWriter::new(Vec::new(), Vec::new());
/// let entry = Entry {
///     sequence: Sequence(0),
///     stamp: Stamp::default(),
///     request: None,
///     command: Command::Tick,
/// };
/// journal.append(&entry, &Outcome::Done)?;
/// let end = journal.finish()?;
/// assert_eq!((end.size, end.journal.len(), end.hashes.len()), (1, 2 + 20, 32));
/// # Ok::<(), softcap_proof::ProofError>(())
/// ```
#[derive(Debug)]
pub struct JournalWriter<W, H> {
    batch: Vec<u8>,
    size: u64,
    full: SyncSender<Vec<u8>>,
    empty: Receiver<Vec<u8>>,
    worker: JoinHandle<Result<JournalEnd<W, H>, ProofError>>,
}

/// A finished journal.
#[derive(Debug)]
pub struct JournalEnd<W, H> {
    /// Where the journal went, flushed.
    pub journal: W,
    /// Where the leaf hashes went, flushed.
    pub hashes: H,
    /// Entries in it.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Root,
    /// Size and hash of the file `journal`.
    pub journal_digest: FileDigest,
    /// Size and hash of the file `journal.hashes`.
    pub hashes_digest: FileDigest,
}

impl<W: Write + Send + 'static, H: Write + Send + 'static> JournalWriter<W, H> {
    /// A journal without entries. Only large pieces are written: no buffer is needed around the
    /// writers.
    #[must_use]
    pub fn new(journal: W, hashes: H) -> Self {
        let (full, batches) = sync_channel(WAITING);
        let (used, empty) = channel();
        let worker = std::thread::spawn(move || write_batches(journal, hashes, &batches, &used));
        Self {
            batch: Vec::new(),
            size: 0,
            full,
            empty,
            worker,
        }
    }

    /// Entries appended so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends the next entry.
    ///
    /// # Errors
    /// [`ProofError::EntryNotEncodable`], also when its sequence number is not the next one; nothing
    /// is appended then. A failure to write shows here or in [`JournalWriter::finish`]: when this
    /// returns [`ProofError::JournalStopped`], `finish` says why.
    pub fn append(&mut self, entry: &Entry<'_>, outcome: &Outcome) -> Result<(), ProofError> {
        if entry.sequence.0 != self.size {
            let problem = "its sequence number is not the next one";
            return Err(ProofError::EntryNotEncodable {
                sequence: entry.sequence.0,
                problem,
            });
        }
        let begin = self.batch.len();
        self.batch.extend_from_slice(&[0, 0]);
        if let Err(error) = entry::encode(entry, outcome, &mut self.batch) {
            self.batch.truncate(begin);
            return Err(error);
        }
        // The encoder allows at most 65,535 bytes, so that the length fits.
        let length = (self.batch.len() - begin - 2) as u16;
        self.batch[begin..begin + 2].copy_from_slice(&length.to_be_bytes());
        self.size += 1;
        if self.batch.len() >= BATCH {
            self.send_batch()?;
        }
        Ok(())
    }

    fn send_batch(&mut self) -> Result<(), ProofError> {
        let mut next = self.empty.try_recv().unwrap_or_default();
        next.clear();
        let batch = std::mem::replace(&mut self.batch, next);
        self.full
            .send(batch)
            .map_err(|_| ProofError::JournalStopped)
    }

    /// Writes what is left and returns root and digests.
    ///
    /// # Errors
    /// [`ProofError::JournalIo`].
    pub fn finish(mut self) -> Result<JournalEnd<W, H>, ProofError> {
        // When the worker stopped, its own error says more than the failure to reach it.
        let sent = self.send_batch();
        drop(self.full);
        let end = self
            .worker
            .join()
            .unwrap_or(Err(ProofError::JournalStopped))?;
        sent?;
        Ok(end)
    }
}

/// The writer's own thread: hashes, digests and writes batches until there are no more.
fn write_batches<W: Write, H: Write>(
    journal: W,
    hashes: H,
    batches: &Receiver<Vec<u8>>,
    used: &Sender<Vec<u8>>,
) -> Result<JournalEnd<W, H>, ProofError> {
    let mut journal = DigestWriter::new(journal);
    let mut hashes = DigestWriter::new(hashes);
    let mut tree = JournalTree::new();
    let mut leaf_hashes = Vec::new();
    for batch in batches {
        leaf_hashes.clear();
        hash_leaves(&batch, &mut tree, &mut leaf_hashes);
        journal.write_all(&batch).map_err(not_written)?;
        hashes.write_all(&leaf_hashes).map_err(not_written)?;
        // The caller may be gone already; then nobody needs the buffer.
        let _ = used.send(batch);
    }
    let (journal, journal_digest) = journal.finish().map_err(not_written)?;
    let (hashes, hashes_digest) = hashes.finish().map_err(not_written)?;
    let (size, root) = (tree.size(), tree.root());
    Ok(JournalEnd {
        journal,
        hashes,
        size,
        root,
        journal_digest,
        hashes_digest,
    })
}

/// Appends the hash of each leaf of a block to the tree and to `hashes`.
pub(crate) fn hash_leaves(block: &[u8], tree: &mut JournalTree, hashes: &mut Vec<u8>) {
    for leaf in Leaves(block) {
        let hash = LeafHash::of(leaf);
        hashes.extend_from_slice(&hash.0);
        tree.append(hash);
    }
}

fn not_written(source: io::Error) -> ProofError {
    ProofError::JournalIo {
        action: "written",
        source,
    }
}

/// Whole leaves of a journal, one after the other.
#[derive(Clone, Debug)]
pub struct Block {
    first: u64,
    offset: u64,
    bytes: Arc<[u8]>,
}

impl Block {
    /// Number of its first entry.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Its bytes, lengths included.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its leaves, each with its number and the byte of the file at which its length stands.
    pub fn leaves(&self) -> impl Iterator<Item = (u64, u64, &[u8])> {
        let (mut number, mut offset) = (self.first, self.offset);
        Leaves(&self.bytes).map(move |leaf| {
            let place = (number, offset, leaf);
            number += 1;
            offset += 2 + leaf.len() as u64;
            place
        })
    }
}

/// Splits whole leaves; stops at the first that is not whole.
struct Leaves<'a>(&'a [u8]);

impl<'a> Iterator for Leaves<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<2>()?;
        let (leaf, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        self.0 = rest;
        Some(leaf)
    }
}

/// Reads a journal in blocks of some hundred kilobytes, whatever its size.
#[derive(Debug)]
pub struct JournalReader<R> {
    reader: R,
    /// The beginning of a leaf whose end is not read yet.
    rest: Vec<u8>,
    next: u64,
    offset: u64,
}

impl<R: Read> JournalReader<R> {
    /// Begins at the first entry. No buffer is needed around the reader.
    #[must_use]
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            rest: Vec::new(),
            next: 0,
            offset: 0,
        }
    }

    /// The next leaves, at least one; `None` at the end.
    ///
    /// # Errors
    /// [`ProofError::JournalMalformed`] when the file ends within an entry,
    /// [`ProofError::JournalIo`].
    pub fn next_block(&mut self) -> Result<Option<Block>, ProofError> {
        let mut bytes = std::mem::take(&mut self.rest);
        let before = bytes.len();
        // A leaf is at most 65,537 bytes with its length, so that a full block has at least one.
        let wanted = BATCH - before;
        let read = (&mut self.reader)
            .take(wanted as u64)
            .read_to_end(&mut bytes);
        read.map_err(|source| ProofError::JournalIo {
            action: "read",
            source,
        })?;
        let (count, whole) = whole_leaves(&bytes);
        if whole == 0 {
            if bytes.is_empty() {
                return Ok(None);
            }
            let problem = "the file ends within it";
            let (entry, offset) = (self.next, self.offset);
            return Err(ProofError::JournalMalformed {
                entry,
                offset,
                problem,
            });
        }
        self.rest = bytes.split_off(whole);
        let block = Block {
            first: self.next,
            offset: self.offset,
            bytes: bytes.into(),
        };
        self.next += count;
        self.offset += whole as u64;
        Ok(Some(block))
    }
}

/// How many whole leaves there are, and how many bytes they take.
fn whole_leaves(bytes: &[u8]) -> (u64, usize) {
    let mut count = 0;
    let mut length = 0;
    for leaf in Leaves(bytes) {
        count += 1;
        length += 2 + leaf.len();
    }
    (count, length)
}
