//! What only the issuer may do with an escrow, as transactions. None of it moves money anywhere but back.

use alloy_primitives::{Address, TxKind, U256};
use alloy_sol_types::SolCall as _;
use softcap_offering::ReturnReason;

use crate::bindings::escrow::IEscrow;
use crate::client::Draft;

/// One act of the issuer. Both kinds of escrows take all but a pause and its end, which only the one has that computes
/// its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuerAct {
    /// No more contributions of this investor, for ever.
    Revoke(Address),
    /// The same, and all that the investor brought is due back to the address that it came from.
    Return(Address, ReturnReason),
    /// Nothing comes in for as long as the terms say.
    Pause,
    /// A pause ends.
    Resume,
    /// The sale is given up; everything goes back.
    Cancel,
}

impl IssuerAct {
    /// As a transaction.
    pub fn draft(self, escrow: Address, from: Address) -> Draft {
        let (what, data) = match self {
            Self::Revoke(investor) => (
                "the revocation",
                IEscrow::revokeCall { investor }.abi_encode(),
            ),
            Self::Return(investor, reason) => {
                let reason = reason_number(reason);
                let call = IEscrow::returnMoneyCall { investor, reason };
                ("the return", call.abi_encode())
            }
            Self::Pause => ("the pause", IEscrow::pauseCall {}.abi_encode()),
            Self::Resume => ("the end of the pause", IEscrow::resumeCall {}.abi_encode()),
            Self::Cancel => ("the cancellation", IEscrow::cancelCall {}.abi_encode()),
        };
        Draft {
            what,
            from,
            to: TxKind::Call(escrow),
            value: U256::ZERO,
            data: data.into(),
        }
    }
}

/// The contract counts reasons from 0, the journal from 1.
fn reason_number(reason: ReturnReason) -> u8 {
    reason.code().saturating_sub(1)
}
