//! Units: counts of the smallest unit, in newtypes that cannot be mixed.
//!
//! Nothing here converts between units. A conversion is a price or a rate, and those are a
//! [`Ratio`](crate::Ratio) whose rounding the terms name.

use std::fmt;

macro_rules! count {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u128);

        impl $name {
            /// Nothing of it.
            pub const ZERO: Self = Self(0);

            /// The sum, or `None` beyond 2^128 - 1.
            pub fn checked_add(self, other: Self) -> Option<Self> {
                self.0.checked_add(other.0).map(Self)
            }

            /// The difference, or `None` when `other` is larger.
            pub fn checked_sub(self, other: Self) -> Option<Self> {
                self.0.checked_sub(other.0).map(Self)
            }

            /// Whether there is nothing of it.
            pub fn is_zero(self) -> bool {
                self.0 == 0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }
    };
}

count! {
    /// Money, in the smallest unit of one currency (satoshi, wei, cent).
    Amount
}
count! {
    /// Money, in the smallest unit of the numeraire in which caps and limits are counted.
    Value
}
count! {
    /// Tokens, in their smallest unit.
    Tokens
}

macro_rules! index {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl $name {
            /// The place in a slice.
            pub fn index(self) -> usize {
                usize::try_from(self.0).unwrap_or(usize::MAX)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }
    };
}

index! {
    /// Place of a currency in the terms.
    CurrencyIndex(u8)
}
index! {
    /// Place of a round in the terms.
    RoundIndex(u8)
}
index! {
    /// Place of a clock line in the terms: one for `clock = "time"`, one per chain for `"block"`.
    LineIndex(u8)
}
index! {
    /// Investors in order of their first entry.
    InvestorIndex(u32)
}
index! {
    /// Contributions in order of their entries.
    ContributionIndex(u32)
}

/// A place in the total order of a journal, from 0 without gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub u64);

impl fmt::Display for Sequence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// Where in the schedule something happened: unix milliseconds, or a block height of the chain of
/// its clock line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// A length of schedule, in the unit of [`Position`]: milliseconds or blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub u64);

impl Position {
    /// The position `span` later; the last representable one when there is none that late.
    pub fn after(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

/// Position and the clock line it belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// The clock line.
    pub line: LineIndex,
    /// The position on it.
    pub position: Position,
}

/// One hundredth of a per cent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BasisPoints(pub u32);

impl BasisPoints {
    /// One hundred per cent.
    pub const WHOLE: Self = Self(10_000);
}
