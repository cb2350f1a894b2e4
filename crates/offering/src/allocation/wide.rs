//! Sums and products of amounts that need more than 128 bits.
//!
//! Everything here rounds down, and nothing can overflow: a sum of `usize::MAX` amounts needs 192
//! bits, a product of two amounts 256.

use ruint::aliases::U256;

use crate::ratio::wide;

/// The exact sum of `amounts`.
pub(super) fn sum(amounts: impl Iterator<Item = u128>) -> U256 {
    // Two machine words and a count of carries: adding in U256 costs several times as much.
    let mut low = 0_u128;
    let mut carries = 0_u64;
    for amount in amounts {
        let (wrapped, carry) = low.overflowing_add(amount);
        low = wrapped;
        carries += u64::from(carry);
    }
    (U256::from(carries) << 128) + U256::from(low)
}

/// `a * b div divisor` and the remainder, for `0 < divisor` and `b <= divisor`, so that the
/// quotient is at most `a`.
///
/// The one division of every share: it takes the 128-bit instruction where the product fits.
pub(super) fn share(a: u128, b: u128, divisor: U256) -> (u128, U256) {
    debug_assert!(!divisor.is_zero() && U256::from(b) <= divisor);
    if let (Some(small), Ok(by)) = (a.checked_mul(b), u128::try_from(divisor)) {
        return (small / by, U256::from(small % by));
    }
    let (quotient, remainder) = wide(a, b).div_rem(divisor);
    (low_128(quotient), remainder)
}

/// The low 128 bits, which are all of a value known to be at most some `u128`.
pub(super) fn low_128(value: U256) -> u128 {
    let [l0, l1, l2, l3] = *value.as_limbs();
    debug_assert!(l2 == 0 && l3 == 0);
    (u128::from(l1) << 64) + u128::from(l0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ruint::aliases::{U256, U512};

    use super::{low_128, share, sum};

    #[test]
    fn a_sum_beyond_128_bits_is_exact() {
        let cases: [(&[u128], U256); 4] = [
            (&[], U256::ZERO),
            (&[1, 2], U256::from(3)),
            (&[u128::MAX, 1], U256::from(1) << 128),
            (
                &[u128::MAX, u128::MAX, u128::MAX, 5],
                (U256::from(3) << 128) + U256::from(2),
            ),
        ];
        for (amounts, expected) in cases {
            assert_eq!(sum(amounts.iter().copied()), expected, "{amounts:?}");
        }
    }

    #[test]
    fn the_largest_product_fits() {
        let most = u128::MAX;
        assert_eq!(share(most, most, U256::from(most)), (most, U256::ZERO));
        // (2^128 - 1)^2 = (2^128 - 2) x 2^128 + 1
        let above = U256::from(most) + U256::from(1);
        assert_eq!(share(most, most, above), (most - 1, U256::from(1)));
    }

    proptest! {
        #[test]
        fn share_is_floor_division(a: u128, b: u128, more: u128, small in 0_u32..128) {
            // Shifts make small products as frequent as large ones, so both branches are met.
            for (a, b) in [(a, b), (a >> small, b >> small)] {
                let divisor = U256::from(b) + U256::from(more) + U256::from(1);
                let (quotient, remainder) = share(a, b, divisor);
                prop_assert!(remainder < divisor);
                let back = U512::from(quotient) * U512::from(divisor) + U512::from(remainder);
                prop_assert_eq!(back, U512::from(a) * U512::from(b));
            }
        }

        #[test]
        fn low_128_keeps_an_amount(amount: u128) {
            prop_assert_eq!(low_128(U256::from(amount)), amount);
        }
    }
}
