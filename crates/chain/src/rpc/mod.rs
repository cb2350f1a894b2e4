//! JSON-RPC 2.0: from a request to its answer. Knows no network.

mod arguments;
mod batch;
mod command;
mod method;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_rpc_types_eth::{BlockTransactionsKind, Filter, TransactionRequest};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::{
    block::MinedBlock,
    error::ChainError,
    fee::PROPOSED_TIP,
    node::{Ledger, Node},
    state::StateAt,
};
use arguments::{Arguments, Quantity};
use method::{Method, Question};

pub(crate) use wire::WireError;

/// Whether time, blocks and branches may be controlled by requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// By whoever can reach the chain.
    Offered,
    /// By nobody.
    Withheld,
}

/// Answers requests about a chain.
#[derive(Clone, Debug)]
pub(crate) struct Rpc {
    node: Arc<Node>,
    control: Control,
}

type Answer = Result<Box<RawValue>, ChainError>;

impl Rpc {
    pub(crate) fn new(node: Arc<Node>, control: Control) -> Self {
        Self { node, control }
    }

    /// The result of a method, as JSON.
    pub(crate) fn answer(&self, method: &str, params: Option<&RawValue>) -> Answer {
        match Method::parse(method)? {
            Method::Question(question) => self.question(question, &Arguments::parse(params)?),
            Method::Command(command) if self.control == Control::Withheld => {
                Err(ChainError::NotControlled {
                    method: command.name(),
                })
            }
            Method::Command(command) => {
                command::answer(&self.node, command, &Arguments::parse(params)?)
            }
        }
    }

    fn question(&self, question: Question, arguments: &Arguments<'_>) -> Answer {
        if question == Question::SendRawTransaction {
            let bytes: Bytes = arguments.required(0, "signed transaction")?;
            return json(&self.node.submit(&bytes)?);
        }
        let ledger = self.node.read();
        match question {
            Question::SendRawTransaction | Question::ChainId => {
                json(&U64::from(self.node.chain_id()))
            }
            Question::NetVersion => json(&self.node.chain_id().to_string()),
            Question::ClientVersion => json(&concat!("softcap-chain/", env!("CARGO_PKG_VERSION"))),
            // The node holds no keys: wallets and programs sign by themselves.
            Question::Accounts => json(&[Address::ZERO; 0]),
            Question::Syncing => json(&false),
            Question::BlockNumber => json(&U64::from(ledger.chain.newest().number)),
            Question::GasPrice => json(&U256::from(ledger.gas_price())),
            Question::MaxPriorityFeePerGas => json(&U256::from(PROPOSED_TIP)),
            Question::FeeHistory => fee_history(&ledger, arguments),
            Question::GetBalance => {
                let (address, state) = account(&ledger, arguments, 1)?;
                json(
                    &state
                        .account(address)
                        .map_or(U256::ZERO, |info| info.balance),
                )
            }
            Question::GetCode => {
                let (address, state) = account(&ledger, arguments, 1)?;
                json(&state.code_of(address).original_bytes())
            }
            Question::GetStorageAt => {
                let (address, state) = account(&ledger, arguments, 2)?;
                let slot: U256 = arguments.required(1, "slot")?;
                json(&B256::from(state.slot(address, slot)))
            }
            Question::GetTransactionCount => transaction_count(&ledger, arguments),
            Question::Call => call(&ledger, arguments),
            Question::EstimateGas => estimate(&ledger, arguments),
            Question::GetLogs => {
                let filter: Filter = arguments.required(0, "filter")?;
                json(&ledger.logs(&filter)?)
            }
            Question::GetTransactionByHash => {
                json(&ledger.transaction_view(arguments.required(0, "hash")?))
            }
            Question::GetTransactionReceipt => {
                json(&ledger.receipt_view(arguments.required(0, "hash")?))
            }
            Question::GetBlockByNumber => {
                let tag: BlockNumberOrTag = arguments.required(0, "block number")?;
                block(&ledger, tag.into(), arguments)
            }
            Question::GetBlockByHash => {
                let hash: B256 = arguments.required(0, "hash")?;
                block(&ledger, hash.into(), arguments)
            }
            Question::GetBlockReceipts => {
                let id: BlockId = arguments.required(0, "block")?;
                json(&found(&ledger, id).map(MinedBlock::receipts_view))
            }
        }
    }
}

fn json<T: Serialize + ?Sized>(value: &T) -> Answer {
    to_raw_value(value).map_err(|error| ChainError::Defect {
        problem: error.to_string(),
    })
}

/// The account of the first argument, and the state after the block that another one names.
fn account<'a>(
    ledger: &'a Ledger,
    arguments: &Arguments<'_>,
    block_at: usize,
) -> Result<(Address, StateAt<'a>), ChainError> {
    let address = arguments.required(0, "address")?;
    let block: BlockId = arguments.optional(block_at, "block")?.unwrap_or_default();
    Ok((address, ledger.chain.state_at(ledger.existing(block)?)))
}

fn transaction_count(ledger: &Ledger, arguments: &Arguments<'_>) -> Answer {
    let (address, state) = account(ledger, arguments, 1)?;
    let block: Option<BlockId> = arguments.optional(1, "block")?;
    let count = if block.is_some_and(|block| block.is_pending()) {
        ledger.next_nonce(address)
    } else {
        state.account(address).map_or(0, |info| info.nonce)
    };
    json(&U64::from(count))
}

fn fee_history(ledger: &Ledger, arguments: &Arguments<'_>) -> Answer {
    let Quantity(count) = arguments.required(0, "block count")?;
    let newest: BlockNumberOrTag = arguments.required(1, "newest block")?;
    let percentiles: Option<Vec<f64>> = arguments.optional(2, "reward percentiles")?;
    json(&ledger.fee_history(count, newest, &percentiles.unwrap_or_default())?)
}

fn call(ledger: &Ledger, arguments: &Arguments<'_>) -> Answer {
    let request: TransactionRequest = arguments.required(0, "call")?;
    let block: BlockId = arguments.optional(1, "block")?.unwrap_or_default();
    arguments.refuse(2, "state overrides")?;
    json(&ledger.call(&request, ledger.scene(block)?)?)
}

/// Without a block the estimate is for the next one: an offering that has opened since the newest block was
/// made takes contributions in the next.
fn estimate(ledger: &Ledger, arguments: &Arguments<'_>) -> Answer {
    let request: TransactionRequest = arguments.required(0, "call")?;
    let block: Option<BlockId> = arguments.optional(1, "block")?;
    arguments.refuse(2, "state overrides")?;
    let scene = ledger.scene(block.unwrap_or(BlockId::pending()))?;
    json(&U64::from(ledger.estimate(&request, scene)?))
}

fn block(ledger: &Ledger, id: BlockId, arguments: &Arguments<'_>) -> Answer {
    let full: Option<bool> = arguments.optional(1, "whether with transactions")?;
    let kind = match full {
        Some(true) => BlockTransactionsKind::Full,
        Some(false) | None => BlockTransactionsKind::Hashes,
    };
    json(&found(ledger, id).map(|block| block.view(kind)))
}

/// A block, or nothing where there is none: nodes answer `null` then.
fn found(ledger: &Ledger, id: BlockId) -> Option<&MinedBlock> {
    ledger.chain.block(ledger.existing(id).ok()?)
}
