//! Things that are dear to make and to keep: kept as long as somebody asks for them.

use std::{collections::BTreeMap, time::Duration};

/// How long one is kept that nobody asks for.
const UNUSED: Duration = Duration::from_secs(3_600);

/// Things by name, and when somebody asked for each last. Times count from some start.
#[derive(Debug)]
pub(super) struct LatelyUsed<K, T>(BTreeMap<K, (T, Duration)>);

impl<K, T> Default for LatelyUsed<K, T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord, T: Clone> LatelyUsed<K, T> {
    /// What is kept under a name, for somebody who asks now.
    pub(super) fn find(&mut self, name: &K, now: Duration) -> Option<T> {
        let (thing, used) = self.0.get_mut(name)?;
        *used = now;
        Some(thing.clone())
    }

    /// Keeps one that was made now.
    pub(super) fn keep(&mut self, name: K, thing: T, now: Duration) {
        self.0.insert(name, (thing, now));
    }

    /// Drops what nobody asked for lately.
    pub(super) fn drop_unused(&mut self, now: Duration) {
        self.0
            .retain(|_, (_, used)| now.saturating_sub(*used) < UNUSED);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_nobody_asks_for_is_dropped_after_an_hour() {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        let mut kept = LatelyUsed::default();
        let (one, two) = (Arc::new(1), Arc::new(2));
        kept.keep("one", Arc::clone(&one), minutes(0));
        kept.keep("two", Arc::clone(&two), minutes(0));
        kept.drop_unused(minutes(59));
        assert_eq!(kept.find(&"one", minutes(59)), Some(Arc::clone(&one)));
        kept.drop_unused(minutes(60));
        assert_eq!(kept.find(&"two", minutes(60)), None);
        assert_eq!(Arc::strong_count(&two), 1);
        kept.drop_unused(minutes(118));
        assert_eq!(Arc::strong_count(&one), 2);
        kept.drop_unused(minutes(119));
        assert_eq!(Arc::strong_count(&one), 1);
    }
}
