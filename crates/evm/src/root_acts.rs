//! What is sent to an escrow that takes the outcome as a root.

use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_sol_types::SolCall as _;

use crate::bindings::root_escrow::IRootEscrow;
use crate::client::{ChainClient, Draft};
use crate::contribution::ShownPermit;
use crate::error::EvmError;
use crate::parties::PaidIn;
use crate::root_leaves::ProvedLeaf;

/// Leaves of a list in one transaction: each may use 200,000 gas and has a proof, and a block of Ethereum holds some 36 million.
pub const MOST_LEAVES: usize = 100;

/// One transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RootAct {
    /// The issuer posts the root of the settlement.
    Post(B256),
    /// A contributor says that it is wrong.
    Object,
    /// The investor of this leaf gets tokens and refund.
    Claim(ProvedLeaf),
    /// The same of many; who cannot be paid is skipped.
    Distribute(Vec<ProvedLeaf>),
    /// Tokens nobody bought are burned, or go to the treasury.
    TakeUnsold,
    /// A leaf of the root breaks a rule, which makes the root void. Anybody may.
    Refute(ProvedLeaf),
}

impl RootAct {
    /// As a transaction.
    pub fn draft(self, escrow: Address, from: Address) -> Draft {
        let (what, data) = match self {
            Self::Post(root) => (
                "posting the root",
                IRootEscrow::postCall { root_: root }.abi_encode(),
            ),
            Self::Object => ("the objection", IRootEscrow::objectCall {}.abi_encode()),
            Self::Claim(ProvedLeaf { leaf, proof }) => (
                "the claim",
                IRootEscrow::claimCall { leaf, proof }.abi_encode(),
            ),
            Self::Distribute(leaves) => {
                let (leaves, proofs) = leaves
                    .into_iter()
                    .map(|ProvedLeaf { leaf, proof }| (leaf, proof))
                    .unzip();
                let call = IRootEscrow::distributeCall { leaves, proofs };
                ("the distribution", call.abi_encode())
            }
            Self::TakeUnsold => (
                "taking unsold tokens",
                IRootEscrow::takeUnsoldCall {}.abi_encode(),
            ),
            Self::Refute(ProvedLeaf { leaf, proof }) => (
                "the refutation of the root",
                IRootEscrow::refuteCall { leaf, proof }.abi_encode(),
            ),
        };
        call(what, (escrow, from), U256::ZERO, data.into())
    }
}

/// A bid of `amount` that pays at most `limit` for the price unit of the terms, the first one with the permit where the
/// round needs one.
///
/// In an ERC-20 the escrow must have an allowance for the amount.
pub fn bid_draft(
    (escrow, from): (Address, Address),
    paid_in: PaidIn,
    (amount, limit): (U256, U256),
    permit: Option<&ShownPermit>,
) -> Draft {
    let data = match permit {
        None => IRootEscrow::contributeCall { amount, limit }.abi_encode(),
        Some(shown) => {
            let admission = IRootEscrow::Admission {
                max: shown.permit.max,
                expiry: shown.permit.expiry,
                signature: shown.signature.clone(),
            };
            let call = IRootEscrow::contributeAdmittedCall {
                amount,
                limit,
                admission,
            };
            call.abi_encode()
        }
    };
    let value = match paid_in {
        PaidIn::Coin => amount,
        PaidIn::Token(_) => U256::ZERO,
    };
    call("the bid", (escrow, from), value, data.into())
}

fn call(what: &'static str, (escrow, from): (Address, Address), value: U256, data: Bytes) -> Draft {
    Draft {
        what,
        from,
        to: TxKind::Call(escrow),
        value,
        data,
    }
}

/// Whether whoever proved nothing takes all money back, so that no leaf can be proved any more.
///
/// # Errors
/// The node does not answer, or there is no such escrow.
pub async fn root_refunds_open(client: &ChainClient, escrow: Address) -> Result<bool, EvmError> {
    client.call(escrow, &IRootEscrow::refundsOpenCall {}).await
}
