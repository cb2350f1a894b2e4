//! A contribution as the transaction that an investor's own wallet signs.

use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_rpc_types_eth::TransactionReceipt;
use alloy_sol_types::{SolCall, SolEvent as _};

use crate::allowance::SignedAllowance;
use crate::bindings::{escrow::IEscrow, root_escrow::IRootEscrow};
use crate::client::Draft;
use crate::parties::PaidIn;
use crate::permit::Permit;

/// A permit with the verifier's signature, as it is shown to the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownPermit {
    /// What was signed.
    pub permit: Permit,
    /// By the verifier.
    pub signature: Bytes,
}

/// A contribution of `amount`, the first one with the permit where the round needs one.
///
/// In an ERC-20 the escrow must have an allowance for the amount.
pub fn contribution_draft(
    escrow: Address,
    from: Address,
    paid_in: PaidIn,
    amount: U256,
    permit: Option<&ShownPermit>,
) -> Draft {
    let admission = permit.map(admission_of);
    let (value, data) = match (paid_in, admission) {
        (PaidIn::Coin, None) => (amount, IEscrow::contributeCall {}.abi_encode()),
        (PaidIn::Coin, Some(admission)) => {
            let call = IEscrow::contributeAdmittedCall { admission };
            (amount, call.abi_encode())
        }
        (PaidIn::Token(_), None) => {
            let call = IEscrow::contributeTokenCall { amount };
            (U256::ZERO, call.abi_encode())
        }
        (PaidIn::Token(_), Some(admission)) => {
            let call = IEscrow::contributeTokenAdmittedCall { amount, admission };
            (U256::ZERO, call.abi_encode())
        }
    };
    draft((escrow, from), value, data)
}

/// A contribution of as much of an ERC-20 as was allowed by signature, in one transaction; the permit must be shown with it.
pub fn contribution_with_allowance_draft(
    (escrow, from): (Address, Address),
    shown: &ShownPermit,
    allowance: &SignedAllowance,
) -> Draft {
    let SignedAllowance {
        amount,
        deadline,
        v,
        r,
        s,
    } = *allowance;
    let call = IEscrow::contributeTokenWithAllowanceCall {
        amount,
        admission: admission_of(shown),
        deadline,
        v,
        r,
        s,
    };
    draft((escrow, from), U256::ZERO, call.abi_encode())
}

fn admission_of(shown: &ShownPermit) -> IEscrow::Admission {
    IEscrow::Admission {
        max: shown.permit.max,
        expiry: shown.permit.expiry,
        signature: shown.signature.clone(),
    }
}

fn draft((escrow, from): (Address, Address), value: U256, data: Vec<u8>) -> Draft {
    Draft {
        what: "the contribution",
        from,
        to: TxKind::Call(escrow),
        value,
        data: data.into(),
    }
}

/// What an escrow took of a contribution, in smallest units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakenIn {
    /// What was offered.
    pub offered: U256,
    /// What of it was accepted. The rest never left the wallet, or is there again.
    pub accepted: U256,
}

/// What an escrow of either kind says in a receipt that it took; `None` where it says nothing of it.
#[must_use]
pub fn taken_in(escrow: Address, receipt: &TransactionReceipt) -> Option<TakenIn> {
    let mut logs = receipt.logs().iter().filter(|log| log.address() == escrow);
    logs.find_map(|log| {
        if let Ok(log) = IEscrow::Contributed::decode_log(&log.inner) {
            return Some(TakenIn {
                offered: log.amount,
                accepted: log.accepted,
            });
        }
        // By root all of it is taken, or nothing.
        let bid = IRootEscrow::Contributed::decode_log(&log.inner).ok()?;
        Some(TakenIn {
            offered: bid.amount,
            accepted: bid.amount,
        })
    })
}
