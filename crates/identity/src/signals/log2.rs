//! Logarithms to base 2 in integers, so that every machine decides the same.

use std::num::NonZeroU128;

/// One bit, as a logarithm counts it.
pub(super) const BIT: i64 = 1 << FRACTION;
const FRACTION: u32 = 16;
/// The fraction is computed with so many binary places.
const PLACES: u32 = 31;

/// The logarithm of a count to base 2, in 65,536ths, rounded down.
pub(super) fn log2(value: NonZeroU128) -> i64 {
    let whole = value.ilog2();
    // The value between 1 and 2, with 31 binary places.
    let mut rest = if whole > PLACES {
        value.get() >> (whole - PLACES)
    } else {
        value.get() << (PLACES - whole)
    };
    let mut result = i64::from(whole);
    for _ in 0..FRACTION {
        rest = (rest * rest) >> PLACES;
        result *= 2;
        if rest >> (PLACES + 1) > 0 {
            rest >>= 1;
            result += 1;
        }
    }
    result
}

/// As [`log2`]; of nothing it is that of one.
pub(super) fn log2_of(value: u128) -> i64 {
    NonZeroU128::new(value).map_or(0, log2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_those_of_a_table() {
        // log2 of the value times 65,536, rounded down, computed with 50 decimal places elsewhere.
        let table = [
            (1, 0),
            (2, 65_536),
            (3, 103_872),
            (5, 152_169),
            (7, 183_983),
            (10, 217_705),
            (1_000, 653_117),
            (u128::from(u32::MAX), 2_097_151),
            (1 << 100, 6_553_600),
        ];
        for (value, expected) in table {
            let found = log2_of(value);
            assert!((expected - found).abs() <= 1, "{value}: {found}");
        }
        assert_eq!(log2_of(0), 0);
    }
}
