//! Every number of the contract, worked out by hand from the terms.

use alloy_primitives::{Address, B256, U256, address};
use softcap_evm::{
    EscrowKind, EscrowTerms, Misfit, PACKED_WORDS, PauseEnding, PricingKind, WrongWord,
    announcement,
};

use crate::base::{BENEFICIARY, ISSUER, TEAM, TREASURY, VERIFIER, changed, parties};

const FIRST_COME: &str = "allocation = \"first_come\"";
const ETHER: u128 = 1_000_000_000_000_000_000;

fn ether(amount: u128) -> U256 {
    U256::from(amount * ETHER)
}

#[test]
fn fixed_price_number_by_number() {
    let terms = changed(&[]);
    let told = announcement(&terms, &parties()).unwrap();
    let expected = EscrowTerms {
        terms_hash: B256::from(terms.hash().0),
        issuer: ISSUER,
        beneficiary: BENEFICIARY,
        verifier: VERIFIER,
        currency: Address::ZERO,
        token: Address::ZERO,
        treasury: Address::ZERO,
        round: U256::ZERO,
        // 2026-03-01T12:00:00Z, 2026-03-31T12:00:00Z, and the second after 2026-06-01T00:00:00Z
        opens: U256::from(1_772_366_400),
        closes: U256::from(1_774_958_400),
        refund_deadline: U256::from(1_780_272_001),
        soft_cap: ether(10),
        hard_cap: ether(100),
        for_sale: ether(200_000),
        contribution_min: U256::from(ETHER / 10),
        contribution_max: ether(20),
        investor_min: U256::ZERO,
        investor_max: ether(30),
        over_cap: Misfit::Partial,
        over_limit: Misfit::Refuse,
        pricing: PricingKind::Fixed,
        price_numerator: U256::from(10_000),
        price_denominator: U256::from(7),
        bonus: U256::ZERO,
        bonus_per: U256::ZERO,
        bonus_until: U256::ZERO,
        bonus_granularity: U256::ZERO,
        pause_longest: U256::from(86_400),
        pause_count: U256::from(2),
        withdrawal_span: U256::ZERO,
        withdrawal_until: U256::ZERO,
        pause_end: PauseEnding::Fixed,
    };
    assert_eq!(told.terms, expected);
    assert_eq!(told.terms.kind(), EscrowKind::Plain);
    assert!(told.steps.is_empty());
    assert_eq!(
        (
            told.token.name.as_str(),
            told.token.symbol.as_str(),
            told.token.decimals
        ),
        ("Harbour", "HBR", 18)
    );
    let shares = &told.token.shares;
    assert_eq!((shares[0].holder, shares[0].amount), (TEAM, ether(100_000)));
    assert_eq!(shares.len(), 1);
}

#[test]
fn an_inclusive_end_closes_a_second_later() {
    let terms = changed(&[("end = \"exclusive\"", "end = \"inclusive\"")]);
    let told = announcement(&terms, &parties()).unwrap().terms;
    assert_eq!(told.closes, U256::from(1_774_958_401));
}

#[test]
fn the_least_of_several_bounds_counts() {
    let mut with = parties();
    with.verifier = None;
    let terms = changed(&[
        ("access = \"admitted\"\n", ""),
        (
            FIRST_COME,
            "allocation = \"first_come\"\ncap = \"60 ETH\"\nsupply = \"80_000 HBR\"\ninvestor = { min = \"0.5 ETH\", max = \"25 ETH\" }",
        ),
        (
            "contribution = { min = \"0.1 ETH\", max = \"20 ETH\" }\n",
            "",
        ),
        (
            "[pause]\nlongest = \"1 day\"\ncount = 2\nend = \"fixed\"\n",
            "",
        ),
    ]);
    let told = announcement(&terms, &with).unwrap().terms;
    assert_eq!(told.hard_cap, ether(60));
    assert_eq!(told.for_sale, ether(80_000));
    assert_eq!(told.investor_min, U256::from(ETHER / 2));
    assert_eq!(told.investor_max, ether(25));
    assert_eq!(told.contribution_min, U256::ZERO);
    assert_eq!(told.contribution_max, U256::MAX);
    assert_eq!(told.verifier, Address::ZERO);
    assert_eq!(
        (told.pause_longest, told.pause_count),
        (U256::ZERO, U256::ZERO)
    );
}

#[test]
fn a_hard_cap_in_tokens_bounds_the_tokens() {
    let terms = changed(&[("hard_cap = \"100 ETH\"", "hard_cap = \"90_000 HBR\"")]);
    let told = announcement(&terms, &parties()).unwrap().terms;
    assert_eq!(told.for_sale, ether(90_000));
    // 90,000 HBR cost 63 ETH: no money reaches the end of the counter, which stands for "none".
    assert_eq!(told.hard_cap, (U256::from(1) << 88) - U256::from(1));
}

#[test]
fn the_treasury_gets_what_the_terms_say() {
    let terms = changed(&[("unsold = \"burned\"", "unsold = \"treasury\"")]);
    let mut with = parties();
    with.treasury = Some(TREASURY);
    let told = announcement(&terms, &with).unwrap().terms;
    assert_eq!(told.treasury, TREASURY);
}

/// The words after the hash as a program in another language packs them, for the token 0xb1.
const PACKED: [&str; PACKED_WORDS - 1] = [
    "00000002000151800000000000000000000000000000000000000000000000a3",
    "0000000000000000000000000000010200006a1ccb810069cbb7400069a42a40",
    "000000008ac7230489e80000ffffffffffffffffffff0000016345785d8a0000",
    "00000004e1003b28d92800000001a055690d9db8000000000000000000000000",
    "000000000000000000000000000000000000000000002a5a058fc295ed000000",
    "0000000000000000000000000000000700000000000000000000000000002710",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "00000000000000000000000000000000000000000000000000000000000000b1",
    "00000000000000000000000000000000000000000000000000000000000000a1",
    "00000000000000000000000000000000000000000000000000000000000000a2",
    "0000000000000000000000000000000000000000000000000000000000000000",
];

#[test]
fn pro_rata_is_shared_and_packed_bit_by_bit() {
    let terms = changed(&[
        (
            "unsold = \"burned\"",
            "unsold = \"burned\"\ndust = \"unassigned\"",
        ),
        (FIRST_COME, "allocation = \"pro_rata\"\ncap = \"90 ETH\""),
        ("min = \"0.1 ETH\", max = \"20 ETH\"", "min = \"0.1 ETH\""),
    ]);
    let told = announcement(&terms, &parties()).unwrap();
    assert_eq!(told.terms.over_cap, Misfit::Share);
    let token = address!("00000000000000000000000000000000000000b1");
    let code = told.code_arguments(token);
    assert_eq!(code[..32], terms.hash().0);
    assert_eq!(alloy_primitives::hex::encode(&code[32..]), PACKED.concat());
}

/// Each right, its span and its end, and the word of times as a program in another language packs it.
const RIGHTS: [(&str, u64, u64, &str); 3] = [
    (
        "span = \"14 days\"",
        1_209_600,
        0,
        "0000000000000000000000127500010000006a1ccb810069cbb7400069a42a40",
    ),
    (
        "until = \"2026-05-01T00:00:00Z\"",
        0,
        1_777_593_600,
        "000000000069f3ed000000000000010000006a1ccb810069cbb7400069a42a40",
    ),
    // A date stands in the place of a span.
    (
        "span = \"14 days\"\nuntil = \"2026-05-01T00:00:00Z\"",
        0,
        1_777_593_600,
        "000000000069f3ed000000000000010000006a1ccb810069cbb7400069a42a40",
    ),
];

#[test]
fn a_withdrawal_right_is_a_span_or_a_date() {
    for (right, span, until, packed) in RIGHTS {
        let right = format!("[withdrawal]\n{right}\nwho = \"everyone\"\n[pause]");
        let told = announcement(&changed(&[("[pause]", &right)]), &parties()).unwrap();
        let numbers = (told.terms.withdrawal_span, told.terms.withdrawal_until);
        assert_eq!(numbers, (U256::from(span), U256::from(until)));
        assert_eq!(told.terms.kind(), EscrowKind::Withdrawable);
        let code = told.code_arguments(Address::ZERO);
        assert_eq!(alloy_primitives::hex::encode(&code[64..96]), packed);
    }
}

const BY_CONTRIBUTION: (&str, &str) = (
    "rounding = { mode = \"down\", per = \"investor\" }",
    "rounding = { mode = \"down\", per = \"contribution\" }",
);

fn by_time(pricing: &str) -> softcap_offering::terms::Terms {
    let pricing = format!("allocation = \"first_come\"\npricing = {pricing}");
    changed(&[
        BY_CONTRIBUTION,
        (
            "price = \"0.0007 ETH per HBR\"\nallocation = \"first_come\"",
            &pricing,
        ),
    ])
}

#[test]
fn steps_number_by_number() {
    let terms = by_time(
        "{ kind = \"steps\", steps = [{ from = \"2026-03-01T12:00:00Z\", price = \"0.0005 ETH per HBR\" }, { from = \"2026-03-08T12:00:00Z\", price = \"0.0007 ETH per HBR\" }] }",
    );
    let told = announcement(&terms, &parties()).unwrap();
    assert_eq!(told.terms.pricing, PricingKind::Steps);
    let steps: Vec<[u64; 3]> = told
        .steps
        .iter()
        .map(|step| [step.from, step.numerator, step.denominator].map(|number| number.to::<u64>()))
        .collect();
    assert_eq!(
        steps,
        [[1_772_366_400, 2_000, 1], [1_772_971_200, 10_000, 7]]
    );
    // Behind the terms each step is one word: 40 bits of the position, 108 of the numerator, 108 of the denominator.
    let token = address!("00000000000000000000000000000000000000b1");
    let code = told.code_arguments(token);
    assert_eq!(code.len(), (PACKED_WORDS + 2) * 32);
    assert_eq!(code[8 * 32..9 * 32], token.into_word()[..]);
    let last = U256::from_be_slice(&code[(PACKED_WORDS + 1) * 32..]);
    assert_eq!(
        last.to_string(),
        // 1772971200 x 2^216 + 10000 x 2^108 + 7, by hand with bc
        LAST_STEP
    );
}

const LAST_STEP: &str =
    "186715660134351837568431763043950386796195405503010305707320799220937523207";

#[test]
fn linear_number_by_number() {
    let terms = by_time(
        "{ kind = \"linear\", base = \"0.0007 ETH per HBR\", bonus = \"10 %\", per = \"7 days\", until = \"2026-03-31T12:00:00Z\" }",
    );
    let told = announcement(&terms, &parties()).unwrap().terms;
    assert_eq!(told.pricing, PricingKind::Linear);
    let numbers = [
        told.price_numerator,
        told.price_denominator,
        told.bonus,
        told.bonus_per,
        told.bonus_until,
        told.bonus_granularity,
    ];
    assert_eq!(
        numbers.map(|number| number.to::<u64>()),
        [10_000, 7, 1_000, 604_800, 1_774_958_400, 1]
    );
}

#[test]
fn members_have_the_names_and_the_order_of_the_contract() {
    let abi: serde_json::Value =
        serde_json::from_str(include_str!("../../../../contracts/abi/IEscrow.json")).unwrap();
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
    let told = announcement(&changed(&[]), &parties()).unwrap().terms;
    assert_eq!(told.members().map(|(name, _)| name).to_vec(), names);
    assert!(components.iter().all(|component| {
        let kind = component["type"].as_str().unwrap();
        ["bytes32", "address", "uint256", "uint8"].contains(&kind)
    }));
}

#[test]
fn words_come_back_and_wrong_ones_are_found() {
    let terms = announcement(&changed(&[]), &parties()).unwrap().terms;
    let words = terms.words();
    assert_eq!(EscrowTerms::from_words(words), Ok(terms));
    // An address of 21 bytes, and codes that no case has.
    for (index, word) in [
        (1, B256::repeat_byte(1)),
        (18, B256::with_last_byte(3)),
        (20, B256::with_last_byte(3)),
    ] {
        let mut wrong = words;
        wrong[index] = word;
        assert_eq!(EscrowTerms::from_words(wrong), Err(WrongWord { index }));
    }
}
