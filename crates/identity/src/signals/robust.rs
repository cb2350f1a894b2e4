//! Robust z-scores: how far a value is from the median, in median absolute deviations.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{
    log2::log2_of,
    thresholds::{LEAST_AMOUNT_DEVIATION, SAMPLE_KEPT, SAMPLE_NEEDED, UNUSUAL_SCORE},
};

/// 1.4826 times the median absolute deviation estimates a standard deviation.
const NORMAL: i64 = 14_826;

/// The middle value, of the lower half where there are two; zero of nothing.
pub(super) fn median(mut values: Vec<i64>) -> i64 {
    values.sort_unstable();
    let middle = values.len().saturating_sub(1) / 2;
    values.get(middle).copied().unwrap_or_default()
}

/// A distance in hundredths of a robust standard deviation.
pub(super) fn score(distance: i64, deviation: i64) -> i64 {
    distance.saturating_mul(100 * 10_000) / NORMAL.saturating_mul(deviation.max(1))
}

/// The amounts somebody moved lately, as logarithms: half and double are equally far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Amounts(VecDeque<i64>);

impl Amounts {
    /// Whether an amount is unusually large, judged by those before it. Then it is one of them.
    pub(super) fn is_unusual(&mut self, amount: u128) -> bool {
        let value = log2_of(amount);
        let unusual = self.0.len() >= SAMPLE_NEEDED && {
            let middle = median(self.0.iter().copied().collect());
            let deviations = self.0.iter().map(|kept| (kept - middle).abs()).collect();
            let deviation = median(deviations).max(LEAST_AMOUNT_DEVIATION);
            score(value - middle, deviation) >= UNUSUAL_SCORE
        };
        self.0.push_back(value);
        if self.0.len() > SAMPLE_KEPT {
            self.0.pop_front();
        }
        unusual
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_judged_by_median_and_deviation() {
        let mut amounts = Amounts::default();
        for amount in [90, 100, 110, 95, 105, 120, 80, 100, 100, 130] {
            assert!(!amounts.is_unusual(amount));
        }
        // log2(100) = 6.64, the least deviation 0.25: 3.5 of 1.4826 * 0.25 are 1.3 bits, a factor of 2.46.
        assert!(!amounts.is_unusual(245));
        assert!(amounts.is_unusual(249));
        assert!(!amounts.is_unusual(1));
        assert_eq!(median(vec![3, 1, 2, 9]), 2);
        assert_eq!(median(Vec::new()), 0);
    }
}
