//! The prices of terms as limits of the contract that is settled by a root.
//!
//! Every contribution carries a limit between a floor and a ceiling, and whatever a root says, nobody pays more than
//! the limit. Bids choose theirs. Where the terms say the prices, the highest of them is floor and ceiling: who could name
//! less would make every root void.

use alloy_primitives::U256;
use softcap_offering::terms::{
    BidLimits, Bound, Currency, Pricing, RootSettlement, Round, RoundingScope, Sealing,
};
use softcap_offering::{Ratio, Tokens, Value};

use super::{Reasons, bounds};
use crate::unkept::UnkeptCode;

const PRICING: &str = "round[0].pricing";
/// Bits of a price limit, of all money, of one investor's money, and of what the record counts.
const LIMIT_BITS: usize = 72;
const RAISED_BITS: usize = 88;
const MONEY_BITS: usize = 80;
const RECORD_BITS: usize = 128;

/// Price limits, each for `unit` tokens, and the most money that may be accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PriceLimits {
    pub(crate) floor: U256,
    pub(crate) ceiling: U256,
    pub(crate) unit: U256,
    pub(crate) hard_cap: U256,
    /// Less than this buys no token.
    pub(crate) least: U256,
}

/// What they follow from.
pub(super) struct Input<'t> {
    pub(super) root: RootSettlement,
    pub(super) round: &'t Round,
    pub(super) currency: &'t Currency,
    pub(super) hard_cap: Option<Bound>,
    pub(super) for_sale: U256,
}

pub(super) fn read(reasons: &mut Reasons, input: &Input<'_>) -> Option<PriceLimits> {
    let highest = match &input.round.pricing {
        Pricing::Bids {
            min_proceeds,
            sealing: Sealing::Open,
        } => return bids(reasons, input, *min_proceeds),
        Pricing::Bids {
            sealing: Sealing::Sealed { .. },
            ..
        } => {
            reasons.add(
                UnkeptCode::Pricing,
                "round[0].pricing.sealed",
                "the escrow takes open bids",
                "leave `sealed` out",
            );
            return None;
        }
        Pricing::Fixed { price } => *price,
        Pricing::Steps { steps } => steps.iter().map(|step| step.price).min()?,
        // Without the bonus.
        Pricing::Linear { base, .. } => *base,
        Pricing::Tiers { tiers, .. } => tiers.iter().map(|tier| tier.price).min()?,
        // Everybody pays at most the price at the time of their own contribution.
        Pricing::Dutch { start, .. } => start.inverse()?,
    };
    if input.root.bids.is_some() {
        reasons.add(
            UnkeptCode::CeilingBesidePrice,
            "root.ceiling",
            "the terms say the prices, and the highest of them is the ceiling",
            "leave `ceiling` and `price_unit` out",
        );
    }
    said(reasons, input, highest)
}

/// At one price for all, no bid pays more than its limit, and no limit is above the ceiling.
fn bids(reasons: &mut Reasons, input: &Input<'_>, min_proceeds: Value) -> Option<PriceLimits> {
    // Terms with bids have them.
    let BidLimits {
        ceiling,
        price_unit,
    } = input.root.bids?;
    let unit = U256::from(price_unit.0);
    // 128 bits each.
    let money = U256::from(ceiling.num()) * unit;
    let (ceiling, rest) = money.div_rem(U256::from(ceiling.den()));
    if !rest.is_zero() || ceiling.is_zero() || ceiling.bit_len() > LIMIT_BITS {
        reasons.add(
            UnkeptCode::Ceiling,
            "root.ceiling",
            "a price limit of the escrow is a whole number of smallest units of money for `price_unit` tokens, above \
             zero and at most 2^72 - 1",
            "choose another `price_unit`, or round the ceiling",
        );
        return None;
    }
    // 72 and 96 bits.
    let hard_cap = ceiling * input.for_sale / unit;
    if hard_cap.is_zero() || hard_cap.bit_len() > RAISED_BITS {
        reasons.add(
            UnkeptCode::HardCapTooLarge,
            "root.ceiling",
            "all tokens at this price cost more than the escrow counts, 2^88 - 1 smallest units (309 million with 18 \
             decimals), or nothing",
            "change the ceiling",
        );
        return None;
    }
    let supply = U256::from(input.round.supply.unwrap_or(Tokens(1)).0);
    // The reserve is for the whole supply, and a limit just as high is taken.
    let floor = (U256::from(min_proceeds.0) * unit).div_ceil(supply);
    if floor > ceiling {
        reasons.add(
            UnkeptCode::MinimumAboveMaximum,
            "round[0].pricing.min_proceeds",
            "the reserve is above the ceiling, so nobody could bid",
            "lower it, or raise `root.ceiling`",
        );
    }
    Some(PriceLimits {
        floor: floor.max(U256::from(1)),
        ceiling,
        unit,
        hard_cap,
        least: U256::ZERO,
    })
}

/// `highest` is the price at the worst moment for an investor, in tokens for money.
fn said(reasons: &mut Reasons, input: &Input<'_>, highest: Ratio) -> Option<PriceLimits> {
    // In lowest terms, so that these are the smallest numbers that say the price.
    let lowest = (U256::from(highest.num()), U256::from(highest.den()));
    let (unit, price) = if goes_by_time(&input.round.pricing) {
        widened(lowest)
    } else {
        lowest
    };
    let counted = (unit << MONEY_BITS) / price;
    if unit.is_zero() || price.bit_len() > LIMIT_BITS || counted.bit_len() > RECORD_BITS {
        reasons.add(
            UnkeptCode::Price,
            PRICING,
            "a price of the escrow is a whole number of smallest units of money, at most 2^72 - 1, for as many tokens, \
             and the record counts up to 2^128 of what is asked for",
            "round the price",
        );
        return None;
    }
    // Rounding leaves less than a unit of the token with each contribution, and each has one unit at least. 96 and 72 bits.
    let most = U256::from(2) * input.for_sale * price / unit;
    let caps = (input.hard_cap, input.round.cap);
    let hard_cap = bounds::hard_cap(reasons, caps, Some(most))?;
    // Less than a unit of the token is refused where each contribution is rounded.
    let least = match input.currency.rounding.per {
        RoundingScope::Contribution => price.div_ceil(unit),
        RoundingScope::Investor => U256::ZERO,
    };
    Some(PriceLimits {
        floor: price,
        ceiling: price,
        unit,
        hard_cap,
        least,
    })
}

/// Whether the price follows from the time of a contribution, or falls with it.
pub(super) fn goes_by_time(pricing: &Pricing) -> bool {
    match pricing {
        Pricing::Steps { .. } | Pricing::Linear { .. } | Pricing::Dutch { .. } => true,
        Pricing::Fixed { .. } | Pricing::Tiers { .. } | Pricing::Bids { .. } => false,
    }
}

/// The same price in larger numbers, of which lower prices are whole units as well: up to 64 bits of money.
fn widened((unit, price): (U256, U256)) -> (U256, U256) {
    const ENOUGH_BITS: usize = 64;
    const UNIT_BITS: usize = 127;
    let room = ENOUGH_BITS.saturating_sub(price.bit_len());
    let more = room.min(UNIT_BITS.saturating_sub(unit.bit_len()));
    (unit << more, price << more)
}
