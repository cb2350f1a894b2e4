//! The text of a recovery code: 120 random bits in six groups of four, `7K2M-9QXR-4TDA-0VHC-XE3N-P85W`.
//!
//! From 112 random bits on nobody can guess a code out of its digest (OWASP ASVS 5.0, V6.5.2), so that
//! its keyed tag is enough. With the 80 bits that others give each of ten codes would need argon2 at
//! every attempt: a second of one core, for whoever cares to send nonsense.

use std::fmt;

use zeroize::Zeroizing;

use super::FactorError;
use crate::people::random_bytes;

/// Crockford's base 32: no I, L, O, U, so that reading aloud and handwriting do no harm.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHARACTERS: usize = 24;
const GROUP: usize = 4;
const BYTES: usize = 15;

/// A code of a person, as it is shown once.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(Zeroizing<[u8; BYTES]>);

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("RecoveryCode(..)")
    }
}

impl RecoveryCode {
    /// A new one.
    pub(crate) fn random() -> Result<Self, FactorError> {
        Ok(Self(Zeroizing::new(random_bytes()?)))
    }

    /// As somebody typed it: in any case, with or without the dashes, with O for 0 and I or L for 1.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        let mut count = 0;
        for letter in text.bytes().filter(|byte| !matches!(byte, b'-' | b' ')) {
            let value = value_of(letter)?;
            if count == CHARACTERS {
                return None;
            }
            for bit in 0..5 {
                let place = count * 5 + bit;
                bytes[place / 8] |= ((value >> (4 - bit)) & 1) << (7 - place % 8);
            }
            count += 1;
        }
        (count == CHARACTERS).then_some(Self(bytes))
    }

    /// The text to show.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(CHARACTERS + CHARACTERS / GROUP));
        for count in 0..CHARACTERS {
            if count > 0 && count % GROUP == 0 {
                text.push('-');
            }
            let value = (0..5).fold(0, |value: usize, bit| {
                let place = count * 5 + bit;
                (value << 1) | usize::from((self.0[place / 8] >> (7 - place % 8)) & 1)
            });
            text.push(char::from(ALPHABET[value]));
        }
        text
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &*self.0
    }
}

fn value_of(letter: u8) -> Option<u8> {
    let letter = match letter.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        letter => letter,
    };
    let place = ALPHABET.iter().position(|known| *known == letter)?;
    u8::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_base_32_of_its_bytes() {
        // Python: Crockford's alphabet over base64.b32encode(bytes(range(15))).
        let bytes: [u8; BYTES] = std::array::from_fn(|place| u8::try_from(place).unwrap());
        let code = RecoveryCode(Zeroizing::new(bytes));
        assert_eq!(*code.reveal(), "000G-40R4-0M30-E209-185G-R38E");
        assert_eq!(RecoveryCode::parse(&code.reveal()), Some(code.clone()));
        assert!(!format!("{code:?}").contains("000G"));
    }

    #[test]
    fn a_code_is_read_as_people_write_it() {
        let code = RecoveryCode::parse("000G-40R4-0M30-E209-185G-R38E").unwrap();
        for text in [
            "000g40r40m30e209185gr38e",
            "oOOg 40R4 0M3O E209 185G R38E",
            "000G-4OR4-0M30-E209-I85G-R38E",
            "000G-4OR4-0M30-E209-l85G-R38E",
        ] {
            assert_eq!(RecoveryCode::parse(text), Some(code.clone()), "{text}");
        }
        for wrong in [
            "",
            "000G-40R4-0M30-E209-185G-R38",
            "000G-40R4-0M30-E209-185G-R38E0",
            "000G-40R4-0M30-E209-185G-R38U",
            "000G_40R4_0M30_E209_185G_R38E",
            "000G-40R4-0M30-E209-185G-R38\u{c9}",
        ] {
            assert_eq!(RecoveryCode::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn codes_differ() {
        let (one, other) = (
            RecoveryCode::random().unwrap(),
            RecoveryCode::random().unwrap(),
        );
        assert_ne!(one, other);
    }
}
