//! What the record says of an escrow that takes the outcome as a root.
//!
//! The record is settled before a root is posted, and the root must be that of its settlement. What happens when a
//! root is void or claims are over has no entry: everybody who proved nothing takes all money back, and the record
//! keeps the settlement that it has.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256};
use softcap_offering::{
    Amount, InvestorId, LimitPrice, Offering, Refusal, Tokens, Verdict,
    terms::{Allocation, Pricing},
};
use softcap_proof::{bundle::settlement_tree, hex};

use crate::chain_entries::ChainCommand;
use crate::entry_check::Difference;
use crate::escrow_event::{EscrowEvent, EscrowLog};
use crate::root_event::RootEvent;

/// Refunds of proved leaves that were not taken: transaction and investor. They stand behind their leaf.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeptRefunds(BTreeSet<(B256, Address)>);

impl KeptRefunds {
    /// Of logs that stand in whole blocks.
    pub(crate) fn of(logs: &[EscrowLog]) -> Self {
        let mut kept = BTreeSet::new();
        for log in logs {
            if let EscrowEvent::Root(RootEvent::RefundKept(investor, _)) = log.event {
                kept.insert((log.place.transaction, investor));
            }
        }
        Self(kept)
    }

    pub(crate) fn has(&self, transaction: B256, investor: Address) -> bool {
        self.0.contains(&(transaction, investor))
    }
}

/// A bid with its limit in the numbers of the terms, or the contribution that it is where these say the price: the contract
/// takes all of it, and knows one limit.
pub(crate) fn contributed(
    offering: &Offering,
    (investor, amount): (Address, Amount),
    limit: Amount,
) -> ChainCommand {
    let terms = offering.terms();
    let mut pricings = terms.rounds.iter().map(|round| &round.pricing);
    if !pricings.any(|pricing| matches!(pricing, Pricing::Bids { .. })) {
        return ChainCommand::Contribute {
            investor,
            amount,
            accepted: amount,
        };
    }
    ChainCommand::Bid {
        investor,
        amount,
        limit: LimitPrice {
            money: limit.0,
            tokens: price_unit(offering).0,
        },
    }
}

/// Whether what is accepted follows from the order of contributions, so that the record decides at each of them.
pub(crate) fn is_by_order(allocation: &Allocation) -> bool {
    match allocation {
        Allocation::FirstCome | Allocation::Guaranteed { .. } => true,
        Allocation::ProRata
        | Allocation::ProRataCapped { .. }
        | Allocation::WaterFilling
        | Allocation::Lottery { .. } => false,
    }
}

/// Whether the record decides at each contribution what of it is accepted, and the contract takes all of it.
pub(crate) fn decides_at_once(offering: &Offering) -> bool {
    let terms = offering.terms();
    let mut rounds = terms.rounds.iter();
    terms.root.is_some() && rounds.any(|round| is_by_order(&round.allocation))
}

/// Whether the record may accept less than the contract took: there was no room, which the contract does not know.
pub(crate) fn may_leave_out(offering: &Offering, reason: Refusal) -> bool {
    let no_room = matches!(
        reason,
        Refusal::RoundCapReached | Refusal::HardCapReached | Refusal::SoldOut
    );
    no_room && decides_at_once(offering)
}

/// How many tokens limits are for. Terms of bids that have none have no such escrow; without a limit the record refuses
/// the bid.
pub(crate) fn price_unit(offering: &Offering) -> Tokens {
    let bids = offering.terms().root.and_then(|root| root.bids);
    bids.map_or(Tokens::ZERO, |bids| bids.price_unit)
}

/// Whether a refund is what the settlement of the record gives back. Where the terms need no root there is no other.
pub(crate) fn is_settled_refund(offering: &Offering, investor: Address, amount: Amount) -> bool {
    if offering.terms().root.is_none() || !has_succeeded(offering) {
        return true;
    }
    let Some(index) = offering.find_investor(InvestorId::Address(investor.into())) else {
        return false;
    };
    let mut rows = offering.investor_rows_from(index.index(), index.index() + 1);
    let row = rows.next();
    row.is_some_and(|row| {
        row.totals
            .iter()
            .map(|totals| totals.refunded.0)
            .sum::<u128>()
            == amount.0
    })
}

fn has_succeeded(offering: &Offering) -> bool {
    let settlement = offering.settlement();
    settlement.is_some_and(|settlement| settlement.settled.verdict == Verdict::Succeeded)
}

/// Compares a root that was posted, or made void, with the settlement of the record.
///
/// # Errors
/// [`Difference`]: the root is another one than the record's, or it is void and the record's settlement stands.
pub fn check_root(log: &EscrowLog, offering: &Offering) -> Result<(), Difference> {
    let differs = |expected: String, found: String| Difference {
        place: log.place,
        expected: expected.into(),
        found: found.into(),
    };
    let EscrowEvent::Root(event) = &log.event else {
        return Ok(());
    };
    match event {
        RootEvent::Posted(root) => {
            let found = match settlement_tree(offering) {
                Ok(Some(tree)) if tree.root().0 == root.0 => return Ok(()),
                Ok(Some(tree)) => format!("the root 0x{}", hex(&tree.root().0)),
                Ok(None) => "that nobody took part".to_owned(),
                Err(error) => error.to_string(),
            };
            Err(differs(format!("the root {root} was posted"), found))
        }
        // Where the record gives everything back, a void root changes nothing.
        RootEvent::Voided if !has_succeeded(offering) => Ok(()),
        RootEvent::Voided => Err(differs(
            "the root is void, and who proved nothing takes all money back".to_owned(),
            "a settlement that does not end so".to_owned(),
        )),
        RootEvent::Bid { .. }
        | RootEvent::Objected(..)
        | RootEvent::Proved { .. }
        | RootEvent::RefundKept(..)
        | RootEvent::Unsold(_) => Ok(()),
    }
}
