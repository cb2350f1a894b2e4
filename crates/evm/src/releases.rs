//! Where the releases of a sale's money stand, as the contract says it.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall as _;

use crate::bindings::milestones::{IMilestones, Milestones};
use crate::client::ChainClient;
use crate::endpoints::{EndpointError, Endpoints};
use crate::error::EvmError;

/// What the contract that releases the money has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Releases {
    /// How many milestones are released; also the place of the next one.
    pub released: u8,
    /// Whether objections ended the releases.
    pub stopped: Stopped,
    /// First second without objections to the next one, in unix seconds; `None` where it is not announced.
    pub objections_until: Option<u64>,
    /// Accepted money of those who object to it, in smallest units.
    pub objections: u128,
    /// What the escrow paid in, in smallest units.
    pub total: u128,
}

/// Whether objections ended the releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Not yet.
    No,
    /// What is left goes back for tokens.
    Yes,
}

impl Releases {
    fn of(progress: &IMilestones::Progress) -> Option<Self> {
        let number = |value: U256| u128::try_from(value).ok();
        Some(Self {
            released: progress.next,
            stopped: match progress.releases {
                0 => Stopped::No,
                1 => Stopped::Yes,
                _ => return None,
            },
            objections_until: Some(progress.objectionsUntil.to()).filter(|until| *until != 0),
            objections: number(U256::from(progress.objections))?,
            total: number(U256::from(progress.total))?,
        })
    }

    /// At a block, by several nodes; `None` where the contract does not say it.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub async fn read(
        endpoints: &Endpoints,
        milestones: Address,
        block: u64,
    ) -> Result<Option<Self>, EndpointError> {
        let call = Milestones::progressCall {}.abi_encode();
        let answer = endpoints.call(milestones, call.into(), block).await?;
        let progress = Milestones::progressCall::abi_decode_returns(&answer).ok();
        Ok(progress.as_ref().and_then(Self::of))
    }

    /// Now, by one node.
    ///
    /// # Errors
    /// The node does not answer, or there is no such contract.
    pub async fn read_from(client: &ChainClient, milestones: Address) -> Result<Self, EvmError> {
        let progress = client
            .call(milestones, &Milestones::progressCall {})
            .await?;
        Self::of(&progress).ok_or_else(|| EvmError::NotOurs {
            address: milestones,
            expected: "milestone contract",
            problem: "its progress is none".to_owned(),
        })
    }
}
