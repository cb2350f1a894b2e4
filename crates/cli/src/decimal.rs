//! Decimal strings and counts of the smallest unit, exactly and never through a float.
//!
//! Files of contributions are strict: digits, at most one point with a digit on both sides, no
//! sign, no exponent, no separators, no more decimals than the unit has (also not as zeros, because
//! a column that carries them was made for another unit). Published amounts are the shortest such
//! text: no zeros after the last decimal that counts.

use std::fmt;

use softcap_proof::bundle::display_decimal;

/// Most digits of a number, counting leading zeros; 2^128 - 1 has as many.
pub(crate) const MOST_DIGITS: u32 = 39;

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DecimalError {
    /// Nothing there.
    Empty,
    /// A minus sign.
    Negative,
    /// A plus sign.
    Plus,
    /// `1e5`.
    Exponent,
    /// `1,000`, `1 000`, `1'000` or, where groups are not allowed, `1_000`.
    Separator,
    /// Anything else that is not digits around one point.
    NotANumber,
    /// More than [`MOST_DIGITS`].
    TooManyDigits,
    /// More decimals than the unit has.
    TooManyDecimals,
    /// More than 2^128 - 1 smallest units.
    TooLarge,
}

impl DecimalError {
    /// The stable code.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Empty => "C130",
            Self::Negative => "C131",
            Self::Plus => "C132",
            Self::Exponent => "C133",
            Self::Separator => "C134",
            Self::NotANumber => "C135",
            Self::TooManyDigits => "C136",
            Self::TooManyDecimals => "C137",
            Self::TooLarge => "C138",
        }
    }
}

impl fmt::Display for DecimalError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => out.write_str("is empty"),
            Self::Negative => out.write_str("is negative"),
            Self::Plus => out.write_str("has a plus sign"),
            Self::Exponent => out.write_str("has an exponent"),
            Self::Separator => out.write_str("has a separator between digits"),
            Self::NotANumber => out.write_str("is not a decimal number"),
            Self::TooManyDigits => write!(out, "has more than {MOST_DIGITS} digits"),
            Self::TooManyDecimals => out.write_str("has more decimals than the unit"),
            Self::TooLarge => out.write_str("is more than 2^128 - 1 smallest units"),
        }
    }
}

/// `digits / 10^scale`, as written: trailing zeros count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    /// All digits as one number.
    pub(crate) digits: u128,
    /// How many of them stand after the point.
    pub(crate) scale: u32,
}

/// 10^0 to 10^38: every power of ten that fits 128 bits.
const POWERS: [u128; 39] = {
    let mut powers = [1_u128; 39];
    let mut place = 1;
    while place < 39 {
        powers[place] = powers[place - 1] * 10;
        place += 1;
    }
    powers
};

/// Ten to a power, or `None` beyond 128 bits.
pub(crate) fn power_of_ten(exponent: u32) -> Option<u128> {
    POWERS.get(usize::try_from(exponent).ok()?).copied()
}

impl Decimal {
    /// Reads a strict decimal number.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, DecimalError> {
        // The first 19 digits fit 64 bits, where a step is several times as fast.
        let mut low = 0_u64;
        let mut digits = 0_u128;
        let mut count = 0_u32;
        let mut scale = None;
        for byte in text {
            let digit = byte.wrapping_sub(b'0');
            if digit < 10 {
                count += 1;
                if count < 20 {
                    low = low * 10 + u64::from(digit);
                    continue;
                }
                if count == 20 {
                    digits = u128::from(low);
                }
                if count > MOST_DIGITS {
                    return Err(refusal(text).unwrap_or(DecimalError::TooManyDigits));
                }
                let next = digits
                    .checked_mul(10)
                    .and_then(|d| d.checked_add(u128::from(digit)));
                let Some(next) = next else {
                    return Err(refusal(text).unwrap_or(DecimalError::TooLarge));
                };
                digits = next;
            } else if *byte == b'.' && scale.is_none() && count > 0 {
                scale = Some(count);
            } else {
                return Err(refusal(text).unwrap_or(DecimalError::NotANumber));
            }
        }
        if count == 0 || scale == Some(count) {
            return Err(refusal(text).unwrap_or(DecimalError::NotANumber));
        }
        let digits = if count < 20 { u128::from(low) } else { digits };
        Ok(Self {
            digits,
            scale: scale.map_or(0, |before| count - before),
        })
    }

    /// The count of smallest units of something with so many decimals.
    pub(crate) fn to_units(self, decimals: u8) -> Result<u128, DecimalError> {
        let shift = u32::from(decimals)
            .checked_sub(self.scale)
            .ok_or(DecimalError::TooManyDecimals)?;
        if self.digits == 0 {
            return Ok(0);
        }
        power_of_ten(shift)
            .and_then(|factor| self.digits.checked_mul(factor))
            .ok_or(DecimalError::TooLarge)
    }

    /// The same number without zeros at the end of its decimals.
    pub(crate) fn trimmed(mut self) -> Self {
        while self.scale > 0 && self.digits.is_multiple_of(10) {
            self.digits /= 10;
            self.scale -= 1;
        }
        self
    }
}

/// What is wrong with a text by its characters; `None` when it is made of digits and one point.
fn refusal(text: &[u8]) -> Option<DecimalError> {
    let first = *text.first()?;
    let has = |wanted: &[u8]| text.iter().any(|byte| wanted.contains(byte));
    let numeric = text.iter().any(u8::is_ascii_digit);
    match first {
        b'-' if numeric => Some(DecimalError::Negative),
        b'+' if numeric => Some(DecimalError::Plus),
        _ if !numeric => Some(DecimalError::NotANumber),
        _ if text
            .iter()
            .all(|byte| byte.is_ascii_digit() || b".eE+-".contains(byte))
            && has(b"eE") =>
        {
            Some(DecimalError::Exponent)
        }
        // 0xC2 0xA0 and 0xE2 0x80 0xAF are the no-break spaces that spreadsheets group with.
        _ if text
            .iter()
            .all(|byte| byte.is_ascii_digit() || b".,_' \xC2\xA0\xE2\x80\xAF".contains(byte))
            && has(b",_' \xC2\xE2") =>
        {
            Some(DecimalError::Separator)
        }
        _ if text
            .iter()
            .all(|byte| byte.is_ascii_digit() || *byte == b'.')
            && text.iter().filter(|byte| **byte == b'.').count() < 2 =>
        {
            None
        }
        _ => Some(DecimalError::NotANumber),
    }
}

/// Reads an amount in whole units, as a count of smallest units with so many decimals.
pub(crate) fn parse_units(text: &[u8], decimals: u8) -> Result<u128, DecimalError> {
    if text.is_empty() {
        return Err(DecimalError::Empty);
    }
    Decimal::parse(text)?.to_units(decimals)
}

/// Reads a number of a file that people write, where `_` may stand between digits (`50_000`).
pub(crate) fn parse_grouped(text: &str) -> Result<Decimal, DecimalError> {
    if text.is_empty() {
        return Err(DecimalError::Empty);
    }
    if !text.contains('_') {
        return Decimal::parse(text.as_bytes());
    }
    let bytes = text.as_bytes();
    let digit_at = |place: Option<usize>| {
        place
            .and_then(|place| bytes.get(place))
            .is_some_and(u8::is_ascii_digit)
    };
    let grouped = bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'_')
        .all(|(place, _)| digit_at(place.checked_sub(1)) && digit_at(place.checked_add(1)));
    if !grouped {
        return Err(DecimalError::Separator);
    }
    Decimal::parse(text.replace('_', "").as_bytes())
}

/// A count of smallest units, shown in whole units in its shortest form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InUnits {
    /// Smallest units.
    pub(crate) units: u128,
    /// Decimal places of the smallest unit.
    pub(crate) decimals: u8,
}

impl fmt::Display for InUnits {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&display_decimal(self.units, self.decimals))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_exact_or_refused_with_the_reason() {
        let most = u128::MAX.to_string();
        let beyond = "340282366920938463463374607431768211456";
        let forty = "0".repeat(40);
        let table: &[(&str, u8, Result<u128, DecimalError>)] = &[
            ("0", 8, Ok(0)),
            ("16.00000000", 8, Ok(1_600_000_000)),
            ("70.80959197", 8, Ok(7_080_959_197)),
            ("0.000000000000000001", 18, Ok(1)),
            ("12345678901234567890.5", 1, Ok(123_456_789_012_345_678_905)),
            ("007.10", 2, Ok(710)),
            ("0", 200, Ok(0)),
            (&most, 0, Ok(u128::MAX)),
            (
                "340282366920938463463.374607431768211455",
                18,
                Ok(u128::MAX),
            ),
            (beyond, 0, Err(DecimalError::TooLarge)),
            (
                "340282366920938463463374607431768211455",
                1,
                Err(DecimalError::TooLarge),
            ),
            ("1", 39, Err(DecimalError::TooLarge)),
            (&forty, 0, Err(DecimalError::TooManyDigits)),
            ("1.123456789", 8, Err(DecimalError::TooManyDecimals)),
            ("1.000000000", 8, Err(DecimalError::TooManyDecimals)),
            ("1.0", 0, Err(DecimalError::TooManyDecimals)),
            ("", 8, Err(DecimalError::Empty)),
            ("-5", 8, Err(DecimalError::Negative)),
            ("-0", 8, Err(DecimalError::Negative)),
            ("+5", 8, Err(DecimalError::Plus)),
            ("1e5", 8, Err(DecimalError::Exponent)),
            ("1E-5", 8, Err(DecimalError::Exponent)),
            ("1,000", 8, Err(DecimalError::Separator)),
            ("1.000,5", 8, Err(DecimalError::Separator)),
            ("1 000", 8, Err(DecimalError::Separator)),
            ("1\u{a0}000", 8, Err(DecimalError::Separator)),
            ("1_000", 8, Err(DecimalError::Separator)),
            ("1'000", 8, Err(DecimalError::Separator)),
            (".5", 8, Err(DecimalError::NotANumber)),
            ("5.", 8, Err(DecimalError::NotANumber)),
            (".", 8, Err(DecimalError::NotANumber)),
            ("1.2.3", 8, Err(DecimalError::NotANumber)),
            ("0x10", 8, Err(DecimalError::NotANumber)),
            ("NaN", 8, Err(DecimalError::NotANumber)),
            ("-inf", 8, Err(DecimalError::NotANumber)),
            ("１", 8, Err(DecimalError::NotANumber)),
        ];
        for (text, decimals, expected) in table {
            assert_eq!(
                parse_units(text.as_bytes(), *decimals),
                *expected,
                "{text:?}"
            );
        }
    }

    #[test]
    fn groups_are_read_only_between_digits() {
        let read = |text| parse_grouped(text).and_then(|decimal| decimal.to_units(2));
        assert_eq!(read("50_000.25"), Ok(5_000_025));
        for text in ["_1", "1_", "1__0", "1_.5", "1._5"] {
            assert_eq!(read(text), Err(DecimalError::Separator), "{text}");
        }
        assert_eq!(read(""), Err(DecimalError::Empty));
    }

    #[test]
    fn the_published_form_is_the_shortest() {
        let table: [(u128, u8, &str); 9] = [
            (0, 0, "0"),
            (0, 18, "0"),
            (50, 2, "0.5"),
            (5, 2, "0.05"),
            (1200, 2, "12"),
            (1_234_567, 3, "1234.567"),
            (10, 0, "10"),
            (u128::MAX, 0, "340282366920938463463374607431768211455"),
            (u128::MAX, 39, "0.340282366920938463463374607431768211455"),
        ];
        for (units, decimals, expected) in table {
            assert_eq!(InUnits { units, decimals }.to_string(), expected);
        }
        assert_eq!(
            InUnits {
                units: 1,
                decimals: 255
            }
            .to_string()
            .len(),
            2 + 255
        );
    }

    /// The same text by the formatter of the standard library and string surgery.
    fn naive(units: u128, decimals: usize) -> String {
        let padded = format!("{units:0>width$}", width = decimals + 1);
        let (whole, fraction) = padded.split_at(padded.len() - decimals);
        let text = format!("{whole}.{fraction}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(units: u128, shift in 0..128_u32, decimals in 0..=38_u8) {
            let units = units >> shift;
            let text = InUnits { units, decimals }.to_string();
            prop_assert_eq!(&text, &naive(units, usize::from(decimals)));
            // Below one, the zero before the point is a digit more than the count has.
            if text.bytes().filter(u8::is_ascii_digit).count() <= 39 {
                prop_assert_eq!(parse_units(text.as_bytes(), decimals), Ok(units));
            }
        }

        #[test]
        fn any_text_is_read_as_the_plain_rules_say(text in "[0-9.]{0,24}|[-+0-9.eE,_ ]{0,8}") {
            let plain = !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
                && text.matches('.').count() < 2
                && !text.starts_with('.')
                && !text.ends_with('.');
            prop_assert_eq!(Decimal::parse(text.as_bytes()).is_ok(), plain);
            if plain {
                let read = Decimal::parse(text.as_bytes()).unwrap();
                prop_assert_eq!(read.digits, text.replace('.', "").parse::<u128>().unwrap());
                let whole = InUnits { units: read.digits, decimals: u8::try_from(read.scale).unwrap() };
                let short = read.trimmed();
                let same = InUnits { units: short.digits, decimals: u8::try_from(short.scale).unwrap() };
                prop_assert_eq!(whole.to_string(), same.to_string());
            }
        }
    }
}
