//! What the engine made of an entry, beside what the contract did.

use softcap_offering::{
    Amount, BasisPoints, Command, Contribute, InvestorId, Offering, Outcome, Verdict,
};

use crate::chain_entries::{ChainCommand, ChainEntry, Ending, is_shared};
use crate::escrow_event::LogPlace;
use crate::root_entries::may_leave_out;

/// What the engine made of an entry is not what the contract did.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "E652: {place}: the contract says {expected}, the record says {found}. One of the two does not keep the \
     terms: pay nothing out by hand, compare the two, and report it"
)]
pub struct Difference {
    /// The log.
    pub place: LogPlace,
    /// What the contract did.
    pub expected: Box<str>,
    /// What the engine computes.
    pub found: Box<str>,
}

impl ChainEntry {
    /// Compares an entry of this log that is in the record with what the contract did. The entry may have been made
    /// when the transaction stood elsewhere in the chain.
    ///
    /// # Errors
    /// [`Difference`], also where the log says something else there than it did then.
    pub fn check_known(
        &self,
        known: &Command<'_>,
        outcome: &Outcome,
        offering: &Offering,
    ) -> Result<(), Difference> {
        let same = match (self.command(), known) {
            (Command::Contribute(own), Command::Contribute(known)) => {
                let said = |one: &Contribute<'_>| (one.amount, one.funding, one.limit);
                own.investor == known.investor && said(&own) == said(known)
            }
            (own, known) => own == *known,
        };
        if same {
            return self.check(outcome, offering);
        }
        Err(Difference {
            place: self.place,
            expected: format!("{:?}", self.what).into(),
            found: "what the log said before the chain was reorganised".into(),
        })
    }

    /// Compares what became of it with what the contract did. `offering` is the state of the record with it.
    ///
    /// # Errors
    /// [`Difference`].
    pub fn check(&self, outcome: &Outcome, offering: &Offering) -> Result<(), Difference> {
        let right = match (&self.what, outcome) {
            (ChainCommand::Contribute { accepted, .. }, Outcome::Contributed(taken)) => {
                let left_out = |reason| may_leave_out(offering, reason);
                taken.accepted == *accepted || taken.reason.is_some_and(left_out)
            }
            (ChainCommand::Contribute { .. }, Outcome::Refused(reason))
                if may_leave_out(offering, *reason) =>
            {
                true
            }
            (ChainCommand::Bid { amount, .. }, Outcome::Contributed(taken)) => {
                taken.accepted == *amount
            }
            (
                ChainCommand::Return(_, amount, _) | ChainCommand::Withdraw(_, amount),
                Outcome::Refunded { amount: back },
            ) => back == amount,
            (ChainCommand::Settle(ending), Outcome::Settled(settled)) => match ending {
                Ending::Succeeded {
                    raised,
                    sold,
                    slack,
                } => {
                    settled.verdict == Verdict::Succeeded
                        && slack.covers((*raised, *sold), (settled.raised, settled.sold))
                }
                Ending::GivenUp => settled.verdict != Verdict::Succeeded,
            },
            // What is paid at once is compared with the settlement as a whole.
            (ChainCommand::Release { milestone, paid }, Outcome::Done)
                if !offering.terms().milestones.is_empty() =>
            {
                is_part_of(offering, *milestone, *paid)
            }
            (
                ChainCommand::Contribute { .. }
                | ChainCommand::Bid { .. }
                | ChainCommand::Return(..)
                | ChainCommand::Withdraw(..)
                | ChainCommand::Settle(_),
                _,
            ) => false,
            (ChainCommand::PayRefund(investor, amount), Outcome::Done) => {
                let investor = InvestorId::Address((*investor).into());
                offering.refund_paid(investor, self.escrow.currency) == Some(*amount)
            }
            (what, Outcome::Refused(refusal)) => what.is_moot(*refusal),
            (
                ChainCommand::Admit(..)
                | ChainCommand::Revoke(..)
                | ChainCommand::Pause
                | ChainCommand::Resume
                | ChainCommand::Cancel
                | ChainCommand::Distribute(..)
                | ChainCommand::PayRefund(..)
                | ChainCommand::Vest(..)
                | ChainCommand::Release { .. },
                outcome,
            ) => *outcome == Outcome::Done,
        };
        if right {
            return Ok(());
        }
        Err(Difference {
            place: self.place,
            expected: format!("{:?}", self.what).into(),
            found: match outcome {
                Outcome::Refused(refusal) => {
                    format!("refused ({}): {}", refusal.code(), refusal.sentence())
                }
                Outcome::Contributed(_)
                | Outcome::Done
                | Outcome::Refunded { .. }
                | Outcome::RefundedAndPromoted { .. }
                | Outcome::Settled(_)
                | Outcome::RepeatOf(_) => format!("{outcome:?}"),
            }
            .into(),
        })
    }
}

/// Whether so much is what a milestone releases. The contract of a sale that is shared out was paid up to a unit for each
/// investor less than the record adds up, so its parts may differ by that.
pub(crate) fn is_part_of(offering: &Offering, milestone: u8, paid: Amount) -> bool {
    let slack = if is_shared(offering) {
        offering.investor_count() as u128
    } else {
        0
    };
    let part = part_of(offering, milestone);
    part.is_some_and(|part| part.0.abs_diff(paid.0) <= slack)
}

/// The part of the accepted money that a milestone releases: the parts up to it rounded down together, less those
/// before it, so that all of them are the whole.
pub(crate) fn part_of(offering: &Offering, milestone: u8) -> Option<Amount> {
    let raised = offering.settlement()?.settled.raised.0;
    let place = usize::from(milestone);
    let milestones = &offering.terms().milestones;
    let up_to = |count: usize| {
        let parts = milestones.get(..count)?.iter();
        let parts: u128 = parts.map(|each| u128::from(each.part.0)).sum();
        Some(raised.checked_mul(parts)? / u128::from(BasisPoints::WHOLE.0))
    };
    up_to(place + 1)?.checked_sub(up_to(place)?).map(Amount)
}
