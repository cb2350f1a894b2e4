//! Pricing: how many tokens a unit of money buys. One rule, one file.

pub(crate) mod dutch;
pub(crate) mod linear;
pub(crate) mod steps;
pub(crate) mod tiers;

use crate::{
    Position,
    ratio::Factor,
    terms::{Pricing, Window},
};

/// Token units per numeraire unit at a position, where the price is known at once: not for tiers
/// (it depends on what was raised), Dutch auctions and bids (it is known at the end).
pub(crate) fn price_at(pricing: &Pricing, position: Position) -> Option<Factor> {
    match pricing {
        Pricing::Fixed { price } => Some(price.factor()),
        Pricing::Steps { steps } => steps::price_at(steps, position),
        Pricing::Linear {
            base,
            bonus,
            per,
            until,
            granularity,
        } => linear::price_at(*base, *bonus, *per, *until, *granularity, position),
        Pricing::Tiers { .. } | Pricing::Dutch { .. } | Pricing::Bids { .. } => None,
    }
}

/// Token units per numeraire unit for a report: like [`price_at`], and the falling price of a Dutch
/// auction, and the price of the tier that `raised` has reached.
pub(crate) fn quoted_price(
    pricing: &Pricing,
    window: Window,
    position: Position,
    raised: u128,
) -> Option<Factor> {
    match pricing {
        Pricing::Tiers { tiers, .. } => tiers::tier_at(tiers, raised).map(|t| t.price.factor()),
        Pricing::Dutch {
            start,
            end,
            granularity,
        } => dutch::money_per_token(*start, *end, *granularity, window, position)?.inverse(),
        Pricing::Fixed { .. }
        | Pricing::Steps { .. }
        | Pricing::Linear { .. }
        | Pricing::Bids { .. } => price_at(pricing, position),
    }
}
