//! Which block somebody means.

use alloy_eips::{BlockId, BlockNumberOrTag};

use crate::{call::Scene, error::ChainError, node::Ledger};

/// Blocks that a public chain has on one that it calls safe, and on one that it calls final.
const SAFE: u64 = 32;
const FINAL: u64 = 64;

impl Ledger {
    /// The number that a tag stands for; it may be one that does not exist yet.
    pub(crate) fn number_at(&self, tag: BlockNumberOrTag) -> u64 {
        let newest = self.chain.newest().number;
        match tag {
            BlockNumberOrTag::Latest | BlockNumberOrTag::Pending => newest,
            BlockNumberOrTag::Safe => newest.saturating_sub(SAFE),
            BlockNumberOrTag::Finalized => newest.saturating_sub(FINAL),
            BlockNumberOrTag::Earliest => 0,
            BlockNumberOrTag::Number(number) => number,
        }
    }

    /// A block that exists.
    ///
    /// # Errors
    /// [`ChainError::UnknownBlock`].
    pub(crate) fn existing(&self, block: BlockId) -> Result<u64, ChainError> {
        let number = match block {
            BlockId::Hash(hash) => self.chain.number_of(hash.block_hash),
            BlockId::Number(tag) => {
                Some(self.number_at(tag)).filter(|number| *number <= self.chain.newest().number)
            }
        };
        number.ok_or_else(|| ChainError::UnknownBlock {
            asked: block.to_string(),
        })
    }

    /// Where a call for this block is executed.
    ///
    /// # Errors
    /// [`ChainError::UnknownBlock`].
    pub(crate) fn scene(&self, block: BlockId) -> Result<Scene, ChainError> {
        if block.is_pending() {
            return Ok(Scene::Next);
        }
        self.existing(block).map(Scene::After)
    }
}
