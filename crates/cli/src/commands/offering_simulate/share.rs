//! Exact parts of whole numbers.

use softcap_offering::{Ratio, RoundingMode};

/// `total x part / whole`, rounded down; zero where `whole` is zero or the result has no room.
pub(super) fn part(total: u128, part: u128, whole: u128) -> u128 {
    Ratio::new(part, whole)
        .and_then(|ratio| ratio.times(total, RoundingMode::Down))
        .unwrap_or(0)
}

/// `part / whole` in basis points, rounded down, so that 10,000 means really all; zero where `whole`
/// is zero.
pub(super) fn basis_points(part: u128, whole: u128) -> u128 {
    self::part(10_000, part, whole)
}

/// The number cut to its three leading digits: people pay 12,300 rather than 12,345.678901.
pub(super) fn three_digits(number: u128) -> u128 {
    let digits = number.checked_ilog10().unwrap_or(0);
    let step = 10_u128.pow(digits.saturating_sub(2));
    number - number % step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_exact_and_round_down() {
        for (total, a, b, expected) in [
            (10, 1, 3, 3),
            (10, 0, 3, 0),
            (10, 1, 0, 0),
            (u128::MAX, u128::MAX, u128::MAX, u128::MAX),
        ] {
            assert_eq!(part(total, a, b), expected);
        }
        assert_eq!(basis_points(9_999_999, 10_000_000), 9_999);
        assert_eq!(basis_points(3, 3), 10_000);
    }

    #[test]
    fn three_digits_are_kept() {
        for (number, expected) in [
            (0, 0),
            (7, 7),
            (999, 999),
            (1_001, 1_000),
            (12_345, 12_300),
            (u128::MAX, 340 * 10_u128.pow(36)),
        ] {
            assert_eq!(three_digits(number), expected);
        }
    }
}
