//! Early birds with permits, then the public, under one soft cap: announced, followed and compared.

use alloy_primitives::{Address, U256};
use softcap_evm::{
    ChainCommand, EscrowKind, Exit, FactoryKind, InvestorStanding, IssuerAct, Standing,
    announcement,
    bindings::rounds::IRounds,
    comparison::{Compared, FindingCode},
    factory_draft, require_factory, sale_terms_at,
};
use softcap_offering::{Amount, Command, ReturnReason, RoundIndex, Verdict};

use crate::comparison::followed;
use crate::fixture::{OPEN, WITHDRAWAL_RIGHT, ether, terms};
use crate::recorded::{Sale, codes, lines};

/// Twelve hours each.
pub(crate) const ROUNDS: [(&str, &str); 3] = [
    ("per = \"investor\"", "per = \"contribution\""),
    ("access = \"admitted\"\n", ""),
    (
        "[[round]]\nname = \"public\"\nfrom = \"2030-01-01T01:00:00Z\"",
        "[[round]]\nname = \"early\"\nfrom = \"2030-01-01T01:00:00Z\"\nuntil = \"2030-01-01T13:00:00Z\"\n\
         end = \"exclusive\"\naccess = \"admitted\"\nprice = \"0.0005 ETH per HBR\"\ncap = \"20 ETH\"\n\
         [[round]]\nname = \"public\"\nfrom = \"2030-01-01T13:00:00Z\"",
    ),
];

/// Three early birds, one of them revoked at once and one later; one comes again with the public.
async fn open() -> Sale {
    let sale = Sale::announce(terms(&ROUNDS)).await;
    for (account, milli) in [(4, 7_000), (5, 4_000), (7, 1_000)] {
        sale.pay(account, milli).await;
    }
    act(&sale, IssuerAct::Revoke(sale.chain.address(7))).await;
    sale.chain.later(OPEN / 2);
    sale.pay_plainly(4, 2_000).await.unwrap();
    sale.pay_plainly(6, 1_000).await.unwrap();
    act(&sale, IssuerAct::Revoke(sale.chain.address(5))).await;
    sale
}

async fn act(sale: &Sale, act: IssuerAct) {
    let draft = act.draft(sale.place.escrow, sale.chain.address(0));
    sale.chain.run(0, &draft).await.unwrap();
}

async fn succeeding() -> Sale {
    let sale = open().await;
    sale.chain.later(OPEN / 2);
    sale.exit(9, Exit::Settle).await;
    sale.exit(9, Exit::Draw).await;
    sale.exit(4, Exit::Claim).await;
    sale
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_announced_is_on_the_chain() {
    let sale = open().await;
    let client = &sale.chain.client;
    let told = announcement(&sale.terms, &sale.chain.parties()).unwrap();
    assert_eq!(FactoryKind::needed(&told), FactoryKind::Rounds);
    require_factory(client, sale.place.factory, FactoryKind::Rounds)
        .await
        .unwrap();
    let plain = sale.chain.factory(EscrowKind::Plain).await;
    assert!(
        require_factory(client, plain, FactoryKind::Rounds)
            .await
            .is_err()
    );
    let escrow = sale.place.escrow;
    let there = sale_terms_at(client, escrow).await.unwrap();
    assert_eq!(there.kind(), EscrowKind::Rounds);
    let count = client.call(escrow, &IRounds::roundCountCall {}).await;
    assert_eq!(count.unwrap(), U256::from(2));
    let round = async |index: u64| {
        let index = U256::from(index);
        let call = IRounds::roundCall { index };
        client.call(escrow, &call).await.unwrap()
    };
    let (early, public) = (round(0).await, round(1).await);
    assert_eq!(early.verifier, sale.chain.address(1));
    assert_eq!(public.verifier, Address::ZERO);
    assert_eq!(early.closes, public.opens);
    // 2,000 tokens for a coin, and 10,000 for 7.
    assert_eq!(
        (early.priceNumerator, early.priceDenominator),
        (U256::from(2_000), U256::from(1))
    );
    assert_eq!(
        (public.priceNumerator, public.priceDenominator),
        (U256::from(10_000), U256::from(7))
    );
    assert!(
        factory_draft(escrow, EscrowKind::Rounds).data
            != factory_draft(escrow, EscrowKind::Plain).data
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn early_birds_and_the_public_are_followed_and_compared() {
    let sale = succeeding().await;
    let made = followed(&sale).await;
    let rounds: Vec<(u8, bool)> = made
        .iter()
        .filter_map(|entry| {
            let command = entry.command();
            if let Command::Admit(admit) = command {
                return Some((admit.round.0, true));
            }
            if let Command::Revoke { round, .. } = command {
                return Some((round.0, false));
            }
            None
        })
        .collect();
    let admitted = |round: u8| (round, true);
    let revoked = |round: u8| (round, false);
    assert_eq!(
        rounds,
        [
            admitted(0),
            admitted(0),
            admitted(0),
            // From the early round and from the one to come.
            revoked(0),
            admitted(1),
            revoked(1),
            admitted(1),
            admitted(1),
            admitted(1),
            revoked(1),
        ]
    );
    let record = sale.record(&lines(&made));
    let settled = record.offering.settlement().unwrap().settled;
    assert_eq!(settled.verdict, Verdict::Succeeded);
    let evidence = sale.evidence().await;
    assert_eq!(evidence.compare(&record).await, Compared::default());
    // 7 coins early and 2 later.
    let token = sale.place.token;
    let held = sale
        .chain
        .client
        .token_balance(token, sale.chain.address(4));
    let tokens = 14_000_000_000_000_000_000_000_u128 + 20_000_000_000_000_000_000_000 / 7;
    assert_eq!(held.await.unwrap(), U256::from(tokens));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_revoked_early_pays_no_more_and_keeps_what_is_theirs() {
    let sale = open().await;
    for account in [5, 7] {
        assert!(sale.pay_plainly(account, 1_000).await.is_err());
        let place = (sale.place.escrow, EscrowKind::Rounds);
        let investor = sale.chain.address(account);
        let standing = InvestorStanding::read_from(&sale.chain.client, place, investor).await;
        assert_eq!(standing.unwrap().standing, Standing::Revoked);
    }
}

/// Money of the early round goes back for a reason of law alone, on both sides, and together with what came later.
#[tokio::test(flavor = "multi_thread")]
async fn a_return_takes_what_came_in_over_all_rounds() {
    let sale = open().await;
    let investor = sale.chain.address(4);
    let late = IssuerAct::Return(investor, ReturnReason::Discretion);
    let draft = late.draft(sale.place.escrow, sale.chain.address(0));
    assert!(sale.chain.run(0, &draft).await.is_err());
    act(&sale, IssuerAct::Return(investor, ReturnReason::Sanctions)).await;
    sale.exit(4, Exit::Refund).await;
    sale.chain.later(OPEN / 2);
    // Six coins are left of them, below the soft cap.
    sale.exit(5, Exit::Refund).await;
    let made = followed(&sale).await;
    let back: Vec<Amount> = made
        .iter()
        .filter_map(|entry| {
            if let Command::Return { amount, .. } = entry.command() {
                return Some(amount);
            }
            None
        })
        .collect();
    let coin = 1_000_000_000_000_000_000;
    assert_eq!(back, [Amount(7 * coin), Amount(2 * coin)]);
    let record = sale.record(&lines(&made));
    let settled = record.offering.settlement().unwrap().settled;
    assert_eq!(settled.verdict, Verdict::Failed);
    let evidence = sale.evidence().await;
    assert_eq!(evidence.compare(&record).await, Compared::default());
}

/// A day for each contribution: what came early goes back with what came later, and both are free again.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_of_both_rounds_is_followed_and_compared() {
    let sale = Sale::announce(terms(&[&ROUNDS[..], &[WITHDRAWAL_RIGHT]].concat())).await;
    let client = &sale.chain.client;
    let kind = FactoryKind::WithdrawableRounds;
    require_factory(client, sale.place.factory, kind)
        .await
        .unwrap();
    for (account, milli) in [(4, 7_000), (5, 8_000), (6, 5_000)] {
        sale.pay(account, milli).await;
    }
    sale.chain.later(OPEN / 2);
    sale.pay_plainly(4, 2_000).await.unwrap();
    sale.exit(4, Exit::Withdraw).await;
    sale.pay_plainly(4, 3_000).await.unwrap();
    // The right of the early round ends before that of the public one.
    sale.chain.later(OPEN / 2);
    sale.exit(4, Exit::Withdraw).await;
    let late = Exit::Withdraw.draft(sale.place.escrow, sale.chain.address(5));
    assert!(sale.chain.run(5, &late).await.is_err());
    sale.chain.later(OPEN);
    sale.exit(9, Exit::Settle).await;
    sale.exit(9, Exit::Draw).await;
    sale.exit(5, Exit::Claim).await;
    let made = followed(&sale).await;
    let back = made.iter().filter_map(|entry| {
        if let ChainCommand::Withdraw(_, amount) = entry.what {
            return Some(amount);
        }
        None
    });
    let coin = 1_000_000_000_000_000_000;
    let back: Vec<Amount> = back.collect();
    assert_eq!(back, [2 * coin, 7 * coin, 3 * coin].map(Amount));
    let record = sale.record(&lines(&made));
    let settled = record.offering.settlement().unwrap().settled;
    assert_eq!(settled.verdict, Verdict::Succeeded);
    assert_eq!(U256::from(settled.raised.0), ether(13_000));
    let evidence = sale.evidence().await;
    assert_eq!(evidence.compare(&record).await, Compared::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_of_another_round_is_found() {
    let sale = succeeding().await;
    let made = followed(&sale).await;
    let evidence = sale.evidence().await;
    let mut changed = lines(&made);
    for line in &mut changed {
        if let Command::Admit(admit) = &mut line.command {
            admit.round = RoundIndex(1 - admit.round.0);
        }
    }
    let found = evidence.compare(&sale.record(&changed)).await;
    assert!(codes(&found).contains(&FindingCode::OtherAdmission.as_str()));
    // Without the revocation in the round to come.
    let mut missing = lines(&made);
    let further = missing
        .iter()
        .position(|line| matches!(line.command, Command::Revoke { round, .. } if round.0 == 1));
    missing.remove(further.unwrap());
    let found = evidence.compare(&sale.record(&missing)).await;
    assert!(
        codes(&found).contains(&FindingCode::NotRecorded.as_str()),
        "{found:?}"
    );
}
