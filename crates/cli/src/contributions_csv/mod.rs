//! `contributions.csv`: what people paid, in the order in which it counts.
//!
//! The file is read in blocks that end at line breaks, on a thread of its own; the caller consumes
//! parsed [`Batch`]es in order while the next ones are parsed. Memory does not grow with the file
//! except for eight bytes a row, a keyed hash of each `contribution_id`. After the last row equal
//! hashes are looked up in the file again, so that a doubled id is found exactly, with both lines.
//!
//! The grammar is that of RFC 4180 without line breaks inside fields. The columns are described in
//! `docs/contributions.md`.

mod batch;
mod blocks;
mod columns;
mod doubled;
mod fields;
#[cfg(test)]
pub(crate) mod fixture;
mod line;
mod rows;
#[cfg(test)]
mod tests;
mod text;

use std::{
    fs::File,
    hash::BuildHasher,
    io::{Read, Seek},
    path::Path,
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread,
};

use softcap_offering::terms::Terms;

pub(crate) use batch::{Batch, Row};
pub(crate) use fields::{allowed_amount, is_reference};

use crate::input_error::{InputError, InputFault};
use blocks::Blocks;
use doubled::IdHashes;
use rows::RowReader;

/// Longest `contribution_id` in characters.
pub(crate) const LONGEST_ID: usize = 64;

/// Bytes of a block. Two blocks and their rows fit the caches that two cores share.
const BLOCK_BYTES: usize = 1 << 20;

/// Batches that may wait for the consumer.
const WAITING: usize = 2;

/// A contributions file, opened.
#[derive(Debug)]
pub(crate) struct ContributionsFile {
    name: String,
    file: File,
    bytes: u64,
}

/// What a file held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Rows, not counting the header.
    pub(crate) rows: u64,
}

impl ContributionsFile {
    /// Opens a file.
    ///
    /// # Errors
    /// C101 when the system refuses, C102 when it is no regular file (it may be read twice).
    pub(crate) fn open(path: &Path) -> Result<Self, InputError> {
        let name = path.display().to_string();
        let (file, bytes) = open_regular(path)?;
        Ok(Self { name, file, bytes })
    }

    /// Its size, for a progress bar; [`Batch::bytes`] says how much of it a batch is.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads all rows and hands them to `consume` in order, on the calling thread.
    ///
    /// `hasher` keys the hashes that find doubled ids; it decides only how fast, so it should be
    /// random where the file may come from an enemy.
    ///
    /// # Errors
    /// The first error of the file in the order of its lines, or the first of `consume`. A doubled
    /// id is reported after all rows were consumed: what was made of them is to be thrown away.
    pub(crate) fn read<E, S>(
        mut self,
        terms: &Terms,
        hasher: &S,
        consume: impl FnMut(&Batch) -> Result<(), E>,
    ) -> Result<Summary, E>
    where
        E: From<InputError>,
        S: BuildHasher + Sync,
    {
        let source = Source {
            name: &self.name,
            terms,
            hasher,
            bytes: self.bytes,
            block: BLOCK_BYTES,
        };
        source.read_all(&mut self.file, consume)
    }
}

/// Opens a regular file and says how large it is.
pub(crate) fn open_regular(path: &Path) -> Result<(File, u64), InputError> {
    let name = path.display().to_string();
    let unreadable = |error| InputError::of_file(&name, InputFault::Unreadable(error));
    // Asked before opening: opening a pipe waits for whoever writes it.
    let kind = std::fs::metadata(path).map_err(unreadable)?;
    if kind.is_dir() {
        return Err(InputError::of_file(
            &name,
            InputFault::NotAFile("a directory"),
        ));
    }
    if !kind.is_file() {
        return Err(InputError::of_file(
            &name,
            InputFault::NotAFile("a pipe or a device"),
        ));
    }
    let file = File::open(path).map_err(unreadable)?;
    Ok((file, kind.len()))
}

/// A file of contributions and what it is read by.
struct Source<'s, S> {
    name: &'s str,
    terms: &'s Terms,
    hasher: &'s S,
    /// Size of the file; only a guess of the number of rows follows from it.
    bytes: u64,
    /// Bytes of a block.
    block: usize,
}

impl<S: BuildHasher + Sync> Source<'_, S> {
    fn read_all<E: From<InputError>>(
        &self,
        file: &mut (impl Read + Seek + Send),
        consume: impl FnMut(&Batch) -> Result<(), E>,
    ) -> Result<Summary, E> {
        let hashes = self.read_rows(&mut *file, consume)?;
        let rows = hashes.rows();
        self.refuse_doubled(file, hashes)?;
        Ok(Summary { rows })
    }

    /// Parses on another thread and consumes on this one.
    fn read_rows<E: From<InputError>>(
        &self,
        file: impl Read + Send,
        mut consume: impl FnMut(&Batch) -> Result<(), E>,
    ) -> Result<IdHashes, E> {
        let mut reader = self.begin(file)?;
        let mut hashes = IdHashes::new(self.bytes);
        thread::scope(|scope| {
            let (parsed, batches) = sync_channel(WAITING);
            let (used, spare) = channel();
            scope.spawn(move || feed(&mut reader, &parsed, &spare));
            for batch in batches {
                let batch: Batch = batch?;
                consume(&batch)?;
                hashes.extend(&batch);
                give_back(&used, batch);
            }
            Ok(hashes)
        })
    }

    /// Reads the header.
    fn begin<R: Read>(&self, file: R) -> Result<RowReader<'_, R, S>, InputError> {
        RowReader::begin(
            Blocks::new(file, self.block),
            self.name,
            self.terms,
            self.hasher,
        )
    }
}

/// Parses block after block until the file, or the consumer, is at its end.
fn feed<R: Read, S: BuildHasher>(
    reader: &mut RowReader<'_, R, S>,
    parsed: &SyncSender<Result<Batch, InputError>>,
    spare: &Receiver<Batch>,
) {
    while let Some(batch) = reader.next_batch(spare.try_recv().ok()).transpose() {
        let last = batch.is_err();
        // A closed channel means that the consumer has failed and says so itself.
        if parsed.send(batch).is_err() || last {
            return;
        }
    }
}

/// Lets the parser use the memory of a batch again.
fn give_back(used: &Sender<Batch>, batch: Batch) {
    // The parser may be through already; then the batch is dropped.
    drop(used.send(batch));
}
