//! Dust: the units that rounding down leaves over, and who gets them.
//!
//! - Formula: after every share is truncated, `leftover = capacity - sum of shares`, which is less
//!   than the number of people, goes out in single units, at most one to each person.
//! - Order: the largest fractional remainder first; equal remainders by the smaller
//!   [rank](tie_rank), a hash of the terms and the person's id that nobody could choose before the
//!   terms were frozen and that does not depend on when somebody came.
//! - Who keeps it: with [`DustRule::Unassigned`] nobody, it stays unsold; with
//!   [`DustRule::LargestRemainder`] the people in that order. Nobody gets more than was asked.
//! - Source: the largest-remainder method of apportionment (Hamilton, Hare-Niemeyer).
//! - Hazard: a person who can pick an id after the terms are public can search for one with a small
//!   rank. The gain is one smallest unit.
//!
//! [`DustRule::Unassigned`]: crate::terms::DustRule::Unassigned
//! [`DustRule::LargestRemainder`]: crate::terms::DustRule::LargestRemainder

use std::cmp::Ordering;

use sha2::{Digest, Sha256};

/// The tie key of a person: `SHA-256(terms_hash || id)`, compared as bytes, the smaller first.
///
/// `terms_hash` has a fixed length, so two different ids never hash the same bytes.
#[must_use]
pub fn tie_rank(terms_hash: &[u8; 32], id: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(terms_hash)
        .chain_update(id)
        .finalize()
        .into()
}

/// Calls `award` for the `take` candidates whose keys are the largest, or for all of them.
///
/// A key is a number of `levels` digits of 64 bits, most significant first, and `digit(level, i)`
/// is one of them. Each level is one selection in linear time, and the next level is computed only
/// for the candidates that tie at the boundary: a rank is hashed for nobody who does not need it,
/// and no more than 24 bytes a candidate are held. Equal keys fall to the earlier candidate, which
/// happens only if a caller gives one rank to two people.
pub(super) fn award_largest(
    candidates: Vec<usize>,
    take: usize,
    levels: usize,
    digit: impl Fn(usize, usize) -> u64,
    mut award: impl FnMut(usize),
) {
    let mut tied = candidates;
    let mut take = take;
    for level in 0..levels {
        if take == 0 || take >= tied.len() {
            break;
        }
        let digits: Vec<u64> = tied.iter().map(|&i| digit(level, i)).collect();
        let mut order = digits.clone();
        let at = order.len() - take;
        let boundary = *order.select_nth_unstable(at).1;
        drop(order);

        let mut next = Vec::new();
        for (&i, &own) in tied.iter().zip(&digits) {
            match own.cmp(&boundary) {
                Ordering::Greater => {
                    award(i);
                    take -= 1;
                }
                Ordering::Equal => next.push(i),
                Ordering::Less => {}
            }
        }
        tied = next;
    }
    for i in tied.into_iter().take(take) {
        award(i);
    }
}

/// How many digits of 64 bits a rank has.
pub(super) const RANK_LEVELS: usize = 4;

/// One digit of a rank for [`award_largest`], inverted so that the smaller rank is the larger key.
pub(super) fn rank_digit(rank: &[u8; 32], level: usize) -> u64 {
    let (digits, _) = rank.as_chunks();
    digits
        .get(level)
        .map_or(0, |&digit| !u64::from_be_bytes(digit))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{RANK_LEVELS, award_largest, rank_digit, tie_rank};

    /// The same choice by sorting whole keys.
    fn chosen_by_sorting(keys: &[Vec<u64>], take: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by(|&a, &b| keys[b].cmp(&keys[a]).then(a.cmp(&b)));
        order.truncate(take);
        order.sort_unstable();
        order
    }

    fn chosen(keys: &[Vec<u64>], take: usize, levels: usize) -> Vec<usize> {
        let mut chosen = Vec::new();
        let all = (0..keys.len()).collect();
        award_largest(
            all,
            take,
            levels,
            |level, i| keys[i][level],
            |i| chosen.push(i),
        );
        chosen.sort_unstable();
        chosen
    }

    proptest! {
        #[test]
        fn choosing_by_digits_is_sorting_by_keys(
            keys in prop::collection::vec(prop::collection::vec(0_u64..3, 3), 0..60),
            take in 0_usize..70,
        ) {
            prop_assert_eq!(chosen(&keys, take, 3), chosen_by_sorting(&keys, take));
        }

        #[test]
        fn rank_digits_order_like_the_reversed_bytes(a: [u8; 32], b: [u8; 32], same in 0_usize..33) {
            let mut b = b;
            b[..same].copy_from_slice(&a[..same]);
            let key = |rank: &[u8; 32]| -> Vec<u64> {
                (0..RANK_LEVELS).map(|level| rank_digit(rank, level)).collect()
            };
            prop_assert_eq!(key(&a).cmp(&key(&b)), b.cmp(&a));
        }
    }

    #[test]
    fn later_digits_are_asked_only_of_those_who_tie() {
        let keys = [[9, 0], [5, 1], [5, 2], [1, 9]];
        let mut chosen = Vec::new();
        award_largest(
            vec![0, 1, 2, 3],
            2,
            2,
            |level, i| {
                assert!(
                    level == 0 || i == 1 || i == 2,
                    "digit {level} of {i} was not needed"
                );
                keys[i][level]
            },
            |i| chosen.push(i),
        );
        assert_eq!(chosen, [0, 2]);
    }

    #[test]
    fn a_tie_rank_is_the_hash_of_terms_and_id() {
        // (head -c 32 /dev/zero; printf alice) | sha256sum
        let rank = tie_rank(&[0; 32], b"alice");
        let hex: String = rank.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "aefe7a9b30f2f36770eb1675d4140f913171eb5fc2cdc45d1f2234578a2aad36"
        );
    }
}
