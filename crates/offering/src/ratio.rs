//! Exact ratios, and the only places where a product is divided and rounded.
//!
//! A price or a rate is a ratio of two integers in lowest terms. Products go through 256 bits;
//! a result that does not fit 128 bits is `None`, never a wrapped or clamped number.

use ruint::aliases::U256;

/// A ratio of two integers in lowest terms; the denominator is never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    num: u128,
    den: u128,
}

/// Which way a fraction of the rounding unit goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RoundingMode {
    /// Towards zero.
    #[default]
    Down,
    /// To the nearest; exactly one half goes up.
    HalfUp,
    /// To the nearest; exactly one half goes to the even neighbour.
    HalfEven,
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn gcd_wide(mut a: U256, mut b: U256) -> U256 {
    while !b.is_zero() {
        (a, b) = (b, a % b);
    }
    a
}

/// `a x b`, exactly.
pub(crate) fn wide(a: u128, b: u128) -> U256 {
    U256::from(a) * U256::from(b)
}

/// A wide number as 128 bits, if it fits.
pub(crate) fn narrow(value: U256) -> Option<u128> {
    u128::try_from(value).ok()
}

/// `value / den`, rounded; `den` must not be zero.
pub(crate) fn divide(value: U256, den: U256, mode: RoundingMode) -> Option<u128> {
    let (quotient, rest) = value.div_rem(den);
    let quotient = narrow(quotient)?;
    let up = match mode {
        RoundingMode::Down => false,
        RoundingMode::HalfUp => rest >= den - rest,
        RoundingMode::HalfEven => {
            let other = den - rest;
            rest > other || (rest == other && quotient % 2 == 1)
        }
    };
    quotient.checked_add(u128::from(up))
}

impl Ratio {
    /// One to one.
    pub const ONE: Self = Self { num: 1, den: 1 };

    /// `num / den` in lowest terms, or `None` when `den` is zero.
    pub fn new(num: u128, den: u128) -> Option<Self> {
        if den == 0 {
            return None;
        }
        let common = gcd(num, den);
        Some(Self {
            num: num / common,
            den: den / common,
        })
    }

    /// `num / den` of wide numbers, or `None` when it does not fit 128 bits in lowest terms.
    pub fn from_wide(num: U256, den: U256) -> Option<Self> {
        if den.is_zero() {
            return None;
        }
        let common = gcd_wide(num, den);
        Some(Self {
            num: narrow(num / common)?,
            den: narrow(den / common)?,
        })
    }

    /// The numerator in lowest terms.
    pub fn num(self) -> u128 {
        self.num
    }

    /// The denominator in lowest terms.
    pub fn den(self) -> u128 {
        self.den
    }

    /// Whether it is zero.
    pub fn is_zero(self) -> bool {
        self.num == 0
    }

    /// The product, or `None` when it does not fit.
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        Self::from_wide(wide(self.num, other.num), wide(self.den, other.den))
    }

    /// The reciprocal, or `None` of zero.
    pub fn inverse(self) -> Option<Self> {
        Self::new(self.den, self.num)
    }

    /// The same number for arithmetic.
    pub(crate) fn factor(self) -> Factor {
        Factor {
            num: self.num,
            den: self.den,
        }
    }

    /// `amount x self`, rounded.
    pub fn times(self, amount: u128, mode: RoundingMode) -> Option<u128> {
        self.factor().times_to_unit(amount, 1, mode)
    }

    /// `amount x self`, rounded to a multiple of `unit` (which is not zero).
    pub fn times_to_unit(self, amount: u128, unit: u128, mode: RoundingMode) -> Option<u128> {
        self.factor().times_to_unit(amount, unit, mode)
    }
}

/// A ratio that need not be in lowest terms: what prices and rates become before they meet an
/// amount. Reducing each would cost more than the purchase itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Factor {
    num: u128,
    den: u128,
}

impl Factor {
    /// `num / den` of wide numbers, reduced only if it must be.
    pub(crate) fn from_wide(num: U256, den: U256) -> Option<Self> {
        match (narrow(num), narrow(den)) {
            (_, Some(0)) => None,
            (Some(num), Some(den)) => Some(Self { num, den }),
            _ => Ratio::from_wide(num, den).map(Ratio::factor),
        }
    }

    /// The product, reduced only if it must be.
    pub(crate) fn checked_mul(self, other: Self) -> Option<Self> {
        if other.num == 1 && other.den == 1 {
            return Some(self);
        }
        match (
            self.num.checked_mul(other.num),
            self.den.checked_mul(other.den),
        ) {
            (Some(num), Some(den)) => Some(Self { num, den }),
            _ => Self::from_wide(wide(self.num, other.num), wide(self.den, other.den)),
        }
    }

    /// `part / whole`.
    pub(crate) fn share(part: u128, whole: u128) -> Option<Self> {
        (whole != 0).then_some(Self {
            num: part,
            den: whole,
        })
    }

    pub(crate) fn inverse(self) -> Option<Self> {
        (self.num != 0).then_some(Self {
            num: self.den,
            den: self.num,
        })
    }

    pub(crate) fn num(self) -> u128 {
        self.num
    }

    pub(crate) fn den(self) -> u128 {
        self.den
    }

    /// Rounded down.
    pub(crate) fn floor(self, amount: u128) -> Option<u128> {
        self.times_to_unit(amount, 1, RoundingMode::Down)
    }

    /// Rounded up to a multiple of `unit`.
    pub(crate) fn ceil_to_unit(self, amount: u128, unit: u128) -> Option<u128> {
        let (quotient, rest) = wide(amount, self.num).div_rem(wide(self.den, unit));
        narrow(quotient)?
            .checked_add(u128::from(!rest.is_zero()))?
            .checked_mul(unit)
    }

    /// `amount x self`, rounded to a multiple of `unit` (which is not zero).
    ///
    /// The product and the division are exact; only the last step rounds.
    // A whole price is a product: inlined, it takes its numbers from registers.
    #[inline]
    pub(crate) fn times_to_unit(
        self,
        amount: u128,
        unit: u128,
        mode: RoundingMode,
    ) -> Option<u128> {
        if self.den == 1 && unit == 1 {
            return amount.checked_mul(self.num);
        }
        self.divided_to_unit(amount, unit, mode)
    }

    fn divided_to_unit(self, amount: u128, unit: u128, mode: RoundingMode) -> Option<u128> {
        if let (Some(product), Some(den), RoundingMode::Down) = (
            amount.checked_mul(self.num),
            self.den.checked_mul(unit),
            mode,
        ) {
            return (product / den).checked_mul(unit);
        }
        let count = divide(wide(amount, self.num), wide(self.den, unit), mode)?;
        count.checked_mul(unit)
    }

    /// The largest amount whose exact product with `self` is at most `limit`; `None` when every
    /// amount that fits is (the ratio is zero, or tiny).
    pub(crate) fn largest_within(self, limit: u128) -> Option<u128> {
        if self.num == 0 {
            return None;
        }
        divide(
            wide(limit, self.den),
            U256::from(self.num),
            RoundingMode::Down,
        )
    }

    /// The smallest amount whose exact product with `self` is at least `target`.
    pub(crate) fn smallest_reaching(self, target: u128) -> Option<u128> {
        if self.num == 0 {
            return None;
        }
        let (quotient, rest) = wide(target, self.den).div_rem(U256::from(self.num));
        narrow(quotient)?.checked_add(u128::from(!rest.is_zero()))
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        wide(self.num, other.den).cmp(&wide(other.num, self.den))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_modes_differ_only_at_and_above_one_half() {
        // (amount, ratio, unit, down, half up, half even)
        let table = [
            (5, (1, 2), 1, 2, 3, 2),
            (7, (1, 2), 1, 3, 4, 4),
            (7, (1, 3), 1, 2, 2, 2),
            (8, (1, 3), 1, 2, 3, 3),
            (25, (1, 1), 10, 20, 30, 20),
            (35, (1, 1), 10, 30, 40, 40),
            (0, (1, 3), 1, 0, 0, 0),
        ];
        for (amount, (num, den), unit, down, half_up, half_even) in table {
            let ratio = Ratio::new(num, den).unwrap();
            let round = |mode| ratio.times_to_unit(amount, unit, mode).unwrap();
            assert_eq!(
                round(RoundingMode::Down),
                down,
                "{amount} x {num}/{den} down"
            );
            assert_eq!(
                round(RoundingMode::HalfUp),
                half_up,
                "{amount} x {num}/{den} half up"
            );
            assert_eq!(
                round(RoundingMode::HalfEven),
                half_even,
                "{amount} x {num}/{den} half even"
            );
        }
    }

    #[test]
    fn products_beyond_128_bits_are_exact_and_results_beyond_are_none() {
        let third = Ratio::new(1, 3).unwrap();
        assert_eq!(
            third.times(u128::MAX, RoundingMode::Down),
            Some(u128::MAX / 3)
        );
        let ratio = Ratio::new(u128::MAX, u128::MAX - 1).unwrap();
        assert_eq!(ratio.times(u128::MAX, RoundingMode::Down), None);
        assert_eq!(
            ratio.times(u128::MAX - 1, RoundingMode::Down),
            Some(u128::MAX)
        );
    }

    #[test]
    fn bounds_of_an_amount_meet() {
        let ratio = Ratio::new(7, 3).unwrap().factor();
        assert_eq!(ratio.largest_within(100), Some(42));
        assert_eq!(ratio.smallest_reaching(98), Some(42));
        assert_eq!(ratio.smallest_reaching(99), Some(43));
        assert_eq!(Ratio::new(0, 1).unwrap().factor().largest_within(5), None);
    }
}
