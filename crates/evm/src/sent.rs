//! What became of a transaction that somebody's wallet sent.
//!
//! A wallet may send the same again with a higher fee, or use the nonce for something else: the hash is then in no block, for
//! ever. What is followed is therefore sender and nonce, and the hash only as long as it is the one that counts. The block in
//! which a nonce was used is found by halving: a nonce never goes down on a chain.

use alloy_primitives::{Address, B256, U64, U256};
use serde::Deserialize;

use crate::endpoints::{EndpointError, Endpoints};

/// What identifies a transaction that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its hash.
    pub hash: B256,
    /// Who sent it, and with which nonce; `None` while no node has shown it.
    pub turn: Option<Turn>,
    /// The contract that it calls: what used its turn and calls it too is the same with another fee.
    pub to: Address,
    /// The newest block when it was noted: it is in a later one.
    pub since: u64,
}

/// A nonce of a sender: one transaction uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The sender.
    pub sender: Address,
    /// The nonce.
    pub nonce: u64,
}

/// A transaction as a node shows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeenTransaction {
    hash: B256,
    from: Address,
    nonce: U64,
    to: Option<Address>,
}

impl SeenTransaction {
    /// Whose turn it takes.
    #[must_use]
    pub fn turn(&self) -> Turn {
        Turn {
            sender: self.from,
            nonce: self.nonce.to(),
        }
    }

    /// Whether it calls this contract.
    #[must_use]
    pub fn is_to(&self, contract: Address) -> bool {
        self.to == Some(contract)
    }
}

/// What a block did with a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InBlock {
    /// Height of the block.
    pub block: u64,
    /// Whether it did what it asked for; one that failed moved nothing.
    pub succeeded: bool,
    /// What the network kept, in wei.
    pub fee: U256,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// In a block, the newest that is known being this one.
    InBlock(InBlock, u64),
    /// Some node has it, and it is in no block.
    Pending,
    /// The same with another fee used its turn.
    ReplacedBy(B256),
    /// Something else used its turn: it will never be in a block.
    Superseded,
    /// No node has it, and its turn is not used.
    Unseen,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    block_number: U64,
    status: U64,
    gas_used: U256,
    effective_gas_price: U256,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct FullBlock {
    transactions: Vec<SeenTransaction>,
}

impl Endpoints {
    /// A transaction, where any endpoint has it: those that wait are not everywhere.
    ///
    /// # Errors
    /// [`EndpointError::NoQuorum`] when nobody answers.
    pub async fn transaction(&self, hash: B256) -> Result<Option<SeenTransaction>, EndpointError> {
        let answers = self.ask_all(|client| async move {
            let found: Option<SeenTransaction> =
                client.request("eth_getTransactionByHash", (hash,)).await?;
            Ok(found)
        });
        self.any(&format!("transaction {hash}"), answers.await)
    }

    /// What became of a transaction, as far as it is known now.
    ///
    /// # Errors
    /// [`EndpointError::NoQuorum`].
    pub async fn fate(&self, sent: &Sent) -> Result<Fate, EndpointError> {
        let head = self.head().await?;
        if let Some(done) = self.receipt(sent.hash).await? {
            return Ok(Fate::InBlock(done, head));
        }
        if let Some(turn) = sent.turn
            && self.nonce(turn.sender, head).await? > turn.nonce
        {
            return self.who_took(sent, turn, head).await;
        }
        match self.transaction(sent.hash).await? {
            Some(_) => Ok(Fate::Pending),
            None => Ok(Fate::Unseen),
        }
    }

    async fn receipt(&self, hash: B256) -> Result<Option<InBlock>, EndpointError> {
        let answers = self.ask_all(|client| async move {
            let found: Option<Receipt> =
                client.request("eth_getTransactionReceipt", (hash,)).await?;
            Ok(found)
        });
        let found = self.agreed(&format!("the receipt of {hash}"), answers.await)?;
        Ok(found.map(|receipt| InBlock {
            block: receipt.block_number.to(),
            succeeded: receipt.status == U64::from(1),
            fee: receipt.gas_used.saturating_mul(receipt.effective_gas_price),
        }))
    }

    /// How many transactions of a sender are in blocks up to this one.
    async fn nonce(&self, sender: Address, block: u64) -> Result<u64, EndpointError> {
        let count: U64 = self
            .account("eth_getTransactionCount", sender, block)
            .await?;
        Ok(count.to())
    }

    /// Which transaction used a turn that is used at `head`.
    async fn who_took(&self, sent: &Sent, turn: Turn, head: u64) -> Result<Fate, EndpointError> {
        let (mut before, mut used) = (sent.since.min(head), head);
        // In the first of them it may be used already, where the transaction was noted late.
        if self.nonce(turn.sender, before).await? > turn.nonce {
            (before, used) = (0, before);
        }
        while used - before > 1 {
            let middle = before + (used - before) / 2;
            if self.nonce(turn.sender, middle).await? > turn.nonce {
                used = middle;
            } else {
                before = middle;
            }
        }
        let found = self.transactions_in(used).await?;
        let taker = found.into_iter().find(|seen| seen.turn() == turn);
        Ok(match taker {
            // The block came between two questions.
            Some(seen) if seen.hash == sent.hash => Fate::Pending,
            Some(seen) if seen.is_to(sent.to) => Fate::ReplacedBy(seen.hash),
            Some(_) => Fate::Superseded,
            // The chain went on, or back, between two questions: the next look knows.
            None => Fate::Pending,
        })
    }

    async fn transactions_in(&self, block: u64) -> Result<Vec<SeenTransaction>, EndpointError> {
        let params = &(format!("{block:#x}"), true);
        let answers = self.ask_all(|client| async move {
            let found: FullBlock = client.request("eth_getBlockByNumber", params).await?;
            Ok(found)
        });
        let about = format!("the transactions of block {block}");
        Ok(self.agreed(&about, answers.await)?.transactions)
    }
}
