//! Amounts, prices, rates and parts: strings with their unit, turned into exact integers.

use super::super::problem::TermsCode;
use super::super::{Bound, Limit};
use super::decimal::{Decimal, NumberFault};
use super::reader::{Entry, Reader, one_of, quote};
use crate::{Amount, BasisPoints, CurrencyIndex, Ratio, Tokens, Value};

/// A symbol and the decimal places of its smallest unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) symbol: String,
    pub(super) decimals: u8,
}

/// Every unit that amounts of one offering may carry.
#[derive(Clone, Debug)]
pub(super) struct Units {
    pub(super) token: Unit,
    pub(super) numeraire: Unit,
    pub(super) currencies: Vec<Unit>,
}

impl Units {
    /// The place of a currency.
    pub(super) fn currency(&self, symbol: &str) -> Option<(CurrencyIndex, &Unit)> {
        let place = self
            .currencies
            .iter()
            .position(|unit| unit.symbol == symbol)?;
        let index = u8::try_from(place).ok().map(CurrencyIndex)?;
        Some((index, self.currencies.get(place)?))
    }
}

/// Which way a price was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// As asked for, for example tokens per money.
    Straight,
    /// The other way round.
    Inverse,
}

impl<'a> Entry<'a> {
    fn decimal(&self, reader: &mut Reader<'_>, number: &str) -> Option<Decimal> {
        match Decimal::parse(number) {
            Ok(decimal) => Some(decimal),
            Err(fault) => {
                let message = format!("`{}`: {}", quote(number), fault.code().meaning());
                self.report(reader, fault.code(), message, fault.hint());
                None
            }
        }
    }

    /// The text of something with a unit; a bare number is refused.
    pub(super) fn with_unit(&self, reader: &mut Reader<'_>, example: &str) -> Option<&'a str> {
        if self.value.is_integer() || self.value.is_float() {
            let message = "a bare number says nothing about its unit";
            let hint = format!("write a string with the unit, as in `\"{example}\"`");
            self.report(reader, TermsCode::BareNumber, message, hint);
            return None;
        }
        self.text(reader)
    }

    /// A number and its unit, for example `500_000 USD`.
    fn amount(&self, reader: &mut Reader<'_>, units: &[&Unit]) -> Option<(usize, u128)> {
        let symbols = || units.iter().map(|unit| unit.symbol.as_str());
        let example = format!("1_000 {}", symbols().next().unwrap_or_default());
        let text = self.with_unit(reader, &example)?;
        let mut words = text.split_ascii_whitespace();
        let (number, symbol) = match (words.next(), words.next(), words.next()) {
            (Some(number), Some(symbol), None) => (number, symbol),
            (Some(number), None, None) if Decimal::parse(number).is_ok() => {
                let message = format!("`{}` has no unit", quote(text));
                self.report(
                    reader,
                    TermsCode::WrongUnit,
                    message,
                    format!("as in `{example}`"),
                );
                return None;
            }
            (_, _, _) => {
                let message = format!("`{}` is not an amount", quote(text));
                let hint = format!("a number, a space and a unit, as in `{example}`");
                self.report(reader, TermsCode::BadNumber, message, hint);
                return None;
            }
        };
        let number_read = self.decimal(reader, number)?;
        let Some(place) = units.iter().position(|unit| unit.symbol == symbol) else {
            let message = format!("`{}` is not a unit that may stand here", quote(symbol));
            let hint = format!("allowed: {}", one_of(symbols()));
            self.report(reader, TermsCode::WrongUnit, message, hint);
            return None;
        };
        let decimals = units.get(place)?.decimals;
        match number_read.to_units(decimals) {
            Ok(count) => Some((place, count)),
            Err(fault) => {
                let message = format!(
                    "`{}`: {symbol} has {decimals} decimals; {}",
                    quote(text),
                    fault.code().meaning()
                );
                self.report(reader, fault.code(), message, fault.hint());
                None
            }
        }
    }

    /// An amount of one unit; zero is refused where it makes no sense.
    fn amount_of(&self, reader: &mut Reader<'_>, unit: &Unit, zero: Zero) -> Option<u128> {
        let (_, count) = self.amount(reader, &[unit])?;
        self.checked(reader, count, zero)
    }

    fn checked(&self, reader: &mut Reader<'_>, count: u128, zero: Zero) -> Option<u128> {
        if count == 0 && zero == Zero::Refused {
            let hint = "write more than zero, or leave the key out if there is none";
            self.report(reader, TermsCode::Zero, "zero makes no sense here", hint);
            return None;
        }
        Some(count)
    }

    /// Tokens.
    pub(super) fn tokens(&self, reader: &mut Reader<'_>, units: &Units) -> Option<Tokens> {
        self.amount_of(reader, &units.token, Zero::Refused)
            .map(Tokens)
    }

    /// Money in the numeraire.
    pub(super) fn money(&self, reader: &mut Reader<'_>, units: &Units) -> Option<Value> {
        self.amount_of(reader, &units.numeraire, Zero::Refused)
            .map(Value)
    }

    /// Money in the numeraire, or nothing.
    pub(super) fn money_or_zero(&self, reader: &mut Reader<'_>, units: &Units) -> Option<Value> {
        self.amount_of(reader, &units.numeraire, Zero::Allowed)
            .map(Value)
    }

    /// An amount of one currency.
    pub(super) fn currency_amount(&self, reader: &mut Reader<'_>, unit: &Unit) -> Option<Amount> {
        self.amount_of(reader, unit, Zero::Refused).map(Amount)
    }

    /// Money in the numeraire, or tokens. Where the numeraire is the token, the value is meant.
    pub(super) fn bound(&self, reader: &mut Reader<'_>, units: &Units) -> Option<Bound> {
        let (place, count) = self.amount(reader, &[&units.numeraire, &units.token])?;
        let count = self.checked(reader, count, Zero::Refused)?;
        Some(if place == 0 {
            Bound::Value(Value(count))
        } else {
            Bound::Tokens(Tokens(count))
        })
    }

    /// One bound, or a list with one bound per currency. In a list, a currency's amount counts for
    /// that currency alone, even if it is the numeraire.
    pub(super) fn limits(
        &self,
        reader: &mut Reader<'_>,
        units: &Units,
        zero: Zero,
    ) -> Option<Vec<Limit>> {
        if !self.value.is_array() {
            return self
                .limit(reader, units, zero, false)
                .map(|limit| vec![limit]);
        }
        let mut limits: Vec<Limit> = Vec::new();
        for item in self.items(reader, 64) {
            let limit = item.limit(reader, units, zero, true)?;
            if limits.iter().any(|other| same_unit(*other, limit)) {
                let message = "two bounds in one unit";
                item.report(
                    reader,
                    TermsCode::Duplicate,
                    message,
                    "keep the one that holds",
                );
                return None;
            }
            limits.push(limit);
        }
        Some(limits)
    }

    fn limit(
        &self,
        reader: &mut Reader<'_>,
        units: &Units,
        zero: Zero,
        per_currency: bool,
    ) -> Option<Limit> {
        let mut allowed: Vec<&Unit> = Vec::new();
        if !per_currency {
            allowed.push(&units.numeraire);
        }
        let currencies_from = allowed.len();
        allowed.extend(units.currencies.iter());
        let token_at = allowed.len();
        allowed.push(&units.token);
        allowed.push(&units.numeraire);
        let (place, count) = self.amount(reader, &allowed)?;
        let count = self.checked(reader, count, zero)?;
        if place == token_at {
            return Some(Limit::Tokens(Tokens(count)));
        }
        match place
            .checked_sub(currencies_from)
            .filter(|_| place < token_at)
        {
            Some(currency) => {
                let index = u8::try_from(currency).ok()?;
                Some(Limit::Money(CurrencyIndex(index), Amount(count)))
            }
            None => Some(Limit::Value(Value(count))),
        }
    }

    /// `A x per B y` where x and y are the two units, in either order; the ratio is smallest units
    /// as written, and the direction says whether that is `top` per `bottom`.
    pub(super) fn per(
        &self,
        reader: &mut Reader<'_>,
        top: &Unit,
        bottom: &Unit,
    ) -> Option<(Ratio, Direction)> {
        let example = format!("100 {} per {}", top.symbol, bottom.symbol);
        let text = self.with_unit(reader, &example)?;
        self.per_text(reader, text, top, bottom)
    }

    /// The same from a text that stands somewhere inside the value.
    pub(super) fn per_text(
        &self,
        reader: &mut Reader<'_>,
        text: &str,
        top: &Unit,
        bottom: &Unit,
    ) -> Option<(Ratio, Direction)> {
        let example = format!("100 {} per {}", top.symbol, bottom.symbol);
        let words: Vec<&str> = text.split_ascii_whitespace().take(6).collect();
        let (upper, symbol, lower, other) = match words.as_slice() {
            [upper, symbol, "per", other] => (*upper, *symbol, "1", *other),
            [upper, symbol, "per", lower, other] => (*upper, *symbol, *lower, *other),
            _ => {
                let message = format!("`{}` is not a price", quote(text));
                let hint = format!("write it as `{example}`");
                self.report(reader, TermsCode::BadPrice, message, hint);
                return None;
            }
        };
        let upper = self.decimal(reader, upper)?;
        let lower = self.decimal(reader, lower)?;
        let direction = if symbol == top.symbol && other == bottom.symbol {
            Direction::Straight
        } else if symbol == bottom.symbol && other == top.symbol {
            Direction::Inverse
        } else {
            let message = format!(
                "`{}` must name `{}` and `{}`, each once",
                quote(text),
                top.symbol,
                bottom.symbol
            );
            self.report(
                reader,
                TermsCode::WrongUnit,
                message,
                format!("as in `{example}`"),
            );
            return None;
        };
        if upper.is_zero() || lower.is_zero() {
            let message = format!("`{}`: a price is more than zero", quote(text));
            self.report(
                reader,
                TermsCode::Zero,
                message,
                format!("as in `{example}`"),
            );
            return None;
        }
        let (numerator, denominator) = match direction {
            Direction::Straight => (top, bottom),
            Direction::Inverse => (bottom, top),
        };
        let ratio = upper.per(numerator.decimals, lower, denominator.decimals);
        if ratio.is_none() {
            let message = format!("`{}` is beyond 128 bits in smallest units", quote(text));
            self.report(
                reader,
                TermsCode::DoesNotFit,
                message,
                "use fewer digits or decimals",
            );
        }
        ratio.map(|ratio| (ratio, direction))
    }

    /// `top` units per `bottom` unit, however it was written.
    pub(super) fn ratio_of(
        &self,
        reader: &mut Reader<'_>,
        top: &Unit,
        bottom: &Unit,
    ) -> Option<Ratio> {
        let (ratio, direction) = self.per(reader, top, bottom)?;
        turned(ratio, direction)
    }

    /// A percentage of at most `most` per cent, exact to a hundredth of a per cent.
    pub(super) fn percent(&self, reader: &mut Reader<'_>, most: u32) -> Option<BasisPoints> {
        let text = self.with_unit(reader, "12.5 %")?;
        let points = self.percent_text(reader, text)?;
        let whole = most.checked_mul(100)?;
        if points.0 > whole {
            let message = format!("`{}` is more than {most} %", quote(text));
            let hint = format!("write at most `{most} %`");
            self.report(reader, TermsCode::PartAboveWhole, message, hint);
            return None;
        }
        Some(points)
    }

    fn percent_text(&self, reader: &mut Reader<'_>, text: &str) -> Option<BasisPoints> {
        let number = text.strip_suffix('%').map(str::trim_end);
        let Some(number) = number else {
            let message = format!("`{}` is not a percentage", quote(text));
            self.report(
                reader,
                TermsCode::BadPercent,
                message,
                "write it as `12.5 %`",
            );
            return None;
        };
        let decimal = self.decimal(reader, number)?;
        let points = decimal.to_units(2).and_then(|points| {
            u32::try_from(points)
                .map(BasisPoints)
                .map_err(|_| NumberFault::DoesNotFit)
        });
        match points {
            Ok(points) => Some(points),
            Err(fault) => {
                let message = format!("`{}`: {}", quote(text), fault.code().meaning());
                let hint = "a percentage has at most two decimals";
                self.report(reader, fault.code(), message, hint);
                None
            }
        }
    }

    /// A part or multiple of something: `198/1000` or `25 %`.
    pub(super) fn part(&self, reader: &mut Reader<'_>) -> Option<Ratio> {
        let text = self.with_unit(reader, "198/1000")?;
        let ratio = match text.split_once('/') {
            None => {
                let points = self.percent_text(reader, text)?;
                Ratio::new(u128::from(points.0), u128::from(BasisPoints::WHOLE.0))
            }
            Some((num, den)) => {
                let num = self.whole(reader, num.trim())?;
                let den = self.whole(reader, den.trim())?;
                Ratio::new(num, den)
            }
        };
        let ratio = ratio.filter(|ratio| !ratio.is_zero());
        if ratio.is_none() {
            let message = format!("`{}` has a zero in it", quote(text));
            self.report(
                reader,
                TermsCode::BadRatio,
                message,
                "as in `198/1000` or `25 %`",
            );
        }
        ratio
    }

    fn whole(&self, reader: &mut Reader<'_>, text: &str) -> Option<u128> {
        let decimal = self.decimal(reader, text)?;
        match decimal.to_units(0) {
            Ok(count) => Some(count),
            Err(fault) => {
                let message = format!("`{}` is not a whole number", quote(text));
                self.report(reader, fault.code(), message, "as in `198/1000`");
                None
            }
        }
    }
}

/// The ratio the straight way.
pub(super) fn turned(ratio: Ratio, direction: Direction) -> Option<Ratio> {
    match direction {
        Direction::Straight => Some(ratio),
        Direction::Inverse => ratio.inverse(),
    }
}

/// Whether an amount may be zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zero {
    /// It may.
    Allowed,
    /// It may not.
    Refused,
}

fn same_unit(one: Limit, other: Limit) -> bool {
    match (one, other) {
        (Limit::Value(_), Limit::Value(_)) | (Limit::Tokens(_), Limit::Tokens(_)) => true,
        (Limit::Money(one, _), Limit::Money(other, _)) => one == other,
        (
            Limit::Value(_) | Limit::Tokens(_) | Limit::Money(_, _),
            Limit::Value(_) | Limit::Tokens(_) | Limit::Money(_, _),
        ) => false,
    }
}
