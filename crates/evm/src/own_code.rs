//! The code that the contracts of this program have on a chain.
//!
//! The factory makes its implementations when it is deployed, so their code is found by deploying it once on a chain in
//! this process. Nothing else has to be kept beside the bytecode and agree with it.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use softcap_chain::{Node, Settings};

use crate::announce::announce_draft;
use crate::announcement::Announcement;
use crate::bindings::factory::EscrowFactory;
use crate::client::{ChainClient, Draft};
use crate::error::EvmError;

/// Bytes of ERC-1167 around the implementation's address.
const CLONE_HEAD: [u8; 10] = [0x36, 0x3d, 0x3d, 0x37, 0x3d, 0x3d, 0x3d, 0x36, 0x3d, 0x73];
const CLONE_TAIL: [u8; 15] = [
    0x5a, 0xf4, 0x3d, 0x82, 0x80, 0x3e, 0x90, 0x3d, 0x91, 0x60, 0x2b, 0x57, 0xfd, 0x5b, 0xf3,
];

/// Hashes of the code that all escrows and all tokens run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnCode {
    /// Of the escrow.
    pub escrow: B256,
    /// Of the token.
    pub token: B256,
}

/// A chain in this process with the factory on it, to try things out.
struct Rehearsal {
    client: ChainClient,
    factory: Address,
}

impl Rehearsal {
    async fn begin() -> Result<Self, EvmError> {
        let problem = |problem: String| EvmError::OwnCode { problem };
        let node =
            Node::in_memory(&Settings::default()).map_err(|error| problem(error.to_string()))?;
        let node = Arc::new(node);
        let client = ChainClient::in_process(Arc::clone(&node));
        let account = node
            .accounts()
            .first()
            .ok_or_else(|| problem("no account".to_owned()))?;
        let draft = factory_draft(account.address());
        let cost = client.try_out(&draft).await?;
        let receipt = client.send(&draft, &cost, account.signer()).await?;
        let factory = receipt
            .contract_address
            .ok_or_else(|| problem("no contract".to_owned()))?;
        Ok(Self { client, factory })
    }
}

/// Gas of an announcement where no factory is on the chain yet.
///
/// # Errors
/// [`EvmError::Refused`] as the factory would.
pub async fn rehearse(announcement: &Announcement) -> Result<u64, EvmError> {
    let rehearsal = Rehearsal::begin().await?;
    let draft = announce_draft(rehearsal.factory, announcement);
    Ok(rehearsal.client.try_out(&draft).await?.gas)
}

impl OwnCode {
    /// What the bytecode of this program makes.
    ///
    /// # Errors
    /// [`EvmError::OwnCode`] when it does not run.
    pub async fn compute() -> Result<Self, EvmError> {
        let rehearsal = Rehearsal::begin().await?;
        Self::of_factory(&rehearsal.client, rehearsal.factory).await
    }

    /// What a factory on a chain makes clones of.
    ///
    /// # Errors
    /// The address holds no factory.
    pub async fn of_factory(client: &ChainClient, factory: Address) -> Result<Self, EvmError> {
        let escrow = client.call(factory, &EscrowFactory::ESCROWCall {}).await?;
        let token = client.call(factory, &EscrowFactory::TOKENCall {}).await?;
        Ok(Self {
            escrow: keccak256(client.code(escrow).await?),
            token: keccak256(client.code(token).await?),
        })
    }
}

/// The creation of a factory.
pub fn factory_draft(from: Address) -> Draft {
    Draft {
        what: "deploying the factory",
        from,
        to: TxKind::Create,
        value: U256::ZERO,
        data: EscrowFactory::BYTECODE.clone(),
    }
}

/// The code of a clone: ERC-1167, then its arguments.
pub(crate) fn clone_code(implementation: Address, arguments: &[u8]) -> Bytes {
    let parts: [&[u8]; 4] = [
        &CLONE_HEAD,
        implementation.as_slice(),
        &CLONE_TAIL,
        arguments,
    ];
    parts.concat().into()
}
