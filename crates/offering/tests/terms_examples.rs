//! The terms in `examples/` are read and mean what their comments say.

#![expect(clippy::panic, reason = "a helper of tests fails by panicking")]

use softcap_offering::terms::{Pricing, RateTerm, Terms, inspect};
use softcap_offering::{Position, Ratio, Tokens};

const STARTER: &str = include_str!("../../../examples/starter/offering.toml");
const MASTERCOIN: &str = include_str!("../../../examples/history/mastercoin-2013/offering.toml");
const COSMOS: &str = include_str!("../../../examples/history/cosmos-2017/offering.toml");
const ETHEREUM: &str = include_str!("../../../examples/history/ethereum-2014/offering.toml");
const BANCOR: &str = include_str!("../../../examples/history/bancor-2017/offering.toml");
const BANCOR_250K: &str = include_str!("../../../examples/history/bancor-2017/offering-250k.toml");
const COUNTERPARTY: &str =
    include_str!("../../../examples/history/counterparty-2014/offering.toml");
const EASYAUCTION: &str = include_str!("../../../examples/history/easyauction/offering.toml");

fn parse(text: &str) -> Terms {
    Terms::parse(text).unwrap_or_else(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

#[test]
fn the_starter_has_no_finding_at_all() {
    let inspection = inspect(STARTER);
    assert_eq!(inspection.problems, Vec::new());
    assert_eq!(inspection.terms.map(|terms| terms.rounds.len()), Some(2));
}

#[test]
fn ethereum_steps_are_those_of_the_published_schedule() {
    let terms = parse(ETHEREUM);
    let Pricing::Steps { steps } = &terms.rounds[0].pricing else {
        panic!("steps")
    };
    let start = 1_406_066_400_000u64;
    let day = 86_400_000;
    assert_eq!(steps.len(), 24);
    for (days, rate) in [(0, 2000), (14, 1970), (15, 1940), (35, 1340), (36, 1337)] {
        let at = Position(start + days * day);
        let step = steps.iter().find(|step| step.from == at).unwrap();
        // wei per satoshi
        assert_eq!(
            step.price,
            Ratio::new(rate * 10u128.pow(10), 1).unwrap(),
            "day {days}"
        );
    }
    let end = terms.rounds[0].windows[0].unwrap().end_exclusive();
    assert_eq!(end, Position(start + 42 * day + 3_600_000));
    assert_eq!(terms.currencies[0].credit.0, 30_000);
    assert_eq!(terms.currencies[0].rounding.unit, Tokens(10u128.pow(15)));
}

#[test]
fn cosmos_rates_are_exact_and_each_chain_has_its_window() {
    let terms = parse(COSMOS);
    assert_eq!(terms.clock.lines, ["bitcoin", "ethereum"]);
    let rates: Vec<RateTerm> = terms
        .currencies
        .iter()
        .map(|each| each.rate.clone())
        .collect();
    let expected = [
        Ratio::new(11_635 * 1_000_000, 100_000_000).unwrap(),
        Ratio::new(1_000_000, 2_210_921_954_455_007).unwrap(),
    ];
    assert_eq!(rates, expected.map(RateTerm::Fixed));
    assert!(matches!(
        terms.rounds[0].pricing,
        Pricing::Fixed { price: Ratio::ONE }
    ));
    let windows: Vec<_> = terms.rounds[0].windows.iter().flatten().collect();
    assert_eq!(windows.len(), 2);
    assert!(windows[0].contains(Position(460_661)) && !windows[0].contains(Position(460_662)));
}

#[test]
fn other_sales_are_read_and_differ_where_they_should() {
    let mastercoin = parse(MASTERCOIN);
    let window = mastercoin.rounds[0].windows[0].unwrap();
    assert!(
        window.contains(Position(1_377_993_600_000)),
        "the deadline itself is inside"
    );
    assert!(!window.contains(Position(1_377_993_600_001)));
    let (one, other) = (parse(BANCOR), parse(BANCOR_250K));
    assert_ne!(one.hard_cap, other.hard_cap);
    assert_eq!(one.rounds, other.rounds);
    assert_eq!(parse(COUNTERPARTY).rounds[0].name, "burn");
    assert_eq!(
        parse(EASYAUCTION).rounds[0].supply,
        Some(Tokens(10u128.pow(18)))
    );
}
