//! Transactions that wait for a block, where blocks come by the clock.

use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, B256, U256};

use crate::{block::SignedTransaction, error::ChainError, transaction::highest_cost};

/// Blocks are made faster than people send; more than this is a mistake.
const MOST_WAITING: usize = 10_000;

/// What waits, in the order in which it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool {
    waiting: Vec<SignedTransaction>,
}

impl Pool {
    pub(crate) fn get(&self, hash: B256) -> Option<&SignedTransaction> {
        self.waiting
            .iter()
            .find(|transaction| *transaction.inner().tx_hash() == hash)
    }

    /// How many of an account's transactions wait.
    pub(crate) fn count(&self, account: Address) -> u64 {
        let count = self.of(account).count();
        count.try_into().unwrap_or(u64::MAX)
    }

    /// The most that an account's waiting transactions can cost it, in wei.
    pub(crate) fn cost(&self, account: Address) -> U256 {
        self.of(account)
            .map(highest_cost)
            .fold(U256::ZERO, U256::saturating_add)
    }

    /// # Errors
    /// [`ChainError::PoolFull`], [`ChainError::Known`].
    pub(crate) fn check_room_for(&self, hash: B256) -> Result<(), ChainError> {
        if self.get(hash).is_some() {
            return Err(ChainError::Known { hash });
        }
        if self.waiting.len() >= MOST_WAITING {
            return Err(ChainError::PoolFull);
        }
        Ok(())
    }

    pub(crate) fn push(&mut self, transaction: SignedTransaction) {
        self.waiting.push(transaction);
    }

    /// All that waits, for a block.
    pub(crate) fn take(&mut self) -> Vec<SignedTransaction> {
        std::mem::take(&mut self.waiting)
    }

    /// Removes what is in a block, or can be in none any more because its nonce was used.
    pub(crate) fn forget_used(&mut self, next_nonce: impl Fn(Address) -> u64) {
        self.waiting
            .retain(|transaction| transaction.inner().nonce() >= next_nonce(transaction.signer()));
    }

    fn of(&self, account: Address) -> impl Iterator<Item = &SignedTransaction> {
        self.waiting
            .iter()
            .filter(move |transaction| transaction.signer() == account)
    }
}
