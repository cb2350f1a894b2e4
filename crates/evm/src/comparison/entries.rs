//! Every entry of the record beside the log that made it, in order, and every log beside its entry.

mod contents;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use alloy_primitives::Address;
use softcap_offering::{
    Amount, EscrowAddress, LineIndex, Offering, Position, RoundIndex, Sequence, Value,
};

use super::{
    finding::{Finding, FindingCode, Note},
    log_parts::{Needed, contributor, given_back, investor_of, parts},
    record::{ChainRecord, Recorded},
    words::{Happened, Refusing, Said, kind},
};
use crate::{
    chain_entries::{ChainCommand, FIRST_RETURN, Slack, request},
    escrow_event::{EscrowEvent, EscrowLog, LogPlace},
    root_entries::{KeptRefunds, decides_at_once, may_leave_out},
};

/// What an escrow said, and what was made together with it.
pub(super) struct SaleLogs<'a> {
    pub(super) escrow: &'a EscrowAddress,
    pub(super) logs: &'a [EscrowLog],
    /// How far the record's totals may be from those of a settlement on the chain, with so many people in the sale.
    pub(super) slack: &'a dyn Fn(u128) -> Slack,
}

/// Compares the entries of a record with the logs of its escrow. What was said before the record's latest position must be
/// there.
pub(super) fn compare_entries(
    record: &ChainRecord,
    offering: &Offering,
    said: &SaleLogs<'_>,
) -> (Vec<Finding>, Vec<Note>) {
    let mut walk = Walk::new(record, offering, said);
    for entry in &record.entries {
        if !walk.is_of_the_record(entry) {
            walk.compare(entry);
        }
    }
    let second = offering.latest(LineIndex(0)).0 / 1_000;
    let notes = walk.look_for_missing(second);
    (walk.findings, notes)
}

/// Goes through the entries, and remembers what of the logs was met.
struct Walk<'a> {
    offering: &'a Offering,
    said: &'a SaleLogs<'a>,
    /// The log and the part of it that each request stands for; those of returns and withdrawals name contributions and are not here.
    requests: BTreeMap<[u8; 16], (usize, u64)>,
    /// The log by which everything of an investor was returned.
    returns: BTreeMap<Address, usize>,
    /// The logs by which an investor took contributions back.
    withdrawals: BTreeMap<Address, Vec<usize>>,
    /// What of each return and of each withdrawal is in the record.
    returned: BTreeMap<usize, u128>,
    needed: Vec<Needed>,
    /// Behind the newest log that was met.
    end: usize,
    contributors: BTreeMap<Sequence, Address>,
    caps: BTreeMap<(RoundIndex, Address), Value>,
    /// Whose admission reserves an amount: it may be for more than the permit, which then bounds them.
    reserved_for: BTreeSet<Address>,
    findings: Vec<Finding>,
}

impl<'a> Walk<'a> {
    fn new(record: &ChainRecord, offering: &'a Offering, said: &'a SaleLogs<'a>) -> Self {
        let mut requests = BTreeMap::new();
        let mut returns = BTreeMap::new();
        let mut withdrawals: BTreeMap<Address, Vec<usize>> = BTreeMap::new();
        let kept = KeptRefunds::of(said.logs);
        let mut needed = Vec::with_capacity(said.logs.len());
        for (number, log) in said.logs.iter().enumerate() {
            for part in parts(&log.event, offering.terms()) {
                requests.insert(request(said.escrow, &log.place, part).0, (number, part));
            }
            needed.push(Needed::by(log, offering, &kept));
            if let EscrowEvent::Returned { investor, .. } = log.event {
                returns.insert(investor, number);
            }
            if let EscrowEvent::Withdrawn(investor, _) = log.event {
                withdrawals.entry(investor).or_default().push(number);
            }
        }
        Self {
            offering,
            said,
            requests,
            returns,
            withdrawals,
            returned: BTreeMap::new(),
            needed,
            end: 0,
            contributors: BTreeMap::new(),
            caps: record.admitted_before.clone(),
            reserved_for: record.reserved_for.clone(),
            findings: Vec::new(),
        }
    }

    /// Where the outcome is a root, the record is settled by itself, and no log says so; unless it was given up, which the
    /// first refund shows. A settlement that came too early would refuse what came in later.
    fn is_of_the_record(&self, entry: &Recorded) -> bool {
        let by_root = self.offering.terms().root.is_some();
        let settles = matches!(entry.what, ChainCommand::Settle(_));
        by_root && settles && self.log_of(entry).is_none()
    }

    fn compare(&mut self, entry: &Recorded) {
        if let ChainCommand::Contribute { investor, .. } | ChainCommand::Bid { investor, .. } =
            entry.what
        {
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
        let Some(log) = self.said.logs.get(number) else {
            return;
        };
        if number + 1 < self.end {
            let before = self.said.logs.get(self.end - 1).map(|log| log.place);
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
        if let Some(needed) = self.needed.get_mut(number) {
            needed.meet(part);
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
            | ChainCommand::Revoke(..)
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
            let log = self.said.logs.get(**number);
            log.is_some_and(|log| request(self.said.escrow, &log.place, part) == id)
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
        if !matches!(
            entry.what,
            ChainCommand::Contribute { .. } | ChainCommand::Bid { .. }
        ) {
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
            .filter(|refusal| !entry.what.is_moot(*refusal))
            .filter(|refusal| !may_leave_out(self.offering, *refusal));
        if let Some(refusal) = refused {
            let what = (FindingCode::Refused, kind(&entry.what));
            self.find(entry, log, what, Refusing(refusal), Happened(&log.event));
        }
    }

    /// How many people had money in the sale before a log.
    fn inside_before(&self, place: LogPlace) -> u128 {
        let logs = self.said.logs.iter();
        let logs = logs.take_while(|log| log.place != place);
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

    /// Whether so much of contributions in the record is all that a log gives back. What there was no room for goes back with it,
    /// and has no entry.
    fn is_returned_whole(&self, record: u128, amount: Amount) -> bool {
        record == amount.0 || (record < amount.0 && decides_at_once(self.offering))
    }

    /// Logs that no entry was made of. Those before the record's end are missing in it.
    fn look_for_missing(&mut self, second: u64) -> Vec<Note> {
        let mut later: Vec<&EscrowLog> = Vec::new();
        for (number, log) in self.said.logs.iter().enumerate() {
            if let Some((about, investor, amount)) = given_back(&log.event)
                && let Some(record) = self.returned.get(&number)
                && !self.is_returned_whole(*record, amount)
            {
                let finding = Finding::new(FindingCode::OtherAmount, about, record, amount);
                self.findings.push(finding.of(investor).at(log.place));
            }
            let needed = self.needed.get(number).copied().unwrap_or_default();
            if !needed.is_open() {
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
        let is_money = |log: &&&EscrowLog| contributor(&log.event).is_some();
        let note = later.first().map(|first| Note::NotInTheRecord {
            logs: later.len(),
            first: first.place,
            contributions: later.iter().filter(is_money).count(),
        });
        note.into_iter().collect()
    }
}

fn of_entry(finding: Finding, entry: &Recorded) -> Finding {
    let finding = finding.in_entry(entry.sequence);
    match entry.what {
        ChainCommand::Admit(_, investor, _)
        | ChainCommand::Contribute { investor, .. }
        | ChainCommand::Bid { investor, .. }
        | ChainCommand::Revoke(_, investor)
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
