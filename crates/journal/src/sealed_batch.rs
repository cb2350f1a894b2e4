//! A batch that has its place: leaves, tree and checkpoint.

use softcap_proof::{
    Checkpoint, CheckpointNote, NodeHash, ProofError, SigningKey, receipt::receipt_text,
    tree_batch::TreeBatch,
};

use crate::Leaves;

/// What the entries of a batch became. Receipts are made of it.
#[derive(Debug)]
pub struct SealedBatch {
    leaves: Leaves,
    tree: TreeBatch,
    time: u64,
    checkpoint: CheckpointNote,
    /// The same as text, for all receipts of the batch.
    checkpoint_text: String,
}

impl SealedBatch {
    pub(crate) fn new(
        leaves: Leaves,
        tree: TreeBatch,
        time: u64,
        origin: &str,
        key: &SigningKey,
    ) -> Result<Self, ProofError> {
        let checkpoint = Checkpoint::new(origin, tree.size(), tree.root())?;
        let checkpoint = CheckpointNote::Signed(checkpoint.sign(key));
        Ok(Self {
            leaves,
            checkpoint_text: checkpoint.to_string(),
            checkpoint,
            tree,
            time,
        })
    }

    /// Number of the first entry.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.tree.first()
    }

    /// Entries in the log with this batch.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.tree.size()
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

    /// The receipt of an entry of this batch, as text.
    ///
    /// # Errors
    /// [`ProofError::LeafOutOfRange`] for an entry of another batch.
    pub fn receipt_text(&self, index: u64) -> Result<String, ProofError> {
        let proof = self.inclusion_proof(index)?;
        let leaf = self.leaf(index).unwrap_or_default();
        Ok(receipt_text(leaf, index, &proof, &self.checkpoint_text))
    }

    /// Proves that the checkpoint commits to an entry of this batch.
    ///
    /// # Errors
    /// [`ProofError::LeafOutOfRange`] for an entry of another batch.
    pub fn inclusion_proof(&self, index: u64) -> Result<Vec<NodeHash>, ProofError> {
        self.tree.inclusion_proof(index)
    }
}
