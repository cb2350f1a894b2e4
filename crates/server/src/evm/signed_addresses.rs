//! Where an offering stands on the chain, as its issuer signed it: the file that is served to wallets and watchers.

use std::path::Path;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use softcap_evm::{Addresses, ManifestError};
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
    /// Reads the file. One that none of the `issuers` signed is not served: it would lead people to another contract.
    ///
    /// # Errors
    /// [`ServerError::Addresses`].
    pub(crate) fn read(path: &Path, issuers: &[VerifierKey]) -> Result<Self, ServerError> {
        let refused = |why: String| ServerError::Addresses {
            path: path.to_owned(),
            why,
        };
        let file = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
        let mut last = None;
        for issuer in issuers {
            match Addresses::verify(&file, issuer) {
                Ok(_) => {
                    return Ok(Self {
                        tag: hex(&Sha256::digest(&file)),
                        file: Bytes::from(file),
                    });
                }
                // Of a key that did not sign, only the others can tell.
                Err(problem @ ManifestError::Signature { .. }) => last = Some(problem),
                Err(problem) => return Err(refused(problem.to_string())),
            }
        }
        Err(refused(last.map_or_else(
            || "no issuer is known who could have signed it".to_owned(),
            |problem| problem.to_string(),
        )))
    }
}
