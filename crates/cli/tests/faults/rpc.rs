//! A node's JSON-RPC over plain sockets, and transactions as its funded accounts sign them.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::LazyLock,
};

use alloy_consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718 as _;
use alloy_network::TxSignerSync as _;
use alloy_primitives::{Bytes, TxKind, U256};
use serde_json::{Value, json};
use softcap_chain::{DevelopmentAccount, development_accounts};

/// The funded accounts, of the words that Hardhat, Anvil and `softcap chain` use.
pub(crate) static ACCOUNTS: LazyLock<Vec<DevelopmentAccount>> =
    LazyLock::new(|| development_accounts(10).unwrap());

/// One request; nothing where the connection broke.
pub(crate) fn call(address: &str, method: &str, params: &Value) -> Option<Value> {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    let mut socket = TcpStream::connect(address).ok()?;
    let request = format!(
        "POST / HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).ok()?;
    serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
}

/// A transaction as an account of the chain signs it.
pub(crate) fn signed_to(
    account: usize,
    nonce: u64,
    to: TxKind,
    value: U256,
    data: Bytes,
) -> String {
    let mut transaction = TxEip1559 {
        chain_id: 31_337,
        nonce,
        gas_limit: 30_000_000,
        max_fee_per_gas: 2_000_000_000,
        to,
        value,
        input: data,
        ..TxEip1559::default()
    };
    let signer = ACCOUNTS[account].signer();
    let signature = signer.sign_transaction_sync(&mut transaction).unwrap();
    let envelope = TxEnvelope::from(transaction.into_signed(signature));
    Bytes::from(envelope.encoded_2718()).to_string()
}

pub(crate) fn quantity(value: &Value) -> u64 {
    let text = value.as_str().unwrap_or_else(|| panic!("{value}"));
    u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap()
}

pub(crate) fn next_nonce(address: &str, account: usize) -> Option<u64> {
    let account = ACCOUNTS[account].address().to_string();
    let answer = call(
        address,
        "eth_getTransactionCount",
        &json!([account, "pending"]),
    )?;
    Some(quantity(&answer["result"]))
}
