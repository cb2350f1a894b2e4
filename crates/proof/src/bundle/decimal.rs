//! Counts of a smallest unit as decimals in whole units: exact, the shortest text, no exponent.
//!
//! A table of a million rows has five million of them, hence no `format!`.

/// Digits of 2^128 - 1.
const DIGITS_MAX: usize = 39;
/// 10^19, the largest power of ten in 64 bits: dividing 128 bits by it twice leaves 64-bit parts.
const TEN_TO_19: u128 = 10_000_000_000_000_000_000;

/// Appends `units / 10^decimals`: `push_decimal(1_500, 3, ..)` appends `1.5`.
pub fn push_decimal(units: u128, decimals: u8, out: &mut Vec<u8>) {
    if units == 0 {
        out.push(b'0');
        return;
    }
    let mut buffer = [b'0'; DIGITS_MAX];
    let begin = write_digits(units, &mut buffer);
    let digits = &buffer[begin..];
    let decimals = usize::from(decimals);
    if let Some(whole) = digits
        .len()
        .checked_sub(decimals)
        .filter(|whole| *whole > 0)
    {
        out.extend_from_slice(&digits[..whole]);
        push_fraction(0, &digits[whole..], out);
    } else {
        out.push(b'0');
        push_fraction(decimals - digits.len(), digits, out);
    }
}

/// The same as a text.
#[must_use]
pub fn display_decimal(units: u128, decimals: u8) -> String {
    // A symbol may follow.
    let mut text = Vec::with_capacity(DIGITS_MAX + 9);
    push_decimal(units, decimals, &mut text);
    // Digits and a point are UTF-8.
    String::from_utf8(text).unwrap_or_default()
}

/// Appends the point and the digits after it, without the zeros at the end.
fn push_fraction(zeros: usize, digits: &[u8], out: &mut Vec<u8>) {
    let Some(last) = digits.iter().rposition(|digit| *digit != b'0') else {
        return;
    };
    out.push(b'.');
    out.resize(out.len() + zeros, b'0');
    out.extend_from_slice(&digits[..=last]);
}

/// Writes the digits at the end of the buffer and returns where they begin.
fn write_digits(units: u128, buffer: &mut [u8; DIGITS_MAX]) -> usize {
    let mut end = DIGITS_MAX;
    let mut high = units;
    while high >= TEN_TO_19 {
        // The remainder is below 10^19, so that it fits.
        let mut low = (high % TEN_TO_19) as u64;
        high /= TEN_TO_19;
        for place in buffer[end - 19..end].iter_mut().rev() {
            *place = digit(low);
            low /= 10;
        }
        end -= 19;
    }
    let mut low = high as u64;
    while low > 0 {
        end -= 1;
        buffer[end] = digit(low);
        low /= 10;
    }
    end
}

fn digit(number: u64) -> u8 {
    b'0' + (number % 10) as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::display_decimal;

    #[test]
    fn the_shortest_text() {
        let max = "340282366920938463463374607431768211455";
        let table = [
            (0, 8, "0"),
            (1, 0, "1"),
            (1, 8, "0.00000001"),
            (10, 8, "0.0000001"),
            (100_000_000, 8, "1"),
            (150_000_000, 8, "1.5"),
            (123, 3, "0.123"),
            (1_230, 3, "1.23"),
            (10_000_000_000_000_000_000, 0, "10000000000000000000"),
            (10_000_000_000_000_000_000, 18, "10"),
            (
                100_000_000_000_000_000_000_000_000_000_000_000_001,
                1,
                "10000000000000000000000000000000000000.1",
            ),
            (u128::MAX, 0, max),
            (1, 40, "0.0000000000000000000000000000000000000001"),
        ];
        for (units, decimals, expected) in table {
            assert_eq!(
                display_decimal(units, decimals),
                expected,
                "{units} / 10^{decimals}"
            );
        }
        assert_eq!(display_decimal(u128::MAX, 39), format!("0.{max}"));
    }

    /// The same by the standard formatter and string surgery.
    fn slow(units: u128, decimals: u8) -> String {
        let width = usize::from(decimals) + 1;
        let digits = format!("{units:0width$}");
        let (whole, fraction) = digits.split_at(digits.len() - usize::from(decimals));
        let fraction = fraction.trim_end_matches('0');
        if fraction.is_empty() {
            whole.to_owned()
        } else {
            format!("{whole}.{fraction}")
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_slow_way(units in any::<u128>(), shift in 0_u32..128, decimals in 0_u8..45) {
            let units = units >> shift;
            prop_assert_eq!(display_decimal(units, decimals), slow(units, decimals));
            let round = units / 1_000_000_000 * 1_000_000_000;
            prop_assert_eq!(display_decimal(round, decimals), slow(round, decimals));
        }
    }
}
