//! Entries and logs in words.

use std::fmt;

use softcap_offering::Refusal;

use crate::{
    chain_entries::{ChainCommand, Ending},
    escrow_event::EscrowEvent,
};

/// What kind of entry it is.
pub(super) fn kind(what: &ChainCommand) -> &'static str {
    match what {
        ChainCommand::Admit(..) => "an admission",
        ChainCommand::Contribute { .. } => "a contribution",
        ChainCommand::Bid { .. } => "a bid",
        ChainCommand::Revoke(_) => "a revocation",
        ChainCommand::Return(..) => "a return",
        ChainCommand::Withdraw(..) => "a withdrawal",
        ChainCommand::Pause => "a pause",
        ChainCommand::Resume => "a resumption",
        ChainCommand::Cancel => "a cancellation",
        ChainCommand::Settle(_) => "a settlement",
        ChainCommand::Distribute(..) => "tokens handed over",
        ChainCommand::PayRefund(..) => "a refund",
        ChainCommand::Release { .. } => "a payment to the beneficiary",
        ChainCommand::Vest(..) => "tokens of a share handed over",
    }
}

/// An entry in words.
pub(super) struct Said<'a>(pub(super) &'a ChainCommand);

impl fmt::Display for Said<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ChainCommand::Admit(_, limit) => write!(out, "an admission for {limit}"),
            ChainCommand::Contribute {
                amount, accepted, ..
            } => {
                write!(out, "a contribution of {amount}, {accepted} accepted")
            }
            ChainCommand::Bid { amount, limit, .. } => write!(
                out,
                "a bid of {amount}, at most {} for {} units of the token",
                limit.money, limit.tokens
            ),
            ChainCommand::Return(contribution, amount, reason) => write!(
                out,
                "a return of {amount} of contribution {contribution} ({})",
                reason.name()
            ),
            ChainCommand::Withdraw(contribution, amount) => {
                write!(
                    out,
                    "a withdrawal of {amount} of contribution {contribution}"
                )
            }
            ChainCommand::Settle(Ending::Succeeded { raised, sold, .. }) => {
                write!(out, "a settlement with {raised} of money and {sold} tokens")
            }
            ChainCommand::Settle(Ending::GivenUp) => write!(out, "a settlement without success"),
            ChainCommand::Distribute(_, tokens) => write!(out, "{tokens} tokens handed over"),
            what @ (ChainCommand::Revoke(_)
            | ChainCommand::Pause
            | ChainCommand::Resume
            | ChainCommand::Cancel
            | ChainCommand::PayRefund(..)
            | ChainCommand::Vest(..)
            | ChainCommand::Release { .. }) => write!(out, "{}", kind(what)),
        }
    }
}

/// A log in words.
pub(super) struct Happened<'a>(pub(super) &'a EscrowEvent);

impl fmt::Display for Happened<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            EscrowEvent::Contributed {
                amount, accepted, ..
            } => {
                write!(out, "a contribution of {amount}, {accepted} accepted")
            }
            EscrowEvent::Revoked(_) => write!(out, "a revocation"),
            EscrowEvent::Returned { amount, reason, .. } => {
                write!(out, "a return of {amount} ({})", reason.name())
            }
            EscrowEvent::Withdrawn(_, amount) => write!(out, "a withdrawal of {amount}"),
            EscrowEvent::PausedUntil(until) => write!(out, "a pause until {until}"),
            EscrowEvent::Cancelled => write!(out, "a cancellation"),
            EscrowEvent::Settled { raised, sold } => {
                write!(out, "a settlement with {raised} of money and {sold} tokens")
            }
            EscrowEvent::Drawn(amount) => write!(out, "{amount} paid to the beneficiary"),
            EscrowEvent::Claimed(_, tokens) => write!(out, "{tokens} tokens taken out"),
            EscrowEvent::Refunded(_, amount) => write!(out, "a refund of {amount}"),
            EscrowEvent::Skipped => write!(out, "an entry of a list that was skipped"),
            EscrowEvent::Root(_) => write!(out, "something of a settlement by root"),
            EscrowEvent::AfterSale(_) => write!(out, "something after the sale"),
        }
    }
}

/// A refusal in words.
pub(super) struct Refusing(pub(super) Refusal);

impl fmt::Display for Refusing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "refused ({}): {}", self.0.code(), self.0.sentence())
    }
}
