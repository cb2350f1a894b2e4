//! Whose turn it is to append to a log that several nodes write.
//!
//! The database gives a place to whoever asks first, and who was overtaken must read and apply what stands
//! there before the next try. In that time a node that needs no reading appends again, and so overtakes the
//! other for as long as it has something to say. So a node that appended to a shared log lets the others go
//! first: what came for it meanwhile makes one larger batch. Nobody relies on it: the order is the database's.

use std::time::Duration;

/// How long a log counts as shared after others appended to it.
const SHARED: Duration = Duration::from_millis(100);

/// What a writer knows of the others.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// Until then the log counts as shared, on the clock that nobody can set.
    shared: Duration,
    /// Whether the newest batch of a shared log is one's own.
    is_theirs: bool,
}

impl Turn {
    /// Others appended.
    pub(crate) fn others_wrote(&mut self, now: Duration) {
        self.shared = now + SHARED;
        self.is_theirs = false;
    }

    /// This node did.
    pub(crate) fn own_stands(&mut self, now: Duration) {
        self.is_theirs = now < self.shared;
    }

    /// Whether to wait for the others.
    pub(crate) fn is_theirs(&self) -> bool {
        self.is_theirs
    }

    /// They had their turn and said nothing: the log is one's own until they are heard of again.
    pub(crate) fn passes(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_log_is_the_others_after_an_own_batch() {
        let at = Duration::from_millis;
        let mut turn = Turn::default();
        turn.own_stands(at(1));
        assert!(!turn.is_theirs(), "nobody else was ever seen");
        turn.others_wrote(at(10));
        assert!(!turn.is_theirs());
        turn.own_stands(at(109));
        assert!(turn.is_theirs());
        turn.others_wrote(at(110));
        assert!(!turn.is_theirs(), "it is one's own again");
        turn.own_stands(at(210));
        assert!(!turn.is_theirs(), "they were silent for long");
        turn.others_wrote(at(300));
        turn.own_stands(at(301));
        assert!(turn.is_theirs());
        turn.passes();
        turn.own_stands(at(302));
        assert!(!turn.is_theirs(), "they had nothing to say");
    }
}
