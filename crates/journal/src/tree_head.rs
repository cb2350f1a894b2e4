//! What a row of the record says of the tree: the head that it had when the row was made.
//!
//! A batch goes to the disk while the one before it is still being applied, so that the newest root may
//! not be known yet. A row therefore names the head at its own first entry, or the one a batch earlier;
//! never an older one, so that a change shows within two batches.

use std::ops::Range;

/// A tree: how many entries, and its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// Entries.
    pub size: u64,
    /// RFC 6962 root over them.
    pub root: [u8; 32],
}

/// What the rows so far say of the tree, as far as this process applied them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BatchStarts {
    /// The head at which the newest batch began.
    newest: Option<TreeHead>,
    /// Entries of the largest head that a row named.
    named: u64,
}

impl BatchStarts {
    /// Another batch was applied; it began there, and its row named that head.
    pub(crate) fn began(&mut self, start: TreeHead, named: TreeHead) {
        *self = Self {
            newest: Some(start),
            named: named.size,
        };
    }

    /// Whether the next row may name a head, when the tree is at `now`. A snapshot has no older head than
    /// its own: the row after one is believed when it names an older one; the row after that is not.
    pub(crate) fn is_right(&self, named: TreeHead, now: TreeHead) -> bool {
        if named.size == now.size {
            return named == now;
        }
        self.newest
            .map_or(named.size < now.size, |newest| named == newest)
    }

    /// The entries among which a change must be when the next row names another root than there is: those
    /// over which no row named a root yet. `None` where there are none that this process applied.
    pub(crate) fn changed(&self, wrong: TreeHead) -> Option<Range<u64>> {
        let changed = self.named..wrong.size;
        (self.newest.is_some() && !changed.is_empty()).then_some(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(size: u64) -> TreeHead {
        TreeHead {
            size,
            root: [u8::try_from(size).unwrap(); 32],
        }
    }

    #[test]
    fn a_row_names_the_head_before_it_or_the_one_a_batch_earlier() {
        let mut starts = BatchStarts::default();
        assert!(starts.is_right(head(0), head(0)));
        assert!(!starts.is_right(head(1), head(0)), "of what is not there");
        starts.began(head(0), head(0));
        starts.began(head(3), head(0));
        for (named, right) in [(8, true), (3, true), (0, false), (5, false), (9, false)] {
            assert_eq!(starts.is_right(head(named), head(8)), right, "{named}");
        }
        let other = |size| TreeHead {
            root: [0xff; 32],
            ..head(size)
        };
        assert!(!starts.is_right(other(3), head(8)));
        assert!(!starts.is_right(other(8), head(8)));
        assert_eq!(starts.changed(other(3)), Some(0..3));
        assert_eq!(starts.changed(other(8)), Some(0..8), "nothing named 3");
        starts.began(head(8), head(8));
        assert_eq!(starts.changed(other(9)), Some(8..9));
    }

    #[test]
    fn after_a_snapshot_an_older_head_is_believed_once() {
        let mut starts = BatchStarts::default();
        assert!(starts.is_right(head(3), head(8)));
        assert_eq!(starts.changed(head(8)), None);
        starts.began(head(8), head(3));
        assert!(!starts.is_right(head(3), head(9)));
        assert!(starts.is_right(head(8), head(9)));
    }
}
