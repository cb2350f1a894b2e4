//! Blocks, transactions, receipts and logs in the form in which nodes answer.

use alloy_consensus::Transaction as _;
use alloy_primitives::{B256, U256};
use alloy_rpc_types_eth::{
    Block, BlockTransactions, BlockTransactionsKind, Filter, FilterBlockOption, Header, Log,
    Transaction, TransactionReceipt,
};

use crate::{
    block::{MinedBlock, MinedTransaction, SignedTransaction},
    error::ChainError,
    node::Ledger,
};

/// More logs in one answer are refused, as public nodes do.
const MOST_LOGS: usize = 20_000;

impl MinedBlock {
    pub(crate) fn view(&self, kind: BlockTransactionsKind) -> Block {
        let transactions = match kind {
            BlockTransactionsKind::Hashes => BlockTransactions::Hashes(
                self.transactions
                    .iter()
                    .map(|mined| *mined.transaction.inner().tx_hash())
                    .collect(),
            ),
            BlockTransactionsKind::Full => BlockTransactions::Full(
                (0..)
                    .zip(&self.transactions)
                    .map(|(index, mined)| self.transaction_view(index, mined))
                    .collect(),
            ),
        };
        Block {
            header: Header::from_consensus(
                self.header.clone(),
                Some(U256::ZERO),
                Some(U256::from(self.size())),
            ),
            uncles: Vec::new(),
            transactions,
            withdrawals: Some(alloy_eips::eip4895::Withdrawals::default()),
        }
    }

    pub(crate) fn transaction_view(&self, index: u64, mined: &MinedTransaction) -> Transaction {
        Transaction {
            inner: mined.transaction.clone(),
            block_hash: Some(self.header.hash()),
            block_number: Some(self.header.number),
            transaction_index: Some(index),
            effective_gas_price: Some(self.price_of(mined)),
            block_timestamp: Some(self.header.timestamp),
        }
    }

    /// What a transaction paid for each unit of gas, in wei.
    fn price_of(&self, mined: &MinedTransaction) -> u128 {
        mined
            .transaction
            .inner()
            .effective_gas_price(self.header.base_fee_per_gas)
    }

    pub(crate) fn receipt_view(&self, index: u64, mined: &MinedTransaction) -> TransactionReceipt {
        let hash = *mined.transaction.inner().tx_hash();
        let mut log_index = mined.first_log;
        let inner = mined.receipt.clone().map_logs(|log| {
            let view = Log {
                inner: log,
                block_hash: Some(self.header.hash()),
                block_number: Some(self.header.number),
                block_timestamp: Some(self.header.timestamp),
                transaction_hash: Some(hash),
                transaction_index: Some(index),
                log_index: Some(log_index),
                removed: false,
            };
            log_index = log_index.saturating_add(1);
            view
        });
        TransactionReceipt {
            inner,
            transaction_hash: hash,
            transaction_index: Some(index),
            block_hash: Some(self.header.hash()),
            block_number: Some(self.header.number),
            gas_used: mined.gas_used,
            effective_gas_price: self.price_of(mined),
            blob_gas_used: None,
            blob_gas_price: None,
            from: mined.transaction.signer(),
            to: mined.transaction.inner().to(),
            contract_address: mined.contract,
        }
    }

    pub(crate) fn receipts_view(&self) -> Vec<TransactionReceipt> {
        (0..)
            .zip(&self.transactions)
            .map(|(index, mined)| self.receipt_view(index, mined))
            .collect()
    }
}

/// A transaction that waits for a block.
pub(crate) fn waiting_view(transaction: &SignedTransaction) -> Transaction {
    Transaction {
        inner: transaction.clone(),
        block_hash: None,
        block_number: None,
        transaction_index: None,
        effective_gas_price: None,
        block_timestamp: None,
    }
}

impl Ledger {
    pub(crate) fn transaction_view(&self, hash: B256) -> Option<Transaction> {
        if let Some((place, block, mined)) = self.chain.transaction(hash) {
            let index = place.index.try_into().unwrap_or(u64::MAX);
            return Some(block.transaction_view(index, mined));
        }
        self.pool.get(hash).map(waiting_view)
    }

    pub(crate) fn receipt_view(&self, hash: B256) -> Option<TransactionReceipt> {
        let (place, block, mined) = self.chain.transaction(hash)?;
        let index = place.index.try_into().unwrap_or(u64::MAX);
        Some(block.receipt_view(index, mined))
    }

    /// The logs that a filter is for, in their order.
    ///
    /// # Errors
    /// [`ChainError::UnknownBlock`], [`ChainError::Range`], [`ChainError::TooManyLogs`].
    pub(crate) fn logs(&self, filter: &Filter) -> Result<Vec<Log>, ChainError> {
        let mut found = Vec::new();
        for block in self.blocks_of(filter)? {
            if !filter.matches_bloom(block.header.logs_bloom) {
                continue;
            }
            for receipt in block.receipts_view() {
                let logs = receipt.inner.logs().iter();
                found.extend(logs.filter(|log| filter.matches(&log.inner)).cloned());
            }
            if found.len() > MOST_LOGS {
                return Err(ChainError::TooManyLogs { limit: MOST_LOGS });
            }
        }
        Ok(found)
    }

    fn blocks_of(&self, filter: &Filter) -> Result<&[MinedBlock], ChainError> {
        let (from, to) = match filter.block_option {
            FilterBlockOption::AtBlockHash(hash) => {
                let number = self.chain.number_of(hash);
                let number = number.ok_or_else(|| ChainError::UnknownBlock {
                    asked: hash.to_string(),
                })?;
                (number, number)
            }
            FilterBlockOption::Range {
                from_block,
                to_block,
            } => (
                self.number_at(from_block.unwrap_or_default()),
                self.number_at(to_block.unwrap_or_default()),
            ),
        };
        if from > to {
            return Err(ChainError::Range { from, to });
        }
        let blocks = self.chain.blocks();
        let index = |number: u64| {
            usize::try_from(number)
                .unwrap_or(usize::MAX)
                .min(blocks.len())
        };
        Ok(blocks
            .get(index(from)..index(to.saturating_add(1)))
            .unwrap_or_default())
    }
}
