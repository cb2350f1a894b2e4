//! What a rail cannot enforce by itself.
//!
//! An escrow contract computes fixed, stepped and linear prices in first-come and pro-rata rounds
//! by formula: rounded down, once per investor for a fixed price, per contribution for a price that
//! depends on time, and in several rounds. Everything else is settled by a root that the issuer posts and contributors can
//! challenge. That is a weaker promise, so it is said.

use super::super::problem::TermsCode;
use super::super::{ClockKind, Currency, Rail, RateTerm, Round, RoundingScope, Terms};
use super::Findings;
use super::bounds;
use crate::pairs::{AllocationKind, PricingKind};
use crate::{RoundingMode, Tokens};

fn currencies<'t>(terms: &'t Terms, round: &Round) -> Vec<&'t Currency> {
    let indices = round.currencies.iter();
    indices
        .filter_map(|index| terms.currencies.get(index.index()))
        .collect()
}

pub(super) fn enforced(findings: &mut Findings, key: &str, terms: &Terms, round: &Round) {
    let currencies = currencies(terms, round);
    let evm: Vec<&Currency> = currencies
        .iter()
        .copied()
        .filter(|currency| currency.rail == Rail::Evm)
        .collect();
    if let Some(first) = evm.first() {
        let mut reasons = escrow_reasons(terms, round, first);
        if evm.len() > 1 {
            reasons.push("an escrow takes one currency");
        }
        if !reasons.is_empty() {
            let contested = match terms.root {
                Some(_) => "as `[root]` says",
                None => "and nothing says how they can: `[root]` is missing",
            };
            findings.add(
                TermsCode::RailCannotEnforce,
                key,
                format!(
                    "the escrow contract cannot enforce this round by formula ({}): it settles by \
                     a root that the issuer posts and contributors can challenge, {contested}",
                    reasons.join("; ")
                ),
                "fixed price or pro rata: round down, once per investor; price by time, or several \
                 rounds: round down, per contribution",
            );
        }
    }
    let balance = currencies
        .iter()
        .any(|currency| currency.rail == Rail::Balance);
    if balance && terms.clock.kind == ClockKind::Block {
        findings.add(
            TermsCode::RailCannotEnforce,
            key,
            "a balance has no block height: the platform alone says in which block a contribution \
             came",
            "use `clock.kind = \"time\"`",
        );
    }
}

fn escrow_reasons(terms: &Terms, round: &Round, currency: &Currency) -> Vec<&'static str> {
    let mut reasons = Vec::new();
    let scope = match round.pricing.kind() {
        // Several rounds have no one price for an investor.
        PricingKind::Fixed if terms.rounds.len() == 1 => Some(RoundingScope::Investor),
        PricingKind::Fixed => Some(RoundingScope::Contribution),
        PricingKind::Steps | PricingKind::Linear => Some(RoundingScope::Contribution),
        PricingKind::Tiers | PricingKind::Dutch | PricingKind::Bids => None,
    };
    let allocation = match round.allocation.kind() {
        AllocationKind::FirstCome | AllocationKind::ProRata => true,
        AllocationKind::ProRataCapped
        | AllocationKind::WaterFilling
        | AllocationKind::Lottery
        | AllocationKind::Guaranteed => false,
    };
    if scope.is_none() {
        reasons.push("its pricing is no formula of price and time");
    }
    if !allocation {
        reasons.push("its allocation needs all contributions at once");
    }
    if matches!(currency.rate, RateTerm::Recorded { .. }) {
        reasons.push("it cannot see recorded rates");
    }
    let rounding = currency.rounding;
    let down = rounding.mode == RoundingMode::Down && rounding.unit == Tokens(1);
    let scope_fits = scope.is_none_or(|scope| scope == rounding.per);
    let enforceable = is_exact(round, currency) || (down && scope_fits);
    if !enforceable {
        reasons.push("it rounds in another way");
    }
    let odd = |position: crate::Position| !position.0.is_multiple_of(1_000);
    let windows = round.windows.iter().flatten();
    if terms.clock.kind == ClockKind::Time
        && windows
            .into_iter()
            .any(|window| odd(window.from) || odd(window.until))
    {
        reasons.push("its clock counts whole seconds");
    }
    reasons
}

/// Whether every smallest unit of money buys a whole number of smallest token units, so that no
/// rounding ever happens.
fn is_exact(round: &Round, currency: &Currency) -> bool {
    if round.pricing.kind() != PricingKind::Fixed || currency.rounding.unit != Tokens(1) {
        return false;
    }
    let RateTerm::Fixed(rate) = currency.rate else {
        return false;
    };
    let product = bounds::prices(round).and_then(|(price, _)| rate.checked_mul(price));
    product.is_some_and(|product| product.den() == 1)
}

pub(super) fn two_rails(findings: &mut Findings, key: &str, terms: &Terms, round: &Round) {
    let mut rails = currencies(terms, round)
        .into_iter()
        .map(|currency| currency.rail);
    let first = rails.next();
    if rails.any(|rail| Some(rail) != first) {
        findings.add(
            TermsCode::TwoRails,
            format!("{key}.currencies"),
            "the round takes money on two rails, and neither sees the other: its cap and soft cap \
             are decided by the journal, not by the escrow",
            "make one round for each rail, each with a part of the cap",
        );
    }
}
