//! Fractions of integers without bounds, for the reference model. Nothing is reduced: slow and plain.

use num_bigint::BigInt;
use softcap_offering::{Ratio, RoundingMode};

/// `num / den`; the denominator is positive.
#[derive(Clone, Debug)]
pub(crate) struct Fraction {
    pub(crate) num: BigInt,
    pub(crate) den: BigInt,
}

/// A whole number from one of the engine's counts.
pub(crate) fn big(count: u128) -> BigInt {
    BigInt::from(count)
}

/// The smaller of two.
pub(crate) fn least(a: BigInt, b: BigInt) -> BigInt {
    if a < b { a } else { b }
}

/// The number, or zero when it is negative.
pub(crate) fn or_zero(number: BigInt) -> BigInt {
    if number < big(0) { big(0) } else { number }
}

impl Fraction {
    pub(crate) fn new(num: BigInt, den: BigInt) -> Self {
        assert!(den > big(0), "a fraction over {den}");
        Self { num, den }
    }

    pub(crate) fn of(ratio: Ratio) -> Self {
        Self::new(big(ratio.num()), big(ratio.den()))
    }

    pub(crate) fn times(&self, other: &Self) -> Self {
        Self::new(&self.num * &other.num, &self.den * &other.den)
    }

    pub(crate) fn of_count(&self, count: &BigInt) -> Self {
        Self::new(&self.num * count, self.den.clone())
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self::new(
            &self.num * &other.den + &other.num * &self.den,
            &self.den * &other.den,
        )
    }

    pub(crate) fn minus(&self, other: &Self) -> Self {
        Self::new(
            &self.num * &other.den - &other.num * &self.den,
            &self.den * &other.den,
        )
    }

    pub(crate) fn inverse(&self) -> Self {
        Self::new(self.den.clone(), self.num.clone())
    }

    pub(crate) fn at_most(&self, other: &Self) -> bool {
        &self.num * &other.den <= &other.num * &self.den
    }

    pub(crate) fn equals(&self, other: &Self) -> bool {
        &self.num * &other.den == &other.num * &self.den
    }

    /// Rounded down; the fraction is not negative.
    pub(crate) fn floor(&self) -> BigInt {
        &self.num / &self.den
    }

    /// Rounded up; the fraction is not negative.
    pub(crate) fn ceil(&self) -> BigInt {
        (&self.num + &self.den - 1) / &self.den
    }

    /// Rounded to a multiple of `unit`: the neighbour below, and the one above if the distance to it
    /// is shorter, or equally long and the mode says so.
    pub(crate) fn rounded(&self, unit: &BigInt, mode: RoundingMode) -> BigInt {
        let below = Self::new(self.num.clone(), &self.den * unit).floor();
        let above: BigInt = &below + 1;
        let gap = |count: &BigInt| &self.num - count * unit * &self.den;
        let (down, up) = (gap(&below), -gap(&above));
        let chosen = match mode {
            RoundingMode::Down => below,
            RoundingMode::HalfUp if up <= down => above,
            RoundingMode::HalfEven if up < down => above,
            RoundingMode::HalfEven if up == down && &below % 2 == big(1) => above,
            RoundingMode::HalfUp | RoundingMode::HalfEven => below,
        };
        chosen * unit
    }

    /// Rounded up to a multiple of `unit`.
    pub(crate) fn rounded_up(&self, unit: &BigInt) -> BigInt {
        Self::new(self.num.clone(), &self.den * unit).ceil() * unit
    }
}
