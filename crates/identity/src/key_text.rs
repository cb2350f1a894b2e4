//! The text of a key: `sc_<live|test>_<id>_<secret>_<crc>`, 60 ASCII characters.
//!
//! `id` (12 characters) is public: it names the key in lists, logs and the audit. `secret` (32
//! characters, 190 bits) is shown once. Both are base62 digits `0-9A-Za-z`, drawn evenly. `crc` is the
//! CRC-32 (IEEE) of the 44 bytes `id` followed by `secret`, without prefix and underscores, as base62
//! with the most significant digit first, padded on the left with `0` to 6 characters: the rule of
//! GitHub's tokens, so that a scanner finds a leaked key without asking anybody, and a mistyped one
//! never reaches the database.

use std::{fmt, str::FromStr};

use thiserror::Error;
use zeroize::{Zeroize as _, Zeroizing};

use crate::KeyError;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID: usize = 12;
const SECRET: usize = 32;
const CRC: usize = 6;
const PREFIX: usize = "sc_live_".len();
const LENGTH: usize = PREFIX + ID + 1 + SECRET + 1 + CRC;

/// Whether a key acts on real offerings or on trials. The server keeps the two apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Environment {
    /// Real money.
    Live,
    /// Trials.
    Test,
}

impl Environment {
    /// `live` or `test`, as in the text of a key.
    #[must_use]
    pub const fn as_code(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }

    /// The byte that stands for it where a key is hashed.
    pub(crate) const fn as_byte(self) -> u8 {
        match self {
            Self::Live => 1,
            Self::Test => 2,
        }
    }
}

impl FromStr for Environment {
    type Err = KeyTextError;

    fn from_str(text: &str) -> Result<Self, KeyTextError> {
        match text {
            "live" => Ok(Self::Live),
            "test" => Ok(Self::Test),
            _ => Err(KeyTextError::Prefix),
        }
    }
}

/// Why a text is no key. The text itself is never part of it: it may hold a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyTextError {
    /// Not 60 characters.
    #[error("K101: a key has 60 characters; this has another length: copy all of it")]
    Length,
    /// Does not begin with `sc_live_` or `sc_test_`.
    #[error("K102: a key begins with sc_live_ or sc_test_")]
    Prefix,
    /// A character that is no digit of base62, or an underscore that is missing.
    #[error("K103: a key holds letters, digits and four underscores, nothing else")]
    Character,
    /// The check characters do not fit.
    #[error("K104: the last six characters do not fit the rest: the key was mistyped or cut")]
    Checksum,
}

/// The public part of a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; ID]);

impl KeyId {
    /// The 12 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // All bytes are base62 digits, so this never is the empty text.
        str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(crate) fn as_bytes(&self) -> &[u8; ID] {
        &self.0
    }

    pub(crate) fn random() -> Result<Self, KeyError> {
        let mut id = [0; ID];
        fill_base62(&mut id)?;
        Ok(Self(id))
    }
}

impl FromStr for KeyId {
    type Err = KeyTextError;

    fn from_str(text: &str) -> Result<Self, KeyTextError> {
        let bytes: [u8; ID] = text
            .as_bytes()
            .try_into()
            .map_err(|_| KeyTextError::Length)?;
        check_base62(&bytes)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "KeyId({self})")
    }
}

/// The secret part; wiped when dropped, never printed, never compared except by its HMAC.
pub(crate) struct Secret([u8; SECRET]);

impl Secret {
    pub(crate) fn as_bytes(&self) -> &[u8; SECRET] {
        &self.0
    }

    fn random() -> Result<Self, KeyError> {
        let mut secret = Self([0; SECRET]);
        fill_base62(&mut secret.0)?;
        Ok(secret)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A whole key with a right checksum, which says nothing yet about whether it exists.
pub struct KeyText {
    environment: Environment,
    id: KeyId,
    secret: Secret,
}

impl KeyText {
    /// Reads a key strictly: no spaces around it, no other alphabet, no other length.
    ///
    /// # Errors
    /// See [`KeyTextError`].
    pub fn parse(text: &str) -> Result<Self, KeyTextError> {
        let bytes: &[u8; LENGTH] = text
            .as_bytes()
            .try_into()
            .map_err(|_| KeyTextError::Length)?;
        let (prefix, rest) = bytes.split_at(PREFIX);
        let environment = match prefix {
            b"sc_live_" => Environment::Live,
            b"sc_test_" => Environment::Test,
            _ => return Err(KeyTextError::Prefix),
        };
        let (id, rest) = rest.split_at(ID);
        let (first_line, rest) = rest.split_at(1);
        let (secret, rest) = rest.split_at(SECRET);
        let (second_line, crc) = rest.split_at(1);
        if first_line != b"_" || second_line != b"_" {
            return Err(KeyTextError::Character);
        }
        check_base62(id)?;
        check_base62(secret)?;
        check_base62(crc)?;
        let mut key = Self {
            environment,
            id: KeyId([0; ID]),
            secret: Secret([0; SECRET]),
        };
        key.id.0.copy_from_slice(id);
        key.secret.0.copy_from_slice(secret);
        if crc != checksum(&[id, secret]) {
            return Err(KeyTextError::Checksum);
        }
        Ok(key)
    }

    /// The public part.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// Live or test.
    #[must_use]
    pub const fn environment(&self) -> Environment {
        self.environment
    }

    /// The whole text, to be shown once to the one who asked for the key. The copy is wiped when dropped.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(LENGTH));
        text.push_str("sc_");
        text.push_str(self.environment.as_code());
        text.push('_');
        text.push_str(self.id.as_str());
        text.push('_');
        text.extend(self.secret.0.iter().map(|byte| char::from(*byte)));
        text.push('_');
        let crc = checksum(&[&self.id.0, &self.secret.0]);
        text.extend(crc.iter().map(|byte| char::from(*byte)));
        text
    }

    pub(crate) const fn secret(&self) -> &Secret {
        &self.secret
    }

    pub(crate) fn random(environment: Environment) -> Result<Self, KeyError> {
        Ok(Self {
            environment,
            id: KeyId::random()?,
            secret: Secret::random()?,
        })
    }
}

/// Without the secret.
impl fmt::Debug for KeyText {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "KeyText(sc_{}_{}_...)",
            self.environment.as_code(),
            self.id
        )
    }
}

fn check_base62(bytes: &[u8]) -> Result<(), KeyTextError> {
    if bytes.iter().all(u8::is_ascii_alphanumeric) {
        Ok(())
    } else {
        Err(KeyTextError::Character)
    }
}

/// The six check characters over the parts, one after the other.
fn checksum(parts: &[&[u8]]) -> [u8; CRC] {
    let mut hasher = crc32fast::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    let mut rest = hasher.finalize();
    let mut digits = [b'0'; CRC];
    for digit in digits.iter_mut().rev() {
        let index = usize::try_from(rest % 62).unwrap_or_default();
        *digit = ALPHABET[index];
        rest /= 62;
    }
    digits
}

/// Fills with digits, each equally likely: bytes from 248 (the largest multiple of 62) on are drawn
/// again.
fn fill_base62(digits: &mut [u8]) -> Result<(), KeyError> {
    let mut drawn = Zeroizing::new([0_u8; 64]);
    let mut filled = 0;
    while filled < digits.len() {
        getrandom::fill(&mut *drawn).map_err(|_| KeyError::Randomness)?;
        for byte in drawn.iter().filter(|byte| **byte < 248) {
            let Some(digit) = digits.get_mut(filled) else {
                break;
            };
            *digit = ALPHABET[usize::from(byte % 62)];
            filled += 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_githubs_tokens() {
        assert_eq!(&checksum(&[b"zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ"]), b"0mLq17");
        assert_eq!(
            &checksum(&[b"zQWBuTSOoRi4A9", b"spHcVY5ncnsDkxkJ"]),
            b"0mLq17"
        );
        assert_eq!(
            &checksum(&[b"ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ"]),
            b"23hDkE"
        );
    }

    #[test]
    fn what_is_no_key_is_refused_with_its_reason_and_never_repeated() {
        let id = "0123456789AB";
        let secret = "abcdefghijklmnopqrstuvwxyz012345";
        let crc =
            String::from_utf8(checksum(&[id.as_bytes(), secret.as_bytes()]).to_vec()).unwrap();
        let good = format!("sc_live_{id}_{secret}_{crc}");
        assert_eq!(KeyText::parse(&good).unwrap().id().as_str(), id);
        let other_secret = secret.replace('a', "b");
        let cases = [
            (String::new(), KeyTextError::Length),
            (format!(" {good}"), KeyTextError::Length),
            (format!("{good}\n"), KeyTextError::Length),
            (good[1..].to_owned(), KeyTextError::Length),
            (format!("Bearer {good}"), KeyTextError::Length),
            (good.replace("sc_", "SC_"), KeyTextError::Prefix),
            (good.replace("live", "LIVE"), KeyTextError::Prefix),
            (good.replace("live", "prod"), KeyTextError::Prefix),
            (good.replace("sc_live_", "sc_live-"), KeyTextError::Prefix),
            (good.replace("AB_", "AB-"), KeyTextError::Character),
            (good.replace("345_", "345-"), KeyTextError::Character),
            (good.replace("0123", "0+23"), KeyTextError::Character),
            (good.replace("mnop", "mn p"), KeyTextError::Character),
            (good.replace("mnop", "mné"), KeyTextError::Character),
            (good.replace("mnop", "mn\0p"), KeyTextError::Character),
            (good.replace(&crc, "______"), KeyTextError::Character),
            (good.replace(&crc, "000000"), KeyTextError::Checksum),
            (good.replace(&crc, "zzzzzz"), KeyTextError::Checksum),
            (good.replace(secret, &other_secret), KeyTextError::Checksum),
            (good.replace(id, "1123456789AB"), KeyTextError::Checksum),
        ];
        for (text, expected) in cases {
            let error = KeyText::parse(&text).unwrap_err();
            assert_eq!(error, expected, "{text:?}");
            assert!(!error.to_string().contains("mn"), "{error}");
        }
    }

    #[test]
    fn a_secret_is_shown_by_reveal_and_by_nothing_else() {
        let key = KeyText::random(Environment::Test).unwrap();
        let text = key.reveal();
        let again = KeyText::parse(&text).unwrap();
        assert_eq!(again.id(), key.id());
        assert_eq!(again.environment(), Environment::Test);
        assert_eq!(again.secret.0, key.secret.0);
        let secret = &text[PREFIX + ID + 1..PREFIX + ID + 1 + SECRET];
        assert!(!format!("{key:?}").contains(secret));
        assert!(!format!("{key:#?}").contains(secret));
        assert_ne!(*KeyText::random(Environment::Test).unwrap().reveal(), *text);
    }

    #[test]
    fn all_digits_are_drawn() {
        let mut digits = [0; 62 * 64];
        fill_base62(&mut digits).unwrap();
        for digit in ALPHABET {
            // A digit that is drawn evenly is missing from 3,968 draws once in 10^27.
            assert!(digits.contains(digit), "{}", char::from(*digit));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
            if let Ok(key) = KeyText::parse(&text) {
                let again = key.reveal();
                prop_assert_eq!(again.as_str(), text.as_str());
            }
        }

        #[test]
        fn one_changed_character_is_noticed(place in 8_usize..60, with in "[0-9A-Za-z]") {
            let text = KeyText::random(Environment::Live).unwrap().reveal().to_string();
            let mut changed = text.clone();
            changed.replace_range(place..=place, &with);
            prop_assert_eq!(KeyText::parse(&changed).is_ok(), changed == text);
        }
    }
}
