//! Checkpoints of a journal: a tree head as text (C2SP tlog-checkpoint), alone or as a signed note
//! (C2SP signed-note) with Ed25519 signatures.
//!
//! ```text
//! example.com/offering          origin: which log
//! 3                             size: entries in the tree
//! kNuTEt0ydKL6mVXNZCbN...=      root: base64 of 32 bytes
//!
//! — example.com/offering x08go/ZJkuBS9UG...
//! ```
//!
//! Reading is strict, so that one checkpoint has one text. Signatures by other keys (witnesses, an
//! older log key) are kept and ignored, as the specification demands. A checkpoint without signature
//! lines is a state of its own, [`CheckpointNote::Unsigned`]: it says what the tree is, not who says so.

use std::fmt;

use base64ct::{Base64, Encoding};

use crate::error::ProofError;
use crate::journal_tree::Root;
use crate::note_key::{SigningKey, VerifierKey, is_key_name};

/// Longest text that is read, in bytes. Ten times what a hundred signatures need.
const TEXT_MAX: usize = 1_000_000;
/// Most signature lines that are read: Go's `sumdb/note` has the same limit.
const SIGNATURES_MAX: usize = 100;
/// Em dash and space, the start of every signature line.
const SIGNATURE_PREFIX: &str = "— ";

/// A tree head: which log, how many entries, which root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Root,
    /// Lines after the root, each ending in a newline. Softcap writes none; a foreign log may.
    extension: String,
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    ///
    /// # Errors
    /// [`ProofError::CheckpointMalformed`] when the origin is empty or has control characters.
    pub fn new(origin: &str, size: u64, root: Root) -> Result<Self, ProofError> {
        if origin.is_empty() || origin.contains(char::is_control) {
            return Err(malformed(
                1,
                "the origin is empty or has control characters",
            ));
        }
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
            extension: String::new(),
        })
    }

    /// Which log this is: its first line.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Entries in the tree.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Root of the tree of that size.
    #[must_use]
    pub fn root(&self) -> Root {
        self.root
    }

    /// Extension lines, each ending in a newline; empty for every checkpoint that Softcap writes.
    #[must_use]
    pub fn extension(&self) -> &str {
        &self.extension
    }

    /// Signs this checkpoint. The same key and checkpoint give the same bytes.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> SignedCheckpoint {
        let signature = key.sign(self.to_string().as_bytes());
        let line = SignatureLine {
            name: key.verifier_key().name().to_owned(),
            id: key.verifier_key().id(),
            signature: signature.to_vec(),
        };
        SignedCheckpoint {
            checkpoint: self.clone(),
            signatures: vec![line],
        }
    }

    fn parse(body: &str) -> Result<Self, ProofError> {
        let mut lines = body.split('\n');
        let origin = lines.next().unwrap_or_default();
        let size_text = lines
            .next()
            .ok_or_else(|| malformed(2, "the size is missing"))?;
        let root_text = lines
            .next()
            .ok_or_else(|| malformed(3, "the root is missing"))?;

        let mut checkpoint = Self::new(origin, parse_size(size_text)?, parse_root(root_text)?)?;
        for (line, number) in lines.zip(4..) {
            if line.is_empty() {
                return Err(malformed(number, "an extension line is empty"));
            }
            checkpoint.extension.push_str(line);
            checkpoint.extension.push('\n');
        }
        Ok(checkpoint)
    }
}

/// The note text: what a signature covers.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = Base64::encode_string(&self.root.0);
        write!(
            f,
            "{}\n{}\n{root}\n{}",
            self.origin, self.size, self.extension
        )
    }
}

/// A checkpoint with at least one signature line. Nothing is believed until
/// [`SignedCheckpoint::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    signatures: Vec<SignatureLine>,
}

/// What any signature line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignatureLine {
    pub(crate) name: String,
    pub(crate) id: u32,
    pub(crate) signature: Vec<u8>,
}

impl SignatureLine {
    /// Reads `— NAME BASE64(id || signature)`, without the newline.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let (name, data) = line.strip_prefix(SIGNATURE_PREFIX)?.split_once(' ')?;
        let data = Base64::decode_vec(data).ok()?;
        let (id, signature) = data.split_first_chunk()?;
        if !is_key_name(name) || signature.is_empty() {
            return None;
        }
        Some(Self {
            name: name.to_owned(),
            id: u32::from_be_bytes(*id),
            signature: signature.to_vec(),
        })
    }
}

/// The line with its newline.
impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut data = self.id.to_be_bytes().to_vec();
        data.extend_from_slice(&self.signature);
        let (name, data) = (&self.name, Base64::encode_string(&data));
        writeln!(f, "{SIGNATURE_PREFIX}{name} {data}")
    }
}

impl SignedCheckpoint {
    /// What the text says, whoever signed it.
    #[must_use]
    pub fn unverified(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Name and id of the keys that the lines claim, in the order of the lines.
    pub fn claimed_signers(&self) -> impl Iterator<Item = (&str, u32)> {
        self.signatures
            .iter()
            .map(|line| (line.name.as_str(), line.id))
    }

    /// The same checkpoint with the lines that name this key, and no others.
    #[must_use]
    pub fn only_by(&self, key: &VerifierKey) -> Self {
        let lines = self.signatures.iter();
        let its = lines.filter(|line| line.name == key.name() && line.id == key.id());
        Self {
            checkpoint: self.checkpoint.clone(),
            signatures: its.cloned().collect(),
        }
    }

    pub(crate) fn lines(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// Puts a line last, in the place of one by the same key.
    pub(crate) fn put_line(&mut self, line: SignatureLine) {
        self.signatures
            .retain(|other| other.name != line.name || other.id != line.id);
        self.signatures.push(line);
    }

    /// The checkpoint, if `key` signed it. The origin is for the caller to compare: one key may sign
    /// for several logs. Lines by other keys are ignored.
    ///
    /// # Errors
    /// [`ProofError::SignatureInvalid`] when a line names this key and does not verify,
    /// [`ProofError::SignatureMissing`] when no line names it.
    pub fn verify(&self, key: &VerifierKey) -> Result<&Checkpoint, ProofError> {
        let text = self.checkpoint.to_string();
        let mut signed = false;
        for line in &self.signatures {
            if line.name != key.name() || line.id != key.id() {
                continue;
            }
            if !key.verifies(text.as_bytes(), &line.signature) {
                let name = key.name().to_owned();
                return Err(ProofError::SignatureInvalid { name, id: key.id() });
            }
            signed = true;
        }
        if signed {
            Ok(&self.checkpoint)
        } else {
            Err(signature_missing(key))
        }
    }
}

/// The signed note: text, blank line, signature lines.
impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.checkpoint)?;
        self.signatures.iter().try_for_each(|line| line.fmt(f))
    }
}

/// What a checkpoint file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckpointNote {
    /// No signature line: the content, and nobody who vouches for it.
    Unsigned(Checkpoint),
    /// At least one signature line, by whomever.
    Signed(SignedCheckpoint),
}

impl CheckpointNote {
    /// Reads a checkpoint file. Printing the result gives the same bytes again.
    ///
    /// # Errors
    /// [`ProofError::CheckpointMalformed`] with the line.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofError> {
        let text = printable_text(bytes, malformed)?;
        let Some((body, signatures)) = text.split_once("\n\n") else {
            let body = text.strip_suffix('\n').ok_or_else(|| {
                malformed(
                    text.split('\n').count(),
                    "the text does not end with a newline",
                )
            })?;
            return Checkpoint::parse(body).map(Self::Unsigned);
        };
        let checkpoint = Checkpoint::parse(body)?;
        let first_line = body.split('\n').count() + 2;
        let signatures = parse_signatures(signatures, first_line, malformed)?;
        Ok(Self::Signed(SignedCheckpoint {
            checkpoint,
            signatures,
        }))
    }

    /// What the text says, whether or not anybody signed it.
    #[must_use]
    pub fn unverified(&self) -> &Checkpoint {
        match self {
            Self::Unsigned(checkpoint) => checkpoint,
            Self::Signed(signed) => signed.unverified(),
        }
    }

    /// The checkpoint, if `key` signed it: see [`SignedCheckpoint::verify`].
    ///
    /// # Errors
    /// Those of [`SignedCheckpoint::verify`]; [`ProofError::SignatureMissing`] when unsigned.
    pub fn verify(&self, key: &VerifierKey) -> Result<&Checkpoint, ProofError> {
        match self {
            Self::Unsigned(_) => Err(signature_missing(key)),
            Self::Signed(signed) => signed.verify(key),
        }
    }
}

impl fmt::Display for CheckpointNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(checkpoint) => checkpoint.fmt(f),
            Self::Signed(signed) => signed.fmt(f),
        }
    }
}

/// The bytes as text, if they are UTF-8 of a sane length without control characters but newlines.
pub(crate) fn printable_text(
    bytes: &[u8],
    malformed: fn(usize, &'static str) -> ProofError,
) -> Result<&str, ProofError> {
    if bytes.len() > TEXT_MAX {
        return Err(malformed(1, "the text is longer than 1,000,000 bytes"));
    }
    let line_at = |offset: usize| 1 + bytes[..offset].iter().filter(|b| **b == b'\n').count();
    let text = std::str::from_utf8(bytes)
        .map_err(|error| malformed(line_at(error.valid_up_to()), "the text is not UTF-8"))?;
    match text.find(|c: char| c.is_control() && c != '\n') {
        Some(offset) => Err(malformed(line_at(offset), "there is a control character")),
        None => Ok(text),
    }
}

fn parse_size(text: &str) -> Result<u64, ProofError> {
    // u64 parsing also takes a plus sign and leading zeros, which would be second spellings.
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    if !digits || (text.len() > 1 && text.starts_with('0')) {
        return Err(malformed(
            2,
            "the size is not a decimal number without leading zeros",
        ));
    }
    text.parse()
        .map_err(|_| malformed(2, "the size is not a number of 64 bits"))
}

fn parse_root(text: &str) -> Result<Root, ProofError> {
    let mut root = [0; 32];
    match Base64::decode(text, &mut root).map(<[u8]>::len) {
        Ok(32) => Ok(Root(root)),
        Ok(_) | Err(_) => Err(malformed(3, "the root is not 32 bytes in base64")),
    }
}

/// The signature lines of a note; their first one has this number in it.
pub(crate) fn parse_signatures(
    text: &str,
    first_line: usize,
    malformed: fn(usize, &'static str) -> ProofError,
) -> Result<Vec<SignatureLine>, ProofError> {
    let Some(text) = text.strip_suffix('\n') else {
        let last_line = first_line + text.split('\n').count() - 1;
        return Err(malformed(
            last_line,
            "the signatures do not end with a newline",
        ));
    };
    text.split('\n')
        .enumerate()
        .map(|(index, line)| {
            let number = first_line + index;
            if index >= SIGNATURES_MAX {
                return Err(malformed(number, "there are more than 100 signatures"));
            }
            SignatureLine::parse(line)
                .ok_or_else(|| malformed(number, "this is not a signature line"))
        })
        .collect()
}

pub(crate) fn signature_missing(key: &VerifierKey) -> ProofError {
    ProofError::SignatureMissing {
        name: key.name().to_owned(),
        id: key.id(),
    }
}

fn malformed(line: usize, problem: &'static str) -> ProofError {
    ProofError::CheckpointMalformed { line, problem }
}
