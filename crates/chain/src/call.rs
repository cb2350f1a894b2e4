//! Execution without a transaction: `eth_call` and `eth_estimateGas`.

use alloy_primitives::{Bytes, TxKind, U256};
use alloy_rpc_types_eth::TransactionRequest;
use revm::{
    ExecuteEvm as _,
    context::{
        BlockEnv, TxEnv,
        result::{EVMError, ExecutionResult},
    },
    database_interface::WrapDatabaseRef,
};

use crate::{
    error::ChainError,
    execution::{self, Machine, Offer, invalid_transaction, machine, rules},
    genesis::GAS_LIMIT,
    node::Ledger,
    state::StateAt,
};

/// Gas of a transfer to an account without code.
const TRANSFER: u64 = 21_000;
/// An estimate may be this much too high, as a part of it: 1 in 64. Exactness costs more runs.
const TOLERANCE: u64 = 64;

/// In which block something is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scene {
    /// As the last thing in this block.
    After(u64),
    /// In the block that comes next, at the time that it would have now.
    Next,
}

impl Ledger {
    /// What a call returns.
    ///
    /// # Errors
    /// [`ChainError::Reverted`], [`ChainError::Halted`], and what a transaction is refused for.
    pub(crate) fn call(
        &self,
        request: &TransactionRequest,
        scene: Scene,
    ) -> Result<Bytes, ChainError> {
        let mut stage = self.stage(request, scene);
        let call = stage.environment(request)?;
        execution::output(stage.run(&call)?)
    }

    /// Gas with which a call succeeds.
    ///
    /// # Errors
    /// As [`Ledger::call`], when it succeeds with no gas.
    pub(crate) fn estimate(
        &self,
        request: &TransactionRequest,
        scene: Scene,
    ) -> Result<u64, ChainError> {
        let mut stage = self.stage(request, scene);
        let mut call = stage.environment(request)?;
        let result = stage.run(&call)?;
        let used = result.tx_gas_used();
        execution::output(result)?;
        if used == TRANSFER {
            return Ok(TRANSFER);
        }
        let mut enough = call.gas_limit;
        // Code sees how much gas is left, and a call gets at most 63 of 64 parts of it (EIP-150): what was used
        // need not be enough.
        let mut too_little = used.saturating_sub(1);
        while enough.saturating_sub(too_little) > enough.div_ceil(TOLERANCE) {
            let halfway = too_little.saturating_add(enough.saturating_sub(too_little).div_ceil(2));
            // The answer is most often near what was used.
            call.gas_limit = halfway.min(too_little.saturating_mul(2)).max(TRANSFER);
            if stage.run(&call).is_ok_and(|result| result.is_success()) {
                enough = call.gas_limit;
            } else {
                too_little = call.gas_limit;
            }
        }
        Ok(enough)
    }

    fn stage(&self, request: &TransactionRequest, scene: Scene) -> Stage<'_> {
        let newest = self.chain.newest().number;
        let (number, mut block) = match scene {
            Scene::After(number) => (number, self.environment_of(number)),
            Scene::Next => {
                let outline = self.chain.next(self.next_timestamp());
                (newest, outline.environment())
            }
        };
        let base_fee = block.basefee;
        // Whoever names no price pays none, as on other nodes.
        if price(request) == 0 {
            block.basefee = 0;
        }
        let mut rules = rules(self.chain.genesis().chain_id);
        rules.disable_nonce_check = true;
        rules.disable_eip3607 = true;
        let state = self.chain.state_at(number);
        Stage {
            base_fee,
            machine: machine(WrapDatabaseRef(state), rules, block),
        }
    }

    /// What code in a block saw of it.
    fn environment_of(&self, number: u64) -> BlockEnv {
        let Some(block) = self.chain.block(number) else {
            return BlockEnv::default();
        };
        BlockEnv {
            number: U256::from(block.header.number),
            timestamp: U256::from(block.header.timestamp),
            gas_limit: block.header.gas_limit,
            basefee: block.header.base_fee_per_gas.unwrap_or_default(),
            prevrandao: Some(block.header.mix_hash),
            ..self.chain.next(block.header.timestamp).environment()
        }
    }
}

fn price(request: &TransactionRequest) -> u128 {
    request.max_fee_per_gas.or(request.gas_price).unwrap_or(0)
}

/// A machine over one state, for one call after the other. Nothing stays.
struct Stage<'a> {
    base_fee: u64,
    machine: Machine<WrapDatabaseRef<StateAt<'a>>>,
}

impl Stage<'_> {
    fn run(&mut self, call: &TxEnv) -> Result<ExecutionResult, ChainError> {
        match self.machine.transact(call.clone()) {
            Ok(done) => Ok(done.result),
            Err(EVMError::Transaction(invalid)) => Err(invalid_transaction(
                invalid,
                Offer {
                    nonce: call.nonce,
                    base_fee: self.base_fee,
                },
            )),
            Err(other) => Err(ChainError::Defect {
                problem: other.to_string(),
            }),
        }
    }

    /// The call as the machine takes it. Without a limit it gets as much gas as a block has, or as its sender can
    /// pay at the price named.
    fn environment(&self, request: &TransactionRequest) -> Result<TxEnv, ChainError> {
        if request.authorization_list.is_some() || request.blob_versioned_hashes.is_some() {
            return Err(ChainError::Unsupported {
                kind: "blobs or set code",
            });
        }
        let state = &self.machine.ctx.journaled_state.database.0;
        let caller = request.from.unwrap_or_default();
        let account = state.account(caller).unwrap_or_default();
        let value = request.value.unwrap_or_default();
        let price = price(request);
        let affordable = account
            .balance
            .checked_sub(value)
            .and_then(|left| left.checked_div(U256::from(price)))
            .map_or(u64::MAX, |gas| gas.saturating_to());
        let gas_limit = request.gas.unwrap_or(u64::MAX).min(affordable);
        let call = TxEnv::builder()
            .caller(caller)
            .kind(request.to.unwrap_or(TxKind::Create))
            .value(value)
            .data(request.input.input().cloned().unwrap_or_default())
            .gas_limit(gas_limit.min(GAS_LIMIT))
            .gas_price(price)
            .gas_priority_fee(request.max_priority_fee_per_gas)
            .nonce(request.nonce.unwrap_or(account.nonce))
            .chain_id(request.chain_id.or(Some(self.machine.ctx.cfg.chain_id)))
            .access_list(request.access_list.clone().unwrap_or_default())
            .build();
        call.map_err(|error| ChainError::Invalid {
            rule: format!("{error:?}"),
        })
    }
}
