//! Each reason comes from the smallest change to terms that a contract keeps.

use std::collections::BTreeSet;

use alloy_primitives::Address;
use softcap_evm::{PaidIn, Parties, UnkeptCode, announcement, takes_evm, unkept};

use crate::base::{BENEFICIARY, TREASURY, changed, parsed, parties};

type Change = (&'static str, &'static str);
type Row = (&'static str, &'static [Change]);

const PRICE: &str = "price = \"0.0007 ETH per HBR\"\nallocation = \"first_come\"";
const FIRST_COME: &str = "allocation = \"first_come\"";
const CONTRIBUTION: &str = "contribution = { min = \"0.1 ETH\", max = \"20 ETH\" }";
const ROUNDING: &str = "rounding = { mode = \"down\", per = \"investor\" }";
const WHOLE: &str = "rounding = { mode = \"down\", per = \"contribution\" }";
const SUPPLY: &str = "kind = \"fixed\"\ntotal = \"300_000 HBR\"\nfor_sale = \"200_000 HBR\"\n[[token.share]]\nname = \"team\"\nholder = \"team\"\namount = \"100_000 HBR\"";

const PRO_RATA: &str = "allocation = \"pro_rata\"\ncap = \"90 ETH\"";
const UNASSIGNED: Change = (
    "unsold = \"burned\"",
    "unsold = \"burned\"\ndust = \"unassigned\"",
);

/// What the terms alone say.
const ROWS: &[Row] = &[
    (
        "R102",
        &[(
            "[currency.ETH]",
            "[currency.DAI]\ndecimals = 18\nrail = \"evm\"\nrate = \"0.0004 ETH per DAI\"\n[currency.ETH]",
        )],
    ),
    ("R103", &[("rail = \"evm\"", "rail = \"balance\"")]),
    (
        "R104",
        &[
            ("numeraire = \"ETH\"\n", ""),
            (
                "[clock]",
                "[numeraire]\nsymbol = \"WEI\"\ndecimals = 18\n[clock]",
            ),
            ("rail = \"evm\"", "rail = \"evm\"\nrate = \"1 WEI per ETH\""),
            ("soft_cap = \"10 ETH\"", "soft_cap = \"10 WEI\""),
            ("hard_cap = \"100 ETH\"", "hard_cap = \"100 WEI\""),
            ("investor_max = \"30 ETH\"", "investor_max = \"30 WEI\""),
            ("0.0007 ETH per", "0.0007 WEI per"),
        ],
    ),
    (
        "R105",
        &[("rail = \"evm\"", "rail = \"evm\"\ncredit = \"0.001 ETH\"")],
    ),
    (
        "R106",
        &[
            ("kind = \"time\"", "kind = \"block\""),
            ("\"2026-06-01T00:00:00Z\"", "3_000_000"),
            ("longest = \"1 day\"", "longest = \"7000 blocks\""),
            ("\"2026-03-01T12:00:00Z\"", "1_000_000"),
            ("\"2026-03-31T12:00:00Z\"", "2_000_000"),
        ],
    ),
    (
        "R107",
        &[("2026-03-31T12:00:00Z", "2026-03-31T12:00:00.5Z")],
    ),
    (
        "R107",
        &[("2026-03-01T12:00:00Z", "2026-03-01T12:00:00.001Z")],
    ),
    (
        "R107",
        &[(
            "[pause]",
            "[withdrawal]\nspan = \"1500 ms\"\nwho = \"everyone\"\n[pause]",
        )],
    ),
    (
        "R107",
        &[(
            "[pause]",
            "[withdrawal]\nuntil = \"2026-05-01T00:00:00.5Z\"\nwho = \"everyone\"\n[pause]",
        )],
    ),
    (
        "R109",
        &[(FIRST_COME, "allocation = \"pro_rata\"\ncap = \"90 ETH\"")],
    ),
    (
        "R109",
        &[(
            FIRST_COME,
            "allocation = \"water_filling\"\ncap = \"90 ETH\"",
        )],
    ),
    (
        "R109",
        &[
            (FIRST_COME, PRO_RATA),
            UNASSIGNED,
            ("0.0007 ETH per", "1.5 ETH per"),
        ],
    ),
    (
        "R109",
        &[
            (FIRST_COME, PRO_RATA),
            UNASSIGNED,
            ("soft_cap = \"10 ETH\"", "soft_cap = \"90 ETH\""),
        ],
    ),
    ("R111", &[(ROUNDING, WHOLE)]),
    (
        "R111",
        &[(
            ROUNDING,
            "rounding = { mode = \"half_up\", per = \"investor\" }",
        )],
    ),
    (
        "R111",
        &[(
            ROUNDING,
            "rounding = { mode = \"down\", unit = \"0.01 HBR\", per = \"investor\" }",
        )],
    ),
    (
        "R112",
        &[("soft_cap = \"10 ETH\"", "soft_cap = \"10 HBR\"")],
    ),
    (
        "R113",
        &[(CONTRIBUTION, "contribution = { min = \"1 HBR\" }")],
    ),
    (
        "R113",
        &[(CONTRIBUTION, "contribution = { max = \"1 HBR\" }")],
    ),
    ("R113", &[(CONTRIBUTION, "investor = { max = \"1 HBR\" }")]),
    ("R114", &[("min = \"0.1 ETH\"", "min = \"0 ETH\"")]),
    (
        "R115",
        &[
            ("hard_cap = \"100 ETH\"\n", ""),
            ("0.0007 ETH per", "1_700 ETH per"),
        ],
    ),
    (
        "R116",
        &[("hard_cap = \"100 ETH\"", "hard_cap = \"310_000_000 ETH\"")],
    ),
    ("R117", &[(SUPPLY, "kind = \"minted\"")]),
    (
        "R118",
        &[
            ("\"300_000 HBR\"", "\"80_000_100_000 HBR\""),
            ("\"200_000 HBR\"", "\"80_000_000_000 HBR\""),
        ],
    ),
    (
        "R119",
        &[
            ("access = \"admitted\"\n", ""),
            ("investor_max = \"30 ETH\"\n", ""),
            ("hard_cap = \"100 ETH\"", "hard_cap = \"1_300_000 ETH\""),
        ],
    ),
    (
        "R120",
        &[
            ("0.0007 ETH per", "0.00000007 ETH per"),
            ("\"300_000 HBR\"", "\"400_100_000 HBR\""),
            ("\"200_000 HBR\"", "\"400_000_000 HBR\""),
        ],
    ),
    (
        "R125",
        &[(
            "[clock]",
            "token_ceiling_per_investor = \"10 HBR\"\n[clock]",
        )],
    ),
    ("R127", &[("longest = \"1 day\"", "longest = \"367 days\"")]),
    (
        "R128",
        &[(
            "[pause]",
            "[withdrawal]\nspan = \"14 days\"\nwho = \"marked\"\n[pause]",
        )],
    ),
    (
        "R128",
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
    ("R129", &[("[clock]", "freed_room = \"closed\"\n[clock]")]),
    ("R130", &[("[clock]", "early_close = \"allowed\"\n[clock]")]),
    (
        "R131",
        &[("refund_deadline = \"2026-06-01T00:00:00Z\"\n", "")],
    ),
    (
        "R133",
        &[(
            "[[round]]",
            "[[milestone]]\nname = \"first\"\npart = \"40 %\"\nafter = \"1 day\"\n[[milestone]]\nname = \"second\"\npart = \"60 %\"\nafter = \"2 days\"\n[[round]]",
        )],
    ),
    (
        "R134",
        &[(
            "decimals = 18\n[token.supply]",
            "decimals = 18\nsale_vesting = { cliff = \"1 day\", duration = \"2 days\" }\n[token.supply]",
        )],
    ),
    (
        "R135",
        &[(
            "amount = \"100_000 HBR\"",
            "amount = \"100_000 HBR\"\nvesting = { duration = \"36_500 days 1 second\" }",
        )],
    ),
    (
        "R136",
        &[(
            SUPPLY,
            "kind = \"minted\"\nmax = \"200_000 HBR\"\n[[token.share]]\nname = \"team\"\nholder = \"team\"\nof_sold = \"25 %\"",
        )],
    ),
    (
        "R137",
        &[
            ("unsold = \"burned\"", "unsold = \"treasury\""),
            (
                FIRST_COME,
                "allocation = \"first_come\"\nsupply = \"150_000 HBR\"",
            ),
        ],
    ),
    ("R138", &[(CONTRIBUTION, "investor = { min = \"31 ETH\" }")]),
    (
        "R139",
        &[(FIRST_COME, "allocation = \"first_come\"\ncap = \"9 ETH\"")],
    ),
    (
        "R140",
        &[(
            "[[round]]",
            "[[milestone]]\nname = \"all\"\npart = \"100 %\"\n[objections]\nshare = \"50.01 %\"\nspan = \"7 days\"\ndeadline = \"8 days\"\n[[round]]",
        )],
    ),
    (
        "R141",
        &[(
            "[[round]]",
            "[[milestone]]\nname = \"all\"\npart = \"100 %\"\n[[milestone]]\nname = \"thanks\"\npart = \"0 %\"\n[objections]\nshare = \"50 %\"\nspan = \"7 days\"\ndeadline = \"15 days\"\n[[round]]",
        )],
    ),
    (
        "R142",
        &[(
            "[[round]]",
            "[[milestone]]\nname = \"all\"\npart = \"100 %\"\n[objections]\nshare = \"50 %\"\nspan = \"7 days\"\ndeadline = \"36_500 days 1 second\"\n[[round]]",
        )],
    ),
    (
        "R107",
        &[(
            "[[round]]",
            "[[milestone]]\nname = \"all\"\npart = \"100 %\"\nafter = \"1 ms\"\n[objections]\nshare = \"50 %\"\nspan = \"7 days\"\ndeadline = \"8 days\"\n[[round]]",
        )],
    ),
];

/// A price by time instead of the fixed one, with its rounding.
const BY_TIME: &[(&str, &str)] = &[
    (
        "R121",
        "kind = \"steps\", steps = [{ from = \"2026-03-01T12:00:00Z\", price = \"1.2345678901234567890123456789012345671 HBR per ETH\" }]",
    ),
    (
        "R121",
        "kind = \"fixed\", price = \"300_000_000_000_000 HBR per ETH\"",
    ),
    (
        "R107",
        "kind = \"linear\", base = \"0.0007 ETH per HBR\", bonus = \"10 %\", per = \"7 days\", until = \"2026-03-31T12:00:00.5Z\"",
    ),
    (
        "R122",
        "kind = \"steps\", steps = [{ from = \"2026-03-01T12:00:00Z\", every = \"1 hour\", until = \"2026-04-02T12:00:00Z\", price = \"100 HBR per ETH\", change = \"-0.1 HBR per ETH\" }]",
    ),
    (
        "R110",
        "kind = \"tiers\", crossing = \"split\", tiers = [{ up_to = \"50 ETH\", price = \"0.0007 ETH per HBR\" }, { price = \"0.0008 ETH per HBR\" }]",
    ),
];

fn by_time(pricing: &str) -> String {
    format!("allocation = \"first_come\"\npricing = {{ {pricing} }}")
}

fn codes(reasons: &[softcap_evm::Unkept]) -> Vec<&'static str> {
    reasons.iter().map(|reason| reason.code.as_str()).collect()
}

#[test]
fn the_base_is_kept_whole() {
    let terms = changed(&[]);
    assert!(takes_evm(&terms));
    assert_eq!(unkept(&terms), []);
}

#[test]
fn each_term_that_a_contract_cannot_keep_has_its_reason_alone() {
    let prices: Vec<(&str, String)> = BY_TIME
        .iter()
        .map(|(code, pricing)| (*code, by_time(pricing)))
        .collect();
    let by_time = prices.iter().map(|(code, pricing)| {
        let changes = vec![(ROUNDING, WHOLE), (PRICE, pricing.as_str())];
        (*code, changes)
    });
    let rows = ROWS.iter().map(|(code, changes)| (*code, changes.to_vec()));
    let mut wrong = Vec::new();
    for (code, changes) in rows.chain(by_time) {
        match parsed(&changes) {
            Ok(terms) => {
                let reasons = unkept(&terms);
                if codes(&reasons) != [code] {
                    wrong.push(format!("{code} {changes:?}: {reasons:?}"));
                }
            }
            Err(problems) => wrong.push(format!("{code} {changes:?}: {problems:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn all_reasons_are_listed_and_not_the_first_one() {
    let terms = changed(&[
        ("rail = \"evm\"", "rail = \"evm\"\ncredit = \"0.001 ETH\""),
        ("end = \"fixed\"", "end = \"moves\""),
        (ROUNDING, WHOLE),
        ("refund_deadline = \"2026-06-01T00:00:00Z\"\n", ""),
    ]);
    assert_eq!(codes(&unkept(&terms)), ["R105", "R131", "R111"]);
}

fn with(change: impl FnOnce(&mut Parties)) -> Parties {
    let mut parties = parties();
    change(&mut parties);
    parties
}

#[test]
fn missing_and_needless_addresses_have_their_reason_alone() {
    let public: &[Change] = &[("access = \"admitted\"\n", "")];
    let treasury: &[Change] = &[("unsold = \"burned\"", "unsold = \"treasury\"")];
    let six: &[Change] = &[
        ("decimals = 18\nrail", "decimals = 6\nrail"),
        ("0.0007 ETH per", "0.01 ETH per"),
    ];
    let rows: [(&str, &[Change], Parties); 9] = [
        ("R151", six, parties()),
        ("R152", &[], with(|parties| parties.verifier = None)),
        ("R153", public, parties()),
        ("R154", treasury, parties()),
        (
            "R155",
            &[],
            with(|parties| parties.treasury = Some(TREASURY)),
        ),
        ("R156", &[], with(|parties| parties.holders.clear())),
        (
            "R157",
            &[],
            with(|parties| {
                parties.holders.insert("friends".to_owned(), TREASURY);
            }),
        ),
        (
            "R158",
            &[],
            with(|parties| parties.beneficiary = Address::ZERO),
        ),
        (
            "R158",
            &[],
            with(|parties| parties.paid_in = PaidIn::Token(Address::ZERO)),
        ),
    ];
    for (code, changes, parties) in rows {
        let reasons = announcement(&changed(changes), &parties).expect_err("must be refused");
        assert_eq!(codes(&reasons), [code], "{changes:?} {parties:?}");
    }
    let token = with(|parties| parties.paid_in = PaidIn::Token(BENEFICIARY));
    assert!(announcement(&changed(six), &token).is_ok());
}

#[test]
fn every_code_is_reached_or_is_the_parsers() {
    let tables = ROWS.iter().map(|(code, _)| *code);
    let by_time = BY_TIME.iter().map(|(code, _)| *code);
    let addresses = [
        "R151", "R152", "R153", "R154", "R155", "R156", "R157", "R158",
    ];
    // `Terms::parse` refuses these before anybody asks: money kept on this rail, dates after 2100, a first step after
    // the opening, a deadline in the window. They stand, because the contract refuses them as well.
    let parser = ["R108", "R123", "R124", "R132"];
    let reached: BTreeSet<&str> = tables
        .chain(by_time)
        .chain(addresses)
        .chain(parser)
        .chain(crate::root::reached())
        .chain(crate::root_at_price::reached())
        .chain(crate::rounds::reached())
        .collect();
    let all: BTreeSet<&str> = UnkeptCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(reached, all);
}
