//! Random sales in which the order of contributions decides, and whose outcome comes as a root: first come and guaranteed
//! amounts at every price. The record beside the contract after every step, to the last claim or refund.
//!
//! 16 sales, 160 with `SOFTCAP_FULL=1`; `SOFTCAP_SEED` names a first seed to look elsewhere.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use alloy_primitives::{B256, U256};
use softcap_evm::{
    Exit, IssuerAct, LeafRules, RootAct, RootPhase, SaleTerms, check_root, comparison::Note,
    is_closed, root_account, sale_terms_at,
};
use softcap_offering::{
    Command, Contribute, Funding, InvestorId, Offering, Outcome, ReturnReason, Row, Value, Verdict,
    terms::Terms,
};
use softcap_proof::bundle::settlement_tree;

use crate::fixture::{ether, terms};
use crate::recorded::at;
use crate::root::{Auction, DAY, admission};
use crate::root_at_price::{IN_ORDER, sold_by};
use crate::sale::refusal;
use crate::seeded::Seeded;

const SALES: u64 = 16;
const SALES_FULL: u64 = 160;
/// Who invests.
const ACCOUNTS: [usize; 5] = [4, 5, 6, 7, 8];
const CONTRIBUTIONS: u64 = 12;
/// Seconds between contributions at most: all of them lie within a day.
const APART: u64 = 7_000;

/// What the sales must come to, or their agreement says little.
#[derive(Debug, Default)]
struct Met {
    succeeded: usize,
    failed: usize,
    /// Contributions of which the record accepted a part, and none.
    cut: usize,
    left_out: usize,
    returned: usize,
    reserved: usize,
    /// Investors who are bound by a price of their own time.
    early: usize,
}

/// Random terms, and what is reserved.
struct Draft {
    terms: Terms,
    reserved: Vec<(usize, Value)>,
}

impl Draft {
    fn new(rng: &mut Seeded) -> Self {
        let milli = |coins: u64| Value(u128::from(coins) * 1_000_000_000_000_000);
        let cap = rng.between(15, 120);
        let guaranteed = rng.chance(35);
        let kind = if guaranteed {
            rng.below(3)
        } else {
            rng.below(5)
        };
        let mut round = pricing(kind, rng);
        if guaranteed {
            round += "allocation = { kind = \"guaranteed\", until = \"2030-01-01T13:00:00Z\" }\n";
        } else {
            round += "allocation = \"first_come\"\n";
        }
        if guaranteed || rng.chance(60) {
            let _ = writeln!(round, "cap = \"{cap} ETH\"");
        }
        if kind == DUTCH || rng.chance(30) {
            let _ = writeln!(round, "supply = \"{} HBR\"", rng.between(5_000, 60_000));
        }
        let over_cap = *rng.pick(&["partial", "partial", "refuse"]);
        let _ = writeln!(round, "over_limit = \"refuse\"\nover_cap = \"{over_cap}\"");
        let hard_cap = format!("hard_cap = \"{} ETH\"\n", rng.between(cap, 200));
        let per = if kind == FIXED && rng.chance(50) {
            "per = \"investor\""
        } else {
            "per = \"contribution\""
        };
        let changes = [
            (
                "price = \"0.0007 ETH per HBR\"\nallocation = \"first_come\"\n",
                round.as_str(),
            ),
            ("hard_cap = \"100 ETH\"\n", hard_cap.as_str()),
            ("per = \"investor\"", per),
            (
                "[currency.ETH]",
                "[root]\nshare = \"20 %\"\nchallenge = \"7 days\"\nclaims = \"90 days\"\n[currency.ETH]",
            ),
        ];
        let reserved = match guaranteed {
            true => vec![(4, milli(cap * 200)), (5, milli(cap * 300))],
            false => Vec::new(),
        };
        Self {
            terms: terms(&changes),
            reserved,
        }
    }
}

const FIXED: u64 = 0;
const DUTCH: u64 = 4;

/// A price with odd digits.
fn price(rng: &mut Seeded, low: u64, high: u64) -> String {
    format!("\"0.{:07} ETH per HBR\"", rng.between(low, high))
}

fn pricing(kind: u64, rng: &mut Seeded) -> String {
    let low = price(rng, 1_001, 8_999);
    let high = price(rng, 9_001, 39_999);
    match kind {
        FIXED => format!("price = {high}\n"),
        1 => format!(
            "pricing = {{ kind = \"steps\", steps = [ {{ from = \"2030-01-01T01:00:00Z\", price = {low} }}, {{ from = \
             \"2030-01-01T11:00:07Z\", price = {high} }} ] }}\n"
        ),
        2 => format!(
            "pricing = {{ kind = \"linear\", base = {high}, bonus = \"{} %\", per = \"6 hours\", until = \
             \"2030-01-01T19:00:00Z\" }}\n",
            rng.between(1, 40)
        ),
        3 => {
            let (first, second) = (rng.between(5, 25), rng.between(26, 90));
            let crossing = *rng.pick(&["split", "before"]);
            let middle = price(rng, 9_000, 9_000);
            format!(
                "pricing = {{ kind = \"tiers\", crossing = \"{crossing}\", tiers = [ {{ up_to = \"{first} ETH\", price = \
                 {low} }}, {{ up_to = \"{second} ETH\", price = {middle} }}, {{ up_to = \"200 ETH\", price = {high} }} ] }}\n"
            )
        }
        _ => format!(
            "pricing = {{ kind = \"dutch\", start = {high}, end = {low}, granularity = \"{} minutes\" }}\n",
            rng.between(1, 90)
        ),
    }
}

/// One sale, with who got everything back.
struct Play {
    sale: Auction,
    rng: Seeded,
    returned: BTreeSet<usize>,
}

impl Play {
    async fn begin(seed: u64) -> Self {
        let mut rng = Seeded::new(seed);
        let draft = Draft::new(&mut rng);
        Self {
            sale: Auction::reserving(draft.terms, &draft.reserved).await,
            returned: BTreeSet::new(),
            rng,
        }
    }

    /// A contribution of any size; now and then what somebody brought goes back.
    async fn step(&mut self, met: &mut Met) {
        let account = *self.rng.pick(&ACCOUNTS);
        self.sale.chain.later(self.rng.between(1, APART));
        if self.returned.contains(&account) {
            return;
        }
        if self.rng.chance(10) && self.brought(account) > U256::ZERO {
            let investor = self.sale.chain.address(account);
            let back = IssuerAct::Return(investor, ReturnReason::Order);
            let issuer = self.sale.chain.address(0);
            let draft = back.draft(self.sale.place.escrow, issuer);
            self.sale.chain.run(0, &draft).await.unwrap();
            self.sale.exit(account, Exit::Refund).await.unwrap();
            self.returned.insert(account);
            met.returned += 1;
        } else {
            let limit = self.sale.told.terms.ceiling;
            let odd = U256::from(self.rng.below(1_000_000));
            let amount = ether(self.rng.between(1, 40_000)) + odd;
            self.sale.pay_units(account, amount, limit).await.unwrap();
        }
        self.sale.follow().await;
        self.same_money().await;
    }

    /// What an account brought, by the rows of the record.
    fn brought(&self, account: usize) -> U256 {
        let offering = &self.sale.offering;
        let investor = InvestorId::Address(self.sale.chain.address(account).into());
        let index = offering.find_investor(investor);
        let rows = offering.rows().filter(|row| Some(row.investor) == index);
        rows.fold(U256::ZERO, |sum, row| sum + U256::from(row.contributed.0))
    }

    async fn same_money(&self) {
        let mut all = U256::ZERO;
        for account in ACCOUNTS {
            let investor = self.sale.chain.address(account);
            let client = &self.sale.chain.client;
            let there = root_account(client, self.sale.place.escrow, investor).await;
            let there = there.unwrap();
            // A return leaves its mark, whoever took it out.
            assert_eq!(is_closed(&there), self.returned.contains(&account));
            if is_closed(&there) {
                continue;
            }
            let there: U256 = there.contributed.to();
            assert_eq!(there, self.brought(account), "account {account}");
            all += there;
        }
        let standing = self.sale.standing().await;
        assert_eq!(U256::from(standing.contributed), all);
        self.sale.offering.check_invariants().unwrap();
    }

    /// Everybody's outcome, by the record and by the contract.
    async fn end(mut self, met: &mut Met) {
        for row in self.sale.offering.rows() {
            let accepted = row.accepted.0;
            met.cut += usize::from(accepted > 0 && accepted < row.contributed.0);
            met.left_out += usize::from(accepted == 0 && row.round.is_none());
        }
        met.reserved += usize::from(self.sale.follows_reservations());
        assert_eq!(self.sale.agrees().await, [Note::NotSettled]);
        let root = self.sale.settle().await;
        match self.sale.offering.settlement().unwrap().settled.verdict {
            Verdict::Succeeded => {
                met.succeeded += 1;
                met.early += self.early().await;
                self.sale.act(0, RootAct::Post(root)).await;
                self.sale.follow().await;
                assert_eq!(check_root(self.sale.last(), &self.sale.offering), Ok(()));
                self.sale.chain.later(7 * DAY);
                self.claims().await;
            }
            Verdict::Failed => {
                met.failed += 1;
                self.give_up().await;
            }
            verdict @ (Verdict::Cancelled | Verdict::Expired) => panic!("{verdict:?}"),
        }
        let left = self.sale.chain.client.balance(self.sale.place.escrow).await;
        assert_eq!(left.unwrap(), U256::ZERO, "every coin went out");
    }

    /// Who is bound by a lower price than the highest one.
    async fn early(&self) -> usize {
        let (sale, mut early) = (&self.sale, 0);
        for account in ACCOUNTS {
            let investor = sale.chain.address(account);
            let held = root_account(&sale.chain.client, sale.place.escrow, investor).await;
            let limit: U256 = held.unwrap().limit.to();
            early += usize::from(!limit.is_zero() && limit < sale.told.terms.ceiling);
        }
        early
    }

    async fn claims(&mut self) {
        let known = |account: &usize| self.brought(*account) > U256::ZERO;
        let accounts: Vec<usize> = ACCOUNTS.into_iter().filter(known).collect();
        let leaves = self.sale.leaves_of(&accounts);
        let (client, escrow) = (&self.sale.chain.client, self.sale.place.escrow);
        let SaleTerms::Root(told) = sale_terms_at(client, escrow).await.unwrap() else {
            panic!("another escrow");
        };
        let mut rules = LeafRules::new((*told).clone());
        for proved in &leaves {
            let held = root_account(client, escrow, proved.leaf.investor).await;
            assert_eq!(rules.flaw_of(&proved.leaf, &held.unwrap()), None);
            // Nobody can make a sound root void.
            let refute = RootAct::Refute(proved.clone()).draft(escrow, self.sale.chain.address(9));
            let refused = refusal(client.try_out(&refute).await.unwrap_err());
            assert!(refused.starts_with("SoundLeaf"), "{refused}");
        }
        self.sale.act(9, RootAct::Distribute(leaves.clone())).await;
        self.sale.exit(9, Exit::Draw).await.unwrap();
        self.sale.follow().await;
        let compared = self.sale.agrees().await;
        assert!(
            matches!(compared[..], [Note::Proved { .. }]),
            "{compared:?}"
        );
        for (account, proved) in accounts.iter().zip(&leaves) {
            assert_eq!(self.sale.tokens(*account).await, proved.leaf.tokens);
        }
    }

    /// Below the soft cap: where the contract has it together with what the record left out, the issuer says that it is over.
    async fn give_up(&mut self) {
        let escrow = self.sale.place.escrow;
        assert_eq!(self.sale.agrees().await, []);
        let contributed = U256::from(self.sale.standing().await.contributed);
        if contributed >= self.sale.told.terms.softCap {
            let cancel = IssuerAct::Cancel.draft(escrow, self.sale.chain.address(0));
            self.sale.chain.run(0, &cancel).await.unwrap();
        }
        let everybody = ACCOUNTS.map(|account| self.sale.chain.address(account));
        let refunds = Exit::RefundMany(everybody.to_vec());
        self.sale.exit(9, refunds).await.unwrap();
        self.sale.follow().await;
        assert_eq!(self.sale.agrees().await, []);
    }
}

impl Auction {
    fn follows_reservations(&self) -> bool {
        self.named().entry.0 > 1
    }

    /// The root that the sale would have if its contributions had come in the opposite order.
    fn root_backwards(&self) -> B256 {
        let mut other = Offering::new(Arc::new(self.offering.terms().clone()));
        let opened = at(self.named().second + 2 * DAY / 24);
        let terms_hash = other.terms_hash();
        let named = Command::Escrow(self.named().at);
        for command in [Command::Announce { terms_hash }, named] {
            assert_eq!(other.apply(opened, &command), Outcome::Done);
        }
        let rows: Vec<Row> = self.offering.rows().collect();
        for row in rows.iter().rev() {
            let investor = self.offering.investor(row.investor);
            let admit = Command::Admit(admission(investor, Value::ZERO));
            assert_eq!(other.apply(opened, &admit), Outcome::Done);
            let whole = Funding::Chain {
                accepted: row.contributed,
            };
            other.apply(
                opened,
                &Command::Contribute(Contribute {
                    investor,
                    currency: row.currency,
                    amount: row.contributed,
                    limit: None,
                    reference: "1-0",
                    source: None,
                    funding: whole,
                }),
            );
        }
        let over = at(self.named().second + 3 * DAY);
        other.apply(over, &Command::Tick);
        other.apply(over, &Command::Settle);
        B256::from(settlement_tree(&other).unwrap().unwrap().root().0)
    }
}

/// The contract cannot see the order. The rail does, and stops; contributors object.
#[tokio::test(flavor = "multi_thread")]
async fn a_root_of_another_order_is_a_difference_and_objections_make_it_void() {
    let mut sale = Auction::with_three_contributions(sold_by(IN_ORDER, &[])).await;
    sale.follow().await;
    let right = sale.settle().await;
    let wrong = sale.root_backwards();
    assert_ne!(right, wrong);
    sale.act(0, RootAct::Post(wrong)).await;
    sale.follow().await;
    let difference = check_root(sale.last(), &sale.offering).unwrap_err();
    assert!(difference.to_string().starts_with("E652: "), "{difference}");
    sale.act(4, RootAct::Object).await;
    sale.follow().await;
    assert_eq!(sale.standing().await.phase, RootPhase::Void);
    let everybody = [4, 5, 6].map(|account| sale.chain.address(account));
    sale.exit(9, Exit::RefundMany(everybody.to_vec()))
        .await
        .unwrap();
    let left = sale.chain.client.balance(sale.place.escrow).await.unwrap();
    assert_eq!(left, U256::ZERO);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_the_chain_decides_and_comes_as_a_root() {
    let full = std::env::var_os("SOFTCAP_FULL").is_some_and(|value| value == "1");
    let first = std::env::var("SOFTCAP_SEED").ok();
    let first = first.and_then(|seed| seed.parse().ok()).unwrap_or(0_u64);
    let sales = if full { SALES_FULL } else { SALES };
    let mut met = Met::default();
    for seed in first..first + sales {
        println!("seed {seed}");
        let mut play = Play::begin(seed).await;
        for _ in 0..CONTRIBUTIONS {
            play.step(&mut met).await;
        }
        play.end(&mut met).await;
    }
    let all = [
        met.succeeded,
        met.failed,
        met.cut,
        met.left_out,
        met.returned,
        met.reserved,
        met.early,
    ];
    assert!(!all.contains(&0), "{met:?}");
}
