//! Amounts, dates and spans as people read them: whole units with groups of three digits, no zeros
//! that say nothing, times in UTC.

use jiff::{Timestamp, tz::TimeZone};
use softcap_offering::{
    Amount, BasisPoints, CurrencyIndex, LineIndex, Position, Span, Tokens, Value,
    terms::{Bound, ClockKind, Currency, Terms},
};

use crate::{decimal::InUnits, report::grouped};

/// Says things of one offering in its units.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) terms: &'a Terms,
}

/// A count of smallest units in whole units, exact, with commas: `1,234.5`.
pub(super) fn whole_units(units: u128, decimals: u8) -> String {
    let text = InUnits { units, decimals }.to_string();
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    match whole.parse() {
        Ok(whole) => format!("{}{fraction}", grouped(whole)),
        // Never: the whole part of a count is a count.
        Err(_) => text,
    }
}

/// `12.5 %`, with a space at which no line breaks.
pub(super) fn percent(part: BasisPoints) -> String {
    format!("{}\u{a0}%", whole_units(part.0.into(), 2))
}

/// `1 day`, `14 days`.
pub(super) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(count.into()))
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The sentence with a capital at its beginning and a full stop at its end.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

impl<'a> Words<'a> {
    /// Whether caps are counted in the token itself, so that rates are prices.
    pub(super) fn counts_in_tokens(self) -> bool {
        self.terms.numeraire.symbol == self.terms.token.symbol
    }

    pub(super) fn currency(self, index: CurrencyIndex) -> Option<&'a Currency> {
        self.terms.currencies.get(index.index())
    }

    /// `10,000 EUR`, in the numeraire.
    pub(super) fn value(self, value: Value) -> String {
        let numeraire = &self.terms.numeraire;
        format!(
            "{} {}",
            whole_units(value.0, numeraire.decimals),
            numeraire.symbol
        )
    }

    /// `100 HBR`.
    pub(super) fn tokens(self, tokens: Tokens) -> String {
        let token = &self.terms.token;
        format!("{} {}", whole_units(tokens.0, token.decimals), token.symbol)
    }

    /// `0.5 BTC`, in a currency of the terms.
    pub(super) fn amount(self, index: CurrencyIndex, amount: Amount) -> String {
        let Some(currency) = self.currency(index) else {
            return String::new();
        };
        format!(
            "{} {}",
            whole_units(amount.0, currency.decimals),
            currency.symbol
        )
    }

    /// Money or tokens.
    pub(super) fn bound(self, bound: Bound) -> String {
        match bound {
            Bound::Value(value) => self.value(value),
            Bound::Tokens(tokens) => self.tokens(tokens),
        }
    }

    /// `2 March 2026, 12:00 UTC` or `block 278,310`, with the chain where there are several.
    pub(super) fn position(self, line: LineIndex, at: Position) -> String {
        match self.terms.clock.kind {
            ClockKind::Time => instant(at),
            ClockKind::Block => format!("block {}{}", grouped(at.0.into()), self.of_chain(line)),
        }
    }

    /// ` of bitcoin` where heights need a chain to mean anything.
    pub(super) fn of_chain(self, line: LineIndex) -> String {
        match self.terms.clock.lines.as_slice() {
            [] | [_] => String::new(),
            lines => lines
                .get(line.index())
                .map_or_else(String::new, |name| format!(" of {name}")),
        }
    }

    /// `14 days`, `42 days 1 hour` or `5,500 blocks`.
    pub(super) fn span(self, span: Span) -> String {
        match self.terms.clock.kind {
            ClockKind::Time => length(span.0),
            ClockKind::Block => counted(span.0, "block"),
        }
    }
}

/// `2 March 2026, 12:00 UTC`; seconds and their parts only where they are not zero.
fn instant(at: Position) -> String {
    let form = match at.0 {
        ms if ms.is_multiple_of(60_000) => "%-d %B %Y, %H:%M UTC",
        ms if ms.is_multiple_of(1_000) => "%-d %B %Y, %H:%M:%S UTC",
        _ => "%-d %B %Y, %H:%M:%S%.f UTC",
    };
    utc(at, form)
}

/// `2 March 2026`.
pub(super) fn day(at: Position) -> String {
    utc(at, "%-d %B %Y")
}

fn utc(at: Position, form: &str) -> String {
    i64::try_from(at.0)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .map_or_else(
            || format!("unix millisecond {}", at.0),
            |time| TimeZone::UTC.to_datetime(time).strftime(form).to_string(),
        )
}

/// Milliseconds in days, hours, minutes and seconds.
fn length(ms: u64) -> String {
    const UNITS: [(u64, &str); 5] = [
        (86_400_000, "day"),
        (3_600_000, "hour"),
        (60_000, "minute"),
        (1_000, "second"),
        (1, "millisecond"),
    ];
    let mut rest = ms;
    let mut parts = Vec::new();
    for (size, noun) in UNITS {
        let count = rest / size;
        rest %= size;
        if count > 0 {
            parts.push(counted(count, noun));
        }
    }
    if parts.is_empty() {
        counted(0, "second")
    } else {
        parts.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_with_groups_and_without_idle_zeros() {
        let table: [(u128, u8, &str); 7] = [
            (0, 18, "0"),
            (1_000_000, 2, "10,000"),
            (1_234_567_891, 6, "1,234.567891"),
            (5, 2, "0.05"),
            (1_200, 3, "1.2"),
            (39_661_989, 2, "396,619.89"),
            (
                u128::MAX,
                0,
                "340,282,366,920,938,463,463,374,607,431,768,211,455",
            ),
        ];
        for (units, decimals, text) in table {
            assert_eq!(whole_units(units, decimals), text);
        }
        assert_eq!(percent(BasisPoints(1_250)), "12.5\u{a0}%");
        assert_eq!(percent(BasisPoints::WHOLE), "100\u{a0}%");
    }

    #[test]
    fn times_are_in_utc_as_fine_as_they_must_be() {
        let table = [
            (1_772_452_800_000, "2 March 2026, 12:00 UTC"),
            (1_772_452_801_000, "2 March 2026, 12:00:01 UTC"),
            (1_772_452_801_250, "2 March 2026, 12:00:01.25 UTC"),
            (0, "1 January 1970, 00:00 UTC"),
            (u64::MAX, "unix millisecond 18446744073709551615"),
        ];
        for (ms, text) in table {
            assert_eq!(instant(Position(ms)), text);
        }
        assert_eq!(day(Position(1_772_452_800_000)), "2 March 2026");
    }

    #[test]
    fn spans_are_in_the_units_of_people() {
        let table = [
            (0, "0 seconds"),
            (86_400_000, "1 day"),
            (1_461 * 86_400_000, "1,461 days"),
            (42 * 86_400_000 + 3_600_000, "42 days 1 hour"),
            (61_500, "1 minute 1 second 500 milliseconds"),
        ];
        for (ms, text) in table {
            assert_eq!(length(ms), text);
        }
    }

    #[test]
    fn lists_and_sentences_read_as_english() {
        let list = |parts: &[&str]| {
            listed(
                &parts
                    .iter()
                    .map(|part| (*part).to_owned())
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(list(&[]), "");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(sentence("money is kept"), "Money is kept.");
    }
}
