//! Positions and spans: dates with a zone on a time clock, heights and blocks on a block clock.

use jiff::Timestamp;

use super::super::problem::TermsCode;
use super::super::{ClockKind, Vesting, Window, WindowEnd};
use super::reader::{Entry, Reader, Section, one_of, quote};
use crate::{Position, Span};

/// 2009-01-01T00:00:00Z in unix milliseconds: no sale is older than Bitcoin.
const EARLIEST_MS: u64 = 1_230_768_000_000;
/// 2101-01-01T00:00:00Z in unix milliseconds.
const LATEST_MS: u64 = 4_133_980_800_000;
/// A "height" from here on is a unix time in seconds or milliseconds. The fastest chains are far
/// below it.
const TIME_LIKE_HEIGHT: u64 = 1_230_768_000;

const DATE_HINT: &str = "write the date with its zone, as in `2026-03-01T12:00:00Z`";

/// How spans are counted, and the words for it.
const TIME_WORDS: &[(&str, u64)] = &[
    ("ms", 1),
    ("millisecond", 1),
    ("second", 1_000),
    ("minute", 60_000),
    ("hour", 3_600_000),
    ("day", 86_400_000),
    ("week", 604_800_000),
];
const BLOCK_WORDS: &[(&str, u64)] = &[("block", 1)];

/// The clock and its lines, as far as positions need them.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    pub(super) kind: ClockKind,
    pub(super) lines: Vec<String>,
}

impl Schedule {
    /// A vesting table, or none.
    pub(super) fn vesting(
        &self,
        reader: &mut Reader<'_>,
        section: &mut Section<'_>,
        name: &'static str,
    ) -> Vesting {
        let Some(mut table) = section.section(reader, name) else {
            return Vesting::default();
        };
        let cliff = self.span_or_zero(reader, &mut table, "cliff");
        let duration = self.span_or_zero(reader, &mut table, "duration");
        if cliff > duration {
            let key = format!("{}.cliff", table.path);
            let message = "the cliff is longer than the whole vesting";
            let hint = "`duration` counts from settlement too and includes the cliff";
            reader.report_at(TermsCode::MinimumAboveMaximum, &key, message, hint);
        }
        table.finish(reader);
        Vesting { cliff, duration }
    }

    /// A span that may be left out.
    pub(super) fn span_or_zero(
        &self,
        reader: &mut Reader<'_>,
        section: &mut Section<'_>,
        name: &'static str,
    ) -> Span {
        let entry = section.take(reader, name);
        entry
            .and_then(|entry| self.span(reader, &entry))
            .unwrap_or_default()
    }

    /// A span that must be there and is not zero.
    pub(super) fn span_required(
        &self,
        reader: &mut Reader<'_>,
        section: &mut Section<'_>,
        name: &'static str,
    ) -> Option<Span> {
        let example = format!("\"{}\"", self.span_example());
        let entry = section.require(reader, name, &example)?;
        let span = self.span(reader, &entry)?;
        if span.0 == 0 {
            let hint = format!("as in `{}`", self.span_example());
            entry.report(
                reader,
                TermsCode::Zero,
                "a span of nothing makes no sense here",
                hint,
            );
            return None;
        }
        Some(span)
    }

    fn span_example(&self) -> &'static str {
        match self.kind {
            ClockKind::Time => "14 days",
            ClockKind::Block => "1000 blocks",
        }
    }

    /// `14 days`, `1 day 12 hours` or `1000 blocks`.
    pub(super) fn span(&self, reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<Span> {
        let text = entry.with_unit(reader, self.span_example())?;
        let words = match self.kind {
            ClockKind::Time => TIME_WORDS,
            ClockKind::Block => BLOCK_WORDS,
        };
        let parsed = span_of(text, words);
        if parsed.is_none() {
            let units = one_of(words.iter().map(|(word, _)| *word));
            let message = format!("`{}` is not a span on this clock", quote(text));
            let hint = format!(
                "whole numbers of {units}, as in `{}`; months and years have no fixed length",
                self.span_example()
            );
            entry.report(reader, TermsCode::BadSpan, message, hint);
        }
        parsed
    }

    /// A position on the one line that is meant.
    pub(super) fn position(&self, reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<Position> {
        match self.kind {
            ClockKind::Time => date(reader, entry),
            ClockKind::Block => height(reader, entry),
        }
    }

    /// A position that counts for the whole offering: there is none when heights of several chains
    /// would have to be compared.
    pub(super) fn common_position(
        &self,
        reader: &mut Reader<'_>,
        section: &mut Section<'_>,
        name: &'static str,
    ) -> Option<Position> {
        let entry = section.take(reader, name)?;
        if self.lines.len() > 1 {
            let message = "heights of several chains do not compare";
            let hint = "leave it out, or use `clock.kind = \"time\"`";
            entry.report(reader, TermsCode::SeveralLines, message, hint);
            return None;
        }
        self.position(reader, &entry)
    }

    /// `from`, `until` and `end` of a window.
    pub(super) fn window(
        &self,
        reader: &mut Reader<'_>,
        section: &mut Section<'_>,
    ) -> Option<Window> {
        let (first, last) = match self.kind {
            ClockKind::Time => ("\"2026-03-01T12:00:00Z\"", "\"2026-03-31T12:00:00Z\""),
            ClockKind::Block => ("278310", "283810"),
        };
        let from = section.require(reader, "from", first);
        let from = from.and_then(|entry| self.position(reader, &entry));
        let until_entry = section.require(reader, "until", last);
        let until = until_entry
            .as_ref()
            .and_then(|entry| self.position(reader, entry));
        let end = section
            .require(reader, "end", "\"exclusive\"")
            .and_then(|entry| {
                let words = [
                    ("exclusive", WindowEnd::Exclusive),
                    ("inclusive", WindowEnd::Inclusive),
                ];
                entry.choice(reader, &words)
            });
        let window = Window {
            from: from?,
            until: until?,
            end: end?,
        };
        if window.end_exclusive() <= window.from {
            let message = "the window closes before it opens, so nobody could take part";
            let hint = "`until` must come after `from`";
            if let Some(entry) = until_entry {
                entry.report(reader, TermsCode::WindowReversed, message, hint);
            }
            return None;
        }
        Some(window)
    }
}

/// Pairs of number and unit, added up.
fn span_of(text: &str, words: &[(&str, u64)]) -> Option<Span> {
    let mut total = 0u64;
    let mut parts = text.split_ascii_whitespace();
    let mut any = false;
    while let Some(number) = parts.next() {
        let unit = parts.next()?;
        let plain = number.replace('_', "");
        if !number.starts_with(|first: char| first.is_ascii_digit()) || number.ends_with('_') {
            return None;
        }
        let number: u64 = plain.parse().ok()?;
        let singular = unit
            .strip_suffix('s')
            .filter(|rest| rest.len() > 1)
            .unwrap_or(unit);
        let (_, length) = words
            .iter()
            .find(|(word, _)| *word == singular || *word == unit)?;
        total = total.checked_add(number.checked_mul(*length)?)?;
        any = true;
    }
    any.then_some(Span(total))
}

fn height(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<Position> {
    let number = entry
        .value
        .as_integer()
        .filter(|number| number.radix() == 10);
    let height = number.and_then(|number| number.as_str().parse::<u64>().ok());
    let Some(height) = height else {
        let message = format!(
            "found {} where a block height belongs",
            entry.value.type_str()
        );
        let hint = "on a block clock positions are whole numbers without quotes, as in `278310`";
        entry.report(reader, TermsCode::BadHeight, message, hint);
        return None;
    };
    if height >= TIME_LIKE_HEIGHT {
        let message = format!("{height} is no block height but a unix time");
        let hint = "write a height, or use `clock.kind = \"time\"` and dates";
        entry.report(reader, TermsCode::DateOutOfRange, message, hint);
        return None;
    }
    Some(Position(height))
}

fn date(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<Position> {
    let rendered;
    let text = match (
        entry.value.as_datetime(),
        entry.value.as_integer(),
        entry.value.as_str(),
    ) {
        (Some(date), _, _) => {
            rendered = date.to_string();
            rendered.as_str()
        }
        (_, Some(number), _) => {
            number_for_date(reader, entry, number.as_str());
            return None;
        }
        (_, _, Some(text)) => text,
        (None, None, None) => {
            let message = format!("found {} where a date belongs", entry.value.type_str());
            entry.report(reader, TermsCode::WrongType, message, DATE_HINT);
            return None;
        }
    };
    if !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
    {
        number_for_date(reader, entry, text);
        return None;
    }
    match instant(text) {
        Ok(position) if (EARLIEST_MS..LATEST_MS).contains(&position.0) => Some(position),
        Ok(_) => {
            let message = format!("`{}` is before 2009 or after 2100", quote(text));
            let hint = "check the year, and whether milliseconds were taken for seconds";
            entry.report(reader, TermsCode::DateOutOfRange, message, hint);
            None
        }
        Err(code) => {
            let message = format!("`{}`: {}", quote(text), code.meaning());
            entry.report(reader, code, message, DATE_HINT);
            None
        }
    }
}

/// What a number in place of a date was probably meant as.
fn number_for_date(reader: &mut Reader<'_>, entry: &Entry<'_>, digits: &str) {
    let plain: String = digits.chars().filter(char::is_ascii_digit).collect();
    let number: u64 = plain.parse().unwrap_or(u64::MAX);
    let (unit, ms) = if (EARLIEST_MS..LATEST_MS).contains(&number) {
        ("milliseconds", Some(number))
    } else if (EARLIEST_MS / 1_000..LATEST_MS / 1_000).contains(&number) {
        ("seconds", number.checked_mul(1_000))
    } else {
        ("unknown units", None)
    };
    let instant = ms.and_then(|ms| i64::try_from(ms).ok());
    let hint = match instant.and_then(|ms| Timestamp::from_millisecond(ms).ok()) {
        Some(instant) => format!("if unix {unit} are meant, write `\"{instant}\"`"),
        None => DATE_HINT.to_owned(),
    };
    let message = format!(
        "`{}` is a number; seconds and milliseconds cannot be told apart, and a deadline in the \
         wrong one is off by thousands of years",
        quote(digits)
    );
    entry.report(reader, TermsCode::NumberForDate, message, hint);
}

/// RFC 3339 with a zone, whole milliseconds, no leap second.
fn instant(text: &str) -> Result<Position, TermsCode> {
    let bytes = text.as_bytes();
    let shape = |at: usize, wanted: u8| bytes.get(at) == Some(&wanted);
    let marks = [(4, b'-'), (7, b'-'), (13, b':')];
    let separated = matches!(bytes.get(10), Some(b'T' | b't' | b' '));
    if !text.is_ascii() || !separated || !marks.iter().all(|(at, mark)| shape(*at, *mark)) {
        return Err(if bytes.len() == 10 && shape(4, b'-') && shape(7, b'-') {
            TermsCode::DateWithoutZone
        } else {
            TermsCode::BadDate
        });
    }
    let clock = text.get(11..).unwrap_or_default();
    let zone_at = clock
        .find(['Z', 'z', '+', '-'])
        .ok_or(TermsCode::DateWithoutZone)?;
    let (time, zone) = clock.split_at(zone_at);
    let zone_ok =
        matches!(zone, "Z" | "z") || (zone.len() == 6 && zone.as_bytes().get(3) == Some(&b':'));
    // The 60th second does not exist on a clock of unix time; a date library would move it.
    if !zone_ok || time.get(6..8) == Some("60") {
        return Err(TermsCode::BadDate);
    }
    let instant: Timestamp = text.parse().map_err(|_| TermsCode::BadDate)?;
    if instant.subsec_nanosecond() % 1_000_000 != 0 {
        return Err(TermsCode::BadDate);
    }
    u64::try_from(instant.as_millisecond())
        .map(Position)
        .map_err(|_| TermsCode::DateOutOfRange)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_instants_or_refused_with_the_reason() {
        let good = [
            ("2013-09-01T00:00:00Z", 1_377_993_600_000),
            ("2013-09-01T02:00:00+02:00", 1_377_993_600_000),
            ("2013-09-01 00:00:00.250Z", 1_377_993_600_250),
            ("2013-09-01T00:00Z", 1_377_993_600_000),
        ];
        for (text, ms) in good {
            assert_eq!(instant(text), Ok(Position(ms)), "{text}");
        }
        let bad = [
            ("2013-09-01", TermsCode::DateWithoutZone),
            ("2013-09-01T00:00:00", TermsCode::DateWithoutZone),
            ("2013-02-30T00:00:00Z", TermsCode::BadDate),
            ("2013-09-01T00:00:60Z", TermsCode::BadDate),
            ("2013-09-01T00:00:00.0001Z", TermsCode::BadDate),
            (
                "2013-09-01T00:00:00+02:00[Europe/Berlin]",
                TermsCode::BadDate,
            ),
            ("1 September 2013", TermsCode::BadDate),
            ("2013-09-01T000000Z", TermsCode::BadDate),
            ("2013-09-01T00.00", TermsCode::BadDate),
            ("2013-09-01x00:00:00Z", TermsCode::BadDate),
            ("2013-09-01x00:00", TermsCode::BadDate),
            ("2013/09/01T00:00:00Z", TermsCode::BadDate),
            ("2013-09-01T00:00:00\u{b2}Z", TermsCode::BadDate),
            ("", TermsCode::BadDate),
            ("1960-01-01T00:00:00Z", TermsCode::DateOutOfRange),
        ];
        for (text, code) in bad {
            assert_eq!(instant(text), Err(code), "{text}");
        }
    }

    #[test]
    fn spans_add_up_and_refuse_what_has_no_fixed_length() {
        let good = [
            ("1 week", 604_800_000),
            ("1 day 12 hours", 129_600_000),
            ("1_000 ms", 1_000),
            ("0 seconds", 0),
        ];
        for (text, ms) in good {
            assert_eq!(span_of(text, TIME_WORDS), Some(Span(ms)), "{text}");
        }
        for text in [
            "",
            "days",
            "1",
            "1.5 hours",
            "-1 days",
            "1 month",
            "1 block",
            "1 s",
            "_1 day",
        ] {
            assert_eq!(span_of(text, TIME_WORDS), None, "{text}");
        }
        assert_eq!(span_of("1 block", BLOCK_WORDS), Some(Span(1)));
        assert_eq!(span_of("99999999999999999999 blocks", BLOCK_WORDS), None);
        assert_eq!(span_of("18446744073709551615 weeks", TIME_WORDS), None);
    }
}
