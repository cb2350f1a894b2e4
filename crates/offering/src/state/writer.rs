//! Writes the bytes of a state in pieces and hashes them.

use sha2::{Digest, Sha256};

/// What is handed on at a time.
const PIECE: usize = 1 << 16;

/// Smaller numbers are their own single byte; larger ones follow a byte that says how long they are.
pub(super) const SHORT: u8 = 240;

/// Collects bytes and hands them on piece by piece.
pub(super) struct Writer<'a> {
    buffer: Vec<u8>,
    hasher: Sha256,
    out: &'a mut dyn FnMut(&[u8]),
}

impl<'a> Writer<'a> {
    pub(super) fn new(out: &'a mut dyn FnMut(&[u8])) -> Self {
        Self {
            buffer: Vec::with_capacity(2 * PIECE),
            hasher: Sha256::new(),
            out,
        }
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.buffer.push(byte);
    }

    /// At most a few dozen bytes.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE {
            self.hand_on();
        }
    }

    /// A number in the shortest form: itself below [`SHORT`], else its length and its bytes, the
    /// lowest first.
    pub(super) fn number(&mut self, number: u128) {
        match u8::try_from(number) {
            Ok(short) if short < SHORT => self.byte(short),
            _ => {
                let length = 16 - number.leading_zeros() / 8;
                self.byte(SHORT - 1 + u8::try_from(length).unwrap_or(16));
                // A copy of fixed length is one instruction; of the sixteen bytes the zeros go again.
                let end = self.buffer.len() + usize::try_from(length).unwrap_or(16);
                self.buffer.extend_from_slice(&number.to_le_bytes());
                self.buffer.truncate(end);
            }
        }
        if self.buffer.len() >= PIECE {
            self.hand_on();
        }
    }

    pub(super) fn count(&mut self, count: usize) {
        self.number(count as u128);
    }

    fn hand_on(&mut self) {
        self.hasher.update(&self.buffer);
        (self.out)(&self.buffer);
        self.buffer.clear();
    }

    /// Hands on the rest and, last, the hash of everything before it, which it returns.
    pub(super) fn finish(mut self) -> [u8; 32] {
        self.hand_on();
        let hash: [u8; 32] = self.hasher.finalize().into();
        (self.out)(&hash);
        hash
    }
}
