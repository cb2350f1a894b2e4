//! What was released and handed over after a sale, by events and by the contracts' own word, beside what the terms allow.

use alloy_primitives::{Address, U256};
use softcap_offering::{BasisPoints, Offering};

use super::{
    evidence::{MilestonesView, SaleEvidence, VestingView},
    finding::{Finding, FindingCode, Note},
};
use crate::{
    after_sale_event::AfterSaleEvent,
    escrow_event::{EscrowEvent, EscrowLog},
    numbers::{self, ReleaseNumbers, ShareNumbers, VestingNumbers},
    releases::Stopped,
};

/// Compares milestones and shares that vest with the terms of the offering.
pub(super) fn compare_after_sale(
    offering: &Offering,
    evidence: &SaleEvidence,
) -> (Vec<Finding>, Vec<Note>) {
    let (mut findings, mut notes) = (Vec::new(), Vec::new());
    // Terms that no contract keeps were named before anything was read.
    let Ok(numbers) = numbers::read(offering.terms()) else {
        return (findings, notes);
    };
    if let (Some(view), Some(release)) = (&evidence.after_sale.milestones, &numbers.release) {
        let mut steps = Steps::new(view, release, evidence);
        for log in logs_of(evidence, view.contract) {
            steps.take(log);
        }
        steps.compare_state();
        findings.extend(steps.findings);
        if view.releases.stopped == Stopped::Yes {
            let milestone = view.releases.released;
            notes.push(Note::Stopped { milestone });
        }
    }
    for (place, view) in &evidence.after_sale.vestings {
        let share = numbers.shares.get(usize::from(*place));
        let vesting = share.and_then(|share| Some((share, share.vesting?)));
        if let Some((share, vesting)) = vesting {
            findings.extend(compare_share(evidence, view, (share, vesting)));
        }
    }
    (findings, notes)
}

/// What a contract said, with the events of after the sale alone.
fn logs_of(
    evidence: &SaleEvidence,
    contract: Address,
) -> impl Iterator<Item = (&EscrowLog, &AfterSaleEvent)> {
    let said = evidence.logs.iter();
    let said = said.filter(move |log| log.place.contract == contract);
    said.filter_map(|log| {
        if let EscrowEvent::AfterSale(event) = &log.event {
            Some((log, event))
        } else {
            None
        }
    })
}

/// Whether time counts since when an event said so.
fn same_beginning(events: u64, state: u64) -> Option<Finding> {
    let about = "second from which time counts";
    (events != state).then(|| Finding::new(FindingCode::OtherState, about, events, state))
}

/// The milestones as their events go on.
struct Steps<'a> {
    view: &'a MilestonesView,
    release: &'a ReleaseNumbers,
    /// Accepted money, of which the share of objections is counted.
    raised: U256,
    begun: u64,
    next: u8,
    until: u64,
    objections: u128,
    stopped: Stopped,
    released: U256,
    given_back: U256,
    findings: Vec<Finding>,
}

impl<'a> Steps<'a> {
    fn new(view: &'a MilestonesView, release: &'a ReleaseNumbers, evidence: &SaleEvidence) -> Self {
        Self {
            view,
            release,
            raised: U256::from(evidence.state.raised),
            begun: 0,
            next: 0,
            until: 0,
            objections: 0,
            stopped: Stopped::No,
            released: U256::ZERO,
            given_back: U256::ZERO,
            findings: Vec::new(),
        }
    }

    fn take(&mut self, (log, event): (&EscrowLog, &AfterSaleEvent)) {
        match *event {
            AfterSaleEvent::Begun => self.begun = log.place.timestamp,
            AfterSaleEvent::Announced {
                milestone,
                objections_until,
            } => self.announced(log, (milestone, objections_until)),
            AfterSaleEvent::Objected { accepted, .. } => {
                self.objections = self.objections.saturating_add(accepted.0);
            }
            AfterSaleEvent::Stopped { .. } => {
                if !self.is_enough() {
                    let least = self.raised * self.release.stop_share / whole();
                    let objections = self.objections;
                    self.too_much(
                        log,
                        "objections that stop",
                        format!("{least} and more"),
                        objections,
                    );
                }
                self.stopped = Stopped::Yes;
            }
            AfterSaleEvent::Released { milestone, amount } => {
                self.release(log, milestone, U256::from(amount.0));
            }
            AfterSaleEvent::GivenBack { amount, .. } => {
                self.given_back += U256::from(amount.0);
                let left = self.left();
                if self.given_back > left {
                    let back = self.given_back;
                    self.too_much(log, "money for tokens that were given back", left, back);
                }
            }
            AfterSaleEvent::Vested { .. } => {}
        }
    }

    fn announced(&mut self, log: &EscrowLog, (milestone, until): (u8, u64)) {
        let at = U256::from(log.place.timestamp);
        let step = self.release.milestones.get(usize::from(milestone));
        let earliest = step.map(|(_, earliest)| U256::from(self.begun) + *earliest);
        match earliest {
            Some(earliest) if self.next == milestone => {
                if at < earliest {
                    let record = format!("second {earliest}");
                    self.too_much(log, "announcement of a milestone", record, at);
                }
            }
            Some(_) | None => {
                let record = format!("milestone {}", self.next);
                self.too_much(log, "announcement of a milestone", record, milestone);
            }
        }
        let window = at + self.release.objection_window;
        if U256::from(until) < window {
            self.too_much(log, "end of objections", window, until);
        }
        self.until = until;
        self.objections = 0;
    }

    fn release(&mut self, log: &EscrowLog, milestone: u8, amount: U256) {
        let is_in_time = self.until != 0 && log.place.timestamp >= self.until;
        let is_possible = self.stopped == Stopped::No && !self.is_enough();
        if milestone != self.next || !is_in_time || !is_possible {
            let record = match self.until {
                0 => format!("milestone {} once it is announced", self.next),
                until => format!(
                    "milestone {} from second {until} on, with objections below the share",
                    self.next
                ),
            };
            let second = log.place.timestamp;
            let chain = format!("milestone {milestone} at second {second}");
            self.too_much(log, "release of a milestone", record, chain);
        }
        self.next = milestone.saturating_add(1);
        self.until = 0;
        self.released += amount;
        let parts = self.release.milestones.iter().take(usize::from(self.next));
        let parts = parts.fold(U256::ZERO, |sum, (part, _)| sum + *part);
        let due = U256::from(self.view.releases.total) * parts / whole();
        if self.released > due {
            let released = self.released;
            self.too_much(log, "money released", due, released);
        }
    }

    /// Whether objections reach the share that stops.
    fn is_enough(&self) -> bool {
        let objections = U256::from(self.objections);
        !objections.is_zero() && objections * whole() >= self.raised * self.release.stop_share
    }

    /// Paid in and not released.
    fn left(&self) -> U256 {
        U256::from(self.view.releases.total).saturating_sub(self.released)
    }

    fn compare_state(&mut self) {
        let view = self.view;
        self.findings.extend(same_beginning(self.begun, view.begun));
        let stopped = |stopped: Stopped| match stopped {
            Stopped::Yes => "stopped",
            Stopped::No => "possible",
        };
        let releases = view.releases;
        let compared = [
            (
                "milestones released",
                self.next.to_string(),
                releases.released.to_string(),
            ),
            (
                "further releases",
                stopped(self.stopped).to_owned(),
                stopped(releases.stopped).to_owned(),
            ),
            (
                "end of objections",
                self.until.to_string(),
                releases.objections_until.unwrap_or_default().to_string(),
            ),
        ];
        let other = compared
            .into_iter()
            .filter(|(_, events, state)| events != state);
        let other = other.map(|(about, events, state)| {
            Finding::new(FindingCode::OtherState, about, events, state)
        });
        self.findings.extend(other);
        // Of a milestone that is over the contract keeps the sum until the next one is announced.
        if self.until != 0 && self.objections != releases.objections {
            let (events, state) = (self.objections, releases.objections);
            let finding = Finding::new(FindingCode::OtherState, "objections", events, state);
            self.findings.push(finding);
        }
        let total = U256::from(releases.total);
        if total > self.raised {
            let about = "money paid in for milestones";
            let finding = Finding::new(FindingCode::TooMuch, about, self.raised, total);
            self.findings.push(finding);
        }
        let owed = self.left().saturating_sub(self.given_back);
        if view.held < owed {
            let about = "money of the milestone contract";
            let finding = Finding::new(FindingCode::TooLittle, about, owed, view.held);
            self.findings.push(finding);
        }
    }

    fn too_much(
        &mut self,
        log: &EscrowLog,
        about: &'static str,
        allowed: impl std::fmt::Display,
        chain: impl std::fmt::Display,
    ) {
        let finding = Finding::new(FindingCode::TooMuch, about, allowed, chain);
        self.findings.push(finding.at(log.place));
    }
}

/// Basis points of the whole.
fn whole() -> U256 {
    U256::from(BasisPoints::WHOLE.0)
}

fn compare_share(
    evidence: &SaleEvidence,
    view: &VestingView,
    (share, vesting): (&ShareNumbers, VestingNumbers),
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mut begun, mut given) = (0, U256::ZERO);
    for (log, event) in logs_of(evidence, view.contract) {
        match event {
            AfterSaleEvent::Begun => begun = log.place.timestamp,
            AfterSaleEvent::Vested { tokens, .. } => {
                given += U256::from(tokens.0);
                let elapsed = log.place.timestamp.saturating_sub(begun);
                let free = free(share.amount, vesting, U256::from(elapsed));
                if begun == 0 || given > free {
                    let about = "tokens of a share handed over";
                    let finding = Finding::new(FindingCode::TooMuch, about, free, given);
                    findings.push(finding.at(log.place));
                }
            }
            AfterSaleEvent::Announced { .. }
            | AfterSaleEvent::Objected { .. }
            | AfterSaleEvent::Stopped { .. }
            | AfterSaleEvent::Released { .. }
            | AfterSaleEvent::GivenBack { .. } => {}
        }
    }
    findings.extend(same_beginning(begun, view.begun));
    if given != view.given {
        let about = "tokens of a share handed over";
        findings.push(Finding::new(
            FindingCode::OtherState,
            about,
            given,
            view.given,
        ));
    }
    let owed = share.amount.saturating_sub(given);
    if view.held < owed {
        let about = "tokens of a vesting contract";
        findings.push(Finding::new(FindingCode::TooLittle, about, owed, view.held));
    }
    findings
}

/// Tokens of a share that are free after so many seconds: the numbers of docs/terms.md.
fn free(whole: U256, vesting: VestingNumbers, elapsed: U256) -> U256 {
    let VestingNumbers { cliff, duration } = vesting;
    if elapsed < cliff {
        U256::ZERO
    } else if elapsed >= duration {
        whole
    } else {
        whole.saturating_mul(elapsed) / duration
    }
}
