//! What can be done after a sale, as transactions.

use alloy_primitives::{Address, TxKind, U256};
use alloy_sol_types::SolCall as _;

use crate::allowance::allowance_of;
use crate::bindings::{
    escrow::IEscrow, milestones::Milestones, offering_factory::OfferingFactory, vesting::Vesting,
};
use crate::client::{ChainClient, Draft};
use crate::error::EvmError;

/// One step after a sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AfterSaleAct {
    /// Time counts from now on; the sale is settled if nobody did. Anybody may.
    Begin,
    /// The issuer says that the next milestone is reached.
    Announce,
    /// The sender objects to the milestone that is announced.
    Object,
    /// The beneficiary gets the part of the milestone that is announced. Anybody may.
    Release,
    /// The sender gives so many tokens back for their part of the money that is left.
    GiveBack(U256),
    /// The holder of a share gets what is free of it. Anybody may.
    Vest,
}

impl AfterSaleAct {
    /// The transaction, to the contract of the milestones or of the share.
    pub fn draft(self, contract: Address, from: Address) -> Draft {
        let (what, data) = match self {
            // Both kinds of contracts begin in the same way.
            Self::Begin => (
                "the beginning of what comes after the sale",
                Vesting::beginCall {}.abi_encode(),
            ),
            Self::Announce => (
                "the announcement of the milestone",
                Milestones::announceCall {}.abi_encode(),
            ),
            Self::Object => ("the objection", Milestones::objectCall {}.abi_encode()),
            Self::Release => (
                "the release of the milestone",
                Milestones::releaseCall {}.abi_encode(),
            ),
            Self::GiveBack(tokens) => (
                "the refund for tokens",
                Milestones::refundCall { tokens }.abi_encode(),
            ),
            Self::Vest => (
                "the release of the share",
                Vesting::releaseCall {}.abi_encode(),
            ),
        };
        to(contract, from, what, data)
    }
}

/// Settles a sale and begins all that comes after it in the same second. Anybody may.
pub fn settle_all_draft(
    factory: Address,
    escrow: Address,
    after_sale: Vec<Address>,
    from: Address,
) -> Draft {
    let call = OfferingFactory::settleCall {
        escrow,
        list: after_sale,
    };
    to(factory, from, "the settlement", call.abi_encode())
}

fn to(contract: Address, from: Address, what: &'static str, data: Vec<u8>) -> Draft {
    Draft {
        what,
        from,
        to: TxKind::Call(contract),
        value: U256::ZERO,
        data: data.into(),
    }
}

/// Tokens that somebody can give back to a contract of milestones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnableTokens {
    /// Bought, not given back yet, and still held.
    pub most: U256,
    /// What the contract may take of them already.
    pub allowed: U256,
}

impl ReturnableTokens {
    /// What the chain says now.
    ///
    /// # Errors
    /// The node does not answer.
    pub async fn read(
        client: &ChainClient,
        (milestones, token): (Address, Address),
        investor: Address,
    ) -> Result<Self, EvmError> {
        let call = Milestones::stakeOfCall { investor };
        let bought = client.call(milestones, &call).await?.tokens;
        let call = Milestones::givenBackCall { investor };
        let left = bought.saturating_sub(client.call(milestones, &call).await?);
        let held = client.token_balance(token, investor).await?;
        Ok(Self {
            most: left.min(held),
            allowed: allowance_of(client, token, (investor, milestones)).await?,
        })
    }
}

/// Money that the contract pays for tokens which somebody gives back, in smallest units: the contract's own formula, rounded down
/// over all that they gave back so far.
///
/// # Errors
/// The node does not answer.
pub async fn money_for_tokens(
    client: &ChainClient,
    (milestones, escrow): (Address, Address),
    investor: Address,
    tokens: U256,
) -> Result<U256, EvmError> {
    let call = Milestones::stakeOfCall { investor };
    let stake = client.call(milestones, &call).await?;
    let call = Milestones::givenBackCall { investor };
    let before = client.call(milestones, &call).await?;
    let left = client.call(milestones, &Milestones::leftCall {}).await?;
    let raised = client.call(escrow, &IEscrow::totalsCall {}).await?.raised;
    let all = U256::from(raised).saturating_mul(stake.tokens);
    let part = |given: U256| {
        let money = left.saturating_mul(stake.accepted).saturating_mul(given);
        money.checked_div(all).unwrap_or_default()
    };
    Ok(part(before.saturating_add(tokens)).saturating_sub(part(before)))
}

/// Since when time counts for a contract that was made together with an escrow, in unix seconds; `None` before.
///
/// # Errors
/// The node does not answer, or there is no such contract.
pub async fn begun_at(client: &ChainClient, contract: Address) -> Result<Option<u64>, EvmError> {
    let at = client.call(contract, &Vesting::begunAtCall {}).await?;
    Ok(u64::try_from(at).ok().filter(|at| *at != 0))
}

/// Whether what is left of the money goes back for tokens.
///
/// # Errors
/// The node does not answer, or there is no such contract.
pub async fn refunds_open(client: &ChainClient, milestones: Address) -> Result<bool, EvmError> {
    client
        .call(milestones, &Milestones::refundsOpenCall {})
        .await
}

/// Tokens of a share that its holder got so far, in smallest units.
///
/// # Errors
/// The node does not answer, or there is no such contract.
pub async fn vested(client: &ChainClient, vesting: Address) -> Result<U256, EvmError> {
    client.call(vesting, &Vesting::releasedCall {}).await
}
