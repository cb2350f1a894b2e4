//! Ids that stand twice.

use std::{
    collections::HashMap,
    hash::BuildHasher,
    io::{Read, Seek, SeekFrom},
};

use rayon::slice::ParallelSliceMut;

use super::{Batch, Source};
use crate::input_error::{InputError, InputFault, Place, Shown, Spot};

/// A keyed hash of each id: eight bytes a row, whatever the length of the ids.
pub(super) struct IdHashes {
    hashes: Vec<u64>,
    /// Size of the file, until the first batch tells about how many rows that is.
    file_bytes: Option<u64>,
}

impl IdHashes {
    pub(super) fn new(file_bytes: u64) -> Self {
        Self {
            hashes: Vec::new(),
            file_bytes: Some(file_bytes),
        }
    }

    pub(super) fn extend(&mut self, batch: &Batch) {
        if let Some(file_bytes) = self.file_bytes.take() {
            // A vector that grows by doubling would hold three times its content for a moment. The
            // size of a file is no reason to ask for more memory than its rows can need.
            let rows = u64::try_from(batch.rows.len()).unwrap_or(u64::MAX);
            let guess = file_bytes / batch.bytes().max(1) * rows;
            let guess = guess + guess / 16;
            self.hashes
                .reserve(usize::try_from(guess.min(1 << 27)).unwrap_or(0));
        }
        self.hashes.extend(batch.rows.iter().map(|row| row.id_hash));
    }

    pub(super) fn rows(&self) -> u64 {
        u64::try_from(self.hashes.len()).unwrap_or(u64::MAX)
    }

    /// Hashes that stand more than once, sorted, each once.
    fn doubled(mut self) -> Vec<u64> {
        self.hashes.par_sort_unstable();
        let mut doubled: Vec<u64> = self
            .hashes
            .windows(2)
            .filter(|pair| pair[0] == pair[1])
            .map(|pair| pair[0])
            .collect();
        doubled.dedup();
        doubled
    }
}

impl<S: BuildHasher + Sync> Source<'_, S> {
    /// Reads the file again when hashes are equal, and names the first id that stands twice.
    pub(super) fn refuse_doubled(
        &self,
        file: &mut (impl Read + Seek),
        hashes: IdHashes,
    ) -> Result<(), InputError> {
        let doubled = hashes.doubled();
        if doubled.is_empty() {
            return Ok(());
        }
        file.seek(SeekFrom::Start(0))
            .map_err(|error| InputError::of_file(self.name, InputFault::Unreadable(error)))?;
        let mut reader = self.begin(file)?;
        let mut lines: HashMap<String, u64> = HashMap::new();
        let mut spare = None;
        while let Some(batch) = reader.next_batch(spare.take())? {
            for (parsed, row) in batch.rows.iter().zip(batch.rows()) {
                if doubled.binary_search(&parsed.id_hash).is_err() {
                    continue;
                }
                let id = row.contribute.reference;
                if let Some(first) = lines.insert(id.to_owned(), row.line) {
                    let spot = Spot::Column("contribution_id".to_owned());
                    let place = Place {
                        file: self.name.to_owned(),
                        line: Some(row.line),
                        spot,
                    };
                    let first = format!("on line {first}");
                    let fault = InputFault::Doubled {
                        found: Shown::new(id),
                        first,
                    };
                    return Err(InputError::new(place, fault));
                }
            }
            spare = Some(batch);
        }
        Ok(())
    }
}
