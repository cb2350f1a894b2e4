//! Where warnings about times, rights and rails begin: terms right before the danger, which are
//! quiet, and right in it.

use softcap_offering::terms::TermsCode;
use softcap_offering::terms::TermsCode::{
    EarlyClose, HugeBonus, KeepsMoney, LongPause, LooseRate, NoWithdrawalRight, RailCannotEnforce,
    ShortWithdrawalRight, TieById, TwoRails,
};

use crate::tables::{BLOCK, Change, PRICE, RAIL, RATE};
use crate::warning_edges::{HARD_CAP, NAME, check};
use crate::{BASE, changed, codes};

const RIGHT: &str = "span = \"14 days\"\nwho";
const NO_RIGHT: Change = ("[withdrawal]\nspan = \"14 days\"\nwho = \"everyone\"", "");

#[test]
fn rates_pauses_and_bonuses() {
    check(
        BASE,
        &[
            (
                "a rate of yesterday",
                &[(
                    RATE,
                    "rate = { source = \"a\", max_age = \"24 hours\", max_step = \"5 %\" }",
                )],
                &[(
                    RATE,
                    "rate = { source = \"a\", max_age = \"24 hours 1 ms\", max_step = \"5 %\" }",
                )],
                LooseRate,
            ),
            (
                "a rate that jumps",
                &[(
                    RATE,
                    "rate = { source = \"a\", max_age = \"1 hour\", max_step = \"50 %\" }",
                )],
                &[(
                    RATE,
                    "rate = { source = \"a\", max_age = \"1 hour\", max_step = \"50.01 %\" }",
                )],
                LooseRate,
            ),
            (
                "one pause as long as the sale",
                &[(
                    "[withdrawal]",
                    "[pause]\nlongest = \"30 days\"\ncount = 1\nend = \"fixed\"\n[withdrawal]",
                )],
                &[(
                    "[withdrawal]",
                    "[pause]\nlongest = \"30 days 1 ms\"\ncount = 1\nend = \"fixed\"\n[withdrawal]",
                )],
                LongPause,
            ),
            (
                "several pauses as long as the sale",
                &[(
                    "[withdrawal]",
                    "[pause]\nlongest = \"10 days\"\ncount = 3\nend = \"fixed\"\n[withdrawal]",
                )],
                &[(
                    "[withdrawal]",
                    "[pause]\nlongest = \"10 days\"\ncount = 4\nend = \"fixed\"\n[withdrawal]",
                )],
                LongPause,
            ),
            (
                "twice the tokens at the beginning",
                &[(
                    PRICE,
                    "pricing = { kind = \"linear\", base = \"2 HBR per USD\", bonus = \"100 %\", \
                     per = \"30 days\", until = \"2026-03-31T12:00:00Z\" }",
                )],
                &[(
                    PRICE,
                    "pricing = { kind = \"linear\", base = \"2 HBR per USD\", bonus = \"100.01 %\", \
                     per = \"30 days\", until = \"2026-03-31T12:00:00Z\" }",
                )],
                HugeBonus,
            ),
            (
                "twice the tokens by step",
                &[(
                    PRICE,
                    "pricing = { kind = \"steps\", steps = [{ from = \"2026-03-01T12:00:00Z\", \
                     price = \"2 HBR per USD\" }, { from = \"2026-03-02T12:00:00Z\", price = \
                     \"1 HBR per USD\" }] }",
                )],
                &[(
                    PRICE,
                    "pricing = { kind = \"steps\", steps = [{ from = \"2026-03-01T12:00:00Z\", \
                     price = \"2.000001 HBR per USD\" }, { from = \"2026-03-02T12:00:00Z\", price \
                     = \"1 HBR per USD\" }] }",
                )],
                HugeBonus,
            ),
            (
                "twice the tokens by tier",
                &[(
                    PRICE,
                    "pricing = { kind = \"tiers\", crossing = \"split\", tiers = [{ up_to = \
                     \"10 USD\", price = \"1 HBR per USD\" }, { price = \"2 HBR per USD\" }] }",
                )],
                &[(
                    PRICE,
                    "pricing = { kind = \"tiers\", crossing = \"split\", tiers = [{ up_to = \
                     \"10 USD\", price = \"1 HBR per USD\" }, { price = \"2.000001 HBR per USD\" }] }",
                )],
                HugeBonus,
            ),
            (
                "a price that falls for everybody is no bonus",
                &[(
                    PRICE,
                    "supply = \"2_000 HBR\"\npricing = { kind = \"dutch\", start = \"9 USD per \
                     HBR\", end = \"0.50 USD per HBR\", granularity = \"1 hour\" }",
                )],
                &[(
                    PRICE,
                    "pricing = { kind = \"linear\", base = \"2 HBR per USD\", bonus = \"200 %\", \
                     per = \"30 days\", until = \"2026-03-31T12:00:00Z\" }",
                )],
                HugeBonus,
            ),
        ],
    );
}

#[test]
fn the_right_to_take_a_contribution_back() {
    check(
        BASE,
        &[
            (
                "14 days",
                &[(RIGHT, "span = \"14 days\"\nwho")],
                &[(
                    RIGHT,
                    "span = \"13 days 23 hours 59 minutes 59 seconds\"\nwho",
                )],
                ShortWithdrawalRight,
            ),
            (
                "up to the end of the window",
                &[(RIGHT, "until = \"2026-03-31T12:00:00Z\"\nwho")],
                &[(RIGHT, "until = \"2026-03-31T11:59:59Z\"\nwho")],
                ShortWithdrawalRight,
            ),
            (
                "long after the window",
                &[(RIGHT, "until = \"2026-05-31T12:00:00Z\"\nwho")],
                &[(RIGHT, "until = \"2026-03-02T12:00:00Z\"\nwho")],
                ShortWithdrawalRight,
            ),
            (
                "a short one for known people",
                &[
                    (RIGHT, "span = \"1 day\"\nwho"),
                    (NAME, "name = \"public\"\naccess = \"admitted\""),
                ],
                &[
                    (RIGHT, "span = \"1 day\"\nwho"),
                    (NAME, "name = \"public\"\naccess = \"public\""),
                ],
                ShortWithdrawalRight,
            ),
            (
                "none for known people",
                &[NO_RIGHT, (NAME, "name = \"public\"\naccess = \"admitted\"")],
                &[NO_RIGHT],
                NoWithdrawalRight,
            ),
        ],
    );
}

#[test]
fn money_that_is_kept_and_words_that_favour_somebody() {
    let bids = changed(
        BASE,
        &[
            ("[numeraire]\nsymbol = \"USD\"\ndecimals = 2", ""),
            ("\"100 USD\"", "\"100 EUR\""),
            (HARD_CAP, "hard_cap = \"1_000 HBR\""),
            (RATE, ""),
        ],
    );
    check(
        BASE,
        &[
            (
                "over a cap",
                &[(NAME, "name = \"public\"\nover_cap = \"refuse\"")],
                &[(NAME, "name = \"public\"\nover_cap = \"kept\"")],
                KeepsMoney,
            ),
            (
                "over a limit",
                &[(NAME, "name = \"public\"\nover_limit = \"partial\"")],
                &[(NAME, "name = \"public\"\nover_limit = \"kept\"")],
                KeepsMoney,
            ),
            (
                "an early end",
                &[("rules = 1", "rules = 1\nearly_close = \"after_soft_cap\"")],
                &[("rules = 1", "rules = 1\nearly_close = \"allowed\"")],
                EarlyClose,
            ),
        ],
    );
    check(
        &bids,
        &[
            (
                "a bond",
                &[(
                    PRICE,
                    "supply = \"1_000 HBR\"\npricing = { kind = \"bids\", sealed = { lock_step = \
                     \"1 EUR\", reveal_until = \"2026-04-30T12:00:00Z\", bond = \"0 %\" } }",
                )],
                &[(
                    PRICE,
                    "supply = \"1_000 HBR\"\npricing = { kind = \"bids\", sealed = { lock_step = \
                     \"1 EUR\", reveal_until = \"2026-04-30T12:00:00Z\", bond = \"0.01 %\" } }",
                )],
                KeepsMoney,
            ),
            (
                "equal claims by id",
                &[
                    ("rules = 1", "rules = 1\ntie = \"by_id\""),
                    (PRICE, "price = \"2 HBR per EUR\""),
                ],
                &[
                    ("rules = 1", "rules = 1\ntie = \"by_id\""),
                    (
                        PRICE,
                        "supply = \"1_000 HBR\"\npricing = { kind = \"bids\" }",
                    ),
                ],
                TieById,
            ),
        ],
    );
}

const EVM: Change = (RAIL, "rail = \"evm\"");
/// A rate at which cents do not buy whole smallest units of the token.
const ODD: &str = "rate = \"1.23456789 USD per EUR\"";
/// A round before the other one.
const EARLY: Change = (
    "[[round]]",
    "[[round]]\nname = \"early\"\nfrom = \"2026-02-01T12:00:00Z\"\nuntil = \"2026-02-02T12:00:00Z\"\nend = \"exclusive\"\n\
     price = \"2 HBR per USD\"\n[[round]]",
);

#[test]
fn what_an_escrow_computes_by_itself() {
    let evm = changed(BASE, &[EVM]);
    let second =
        "[currency.CHF]\ndecimals = 2\nrail = \"evm\"\nrate = \"2.50 USD per CHF\"\n[withdrawal]";
    let linear = "pricing = { kind = \"linear\", base = \"2 HBR per USD\", bonus = \"10 %\", per = \
                  \"30 days\", until = \"2026-03-31T12:00:00Z\" }";
    let table: Vec<(&str, Vec<Change>, bool)> = vec![
        ("an exact price", vec![], false),
        (
            "an exact price however rounded",
            vec![(
                RATE,
                "rate = \"1.25 USD per EUR\"\nrounding = { mode = \"half_up\" }",
            )],
            false,
        ),
        (
            "an exact price to whole tokens",
            vec![(
                RATE,
                "rate = \"1.25 USD per EUR\"\nrounding = { unit = \"1 HBR\" }",
            )],
            true,
        ),
        ("an odd price per contribution", vec![(RATE, ODD)], true),
        (
            "an odd price per investor",
            vec![(
                RATE,
                "rate = \"1.23456789 USD per EUR\"\nrounding = { per = \"investor\" }",
            )],
            false,
        ),
        (
            "an odd price per contribution in two rounds",
            vec![(RATE, ODD), EARLY],
            false,
        ),
        (
            "an odd price per investor in two rounds",
            vec![
                (
                    RATE,
                    "rate = \"1.23456789 USD per EUR\"\nrounding = { per = \"investor\" }",
                ),
                EARLY,
            ],
            true,
        ),
        (
            "an odd price rounded half up",
            vec![(
                RATE,
                "rate = \"1.23456789 USD per EUR\"\nrounding = { per = \"investor\", mode = \"half_up\" }",
            )],
            true,
        ),
        (
            "an odd price to whole tokens",
            vec![(
                RATE,
                "rate = \"1.23456789 USD per EUR\"\nrounding = { per = \"investor\", unit = \"1 HBR\" }",
            )],
            true,
        ),
        (
            "a recorded rate",
            vec![(
                RATE,
                "rate = { source = \"a\", max_age = \"1 hour\", max_step = \"5 %\" }",
            )],
            true,
        ),
        (
            "a falling bonus per contribution",
            vec![(PRICE, linear)],
            false,
        ),
        (
            "a falling bonus per investor",
            vec![
                (PRICE, linear),
                (
                    RATE,
                    "rate = \"1.25 USD per EUR\"\nrounding = { per = \"investor\" }",
                ),
            ],
            true,
        ),
        (
            "tiers",
            vec![(
                PRICE,
                "pricing = { kind = \"tiers\", crossing = \"split\", tiers = [{ price = \"2 HBR per USD\" }] }",
            )],
            true,
        ),
        (
            "pro rata",
            vec![(
                PRICE,
                "price = \"2 HBR per USD\"\ncap = \"1_000 USD\"\nallocation = \"pro_rata\"",
            )],
            false,
        ),
        (
            "water filling",
            vec![(
                PRICE,
                "price = \"2 HBR per USD\"\ncap = \"1_000 USD\"\nallocation = \"water_filling\"",
            )],
            true,
        ),
        ("a second currency", vec![("[withdrawal]", second)], true),
        (
            "a window from a whole second",
            vec![(
                "from = \"2026-03-01T12:00:00Z\"",
                "from = \"2026-03-01T12:00:01Z\"",
            )],
            false,
        ),
        (
            "a window from half a second",
            vec![(
                "from = \"2026-03-01T12:00:00Z\"",
                "from = \"2026-03-01T12:00:00.5Z\"",
            )],
            true,
        ),
        (
            "a window until half a second",
            vec![(
                "until = \"2026-03-31T12:00:00Z\"",
                "until = \"2026-03-31T12:00:00.5Z\"",
            )],
            true,
        ),
    ];
    for (what, changes, warned) in table {
        let text = changed(&evm, &changes);
        let expected = if warned {
            [RailCannotEnforce].into()
        } else {
            [].into()
        };
        assert_eq!(codes(&text), expected, "{what}");
        // A platform computes all of it.
        let text = changed(BASE, &changes).replace("\"evm\"", "\"balance\"");
        assert_eq!(codes(&text), [].into(), "{what}, on a balance");
    }
}

#[test]
fn rails_and_clocks() {
    let block = changed(BASE, BLOCK);
    let rail = "rail = \"bitcoin\"";
    let second = |rail: &str| {
        format!(
            "[currency.CHF]\ndecimals = 2\nrail = \"{rail}\"\nrate = \"2 USD per CHF\"\n[withdrawal]"
        )
    };
    // Heights on a chain: not whole seconds, and far above a day in milliseconds.
    let old = "rate = { source = \"a\", max_age = \"86_400_001 blocks\", max_step = \"5 %\" }";
    let table: Vec<(&str, String, Vec<TermsCode>)> = vec![
        ("a chain", block.clone(), vec![]),
        (
            "another chain, at heights that are odd",
            changed(
                &block,
                &[(rail, "rail = \"evm\""), ("from = 1000", "from = 1001")],
            ),
            vec![],
        ),
        (
            "a balance has no height",
            changed(&block, &[(rail, "rail = \"balance\"")]),
            vec![RailCannotEnforce],
        ),
        (
            "blocks are no milliseconds",
            changed(&block, &[(RATE, old)]),
            vec![],
        ),
        (
            "one rail",
            BASE.replacen("[withdrawal]", &second("balance"), 1),
            vec![],
        ),
        (
            "two rails",
            BASE.replacen("[withdrawal]", &second("bitcoin"), 1),
            vec![TwoRails],
        ),
        (
            "two rails, each with its round",
            BASE.replacen("[withdrawal]", &second("bitcoin"), 1)
                .replacen(
                    PRICE,
                    "currencies = [\"EUR\"]\nprice = \"2 HBR per USD\"",
                    1,
                ),
            vec![],
        ),
    ];
    for (what, text, expected) in table {
        assert_eq!(
            codes(&text),
            expected.into_iter().collect(),
            "{what}\n{text}"
        );
    }
}
