//! The price of a contribution, with what it was computed from.

use ruint::aliases::U256;

use crate::{
    BasisPoints, LimitPrice, Offering, Position, Ratio, RoundIndex, Span, Value, pricing,
    quote::Quote,
    ratio::wide,
    terms::{Crossing, Pricing, Tier},
};

/// A whole number that may need more than 128 bits.
pub type WholeNumber = U256;

/// The price of a contribution. Prices are token units per numeraire unit, unless said otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PriceTrace {
    /// One price.
    Fixed {
        /// The price.
        price: Ratio,
    },
    /// The price of a stretch of the schedule.
    Step {
        /// Which one, from 1.
        number: usize,
        /// How many there are.
        count: usize,
        /// First position at which it holds.
        from: Position,
        /// First position at which it does not; `None` for the last one.
        until: Option<Position>,
        /// The price.
        price: Ratio,
    },
    /// `price = base x (1 + bonus x counted / per)`.
    Linear {
        /// Price without bonus.
        base: Ratio,
        /// Bonus for each `per`.
        bonus: BasisPoints,
        /// The stretch for which it is given.
        per: Span,
        /// Where it reaches nothing.
        until: Position,
        /// Distance from the position to `until`; nothing afterwards.
        distance: Span,
        /// The distance in whole multiples of this.
        granularity: Span,
        /// The distance that counts.
        counted: Span,
        /// The price.
        price: Ratio,
    },
    /// Prices by the amount that the round raised before.
    Tiers {
        /// Gross amount raised before.
        raised: Value,
        /// What a purchase pays that crosses a boundary.
        crossing: Crossing,
        /// What falls in each tier of what is taken, the credit included.
        parts: Vec<TierPart>,
    },
    /// A falling price; everybody pays the price at which it clears.
    Dutch {
        /// Numeraire units per token unit at this position.
        now: Ratio,
    },
    /// The most this bid gives; everybody pays the price at which the auction clears.
    Bid {
        /// The limit price.
        limit: LimitPrice,
    },
}

/// The part of a purchase in one tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierPart {
    /// Which tier, from 1.
    pub number: usize,
    /// Gross amount raised at which it ends.
    pub up_to: Option<Value>,
    /// Its price.
    pub price: Ratio,
    /// Value in it, in units of `1 / den` of the numeraire unit, where `den` is the denominator of
    /// the rate.
    pub value: WholeNumber,
    /// That denominator.
    pub den: u128,
}

impl Offering {
    /// `bought` is what is taken of the money; `limit` the one of a bid.
    pub(super) fn trace_price(
        &self,
        round: RoundIndex,
        quote: &Quote,
        position: Position,
        bought: u128,
        limit: Option<LimitPrice>,
    ) -> Option<PriceTrace> {
        let pricing = &self.terms.rounds[round.index()].pricing;
        let reduced = || {
            let price = pricing::price_at(pricing, position)?;
            Ratio::new(price.num(), price.den())
        };
        Some(match pricing {
            Pricing::Fixed { price } => PriceTrace::Fixed { price: *price },
            Pricing::Steps { steps } => {
                let number = steps.partition_point(|step| step.from <= position);
                let step = steps.get(number.checked_sub(1)?)?;
                let until = steps.get(number).map(|next| next.from);
                let (from, price, count) = (step.from, reduced()?, steps.len());
                PriceTrace::Step {
                    number,
                    count,
                    from,
                    until,
                    price,
                }
            }
            &Pricing::Linear {
                base,
                bonus,
                per,
                until,
                granularity,
            } => {
                let distance = Span(until.0.saturating_sub(position.0));
                let counted = Span(distance.0 - distance.0 % granularity.0.max(1));
                let price = reduced()?;
                PriceTrace::Linear {
                    base,
                    bonus,
                    per,
                    until,
                    distance,
                    granularity,
                    counted,
                    price,
                }
            }
            Pricing::Tiers { tiers, crossing } => {
                let raised = self.rounds[round.index()].gross_value;
                let money = wide(bought.checked_add(quote.credit)?, quote.rate.num());
                let parts = tier_parts(tiers, *crossing, raised, money, quote.rate.den());
                PriceTrace::Tiers {
                    raised: Value(raised),
                    crossing: *crossing,
                    parts,
                }
            }
            Pricing::Dutch { .. } => {
                let now = self.dutch_price(round, position)?;
                PriceTrace::Dutch {
                    now: Ratio::new(now.num(), now.den())?,
                }
            }
            Pricing::Bids { .. } => PriceTrace::Bid { limit: limit? },
        })
    }
}

/// How `pricing::tiers` splits a purchase: `value` and the parts are in units of `1 / den`.
fn tier_parts(
    tiers: &[Tier],
    crossing: Crossing,
    raised: u128,
    value: U256,
    den: u128,
) -> Vec<TierPart> {
    let mut parts = Vec::new();
    let mut left = value;
    let mut from = raised;
    for (place, tier) in tiers.iter().enumerate() {
        let last = place + 1 == tiers.len();
        if !last && tier.up_to.is_some_and(|end| end.0 <= from) {
            continue;
        }
        let part = match tier.up_to {
            Some(end) if !last && crossing == Crossing::Split => {
                left.min(wide(end.0.saturating_sub(from), den))
            }
            Some(_) | None => left,
        };
        left -= part;
        let (number, up_to, price) = (place + 1, tier.up_to, tier.price);
        parts.push(TierPart {
            number,
            up_to,
            price,
            value: part,
            den,
        });
        if left.is_zero() {
            break;
        }
        from = tier.up_to.map_or(from, |end| end.0);
    }
    parts
}
