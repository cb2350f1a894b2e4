//! Where each error begins: the last value that is allowed beside the first one that is not.

use std::collections::BTreeSet;

use softcap_offering::terms::TermsCode;
use softcap_offering::terms::TermsCode::{
    BadName, BadNumber, DateOutOfRange, DeadlineTooEarly, DutchOrder, HugeBonus, LotteryTooEarly,
    MilestoneSum, MinimumAboveMaximum, MissingKey, NumberForDate, PartAboveWhole,
    ReleaseDeadlineTooEarly, ReservationEnd, RevealTooEarly, SoftCapTooHigh, StepOrder,
    SupplySplit, TextTooLarge, TierOrder, TooMany, WindowReversed, WrongUnit,
};
use softcap_offering::terms::inspect;

use crate::tables::{BLOCK, Change, DEADLINE, MINIMUM, ON_CHAIN, PRICE, RAIL, RATE};
use crate::warning_edges::{Edge, HARD_CAP, NAME, check};
use crate::{BASE, changed, codes};

/// 30 days, and two times 7 for objections, are over one millisecond before the deadline, and at it.
const IN_TIME: &str = "[[milestone]]\nname = \"a\"\npart = \"50 %\"\nafter = \"30 days\"\n\
                       [[milestone]]\nname = \"b\"\npart = \"50 %\"\nafter = \"10 days\"\n\
                       [objections]\nshare = \"20 %\"\nspan = \"7 days\"\n\
                       deadline = \"44 days 1 ms\"\n[[round]]";
const TOO_LATE: &str = "[[milestone]]\nname = \"a\"\npart = \"50 %\"\nafter = \"30 days\"\n\
                        [[milestone]]\nname = \"b\"\npart = \"50 %\"\nafter = \"10 days\"\n\
                        [objections]\nshare = \"20 %\"\nspan = \"7 days\"\n\
                        deadline = \"44 days\"\n[[round]]";

#[test]
fn caps_and_parts() {
    check(
        BASE,
        &[
            (
                "a soft cap in money",
                &[("\"100 USD\"", "\"1_000 USD\"")],
                &[("\"100 USD\"", "\"1_000.01 USD\"")],
                SoftCapTooHigh,
            ),
            (
                "a soft cap in tokens under a hard cap in tokens",
                &[
                    ("\"100 USD\"", "\"900 HBR\""),
                    (HARD_CAP, "hard_cap = \"900 HBR\""),
                ],
                &[
                    ("\"100 USD\"", "\"900.000001 HBR\""),
                    (HARD_CAP, "hard_cap = \"900 HBR\""),
                ],
                SoftCapTooHigh,
            ),
            (
                "a soft cap of everything",
                &[("\"100 USD\"", "\"2_000 HBR\"")],
                &[("\"100 USD\"", "\"2_000.000001 HBR\"")],
                SoftCapTooHigh,
            ),
            (
                "a round that sells everything",
                &[(NAME, "name = \"public\"\nsupply = \"2_000 HBR\"")],
                &[(NAME, "name = \"public\"\nsupply = \"2_000.000001 HBR\"")],
                SupplySplit,
            ),
            (
                "a round that sells the hard cap",
                &[
                    (HARD_CAP, "hard_cap = \"900 HBR\""),
                    (NAME, "name = \"public\"\nsupply = \"900 HBR\""),
                ],
                &[
                    (HARD_CAP, "hard_cap = \"900 HBR\""),
                    (NAME, "name = \"public\"\nsupply = \"900.000001 HBR\""),
                ],
                SupplySplit,
            ),
            (
                "two milestones",
                &[(
                    "[[round]]",
                    "[[milestone]]\nname = \"a\"\npart = \"99.99 %\"\n[[milestone]]\nname = \"b\"\n\
                     part = \"0.01 %\"\n[[round]]",
                )],
                &[(
                    "[[round]]",
                    "[[milestone]]\nname = \"a\"\npart = \"99.99 %\"\n[[milestone]]\nname = \"b\"\n\
                     part = \"0.02 %\"\n[[round]]",
                )],
                MilestoneSum,
            ),
            (
                "one milestone",
                &[(
                    "[[round]]",
                    "[[milestone]]\nname = \"a\"\npart = \"100 %\"\n[[round]]",
                )],
                &[(
                    "[[round]]",
                    "[[milestone]]\nname = \"a\"\npart = \"100.01 %\"\n[[round]]",
                )],
                PartAboveWhole,
            ),
            (
                "the deadline of milestones",
                &[(RAIL, ON_CHAIN), ("[[round]]", IN_TIME)],
                &[(RAIL, ON_CHAIN), ("[[round]]", TOO_LATE)],
                ReleaseDeadlineTooEarly,
            ),
            (
                "a cliff as long as the vesting",
                &[("\"365 days\"", "\"1461 days\"")],
                &[("\"365 days\"", "\"1461 days 1 ms\"")],
                MinimumAboveMaximum,
            ),
        ],
    );
}

#[test]
fn least_and_most() {
    let franc = changed(
        BASE,
        &[(
            "[withdrawal]",
            "[currency.CHF]\ndecimals = 2\nrail = \"balance\"\nrate = \"2 USD per CHF\"\n[withdrawal]",
        )],
    );
    let min = |text| vec![(MINIMUM, text)];
    let table: Vec<(Vec<Change>, bool)> = vec![
        (
            min("contribution = { min = \"2 EUR\", max = \"2 EUR\" }"),
            true,
        ),
        (
            min("contribution = { min = \"2.01 EUR\", max = \"2 EUR\" }"),
            false,
        ),
        (
            min("contribution = { min = \"1 EUR\", max = \"2 EUR\" }"),
            true,
        ),
        (
            min("contribution = { min = \"2 USD\", max = \"2 USD\" }"),
            true,
        ),
        (
            min("contribution = { min = \"2.01 USD\", max = \"2 USD\" }"),
            false,
        ),
        (
            min("contribution = { min = \"2 HBR\", max = \"2 HBR\" }"),
            true,
        ),
        (
            min("contribution = { min = \"2.01 HBR\", max = \"2 HBR\" }"),
            false,
        ),
        (
            min("contribution = { min = [\"9 EUR\"], max = [\"2 CHF\"] }"),
            true,
        ),
        (
            min("contribution = { min = [\"9 EUR\", \"3 CHF\"], max = [\"2 CHF\", \"9 EUR\"] }"),
            false,
        ),
        (
            vec![(
                NAME,
                "name = \"public\"\ninvestor = { min = \"2 USD\", max = \"2 USD\" }",
            )],
            true,
        ),
        (
            vec![(
                NAME,
                "name = \"public\"\ninvestor = { min = \"2.01 USD\", max = \"2 USD\" }",
            )],
            false,
        ),
    ];
    for (changes, allowed) in table {
        let expected: BTreeSet<TermsCode> = if allowed {
            [].into()
        } else {
            [MinimumAboveMaximum].into()
        };
        assert_eq!(codes(&changed(&franc, &changes)), expected, "{changes:?}");
    }
}

#[test]
fn windows_and_what_must_lie_after_them() {
    let bids = changed(
        BASE,
        &[
            ("[numeraire]\nsymbol = \"USD\"\ndecimals = 2", ""),
            ("\"100 USD\"", "\"100 EUR\""),
            (HARD_CAP, "hard_cap = \"1_000 HBR\""),
            (RATE, ""),
        ],
    );
    let lottery = |instant: &str| {
        format!(
            "price = \"0.50 USD per HBR\"\ncap = \"1_000 USD\"\nallocation = {{ kind = \"lottery\", \
             source = \"drand:quicknet\", instant = \"{instant}\", marginal = \"skip\" }}"
        )
    };
    let reserved = |until: &str| {
        format!(
            "price = \"0.50 USD per HBR\"\ncap = \"1_000 USD\"\nallocation = {{ kind = \
             \"guaranteed\", until = \"{until}\" }}"
        )
    };
    let sealed = |until: &str| {
        format!(
            "supply = \"1_000 HBR\"\npricing = {{ kind = \"bids\", sealed = {{ lock_step = \
             \"1 EUR\", reveal_until = \"{until}\" }} }}"
        )
    };
    // The window is open from 1 March 12:00 to 31 March 12:00; the deadline is 1 June 00:00.
    let table = [
        (BASE, lottery("2026-03-31T12:00:00Z"), None),
        (
            BASE,
            lottery("2026-03-31T11:59:59.999Z"),
            Some(LotteryTooEarly),
        ),
        (BASE, lottery("2026-06-01T00:00:00Z"), None),
        (
            BASE,
            lottery("2026-06-01T00:00:00.001Z"),
            Some(DeadlineTooEarly),
        ),
        (BASE, reserved("2026-03-01T12:00:00Z"), None),
        (
            BASE,
            reserved("2026-03-01T11:59:59.999Z"),
            Some(ReservationEnd),
        ),
        (BASE, reserved("2026-03-31T11:59:59.999Z"), None),
        (BASE, reserved("2026-03-31T12:00:00Z"), Some(ReservationEnd)),
        (&bids, sealed("2026-03-31T12:00:00.001Z"), None),
        (&bids, sealed("2026-03-31T12:00:00Z"), Some(RevealTooEarly)),
        (&bids, sealed("2026-06-01T00:00:00Z"), None),
        (
            &bids,
            sealed("2026-06-01T00:00:00.001Z"),
            Some(DeadlineTooEarly),
        ),
    ];
    for (base, price, expected) in table {
        let text = base.replacen(PRICE, &price, 1);
        assert_eq!(codes(&text), expected.into_iter().collect(), "{price}");
    }
    check(
        BASE,
        &[
            (
                "a window of one moment",
                &[
                    (
                        "until = \"2026-03-31T12:00:00Z\"",
                        "until = \"2026-03-01T12:00:00Z\"",
                    ),
                    ("end = \"exclusive\"", "end = \"inclusive\""),
                ],
                &[(
                    "until = \"2026-03-31T12:00:00Z\"",
                    "until = \"2026-03-01T12:00:00Z\"",
                )],
                WindowReversed,
            ),
            (
                "a deadline after the right to withdraw",
                &[(DEADLINE, "refund_deadline = \"2026-04-14T12:00:00Z\"")],
                &[(DEADLINE, "refund_deadline = \"2026-04-14T11:59:59.999Z\"")],
                DeadlineTooEarly,
            ),
            (
                "a deadline after the date of the right to withdraw",
                &[("span = \"14 days\"", "until = \"2026-06-01T00:00:00Z\"")],
                &[("span = \"14 days\"", "until = \"2026-06-01T00:00:00.001Z\"")],
                DeadlineTooEarly,
            ),
            (
                "a deadline after all pauses",
                &[
                    (DEADLINE, "refund_deadline = \"2026-04-20T12:00:00Z\""),
                    (
                        "[withdrawal]",
                        "[pause]\nlongest = \"3 days\"\ncount = 2\nend = \"moves\"\n[withdrawal]",
                    ),
                ],
                &[
                    (DEADLINE, "refund_deadline = \"2026-04-20T11:59:59.999Z\""),
                    (
                        "[withdrawal]",
                        "[pause]\nlongest = \"3 days\"\ncount = 2\nend = \"moves\"\n[withdrawal]",
                    ),
                ],
                DeadlineTooEarly,
            ),
            (
                "pauses that move nothing",
                &[
                    (DEADLINE, "refund_deadline = \"2026-04-14T12:00:00Z\""),
                    (
                        "[withdrawal]",
                        "[pause]\nlongest = \"3 days\"\ncount = 2\nend = \"fixed\"\n[withdrawal]",
                    ),
                ],
                &[
                    (DEADLINE, "refund_deadline = \"2026-04-14T12:00:00Z\""),
                    (
                        "[withdrawal]",
                        "[pause]\nlongest = \"1 ms\"\ncount = 1\nend = \"moves\"\n[withdrawal]",
                    ),
                ],
                DeadlineTooEarly,
            ),
        ],
    );
}

#[test]
fn the_order_of_prices() {
    let steps = |first: &str, second: &str| {
        format!(
            "pricing = {{ kind = \"steps\", steps = [{{ from = \"{first}\", price = \"2 HBR per \
             USD\" }}, {{ from = \"{second}\", price = \"2 HBR per USD\" }}] }}"
        )
    };
    let tiers = |first: &str, second: &str| {
        format!(
            "pricing = {{ kind = \"tiers\", crossing = \"split\", tiers = [{{ {first} price = \
             \"2 HBR per USD\" }}, {{ {second} price = \"2 HBR per USD\" }}] }}"
        )
    };
    let dutch = |start: &str, end: &str| {
        format!(
            "supply = \"2_000 HBR\"\npricing = {{ kind = \"dutch\", start = \"{start} USD per \
             HBR\", end = \"{end} USD per HBR\", granularity = \"1 hour\" }}"
        )
    };
    let table = [
        (
            steps("2026-03-01T12:00:00Z", "2026-03-01T12:00:00.001Z"),
            None,
        ),
        (
            steps("2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z"),
            Some(StepOrder),
        ),
        (
            steps("2026-03-02T12:00:00Z", "2026-03-01T12:00:00Z"),
            Some(StepOrder),
        ),
        (
            steps("2026-03-01T12:00:00.001Z", "2026-03-02T12:00:00Z"),
            Some(StepOrder),
        ),
        (steps("2026-02-01T12:00:00Z", "2026-03-02T12:00:00Z"), None),
        (tiers("up_to = \"5 USD\",", "up_to = \"1_000 USD\","), None),
        (
            tiers("up_to = \"1_000 USD\",", "up_to = \"1_000 USD\","),
            Some(TierOrder),
        ),
        (tiers("up_to = \"5 USD\",", ""), None),
        (tiers("", "up_to = \"1_000 USD\","), Some(TierOrder)),
        (dutch("0.51", "0.50"), None),
        (dutch("0.50", "0.50"), Some(DutchOrder)),
        (dutch("0.50", "0.51"), Some(DutchOrder)),
    ];
    for (pricing, expected) in table {
        let text = BASE.replacen(PRICE, &pricing, 1);
        let found = codes(&text);
        assert_eq!(found, expected.into_iter().collect(), "{pricing}");
    }
}

#[test]
fn dates_heights_and_counts() {
    let edges: &[Edge] = &[
        (
            "a date of this century",
            &[(DEADLINE, "refund_deadline = \"2100-12-31T23:59:59.999Z\"")],
            &[(DEADLINE, "refund_deadline = \"2101-01-01T00:00:00Z\"")],
            DateOutOfRange,
        ),
        (
            "a date since Bitcoin",
            &[(
                PRICE,
                "pricing = { kind = \"steps\", steps = [{ from = \"2009-01-01T00:00:00Z\", price = \
                 \"2 HBR per USD\" }] }",
            )],
            &[(
                PRICE,
                "pricing = { kind = \"steps\", steps = [{ from = \"2008-12-31T23:59:59.999Z\", \
                 price = \"2 HBR per USD\" }] }",
            )],
            DateOutOfRange,
        ),
        (
            "a hundred pauses",
            &[(
                "[withdrawal]",
                "[pause]\nlongest = \"1 hour\"\ncount = 100\nend = \"fixed\"\n[withdrawal]",
            )],
            &[(
                "[withdrawal]",
                "[pause]\nlongest = \"1 hour\"\ncount = 101\nend = \"fixed\"\n[withdrawal]",
            )],
            BadNumber,
        ),
        (
            "thirty decimals",
            &[(
                "symbol = \"HBR\"\ndecimals = 6",
                "symbol = \"HBR\"\ndecimals = 30",
            )],
            &[(
                "symbol = \"HBR\"\ndecimals = 6",
                "symbol = \"HBR\"\ndecimals = 31",
            )],
            BadNumber,
        ),
    ];
    check(BASE, edges);
    check(
        &changed(BASE, BLOCK),
        &[(
            "a height that is none",
            &[("refund_deadline = 3000", "refund_deadline = 1230767999")],
            &[("refund_deadline = 3000", "refund_deadline = 1230768000")],
            DateOutOfRange,
        )],
    );
}

/// A run of so many steps, a millisecond apart. The price rises, which is a bonus for the first.
fn run_of_steps(count: u64) -> String {
    format!(
        "pricing = {{ kind = \"steps\", steps = [{{ from = \"2026-03-01T12:00:00Z\", price = \
         \"0.50 USD per HBR\", change = \"+0.01 USD per HBR\", every = \"1 ms\", until = \
         \"2026-03-01T12:00:{:02}.{:03}Z\" }}] }}",
        count / 1_000,
        count % 1_000
    )
}

#[test]
fn lengths_of_texts_and_lists() {
    let name = |length: usize| BASE.replacen("Base", &"n".repeat(length), 1);
    let origin = |text: &str| BASE.replacen("example.org/base", text, 1);
    let symbol = |text: &str| BASE.replace("HBR", text);
    let size = |length: usize| {
        let blanks = " ".repeat(length - BASE.len() - 1);
        format!("{BASE}{blanks}\n")
    };
    let rounds = |count: usize| {
        let (head, round) = BASE.split_at(BASE.find("[[round]]").unwrap());
        let all = (0..count).map(|n| round.replacen("public", &format!("round {n}"), 1));
        format!("{head}{}", all.collect::<String>())
    };
    let currencies = |count: usize| {
        let all = (1..count).map(|n| {
            format!(
                "[currency.C{n}]\ndecimals = 2\nrail = \"balance\"\nrate = \"1 USD per C{n}\"\n"
            )
        });
        let all = all.collect::<String>() + "[withdrawal]";
        BASE.replacen("[withdrawal]", &all, 1)
    };
    let steps = |count| BASE.replacen(PRICE, &run_of_steps(count), 1);
    let table = [
        (name(100), None),
        (name(101), Some(BadName)),
        (name(1), None),
        (name(0), Some(BadName)),
        (origin(&"o".repeat(200)), None),
        (origin(&"o".repeat(201)), Some(BadName)),
        (origin(""), Some(BadName)),
        (origin("example.org/a b"), Some(BadName)),
        (origin("a://b"), Some(BadName)),
        (origin("a:b/~c_d-e.f//"), None),
        (symbol("SIXTEEN-LETTER.S"), None),
        (symbol("SEVENTEEN-LETTERS"), Some(BadName)),
        (symbol("per"), Some(BadName)),
        (size(1 << 20), None),
        (size((1 << 20) + 1), Some(TextTooLarge)),
        (currencies(32), None),
        (currencies(33), Some(TooMany)),
        (rounds(64), None),
        (rounds(65), Some(TooMany)),
        (steps(4_096), Some(HugeBonus)),
        (steps(4_097), Some(TooMany)),
        (BASE.replacen("\"100 USD\"", "\"much\"", 1), Some(BadNumber)),
        (BASE.replacen("\"100 USD\"", "\"100\"", 1), Some(WrongUnit)),
        (
            BASE.replacen("\"100 USD\"", "\"1 0 0\"", 1),
            Some(BadNumber),
        ),
    ];
    for (text, expected) in table {
        let start: String = text.chars().take(300).collect();
        assert_eq!(codes(&text), expected.into_iter().collect(), "{start}");
    }
}

#[test]
fn a_wrong_word_is_near_a_right_one_when_a_third_of_it_differs() {
    // Key as written, and what is asked whether it was meant.
    let table = [
        ("frm", Some("from")),
        ("FROM", Some("from")),
        ("fomr", Some("from")),
        ("form_", Some("from")),
        ("xxom", Some("from")),
        ("xxxm", None),
        ("suply", Some("supply")),
        ("sxxply", Some("supply")),
        ("sxxxly", None),
        ("no_such_thing", None),
        (
            "supplysupplysupplysupplysupplysupplysupplysupplysupplysupplysupply",
            None,
        ),
    ];
    for (written, meant) in table {
        let text = BASE.replacen(NAME, &format!("{NAME}\n{written} = 1"), 1);
        let problems = inspect(&text).problems;
        let [problem] = &problems[..] else {
            panic!("{written}: {problems:?}");
        };
        let expected = meant.map(|word| format!("did you mean `{word}`?"));
        match expected {
            Some(expected) => assert_eq!(problem.hint, expected, "{written}"),
            None => assert!(problem.hint.starts_with("known here: `"), "{problem:?}"),
        }
    }
}

/// A round says its price, unless money is counted in tokens.
#[test]
fn a_price_may_be_left_out_where_the_numeraire_is_the_token() {
    let in_tokens = changed(
        BASE,
        &[
            ("[numeraire]\nsymbol = \"USD\"\ndecimals = 2", ""),
            ("rules = 1", "rules = 1\nnumeraire = \"HBR\""),
            ("\"100 USD\"", "\"100 HBR\""),
            (HARD_CAP, "hard_cap = \"1_000 HBR\""),
            (RATE, "rate = \"1.25 HBR per EUR\""),
        ],
    );
    for (base, expected) in [(BASE, Some(MissingKey)), (&in_tokens, None)] {
        let text = base.replacen(PRICE, "", 1);
        assert_eq!(codes(&text), expected.into_iter().collect(), "{text}");
    }
}

/// A number is a date of this century in one of two units, or nothing that can be guessed.
#[test]
fn a_number_for_a_date_is_read_in_the_unit_that_makes_sense() {
    let first_seconds = 1_230_768_000_u64;
    let table = [
        (first_seconds, Some("seconds")),
        (first_seconds - 1, None),
        (5, None),
        (first_seconds * 1_000, Some("milliseconds")),
        (first_seconds * 1_000 - 1, None),
        (u64::MAX / 2_000, None),
    ];
    for (number, unit) in table {
        let text = BASE.replacen(DEADLINE, &format!("refund_deadline = {number}"), 1);
        let problems = inspect(&text).problems;
        let problem = problems
            .iter()
            .find(|problem| problem.code == NumberForDate);
        let hint = &problem
            .unwrap_or_else(|| panic!("{number}: {problems:?}"))
            .hint;
        match unit {
            Some(unit) => assert!(
                hint.starts_with(&format!("if unix {unit} are meant")),
                "{hint}"
            ),
            None => assert!(!hint.contains("unix"), "{number}: {hint}"),
        }
    }
}

/// A finding about several keys stands at one of them, wherever that is in the text.
#[test]
fn a_finding_about_several_keys_stands_at_the_one_to_change() {
    let text = BASE.replacen("soft_cap = \"100 USD\"", "soft_cap = \"1_001 USD\"", 1);
    let problems = inspect(&text).problems;
    let [problem] = &problems[..] else {
        panic!("{problems:?}");
    };
    assert_eq!(problem.code, SoftCapTooHigh);
    let line = text.lines().position(|line| line.starts_with("soft_cap"));
    assert_eq!(problem.place.map(|place| place.line - 1), line);
}
