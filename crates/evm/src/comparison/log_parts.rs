//! Which entries each log stands for.

use alloy_primitives::Address;
use softcap_offering::{Amount, Offering, terms::Terms};

use crate::{
    after_sale_event::AfterSaleEvent,
    chain_entries::{ADMISSION, ITSELF, REFUND, SETTLEMENT, accepted_of},
    escrow_event::{EscrowEvent, EscrowLog},
    root_entries::{KeptRefunds, decides_at_once, is_settled_refund},
    root_event::RootEvent,
    sale_rounds::{is_further_admission, is_further_revocation, revocation_parts, revoked_in},
};

/// The parts of a log that may make entries, as far as their requests need no contribution's number.
pub(super) fn parts(event: &EscrowEvent, terms: &Terms) -> Vec<u64> {
    if let EscrowEvent::Revoked(_) = event {
        return revocation_parts(terms);
    }
    fixed_parts(event).to_vec()
}

fn fixed_parts(event: &EscrowEvent) -> &'static [u64] {
    match event {
        EscrowEvent::Contributed { .. }
        | EscrowEvent::Revoked(_)
        | EscrowEvent::Root(RootEvent::Bid { .. }) => &[ADMISSION, ITSELF],
        EscrowEvent::Refunded(..) => &[SETTLEMENT, ITSELF],
        EscrowEvent::Root(RootEvent::Proved { .. }) => &[ITSELF, REFUND],
        EscrowEvent::PausedUntil(_)
        | EscrowEvent::Cancelled
        | EscrowEvent::Settled { .. }
        | EscrowEvent::Drawn(_)
        | EscrowEvent::Claimed(..)
        | EscrowEvent::AfterSale(AfterSaleEvent::Released { .. } | AfterSaleEvent::Vested { .. }) => {
            &[ITSELF]
        }
        EscrowEvent::Returned { .. }
        | EscrowEvent::Withdrawn(..)
        | EscrowEvent::Root(
            RootEvent::Posted(_)
            | RootEvent::Objected(..)
            | RootEvent::Voided
            | RootEvent::RefundKept(..)
            | RootEvent::Unsold(_),
        )
        | EscrowEvent::AfterSale(
            AfterSaleEvent::Begun
            | AfterSaleEvent::Announced { .. }
            | AfterSaleEvent::Objected { .. }
            | AfterSaleEvent::Stopped { .. }
            | AfterSaleEvent::GivenBack { .. },
        )
        | EscrowEvent::Skipped => &[],
    }
}

/// Entries that a log must have, beside admissions and a settlement before it, which depend on the record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Needed {
    /// What the log says itself.
    itself: bool,
    /// The refund of a leaf.
    refund: bool,
    /// Revocations in rounds behind the one that is open.
    further: usize,
}

impl Needed {
    /// Of a log; `kept` are the refunds of leaves that were not taken.
    pub(super) fn by(log: &EscrowLog, offering: &Offering, kept: &KeptRefunds) -> Self {
        let itself = |itself: bool| Self {
            itself,
            refund: false,
            further: 0,
        };
        match &log.event {
            EscrowEvent::Revoked(_) => {
                let rounds = revoked_in(offering.terms(), log.place.timestamp);
                Self {
                    further: rounds.count().saturating_sub(1),
                    ..itself(true)
                }
            }
            EscrowEvent::Contributed { .. }
            | EscrowEvent::Withdrawn(..)
            | EscrowEvent::PausedUntil(_)
            | EscrowEvent::Cancelled
            | EscrowEvent::Settled { .. }
            | EscrowEvent::Claimed(..)
            | EscrowEvent::Root(RootEvent::Bid { .. })
            | EscrowEvent::AfterSale(
                AfterSaleEvent::Released { .. } | AfterSaleEvent::Vested { .. },
            ) => itself(true),
            // After the deadline everybody's money is due back, also without this.
            EscrowEvent::Returned { investor, .. } => {
                let deadline = offering.terms().refund_deadline;
                let in_time = deadline.is_none_or(|last| log.place.timestamp * 1_000 <= last.0);
                // Of who has only what there was no room for, the record has nothing to give back.
                let has_some = || accepted_of(offering, *investor).next().is_some();
                itself(in_time && (!decides_at_once(offering) || has_some()))
            }
            // To the contract that releases it in steps, or in as many parts as leaves are proved in: the record has no such
            // entry.
            EscrowEvent::Drawn(_) => {
                let terms = offering.terms();
                itself(terms.milestones.is_empty() && terms.root.is_none())
            }
            EscrowEvent::Refunded(investor, amount) => {
                itself(is_settled_refund(offering, *investor, *amount))
            }
            EscrowEvent::Root(RootEvent::Proved {
                investor,
                tokens,
                refunded,
                ..
            }) => Self {
                itself: !tokens.is_zero(),
                refund: !refunded.is_zero() && !kept.has(log.place.transaction, *investor),
                further: 0,
            },
            EscrowEvent::Root(
                RootEvent::Posted(_)
                | RootEvent::Objected(..)
                | RootEvent::Voided
                | RootEvent::RefundKept(..)
                | RootEvent::Unsold(_),
            )
            | EscrowEvent::AfterSale(
                AfterSaleEvent::Begun
                | AfterSaleEvent::Announced { .. }
                | AfterSaleEvent::Objected { .. }
                | AfterSaleEvent::Stopped { .. }
                | AfterSaleEvent::GivenBack { .. },
            )
            | EscrowEvent::Skipped => Self::default(),
        }
    }

    /// One of the entries was met.
    pub(super) fn meet(&mut self, part: u64) {
        match part {
            ADMISSION | SETTLEMENT => {}
            part if is_further_admission(part) => {}
            part if is_further_revocation(part) => self.further = self.further.saturating_sub(1),
            REFUND => self.refund = false,
            // Also the return or the withdrawal of one of several contributions.
            _ => self.itself = false,
        }
    }

    /// Whether one is missing.
    pub(super) fn is_open(self) -> bool {
        self.itself || self.refund || self.further > 0
    }
}

/// What a log gives back of several contributions together.
pub(super) fn given_back(event: &EscrowEvent) -> Option<(&'static str, Address, Amount)> {
    match event {
        EscrowEvent::Returned {
            investor, amount, ..
        } => Some(("returned", *investor, *amount)),
        EscrowEvent::Withdrawn(investor, amount) => Some(("withdrawn", *investor, *amount)),
        EscrowEvent::Contributed { .. }
        | EscrowEvent::Revoked(_)
        | EscrowEvent::PausedUntil(_)
        | EscrowEvent::Cancelled
        | EscrowEvent::Settled { .. }
        | EscrowEvent::Drawn(_)
        | EscrowEvent::Claimed(..)
        | EscrowEvent::Refunded(..)
        | EscrowEvent::Root(_)
        | EscrowEvent::AfterSale(_)
        | EscrowEvent::Skipped => None,
    }
}

/// Whose money came in by a log.
pub(crate) fn contributor(event: &EscrowEvent) -> Option<Address> {
    match event {
        EscrowEvent::Contributed { investor, .. }
        | EscrowEvent::Root(RootEvent::Bid { investor, .. }) => Some(*investor),
        EscrowEvent::Revoked(_)
        | EscrowEvent::Returned { .. }
        | EscrowEvent::Withdrawn(..)
        | EscrowEvent::PausedUntil(_)
        | EscrowEvent::Cancelled
        | EscrowEvent::Settled { .. }
        | EscrowEvent::Drawn(_)
        | EscrowEvent::Claimed(..)
        | EscrowEvent::Refunded(..)
        | EscrowEvent::Root(_)
        | EscrowEvent::AfterSale(_)
        | EscrowEvent::Skipped => None,
    }
}

/// About whom a log is.
pub(super) fn investor_of(event: &EscrowEvent) -> Option<Address> {
    match event {
        EscrowEvent::Contributed { investor, .. }
        | EscrowEvent::Revoked(investor)
        | EscrowEvent::Returned { investor, .. }
        | EscrowEvent::Withdrawn(investor, _)
        | EscrowEvent::Claimed(investor, _)
        | EscrowEvent::Refunded(investor, _)
        | EscrowEvent::Root(
            RootEvent::Bid { investor, .. }
            | RootEvent::Proved { investor, .. }
            | RootEvent::Objected(investor, _)
            | RootEvent::RefundKept(investor, _),
        )
        | EscrowEvent::AfterSale(
            AfterSaleEvent::Objected { investor, .. } | AfterSaleEvent::GivenBack { investor, .. },
        ) => Some(*investor),
        EscrowEvent::PausedUntil(_)
        | EscrowEvent::Cancelled
        | EscrowEvent::Settled { .. }
        | EscrowEvent::Drawn(_)
        | EscrowEvent::Root(RootEvent::Posted(_) | RootEvent::Voided | RootEvent::Unsold(_))
        | EscrowEvent::AfterSale(
            AfterSaleEvent::Begun
            | AfterSaleEvent::Announced { .. }
            | AfterSaleEvent::Stopped { .. }
            | AfterSaleEvent::Released { .. }
            | AfterSaleEvent::Vested { .. },
        )
        | EscrowEvent::Skipped => None,
    }
}
