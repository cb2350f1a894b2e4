//! What an escrow said that takes the outcome as a root, added up for each investor and for the sale.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256};
use softcap_offering::Amount;

use super::{
    evidence::RootSaleEvidence,
    finding::{Finding, FindingCode},
};
use crate::{
    escrow_event::{EscrowEvent, EscrowLog},
    root_event::RootEvent,
    root_standing::RootPhase,
};

/// What the escrow said of one investor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) brought: u128,
    pub(super) is_returned: bool,
    pub(super) proved: Option<Proved>,
    /// Money back by refunds, beside that of the leaf.
    paid_back: u128,
}

/// The leaf of an investor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proved {
    pub(super) tokens: u128,
    pub(super) accepted: u128,
    pub(super) refunded: u128,
    /// What of the refund was not taken.
    kept: u128,
}

impl Account {
    /// Money that the contract must still have in the account.
    pub(super) fn held(&self) -> u128 {
        match &self.proved {
            Some(proved) => proved.kept.saturating_sub(self.paid_back),
            // A return leaves its mark when it is taken out; else an account that was paid is emptied.
            None if self.is_returned => self.brought,
            None => self.brought.saturating_sub(self.paid_back),
        }
    }

    /// Money that left the escrow for this investor.
    fn out(&self) -> u128 {
        let leaf = self.proved.as_ref();
        let leaf = leaf.map_or(0, |proved| proved.refunded.saturating_sub(proved.kept));
        leaf.saturating_add(self.paid_back)
    }
}

/// What the escrow said of the sale.
#[derive(Clone, Debug)]
pub(super) struct Sums {
    pub(super) accounts: BTreeMap<Address, Account>,
    pub(super) phase: RootPhase,
    pub(super) root: Option<B256>,
    pub(super) objections: u128,
    pub(super) accepted: u128,
    pub(super) tokens: u128,
    pub(super) drawn: u128,
    pub(super) unsold: u128,
    /// What was drawn too much, or too early.
    pub(super) findings: Vec<Finding>,
    brought: u128,
    returned: u128,
}

impl Sums {
    /// The sums of 96-bit numbers, of fewer logs than 2^32.
    pub(super) fn of(evidence: &RootSaleEvidence) -> Self {
        let mut sums = Self {
            accounts: BTreeMap::new(),
            phase: RootPhase::Sale,
            root: None,
            objections: 0,
            accepted: 0,
            tokens: 0,
            drawn: 0,
            unsold: 0,
            findings: Vec::new(),
            brought: 0,
            returned: 0,
        };
        for log in &evidence.logs {
            match &log.event {
                EscrowEvent::Root(event) => sums.take(*event),
                EscrowEvent::Returned {
                    investor, amount, ..
                } => {
                    sums.account(*investor).is_returned = true;
                    sums.returned += amount.0;
                }
                EscrowEvent::Refunded(investor, amount) => {
                    sums.account(*investor).paid_back += amount.0;
                }
                EscrowEvent::Drawn(amount) => sums.draw(log, *amount, evidence.terms.softCap),
                EscrowEvent::Cancelled => sums.phase = RootPhase::Cancelled,
                // The other escrow says these, or they change nothing.
                EscrowEvent::Contributed { .. }
                | EscrowEvent::Revoked(_)
                | EscrowEvent::Withdrawn(..)
                | EscrowEvent::PausedUntil(_)
                | EscrowEvent::Settled { .. }
                | EscrowEvent::Claimed(..)
                | EscrowEvent::AfterSale(_)
                | EscrowEvent::Skipped => {}
            }
        }
        sums
    }

    fn account(&mut self, investor: Address) -> &mut Account {
        self.accounts.entry(investor).or_default()
    }

    fn take(&mut self, event: RootEvent) {
        match event {
            RootEvent::Bid {
                investor, amount, ..
            } => {
                self.account(investor).brought += amount.0;
                self.brought += amount.0;
            }
            RootEvent::Posted(root) => {
                self.root = Some(root);
                self.phase = RootPhase::Posted;
            }
            RootEvent::Objected(_, contributed) => self.objections += contributed.0,
            RootEvent::Voided => self.phase = RootPhase::Void,
            RootEvent::Proved {
                investor,
                tokens,
                accepted,
                refunded,
            } => {
                self.account(investor).proved = Some(Proved {
                    tokens: tokens.0,
                    accepted: accepted.0,
                    refunded: refunded.0,
                    kept: 0,
                });
                self.tokens += tokens.0;
                self.accepted += accepted.0;
            }
            RootEvent::RefundKept(investor, amount) => {
                if let Some(proved) = &mut self.account(investor).proved {
                    proved.kept = amount.0;
                }
            }
            RootEvent::Unsold(tokens) => self.unsold += tokens.0,
        }
    }

    /// The issuer draws what proved leaves have accepted, and nothing below the soft cap.
    fn draw(&mut self, log: &EscrowLog, amount: Amount, soft_cap: U256) {
        self.drawn += amount.0;
        let allowed = if U256::from(self.accepted) < soft_cap {
            0
        } else {
            self.accepted
        };
        if self.drawn > allowed {
            let (about, drawn) = ("money drawn", self.drawn);
            let finding = Finding::new(FindingCode::TooMuch, about, allowed, drawn);
            self.findings.push(finding.at(log.place));
        }
    }

    /// What the escrow said of an investor; nothing of who is a stranger to it.
    pub(super) fn of_investor(&self, investor: Address) -> Account {
        self.accounts.get(&investor).cloned().unwrap_or_default()
    }

    /// Contributed and not returned.
    pub(super) fn contributed(&self) -> u128 {
        self.brought.saturating_sub(self.returned)
    }

    /// Money that came in and did not go out.
    pub(super) fn owed(&self) -> u128 {
        let out = self.accounts.values().map(Account::out).sum::<u128>();
        self.brought.saturating_sub(out).saturating_sub(self.drawn)
    }
}
