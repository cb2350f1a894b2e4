//! Pro rata with a cap per investor: no ask counts beyond the cap.
//!
//! - Formula: `effective_i = min(ask_i, cap)`, then [pro rata](super::pro_rata) over the effective
//!   asks: `share_i = effective_i * capacity div sum of effective asks`, or the whole effective ask
//!   if they fit together.
//! - What this decides: the cap cuts the *ask*, not the share. Money beyond the cap does not pull
//!   the ratio down for anybody else, so the room that the cap frees is shared pro rata among all,
//!   and no second pass is needed: a share is never above the effective ask and so never above
//!   the cap. (The other reading, sharing by whole asks and cutting the shares afterwards, rewards
//!   asking for more than one may have.)
//! - Rounding: down, each share on its own. Dust: by the [dust rule](super::dust), over the
//!   remainders of the effective asks.
//! - Source: launchpads with a maximum per person in front of a pro-rata round.
//! - Hazard: a cap per id is a cap per person only if admissions make it so; several ids of one
//!   person get several caps.

use super::pro_rata;
use crate::terms::DustRule;

/// Shares `capacity` among `asks`, none of which counts for more than `cap`.
///
/// Amounts and `rank` as in [`pro_rata::allot`].
#[must_use]
pub fn allot(
    asks: &[u128],
    cap: u128,
    capacity: u128,
    dust: DustRule,
    rank: impl Fn(usize) -> [u8; 32],
) -> Vec<u128> {
    pro_rata::allot_by(asks.len(), |i| asks[i].min(cap), capacity, dust, rank)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::model::{self, rank, tight, unsorted};
    use super::allot;
    use crate::terms::DustRule;

    /// Asks, cap, capacity, dust rule, and what is expected.
    type Case<'a> = (&'a [u128], u128, u128, DustRule, &'a [u128]);

    #[test]
    fn shares_by_hand() {
        use DustRule::{LargestRemainder, Unassigned};
        let cases: [Case<'_>; 7] = [
            // The whale counts for 10, so 10 : 10 : 20 share 20, not 10 : 10 : 1000.
            (&[10, 10, 1000], 20, 20, LargestRemainder, &[5, 5, 10]),
            (&[10, 10, 1000], 20, 40, LargestRemainder, &[10, 10, 20]),
            // Room that nobody may take stays.
            (&[10, 10, 1000], 20, 500, LargestRemainder, &[10, 10, 20]),
            (&[5, 5], 0, 10, LargestRemainder, &[0, 0]),
            (&[1, 2, 9], 3, 4, Unassigned, &[0, 1, 2]),
            (&[1, 2, 9], 3, 4, LargestRemainder, &[1, 1, 2]),
            (
                &[u128::MAX, u128::MAX],
                u128::MAX,
                u128::MAX - 1,
                Unassigned,
                &[u128::MAX / 2; 2],
            ),
        ];
        for (asks, cap, capacity, dust, expected) in cases {
            let got = allot(asks, cap, capacity, dust, rank);
            assert_eq!(
                got, expected,
                "{asks:?} capped at {cap} into {capacity} with {dust:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_model((asks, capacity) in tight(), pick: prop::sample::Index, assign: bool) {
            let dust = if assign { DustRule::LargestRemainder } else { DustRule::Unassigned };
            let cap = if asks.is_empty() { 5 } else { asks[pick.index(asks.len())] };
            let effective: Vec<u128> = asks.iter().map(|&ask| ask.min(cap)).collect();
            let got = allot(&asks, cap, capacity, dust, rank);
            model::check_bounds(&effective, capacity, &got, assign)?;
            prop_assert_eq!(got, model::pro_rata(&effective, capacity, dust));
        }

        #[test]
        fn money_beyond_the_cap_changes_nothing((asks, capacity) in tight(), cap in 0_u128..2000) {
            let modest: Vec<u128> = asks.iter().map(|&ask| ask.min(cap)).collect();
            prop_assert_eq!(
                allot(&asks, cap, capacity, DustRule::LargestRemainder, rank),
                allot(&modest, cap, capacity, DustRule::LargestRemainder, rank)
            );
        }

        #[test]
        fn order_has_no_influence(((asks, capacity), order) in unsorted(), cap in 0_u128..2000) {
            let ordered: Vec<u128> = order.iter().map(|&i| asks[i]).collect();
            let got = allot(&ordered, cap, capacity, DustRule::LargestRemainder, |i| rank(order[i]));
            let all = allot(&asks, cap, capacity, DustRule::LargestRemainder, rank);
            let expected: Vec<u128> = order.iter().map(|&i| all[i]).collect();
            prop_assert_eq!(got, expected);
        }
    }
}
