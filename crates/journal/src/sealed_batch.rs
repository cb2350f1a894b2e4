//! A batch that has its place: leaves, tree and checkpoint.

use softcap_proof::{
    Checkpoint, CheckpointNote, NodeHash, ProofError, SigningKey, batch_receipts::BatchReceipts,
    tree_batch::TreeBatch,
};

use crate::Leaves;

/// A batch that is applied and has no checkpoint yet.
#[derive(Debug)]
pub struct UnsignedBatch {
    pub(crate) leaves: Leaves,
    pub(crate) tree: TreeBatch,
    pub(crate) time: u64,
}

impl UnsignedBatch {
    /// Signs the head of the tree with the batch.
    ///
    /// # Errors
    /// [`ProofError`] when the origin cannot stand in a checkpoint.
    pub fn sign(self, origin: &str, key: &SigningKey) -> Result<SealedBatch, ProofError> {
        let checkpoint = Checkpoint::new(origin, self.tree.size(), self.tree.root())?;
        let checkpoint = CheckpointNote::Signed(checkpoint.sign(key));
        Ok(SealedBatch {
            leaves: self.leaves,
            time: self.time,
            receipts: BatchReceipts::new(self.tree, checkpoint.to_string()),
            checkpoint,
        })
    }
}

/// What the entries of a batch became. Receipts are made of it.
#[derive(Debug)]
pub struct SealedBatch {
    leaves: Leaves,
    time: u64,
    checkpoint: CheckpointNote,
    receipts: BatchReceipts,
}

impl SealedBatch {
    /// Number of the first entry.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.receipts.tree().first()
    }

    /// Entries in the log with this batch.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.receipts.tree().size()
    }

    /// Unix milliseconds.
    #[must_use]
    pub fn time(&self) -> u64 {
        self.time
    }

    /// The signed tree head after this batch.
    #[must_use]
    pub fn checkpoint(&self) -> &CheckpointNote {
        &self.checkpoint
    }

    /// The leaf of an entry of this batch.
    #[must_use]
    pub fn leaf(&self, index: u64) -> Option<&[u8]> {
        let place = usize::try_from(index.checked_sub(self.first())?).ok()?;
        self.leaves.get(place)
    }

    /// The leaves from the first on.
    pub fn leaves(&self) -> impl Iterator<Item = &[u8]> {
        self.leaves.iter()
    }

    /// The receipt of an entry of this batch, as a JSON string.
    ///
    /// # Errors
    /// [`ProofError::LeafOutOfRange`] for an entry of another batch.
    pub fn receipt_json(&self, index: u64) -> Result<String, ProofError> {
        let leaf = self.leaf(index).unwrap_or_default();
        self.receipts.json(leaf, index)
    }

    /// Proves that the checkpoint commits to an entry of this batch.
    ///
    /// # Errors
    /// [`ProofError::LeafOutOfRange`] for an entry of another batch.
    pub fn inclusion_proof(&self, index: u64) -> Result<Vec<NodeHash>, ProofError> {
        self.receipts.tree().inclusion_proof(index)
    }
}
