//! Ed25519 keys of signed notes (C2SP signed-note), in the text forms of Go's
//! `golang.org/x/mod/sumdb/note`.
//!
//! - verifier key, public: `NAME+ID+BASE64(0x01 || public key)`
//! - signing key, secret: `PRIVATE+KEY+NAME+ID+BASE64(0x01 || seed)`
//!
//! `ID` is eight hex digits, the first four bytes of `SHA-256(NAME || 0x0A || 0x01 || public key)`. The
//! public key of a witness has the type 0x04 in both places ([`crate::cosignature`]).
//! The module never draws randomness: who makes a key brings 32 bytes of entropy.

use std::fmt;

use base64ct::{Base64, Encoding};
use ed25519_dalek::Signer;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::ProofError;

/// The signature type byte of Ed25519 in the C2SP signed-note registry.
const ED25519: u8 = 0x01;
/// That of timestamped Ed25519 cosignatures of witnesses (C2SP tlog-cosignature).
pub(crate) const COSIGNATURE: u8 = 0x04;
/// Length of the decoded key material: the type byte and 32 bytes.
const KEY_DATA: usize = 33;
const PRIVATE_PREFIX: &str = "PRIVATE+KEY+";

/// The public key a reader trusts, with the name it signs under.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    /// What its signatures are over: a part of the id and of the text form.
    kind: u8,
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
        Self::parse_kind(text, ED25519)
    }

    /// Reads a key whose signatures are of this type.
    pub(crate) fn parse_kind(text: &str, kind: u8) -> Result<Self, ProofError> {
        let malformed = |problem| ProofError::KeyMalformed {
            kind: if kind == COSIGNATURE {
                "witness"
            } else {
                "verifier"
            },
            problem,
        };
        let (name, id, data) = split_key(text).map_err(malformed)?;
        let mut buffer = [0; KEY_DATA];
        let key_bytes = decode_key_data(data, kind, &mut buffer).map_err(malformed)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(key_bytes)
            .map_err(|_| malformed("the key is not a point of the curve"))?;
        if key.is_weak() {
            return Err(malformed("the key is a point of small order"));
        }
        if id != key_id(name, kind, &key) {
            return Err(malformed("the id does not belong to this name and key"));
        }
        Ok(Self {
            name: name.to_owned(),
            kind,
            id,
            key,
        })
    }

    /// The same key under the same name, for signatures of another type.
    pub(crate) fn of_kind(&self, kind: u8) -> Self {
        Self {
            name: self.name.clone(),
            kind,
            id: key_id(&self.name, kind, &self.key),
            key: self.key,
        }
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
        let data = Base64::encode_string(&key_data(self.kind, self.key.as_bytes()));
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
            kind: ED25519,
            id: key_id(name, ED25519, &key),
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
        let seed = decode_key_data(data, ED25519, &mut buffer).map_err(malformed)?;
        let key = Self::from_entropy(name, seed)?;
        if key.public.id != id {
            return Err(malformed("the id does not belong to this name and key"));
        }
        Ok(key)
    }

    /// The secret text form, which [`SigningKey::parse`] reads. Wiped when dropped.
    #[must_use]
    pub fn to_secret_text(&self) -> Zeroizing<String> {
        let data = Zeroizing::new(key_data(ED25519, self.secret.as_bytes()));
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
    kind: u8,
    buffer: &'a mut [u8; KEY_DATA],
) -> Result<&'a [u8; 32], &'static str> {
    let decoded = Base64::decode(data, buffer).map_err(|_| "the key is not 33 bytes in base64")?;
    match decoded.split_first() {
        Some((first, key)) if *first == kind => key
            .try_into()
            .map_err(|_| "the key is not 33 bytes in base64"),
        Some(_) | None if kind == COSIGNATURE => {
            Err("the key is not of type Ed25519 cosignature (0x04)")
        }
        Some(_) | None => Err("the key is not of type Ed25519 (0x01)"),
    }
}

fn key_data(kind: u8, key: &[u8; 32]) -> [u8; KEY_DATA] {
    let mut data = [kind; KEY_DATA];
    data[1..].copy_from_slice(key);
    data
}

fn key_id(name: &str, kind: u8, key: &ed25519_dalek::VerifyingKey) -> u32 {
    let mut hasher = Sha256::new();
    hasher.update(name);
    hasher.update([0x0A, kind]);
    hasher.update(key.as_bytes());
    let hash: [u8; 32] = hasher.finalize().into();
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    // The keys, the text and the signature of Go's `sumdb/note` package documentation and tests.
    const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const PETER_SECRET: &str =
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const ENOCH: &str = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                        then you don't know what your problem is.\n";
    const PETER_LINE: &str = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgK\
                              vqfqdngotpRZb6KE6RyyBwJnAM=";
    const ENOCH_LINE: &str = "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovT\
                              G01oOTGwnWLox33WWd1RvMc+QQ=";

    fn line(key: &VerifierKey, signature: &[u8]) -> String {
        Base64::encode_string(&[&key.id().to_be_bytes(), signature].concat())
    }

    #[test]
    fn signatures_are_those_of_go() {
        let peter = SigningKey::parse(PETER_SECRET).expect("Go's key");
        assert_eq!(
            peter.verifier_key(),
            &VerifierKey::parse(PETER).expect("Go's key")
        );
        assert_eq!(
            line(peter.verifier_key(), &peter.sign(TEXT.as_bytes())),
            PETER_LINE
        );

        let enoch = VerifierKey::parse(ENOCH).expect("Go's key");
        let signed = Base64::decode_vec(ENOCH_LINE).expect("base64");
        assert_eq!(signed[..4], enoch.id().to_be_bytes());
        assert!(enoch.verifies(TEXT.as_bytes(), &signed[4..]));
        assert!(!enoch.verifies(b"another text\n", &signed[4..]));
        assert!(!peter.verifier_key().verifies(TEXT.as_bytes(), &signed[4..]));
        assert!(!enoch.verifies(TEXT.as_bytes(), &signed[5..]), "63 bytes");
    }

    #[test]
    fn text_forms_are_read_back_and_secrets_are_never_printed() {
        for text in [PETER, ENOCH] {
            assert_eq!(
                VerifierKey::parse(text).expect("Go's key").to_string(),
                text
            );
        }
        let peter = SigningKey::parse(PETER_SECRET).expect("Go's key");
        assert_eq!(*peter.to_secret_text(), PETER_SECRET);
        assert_eq!(
            format!("{peter:?}"),
            format!("SigningKey {{ public: VerifierKey({PETER}), secret: <hidden> }}")
        );
        let made = SigningKey::from_entropy("example.com/offering", &[7; 32]).expect("a name");
        let read = SigningKey::parse(&made.to_secret_text()).expect("its own text");
        assert_eq!(read.verifier_key(), made.verifier_key());
    }

    #[test]
    fn every_part_and_every_changed_character_of_a_key_is_refused() {
        for text in [PETER, PETER_SECRET] {
            let refused = |mangled: &str| {
                let code = if text == PETER {
                    VerifierKey::parse(mangled).err()
                } else {
                    SigningKey::parse(mangled).err()
                };
                let code = code.map(|error| error.code());
                assert!(
                    matches!(code, Some("P201" | "P202")),
                    "{mangled:?} gave {code:?}"
                );
            };
            for start in 0..text.len() {
                for end in start..text.len() + usize::from(start > 0) {
                    refused(&text[start..end]);
                }
                let mut bytes = text.as_bytes().to_vec();
                bytes[start] += 1;
                refused(std::str::from_utf8(&bytes).expect("ASCII"));
            }
        }
    }

    #[test]
    fn keys_of_other_kinds_are_refused_with_the_reason() {
        let of = |name: &str, key: &[u8]| {
            let mut hasher = Sha256::new();
            hasher.update(name);
            hasher.update([0x0A]);
            hasher.update(key);
            let hash: [u8; 32] = hasher.finalize().into();
            let id = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
            format!("{name}+{id:08x}+{}", Base64::encode_string(key))
        };
        let mut small_order = [0; 33];
        (small_order[0], small_order[1]) = (1, 1);
        let rows = [
            // The first two are of Go's tests: right id, wrong length or type.
            (
                "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=="
                    .to_owned(),
                "the key is not 33 bytes in base64",
            ),
            (
                "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".to_owned(),
                "the key is not of type Ed25519 (0x01)",
            ),
            (
                of("weak", &small_order),
                "the key is a point of small order",
            ),
            (
                of("short", &small_order[..32]),
                "the key is not 33 bytes in base64",
            ),
            (
                of("none", &[2; 33]),
                "the key is not of type Ed25519 (0x01)",
            ),
            (
                PETER.replace("c74f20a3", "C74F20A3"),
                "the id is not eight lower-case hex digits",
            ),
            (
                PETER.replace("c74f20a3", "c74f20a4"),
                "the id does not belong to this name and key",
            ),
            (
                PETER.replace("Peter", "Peter "),
                "the name is empty or has spaces or control characters",
            ),
        ];
        for (text, expected) in rows {
            match VerifierKey::parse(&text) {
                Err(ProofError::KeyMalformed { problem, .. }) => assert_eq!(problem, expected),
                other => panic!("{text}: {other:?}"),
            }
        }
        for name in [
            "",
            "two words",
            "plus+sign",
            "tab\t",
            "no\u{a0}break",
            "line\n",
        ] {
            let error = SigningKey::from_entropy(name, &[1; 32]).expect_err("not a name");
            assert_eq!(error.code(), "P202");
        }
    }
}
