//! A rehearsal for who has no server: played at once, and told in sentences.

use std::{fmt, sync::Arc, sync::atomic::AtomicU32};

use softcap_offering::terms::Terms;

use super::{Crowd, Fault, Plan, SaleEnding, SaleReport, Venue, play::play};

/// A sale that was rehearsed.
#[derive(Clone, Debug)]
pub struct PlayedSale {
    report: SaleReport,
}

/// Plays what a server would play before it announces these terms; `None` for terms that cannot be rehearsed. It takes seconds.
#[must_use]
pub fn rehearse(terms: &Arc<Terms>) -> Option<Vec<PlayedSale>> {
    let plan = Plan::of(terms)?;
    let reports = play(terms, plan, &AtomicU32::new(0)).into_iter();
    Some(reports.map(|report| PlayedSale { report }).collect())
}

impl PlayedSale {
    /// What went wrong, a sentence each; none where it passed.
    pub fn faults(&self) -> impl Iterator<Item = String> + '_ {
        self.report.faults.iter().map(ToString::to_string)
    }

    /// All that is known of it.
    #[must_use]
    pub fn value(&self) -> serde_json::Value {
        serde_json::to_value(&self.report).unwrap_or_default()
    }
}

impl fmt::Display for PlayedSale {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = &self.report;
        let venue = match report.venue {
            Venue::Engine => "on the engine",
            Venue::Chain => "on a chain",
        };
        let crowd = match report.crowd {
            Crowd::Many => "more comes than fits",
            Crowd::TooFew => "half of the soft cap comes",
        };
        let ending = match report.ending {
            SaleEnding::Succeeded => "succeeded",
            SaleEnding::Failed => "failed, and all money went back",
            SaleEnding::Cancelled => "cancelled",
            SaleEnding::Expired => "expired",
            SaleEnding::NotSettled => "not settled",
        };
        let (people, contributions) = (report.people, report.contributions);
        write!(
            out,
            "{venue}, {crowd}: {people} people, {contributions} contributions, {ending}"
        )
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invariant(what) => write!(out, "something that must always hold did not: {what}"),
            Self::NotSettled => out.write_str("it cannot be settled"),
            Self::OtherEnding => out.write_str(
                "it does not end as it should: a crowd must reach the soft cap, and too few must all get their money back",
            ),
            Self::MoneyMissing => {
                out.write_str("not all money goes back, though the sale failed")
            }
            Self::Unfinished(phase) => write!(out, "something is left to do at the end: {phase}"),
            Self::OtherReplay => {
                out.write_str("the record gives another result when it is read again")
            }
            Self::NoContract(reasons) => {
                write!(out, "no contract keeps these terms: {}", reasons.join("; "))
            }
            Self::Chain(what) => write!(out, "the chain did not do what the terms promise: {what}"),
            Self::Differs(all) => {
                write!(out, "the record and the chain differ: {}", all.join("; "))
            }
        }
    }
}
