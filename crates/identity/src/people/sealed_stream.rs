//! Files, sealed in chunks: the scheme of a column for what does not fit into memory.
//!
//! A file begins with the name of its key (4 bytes) and 19 random bytes. Each chunk of 64 KiB is sealed by itself under the
//! nonce `random | number of the chunk | 1 for the last one` (the STREAM construction, as in `age`), with the same
//! associated data as a column: chunks that are changed, swapped, repeated, left out, cut off at the end, or put into
//! another file do not open.

use chacha20poly1305::{
    XNonce,
    aead::{Aead as _, Payload},
};

use super::{Column, PersonError, PersonalKey, random_id::random_bytes, sealed::KEY_ID};

/// Bytes of a chunk in the clear.
pub(crate) const CHUNK: usize = 64 * 1024;
/// Bytes of a chunk in the file.
pub(crate) const SEALED_CHUNK: usize = CHUNK + TAG;
/// Bytes before the first chunk.
pub(crate) const HEADER: usize = KEY_ID + PREFIX;
const TAG: usize = 16;
const PREFIX: usize = 19;

/// Seals or opens one file, chunk by chunk.
pub(crate) struct SealedStream<'a> {
    key: &'a PersonalKey,
    column: Column<'a>,
    prefix: [u8; PREFIX],
    number: u32,
}

impl<'a> SealedStream<'a> {
    /// A new file, and what it begins with.
    pub(crate) fn begin(
        key: &'a PersonalKey,
        column: Column<'a>,
    ) -> Result<(Self, [u8; HEADER]), PersonError> {
        let prefix = random_bytes::<PREFIX>()?;
        let mut header = [0; HEADER];
        let (name, random) = header.split_at_mut(KEY_ID);
        name.copy_from_slice(key.id());
        random.copy_from_slice(&prefix);
        let stream = Self {
            key,
            column,
            prefix,
            number: 0,
        };
        Ok((stream, header))
    }

    /// A file that begins like this.
    pub(crate) fn resume(
        key: &'a PersonalKey,
        column: Column<'a>,
        header: &[u8; HEADER],
    ) -> Result<Self, PersonError> {
        let (name, random) = header.split_at(KEY_ID);
        let prefix = random.try_into().map_err(|_| column.unopened())?;
        if name != key.id() {
            return Err(column.unopened());
        }
        Ok(Self {
            key,
            column,
            prefix,
            number: 0,
        })
    }

    /// Goes on with the chunk of this number.
    pub(crate) fn skip_to(&mut self, number: u32) {
        self.number = number;
    }

    fn nonce(&mut self, is_last: bool) -> Result<XNonce, PersonError> {
        let mut nonce = [0; PREFIX + 5];
        let (prefix, rest) = nonce.split_at_mut(PREFIX);
        prefix.copy_from_slice(&self.prefix);
        let (number, last) = rest.split_at_mut(4);
        number.copy_from_slice(&self.number.to_be_bytes());
        last.copy_from_slice(&[u8::from(is_last)]);
        let next = self.number.checked_add(1);
        self.number = next.ok_or_else(|| self.column.unopened())?;
        Ok(*XNonce::from_slice(&nonce))
    }

    /// Seals the next chunk.
    pub(crate) fn seal(&mut self, plain: &[u8], is_last: bool) -> Result<Vec<u8>, PersonError> {
        let nonce = self.nonce(is_last)?;
        let place = self.column.associated_data();
        let payload = Payload {
            msg: plain,
            aad: place.as_bytes(),
        };
        let sealed = self.key.cipher().encrypt(&nonce, payload);
        sealed.map_err(|_| self.column.unopened())
    }

    /// Opens the next chunk.
    pub(crate) fn open(&mut self, sealed: &[u8], is_last: bool) -> Result<Vec<u8>, PersonError> {
        let nonce = self.nonce(is_last)?;
        let place = self.column.associated_data();
        let payload = Payload {
            msg: sealed,
            aad: place.as_bytes(),
        };
        let plain = self.key.cipher().decrypt(&nonce, payload);
        plain.map_err(|_| self.column.unopened())
    }
}
