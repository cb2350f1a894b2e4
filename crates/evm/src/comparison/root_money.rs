//! What a settlement by root paid, by events and by the contract's own word, beside the settlement of the record.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256};
use softcap_offering::{CurrencyTotals, InvestorId, Offering, Settlement, Verdict};
use softcap_proof::bundle::settlement_tree;

use super::{
    evidence::{Refunds, RootSaleEvidence},
    finding::{Finding, FindingCode, Held, Note},
    record::ChainRecord,
    root_sums::{Account, Sums},
};
use crate::{
    chain_entries::ChainCommand,
    escrow_standing::{RootFate, Standing, due_of_root},
    root_entries::{decides_at_once, may_leave_out},
    root_standing::RootPhase,
};

/// Compares the contract's state with its events, and both with the settlement of the record.
pub(super) fn compare_root_money(
    record: &ChainRecord,
    offering: &Offering,
    evidence: &RootSaleEvidence,
) -> (Vec<Finding>, Vec<Note>) {
    let sums = Sums::of(evidence);
    let reached = U256::from(sums.accepted) >= evidence.terms.softCap;
    let mut money = RootMoney {
        fate: RootFate::new(evidence.refunds, reached),
        evidence,
        findings: sums.findings.clone(),
        sums,
        notes: Vec::new(),
    };
    money.compare_state();
    money.compare_accounts();
    money.compare_holdings();
    match offering.settlement() {
        Some(settlement) => {
            money.compare_root(offering, settlement);
            money.compare_ending(offering, settlement);
            money.compare_supply(settlement);
            money.compare_leaves(record, offering, settlement);
        }
        None => {
            if let Some(root) = evidence.standing.root {
                let about = "root";
                let finding = Finding::new(FindingCode::OtherRoot, about, "no settlement", root);
                money.findings.push(finding);
            }
            money.notes.push(Note::NotSettled);
        }
    }
    let (asked, all) = (evidence.accounts.len(), money.sums.accounts.len());
    if asked < all {
        money.notes.push(Note::Asked { asked, all });
    }
    (money.findings, money.notes)
}

struct RootMoney<'a> {
    evidence: &'a RootSaleEvidence,
    fate: RootFate,
    sums: Sums,
    findings: Vec<Finding>,
    notes: Vec<Note>,
}

impl RootMoney<'_> {
    fn find(
        &mut self,
        (code, about): (FindingCode, &'static str),
        record: impl std::fmt::Display,
        chain: impl std::fmt::Display,
    ) {
        self.findings.push(Finding::new(code, about, record, chain));
    }

    /// Events are what the record follows, so a difference means that some were withheld, or invented.
    fn compare_state(&mut self) {
        let (standing, sums) = (self.evidence.standing, &self.sums);
        let root =
            |root: Option<B256>| root.map_or_else(|| "none".to_owned(), |root| root.to_string());
        let compared = [
            (
                "phase",
                sums.phase.name().to_owned(),
                standing.phase.name().to_owned(),
            ),
            ("root", root(sums.root), root(standing.root)),
            (
                "contributed",
                sums.contributed().to_string(),
                standing.contributed.to_string(),
            ),
            (
                "objections",
                sums.objections.to_string(),
                standing.objections.to_string(),
            ),
            (
                "accepted by proved leaves",
                sums.accepted.to_string(),
                standing.accepted.to_string(),
            ),
            (
                "tokens of proved leaves",
                sums.tokens.to_string(),
                standing.tokens.to_string(),
            ),
        ];
        for (about, events, state) in compared {
            if events != state {
                self.find((FindingCode::OtherState, about), events, state);
            }
        }
    }

    fn compare_accounts(&mut self) {
        let mut found = Vec::new();
        for (investor, view) in &self.evidence.accounts {
            let events = self.sums.of_investor(*investor).held();
            let state: u128 = view.contributed.to();
            if events != state {
                let about = "money of an account";
                let finding = Finding::new(FindingCode::OtherState, about, events, state);
                found.push(finding.of(*investor));
            }
        }
        self.findings.extend(found);
    }

    /// The escrow must hold what it owes. Anybody can send it more, which is nobody's.
    fn compare_holdings(&mut self) {
        let (terms, held) = (&self.evidence.terms, self.evidence.holdings);
        let owed = U256::from(self.sums.owed());
        self.holds(Held::Money, held.money, owed);
        let tokens = terms.forSale.saturating_sub(U256::from(self.sums.tokens));
        let tokens = tokens.saturating_sub(U256::from(self.sums.unsold));
        self.holds(Held::Tokens, held.tokens, tokens);
        if self.fate == RootFate::Open || self.evidence.accounts.len() < self.sums.accounts.len() {
            return;
        }
        // Nothing is decided any more: what everybody and the beneficiary can take out is all that is owed.
        let due = self.evidence.accounts.values().map(|account| {
            let standing = Standing::from_code(account.standing).unwrap_or(Standing::Unknown);
            due_of_root(account, standing, self.fate)
        });
        let left = match self.fate {
            RootFate::Failed => 0,
            RootFate::Open | RootFate::Refunds => {
                self.sums.accepted.saturating_sub(self.sums.drawn)
            }
        };
        let due = due.fold(U256::from(left), |sum, due| sum + due);
        if due != owed {
            let about = "what everybody can take out";
            self.find((FindingCode::OtherState, about), owed, due);
        }
    }

    fn holds(&mut self, what: Held, held: U256, owed: U256) {
        what.beside((held, owed), (&mut self.findings, &mut self.notes));
    }

    /// What was posted is what the record comes to, and nothing where it comes to no sale.
    fn compare_root(&mut self, offering: &Offering, settlement: &Settlement) {
        let Some(posted) = self.sums.root else {
            if settlement.settled.verdict == Verdict::Succeeded {
                self.notes.push(Note::NoRoot);
            }
            return;
        };
        let own = match settlement_tree(offering) {
            Ok(Some(tree)) => B256::from(tree.root().0).to_string(),
            Ok(None) => "none: nobody took part".to_owned(),
            Err(error) => error.to_string(),
        };
        if own != posted.to_string() {
            self.find((FindingCode::OtherRoot, "root"), own, posted);
        }
    }

    fn compare_ending(&mut self, offering: &Offering, settlement: &Settlement) {
        let verdict = settlement.settled.verdict;
        let all = settlement.settled.raised.0 == self.sums.accepted;
        let (right, chain) = match (self.sums.phase, self.evidence.refunds) {
            (RootPhase::Posted, Refunds::Closed) => (true, "that leaves can be proved"),
            (RootPhase::Posted, Refunds::Open) => (
                all && self.fate == RootFate::Refunds,
                "that no leaf can be proved any more, and not all were",
            ),
            (RootPhase::Sale, Refunds::Closed) => (true, "that there is no root yet"),
            (RootPhase::Sale, Refunds::Open) => (false, "that everybody's money is due back"),
            (RootPhase::Void, _) => (false, "that the root is void"),
            (RootPhase::Cancelled, _) => (false, "that it was cancelled"),
        };
        let right = match verdict {
            Verdict::Succeeded => right,
            // The contract counts what there was no room for, and waits for a root up to its deadline.
            Verdict::Failed if self.waits_in_vain(offering) => true,
            Verdict::Failed | Verdict::Cancelled | Verdict::Expired => {
                self.evidence.refunds == Refunds::Open && self.sums.phase != RootPhase::Posted
            }
        };
        if !right {
            self.find((FindingCode::OtherEnding, "verdict"), verdict.name(), chain);
        }
    }

    /// Whether the contract has the soft cap together with money that the record left out.
    fn waits_in_vain(&self, offering: &Offering) -> bool {
        let enough = U256::from(self.sums.contributed()) >= self.evidence.terms.softCap;
        decides_at_once(offering) && enough && self.sums.phase == RootPhase::Sale
    }

    /// Holders may destroy what they have; nobody can make more. What nobody bought is there until it is taken.
    fn compare_supply(&mut self, settlement: &Settlement) {
        if settlement.settled.verdict != Verdict::Succeeded {
            return;
        }
        let kept = self.evidence.terms.forSale;
        let untaken = match self.sums.unsold {
            0 => kept.saturating_sub(U256::from(settlement.settled.sold.0)),
            _ => U256::ZERO,
        };
        let is_burned = self.evidence.terms.treasury == Address::ZERO;
        let more = if is_burned { untaken } else { U256::ZERO };
        let record = U256::from(settlement.minted.0).saturating_add(more);
        let there = self.evidence.holdings.supply;
        if there > record {
            self.find((FindingCode::TooManyTokens, "all tokens"), record, there);
        }
    }

    fn compare_leaves(
        &mut self,
        record: &ChainRecord,
        offering: &Offering,
        settlement: &Settlement,
    ) {
        let brought = brought(record, offering);
        let currency = self.evidence.escrow.currency.index();
        let mut strangers = self.sums.accounts.clone();
        let (mut leaves, mut all) = (0, 0);
        let mut rows = offering.investor_rows();
        while let Some(row) = rows.next() {
            let InvestorId::Address(id) = row.id else {
                continue;
            };
            let investor = Address::from(id);
            let totals: CurrencyTotals = row.totals.get(currency).copied().unwrap_or_default();
            let account = self.sums.of_investor(investor);
            strangers.remove(&investor);
            all += 1;
            leaves += usize::from(account.proved.is_some());
            let leaf = Leaf {
                brought: brought.get(&investor).copied().unwrap_or_default(),
                tokens: row.tokens.0,
                accepted: totals.accepted.0,
                refunded: totals.refunded.0,
            };
            self.compare_leaf(investor, &leaf, &account);
        }
        for (investor, account) in strangers {
            if account.brought != 0 {
                let (about, chain) = ("contributed", account.brought);
                let finding = Finding::new(FindingCode::OtherAccount, about, "nothing", chain);
                self.findings.push(finding.of(investor));
            }
        }
        if settlement.settled.verdict == Verdict::Succeeded && self.sums.root.is_some() {
            self.notes.push(Note::Proved {
                leaves,
                all,
                accepted: self.sums.accepted.to_string(),
                drawn: self.sums.drawn.to_string(),
            });
        }
    }

    /// A leaf that was proved is a row of the settlement; of one that can be proved no more all money goes back.
    fn compare_leaf(&mut self, investor: Address, leaf: &Leaf, account: &Account) {
        let mut differs = |about: &'static str, record: u128, chain: u128| {
            if record != chain {
                let finding = Finding::new(FindingCode::OtherAccount, about, record, chain);
                self.findings.push(finding.of(investor));
            }
        };
        differs("contributed", leaf.brought, account.brought);
        if let Some(proved) = &account.proved {
            differs("tokens", leaf.tokens, proved.tokens);
            differs("accepted", leaf.accepted, proved.accepted);
            differs("refunded", leaf.refunded, proved.refunded);
            return;
        }
        let is_back = account.is_returned || self.fate != RootFate::Open;
        if is_back {
            differs("tokens", leaf.tokens, 0);
            differs("money back", leaf.refunded, account.brought);
        }
    }
}

/// What the record gives an investor.
struct Leaf {
    brought: u128,
    tokens: u128,
    accepted: u128,
    refunded: u128,
}

/// What each investor brought by the entries of the record.
fn brought(record: &ChainRecord, offering: &Offering) -> BTreeMap<Address, u128> {
    let mut brought = BTreeMap::new();
    for entry in record.entries.iter().filter(|entry| {
        let refused = entry.refused;
        refused.is_none_or(|reason| may_leave_out(offering, reason))
    }) {
        if let ChainCommand::Bid {
            investor, amount, ..
        }
        | ChainCommand::Contribute {
            investor, amount, ..
        } = entry.what
        {
            *brought.entry(investor).or_insert(0) += amount.0;
        }
    }
    brought
}
