//! A contribution as the transaction that an investor's own wallet signs.

use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_sol_types::SolCall;

use crate::bindings::escrow::IEscrow;
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
    let admission = permit.map(|shown| IEscrow::Admission {
        max: shown.permit.max,
        expiry: shown.permit.expiry,
        signature: shown.signature.clone(),
    });
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
    Draft {
        what: "the contribution",
        from,
        to: TxKind::Call(escrow),
        value,
        data: data.into(),
    }
}
