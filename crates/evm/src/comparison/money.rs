//! What everybody brought and took, by events and by the contract's own word, beside the settlement of the record.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use softcap_offering::{CurrencyTotals, InvestorId, Offering, Settlement, Verdict};

use super::{
    evidence::{Refunds, SaleEvidence},
    finding::{Finding, FindingCode, Held, Note},
    record::ChainRecord,
};
use crate::{
    chain_entries::{ChainCommand, Slack},
    escrow_event::EscrowEvent,
    escrow_terms::{AfterClaim, Misfit},
    exits::EscrowPhase,
};

/// What the escrow said of one investor. What was withdrawn is not among what was accepted: it went back at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Account {
    accepted: u128,
    returned: u128,
    refunded: u128,
    claimed: u128,
}

/// What the escrow said of the sale.
#[derive(Clone, Debug, Default)]
struct Sums {
    accounts: BTreeMap<Address, Account>,
    accepted: u128,
    returned: u128,
    refunded: u128,
    claimed: u128,
    drawn: u128,
    /// Money and tokens of the settlement, where there is one.
    settled: Option<(u128, u128)>,
}

impl Sums {
    /// The sums of 80-bit numbers, of fewer logs than 2^48.
    fn of(evidence: &SaleEvidence) -> Self {
        let mut sums = Self::default();
        for log in &evidence.logs {
            match log.event {
                EscrowEvent::Contributed {
                    investor, accepted, ..
                } => {
                    sums.accounts.entry(investor).or_default().accepted += accepted.0;
                    sums.accepted += accepted.0;
                }
                EscrowEvent::Returned {
                    investor, amount, ..
                } => {
                    sums.accounts.entry(investor).or_default().returned += amount.0;
                    sums.returned += amount.0;
                }
                EscrowEvent::Withdrawn(investor, amount) => {
                    let account = sums.accounts.entry(investor).or_default();
                    account.accepted = account.accepted.saturating_sub(amount.0);
                    sums.accepted = sums.accepted.saturating_sub(amount.0);
                }
                EscrowEvent::Claimed(investor, tokens) => {
                    sums.accounts.entry(investor).or_default().claimed += tokens.0;
                    sums.claimed += tokens.0;
                }
                EscrowEvent::Refunded(investor, amount) => {
                    sums.accounts.entry(investor).or_default().refunded += amount.0;
                    sums.refunded += amount.0;
                }
                EscrowEvent::Drawn(amount) => sums.drawn += amount.0,
                EscrowEvent::Settled { raised, sold } => sums.settled = Some((raised.0, sold.0)),
                EscrowEvent::Revoked(_)
                | EscrowEvent::PausedUntil(_)
                | EscrowEvent::Cancelled
                | EscrowEvent::Root(_)
                | EscrowEvent::AfterSale(_)
                | EscrowEvent::Skipped => {}
            }
        }
        sums
    }

    fn owed(&self) -> u128 {
        self.accepted
            .saturating_sub(self.refunded)
            .saturating_sub(self.drawn)
    }
}

/// Compares the contract's state with its events, and both with the settlement of the record.
pub(super) fn compare_money(
    record: &ChainRecord,
    offering: &Offering,
    evidence: &SaleEvidence,
) -> (Vec<Finding>, Vec<Note>) {
    let mut money = Money {
        evidence,
        after_claim: AfterClaim::of(offering.terms()),
        sums: Sums::of(evidence),
        findings: Vec::new(),
        notes: Vec::new(),
    };
    money.compare_state();
    money.compare_views();
    money.compare_holdings();
    match offering.settlement() {
        Some(settlement) => {
            money.compare_ending(settlement);
            money.compare_settlement(record, offering);
        }
        None => money.notes.push(Note::NotSettled),
    }
    let (asked, all) = (evidence.accounts.len(), money.sums.accounts.len());
    if asked < all {
        money.notes.push(Note::Asked { asked, all });
    }
    (money.findings, money.notes)
}

struct Money<'a> {
    evidence: &'a SaleEvidence,
    after_claim: AfterClaim,
    sums: Sums,
    findings: Vec<Finding>,
    notes: Vec<Note>,
}

impl Money<'_> {
    /// Events are what the record follows, so a difference means that some were withheld, or invented.
    fn compare_state(&mut self) {
        let events = match self.sums.settled {
            // From settlement on it is without what comes to no token, which the events do not name.
            Some((raised, _)) if self.evidence.terms.over_cap != Misfit::Share => raised,
            Some(_) | None => self.sums.accepted.saturating_sub(self.sums.returned),
        };
        let raised = self.evidence.state.raised;
        if events != raised {
            let finding = Finding::new(FindingCode::OtherState, "raised", events, raised);
            self.findings.push(finding);
        }
        let sold = match self.evidence.state.phase {
            EscrowPhase::Settled | EscrowPhase::Drawn => "a settlement",
            EscrowPhase::Sale | EscrowPhase::Cancelled => "no settlement",
        };
        let events = match self.sums.settled {
            Some(_) => "a settlement",
            None => "no settlement",
        };
        if events != sold {
            let finding = Finding::new(FindingCode::OtherState, "phase", events, sold);
            self.findings.push(finding);
        }
        if let Some((raised, _)) = self.sums.settled
            && self.sums.drawn != 0
            && self.sums.drawn != raised
        {
            let about = "paid to the beneficiary";
            let drawn = self.sums.drawn;
            let finding = Finding::new(FindingCode::OtherState, about, raised, drawn);
            self.findings.push(finding);
        }
    }

    fn compare_views(&mut self) {
        for (investor, view) in &self.evidence.accounts {
            let account = self.sums.accounts.get(investor).copied();
            let account = account.unwrap_or_default();
            let is_empty = self.is_emptied(account);
            let events = if is_empty { 0 } else { account.accepted };
            if events != view.accepted {
                let about = "accepted";
                let finding = Finding::new(FindingCode::OtherState, about, events, view.accepted);
                self.findings.push(finding.of(*investor));
            }
        }
    }

    /// Whoever was paid in a sale that takes nothing in any more has an empty account, but for what milestones need.
    fn is_emptied(&self, account: Account) -> bool {
        if account.claimed > 0 {
            return self.after_claim == AfterClaim::Empty;
        }
        account.refunded > 0 && account.returned == 0
    }

    /// The escrow must hold what it owes. Anybody can send it more, which is nobody's.
    fn compare_holdings(&mut self) {
        let (terms, held) = (&self.evidence.terms, self.evidence.holdings);
        let money = U256::from(self.sums.owed());
        let sold = self.sums.settled.map(|(_, sold)| U256::from(sold));
        let claimed = U256::from(self.sums.claimed);
        let tokens = sold.unwrap_or(terms.for_sale).saturating_sub(claimed);
        self.holds(Held::Money, held.money, money);
        self.holds(Held::Tokens, held.tokens, tokens);
        self.compare_due(money);
    }

    fn holds(&mut self, what: Held, held: U256, owed: U256) {
        what.beside((held, owed), (&mut self.findings, &mut self.notes));
    }

    /// What everybody could take out, by the contract's own word, is what it owes by its events.
    fn compare_due(&mut self, owed: U256) {
        let over = match (self.evidence.state.phase, self.sums.settled) {
            (EscrowPhase::Settled, Some((raised, _))) => raised.saturating_sub(self.sums.drawn),
            (EscrowPhase::Drawn, Some(_)) | (EscrowPhase::Cancelled, None) => 0,
            (EscrowPhase::Sale, None) if self.evidence.state.refunds == Refunds::Open => 0,
            // Money of a sale that goes on is due to nobody yet.
            (EscrowPhase::Sale, _)
            | (EscrowPhase::Cancelled, Some(_))
            | (EscrowPhase::Settled | EscrowPhase::Drawn, None) => return,
        };
        if self.evidence.accounts.len() < self.sums.accounts.len() {
            return;
        }
        let due = self.evidence.accounts.values().map(|view| view.money_due);
        let due = due.fold(U256::from(over), |sum, due| sum + U256::from(due));
        let slack = U256::from(self.evidence.slack(self.people()).money);
        // Parts that are rounded down leave less than a unit each.
        if due > owed || owed - due > slack {
            let about = "what everybody can take out";
            self.findings
                .push(Finding::new(FindingCode::OtherState, about, owed, due));
        }
    }

    fn people(&self) -> u128 {
        self.sums.accounts.len() as u128
    }

    fn compare_ending(&mut self, settlement: &Settlement) {
        let settled = settlement.settled;
        let chain = match (self.sums.settled, self.evidence.state.refunds) {
            (Some(_), _) => "that it succeeded",
            (None, Refunds::Open) => "that everybody's money is due back",
            (None, Refunds::Closed) => "that it is not over",
        };
        let right = match settled.verdict {
            Verdict::Succeeded => self.sums.settled.is_some(),
            Verdict::Failed | Verdict::Cancelled | Verdict::Expired => {
                self.sums.settled.is_none() && self.evidence.state.refunds == Refunds::Open
            }
        };
        if !right {
            let record = settled.verdict.name();
            let finding = Finding::new(FindingCode::OtherEnding, "verdict", record, chain);
            self.findings.push(finding);
        }
        self.compare_supply(settlement);
        let Some((raised, sold)) = self.sums.settled else {
            return;
        };
        let slack = self.evidence.slack(self.people());
        let record = settled.raised.0;
        if record
            .checked_sub(raised)
            .is_none_or(|more| more > slack.money)
        {
            let finding = Finding::new(FindingCode::OtherEnding, "raised", record, raised);
            self.findings.push(finding);
        }
        let record = settled.sold.0;
        if sold
            .checked_sub(record)
            .is_none_or(|less| less > slack.tokens)
        {
            let finding = Finding::new(FindingCode::OtherEnding, "sold", record, sold);
            self.findings.push(finding);
        }
    }

    /// Holders may destroy what they have; nobody can make more.
    fn compare_supply(&mut self, settlement: &Settlement) {
        if settlement.settled.verdict != Verdict::Succeeded {
            return;
        }
        let slack: Slack = self.evidence.slack(self.people());
        let record = U256::from(settlement.minted.0);
        let there = self.evidence.holdings.supply;
        if there > record.saturating_add(U256::from(slack.tokens)) {
            let finding = Finding::new(FindingCode::TooManyTokens, "all tokens", record, there);
            self.findings.push(finding);
        } else if there < record {
            let amount = (record - there).to_string();
            self.notes.push(Note::Burned { amount });
        }
    }

    fn compare_settlement(&mut self, record: &ChainRecord, offering: &Offering) {
        let brought = brought(record);
        let currency = self.evidence.escrow.currency.index();
        let mut strangers = self.sums.accounts.clone();
        let mut rows = offering.investor_rows();
        while let Some(row) = rows.next() {
            let InvestorId::Address(id) = row.id else {
                continue;
            };
            let investor = Address::from(id);
            let totals: CurrencyTotals = row.totals.get(currency).copied().unwrap_or_default();
            let brought = brought.get(&investor).copied().unwrap_or_default();
            let share = Share {
                brought,
                back: brought.saturating_sub(totals.accepted.0),
                tokens: row.tokens.0,
            };
            strangers.remove(&investor);
            self.compare_share(investor, share);
        }
        for (investor, account) in strangers {
            if account != Account::default() {
                let (about, chain) = ("accepted", account.accepted);
                let finding = Finding::new(FindingCode::OtherAccount, about, "nothing", chain);
                self.findings.push(finding.of(investor));
            }
        }
    }

    /// What the contract gave, and what it says that it owes, together are what the settlement gives.
    fn compare_share(&mut self, investor: Address, share: Share) {
        let account = self.sums.accounts.get(&investor).copied();
        let account = account.unwrap_or_default();
        let view = self.evidence.accounts.get(&investor);
        let mut differs = |about: &'static str, record: u128, chain: u128| {
            let finding = Finding::new(FindingCode::OtherAccount, about, record, chain);
            self.findings.push(finding.of(investor));
        };
        if share.brought != account.accepted {
            differs("accepted", share.brought, account.accepted);
        }
        let taken = [
            (
                "money back",
                share.back,
                account.refunded,
                view.map(|view| view.money_due),
            ),
            (
                "tokens",
                share.tokens,
                account.claimed,
                view.map(|view| view.tokens_due),
            ),
        ];
        for (about, record, taken, due) in taken {
            match due {
                Some(due) if record != taken.saturating_add(due) => {
                    differs(about, record, taken.saturating_add(due));
                }
                // Everything goes out at once.
                None if taken != 0 && taken != record => differs(about, record, taken),
                Some(_) | None => {}
            }
        }
    }
}

/// What a settlement gives an investor.
struct Share {
    brought: u128,
    back: u128,
    tokens: u128,
}

/// What each investor brought into the escrow and did not withdraw, by the entries of the record.
fn brought(record: &ChainRecord) -> BTreeMap<Address, u128> {
    let mut brought = BTreeMap::new();
    let mut contributors = BTreeMap::new();
    for entry in record
        .entries
        .iter()
        .filter(|entry| entry.refused.is_none())
    {
        if let ChainCommand::Contribute {
            investor, accepted, ..
        } = entry.what
        {
            let sum: &mut u128 = brought.entry(investor).or_default();
            *sum = sum.saturating_add(accepted.0);
            contributors.insert(entry.sequence, investor);
        }
        if let ChainCommand::Withdraw(contribution, amount) = entry.what
            && let Some(investor) = contributors.get(&contribution)
            && let Some(sum) = brought.get_mut(investor)
        {
            *sum = sum.saturating_sub(amount.0);
        }
    }
    brought
}
