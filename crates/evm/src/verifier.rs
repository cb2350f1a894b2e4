//! The key that signs permits, held by a program that runs by itself.

use std::{fmt, path::Path};

use alloy_primitives::{Address, Bytes};
use alloy_signer_local::PrivateKeySigner;

use crate::{Permit, PermitDomain, error::EvmError, wallet::read_wallet};

/// The key of a verifier, from a file. It is never printed.
pub struct Verifier(PrivateKeySigner);

impl Verifier {
    /// The key on the first line of a file.
    ///
    /// # Errors
    /// [`EvmError::Key`], which names the place and not what stands there.
    pub fn read(file: &Path) -> Result<Self, EvmError> {
        read_wallet(Some(file)).map(Self)
    }

    /// The address that an escrow must name as its verifier.
    pub fn address(&self) -> Address {
        self.0.address()
    }

    /// Signs a permit. The same permit has the same signature each time.
    ///
    /// # Errors
    /// Those of [`Permit::sign`].
    pub async fn sign(&self, permit: &Permit, domain: &PermitDomain) -> Result<Bytes, EvmError> {
        permit.sign(domain, &self.0).await
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Verifier({})", self.address())
    }
}
