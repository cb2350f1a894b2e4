//! A file in blocks of whole lines.

use std::io::{self, Read};

/// Longest line in bytes, without its end. A longer one ends the reading at once.
pub(super) const LONGEST_LINE: usize = 64 * 1024;

/// Cuts a stream into blocks that end with a line break, except the last one of the file, and one
/// whose line has no end within [`LONGEST_LINE`].
pub(super) struct Blocks<R> {
    source: R,
    /// The begin of a line whose end was not read yet.
    carry: Vec<u8>,
    size: usize,
    ended: bool,
}

impl<R: Read> Blocks<R> {
    pub(super) fn new(source: R, size: usize) -> Self {
        Self {
            source,
            carry: Vec::new(),
            size,
            ended: false,
        }
    }

    /// The next block, in the memory of `buffer`; empty at the end.
    pub(super) fn next_block(&mut self, mut buffer: Vec<u8>) -> io::Result<Vec<u8>> {
        buffer.clear();
        buffer.append(&mut self.carry);
        while !self.ended {
            let begin = buffer.len();
            let wanted = self
                .size
                .saturating_sub(begin)
                .max(self.size.min(LONGEST_LINE));
            buffer.reserve(wanted);
            let limit = u64::try_from(wanted).unwrap_or(u64::MAX);
            let read = self.source.by_ref().take(limit).read_to_end(&mut buffer)?;
            self.ended = read < wanted;
            if self.ended {
                break;
            }
            if let Some(last) = memchr::memrchr(b'\n', &buffer[begin..]) {
                self.carry.extend_from_slice(&buffer[begin + last + 1..]);
                buffer.truncate(begin + last + 1);
                break;
            }
            if buffer.len() > LONGEST_LINE {
                break;
            }
        }
        Ok(buffer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Gives one to three bytes at a time.
    struct Trickle<'t>(&'t [u8]);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = (self.0.len() % 3 + 1).min(buffer.len()).min(self.0.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    proptest! {
        #[test]
        fn blocks_are_the_file_cut_after_line_breaks(text in "([a-z]{0,9}\n){0,20}[a-z]{0,5}", size in 1..40_usize) {
            let mut blocks = Blocks::new(Trickle(text.as_bytes()), size);
            let mut all = Vec::new();
            loop {
                let block = blocks.next_block(Vec::new()).unwrap();
                if block.is_empty() {
                    break;
                }
                all.extend_from_slice(&block);
                prop_assert!(block.ends_with(b"\n") || all.len() == text.len());
            }
            prop_assert_eq!(all, text.as_bytes());
        }
    }

    #[test]
    fn a_line_without_end_is_given_up_early() {
        let mut blocks = Blocks::new(io::repeat(b'a'), 1024);
        let block = blocks.next_block(Vec::new()).unwrap();
        assert!(block.len() > LONGEST_LINE && block.len() < 2 * LONGEST_LINE + 1024);
    }
}
