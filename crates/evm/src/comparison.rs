//! A record beside its chain: whether every entry is what the escrow did, and every share what it gives.
//!
//! Nothing here asks anybody anything. In go the entries of a record ([`ChainRecord`]), the state that follows from
//! them, and what a chain says at one block ([`ContractEvidence`], [`SaleEvidence`]); out come differences
//! ([`Finding`]) and what is only worth saying ([`Note`]). The entries are not made again from the logs as the rail
//! makes them: each is compared with the log that it stands for, so that an error of the rail would show.
//!
//! Amounts are equal to the unit. Two totals of a sale that is shared out pro rata are bounds on the chain ([`Slack`]);
//! nobody's own share is.
//!
//! [`Slack`]: crate::Slack

mod contracts;
mod entries;
mod evidence;
mod finding;
mod money;
mod record;
mod words;

use softcap_offering::Offering;

pub use contracts::compare_contracts;
pub use evidence::{
    AccountView, Announced, ContractEvidence, Holdings, Refunds, SaleEvidence, SaleState,
};
pub use finding::{Finding, FindingCode, Held, Note};
pub use record::{ChainRecord, NamedEscrow};

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Differences; none where record and chain agree.
    pub findings: Vec<Finding>,
    /// What is no difference.
    pub notes: Vec<Note>,
}

/// Compares the entries of a record and the state after them with what happened on the chain.
#[must_use]
pub fn compare_sale(
    record: &ChainRecord,
    offering: &Offering,
    evidence: &SaleEvidence,
) -> Compared {
    let mut findings = record.findings.clone();
    let (of_entries, mut notes) = entries::compare_entries(record, offering, evidence);
    let (of_money, more) = money::compare_money(record, offering, evidence);
    findings.extend(of_entries);
    findings.extend(of_money);
    notes.extend(more);
    Compared { findings, notes }
}
