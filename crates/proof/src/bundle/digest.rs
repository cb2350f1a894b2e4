//! Size and SHA-256 of a file while it is written.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

/// Size and SHA-256 of a file, as the manifest lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileDigest {
    /// Length in bytes.
    pub size: u64,
    /// SHA-256 of the whole content.
    pub sha256: [u8; 32],
}

impl FileDigest {
    /// The digest of a content that is in memory.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        Self {
            size: content.len() as u64,
            sha256: Sha256::digest(content).into(),
        }
    }
}

/// Passes bytes on and digests what was taken.
#[derive(Debug)]
pub struct DigestWriter<W> {
    inner: W,
    size: u64,
    hasher: Sha256,
}

impl<W: Write> DigestWriter<W> {
    /// Begins before the first byte of `inner`.
    #[must_use]
    pub fn new(inner: W) -> Self {
        Self {
            inner,
            size: 0,
            hasher: Sha256::new(),
        }
    }

    /// Flushes, and gives back the writer and the digest of all that was written.
    ///
    /// # Errors
    /// Those of flushing.
    pub fn finish(mut self) -> io::Result<(W, FileDigest)> {
        self.inner.flush()?;
        let digest = FileDigest {
            size: self.size,
            sha256: self.hasher.finalize().into(),
        };
        Ok((self.inner, digest))
    }
}

impl<W: Write> Write for DigestWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        let taken = bytes.get(..written).unwrap_or(bytes);
        self.hasher.update(taken);
        self.size += taken.len() as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
