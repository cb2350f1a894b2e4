//! Water filling: everybody the same, up to what they asked.
//!
//! - Formula: the level `L` is the largest whole number with `sum of min(ask_i, L) <= capacity`;
//!   everybody gets `min(ask_i, L)`. If all asks fit together everybody gets the whole ask.
//! - Rounding: the level is rounded down to a whole unit.
//! - Dust: fewer units are left over than there are people above the level. With
//!   [`DustRule::LargestRemainder`] one each goes to those of them with the smaller
//!   [rank](super::dust::tie_rank) (their remainders are all equal); with [`DustRule::Unassigned`]
//!   they stay unsold.
//! - Source: max-min fairness; the uniform rule for division (Benassy, Sprumont 1991).
//! - Hazard: asking for more than one wants never pays, but asking through several ids does: this
//!   rule needs admissions that tie an id to a person.

use ruint::aliases::U256;

use super::dust::{RANK_LEVELS, award_largest, rank_digit};
use super::wide::sum;
use crate::terms::DustRule;

/// Fills everybody to the same level, up to what they asked.
///
/// All amounts are in the same smallest units. `rank(i)` is the tie key of the person behind
/// `asks[i]`, different for each person.
#[must_use]
pub fn allot(
    asks: &[u128],
    capacity: u128,
    dust: DustRule,
    rank: impl Fn(usize) -> [u8; 32],
) -> Vec<u128> {
    let Some(Level { height, leftover }) = level(asks, capacity) else {
        return asks.to_vec();
    };
    let mut allotments: Vec<u128> = asks.iter().map(|&ask| ask.min(height)).collect();
    match dust {
        DustRule::Unassigned => {}
        DustRule::LargestRemainder => {
            let above: Vec<usize> = (0..asks.len()).filter(|&i| asks[i] > height).collect();
            // Less than the number of people above the level, see `level`.
            let take = usize::try_from(leftover).unwrap_or(above.len());
            let digit = |digit: usize, i: usize| rank_digit(&rank(i), digit);
            award_largest(above, take, RANK_LEVELS, digit, |i| allotments[i] += 1);
        }
    }
    allotments
}

/// Where the water stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// What everybody gets who asked for at least as much.
    pub height: u128,
    /// Units that do not suffice to raise everybody above the level by one.
    pub leftover: u128,
}

/// The common level, or `None` if all asks fit into `capacity` and there is none.
#[must_use]
pub fn level(asks: &[u128], capacity: u128) -> Option<Level> {
    if sum(asks.iter().copied()) <= U256::from(capacity) {
        return None;
    }
    let mut ascending = asks.to_vec();
    ascending.sort_unstable();

    let mut room = capacity;
    let mut people: u128 = ascending.iter().map(|_| 1_u128).sum();
    for ask in ascending {
        // Can everybody who is left have as much as the smallest of them asked?
        match ask.checked_mul(people) {
            Some(needed) if needed <= room => {
                room -= ask;
                people -= 1;
            }
            Some(_) | None => {
                return Some(Level {
                    height: room / people,
                    leftover: room % people,
                });
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::model::{self, rank, tight, unsorted};
    use super::{Level, allot, level};
    use crate::terms::DustRule;

    /// Asks, capacity, and the expected height and leftover.
    type Case<'a> = (&'a [u128], u128, Option<(u128, u128)>);

    #[test]
    fn levels_by_hand() {
        const MAX: u128 = u128::MAX;
        let cases: [Case<'_>; 9] = [
            (&[], 0, None),
            (&[1, 2, 3], 6, None),
            (&[1, 2, 3], 5, Some((2, 0))),
            (&[1, 2, 3], 4, Some((1, 1))),
            (&[10, 1, 10], 12, Some((5, 1))),
            (&[10, 10, 10], 2, Some((0, 2))),
            (&[7], 0, Some((0, 0))),
            (&[MAX, MAX], MAX, Some((MAX / 2, 1))),
            (&[1, MAX, MAX, 0], MAX, Some((MAX / 2, 0))),
        ];
        for (asks, capacity, expected) in cases {
            let expected = expected.map(|(height, leftover)| Level { height, leftover });
            assert_eq!(level(asks, capacity), expected, "{asks:?} into {capacity}");
        }
    }

    #[test]
    fn leftover_units_go_to_the_smaller_ranks_above_the_level() {
        // Level 5, one unit left. The one who asked for 5 has the smallest rank but is served.
        let ranks = [[1; 32], [4; 32], [2; 32], [3; 32]];
        let asks = [5, 9, 9, 9];
        let rank = |i: usize| ranks[i];
        assert_eq!(
            allot(&asks, 21, DustRule::LargestRemainder, rank),
            [5, 5, 6, 5]
        );
        assert_eq!(
            allot(&asks, 22, DustRule::LargestRemainder, rank),
            [5, 5, 6, 6]
        );
        assert_eq!(allot(&asks, 22, DustRule::Unassigned, rank), [5, 5, 5, 5]);
    }

    proptest! {
        #[test]
        fn agrees_with_the_model((asks, capacity) in tight(), assign: bool) {
            let dust = if assign { DustRule::LargestRemainder } else { DustRule::Unassigned };
            let got = allot(&asks, capacity, dust, rank);
            model::check_bounds(&asks, capacity, &got, assign)?;
            prop_assert_eq!(got, model::water_filling(&asks, capacity, dust));
        }

        #[test]
        fn agrees_with_pouring_unit_by_unit(
            asks in prop::collection::vec(0_u128..9, 0..8),
            capacity in 0_u128..60,
        ) {
            let got = allot(&asks, capacity, DustRule::LargestRemainder, rank);
            prop_assert_eq!(got, model::poured(&asks, capacity));
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
