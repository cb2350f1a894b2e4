//! Decimal numbers as people write them, exact, and never through a float.

use ruint::aliases::U256;

use super::super::problem::TermsCode;
use crate::Ratio;

/// Most digits a number may have; every such number fits 128 bits.
const MAX_DIGITS: usize = 38;

/// `mantissa / 10^scale`, without trailing zeros after the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    mantissa: u128,
    scale: u32,
}

/// Why a number is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberFault {
    NotANumber,
    Negative,
    TooManyDigits,
    TooManyDecimals,
    DoesNotFit,
}

impl NumberFault {
    pub(super) fn code(self) -> TermsCode {
        match self {
            Self::NotANumber => TermsCode::BadNumber,
            Self::Negative => TermsCode::Negative,
            Self::TooManyDigits => TermsCode::TooManyDigits,
            Self::TooManyDecimals => TermsCode::TooManyDecimals,
            Self::DoesNotFit => TermsCode::DoesNotFit,
        }
    }

    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::NotANumber => {
                "write digits with `_` between groups and `.` before decimals, as in `1_234.50`"
            }
            Self::Negative => "amounts are zero or more",
            Self::TooManyDigits => "at most 38 digits",
            Self::TooManyDecimals => "write no more decimals than the unit has",
            Self::DoesNotFit => "at most 2^128 - 1 of the smallest unit",
        }
    }
}

/// Ten to a power, in 256 bits.
fn power_of_ten(exponent: u32) -> Option<U256> {
    U256::from(10u8).checked_pow(U256::from(exponent))
}

impl Decimal {
    /// Reads `1_234.50`: digits, `_` between digits, at most one point with digits on both sides.
    pub(super) fn parse(text: &str) -> Result<Self, NumberFault> {
        if text.starts_with('-') {
            return Err(NumberFault::Negative);
        }
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) => (digits(whole)?, digits(fraction)?),
            None => (digits(text)?, String::new()),
        };
        let fraction = fraction.trim_end_matches('0');
        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        if significant.len() > MAX_DIGITS || fraction.len() > MAX_DIGITS {
            return Err(NumberFault::TooManyDigits);
        }
        let mantissa = if significant.is_empty() {
            0
        } else {
            significant
                .parse()
                .map_err(|_| NumberFault::TooManyDigits)?
        };
        let scale = u32::try_from(fraction.len()).map_err(|_| NumberFault::TooManyDigits)?;
        Ok(Self { mantissa, scale })
    }

    pub(super) fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// The count of smallest units of something with so many decimals; exact or an error.
    pub(super) fn to_units(self, decimals: u8) -> Result<u128, NumberFault> {
        let shift = u32::from(decimals)
            .checked_sub(self.scale)
            .ok_or(NumberFault::TooManyDecimals)?;
        10u128
            .checked_pow(shift)
            .and_then(|factor| self.mantissa.checked_mul(factor))
            .ok_or(NumberFault::DoesNotFit)
    }

    /// `self` units of something with `decimals` per `other` units of something with
    /// `other_decimals`, in smallest units of both, exactly.
    pub(super) fn per(self, decimals: u8, other: Self, other_decimals: u8) -> Option<Ratio> {
        let up = u32::from(decimals).checked_add(other.scale)?;
        let down = u32::from(other_decimals).checked_add(self.scale)?;
        // Only the difference of the powers matters; both at once would leave 256 bits sooner.
        let common = up.min(down);
        let num = U256::from(self.mantissa).checked_mul(power_of_ten(up - common)?)?;
        let den = U256::from(other.mantissa).checked_mul(power_of_ten(down - common)?)?;
        Ratio::from_wide(num, den)
    }
}

/// Digits with single underscores between them, without the underscores.
fn digits(text: &str) -> Result<String, NumberFault> {
    let mut plain = String::new();
    let mut after_digit = false;
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => plain.push(char::from(byte)),
            b'_' if after_digit => {}
            _ => return Err(NumberFault::NotANumber),
        }
        after_digit = byte.is_ascii_digit();
    }
    if after_digit {
        Ok(plain)
    } else {
        Err(NumberFault::NotANumber)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_exactly_or_refused_with_the_reason() {
        let good = [
            ("0", 0, 0),
            ("007", 7, 0),
            ("1_234.50", 12345, 1),
            ("0.0", 0, 0),
            (
                "99999999999999999999999999999999999999",
                10u128.pow(38) - 1,
                0,
            ),
        ];
        for (text, mantissa, scale) in good {
            assert_eq!(
                Decimal::parse(text),
                Ok(Decimal { mantissa, scale }),
                "{text}"
            );
        }
        let bad = [
            ("", NumberFault::NotANumber),
            (".5", NumberFault::NotANumber),
            ("5.", NumberFault::NotANumber),
            ("1__0", NumberFault::NotANumber),
            ("_1", NumberFault::NotANumber),
            ("1_", NumberFault::NotANumber),
            ("1,000", NumberFault::NotANumber),
            ("1e5", NumberFault::NotANumber),
            ("+1", NumberFault::NotANumber),
            ("1.2.3", NumberFault::NotANumber),
            ("-1", NumberFault::Negative),
            (
                "100000000000000000000000000000000000000",
                NumberFault::TooManyDigits,
            ),
            (
                "0.000000000000000000000000000000000000001",
                NumberFault::TooManyDigits,
            ),
        ];
        for (text, code) in bad {
            assert_eq!(Decimal::parse(text), Err(code), "{text}");
        }
    }

    #[test]
    fn units_and_ratios_are_exact() {
        let number = Decimal::parse("1.5").unwrap();
        assert_eq!(number.to_units(1), Ok(15));
        assert_eq!(number.to_units(0), Err(NumberFault::TooManyDecimals));
        assert_eq!(number.to_units(38), Ok(15 * 10u128.pow(37)));
        let big = Decimal::parse("99999999999999999999999999999999999999").unwrap();
        assert_eq!(big.to_units(1), Err(NumberFault::DoesNotFit));
        // 1 ATOM (6 decimals) per 0.002210921954455007 ETH (18 decimals).
        let money = Decimal::parse("0.002210921954455007").unwrap();
        let rate = Decimal::parse("1").unwrap().per(6, money, 18).unwrap();
        assert_eq!((rate.num(), rate.den()), (1_000_000, 2_210_921_954_455_007));
    }
}
