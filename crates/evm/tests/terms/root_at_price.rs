//! Terms that say the price, and whose outcome comes as a root all the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use alloy_primitives::{Address, U256};
use softcap_evm::{EscrowKind, FactoryKind, root_announcement, told, unkept};
use softcap_offering::{
    Offering, Position, RoundIndex,
    terms::{Terms, TermsProblem},
};

use crate::base::{self, parties};

type Change = (&'static str, &'static str);

const ROOT: &str = "[root]\nshare = \"20 %\"\nchallenge = \"7 days\"\nclaims = \"90 days\"\n";
const PAUSE: &str = "[pause]\nlongest = \"1 day\"\ncount = 2\nend = \"fixed\"\n";
const FIRST_COME: &str = "allocation = \"first_come\"";
const EQUAL_PARTS: &str = "allocation = \"water_filling\"\ncap = \"100 ETH\"";
const STEPS: &str = "pricing = { kind = \"steps\", steps = [ { from = \"2026-03-01T12:00:00Z\", price = \"0.0007 ETH per \
                     HBR\" }, { from = \"2026-03-11T12:00:00Z\", price = \"0.0009 ETH per HBR\" } ] }";
const LINEAR: &str = "pricing = { kind = \"linear\", base = \"0.0007 ETH per HBR\", bonus = \"10 %\", per = \"1 week\", until \
                      = \"2026-03-20T00:00:00Z\" }";
const DUTCH: &str = "pricing = { kind = \"dutch\", start = \"0.01 ETH per HBR\", end = \"0.0007 ETH per HBR\", granularity = \
                     \"1 hour\" }";
const PRICE: &str = "price = \"0.0007 ETH per HBR\"";
const EACH: Change = ("per = \"investor\"", "per = \"contribution\"");

/// Shared out at a price by time.
fn by_time(pricing: &'static str) -> [Change; 3] {
    let shared = "allocation = \"pro_rata\"\ncap = \"100 ETH\"";
    [(EQUAL_PARTS, shared), EACH, (PRICE, pricing)]
}

/// The same second after second, to whoever comes first.
fn falling() -> [Change; 3] {
    let supply = "allocation = \"first_come\"\nsupply = \"200_000 HBR\"";
    [(EQUAL_PARTS, supply), EACH, (PRICE, DUTCH)]
}

/// Everybody the same amount, at the price of the base.
fn parsed(changes: &[Change]) -> Result<Terms, Vec<TermsProblem>> {
    let own = [(PAUSE, ROOT), (FIRST_COME, EQUAL_PARTS)];
    base::parsed(&[&own, changes].concat())
}

fn members(changes: &[Change]) -> Vec<(&'static str, U256)> {
    let terms = parsed(changes).unwrap();
    assert_eq!(unkept(&terms), []);
    let told = told(&terms, &parties()).unwrap();
    assert_eq!(
        (told.factory(), EscrowKind::of(&terms)),
        (FactoryKind::Root, EscrowKind::Root)
    );
    let numbers = told.members(Address::ZERO, None).into_iter();
    numbers
        .map(|(name, word)| (name, U256::from_be_bytes(word.0)))
        .collect()
}

fn of(members: &[(&str, U256)], wanted: &str) -> U256 {
    members.iter().find(|(name, _)| *name == wanted).unwrap().1
}

#[test]
fn the_price_in_lowest_terms_is_the_only_limit() {
    let ether = |milli: u64| U256::from(milli) * U256::from(10).pow(U256::from(15));
    let members = members(&[]);
    // 0.0007 ETH for a token, both with 18 decimals.
    let prices = ["floor", "ceiling", "priceUnit"].map(|name| of(&members, name));
    assert_eq!(prices, [7_u64, 7, 10_000].map(U256::from));
    assert_eq!(of(&members, "hardCap"), ether(100_000));
    assert_eq!(of(&members, "softCap"), ether(10_000));
    assert_eq!(of(&members, "forSale"), ether(200_000_000));
    assert_eq!(of(&members, "contributionMin"), ether(100));
}

/// The number of what is never reached stands for none, as with the other escrow.
#[test]
fn without_a_cap_the_supply_bounds_the_money() {
    let changes = [
        ("hard_cap = \"100 ETH\"\n", ""),
        ("cap = \"100 ETH\"", "supply = \"200_000 HBR\""),
    ];
    let none = (U256::from(1) << 88) - U256::from(1);
    assert_eq!(of(&members(&changes), "hardCap"), none);
}

/// Less than a unit of the token the record refuses where each contribution is rounded, so the contract does as well.
#[test]
fn what_buys_no_token_is_below_the_minimum() {
    let coarse = [
        ("min = \"0.1 ETH\", ", ""),
        (
            "decimals = 18\n[token.supply]",
            "decimals = 0\n[token.supply]",
        ),
    ];
    assert_eq!(of(&members(&coarse), "contributionMin"), U256::ZERO);
    let each = [
        &coarse[..],
        &[("per = \"investor\"", "per = \"contribution\"")],
    ]
    .concat();
    let least = of(&members(&each), "contributionMin");
    assert_eq!(least, U256::from(700_000_000_000_000_u64));
}

/// Each allocation and price that a root can bring, with the highest price in money for ten thousand tokens.
#[test]
fn what_is_decided_at_the_end_is_kept() {
    let kept: &[(&[Change], u64)] = &[
        (
            &[(EQUAL_PARTS, "allocation = \"pro_rata\"\ncap = \"100 ETH\"")],
            7,
        ),
        (
            &[(
                "\"water_filling\"",
                "{ kind = \"pro_rata_capped\", cap = \"5 ETH\" }",
            )],
            7,
        ),
        (
            &[(
                "\"water_filling\"",
                "{ kind = \"lottery\", source = \"drand:quicknet\", instant = \"2026-04-01T00:00:00Z\", marginal = \
                 \"skip\" }",
            )],
            7,
        ),
        (&by_time(STEPS), 9),
        (&by_time(LINEAR), 7),
    ];
    for (changes, price) in kept {
        let members = members(changes);
        let [floor, ceiling, unit] =
            ["floor", "ceiling", "priceUnit"].map(|name| of(&members, name));
        assert_eq!(floor, ceiling, "{changes:?}");
        assert_eq!(
            ceiling * U256::from(10_000),
            unit * U256::from(*price),
            "{changes:?}"
        );
    }
}

/// What the record decides at each contribution comes as a root too, whatever the price.
#[test]
fn what_is_decided_at_once_is_kept() {
    const TIERS: &str = "pricing = { kind = \"tiers\", crossing = \"split\", tiers = [ { up_to = \"50 ETH\", price = \
                         \"0.0007 ETH per HBR\" }, { price = \"0.0009 ETH per HBR\" } ] }";
    const GUARANTEED: &str = "allocation = { kind = \"guaranteed\", until = \"2026-03-10T00:00:00Z\" }\ncap = \"100 ETH\"";
    let kept: &[(&[Change], u64)] = &[
        (&[(EQUAL_PARTS, FIRST_COME), EACH], 7),
        (&[(EQUAL_PARTS, GUARANTEED)], 7),
        (&[(EQUAL_PARTS, FIRST_COME), EACH, (PRICE, TIERS)], 9),
        (&falling(), 100),
    ];
    for (changes, price) in kept {
        let members = members(changes);
        let [floor, ceiling, unit] =
            ["floor", "ceiling", "priceUnit"].map(|name| of(&members, name));
        assert_eq!(floor, ceiling, "{changes:?}");
        let highest = unit * U256::from(*price);
        assert_eq!(ceiling * U256::from(10_000), highest, "{changes:?}");
    }
}

/// What a contract looks up of a contribution is never below the price of its second, and above it by a stretch at most.
#[test]
fn prices_by_time_are_the_limits_of_their_seconds() {
    // The bonus ends after 20 of 32 stretches, and what is the same after them is one.
    for (changes, stretches) in [(by_time(STEPS), 2), (by_time(LINEAR), 20), (falling(), 32)] {
        let terms = parsed(&changes).unwrap();
        let told = root_announcement(&terms, terms.root.unwrap(), &parties()).unwrap();
        let (unit, ceiling) = (told.terms.priceUnit, told.terms.ceiling);
        let offering = Offering::new(Arc::new(terms));
        let exact = |second: u64| {
            let position = Position(second * 1_000);
            let price = offering.quoted_price(RoundIndex(0), position).unwrap();
            (unit * U256::from(price.den())).div_ceil(U256::from(price.num()))
        };
        let froms = told.prices.iter().map(|price| price.from.to::<u64>());
        let closes = told.terms.closes.to::<u64>();
        let ends = froms.clone().skip(1).chain([closes]);
        assert_eq!(froms.clone().next(), Some(told.terms.opens.to()));
        for ((from, end), price) in froms.zip(ends).zip(&told.prices) {
            let at = [from, from + 1, (from + end) / 2, end - 1].map(exact);
            let highest = at.into_iter().max().unwrap();
            assert_eq!(price.limit, highest, "{changes:?} from {from}");
            assert!(price.limit <= ceiling);
        }
        assert_eq!(told.prices.len(), stretches, "{changes:?}");
    }
    for changes in [&[][..], &[(EQUAL_PARTS, FIRST_COME)]] {
        let terms = parsed(changes).unwrap();
        let told = root_announcement(&terms, terms.root.unwrap(), &parties()).unwrap();
        assert_eq!(told.prices, [], "one price is for the whole window");
    }
}

/// Each with the smallest change that has it.
const ROWS: &[(&str, &[Change])] = &[
    (
        "R149",
        &[("[root]", "[root]\nceiling = \"0.01 ETH per HBR\"")],
    ),
    (
        "R121",
        &[(
            "0.0007 ETH per HBR",
            "5_000.000_000_000_000_000_001 ETH per HBR",
        )],
    ),
    (
        "R145",
        &[("over_limit = \"refuse\"", "over_limit = \"partial\"")],
    ),
];

#[test]
fn each_term_that_the_contract_cannot_keep_has_its_reason_alone() {
    let mut wrong = Vec::new();
    for (code, changes) in ROWS {
        match parsed(changes) {
            Ok(terms) => {
                let reasons = unkept(&terms);
                let codes: Vec<&str> = reasons.iter().map(|reason| reason.code.as_str()).collect();
                if codes != [*code] {
                    wrong.push(format!("{code} {changes:?}: {reasons:?}"));
                }
            }
            Err(problems) => wrong.push(format!("{code} {changes:?}: {problems:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Without `[root]` the reason says that there is another way.
#[test]
fn the_other_escrow_names_the_root() {
    let terms = base::changed(&[(FIRST_COME, EQUAL_PARTS)]);
    let reasons = unkept(&terms);
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    assert!(reasons[0].remedy.contains("[root]"), "{reasons:?}");
}

/// Codes that only such terms have.
pub(crate) fn reached() -> BTreeSet<&'static str> {
    ROWS.iter().map(|(code, _)| *code).collect()
}
