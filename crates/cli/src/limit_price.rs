//! Limit prices of bids as text.

use softcap_offering::LimitPrice;

use crate::decimal::{self, Decimal, DecimalError};

/// Why a text is no limit price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LimitPriceError {
    /// A number in it is none.
    Number(DecimalError),
    /// No money, or no tokens.
    Zero,
}

impl LimitPriceError {
    /// The stable code.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Number(error) => error.code(),
            Self::Zero => "C146",
        }
    }
}

impl std::fmt::Display for LimitPriceError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(error) => error.fmt(out),
            Self::Zero => out.write_str("is a price of zero, or for no tokens"),
        }
    }
}

/// Decimal places of what a limit price is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PriceUnits {
    /// Of the numeraire.
    pub(crate) money: u8,
    /// Of the token.
    pub(crate) token: u8,
}

impl PriceUnits {
    /// Reads `0.25` (numeraire per whole token) or `100/50` (at most 100 of the numeraire for at
    /// least 50 tokens, both in whole units). The pair is not reduced: equal prices of different
    /// size are told apart in ties.
    ///
    /// A price with more decimals than the numeraire has is exact too: then the pair counts more
    /// tokens.
    pub(crate) fn read(self, text: &str) -> Result<LimitPrice, LimitPriceError> {
        let limit = match text.split_once('/') {
            Some((money, tokens)) => LimitPrice {
                money: decimal::parse_units(money.as_bytes(), self.money)
                    .map_err(LimitPriceError::Number)?,
                tokens: decimal::parse_units(tokens.as_bytes(), self.token)
                    .map_err(LimitPriceError::Number)?,
            },
            None => self.per_token(text).map_err(LimitPriceError::Number)?,
        };
        if limit.money == 0 || limit.tokens == 0 {
            return Err(LimitPriceError::Zero);
        }
        Ok(limit)
    }

    fn per_token(self, text: &str) -> Result<LimitPrice, DecimalError> {
        if text.is_empty() {
            return Err(DecimalError::Empty);
        }
        // Zeros at the end must not make a larger pair of the same price.
        let price = Decimal::parse(text.as_bytes())?.trimmed();
        let finer = price.scale.saturating_sub(u32::from(self.money));
        let money = decimal::power_of_ten(u32::from(self.money).saturating_sub(price.scale))
            .and_then(|factor| price.digits.checked_mul(factor));
        let tokens = decimal::power_of_ten(u32::from(self.token) + finer);
        match (money, tokens) {
            (Some(money), Some(tokens)) => Ok(LimitPrice { money, tokens }),
            _ => Err(DecimalError::TooLarge),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_pairs_of_smallest_units() {
        let pair = |money, tokens| Ok(LimitPrice { money, tokens });
        let number = |error| Err(LimitPriceError::Number(error));
        // Money with 2 decimals, tokens with 3.
        let table = [
            ("0.25", pair(25, 1_000)),
            ("3", pair(300, 1_000)),
            ("0.00125", pair(125, 1_000_000)),
            ("0.00120", pair(12, 100_000)),
            ("0.2500", pair(25, 1_000)),
            ("100/50", pair(10_000, 50_000)),
            ("2/1", pair(200, 1_000)),
            ("4/2", pair(400, 2_000)),
            ("0.01/0.001", pair(1, 1)),
            ("", number(DecimalError::Empty)),
            ("1/", number(DecimalError::Empty)),
            ("0.001/1", number(DecimalError::TooManyDecimals)),
            ("1/2/3", number(DecimalError::NotANumber)),
            ("-1", number(DecimalError::Negative)),
            ("0", Err(LimitPriceError::Zero)),
            ("0.00", Err(LimitPriceError::Zero)),
            ("1/0", Err(LimitPriceError::Zero)),
            ("0/1", Err(LimitPriceError::Zero)),
            (
                "0.00000000000000000000000000000000000001",
                number(DecimalError::TooLarge),
            ),
        ];
        let units = PriceUnits { money: 2, token: 3 };
        for (text, expected) in table {
            assert_eq!(units.read(text), expected, "{text}");
        }
    }
}
