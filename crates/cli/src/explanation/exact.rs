//! Exact fractions, so that every line of an explanation is computed again from what it prints.
//!
//! In 1,024 bits: the longest formula is a sum of tiers, whose terms are products of three numbers
//! of 128 bits. What does not fit is `None`, and then the line is left out, never approximated.

use std::{cmp::Ordering, fmt};

use ruint::Uint;

type Whole = Uint<1024, 16>;

/// A fraction in lowest terms, not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exact {
    num: Whole,
    den: Whole,
}

/// Which way a fraction goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Towards zero.
    Down,
    /// Away from zero.
    Up,
    /// To the nearest; one half goes up.
    HalfUp,
    /// To the nearest; one half goes to the even neighbour.
    HalfEven,
}

/// Digits after the point of a number that has no end.
const SHOWN: usize = 12;
/// Most digits after the point of a number that is shown as a decimal.
const LONGEST: usize = 60;

impl Exact {
    pub(crate) const ZERO: Self = Self {
        num: Whole::ZERO,
        den: Whole::ONE,
    };

    pub(crate) fn whole(number: u128) -> Self {
        Self {
            num: Whole::from(number),
            den: Whole::ONE,
        }
    }

    /// `num / den`; `None` when `den` is zero.
    pub(crate) fn ratio(num: u128, den: u128) -> Option<Self> {
        Self::reduced(Whole::from(num), Whole::from(den))
    }

    /// A count of smallest units in whole units.
    pub(crate) fn units(units: u128, decimals: u8) -> Option<Self> {
        Self::reduced(Whole::from(units), ten_to(decimals)?)
    }

    /// Digits as they are printed, for numbers of more than 128 bits.
    pub(crate) fn digits(text: &str) -> Option<Self> {
        Some(Self {
            num: text.parse().ok()?,
            den: Whole::ONE,
        })
    }

    fn reduced(num: Whole, den: Whole) -> Option<Self> {
        if den.is_zero() {
            return None;
        }
        let (mut a, mut b) = (num, den);
        while !b.is_zero() {
            (a, b) = (b, a % b);
        }
        Some(Self {
            num: num / a,
            den: den / a,
        })
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.num.is_zero()
    }

    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        let (a, b) = (
            self.num.checked_mul(other.den)?,
            other.num.checked_mul(self.den)?,
        );
        Self::reduced(a.checked_add(b)?, self.den.checked_mul(other.den)?)
    }

    /// `None` when `other` is larger.
    pub(crate) fn minus(self, other: Self) -> Option<Self> {
        let (a, b) = (
            self.num.checked_mul(other.den)?,
            other.num.checked_mul(self.den)?,
        );
        Self::reduced(a.checked_sub(b)?, self.den.checked_mul(other.den)?)
    }

    pub(crate) fn times(self, other: Self) -> Option<Self> {
        Self::reduced(
            self.num.checked_mul(other.num)?,
            self.den.checked_mul(other.den)?,
        )
    }

    /// `None` when `other` is zero.
    pub(crate) fn over(self, other: Self) -> Option<Self> {
        self.times(other.inverse()?)
    }

    pub(crate) fn inverse(self) -> Option<Self> {
        (!self.num.is_zero()).then_some(Self {
            num: self.den,
            den: self.num,
        })
    }

    pub(crate) fn compare(self, other: Self) -> Option<Ordering> {
        Some(
            self.num
                .checked_mul(other.den)?
                .cmp(&other.num.checked_mul(self.den)?),
        )
    }

    /// Rounded to a multiple of `step`.
    pub(crate) fn rounded(self, way: Way, step: Self) -> Option<Self> {
        let count = self.over(step)?;
        let (whole, rest) = count.num.div_rem(count.den);
        let other = count.den - rest;
        let up = match way {
            _ if rest.is_zero() => false,
            Way::Down => false,
            Way::Up => true,
            Way::HalfUp => rest >= other,
            Way::HalfEven => rest > other || (rest == other && whole.bit(0)),
        };
        let whole = if up {
            whole.checked_add(Whole::ONE)?
        } else {
            whole
        };
        Self {
            num: whole,
            den: Whole::ONE,
        }
        .times(step)
    }

    /// How many decimals it has; `None` when they have no end, or are too many to read.
    fn decimals(&self) -> Option<usize> {
        let mut left = self.den;
        let mut decimals = 0;
        while left > Whole::ONE {
            // A factor 2, 5 or 10 less is a decimal less.
            let (two, five) = (left % Whole::from(2), left % Whole::from(5));
            left = match (two.is_zero(), five.is_zero()) {
                (true, true) => left / Whole::from(10),
                (true, false) => left / Whole::from(2),
                (false, true) => left / Whole::from(5),
                (false, false) => return None,
            };
            decimals += 1;
            if decimals > LONGEST {
                return None;
            }
        }
        Some(decimals)
    }

    /// Whether it is shown whole as a decimal number.
    pub(crate) fn is_decimal(&self) -> bool {
        self.decimals().is_some()
    }

    /// The first digits of a number without end: `0.333333333333...`.
    pub(crate) fn begun(&self) -> Option<String> {
        if self.is_decimal() {
            return None;
        }
        Some(format!("{}...", self.decimal_text(SHOWN)))
    }

    /// So many decimals, the rest cut off.
    fn decimal_text(&self, decimals: usize) -> String {
        let (whole, mut rest) = self.num.div_rem(self.den);
        let mut text = whole.to_string();
        if decimals > 0 {
            text.push('.');
        }
        for _ in 0..decimals {
            // The remainder is below the denominator, which leaves the four bits of a ten free in
            // every number that is printed.
            let (digit, left) = rest.wrapping_mul(Whole::from(10)).div_rem(self.den);
            text.push_str(&digit.to_string());
            rest = left;
        }
        text
    }
}

fn ten_to(exponent: u8) -> Option<Whole> {
    let mut power = Whole::ONE;
    for _ in 0..exponent {
        power = power.checked_mul(Whole::from(10))?;
    }
    Some(power)
}

/// The whole decimal, or `num/den`.
impl fmt::Display for Exact {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.decimals() {
            Some(decimals) => out.write_str(&self.decimal_text(decimals)),
            None => write!(out, "{}/{}", self.num, self.den),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(num: u128, den: u128) -> Exact {
        Exact::ratio(num, den).unwrap()
    }

    #[test]
    fn numbers_are_whole_decimals_or_fractions() {
        let table = [
            (ratio(0, 7), "0"),
            (ratio(5, 10), "0.5"),
            (ratio(1_250, 1), "1250"),
            (ratio(1, 8), "0.125"),
            (ratio(1, 3), "1/3"),
            (ratio(10, 6), "5/3"),
            (Exact::units(1, 18).unwrap(), "0.000000000000000001"),
            (
                Exact::units(u128::MAX, 0).unwrap(),
                "340282366920938463463374607431768211455",
            ),
        ];
        for (number, text) in table {
            assert_eq!(number.to_string(), text);
        }
        assert_eq!(ratio(5, 3).begun().as_deref(), Some("1.666666666666..."));
        assert_eq!(ratio(5, 4).begun(), None);
    }

    #[test]
    fn rounding_goes_the_way_it_says() {
        let step = ratio(1, 2);
        // (number, down, up, half up, half even) in halves
        let table = [
            (ratio(7, 4), 3, 4, 4, 4),
            (ratio(5, 4), 2, 3, 3, 2),
            (ratio(4, 3), 2, 3, 3, 3),
            (ratio(9, 8), 2, 3, 2, 2),
            (ratio(3, 2), 3, 3, 3, 3),
        ];
        for (number, down, up, half_up, half_even) in table {
            let expected = [down, up, half_up, half_even];
            for (way, halves) in [Way::Down, Way::Up, Way::HalfUp, Way::HalfEven]
                .iter()
                .zip(expected)
            {
                assert_eq!(
                    number.rounded(*way, step),
                    Some(ratio(halves, 2)),
                    "{number} {way:?}"
                );
            }
        }
    }

    #[test]
    fn a_difference_below_zero_is_none() {
        assert_eq!(ratio(1, 3).minus(ratio(1, 2)), None);
        assert_eq!(ratio(1, 2).minus(ratio(1, 3)), Some(ratio(1, 6)));
        assert_eq!(ratio(1, 2).plus(ratio(1, 3)), Some(ratio(5, 6)));
        assert_eq!(ratio(1, 2).over(ratio(3, 4)), Some(ratio(2, 3)));
        assert_eq!(ratio(1, 2).over(Exact::ZERO), None);
        assert_eq!(ratio(2, 3).compare(ratio(3, 4)), Some(Ordering::Less));
    }
}
