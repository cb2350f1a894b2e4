//! Amounts on the wire: strings of smallest units, with a form for people beside it.

use std::fmt;

use serde::{Serialize, Serializer};
use smol_str::SmolStr;
use softcap_offering::{Amount, terms::Terms};
use softcap_proof::bundle::DecimalText;
use utoipa::ToSchema;

use crate::problem::ApiError;

/// An amount. Programs read `units`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Money {
    /// Smallest units as a decimal number.
    #[schema(value_type = String, example = "125000")]
    units: Units,
    /// The same in whole units with the symbol.
    #[schema(value_type = String, example = "1250 EUR")]
    display: Shown,
}

/// Written as digits, straight into the answer: each receipt has five amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Units(u128);

impl Serialize for Units {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(DecimalText::new(self.0, 0).as_str())
    }
}

/// As people write it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown {
    units: u128,
    decimals: u8,
    symbol: SmolStr,
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(DecimalText::new(self.units, self.decimals).as_str())?;
        out.write_str(" ")?;
        out.write_str(&self.symbol)
    }
}

impl Money {
    /// Of a unit with so many decimals.
    pub(super) fn new(units: u128, decimals: u8, symbol: &str) -> Self {
        Self {
            units: Units(units),
            display: Shown {
                units,
                decimals,
                symbol: symbol.into(),
            },
        }
    }

    /// Of a currency of the terms.
    pub(super) fn of_currency(terms: &Terms, currency: usize, amount: Amount) -> Self {
        let known = terms.currencies.get(currency);
        known.map_or_else(
            || Self::new(amount.0, 0, ""),
            |currency| Self::new(amount.0, currency.decimals, &currency.symbol),
        )
    }

    /// Of the numeraire.
    pub(super) fn of_value(terms: &Terms, value: u128) -> Self {
        Self::new(value, terms.numeraire.decimals, &terms.numeraire.symbol)
    }

    /// Of the token.
    pub(super) fn of_tokens(terms: &Terms, tokens: u128) -> Self {
        Self::new(tokens, terms.token.decimals, &terms.token.symbol)
    }
}

/// Reads smallest units: digits only, no leading zero, below 2^128.
pub(super) fn parse_units(field: &str, text: &str) -> Result<u128, ApiError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || (text.len() > 1 && text.starts_with('0')) {
        return Err(ApiError::invalid(
            field,
            "smallest units as a string of digits, as in \"125000\"",
        ));
    }
    text.parse()
        .map_err(|_| ApiError::invalid(field, "it is 2^128 or more"))
}

/// The place of a currency by its symbol.
pub(super) fn parse_currency(terms: &Terms, symbol: &str) -> Result<u8, ApiError> {
    let place = terms
        .currencies
        .iter()
        .position(|currency| currency.symbol == symbol);
    place
        .and_then(|place| u8::try_from(place).ok())
        .ok_or_else(|| {
            let known: Vec<&str> = terms
                .currencies
                .iter()
                .map(|currency| currency.symbol.as_str())
                .collect();
            ApiError::invalid(
                "currency",
                &format!("the offering takes {}", known.join(", ")),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_digits_and_nothing_else() {
        assert_eq!(parse_units("amount", "0").unwrap(), 0);
        assert_eq!(
            parse_units("amount", &u128::MAX.to_string()).unwrap(),
            u128::MAX
        );
        let beyond = "340282366920938463463374607431768211456";
        for wrong in [
            "", "-1", "+1", "1.5", "01", "1e3", " 1", "1_000", "٣", beyond,
        ] {
            assert!(parse_units("amount", wrong).is_err(), "{wrong}");
        }
    }
}
