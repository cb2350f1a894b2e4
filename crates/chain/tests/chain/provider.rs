//! Blocks, transactions and accounts through a provider.

use std::{sync::Arc, thread};

use alloy_consensus::{
    BlockHeader as _, Header, SignableTransaction as _, TxEip1559, TxEip2930, TxEnvelope, TxLegacy,
    proofs::calculate_transaction_root,
};
use alloy_eips::{BlockNumberOrTag, eip2718::Encodable2718 as _};
use alloy_network::TxSignerSync as _;
use alloy_primitives::{Address, TxKind, U256, bytes};
use alloy_provider::Provider;
use softcap_chain::Node;

use crate::fixture::{BEGINNING, draft, node, provider, signed, slow_node, transfer};

#[tokio::test(flavor = "multi_thread")]
async fn a_block_is_one_of_a_real_chain() {
    let node = node();
    let provider = provider(&node);
    let hash = transfer(&node, 0, 0);
    let block = provider
        .get_block_by_number(1.into())
        .full()
        .await
        .unwrap()
        .unwrap();
    let header: &Header = &block.header.inner;
    assert_eq!(
        header.hash_slow(),
        block.header.hash,
        "the hash is that of the RLP"
    );
    let genesis = provider
        .get_block_by_number(BlockNumberOrTag::Earliest)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(header.parent_hash, genesis.header.hash);
    assert_eq!(header.timestamp(), BEGINNING);
    assert_eq!(header.gas_used, 21_000);

    let by_hash = provider
        .get_block_by_hash(block.header.hash)
        .full()
        .await
        .unwrap();
    assert_eq!(by_hash.as_ref(), Some(&block));
    let transactions = block.transactions.as_transactions().unwrap();
    let envelopes = [transactions[0].inner.inner()];
    assert_eq!(
        calculate_transaction_root(&envelopes),
        header.transactions_root
    );
    assert_eq!(transactions[0].inner.inner().tx_hash(), &hash);
    assert_eq!(transactions[0].inner.signer(), node.accounts()[0].address());
    let receipt = provider
        .get_transaction_receipt(hash)
        .await
        .unwrap()
        .unwrap();
    let receipts = provider
        .get_block_receipts(1.into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(receipts, [receipt]);
    assert_eq!(provider.get_block_by_number(2.into()).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_transaction_is_taken_that_wallets_send() {
    let node = node();
    let provider = provider(&node);
    let signer = node.accounts()[0].signer();
    let to = TxKind::Call(Address::repeat_byte(0x77));
    let mut legacy = TxLegacy {
        chain_id: Some(31_337),
        gas_price: 2_000_000_000,
        gas_limit: 21_000,
        to,
        value: U256::ONE,
        ..TxLegacy::default()
    };
    let signature = signer.sign_transaction_sync(&mut legacy).unwrap();
    let legacy = TxEnvelope::from(legacy.into_signed(signature));
    let mut listed = TxEip2930 {
        chain_id: 31_337,
        nonce: 1,
        gas_price: 2_000_000_000,
        gas_limit: 21_000,
        to,
        value: U256::ONE,
        ..TxEip2930::default()
    };
    let signature = signer.sign_transaction_sync(&mut listed).unwrap();
    let listed = TxEnvelope::from(listed.into_signed(signature));
    for (transaction, kind) in [(legacy, 0), (listed, 1)] {
        let hash = node.submit(&transaction.encoded_2718()).unwrap();
        let receipt = provider
            .get_transaction_receipt(hash)
            .await
            .unwrap()
            .unwrap();
        assert!(receipt.status());
        assert_eq!(receipt.inner.tx_type() as u8, kind);
        assert_eq!(receipt.effective_gas_price, 2_000_000_000);
    }
    let received = provider
        .get_balance(Address::repeat_byte(0x77))
        .await
        .unwrap();
    assert_eq!(received, U256::from(2));
}

/// The sum of all balances only shrinks by what the base fee burns.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_made_of_nothing() {
    let node = node();
    let provider = provider(&node);
    let mut burnt = U256::ZERO;
    for nonce in 0..5 {
        transfer(&node, 0, nonce);
        let header = provider.get_block_by_number(BlockNumberOrTag::Latest).await;
        let header = header.unwrap().unwrap().header;
        burnt += U256::from(header.gas_used) * U256::from(header.base_fee_per_gas.unwrap());
    }
    let mut held = U256::ZERO;
    let accounts = node
        .accounts()
        .iter()
        .map(softcap_chain::DevelopmentAccount::address);
    // The block's beneficiary is the address zero.
    for address in accounts.chain([Address::ZERO, Address::repeat_byte(0x77)]) {
        held += provider.get_balance(address).await.unwrap();
    }
    let first = U256::from(10_000) * U256::from(10).pow(U256::from(18)) * U256::from(10);
    assert_eq!(held + burnt, first);
}

/// Each of many threads sends one after the other; whoever got a hash finds it in a block, once.
#[test]
fn transactions_that_come_together_share_blocks_and_none_is_lost() {
    const EACH: u64 = 40;
    let node = node();
    let accounts = node.accounts().len();
    let senders: Vec<_> = (0..accounts)
        .map(|account| {
            let node = Arc::clone(&node);
            thread::spawn(move || {
                for nonce in 0..EACH {
                    transfer(&node, account, nonce);
                }
            })
        })
        .collect();
    for sender in senders {
        sender.join().unwrap();
    }
    let total = EACH * u64::try_from(accounts).unwrap();
    assert!((1..=total).contains(&node.height()));
    assert_eq!(received(&node), U256::from(5 * total));
}

fn received(node: &Arc<Node>) -> U256 {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime
        .block_on(async { provider(node).get_balance(Address::repeat_byte(0x77)).await })
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_wait_for_the_block_of_a_slow_chain() {
    let node = slow_node();
    let provider = provider(&node);
    let sender = node.accounts()[0].address();
    let first = transfer(&node, 0, 0);
    transfer(&node, 0, 1);
    assert_eq!(node.height(), 0);
    let waiting = provider
        .get_transaction_by_hash(first)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(waiting.block_number, None);
    assert_eq!(provider.get_transaction_receipt(first).await.unwrap(), None);
    let nonces = async || {
        let latest = provider.get_transaction_count(sender).await;
        let pending = provider.get_transaction_count(sender).pending().await;
        (latest.unwrap(), pending.unwrap())
    };
    assert_eq!(nonces().await, (0, 2));
    node.mine().unwrap();
    assert_eq!(nonces().await, (2, 2));
    assert_eq!(node.height(), 1);
    let receipts = provider
        .get_block_receipts(1.into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(receipts.len(), 2);
    assert_eq!(receipts[1].inner.cumulative_gas_used(), 42_000);
}

/// A block holds 36 million gas: what finds no room waits for the next one, and keeps its order.
#[test]
fn a_full_block_is_followed_by_another() {
    let node = slow_node();
    for nonce in 0..3 {
        let transaction = TxEip1559 {
            gas_limit: 20_000_000,
            to: TxKind::Create,
            // JUMPDEST, PUSH1 0, JUMP: it goes on until there is no gas.
            input: bytes!("5b600056"),
            ..draft(nonce)
        };
        node.submit(&signed(&node, 0, transaction)).unwrap();
    }
    transfer(&node, 1, 0);
    for (block, transactions) in [(1, 1), (2, 1), (3, 2), (4, 0)] {
        node.mine().unwrap();
        assert_eq!(receipts(&node, block), transactions);
    }
}

fn receipts(node: &Arc<Node>, block: u64) -> usize {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let provider = provider(node);
    let receipts = runtime.block_on(provider.get_block_receipts(block.into()));
    receipts.unwrap().unwrap().len()
}
