//! The value of a header: a short one, as nearly all are, is written with one allocation.

use std::{fmt::Arguments, io::Write as _};

use axum::http::{HeaderValue, header::InvalidHeaderValue};

/// Longest value that is written on the stack and copied once; a string that grows is copied as it grows, and once more
/// for who shares it.
const SHORT: usize = 128;

/// Writes a value.
///
/// # Errors
/// When the text cannot stand in a header.
pub(crate) fn header_text(text: Arguments<'_>) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut buffer = [0; SHORT];
    let mut left = buffer.as_mut_slice();
    if left.write_fmt(text).is_err() {
        return HeaderValue::from_str(&text.to_string());
    }
    let length = SHORT - left.len();
    HeaderValue::from_bytes(&buffer[..length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_as_written_however_long() {
        for length in [0, 1, SHORT - 1, SHORT, SHORT + 1, 5 * SHORT] {
            let text = "a".repeat(length);
            assert_eq!(header_text(format_args!("{text}")).unwrap(), text);
        }
    }

    #[test]
    fn what_cannot_stand_in_a_header_is_refused_however_long() {
        for length in [1, SHORT + 1] {
            let text = "\n".repeat(length);
            assert!(header_text(format_args!("{text}")).is_err());
        }
    }
}
