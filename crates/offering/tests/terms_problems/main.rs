//! Every code of a problem, each from the smallest change to terms that have none.
//!
//! A row says what is replaced in [`BASE`], by what, and which code must come out, alone. The last
//! test fails when a code has no row.

mod edges;
mod promise_edges;
mod tables;
mod warning_edges;

use std::collections::BTreeSet;

use softcap_offering::terms::{Severity, Terms, TermsCode, inspect};

use tables::{BLOCK, BLOCK_ROWS, CONTRADICTIONS, Change, PRICE, SYNTAX, WARNINGS};

/// Terms without any finding: a fixed price in USD, paid in EUR, on a platform.
const BASE: &str = r#"
rules = 1
name = "Base"
origin = "example.org/base"
soft_cap = "100 USD"
hard_cap = "1_000 USD"
refund_deadline = "2026-06-01T00:00:00Z"
[numeraire]
symbol = "USD"
decimals = 2
[clock]
kind = "time"
[token]
name = "Harbour"
symbol = "HBR"
decimals = 6
[token.supply]
kind = "fixed"
total = "3_000 HBR"
for_sale = "2_000 HBR"
[[token.share]]
holder = "team"
amount = "1_000 HBR"
vesting = { cliff = "365 days", duration = "1461 days" }
[currency.EUR]
decimals = 2
rail = "balance"
rate = "1.25 USD per EUR"
[withdrawal]
span = "14 days"
who = "everyone"
[[round]]
name = "public"
from = "2026-03-01T12:00:00Z"
until = "2026-03-31T12:00:00Z"
end = "exclusive"
price = "0.50 USD per HBR"
contribution = { min = "1 EUR" }
"#;

fn changed(text: &str, changes: &[Change]) -> String {
    let mut text = text.to_owned();
    for (from, to) in changes {
        assert_eq!(
            text.matches(from).count(),
            1,
            "`{from}` stands once in\n{text}"
        );
        text = text.replacen(from, to, 1);
    }
    text
}

/// The codes that a text gives, each once.
fn codes(text: &str) -> BTreeSet<TermsCode> {
    inspect(text)
        .problems
        .iter()
        .map(|problem| problem.code)
        .collect()
}

fn check(base: &str, rows: &[(TermsCode, &[Change])]) {
    for (code, changes) in rows {
        let text = changed(base, changes);
        let problems = inspect(&text).problems;
        let found: BTreeSet<TermsCode> = problems.iter().map(|problem| problem.code).collect();
        assert_eq!(
            found,
            BTreeSet::from([*code]),
            "{changes:#?}\n{problems:#?}"
        );
        for problem in problems {
            assert_eq!(problem.severity, code.severity());
            assert!(
                problem.place.is_some() && problem.message.len() > 8,
                "{problem:?}"
            );
            assert!(problem.hint.len() > 5, "{problem:?}");
        }
        let refused = Terms::parse(&text).is_err();
        assert_eq!(refused, code.severity() == Severity::Error, "{changes:?}");
    }
}

#[test]
fn the_base_has_no_finding() {
    assert_eq!(inspect(BASE).problems, Vec::new());
    assert_eq!(codes(&changed(BASE, BLOCK)), BTreeSet::new());
}

#[test]
fn shapes_and_numbers_that_are_wrong_are_errors() {
    check(BASE, SYNTAX);
}

#[test]
fn a_block_clock_takes_heights_and_blocks_only() {
    check(&changed(BASE, BLOCK), BLOCK_ROWS);
}

#[test]
fn contradictions_are_errors() {
    check(BASE, CONTRADICTIONS);
}

#[test]
fn dangers_are_warnings() {
    check(BASE, WARNINGS);
}

#[test]
fn a_text_of_two_megabytes_is_refused_unread() {
    let text = "#".repeat(2 << 20);
    assert_eq!(codes(&text), BTreeSet::from([TermsCode::TextTooLarge]));
}

#[test]
fn a_flood_of_problems_is_cut_and_says_so() {
    let mut text = BASE.to_owned();
    for number in 0..5_000 {
        text.push_str(&format!("unknown{number} = 1\n"));
    }
    let problems = inspect(&text).problems;
    assert_eq!(problems.len(), 201);
    let last = problems
        .last()
        .map(|problem| (problem.code, problem.message.clone()));
    assert_eq!(
        last,
        Some((
            TermsCode::MoreProblems,
            "4800 more problems are not listed".into()
        ))
    );
}

#[test]
fn every_code_has_a_row() {
    let tables = [SYNTAX, BLOCK_ROWS, CONTRADICTIONS, WARNINGS];
    let mut tested: BTreeSet<TermsCode> = tables
        .iter()
        .flat_map(|rows| rows.iter().map(|(code, _)| *code))
        .collect();
    tested.extend([TermsCode::TextTooLarge, TermsCode::MoreProblems]);
    let missing: Vec<_> = TermsCode::ALL
        .iter()
        .filter(|code| !tested.contains(code))
        .collect();
    assert_eq!(missing, Vec::<&TermsCode>::new());
}

#[test]
fn problems_name_the_place_and_the_nearest_known_word() {
    let text = changed(
        BASE,
        &[("end = \"exclusive\"", "end = \"exclusiv\"\nfrmo = 1")],
    );
    let problems = inspect(&text).problems;
    let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "line 36, column 7: error T106 at `round[0].end`: `exclusiv` is not a word of the \
             language here; did you mean `exclusive`? Allowed: `exclusive`, `inclusive`",
            "line 37, column 1: error T103 at `round[0].frmo`: unknown key `frmo`; did you mean \
             `from`?",
        ]
    );
}

#[test]
fn several_problems_are_named_at_once() {
    let text = changed(
        BASE,
        &[
            ("\"100 USD\"", "100"),
            ("2026-03-01T12:00:00Z", "2026-03-01"),
            ("\"1_000 HBR\"", "\"-1 HBR\""),
            ("0.50 USD per HBR", "cheap"),
        ],
    );
    let expected = [
        TermsCode::BareNumber,
        TermsCode::Negative,
        TermsCode::DateWithoutZone,
        TermsCode::BadPrice,
    ];
    assert_eq!(codes(&text), BTreeSet::from(expected));
}

/// Omni main-net sale: 6 % per week up to a deadline in milliseconds that was read as seconds. No
/// way to write it may be valid.
#[test]
fn the_sale_with_a_deadline_in_milliseconds_is_refused() {
    let linear = "pricing = { kind = \"linear\", base = \"1 HBR per USD\", bonus = \"6 %\", \
                  per = \"1 week\", until = DEADLINE }";
    let rows = [
        ("1407064860000", TermsCode::NumberForDate),
        ("\"1407064860000\"", TermsCode::NumberForDate),
        ("1407064860", TermsCode::NumberForDate),
        ("\"46557-12-11T00:00:00Z\"", TermsCode::BadDate),
        ("\"+046557-12-11T00:00:00Z\"", TermsCode::BadDate),
        ("\"9557-12-11T00:00:00Z\"", TermsCode::DateOutOfRange),
    ];
    for (deadline, code) in rows {
        let text = BASE.replace(PRICE, &linear.replace("DEADLINE", deadline));
        assert_eq!(codes(&text), BTreeSet::from([code]), "{deadline}");
    }
}

/// The reference of the language lists every code with its meaning.
#[test]
fn the_documentation_lists_every_code() {
    let page = include_str!("../../../../docs/terms.md");
    for code in TermsCode::ALL {
        let red = if code.severity() == Severity::Red {
            " (red)"
        } else {
            ""
        };
        let row = format!("| {code} | {}{red} |", code.meaning());
        assert!(page.contains(&row), "docs/terms.md lacks\n{row}");
    }
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| T") || line.starts_with("| W"));
    assert_eq!(rows.count(), TermsCode::ALL.len());
}
