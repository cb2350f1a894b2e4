//! Chains, wallets and transactions for the tests.

use std::{path::Path, sync::Arc};

use alloy_consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718 as _;
use alloy_network::{EthereumWallet, TxSignerSync as _};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_provider::{Provider, ProviderBuilder};
use alloy_rpc_client::RpcClient;
use softcap_chain::{Blocks, Clock, InProcess, Node, Settings};

/// 1 January 2030.
pub(crate) const BEGINNING: u64 = 1_893_456_000;

/// A clock that stands still, so that a run is like every other.
pub(crate) fn settings() -> Settings {
    Settings {
        clock: Clock::Still(BEGINNING),
        ..Settings::default()
    }
}

pub(crate) fn node() -> Arc<Node> {
    Arc::new(Node::in_memory(&settings()).unwrap())
}

/// A chain whose blocks come when they are asked for.
pub(crate) fn slow_node() -> Arc<Node> {
    let settings = Settings {
        blocks: Blocks::WhenTold,
        ..settings()
    };
    Arc::new(Node::in_memory(&settings).unwrap())
}

pub(crate) fn open(folder: &Path) -> Arc<Node> {
    Arc::new(Node::open(folder, &settings()).unwrap())
}

pub(crate) fn client(node: &Arc<Node>) -> RpcClient {
    RpcClient::new(InProcess::new(Arc::clone(node)), true)
        .with_poll_interval(std::time::Duration::from_millis(1))
}

/// A provider that signs for the first account.
pub(crate) fn provider(node: &Arc<Node>) -> impl Provider + Clone {
    let wallet = EthereumWallet::from(node.accounts()[0].signer().clone());
    ProviderBuilder::new()
        .wallet(wallet)
        .connect_client(client(node))
}

/// A transaction of which only some parts matter.
pub(crate) fn draft(nonce: u64) -> TxEip1559 {
    TxEip1559 {
        chain_id: 31_337,
        nonce,
        gas_limit: 200_000,
        max_fee_per_gas: 100_000_000_000,
        max_priority_fee_per_gas: 1,
        to: TxKind::Call(Address::repeat_byte(0x77)),
        value: U256::from(5),
        ..TxEip1559::default()
    }
}

/// As an account of the chain signs it.
pub(crate) fn signed(node: &Node, account: usize, mut transaction: TxEip1559) -> Bytes {
    let signer = node.accounts()[account].signer();
    let signature = signer.sign_transaction_sync(&mut transaction).unwrap();
    let envelope = TxEnvelope::from(transaction.into_signed(signature));
    Bytes::from(envelope.encoded_2718())
}

/// Sends a transfer of 5 wei.
pub(crate) fn transfer(node: &Node, account: usize, nonce: u64) -> B256 {
    node.submit(&signed(node, account, draft(nonce))).unwrap()
}

/// The code of the error that a transaction is refused with.
pub(crate) fn refused(node: &Node, bytes: &[u8]) -> String {
    node.submit(bytes).unwrap_err().to_string()[..4].to_owned()
}
