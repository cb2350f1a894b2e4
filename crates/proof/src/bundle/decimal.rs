//! Counts of a smallest unit as decimals in whole units: exact, the shortest text, no exponent.
//!
//! A table of a million rows has five million of them and an answer has ten, hence no `format!`.

/// Digits of 2^128 - 1.
const DIGITS_MAX: usize = 39;
/// 10^19, the largest power of ten in 64 bits: dividing 128 bits by it twice leaves 64-bit parts.
const TEN_TO_19: u128 = 10_000_000_000_000_000_000;
/// Length of the longest text: a zero, the point and 255 decimals.
const TEXT_MAX: usize = 2 + u8::MAX as usize;

/// Where a text is written to.
trait Text {
    fn push(&mut self, piece: &[u8]);
    fn push_zeros(&mut self, count: usize);
}

impl Text for Vec<u8> {
    fn push(&mut self, piece: &[u8]) {
        self.extend_from_slice(piece);
    }

    fn push_zeros(&mut self, count: usize) {
        self.resize(self.len() + count, b'0');
    }
}

/// `units / 10^decimals` as a text that needs no allocation: of 1,500 and 3 it is `1.5`.
#[derive(Clone, Debug)]
pub struct DecimalText {
    /// Zeros from the end of the text on.
    buffer: [u8; TEXT_MAX],
    end: usize,
}

impl DecimalText {
    /// Of so many smallest units, of which `10^decimals` are a whole one.
    #[must_use]
    pub fn new(units: u128, decimals: u8) -> Self {
        let mut text = Self {
            buffer: [b'0'; TEXT_MAX],
            end: 0,
        };
        write(units, decimals, &mut text);
        text
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Digits and a point are UTF-8.
        str::from_utf8(&self.buffer[..self.end]).unwrap_or_default()
    }
}

impl Text for DecimalText {
    fn push(&mut self, piece: &[u8]) {
        self.buffer[self.end..self.end + piece.len()].copy_from_slice(piece);
        self.end += piece.len();
    }

    fn push_zeros(&mut self, count: usize) {
        self.end += count;
    }
}

/// Appends `units / 10^decimals`: `push_decimal(1_500, 3, ..)` appends `1.5`.
pub fn push_decimal(units: u128, decimals: u8, out: &mut Vec<u8>) {
    write(units, decimals, out);
}

/// The same as a text.
#[must_use]
pub fn display_decimal(units: u128, decimals: u8) -> String {
    DecimalText::new(units, decimals).as_str().to_owned()
}

fn write(units: u128, decimals: u8, out: &mut impl Text) {
    if units == 0 {
        out.push(b"0");
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
        out.push(&digits[..whole]);
        push_fraction(0, &digits[whole..], out);
    } else {
        out.push(b"0");
        push_fraction(decimals - digits.len(), digits, out);
    }
}

/// Appends the point and the digits after it, without the zeros at the end.
fn push_fraction(zeros: usize, digits: &[u8], out: &mut impl Text) {
    let Some(last) = digits.iter().rposition(|digit| *digit != b'0') else {
        return;
    };
    out.push(b".");
    out.push_zeros(zeros);
    out.push(&digits[..=last]);
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

    use super::{display_decimal, push_decimal};

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
        fn agrees_with_the_slow_way(units in any::<u128>(), shift in 0_u32..128, decimals in any::<u8>()) {
            let units = units >> shift;
            prop_assert_eq!(display_decimal(units, decimals), slow(units, decimals));
            let round = units / 1_000_000_000 * 1_000_000_000;
            prop_assert_eq!(display_decimal(round, decimals), slow(round, decimals));
            let mut row = b"7,".to_vec();
            push_decimal(units, decimals, &mut row);
            prop_assert_eq!(row, format!("7,{}", slow(units, decimals)).into_bytes());
        }
    }
}
