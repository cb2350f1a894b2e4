//! Entries and logs in words.

use std::fmt;

use softcap_offering::Refusal;

use crate::{
    after_sale_event::AfterSaleEvent,
    chain_entries::{ChainCommand, Ending},
    escrow_event::EscrowEvent,
    root_event::RootEvent,
};

/// What kind of entry it is.
pub(super) fn kind(what: &ChainCommand) -> &'static str {
    match what {
        ChainCommand::Admit(..) => "an admission",
        ChainCommand::Contribute { .. } => "a contribution",
        ChainCommand::Bid { .. } => "a bid",
        ChainCommand::Revoke(..) => "a revocation",
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
            ChainCommand::Admit(_, _, limit) => write!(out, "an admission for {limit}"),
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
            what @ (ChainCommand::Revoke(..)
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
            EscrowEvent::Root(event) => of_root(event, out),
            EscrowEvent::AfterSale(event) => after_sale(event, out),
        }
    }
}

fn of_root(event: &RootEvent, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    match event {
        RootEvent::Bid { amount, limit, .. } => {
            write!(out, "a bid of {amount}, at most {limit} for the price unit")
        }
        RootEvent::Posted(root) => write!(out, "the root {root}"),
        RootEvent::Objected(_, contributed) => write!(out, "an objection of {contributed}"),
        RootEvent::Voided => write!(out, "that the root is void"),
        RootEvent::Proved {
            tokens,
            accepted,
            refunded,
            ..
        } => write!(
            out,
            "a leaf with {tokens} tokens, {accepted} accepted and {refunded} refunded"
        ),
        RootEvent::RefundKept(_, amount) => write!(out, "a refund of {amount} that was not taken"),
        RootEvent::Unsold(tokens) => write!(out, "{tokens} unsold tokens taken"),
    }
}

fn after_sale(event: &AfterSaleEvent, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    match event {
        AfterSaleEvent::Begun => write!(out, "a beginning"),
        AfterSaleEvent::Announced { milestone, .. } => {
            write!(out, "an announcement of milestone {milestone}")
        }
        AfterSaleEvent::Objected { accepted, .. } => write!(out, "an objection of {accepted}"),
        AfterSaleEvent::Stopped { milestone, .. } => write!(out, "a stop at milestone {milestone}"),
        AfterSaleEvent::Released { milestone, amount } => {
            write!(out, "{amount} released by milestone {milestone}")
        }
        AfterSaleEvent::GivenBack { tokens, amount, .. } => {
            write!(out, "{tokens} tokens given back for {amount}")
        }
        AfterSaleEvent::Vested { share, tokens } => {
            write!(out, "{tokens} tokens of share {share} handed over")
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
