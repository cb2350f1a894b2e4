//! How small things stand in a state: numbers, units, indices, options, maps.

use std::collections::{BTreeMap, BTreeSet};

use super::{error::StateError, reader::Reader, writer::Writer};
use crate::{
    Amount, ContributionIndex, CurrencyIndex, InvestorIndex, LimitPrice, LineIndex, Position,
    Ratio, Refusal, ReturnReason, RoundIndex, Sequence, Stamp, Tokens, Value,
};

/// Has one spelling in a state.
pub(super) trait Coded: Sized {
    fn write(&self, out: &mut Writer<'_>);
    fn read(input: &mut Reader<'_>) -> Result<Self, StateError>;
}

macro_rules! numbers {
    ($($number:ty),*) => { $(
        impl Coded for $number {
            fn write(&self, out: &mut Writer<'_>) {
                out.number((*self).into());
            }
            fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
                input.number()
            }
        }
    )* };
}
numbers!(u32, u64);

impl Coded for u128 {
    fn write(&self, out: &mut Writer<'_>) {
        out.number(*self);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
        input.wide()
    }
}

macro_rules! units {
    ($($unit:ident),*) => { $(
        impl Coded for $unit {
            fn write(&self, out: &mut Writer<'_>) {
                let Self(number) = self;
                number.write(out);
            }
            fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
                Coded::read(input).map(Self)
            }
        }
    )* };
}
units!(Amount, Value, Tokens, Position, Sequence);

/// An index is always one of something that is in the terms or was read before.
macro_rules! indices {
    ($($index:ident of $many:ident, $problem:literal;)*) => { $(
        impl Coded for $index {
            fn write(&self, out: &mut Writer<'_>) {
                let Self(number) = self;
                out.number((*number).into());
            }
            fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
                input.index(input.counts.$many, $problem).map(Self)
            }
        }
    )* };
}
indices! {
    LineIndex of lines, "there is no such clock line";
    CurrencyIndex of currencies, "there is no such currency";
    RoundIndex of rounds, "there is no such round";
    InvestorIndex of investors, "there is no such investor";
    ContributionIndex of contributions, "there is no such contribution";
}

impl Coded for [u8; 32] {
    fn write(&self, out: &mut Writer<'_>) {
        out.bytes(self);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
        input.array()
    }
}

impl Coded for Refusal {
    fn write(&self, out: &mut Writer<'_>) {
        out.number(self.code().into());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
        let code = input.number()?;
        Self::from_code(code).ok_or_else(|| input.malformed("there is no such refusal"))
    }
}

impl Coded for ReturnReason {
    fn write(&self, out: &mut Writer<'_>) {
        out.byte(self.code());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
        let code = input.byte()?;
        Self::from_code(code).ok_or_else(|| input.malformed("there is no such reason"))
    }
}

impl Coded for Stamp {
    fn write(&self, out: &mut Writer<'_>) {
        let Self { line, position } = self;
        line.write(out);
        position.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
        Ok(Self {
            line: Coded::read(input)?,
            position: Coded::read(input)?,
        })
    }
}

impl Coded for LimitPrice {
    fn write(&self, out: &mut Writer<'_>) {
        let Self { money, tokens } = self;
        money.write(out);
        tokens.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
        let (money, tokens) = Coded::read(input)?;
        if tokens == 0 {
            return Err(input.malformed("a price is for no tokens"));
        }
        Ok(Self { money, tokens })
    }
}

impl Coded for Ratio {
    fn write(&self, out: &mut Writer<'_>) {
        (self.num(), self.den()).write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
        let (num, den) = Coded::read(input)?;
        Self::new(num, den)
            .filter(|ratio| (ratio.num(), ratio.den()) == (num, den))
            .ok_or_else(|| input.malformed("a ratio is not in lowest terms"))
    }
}

impl<T: Coded> Coded for Option<T> {
    fn write(&self, out: &mut Writer<'_>) {
        match self {
            None => out.byte(0),
            Some(held) => {
                out.byte(1);
                held.write(out);
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
        match input.byte()? {
            0 => Ok(None),
            1 => T::read(input).map(Some),
            _ => Err(input.malformed("neither nothing nor something")),
        }
    }
}

impl<A: Coded, B: Coded> Coded for (A, B) {
    fn write(&self, out: &mut Writer<'_>) {
        let (a, b) = self;
        a.write(out);
        b.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
        Ok((A::read(input)?, B::read(input)?))
    }
}

/// Their number, then each.
impl<T: Coded> Coded for Vec<T> {
    fn write(&self, out: &mut Writer<'_>) {
        write_list(out, self.iter());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
        let count: u64 = input.number()?;
        (0..count).map(|_| T::read(input)).collect()
    }
}

/// As a list of its entries; keys rise.
impl<K: Coded + Ord, V: Coded> Coded for BTreeMap<K, V> {
    fn write(&self, out: &mut Writer<'_>) {
        out.count(self.len());
        for (key, value) in self {
            key.write(out);
            value.write(out);
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
        let count: u64 = input.number()?;
        let mut map = Self::new();
        for _ in 0..count {
            let (key, value) = Coded::read(input)?;
            if map.last_key_value().is_some_and(|(last, _)| key <= *last) {
                return Err(input.malformed("keys do not rise"));
            }
            map.insert(key, value);
        }
        Ok(map)
    }
}

/// As a list; items rise.
impl<T: Coded + Ord> Coded for BTreeSet<T> {
    fn write(&self, out: &mut Writer<'_>) {
        write_list(out, self.iter());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
        let count: u64 = input.number()?;
        let mut set = Self::new();
        for _ in 0..count {
            let item = T::read(input)?;
            if set.last().is_some_and(|last| item <= *last) {
                return Err(input.malformed("items do not rise"));
            }
            set.insert(item);
        }
        Ok(set)
    }
}

fn write_list<'t, T: Coded + 't>(
    out: &mut Writer<'_>,
    items: impl ExactSizeIterator<Item = &'t T>,
) {
    out.count(items.len());
    for item in items {
        item.write(out);
    }
}

/// As many as the terms say; their number is not written.
pub(super) fn write_each<T: Coded>(out: &mut Writer<'_>, items: &[T]) {
    for item in items {
        item.write(out);
    }
}

/// Reads what [`write_each`] wrote.
pub(super) fn read_each<T: Coded>(
    input: &mut Reader<'_>,
    count: usize,
) -> Result<Vec<T>, StateError> {
    (0..count).map(|_| T::read(input)).collect()
}
