//! The value of a header, written where it stays.

use std::fmt::{Arguments, Write as _};

use axum::http::{HeaderValue, header::InvalidHeaderValue};
use bytes::Bytes;

/// Writes a value that is about so long. A string with room to spare would get a second allocation, for who shares it.
///
/// # Errors
/// When the text cannot stand in a header.
pub(crate) fn header_text(
    room: usize,
    text: Arguments<'_>,
) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut value = String::with_capacity(room);
    // Writing to a string cannot fail.
    let _ = value.write_fmt(text);
    let value = value.into_boxed_str().into_boxed_bytes();
    HeaderValue::from_maybe_shared(Bytes::from(value))
}
