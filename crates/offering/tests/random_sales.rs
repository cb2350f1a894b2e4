//! Random sales against the reference model, for every allowed pair of pricing and allocation.
//!
//! After each command the engine must agree with the model, keep its invariants, and change nothing
//! it refused; at settlement every row and every investor must agree. 256 sales per pair, 10,000
//! with `SOFTCAP_FULL=1`, any number with `SOFTCAP_COUNT`; `SOFTCAP_SEED` names a first seed to look
//! elsewhere.

mod support;

use softcap_offering::pairs::{ALL_ALLOWED, AllocationKind, PricingKind};

const SALES: u64 = 256;
const SALES_FULL: u64 = 10_000;

#[expect(clippy::disallowed_methods, reason = "a test may be asked for more")]
fn seeds(share: u64) -> std::ops::Range<u64> {
    let full = std::env::var_os("SOFTCAP_FULL").is_some_and(|value| value == "1");
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    let first = number("SOFTCAP_SEED").unwrap_or(0);
    let count = number("SOFTCAP_COUNT").unwrap_or(if full { SALES_FULL } else { SALES });
    first..first + count / share
}

type Run = fn((PricingKind, AllocationKind), std::ops::Range<u64>) -> Result<(), String>;

fn check(run: Run, pairs: &[(PricingKind, AllocationKind)], share: u64) {
    let mut failures = Vec::new();
    for pair in pairs {
        if let Err(failure) = run(*pair, seeds(share)) {
            failures.push(failure);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

fn pairs_of(pricing: PricingKind) -> Vec<(PricingKind, AllocationKind)> {
    ALL_ALLOWED
        .into_iter()
        .filter(|pair| pair.0 == pricing)
        .collect()
}

#[test]
fn a_fixed_price_agrees_with_the_model() {
    check(support::run, &pairs_of(PricingKind::Fixed), 1);
}

#[test]
fn steps_agree_with_the_model() {
    check(support::run, &pairs_of(PricingKind::Steps), 1);
}

#[test]
fn a_linear_bonus_agrees_with_the_model() {
    check(support::run, &pairs_of(PricingKind::Linear), 1);
}

#[test]
fn tiers_agree_with_the_model() {
    check(support::run, &pairs_of(PricingKind::Tiers), 1);
}

#[test]
fn a_dutch_auction_agrees_with_the_model() {
    check(support::run, &pairs_of(PricingKind::Dutch), 1);
}

#[test]
fn bids_agree_with_the_model() {
    check(support::run, &pairs_of(PricingKind::Bids), 1);
}

#[test]
fn batches_do_not_see_the_order_of_contributions() {
    let order = [AllocationKind::FirstCome, AllocationKind::Guaranteed];
    let batches: Vec<_> = ALL_ALLOWED
        .into_iter()
        .filter(|pair| !order.contains(&pair.1))
        .collect();
    check(support::orders, &batches, 4);
}

/// Every sale that is played is looked at, here and in all other tests; this one also says that there is
/// something to see: money that came to no token and went back.
#[test]
fn no_money_is_accepted_for_no_token() {
    for pricing in [PricingKind::Fixed, PricingKind::Dutch, PricingKind::Bids] {
        let mut back = 0;
        for pair in pairs_of(pricing) {
            let seeds = 1_000..1_000 + SALES;
            let counts = support::survey(pair, seeds).unwrap_or_else(|failure| panic!("{failure}"));
            back += counts.get("row buys_nothing").copied().unwrap_or(0);
        }
        assert!(back > 5, "{pricing:?}: {back} rows went back");
    }
}

/// What every pair's random sales must come to, or the agreement with the model says little.
const MET_BY_ALL: [&str; 25] = [
    "accepted",
    "partly accepted",
    "kept",
    "waits",
    "refunded",
    "promoted",
    "succeeded",
    "failed",
    "cancelled",
    "above_maximum",
    "investor_limit",
    "admission_limit",
    "not_admitted",
    "admission_expired",
    "paused",
    "position_went_back",
    "rate_is_fixed",
    "round_closed",
    "withdrawal_over",
    "nothing_left",
    "row withdrawn",
    "row soft_cap_missed",
    "row waiting",
    "insufficient_funds",
    "repeated",
];

/// What belongs to one rule only.
const MET_BY_SOME: [&str; 22] = [
    "expired",
    "hard_cap_reached",
    "round_cap_reached",
    "sold_out",
    "no_rate",
    "rate_stale",
    "rate_step",
    "guarantees_exceed_cap",
    "round_over_for_returns",
    "not_between_seed_and_settlement",
    "seed_too_early",
    "below_reserve",
    "reveal_mismatch",
    "reveal_above_lock",
    "reveal_too_late",
    "sealed_bid_live",
    "sealed_bid_stays",
    "row not_revealed",
    "row outbid",
    "row not_drawn",
    "row oversubscribed",
    "admission_revoked",
];

#[test]
fn random_sales_meet_what_sales_meet() {
    let mut all = std::collections::BTreeMap::new();
    for pair in ALL_ALLOWED {
        let counts = support::survey(pair, 0..300).unwrap_or_else(|failure| panic!("{failure}"));
        // Auctions take all bids into the batch: nothing waits there, and no cap ends them. In other
        // batches it is only a round beside them in which somebody waits, and hardly anybody gets room.
        let in_order = ["promoted", "waits", "row waiting"];
        let rare = match (pair.0, pair.1) {
            (PricingKind::Bids, _) => 3,
            (_, AllocationKind::FirstCome | AllocationKind::Guaranteed) => 0,
            _ => 1,
        };
        for what in MET_BY_ALL
            .iter()
            .filter(|what| !in_order[..rare].contains(what))
        {
            assert!(
                counts.contains_key(*what),
                "{pair:?} never meets {what}: {counts:#?}"
            );
        }
        for (what, count) in counts {
            *all.entry(what).or_insert(0) += count;
        }
    }
    for what in MET_BY_SOME {
        assert!(
            all.contains_key(what),
            "no random sale meets {what}: {all:#?}"
        );
    }
}
