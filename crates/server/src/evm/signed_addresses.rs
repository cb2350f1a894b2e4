//! Where offerings stand on the chain, as their issuers signed it: the file that is served to wallets and watchers.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use softcap_evm::AddressList;
use softcap_proof::{VerifierKey, hex};

use crate::error::ServerError;

/// A file whose signature was verified.
#[derive(Clone, Debug)]
pub(crate) struct SignedAddresses {
    /// Its bytes, as the issuer's program wrote them.
    pub(crate) file: Bytes,
    /// Their SHA-256, in hexadecimal digits.
    pub(crate) tag: String,
}

impl SignedAddresses {
    /// Reads the file, or all `.json` files of a folder, by name, as one. What none of the `issuers` signed is not served: it would
    /// lead people to another contract.
    ///
    /// # Errors
    /// [`ServerError::Addresses`].
    pub(crate) fn read(path: &Path, issuers: &[VerifierKey]) -> Result<Self, ServerError> {
        let refused = |why: String| ServerError::Addresses {
            path: path.to_owned(),
            why,
        };
        let file = if path.is_dir() {
            let files = files(path).map_err(|error| refused(error.to_string()))?;
            AddressList::join(&files).map_err(|problem| refused(problem.to_string()))?
        } else {
            std::fs::read(path).map_err(|error| refused(error.to_string()))?
        };
        AddressList::verify(&file, issuers).map_err(|problem| refused(problem.to_string()))?;
        Ok(Self {
            tag: hex(&Sha256::digest(&file)),
            file: Bytes::from(file),
        })
    }
}

/// What the `.json` files of a folder hold, by name.
fn files(folder: &Path) -> std::io::Result<Vec<Vec<u8>>> {
    let entries: Result<Vec<_>, _> = std::fs::read_dir(folder)?.collect();
    let paths = entries?.into_iter().map(|entry| entry.path());
    let is_json = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "json");
    let mut paths: Vec<PathBuf> = paths.filter(is_json).collect();
    paths.sort();
    paths.iter().map(std::fs::read).collect()
}
