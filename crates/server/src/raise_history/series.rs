//! A sum over time in few points: when there are too many, neighbours become one.

use std::collections::BTreeMap;

/// More points are not kept. After a merge there are half as many.
pub(crate) const MOST: usize = 120;
/// Milliseconds that are one point at first.
const FIRST_WIDTH: u64 = 1_000;

/// What came in, by time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Series {
    width: u64,
    /// By the number of their stretch of time.
    steps: BTreeMap<u64, Step>,
    total: u128,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    /// When the last of it came.
    last: u64,
    value: u128,
}

/// How much had come in at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    /// Unix milliseconds.
    pub(crate) at: u64,
    /// Of the unit in which was added.
    pub(crate) sum: u128,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            width: FIRST_WIDTH,
            steps: BTreeMap::new(),
            total: 0,
        }
    }
}

impl Series {
    /// Adds what came at a time, in any order of times.
    pub(crate) fn add(&mut self, at: u64, value: u128) {
        if value == 0 {
            return;
        }
        self.total = self.total.saturating_add(value);
        self.merge(Step { last: at, value });
        while self.steps.len() > MOST {
            self.width = self.width.saturating_mul(2);
            for step in std::mem::take(&mut self.steps).into_values() {
                self.merge(step);
            }
        }
    }

    fn merge(&mut self, step: Step) {
        let empty = Step {
            last: step.last,
            value: 0,
        };
        let held = self.steps.entry(step.last / self.width).or_insert(empty);
        held.last = held.last.max(step.last);
        held.value = held.value.saturating_add(step.value);
    }

    /// All that came in.
    pub(crate) fn total(&self) -> u128 {
        self.total
    }

    /// Milliseconds that are one point.
    pub(crate) fn width(&self) -> u64 {
        self.width
    }

    /// The sums, each at the time of the last that is in it.
    pub(crate) fn points(&self) -> Vec<Point> {
        let mut sum = 0_u128;
        let steps = self.steps.values().map(|step| {
            sum = sum.saturating_add(step.value);
            Point { at: step.last, sum }
        });
        steps.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What had come in at a time, of the whole list.
    fn sum_at(all: &[(u64, u128)], at: u64) -> u128 {
        let before = all.iter().filter(|(when, _)| *when <= at);
        before.map(|(_, value)| value).sum()
    }

    #[test]
    fn each_point_is_the_exact_sum_of_all_that_came_until_then() {
        // Strides of many sizes, with gaps: from milliseconds to a day.
        for stride in [1_u64, 37, 1_000, 59_999, 86_400_000] {
            let all: Vec<(u64, u128)> = (0..3_000_u64)
                .map(|nth| (nth * stride + (nth / 500) * 7_777_777, u128::from(nth % 13)))
                .collect();
            let mut series = Series::default();
            for (at, value) in &all {
                series.add(*at, *value);
            }
            let points = series.points();
            assert!(points.len() <= MOST, "{stride}");
            assert!(points.is_sorted_by(|a, b| a.at < b.at), "{stride}");
            for point in &points {
                assert_eq!(point.sum, sum_at(&all, point.at), "{stride}");
            }
            assert_eq!(points.last().unwrap().sum, series.total());
        }
    }

    #[test]
    fn a_time_that_runs_back_is_put_where_it_belongs() {
        let mut series = Series::default();
        for (at, value) in [(5_000, 3), (9_000, 4), (7_000, 5), (7_500, 0), (0, 1)] {
            series.add(at, value);
        }
        let seen: Vec<_> = series.points().iter().map(|p| (p.at, p.sum)).collect();
        assert_eq!(seen, [(0, 1), (5_000, 4), (7_000, 9), (9_000, 13)]);
    }

    #[test]
    fn nothing_grows_beyond_its_type() {
        let mut series = Series::default();
        for nth in 0..=u64::try_from(MOST).unwrap() {
            series.add(u64::MAX - nth * (u64::MAX / 200), u128::MAX / 2);
        }
        assert!(series.points().len() <= MOST);
        assert_eq!(series.total(), u128::MAX);
        assert!(series.width() > FIRST_WIDTH);
    }
}
