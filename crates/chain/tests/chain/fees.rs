//! Fees: the rule of EIP-1559, and what is said about them.

use alloy_eips::BlockNumberOrTag;
use alloy_provider::Provider;

use crate::fixture::{node, provider, transfer};

/// After blocks that are nearly empty the base fee falls by nearly an eighth each, and a real base fee is in the
/// history of fees.
#[tokio::test(flavor = "multi_thread")]
async fn the_base_fee_follows_the_rule() {
    let node = node();
    let provider = provider(&node);
    node.mine().unwrap();
    node.mine().unwrap();
    let fee = async |number: u64| {
        let block = provider
            .get_block_by_number(number.into())
            .await
            .unwrap()
            .unwrap();
        block.header.base_fee_per_gas.unwrap()
    };
    // 1 gwei, 7/8 of it, 7/8 of that: EIP-1559 with a denominator of 8.
    assert_eq!(fee(0).await, 1_000_000_000);
    assert_eq!(fee(1).await, 875_000_000);
    assert_eq!(fee(2).await, 765_625_000);
    // 765625000 - 765625000 / 8 = 669921875.
    assert_eq!(provider.get_gas_price().await.unwrap(), 1_669_921_875);
    assert_eq!(
        provider.get_max_priority_fee_per_gas().await.unwrap(),
        1_000_000_000
    );

    transfer(&node, 0, 0);
    let history = provider
        .get_fee_history(2, BlockNumberOrTag::Latest, &[0.0, 50.0, 100.0])
        .await
        .unwrap();
    assert_eq!(history.oldest_block, 2);
    assert_eq!(history.base_fee_per_gas[..2], [765_625_000, 669_921_875]);
    assert_eq!(history.base_fee_per_gas.len(), 3);
    assert_eq!(history.gas_used_ratio, [0.0, 21_000.0 / 36_000_000.0]);
    assert_eq!(history.reward.unwrap(), [[0, 0, 0], [1, 1, 1]]);

    let all = provider
        .get_fee_history(1_000, BlockNumberOrTag::Latest, &[])
        .await
        .unwrap();
    assert_eq!((all.oldest_block, all.base_fee_per_gas.len()), (0, 5));
    for wrong in [[50.0, 20.0], [-1.0, 5.0], [0.0, 100.5]] {
        let answer = provider
            .get_fee_history(2, BlockNumberOrTag::Latest, &wrong)
            .await;
        assert_eq!(answer.unwrap_err().as_error_resp().unwrap().code, -32_602);
    }
}
