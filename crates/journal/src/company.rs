//! Whether other nodes write a log too, and what a writer does differently then.
//!
//! Each node appends where the log ends by then, and reads what came before its batch afterwards. While one of
//! them commits, the other answers its clients and collects the next batch, so that the nodes take turns without
//! agreeing on it: the database gives its places to who waits.

use std::time::Duration;

use crate::tree_head::UNREAD;

/// How long a log counts as shared after others appended to it.
const SHARED: Duration = Duration::from_millis(100);

/// What a writer knows of the others.
#[derive(Debug, Default)]
pub(crate) struct Company {
    /// Until then the log counts as shared, on the clock that nobody can set.
    until: Duration,
}

impl Company {
    /// Most entries of a batch of a shared log: two such batches leave a third node few enough to read that it
    /// may append first and read afterwards.
    pub(crate) const BATCH_ENTRIES: usize = UNREAD as usize / 2;

    /// Others appended.
    pub(crate) fn wrote(&mut self, now: Duration) {
        self.until = now + SHARED;
    }

    /// Whether they may do so again any moment.
    pub(crate) fn is_here(&self, now: Duration) -> bool {
        now < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_shared_for_a_while_after_others_wrote() {
        let at = Duration::from_millis;
        let mut company = Company::default();
        assert!(!company.is_here(at(1)), "nobody else was ever seen");
        company.wrote(at(10));
        assert!(company.is_here(at(109)));
        assert!(!company.is_here(at(110)));
    }
}
