//! When it pays to wait a moment before a batch is appended, because more entries are on their way.
//!
//! A commit costs some hundred microseconds of processor whatever it holds. Clients that send their next
//! request when they have the answer to the last one are at any time in one of three places: in the batch
//! on its way to the disk, in the one that is being answered, or in the queue. Left alone the three stay
//! equal, and every batch holds a third of the clients. Waiting until half of them are queued makes two
//! places of three, and a third fewer commits. Who is alone never waits: half of three batches of one
//! entry is one. And nobody waits for who does not come: where looks at the queue find nothing new, waiting ends
//! ([`Patience`]). PostgreSQL's `commit_delay` is the same idea with a fixed time.

use std::time::Duration;

/// How many batches hold everybody who is about.
const BATCHES: usize = 3;
/// A commit of so many entries costs little for each of them: nobody waits for more.
const ENOUGH: usize = 32;
/// Who was in a batch longer ago is not expected any more.
const RECENT: Duration = Duration::from_millis(5);

/// How long to wait for those who are expected: much less than anybody notices.
///
/// Between two looks at the queue everybody whose request is here has a turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// The longest wait.
    pub(crate) longest: Duration,
    /// How many looks in a row may find nobody new; the next one is the last.
    pub(crate) vain: u32,
}

impl Patience {
    /// Of the one writer of an embedded database: meanwhile the disk waits.
    pub(crate) const EMBEDDED: Self = Self {
        longest: Duration::from_micros(300),
        vain: 0,
    };
    /// Of the one writer of a log in a database of its own processes, whose commits cost several times as much.
    pub(crate) const SERVER: Self = Self {
        longest: Duration::from_micros(300),
        vain: 19,
    };
    /// Where other nodes commit meanwhile: a batch that went to the database earlier would wait there, and grow no more.
    pub(crate) const SHARED: Self = Self {
        longest: Duration::from_micros(1200),
        vain: 39,
    };
}

/// Looks at the queue while more are waited for.
#[derive(Debug)]
pub(crate) struct Looks {
    queued: usize,
    /// How many in a row found nobody new.
    vain: u32,
}

impl Looks {
    /// So many were there at the first one.
    pub(crate) fn at(queued: usize) -> Self {
        Self { queued, vain: 0 }
    }

    /// How many were there at the last one.
    pub(crate) fn queued(&self) -> usize {
        self.queued
    }

    /// So many are there now; whether another look may find more.
    pub(crate) fn go_on(&mut self, queued: usize, patience: Patience) -> bool {
        self.vain = if queued == self.queued {
            self.vain + 1
        } else {
            0
        };
        self.queued = queued;
        self.vain <= patience.vain
    }
}

/// How many entries came lately.
#[derive(Debug, Default)]
pub(crate) struct Gathering {
    counts: [usize; BATCHES],
    newest: Duration,
}

impl Gathering {
    /// How many entries a batch should have, if they come in time.
    pub(crate) fn expected(&self, now: Duration) -> usize {
        if now.saturating_sub(self.newest) > RECENT {
            return 1;
        }
        (self.counts.iter().sum::<usize>() / 2).min(ENOUGH)
    }

    /// A batch of so many entries goes to the disk.
    pub(crate) fn goes(&mut self, count: usize, now: Duration) {
        if now.saturating_sub(self.newest) > RECENT {
            self.counts = [0; BATCHES];
        }
        self.counts.rotate_left(1);
        self.counts[BATCHES - 1] = count;
        self.newest = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_those_who_were_in_the_last_three_batches_are_waited_for() {
        let at = Duration::from_millis;
        let mut gathering = Gathering::default();
        assert_eq!(gathering.expected(at(1000)), 1, "nobody was there");
        for (count, expected) in [(8, 4), (8, 8), (9, 12), (16, 16), (20, 22), (40, 32)] {
            gathering.goes(count, at(1001));
            assert_eq!(gathering.expected(at(1001)), expected);
        }
        assert_eq!(gathering.expected(at(1006)), 32);
        assert_eq!(gathering.expected(at(1007)), 1, "that was long ago");
        gathering.goes(4, at(1007));
        assert_eq!(
            gathering.expected(at(1007)),
            2,
            "the others are not counted again"
        );
    }

    #[test]
    fn looks_end_where_too_many_in_a_row_find_nobody_new() {
        let patience = Patience {
            longest: Duration::from_secs(1),
            vain: 2,
        };
        let mut looks = Looks::at(3);
        for (queued, expected) in [
            (3, true),
            (3, true),
            (4, true),
            (4, true),
            (4, true),
            (4, false),
        ] {
            assert_eq!(looks.go_on(queued, patience), expected, "{queued}");
            assert_eq!(looks.queued(), queued);
        }
        let mut looks = Looks::at(3);
        assert!(!looks.go_on(3, Patience::EMBEDDED), "the disk waits");
        assert!(Looks::at(3).go_on(4, Patience::EMBEDDED));
    }

    #[test]
    fn who_is_alone_never_waits() {
        let mut gathering = Gathering::default();
        for millis in 1..10 {
            gathering.goes(1, Duration::from_millis(millis));
            assert!(gathering.expected(Duration::from_millis(millis)) <= 1);
        }
    }
}
