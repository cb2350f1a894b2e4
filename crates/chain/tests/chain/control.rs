//! Time, snapshots and reorganisations.

use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{Address, B256, U256};
use alloy_provider::Provider;
use alloy_rpc_types_eth::Filter;

use crate::{
    contract::{count, deploy},
    fixture::{BEGINNING, node, provider, transfer},
};

const RECEIVER: Address = Address::repeat_byte(0x77);

#[tokio::test(flavor = "multi_thread")]
async fn time_moves_when_it_is_told_to_and_never_back() {
    let node = node();
    let provider = provider(&node);
    let newest = async || {
        let block = provider.get_block_by_number(BlockNumberOrTag::Latest).await;
        block.unwrap().unwrap().header.timestamp
    };
    transfer(&node, 0, 0);
    assert_eq!(newest().await, BEGINNING);
    assert_eq!(node.increase_time(3_600).unwrap(), BEGINNING + 3_600);
    transfer(&node, 0, 1);
    assert_eq!(newest().await, BEGINNING + 3_600);
    node.set_next_timestamp(BEGINNING + 9_999).unwrap();
    node.mine().unwrap();
    assert_eq!(newest().await, BEGINNING + 9_999);
    transfer(&node, 0, 2);
    assert_eq!(
        newest().await,
        BEGINNING + 9_999,
        "a clock that stands still stands there"
    );
    let error = node.set_next_timestamp(BEGINNING + 9_998).unwrap_err();
    assert!(error.to_string().starts_with("E401"), "{error}");
    transfer(&node, 0, 3);
    assert_eq!(
        newest().await,
        BEGINNING + 9_999,
        "a refusal changes nothing"
    );
}

/// An offering that opened since the newest block is open for an estimate.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_called_as_pending_sees_the_time_of_the_next_block() {
    let node = node();
    let provider = provider(&node);
    let contract = deploy(&provider).await;
    node.increase_time(500).unwrap();
    let request = alloy_rpc_types_eth::TransactionRequest::default()
        .to(contract)
        .input(vec![1].into());
    let seen = async |tag: BlockNumberOrTag| {
        let returned = provider
            .call(request.clone())
            .block(tag.into())
            .await
            .unwrap();
        U256::from_be_slice(&returned[32..]).to::<u64>()
    };
    assert_eq!(seen(BlockNumberOrTag::Latest).await, BEGINNING);
    assert_eq!(seen(BlockNumberOrTag::Pending).await, BEGINNING + 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_come_back_to_and_used_up() {
    let node = node();
    let provider = provider(&node);
    transfer(&node, 0, 0);
    let hash = async |number: u64| {
        let block = provider.get_block_by_number(number.into()).await.unwrap();
        block.map(|block| block.header.hash)
    };
    let before = hash(1).await;
    let first = node.snapshot();
    transfer(&node, 0, 1);
    let second = node.snapshot();
    transfer(&node, 0, 2);
    node.revert(first).unwrap();
    assert_eq!((hash(1).await, hash(2).await), (before, None));
    assert_eq!(provider.get_balance(RECEIVER).await.unwrap(), U256::from(5));
    for gone in [first, second] {
        let error = node.revert(gone).unwrap_err();
        assert!(error.to_string().starts_with("E403"), "{error}");
    }
    transfer(&node, 0, 1);
    assert_eq!(
        provider.get_balance(RECEIVER).await.unwrap(),
        U256::from(10)
    );
}

/// Of every depth: other hashes, the dropped transactions and logs are gone, the state is that of the block where
/// the branches meet, and the dropped transactions can be sent again.
#[tokio::test(flavor = "multi_thread")]
async fn a_reorganisation_replaces_the_newest_blocks() {
    for depth in 1..=10 {
        let node = node();
        let provider = provider(&node);
        let contract = deploy(&provider).await;
        for value in 1..=10 {
            count(&provider, contract, value).await;
        }
        let hashes = async || -> Vec<B256> {
            let mut hashes = Vec::new();
            for number in 0..=11_u64 {
                let block = provider
                    .get_block_by_number(number.into())
                    .await
                    .unwrap()
                    .unwrap();
                hashes.push(block.header.hash);
            }
            hashes
        };
        let logs = async || {
            let filter = Filter::new().from_block(0).address(contract);
            provider.get_logs(&filter).await.unwrap()
        };
        let (blocks_before, logs_before) = (hashes().await, logs().await);
        let dropped = node.reorganise(depth).unwrap();
        let kept = usize::try_from(11 - depth).unwrap();
        let blocks_after = hashes().await;
        assert_eq!(blocks_after[..=kept], blocks_before[..=kept]);
        for (after, before) in blocks_after.iter().zip(&blocks_before).skip(kept + 1) {
            assert_ne!(after, before);
        }
        assert_eq!(logs().await, logs_before[..kept - 1]);
        let held = provider.get_balance(contract).await.unwrap();
        let sum: usize = (1..kept).sum();
        assert_eq!(held, U256::from(sum));
        let gone = logs_before.last().unwrap().transaction_hash.unwrap();
        assert_eq!(provider.get_transaction_receipt(gone).await.unwrap(), None);
        assert_eq!(dropped.len(), 11 - kept);
        for transaction in &dropped {
            node.submit(transaction).unwrap();
        }
        assert_eq!(
            provider.get_balance(contract).await.unwrap(),
            U256::from(55)
        );
        let again = logs().await;
        assert_eq!(again.len(), 10);
        assert_eq!(again.last().unwrap().transaction_hash, Some(gone));
    }
}

/// Also of blocks in which nothing is, which would otherwise be the same again.
#[test]
fn empty_blocks_are_replaced_by_others() {
    let node = node();
    for _ in 0..3 {
        node.mine().unwrap();
    }
    let error = node.reorganise(4).unwrap_err();
    assert!(error.to_string().starts_with("E402"), "{error}");
    let snapshot = node.snapshot();
    node.reorganise(1).unwrap();
    assert_eq!(node.height(), 3);
    let error = node.revert(snapshot).unwrap_err();
    assert!(
        error.to_string().starts_with("E403"),
        "the block is another: {error}"
    );
}
