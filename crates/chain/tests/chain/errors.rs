//! Transactions that are not valid: each refusal by its code, and nothing is changed.

use alloy_consensus::{SignableTransaction as _, TxEip1559, TxEip7702, TxEnvelope, TxLegacy};
use alloy_eips::eip2718::Encodable2718 as _;
use alloy_network::TxSignerSync as _;
use alloy_primitives::{Bytes, Signature, TxKind, U256};
use softcap_chain::Node;

use crate::fixture::{draft, node, refused, signed, slow_node, transfer};

/// The order of the curve secp256k1 (SEC 2), from which a second signature follows for each first one.
const ORDER: U256 = U256::from_limbs([
    0xBFD2_5E8C_D036_4141,
    0xBAAE_DCE6_AF48_A03B,
    0xFFFF_FFFF_FFFF_FFFE,
    0xFFFF_FFFF_FFFF_FFFF,
]);

fn with(change: impl FnOnce(&mut TxEip1559)) -> TxEip1559 {
    let mut transaction = draft(1);
    change(&mut transaction);
    transaction
}

/// Cases whose first nonce was used, so that 1 is the next.
fn cases(node: &Node) -> Vec<(&'static str, Bytes, &'static str)> {
    let from_first = |transaction| signed(node, 0, transaction);
    let mut cut = signed(node, 0, draft(1)).to_vec();
    cut.pop();
    let mut longer = signed(node, 0, draft(1)).to_vec();
    longer.push(0);
    vec![
        ("nothing", Bytes::new(), "E201"),
        ("nonsense", Bytes::from_static(b"\x7fabc"), "E201"),
        ("cut off", cut.into(), "E201"),
        ("followed by a byte", longer.into(), "E201"),
        ("sets code", sets_code(node), "E202"),
        (
            "of another chain",
            from_first(with(|tx| tx.chain_id = 1)),
            "E203",
        ),
        ("of every chain", of_every_chain(node), "E204"),
        ("second signature", second_signature(node), "E205"),
        (
            "used nonce",
            from_first(TxEip1559 {
                value: U256::from(6),
                ..draft(0)
            }),
            "E206",
        ),
        ("nonce with a gap", from_first(draft(2)), "E207"),
        (
            "no fee",
            from_first(with(|tx| {
                tx.max_fee_per_gas = 1;
            })),
            "E208",
        ),
        (
            "more than it has",
            from_first(with(|tx| tx.value = U256::from(10).pow(U256::from(23)))),
            "E209",
        ),
        (
            "more than there is",
            from_first(with(|tx| tx.value = U256::MAX)),
            "E209",
        ),
        (
            "a fee without end",
            from_first(with(|tx| tx.max_fee_per_gas = u128::MAX)),
            "E209",
        ),
        (
            "more gas than a block",
            from_first(with(|tx| tx.gas_limit = 36_000_001)),
            "E210",
        ),
        (
            "gas without end",
            from_first(with(|tx| {
                tx.gas_limit = u64::MAX;
                tx.max_fee_per_gas = 2_000_000_000;
            })),
            "E210",
        ),
        (
            "too little gas",
            from_first(with(|tx| tx.gas_limit = 20_999)),
            "E211",
        ),
        (
            "too little gas for its data",
            from_first(with(|tx| {
                tx.gas_limit = 21_010;
                tx.input = Bytes::from_static(&[1; 64]);
            })),
            "E211",
        ),
        (
            "a tip above the fee",
            from_first(with(|tx| tx.max_priority_fee_per_gas = u128::MAX)),
            "E212",
        ),
        (
            "too much code",
            from_first(with(|tx| {
                tx.to = TxKind::Create;
                tx.gas_limit = 30_000_000;
                tx.input = vec![0; 49_153].into();
            })),
            "E212",
        ),
    ]
}

fn sets_code(node: &Node) -> Bytes {
    let mut transaction = TxEip7702 {
        chain_id: 31_337,
        nonce: 1,
        ..TxEip7702::default()
    };
    let signer = node.accounts()[0].signer();
    let signature = signer.sign_transaction_sync(&mut transaction).unwrap();
    TxEnvelope::from(transaction.into_signed(signature))
        .encoded_2718()
        .into()
}

fn of_every_chain(node: &Node) -> Bytes {
    let mut transaction = TxLegacy {
        nonce: 1,
        gas_price: 2_000_000_000,
        gas_limit: 21_000,
        ..TxLegacy::default()
    };
    let signer = node.accounts()[0].signer();
    let signature = signer.sign_transaction_sync(&mut transaction).unwrap();
    TxEnvelope::from(transaction.into_signed(signature))
        .encoded_2718()
        .into()
}

/// With s replaced by order - s: the same key, another hash. EIP-2 forbids it.
fn second_signature(node: &Node) -> Bytes {
    let mut transaction = draft(1);
    let signer = node.accounts()[0].signer();
    let first = signer.sign_transaction_sync(&mut transaction).unwrap();
    let second = Signature::new(first.r(), ORDER - first.s(), !first.v());
    TxEnvelope::from(transaction.into_signed(second))
        .encoded_2718()
        .into()
}

#[test]
fn what_is_not_valid_is_refused_and_changes_nothing() {
    // Blocks at once and blocks by the clock judge at different places.
    for node in [node(), slow_node()] {
        transfer(&node, 0, 0);
        node.mine().unwrap();
        let height = node.height();
        for (what, bytes, code) in cases(&node) {
            assert_eq!(refused(&node, &bytes), code, "{what}");
            assert_eq!(node.height(), height, "{what}");
        }
        let again = signed(&node, 0, draft(0));
        assert_eq!(refused(&node, &again), "E213");
        // The right one is still taken.
        transfer(&node, 0, 1);
    }
}

#[test]
fn a_transaction_counts_once() {
    for node in [node(), slow_node()] {
        let bytes = signed(&node, 0, draft(0));
        node.submit(&bytes).unwrap();
        assert_eq!(refused(&node, &bytes), "E213");
    }
}

/// What waits is paid for: an account cannot promise its money twice.
#[test]
fn waiting_transactions_are_covered_together() {
    let node = slow_node();
    let half = U256::from(6_000) * U256::from(10).pow(U256::from(18));
    let spend = |nonce| {
        let transaction = TxEip1559 {
            value: half,
            ..draft(nonce)
        };
        signed(&node, 0, transaction)
    };
    node.submit(&spend(0)).unwrap();
    assert_eq!(refused(&node, &spend(1)), "E209");
}
