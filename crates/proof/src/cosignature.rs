//! Cosignatures of witnesses (C2SP tlog-cosignature, Ed25519, `cosignature/v1`).
//!
//! A witness says: at this time, the largest tree of this log that I have seen is this one, and it
//! continues every one that I saw before. Its signature stands as a further line under the checkpoint:
//!
//! ```text
//! — witness.example/w1 BASE64(id || time || signature)
//! ```
//!
//! with the time in POSIX seconds (64 bits, big endian) and an Ed25519 signature over the lines
//! `cosignature/v1` and `time TIME` and the checkpoint's text. The type byte in key and id is 0x04. When
//! a witness may say it is decided by [`witness`].
//!
//! The same secret text form as for logs (`PRIVATE+KEY+...`) makes a witness's key; a witness needs a key
//! of its own all the same: the name is not signed over.

use std::fmt;

use crate::checkpoint::{Checkpoint, SignatureLine, SignedCheckpoint, signature_missing};
use crate::error::ProofError;
use crate::journal_tree::{NodeHash, verify_consistency};
use crate::note_key::{COSIGNATURE, SigningKey, VerifierKey};

/// Bytes of time and signature.
const LENGTH: usize = 8 + 64;
/// The latest time that may be signed, in POSIX seconds: 2^63 - 1.
const TIME_MAX: u64 = i64::MAX.unsigned_abs();

/// The public key of a witness, with the name it signs under.
#[derive(Clone, PartialEq, Eq)]
pub struct WitnessKey(VerifierKey);

impl WitnessKey {
    /// Reads `NAME+ID+BASE64(0x04 || public key)`.
    ///
    /// # Errors
    /// [`ProofError::KeyMalformed`], as for [`VerifierKey::parse`].
    pub fn parse(text: &str) -> Result<Self, ProofError> {
        VerifierKey::parse_kind(text, COSIGNATURE).map(Self)
    }

    /// The key with which a witness's signing key is verified.
    #[must_use]
    pub fn of(key: &SigningKey) -> Self {
        Self(key.verifier_key().of_kind(COSIGNATURE))
    }

    /// The name on signature lines.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// The 32-bit key id on signature lines.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.0.id()
    }
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WitnessKey({self})")
    }
}

/// The signature line of a witness. Nothing is believed until [`Cosignature::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    name: String,
    id: u32,
    /// POSIX seconds.
    time: u64,
    signature: [u8; 64],
}

impl Cosignature {
    /// Signs a checkpoint at a time in POSIX seconds. Only for who has asked [`witness`] and stored the
    /// checkpoint: the signature says that it is the largest one ever seen.
    ///
    /// # Errors
    /// [`ProofError::CosignatureMalformed`] when the time is beyond 2^63 - 1.
    pub fn sign(checkpoint: &Checkpoint, key: &SigningKey, time: u64) -> Result<Self, ProofError> {
        if time > TIME_MAX {
            return Err(malformed("the time is beyond 63 bits"));
        }
        let public = WitnessKey::of(key);
        Ok(Self {
            name: public.name().to_owned(),
            id: public.id(),
            time,
            signature: key.sign(message(checkpoint, time).as_bytes()),
        })
    }

    /// Reads one signature line, with its newline or without.
    ///
    /// # Errors
    /// [`ProofError::CosignatureMalformed`].
    pub fn parse(line: &str) -> Result<Self, ProofError> {
        let line = line.strip_suffix('\n').unwrap_or(line);
        SignatureLine::parse(line)
            .ok_or_else(|| malformed("it is not a signature line"))
            .and_then(Self::from_line)
    }

    fn from_line(line: SignatureLine) -> Result<Self, ProofError> {
        let parts = line.signature.split_first_chunk::<8>();
        let parts = parts.and_then(|(time, signature)| Some((time, signature.try_into().ok()?)));
        let (time, signature) =
            parts.ok_or_else(|| malformed("time and signature are not 72 bytes"))?;
        let time = u64::from_be_bytes(*time);
        if time > TIME_MAX {
            return Err(malformed("the time is beyond 63 bits"));
        }
        Ok(Self {
            name: line.name,
            id: line.id,
            time,
            signature,
        })
    }

    fn to_line(&self) -> SignatureLine {
        let mut signature = Vec::with_capacity(LENGTH);
        signature.extend_from_slice(&self.time.to_be_bytes());
        signature.extend_from_slice(&self.signature);
        SignatureLine {
            name: self.name.clone(),
            id: self.id,
            signature,
        }
    }

    /// Whether the line names this key.
    #[must_use]
    pub fn names(&self, key: &WitnessKey) -> bool {
        self.name == key.name() && self.id == key.id()
    }

    /// When the witness says it looked, in POSIX seconds, if it signed this checkpoint with `key`.
    ///
    /// # Errors
    /// [`ProofError::SignatureMissing`] when the line names another key,
    /// [`ProofError::SignatureInvalid`] when it does not verify.
    pub fn verify(&self, checkpoint: &Checkpoint, key: &WitnessKey) -> Result<u64, ProofError> {
        if !self.names(key) {
            return Err(signature_missing(&key.0));
        }
        let text = message(checkpoint, self.time);
        if key.0.verifies(text.as_bytes(), &self.signature) {
            Ok(self.time)
        } else {
            Err(ProofError::SignatureInvalid {
                name: self.name.clone(),
                id: self.id,
            })
        }
    }
}

/// The line with its newline.
impl fmt::Display for Cosignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_line().fmt(f)
    }
}

impl SignedCheckpoint {
    /// Adds the line of a witness, in the place of an older one by the same key.
    pub fn put_cosignature(&mut self, cosignature: &Cosignature) {
        self.put_line(cosignature.to_line());
    }

    /// When a witness says it saw this checkpoint, in POSIX seconds, if `key` cosigned it.
    ///
    /// # Errors
    /// [`ProofError::SignatureMissing`] when no line names the key; [`ProofError::SignatureInvalid`] and
    /// [`ProofError::CosignatureMalformed`] when one does and is none of its.
    pub fn cosigned(&self, key: &WitnessKey) -> Result<u64, ProofError> {
        let mut times = self
            .lines()
            .iter()
            .filter(|line| line.name == key.name() && line.id == key.id())
            .map(|line| Cosignature::from_line(line.clone())?.verify(self.unverified(), key));
        let first = times.next().ok_or_else(|| signature_missing(&key.0))??;
        // As for the log's own line: no false one stands beside a right one.
        times.try_fold(first, |newest, time| Ok(newest.max(time?)))
    }
}

/// Why a checkpoint that a log signed is not cosigned: it contradicts the one that was seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contradiction {
    /// Another log's name in the first line.
    OtherOrigin,
    /// Fewer entries than before. Two signed checkpoints alone do not show more than that.
    Shrunk,
    /// As many entries, and another root: proof of fraud, whoever reads it.
    Forked,
    /// More entries, and they do not continue those before.
    NotContinued,
}

/// Decides whether a witness may cosign what it sees now: it is the same tree as before, or continues it
/// by `proof` (RFC 9162, 2.1.4). `known` is what it cosigned last of this log, `None` at first sight.
/// Both must have been verified with the log's key.
///
/// # Errors
/// [`Contradiction`]; keep both checkpoints then, they are evidence.
pub fn witness(
    known: Option<&Checkpoint>,
    seen: &Checkpoint,
    proof: &[NodeHash],
) -> Result<(), Contradiction> {
    let Some(known) = known else {
        return Ok(());
    };
    if known.origin() != seen.origin() {
        return Err(Contradiction::OtherOrigin);
    }
    match seen.size().cmp(&known.size()) {
        std::cmp::Ordering::Less => Err(Contradiction::Shrunk),
        std::cmp::Ordering::Equal if known.root() == seen.root() => Ok(()),
        std::cmp::Ordering::Equal => Err(Contradiction::Forked),
        std::cmp::Ordering::Greater => {
            let (old, new) = (known.root(), seen.root());
            verify_consistency(&old, known.size(), &new, seen.size(), proof)
                .map_err(|_| Contradiction::NotContinued)
        }
    }
}

/// What the signature is over.
fn message(checkpoint: &Checkpoint, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{checkpoint}")
}

fn malformed(problem: &'static str) -> ProofError {
    ProofError::CosignatureMalformed { problem }
}
