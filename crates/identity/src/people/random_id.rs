//! Names of rows: 16 random bytes, written as 32 lower-case hexadecimal digits.

use std::fmt::Write as _;

use super::PersonError;

/// So many bytes of the operating system.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], PersonError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| PersonError::Randomness)?;
    Ok(bytes)
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// 16 bytes of 32 lower-case hexadecimal digits that are not all zero.
pub(crate) fn parse_id(text: &str) -> Option<[u8; 16]> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 32 || !text.bytes().all(is_digit) {
        return None;
    }
    let value = u128::from_str_radix(text, 16).ok()?;
    (value != 0).then(|| value.to_be_bytes())
}
