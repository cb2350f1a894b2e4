//! Dates of files: RFC 3339 with zone, exact to the millisecond, as unix milliseconds.
//!
//! The form is strict, because every leniency is a way to be a zone or a day wrong:
//! `2026-03-01T12:00:00Z`, with up to three decimals of a second, with `Z` or `+02:00`.

use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};
use softcap_offering::Position;

/// Why a text is no date that the schedule can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InstantError {
    /// Another form.
    #[error("is not a date of the form of RFC 3339")]
    Form,
    /// The form without `Z` or an offset.
    #[error("has no zone")]
    NoZone,
    /// Second 60.
    #[error("is a leap second, which unix time does not count")]
    LeapSecond,
    /// 30 February, hour 25.
    #[error("is a date or a time that does not exist")]
    NoSuchDate,
    /// Before 1970, or after what dates of four digits hold in every zone.
    #[error("is not between 1970-01-01T00:00:00Z and 9999-12-30T22:00:00Z")]
    OutOfRange,
    /// More than three decimals of a second.
    #[error("is finer than a millisecond")]
    TooFine,
}

impl InstantError {
    /// The stable code.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Form => "C140",
            Self::NoZone => "C141",
            Self::LeapSecond => "C142",
            Self::NoSuchDate => "C143",
            Self::OutOfRange => "C144",
            Self::TooFine => "C145",
        }
    }
}

const DAY_MS: i64 = 86_400_000;

/// Reads dates. Neighbouring rows mostly share their day, so the last one is remembered.
#[derive(Clone, Debug, Default)]
pub(crate) struct InstantReader {
    day: [u8; 10],
    /// Milliseconds at the begin of `day` in UTC.
    day_begin: i64,
}

impl InstantReader {
    /// Reads one date as unix milliseconds.
    pub(crate) fn read(&mut self, text: &[u8]) -> Result<Position, InstantError> {
        let (Some((day, rest)), true) = (text.split_first_chunk::<10>(), text.is_ascii()) else {
            return Err(InstantError::Form);
        };
        let day_begin = self.day_begin(day)?;
        let &[b'T', h1, h2, b':', m1, m2, b':', s1, s2, ref rest @ ..] = rest else {
            return Err(InstantError::Form);
        };
        let (hour, minute, second) = (pair(h1, h2)?, pair(m1, m2)?, pair(s1, s2)?);
        let (millis, zone) = fraction(rest)?;
        let offset_minutes = offset(zone)?;
        if second == 60 && minute < 60 && hour < 24 {
            return Err(InstantError::LeapSecond);
        }
        if hour > 23 || minute > 59 || second > 59 {
            return Err(InstantError::NoSuchDate);
        }
        let of_day = ((hour * 60 + minute - offset_minutes) * 60 + second) * 1000 + millis;
        let instant = day_begin + of_day;
        if instant > Timestamp::MAX.as_millisecond() {
            return Err(InstantError::OutOfRange);
        }
        u64::try_from(instant)
            .map(Position)
            .map_err(|_| InstantError::OutOfRange)
    }

    fn day_begin(&mut self, day: &[u8; 10]) -> Result<i64, InstantError> {
        if self.day == *day {
            return Ok(self.day_begin);
        }
        let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = day else {
            return Err(InstantError::Form);
        };
        let year = pair(y1, y2)? * 100 + pair(y3, y4)?;
        let (month, date) = (pair(m1, m2)?, pair(d1, d2)?);
        let narrow = |value: i64| i8::try_from(value).map_err(|_| InstantError::NoSuchDate);
        let year = i16::try_from(year).map_err(|_| InstantError::NoSuchDate)?;
        let date =
            Date::new(year, narrow(month)?, narrow(date)?).map_err(|_| InstantError::NoSuchDate)?;
        let begin = TimeZone::UTC
            .to_timestamp(date.to_datetime(Time::midnight()))
            .map_err(|_| InstantError::OutOfRange)?
            .as_millisecond();
        // The day before 1970 may still hold an instant of 1970 in another zone.
        if begin < -DAY_MS {
            return Err(InstantError::OutOfRange);
        }
        (self.day, self.day_begin) = (*day, begin);
        Ok(begin)
    }
}

/// Two digits as a number.
fn pair(tens: u8, ones: u8) -> Result<i64, InstantError> {
    if tens.is_ascii_digit() && ones.is_ascii_digit() {
        Ok(i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
    } else {
        Err(InstantError::Form)
    }
}

/// Milliseconds of `.5`, `.50` or `.500`, and what follows.
fn fraction(text: &[u8]) -> Result<(i64, &[u8]), InstantError> {
    let Some(digits) = text.strip_prefix(b".") else {
        return Ok((0, text));
    };
    let count = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let (digits, rest) = digits.split_at(count);
    match count {
        0 => Err(InstantError::Form),
        1..=3 => {
            let value = digits
                .iter()
                .fold(0, |value, byte| value * 10 + i64::from(byte - b'0'));
            Ok((value * [100, 10, 1][count - 1], rest))
        }
        _ => Err(InstantError::TooFine),
    }
}

/// Minutes east of UTC of `Z` or `+02:00`.
fn offset(text: &[u8]) -> Result<i64, InstantError> {
    match *text {
        [b'Z'] => Ok(0),
        [] => Err(InstantError::NoZone),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (pair(h1, h2)?, pair(m1, m2)?);
            if hours > 23 || minutes > 59 {
                return Err(InstantError::NoSuchDate);
            }
            let minutes = hours * 60 + minutes;
            Ok(if sign == b'-' { -minutes } else { minutes })
        }
        _ => Err(InstantError::Form),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<u64, InstantError> {
        InstantReader::default()
            .read(text.as_bytes())
            .map(|position| position.0)
    }

    #[test]
    fn dates_are_unix_milliseconds_or_refused_with_the_reason() {
        let table = [
            ("1970-01-01T00:00:00Z", Ok(0)),
            ("2013-09-01T00:00:00Z", Ok(1_377_993_600_000)),
            ("2013-09-01T02:00:00+02:00", Ok(1_377_993_600_000)),
            ("2013-08-31T18:30:00-05:30", Ok(1_377_993_600_000)),
            ("2013-09-01T00:00:00.5Z", Ok(1_377_993_600_500)),
            ("2013-09-01T00:00:00.007Z", Ok(1_377_993_600_007)),
            ("1969-12-31T23:59:59-00:01", Ok(59_000)),
            ("2024-02-29T00:00:00Z", Ok(1_709_164_800_000)),
            ("9999-12-30T22:00:00.999Z", Ok(253_402_207_200_999)),
            ("9999-12-30T22:00:01Z", Err(InstantError::OutOfRange)),
            ("9999-12-31T00:00:00Z", Err(InstantError::OutOfRange)),
            ("1969-12-31T23:59:59Z", Err(InstantError::OutOfRange)),
            ("1970-01-01T00:00:00+00:01", Err(InstantError::OutOfRange)),
            ("0001-01-01T00:00:00Z", Err(InstantError::OutOfRange)),
            ("2013-09-01T00:00:00", Err(InstantError::NoZone)),
            ("2013-09-01T00:00:00.123", Err(InstantError::NoZone)),
            ("2016-12-31T23:59:60Z", Err(InstantError::LeapSecond)),
            ("2023-02-29T00:00:00Z", Err(InstantError::NoSuchDate)),
            ("2023-13-01T00:00:00Z", Err(InstantError::NoSuchDate)),
            ("2023-01-01T24:00:00Z", Err(InstantError::NoSuchDate)),
            ("2023-01-01T00:00:00+24:00", Err(InstantError::NoSuchDate)),
            ("2023-01-01T00:00:00.0001Z", Err(InstantError::TooFine)),
            ("2023-01-01 00:00:00Z", Err(InstantError::Form)),
            ("2023-01-01t00:00:00z", Err(InstantError::Form)),
            ("2023-01-01T00:00Z", Err(InstantError::Form)),
            ("2023-01-01T00:00:00+0200", Err(InstantError::Form)),
            ("2023-01-01T00:00:00.Z", Err(InstantError::Form)),
            ("2023-01-01T00:00:00Z[UTC]", Err(InstantError::Form)),
            ("2023-01-01", Err(InstantError::Form)),
            ("01.01.2023 00:00:00", Err(InstantError::Form)),
            ("1377993600", Err(InstantError::Form)),
            ("", Err(InstantError::Form)),
            ("20२3-01-01T00:00:00Z", Err(InstantError::Form)),
        ];
        for (text, expected) in table {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn dates_are_those_of_jiff(ms in -172_800_000_i64..253_402_207_200_000, offset in -1439..=1439_i32) {
            let zone = TimeZone::fixed(jiff::tz::Offset::from_seconds(offset * 60).unwrap());
            let instant = jiff::Timestamp::from_millisecond(ms).unwrap().to_zoned_datetime(zone);
            let text = instant.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string();
            prop_assume!(!text.starts_with('-'));
            prop_assert_eq!(read(&text).ok(), u64::try_from(ms).ok(), "{}", text);
        }

        #[test]
        fn a_remembered_day_changes_nothing(texts in prop::collection::vec("2026-0[1-3]-[0-3][0-9]T0[0-9]:00:00Z", 1..8)) {
            let mut reader = InstantReader::default();
            for text in texts {
                prop_assert_eq!(reader.read(text.as_bytes()).map(|position| position.0), read(&text));
            }
        }
    }
}
