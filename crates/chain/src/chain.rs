//! The chain itself: blocks on each other, and what follows from them. No clock, no file.

use alloy_consensus::{Header, Sealed};
use alloy_primitives::{B256, map::HashMap};

use crate::{
    block::{MinedBlock, MinedTransaction, Outline, SignedTransaction},
    error::ChainError,
    execution::{Executed, execute, machine, rules},
    genesis::Genesis,
    state::{Draft, State, StateAt},
};

/// Where a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) block: u64,
    pub(crate) index: usize,
}

/// What happens when no transaction goes into a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenEmpty {
    /// There is an empty block.
    Mine,
    /// There is no block.
    Skip,
}

/// What came of the transactions given to a block.
#[derive(Debug)]
pub(crate) struct Mining {
    pub(crate) refused: Vec<(SignedTransaction, ChainError)>,
    pub(crate) left: Vec<SignedTransaction>,
    pub(crate) block: Made,
}

/// Whether there is a new block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    Block,
    Nothing,
}

/// Blocks, from the first to the newest, and the state after it.
#[derive(Debug)]
pub(crate) struct Chain {
    genesis: Genesis,
    state: State,
    blocks: Vec<MinedBlock>,
    newest: Sealed<Header>,
    numbers: HashMap<B256, u64>,
    places: HashMap<B256, Place>,
    /// How often blocks were dropped.
    branch: u64,
}

impl Chain {
    pub(crate) fn new(genesis: Genesis) -> Self {
        let block = MinedBlock::genesis(&genesis);
        let newest = block.header.clone();
        Self {
            state: State::funded(&genesis.balances),
            numbers: std::iter::once((newest.hash(), 0)).collect(),
            blocks: vec![block],
            newest,
            places: HashMap::default(),
            branch: 0,
            genesis,
        }
    }

    pub(crate) fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    pub(crate) fn newest(&self) -> &Sealed<Header> {
        &self.newest
    }

    pub(crate) fn block(&self, number: u64) -> Option<&MinedBlock> {
        self.blocks.get(usize::try_from(number).ok()?)
    }

    pub(crate) fn blocks(&self) -> &[MinedBlock] {
        &self.blocks
    }

    pub(crate) fn number_of(&self, hash: B256) -> Option<u64> {
        self.numbers.get(&hash).copied()
    }

    /// A transaction of the chain, with the block that holds it.
    pub(crate) fn transaction(
        &self,
        hash: B256,
    ) -> Option<(Place, &MinedBlock, &MinedTransaction)> {
        let place = *self.places.get(&hash)?;
        let block = self.block(place.block)?;
        Some((place, block, block.transactions.get(place.index)?))
    }

    /// The state after a block.
    pub(crate) fn state_at(&self, number: u64) -> StateAt<'_> {
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        StateAt::new(&self.state, &self.blocks, number)
    }

    /// What would stand at the head of the next block.
    pub(crate) fn next(&self, timestamp: u64) -> Outline {
        Outline::after(&self.newest, timestamp, self.branch)
    }

    /// Puts a block of these transactions on the newest one.
    pub(crate) fn mine(
        &mut self,
        timestamp: u64,
        candidates: Vec<SignedTransaction>,
        when_empty: WhenEmpty,
    ) -> Mining {
        let outline = self.next(timestamp);
        let draft = Draft::new(&mut self.state, &self.blocks);
        let mut machine = machine(draft, rules(self.genesis.chain_id), outline.environment());
        let Executed {
            mined,
            refused,
            left,
        } = execute(&mut machine, outline.base_fee, candidates);
        let undo = machine.ctx.journaled_state.database.finish();
        if mined.is_empty() && when_empty == WhenEmpty::Skip {
            return Mining {
                refused,
                left,
                block: Made::Nothing,
            };
        }
        let commitment = self.state.commitment(self.newest.state_root, &undo);
        self.push(outline.seal(mined, undo, commitment));
        Mining {
            refused,
            left,
            block: Made::Block,
        }
    }

    fn push(&mut self, block: MinedBlock) {
        let number = block.header.number;
        self.numbers.insert(block.header.hash(), number);
        for (index, mined) in block.transactions.iter().enumerate() {
            let place = Place {
                block: number,
                index,
            };
            self.places
                .insert(*mined.transaction.inner().tx_hash(), place);
        }
        self.newest = block.header.clone();
        self.blocks.push(block);
    }

    /// Takes back a block that could not be stored, as if it had never been.
    pub(crate) fn take_back_newest(&mut self) {
        self.pop();
    }

    /// # Errors
    /// [`ChainError::Depth`] when there are not so many blocks after the first.
    pub(crate) fn check_depth(&self, depth: u64) -> Result<(), ChainError> {
        if depth > self.newest.number {
            return Err(ChainError::Depth {
                depth,
                newest: self.newest.number,
            });
        }
        Ok(())
    }

    /// Drops the newest blocks and returns their transactions, in their order. What comes after has other
    /// hashes, also with the same content.
    ///
    /// # Errors
    /// [`ChainError::Depth`] when there are not so many; block 0 stays.
    pub(crate) fn drop_blocks(&mut self, depth: u64) -> Result<Vec<SignedTransaction>, ChainError> {
        self.check_depth(depth)?;
        let mut dropped = Vec::new();
        for _ in 0..depth {
            let transactions = self.pop();
            dropped.extend(transactions.into_iter().rev());
        }
        dropped.reverse();
        self.branch = self.branch.saturating_add(1);
        Ok(dropped)
    }

    fn pop(&mut self) -> Vec<SignedTransaction> {
        let Some(block) = self.blocks.pop_if(|block| block.header.number > 0) else {
            return Vec::new();
        };
        self.state.undo(block.undo);
        self.numbers.remove(&block.header.hash());
        if let Some(parent) = self.blocks.last() {
            self.newest = parent.header.clone();
        }
        block
            .transactions
            .into_iter()
            .map(|mined| mined.transaction)
            .inspect(|transaction| {
                self.places.remove(transaction.inner().tx_hash());
            })
            .collect()
    }
}
