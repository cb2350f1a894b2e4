//! Pro rata: everybody gets the same part of what was asked.
//!
//! - Formula: with `total` the sum of all asks, `share_i = ask_i * capacity div total`; if
//!   `total <= capacity` everybody gets the whole ask.
//! - Rounding: down, each share on its own, with the product in 256 bits.
//! - Dust: the `capacity - sum of shares` units that truncation leaves over go by the
//!   [dust rule](super::dust) of the terms.
//! - Source: oversubscribed public offers of shares; the overflow method of token launchpads.
//! - Hazard: asking for more than one wants pays, because only the part matters; the money must be
//!   locked while asked for. Splitting an ask over several ids gains at most one unit of dust per
//!   id, and an ask so small that its share truncates to zero gets something only as dust.

use ruint::aliases::U256;

use super::dust::{RANK_LEVELS, award_largest, rank_digit};
use super::wide::{low_128, share, sum};
use crate::terms::DustRule;

/// Shares `capacity` among `asks` in proportion to them.
///
/// All amounts are in the same smallest units. `rank(i)` is the [tie key](super::dust::tie_rank)
/// of the person behind `asks[i]`, different for each person; it is called only for people whose
/// remainders tie for the last units of dust.
#[must_use]
pub fn allot(
    asks: &[u128],
    capacity: u128,
    dust: DustRule,
    rank: impl Fn(usize) -> [u8; 32],
) -> Vec<u128> {
    allot_by(asks.len(), |i| asks[i], capacity, dust, rank)
}

/// [`allot`] over asks that are computed instead of stored.
pub(super) fn allot_by(
    people: usize,
    ask: impl Fn(usize) -> u128,
    capacity: u128,
    dust: DustRule,
    rank: impl Fn(usize) -> [u8; 32],
) -> Vec<u128> {
    let total = sum((0..people).map(&ask));
    if total <= U256::from(capacity) {
        return (0..people).map(ask).collect();
    }
    match dust {
        DustRule::Unassigned => (0..people)
            .map(|i| share(ask(i), capacity, total).0)
            .collect(),
        DustRule::LargestRemainder => by_largest_remainder(people, ask, capacity, total, rank),
    }
}

/// Truncated shares plus one unit for the largest remainders; needs `capacity < total`.
fn by_largest_remainder(
    people: usize,
    ask: impl Fn(usize) -> u128,
    capacity: u128,
    total: U256,
    rank: impl Fn(usize) -> [u8; 32],
) -> Vec<u128> {
    let windows = Windows::below(total);
    let mut shares = Vec::with_capacity(people);
    let mut first_digits = Vec::with_capacity(people);
    for i in 0..people {
        let (share, remainder) = share(ask(i), capacity, total);
        shares.push(share);
        first_digits.push(windows.digit(remainder, 0));
    }

    let given = low_128(sum(shares.iter().copied()));
    // Each of the people lost less than one unit, so this is less than their number.
    let leftover = usize::try_from(capacity - given).unwrap_or(people);
    let digit = |level: usize, i: usize| {
        if level == 0 {
            first_digits[i]
        } else if level < windows.count {
            windows.digit(share(ask(i), capacity, total).1, level)
        } else {
            rank_digit(&rank(i), level - windows.count)
        }
    };
    let levels = windows.count + RANK_LEVELS;
    // The remainders add up to `leftover * total` and each is less than `total`, so more than
    // `leftover` of them are above zero: nobody without a remainder, whose share is exact and may
    // be the whole ask, is reached.
    award_largest((0..people).collect(), leftover, levels, digit, |i| {
        shares[i] += 1
    });
    shares
}

/// Numbers below a limit, read as digits of 64 bits from the limit's highest bit down.
struct Windows {
    bits: usize,
    count: usize,
}

impl Windows {
    fn below(limit: U256) -> Self {
        let bits = limit.bit_len();
        Self {
            bits,
            count: bits.div_ceil(64),
        }
    }

    /// The last window is moved up to end at bit 0, so it may repeat bits of the one before.
    /// Those are equal whenever this digit is compared at all.
    fn digit(&self, number: U256, level: usize) -> u64 {
        let below = self.bits.saturating_sub(64 * (level + 1));
        let [digit, ..] = *(number >> below).as_limbs();
        digit
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::model::{self, rank, tight, unsorted};
    use super::{Windows, allot};
    use crate::terms::DustRule;
    use ruint::aliases::U256;

    #[test]
    fn shares_by_hand() {
        use DustRule::{LargestRemainder, Unassigned};
        const MAX: u128 = u128::MAX;
        let cases: [(&[u128], u128, DustRule, &[u128]); 10] = [
            (&[], 10, LargestRemainder, &[]),
            (&[3, 4], 10, LargestRemainder, &[3, 4]),
            (&[3, 4], 7, Unassigned, &[3, 4]),
            (&[30, 60, 10], 50, LargestRemainder, &[15, 30, 5]),
            (&[1, 2, 3], 4, Unassigned, &[0, 1, 2]),
            // 4/6, 8/6, 12/6: one unit is left, and 4/6 is the largest remainder.
            (&[1, 2, 3], 4, LargestRemainder, &[1, 1, 2]),
            (&[0, 5, 5], 4, LargestRemainder, &[0, 2, 2]),
            (&[5, 5], 0, LargestRemainder, &[0, 0]),
            (&[MAX, MAX], MAX - 1, LargestRemainder, &[MAX / 2, MAX / 2]),
            (
                &[MAX, MAX, MAX],
                MAX,
                LargestRemainder,
                &[MAX / 3, MAX / 3, MAX / 3],
            ),
        ];
        for (asks, capacity, dust, expected) in cases {
            let got = allot(asks, capacity, dust, rank);
            assert_eq!(got, expected, "{asks:?} into {capacity} with {dust:?}");
        }
    }

    #[test]
    fn equal_remainders_fall_to_the_smaller_rank() {
        // Two units for three equal asks: whoever has the largest rank gets none.
        for last in 0..3 {
            let rank = |i: usize| {
                if i == last {
                    [9; 32]
                } else {
                    model::rank(i).map(|b| b >> 5)
                }
            };
            let got = allot(&[7, 7, 7], 2, DustRule::LargestRemainder, rank);
            let expected: Vec<u128> = (0..3).map(|i| u128::from(i != last)).collect();
            assert_eq!(got, expected);
        }
    }

    #[test]
    fn a_rank_counts_to_its_last_byte() {
        let rank = |i: usize| {
            let mut rank = [3; 32];
            rank[31] = [7, 5, 6][i];
            rank
        };
        assert_eq!(
            allot(&[7, 7, 7], 2, DustRule::LargestRemainder, rank),
            [0, 1, 1]
        );
    }

    #[test]
    fn remainders_are_read_whole() {
        // 130 bits: three windows, of which the last repeats bits of the second.
        let windows = Windows::below((U256::from(1) << 130) - U256::from(1));
        assert_eq!(windows.count, 3);
        let number = (U256::from(2) << 128) | (U256::from(7) << 66) | U256::from(5);
        let digits: Vec<u64> = (0..3).map(|level| windows.digit(number, level)).collect();
        assert_eq!(digits, [(2 << 62) | 7, 1, 5]);
    }

    proptest! {
        #[test]
        fn agrees_with_the_model((asks, capacity) in tight(), assign: bool) {
            let dust = if assign { DustRule::LargestRemainder } else { DustRule::Unassigned };
            let got = allot(&asks, capacity, dust, rank);
            model::check_bounds(&asks, capacity, &got, assign)?;
            prop_assert_eq!(got, model::pro_rata(&asks, capacity, dust));
        }

        #[test]
        fn order_has_no_influence(((asks, capacity), order) in unsorted()) {
            let ordered: Vec<u128> = order.iter().map(|&i| asks[i]).collect();
            let got = allot(&ordered, capacity, DustRule::LargestRemainder, |i| rank(order[i]));
            let all = allot(&asks, capacity, DustRule::LargestRemainder, rank);
            let expected: Vec<u128> = order.iter().map(|&i| all[i]).collect();
            prop_assert_eq!(got, expected);
        }
    }
}
