//! The issuer's signature of terms: a signed note (C2SP signed-note) that names what it is about.
//!
//! ```text
//! softcap terms/v1              what is signed, so that it is never taken for a checkpoint
//! example.com/offering          origin: which offering
//! 3f8a...                       terms hash: 64 lower-case hexadecimal digits
//!
//! — example.com/issuer x08go/ZJkuBS9UG...
//! ```
//!
//! It is made offline, with a key that no server ever holds, and says that these are the issuer's terms
//! for this offering. Reading is strict, so that one note has one text; lines by other keys are kept and
//! ignored.

use std::fmt;

use crate::checkpoint::{SignatureLine, parse_signatures, printable_text};
use crate::error::ProofError;
use crate::hex::{hex, parse_hash};
use crate::note_key::{SigningKey, VerifierKey};

/// The first line of every such note.
const FIRST_LINE: &str = "softcap terms/v1";
/// Line of the first signature.
const SIGNATURES_AT: usize = 5;

/// Terms and who signed them. Nothing is believed until [`SignedTerms::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTerms {
    origin: String,
    terms_hash: [u8; 32],
    signatures: Vec<SignatureLine>,
}

impl SignedTerms {
    /// Signs terms by their origin and hash. The same key and terms give the same bytes.
    ///
    /// # Errors
    /// [`ProofError::SignedTermsMalformed`] when the origin is empty or has control characters.
    pub fn sign(origin: &str, terms_hash: [u8; 32], key: &SigningKey) -> Result<Self, ProofError> {
        let mut signed = Self::unsigned(origin, terms_hash)?;
        let signature = key.sign(signed.body().as_bytes());
        signed.signatures.push(SignatureLine {
            name: key.verifier_key().name().to_owned(),
            id: key.verifier_key().id(),
            signature: signature.to_vec(),
        });
        Ok(signed)
    }

    fn unsigned(origin: &str, terms_hash: [u8; 32]) -> Result<Self, ProofError> {
        if origin.is_empty() || origin.contains(char::is_control) {
            return Err(malformed(
                2,
                "the origin is empty or has control characters",
            ));
        }
        Ok(Self {
            origin: origin.to_owned(),
            terms_hash,
            signatures: Vec::new(),
        })
    }

    /// Reads a note. Printing the result gives the same bytes again.
    ///
    /// # Errors
    /// [`ProofError::SignedTermsMalformed`] with the line.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofError> {
        let text = printable_text(bytes, malformed)?;
        let (body, signatures) = text
            .split_once("\n\n")
            .ok_or_else(|| malformed(1, "there is no blank line before signatures"))?;
        let mut lines = body.split('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(malformed(1, "it is not `softcap terms/v1`"));
        }
        let origin = lines
            .next()
            .ok_or_else(|| malformed(2, "the origin is missing"))?;
        let hash = lines.next().and_then(parse_hash);
        let hash =
            hash.ok_or_else(|| malformed(3, "the terms hash is not 64 hexadecimal digits"))?;
        if lines.next().is_some() {
            return Err(malformed(4, "there is a line after the terms hash"));
        }
        let mut signed = Self::unsigned(origin, hash)?;
        signed.signatures = parse_signatures(signatures, SIGNATURES_AT, malformed)?;
        Ok(signed)
    }

    /// Whether the note is about these terms, whoever signed it.
    ///
    /// # Errors
    /// [`ProofError::OtherTermsSigned`].
    pub fn require(&self, origin: &str, terms_hash: [u8; 32]) -> Result<(), ProofError> {
        if self.origin == origin && self.terms_hash == terms_hash {
            Ok(())
        } else {
            Err(ProofError::OtherTermsSigned {
                origin: self.origin.clone(),
                terms_hash: hex(&self.terms_hash),
            })
        }
    }

    /// Whether `key` signed the note. What it is about is for [`SignedTerms::require`].
    ///
    /// # Errors
    /// [`ProofError::TermsNotSigned`] when no line names this key,
    /// [`ProofError::TermsSignatureInvalid`] when one does and does not verify.
    pub fn verify(&self, key: &VerifierKey) -> Result<(), ProofError> {
        let body = self.body();
        let (name, id) = (key.name(), key.id());
        let lines = self.signatures.iter();
        let mut its = lines
            .filter(|line| line.name == name && line.id == id)
            .peekable();
        let name = || name.to_owned();
        if its.peek().is_none() {
            return Err(ProofError::TermsNotSigned { name: name(), id });
        }
        if its.all(|line| key.verifies(body.as_bytes(), &line.signature)) {
            Ok(())
        } else {
            Err(ProofError::TermsSignatureInvalid { name: name(), id })
        }
    }

    /// The names of the keys that the lines claim, in their order.
    pub fn claimed_signers(&self) -> impl Iterator<Item = &str> {
        self.signatures.iter().map(|line| line.name.as_str())
    }

    /// What the signatures are over.
    fn body(&self) -> String {
        let hash = hex(&self.terms_hash);
        format!("{FIRST_LINE}\n{}\n{hash}\n", self.origin)
    }
}

/// The signed note: text, blank line, signature lines.
impl fmt::Display for SignedTerms {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.body())?;
        self.signatures.iter().try_for_each(|line| line.fmt(out))
    }
}

fn malformed(line: usize, problem: &'static str) -> ProofError {
    ProofError::SignedTermsMalformed { line, problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::CheckpointNote;

    const ORIGIN: &str = "example.org/harbour";

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_entropy("example.org/issuer", &[seed; 32]).unwrap()
    }

    fn note() -> SignedTerms {
        SignedTerms::sign(ORIGIN, [0xab; 32], &key(1)).unwrap()
    }

    #[test]
    fn a_note_is_a_signed_note_with_three_lines_and_comes_back() {
        let text = note().to_string();
        let hash = "ab".repeat(32);
        let begin = format!(
            "softcap terms/v1\nexample.org/harbour\n{hash}\n\n\u{2014} example.org/issuer "
        );
        assert!(text.starts_with(&begin), "{text}");
        assert_eq!(text.lines().count(), 5);
        let read = SignedTerms::parse(text.as_bytes()).unwrap();
        assert_eq!(read, note());
        read.require(ORIGIN, [0xab; 32]).unwrap();
        read.verify(key(1).verifier_key()).unwrap();
        assert_eq!(
            read.claimed_signers().collect::<Vec<_>>(),
            ["example.org/issuer"]
        );
    }

    #[test]
    fn another_key_offering_or_hash_is_refused_each_by_its_code() {
        let code = |result: Result<(), ProofError>| result.unwrap_err().code();
        assert_eq!(code(note().verify(key(2).verifier_key())), "P210");
        assert_eq!(
            code(note().require("example.org/other", [0xab; 32])),
            "P209"
        );
        assert_eq!(code(note().require(ORIGIN, [0xac; 32])), "P209");
        // A signature of other terms under these.
        let mut moved = note();
        moved.terms_hash = [0xac; 32];
        assert_eq!(code(moved.verify(key(1).verifier_key())), "P211");
        // A false line beside a right one.
        let mut doubled = note();
        doubled.signatures.extend(moved.signatures.clone());
        doubled.signatures[1].signature[0] ^= 1;
        assert_eq!(code(doubled.verify(key(1).verifier_key())), "P211");
    }

    #[test]
    fn no_changed_byte_is_read_as_the_same_note() {
        let text = note().to_string().into_bytes();
        for place in 0..text.len() {
            for flip in [1, 0x20, 0x80] {
                let mut changed = text.clone();
                changed[place] ^= flip;
                let same = SignedTerms::parse(&changed)
                    .ok()
                    .filter(|read| read.require(ORIGIN, [0xab; 32]).is_ok())
                    .filter(|read| read.verify(key(1).verifier_key()).is_ok());
                assert_eq!(same, None, "byte {place}");
            }
            assert!(
                SignedTerms::parse(&text[..place]).is_err(),
                "cut at {place}"
            );
        }
    }

    #[test]
    fn a_checkpoint_and_terms_are_never_taken_for_each_other() {
        let text = note().to_string();
        assert!(CheckpointNote::parse(text.as_bytes()).is_err());
        let root = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let line = text.lines().last().unwrap();
        // Whatever name its log has.
        let checkpoint = format!("softcap terms/v1\n5\n{root}\n\n{line}\n");
        assert!(CheckpointNote::parse(checkpoint.as_bytes()).is_ok());
        assert!(SignedTerms::parse(checkpoint.as_bytes()).is_err());
    }
}
