//! The record of an auction beside its escrow, as it goes on, and each falsehood of one of the two.

use alloy_primitives::{B256, U256};
use softcap_evm::{
    Asked, EscrowEvent, EscrowKind, EvidenceReader, Exit, IssuerAct, OwnCode, ReadAt, RootAct,
    RootEvent, RootPhase,
    comparison::{
        Compared, ContractEvidence, Note, OwnContracts, Refunds, RootSaleEvidence,
        compare_contracts, compare_root_sale,
    },
};
use softcap_offering::{Amount, ReturnReason, Tokens};

use crate::recorded::{codes, endpoints};
use crate::root::{Auction, DAY};

impl Auction {
    async fn evidence(&self) -> (ContractEvidence, RootSaleEvidence) {
        let endpoints = endpoints(&self.chain);
        let reader = EvidenceReader::new(endpoints, self.named(), ReadAt::Deep(0), 7).await;
        let reader = reader.unwrap();
        let contracts = reader.contracts(None).await.unwrap();
        let announced = contracts.announced.as_ref().unwrap();
        let mut silent = |_| {};
        let sale = reader.root_sale(announced, Asked::Everybody, &mut silent);
        let sale = sale.await.unwrap();
        (contracts, sale)
    }

    /// The contracts, and then what happened.
    async fn compare(&self, (contracts, sale): &(ContractEvidence, RootSaleEvidence)) -> Compared {
        let own = OwnContracts {
            sale: OwnCode::compute(EscrowKind::Root).await.unwrap(),
            after_sale: None,
        };
        let found = compare_contracts(&self.named(), &self.offering, contracts, own);
        assert_eq!(found.findings, []);
        compare_root_sale(&self.record, &self.offering, sale)
    }

    /// What is worth saying where everything agrees.
    pub(crate) async fn agrees(&self) -> Vec<Note> {
        let compared = self.compare(&self.evidence().await).await;
        assert_eq!(compared.findings, []);
        compared.notes
    }

    /// Posted, and claims are open.
    async fn posted() -> Self {
        let mut auction = Self::with_three_bids().await;
        let root = auction.settle().await;
        auction.act(0, RootAct::Post(root)).await;
        auction.chain.later(7 * DAY);
        auction.follow().await;
        auction
    }

    /// All leaves are proved, and the money is drawn.
    async fn paid() -> Self {
        let mut auction = Self::posted().await;
        auction.act(9, RootAct::Distribute(auction.leaves())).await;
        auction.exit(9, Exit::Draw).await.unwrap();
        auction.follow().await;
        auction
    }
}

fn proved(leaves: usize, accepted: &str, drawn: &str) -> Note {
    let coins = |coins: &str| match coins {
        "0" => "0".to_owned(),
        coins => format!("{coins}000000000000000000"),
    };
    Note::Proved {
        leaves,
        all: 3,
        accepted: coins(accepted),
        drawn: coins(drawn),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_by_root_agrees_with_its_escrow_from_the_first_bid_to_the_last_claim() {
    let mut auction = Auction::with_three_bids().await;
    auction.follow().await;
    assert_eq!(auction.agrees().await, [Note::NotSettled]);
    let root = auction.settle().await;
    let unproved = auction.agrees().await;
    assert_eq!(unproved, [Note::NoRoot]);
    auction.act(0, RootAct::Post(root)).await;
    auction.follow().await;
    assert_eq!(auction.agrees().await, [proved(0, "0", "0")]);
    auction.chain.later(7 * DAY);
    let first = auction.leaves()[0].clone();
    auction.act(4, RootAct::Claim(first)).await;
    auction.exit(9, Exit::Draw).await.unwrap();
    auction.follow().await;
    assert_eq!(auction.agrees().await, [proved(1, "110", "110")]);
    auction.act(9, RootAct::Distribute(auction.leaves())).await;
    auction.follow().await;
    assert_eq!(auction.agrees().await, [proved(3, "200", "110")]);
    auction.exit(9, Exit::Draw).await.unwrap();
    auction.follow().await;
    assert_eq!(auction.agrees().await, [proved(3, "200", "200")]);
    // Nothing more can be proved, and nothing has to be.
    auction.chain.later(90 * DAY);
    assert_eq!(auction.agrees().await, [proved(3, "200", "200")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_and_a_sale_that_was_given_up_agree_too() {
    let mut auction = Auction::with_three_bids().await;
    let (escrow, issuer) = (auction.place.escrow, auction.chain.address(0));
    let back = IssuerAct::Return(auction.chain.address(5), ReturnReason::Order);
    auction
        .chain
        .run(0, &back.draft(escrow, issuer))
        .await
        .unwrap();
    auction.exit(5, Exit::Refund).await.unwrap();
    let cancel = IssuerAct::Cancel.draft(escrow, issuer);
    auction.chain.run(0, &cancel).await.unwrap();
    auction.follow().await;
    assert_eq!(auction.agrees().await, [Note::NotSettled]);
    auction.exit(4, Exit::Refund).await.unwrap();
    auction.follow().await;
    assert!(auction.offering.settlement().is_some());
    assert_eq!(auction.agrees().await, []);
    auction.exit(6, Exit::Refund).await.unwrap();
    auction.follow().await;
    assert_eq!(auction.agrees().await, []);
}

/// What the issuer can do with a root: post another one, or let claims end with leaves that nobody proved.
#[tokio::test(flavor = "multi_thread")]
async fn another_root_a_void_one_and_unproved_leaves_are_found() {
    let mut auction = Auction::with_three_bids().await;
    auction.settle().await;
    auction.act(0, RootAct::Post(B256::repeat_byte(7))).await;
    auction.follow().await;
    let compared = auction.compare(&auction.evidence().await).await;
    assert_eq!(codes(&compared), ["R266"]);
    let said = compared.findings[0].to_string();
    assert!(said.contains("the chain says 0x0707"), "{said}");
    auction.act(5, RootAct::Object).await;
    auction.follow().await;
    let compared = auction.compare(&auction.evidence().await).await;
    assert_eq!(codes(&compared), ["R266", "R263", "R261"]);

    let mut late = Auction::posted().await;
    let first = late.leaves()[0].clone();
    late.act(4, RootAct::Claim(first)).await;
    late.chain.later(90 * DAY);
    late.follow().await;
    let compared = late.compare(&late.evidence().await).await;
    assert_eq!(codes(&compared), ["R263", "R261"]);
    let six = late.chain.address(6);
    let of_six = compared
        .findings
        .iter()
        .filter(|one| one.investor == Some(six));
    let of_six: Vec<String> = of_six.map(ToString::to_string).collect();
    let tokens = "tokens: the record says 90000000000000000000000, the chain says 0";
    let money = "money back: the record says 0, the chain says 90000000000000000000";
    assert_eq!(
        of_six,
        [
            format!("R261: {six}, {tokens}"),
            format!("R261: {six}, {money}")
        ]
    );
}

/// Changes what the chain says.
type Forge = fn(&Auction, &mut RootSaleEvidence);

fn each_leaf(evidence: &mut RootSaleEvidence, change: impl Fn(&mut RootEvent)) {
    for log in &mut evidence.logs {
        if let EscrowEvent::Root(event) = &mut log.event {
            change(event);
        }
    }
}

const FALSE_CHAINS: [(&str, Forge, &str, &str); 11] = [
    (
        "another root in the event",
        |_, chain| {
            each_leaf(chain, |event| {
                if let RootEvent::Posted(root) = event {
                    root.0[0] ^= 1;
                }
            });
        },
        "R266",
        "root: the record says",
    ),
    (
        "another root in the contract",
        |_, chain| chain.standing.root = Some(B256::repeat_byte(9)),
        "R262",
        "root: its events come to",
    ),
    (
        "a void root without an event",
        |_, chain| chain.standing.phase = RootPhase::Void,
        "R262",
        "phase: its events come to posted, its state is void",
    ),
    (
        "fewer tokens for a leaf",
        |_, chain| {
            each_leaf(chain, |event| {
                if let RootEvent::Proved { tokens, .. } = event {
                    *tokens = Tokens(tokens.0.saturating_sub(1));
                }
            });
        },
        "R261",
        "tokens: the record says 110000000000000000000000, the chain says 109999999999999999999999",
    ),
    (
        "more money accepted of a leaf",
        |_, chain| {
            each_leaf(chain, |event| {
                if let RootEvent::Proved { accepted, .. } = event {
                    accepted.0 += 1;
                }
            });
        },
        "R261",
        "accepted: the record says 110000000000000000000, the chain says 110000000000000000001",
    ),
    (
        "a leaf that is withheld",
        |_, chain| {
            let is_leaf =
                |event: &EscrowEvent| matches!(event, EscrowEvent::Root(RootEvent::Proved { .. }));
            let place = chain.logs.iter().position(|log| is_leaf(&log.event));
            chain.logs.remove(place.unwrap());
        },
        "R252",
        "tokens handed over: the record says 110000000000000000000000 tokens handed over, the chain says nothing of it",
    ),
    (
        "more drawn than leaves accepted",
        |_, chain| {
            for log in &mut chain.logs {
                if let EscrowEvent::Drawn(amount) = &mut log.event {
                    *amount = Amount(amount.0 + 1);
                }
            }
        },
        "R267",
        "money drawn: the terms allow 200000000000000000000, the chain says 200000000000000000001",
    ),
    (
        "money in an account that was paid",
        |auction, chain| {
            let six = auction.chain.address(6);
            chain.accounts.get_mut(&six).unwrap().contributed =
                alloy_primitives::aliases::U80::from(5);
        },
        "R262",
        "money of an account: its events come to 0, its state is 5",
    ),
    (
        "refunds while leaves can be proved",
        |_, chain| {
            chain.refunds = Refunds::Open;
            chain
                .logs
                .retain(|log| !matches!(log.event, EscrowEvent::Root(RootEvent::Proved { .. })));
        },
        "R263",
        "the chain says that no leaf can be proved any more, and not all were",
    ),
    (
        "tokens out of nothing",
        |_, chain| chain.holdings.supply += U256::from(1),
        "R265",
        "all tokens: the record says",
    ),
    (
        "somebody's bid that is not in the record",
        |_, chain| {
            let mut log = chain.logs[0].clone();
            log.place.transaction.0[0] ^= 1;
            chain.logs.insert(1, log);
        },
        "R251",
        "the chain says a bid of 120000000000000000000, at most 1000000000000000 for the price unit",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_false_chain_of_an_auction_is_named_with_both_figures() {
    let auction = Auction::paid().await;
    let (contracts, truth) = auction.evidence().await;
    for (what, forge, code, words) in FALSE_CHAINS {
        let mut evidence = truth.clone();
        forge(&auction, &mut evidence);
        let compared = auction.compare(&(contracts.clone(), evidence)).await;
        let found = compared
            .findings
            .iter()
            .any(|finding| finding.code.as_str() == code && finding.to_string().contains(words));
        assert!(found, "{what}: {compared:#?}");
    }
}

/// The same entries beside a chain on which somebody bid something else: each is named with its number.
#[tokio::test(flavor = "multi_thread")]
async fn each_false_bid_is_named() {
    let auction = Auction::paid().await;
    let (contracts, truth) = auction.evidence().await;
    type Change = fn(&mut RootEvent);
    let changes: [(Change, &str, &str); 3] = [
        (
            |event| {
                if let RootEvent::Bid { amount, .. } = event {
                    amount.0 += 1;
                }
            },
            "R254",
            "paid: the record says",
        ),
        (
            |event| {
                if let RootEvent::Bid { limit, .. } = event {
                    limit.0 += 1;
                }
            },
            "R254",
            "limit price: the record says 1000000000000000 for 1000000000000000000 of the token",
        ),
        (
            |event| {
                if let RootEvent::Bid { cap, .. } = event {
                    cap.0 += 1;
                }
            },
            "R259",
            "admitted for: the record says",
        ),
    ];
    for (change, code, words) in changes {
        let mut evidence = truth.clone();
        each_leaf(&mut evidence, change);
        let compared = auction.compare(&(contracts.clone(), evidence)).await;
        let found = compared.findings.iter().any(|finding| {
            let says = finding.to_string().contains(words);
            finding.code.as_str() == code && finding.entry.is_some() && says
        });
        assert!(found, "{words}: {compared:#?}");
    }
}
