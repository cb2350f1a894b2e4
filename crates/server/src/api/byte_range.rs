//! A part of an answer, for a client whose download broke off (RFC 9110, 14).

use axum::http::{HeaderMap, header};

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// All of it; also when it asks in a way that need not be understood.
    Whole,
    /// Some bytes; at least one.
    Part {
        /// Place of the first.
        first: u64,
        /// How many.
        length: u64,
    },
    /// Bytes that are not there.
    Beyond,
}

/// What a request asks of `size` bytes with this tag: one range of bytes, if it has no other version
/// (`If-Range`) in mind.
pub(super) fn asked(headers: &HeaderMap, tag: &str, size: u64) -> Asked {
    let text = |name| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    let is_other = text(header::IF_RANGE).is_some_and(|known| known != format!("\"{tag}\""));
    let mut ranges = headers.get_all(header::RANGE).iter();
    match (ranges.next(), ranges.next()) {
        (Some(range), None) if !is_other => {
            let range = range
                .to_str()
                .ok()
                .and_then(|text| text.strip_prefix("bytes="));
            range.map_or(Asked::Whole, |range| of_range(range.trim(), size))
        }
        (None | Some(_), _) => Asked::Whole,
    }
}

fn of_range(range: &str, size: u64) -> Asked {
    let number = |text: &str| {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        // One that is too large for the type is beyond any file.
        (is_number && !text.is_empty()).then(|| text.parse().unwrap_or(u64::MAX))
    };
    let Some((from, to)) = range.split_once('-') else {
        return Asked::Whole;
    };
    let (first, end) = match (number(from), number(to)) {
        (Some(first), Some(last)) if first <= last => (first, last.saturating_add(1)),
        (Some(first), None) if to.is_empty() => (first, size),
        (None, Some(last)) if from.is_empty() => (size.saturating_sub(last), size),
        (Some(_) | None, Some(_) | None) => return Asked::Whole,
    };
    match end.min(size).checked_sub(first) {
        Some(length) if length > 0 => Asked::Part { first, length },
        Some(_) | None => Asked::Beyond,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(first: u64, length: u64) -> Asked {
        Asked::Part { first, length }
    }

    #[test]
    fn one_range_of_the_version_that_is_there_is_understood() {
        let table = [
            ("bytes=0-0", part(0, 1)),
            ("bytes=0-99", part(0, 100)),
            ("bytes=10-19", part(10, 10)),
            ("bytes=90-1000", part(90, 10)),
            ("bytes=99-", part(99, 1)),
            ("bytes=0-", part(0, 100)),
            ("bytes=-1", part(99, 1)),
            ("bytes=-1000", part(0, 100)),
            ("bytes=5-99999999999999999999999", part(5, 95)),
            ("bytes=100-", Asked::Beyond),
            ("bytes=100-100", Asked::Beyond),
            ("bytes=-0", Asked::Beyond),
            ("bytes=99999999999999999999999-", Asked::Beyond),
            ("bytes=9-8", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("bytes=", Asked::Whole),
            ("bytes=a-b", Asked::Whole),
            ("bytes=+1-2", Asked::Whole),
            ("bytes=1--2", Asked::Whole),
            ("bytes=0-1,5-6", Asked::Whole),
            ("lines=0-1", Asked::Whole),
        ];
        for (range, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, range.parse().unwrap());
            assert_eq!(asked(&headers, "tag", 100), expected, "{range}");
            headers.insert(header::IF_RANGE, "\"tag\"".parse().unwrap());
            assert_eq!(asked(&headers, "tag", 100), expected, "{range}");
            for other in ["\"other\"", "W/\"tag\"", "Thu, 01 Jan 2026 00:00:00 GMT"] {
                headers.insert(header::IF_RANGE, other.parse().unwrap());
                assert_eq!(asked(&headers, "tag", 100), Asked::Whole, "{range} {other}");
            }
        }
        assert_eq!(asked(&HeaderMap::new(), "tag", 100), Asked::Whole);
        let mut twice = HeaderMap::new();
        twice.append(header::RANGE, "bytes=0-1".parse().unwrap());
        twice.append(header::RANGE, "bytes=5-6".parse().unwrap());
        assert_eq!(asked(&twice, "tag", 100), Asked::Whole);
    }
}
