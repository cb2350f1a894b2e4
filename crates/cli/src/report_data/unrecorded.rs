//! Refused contributions that have no row: those from accounts, because none of their money moved.

use std::collections::BTreeMap;

use softcap_offering::{Command, Contribute, Funding, Outcome, Refusal};

/// How many there were, by refusal. Only the log of a server has any.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnrecordedRefusals(BTreeMap<Refusal, u64>);

impl UnrecordedRefusals {
    /// Notes what an entry did.
    pub(crate) fn observe(&mut self, command: &Command<'_>, outcome: &Outcome) {
        let from_account = matches!(
            command,
            Command::Contribute(Contribute {
                funding: Funding::Account,
                ..
            }) | Command::Commit {
                funding: Funding::Account,
                ..
            }
        );
        if let (true, Outcome::Refused(refusal)) = (from_account, outcome) {
            *self.0.entry(*refusal).or_default() += 1;
        }
    }

    /// All of them together.
    pub(super) fn total(&self) -> u64 {
        self.0.values().sum()
    }

    pub(super) fn by_refusal(&self) -> impl Iterator<Item = (Refusal, u64)> + '_ {
        self.0.iter().map(|(refusal, count)| (*refusal, *count))
    }
}
