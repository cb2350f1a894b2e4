//! Signatures of wallets that are contracts (ERC-1271).

use alloy_primitives::{Address, B256, Bytes, FixedBytes};
use alloy_sol_types::SolCall as _;

use crate::{EndpointError, Endpoints};

mod erc1271 {
    alloy_sol_types::sol! {
        function isValidSignature(bytes32 hash, bytes signature) external view returns (bytes4 magic);
    }
}

/// What a contract answers that accepts a signature.
const MAGIC: FixedBytes<4> = FixedBytes([0x16, 0x26, 0xba, 0x7e]);

impl Endpoints {
    /// Whether the contract at an address accepts a signature under a hash, at the newest block. Where there is no contract,
    /// where it refuses, and where it answers anything else, it does not.
    ///
    /// # Errors
    /// [`EndpointError::NoQuorum`] when the chain cannot be asked.
    pub async fn accepts_signature(
        &self,
        wallet: Address,
        hash: B256,
        signature: Bytes,
    ) -> Result<bool, EndpointError> {
        let head = self.head().await?;
        let code: Bytes = self.account("eth_getCode", wallet, head).await?;
        if code.is_empty() {
            return Ok(false);
        }
        let call = erc1271::isValidSignatureCall { hash, signature };
        // The chain answered a moment ago: what it does not answer now is a contract that refuses.
        let Ok(answer) = self.call(wallet, call.abi_encode().into(), head).await else {
            return Ok(false);
        };
        let magic = erc1271::isValidSignatureCall::abi_decode_returns(&answer);
        Ok(magic.is_ok_and(|magic| magic == MAGIC))
    }
}
