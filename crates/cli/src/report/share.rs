//! Exact shares of two integers, in basis points, and how counts and shares are printed.

use ruint::aliases::U256;

/// `part / whole` in basis points, rounded half up; zero if `whole` is zero. Exact for all values.
pub(super) fn basis_points(part: u128, whole: u128) -> u128 {
    ratio(U256::from(part), U256::from(whole), 10_000)
}

/// `part / whole` in thousandths, rounded half up, at most 1000; for the length of bars.
pub(super) fn per_mille(part: u128, whole: u128) -> u128 {
    ratio(U256::from(part), U256::from(whole), 1_000).min(1_000)
}

/// `part * scale / whole` rounded half up; zero if `whole` is zero, the largest `u128` where the
/// ratio has no room in it. `part` and `whole` must be below 2^240.
pub(super) fn ratio(part: U256, whole: U256, scale: u64) -> u128 {
    if whole.is_zero() {
        return 0;
    }
    let two = U256::from(2);
    let rounded = (part * U256::from(scale) * two + whole) / (whole * two);
    u128::try_from(rounded).unwrap_or(u128::MAX)
}

/// `3966` as `39.66 %`, with a space at which no line breaks.
pub(super) fn percent(basis_points: u128) -> String {
    format!(
        "{}.{:02}\u{a0}%",
        grouped(basis_points / 100),
        basis_points % 100
    )
}

/// A whole number with commas between groups of three digits.
pub(crate) fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_round_half_up_and_survive_extremes() {
        for (part, whole, expected) in [
            (0, 0, 0),
            (5, 0, 0),
            (1, 3, 3_333),
            (2, 3, 6_667),
            (1, 20_000, 1),
            (1, 20_001, 0),
            (u128::MAX, u128::MAX, 10_000),
            (u128::MAX / 2, u128::MAX, 5_000),
            (u128::MAX, 1, u128::MAX),
        ] {
            assert_eq!(basis_points(part, whole), expected, "{part} / {whole}");
        }
        assert_eq!(per_mille(3, 2), 1_000);
        assert_eq!(per_mille(1, 2), 500);
    }

    #[test]
    fn numbers_are_printed_in_groups() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (13_373, "13,373"),
            (
                u128::MAX,
                "340,282,366,920,938,463,463,374,607,431,768,211,455",
            ),
        ] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(percent(5), "0.05\u{a0}%");
        assert_eq!(percent(10_000), "100.00\u{a0}%");
        assert_eq!(percent(123_456_789), "1,234,567.89\u{a0}%");
    }
}
