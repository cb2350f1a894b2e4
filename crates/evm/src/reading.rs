//! What an escrow and its token say of people, and what the escrow said in its events.

use alloy_primitives::{Address, B256, U256};
use alloy_rpc_types_eth::Log;
use alloy_sol_types::SolEvent;
use serde_json::json;

use crate::bindings::escrow::IEscrow;
use crate::bindings::token::SaleToken;
use crate::client::ChainClient;
use crate::error::EvmError;

/// One investor, as the contract holds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EscrowAccount {
    /// Most that may be accepted.
    pub cap: U256,
    /// What was accepted; nothing once it was paid and nothing needs it any more.
    pub accepted: U256,
}

/// A contribution that the contract took, from its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContributedLog {
    /// Number of its block.
    pub block: u64,
    /// Unix seconds of the block.
    pub timestamp: u64,
    /// Its place among the logs of the block.
    pub log_index: u64,
    /// Its transaction.
    pub transaction: B256,
    /// Who.
    pub investor: Address,
    /// What the investor is admitted for.
    pub cap: u128,
    /// What was sent.
    pub amount: u128,
    /// What was accepted of it.
    pub accepted: u128,
}

impl ChainClient {
    /// One investor of an escrow.
    ///
    /// # Errors
    /// The node does not answer, or there is no escrow.
    pub async fn account(
        &self,
        escrow: Address,
        investor: Address,
    ) -> Result<EscrowAccount, EvmError> {
        let account = self
            .call(escrow, &IEscrow::accountCall { investor })
            .await?;
        Ok(EscrowAccount {
            cap: U256::from(account.cap),
            accepted: U256::from(account.accepted),
        })
    }

    /// Tokens of somebody.
    ///
    /// # Errors
    /// The node does not answer, or there is no token.
    pub async fn token_balance(&self, token: Address, holder: Address) -> Result<U256, EvmError> {
        self.call(token, &SaleToken::balanceOfCall { account: holder })
            .await
    }

    /// What the beneficiary of an escrow got.
    ///
    /// # Errors
    /// The node does not answer.
    pub async fn drawn(&self, escrow: Address) -> Result<U256, EvmError> {
        let logs = self.events::<IEscrow::Drawn>(escrow).await?;
        let amounts = logs.iter().map(|(_, event)| event.amount);
        Ok(amounts.fold(U256::ZERO, U256::saturating_add))
    }

    /// Every contribution that an escrow took, in the order of the chain. For chains whose logs one answer holds; the
    /// follower of a chain asks in parts.
    ///
    /// # Errors
    /// The node does not answer, or leaves out where a log stands.
    pub async fn contributed(&self, escrow: Address) -> Result<Vec<ContributedLog>, EvmError> {
        let logs = self.events::<IEscrow::Contributed>(escrow).await?;
        let read = logs.iter().map(|(log, event)| {
            Some(ContributedLog {
                block: log.block_number?,
                timestamp: log.block_timestamp?,
                log_index: log.log_index?,
                transaction: log.transaction_hash?,
                investor: event.investor,
                cap: u128::try_from(event.cap).ok()?,
                amount: u128::try_from(event.amount).ok()?,
                accepted: u128::try_from(event.accepted).ok()?,
            })
        });
        let read: Option<Vec<_>> = read.collect();
        let mut read = read.ok_or_else(|| EvmError::Node {
            method: "eth_getLogs",
            problem: "a log has no block, time or place".to_owned(),
        })?;
        read.sort_by_key(|log| (log.block, log.log_index));
        Ok(read)
    }

    async fn events<E: SolEvent>(&self, escrow: Address) -> Result<Vec<(Log, E)>, EvmError> {
        let filter = json!({
            "address": escrow,
            "topics": [E::SIGNATURE_HASH],
            "fromBlock": "0x0",
            "toBlock": "latest",
        });
        let logs: Vec<Log> = self.ask("eth_getLogs", (filter,)).await?;
        let decoded = logs.into_iter().map(|log| {
            let event = E::decode_log(&log.inner).map_err(|error| EvmError::NotOurs {
                address: escrow,
                expected: "escrow",
                problem: error.to_string(),
            })?;
            Ok((log, event.data))
        });
        decoded.collect()
    }
}
