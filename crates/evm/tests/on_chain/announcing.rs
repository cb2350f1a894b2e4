//! What is announced is what the chain holds, and a difference is found.

use alloy_primitives::{Address, U256, keccak256};
use softcap_evm::{
    AfterSalePlace, EscrowKind, EvmError, FactoryKind, OwnCode, Place, announce_draft,
    announcement, read_back, require_factory, terms_at,
};

use crate::fixture::{Chain, WITHDRAWAL_RIGHT, terms};

/// Nothing comes after the sale.
fn alone() -> AfterSalePlace {
    AfterSalePlace::default()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_is_read_back_whole() {
    let chain = Chain::new();
    let (place, announcement) = chain.announce(&terms(&[])).await;
    require_factory(&chain.client, place.factory, FactoryKind::Sale)
        .await
        .unwrap();
    let code_hash = read_back(&chain.client, (place, &alone()), &announcement)
        .await
        .unwrap();
    let code = chain.client.code(place.escrow).await.unwrap();
    assert_eq!(code_hash, keccak256(code));
    let there = terms_at(&chain.client, place.escrow).await.unwrap();
    assert_eq!(there.token, place.token);
    assert_eq!(there.terms_hash.0, terms(&[]).hash().0);
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_and_shares_are_read_back_too() {
    let chain = Chain::new();
    let by_time = terms(&[
        ("per = \"investor\"", "per = \"contribution\""),
        (
            "price = \"0.0007 ETH per HBR\"",
            "pricing = { kind = \"steps\", steps = [{ from = \"2030-01-01T01:00:00Z\", price = \"0.0005 ETH per HBR\" }, { from = \"2030-01-01T13:00:00Z\", price = \"0.0007 ETH per HBR\" }] }",
        ),
    ]);
    let (place, mut announcement) = chain.announce(&by_time).await;
    read_back(&chain.client, (place, &alone()), &announcement)
        .await
        .unwrap();
    announcement.steps[1].numerator += U256::from(1);
    let error = read_back(&chain.client, (place, &alone()), &announcement)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("the escrow has other code"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_difference_is_named() {
    let chain = Chain::new();
    let (place, announcement) = chain.announce(&terms(&[])).await;
    let mut told = announcement.clone();
    told.terms.beneficiary = chain.address(5);
    told.terms.hard_cap += U256::from(1);
    told.token.symbol = "HRB".to_owned();
    let error = read_back(&chain.client, (place, &alone()), &told)
        .await
        .unwrap_err();
    let EvmError::Different { differences, .. } = error else {
        panic!("{error}");
    };
    let begins = |begin: &str| differences.iter().any(|line| line.starts_with(begin));
    assert!(begins("beneficiary is"), "{differences:?}");
    assert!(begins("hardCap is"), "{differences:?}");
    assert!(begins("the escrow has other code"), "{differences:?}");
    assert!(begins("the token is called"), "{differences:?}");
    assert_eq!(differences.len(), 4, "{differences:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_contract_is_no_factory_and_no_escrow() {
    let chain = Chain::new();
    let (place, announcement) = chain.announce(&terms(&[])).await;
    for address in [place.token, place.escrow, Address::repeat_byte(9)] {
        for kind in [FactoryKind::Sale, FactoryKind::Withdrawable] {
            assert!(require_factory(&chain.client, address, kind).await.is_err());
        }
    }
    let moved = Place {
        escrow: place.token,
        token: place.escrow,
        ..place
    };
    assert!(
        read_back(&chain.client, (moved, &alone()), &announcement)
            .await
            .is_err()
    );
    let code = OwnCode::compute(EscrowKind::Plain).await.unwrap();
    assert_eq!(
        OwnCode::of_factory(&chain.client, place.factory)
            .await
            .unwrap(),
        code
    );
    assert_ne!(code.escrow, code.token);
}

/// Each factory makes one kind of escrow, and neither passes for the other.
#[tokio::test(flavor = "multi_thread")]
async fn terms_with_a_withdrawal_right_need_their_own_factory() {
    let chain = Chain::new();
    let right = terms(&[WITHDRAWAL_RIGHT]);
    let (place, announced) = chain.announce(&right).await;
    read_back(&chain.client, (place, &alone()), &announced)
        .await
        .unwrap();
    require_factory(&chain.client, place.factory, FactoryKind::Withdrawable)
        .await
        .unwrap();
    let error = require_factory(&chain.client, place.factory, FactoryKind::Sale).await;
    assert!(error.unwrap_err().to_string().starts_with("R206: "));
    let plain = announcement(&terms(&[]), &chain.parties()).unwrap();
    let draft = announce_draft(place.factory, &plain);
    let error = chain.client.try_out(&draft).await.unwrap_err();
    assert!(
        error.to_string().contains("InvalidTerms { problem: 15 }"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_issuer_announces() {
    let chain = Chain::new();
    let factory = chain.factory(EscrowKind::Plain).await;
    let announcement = announcement(&terms(&[]), &chain.parties()).unwrap();
    let mut draft = announce_draft(factory, &announcement);
    draft.from = chain.address(4);
    let error = chain.client.try_out(&draft).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "R202: the contract refuses announcing the offering: InvalidTerms { problem: 2 }; docs/evm.md says when it would not"
    );
}
