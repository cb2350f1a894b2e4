//! A sale at the price of the terms whose parts come as a root: every allocation that no contract computes, from the
//! first contribution to the last claim.

use alloy_primitives::U256;
use softcap_evm::{
    AfterSalePlace, EvmError, Exit, IssuerAct, LeafFlaw, LeafRules, RootAct, check_root,
    comparison::Note, read_back, root_account,
};
use softcap_offering::{
    Command, Outcome, ReturnReason, RoundIndex, Verdict,
    terms::{Allocation, Terms},
};

use crate::fixture::{ether, terms};
use crate::root::{Auction, DAY};
use crate::sale::refusal;

type Change = (&'static str, &'static str);

/// A thousandth of a coin for a token; `allocation` is what stands in the round.
pub(crate) fn sold_by(allocation: &'static str, changes: &[Change]) -> Terms {
    let own = [
        ("hard_cap = \"100 ETH\"\n", ""),
        (
            "price = \"0.0007 ETH per HBR\"",
            "price = \"0.001 ETH per HBR\"",
        ),
        ("allocation = \"first_come\"\n", allocation),
        (
            "[currency.ETH]",
            "[root]\nshare = \"20 %\"\nchallenge = \"7 days\"\nclaims = \"90 days\"\n[currency.ETH]",
        ),
    ];
    terms(&[&own, changes].concat())
}

/// First come, and nothing but 150 coins.
pub(crate) const IN_ORDER: &str =
    "allocation = \"first_come\"\ncap = \"150 ETH\"\nover_limit = \"refuse\"\n";
const EQUAL_PARTS: &str =
    "allocation = \"water_filling\"\ncap = \"150 ETH\"\nover_limit = \"refuse\"\n";
const LOTTERY: &str = "allocation = { kind = \"lottery\", source = \"drand:quicknet\", instant = \
                       \"2030-01-03T00:00:00Z\", marginal = \"skip\" }\ncap = \"150 ETH\"\nover_limit = \"refuse\"\n";
const STEPS: &str = "pricing = { kind = \"steps\", steps = [ { from = \"2030-01-01T01:00:00Z\", price = \"0.0005 ETH per \
                     HBR\" }, { from = \"2030-01-01T13:00:00Z\", price = \"0.001 ETH per HBR\" } ] }";

impl Auction {
    /// 120 coins, and half a day later 60 and 90, each at the one limit that the contract takes.
    pub(crate) async fn with_three_contributions(terms: Terms) -> Self {
        let sale = Self::of(terms).await;
        for (account, milli, later) in [(4, 120_000, DAY / 2), (5, 60_000, 0), (6, 90_000, 0)] {
            let limit = sale.told.terms.ceiling;
            sale.pay(account, milli, limit).await.unwrap();
            sale.chain.later(later);
        }
        sale
    }

    /// The settlement, its root, all leaves, the draw, with record and chain compared after each; tokens in thousands,
    /// accepted and refunded coins of each investor.
    async fn play_to_the_end(&mut self) -> [[u64; 3]; 3] {
        // An admission and a contribution of each.
        assert_eq!(self.follow().await, 6);
        assert_eq!(self.agrees().await, [Note::NotSettled]);
        self.chain.later(2 * DAY);
        self.follow().await;
        self.enter_at_head(Command::Tick).await;
        if let Allocation::Lottery { .. } = self.offering.terms().rounds[0].allocation {
            let seed = Command::Seed {
                round: RoundIndex(0),
                seed: [7; 32],
                proof: b"drawn",
            };
            assert_eq!(self.enter_at_head(seed).await, Outcome::Done);
        }
        let root = self.settle().await;
        let verdict = self.offering.settlement().unwrap().settled.verdict;
        assert_eq!(verdict, Verdict::Succeeded);
        self.act(0, RootAct::Post(root)).await;
        self.follow().await;
        assert_eq!(check_root(self.last(), &self.offering), Ok(()));
        self.chain.later(7 * DAY);
        let leaves = self.leaves();
        self.act(4, RootAct::Claim(leaves[0].clone())).await;
        self.act(9, RootAct::Distribute(leaves.clone())).await;
        self.exit(9, Exit::Draw).await.unwrap();
        self.follow().await;
        let notes = self.agrees().await;
        assert!(
            matches!(
                notes[..],
                [Note::Proved {
                    leaves: 3,
                    all: 3,
                    ..
                }]
            ),
            "{notes:?}"
        );
        let left = self.chain.client.balance(self.place.escrow).await.unwrap();
        assert_eq!(left, U256::ZERO, "every coin was drawn or went back");
        let rows = [0, 1, 2].map(|place: usize| {
            let leaf = &leaves[place].leaf;
            let whole = [
                leaf.tokens / ether(1_000_000),
                leaf.accepted / ether(1_000),
                leaf.refunded / ether(1_000),
            ];
            whole.map(|number| number.to::<u64>())
        });
        for (place, account) in [4, 5, 6].into_iter().enumerate() {
            assert_eq!(self.tokens(account).await, leaves[place].leaf.tokens);
        }
        rows
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_parts_come_as_a_root() {
    let mut sale = Auction::with_three_contributions(sold_by(EQUAL_PARTS, &[])).await;
    let rows = sale.play_to_the_end().await;
    assert_eq!(rows, [[50, 50, 70], [50, 50, 10], [50, 50, 40]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn capped_asks_come_as_a_root() {
    const CAPPED: &str = "allocation = { kind = \"pro_rata_capped\", cap = \"90 ETH\" }\ncap = \"120 ETH\"\nover_limit = \
                          \"refuse\"\n";
    let mut sale = Auction::with_three_contributions(sold_by(CAPPED, &[])).await;
    // 90, 60 and 90 count, of which there is half.
    let rows = sale.play_to_the_end().await;
    assert_eq!(rows, [[45, 45, 75], [30, 30, 30], [45, 45, 45]]);
}

/// Dust by largest remainder is what the other escrow does not compute.
#[tokio::test(flavor = "multi_thread")]
async fn pro_rata_with_its_dust_comes_as_a_root() {
    const PRO_RATA: &str =
        "allocation = \"pro_rata\"\ncap = \"100 ETH\"\nover_limit = \"refuse\"\n";
    let mut sale = Auction::with_three_contributions(sold_by(PRO_RATA, &[])).await;
    sale.play_to_the_end().await;
    let settled = sale.offering.settlement().unwrap().settled;
    // 120, 60 and 90 of 270 are no whole units of 100 coins, and all 100 are sold.
    assert_eq!(U256::from(settled.raised.0), ether(100_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lottery_comes_as_a_root() {
    let mut sale = Auction::with_three_contributions(sold_by(LOTTERY, &[])).await;
    let rows = sale.play_to_the_end().await;
    // Whole or nothing, within 150 coins.
    let asked = [120, 60, 90];
    for ([tokens, accepted, refunded], asked) in rows.into_iter().zip(asked) {
        assert!(accepted == 0 || accepted == asked, "{rows:?}");
        assert_eq!((tokens, refunded), (accepted, asked - accepted));
    }
    let accepted: u64 = rows.iter().map(|[_, accepted, _]| accepted).sum();
    assert!((1..=150).contains(&accepted), "{rows:?}");
}

/// The highest price is the limit of all; who came while the price was better has more than the contract asks for.
#[tokio::test(flavor = "multi_thread")]
async fn a_price_by_time_that_is_shared_out_comes_as_a_root() {
    const SHARED: &str = "allocation = \"pro_rata\"\ncap = \"135 ETH\"\nover_limit = \"refuse\"\n";
    let by_time = [
        ("price = \"0.001 ETH per HBR\"", STEPS),
        ("per = \"investor\"", "per = \"contribution\""),
    ];
    let mut sale = Auction::with_three_contributions(sold_by(SHARED, &by_time)).await;
    let rows = sale.play_to_the_end().await;
    assert_eq!(rows, [[120, 60, 60], [30, 30, 30], [45, 45, 45]]);
}

/// First come is decided at each contribution: the record leaves out what the contract holds until the end.
#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_no_room_for_goes_back_with_the_root() {
    let mut sale = Auction::with_three_contributions(sold_by(IN_ORDER, &[])).await;
    let rows = sale.play_to_the_end().await;
    assert_eq!(rows, [[120, 120, 0], [30, 30, 30], [0, 0, 90]]);
}

/// The first 100 coins at half the price, the rest at the highest one, which is the limit of all.
#[tokio::test(flavor = "multi_thread")]
async fn tiers_come_as_a_root() {
    const TIERS: &str = "pricing = { kind = \"tiers\", crossing = \"split\", tiers = [ { up_to = \"100 ETH\", price = \
                         \"0.0005 ETH per HBR\" }, { up_to = \"150 ETH\", price = \"0.001 ETH per HBR\" } ] }";
    const ALL: &str = "allocation = \"first_come\"\ncap = \"1_000 ETH\"\nover_limit = \"refuse\"\n";
    let tiers = [
        ("price = \"0.001 ETH per HBR\"", TIERS),
        ("per = \"investor\"", "per = \"contribution\""),
        ("300_000 HBR", "350_000 HBR"),
        ("for_sale = \"200_000 HBR\"", "for_sale = \"250_000 HBR\""),
    ];
    let mut sale = Auction::with_three_contributions(sold_by(ALL, &tiers)).await;
    let rows = sale.play_to_the_end().await;
    assert_eq!(rows, [[220, 120, 0], [30, 30, 30], [0, 0, 90]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dutch_price_comes_as_a_root() {
    const DUTCH: &str = "pricing = { kind = \"dutch\", start = \"0.004 ETH per HBR\", end = \"0.001 ETH per HBR\", \
                         granularity = \"1 hour\" }";
    const SUPPLY: &str =
        "allocation = \"first_come\"\nsupply = \"200_000 HBR\"\nover_limit = \"refuse\"\n";
    let dutch = [
        ("price = \"0.001 ETH per HBR\"", DUTCH),
        ("per = \"investor\"", "per = \"contribution\""),
    ];
    let mut sale = Auction::with_three_contributions(sold_by(SUPPLY, &dutch)).await;
    let rows = sale.play_to_the_end().await;
    let clearing = sale.offering.settlement().unwrap().rounds[0]
        .clearing
        .unwrap();
    // All pay one price, between the last one and that of the terms' end.
    for [tokens, accepted, _] in rows {
        assert!(
            tokens * 4 >= accepted && tokens <= accepted,
            "{rows:?}, {clearing:?}"
        );
    }
}

/// What of a contribution the record left out is returned with the rest, in the contract at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_return_takes_out_what_there_was_no_room_for() {
    let mut sale = Auction::with_three_contributions(sold_by(IN_ORDER, &[])).await;
    sale.follow().await;
    let (escrow, issuer) = (sale.place.escrow, sale.chain.address(0));
    for account in [5, 6] {
        let back = IssuerAct::Return(sale.chain.address(account), ReturnReason::Order);
        let draft = back.draft(escrow, issuer);
        sale.chain.run(0, &draft).await.unwrap();
        sale.exit(account, Exit::Refund).await.unwrap();
    }
    sale.follow().await;
    assert_eq!(sale.agrees().await, [Note::NotSettled]);
    let paid = [5, 6].map(|account| sale.refund_paid(account).map(|paid| U256::from(paid.0)));
    assert_eq!(paid, [Some(ether(60_000)), Some(ether(90_000))]);
}

/// A root at the highest price for all is sound for who came late, and can be refuted by who came early.
#[tokio::test(flavor = "multi_thread")]
async fn who_came_early_is_bound_by_the_price_of_the_time() {
    let by_time = [
        ("price = \"0.001 ETH per HBR\"", STEPS),
        ("per = \"investor\"", "per = \"contribution\""),
        ("300_000 HBR", "400_000 HBR"),
        ("for_sale = \"200_000 HBR\"", "for_sale = \"300_000 HBR\""),
    ];
    let mut sale = Auction::with_three_contributions(sold_by(IN_ORDER, &by_time)).await;
    sale.follow().await;
    sale.settle().await;
    // Prices are code, and another one is other code.
    let alone = AfterSalePlace::default();
    let read = read_back(&sale.chain.client, (sale.place, &alone), &sale.told).await;
    read.unwrap();
    let mut other = sale.told.clone();
    other.prices[0].limit += U256::from(1);
    let read = read_back(&sale.chain.client, (sale.place, &alone), &other).await;
    assert!(matches!(read, Err(EvmError::Different { .. })), "{read:?}");
    let (client, escrow) = (&sale.chain.client, sale.place.escrow);
    let ceiling = sale.told.terms.ceiling;
    for (place, account) in [4, 5].into_iter().enumerate() {
        let investor = sale.chain.address(account);
        let held = root_account(client, escrow, investor).await.unwrap();
        let (limit, early): (U256, _) = (held.limit.to(), place == 0);
        assert_eq!(
            limit,
            if early {
                ceiling / U256::from(2)
            } else {
                ceiling
            }
        );
        let mut leaf = sale.leaves()[place].leaf.clone();
        let judged = |leaf: &_| LeafRules::new(sale.told.terms.clone()).flaw_of(leaf, &held);
        assert_eq!(judged(&leaf), None);
        leaf.tokens = leaf.accepted * U256::from(1_000);
        let flaw = early.then_some(LeafFlaw::Price);
        assert_eq!(judged(&leaf), flaw, "account {account}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_limit_comes_in() {
    let mut sale = Auction::of(sold_by(EQUAL_PARTS, &[])).await;
    let only = sale.told.terms.ceiling;
    for other in [U256::ZERO, only - U256::from(1), only + U256::from(1)] {
        let refused = sale.pay(4, 1_000, other).await.unwrap_err();
        let expected = format!("LimitOutside {{ floor: {only}, ceiling: {only} }}");
        assert_eq!(refusal(refused), expected);
    }
    sale.pay(4, 1_000, only).await.unwrap();
    sale.follow().await;
    let row = sale.offering.rows().next().unwrap();
    assert_eq!(U256::from(row.accepted.0), ether(1_000));
}
