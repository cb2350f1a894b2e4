//! Where the ticks of an axis stand and how they are labelled.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use crate::report::PositionAxis;
use crate::report::share::grouped;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Steps between ticks of a time axis below a month, in milliseconds.
const TIME_STEPS: [i64; 16] = [
    1_000,
    10_000,
    MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    3 * DAY,
    7 * DAY,
    14 * DAY,
];

/// Steps of a time axis from a month up, in months.
const MONTH_STEPS: [i32; 7] = [1, 2, 3, 6, 12, 24, 60];

/// A tick: where, and what is written there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    /// In the coordinates of the axis.
    pub(super) at: f64,
    /// The label.
    pub(super) text: String,
}

/// An axis of a picture: its range, and ticks that carry their own labels.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    /// Lowest value.
    pub(super) from: f64,
    /// Highest value, above the lowest.
    pub(super) to: f64,
    /// In rising order.
    pub(super) ticks: Vec<Tick>,
}

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let place = (value - self.from) / (self.to - self.from);
        limit.0 + (f64::from(limit.1 - limit.0) * place.clamp(0.0, 1.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.iter().map(|tick| tick.at).collect()
    }

    fn range(&self) -> Range<f64> {
        self.from..self.to
    }
}

impl ValueFormatter<f64> for Scale {
    fn format_ext(&self, value: &f64) -> String {
        // The library asks for the places that `key_points` gave it, bit for bit.
        self.ticks
            .iter()
            .find(|tick| tick.at == *value)
            .map(|tick| tick.text.clone())
            .unwrap_or_default()
    }
}

/// Ticks of an axis of positions from `from` to `to`, at most `most`.
pub(super) fn position_ticks(axis: &PositionAxis, from: i64, to: i64, most: usize) -> Vec<Tick> {
    match axis {
        PositionAxis::UnixMillis => time_ticks(from, to, most),
        PositionAxis::BlockHeight { .. } | PositionAxis::RowOrder => count_ticks(from, to, most),
    }
}

/// A position in words: `12 Jun 2017, 14:00 UTC`, `block 3,861,203`, `contribution 7`.
pub(in crate::report) fn position(axis: &PositionAxis, at: i64) -> String {
    match axis {
        PositionAxis::UnixMillis => match utc(at) {
            Some(time) => time.strftime("%-d %b %Y, %H:%M UTC").to_string(),
            None => format!("unix millisecond {at}"),
        },
        PositionAxis::BlockHeight { .. } => format!("block {}", signed(at)),
        PositionAxis::RowOrder => format!("contribution {}", signed(at)),
    }
}

fn utc(millis: i64) -> Option<DateTime> {
    Timestamp::from_millisecond(millis)
        .ok()
        .map(|time| TimeZone::UTC.to_datetime(time))
}

fn signed(number: i64) -> String {
    let sign = if number < 0 { "\u{2212}" } else { "" };
    format!("{sign}{}", grouped(u128::from(number.unsigned_abs())))
}

/// Ticks at round times in UTC.
fn time_ticks(from: i64, to: i64, most: usize) -> Vec<Tick> {
    let fits = |step: i64| places(from, to, step).is_some_and(|(_, count)| count <= most);
    match TIME_STEPS.into_iter().find(|&step| fits(step)) {
        Some(step) => {
            let (first, count) = places(from, to, step).unwrap_or_default();
            (first..)
                .take(count)
                .filter_map(|place| place.checked_mul(step))
                .filter_map(|at| {
                    Some(Tick {
                        at: at as f64,
                        text: clock_label(utc(at)?, step),
                    })
                })
                .collect()
        }
        None => month_ticks(from, to, most),
    }
}

fn clock_label(time: DateTime, step: i64) -> String {
    let midnight = time.time() == Time::midnight();
    let shape = match (step >= DAY || midnight, step >= MINUTE) {
        (true, _) => "%-d %b",
        (false, true) => "%H:%M",
        (false, false) => "%H:%M:%S",
    };
    time.strftime(shape).to_string()
}

/// Ticks at the first of months; none where the calendar ends.
fn month_ticks(from: i64, to: i64, most: usize) -> Vec<Tick> {
    let (Some(start), Some(end)) = (utc(from), utc(to)) else {
        return Vec::new();
    };
    let months = |time: DateTime| i32::from(time.year()) * 12 + i32::from(time.month()) - 1;
    let (first, last) = (months(start) + 1, months(end));
    let span = (last - first).max(0);
    // Beyond the table, whole centuries: no real sale, but a broken clock may claim one.
    let step = MONTH_STEPS
        .into_iter()
        .chain((1..).map(|centuries| centuries * 1_200))
        .find(|step| ((span / step) as usize) < most)
        .unwrap_or(i32::MAX);
    (first..=last)
        .filter(|month| month.rem_euclid(step) == 0)
        .filter_map(|month| {
            let year = i16::try_from(month.div_euclid(12)).ok()?;
            let date = Date::new(year, i8::try_from(month.rem_euclid(12) + 1).ok()?, 1).ok()?;
            let midnight = date.to_datetime(Time::midnight());
            let at = TimeZone::UTC.to_timestamp(midnight).ok()?.as_millisecond();
            let shape = if step >= 12 { "%Y" } else { "%b %Y" };
            Some(Tick {
                at: at as f64,
                text: date.strftime(shape).to_string(),
            })
        })
        .collect()
}

/// Ticks at round whole numbers.
fn count_ticks(from: i64, to: i64, most: usize) -> Vec<Tick> {
    let step = (0..18)
        .flat_map(|power| [1, 2, 5].map(|digit| digit * 10_i64.pow(power)))
        .find(|&step| places(from, to, step).is_some_and(|(_, count)| count <= most));
    let Some(step) = step else {
        return Vec::new();
    };
    let (first, count) = places(from, to, step).unwrap_or_default();
    (first..)
        .take(count)
        .filter_map(|place| place.checked_mul(step))
        .map(|at| Tick {
            at: at as f64,
            text: signed(at),
        })
        .collect()
}

/// The first multiple of `step` in the range (as a factor) and how many there are; `None` if beyond
/// counting.
fn places(from: i64, to: i64, step: i64) -> Option<(i64, usize)> {
    let first = from
        .div_euclid(step)
        .checked_add(i64::from(from.rem_euclid(step) != 0))?;
    let count = to.div_euclid(step).checked_sub(first)?.checked_add(1)?;
    Some((first, usize::try_from(count.max(0)).ok()?))
}

/// Ticks from zero to at least `top` at round numbers, some four or five; the last is the top of
/// the axis.
pub(super) fn value_ticks(top: f64) -> Vec<Tick> {
    let top = if top.is_finite() && top > 0.0 {
        top
    } else {
        1.0
    };
    let rough = top / 5.0;
    let unit = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|digit| digit * unit)
        .find(|&step| step >= rough * 0.999_999)
        .unwrap_or(unit * 10.0);
    let count = (top / step - 1e-9).ceil().max(1.0) as u32;
    (0..=count)
        .map(|place| {
            let at = f64::from(place) * step;
            Tick {
                at,
                text: compact(at),
            }
        })
        .collect()
}

/// A number for a label in few characters: `0`, `0.25`, `12.5k`, `396.6k`, `1M`, `3.4×10³⁸`.
pub(in crate::report) fn compact(number: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")];
    if number == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e15).contains(&number) {
        let power = number.log10().floor();
        let digits = trimmed(number / 10_f64.powf(power), 1);
        return format!("{digits}×10{}", raised(power as i32));
    }
    match UNITS
        .into_iter()
        .find(|(unit, _)| number >= *unit * 0.999_95)
    {
        Some((unit, name)) => format!(
            "{}{name}",
            trimmed(number / unit, 1 + usize::from(number / unit < 10.0))
        ),
        None if number >= 1.0 => trimmed(number, 2),
        None => trimmed(number, 5),
    }
}

/// With at most `decimals` decimals, without zeros at the end.
fn trimmed(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// An exponent in superscript digits.
fn raised(power: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    power
        .to_string()
        .chars()
        .map(|c| {
            c.to_digit(10)
                .and_then(|digit| DIGITS.get(digit as usize))
                .copied()
                .unwrap_or('⁻')
        })
        .collect()
}

/// One hour before and after, one block or row: what surrounds a lone point.
pub(super) fn padded(axis: &PositionAxis, from: i64, to: i64) -> (i64, i64) {
    if from < to {
        return (from, to);
    }
    let pad = match axis {
        PositionAxis::UnixMillis => HOUR,
        PositionAxis::BlockHeight { .. } | PositionAxis::RowOrder => 1,
    };
    (from.saturating_sub(pad), to.saturating_add(pad))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.text.as_str()).collect()
    }

    fn millis(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn time_ticks_are_round_in_utc_and_name_the_day_at_midnight() {
        for (from, to, most, expected) in [
            (
                "2017-06-12T14:00:00Z",
                "2017-06-13T03:00:00Z",
                6,
                vec!["15:00", "18:00", "21:00", "13 Jun", "03:00"],
            ),
            (
                "2017-06-10T16:58:43Z",
                "2017-06-13T10:00:00Z",
                4,
                vec!["11 Jun", "12 Jun", "13 Jun"],
            ),
            (
                "2013-07-31T00:00:00Z",
                "2013-09-02T00:00:00Z",
                4,
                vec!["1 Aug", "15 Aug", "29 Aug"],
            ),
            (
                "2014-01-15T00:00:00Z",
                "2014-12-20T00:00:00Z",
                4,
                vec!["Apr 2014", "Jul 2014", "Oct 2014"],
            ),
            (
                "2010-06-01T00:00:00Z",
                "2020-06-01T00:00:00Z",
                6,
                vec!["2012", "2014", "2016", "2018", "2020"],
            ),
            (
                "2017-06-12T14:00:00Z",
                "2017-06-12T14:00:02Z",
                4,
                vec!["14:00:00", "14:00:01", "14:00:02"],
            ),
        ] {
            assert_eq!(
                texts(&time_ticks(millis(from), millis(to), most)),
                expected,
                "{from}"
            );
        }
    }

    #[test]
    fn counts_have_round_ticks_and_never_too_many() {
        assert_eq!(texts(&count_ticks(1, 13_373, 4)), ["5,000", "10,000"]);
        assert_eq!(
            texts(&count_ticks(3_851_355, 3_903_000, 4)),
            ["3,860,000", "3,880,000", "3,900,000"]
        );
        for most in [4, 9] {
            for (from, to) in [
                (i64::MIN, i64::MAX),
                (0, 1),
                (-7, i64::MAX),
                (i64::MIN, i64::MIN + 1),
            ] {
                assert!(count_ticks(from, to, most).len() <= most, "{from} {to}");
                assert!(time_ticks(from, to, most).len() <= most, "{from} {to}");
            }
        }
    }

    #[test]
    fn the_value_axis_starts_at_zero_and_reaches_the_top() {
        for (top, expected) in [
            (1.0, vec!["0", "0.2", "0.4", "0.6", "0.8", "1"]),
            (396_619.9, vec!["0", "100k", "200k", "300k", "400k"]),
            (110.0, vec!["0", "25", "50", "75", "100", "125"]),
            (0.0, vec!["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        ] {
            assert_eq!(texts(&value_ticks(top)), expected, "{top}");
        }
        for top in [
            1e-30,
            3.4e38,
            7.3e20,
            1e-5,
            12_345.0,
            f64::NAN,
            f64::INFINITY,
        ] {
            let ticks = value_ticks(top);
            assert!((2..=7).contains(&ticks.len()), "{top}: {ticks:?}");
            assert!(
                !top.is_finite() || ticks.last().unwrap().at >= top * 0.999,
                "{top}"
            );
        }
    }

    #[test]
    fn numbers_on_labels_are_short() {
        for (number, text) in [
            (0.0, "0"),
            (0.25, "0.25"),
            (0.00025, "0.00025"),
            (0.00001, "1×10⁻⁵"),
            (999.0, "999"),
            (1_250.0, "1.25k"),
            (396_619.89, "396.6k"),
            (999_999.0, "1M"),
            (79_323_978.0, "79.3M"),
            (3.4e38, "3.4×10³⁸"),
        ] {
            assert_eq!(compact(number), text);
        }
    }

    #[test]
    fn positions_are_told_in_the_words_of_their_axis() {
        assert_eq!(
            position(&PositionAxis::UnixMillis, 1_497_276_017_000),
            "12 Jun 2017, 14:00 UTC"
        );
        assert_eq!(
            position(&PositionAxis::UnixMillis, i64::MAX),
            format!("unix millisecond {}", i64::MAX)
        );
        let height = PositionAxis::BlockHeight {
            chain: "Bitcoin".to_owned(),
        };
        assert_eq!(position(&height, 250_000), "block 250,000");
        assert_eq!(position(&PositionAxis::RowOrder, -3), "contribution −3");
    }
}
