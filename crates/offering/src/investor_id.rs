//! Investor ids: what a journal knows of a person.

use std::fmt;

/// An EVM address, or an opaque id (a number that is random per offering, a bitcoin address).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum InvestorId<'a> {
    /// 20 bytes.
    Address([u8; 20]),
    /// 1 to [`InvestorId::LONGEST`] printable ASCII characters without comma, quote or blank.
    Opaque(&'a str),
}

/// Why a text is no investor id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvestorIdError {
    /// Nothing there.
    #[error("an investor id is empty")]
    Empty,
    /// Too long.
    #[error("an investor id has more than {} characters", InvestorId::LONGEST)]
    TooLong,
    /// A character that would make files ambiguous.
    #[error("an investor id may hold only letters, digits and . _ : @ + / = -")]
    Character,
}

impl<'a> InvestorId<'a> {
    /// Longest opaque id in characters.
    pub const LONGEST: usize = 100;

    /// Reads an id: `0x` and 40 hexadecimal digits in any case is an address, everything else
    /// opaque. An address has one identity whatever its letter case.
    pub fn parse(text: &'a str) -> Result<Self, InvestorIdError> {
        if let Some(address) = parse_address(text.as_bytes()) {
            return Ok(Self::Address(address));
        }
        if text.is_empty() {
            return Err(InvestorIdError::Empty);
        }
        if text.len() > Self::LONGEST {
            return Err(InvestorIdError::TooLong);
        }
        if text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._:@+/=-".contains(&byte))
        {
            Ok(Self::Opaque(text))
        } else {
            Err(InvestorIdError::Character)
        }
    }
}

fn parse_address(text: &[u8]) -> Option<[u8; 20]> {
    let digits = text.strip_prefix(b"0x")?;
    if digits.len() != 40 {
        return None;
    }
    // Valid digits are below 16, so one look at the end finds a bad one; branches for each digit
    // of a random address would cost several times as much.
    let mut address = [0; 20];
    let mut seen = 0;
    for (byte, pair) in address.iter_mut().zip(digits.chunks_exact(2)) {
        let (high, low) = (
            HEX_DIGITS[usize::from(pair[0])],
            HEX_DIGITS[usize::from(pair[1])],
        );
        seen |= high | low;
        *byte = (high << 4) | (low & 15);
    }
    (seen < 16).then_some(address)
}

/// The value of each character as a hexadecimal digit; 255 where it is none.
const HEX_DIGITS: [u8; 256] = {
    let mut digits = [255; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        digits[byte as usize] = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            _ => 255,
        };
        byte += 1;
    }
    digits
};

impl fmt::Display for InvestorId<'_> {
    /// Addresses in lower case, opaque ids as they are.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(bytes) => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                let mut text = [0_u8; 42];
                text[..2].copy_from_slice(b"0x");
                for (pair, byte) in text[2..].chunks_exact_mut(2).zip(bytes) {
                    pair[0] = DIGITS[usize::from(byte >> 4)];
                    pair[1] = DIGITS[usize::from(byte & 15)];
                }
                out.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
            }
            Self::Opaque(text) => out.write_str(text),
        }
    }
}

impl fmt::Debug for InvestorId<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_beyond_f_makes_an_opaque_id() {
        for text in [
            "0xgb68aa2764b4a9a943658b2e61db4c902b2ebf85",
            "0xeb68aa2764b4a9a943658b2e61db4c902b2ebf8g",
        ] {
            assert_eq!(InvestorId::parse(text), Ok(InvestorId::Opaque(text)));
        }
    }

    #[test]
    fn an_address_is_one_identity_in_any_case() {
        let lower = InvestorId::parse("0xeb68aa2764b4a9a943658b2e61db4c902b2ebf85").unwrap();
        let upper = InvestorId::parse("0xEB68AA2764B4A9A943658B2E61DB4C902B2EBF85").unwrap();
        assert_eq!(lower, upper);
        assert_eq!(
            upper.to_string(),
            "0xeb68aa2764b4a9a943658b2e61db4c902b2ebf85"
        );
    }

    #[test]
    fn what_is_not_an_address_is_opaque_or_refused() {
        let long = "a".repeat(101);
        let table = [
            ("1PA8qhEzW7to6EeqBAdhVZYGbVj2MfmN2n", Ok(())),
            ("0xeb68", Ok(())),
            (
                "0xeb68aa2764b4a9a943658b2e61db4c902b2ebf8!",
                Err(InvestorIdError::Character),
            ),
            (
                "0x!b68aa2764b4a9a943658b2e61db4c902b2ebf85",
                Err(InvestorIdError::Character),
            ),
            ("0xgb68aa2764b4a9a943658b2e61db4c902b2ebf85", Ok(())),
            ("", Err(InvestorIdError::Empty)),
            ("a b", Err(InvestorIdError::Character)),
            ("a,b", Err(InvestorIdError::Character)),
            ("ä", Err(InvestorIdError::Character)),
            (long.as_str(), Err(InvestorIdError::TooLong)),
        ];
        for (text, expected) in table {
            assert_eq!(InvestorId::parse(text).map(|_| ()), expected, "{text}");
        }
    }
}
