//! A record beside its chain: whether every entry is what the escrow did, and every share what it gives.
//!
//! Nothing here asks anybody anything. In go the entries of a record ([`ChainRecord`]), the state that follows from
//! them, and what a chain says at one block ([`ContractEvidence`], then [`SaleEvidence`] or, where the outcome is a root,
//! [`RootSaleEvidence`]); out come differences ([`Finding`]) and what is only worth saying ([`Note`]). The entries are not
//! made again from the logs as the rail makes them: each is compared with the log that it stands for, so that an error of
//! the rail would show.
//!
//! Amounts are equal to the unit. Two totals of a sale that is shared out pro rata are bounds on the chain ([`Slack`]);
//! nobody's own share is.

mod after_sale;
mod after_sale_contracts;
mod contracts;
mod entries;
mod evidence;
mod finding;
mod log_parts;
mod money;
mod record;
mod root_money;
mod root_sums;
mod words;

use softcap_offering::Offering;

pub use contracts::{ComparedContracts, OwnContracts, compare_contracts};
pub use evidence::{
    AccountView, AfterSaleContract, AfterSaleEvidence, AfterSaleRole, Announced, ContractEvidence,
    Holdings, MilestonesView, Refunds, RootSaleEvidence, SaleEvidence, SaleState, VestingView,
};
pub use finding::{Finding, FindingCode, Held, Note};
pub(crate) use log_parts::contributor;
pub use record::{ChainRecord, NamedEscrow};

use crate::chain_entries::Slack;
use entries::SaleLogs;

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Differences; none where record and chain agree.
    pub findings: Vec<Finding>,
    /// What is no difference.
    pub notes: Vec<Note>,
}

impl Compared {
    fn add(&mut self, (findings, notes): (Vec<Finding>, Vec<Note>)) {
        self.findings.extend(findings);
        self.notes.extend(notes);
    }
}

/// Compares the entries of a record and the state after them with what happened on the chain.
#[must_use]
pub fn compare_sale(
    record: &ChainRecord,
    offering: &Offering,
    evidence: &SaleEvidence,
) -> Compared {
    let mut compared = Compared {
        findings: record.findings.clone(),
        notes: Vec::new(),
    };
    let said = SaleLogs {
        escrow: &evidence.escrow,
        logs: &evidence.logs,
        slack: &|investors| evidence.slack(investors),
    };
    compared.add(entries::compare_entries(record, offering, &said));
    compared.add(money::compare_money(record, offering, evidence));
    compared.add(after_sale::compare_after_sale(offering, evidence));
    compared
}

/// The same of a sale whose outcome is a root.
#[must_use]
pub fn compare_root_sale(
    record: &ChainRecord,
    offering: &Offering,
    evidence: &RootSaleEvidence,
) -> Compared {
    let mut compared = Compared {
        findings: record.findings.clone(),
        notes: Vec::new(),
    };
    let said = SaleLogs {
        escrow: &evidence.escrow,
        logs: &evidence.logs,
        slack: &|_| Slack::default(),
    };
    compared.add(entries::compare_entries(record, offering, &said));
    compared.add(root_money::compare_root_money(record, offering, evidence));
    compared
}
