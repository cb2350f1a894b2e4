//! Permits, contributions and exits through the drafts that wallets sign.

use alloy_primitives::U256;
use softcap_evm::{
    Draft, EvmError, Exit, ListOutcome, PaidIn, PaidOut, Permit, PermitDomain, Place, ShownPermit,
    bindings::{escrow::IEscrow, token::SaleToken},
    contribution_draft, sale_terms_at,
};

use crate::fixture::{BEFORE, Chain, OPEN, WITHDRAWAL_RIGHT, ether, terms};

pub(crate) async fn permit(chain: &Chain, place: Place, account: usize, max: U256) -> ShownPermit {
    let domain = PermitDomain {
        chain_id: chain.client.chain_id().await.unwrap(),
        escrow: place.escrow,
        round: U256::ZERO,
        terms_hash: sale_terms_at(&chain.client, place.escrow)
            .await
            .unwrap()
            .terms_hash(),
    };
    let permit = Permit {
        investor: chain.address(account),
        max,
        expiry: U256::from(2_000_000_000),
    };
    let call = IEscrow::permitHashCall {
        investor: permit.investor,
        max: permit.max,
        expiry: permit.expiry,
    };
    let there = chain.client.call(place.escrow, &call).await.unwrap();
    assert_eq!(permit.hash(&domain), there, "the contract hashes the same");
    let signature = permit.sign(&domain, chain.signer(1)).await.unwrap();
    ShownPermit { permit, signature }
}

pub(crate) fn payment(
    chain: &Chain,
    place: Place,
    account: usize,
    amount: U256,
    permit: Option<&ShownPermit>,
) -> Draft {
    let from = chain.address(account);
    contribution_draft(place.escrow, from, PaidIn::Coin, amount, permit)
}

pub(crate) fn refusal(error: EvmError) -> String {
    let EvmError::Refused { refusal, .. } = error else {
        panic!("{error}");
    };
    refusal
}

pub(crate) async fn tokens(chain: &Chain, place: Place, account: usize) -> U256 {
    let account = chain.address(account);
    let call = SaleToken::balanceOfCall { account };
    chain.client.call(place.token, &call).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_succeeds_pays_everybody_what_the_terms_say() {
    let chain = Chain::new();
    let (place, _) = chain.announce(&terms(&[])).await;
    chain.later(BEFORE);
    for (account, milli) in [(4, 7_000), (5, 4_000), (6, 1_000)] {
        let permit = permit(&chain, place, account, ether(8_000)).await;
        let draft = payment(&chain, place, account, ether(milli), Some(&permit));
        chain.run(account, &draft).await.unwrap();
    }
    // The permit is remembered; what is above it comes back in the same transaction.
    let again = payment(&chain, place, 4, ether(2_000), None);
    let before = chain.client.balance(chain.address(4)).await.unwrap();
    let gas = chain.run(4, &again).await.unwrap();
    let after = chain.client.balance(chain.address(4)).await.unwrap();
    assert_eq!(before - after, ether(1_000) + gas);

    let settle = Exit::Settle.draft(place.escrow, chain.address(9));
    let early = chain.run(9, &settle).await.unwrap_err();
    assert_eq!(refusal(early), "StillOpen { closes: 1893546000 }");
    chain.later(OPEN);
    chain.run(9, &settle).await.unwrap();
    chain
        .run(9, &Exit::Draw.draft(place.escrow, chain.address(9)))
        .await
        .unwrap();
    let raised = chain.client.balance(chain.address(2)).await.unwrap();
    assert_eq!(raised, ether(10_000_000) + ether(13_000));

    // 8 ETH at 0.0007 ETH: 11,428.571428571428571428 HBR, rounded down.
    let claim = Exit::Claim.draft(place.escrow, chain.address(4));
    chain.run(4, &claim).await.unwrap();
    let bought: U256 = "11428571428571428571428".parse().unwrap();
    assert_eq!(tokens(&chain, place, 4).await, bought);
    let twice = chain.run(4, &claim).await.unwrap_err();
    assert_eq!(refusal(twice), "NothingDue");
    let list = vec![chain.address(4), chain.address(5), chain.address(6)];
    let list = Exit::Distribute(list).draft(place.escrow, chain.address(9));
    chain.run(9, &list).await.unwrap();
    assert_eq!(tokens(&chain, place, 4).await, bought, "not twice");
    assert_eq!(
        tokens(&chain, place, 5).await,
        "5714285714285714285714".parse::<U256>().unwrap()
    );
    assert_eq!(
        tokens(&chain, place, 6).await,
        "1428571428571428571428".parse::<U256>().unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_misses_its_soft_cap_gives_everything_back() {
    let chain = Chain::new();
    let (place, _) = chain.announce(&terms(&[])).await;
    chain.later(BEFORE);
    for account in [4, 5] {
        let permit = permit(&chain, place, account, ether(8_000)).await;
        let draft = payment(&chain, place, account, ether(2_000), Some(&permit));
        chain.run(account, &draft).await.unwrap();
    }
    chain.later(OPEN);
    let settle = Exit::Settle.draft(place.escrow, chain.address(9));
    let missed = chain.run(9, &settle).await.unwrap_err();
    assert_eq!(
        refusal(missed),
        "SoftCapMissed { raised: 4000000000000000000, softCap: 10000000000000000000 }"
    );
    let before = chain.client.balance(chain.address(4)).await.unwrap();
    let refund = Exit::Refund.draft(place.escrow, chain.address(4));
    let gas = chain.run(4, &refund).await.unwrap();
    let after = chain.client.balance(chain.address(4)).await.unwrap();
    assert_eq!(after + gas - before, ether(2_000));
    let list = Exit::RefundMany(vec![chain.address(4), chain.address(5)]);
    chain
        .run(9, &list.draft(place.escrow, chain.address(9)))
        .await
        .unwrap();
    let left = chain.client.balance(place.escrow).await.unwrap();
    assert_eq!(left, U256::ZERO);
}

/// 2 and 1 ETH, an hour apart, are taken back while both are covered; 4 ETH of somebody else are not any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_gives_back_what_the_right_covers() {
    let chain = Chain::new();
    let (place, _) = chain.announce(&terms(&[WITHDRAWAL_RIGHT])).await;
    chain.later(BEFORE);
    for (account, milli) in [(4, 2_000), (5, 4_000)] {
        let permit = permit(&chain, place, account, ether(8_000)).await;
        let draft = payment(&chain, place, account, ether(milli), Some(&permit));
        chain.run(account, &draft).await.unwrap();
    }
    chain.later(3_600);
    let again = payment(&chain, place, 4, ether(1_000), None);
    chain.run(4, &again).await.unwrap();

    let from = chain.address(4);
    let draft = Exit::Withdraw.draft(place.escrow, from);
    let cost = chain.client.try_out(&draft).await.unwrap();
    let receipt = chain
        .client
        .send(&draft, &cost, chain.signer(4))
        .await
        .unwrap();
    let mut outcome = ListOutcome::default();
    outcome.add(place.escrow, &receipt);
    let paid = [ether(1_000), ether(2_000)].map(|amount| (from, PaidOut::Money(amount)));
    assert_eq!(outcome.paid, paid);
    let twice = chain.client.try_out(&draft).await.unwrap_err();
    assert_eq!(refusal(twice), "NothingDue");

    chain.later(OPEN - 3_600);
    let late = Exit::Withdraw.draft(place.escrow, chain.address(5));
    assert_eq!(
        refusal(chain.run(5, &late).await.unwrap_err()),
        "NothingDue"
    );
    let left = chain.client.balance(place.escrow).await.unwrap();
    assert_eq!(left, ether(4_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permit_is_for_one_escrow_and_one_wallet() {
    let chain = Chain::new();
    let (place, _) = chain.announce(&terms(&[])).await;
    let (other, _) = chain.announce(&terms(&[])).await;
    chain.later(BEFORE);
    let shown = permit(&chain, place, 4, ether(8_000)).await;
    for (place, account) in [(other, 4), (place, 5)] {
        let draft = payment(&chain, place, account, ether(1_000), Some(&shown));
        let error = chain.run(account, &draft).await.unwrap_err();
        assert_eq!(refusal(error), "WrongSignature");
    }
    let none = payment(&chain, place, 4, ether(1_000), None);
    let error = chain.run(4, &none).await.unwrap_err();
    assert_eq!(refusal(error), "NotAdmitted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permit_beyond_the_counter_is_not_signed() {
    let chain = Chain::new();
    let domain = PermitDomain {
        chain_id: 31_337,
        escrow: chain.address(0),
        round: U256::ZERO,
        terms_hash: [7; 32].into(),
    };
    let permit = Permit {
        investor: chain.address(4),
        max: U256::from(1) << 80,
        expiry: U256::from(2_000_000_000),
    };
    let error = permit.sign(&domain, chain.signer(1)).await.unwrap_err();
    assert!(error.to_string().starts_with("R210: "), "{error}");
}
