//! Receipts: an entry with its outcome, its place in the order, and the proof that a signed
//! checkpoint commits to it.
//!
//! The text form is a [C2SP tlog-proof](https://c2sp.org/tlog-proof) whose extra data is the leaf:
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra BASE64(leaf)
//! index 7
//! BASE64(sibling)               nearest the leaf first, as many as there are
//!
//! example.org/harbour           the checkpoint
//! ...
//! ```

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use base64ct::{Base64, Encoding};
use serde::Serialize;
use softcap_offering::Outcome;

use crate::checkpoint::{Checkpoint, CheckpointNote};
use crate::entry::{Entry, decode};
use crate::error::ProofError;
use crate::hex::hex;
use crate::journal_tree::{LeafHash, NodeHash, inclusion_proof, verify_inclusion};
use crate::note_key::VerifierKey;

const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// Longest text that is read, in bytes: a leaf, 64 siblings and a checkpoint.
const TEXT_MAX: usize = 2_000_000;

/// Proof of one entry. Nothing is checked before [`Receipt::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    leaf: Vec<u8>,
    index: u64,
    proof: Vec<NodeHash>,
    checkpoint: CheckpointNote,
}

/// What a verified receipt proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvedEntry<'a> {
    /// The entry.
    pub entry: Entry<'a>,
    /// What it did.
    pub outcome: Outcome,
    /// The checkpoint that commits to it.
    pub checkpoint: &'a Checkpoint,
}

impl Receipt {
    /// The receipt of entry `index`, whose encoding is `leaf`, in the journal with these leaf hashes.
    ///
    /// # Errors
    /// [`ProofError::LeafOutOfRange`].
    pub fn new(
        leaf: Vec<u8>,
        index: u64,
        hashes: &[LeafHash],
        checkpoint: CheckpointNote,
    ) -> Result<Self, ProofError> {
        Ok(Self {
            leaf,
            index,
            proof: inclusion_proof(hashes, index)?,
            checkpoint,
        })
    }

    /// A receipt of parts that a log has at hand. Nothing is checked.
    #[must_use]
    pub fn from_parts(
        leaf: Vec<u8>,
        index: u64,
        proof: Vec<NodeHash>,
        checkpoint: CheckpointNote,
    ) -> Self {
        Self {
            leaf,
            index,
            proof,
            checkpoint,
        }
    }

    /// The entry with its outcome, encoded.
    #[must_use]
    pub fn leaf(&self) -> &[u8] {
        &self.leaf
    }

    /// Checks that `key` signed the checkpoint, that the checkpoint commits to the leaf at this
    /// index, and that the leaf is the entry with this sequence number.
    ///
    /// # Errors
    /// [`ProofError::SignatureMissing`], [`ProofError::SignatureInvalid`],
    /// [`ProofError::InclusionInvalid`], [`ProofError::LeafOutOfRange`],
    /// [`ProofError::EntryMalformed`].
    pub fn verify(&self, key: &VerifierKey) -> Result<ProvedEntry<'_>, ProofError> {
        let checkpoint = self.checkpoint.verify(key)?;
        let (root, size) = (checkpoint.root(), checkpoint.size());
        verify_inclusion(
            &root,
            size,
            self.index,
            &LeafHash::of(&self.leaf),
            &self.proof,
        )?;
        let (entry, outcome) = decode(&self.leaf)?;
        if entry.sequence.0 != self.index {
            let problem = "its sequence number is not its place in the journal";
            return Err(ProofError::EntryMalformed { offset: 1, problem });
        }
        Ok(ProvedEntry {
            entry,
            outcome,
            checkpoint,
        })
    }

    /// Reads the text form. Printing the result gives the same bytes again.
    ///
    /// # Errors
    /// [`ProofError::ReceiptMalformed`] with the line, or [`ProofError::CheckpointMalformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofError> {
        let text = std::str::from_utf8(bytes).map_err(|_| malformed(1, "it is not UTF-8"))?;
        if text.len() > TEXT_MAX {
            return Err(malformed(1, "it is longer than 2,000,000 bytes"));
        }
        let (head, checkpoint) = text
            .split_once("\n\n")
            .ok_or_else(|| malformed(1, "there is no checkpoint"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(malformed(1, "the first line is not c2sp.org/tlog-proof@v1"));
        }
        let leaf = lines
            .next()
            .and_then(|line| line.strip_prefix("extra "))
            .and_then(|data| Base64::decode_vec(data).ok())
            .ok_or_else(|| malformed(2, "it is not `extra` and the entry in base64"))?;
        let index = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .and_then(|digits| {
                digits
                    .parse()
                    .ok()
                    .filter(|index: &u64| index.to_string() == digits)
            })
            .ok_or_else(|| malformed(3, "it is not `index` and a number"))?;
        let proof = lines
            .enumerate()
            .map(|(place, line)| {
                let mut hash = [0; 32];
                match Base64::decode(line, &mut hash).map(<[u8]>::len) {
                    Ok(32) => Ok(NodeHash(hash)),
                    Ok(_) | Err(_) => Err(malformed(4 + place, "it is not a hash in base64")),
                }
            })
            .collect::<Result<_, _>>()?;
        let checkpoint = CheckpointNote::parse(checkpoint.as_bytes())?;
        Ok(Self {
            leaf,
            index,
            proof,
            checkpoint,
        })
    }

    /// The same as JSON, for programs: bytes as hexadecimal, entry and outcome not repeated in words.
    #[must_use]
    pub fn to_json(&self) -> String {
        let json = ReceiptJson {
            format: "softcap-receipt-1",
            index: self.index,
            leaf: hex(&self.leaf),
            leaf_hash: hex(&LeafHash::of(&self.leaf).0),
            inclusion_proof: self.proof.iter().map(|node| hex(&node.0)).collect(),
            checkpoint: self.checkpoint.to_string(),
        };
        // Strings and numbers always have a JSON form.
        serde_json::to_string_pretty(&json).unwrap_or_default()
    }
}

/// The text form.
impl std::fmt::Display for Receipt {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let checkpoint = self.checkpoint.to_string();
        let text = receipt_text(&self.leaf, self.index, &self.proof, &checkpoint);
        out.write_str(&text)
    }
}

/// The text form of a receipt whose checkpoint has this text: one for all entries of a batch.
#[must_use]
pub fn receipt_text(leaf: &[u8], index: u64, proof: &[NodeHash], checkpoint: &str) -> String {
    let leaf_room = leaf.len().div_ceil(3) * 4;
    let room = 64 + leaf_room + proof.len() * 45 + checkpoint.len();
    let mut text = String::with_capacity(room);
    push_entry(&mut text, leaf, index, "\n");
    proof
        .iter()
        .for_each(|node| push_node(&mut text, node, "\n"));
    text.push('\n');
    text.push_str(checkpoint);
    text
}

/// The lines of a receipt before its proof, each with `end` after it.
pub(crate) fn push_entry(text: &mut String, leaf: &[u8], index: u64, end: &str) {
    text.push_str(HEADER);
    text.push_str(end);
    text.push_str("extra ");
    push_base64(text, leaf);
    text.push_str(end);
    text.push_str("index ");
    // Writing to a string cannot fail.
    let _ = write!(text, "{index}");
    text.push_str(end);
}

/// A line of a receipt's proof, with `end` after it.
pub(crate) fn push_node(text: &mut String, node: &NodeHash, end: &str) {
    push_base64(text, &node.0);
    text.push_str(end);
}

/// What a receipt says is public: no need of an encoder that takes the same time for all bytes, as keys have.
fn push_base64(text: &mut String, bytes: &[u8]) {
    STANDARD.encode_string(bytes, text);
}

#[derive(Serialize)]
struct ReceiptJson {
    format: &'static str,
    index: u64,
    leaf: String,
    leaf_hash: String,
    inclusion_proof: Vec<String>,
    checkpoint: String,
}

fn malformed(line: usize, problem: &'static str) -> ProofError {
    ProofError::ReceiptMalformed { line, problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::tests::{key, small_bundle};
    use crate::journal::JournalReader;
    use crate::{ProofError, SigningKey};

    fn receipts() -> Vec<Receipt> {
        let folder = small_bundle(Some(&key()), false, false);
        let hashes: Vec<LeafHash> = folder["journal.hashes"]
            .chunks(32)
            .map(|hash| LeafHash(hash.try_into().unwrap()))
            .collect();
        let note = CheckpointNote::parse(&folder["checkpoint"]).unwrap();
        let block = JournalReader::new(folder["journal"].as_slice())
            .next_block()
            .unwrap()
            .unwrap();
        block
            .leaves()
            .map(|(n, _, leaf)| Receipt::new(leaf.to_vec(), n, &hashes, note.clone()).unwrap())
            .collect()
    }

    #[test]
    fn every_entry_of_a_journal_has_a_receipt_that_verifies_and_comes_back() {
        let receipts = receipts();
        assert_eq!(receipts.len(), 11);
        for (number, receipt) in receipts.iter().enumerate() {
            let key = key();
            let proved = receipt.verify(key.verifier_key()).unwrap();
            assert_eq!(proved.entry.sequence.0, number as u64);
            assert_eq!(proved.checkpoint.size(), 11);
            let text = receipt.to_string();
            assert_eq!(Receipt::parse(text.as_bytes()).unwrap(), *receipt);
            let json: serde_json::Value = serde_json::from_str(&receipt.to_json()).unwrap();
            assert_eq!(json["index"], number);
            assert_eq!(
                json["inclusion_proof"].as_array().unwrap().len(),
                receipt.proof.len()
            );
        }
        let error = Receipt::new(Vec::new(), 11, &[], receipts[0].checkpoint.clone()).unwrap_err();
        assert!(
            matches!(error, ProofError::LeafOutOfRange { .. }),
            "{error}"
        );
    }

    #[test]
    fn every_changed_byte_of_a_receipt_is_refused() {
        let key = key();
        for receipt in receipts() {
            let text = receipt.to_string().into_bytes();
            for place in 0..text.len() {
                let mut changed = text.clone();
                changed[place] ^= 1;
                let verified = Receipt::parse(&changed)
                    .and_then(|receipt| receipt.verify(key.verifier_key()).map(|_| ()));
                assert!(verified.is_err(), "byte {place}");
            }
        }
    }

    #[test]
    fn a_receipt_by_another_key_or_for_another_place_is_refused() {
        let other = SigningKey::from_entropy("softcap.example/harbour", &[1; 32]).unwrap();
        let receipts = receipts();
        let error = receipts[3].verify(other.verifier_key()).unwrap_err();
        assert_eq!(error.code(), "P204");
        let moved = Receipt {
            index: 4,
            ..receipts[3].clone()
        };
        assert_eq!(
            moved.verify(key().verifier_key()).unwrap_err().code(),
            "P123"
        );
    }
}
