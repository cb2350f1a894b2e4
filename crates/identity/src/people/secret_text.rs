//! Secrets that a person is given once: 256 random bits as text.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use zeroize::Zeroizing;

use super::{PersonError, random_id::random_bytes};

/// 43 characters of base64url.
const LENGTH: usize = 43;

/// The secret of a session or of a mail. Only a keyed hash of it is stored; it is never printed by `Debug`.
#[derive(Clone)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// A new one.
    ///
    /// # Errors
    /// [`PersonError::Randomness`].
    pub fn random() -> Result<Self, PersonError> {
        let bytes = Zeroizing::new(random_bytes::<32>()?);
        Ok(Self(Zeroizing::new(Base64UrlUnpadded::encode_string(
            &*bytes,
        ))))
    }

    /// One that somebody sent; `None` when it cannot be one, so that junk never reaches the database.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let is_one = text.len() == LENGTH && text.bytes().all(allowed);
        is_one.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// To be given to its owner.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Nothing of it.
impl fmt::Debug for SecretText {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SecretText(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn v7_2_3_a_hundred_thousand_ids_of_256_bits_are_distinct() {
        let mut seen = HashSet::new();
        for _ in 0..100_000 {
            let secret = SecretText::random().unwrap();
            let text = secret.reveal().to_owned();
            let bytes = Base64UrlUnpadded::decode_vec(&text).unwrap();
            assert_eq!(bytes.len() * 8, 256);
            assert_eq!(SecretText::parse(&text).unwrap().reveal(), text);
            assert!(seen.insert(text));
        }
    }

    #[test]
    fn junk_is_no_secret_and_nothing_is_printed() {
        let secret = SecretText::random().unwrap();
        let text = secret.reveal();
        assert!(!format!("{secret:?}").contains(text));
        for junk in [
            "",
            &text[1..],
            &format!("{text}="),
            &text.replace(&text[..1], " "),
        ] {
            assert!(SecretText::parse(junk).is_none(), "{junk:?}");
        }
    }
}
