//! Where warnings about tokens and caps begin: terms right before the danger, which are quiet, and
//! right in it.

use softcap_offering::terms::TermsCode;
use softcap_offering::terms::TermsCode::{BuysNothing, CapUnreachable, TeamShare, Unbounded};

use crate::tables::{Change, MINIMUM, PRICE, RATE};
use crate::{BASE, changed, codes};

/// What a danger is, changes that stop right before it, changes that do not, its warning.
pub(super) type Edge = (
    &'static str,
    &'static [Change],
    &'static [Change],
    TermsCode,
);

pub(super) fn check(base: &str, edges: &[Edge]) {
    for (what, before, in_it, code) in edges {
        let quiet = changed(base, before);
        assert_eq!(codes(&quiet), [].into(), "before: {what}\n{quiet}");
        let loud = changed(base, in_it);
        assert_eq!(codes(&loud), [*code].into(), "in it: {what}\n{loud}");
    }
}

const VESTING: &str = "vesting = { cliff = \"365 days\", duration = \"1461 days\" }";
const TEAM: &str = "amount = \"1_000 HBR\"";
const TOTAL: &str = "\"3_000 HBR\"";
const SPLIT: &str = "kind = \"fixed\"\ntotal = \"3_000 HBR\"\nfor_sale = \"2_000 HBR\"";
const MINTED: Change = (SPLIT, "kind = \"minted\"");
pub(super) const HARD_CAP: &str = "hard_cap = \"1_000 USD\"";
pub(super) const NAME: &str = "name = \"public\"";
const WHOLE_TOKENS: Change = ("decimals = 6", "decimals = 0");

#[test]
fn shares_of_a_team_that_is_free_to_sell() {
    check(
        BASE,
        &[
            (
                "as many tokens as are sold",
                &[
                    (TOTAL, "\"4_000 HBR\""),
                    (TEAM, "amount = \"2_000 HBR\""),
                    (VESTING, ""),
                ],
                &[
                    (TOTAL, "\"4_000.000001 HBR\""),
                    (TEAM, "amount = \"2_000.000001 HBR\""),
                    (VESTING, ""),
                ],
                TeamShare,
            ),
            (
                "two shares of one team count together",
                &[
                    (TOTAL, "\"4_000 HBR\""),
                    (
                        VESTING,
                        "[[token.share]]\nholder = \"team\"\nname = \"b\"\namount = \"1_000 HBR\"",
                    ),
                ],
                &[
                    (TOTAL, "\"4_001 HBR\""),
                    (
                        VESTING,
                        "[[token.share]]\nholder = \"team\"\nname = \"b\"\namount = \"1_001 HBR\"",
                    ),
                ],
                TeamShare,
            ),
            (
                "who holds it",
                &[
                    (TOTAL, "\"5_000 HBR\""),
                    (TEAM, "amount = \"3_000 HBR\""),
                    (VESTING, ""),
                    ("holder = \"team\"", "holder = \"treasury\""),
                ],
                &[
                    (TOTAL, "\"5_000 HBR\""),
                    (TEAM, "amount = \"3_000 HBR\""),
                    (VESTING, ""),
                ],
                TeamShare,
            ),
            (
                "how long it vests",
                &[
                    (TOTAL, "\"5_000 HBR\""),
                    (TEAM, "amount = \"3_000 HBR\""),
                    (VESTING, "vesting = { duration = \"1 ms\" }"),
                ],
                &[
                    (TOTAL, "\"5_000 HBR\""),
                    (TEAM, "amount = \"3_000 HBR\""),
                    (
                        VESTING,
                        "vesting = { cliff = \"0 ms\", duration = \"0 ms\" }",
                    ),
                ],
                TeamShare,
            ),
            (
                "as many minted as sold",
                &[MINTED, (TEAM, "of_sold = \"1/1\""), (VESTING, "")],
                &[MINTED, (TEAM, "of_sold = \"1001/1000\""), (VESTING, "")],
                TeamShare,
            ),
            (
                "a large part minted on top",
                &[MINTED, (TEAM, "of_sold = \"999/1000\""), (VESTING, "")],
                &[MINTED, (TEAM, "of_sold = \"3/1\""), (VESTING, "")],
                TeamShare,
            ),
        ],
    );
}

#[test]
fn the_smallest_contribution_that_buys_something() {
    // 2.5 HBR for a EUR: 0.40 EUR is one token, and so is 0.49 USD, which is 0.392 EUR or more.
    let steps = (
        PRICE,
        "pricing = { kind = \"steps\", steps = [{ from = \"2026-03-01T12:00:00Z\", price = \
         \"3 HBR per USD\" }, { from = \"2026-03-02T12:00:00Z\", price = \"2 HBR per USD\" }] }",
    );
    let two = (
        "[withdrawal]",
        "[currency.CHF]\ndecimals = 2\nrail = \"balance\"\nrate = \"2.50 USD per CHF\"\n[withdrawal]",
    );
    let half_up = (
        RATE,
        "rate = \"1.25 USD per EUR\"\nrounding = { mode = \"half_up\" }",
    );
    let whole = (
        RATE,
        "rate = \"1.25 USD per EUR\"\nrounding = { unit = \"1 HBR\" }",
    );
    let min = |text| (MINIMUM, text);
    // What, changes of the base, quiet minimum, minimum that buys nothing.
    let table = [
        (
            "in the currency",
            vec![WHOLE_TOKENS],
            "contribution = { min = \"0.40 EUR\" }",
            "contribution = { min = \"0.39 EUR\" }",
        ),
        (
            "in the numeraire",
            vec![WHOLE_TOKENS],
            "contribution = { min = \"0.49 USD\" }",
            "contribution = { min = \"0.48 USD\" }",
        ),
        (
            "of an investor",
            vec![WHOLE_TOKENS],
            "investor = { min = \"0.49 USD\" }",
            "investor = { min = \"0.48 USD\" }",
        ),
        (
            "the larger of two",
            vec![WHOLE_TOKENS],
            "investor = { min = \"0.49 USD\" }\ncontribution = { min = \"0.01 EUR\" }",
            "investor = { min = \"0.02 USD\" }\ncontribution = { min = \"0.39 EUR\" }",
        ),
        (
            "in tokens",
            vec![WHOLE_TOKENS],
            "contribution = { min = \"1 HBR\" }",
            "contribution = { min = \"0 HBR\" }",
        ),
        (
            "nothing at all",
            vec![],
            "contribution = { min = \"0.01 EUR\" }",
            "contribution = { min = \"0 EUR\" }",
        ),
        (
            "nothing at all, twice",
            vec![],
            "contribution = { min = [\"0.01 EUR\", \"0.01 USD\"] }",
            "contribution = { min = [\"0 EUR\", \"0 USD\"] }",
        ),
        (
            "of each currency",
            vec![WHOLE_TOKENS, two],
            "contribution = { min = [\"0.40 EUR\", \"0.20 CHF\"] }",
            "contribution = { min = [\"0.40 EUR\", \"0.19 CHF\"] }",
        ),
        (
            "at the lowest price",
            vec![WHOLE_TOKENS, steps],
            "contribution = { min = \"0.40 EUR\" }",
            "contribution = { min = \"0.39 EUR\" }",
        ),
        (
            "rounded half up",
            vec![WHOLE_TOKENS, half_up],
            "contribution = { min = \"0.20 EUR\" }",
            "contribution = { min = \"0.19 EUR\" }",
        ),
        (
            "rounded to whole tokens",
            vec![whole],
            "contribution = { min = \"0.40 EUR\" }",
            "contribution = { min = \"0.39 EUR\" }",
        ),
    ];
    for (what, base, quiet, loud) in table {
        let base = changed(BASE, &base);
        let quiet = changed(&base, &[min(quiet)]);
        assert_eq!(codes(&quiet), [].into(), "{what}\n{quiet}");
        let loud = changed(&base, &[min(loud)]);
        assert_eq!(codes(&loud), [BuysNothing].into(), "{what}\n{loud}");
    }
    // Without a minimum whatever is worth one unit of the numeraire is taken, and a credit is added.
    check(
        BASE,
        &[(
            "a credit on the smallest payment",
            &[
                WHOLE_TOKENS,
                (MINIMUM, ""),
                (RATE, "rate = \"1.25 USD per EUR\"\ncredit = \"0.39 EUR\""),
            ],
            &[
                WHOLE_TOKENS,
                (MINIMUM, ""),
                (RATE, "rate = \"1.25 USD per EUR\"\ncredit = \"0.38 EUR\""),
            ],
            BuysNothing,
        )],
    );
}

#[test]
fn caps_at_the_size_that_supply_and_rounds_allow() {
    check(
        BASE,
        &[
            (
                "what the supply costs",
                &[(HARD_CAP, "hard_cap = \"1_000.01 USD\"")],
                &[(HARD_CAP, "hard_cap = \"1_000.02 USD\"")],
                CapUnreachable,
            ),
            (
                "the supply",
                &[(HARD_CAP, "hard_cap = \"2_000 HBR\"")],
                &[(HARD_CAP, "hard_cap = \"2_000.000001 HBR\"")],
                CapUnreachable,
            ),
            (
                "the supply of the round",
                &[
                    (HARD_CAP, "hard_cap = \"1_500 HBR\""),
                    (NAME, "name = \"public\"\nsupply = \"1_500 HBR\""),
                ],
                &[
                    (HARD_CAP, "hard_cap = \"1_500 HBR\""),
                    (NAME, "name = \"public\"\nsupply = \"1_499.999999 HBR\""),
                ],
                CapUnreachable,
            ),
            (
                "a soft cap",
                &[(HARD_CAP, ""), ("\"100 USD\"", "\"1_000.01 USD\"")],
                &[(HARD_CAP, ""), ("\"100 USD\"", "\"1_000.02 USD\"")],
                CapUnreachable,
            ),
            (
                "the cap of the round, from below",
                &[(NAME, "name = \"public\"\ncap = \"1_000 USD\"")],
                &[(NAME, "name = \"public\"\ncap = \"999.99 USD\"")],
                CapUnreachable,
            ),
            (
                "the cap of the round, from above",
                &[(NAME, "name = \"public\"\ncap = \"1_000.01 USD\"")],
                &[(NAME, "name = \"public\"\ncap = \"1_000.02 USD\"")],
                CapUnreachable,
            ),
            (
                "the last tier",
                &[(
                    PRICE,
                    "pricing = { kind = \"tiers\", crossing = \"split\", tiers = [{ up_to = \
                     \"1_000 USD\", price = \"2 HBR per USD\" }] }",
                )],
                &[(
                    PRICE,
                    "pricing = { kind = \"tiers\", crossing = \"split\", tiers = [{ up_to = \
                     \"999.99 USD\", price = \"2 HBR per USD\" }] }",
                )],
                CapUnreachable,
            ),
            (
                "the lowest of several prices decides",
                &[
                    (HARD_CAP, "hard_cap = \"2_000.01 USD\""),
                    (
                        PRICE,
                        "pricing = { kind = \"steps\", steps = [{ from = \"2026-03-01T12:00:00Z\", \
                         price = \"2 HBR per USD\" }, { from = \"2026-03-02T12:00:00Z\", price = \
                         \"1 HBR per USD\" }] }",
                    ),
                ],
                &[
                    (HARD_CAP, "hard_cap = \"2_000.02 USD\""),
                    (
                        PRICE,
                        "pricing = { kind = \"steps\", steps = [{ from = \"2026-03-01T12:00:00Z\", \
                         price = \"2 HBR per USD\" }, { from = \"2026-03-02T12:00:00Z\", price = \
                         \"1 HBR per USD\" }] }",
                    ),
                ],
                CapUnreachable,
            ),
        ],
    );
}

#[test]
fn caps_of_several_rounds_count_together() {
    let second = "[[round]]\nname = \"early\"\nfrom = \"2026-02-01T12:00:00Z\"\nuntil = \
                  \"2026-02-02T12:00:00Z\"\nend = \"exclusive\"\nprice = \"1 HBR per USD\"\n\
                  CAP\n[[round]]\nname = \"public\"";
    // Cap of the first round, cap of the second, what is found.
    let table = [
        ("cap = \"400 USD\"", "cap = \"600 USD\"", [].into()),
        (
            "cap = \"400 USD\"",
            "cap = \"599.99 USD\"",
            [CapUnreachable].into(),
        ),
        ("cap = \"400 USD\"", "", [].into()),
        ("", "cap = \"400 USD\"", [].into()),
        ("supply = \"1 HBR\"", "supply = \"1_998 HBR\"", [].into()),
        (
            "supply = \"1 HBR\"",
            "supply = \"1_997 HBR\"",
            [CapUnreachable].into(),
        ),
    ];
    for (first, other, expected) in table {
        let rounds = format!("{}\n{other}", second.replace("CAP", first));
        let text = BASE.replacen("[[round]]\nname = \"public\"", &rounds, 1);
        assert_eq!(codes(&text), expected, "{first}, {other}");
    }
}

#[test]
fn what_bounds_a_sale() {
    let minted = changed(BASE, &[MINTED, (TEAM, "of_sold = \"1/2\""), (HARD_CAP, "")]);
    check(
        &minted,
        &[
            (
                "a cap of the round",
                &[(NAME, "name = \"public\"\ncap = \"1_000 USD\"")],
                &[],
                Unbounded,
            ),
            (
                "a supply of the round",
                &[(NAME, "name = \"public\"\nsupply = \"1_000 HBR\"")],
                &[],
                Unbounded,
            ),
            (
                "a supply of the token",
                &[(
                    "kind = \"minted\"",
                    "kind = \"minted\"\nmax = \"9_000 HBR\"",
                )],
                &[],
                Unbounded,
            ),
            (
                "the end of the tiers",
                &[(
                    PRICE,
                    "pricing = { kind = \"tiers\", crossing = \"split\", tiers = [{ up_to = \
                     \"999 USD\", price = \"2 HBR per USD\" }] }",
                )],
                &[(
                    PRICE,
                    "pricing = { kind = \"tiers\", crossing = \"split\", tiers = [{ up_to = \
                     \"999 USD\", price = \"2 HBR per USD\" }, { price = \"1 HBR per USD\" }] }",
                )],
                Unbounded,
            ),
            (
                "a hard cap in tokens",
                &[("rules = 1", "rules = 1\nhard_cap = \"1_000 HBR\"")],
                &[],
                Unbounded,
            ),
        ],
    );
}
