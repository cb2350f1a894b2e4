//! Reads the bytes of a state, which nobody has vouched for yet.
//!
//! Whatever they say: nothing is allocated for a count before that much was read, an index is only
//! ever one of something that was read before, and every value has one spelling.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

use super::{error::StateError, writer::SHORT};
use crate::terms::Terms;

/// What is asked of the source at a time.
const PIECE: usize = 1 << 16;

/// Longest number in bytes. The buffer is longer by that, so that a number is one load.
const LONGEST_NUMBER: usize = 16;

/// How many there are of everything that an index may point to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) lines: usize,
    pub(super) currencies: usize,
    pub(super) rounds: usize,
    pub(super) rates: usize,
    pub(super) admissions: usize,
    pub(super) investors: usize,
    pub(super) contributions: usize,
}

/// The bytes still to be read.
pub(super) struct Reader<'a> {
    source: &'a mut dyn Read,
    buffer: Vec<u8>,
    /// What of the buffer is read, and what of it is filled.
    start: usize,
    end: usize,
    /// Offset of the buffer's first byte.
    before: u64,
    hasher: Sha256,
    pub(super) counts: Counts,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a mut dyn Read, terms: &Terms) -> Self {
        Self {
            source,
            buffer: vec![0; PIECE + LONGEST_NUMBER],
            start: 0,
            end: 0,
            before: 0,
            hasher: Sha256::new(),
            counts: Counts {
                lines: terms.clock.lines.len(),
                currencies: terms.currencies.len(),
                rounds: terms.rounds.len(),
                ..Counts::default()
            },
        }
    }

    /// How many bytes are read.
    fn offset(&self) -> u64 {
        self.before + self.start as u64
    }

    /// An error at what was read last.
    pub(super) fn malformed(&self, problem: &'static str) -> StateError {
        StateError::Malformed {
            offset: self.offset(),
            problem,
        }
    }

    /// Fills the buffer until `wanted` bytes wait in it or the source ends; how many wait.
    fn fill(&mut self, wanted: usize) -> Result<usize, StateError> {
        self.hasher.update(&self.buffer[..self.start]);
        self.before += self.start as u64;
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        while self.end < wanted {
            match self.source.read(&mut self.buffer[self.end..PIECE]) {
                Ok(0) => break,
                Ok(more) => self.end += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    return Err(StateError::Source {
                        offset: self.before + self.end as u64,
                        kind: error.kind(),
                    });
                }
            }
        }
        Ok(self.end)
    }

    /// Makes sure that `wanted` bytes, at most some hundreds, wait in the buffer.
    fn need(&mut self, wanted: usize) -> Result<(), StateError> {
        if self.end - self.start < wanted && self.fill(wanted)? < wanted {
            return Err(StateError::CutOff {
                offset: self.before + self.end as u64,
            });
        }
        Ok(())
    }

    pub(super) fn bytes(&mut self, length: usize) -> Result<&[u8], StateError> {
        self.need(length)?;
        let from = self.start;
        self.start += length;
        Ok(&self.buffer[from..self.start])
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], StateError> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N)?);
        Ok(array)
    }

    pub(super) fn byte(&mut self) -> Result<u8, StateError> {
        self.need(1)?;
        let byte = self.buffer[self.start];
        self.start += 1;
        Ok(byte)
    }

    /// A number in its shortest form.
    pub(super) fn wide(&mut self) -> Result<u128, StateError> {
        let first = self.byte()?;
        if first < SHORT {
            return Ok(first.into());
        }
        let length = usize::from(first - SHORT) + 1;
        self.need(length)?;
        let mut bytes = [0; LONGEST_NUMBER];
        bytes.copy_from_slice(&self.buffer[self.start..self.start + LONGEST_NUMBER]);
        let number = u128::from_le_bytes(bytes) & (u128::MAX >> (8 * (LONGEST_NUMBER - length)));
        self.start += length;
        if number < SHORT.into() || bytes[length - 1] == 0 {
            return Err(self.malformed("a number is longer than it must be"));
        }
        Ok(number)
    }

    /// A number that fits a type.
    pub(super) fn number<T: TryFrom<u128>>(&mut self) -> Result<T, StateError> {
        let number = self.wide()?;
        T::try_from(number).map_err(|_| self.malformed("a number is too large"))
    }

    /// A number below `count`.
    pub(super) fn index<T: TryFrom<u128>>(
        &mut self,
        count: usize,
        problem: &'static str,
    ) -> Result<T, StateError> {
        let number = self.wide()?;
        if number >= count as u128 {
            return Err(self.malformed(problem));
        }
        T::try_from(number).map_err(|_| self.malformed(problem))
    }

    /// Reads the hash at the end and compares it with what was read; nothing may follow.
    pub(super) fn finish(mut self) -> Result<(), StateError> {
        let end = self.offset();
        self.hasher.update(&self.buffer[..self.start]);
        let hash: [u8; 32] = self.hasher.finalize_reset().into();
        let stored: [u8; 32] = self.array()?;
        if hash != stored {
            return Err(StateError::Damaged { offset: end });
        }
        if self.start < self.end || self.fill(1)? > 0 {
            return Err(StateError::TrailingBytes {
                offset: self.before + self.start as u64,
            });
        }
        Ok(())
    }
}
