//! Every entry of the record beside the log that made it, in order, and every log beside its entry.

use std::{collections::BTreeMap, fmt};

use alloy_primitives::Address;
use softcap_offering::{
    Amount, EscrowAddress, LineIndex, Offering, Position, ReturnReason, Sequence, Value,
};

use super::{
    evidence::SaleEvidence,
    finding::{Finding, FindingCode, Note},
    record::{ChainRecord, Recorded},
    words::{Happened, Refusing, Said, kind},
};
use crate::{
    chain_entries::{ADMISSION, ChainCommand, Ending, FIRST_RETURN, ITSELF, SETTLEMENT, request},
    escrow_event::{EscrowEvent, EscrowLog, LogPlace},
};

/// Compares the entries of a record with the logs of its escrow. What the escrow said before the record's latest position
/// must be there; only how the money is released in steps is said by another contract, which is not read here.
pub(super) fn compare_entries(
    record: &ChainRecord,
    offering: &Offering,
    evidence: &SaleEvidence,
) -> (Vec<Finding>, Vec<Note>) {
    let mut walk = Walk::new(record, evidence);
    let in_steps = !offering.terms().milestones.is_empty();
    for entry in &record.entries {
        if !in_steps || !matches!(entry.what, ChainCommand::Release { .. }) {
            walk.compare(entry);
        }
    }
    if in_steps {
        walk.pass_payment();
    }
    let second = offering.latest(LineIndex(0)).0 / 1_000;
    let notes = walk.look_for_missing(second);
    (walk.findings, notes)
}

/// Goes through the entries, and remembers what of the logs was met.
struct Walk<'a> {
    evidence: &'a SaleEvidence,
    /// The log and the part of it that each request stands for; those of returns and withdrawals name contributions and are not here.
    requests: BTreeMap<[u8; 16], (usize, u64)>,
    /// The log by which everything of an investor was returned.
    returns: BTreeMap<Address, usize>,
    /// The logs by which an investor took contributions back.
    withdrawals: BTreeMap<Address, Vec<usize>>,
    /// What of each return and of each withdrawal is in the record.
    returned: BTreeMap<usize, u128>,
    met: Vec<bool>,
    /// Behind the newest log that was met.
    end: usize,
    contributors: BTreeMap<Sequence, Address>,
    caps: BTreeMap<Address, Value>,
    findings: Vec<Finding>,
}

impl<'a> Walk<'a> {
    fn new(record: &ChainRecord, evidence: &'a SaleEvidence) -> Self {
        let mut requests = BTreeMap::new();
        let mut returns = BTreeMap::new();
        let mut withdrawals: BTreeMap<Address, Vec<usize>> = BTreeMap::new();
        let escrow: &EscrowAddress = &evidence.escrow;
        for (number, log) in evidence.logs.iter().enumerate() {
            for part in parts(&log.event) {
                requests.insert(request(escrow, &log.place, *part).0, (number, *part));
            }
            if let EscrowEvent::Returned { investor, .. } = log.event {
                returns.insert(investor, number);
            }
            if let EscrowEvent::Withdrawn(investor, _) = log.event {
                withdrawals.entry(investor).or_default().push(number);
            }
        }
        Self {
            evidence,
            requests,
            returns,
            withdrawals,
            returned: BTreeMap::new(),
            met: vec![false; evidence.logs.len()],
            end: 0,
            contributors: BTreeMap::new(),
            caps: record.admitted_before.clone(),
            findings: Vec::new(),
        }
    }

    fn compare(&mut self, entry: &Recorded) {
        if let ChainCommand::Contribute { investor, .. } = entry.what {
            self.contributors.insert(entry.sequence, investor);
        }
        let Some((number, part)) = self.log_of(entry) else {
            let finding = Finding::new(
                FindingCode::NotOnChain,
                kind(&entry.what),
                Said(&entry.what),
                "nothing of it",
            );
            self.findings.push(of_entry(finding, entry));
            return;
        };
        let Some(log) = self.evidence.logs.get(number) else {
            return;
        };
        if number + 1 < self.end {
            let before = self.evidence.logs.get(self.end - 1).map(|log| log.place);
            let record = before.map_or_else(String::new, |before| format!("after {before}"));
            self.find(
                entry,
                log,
                (FindingCode::OtherOrder, "order"),
                record,
                "before it",
            );
        }
        self.end = self.end.max(number + 1);
        if part != ADMISSION
            && part != SETTLEMENT
            && let Some(met) = self.met.get_mut(number)
        {
            *met = true;
        }
        self.compare_place(entry, log);
        self.compare_refusal(entry, log);
        self.compare_content(entry, (number, part), log);
    }

    /// The log that made an entry, by the request that follows from it.
    fn log_of(&self, entry: &Recorded) -> Option<(usize, u64)> {
        let id = entry.request?;
        let (contribution, numbers) = match entry.what {
            ChainCommand::Return(contribution, ..) => {
                let investor = self.contributors.get(&contribution)?;
                (
                    contribution,
                    std::slice::from_ref(self.returns.get(investor)?),
                )
            }
            ChainCommand::Withdraw(contribution, _) => {
                let investor = self.contributors.get(&contribution)?;
                (contribution, self.withdrawals.get(investor)?.as_slice())
            }
            ChainCommand::Admit(..)
            | ChainCommand::Contribute { .. }
            | ChainCommand::Bid { .. }
            | ChainCommand::Revoke(_)
            | ChainCommand::Pause
            | ChainCommand::Resume
            | ChainCommand::Cancel
            | ChainCommand::Settle(_)
            | ChainCommand::Distribute(..)
            | ChainCommand::PayRefund(..)
            | ChainCommand::Release { .. }
            | ChainCommand::Vest(..) => return self.requests.get(&id.0).copied(),
        };
        let part = FIRST_RETURN.checked_add(contribution.0)?;
        let made_by = |number: &&usize| {
            let log = self.evidence.logs.get(**number);
            log.is_some_and(|log| request(&self.evidence.escrow, &log.place, part) == id)
        };
        let number = numbers.iter().find(made_by)?;
        Some((*number, part))
    }

    fn compare_place(&mut self, entry: &Recorded, log: &EscrowLog) {
        let place = log.place;
        let expected = Position(place.timestamp.saturating_mul(1_000));
        if entry.position != expected {
            let what = (FindingCode::OtherPlace, "position in milliseconds");
            self.find(entry, log, what, entry.position, expected);
        }
        if !matches!(entry.what, ChainCommand::Contribute { .. }) {
            return;
        }
        let Some(seen) = entry.seen else {
            let what = (FindingCode::OtherPlace, "where it was seen");
            self.find(entry, log, what, "something unreadable", place);
            return;
        };
        if (seen.block, seen.index) != (place.block, place.index) {
            let what = (FindingCode::OtherPlace, "block and log");
            let record = format!("{}-{}", seen.block, seen.index);
            self.find(
                entry,
                log,
                what,
                record,
                format!("{}-{}", place.block, place.index),
            );
        }
        if (seen.transaction, seen.log) != (place.transaction, place.index) {
            let what = (FindingCode::OtherPlace, "transaction and log");
            let record = format!("{}:{}", seen.transaction, seen.log);
            let chain = format!("{}:{}", place.transaction, place.index);
            self.find(entry, log, what, record, chain);
        }
    }

    fn compare_refusal(&mut self, entry: &Recorded, log: &EscrowLog) {
        let refused = entry
            .refused
            .filter(|refusal| !entry.what.is_moot(*refusal));
        if let Some(refusal) = refused {
            let what = (FindingCode::Refused, kind(&entry.what));
            self.find(entry, log, what, Refusing(refusal), Happened(&log.event));
        }
    }

    fn compare_content(&mut self, entry: &Recorded, at: (usize, u64), log: &EscrowLog) {
        let (number, part) = at;
        match (entry.what, part, &log.event) {
            (
                ChainCommand::Admit(who, limit),
                ADMISSION,
                EscrowEvent::Contributed { investor, .. },
            ) => {
                self.same_investor(entry, log, who, *investor);
                self.caps.insert(who, limit);
            }
            (ChainCommand::Admit(who, limit), ADMISSION, EscrowEvent::Revoked(investor)) => {
                self.same_investor(entry, log, who, *investor);
                if limit != Value::ZERO {
                    let what = (FindingCode::OtherAdmission, "admitted for");
                    self.find(entry, log, what, limit, Value::ZERO);
                }
            }
            (
                ChainCommand::Contribute {
                    investor,
                    amount,
                    accepted,
                },
                ITSELF,
                EscrowEvent::Contributed {
                    investor: payer,
                    cap,
                    amount: paid,
                    accepted: taken,
                },
            ) => {
                self.same_investor(entry, log, investor, *payer);
                self.same_amount(entry, log, "paid", (amount, *paid));
                self.same_amount(entry, log, "accepted", (accepted, *taken));
                self.compare_cap(entry, log, *payer, *cap);
            }
            (ChainCommand::Revoke(who), ITSELF, EscrowEvent::Revoked(investor)) => {
                self.same_investor(entry, log, who, *investor);
            }
            (ChainCommand::Return(_, amount, why), _, EscrowEvent::Returned { reason, .. }) => {
                *self.returned.entry(number).or_insert(0) += amount.0;
                self.same_reason(entry, log, why, *reason);
            }
            (ChainCommand::Withdraw(_, amount), _, EscrowEvent::Withdrawn(..)) => {
                *self.returned.entry(number).or_insert(0) += amount.0;
            }
            (ChainCommand::Settle(ending), _, event) => {
                self.compare_ending(entry, log, ending, event)
            }
            (
                ChainCommand::Distribute(who, tokens),
                ITSELF,
                EscrowEvent::Claimed(investor, taken),
            ) => {
                self.same_investor(entry, log, who, *investor);
                if tokens != *taken {
                    let what = (FindingCode::OtherAmount, "tokens");
                    self.find(entry, log, what, tokens, *taken);
                }
            }
            (ChainCommand::PayRefund(who, _), ITSELF, EscrowEvent::Refunded(investor, _)) => {
                self.same_investor(entry, log, who, *investor);
            }
            (ChainCommand::Cancel, ITSELF, EscrowEvent::Cancelled)
            | (ChainCommand::Release { milestone: 0, .. }, ITSELF, EscrowEvent::Drawn(_)) => {}
            (ChainCommand::Pause, ITSELF, EscrowEvent::PausedUntil(until))
                if *until > log.place.timestamp => {}
            (ChainCommand::Resume, ITSELF, EscrowEvent::PausedUntil(until))
                if *until <= log.place.timestamp => {}
            (what, _, event) => {
                let code = (FindingCode::OtherCommand, "what happened");
                self.find(entry, log, code, Said(&what), Happened(event));
            }
        }
    }

    fn compare_ending(
        &mut self,
        entry: &Recorded,
        log: &EscrowLog,
        ending: Ending,
        event: &EscrowEvent,
    ) {
        match (ending, event) {
            (Ending::GivenUp, EscrowEvent::Refunded(..)) => {}
            (
                Ending::Succeeded { raised, sold, .. },
                EscrowEvent::Settled {
                    raised: money,
                    sold: tokens,
                },
            ) => {
                let slack = self.evidence.slack(self.inside_before(log.place));
                if !slack.covers((*money, *tokens), (raised, sold)) {
                    let record = format!("{raised} of money and {sold} tokens");
                    let chain = format!("{money} and {tokens}");
                    let what = (FindingCode::OtherEnding, "totals");
                    self.find(entry, log, what, record, chain);
                }
            }
            (ending, event) => {
                let what = (FindingCode::OtherEnding, "how it ended");
                self.find(
                    entry,
                    log,
                    what,
                    Said(&ChainCommand::Settle(ending)),
                    Happened(event),
                );
            }
        }
    }

    /// How many people had money in the sale before a log.
    fn inside_before(&self, place: LogPlace) -> u128 {
        let logs = self
            .evidence
            .logs
            .iter()
            .take_while(|log| log.place != place);
        let mut inside: BTreeMap<Address, u128> = BTreeMap::new();
        for log in logs {
            match log.event {
                EscrowEvent::Contributed {
                    investor, accepted, ..
                } => {
                    let sum = inside.entry(investor).or_default();
                    *sum = sum.saturating_add(accepted.0);
                }
                EscrowEvent::Returned { investor, .. } => {
                    inside.remove(&investor);
                }
                EscrowEvent::Withdrawn(investor, amount) => {
                    let sum = inside.entry(investor).or_default();
                    *sum = sum.saturating_sub(amount.0);
                }
                EscrowEvent::Revoked(_)
                | EscrowEvent::PausedUntil(_)
                | EscrowEvent::Cancelled
                | EscrowEvent::Settled { .. }
                | EscrowEvent::Drawn(_)
                | EscrowEvent::Claimed(..)
                | EscrowEvent::Refunded(..)
                | EscrowEvent::Root(_)
                | EscrowEvent::AfterSale(_)
                | EscrowEvent::Skipped => {}
            }
        }
        inside.values().filter(|sum| **sum > 0).count() as u128
    }

    /// An admission of the record counts until a larger one, as on the chain.
    fn compare_cap(&mut self, entry: &Recorded, log: &EscrowLog, investor: Address, cap: Value) {
        let known = self.caps.get(&investor).copied();
        if known != Some(cap) {
            let record = known.map_or_else(|| "nothing".to_owned(), |known| known.to_string());
            let what = (FindingCode::OtherAdmission, "admitted for");
            self.find(entry, log, what, record, cap);
        }
    }

    fn same_investor(
        &mut self,
        entry: &Recorded,
        log: &EscrowLog,
        record: Address,
        chain: Address,
    ) {
        if record != chain {
            let what = (FindingCode::OtherInvestor, "investor");
            self.find(entry, log, what, record, chain);
        }
    }

    fn same_amount(
        &mut self,
        entry: &Recorded,
        log: &EscrowLog,
        about: &'static str,
        (record, chain): (Amount, Amount),
    ) {
        if record != chain {
            self.find(entry, log, (FindingCode::OtherAmount, about), record, chain);
        }
    }

    fn same_reason(
        &mut self,
        entry: &Recorded,
        log: &EscrowLog,
        record: ReturnReason,
        chain: ReturnReason,
    ) {
        if record != chain {
            let what = (FindingCode::OtherCommand, "reason of a return");
            self.find(entry, log, what, record.name(), chain.name());
        }
    }

    fn find(
        &mut self,
        entry: &Recorded,
        log: &EscrowLog,
        (code, about): (FindingCode, &'static str),
        record: impl fmt::Display,
        chain: impl fmt::Display,
    ) {
        let finding = of_entry(Finding::new(code, about, record, chain), entry);
        self.findings.push(finding.at(log.place));
    }

    /// The payment to the contract that releases the money in steps is no entry: the beneficiary has nothing of it yet.
    fn pass_payment(&mut self) {
        for (met, log) in self.met.iter_mut().zip(&self.evidence.logs) {
            *met |= matches!(log.event, EscrowEvent::Drawn(_));
        }
    }

    /// Logs that no entry was made of. Those before the record's end are missing in it.
    fn look_for_missing(&mut self, second: u64) -> Vec<Note> {
        let mut later: Vec<&EscrowLog> = Vec::new();
        for (number, log) in self.evidence.logs.iter().enumerate() {
            if let Some((about, investor, amount)) = given_back(&log.event)
                && let Some(record) = self.returned.get(&number)
                && *record != amount.0
            {
                let finding = Finding::new(FindingCode::OtherAmount, about, record, amount);
                self.findings.push(finding.of(investor).at(log.place));
            }
            let met = self.met.get(number).copied().unwrap_or_default();
            if met || log.event == EscrowEvent::Skipped {
                continue;
            }
            if number < self.end || log.place.timestamp < second {
                let finding = Finding::new(
                    FindingCode::NotRecorded,
                    "an event of the escrow",
                    "nothing of it",
                    Happened(&log.event),
                );
                let finding = finding.at(log.place);
                self.findings.push(match investor_of(&log.event) {
                    Some(investor) => finding.of(investor),
                    None => finding,
                });
            } else {
                later.push(log);
            }
        }
        let is_money = |log: &&&EscrowLog| matches!(log.event, EscrowEvent::Contributed { .. });
        let note = later.first().map(|first| Note::NotInTheRecord {
            logs: later.len(),
            first: first.place,
            contributions: later.iter().filter(is_money).count(),
        });
        note.into_iter().collect()
    }
}

/// What a log gives back of several contributions together.
fn given_back(event: &EscrowEvent) -> Option<(&'static str, Address, Amount)> {
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

/// The parts of a log that make entries whose requests need no contribution's number.
fn parts(event: &EscrowEvent) -> &'static [u64] {
    match event {
        EscrowEvent::Contributed { .. } | EscrowEvent::Revoked(_) => &[ADMISSION, ITSELF],
        EscrowEvent::Refunded(..) => &[SETTLEMENT, ITSELF],
        EscrowEvent::PausedUntil(_)
        | EscrowEvent::Cancelled
        | EscrowEvent::Settled { .. }
        | EscrowEvent::Drawn(_)
        | EscrowEvent::Claimed(..) => &[ITSELF],
        EscrowEvent::Returned { .. }
        | EscrowEvent::Withdrawn(..)
        | EscrowEvent::Root(_)
        | EscrowEvent::AfterSale(_)
        | EscrowEvent::Skipped => &[],
    }
}

fn of_entry(finding: Finding, entry: &Recorded) -> Finding {
    let finding = finding.in_entry(entry.sequence);
    match entry.what {
        ChainCommand::Admit(investor, _)
        | ChainCommand::Contribute { investor, .. }
        | ChainCommand::Bid { investor, .. }
        | ChainCommand::Revoke(investor)
        | ChainCommand::Distribute(investor, _)
        | ChainCommand::PayRefund(investor, _) => finding.of(investor),
        ChainCommand::Return(..)
        | ChainCommand::Withdraw(..)
        | ChainCommand::Pause
        | ChainCommand::Resume
        | ChainCommand::Cancel
        | ChainCommand::Settle(_)
        | ChainCommand::Vest(..)
        | ChainCommand::Release { .. } => finding,
    }
}

fn investor_of(event: &EscrowEvent) -> Option<Address> {
    match event {
        EscrowEvent::Contributed { investor, .. }
        | EscrowEvent::Revoked(investor)
        | EscrowEvent::Returned { investor, .. }
        | EscrowEvent::Withdrawn(investor, _)
        | EscrowEvent::Claimed(investor, _)
        | EscrowEvent::Refunded(investor, _) => Some(*investor),
        EscrowEvent::PausedUntil(_)
        | EscrowEvent::Cancelled
        | EscrowEvent::Settled { .. }
        | EscrowEvent::Drawn(_)
        | EscrowEvent::Root(_)
        | EscrowEvent::AfterSale(_)
        | EscrowEvent::Skipped => None,
    }
}
