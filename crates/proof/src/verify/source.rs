//! Where the files of a bundle come from.

use std::io::{self, Read, Write as _};

use super::VerifyError;
use crate::bundle::{BundleFile, DigestWriter, FileDigest};

/// A folder with a bundle in it.
pub trait BundleSource: Sync {
    /// The names of everything in it, subfolders too.
    ///
    /// # Errors
    /// What the system says.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Opens a file from its beginning. A file may be opened several times, by several threads; large
    /// pieces are read, so that no buffer is needed.
    ///
    /// # Errors
    /// What the system says.
    fn open(&self, name: &str) -> io::Result<Box<dyn Read + Send + '_>>;
}

/// A whole file of at most `longest` bytes.
pub(super) fn read_small(
    source: &dyn BundleSource,
    file: BundleFile,
    longest: u64,
) -> Result<Vec<u8>, VerifyError> {
    let mut bytes = Vec::new();
    let read = source
        .open(file.name())
        .and_then(|reader| reader.take(longest + 1).read_to_end(&mut bytes));
    match read {
        Ok(length) if length as u64 > longest => Err(VerifyError::FileTooLong { file, longest }),
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(VerifyError::FileMissing { file })
        }
        Err(source) => Err(VerifyError::FileUnreadable { file, source }),
    }
}

/// The digest of a file as it is now.
pub(super) fn digest(
    source: &dyn BundleSource,
    file: BundleFile,
) -> Result<FileDigest, VerifyError> {
    let computed = || {
        let mut reader = source.open(file.name())?;
        let mut writer = DigestWriter::new(io::sink());
        let mut piece = vec![0; 1 << 16];
        loop {
            match reader.read(&mut piece) {
                Ok(0) => break,
                Ok(length) => writer.write_all(piece.get(..length).unwrap_or_default())?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(writer.finish()?.1)
    };
    computed().map_err(|source| VerifyError::FileUnreadable { file, source })
}
