//! What an escrow says in its logs, in the types of an offering.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolEventInterface as _;
use softcap_offering::{Amount, ReturnReason, Tokens, Value};

use crate::after_sale_event::{AfterSaleEvent, of_milestones, of_vesting};
use crate::after_sale_place::AfterSalePlace;
use crate::bindings::escrow::IEscrow::{self, IEscrowEvents};
use crate::bindings::withdrawal::IWithdrawal::IWithdrawalEvents;
use crate::root_event::{RootEvent, of_root_escrow};

/// Where a log stands. In the order of the chain, which is that of the first two fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogPlace {
    /// Height of its block.
    pub block: u64,
    /// Its number in the block.
    pub index: u64,
    /// Unix seconds of its block.
    pub timestamp: u64,
    /// Hash of its transaction.
    pub transaction: B256,
    /// The contract that made it.
    pub contract: Address,
    /// Its number among the logs of this contract in its transaction. It stays when the chain puts the transaction into
    /// another block, or behind another one.
    pub nth: u64,
}

impl std::fmt::Display for LogPlace {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            block,
            transaction,
            index,
            ..
        } = self;
        write!(
            out,
            "log {index} of block {block}, transaction {transaction}"
        )
    }
}

/// A log of an escrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscrowLog {
    /// Where it stands.
    pub place: LogPlace,
    /// What it says.
    pub event: EscrowEvent,
}

/// What an escrow says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EscrowEvent {
    /// Money came in.
    Contributed {
        /// Whose.
        investor: Address,
        /// Most that may be accepted of the investor.
        cap: Value,
        /// What was offered.
        amount: Amount,
        /// What of it was accepted.
        accepted: Amount,
    },
    /// No more contributions of an investor.
    Revoked(Address),
    /// Everything of an investor is due back.
    Returned {
        /// Whose.
        investor: Address,
        /// How much.
        amount: Amount,
        /// Why.
        reason: ReturnReason,
    },
    /// An investor took back the latest contributions that come to this.
    Withdrawn(Address, Amount),
    /// Nothing comes in before this second.
    PausedUntil(u64),
    /// The issuer gave up.
    Cancelled,
    /// The sale succeeded.
    Settled {
        /// Accepted money.
        raised: Value,
        /// Tokens that investors get.
        sold: Tokens,
    },
    /// The beneficiary was paid.
    Drawn(Amount),
    /// An investor got tokens.
    Claimed(Address, Tokens),
    /// An investor got money back.
    Refunded(Address, Amount),
    /// Nothing changed.
    Skipped,
    /// An escrow that takes the outcome as a root says it.
    Root(RootEvent),
    /// A contract that was made together with the escrow says it.
    AfterSale(AfterSaleEvent),
}

/// A log that no escrow of these contracts can have made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "E651: {place} is none that an escrow of this version makes; check that the address is that of the \
     announced escrow, and that this program knows its contracts"
)]
pub struct ForeignLog {
    /// Where it stands.
    pub place: LogPlace,
}

impl EscrowLog {
    /// Reads a log.
    ///
    /// # Errors
    /// [`ForeignLog`].
    pub fn read(place: LogPlace, topics: &[B256], data: &Bytes) -> Result<Self, ForeignLog> {
        let event = match IEscrowEvents::decode_raw_log(topics, data) {
            Ok(event) => event_of(event),
            Err(_) => withdrawn(topics, data)
                .or_else(|| of_root_escrow(topics, data).map(EscrowEvent::Root)),
        };
        let event = event.ok_or(ForeignLog { place })?;
        Ok(Self { place, event })
    }

    /// Reads a log of a contract that was made together with the escrow.
    ///
    /// # Errors
    /// [`ForeignLog`], also where `contract` is none of them.
    pub fn read_after_sale(
        place: LogPlace,
        contract: Address,
        after_sale: &AfterSalePlace,
        (topics, data): (&[B256], &Bytes),
    ) -> Result<Self, ForeignLog> {
        let event = if after_sale.milestones == Some(contract) {
            of_milestones(topics, data)
        } else {
            let mut shares = after_sale.vestings.iter();
            let share = shares.find(|(_, vesting)| **vesting == contract);
            share.and_then(|(share, _)| of_vesting(*share, topics, data))
        };
        let event = EscrowEvent::AfterSale(event.ok_or(ForeignLog { place })?);
        Ok(Self { place, event })
    }
}

fn event_of(event: IEscrowEvents) -> Option<EscrowEvent> {
    Some(match event {
        IEscrowEvents::Contributed(IEscrow::Contributed {
            investor,
            cap,
            amount,
            accepted,
            ..
        }) => EscrowEvent::Contributed {
            investor,
            cap: Value(narrow(cap)?),
            amount: Amount(narrow(amount)?),
            accepted: Amount(narrow(accepted)?),
        },
        IEscrowEvents::Revoked(revoked) => EscrowEvent::Revoked(revoked.investor),
        IEscrowEvents::Returned(returned) => EscrowEvent::Returned {
            investor: returned.investor,
            amount: Amount(narrow(returned.amount)?),
            // The contract counts from 0, the journal from 1.
            reason: ReturnReason::from_code(returned.reason.checked_add(1)?)?,
        },
        IEscrowEvents::PausedUntil(paused) => {
            EscrowEvent::PausedUntil(u64::try_from(paused.until).ok()?)
        }
        IEscrowEvents::Cancelled(_) => EscrowEvent::Cancelled,
        IEscrowEvents::Settled(settled) => EscrowEvent::Settled {
            raised: Value(narrow(settled.raised)?),
            sold: Tokens(narrow(settled.sold)?),
        },
        IEscrowEvents::Drawn(drawn) => EscrowEvent::Drawn(Amount(narrow(drawn.amount)?)),
        IEscrowEvents::Claimed(claimed) => {
            EscrowEvent::Claimed(claimed.investor, Tokens(narrow(claimed.tokens)?))
        }
        IEscrowEvents::Refunded(refunded) => {
            EscrowEvent::Refunded(refunded.investor, Amount(narrow(refunded.amount)?))
        }
        IEscrowEvents::Skipped(_) => EscrowEvent::Skipped,
    })
}

fn withdrawn(topics: &[B256], data: &Bytes) -> Option<EscrowEvent> {
    let IWithdrawalEvents::Withdrawn(said) =
        IWithdrawalEvents::decode_raw_log(topics, data).ok()?;
    let amount = Amount(narrow(said.amount)?);
    Some(EscrowEvent::Withdrawn(said.investor, amount))
}

fn narrow(number: U256) -> Option<u128> {
    u128::try_from(number).ok()
}
