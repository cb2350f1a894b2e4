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

/// The text of a name of 16 bytes: 32 hexadecimal digits, also in debug output, because it is no secret. With an error it is read
/// from that text, too.
macro_rules! id_text {
    ($name:ident) => {
        impl ::std::fmt::Display for $name {
            fn fmt(&self, out: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                out.write_str(&$crate::people::hex(&self.0))
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, out: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(out, concat!(stringify!($name), "({})"), self)
            }
        }
    };
    ($name:ident, $error:ident :: $missing:ident) => {
        $crate::people::id_text!($name);

        impl ::std::str::FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                $crate::people::parse_id(text)
                    .map(Self)
                    .ok_or($error::$missing)
            }
        }
    };
}
pub(crate) use id_text;
