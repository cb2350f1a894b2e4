use std::{collections::BTreeSet, path::PathBuf};

use softcap_offering::{
    Reason, Refusal,
    pairs::{ALL_ALLOWED, AllocationKind, PricingKind},
    terms::{RateTerm, Terms},
};

use super::{kind::Kind, tally::KindResult, text::Bars, *};

/// Few people, so that many sales are played in little time.
const PEOPLE: u32 = 400;

fn play(text: &str, seed: u64) -> Simulation {
    let terms = Terms::parse(text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
    simulate(Arc::new(terms), seed, PEOPLE, &ProgressBar::hidden()).unwrap()
}

/// Terms of one round, whose pricing and allocation are given.
fn terms(top: &str, pricing: &str, allocation: &str, round: &str) -> String {
    format!(
        r#"
rules = 1
name = "Simulated"
origin = "softcap.example/simulated"
soft_cap = "20_000 EUR"
{top}
[clock]
kind = "time"
[token]
name = "Token"
symbol = "TOK"
decimals = 6
[token.supply]
kind = "minted"
max = "2_000_000 TOK"
[currency.EUR]
decimals = 2
rail = "balance"
[withdrawal]
span = "14 days"
who = "everyone"
[[round]]
name = "only"
from = "2026-03-01T00:00:00Z"
until = "2026-03-11T00:00:00Z"
end = "exclusive"
pricing = {pricing}
allocation = {allocation}
supply = "1_000_000 TOK"
contribution = {{ min = "20 EUR" }}
{round}
"#
    )
}

fn pricing(kind: PricingKind) -> &'static str {
    match kind {
        PricingKind::Fixed => r#"{ kind = "fixed", price = "0.10 EUR per TOK" }"#,
        PricingKind::Steps => {
            r#"{ kind = "steps", steps = [
                { from = "2026-03-01T00:00:00Z", price = "12 TOK per EUR" },
                { from = "2026-03-06T00:00:00Z", price = "10 TOK per EUR" },
            ] }"#
        }
        PricingKind::Linear => {
            r#"{ kind = "linear", base = "9 TOK per EUR", bonus = "10 %", per = "5 days",
                until = "2026-03-11T00:00:00Z" }"#
        }
        PricingKind::Tiers => {
            r#"{ kind = "tiers", crossing = "split", tiers = [
                { up_to = "50_000 EUR", price = "11 TOK per EUR" },
                { price = "9 TOK per EUR" },
            ] }"#
        }
        PricingKind::Dutch => {
            r#"{ kind = "dutch", start = "0.20 EUR per TOK", end = "0.05 EUR per TOK",
                granularity = "1 hour" }"#
        }
        PricingKind::Bids => r#"{ kind = "bids", min_proceeds = "60_000 EUR" }"#,
    }
}

fn allocation(kind: AllocationKind) -> &'static str {
    match kind {
        AllocationKind::FirstCome => r#""first_come""#,
        AllocationKind::ProRata => r#""pro_rata""#,
        AllocationKind::ProRataCapped => r#"{ kind = "pro_rata_capped", cap = "2_000 EUR" }"#,
        AllocationKind::WaterFilling => r#""water_filling""#,
        AllocationKind::Lottery => {
            r#"{ kind = "lottery", source = "drand:quicknet",
                instant = "2026-03-12T00:00:00Z", marginal = "partial" }"#
        }
        AllocationKind::Guaranteed => r#"{ kind = "guaranteed", until = "2026-03-09T00:00:00Z" }"#,
    }
}

fn pair(pricing_kind: PricingKind, allocation_kind: AllocationKind) -> String {
    // An auction is bounded by its supply.
    let (top, cap) = match pricing_kind {
        PricingKind::Bids => ("", ""),
        PricingKind::Fixed
        | PricingKind::Steps
        | PricingKind::Linear
        | PricingKind::Tiers
        | PricingKind::Dutch => ("hard_cap = \"100_000 EUR\"", "cap = \"100_000 EUR\""),
    };
    terms(top, pricing(pricing_kind), allocation(allocation_kind), cap)
}

const SEALED: &str = r#"{ kind = "bids", min_proceeds = "60_000 EUR", sealed = {
    lock_step = "10 EUR", reveal_until = "2026-03-14T00:00:00Z", bond = "5 %" } }"#;

/// A sale on two chains by block height, with a soft cap in tokens, for admitted and marked people.
fn two_chains() -> String {
    r#"
rules = 1
name = "Two chains"
origin = "softcap.example/two-chains"
numeraire = "ETH"
soft_cap = "1_000 TOK"
investor_max = "10 ETH"
freed_room = "waiting_list"
[clock]
kind = "block"
[token]
name = "Token"
symbol = "TOK"
decimals = 6
[token.supply]
kind = "minted"
max = "10_000 TOK"
[currency.ETH]
decimals = 18
rail = "evm"
chain = "ethereum"
[currency.BTC]
decimals = 8
rail = "bitcoin"
chain = "bitcoin"
rate = { source = "kraken:BTCETH", max_age = "10 blocks", max_step = "1 %" }
[withdrawal]
span = "1000 blocks"
who = "marked"
[[round]]
name = "first"
access = "admitted"
price = "100 TOK per ETH"
contribution = { min = ["0.05 ETH", "0.005 BTC"] }
[round.window.bitcoin]
from = 460654
until = 461654
end = "inclusive"
[round.window.ethereum]
from = 3484385
until = 3524385
end = "exclusive"
"#
    .to_owned()
}

/// Every kind of sale: the examples of the repository, every allowed pair, and the rest.
fn sales() -> Vec<(String, String)> {
    let examples = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut files = vec![examples.join("starter/offering.toml")];
    for sale in std::fs::read_dir(examples.join("history")).unwrap() {
        for file in std::fs::read_dir(sale.unwrap().path()).unwrap() {
            files.push(file.unwrap().path());
        }
    }
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "toml")
    });
    files.sort_unstable();
    assert!(
        files.len() >= 8,
        "the examples are where they were: {files:?}"
    );
    let mut sales: Vec<(String, String)> = files
        .iter()
        .map(|file| {
            (
                file.display().to_string(),
                std::fs::read_to_string(file).unwrap(),
            )
        })
        .collect();
    for (pricing_kind, allocation_kind) in ALL_ALLOWED {
        let name = format!("{} {}", pricing_kind.name(), allocation_kind.name());
        sales.push((name, pair(pricing_kind, allocation_kind)));
    }
    sales.push(("sealed".to_owned(), terms("", SEALED, "\"pro_rata\"", "")));
    sales.push(("two chains".to_owned(), two_chains()));
    sales
}

#[test]
fn every_sale_is_played_and_its_numbers_add_up() {
    for (name, text) in sales() {
        let simulation = play(&text, 1);
        let terms = &simulation.sale.terms;
        let expected = if terms.soft_cap.is_some() { 7 } else { 5 };
        assert_eq!(simulation.results.len(), expected, "{name}");
        let one_unit = terms.currencies.len() == 1
            && terms.currencies[0].rate == RateTerm::Fixed(softcap_offering::Ratio::ONE);
        for result in &simulation.results {
            let scenario = result.scenario;
            for totals in &result.totals {
                let parts = totals.accepted.0 + totals.refunded.0 + totals.kept.0;
                assert_eq!(totals.contributed.0, parts, "{name} {scenario:?}");
            }
            let sum = |part: fn(&KindResult) -> u128| result.kinds.iter().map(part).sum::<u128>();
            assert_eq!(
                sum(|kind| kind.tokens),
                result.settled.sold.0,
                "{name} {scenario:?}"
            );
            assert_eq!(
                sum(|kind| u128::from(kind.people)),
                u128::from(result.people)
            );
            assert!(
                result.people <= u64::from(PEOPLE) + 1,
                "{name} {scenario:?}"
            );
            if one_unit {
                let raised = result.settled.raised.0;
                assert_eq!(sum(|kind| kind.accepted), raised, "{name} {scenario:?}");
                assert_eq!(
                    sum(|kind| kind.asked),
                    result.totals[0].contributed.0,
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_one_others() {
    for (name, text) in sales() {
        let shown = |seed| {
            let simulation = play(&text, seed);
            let table = text::report(&simulation, Bars::Blocks);
            (
                table,
                json::value(&simulation).to_string(),
                chart::svg(&simulation).unwrap(),
            )
        };
        let (first, second, other) = (shown(3), shown(3), shown(4));
        assert_eq!(first, second, "{name}");
        assert!(
            first.0 != other.0 && first.1 != other.1 && first.2 != other.2,
            "{name}"
        );
    }
}

#[test]
fn scenarios_end_where_their_names_say() {
    for (pricing_kind, allocation_kind) in ALL_ALLOWED {
        let simulation = play(&pair(pricing_kind, allocation_kind), 5);
        for result in &simulation.results {
            let expected = match result.scenario {
                Scenario::Quiet | Scenario::JustMissed => Verdict::Failed,
                Scenario::JustEnough
                | Scenario::Full
                | Scenario::Oversubscribed
                | Scenario::Stampede
                | Scenario::OneWhale => Verdict::Succeeded,
            };
            let name = (pricing_kind, allocation_kind, result.scenario);
            assert_eq!(result.settled.verdict, expected, "{name:?}");
            assert!(result.on_target, "{name:?}");
            if result.scenario == Scenario::OneWhale {
                let whale = result.kind(Kind::Whale).unwrap();
                let share = share::basis_points(whale.asked, result.asked);
                assert!((5_000..=6_000).contains(&share), "{name:?}: {share}");
            }
        }
    }
}

fn oversubscribed(simulation: &Simulation) -> &ScenarioResult {
    let result = simulation
        .results
        .iter()
        .find(|result| result.scenario == Scenario::Oversubscribed);
    result.unwrap()
}

#[test]
fn each_kind_gets_what_the_rules_give_it() {
    let filled = |simulation: &Simulation, kind| {
        oversubscribed(simulation)
            .kind(kind)
            .map(KindResult::filled)
            .unwrap()
    };
    let first_come = play(&pair(PricingKind::Fixed, AllocationKind::FirstCome), 2);
    assert_eq!(filled(&first_come, Kind::Early), 10_000);
    // What others withdraw is free for whoever comes next.
    assert!((1..500).contains(&filled(&first_come, Kind::Late)));

    let pro_rata = play(&pair(PricingKind::Fixed, AllocationKind::ProRata), 2);
    let (early, late) = (
        filled(&pro_rata, Kind::Early),
        filled(&pro_rata, Kind::Late),
    );
    assert!(
        early.abs_diff(late) <= 10 && (2_500..4_500).contains(&early),
        "{early} {late}"
    );

    let level = play(&pair(PricingKind::Fixed, AllocationKind::WaterFilling), 2);
    assert_eq!(filled(&level, Kind::Small), 10_000);
    assert!(filled(&level, Kind::Whale) < 2_000);

    let reserved = play(&pair(PricingKind::Fixed, AllocationKind::Guaranteed), 2);
    assert_eq!(filled(&reserved, Kind::Guaranteed), 10_000);
    assert!(filled(&reserved, Kind::Late) < 500);

    let bids = play(&pair(PricingKind::Bids, AllocationKind::ProRata), 2);
    assert_eq!(filled(&bids, Kind::BiddingLow), 0);
    assert_eq!(filled(&bids, Kind::BiddingHigh), 10_000);

    for simulation in [&first_come, &pro_rata, &level, &reserved, &bids] {
        let result = oversubscribed(simulation);
        assert_eq!(result.kind(Kind::Withdrawing).unwrap().accepted, 0);
        let too_small = result.kind(Kind::TooSmall).unwrap();
        assert_eq!(
            too_small.main_reason(),
            Some(Reason::Refused(Refusal::BelowMinimum))
        );
        assert_eq!(too_small.filled(), 0);
    }
}

#[test]
fn a_sealed_bid_that_is_never_opened_loses_the_bond() {
    let sealed = play(&terms("", SEALED, "\"pro_rata\"", ""), 2);
    let silent = oversubscribed(&sealed).kind(Kind::Silent).unwrap();
    assert_eq!(silent.kept, silent.asked / 20);
    assert_eq!(
        silent.main_reason(),
        Some(Reason::Refused(Refusal::NotRevealed))
    );
    let repeated = oversubscribed(&sealed).kind(Kind::Repeated).unwrap();
    assert!(
        repeated
            .reasons
            .contains_key(&Reason::Refused(Refusal::SealedBidLive))
    );
}

#[test]
fn only_the_admitted_get_in_and_only_the_marked_get_out() {
    let simulation = play(&two_chains(), 2);
    let result = oversubscribed(&simulation);
    let reason = |kind| result.kind(kind).unwrap().main_reason();
    assert_eq!(
        reason(Kind::NotAdmitted),
        Some(Reason::Refused(Refusal::NotAdmitted))
    );
    assert_eq!(result.kind(Kind::Withdrawing).unwrap().accepted, 0);
    assert!(result.kind(Kind::Early).unwrap().filled() > 5_000);
    assert!(
        result.totals.iter().all(|totals| totals.accepted.0 > 0),
        "both chains are used"
    );
    assert!(text::report(&simulation, Bars::Plain).contains("Rates of BTC are assumed"));
}

#[test]
fn a_kind_that_exists_in_no_round_is_not_shown() {
    let simulation = play(&pair(PricingKind::Fixed, AllocationKind::FirstCome), 1);
    let shown: BTreeSet<Kind> = text::present(&simulation.results).collect();
    for kind in [
        Kind::NotAdmitted,
        Kind::Guaranteed,
        Kind::BiddingLow,
        Kind::Silent,
    ] {
        assert!(!shown.contains(&kind), "{kind:?}");
    }
    assert!(shown.contains(&Kind::TooSmall) && shown.contains(&Kind::Withdrawing));
}

#[test]
fn a_chart_replaces_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chart.svg");
    write_new(&file, "<svg/>").unwrap();
    assert!(write_new(&file, "other").is_err());
    assert!(refuse_existing(&file).is_err());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "<svg/>");
    let dangling = folder.path().join("link.svg");
    std::os::unix::fs::symlink(folder.path().join("nowhere"), &dangling).unwrap();
    assert!(refuse_existing(&dangling).is_err() && write_new(&dangling, "x").is_err());
}
