//! The references (`contribution_id`) of all contributions, in the order of their entries.
//!
//! The state machine does not keep them; the table of contributions needs them after settlement.
//! One byte and the text each: 10 million take about 200 MB.

use softcap_offering::{Command, Offering};

use crate::entry::TEXT_MAX;

/// References in order.
#[derive(Clone, Debug, Default)]
pub struct References {
    /// Each as a length byte and its ASCII text.
    packed: Vec<u8>,
    count: usize,
}

impl References {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds the reference of an entry that made a contribution; other entries make none. Call it for
    /// every entry in order, right after the offering applied it.
    pub fn note(&mut self, offering: &Offering, command: &Command<'_>) {
        // Whether a refused contribution has a row is the state machine's decision (none after
        // settlement), so that the count of rows is asked and not the outcome.
        if offering.contribution_count() > self.count {
            self.push(reference_of(command).unwrap_or_default());
        }
    }

    /// An entry holds at most [`TEXT_MAX`] ASCII bytes of reference; what is longer has no entry.
    fn push(&mut self, reference: &str) {
        let text = &reference.as_bytes()[..reference.len().min(TEXT_MAX)];
        self.packed.push(text.len() as u8);
        self.packed.extend_from_slice(text);
        self.count += 1;
    }

    /// All of them in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let mut rest = self.packed.as_slice();
        std::iter::from_fn(move || {
            let (length, after) = rest.split_first()?;
            let (text, after) = after.split_at_checked(usize::from(*length))?;
            rest = after;
            // Entries hold ASCII only, so that this is never the other way.
            Some(std::str::from_utf8(text).unwrap_or_default())
        })
    }
}

/// The reference of a command that brings money.
pub(crate) fn reference_of<'a>(command: &Command<'a>) -> Option<&'a str> {
    match command {
        Command::Contribute(contribute) => Some(contribute.reference),
        Command::Commit { reference, .. } => Some(reference),
        Command::Announce { .. }
        | Command::Admit(_)
        | Command::Revoke { .. }
        | Command::Rate { .. }
        | Command::Reveal { .. }
        | Command::Withdraw { .. }
        | Command::Return { .. }
        | Command::Pause
        | Command::Resume
        | Command::Seed { .. }
        | Command::Document { .. }
        | Command::Close { .. }
        | Command::Cancel
        | Command::Tick
        | Command::Settle
        | Command::Publish { .. }
        | Command::Distribute { .. }
        | Command::PayRefund { .. }
        | Command::Vest { .. }
        | Command::Release { .. }
        | Command::Fund { .. }
        | Command::TakeBack { .. }
        | Command::Escrow(_) => None,
    }
}
