//! Times as people read them: UTC on the page, and the reader's own zone once a script runs.

use std::fmt;

use askama::filters::HtmlSafe;
use jiff::{Timestamp, civil::DateTime, tz::Offset};
use softcap_identity::UnixMillis;
use softcap_offering::{Position, Span};

use super::language::{Language, Value};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

const ENGLISH_DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const GERMAN_DAYS: [&str; 7] = ["Mo.", "Di.", "Mi.", "Do.", "Fr.", "Sa.", "So."];
const ENGLISH_MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const GERMAN_MONTHS: [&str; 12] = [
    "Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez.",
];

/// A moment on a page. Written into a template it is a `<time>` element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct When {
    /// RFC 3339 in UTC.
    pub(crate) iso: String,
    /// For people, in UTC.
    pub(crate) text: String,
}

impl When {
    /// A moment in unix milliseconds, to the minute; with seconds where the moment has some.
    pub(crate) fn new(language: Language, millis: u64) -> Self {
        let time = i64::try_from(millis)
            .ok()
            .and_then(|millis| Timestamp::from_millisecond(millis).ok());
        let Some(time) = time else {
            let text = millis.to_string();
            return Self {
                iso: text.clone(),
                text,
            };
        };
        let iso = time.to_string();
        let text = words(language, Offset::UTC.to_datetime(time));
        Self { iso, text }
    }

    /// A position on a clock of time.
    pub(crate) fn at(language: Language, position: Position) -> Self {
        Self::new(language, position.0)
    }

    /// A time of the service.
    pub(crate) fn of(language: Language, time: UnixMillis) -> Self {
        Self::new(language, u64::try_from(time.get()).unwrap_or(0))
    }
}

impl fmt::Display for When {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Both are made here, of digits and names of days.
        let Self { iso, text } = self;
        write!(out, "<time datetime=\"{iso}\" data-local>{text}</time>")
    }
}

impl HtmlSafe for When {}

fn words(language: Language, time: DateTime) -> String {
    let (days, months) = match language {
        Language::English => (ENGLISH_DAYS, ENGLISH_MONTHS),
        Language::German => (GERMAN_DAYS, GERMAN_MONTHS),
    };
    let name = |names: &[&'static str], place: i8| {
        let place = usize::try_from(place).ok();
        place
            .and_then(|place| names.get(place))
            .copied()
            .unwrap_or("")
    };
    let weekday = name(&days, time.weekday().to_monday_zero_offset());
    let month = name(&months, time.month() - 1);
    let (day, year) = (time.day(), time.year());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    let clock = match second {
        0 => format!("{hour:02}:{minute:02}"),
        _ => format!("{hour:02}:{minute:02}:{second:02}"),
    };
    match language {
        Language::English => format!("{weekday} {day} {month} {year}, {clock} UTC"),
        Language::German => format!("{weekday} {day}. {month} {year}, {clock} UTC"),
    }
}

/// A length of time in its largest unit that comes out even.
pub(crate) fn span(language: Language, span: Span) -> String {
    let count = |unit: u64| [("count", Value::Count(span.0 / unit))];
    match span.0 {
        0 => language.say("span-none"),
        millis if millis.is_multiple_of(DAY) => language.tell("span-days", &count(DAY)),
        millis if millis.is_multiple_of(HOUR) => language.tell("span-hours", &count(HOUR)),
        millis if millis.is_multiple_of(MINUTE) => language.tell("span-minutes", &count(MINUTE)),
        _ => language.tell("span-seconds", &count(SECOND)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_utc_for_people_and_for_programs() {
        let table = [
            (
                Language::English,
                1_772_452_800_000,
                "Mon 2 Mar 2026, 12:00 UTC",
            ),
            (
                Language::German,
                1_772_452_800_000,
                "Mo. 2. März 2026, 12:00 UTC",
            ),
            (
                Language::English,
                1_772_452_801_500,
                "Mon 2 Mar 2026, 12:00:01 UTC",
            ),
        ];
        for (language, millis, expected) in table {
            assert_eq!(When::new(language, millis).text, expected);
        }
        let html = When::new(Language::English, 1_772_452_800_000).to_string();
        assert!(
            html.starts_with("<time datetime=\"2026-03-02T12:00:00Z\""),
            "{html}"
        );
        assert_eq!(
            When::new(Language::English, u64::MAX).iso,
            u64::MAX.to_string()
        );
    }

    #[test]
    fn a_span_is_told_in_its_largest_even_unit() {
        let table = [
            (0, "at once"),
            (14 * DAY, "14 days"),
            (DAY, "1 day"),
            (36 * HOUR, "36 hours"),
            (90 * SECOND, "90 seconds"),
            (MINUTE, "1 minute"),
        ];
        for (millis, expected) in table {
            assert_eq!(span(Language::English, Span(millis)), expected);
        }
    }
}
