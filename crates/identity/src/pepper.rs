//! The server's own secret, without which the stored form of a key confirms nothing.
//!
//! At rest a key is HMAC-SHA-256 with a pepper over `environment byte || id || secret`. The secret has
//! 190 random bits, so a slow password hash would add nothing but load (OWASP ASVS 5.0, 6.5.2); the
//! pepper makes sure that a stolen database cannot even confirm a key that was found elsewhere. The
//! pepper is not in the database.

use std::{fmt, str::FromStr};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{KeyError, KeyText};

const LENGTH: usize = 32;
const LONGEST_ID: usize = 32;

/// A pepper cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PepperError {
    /// Not `id:hex`. The text is not repeated.
    #[error(
        "K401: a pepper is written ID:HEX, 1 to 32 lower-case letters, digits or `-`, a colon, 64 hexadecimal digits"
    )]
    Form,
    /// Two of the same id.
    #[error("K402: two peppers have the id `{0}`")]
    Twice(String),
}

/// 32 random bytes and the name under which keys refer to them. The bytes are wiped when dropped.
pub struct Pepper {
    id: String,
    bytes: Zeroizing<[u8; LENGTH]>,
    /// The state after the key block, so that a check hashes two blocks instead of four.
    keyed: Hmac<Sha256>,
}

impl Pepper {
    fn new(id: &str, bytes: Zeroizing<[u8; LENGTH]>) -> Result<Self, PepperError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=LONGEST_ID).contains(&id.len()) || !id.bytes().all(allowed) {
            return Err(PepperError::Form);
        }
        let keyed = Hmac::new_from_slice(&*bytes).map_err(|_| PepperError::Form)?;
        Ok(Self {
            id: id.to_owned(),
            bytes,
            keyed,
        })
    }

    /// A new one under this id.
    ///
    /// # Errors
    /// [`PepperError::Form`] for the id, [`KeyError::Randomness`].
    pub fn random(id: &str) -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        getrandom::fill(&mut *bytes).map_err(|_| KeyError::Randomness)?;
        Ok(Self::new(id, bytes)?)
    }

    /// Its name; no secret.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The text `id:hex`, to be written where secrets are kept. The copy is wiped when dropped.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(LONGEST_ID + 1 + 2 * LENGTH));
        text.push_str(&self.id);
        text.push(':');
        for byte in self.bytes.iter() {
            for half in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(u32::from(half), 16));
            }
        }
        text
    }

    /// What is stored of a key.
    pub(crate) fn tag(&self, key: &KeyText) -> Tag {
        let mut hash = self.keyed.clone();
        hash.update(&[key.environment().as_byte()]);
        hash.update(key.id().as_bytes());
        hash.update(key.secret().as_bytes());
        Tag(hash.finalize().into_bytes().into())
    }
}

impl FromStr for Pepper {
    type Err = PepperError;

    fn from_str(text: &str) -> Result<Self, PepperError> {
        let (id, hex) = text.trim().split_once(':').ok_or(PepperError::Form)?;
        if hex.len() != 2 * LENGTH {
            return Err(PepperError::Form);
        }
        let mut bytes = Zeroizing::new([0; LENGTH]);
        let digit = |byte: u8| char::from(byte).to_digit(16).ok_or(PepperError::Form);
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            let mut value = 0;
            for half in pair {
                value = value * 16 + digit(*half)?;
            }
            *byte = u8::try_from(value).map_err(|_| PepperError::Form)?;
        }
        Self::new(id, bytes)
    }
}

/// Only its id.
impl fmt::Debug for Pepper {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Pepper({})", self.id)
    }
}

/// The stored form of a key. Compared in constant time.
#[derive(Clone, Copy)]
pub(crate) struct Tag([u8; LENGTH]);

impl Tag {
    /// That of no key: what an unknown one is compared with.
    pub(crate) const NONE: Self = Self([0; LENGTH]);

    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// The pepper new keys are stored with, and those older keys still need.
///
/// To change the pepper, put the new one first and keep the old one: a key moves to the first pepper the
/// next time it is used. The old one may go when [`crate::Keys::peppers_in_use`] no longer names it.
#[derive(Debug)]
pub struct Peppers {
    known: Vec<Pepper>,
}

impl Peppers {
    /// The current one, then older ones.
    ///
    /// # Errors
    /// [`PepperError::Twice`].
    pub fn new(current: Pepper, older: Vec<Pepper>) -> Result<Self, PepperError> {
        let mut known = vec![current];
        for pepper in older {
            if known.iter().any(|other| other.id == pepper.id) {
                return Err(PepperError::Twice(pepper.id));
            }
            known.push(pepper);
        }
        Ok(Self { known })
    }

    pub(crate) fn current(&self) -> &Pepper {
        // `new` puts one in, and nothing takes it out.
        &self.known[0]
    }

    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        self.known.iter().position(|pepper| pepper.id == id)
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Pepper> {
        self.known.get(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Environment;

    #[test]
    fn a_tag_is_the_hmac_of_environment_id_and_secret() {
        // Computed with Python: hmac.new(bytes(range(32)), b"\x01" + id + secret, "sha256").
        let pepper: Pepper = "p1:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
            .parse()
            .unwrap();
        let key = KeyText::parse(VECTOR_KEY).unwrap();
        let hex: String = pepper
            .tag(&key)
            .0
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(hex, VECTOR_TAG);
    }

    const VECTOR_KEY: &str = "sc_live_0123456789AB_abcdefghijklmnopqrstuvwxyz012345_02Gxnn";
    const VECTOR_TAG: &str = "42bb5787f9afda3aaf4f7b57d2cfbdb16c3c6dfccd80d92d8b771eb1ec6063ec";

    #[test]
    fn a_pepper_is_read_strictly_and_not_printed() {
        let pepper = Pepper::random("2026-01").unwrap();
        let text = pepper.reveal();
        let again: Pepper = text.parse().unwrap();
        assert_eq!(*again.reveal(), *text);
        let hex = text.split_once(':').unwrap().1;
        assert!(!format!("{pepper:?}").contains(&hex[..8]));
        let short = format!("a:{}", &hex[1..]);
        let upper = format!("A:{hex}");
        let no_id = format!(":{hex}");
        let no_hex = format!("a:{}", "g".repeat(64));
        for wrong in ["", hex, &short, &upper, &no_id, &no_hex] {
            let error = wrong.parse::<Pepper>().unwrap_err();
            assert_eq!(error, PepperError::Form, "{wrong}");
            assert!(!error.to_string().contains(&hex[..8]));
        }
        let twin: Pepper = text.parse().unwrap();
        let error = Peppers::new(again, vec![twin]).unwrap_err();
        assert_eq!(error, PepperError::Twice("2026-01".to_owned()));
    }

    #[test]
    fn another_pepper_or_environment_gives_another_tag() {
        let (one, other) = (Pepper::random("a").unwrap(), Pepper::random("b").unwrap());
        let key = KeyText::random(Environment::Live).unwrap();
        assert!(one.tag(&key).is(&one.tag(&key)));
        assert!(!one.tag(&key).is(&other.tag(&key)));
        let test = KeyText::parse(&key.reveal().replace("live", "test")).unwrap();
        assert!(!one.tag(&key).is(&one.tag(&test)));
    }
}
