//! Caps that cannot be reached and contributions that buy nothing.

use super::super::problem::TermsCode;
use super::super::{Bound, Currency, Limit, RateTerm, Round, RoundingScope, Terms};
use super::{Findings, bound_count, bounds};
use crate::{CurrencyIndex, Value, pairs::PricingKind};

pub(super) fn caps(findings: &mut Findings, terms: &Terms) {
    let money = bounds::reachable(terms).map(|value| value.0);
    let tokens = bounds::tokens(terms).map(|tokens| tokens.0);
    let unreachable = |cap: Bound| {
        let (in_money, count) = bound_count(cap);
        let most = if in_money { money } else { tokens };
        most.is_some_and(|most| count > most)
    };
    if terms.soft_cap.is_some_and(unreachable) {
        findings.add(
            TermsCode::CapUnreachable,
            "soft_cap",
            "even if everything is sold the soft cap is not reached: the sale must fail",
            "lower `soft_cap`, or raise supply, prices or the caps of rounds",
        );
    }
    if terms.hard_cap.is_some_and(unreachable) {
        findings.add(
            TermsCode::CapUnreachable,
            "hard_cap",
            "everything is sold before the hard cap is reached: the number promises a size that the \
             sale cannot have",
            "lower `hard_cap` to what supply and rounds allow",
        );
    }
    for (number, round) in terms.rounds.iter().enumerate() {
        let most = bounds::round_money(terms, round, false);
        if round.cap.zip(most).is_some_and(|(cap, most)| cap > most) {
            findings.add(
                TermsCode::CapUnreachable,
                format!("round[{number}].cap"),
                "the round sells out before its cap is reached",
                "lower `cap`, or raise the round's supply",
            );
        }
    }
}

/// A round in which the smallest allowed contribution rounds to no token at all.
pub(super) fn buys_nothing(findings: &mut Findings, key: &str, terms: &Terms, round: &Round) {
    for index in &round.currencies {
        let Some(currency) = terms.currencies.get(index.index()) else {
            continue;
        };
        if least_buys(round, *index, currency) == Some(0) {
            let fate = fate_of_nothing(round, *index, currency);
            findings.add(
                TermsCode::BuysNothing,
                format!("{key}.contribution.min"),
                format!(
                    "the smallest allowed contribution in {} is rounded down to no token, {fate}",
                    currency.symbol
                ),
                "set `contribution.min` to what buys at least one rounding unit",
            );
        }
    }
}

/// What becomes of money that buys no token.
fn fate_of_nothing(round: &Round, index: CurrencyIndex, currency: &Currency) -> &'static str {
    let known_later = matches!(round.pricing.kind(), PricingKind::Dutch | PricingKind::Bids);
    if round.allows_nothing(index) {
        "and the money is accepted"
    } else if known_later {
        "and goes back at the settlement unless the price falls"
    } else if currency.rounding.per == RoundingScope::Investor {
        "and goes back at the settlement unless the investor adds to it"
    } else {
        "so that it is refused"
    }
}

/// Token units for the smallest allowed contribution at the worst price; `None` where the terms do
/// not say (bids, recorded rates, a minimum in tokens).
fn least_buys(round: &Round, index: CurrencyIndex, currency: &Currency) -> Option<u128> {
    let RateTerm::Fixed(rate) = currency.rate else {
        return None;
    };
    let in_money = |value: Value| rate.factor().smallest_reaching(value.0);
    let mut least = 0;
    for limit in &round.contribution_min {
        let amount = match limit {
            Limit::Tokens(tokens) if !tokens.is_zero() => return None,
            Limit::Tokens(_) => 0,
            Limit::Value(value) => in_money(*value)?,
            Limit::Money(other, _) if *other != index => continue,
            Limit::Money(_, amount) => amount.0,
        };
        least = least.max(amount);
    }
    if let Some(value) = round.investor_min {
        least = least.max(in_money(value)?);
    }
    if !round.allows_nothing(index) {
        // The engine refuses money that is worth less than one unit of the numeraire.
        least = least.max(in_money(Value(1))?);
    }
    let (lowest, _) = bounds::prices(round)?;
    let rounding = currency.rounding;
    let paid = if least == 0 {
        0
    } else {
        least.checked_add(currency.credit.0)?
    };
    rate.checked_mul(lowest)?
        .times_to_unit(paid, rounding.unit.0, rounding.mode)
}
