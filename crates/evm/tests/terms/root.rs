//! Terms whose outcome comes as a root: every number of the contract, and every reason why not.

use std::collections::BTreeSet;

use alloy_primitives::{Address, U256, address, hex};
use softcap_evm::{
    EscrowKind, FactoryKind, RootAnnouncement, UnkeptCode, announcement, root_announcement,
    root_members, told, unkept,
};
use softcap_offering::terms::{Terms, TermsProblem};

use crate::base::{BASE, changed, parties};

type Change = (&'static str, &'static str);

/// From a fixed price to bids on the same sale.
const BY_ROOT: &[Change] = &[
    ("per = \"investor\"", "per = \"contribution\""),
    ("hard_cap = \"100 ETH\"\n", ""),
    (
        "[pause]\nlongest = \"1 day\"\ncount = 2\nend = \"fixed\"\n",
        ROOT,
    ),
    (
        "price = \"0.0007 ETH per HBR\"\nallocation = \"first_come\"\n",
        "supply = \"200_000 HBR\"\npricing = { kind = \"bids\" }\n",
    ),
    ("over_cap = \"partial\"\n", ""),
];
const ROOT: &str = "[root]\nceiling = \"0.01 ETH per HBR\"\nprice_unit = \"1_000 HBR\"\nshare = \"20 %\"\n\
                    challenge = \"7 days\"\nclaims = \"90 days\"\n";

fn parsed(changes: &[Change]) -> Result<Terms, Vec<TermsProblem>> {
    let mut text = BASE.to_owned();
    for (from, to) in BY_ROOT.iter().chain(changes) {
        assert!(text.contains(from), "the text has no {from:?}");
        text = text.replacen(from, to, 1);
    }
    Terms::parse(&text)
}

fn announced(changes: &[Change]) -> RootAnnouncement {
    let terms = parsed(changes).unwrap();
    root_announcement(&terms, terms.root.unwrap(), &parties()).unwrap()
}

#[test]
fn number_by_number() {
    let terms = announced(&[]).terms;
    let numbers = [
        terms.round,
        terms.opens,
        terms.closes,
        terms.rootDeadline,
        terms.challengePeriod,
        terms.claimPeriod,
        terms.challengeShare,
    ];
    assert_eq!(
        numbers.map(|number| number.to::<u64>()),
        // The deadline is the first second at which no root is taken: the record can be settled at the one before.
        [
            0,
            1_772_366_400,
            1_774_958_400,
            1_780_272_001,
            604_800,
            7_776_000,
            2_000
        ]
    );
    let ether = |milli: u64| U256::from(milli) * U256::from(10).pow(U256::from(15));
    assert_eq!(terms.softCap, ether(10_000));
    // 200,000 HBR at the ceiling of 0.01 ETH.
    assert_eq!(terms.hardCap, ether(2_000_000));
    assert_eq!(terms.forSale, ether(200_000_000));
    assert_eq!(terms.contributionMin, ether(100));
    assert_eq!(terms.contributionMax, ether(20_000));
    assert_eq!(terms.investorMax, ether(30_000));
    // 10 ETH for 1,000 HBR.
    assert_eq!(terms.ceiling, ether(10_000));
    assert_eq!(terms.floor, U256::from(1));
    assert_eq!(terms.priceUnit, ether(1_000_000));
}

#[test]
fn a_price_unit_that_is_not_named_is_one_token() {
    let terms = announced(&[("price_unit = \"1_000 HBR\"\n", "")]).terms;
    assert_eq!(terms.priceUnit.to::<u128>(), 1_000_000_000_000_000_000);
    assert_eq!(terms.ceiling.to::<u128>(), 10_000_000_000_000_000);
}

/// The record takes a limit at which the whole supply brings the reserve, and none below.
#[test]
fn a_reserve_is_the_floor_of_limits() {
    let reserve = |proceeds: &'static str| {
        let terms = announced(&[("kind = \"bids\"", proceeds)]).terms;
        (terms.floor, terms.ceiling)
    };
    let ether = |milli: u64| U256::from(milli) * U256::from(10).pow(U256::from(15));
    // 200,000 HBR for 100 ETH are half a coin for 1,000, and a wei more is a two hundredth of one, rounded up.
    let (floor, _) = reserve("kind = \"bids\", min_proceeds = \"100 ETH\"");
    assert_eq!(floor, ether(500));
    let (floor, _) = reserve("kind = \"bids\", min_proceeds = \"100.000_000_000_000_000_001 ETH\"");
    assert_eq!(floor, ether(500) + U256::from(1));
    let (floor, ceiling) = reserve("kind = \"bids\", min_proceeds = \"2_000 ETH\"");
    assert_eq!(floor, ceiling);
}

#[test]
fn members_have_the_names_and_the_order_of_the_contract() {
    let abi: serde_json::Value =
        serde_json::from_str(include_str!("../../../../contracts/abi/IRootEscrow.json")).unwrap();
    let function = abi["abi"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["name"] == "terms" && entry["type"] == "function")
        .unwrap();
    let components = function["outputs"][0]["components"].as_array().unwrap();
    let names: Vec<&str> = components
        .iter()
        .map(|component| component["name"].as_str().unwrap())
        .collect();
    let members = root_members(&announced(&[]).terms);
    assert_eq!(members.map(|(name, _)| name).to_vec(), names);
    // The code of the clone holds the same words, with the token in its place.
    let token = address!("00000000000000000000000000000000000000b1");
    let code = announced(&[]).code_arguments(token);
    assert_eq!(code.len(), 32 * members.len());
    for (place, (name, word)) in members.into_iter().enumerate() {
        let there = &code[32 * place..32 * place + 32];
        let expected = if name == "token" {
            token.into_word()
        } else {
            word
        };
        assert_eq!(hex::encode(there), hex::encode(expected), "{name}");
    }
}

/// Where the terms say no price, the highest one is theirs to say.
#[test]
fn bids_need_a_ceiling() {
    let ceiling = ("ceiling = \"0.01 ETH per HBR\"\n", "");
    let unit = ("price_unit = \"1_000 HBR\"\n", "");
    for changes in [&[ceiling][..], &[ceiling, unit]] {
        let problems = parsed(changes).unwrap_err();
        let said: Vec<_> = problems
            .iter()
            .map(|problem| (problem.code.as_str(), problem.key.as_str()))
            .collect();
        assert_eq!(said, [("T104", "root.ceiling")]);
    }
}

#[test]
fn terms_choose_their_contract() {
    let terms = parsed(&[]).unwrap();
    assert_eq!(unkept(&terms), []);
    assert_eq!(EscrowKind::of(&terms), EscrowKind::Root);
    assert_eq!(
        told(&terms, &parties()).unwrap().factory(),
        FactoryKind::Root
    );
    let fixed = told(&changed(&[]), &parties()).unwrap();
    assert_eq!(fixed.factory(), FactoryKind::Sale);
    assert_eq!(fixed.facts().issuer, parties().issuer);
    // Without a way to contest it there is no root, and the other escrow ranks no bids.
    let without = parsed(&[(ROOT, "")]).unwrap();
    let reasons = announcement(&without, &parties()).unwrap_err();
    let bids = reasons
        .iter()
        .find(|reason| reason.code == UnkeptCode::Pricing);
    assert!(bids.unwrap().remedy.contains("[root]"), "{reasons:?}");
}

/// Each with the smallest change that has it.
const ROWS: &[(&str, &[Change])] = &[
    (
        "R101",
        &[(
            "[[round]]\n",
            "[[round]]\nname = \"early\"\nfrom = \"2026-02-01T12:00:00Z\"\nuntil = \"2026-02-02T12:00:00Z\"\nend = \"exclusive\"\nprice = \"0.0005 ETH per HBR\"\nsupply = \"1_000 HBR\"\n[[round]]\n",
        )],
    ),
    (
        "R107",
        &[("challenge = \"7 days\"", "challenge = \"7 days 1 ms\"")],
    ),
    (
        "R110",
        &[(
            "kind = \"bids\"",
            "kind = \"bids\", sealed = { lock_step = \"1 ETH\", reveal_until = \"2026-04-02T00:00:00Z\" }",
        )],
    ),
    (
        "R111",
        &[(
            "per = \"contribution\"",
            "per = \"contribution\", unit = \"1 HBR\"",
        )],
    ),
    (
        "R112",
        &[("soft_cap = \"10 ETH\"", "soft_cap = \"10 HBR\"")],
    ),
    ("R114", &[("min = \"0.1 ETH\"", "min = \"0 ETH\"")]),
    (
        "R116",
        &[
            ("0.01 ETH per HBR", "4_000 ETH per HBR"),
            ("price_unit = \"1_000 HBR\"", "price_unit = \"1 HBR\""),
        ],
    ),
    (
        "R119",
        &[
            ("investor_max = \"30 ETH\"\n", ""),
            ("access = \"admitted\"\n", ""),
        ],
    ),
    (
        "R128",
        &[(
            "[root]",
            "[withdrawal]\nspan = \"14 days\"\nwho = \"everyone\"\n[root]",
        )],
    ),
    (
        "R131",
        &[("refund_deadline = \"2026-06-01T00:00:00Z\"\n", "")],
    ),
    (
        "R133",
        &[(
            "[root]",
            "[[milestone]]\nname = \"a\"\npart = \"100 %\"\n[root]",
        )],
    ),
    (
        "R135",
        &[(
            "amount = \"100_000 HBR\"",
            "amount = \"100_000 HBR\"\nvesting = { cliff = \"1 day\", duration = \"2 days\" }",
        )],
    ),
    (
        "R138",
        &[("min = \"0.1 ETH\", max = \"20 ETH\"", "min = \"31 ETH\"")],
    ),
    (
        "R138",
        &[(
            "kind = \"bids\"",
            "kind = \"bids\", min_proceeds = \"2_000.000_000_000_000_000_001 ETH\"",
        )],
    ),
    (
        "R139",
        &[("soft_cap = \"10 ETH\"", "soft_cap = \"2001 ETH\"")],
    ),
    ("R140", &[("share = \"20 %\"", "share = \"50.01 %\"")]),
    (
        "R143",
        &[(
            "[root]",
            "[pause]\nlongest = \"1 day\"\ncount = 1\nend = \"fixed\"\n[root]",
        )],
    ),
    (
        "R145",
        &[("over_limit = \"refuse\"", "over_limit = \"partial\"")],
    ),
    (
        "R146",
        &[("over_limit", "investor = { min = \"1 ETH\" }\nover_limit")],
    ),
    ("R147", &[("0.01 ETH per HBR", "0.01 ETH per 3 HBR")]),
    ("R147", &[("0.01 ETH per HBR", "5_000 ETH per HBR")]),
    (
        "R148",
        &[("challenge = \"7 days\"", "challenge = \"23 hours\"")],
    ),
    (
        "R148",
        &[("claims = \"90 days\"", "claims = \"3651 days\"")],
    ),
];

fn codes(terms: &Terms) -> Vec<&'static str> {
    unkept(terms)
        .iter()
        .map(|reason| reason.code.as_str())
        .collect()
}

#[test]
fn each_term_that_this_contract_cannot_keep_has_its_reason_alone() {
    let mut wrong = Vec::new();
    for (code, changes) in ROWS {
        match parsed(changes) {
            Ok(terms) if codes(&terms) == [*code] => {}
            Ok(terms) => wrong.push(format!("{code} {changes:?}: {:?}", unkept(&terms))),
            Err(problems) => wrong.push(format!("{code} {changes:?}: {problems:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The last ones that the factory takes.
#[test]
fn the_bounds_themselves_are_kept() {
    let kept: &[&[Change]] = &[
        &[("share = \"20 %\"", "share = \"50 %\"")],
        &[("challenge = \"7 days\"", "challenge = \"1 day\"")],
        &[("claims = \"90 days\"", "claims = \"3650 days\"")],
        &[("soft_cap = \"10 ETH\"", "soft_cap = \"2000 ETH\"")],
        &[("min = \"0.1 ETH\", max = \"20 ETH\"", "min = \"30 ETH\"")],
    ];
    for changes in kept {
        let terms = parsed(changes).unwrap();
        assert_eq!(unkept(&terms), [], "{changes:?}");
    }
}

/// Codes that only such terms have.
pub(crate) fn reached() -> BTreeSet<&'static str> {
    ROWS.iter().map(|(code, _)| *code).collect()
}

#[test]
fn addresses_are_asked_for_as_of_other_terms() {
    let terms = parsed(&[]).unwrap();
    let mut nobody = parties();
    nobody.verifier = None;
    nobody.beneficiary = Address::ZERO;
    let reasons = root_announcement(&terms, terms.root.unwrap(), &nobody).unwrap_err();
    let codes: Vec<&str> = reasons.iter().map(|reason| reason.code.as_str()).collect();
    assert_eq!(codes, ["R152", "R158"]);
}
