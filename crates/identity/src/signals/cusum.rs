//! A slow drain: each day a little more goes out than usual (cumulative sum, Page 1954).

use serde::{Deserialize, Serialize};

use super::thresholds::{
    DRAIN, DRAIN_DAY_CAP, DRAIN_DAY_SLACK, DRAIN_DAYS, DRAIN_NEEDED, DRAIN_SLACK,
};
use crate::UnixMillis;

const DAY: i64 = 86_400_000;
/// What a day counts for in the mean is one part of so many.
const WEIGHT: u128 = 64;
/// A day teaches no more than so many times the mean: one large payment hides no drain after it.
const MOST_LEARNED: u128 = 10;
/// Days of which the mean is a plain one.
const WARM_UP: u128 = 30;
/// Days gone through after a pause.
const LONGEST_PAUSE: i64 = 400;

/// What went out each day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Drain {
    day: i64,
    today: u128,
    /// Of a day, over all days.
    mean: u128,
    /// What went out in the first days, and how many those are.
    warm_up: (u128, u128),
    /// The sum above the usual, in hundredths of the mean.
    sum: i64,
    /// On how many of a hundred days something goes out, in hundredths of that.
    usual_days: i64,
    /// The sum of days above the usual, in hundredths of a day.
    often: i64,
    /// What went out since the sum was last zero, and of it to young destinations.
    since: u128,
    to_young: u128,
    /// Days on which something went out.
    days: u32,
}

/// What a drain looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Draining {
    /// Whether a quarter of it or more goes to destinations that were not there a month before.
    pub(super) is_to_young: bool,
}

impl Drain {
    /// An amount goes out. Says when the sum has become too much; it begins anew then.
    pub(super) fn out(&mut self, amount: u128, is_young: bool, at: UnixMillis) -> Option<Draining> {
        let day = at.get().div_euclid(DAY);
        if self.days == 0 && self.today == 0 {
            self.day = day;
        }
        let mut found = None;
        for _ in 0..(day - self.day).clamp(0, LONGEST_PAUSE) {
            found = found.or(self.close());
        }
        self.day = self.day.max(day);
        self.today = self.today.saturating_add(amount);
        self.since = self.since.saturating_add(amount);
        if is_young {
            self.to_young = self.to_young.saturating_add(amount);
        }
        found
    }

    fn close(&mut self) -> Option<Draining> {
        let today = std::mem::take(&mut self.today);
        if today > 0 {
            self.days = self.days.saturating_add(1);
        }
        let is_ready = self.days > DRAIN_NEEDED && self.warm_up.1 >= WARM_UP && self.mean > 0;
        if is_ready {
            let part = today.saturating_mul(100) / self.mean;
            let part = i64::try_from(part).unwrap_or(i64::MAX).min(DRAIN_DAY_CAP);
            self.sum = (self.sum + part - 100 - DRAIN_SLACK).max(0);
            let day = 100 * i64::from(today > 0);
            self.often = (self.often + day - self.usual_days / 100 - DRAIN_DAY_SLACK).max(0);
        }
        self.learn(today);
        if self.sum == 0 && self.often == 0 {
            (self.since, self.to_young) = (0, 0);
        }
        if self.sum < DRAIN && self.often < DRAIN_DAYS {
            return None;
        }
        let is_to_young = self.to_young.saturating_mul(4) >= self.since;
        (self.sum, self.often, self.since, self.to_young) = (0, 0, 0, 0);
        Some(Draining { is_to_young })
    }

    fn learn(&mut self, today: u128) {
        let (total, days) = self.warm_up;
        let day = 10_000 * i64::from(today > 0);
        let weight = i64::try_from((days + 1).min(WEIGHT)).unwrap_or(1);
        self.usual_days += (day - self.usual_days) / weight;
        if days < WARM_UP {
            self.warm_up = (total.saturating_add(today), days + 1);
            self.mean = self.warm_up.0 / self.warm_up.1;
        } else {
            let today = today.min(self.mean.saturating_mul(MOST_LEARNED));
            self.mean = self.mean - self.mean / WEIGHT + today / WEIGHT;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> UnixMillis {
        UnixMillis::new(day * DAY)
    }

    #[test]
    fn a_little_more_each_day_is_found_and_what_is_usual_is_not() {
        let mut drain = Drain::default();
        for at in 0..60 {
            assert_eq!(drain.out(1_000, false, day(at)), None);
        }
        // Of 1.2 usual days more each day, half a day is slack: the rest adds up to eight in 12 days.
        let found = (60..90).find_map(|at| {
            let found = drain.out(1_000, false, day(at));
            let found = found.or(drain.out(1_200, true, day(at)));
            found.map(|found| (at, found))
        });
        let (at, found) = found.unwrap();
        assert!(at < 78, "{at}");
        assert!(found.is_to_young);
    }

    #[test]
    fn one_large_day_is_no_drain() {
        let mut drain = Drain::default();
        for at in 0..200 {
            let amount = if at % 30 == 0 { 20_000 } else { 1_000 };
            assert_eq!(drain.out(amount, false, day(at)), None, "{at}");
        }
    }
}
