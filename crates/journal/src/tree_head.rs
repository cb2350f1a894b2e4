//! What a row of the record says of the tree: a head that it had shortly before.
//!
//! A batch goes to the disk while the one before it is still being applied, and on a node that has not read yet
//! what others wrote in between, so that the newest root may not be known. A row therefore names the head at which
//! its own batch or one of the [`STARTS`] before it began. A writer names the newest head that it knows: where one
//! node writes, that is a batch old at most, so that a change shows within two batches.

use std::{collections::VecDeque, ops::Range};

/// Most entries of other nodes that may stand between what a writer has read and the batch that it appends. Who is
/// behind by more reads first.
pub(crate) const UNREAD: u32 = 256;
/// How old the head may be that a row names, in batches: what stood unread before two batches of one writer, if
/// each entry of it was a batch, and these two.
const STARTS: usize = 2 * UNREAD as usize + 2;

/// A tree: how many entries, and its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// Entries.
    pub size: u64,
    /// RFC 6962 root over them.
    pub root: [u8; 32],
}

/// What the rows so far say of the tree, as far as this process applied them.
#[derive(Clone, Debug, Default)]
pub(crate) struct BatchStarts {
    /// The heads at which the newest batches began, oldest first.
    newest: VecDeque<TreeHead>,
    /// Entries of the largest head that a row named.
    named: u64,
}

impl BatchStarts {
    /// Another batch was applied; it began there, and its row named that head.
    pub(crate) fn began(&mut self, start: TreeHead, named: TreeHead) {
        if self.newest.len() == STARTS {
            self.newest.pop_front();
        }
        self.newest.push_back(start);
        self.named = self.named.max(named.size);
    }

    /// Whether the next row may name a head, when the tree is at `now`. A snapshot has no older heads than its
    /// own: rows after one are believed when they name such a head, until a writer must know newer ones.
    pub(crate) fn is_right(&self, named: TreeHead, now: TreeHead) -> bool {
        if named.size == now.size {
            return named == now;
        }
        let Some(oldest) = self.newest.front() else {
            return named.size < now.size;
        };
        if named.size < oldest.size {
            return self.newest.len() < STARTS;
        }
        let found = self
            .newest
            .binary_search_by_key(&named.size, |start| start.size);
        found.is_ok_and(|place| self.newest.get(place) == Some(&named))
    }

    /// The entries among which a change must be when the next row names another root than there is: those
    /// over which no row named a root yet. `None` where there are none that this process applied.
    pub(crate) fn changed(&self, wrong: TreeHead) -> Option<Range<u64>> {
        let changed = self.named..wrong.size;
        (!self.newest.is_empty() && !changed.is_empty()).then_some(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(size: u64) -> TreeHead {
        TreeHead {
            size,
            root: [size.to_le_bytes()[0]; 32],
        }
    }

    fn other(size: u64) -> TreeHead {
        TreeHead {
            root: [0xff; 32],
            ..head(size)
        }
    }

    #[test]
    fn a_row_names_a_head_at_which_a_batch_began() {
        let mut starts = BatchStarts::default();
        assert!(starts.is_right(head(0), head(0)));
        assert!(!starts.is_right(head(1), head(0)), "of what is not there");
        for (start, named) in [(0, 0), (3, 0), (5, 3)] {
            assert!(starts.is_right(head(named), head(start)), "{start}");
            starts.began(head(start), head(named));
        }
        let table = [
            (8, true),
            (5, true),
            (3, true),
            (0, true),
            (4, false),
            (9, false),
        ];
        for (named, right) in table {
            assert_eq!(starts.is_right(head(named), head(8)), right, "{named}");
            assert!(!starts.is_right(other(named), head(8)), "{named}");
        }
    }

    #[test]
    fn a_change_is_among_the_entries_that_no_root_was_named_over() {
        let mut starts = BatchStarts::default();
        assert_eq!(starts.changed(other(8)), None, "nothing was applied");
        starts.began(head(0), head(0));
        starts.began(head(3), head(0));
        assert_eq!(starts.changed(other(3)), Some(0..3));
        assert_eq!(starts.changed(other(8)), Some(0..8), "nothing named 3");
        starts.began(head(8), head(8));
        // A node that had not read what the one before it knew.
        starts.began(head(9), head(3));
        assert_eq!(starts.changed(other(12)), Some(8..12));
        assert_eq!(starts.changed(other(3)), None);
    }

    #[test]
    fn no_head_is_named_that_is_older_than_any_writer_may_be() {
        let mut starts = BatchStarts::default();
        let count = u64::try_from(STARTS).unwrap();
        for start in 0..=count {
            starts.began(head(start), head(start));
        }
        assert!(starts.is_right(head(1), head(count + 1)));
        assert!(!starts.is_right(head(0), head(count + 1)));
    }

    #[test]
    fn after_a_snapshot_older_heads_are_believed_for_a_while() {
        let mut starts = BatchStarts::default();
        assert!(starts.is_right(head(3), head(8)));
        assert_eq!(starts.changed(head(8)), None);
        starts.began(head(8), head(3));
        assert!(starts.is_right(head(3), head(9)));
        assert!(starts.is_right(head(8), head(9)));
        assert!(!starts.is_right(other(8), head(9)));
        for start in 9..9 + u64::try_from(STARTS).unwrap() {
            starts.began(head(start), head(start));
        }
        assert!(!starts.is_right(head(3), head(10_000)));
    }
}
