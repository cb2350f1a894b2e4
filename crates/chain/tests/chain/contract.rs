//! A contract is deployed and used through a provider.

use alloy_eips::BlockId;
use alloy_network::TransactionBuilder as _;
use alloy_primitives::{Address, B256, Bytes, U256, bytes, hex};
use alloy_provider::Provider;
use alloy_rpc_types_eth::{Filter, TransactionRequest};
use alloy_transport::TransportError;

use crate::fixture::{BEGINNING, node, provider};

/// Written by hand. Without data it adds one to slot 0 and logs the value sent, under the topics 0x2a and the
/// sender. With data that begins with 0xff it reverts with the rest of the data; with other data it returns slot 0
/// and the block's timestamp.
const COUNTER: Bytes = bytes!(
    // Init code: copy what follows and return it.
    "6045 80 600b 6000 39 6000 f3"
    // No data? Go to 0x20. First byte 0xff? Go to 0x37.
    "36 15 6020 57 6000 35 6000 1a 60ff 14 6037 57"
    // Return slot 0 and TIMESTAMP.
    "6000 54 6000 52 42 6020 52 6040 6000 f3"
    // 0x20: slot 0 and one; log the value with 0x2a and the caller.
    "5b 6000 54 6001 01 6000 55 34 6000 52 33 602a 6020 6000 a2 00"
    // 0x37: revert with the data after the first byte.
    "5b 6001 36 03 80 6001 6000 37 6000 fd"
);

pub(crate) async fn deploy(provider: &impl Provider) -> Address {
    let request = TransactionRequest::default().with_deploy_code(COUNTER);
    let sent = provider.send_transaction(request).await.unwrap();
    let receipt = sent.get_receipt().await.unwrap();
    assert!(receipt.status());
    receipt.contract_address.unwrap()
}

pub(crate) async fn count(provider: &impl Provider, contract: Address, value: u64) {
    let request = TransactionRequest::default()
        .with_to(contract)
        .with_value(U256::from(value));
    let sent = provider.send_transaction(request).await.unwrap();
    assert!(sent.get_receipt().await.unwrap().status());
}

fn read(contract: Address) -> TransactionRequest {
    TransactionRequest::default()
        .with_to(contract)
        .with_input(bytes!("01"))
}

fn words(returned: &[u8]) -> (u64, u64) {
    let word = |at: usize| U256::from_be_slice(&returned[at..at + 32]).to::<u64>();
    (word(0), word(32))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_is_deployed_called_and_read_at_every_block() {
    let node = node();
    let provider = provider(&node);
    let contract = deploy(&provider).await;
    assert_eq!(provider.get_code_at(contract).await.unwrap(), COUNTER[11..]);
    for value in [7, 8, 9] {
        count(&provider, contract, value).await;
    }
    // Blocks 1 to 4: the contract, and each of the calls.
    for (block, counted) in [(1, 0), (2, 1), (3, 2), (4, 3)] {
        let returned = provider
            .call(read(contract))
            .block(BlockId::number(block))
            .await;
        assert_eq!(words(&returned.unwrap()), (counted, BEGINNING));
        let slot = provider
            .get_storage_at(contract, U256::ZERO)
            .number(block)
            .await;
        assert_eq!(slot.unwrap(), U256::from(counted));
    }
    let balance = |block| provider.get_balance(contract).number(block).into_future();
    assert_eq!(balance(4).await.unwrap(), U256::from(24));
    assert_eq!(balance(3).await.unwrap(), U256::from(15));
    let before = provider.get_code_at(contract).number(0).await.unwrap();
    assert_eq!(before, Bytes::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_found_by_address_topic_and_block() {
    let node = node();
    let provider = provider(&node);
    let contract = deploy(&provider).await;
    let other = deploy(&provider).await;
    for (at, value) in [(contract, 1), (other, 2), (contract, 3)] {
        count(&provider, at, value).await;
    }
    let values = async |filter: Filter| -> Vec<u64> {
        let logs = provider.get_logs(&filter).await.unwrap();
        logs.iter()
            .map(|log| U256::from_be_slice(&log.inner.data.data).to())
            .collect()
    };
    let sender = node.accounts()[0].address().into_word();
    let topic = B256::with_last_byte(0x2a);
    let all = Filter::new().from_block(0);
    assert_eq!(values(all.clone()).await, [1, 2, 3]);
    assert_eq!(values(all.clone().address(contract)).await, [1, 3]);
    assert_eq!(values(all.clone().event_signature(topic)).await, [1, 2, 3]);
    assert_eq!(values(all.clone().topic1(sender)).await, [1, 2, 3]);
    assert_eq!(values(all.clone().topic1(topic)).await, [0_u64; 0]);
    assert_eq!(values(Filter::new().from_block(4).to_block(4)).await, [2]);
    assert_eq!(values(Filter::new()).await, [3], "the newest block alone");
    let hash = provider
        .get_block_by_number(3.into())
        .await
        .unwrap()
        .unwrap()
        .header
        .hash;
    assert_eq!(values(Filter::new().at_block_hash(hash)).await, [1]);
    assert_eq!(
        values(all.from_block(6).to_block(9)).await,
        [0_u64; 0],
        "not yet"
    );

    let log = &provider.get_logs(&Filter::new()).await.unwrap()[0];
    let receipt = provider
        .get_transaction_receipt(log.transaction_hash.unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(receipt.inner.logs(), std::slice::from_ref(log));
    assert_eq!((log.block_number, log.log_index), (Some(5), Some(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revert_comes_with_its_reason_and_its_data() {
    let node = node();
    let provider = provider(&node);
    let contract = deploy(&provider).await;
    let error = hex!(
        "08c379a0"
        "0000000000000000000000000000000000000000000000000000000000000020"
        "0000000000000000000000000000000000000000000000000000000000000006"
        "636c6f7365640000000000000000000000000000000000000000000000000000"
    );
    let request = TransactionRequest::default()
        .with_to(contract)
        .with_input([&[0xff], &error[..]].concat());
    for answer in [
        provider.call(request.clone()).await.map(|_| ()),
        provider.estimate_gas(request.clone()).await.map(|_| ()),
    ] {
        let Err(TransportError::ErrorResp(payload)) = answer else {
            panic!("{answer:?}")
        };
        assert_eq!(payload.code, 3);
        assert_eq!(payload.message, "execution reverted: closed");
        assert_eq!(payload.as_revert_data().unwrap()[..], error);
    }
    // In a block it costs gas, changes nothing, and the receipt says so.
    let request = request.with_gas_limit(100_000);
    let sent = provider.send_transaction(request).await.unwrap();
    let receipt = sent.get_receipt().await.unwrap();
    assert!(!receipt.status());
    assert!(receipt.inner.logs().is_empty());
    assert!(receipt.gas_used < 100_000);
}

/// The estimate is enough, and hardly more.
#[tokio::test(flavor = "multi_thread")]
async fn an_estimate_is_enough() {
    let node = node();
    let provider = provider(&node);
    let contract = deploy(&provider).await;
    let request = TransactionRequest::default().with_to(contract);
    let estimate = provider.estimate_gas(request.clone()).await.unwrap();
    let with = async |gas: u64| {
        let sent = provider
            .send_transaction(request.clone().with_gas_limit(gas))
            .await;
        sent.unwrap().get_receipt().await.unwrap()
    };
    let receipt = with(estimate).await;
    assert!(receipt.status());
    assert!(
        estimate <= receipt.gas_used * 66 / 64 + 2_300,
        "{estimate} for {receipt:?}"
    );
    let transfer = TransactionRequest::default()
        .with_to(Address::repeat_byte(9))
        .with_value(U256::ONE);
    assert_eq!(provider.estimate_gas(transfer).await.unwrap(), 21_000);
}
