//! A block as it stands in the chain.

use alloy_consensus::{
    EMPTY_OMMER_ROOT_HASH, Header, ReceiptEnvelope, Sealable as _, Sealed, TxEnvelope,
    constants::EMPTY_WITHDRAWALS,
    proofs::{calculate_receipt_root, calculate_transaction_root},
    transaction::Recovered,
};
use alloy_eips::{
    eip1559::{BaseFeeParams, calc_next_block_base_fee},
    eip7685::EMPTY_REQUESTS_HASH,
};
use alloy_primitives::{Address, B64, B256, Bloom, Bytes, U256, keccak256};
use alloy_rlp::{Encodable as _, length_of_length};
use revm::context::BlockEnv;
use revm::context_interface::block::BlobExcessGasAndPrice;

use crate::{
    genesis::{FIRST_BASE_FEE, GAS_LIMIT, Genesis},
    state::Undo,
};

/// A transaction with its sender, who signed it.
pub(crate) type SignedTransaction = Recovered<TxEnvelope>;

/// A transaction in a block, and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct MinedTransaction {
    /// As it was sent.
    pub(crate) transaction: SignedTransaction,
    /// Status, gas so far in the block, logs with their bloom.
    pub(crate) receipt: ReceiptEnvelope,
    /// What this one used.
    pub(crate) gas_used: u64,
    /// The contract that it made.
    pub(crate) contract: Option<Address>,
    /// Number in the block of its first log.
    pub(crate) first_log: u64,
}

/// A block, and what it overwrote.
#[derive(Clone, Debug)]
pub(crate) struct MinedBlock {
    /// The header with its hash.
    pub(crate) header: Sealed<Header>,
    /// In their order.
    pub(crate) transactions: Vec<MinedTransaction>,
    pub(crate) undo: Undo,
}

/// What is settled about a block before its transactions are known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outline {
    pub(crate) number: u64,
    pub(crate) timestamp: u64,
    pub(crate) parent: B256,
    pub(crate) base_fee: u64,
    /// How often blocks were dropped before this one. It stands in the header, so that a block that
    /// replaces another one never has its hash.
    pub(crate) branch: u64,
}

impl Outline {
    /// The block after `parent`.
    pub(crate) fn after(parent: &Sealed<Header>, timestamp: u64, branch: u64) -> Self {
        Self {
            number: parent.number.saturating_add(1),
            timestamp,
            parent: parent.hash(),
            base_fee: next_base_fee(parent),
            branch,
        }
    }

    /// What contracts see of the block.
    pub(crate) fn environment(&self) -> BlockEnv {
        BlockEnv {
            number: U256::from(self.number),
            timestamp: U256::from(self.timestamp),
            gas_limit: GAS_LIMIT,
            basefee: self.base_fee,
            prevrandao: Some(self.randomness()),
            blob_excess_gas_and_price: Some(BlobExcessGasAndPrice {
                excess_blob_gas: 0,
                blob_gasprice: 1,
            }),
            ..BlockEnv::default()
        }
    }

    /// What stands in the place of a beacon's randomness. Anybody can compute it beforehand.
    fn randomness(&self) -> B256 {
        keccak256(self.parent)
    }

    /// The finished block.
    pub(crate) fn seal(
        self,
        transactions: Vec<MinedTransaction>,
        undo: Undo,
        state_root: B256,
    ) -> MinedBlock {
        let signed: Vec<&TxEnvelope> = transactions
            .iter()
            .map(|mined| mined.transaction.inner())
            .collect();
        let receipts: Vec<&ReceiptEnvelope> =
            transactions.iter().map(|mined| &mined.receipt).collect();
        let mut logs_bloom = Bloom::ZERO;
        for receipt in &receipts {
            logs_bloom |= *receipt.logs_bloom();
        }
        let header = Header {
            state_root,
            transactions_root: calculate_transaction_root(&signed),
            receipts_root: calculate_receipt_root(&receipts),
            logs_bloom,
            gas_used: transactions.iter().map(|mined| mined.gas_used).sum(),
            ..self.empty_header()
        };
        MinedBlock {
            header: header.seal_slow(),
            transactions,
            undo,
        }
    }

    fn empty_header(&self) -> Header {
        Header {
            parent_hash: self.parent,
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            number: self.number,
            timestamp: self.timestamp,
            gas_limit: GAS_LIMIT,
            base_fee_per_gas: Some(self.base_fee),
            mix_hash: self.randomness(),
            nonce: B64::ZERO,
            extra_data: Bytes::copy_from_slice(&self.branch.to_be_bytes()),
            withdrawals_root: Some(EMPTY_WITHDRAWALS),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(0),
            parent_beacon_block_root: Some(B256::ZERO),
            requests_hash: Some(EMPTY_REQUESTS_HASH),
            ..Header::default()
        }
    }
}

impl MinedBlock {
    /// Block 0. Its parent is a commitment to the chain's number and the first balances.
    pub(crate) fn genesis(genesis: &Genesis) -> Self {
        let mut beginning = genesis.chain_id.to_be_bytes().to_vec();
        for (address, balance) in &genesis.balances {
            beginning.extend_from_slice(address.as_slice());
            beginning.extend_from_slice(&balance.to_be_bytes::<32>());
        }
        let outline = Outline {
            number: 0,
            timestamp: genesis.timestamp,
            parent: B256::ZERO,
            base_fee: FIRST_BASE_FEE,
            branch: 0,
        };
        outline.seal(Vec::new(), Undo::default(), keccak256(beginning))
    }

    /// Length in bytes of the block's RLP: header, transactions, no uncles, no withdrawals.
    #[must_use]
    pub(crate) fn size(&self) -> usize {
        let transactions: usize = self
            .transactions
            .iter()
            .map(|mined| mined.transaction.inner().length())
            .sum();
        let list = length_of_length(transactions).saturating_add(transactions);
        let content = self
            .header
            .inner()
            .length()
            .saturating_add(list)
            .saturating_add(2);
        length_of_length(content).saturating_add(content)
    }
}

/// The base fee of the block after this one, by the rule of EIP-1559: an eighth more after a full
/// block, an eighth less after an empty one, the same when it is half full.
pub(crate) fn next_base_fee(parent: &Header) -> u64 {
    calc_next_block_base_fee(
        parent.gas_used,
        parent.gas_limit,
        parent.base_fee_per_gas.unwrap_or(FIRST_BASE_FEE),
        BaseFeeParams::ethereum(),
    )
}

/// The hash of a block for contracts; zero where there is none.
pub(crate) fn hash_at(blocks: &[MinedBlock], number: u64) -> B256 {
    usize::try_from(number)
        .ok()
        .and_then(|index| blocks.get(index))
        .map_or(B256::ZERO, |block| block.header.hash())
}
