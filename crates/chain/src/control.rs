//! Blocks, time and branches at the will of whoever runs the chain: for rehearsals and for tests of programs
//! that watch a chain.

use alloy_consensus::Transaction as _;
use alloy_eips::eip2718::Encodable2718 as _;
use alloy_primitives::Bytes;

use crate::{
    block::SignedTransaction,
    chain::WhenEmpty,
    error::ChainError,
    node::{Ledger, Node},
    record::Record,
    time::Time,
};

/// Names a block to come back to. Not kept over a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot(pub u64);

impl Node {
    /// Makes one block of what waits, also of nothing.
    ///
    /// # Errors
    /// [`ChainError::Unwritable`], [`ChainError::Unsure`].
    pub fn mine(&self) -> Result<(), ChainError> {
        self.write().mine_waiting()
    }

    /// Moves the time of the next block on by seconds, and returns its unix second.
    ///
    /// # Errors
    /// [`ChainError::Time`] beyond the year 9999; [`ChainError::Unwritable`], [`ChainError::Unsure`].
    pub fn increase_time(&self, seconds: u64) -> Result<u64, ChainError> {
        let mut ledger = self.write();
        let parent = ledger.chain.newest().timestamp;
        let time = ledger.time.advanced(seconds, parent)?;
        ledger.set_time(time)?;
        Ok(time.of_next(parent))
    }

    /// The next block is of this unix second, and time runs on from there.
    ///
    /// # Errors
    /// [`ChainError::Time`] before the newest block; [`ChainError::Unwritable`], [`ChainError::Unsure`].
    pub fn set_next_timestamp(&self, timestamp: u64) -> Result<(), ChainError> {
        let mut ledger = self.write();
        let parent = ledger.chain.newest().timestamp;
        let time = ledger.time.set(timestamp, parent)?;
        ledger.set_time(time)
    }

    /// Remembers the newest block.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mut ledger = self.write();
        let newest = (ledger.chain.newest().number, ledger.chain.newest().hash());
        ledger.snapshots.push(newest);
        Snapshot(ledger.snapshots.len().try_into().unwrap_or(u64::MAX))
    }

    /// Goes back to a snapshot: drops the blocks after it, and forgets later snapshots and what waits. Time does
    /// not go back.
    ///
    /// # Errors
    /// [`ChainError::Snapshot`]; [`ChainError::Unwritable`], [`ChainError::Unsure`].
    pub fn revert(&self, snapshot: Snapshot) -> Result<(), ChainError> {
        let unknown = || ChainError::Snapshot {
            id: format!("{:#x}", snapshot.0),
        };
        let mut ledger = self.write();
        let index = snapshot
            .0
            .checked_sub(1)
            .and_then(|id| usize::try_from(id).ok());
        let index = index.ok_or_else(unknown)?;
        let (number, hash) = *ledger.snapshots.get(index).ok_or_else(unknown)?;
        if ledger.chain.number_of(hash) != Some(number) {
            return Err(unknown());
        }
        let depth = ledger.chain.newest().number.saturating_sub(number);
        ledger.drop_blocks(depth)?;
        ledger.snapshots.truncate(index);
        Ok(())
    }

    /// A reorganisation: drops the newest blocks and puts as many empty ones in their place. Returns the dropped
    /// transactions as they were signed, in their order; whoever wants them back submits them again.
    ///
    /// # Errors
    /// [`ChainError::Depth`] when there are not so many; [`ChainError::Unwritable`], [`ChainError::Unsure`].
    pub fn reorganise(&self, depth: u64) -> Result<Vec<Bytes>, ChainError> {
        let mut ledger = self.write();
        let dropped = ledger.drop_blocks(depth)?;
        for _ in 0..depth {
            ledger.mine(Vec::new(), WhenEmpty::Mine)?;
        }
        Ok(dropped
            .iter()
            .map(|transaction| Bytes::from(transaction.inner().encoded_2718()))
            .collect())
    }
}

impl Ledger {
    fn mine_waiting(&mut self) -> Result<(), ChainError> {
        let waiting = self.pool.take();
        let kept = waiting.clone();
        match self.mine(waiting, WhenEmpty::Mine) {
            Ok(mining) => {
                for (transaction, reason) in mining.refused {
                    self.keep_or_forget(transaction, &reason);
                }
                for transaction in mining.left {
                    self.pool.push(transaction);
                }
                Ok(())
            }
            Err(error) => {
                for transaction in kept {
                    self.pool.push(transaction);
                }
                Err(error)
            }
        }
    }

    /// What the next block may take stays; what no block can take any more goes.
    fn keep_or_forget(&mut self, transaction: SignedTransaction, reason: &ChainError) {
        if matches!(
            reason,
            ChainError::Underpriced { .. } | ChainError::NonceTooHigh { .. }
        ) {
            self.pool.push(transaction);
            return;
        }
        tracing::warn!(
            hash = %transaction.inner().tx_hash(),
            nonce = transaction.inner().nonce(),
            "a waiting transaction is dropped: {reason}"
        );
    }

    fn set_time(&mut self, time: Time) -> Result<(), ChainError> {
        self.append(&Record::Time(time.shift()))?;
        self.time = time;
        Ok(())
    }

    fn drop_blocks(&mut self, depth: u64) -> Result<Vec<SignedTransaction>, ChainError> {
        self.chain.check_depth(depth)?;
        self.append(&Record::Dropped(depth))?;
        let dropped = self.chain.drop_blocks(depth)?;
        // What waits was checked against blocks that are gone.
        self.pool.take();
        Ok(dropped)
    }
}
