//! Reading a chain and sending to it, over any transport of alloy.

use std::{sync::Arc, time::Duration};

use alloy_consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718 as _;
use alloy_json_rpc::{RpcRecv, RpcSend};
use alloy_network::TxSigner;
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U64, U256};
use alloy_rpc_client::RpcClient;
use alloy_rpc_types_eth::{Block, TransactionReceipt, TransactionRequest};
use alloy_sol_types::SolCall;
use softcap_chain::{InProcess, Node};

use crate::{error::EvmError, http::HttpTransport};

/// How long a transaction is waited for.
const WAIT_SECONDS: u64 = 180;
/// Gas beyond the estimate, in parts of a hundred: other transactions of the block may make it dearer.
const MARGIN_PERCENT: u64 = 20;
/// What is offered above the base fee where the node names no tip, in wei.
const USUAL_TIP: u128 = 1_000_000_000;

/// One node of a chain.
#[derive(Clone, Debug)]
pub struct ChainClient {
    rpc: RpcClient,
}

/// A transaction that is not signed yet.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it is for, for people.
    pub what: &'static str,
    /// Who sends it.
    pub from: Address,
    /// The contract; creation of one without.
    pub to: TxKind,
    /// Coin that goes along.
    pub value: U256,
    /// Calldata or bytecode.
    pub data: Bytes,
}

/// What a transaction costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// What it used when it was tried.
    pub gas: u64,
    /// Most it may use.
    pub gas_limit: u64,
    /// Price of gas of the newest block and the tip, in wei.
    pub gas_price: u128,
    /// Most it may cost.
    pub max_gas_price: u128,
    /// The tip in it.
    pub tip: u128,
}

impl Cost {
    /// What it costs at today's price, in wei.
    pub fn expected(&self) -> U256 {
        U256::from(self.gas) * U256::from(self.gas_price)
    }

    /// What it costs at most, in wei.
    pub fn most(&self) -> U256 {
        U256::from(self.gas_limit) * U256::from(self.max_gas_price)
    }
}

/// Number and time of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number.
    pub number: u64,
    /// Its timestamp in unix seconds.
    pub timestamp: u64,
    /// Its base fee in wei.
    pub base_fee: u128,
}

impl ChainClient {
    /// Over any transport.
    pub fn new(rpc: RpcClient) -> Self {
        Self { rpc }
    }

    /// Of a chain in this process.
    pub fn in_process(node: Arc<Node>) -> Self {
        Self::new(RpcClient::new(InProcess::new(node), true))
    }

    /// Over HTTP or HTTPS.
    ///
    /// # Errors
    /// [`EvmError::Address`].
    pub fn http(url: &str) -> Result<Self, EvmError> {
        Ok(Self::new(RpcClient::new(HttpTransport::new(url)?, false)))
    }

    pub(crate) async fn ask<P: RpcSend + 'static, R: RpcRecv>(
        &self,
        method: &'static str,
        params: P,
    ) -> Result<R, EvmError> {
        let answer = self.rpc.request(method, params).await;
        answer.map_err(|error| EvmError::node(method, &error))
    }

    /// Number of the chain.
    ///
    /// # Errors
    /// [`EvmError::Node`], as of all that read.
    pub async fn chain_id(&self) -> Result<u64, EvmError> {
        let id: U64 = self.ask("eth_chainId", ()).await?;
        Ok(id.to())
    }

    /// The newest block.
    ///
    /// # Errors
    /// [`EvmError::Node`].
    pub async fn head(&self) -> Result<Head, EvmError> {
        let block: Block<B256> = self.ask("eth_getBlockByNumber", ("latest", false)).await?;
        Ok(Head {
            number: block.header.number,
            timestamp: block.header.timestamp,
            base_fee: block.header.base_fee_per_gas.unwrap_or_default().into(),
        })
    }

    /// Coin of an account, in wei.
    ///
    /// # Errors
    /// [`EvmError::Node`].
    pub async fn balance(&self, account: Address) -> Result<U256, EvmError> {
        self.ask("eth_getBalance", (account, "latest")).await
    }

    /// Code at an address; empty if there is none.
    ///
    /// # Errors
    /// [`EvmError::Node`].
    pub async fn code(&self, address: Address) -> Result<Bytes, EvmError> {
        self.ask("eth_getCode", (address, "latest")).await
    }

    /// Asks a contract something.
    ///
    /// # Errors
    /// [`EvmError::Refused`] when it reverts, [`EvmError::NotOurs`] when what it answers is something else.
    pub async fn call<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return, EvmError> {
        let answer = self.answer(to, C::SIGNATURE, call.abi_encode().into());
        let answer = answer.await?;
        C::abi_decode_returns(&answer).map_err(|_| EvmError::NotOurs {
            address: to,
            expected: "contract",
            problem: format!("it does not answer {}", C::SIGNATURE),
        })
    }

    /// What a contract answers to some calldata.
    pub(crate) async fn answer(
        &self,
        to: Address,
        what: &'static str,
        data: Bytes,
    ) -> Result<Bytes, EvmError> {
        let request = TransactionRequest {
            to: Some(TxKind::Call(to)),
            input: data.into(),
            ..TransactionRequest::default()
        };
        let answer = self.rpc.request("eth_call", (request, "latest")).await;
        answer.map_err(|error| EvmError::refusal(what, "eth_call", &error))
    }

    /// Tries a transaction without sending it, and says what it costs.
    ///
    /// # Errors
    /// [`EvmError::Refused`] with the contract's reason when it would fail.
    pub async fn try_out(&self, draft: &Draft) -> Result<Cost, EvmError> {
        let request = TransactionRequest {
            from: Some(draft.from),
            to: Some(draft.to),
            value: Some(draft.value),
            input: draft.data.clone().into(),
            ..TransactionRequest::default()
        };
        let gas = self.rpc.request("eth_estimateGas", (request,)).await;
        let gas: U64 =
            gas.map_err(|error| EvmError::refusal(draft.what, "eth_estimateGas", &error))?;
        self.price(gas.to()).await
    }

    /// What so much gas costs here and now.
    ///
    /// # Errors
    /// [`EvmError::Node`].
    pub async fn price(&self, gas: u64) -> Result<Cost, EvmError> {
        let head = self.head().await?;
        let tip: Result<U256, EvmError> = self.ask("eth_maxPriorityFeePerGas", ()).await;
        let tip = tip.ok().and_then(|tip| u128::try_from(tip).ok());
        let tip = tip.unwrap_or(USUAL_TIP);
        Ok(Cost {
            gas,
            gas_limit: gas.saturating_add(gas.saturating_mul(MARGIN_PERCENT) / 100),
            gas_price: head.base_fee.saturating_add(tip),
            // The base fee doubles in six full blocks.
            max_gas_price: head.base_fee.saturating_mul(2).saturating_add(tip),
            tip,
        })
    }

    /// Signs and sends a transaction that was tried, and waits until it is in a block.
    ///
    /// # Errors
    /// [`EvmError::NoCoin`] before anything is sent; [`EvmError::Waiting`] with the hash when it is in no block in
    /// time, [`EvmError::Failed`] when it is in one and reverted.
    pub async fn send(
        &self,
        draft: &Draft,
        cost: &Cost,
        signer: &(impl TxSigner<Signature> + Sync),
    ) -> Result<TransactionReceipt, EvmError> {
        let hash = self.submit(draft, cost, signer).await?;
        let mut waited = 0;
        loop {
            let found: Option<TransactionReceipt> =
                self.ask("eth_getTransactionReceipt", (hash,)).await?;
            match found {
                Some(receipt) if receipt.status() => return Ok(receipt),
                Some(_) => {
                    return Err(EvmError::Failed {
                        what: draft.what,
                        transaction: hash,
                    });
                }
                None if waited == WAIT_SECONDS => {
                    return Err(EvmError::Waiting {
                        what: draft.what,
                        transaction: hash,
                        seconds: WAIT_SECONDS,
                    });
                }
                None => tokio::time::sleep(Duration::from_secs(1)).await,
            }
            waited += 1;
        }
    }

    /// Signs and sends; the hash.
    async fn submit(
        &self,
        draft: &Draft,
        cost: &Cost,
        signer: &(impl TxSigner<Signature> + Sync),
    ) -> Result<B256, EvmError> {
        let balance = self.balance(draft.from).await?;
        let needed = cost.most().saturating_add(draft.value);
        if balance < needed {
            return Err(EvmError::NoCoin {
                sender: draft.from,
                balance,
                needed,
            });
        }
        let nonce: U64 = self
            .ask("eth_getTransactionCount", (draft.from, "pending"))
            .await?;
        let mut transaction = TxEip1559 {
            chain_id: self.chain_id().await?,
            nonce: nonce.to(),
            gas_limit: cost.gas_limit,
            max_fee_per_gas: cost.max_gas_price,
            max_priority_fee_per_gas: cost.tip,
            to: draft.to,
            value: draft.value,
            input: draft.data.clone(),
            ..TxEip1559::default()
        };
        let signature = signer.sign_transaction(&mut transaction).await;
        let signature = signature.map_err(|error| EvmError::Signer {
            problem: error.to_string(),
        })?;
        let signed = TxEnvelope::from(transaction.into_signed(signature));
        let raw = Bytes::from(signed.encoded_2718());
        self.ask("eth_sendRawTransaction", (raw,)).await
    }
}
