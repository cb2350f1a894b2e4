//! The receipts of a batch, as they stand in answers.
//!
//! Every entry of a batch has the same checkpoint, and from a level on the same proof as all or half
//! of the others: that is written once for all.

use std::sync::OnceLock;

use crate::{
    error::ProofError,
    receipt::{push_entry, push_node},
    tree_batch::TreeBatch,
};

/// An end of line inside a JSON string.
const END: &str = "\\n";

/// The tree of a batch and the text of its checkpoint.
#[derive(Clone, Debug)]
pub struct BatchReceipts {
    tree: TreeBatch,
    checkpoint: String,
    /// What follows from the level on which the ways to the root meet, for each of the two nodes there.
    endings: [OnceLock<String>; 2],
}

impl BatchReceipts {
    /// Of a batch and its signed checkpoint.
    #[must_use]
    pub fn new(tree: TreeBatch, checkpoint: String) -> Self {
        Self {
            tree,
            checkpoint,
            endings: Default::default(),
        }
    }

    /// The batch in its tree.
    #[must_use]
    pub fn tree(&self) -> &TreeBatch {
        &self.tree
    }

    /// The receipt of entry `index`, whose encoding is `leaf`, as a JSON string: what
    /// [`receipt_text`](crate::receipt::receipt_text) gives, quoted.
    ///
    /// # Errors
    /// [`ProofError::LeafOutOfRange`] for an entry of another batch.
    pub fn json(&self, leaf: &[u8], index: u64) -> Result<String, ProofError> {
        let (first, size) = (self.tree.first(), self.tree.size());
        if index < first || index >= size {
            return Err(ProofError::LeafOutOfRange { index, size });
        }
        let meeting = self.tree.meeting_level();
        let place = (index >> meeting) - (first >> meeting);
        let kept = usize::try_from(place)
            .ok()
            .and_then(|place| self.endings.get(place));
        let ending = kept.map(|kept| kept.get_or_init(|| self.ending(meeting, index)));
        let ending = ending.map_or("", String::as_str);
        let own = usize::try_from(meeting).unwrap_or_default() * 46;
        let mut text = String::with_capacity(80 + leaf.len().div_ceil(3) * 4 + own + ending.len());
        text.push('"');
        push_entry(&mut text, leaf, index, END);
        for node in self.tree.path(index, 0..meeting) {
            push_node(&mut text, &node, END);
        }
        text.push_str(ending);
        Ok(text)
    }

    /// The proof from a level on, the checkpoint, and the closing quote.
    fn ending(&self, level: u32, index: u64) -> String {
        let mut text = String::new();
        for node in self.tree.path(index, level..u64::BITS) {
            push_node(&mut text, &node, END);
        }
        text.push_str(END);
        let checkpoint = serde_json::Value::from(self.checkpoint.as_str()).to_string();
        text.push_str(checkpoint.strip_prefix('"').unwrap_or_default());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        journal_tree::{JournalTree, LeafHash},
        receipt::receipt_text,
    };

    /// Batches of many sizes and places, and a checkpoint with characters that JSON escapes.
    #[test]
    fn they_are_the_quoted_texts() {
        let checkpoint = "shop \"one\"\\\n7\nroot\n\n— shop sig\n".to_owned();
        let leaf = |index: u64| index.to_be_bytes().repeat(5);
        for sizes in [
            vec![1, 1, 2, 3, 64, 65],
            vec![5, 256, 1, 300],
            vec![1000, 7],
        ] {
            let mut tree = JournalTree::new();
            for count in sizes {
                let first = tree.size();
                let hashes = (first..first + count).map(|index| LeafHash::of(&leaf(index)));
                let batch = TreeBatch::append(&mut tree, hashes.collect());
                let receipts = BatchReceipts::new(batch.clone(), checkpoint.clone());
                for index in first..first + count {
                    let proof = batch.inclusion_proof(index).unwrap();
                    let text = receipt_text(&leaf(index), index, &proof, &checkpoint);
                    let json = receipts.json(&leaf(index), index).unwrap();
                    assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
                }
                assert!(receipts.json(&[], first + count).is_err());
                assert!(first == 0 || receipts.json(&[], first - 1).is_err());
            }
        }
    }
}
