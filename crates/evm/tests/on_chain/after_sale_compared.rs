//! Milestones and a share that vests beside the record that followed them, and each falsehood of one of the two.

use alloy_primitives::{Address, Bytes, U256};
use softcap_evm::{
    AfterSaleAct, AfterSaleEvent, EscrowEvent, Exit, FactoryKind, ReturnableTokens, Stopped,
    allow_draft,
    comparison::{AfterSaleRole, Compared, Note},
    require_factory, settle_all_draft,
};
use softcap_offering::Command;

use crate::announcing_after_sale::AFTER_SALE;
use crate::fixture::{OPEN, terms};
use crate::recorded::{Evidence, Line, Sale, codes, lines};
use crate::rounds::ROUNDS;

const DAY: u64 = 86_400;

impl Sale {
    /// Settled, and all that comes after the sale begun in one second.
    async fn settled(self) -> Self {
        self.chain.later(OPEN);
        let from = self.chain.address(9);
        let (factory, escrow) = (self.place.factory, self.place.escrow);
        let settle = settle_all_draft(factory, escrow, self.after_sale.all(), from);
        self.chain.run(9, &settle).await.unwrap();
        self
    }

    async fn after(&self, account: usize, act: AfterSaleAct) {
        let contract = match act {
            AfterSaleAct::Vest => self.after_sale.vestings[&0],
            AfterSaleAct::Begin
            | AfterSaleAct::Announce
            | AfterSaleAct::Object
            | AfterSaleAct::Release
            | AfterSaleAct::GiveBack(_) => self.after_sale.milestones.unwrap(),
        };
        let draft = act.draft(contract, self.chain.address(account));
        self.chain.run(account, &draft).await.unwrap();
    }
}

/// 7, 4 and 1 coins, settled and begun in one second.
async fn settled() -> Sale {
    let sale = Sale::announce(terms(&AFTER_SALE)).await;
    for (account, milli) in [(4, 7_000), (5, 4_000), (6, 1_000)] {
        sale.pay(account, milli).await;
    }
    sale.settled().await
}

/// The first milestone is released, and a part of the share is handed over.
async fn released() -> Sale {
    let sale = settled().await;
    sale.after(0, AfterSaleAct::Announce).await;
    sale.chain.later(7 * DAY);
    sale.after(9, AfterSaleAct::Release).await;
    sale.chain.later(90 * DAY);
    sale.after(9, AfterSaleAct::Vest).await;
    sale
}

async fn compared(sale: &Sale) -> Compared {
    let made = sale.follow(&sale.logs().await);
    let record = sale.record(&lines(&made));
    sale.evidence().await.compare(&record).await
}

#[tokio::test(flavor = "multi_thread")]
async fn milestones_and_a_share_agree_with_the_record_to_the_end() {
    let sale = settled().await;
    assert_eq!(compared(&sale).await, Compared::default());
    sale.after(0, AfterSaleAct::Announce).await;
    assert_eq!(compared(&sale).await, Compared::default());
    sale.chain.later(7 * DAY);
    sale.after(9, AfterSaleAct::Release).await;
    assert_eq!(compared(&sale).await, Compared::default());
    sale.chain.later(23 * DAY);
    sale.after(0, AfterSaleAct::Announce).await;
    let list = [4, 5, 6]
        .map(|account| sale.chain.address(account))
        .to_vec();
    sale.exit(9, Exit::Distribute(list)).await;
    sale.after(6, AfterSaleAct::Object).await;
    assert_eq!(compared(&sale).await, Compared::default());
    // With 7 of 12 coins more than the share of 30 %.
    sale.after(4, AfterSaleAct::Object).await;
    sale.chain.later(60 * DAY);
    sale.after(9, AfterSaleAct::Vest).await;
    let stopped = compared(&sale).await;
    assert_eq!(stopped.findings, []);
    assert_eq!(stopped.notes, [Note::Stopped { milestone: 1 }]);
    sale.chain.later(300 * DAY);
    sale.after(9, AfterSaleAct::Vest).await;
    assert_eq!(compared(&sale).await.findings, []);
}

/// 18 coins are asked for and 10 accepted: the contract releases parts of a unit for each investor less than the record adds
/// up, and no rail may stop for that.
#[tokio::test(flavor = "multi_thread")]
async fn milestones_of_a_sale_that_is_shared_out_agree_too() {
    let shared = [
        (
            "hard_cap = \"100 ETH\"",
            "hard_cap = \"10 ETH\"\ndust = \"unassigned\"",
        ),
        ("soft_cap = \"10 ETH\"", "soft_cap = \"5 ETH\""),
        (
            "allocation = \"first_come\"",
            "allocation = \"pro_rata\"\ncap = \"10 ETH\"",
        ),
    ];
    let sale = Sale::announce(terms(&[&AFTER_SALE[..], &shared].concat())).await;
    for (account, milli) in [(4, 7_000), (5, 4_000), (6, 7_000)] {
        sale.pay(account, milli).await;
    }
    let sale = sale.settled().await;
    for wait in [0, 23, 23] {
        sale.chain.later(wait * DAY);
        sale.after(0, AfterSaleAct::Announce).await;
        sale.chain.later(7 * DAY);
        sale.after(9, AfterSaleAct::Release).await;
        assert_eq!(compared(&sale).await.findings, []);
    }
}

/// Early birds and the public: what comes after the sale knows all rounds as one, on the chain and in the record.
#[tokio::test(flavor = "multi_thread")]
async fn milestones_and_a_share_of_two_rounds_agree_too() {
    let sale = Sale::announce(terms(&[&AFTER_SALE[..], &ROUNDS].concat())).await;
    let client = &sale.chain.client;
    let kind = FactoryKind::RoundsAfterSale;
    require_factory(client, sale.place.factory, kind)
        .await
        .unwrap();
    for (account, milli) in [(4, 7_000), (5, 4_000)] {
        sale.pay(account, milli).await;
    }
    sale.chain.later(OPEN / 2);
    for (account, milli) in [(4, 2_000), (6, 1_000)] {
        sale.pay_plainly(account, milli).await.unwrap();
    }
    let sale = sale.settled().await;
    assert_eq!(compared(&sale).await, Compared::default());
    sale.after(0, AfterSaleAct::Announce).await;
    sale.chain.later(7 * DAY);
    sale.after(9, AfterSaleAct::Release).await;
    assert_eq!(compared(&sale).await, Compared::default());
    sale.chain.later(83 * DAY);
    sale.after(9, AfterSaleAct::Vest).await;
    let list = [4, 5, 6].map(|account| sale.chain.address(account));
    sale.exit(9, Exit::Distribute(list.to_vec())).await;
    sale.after(0, AfterSaleAct::Announce).await;
    // With 7 coins of one round and 2 of the other, of 14, more than the share of 30 %.
    sale.after(4, AfterSaleAct::Object).await;
    let stopped = compared(&sale).await;
    assert_eq!(stopped.findings, []);
    assert_eq!(stopped.notes, [Note::Stopped { milestone: 1 }]);
    let (client, who) = (&sale.chain.client, sale.chain.address(4));
    let (milestones, token) = (sale.after_sale.milestones.unwrap(), sale.place.token);
    let left = client.balance(milestones).await.unwrap();
    let read = ReturnableTokens::read(client, (milestones, token), who).await;
    let all = read.unwrap().most;
    // 2,000 tokens for a coin, and 10,000 for 7.
    let tokens = 14_000_000_000_000_000_000_000_u128 + 20_000_000_000_000_000_000_000 / 7;
    assert_eq!(all, U256::from(tokens));
    let allow = allow_draft(token, milestones, all, who);
    sale.chain.run(4, &allow).await.unwrap();
    sale.after(4, AfterSaleAct::GiveBack(all)).await;
    let after = client.balance(milestones).await.unwrap();
    assert_eq!(left - after, left * U256::from(9) / U256::from(14));
    assert_eq!(compared(&sale).await.findings, []);
}

/// Changes what the chain says.
type Forge = fn(&mut Evidence);

fn each_event(evidence: &mut Evidence, change: impl Fn(&mut AfterSaleEvent)) {
    for log in &mut evidence.sale.logs {
        if let EscrowEvent::AfterSale(event) = &mut log.event {
            change(event);
        }
    }
}

/// Another byte of what stands behind the clone.
fn other_plan(evidence: &mut Evidence, role: fn(&AfterSaleRole) -> bool, from_the_end: usize) {
    let mut all = evidence.contracts.after_sale.iter_mut();
    let contract = all.find(|contract| role(&contract.role)).unwrap();
    let mut code = contract.code.to_vec();
    let place = code.len() - from_the_end;
    code[place] ^= 1;
    contract.code = Bytes::from(code);
}

fn is_vesting(role: &AfterSaleRole) -> bool {
    matches!(role, AfterSaleRole::Vesting { .. })
}

fn is_milestones(role: &AfterSaleRole) -> bool {
    *role == AfterSaleRole::Milestones
}

const FALSE_CHAINS: [(&str, Forge, &str, &str); 16] = [
    (
        "another duration of the share",
        |chain| other_plan(chain, is_vesting, 1),
        "R247",
        "duration of a share in seconds: the record says 31536000, the chain says 31536001",
    ),
    (
        "more tokens in the plan of the share",
        |chain| other_plan(chain, is_vesting, 65),
        "R247",
        "tokens of a share that vests",
    ),
    (
        "another part of the last milestone",
        |chain| other_plan(chain, is_milestones, 33),
        "R247",
        "parts of the milestones in basis points: the record says 3000, 3333, 3667, the chain says 3000, 3333, 3666",
    ),
    (
        "a share in a contract of other code",
        |chain| {
            let mut all = chain.contracts.after_sale.iter_mut();
            all.find(|one| is_vesting(&one.role)).unwrap().behind = None;
        },
        "R245",
        "the hash of the code behind the vesting contract",
    ),
    (
        "milestones of another escrow",
        |chain| {
            let mut all = chain.contracts.after_sale.iter_mut();
            let milestones = all.find(|one| is_milestones(&one.role)).unwrap();
            milestones.escrow = Some(Address::repeat_byte(3));
        },
        "R246",
        "escrow of what comes after the sale",
    ),
    (
        "no contract for the share",
        |chain| {
            chain
                .contracts
                .after_sale
                .retain(|one| !is_vesting(&one.role))
        },
        "R246",
        "what holds a share that vests: the record says share 0 with",
    ),
    (
        "an escrow that pays a wallet",
        |chain| {
            chain
                .contracts
                .after_sale
                .retain(|one| !is_milestones(&one.role));
        },
        "R246",
        "what releases the money in steps: the record says 3 milestones",
    ),
    (
        "a share of which tokens are gone",
        |chain| {
            for one in &mut chain.contracts.after_sale {
                if let AfterSaleRole::Vesting { held, .. } = &mut one.role {
                    *held -= U256::from(1);
                }
            }
        },
        "R264",
        "tokens of a vesting contract",
    ),
    (
        "more released than the part",
        |chain| {
            each_event(chain, |event| {
                if let AfterSaleEvent::Released { amount, .. } = event {
                    amount.0 += 1;
                }
            });
        },
        "R267",
        "money released: the terms allow 3600000000000000000, the chain says 3600000000000000001",
    ),
    (
        "a release before objections ended",
        |chain| {
            each_event(chain, |event| {
                if let AfterSaleEvent::Announced {
                    objections_until, ..
                } = event
                {
                    *objections_until += 100 * DAY;
                }
            });
        },
        "R267",
        "release of a milestone: the terms allow milestone 0 from second",
    ),
    (
        "a release that is withheld",
        |chain| {
            chain.sale.logs.retain(|log| {
                !matches!(
                    log.event,
                    EscrowEvent::AfterSale(AfterSaleEvent::Released { .. })
                )
            });
        },
        "R252",
        "a payment to the beneficiary",
    ),
    (
        "a stop without an event",
        |chain| {
            let milestones = chain.sale.after_sale.milestones.as_mut().unwrap();
            milestones.releases.stopped = Stopped::Yes;
        },
        "R262",
        "further releases: its events come to possible, its state is stopped",
    ),
    (
        "money that the milestones do not hold",
        |chain| {
            let milestones = chain.sale.after_sale.milestones.as_mut().unwrap();
            milestones.held -= U256::from(1);
        },
        "R264",
        "money of the milestone contract",
    ),
    (
        "more of the share than is free",
        |chain| {
            each_event(chain, |event| {
                if let AfterSaleEvent::Vested { tokens, .. } = event {
                    tokens.0 += 1_000_000_000_000_000_000;
                }
            });
        },
        "R267",
        "tokens of a share handed over: the terms allow",
    ),
    (
        "tokens of the share without an event",
        |chain| {
            let share = chain.sale.after_sale.vestings.get_mut(&0).unwrap();
            share.given += U256::from(1);
        },
        "R262",
        "tokens of a share handed over: its events come to",
    ),
    (
        "time that counts from another second",
        |chain| {
            let share = chain.sale.after_sale.vestings.get_mut(&0).unwrap();
            share.begun -= 1;
        },
        "R262",
        "second from which time counts",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_false_contract_and_event_after_the_sale_is_named() {
    let sale = released().await;
    let made = sale.follow(&sale.logs().await);
    let record = sale.record(&lines(&made));
    let truth = sale.evidence().await;
    assert_eq!(truth.compare(&record).await, Compared::default());
    for (what, forge, code, words) in FALSE_CHAINS {
        let mut evidence = truth.clone();
        forge(&mut evidence);
        let compared = evidence.compare(&record).await;
        let found = compared
            .findings
            .iter()
            .any(|finding| finding.code.as_str() == code && finding.to_string().contains(words));
        assert!(found, "{what}: {compared:#?}");
    }
}

/// Anybody can log that a contract holds a share.
#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_says_that_a_share_vests_elsewhere_changes_nothing() {
    let sale = released().await;
    let made = sale.follow(&sale.logs().await);
    let record = sale.record(&lines(&made));
    let mut evidence = sale.evidence().await;
    let all = &mut evidence.contracts.after_sale;
    let place = all.iter().position(|one| is_vesting(&one.role)).unwrap();
    // Of other code, and a copy of ours that belongs to nobody.
    let truth = all[place].clone();
    for behind in [None, truth.behind] {
        let mut forged = truth.clone();
        forged.address = Address::repeat_byte(0x66);
        forged.behind = behind;
        forged.escrow = None;
        all.insert(place, forged);
    }
    assert_eq!(evidence.compare(&record).await, Compared::default());
}

/// Changes the entries of a record.
type Change = for<'a> fn(&mut Vec<Line<'a>>);

#[tokio::test(flavor = "multi_thread")]
async fn each_false_entry_after_the_sale_is_named() {
    let sale = released().await;
    let made = sale.follow(&sale.logs().await);
    let evidence = sale.evidence().await;
    let changes: [(Change, &[&str]); 3] = [
        (|lines| lines.retain(|line| !is_release(line)), &["R251"]),
        (
            |lines| {
                let vest = lines.iter_mut().find(|line| is_vest(line)).unwrap();
                if let Command::Vest { tokens, .. } = &mut vest.command {
                    tokens.0 -= 1;
                }
            },
            &["R254"],
        ),
        (
            |lines| {
                let release = lines.iter_mut().find(|line| is_release(line)).unwrap();
                release.stamp.position.0 += 1_000;
            },
            &["R255"],
        ),
    ];
    for (change, expected) in changes {
        let mut changed = lines(&made);
        change(&mut changed);
        let compared = evidence.compare(&sale.record(&changed)).await;
        assert_eq!(codes(&compared), expected, "{compared:#?}");
    }
}

fn is_release(line: &Line<'_>) -> bool {
    matches!(line.command, Command::Release { .. })
}

fn is_vest(line: &Line<'_>) -> bool {
    matches!(line.command, Command::Vest { .. })
}
