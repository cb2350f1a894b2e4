//! What somebody used before, as far as it is remembered.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Mark;
use crate::UnixMillis;

/// Values that are remembered; the one that was not used for longest goes first.
const MOST: usize = 24;

/// Values with the times when they were first and last used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known(Vec<(Mark, i64, i64)>);

impl Known {
    /// When a value was first used; then it is used.
    pub(super) fn see(&mut self, mark: Mark, now: UnixMillis) -> Option<UnixMillis> {
        if let Some((_, first, last)) = self.0.iter_mut().find(|(known, ..)| *known == mark) {
            *last = (*last).max(now.get());
            return Some(UnixMillis::new(*first));
        }
        if self.0.len() >= MOST {
            let oldest = self
                .0
                .iter()
                .enumerate()
                .min_by_key(|(_, (.., last))| *last);
            if let Some((place, _)) = oldest {
                self.0.swap_remove(place);
            }
        }
        self.0.push((mark, now.get(), now.get()));
        None
    }

    /// Whether a value was used before, not counting what is longer ago.
    pub(super) fn has(&self, mark: Mark, now: UnixMillis, life: Duration) -> bool {
        let since = now.minus(life).get();
        self.0
            .iter()
            .any(|(known, _, last)| *known == mark && *last >= since)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
