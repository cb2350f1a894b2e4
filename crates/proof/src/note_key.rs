//! Ed25519 keys of signed notes (C2SP signed-note), in the text forms of Go's
//! `golang.org/x/mod/sumdb/note`.
//!
//! - verifier key, public: `NAME+ID+BASE64(0x01 || public key)`
//! - signing key, secret: `PRIVATE+KEY+NAME+ID+BASE64(0x01 || seed)`
//!
//! `ID` is eight hex digits, the first four bytes of `SHA-256(NAME || 0x0A || 0x01 || public key)`.
//! The module never draws randomness: who makes a key brings 32 bytes of entropy.

use std::fmt;

use base64ct::{Base64, Encoding};
use ed25519_dalek::Signer;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::ProofError;

/// The signature type byte of Ed25519 in the C2SP signed-note registry.
const ED25519: u8 = 0x01;
/// Length of the decoded key material: the type byte and 32 bytes.
const KEY_DATA: usize = 33;
const PRIVATE_PREFIX: &str = "PRIVATE+KEY+";

/// The public key a reader trusts, with the name it signs under.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: u32,
    key: ed25519_dalek::VerifyingKey,
}

impl VerifierKey {
    /// Reads `NAME+ID+BASE64`.
    ///
    /// # Errors
    /// [`ProofError::KeyMalformed`] when a part is missing, the id does not belong to name and key,
    /// the type is not Ed25519, or the key is a point of small order (it would accept forgeries).
    pub fn parse(text: &str) -> Result<Self, ProofError> {
        let malformed = |problem| ProofError::KeyMalformed {
            kind: "verifier",
            problem,
        };
        let (name, id, data) = split_key(text).map_err(malformed)?;
        let mut buffer = [0; KEY_DATA];
        let key_bytes = decode_key_data(data, &mut buffer).map_err(malformed)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(key_bytes)
            .map_err(|_| malformed("the key is not a point of the curve"))?;
        if key.is_weak() {
            return Err(malformed("the key is a point of small order"));
        }
        if id != key_id(name, &key) {
            return Err(malformed("the id does not belong to this name and key"));
        }
        Ok(Self {
            name: name.to_owned(),
            id,
            key,
        })
    }

    /// The name on signature lines.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The 32-bit key id on signature lines.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Whether `signature` (64 bytes) is this key's over `message`. Strict: no second encoding of a
    /// signature is accepted.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify_strict(message, &signature).is_ok())
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = Base64::encode_string(&key_data(self.key.as_bytes()));
        write!(f, "{}+{:08x}+{data}", self.name, self.id)
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

/// A secret key with the name it signs under. Wiped from memory when dropped, never printed.
#[derive(Clone)]
pub struct SigningKey {
    public: VerifierKey,
    secret: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// Makes a key from 32 bytes of entropy, which must come from a cryptographic generator and be
    /// used once. The same bytes give the same key. The caller wipes its own copy.
    ///
    /// # Errors
    /// [`ProofError::KeyNameInvalid`] when the name cannot stand on a signature line.
    pub fn from_entropy(name: &str, entropy: &[u8; 32]) -> Result<Self, ProofError> {
        if !is_key_name(name) {
            return Err(ProofError::KeyNameInvalid {
                name: name.to_owned(),
            });
        }
        let secret = ed25519_dalek::SigningKey::from_bytes(entropy);
        let key = secret.verifying_key();
        let public = VerifierKey {
            name: name.to_owned(),
            id: key_id(name, &key),
            key,
        };
        Ok(Self { public, secret })
    }

    /// Reads `PRIVATE+KEY+NAME+ID+BASE64`.
    ///
    /// # Errors
    /// [`ProofError::KeyMalformed`]; it never repeats any of the text.
    pub fn parse(text: &str) -> Result<Self, ProofError> {
        let malformed = |problem| ProofError::KeyMalformed {
            kind: "signing",
            problem,
        };
        let rest = text
            .strip_prefix(PRIVATE_PREFIX)
            .ok_or_else(|| malformed("it does not begin with PRIVATE+KEY+"))?;
        let (name, id, data) = split_key(rest).map_err(malformed)?;
        let mut buffer = Zeroizing::new([0; KEY_DATA]);
        let seed = decode_key_data(data, &mut buffer).map_err(malformed)?;
        let key = Self::from_entropy(name, seed)?;
        if key.public.id != id {
            return Err(malformed("the id does not belong to this name and key"));
        }
        Ok(key)
    }

    /// The secret text form, which [`SigningKey::parse`] reads. Wiped when dropped.
    #[must_use]
    pub fn to_secret_text(&self) -> Zeroizing<String> {
        let data = Zeroizing::new(key_data(self.secret.as_bytes()));
        let base64 = Zeroizing::new(Base64::encode_string(data.as_slice()));
        // Reserved at once: growing would leave a copy of the secret behind.
        let capacity = PRIVATE_PREFIX.len() + self.public.name.len() + 10 + base64.len();
        let mut text = Zeroizing::new(String::with_capacity(capacity));
        text.push_str(PRIVATE_PREFIX);
        text.push_str(&self.public.name);
        text.push_str(&format!("+{:08x}+", self.public.id));
        text.push_str(&base64);
        text
    }

    /// The public half, to publish.
    #[must_use]
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.public
    }

    /// The 64-byte signature over `message`. Deterministic (RFC 8032).
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.secret.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("public", &self.public)
            .field("secret", &format_args!("<hidden>"))
            .finish()
    }
}

/// Whether `name` can stand on a signature line: not empty, no spaces, no `+`, no control characters.
pub(crate) fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

/// Splits `NAME+ID+BASE64`. The name cannot have a plus sign, the base64 can.
fn split_key(text: &str) -> Result<(&str, u32, &str), &'static str> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(data)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("it does not have the three parts NAME+ID+KEY");
    };
    if !is_key_name(name) {
        return Err("the name is empty or has spaces or control characters");
    }
    let lower_hex = id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    match u32::from_str_radix(id, 16) {
        Ok(id_value) if id.len() == 8 && lower_hex => Ok((name, id_value, data)),
        Ok(_) | Err(_) => Err("the id is not eight lower-case hex digits"),
    }
}

/// Decodes the key material into `buffer` and returns the 32 bytes after the type.
fn decode_key_data<'a>(
    data: &str,
    buffer: &'a mut [u8; KEY_DATA],
) -> Result<&'a [u8; 32], &'static str> {
    let decoded = Base64::decode(data, buffer).map_err(|_| "the key is not 33 bytes in base64")?;
    match decoded.split_first() {
        Some((&ED25519, key)) => key
            .try_into()
            .map_err(|_| "the key is not 33 bytes in base64"),
        Some(_) | None => Err("the key is not of type Ed25519 (0x01)"),
    }
}

fn key_data(key: &[u8; 32]) -> [u8; KEY_DATA] {
    let mut data = [ED25519; KEY_DATA];
    data[1..].copy_from_slice(key);
    data
}

fn key_id(name: &str, key: &ed25519_dalek::VerifyingKey) -> u32 {
    let mut hasher = Sha256::new();
    hasher.update(name);
    hasher.update([0x0A, ED25519]);
    hasher.update(key.as_bytes());
    let hash: [u8; 32] = hasher.finalize().into();
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}
