//! A transaction on its way into a block.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, OnceLock},
};

use alloy_consensus::Transaction as _;
use alloy_eips::eip2718::Encodable2718 as _;
use alloy_primitives::{B256, Bytes, U256};
use revm::{ExecuteEvm as _, context::result::EVMError, database_interface::WrapDatabaseRef};

use crate::{
    block::SignedTransaction,
    chain::{Made, WhenEmpty},
    error::ChainError,
    execution::{Offer, invalid_transaction, machine, rules},
    node::{Ledger, Node},
    record::{Record, StoredBlock},
    settings::Blocks,
    transaction::{decode, environment, highest_cost},
};

type Outcome = Result<(), ChainError>;

/// A transaction that somebody waits for.
#[derive(Debug)]
pub(crate) struct Queued {
    transaction: SignedTransaction,
    outcome: Arc<OnceLock<Outcome>>,
}

impl Node {
    /// Takes a signed transaction. When this returns its hash, the transaction is on the disk: in a block where
    /// blocks come with transactions, and else among those that wait.
    ///
    /// # Errors
    /// `E2..` when it is not valid, [`ChainError::Unwritable`], [`ChainError::Unsure`].
    pub fn submit(&self, bytes: &[u8]) -> Result<B256, ChainError> {
        // The dear part, finding the key, needs no lock.
        let transaction = decode(bytes, self.chain_id())?;
        let hash = *transaction.inner().tx_hash();
        match self.blocks() {
            Blocks::WithTransactions => self.mine_at_once(transaction)?,
            Blocks::WhenTold => self.write().let_wait(transaction)?,
        }
        Ok(hash)
    }

    /// Whoever gets the lock makes a block of all that came meanwhile, and waits for one sync instead of many.
    fn mine_at_once(&self, transaction: SignedTransaction) -> Outcome {
        let outcome = Arc::new(OnceLock::new());
        self.queued().push(Queued {
            transaction,
            outcome: Arc::clone(&outcome),
        });
        let mut ledger = self.write();
        if outcome.get().is_none() {
            let batch = std::mem::take(&mut *self.queued());
            ledger.mine_batch(batch);
        }
        drop(ledger);
        Arc::into_inner(outcome)
            .and_then(OnceLock::into_inner)
            .unwrap_or_else(|| {
                Err(ChainError::Defect {
                    problem: "a transaction was forgotten".to_owned(),
                })
            })
    }
}

impl Ledger {
    fn mine_batch(&mut self, batch: Vec<Queued>) {
        let mut waiting = Vec::with_capacity(batch.len());
        let mut outcomes: HashMap<B256, Arc<OnceLock<Outcome>>> = HashMap::new();
        for Queued {
            transaction,
            outcome,
        } in batch
        {
            let hash = *transaction.inner().tx_hash();
            if self.chain.transaction(hash).is_some() || outcomes.contains_key(&hash) {
                let _ = outcome.set(Err(ChainError::Known { hash }));
                continue;
            }
            outcomes.insert(hash, outcome);
            waiting.push(transaction);
        }
        while !waiting.is_empty() {
            match self.mine(waiting, WhenEmpty::Skip) {
                Ok(mining) => {
                    for (transaction, reason) in mining.refused {
                        if let Some(outcome) = outcomes.remove(transaction.inner().tx_hash()) {
                            let _ = outcome.set(Err(reason));
                        }
                    }
                    waiting = mining.left;
                    // What is neither refused nor left is in the block.
                    let left: Vec<B256> = waiting
                        .iter()
                        .map(|transaction| *transaction.inner().tx_hash())
                        .collect();
                    for (_, outcome) in outcomes.extract_if(|hash, _| !left.contains(hash)) {
                        let _ = outcome.set(Ok(()));
                    }
                }
                Err(error) => {
                    for outcome in outcomes.into_values() {
                        let _ = outcome.set(Err(again(&error)));
                    }
                    return;
                }
            }
        }
    }

    /// Makes a block and puts it on the disk; without the disk there is no block.
    pub(crate) fn mine(
        &mut self,
        candidates: Vec<SignedTransaction>,
        when_empty: WhenEmpty,
    ) -> Result<crate::chain::Mining, ChainError> {
        let timestamp = self.next_timestamp();
        let mining = self.chain.mine(timestamp, candidates, when_empty);
        if mining.block == Made::Nothing {
            return Ok(mining);
        }
        let record = Record::Block(self.newest_stored());
        if let Err(error) = self.append(&record) {
            self.chain.take_back_newest();
            return Err(error);
        }
        self.time.block_made();
        Ok(mining)
    }

    fn newest_stored(&self) -> StoredBlock {
        let newest = self.chain.newest();
        let transactions = self.chain.block(newest.number).map(|block| {
            block
                .transactions
                .iter()
                .map(|mined| Bytes::from(mined.transaction.inner().encoded_2718()))
                .collect()
        });
        StoredBlock {
            number: newest.number,
            timestamp: newest.timestamp,
            hash: newest.hash(),
            transactions: transactions.unwrap_or_default(),
        }
    }

    /// Puts a transaction among those that wait.
    fn let_wait(&mut self, transaction: SignedTransaction) -> Outcome {
        let hash = *transaction.inner().tx_hash();
        if self.chain.transaction(hash).is_some() {
            return Err(ChainError::Known { hash });
        }
        self.pool.check_room_for(hash)?;
        self.check_for_next_block(&transaction)?;
        let bytes = Bytes::from(transaction.inner().encoded_2718());
        self.append(&Record::Waiting(bytes))?;
        self.pool.push(transaction);
        Ok(())
    }

    /// What the machine asks of a transaction in the next block, behind those of its sender that wait.
    fn check_for_next_block(&self, transaction: &SignedTransaction) -> Outcome {
        let envelope = transaction.inner();
        let sender = transaction.signer();
        let nonce = envelope.nonce();
        let expected = self.next_nonce(sender);
        if nonce < expected {
            return Err(ChainError::NonceTooLow { nonce, expected });
        }
        if nonce > expected {
            return Err(ChainError::NonceTooHigh { nonce, expected });
        }
        let outline = self.chain.next(self.next_timestamp());
        let mut rules = rules(self.chain.genesis().chain_id);
        // Those before it in the queue are not executed yet.
        rules.disable_nonce_check = true;
        let base_fee = outline.base_fee;
        let state = self.chain.state_at(self.chain.newest().number);
        let balance = state
            .account(sender)
            .map_or(U256::ZERO, |info| info.balance);
        let mut machine = machine(WrapDatabaseRef(state), rules, outline.environment());
        match machine.transact(environment(transaction)) {
            Ok(_) => {}
            Err(EVMError::Transaction(invalid)) => {
                return Err(invalid_transaction(invalid, Offer { nonce, base_fee }));
            }
            Err(other) => {
                return Err(ChainError::Defect {
                    problem: other.to_string(),
                });
            }
        }
        let promised = self.pool.cost(sender);
        let needed = promised.saturating_add(highest_cost(transaction));
        if needed > balance {
            return Err(ChainError::Funds { balance, needed });
        }
        Ok(())
    }
}

/// The same error for one more transaction of the block that could not be written.
fn again(error: &ChainError) -> ChainError {
    if let ChainError::Unwritable { source } = error {
        ChainError::Unwritable {
            source: io::Error::new(source.kind(), source.to_string()),
        }
    } else {
        ChainError::Unsure
    }
}
