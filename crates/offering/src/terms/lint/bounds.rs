//! How much a sale can sell and take at most, as far as the terms bound it.

use super::super::{Bound, Pricing, Round, Terms};
use crate::{Ratio, RoundingMode, Tokens, Value};

/// Lowest and highest price of a round, token units per numeraire unit; `None` for bids.
pub(super) fn prices(round: &Round) -> Option<(Ratio, Ratio)> {
    match &round.pricing {
        Pricing::Fixed { price } => Some((*price, *price)),
        Pricing::Steps { steps } => extremes(steps.iter().map(|step| step.price)),
        Pricing::Tiers { tiers, .. } => extremes(tiers.iter().map(|tier| tier.price)),
        Pricing::Dutch { start, .. } => {
            // Everybody pays the same in the end, so there is no better moment.
            let price = start.inverse()?;
            Some((price, price))
        }
        Pricing::Linear {
            base,
            bonus,
            per,
            until,
            ..
        } => {
            let from = round
                .windows
                .iter()
                .flatten()
                .map(|window| window.from)
                .min()?;
            let distance = u128::from(until.0.saturating_sub(from.0));
            let whole = u128::from(per.0).checked_mul(10_000)?;
            let bonus = u128::from(bonus.0).checked_mul(distance)?;
            let best = Ratio::new(whole.checked_add(bonus)?, whole)?;
            Some((*base, base.checked_mul(best)?))
        }
        Pricing::Bids { .. } => None,
    }
}

fn extremes(prices: impl Iterator<Item = Ratio> + Clone) -> Option<(Ratio, Ratio)> {
    prices.clone().min().zip(prices.max())
}

/// The most tokens the sale can sell; `None` if that is not bounded in tokens.
pub(super) fn tokens(terms: &Terms) -> Option<Tokens> {
    let rounds = terms
        .rounds
        .iter()
        .try_fold(Tokens::ZERO, |sum, round| sum.checked_add(round.supply?));
    let cap = match terms.hard_cap {
        Some(Bound::Tokens(cap)) => Some(cap),
        Some(Bound::Value(_)) | None => None,
    };
    [terms.token.supply.most_for_sale(), rounds, cap]
        .into_iter()
        .flatten()
        .min()
}

/// The most money the sale can take; `None` if that is not bounded in money.
pub(super) fn money(terms: &Terms) -> Option<Value> {
    let rounds = terms.rounds.iter().try_fold(Value::ZERO, |sum, round| {
        sum.checked_add(round_money(terms, round, true)?)
    });
    let cap = match terms.hard_cap {
        Some(Bound::Value(cap)) => Some(cap),
        Some(Bound::Tokens(_)) | None => None,
    };
    [rounds, cap].into_iter().flatten().min()
}

/// The most money that the supply lets the sale take, whatever the hard cap says.
pub(super) fn reachable(terms: &Terms) -> Option<Value> {
    let by_rounds = terms.rounds.iter().try_fold(Value::ZERO, |sum, round| {
        sum.checked_add(round_money(terms, round, true)?)
    });
    let lowest = terms
        .rounds
        .iter()
        .map(|round| prices(round).map(|(lowest, _)| lowest))
        .try_fold(None::<Ratio>, |least, price| {
            let price = price?;
            Some(Some(least.map_or(price, |least| least.min(price))))
        })
        .flatten();
    let by_supply = terms
        .token
        .supply
        .most_for_sale()
        .zip(lowest)
        .and_then(|(supply, price)| cost(supply, price));
    [by_rounds, by_supply].into_iter().flatten().min()
}

/// The most money one round can take: its cap, the end of its tiers, and what its supply costs at
/// the lowest price.
pub(super) fn round_money(terms: &Terms, round: &Round, with_cap: bool) -> Option<Value> {
    let supply = [round.supply, terms.token.supply.most_for_sale()];
    let supply = supply.into_iter().flatten().min();
    let price = prices(round).map(|(lowest, _)| lowest);
    let by_supply = supply
        .zip(price)
        .and_then(|(supply, price)| cost(supply, price));
    let by_tiers = match &round.pricing {
        Pricing::Tiers { tiers, .. } => tiers.last().and_then(|tier| tier.up_to),
        Pricing::Fixed { .. }
        | Pricing::Steps { .. }
        | Pricing::Linear { .. }
        | Pricing::Dutch { .. }
        | Pricing::Bids { .. } => None,
    };
    let cap = round.cap.filter(|_| with_cap);
    [by_supply, by_tiers, cap].into_iter().flatten().min()
}

/// What tokens cost; rounded up by less than one unit, so that a cap it meets is not called
/// unreachable.
fn cost(supply: Tokens, price: Ratio) -> Option<Value> {
    let exact = price.inverse()?.times(supply.0, RoundingMode::Down)?;
    exact.checked_add(1).map(Value)
}
