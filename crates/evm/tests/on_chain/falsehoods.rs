//! Each falsehood, of a record or of a chain, is named.

use std::sync::Arc;

use alloy_primitives::U256;
use softcap_evm::{
    EscrowEvent, EscrowKind, EscrowTerms, EvidenceReader, EvmError, OwnCode, ReadAt, SaleTerms,
    comparison::{OwnContracts, Refunds, compare_contracts},
};
use softcap_offering::{
    Amount, Command, Contribute, CurrencyIndex, Funding, InvestorId, Offering, RequestId, Tokens,
    Value,
};

use crate::comparison::{COIN, failing, followed, succeeding};
use crate::fixture::{Chain, terms};
use crate::recorded::{Evidence, Line, Record, Sale, codes, lines, nobody};

/// Changes the entries of a record.
type Change = for<'a> fn(&mut Vec<Line<'a>>);

fn contribution<'l, 'a>(lines: &'l mut [Line<'a>], which: usize) -> &'l mut Contribute<'a> {
    let mut all = lines.iter_mut().filter_map(|line| {
        if let Command::Contribute(contribute) = &mut line.command {
            Some(contribute)
        } else {
            None
        }
    });
    all.nth(which).unwrap()
}

/// Of three admissions and four contributions: 0 admits and 1 pays, 2 and 3, 4 and 5; 6 pays again, 7 settles, 8 draws,
/// 9 claims.
const FALSE_RECORDS: [(&str, Change, &[&str], &str); 12] = [
    (
        "another amount was paid",
        |lines| contribution(lines, 1).amount.0 += 1,
        &["R258", "R254"],
        "paid: the record says 4000000000000000001, the chain says 4000000000000000000",
    ),
    (
        "another amount was accepted",
        |lines| {
            contribution(lines, 3).funding = Funding::Chain {
                accepted: Amount(2 * COIN),
            };
        },
        &["R258", "R254"],
        "accepted: the record says 2000000000000000000, the chain says 1000000000000000000",
    ),
    (
        "somebody else paid",
        |lines| {
            let payer = contribution(lines, 0).investor;
            contribution(lines, 2).investor = payer;
        },
        &["R253"],
        "investor: the record says",
    ),
    (
        "a contribution is missing",
        |lines| {
            lines.remove(3);
        },
        &["R251"],
        "the chain says a contribution of 4000000000000000000, 4000000000000000000 accepted",
    ),
    (
        "a contribution was invented",
        |lines| {
            let mut line = lines[1].clone();
            line.request = Some(RequestId([7; 16]));
            lines.insert(2, line);
        },
        &["R252"],
        "the record says a contribution of 7000000000000000000, 7000000000000000000 accepted, the chain says nothing of it",
    ),
    (
        "two contributions changed places",
        |lines| lines.swap(5, 6),
        &["R256"],
        "order: the record says after log",
    ),
    (
        "a contribution came at another second",
        |lines| lines[1].stamp.position.0 += 1_000,
        &["R255"],
        "position in milliseconds: the record says",
    ),
    (
        "a contribution was seen in another transaction",
        |lines| {
            contribution(lines, 0).source =
                Some("0x0707070707070707070707070707070707070707070707070707070707070707:0")
        },
        &["R255"],
        "transaction and log: the record says 0x0707",
    ),
    (
        "a contribution was seen in another block",
        |lines| contribution(lines, 0).reference = "7-0",
        &["R255"],
        "block and log: the record says 7-0",
    ),
    (
        "somebody was admitted for less",
        |lines| {
            let Command::Admit(admit) = &mut lines[2].command else {
                panic!()
            };
            admit.limit = Some(Value(7 * COIN));
        },
        &["R259"],
        "admitted for: the record says 7000000000000000000, the chain says 8000000000000000000",
    ),
    (
        "other tokens were handed over",
        |lines| {
            let Command::Distribute { tokens, .. } = &mut lines[9].command else {
                panic!()
            };
            tokens.0 -= 1;
        },
        &["R254"],
        "tokens: the record says 11428571428571428571427, the chain says 11428571428571428571428",
    ),
    (
        "money was paid back that was not",
        |lines| {
            let Command::Distribute { investor, .. } = lines[9].command else {
                panic!()
            };
            lines[9].command = Command::PayRefund {
                investor,
                currency: CurrencyIndex(0),
            };
        },
        &["R257"],
        "what happened: the record says a refund, the chain says 11428571428571428571428 tokens taken out",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_false_entry_is_named_with_its_number_and_both_figures() {
    let sale = succeeding().await;
    let made = followed(&sale).await;
    let evidence = sale.evidence().await;
    for (what, change, expected, words) in FALSE_RECORDS {
        let mut changed = lines(&made);
        change(&mut changed);
        let compared = evidence.compare(&sale.record(&changed)).await;
        let found = codes(&compared);
        for code in expected {
            assert!(found.contains(code), "{what}: {compared:#?}");
        }
        let said = compared.findings.iter().map(ToString::to_string);
        let said: Vec<String> = said.filter(|line| line.contains(words)).collect();
        assert!(!said.is_empty(), "{what}: {compared:#?}");
        let named = compared.findings.iter().any(|finding| {
            expected.contains(&finding.code.as_str())
                && (finding.entry.is_some() || finding.place.is_some())
        });
        assert!(named, "{what}: {compared:#?}");
    }
}

/// What the escrow says of its terms.
fn formula(chain: &mut Evidence) -> &mut EscrowTerms {
    match &mut chain.contracts.announced.as_mut().unwrap().terms {
        SaleTerms::Formula(terms) => terms,
        other @ SaleTerms::Root(_) => panic!("{other:?}"),
    }
}

/// Changes what the chain says.
type Forge = fn(&Sale, &mut Evidence);

const FALSE_CHAINS: [(&str, Forge, &str, &str); 11] = [
    (
        "another chain",
        |_, chain| chain.contracts.chain_id = 1,
        "R241",
        "chain id: the record says 31337, the chain says 1",
    ),
    (
        "an announcement of other terms",
        |_, chain| chain.contracts.announced.as_mut().unwrap().terms_hash.0[0] ^= 1,
        "R243",
        "the announcement's terms hash",
    ),
    (
        "another beneficiary than the code says",
        |sale, chain| {
            formula(chain).beneficiary = sale.chain.address(8);
        },
        "R245",
        "the hash of the escrow's code",
    ),
    (
        "another hard cap",
        |_, chain| formula(chain).hard_cap += U256::from(1),
        "R244",
        "hardCap",
    ),
    (
        "other code behind the token",
        |_, chain| chain.contracts.announced.as_mut().unwrap().behind.token.0[0] ^= 1,
        "R245",
        "the hash of the code behind the token",
    ),
    (
        "an event that is withheld",
        |_, chain| {
            chain.sale.logs.remove(1);
        },
        "R262",
        "accepted: its events come to 0, its state is 4000000000000000000",
    ),
    (
        "another total at the settlement",
        |_, chain| {
            for log in &mut chain.sale.logs {
                if let EscrowEvent::Settled { sold, .. } = &mut log.event {
                    *sold = Tokens(sold.0 + 1);
                }
            }
        },
        "R263",
        "sold: the record says",
    ),
    (
        "tokens that are not owed",
        |sale, chain| {
            chain
                .sale
                .accounts
                .get_mut(&sale.chain.address(5))
                .unwrap()
                .tokens_due -= 1
        },
        "R261",
        "tokens: the record says 5714285714285714285714, the chain says 5714285714285714285713",
    ),
    (
        "tokens that the escrow does not hold",
        |_, chain| chain.sale.holdings.tokens -= U256::from(1),
        "R264",
        "tokens of the escrow",
    ),
    (
        "tokens out of nothing",
        |_, chain| chain.sale.holdings.supply += U256::from(1),
        "R265",
        "all tokens",
    ),
    (
        "money of somebody who is not in the record",
        |_, chain| {
            let mut log = chain.sale.logs[0].clone();
            log.place.transaction.0[0] ^= 1;
            if let EscrowEvent::Contributed { investor, .. } = &mut log.event {
                *investor = nobody();
            }
            chain.sale.logs.insert(1, log);
        },
        "R251",
        "an event of the escrow: the record says nothing of it, the chain says a contribution of 7000000000000000000",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_false_chain_is_named_with_both_figures() {
    let sale = succeeding().await;
    let made = followed(&sale).await;
    let record = sale.record(&lines(&made));
    let truth = sale.evidence().await;
    for (what, forge, code, words) in FALSE_CHAINS {
        let mut evidence = truth.clone();
        forge(&sale, &mut evidence);
        let compared = evidence.compare(&record).await;
        let found = compared
            .findings
            .iter()
            .any(|finding| finding.code.as_str() == code && finding.to_string().contains(words));
        assert!(found, "{what}: {compared:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_is_neither_paid_nor_owed_is_found() {
    let sale = failing().await;
    let made = followed(&sale).await;
    let record = sale.record(&lines(&made));
    let mut evidence = sale.evidence().await;
    let ben = sale.chain.address(5);
    evidence.sale.accounts.get_mut(&ben).unwrap().money_due = 0;
    let compared = evidence.compare(&record).await;
    let said = compared
        .findings
        .iter()
        .find(|finding| finding.investor == Some(ben))
        .unwrap();
    assert_eq!(
        said.to_string(),
        format!("R261: {ben}, money back: the record says 3000000000000000000, the chain says 0")
    );
    // A wei less than it owes.
    let mut evidence = sale.evidence().await;
    evidence.sale.holdings.money -= U256::from(1);
    let compared = evidence.compare(&record).await;
    assert_eq!(codes(&compared), ["R264"]);
    // The record says that everybody was paid, and the sale goes on.
    let mut evidence = sale.evidence().await;
    evidence.sale.state.refunds = Refunds::Closed;
    assert!(codes(&evidence.compare(&record).await).contains(&"R263"));
}

/// A settlement that does not follow from the entries beside it.
#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_of_other_entries_is_found_for_each_investor() {
    let sale = succeeding().await;
    let made = followed(&sale).await;
    let evidence = sale.evidence().await;
    let truth = sale.record(&lines(&made));
    let mut changed = lines(&made);
    // Without the second payment of the first investor.
    changed.remove(6);
    let other: Offering = sale.record(&changed).offering;
    let record = Record {
        entries: truth.entries,
        offering: other,
    };
    let compared = evidence.compare(&record).await;
    let ada = sale.chain.address(4);
    let of_ada = compared.findings.iter().any(|finding| {
        finding.code.as_str() == "R261"
            && finding.investor == Some(ada)
            && finding.about == "tokens"
    });
    assert!(of_ada, "{compared:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_escrow_with_the_same_terms_is_not_the_one_of_the_record() {
    let sale = succeeding().await;
    let mut named = sale.named();
    let (other, _) = sale.chain.announce(&sale.terms).await;
    named.at.contract = other.escrow.into();
    let reader = EvidenceReader::new(sale.endpoints(), named, ReadAt::Deep(0), 7)
        .await
        .unwrap();
    let contracts = reader.contracts(None).await.unwrap();
    assert_eq!(contracts.announced, None);
    let own = OwnContracts {
        sale: OwnCode::compute(EscrowKind::Plain).await.unwrap(),
        after_sale: None,
    };
    let offering = Offering::new(Arc::clone(&sale.terms));
    let findings = compare_contracts(&named, &offering, &contracts, own).findings;
    assert_eq!(findings.len(), 1);
    assert!(
        findings[0]
            .to_string()
            .starts_with("R242: entry 1, the escrow"),
        "{findings:?}"
    );
    // And a block before the announcement says nothing about it.
    named.second += 1;
    let early = EvidenceReader::new(sale.endpoints(), named, ReadAt::Block(0), 7).await;
    assert!(
        matches!(early, Err(EvmError::TooEarly { block: 0, .. })),
        "{early:?}"
    );
}

/// A quick chain has hundreds of blocks in a second.
#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_is_found_behind_many_blocks_of_its_second() {
    let chain = Chain::new();
    for _ in 0..200 {
        chain.node.mine().unwrap();
    }
    let sale = Sale::announce_on(chain, terms(&[])).await;
    let first = sale.endpoints().block(1).await.unwrap().header();
    assert_eq!(first.timestamp, sale.announced.timestamp);
    let reader = EvidenceReader::new(sale.endpoints(), sale.named(), ReadAt::Deep(0), 7);
    let contracts = reader.await.unwrap().contracts(None).await.unwrap();
    assert!(contracts.announced.is_some());
}

/// Who has no wallet cannot have paid.
#[tokio::test(flavor = "multi_thread")]
async fn an_investor_without_an_address_is_named() {
    let sale = succeeding().await;
    let made = followed(&sale).await;
    let mut changed = lines(&made);
    contribution(&mut changed, 0).investor = InvestorId::Opaque("ada");
    let compared = sale.evidence().await.compare(&sale.record(&changed)).await;
    let said = compared.findings[0].to_string();
    assert_eq!(
        said,
        "R253: entry 3, investor: the record says ada, the chain says a wallet"
    );
}
