//! What an escrow says that takes the outcome as a root, beside what every escrow says.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolEventInterface as _;
use softcap_offering::{Amount, Tokens, Value};

use crate::bindings::root_escrow::IRootEscrow::{
    Claimed, Contributed, IRootEscrowEvents, Objected, Posted, RefundKept, Unsold,
};

/// What such an escrow says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootEvent {
    /// Money came in with a price limit.
    Bid {
        /// Whose.
        investor: Address,
        /// Most that may be contributed by the investor.
        cap: Value,
        /// How much.
        amount: Amount,
        /// Most money for the `price_unit` of the terms.
        limit: Amount,
    },
    /// The issuer posted the root of the settlement.
    Posted(B256),
    /// A contributor says that it is wrong.
    Objected(Address, Amount),
    /// It counts no more.
    Voided,
    /// A leaf was proved: its investor has the tokens, and the refund unless [`RootEvent::RefundKept`] follows.
    Proved {
        /// Whose.
        investor: Address,
        /// What they got.
        tokens: Tokens,
        /// What of their money was accepted.
        accepted: Amount,
        /// The rest of it.
        refunded: Amount,
    },
    /// The investor of a proved leaf did not take the refund; it stays due.
    RefundKept(Address, Amount),
    /// Tokens that nobody bought were burned or went to the treasury.
    Unsold(Tokens),
}

/// The event of a log that no other escrow makes; `None` for any other.
pub(crate) fn of_root_escrow(topics: &[B256], data: &Bytes) -> Option<RootEvent> {
    let event = IRootEscrowEvents::decode_raw_log(topics, data).ok()?;
    Some(match event {
        IRootEscrowEvents::Contributed(Contributed {
            investor,
            cap,
            amount,
            limit,
        }) => RootEvent::Bid {
            investor,
            cap: Value(narrow(cap)?),
            amount: Amount(narrow(amount)?),
            limit: Amount(narrow(limit)?),
        },
        IRootEscrowEvents::Posted(Posted { root, .. }) => RootEvent::Posted(root),
        IRootEscrowEvents::Objected(Objected {
            investor,
            contributed,
        }) => RootEvent::Objected(investor, Amount(narrow(contributed)?)),
        IRootEscrowEvents::Voided(_) => RootEvent::Voided,
        IRootEscrowEvents::Claimed(Claimed {
            investor,
            tokens,
            accepted,
            refunded,
        }) => RootEvent::Proved {
            investor,
            tokens: Tokens(narrow(tokens)?),
            accepted: Amount(narrow(accepted)?),
            refunded: Amount(narrow(refunded)?),
        },
        IRootEscrowEvents::RefundKept(RefundKept { investor, amount }) => {
            RootEvent::RefundKept(investor, Amount(narrow(amount)?))
        }
        IRootEscrowEvents::Unsold(Unsold { tokens }) => RootEvent::Unsold(Tokens(narrow(tokens)?)),
        // What both escrows say was read as the other one's.
        IRootEscrowEvents::Revoked(_)
        | IRootEscrowEvents::Returned(_)
        | IRootEscrowEvents::Cancelled(_)
        | IRootEscrowEvents::Refunded(_)
        | IRootEscrowEvents::Drawn(_)
        | IRootEscrowEvents::Skipped(_) => return None,
    })
}

fn narrow(number: U256) -> Option<u128> {
    u128::try_from(number).ok()
}
