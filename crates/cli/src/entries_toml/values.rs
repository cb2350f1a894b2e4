//! Values of entries: amounts with units, rates, positions, hashes, names.

use softcap_offering::{
    CurrencyIndex, InvestorId, LimitPrice, LineIndex, Position, Ratio, RoundIndex, Value,
    terms::{ClockKind, Terms},
};

use super::{
    Money, OwnedInvestor,
    reader::{Entry, Table},
};
use crate::{
    contributions_csv::{LONGEST_ID, allowed_amount, is_reference},
    decimal::{self, Decimal, DecimalError},
    input_error::{InputError, InputFault, Shown},
    instant::InstantReader,
    limit_price::PriceUnits,
};

/// A number and its unit, of a text such as `17_890 ETH`.
fn number_and_unit<'t>(entry: &Entry<'t>, example: &str) -> Result<(&'t str, &'t str), InputError> {
    let allowed = format!("a string with an amount and its unit, for example \"{example}\"");
    let text = entry.text(&allowed)?;
    text.split_once(' ')
        .filter(|(_, unit)| !unit.is_empty() && !unit.contains(' '))
        .ok_or_else(|| entry.does_not_fit(&allowed))
}

fn units(entry: &Entry<'_>, number: &str, symbol: &str, decimals: u8) -> Result<u128, InputError> {
    decimal::parse_grouped(number)
        .and_then(|number| number.to_units(decimals))
        .map_err(|error| {
            let allowed = allowed_amount(symbol, decimals);
            entry.error(InputFault::Number {
                found: Shown::new(number),
                error,
                allowed,
            })
        })
}

fn currency_named(
    entry: &Entry<'_>,
    symbol: &str,
    terms: &Terms,
) -> Result<CurrencyIndex, InputError> {
    let place = terms
        .currencies
        .iter()
        .position(|currency| currency.symbol == symbol);
    place
        .and_then(|place| u8::try_from(place).ok())
        .map(CurrencyIndex)
        .ok_or_else(|| {
            let known = terms
                .currencies
                .iter()
                .map(|currency| &*currency.symbol)
                .collect::<Vec<_>>();
            entry.error(InputFault::Currency {
                found: Shown::new(symbol),
                known: known.join(", "),
            })
        })
}

/// An amount of one of the currencies.
pub(super) fn money(entry: &Entry<'_>, terms: &Terms) -> Result<Money, InputError> {
    let symbol = terms
        .currencies
        .first()
        .map_or("ETH", |currency| &*currency.symbol);
    let (number, symbol) = number_and_unit(entry, &format!("17_890.5 {symbol}"))?;
    let currency = currency_named(entry, symbol, terms)?;
    let decimals = terms.currencies[currency.index()].decimals;
    let amount = softcap_offering::Amount(units(entry, number, symbol, decimals)?);
    Ok(Money { currency, amount })
}

/// An amount of the numeraire.
pub(super) fn value(entry: &Entry<'_>, terms: &Terms) -> Result<Value, InputError> {
    let numeraire = &terms.numeraire;
    let (number, symbol) = number_and_unit(entry, &format!("5_000 {}", numeraire.symbol))?;
    if symbol != numeraire.symbol {
        let allowed = format!(
            "an amount in {}, the numeraire of the terms",
            numeraire.symbol
        );
        return Err(entry.does_not_fit(&allowed));
    }
    units(entry, number, symbol, numeraire.decimals).map(Value)
}

/// A rate such as `300 USD per ETH` or `1 ETH per 300 USD`: numeraire units per currency unit.
pub(super) fn rate(entry: &Entry<'_>, terms: &Terms) -> Result<(CurrencyIndex, Ratio), InputError> {
    let numeraire = &terms.numeraire;
    let example = terms
        .currencies
        .last()
        .map_or("ETH", |currency| &*currency.symbol);
    let allowed = format!(
        "the value of a currency in {0}, for example \"300 {0} per {example}\"",
        numeraire.symbol
    );
    let text = entry.text(&allowed)?;
    let does_not_fit = || entry.does_not_fit(&allowed);
    let (upper, lower) = text.split_once(" per ").ok_or_else(does_not_fit)?;
    let (upper_number, upper_symbol) = upper.split_once(' ').ok_or_else(does_not_fit)?;
    let (lower_number, lower_symbol) = lower.split_once(' ').unwrap_or(("1", lower));
    let value_above = upper_symbol == numeraire.symbol;
    if !value_above && lower_symbol != numeraire.symbol {
        return Err(does_not_fit());
    }
    let symbol = if value_above {
        lower_symbol
    } else {
        upper_symbol
    };
    let currency = currency_named(entry, symbol, terms)?;
    let number = |text: &str| {
        decimal::parse_grouped(text)
            .map(Decimal::trimmed)
            .map_err(|error| {
                let allowed = "digits, then if wanted a point and decimals".to_owned();
                entry.error(InputFault::Number {
                    found: Shown::new(text),
                    error,
                    allowed,
                })
            })
    };
    let (upper, lower) = (number(upper_number)?, number(lower_number)?);
    let (value, money) = if value_above {
        (upper, lower)
    } else {
        (lower, upper)
    };
    if value.digits == 0 || money.digits == 0 {
        return Err(does_not_fit());
    }
    let decimals = terms.currencies[currency.index()].decimals;
    let ratio = ratio_of(value, numeraire.decimals, money, decimals).ok_or_else(|| {
        let error = DecimalError::TooLarge;
        let allowed = "a rate whose smallest units fit 128 bits".to_owned();
        entry.error(InputFault::Number {
            found: Shown::new(text),
            error,
            allowed,
        })
    })?;
    Ok((currency, ratio))
}

/// `value` of something with some decimals per `money` of something with others, in smallest units.
fn ratio_of(
    value: Decimal,
    value_decimals: u8,
    money: Decimal,
    money_decimals: u8,
) -> Option<Ratio> {
    let plain = |number: Decimal| Ratio::new(number.digits, decimal::power_of_ten(number.scale)?);
    let up = u32::from(value_decimals);
    let down = u32::from(money_decimals);
    let shift = Ratio::new(
        decimal::power_of_ten(up.saturating_sub(down))?,
        decimal::power_of_ten(down.saturating_sub(up))?,
    )?;
    plain(value)?
        .checked_mul(plain(money)?.inverse()?)?
        .checked_mul(shift)
}

/// A date on a clock of time, a height on a clock of blocks.
pub(super) fn position(entry: &Entry<'_>, terms: &Terms) -> Result<Position, InputError> {
    match terms.clock.kind {
        ClockKind::Time => date(entry),
        ClockKind::Block => height(entry),
    }
}

/// A date.
pub(super) fn date(entry: &Entry<'_>) -> Result<Position, InputError> {
    let text = entry.date_text("a date with zone, for example \"2026-03-01T12:00:00Z\"")?;
    InstantReader::default()
        .read(text.as_bytes())
        .map_err(|error| {
            entry.error(InputFault::Instant {
                found: Shown::new(&text),
                error,
            })
        })
}

/// A block height.
pub(super) fn height(entry: &Entry<'_>) -> Result<Position, InputError> {
    entry
        .whole_number("a block height, for example 460_654")
        .map(Position)
}

/// A clock line by the name of its chain; the only one when there is only one.
pub(super) fn line(table: &Table<'_>, terms: &Terms) -> Result<LineIndex, InputError> {
    let names: Vec<_> = terms.clock.lines.iter().map(|name| &**name).collect();
    named(table, "chain", &names).map(LineIndex)
}

/// A round by name; the only one when there is only one.
pub(super) fn round(table: &Table<'_>, terms: &Terms) -> Result<RoundIndex, InputError> {
    let names: Vec<_> = terms.rounds.iter().map(|round| &*round.name).collect();
    named(table, "round", &names).map(RoundIndex)
}

/// The place of a name of the terms; the first when there is only one.
fn named(table: &Table<'_>, key: &'static str, names: &[&str]) -> Result<u8, InputError> {
    let place = match table.get(key) {
        Some(entry) => entry.name_of(key, names)?,
        None if names.len() == 1 => 0,
        None => return Err(table.missing(key, &format!("one of {}", names.join(", ")))),
    };
    // Terms have at most 64 rounds and 32 currencies.
    Ok(u8::try_from(place).unwrap_or(u8::MAX))
}

/// `investor = "..."`, or `investors = ["...", ...]`.
pub(super) fn investors(table: &Table<'_>) -> Result<Vec<OwnedInvestor>, InputError> {
    match (table.get("investor"), table.get("investors")) {
        (Some(one), None) => Ok(vec![investor(&one)?]),
        (None, Some(many)) => {
            let allowed = "a list of investor ids, not empty";
            let list = many.list(allowed)?;
            if list.is_empty() {
                return Err(many.does_not_fit(allowed));
            }
            list.iter().map(investor).collect()
        }
        (Some(_), Some(many)) => Err(many.error(InputFault::KeysExclude { other: "investor" })),
        (None, None) => Err(table.missing("investor", "an investor id, or investors with a list")),
    }
}

/// An investor id.
pub(super) fn investor(entry: &Entry<'_>) -> Result<OwnedInvestor, InputError> {
    let text = entry.text("an investor id")?;
    InvestorId::parse(text)
        .map(OwnedInvestor::new)
        .map_err(|error| {
            entry.error(InputFault::Investor {
                found: Shown::new(text),
                error,
            })
        })
}

/// A `contribution_id`.
pub(super) fn reference(entry: &Entry<'_>) -> Result<String, InputError> {
    let text = entry.text("a contribution_id")?;
    if is_reference(text, 1, LONGEST_ID) {
        return Ok(text.to_owned());
    }
    let found = Shown::new(text);
    Err(entry.error(InputFault::Reference {
        found,
        least: 1,
        most: LONGEST_ID,
    }))
}

/// A limit price.
pub(super) fn limit_price(entry: &Entry<'_>, terms: &Terms) -> Result<LimitPrice, InputError> {
    let text = entry.text("a limit price such as \"0.25\" or \"100/50\"")?;
    let price = PriceUnits {
        money: terms.numeraire.decimals,
        token: terms.token.decimals,
    };
    price.read(text).map_err(|error| {
        entry.error(InputFault::LimitPrice {
            found: Shown::new(text),
            error,
        })
    })
}

/// 32 bytes.
pub(super) fn hash(entry: &Entry<'_>) -> Result<[u8; 32], InputError> {
    let allowed = "32 bytes as 64 hexadecimal digits";
    let text = entry.text(allowed)?;
    let bytes = bytes_of(text).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    bytes.ok_or_else(|| entry.does_not_fit(allowed))
}

/// Bytes, at most so many.
pub(super) fn bytes(entry: &Entry<'_>, most: usize) -> Result<Vec<u8>, InputError> {
    let allowed = format!("at most {most} bytes as hexadecimal digits, two for each");
    let text = entry.text(&allowed)?;
    bytes_of(text)
        .filter(|bytes| bytes.len() <= most)
        .ok_or_else(|| entry.does_not_fit(&allowed))
}

/// Hexadecimal digits as bytes, after `0x` if that stands there.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}
