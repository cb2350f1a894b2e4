//! How often something happens: an exponentially weighted mean of counts, and of their deviations from it.

use serde::{Deserialize, Serialize};

use super::thresholds::{RATE_DEVIATIONS, RATE_LEAST, RATE_NEEDED};
use crate::UnixMillis;

/// What a new bucket counts for is one part of so many.
const WEIGHT: i64 = 16;
/// Means are kept in so many parts of one.
const ONE: i64 = 256;
/// Empty buckets that are gone through; after a longer pause nothing more is to be learned from it.
const LONGEST_PAUSE: i64 = 64;

/// Counts of buckets of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rate {
    /// Number of the current bucket since 1970.
    bucket: i64,
    count: i64,
    mean: i64,
    deviation: i64,
    /// Buckets that went into the mean.
    seen: i64,
}

impl Rate {
    /// Counts so many more at a time; buckets are `width` milliseconds wide. Whether the bucket is unusually full now.
    pub(super) fn add(&mut self, count: i64, at: UnixMillis, width: i64) -> bool {
        let bucket = at.get().div_euclid(width);
        if self.seen == 0 && self.count == 0 {
            self.bucket = bucket;
        }
        let passed = (bucket - self.bucket).clamp(0, LONGEST_PAUSE);
        for _ in 0..passed {
            self.close();
        }
        self.bucket = self.bucket.max(bucket);
        self.count = self.count.saturating_add(count);
        self.is_unusual()
    }

    /// What is in the bucket.
    pub(super) const fn count(&self) -> i64 {
        self.count
    }

    fn is_unusual(&self) -> bool {
        let most = self.mean + RATE_DEVIATIONS * self.deviation + RATE_LEAST * ONE;
        self.seen >= RATE_NEEDED && self.count.saturating_mul(ONE) > most
    }

    fn close(&mut self) {
        // A bucket that was unusual teaches no more than the most that would not have been.
        let most = self.mean + RATE_DEVIATIONS * self.deviation + RATE_LEAST * ONE;
        let value = self.count.saturating_mul(ONE).min(most);
        self.deviation += ((value - self.mean).abs() - self.deviation) / WEIGHT;
        self.mean += (value - self.mean) / WEIGHT;
        self.seen = self.seen.saturating_add(1);
        self.count = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_unusual_far_above_its_mean_and_not_for_who_is_new() {
        let width = 1_000;
        let mut rate = Rate::default();
        assert!(!rate.add(1_000, UnixMillis::new(0), width));
        let mut rate = Rate::default();
        for second in 0..100 {
            assert!(!rate.add(20 + second % 3, UnixMillis::new(second * width), width));
        }
        let now = UnixMillis::new(100 * width);
        assert!(!rate.add(30, now, width));
        assert!(rate.add(30, now, width));
        assert_eq!(rate.count(), 60);
    }
}
