//! A record that followed its escrow agrees with it to the unit.

use alloy_primitives::U256;
use softcap_evm::{
    Asked, ChainEntry, EscrowEvent, EvidenceReader, Exit, IssuerAct, ReadAt,
    comparison::{Compared, Note},
    sale_terms_at, window_now,
};
use softcap_offering::{Amount, Command, Value, Verdict};

use crate::announcing_after_sale::AFTER_SALE;
use crate::fixture::{OPEN, WITHDRAWAL_RIGHT, terms};
use crate::recorded::{Evidence, Sale, codes, lines};

pub(crate) const COIN: u128 = 1_000_000_000_000_000_000;

/// Three people, one of them twice and over the limit of the permit; settled, drawn, one claims.
pub(crate) async fn succeeding() -> Sale {
    succeeded(&[]).await
}

async fn succeeded(changes: &[(&str, &str)]) -> Sale {
    let sale = Sale::announce(terms(changes)).await;
    for (account, milli) in [(4, 7_000), (5, 4_000), (6, 1_000), (4, 2_000)] {
        sale.pay(account, milli).await;
    }
    sale.chain.later(OPEN);
    sale.exit(9, Exit::Settle).await;
    sale.exit(9, Exit::Draw).await;
    sale.exit(4, Exit::Claim).await;
    sale
}

/// Two people below the soft cap; one takes the money out.
pub(crate) async fn failing() -> Sale {
    let sale = Sale::announce(terms(&[])).await;
    sale.pay(4, 2_000).await;
    sale.pay(5, 3_000).await;
    sale.chain.later(OPEN);
    sale.exit(4, Exit::Refund).await;
    sale
}

/// 18 coins are asked for and 10 accepted.
async fn shared() -> Sale {
    let sale = Sale::announce(terms(&[
        (
            "hard_cap = \"100 ETH\"",
            "hard_cap = \"10 ETH\"\ndust = \"unassigned\"",
        ),
        ("soft_cap = \"10 ETH\"", "soft_cap = \"5 ETH\""),
        (
            "allocation = \"first_come\"",
            "allocation = \"pro_rata\"\ncap = \"10 ETH\"",
        ),
    ]))
    .await;
    for (account, milli) in [(4, 7_000), (5, 4_000), (6, 7_000)] {
        sale.pay(account, milli).await;
    }
    sale.chain.later(OPEN);
    sale.exit(9, Exit::Settle).await;
    sale.exit(4, Exit::Claim).await;
    sale
}

/// Of four coins that were taken back three come again; settled a day later, when the last right has ended.
async fn withdrawn() -> Sale {
    let sale = Sale::announce(terms(&[WITHDRAWAL_RIGHT])).await;
    for (account, milli) in [(4, 7_000), (5, 3_000), (6, 1_000), (5, 1_000)] {
        sale.pay(account, milli).await;
    }
    sale.exit(5, Exit::Withdraw).await;
    sale.pay(5, 3_000).await;
    sale.chain.later(2 * OPEN);
    sale.exit(9, Exit::Settle).await;
    sale.exit(9, Exit::Draw).await;
    sale.exit(5, Exit::Claim).await;
    sale
}

/// Paused for six hours at most, which the issuer ends after two: money comes in behind the window of the terms.
async fn moved() -> Sale {
    let pause = "[pause]\nlongest = \"6 hours\"\ncount = 1\nend = \"moves\"\n[currency.ETH]";
    let sale = Sale::announce(terms(&[("[currency.ETH]", pause)])).await;
    sale.pay(4, 7_000).await;
    for act in [IssuerAct::Pause, IssuerAct::Resume] {
        let draft = act.draft(sale.place.escrow, sale.chain.address(0));
        sale.chain.run(0, &draft).await.unwrap();
        sale.chain.later(7_200);
    }
    sale.chain.later(OPEN - 2 * 7_200);
    let client = &sale.chain.client;
    let announced = sale_terms_at(client, sale.place.escrow).await.unwrap();
    let now = client.head().await.unwrap().timestamp;
    assert!(U256::from(now) >= announced.window().closes);
    let window = window_now(client, sale.place.escrow, &announced).await;
    assert!(window.unwrap().closes >= announced.window().closes + U256::from(7_200));
    sale.pay(5, 4_000).await;
    sale.chain.later(7_200);
    sale.exit(9, Exit::Settle).await;
    sale.exit(9, Exit::Draw).await;
    sale.exit(4, Exit::Claim).await;
    sale
}

pub(crate) async fn followed(sale: &Sale) -> Vec<ChainEntry> {
    sale.follow(&sale.logs().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_followed_its_escrow_agrees_with_it_to_the_unit() {
    for (sale, verdict, entries, events) in [
        // Three admissions, four contributions, settlement, draw, claim.
        (succeeding().await, Verdict::Succeeded, 10, 7),
        // The same with milestones, whose contract the draw pays: the issuer has nothing yet, and nothing has begun.
        (succeeded(&AFTER_SALE).await, Verdict::Succeeded, 9, 7),
        // Two admissions, two contributions, a settlement that the first refund shows, the refund.
        (failing().await, Verdict::Failed, 6, 3),
        // Three admissions, five contributions, two of them taken back, settlement, draw, claim.
        (withdrawn().await, Verdict::Succeeded, 13, 10),
        // Three admissions and contributions, settlement, tokens and change of one.
        (shared().await, Verdict::Succeeded, 9, 6),
        // Two admissions and contributions, a pause and its end, settlement, draw, claim.
        (moved().await, Verdict::Succeeded, 9, 7),
    ] {
        let made = followed(&sale).await;
        let record = sale.record(&lines(&made));
        let settled = record.offering.settlement().unwrap().settled;
        assert_eq!(settled.verdict, verdict);
        let evidence = sale.evidence().await;
        assert_eq!(
            (record.entries.len(), evidence.sale.logs.len()),
            (entries, events)
        );
        let compared = evidence.compare(&record).await;
        assert_eq!(compared, Compared::default(), "{verdict:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_the_tokens_has_an_account_only_where_milestones_follow() {
    for (sale, accepted) in [
        (succeeding().await, 0),
        (succeeded(&AFTER_SALE).await, 8 * COIN),
    ] {
        let evidence = sale.evidence().await;
        let of = |account: usize| evidence.sale.accounts[&sale.chain.address(account)];
        assert_eq!((of(4).accepted, of(4).tokens_due), (accepted, 0));
        assert_eq!(of(5).accepted, 4 * COIN);
    }
}

/// What a pro rata sale gives was worked out with fractions: 7 of 18 parts of 10 coins, at 0.0007 a token.
#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_is_shared_out_is_followed_and_compared() {
    let sale = shared().await;
    let made = followed(&sale).await;
    let record = sale.record(&lines(&made));
    let evidence = sale.evidence().await;
    let of = |account: usize| evidence.sale.accounts[&sale.chain.address(account)];
    let (part, tokens) = (3_888_888_888_888_888_888, 5_555_555_555_555_555_554_285);
    assert_eq!(of(6).money_due, 7 * COIN - part);
    assert_eq!(of(6).tokens_due, tokens);
    let logs = &evidence.sale.logs;
    let change = Amount(7 * COIN - part);
    assert!(
        logs.iter()
            .any(|log| log.event == EscrowEvent::Refunded(sale.chain.address(4), change))
    );
    let rows: Vec<(u128, u128)> = record
        .offering
        .rows()
        .map(|row| (row.accepted.0, row.tokens.0))
        .collect();
    assert_eq!(rows[0], (part, tokens));
    // The contract names three units less than the most, one for each investor; the record adds the parts up.
    let parts = 2 * part + 2_222_222_222_222_222_222;
    let settled = record.offering.settlement().unwrap().settled;
    assert_eq!(settled.raised, Value(parts));
    let raised = Value(10 * COIN - 3);
    let named = logs.iter().any(
        |log| matches!(log.event, EscrowEvent::Settled { raised: there, .. } if there == raised),
    );
    assert!(named, "{logs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_entered_yet_is_said_and_is_no_difference() {
    let sale = succeeding().await;
    let made = followed(&sale).await;
    let evidence = sale.evidence().await;
    // A bundle ends with the settlement; the money was drawn and tokens were claimed later.
    let settled = lines(&made[..8]);
    assert_eq!(settled[7].command, Command::Settle);
    let compared = evidence.compare(&sale.record(&settled)).await;
    assert_eq!(compared.findings, []);
    let [
        Note::NotInTheRecord {
            logs: 2,
            contributions: 0,
            first,
        },
    ] = compared.notes.as_slice()
    else {
        panic!("{:?}", compared.notes);
    };
    assert_eq!(*first, evidence.sale.logs[5].place);
    // A record that is two contributions behind has no settlement to compare.
    let behind = lines(&made[..4]);
    let compared = evidence.compare(&sale.record(&behind)).await;
    assert_eq!(compared.findings, []);
    assert!(compared.notes.contains(&Note::NotSettled));
    assert!(
        matches!(
            compared.notes[0],
            Note::NotInTheRecord {
                logs: 5,
                contributions: 2,
                ..
            }
        ),
        "{:?}",
        compared.notes
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_of_investors_is_said_and_their_rest_is_compared_by_events() {
    let sale = succeeding().await;
    let made = followed(&sale).await;
    let record = sale.record(&lines(&made));
    let reader = EvidenceReader::new(sale.endpoints(), sale.named(), ReadAt::Deep(0), 7)
        .await
        .unwrap();
    let contracts = reader.contracts(None).await.unwrap();
    let announced = contracts.announced.as_ref().unwrap();
    let read = reader
        .sale((announced, &sale.after_sale), Asked::Some(1), &mut |_| {})
        .await
        .unwrap();
    assert_eq!(read.accounts.len(), 1);
    let mut evidence = Evidence {
        sale: read,
        contracts,
    };
    let compared = evidence.compare(&record).await;
    assert_eq!(compared.findings, []);
    assert_eq!(compared.notes, [Note::Asked { asked: 1, all: 3 }]);
    // Nobody was asked about the one who claimed, and the events tell it.
    evidence.sale.accounts.clear();
    for log in &mut evidence.sale.logs {
        if let EscrowEvent::Claimed(_, tokens) = &mut log.event {
            tokens.0 -= 1;
        }
    }
    assert!(codes(&evidence.compare(&record).await).contains(&"R261"));
}

/// Anybody can send money or tokens to an address. Nobody can take it out, and it must not make a true record false.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_to_the_escrow_without_its_doing_is_only_said() {
    let sale = succeeding().await;
    let made = followed(&sale).await;
    let record = sale.record(&lines(&made));
    let mut evidence = sale.evidence().await;
    evidence.sale.holdings.money += U256::from(5);
    let compared = evidence.compare(&record).await;
    assert_eq!(compared.findings, []);
    let said: Vec<String> = compared.notes.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        ["money of the escrow: 5 units more than it owes, which nobody can take"]
    );
}
