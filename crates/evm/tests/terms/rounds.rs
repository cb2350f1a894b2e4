//! Several rounds under one soft cap: every number of the contract, and why some terms have none.

use std::collections::BTreeSet;

use alloy_primitives::{Address, U256};
use softcap_evm::bindings::rounds_factory::IRounds::Round;
use softcap_evm::{
    Announcement, EscrowKind, FactoryKind, Misfit, PricingKind, announcement, round_at, unkept,
};
use softcap_offering::{RoundIndex, terms::Terms};

use crate::base::{VERIFIER, changed, parsed, parties};

type Change = (&'static str, &'static str);

const ETHER: u128 = 1_000_000_000_000_000_000;
/// Rounded by contribution, as several rounds are.
const WHOLE: Change = ("per = \"investor\"", "per = \"contribution\"");
/// A month before the public round and for everybody; the base is for admitted people.
const EARLY: Change = (
    "[[round]]\n",
    "[[round]]\nname = \"early\"\nfrom = \"2026-02-01T12:00:00Z\"\nuntil = \"2026-02-28T12:00:00Z\"\nend = \"inclusive\"\n\
     price = \"0.0005 ETH per HBR\"\ncap = \"40 ETH\"\nsupply = \"90_000 HBR\"\ninvestor = { min = \"1 ETH\", max = \"5 ETH\" }\n\
     [[round]]\n",
);

fn ether(amount: u128) -> U256 {
    U256::from(amount * ETHER)
}

#[test]
fn two_rounds_number_by_number() {
    let terms = changed(&[WHOLE, EARLY]);
    let told = announcement(&terms, &parties()).unwrap();
    assert_eq!(told.terms.kind(), EscrowKind::Rounds);
    assert_eq!(EscrowKind::of(&terms), EscrowKind::Rounds);
    assert_eq!(FactoryKind::needed(&told), FactoryKind::Rounds);
    let sale = &told.terms;
    assert_eq!(sale.round, U256::from(2));
    assert_eq!(sale.verifier, VERIFIER);
    // 2026-02-01T12:00:00Z and 2026-03-31T12:00:00Z
    assert_eq!(
        (sale.opens, sale.closes),
        (U256::from(1_769_947_200), U256::from(1_774_958_400))
    );
    assert_eq!((sale.soft_cap, sale.hard_cap), (ether(10), ether(100)));
    assert_eq!(
        (sale.for_sale, sale.investor_max),
        (ether(200_000), ether(30))
    );
    assert_eq!(
        (sale.contribution_min, sale.contribution_max),
        (U256::ZERO, U256::MAX)
    );
    assert_eq!(sale.pricing, PricingKind::Linear);
    let [early, public] = &told.rounds[..] else {
        panic!("{:?}", told.rounds);
    };
    assert_eq!(early.verifier, Address::ZERO);
    assert_eq!(
        (early.opens, early.closes),
        // The last second is inside.
        (sale.opens, U256::from(1_772_280_001))
    );
    assert_eq!((early.hardCap, early.forSale), (ether(40), ether(90_000)));
    assert_eq!((early.investorMin, early.investorMax), (ether(1), ether(5)));
    assert_eq!(
        (early.priceNumerator, early.priceDenominator),
        (U256::from(2_000), U256::from(1))
    );
    // One price is a line without a bonus.
    assert_eq!(
        (early.bonus, early.bonusPer, early.bonusGranularity),
        (U256::ZERO, U256::from(1), U256::from(1))
    );
    assert_eq!(public.verifier, VERIFIER);
    assert_eq!(
        (public.opens, public.closes),
        (U256::from(1_772_366_400), sale.closes)
    );
    assert_eq!(
        (public.hardCap, public.forSale),
        (ether(100), ether(200_000))
    );
    assert_eq!(
        (public.contributionMin, public.contributionMax),
        (U256::from(ETHER / 10), ether(20))
    );
    assert_eq!(public.investorMax, U256::MAX);
    let misfits = (public.overCap, public.overLimit);
    assert_eq!(misfits, (code(Misfit::Partial), code(Misfit::Refuse)));
    // 12 words of the sale, 7 of each round.
    let packed = told.code_arguments(Address::repeat_byte(1));
    assert_eq!(packed.len(), (12 + 2 * 7) * 32);
}

/// Both know the sale as a whole: what they are told is what they are told of one round.
#[test]
fn milestones_and_vesting_beside_two_rounds() {
    let with = [
        (
            "amount = \"100_000 HBR\"",
            "amount = \"100_000 HBR\"\nvesting = { cliff = \"1 day\", duration = \"2 days\" }",
        ),
        (
            "[pause]",
            "[[milestone]]\nname = \"all\"\npart = \"100 %\"\n[objections]\nshare = \"50 %\"\nspan = \"7 days\"\n\
             deadline = \"8 days\"\n[pause]",
        ),
    ];
    let one = announcement(&changed(&with), &parties()).unwrap();
    let several = [&[WHOLE, EARLY][..], &with].concat();
    let told = announcement(&changed(&several), &parties()).unwrap();
    assert_eq!(FactoryKind::needed(&told), FactoryKind::RoundsAfterSale);
    assert_eq!(told.after_sale, one.after_sale);
    assert!(told.after_sale.release.is_some());
    assert_eq!(told.after_sale.vestings.len(), 1);
    let nothing_after = announcement(&changed(&[WHOLE, EARLY]), &parties()).unwrap();
    assert_eq!(told.rounds, nothing_after.rounds);
    // Another function of another factory; accounts stay after their claim, and nothing else in the code is another.
    assert_ne!(told.calldata()[..4], nothing_after.calldata()[..4]);
    assert_ne!(told.calldata()[..4], one.calldata()[..4]);
    let code = |told: &Announcement| told.code_arguments(Address::repeat_byte(1));
    let (kept, emptied) = (code(&told), code(&nothing_after));
    let differs = kept.iter().zip(&emptied).skip(32);
    let differs: Vec<usize> = differs
        .enumerate()
        .filter_map(|(place, (a, b))| (a != b).then_some(place + 32))
        .collect();
    assert_eq!(differs, [10 * 32 + 11]);
}

/// The rounds have the right of the sale in their words, because each contribution is judged and kept by those of its round.
#[test]
fn a_withdrawal_right_beside_two_rounds() {
    let right = (
        "[pause]",
        "[withdrawal]\nspan = \"14 days\"\nwho = \"everyone\"\n[pause]",
    );
    let terms = changed(&[WHOLE, EARLY, right]);
    let told = announcement(&terms, &parties()).unwrap();
    assert_eq!(told.terms.kind(), EscrowKind::WithdrawableRounds);
    assert_eq!(EscrowKind::of(&terms), EscrowKind::WithdrawableRounds);
    assert_eq!(FactoryKind::needed(&told), FactoryKind::WithdrawableRounds);
    let span = U256::from(14 * 86_400);
    assert_eq!(told.terms.withdrawal_span, span);
    let code = told.code_arguments(Address::repeat_byte(1));
    // The second word of a round's, of which bits 144 to 183 are the span: bytes 9 to 13.
    for words in [0, 12, 12 + 7] {
        let word = words + if words == 0 { 2 } else { 1 };
        let there = U256::from_be_slice(&code[word * 32 + 9..word * 32 + 14]);
        assert_eq!(there, span, "{words}");
    }
}

/// Three steps of which one is over at the opening and one begins after the end: what is left is one round with two prices.
#[test]
fn steps_of_a_round_continue_it() {
    let by_steps = (
        "price = \"0.0007 ETH per HBR\"",
        "pricing = { kind = \"steps\", steps = [\
         { from = \"2026-02-01T12:00:00Z\", price = \"1_500 HBR per ETH\" }, { from = \"2026-03-01T11:00:00Z\", price = \"1_400 HBR per ETH\" }, \
         { from = \"2026-03-11T12:00:00Z\", price = \"1_300 HBR per ETH\" }, { from = \"2026-03-31T12:00:00Z\", price = \"1_200 HBR per ETH\" }] }",
    );
    let terms = changed(&[WHOLE, EARLY, by_steps]);
    let told = announcement(&terms, &parties()).unwrap();
    assert_eq!(told.terms.round, U256::from(2));
    assert_eq!((told.terms.hard_cap, told.rounds.len()), (ether(100), 3));
    let [early, first, second] = &told.rounds[..] else {
        panic!("{:?}", told.rounds);
    };
    let continued = told.rounds.iter().map(|round| round.continued);
    assert_eq!(continued.collect::<Vec<_>>(), [false, false, true]);
    assert!(early.closes < first.opens);
    // 2026-03-01T12:00:00Z, 2026-03-11T12:00:00Z, 2026-03-31T12:00:00Z
    let seconds = [1_772_366_400_u64, 1_773_230_400, 1_774_958_400].map(U256::from);
    assert_eq!([first.opens, first.closes, second.closes], seconds);
    assert_eq!(second.opens, first.closes);
    let prices = [first, second].map(|round| round.priceNumerator);
    assert_eq!(prices, [1_400, 1_300].map(U256::from));
    let same = Round {
        opens: first.opens,
        closes: first.closes,
        priceNumerator: first.priceNumerator,
        continued: false,
        ..second.clone()
    };
    assert_eq!(same, *first);
    let last = told.code_arguments(Address::repeat_byte(1));
    // Both have number 1, behind 12 bytes of pauses.
    for entry in [1, 2] {
        let word = (12 + entry * 7) * 32;
        assert_eq!(last[word + 8..word + 12], [0, 0, 0, 1], "{entry}");
    }
}

/// 16 prices in all: the early one and 15 steps.
#[test]
fn a_sale_has_so_many_prices() {
    for (steps, fits) in [(15, true), (16, false)] {
        let all: Vec<String> = (0..steps)
            .map(|step| {
                format!(
                    "{{ from = \"2026-03-{:02}T12:00:00Z\", price = \"1_000 HBR per ETH\" }}",
                    step + 1
                )
            })
            .collect();
        let by_steps = format!(
            "pricing = {{ kind = \"steps\", steps = [{}] }}",
            all.join(", ")
        );
        let terms = changed(&[WHOLE, EARLY, ("price = \"0.0007 ETH per HBR\"", &by_steps)]);
        let expected: &[(&str, String)] = if fits {
            &[]
        } else {
            &[("R150", "round".to_owned())]
        };
        assert_eq!(found(&terms), expected, "{steps}");
    }
}

fn code(misfit: Misfit) -> u8 {
    match misfit {
        Misfit::Partial => 0,
        Misfit::Refuse => 1,
        Misfit::Share => 2,
    }
}

#[test]
fn the_round_of_a_second_is_the_one_that_is_open_or_the_next_one() {
    let terms = changed(&[WHOLE, EARLY]);
    let round = |second: u64| round_at(&terms, second);
    assert_eq!(round(0), RoundIndex(0));
    assert_eq!(round(1_772_280_000), RoundIndex(0));
    assert_eq!(round(1_772_280_001), RoundIndex(1));
    assert_eq!(round(u64::MAX), RoundIndex(1));
}

/// Where no cap of the offering is said, the caps of the rounds are what there is.
#[test]
fn without_a_hard_cap_the_rounds_bound_the_sale() {
    let terms = changed(&[
        WHOLE,
        EARLY,
        ("hard_cap = \"100 ETH\"\n", ""),
        (
            "over_cap",
            "cap = \"50 ETH\"\nsupply = \"80_000 HBR\"\nover_cap",
        ),
    ]);
    let told = announcement(&terms, &parties()).unwrap();
    assert_eq!(told.terms.hard_cap, ether(90));
    assert_eq!(told.terms.for_sale, ether(170_000));
}

/// Each with the smallest change of two rounds that has it, and where it says it is.
const ROWS: &[(&str, &str, &[Change])] = &[
    (
        "R150",
        "round[1].from",
        &[("2026-03-01T12:00:00Z", "2026-02-28T12:00:00Z")],
    ),
    (
        "R109",
        "round[1].allocation",
        &[
            (
                "allocation = \"first_come\"",
                "allocation = \"pro_rata\"\ncap = \"90 ETH\"",
            ),
            ("unsold", "dust = \"unassigned\"\nunsold"),
        ],
    ),
    (
        "R110",
        "round[1].pricing",
        &[(
            "price = \"0.0007 ETH per HBR\"",
            "pricing = { kind = \"tiers\", crossing = \"split\", tiers = [{ up_to = \"50 ETH\", price = \"0.0007 ETH per HBR\" }, { price = \"0.0008 ETH per HBR\" }] }",
        )],
    ),
    (
        "R111",
        "currency.ETH.rounding",
        &[("per = \"contribution\"", "per = \"investor\"")],
    ),
    (
        "R119",
        "investor_max",
        &[
            ("investor_max = \"30 ETH\"\n", ""),
            ("hard_cap = \"100 ETH\"", "hard_cap = \"1_300_000 ETH\""),
            ("cap = \"40 ETH\"", "cap = \"600_000 ETH\""),
            ("over_cap", "cap = \"700_000 ETH\"\nover_cap"),
        ],
    ),
    (
        "R126",
        "pause.end",
        &[("end = \"fixed\"", "end = \"moves\"")],
    ),
    (
        "R128",
        "withdrawal.who",
        &[(
            "[pause]",
            "[withdrawal]\nspan = \"14 days\"\nwho = \"marked\"\n[pause]",
        )],
    ),
    (
        "R128",
        "withdrawal",
        &[
            (
                "[pause]",
                "[withdrawal]\nspan = \"14 days\"\nwho = \"everyone\"\n[pause]",
            ),
            (
                "amount = \"100_000 HBR\"",
                "amount = \"100_000 HBR\"\nvesting = { cliff = \"1 day\", duration = \"2 days\" }",
            ),
        ],
    ),
];

fn found(terms: &Terms) -> Vec<(&'static str, String)> {
    let reasons = unkept(terms);
    let reasons = reasons.iter();
    reasons
        .map(|reason| (reason.code.as_str(), reason.key.clone()))
        .collect()
}

#[test]
fn each_term_that_no_escrow_of_several_rounds_keeps_has_its_reason_alone() {
    assert_eq!(found(&changed(&[WHOLE, EARLY])), []);
    let mut wrong = Vec::new();
    for (code, key, changes) in ROWS {
        let changes: Vec<Change> = [WHOLE, EARLY].iter().chain(*changes).copied().collect();
        match parsed(&changes) {
            Ok(terms) if found(&terms) == [(*code, (*key).to_owned())] => {}
            Ok(terms) => wrong.push(format!("{code} {key}: {:?}", unkept(&terms))),
            Err(problems) => wrong.push(format!("{code} {key}: {problems:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Codes that only such terms have.
pub(crate) fn reached() -> BTreeSet<&'static str> {
    ROWS.iter().map(|(code, ..)| *code).collect()
}
