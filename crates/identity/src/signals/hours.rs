//! The hours at which somebody is there, around the clock: one minute before midnight is near one after it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{
    robust::{median, score},
    thresholds::{LEAST_HOUR_DEVIATION, SAMPLE_KEPT, SAMPLE_NEEDED, UNUSUAL_SCORE},
};
use crate::UnixMillis;

const DAY: i64 = 1_440;

/// Minutes of the day (UTC) at which somebody was there lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hours(VecDeque<i64>);

impl Hours {
    /// Whether this hour is unusual, judged by those before it. Then it is one of them.
    pub(super) fn is_unusual(&mut self, at: UnixMillis) -> bool {
        let minute = at.get().div_euclid(60_000).rem_euclid(DAY);
        let unusual = self.0.len() >= SAMPLE_NEEDED && {
            let middle = self.middle();
            let distances = self.0.iter().map(|kept| around(*kept, middle)).collect();
            let deviation = median(distances).max(LEAST_HOUR_DEVIATION);
            score(around(minute, middle), deviation) >= UNUSUAL_SCORE
        };
        self.0.push_back(minute);
        if self.0.len() > SAMPLE_KEPT {
            self.0.pop_front();
        }
        unusual
    }

    /// The one of them that is nearest to all others.
    fn middle(&self) -> i64 {
        let far = |at: &i64| -> i64 { self.0.iter().map(|other| around(*at, *other)).sum() };
        self.0.iter().copied().min_by_key(far).unwrap_or_default()
    }
}

/// The way from one minute of the day to another, the shorter way round.
fn around(one: i64, other: i64) -> i64 {
    let way = (one - other).rem_euclid(DAY);
    way.min(DAY - way)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64, minute: i64) -> UnixMillis {
        UnixMillis::new((20_000 * DAY + hour * 60 + minute) * 60_000)
    }

    #[test]
    fn who_comes_around_midnight_is_not_unusual_there() {
        let mut hours = Hours::default();
        for (hour, minute) in [(23, 0), (0, 30), (23, 50), (1, 0), (22, 30)].repeat(3) {
            assert!(!hours.is_unusual(at(hour, minute)));
        }
        assert!(!hours.is_unusual(at(1, 30)));
        assert!(hours.is_unusual(at(12, 0)));
    }

    #[test]
    fn who_comes_at_any_hour_is_never_unusual() {
        let mut hours = Hours::default();
        for round in 0..100 {
            assert!(!hours.is_unusual(at(round * 7 % 24, 0)));
        }
    }
}
