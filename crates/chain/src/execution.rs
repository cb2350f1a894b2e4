//! Transactions on the machine: revm with the rules of the fork Prague.

use alloy_consensus::{
    Eip658Value, Receipt, ReceiptEnvelope, ReceiptWithBloom, Transaction as _, TxEnvelope,
};
use alloy_primitives::{Log, U256, logs_bloom};
use revm::{
    Context, Database, ExecuteCommitEvm as _, MainBuilder as _, MainContext as _, MainnetEvm,
    context::{
        BlockEnv, CfgEnv,
        result::{EVMError, ExecutionResult, InvalidTransaction},
    },
    handler::MainnetContext,
    primitives::hardfork::SpecId,
};

use crate::{
    block::{MinedTransaction, SignedTransaction},
    error::ChainError,
    genesis::GAS_LIMIT,
    state::Draft,
    transaction::{created, environment},
};

/// The machine over a database.
pub(crate) type Machine<D> = MainnetEvm<MainnetContext<D>>;

/// The rules for transactions in blocks.
pub(crate) fn rules(chain_id: u64) -> CfgEnv {
    CfgEnv::new_with_spec(SpecId::PRAGUE).with_chain_id(chain_id)
}

pub(crate) fn machine<D: Database>(database: D, rules: CfgEnv, block: BlockEnv) -> Machine<D> {
    Context::mainnet()
        .with_db(database)
        .with_cfg(rules)
        .with_block(block)
        .build_mainnet()
}

/// What came of the transactions that were to go into a block.
#[derive(Debug, Default)]
pub(crate) struct Executed {
    pub(crate) mined: Vec<MinedTransaction>,
    /// Not valid in this block: with the reason.
    pub(crate) refused: Vec<(SignedTransaction, ChainError)>,
    /// Valid by itself; the block had no room for it.
    pub(crate) left: Vec<SignedTransaction>,
}

/// Executes transactions one after the other.
pub(crate) fn execute(
    machine: &mut Machine<Draft<'_>>,
    base_fee: u64,
    candidates: Vec<SignedTransaction>,
) -> Executed {
    let mut executed = Executed::default();
    let mut gas_so_far = 0_u64;
    let mut logs_so_far = 0_u64;
    let mut candidates = candidates.into_iter();
    while let Some(transaction) = candidates.next() {
        let limit = transaction.inner().gas_limit();
        if limit <= GAS_LIMIT && gas_so_far.saturating_add(limit) > GAS_LIMIT {
            // All later ones wait too: those of one sender must keep their order.
            executed.left.push(transaction);
            executed.left.extend(candidates);
            break;
        }
        match machine.transact_commit(environment(&transaction)) {
            Ok(result) => {
                let gas_used = result.tx_gas_used();
                gas_so_far = gas_so_far.saturating_add(gas_used);
                let success = result.is_success();
                // What reverts logs nothing.
                let logs = if success {
                    result.into_logs()
                } else {
                    Vec::new()
                };
                let first_log = logs_so_far;
                logs_so_far = logs_so_far.saturating_add(logs.len().try_into().unwrap_or(u64::MAX));
                executed.mined.push(MinedTransaction {
                    receipt: receipt(transaction.inner(), success, gas_so_far, logs),
                    gas_used,
                    contract: created(&transaction).filter(|_| success),
                    first_log,
                    transaction,
                });
            }
            Err(error) => {
                let reason = refusal(error, &transaction, base_fee);
                executed.refused.push((transaction, reason));
            }
        }
    }
    executed
}

fn receipt(
    envelope: &TxEnvelope,
    success: bool,
    cumulative_gas_used: u64,
    logs: Vec<Log>,
) -> ReceiptEnvelope {
    let logs_bloom = logs_bloom(&logs);
    let receipt = ReceiptWithBloom {
        receipt: Receipt {
            status: Eip658Value::Eip658(success),
            cumulative_gas_used,
            logs,
        },
        logs_bloom,
    };
    match envelope {
        TxEnvelope::Legacy(_) => ReceiptEnvelope::Legacy(receipt),
        TxEnvelope::Eip2930(_) => ReceiptEnvelope::Eip2930(receipt),
        TxEnvelope::Eip1559(_) => ReceiptEnvelope::Eip1559(receipt),
        TxEnvelope::Eip4844(_) => ReceiptEnvelope::Eip4844(receipt),
        TxEnvelope::Eip7702(_) => ReceiptEnvelope::Eip7702(receipt),
    }
}

/// Why the machine does not take a transaction.
fn refusal<E: std::fmt::Display>(
    error: EVMError<E>,
    transaction: &SignedTransaction,
    base_fee: u64,
) -> ChainError {
    let envelope = transaction.inner();
    match error {
        EVMError::Transaction(invalid) => invalid_transaction(
            invalid,
            Offer {
                nonce: envelope.nonce(),
                base_fee,
            },
        ),
        EVMError::Header(error) => defect(&error),
        EVMError::Database(error) => defect(&error),
        EVMError::Custom(problem) => ChainError::Defect { problem },
        EVMError::CustomAny(error) => defect(&error),
    }
}

fn defect(error: &impl std::fmt::Display) -> ChainError {
    ChainError::Defect {
        problem: error.to_string(),
    }
}

/// What a refusal names beside what the machine says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer {
    pub(crate) nonce: u64,
    pub(crate) base_fee: u64,
}

/// The refusals of the machine in the words of other nodes.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "not our enum: what other nodes have no words for is said in those of the machine"
)]
pub(crate) fn invalid_transaction(invalid: InvalidTransaction, offer: Offer) -> ChainError {
    match invalid {
        InvalidTransaction::NonceTooLow { tx, state } => ChainError::NonceTooLow {
            nonce: tx,
            expected: state,
        },
        InvalidTransaction::NonceTooHigh { tx, state } => ChainError::NonceTooHigh {
            nonce: tx,
            expected: state,
        },
        InvalidTransaction::GasPriceLessThanBasefee => ChainError::Underpriced {
            base_fee: offer.base_fee,
        },
        InvalidTransaction::LackOfFundForMaxFee { fee, balance } => ChainError::Funds {
            balance: *balance,
            needed: *fee,
        },
        InvalidTransaction::OverflowPaymentInTransaction => ChainError::Funds {
            balance: U256::ZERO,
            needed: U256::MAX,
        },
        InvalidTransaction::CallerGasLimitMoreThanBlock => {
            ChainError::GasLimit { limit: GAS_LIMIT }
        }
        InvalidTransaction::CallGasCostMoreThanGasLimit {
            initial_gas,
            gas_limit,
        } => ChainError::IntrinsicGas {
            given: gas_limit,
            needed: initial_gas,
        },
        InvalidTransaction::GasFloorMoreThanGasLimit {
            gas_floor,
            gas_limit,
        } => ChainError::IntrinsicGas {
            given: gas_limit,
            needed: gas_floor,
        },
        other => ChainError::Invalid {
            rule: format!("{other} (nonce {})", offer.nonce),
        },
    }
}

/// What a call returned.
///
/// # Errors
/// [`ChainError::Reverted`], [`ChainError::Halted`].
pub(crate) fn output(result: ExecutionResult) -> Result<alloy_primitives::Bytes, ChainError> {
    match result {
        ExecutionResult::Success { output, .. } => Ok(output.into_data()),
        ExecutionResult::Revert { output, .. } => Err(ChainError::Reverted {
            reason: reason(&output),
            data: output,
        }),
        ExecutionResult::Halt { reason, .. } => Err(ChainError::Halted {
            cause: format!("{reason:?}"),
        }),
    }
}

/// The text of Solidity's `Error(string)`, or the number of its `Panic(uint256)`.
fn reason(data: &[u8]) -> Option<String> {
    const ERROR: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];
    const PANIC: [u8; 4] = [0x4e, 0x48, 0x7b, 0x71];
    let (selector, rest) = data.split_first_chunk::<4>()?;
    match *selector {
        ERROR => {
            let word = |at: usize| {
                let bytes = rest.get(at..at.checked_add(32)?)?;
                usize::try_from(U256::from_be_slice(bytes)).ok()
            };
            let place = word(0)?;
            let length = word(place)?;
            let begin = place.checked_add(32)?;
            let text = rest.get(begin..begin.checked_add(length)?)?;
            Some(String::from_utf8_lossy(text).into_owned())
        }
        PANIC => Some(format!("panic code {:#x}", U256::try_from_be_slice(rest)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Encodings as in the Solidity documentation, "Panic via assert and Error via require".
    #[test]
    fn a_reason_is_read_where_there_is_one() {
        let error = alloy_primitives::hex!(
            "08c379a0"
            "0000000000000000000000000000000000000000000000000000000000000020"
            "000000000000000000000000000000000000000000000000000000000000001a"
            "4e6f7420656e6f7567682045746865722070726f76696465642e000000000000"
        );
        assert_eq!(
            reason(&error).as_deref(),
            Some("Not enough Ether provided.")
        );
        let panic = alloy_primitives::hex!(
            "4e487b71"
            "0000000000000000000000000000000000000000000000000000000000000011"
        );
        assert_eq!(reason(&panic).as_deref(), Some("panic code 0x11"));
        assert_eq!(reason(&error[..40]), None);
        assert_eq!(reason(&[]), None);
        let mut endless = error;
        endless[4..36].fill(0xff);
        assert_eq!(reason(&endless), None);
    }
}
