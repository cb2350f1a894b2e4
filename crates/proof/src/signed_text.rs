//! Any text of whole lines with signatures under it: a signed note (C2SP signed-note).
//!
//! The first line says what is signed, so that nothing is ever taken for something else. What the other
//! lines mean is the business of whoever writes them.

use std::fmt;

use crate::checkpoint::{SignatureLine, parse_signatures, printable_text};
use crate::error::ProofError;
use crate::note_key::{SigningKey, VerifierKey};

/// A text and who signed it. Nothing is believed until [`SignedText::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedText {
    /// Ends with a newline and has no empty line.
    body: String,
    signatures: Vec<SignatureLine>,
}

impl SignedText {
    /// Signs lines; the first one says what they are. The same key and lines give the same bytes.
    ///
    /// # Errors
    /// [`ProofError::SignedTextMalformed`] when a line is empty or has control characters.
    pub fn sign(lines: &[String], key: &SigningKey) -> Result<Self, ProofError> {
        let wrong = |line: &String| line.is_empty() || line.contains(char::is_control);
        if let Some(index) = lines.iter().position(wrong) {
            return Err(malformed(
                index + 1,
                "it is empty or has control characters",
            ));
        }
        let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let signature = key.sign(body.as_bytes());
        let line = SignatureLine {
            name: key.verifier_key().name().to_owned(),
            id: key.verifier_key().id(),
            signature: signature.to_vec(),
        };
        Ok(Self {
            body,
            signatures: vec![line],
        })
    }

    /// Reads a note. Printing the result gives the same bytes again.
    ///
    /// # Errors
    /// [`ProofError::SignedTextMalformed`] with the line.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofError> {
        let text = printable_text(bytes, malformed)?;
        let (body, signatures) = text
            .split_once("\n\n")
            .ok_or_else(|| malformed(1, "there is no blank line before signatures"))?;
        if body.is_empty() || body.starts_with('\n') {
            return Err(malformed(1, "the first line is empty"));
        }
        let signatures_at = body.split('\n').count() + 2;
        Ok(Self {
            body: format!("{body}\n"),
            signatures: parse_signatures(signatures, signatures_at, malformed)?,
        })
    }

    /// The signed lines, whoever signed them.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.body.lines()
    }

    /// Whether `key` signed the text.
    ///
    /// # Errors
    /// [`ProofError::TextNotSigned`] when no line names this key,
    /// [`ProofError::TextSignatureInvalid`] when one does and does not verify.
    pub fn verify(&self, key: &VerifierKey) -> Result<(), ProofError> {
        let (name, id) = (key.name().to_owned(), key.id());
        let lines = self.signatures.iter();
        let mut its = lines
            .filter(|line| line.name == name && line.id == id)
            .peekable();
        if its.peek().is_none() {
            return Err(ProofError::TextNotSigned { name, id });
        }
        if its.all(|line| key.verifies(self.body.as_bytes(), &line.signature)) {
            Ok(())
        } else {
            Err(ProofError::TextSignatureInvalid { name, id })
        }
    }
}

/// The signed note: text, blank line, signature lines.
impl fmt::Display for SignedText {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.body)?;
        self.signatures.iter().try_for_each(|line| line.fmt(out))
    }
}

fn malformed(line: usize, problem: &'static str) -> ProofError {
    ProofError::SignedTextMalformed { line, problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::CheckpointNote;
    use crate::signed_terms::SignedTerms;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_entropy("example.org/issuer", &[seed; 32]).unwrap()
    }

    fn note() -> SignedText {
        let lines = ["softcap addresses/v1", "example.org/harbour", "31337"];
        SignedText::sign(&lines.map(str::to_owned), &key(1)).unwrap()
    }

    #[test]
    fn it_comes_back_and_is_nobody_elses() {
        let text = note().to_string();
        let read = SignedText::parse(text.as_bytes()).unwrap();
        assert_eq!(read, note());
        assert_eq!(read.lines().nth(1), Some("example.org/harbour"));
        read.verify(key(1).verifier_key()).unwrap();
        let code = |result: Result<(), ProofError>| result.unwrap_err().code();
        assert_eq!(code(read.verify(key(2).verifier_key())), "P213");
        let mut forged = read;
        forged.body = forged.body.replace("31337", "31338");
        assert_eq!(code(forged.verify(key(1).verifier_key())), "P214");
    }

    #[test]
    fn no_changed_byte_is_read_as_the_same_note() {
        let text = note().to_string().into_bytes();
        for place in 0..text.len() {
            for flip in [1, 0x20, 0x80] {
                let mut changed = text.clone();
                changed[place] ^= flip;
                let same = SignedText::parse(&changed)
                    .ok()
                    .filter(|read| read.verify(key(1).verifier_key()).is_ok());
                assert_eq!(same, None, "byte {place}");
            }
            assert!(SignedText::parse(&text[..place]).is_err(), "cut at {place}");
        }
    }

    #[test]
    fn other_notes_are_not_it_and_lines_are_whole() {
        let text = note().to_string();
        assert!(CheckpointNote::parse(text.as_bytes()).is_err());
        assert!(SignedTerms::parse(text.as_bytes()).is_err());
        for wrong in ["", "a\nb", "a\tb"] {
            let error = SignedText::sign(&[wrong.to_owned()], &key(1)).unwrap_err();
            assert_eq!(error.code(), "P212");
        }
    }
}
