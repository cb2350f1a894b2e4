//! Permits: what the verifier signs so that somebody may contribute (EIP-712).

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_signer::Signer;
use alloy_sol_types::{SolStruct as _, eip712_domain};

use crate::error::EvmError;

/// Bits of the contract's counter of one investor's money.
const MAX_BITS: usize = 80;

mod typed {
    alloy_sol_types::sol! {
        struct Permit {
            address investor;
            uint256 max;
            uint256 expiry;
            uint256 round;
            bytes32 termsHash;
        }
    }
}

/// For which escrow permits are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PermitDomain {
    /// Number of the chain.
    pub chain_id: u64,
    /// The escrow.
    pub escrow: Address,
    /// Number of the round in the terms.
    pub round: U256,
    /// SHA-256 of the terms' canonical JSON.
    pub terms_hash: B256,
}

/// Who may contribute how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    /// The investor's wallet.
    pub investor: Address,
    /// Most that may be accepted of it, in smallest units.
    pub max: U256,
    /// First second at which it can no longer be shown.
    pub expiry: U256,
}

impl Permit {
    /// What is signed; the same as the contract's `permitHash`.
    pub fn hash(&self, domain: &PermitDomain) -> B256 {
        let typed = typed::Permit {
            investor: self.investor,
            max: self.max,
            expiry: self.expiry,
            round: domain.round,
            termsHash: domain.terms_hash,
        };
        typed.eip712_signing_hash(&eip712_domain! {
            name: "Softcap",
            version: "1",
            chain_id: domain.chain_id,
            verifying_contract: domain.escrow,
        })
    }

    /// Signs by any signer of alloy: a key in memory, a key service, a hardware wallet.
    ///
    /// # Errors
    /// [`EvmError::PermitTooLarge`] when the contract would not take it, [`EvmError::Signer`].
    pub async fn sign(
        &self,
        domain: &PermitDomain,
        verifier: &(impl Signer + Sync),
    ) -> Result<Bytes, EvmError> {
        if self.max.bit_len() > MAX_BITS {
            return Err(EvmError::PermitTooLarge { max: self.max });
        }
        let signature = verifier.sign_hash(&self.hash(domain)).await;
        let signature = signature.map_err(|error| EvmError::Signer {
            problem: error.to_string(),
        })?;
        Ok(signature.as_bytes().to_vec().into())
    }
}
