//! How large a sale is, so that demand can be drawn to fit it.
//!
//! These are estimates that decide nothing: how much is really taken is the engine's answer.

use std::sync::Arc;

use softcap_offering::{
    CurrencyIndex, LimitPrice, LineIndex, Offering, Position, Ratio, RoundIndex, RoundingMode,
    Tokens,
    terms::{Allocation, Bound, Limit, Pricing, RateTerm, Round, Sealing, Terms, Window},
};

use super::{rates, share};
use crate::decimal::power_of_ten;

/// A sale and its rounds.
pub(super) struct Sale {
    pub(super) terms: Arc<Terms>,
    pub(super) rounds: Vec<SaleRound>,
    /// Money that the whole sale can take, in numeraire units.
    pub(super) capacity: u128,
    /// Whether the terms bound it; otherwise the capacity is assumed.
    pub(super) bounded: bool,
    /// The soft cap in numeraire units.
    pub(super) soft_cap: Option<u128>,
}

/// A round as people see it who want to take part.
pub(super) struct SaleRound {
    pub(super) index: RoundIndex,
    /// Money it can take, in numeraire units.
    pub(super) size: u128,
    /// The currencies it takes, with what one person can do in each.
    pub(super) purses: Vec<Purse>,
    /// In auctions: the price around which people bid.
    pub(super) usual_bid: Option<LimitPrice>,
}

/// Paying in one currency.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purse {
    pub(super) currency: CurrencyIndex,
    pub(super) line: LineIndex,
    pub(super) window: Window,
    /// Numeraire units per currency unit, at the beginning.
    pub(super) rate: Ratio,
    /// Smallest amount that is taken.
    pub(super) least: u128,
    /// Whether the terms ask for more than the smallest amount there is.
    pub(super) has_minimum: bool,
    /// Largest amount that one person may have.
    pub(super) most: Option<u128>,
    /// Amounts are multiples of this: sealed bids lock money in steps.
    pub(super) step: u128,
}

impl Sale {
    /// Measures a sale for so many people.
    pub(super) fn new(terms: &Arc<Terms>, investors: u32) -> Self {
        let draft = Offering::new(Arc::clone(terms));
        let prices: Vec<Option<Ratio>> = rounds_of(terms)
            .map(|(index, round)| value_per_token(&draft, index, round))
            .collect();
        let sizes: Vec<Option<u128>> = terms
            .rounds
            .iter()
            .zip(&prices)
            .map(|(round, price)| own_size(round, *price))
            .collect();
        // Where rounds differ in price, the dearest says how much money the supply can take.
        let dearest = prices.iter().flatten().copied().max_by(compare);
        let value_of = |bound| value_of(bound, dearest);
        let most = terms.token.supply.most_for_sale().map(Bound::Tokens);
        let whole = [terms.hard_cap, most]
            .into_iter()
            .flatten()
            .filter_map(value_of)
            .min();
        let known: u128 = sizes
            .iter()
            .flatten()
            .fold(0, |sum, size| sum.saturating_add(*size));
        let all_known = sizes.iter().all(Option::is_some).then_some(known);
        let bound = whole.into_iter().chain(all_known).min();
        let soft_cap = terms.soft_cap.and_then(value_of);
        let capacity = bound
            .unwrap_or_else(|| assumed(terms, soft_cap, investors).max(known))
            .max(1);
        // What the bounded rounds leave is shared by the others.
        let others = sizes.iter().filter(|size| size.is_none()).count() as u128;
        let rest = capacity.saturating_sub(known) / others.max(1);
        let rounds = rounds_of(terms)
            .zip(sizes.iter().zip(&prices))
            .map(|((index, round), (size, price))| {
                let size = size.unwrap_or(rest).min(capacity).max(1);
                let usual_bid = usual_bid(round, size);
                SaleRound {
                    index,
                    size,
                    purses: purses(terms, round, *price),
                    usual_bid,
                }
            })
            .collect();
        let terms = Arc::clone(terms);
        Self {
            terms,
            rounds,
            capacity,
            bounded: bound.is_some(),
            soft_cap,
        }
    }

    /// The round that can take most.
    pub(super) fn largest_round(&self) -> Option<RoundIndex> {
        let open = self.rounds.iter().filter(|round| !round.purses.is_empty());
        open.max_by_key(|round| (round.size, std::cmp::Reverse(round.index)))
            .map(|round| round.index)
    }
}

fn rounds_of(terms: &Terms) -> impl Iterator<Item = (RoundIndex, &Round)> {
    (0..).map(RoundIndex).zip(&terms.rounds)
}

fn compare(a: &Ratio, b: &Ratio) -> std::cmp::Ordering {
    // An overflow means that the two are far apart in their terms; any order will do here.
    let left = a.num().checked_mul(b.den());
    let right = b.num().checked_mul(a.den());
    left.cmp(&right)
}

/// Numeraire units per token unit at the beginning of a round; in the middle of a Dutch auction.
fn value_per_token(draft: &Offering, index: RoundIndex, round: &Round) -> Option<Ratio> {
    let window = round.windows.iter().flatten().next()?;
    let from = window.from.0;
    let at = match round.pricing {
        Pricing::Dutch { .. } => from.midpoint(window.end_exclusive().0),
        Pricing::Fixed { .. }
        | Pricing::Steps { .. }
        | Pricing::Linear { .. }
        | Pricing::Tiers { .. }
        | Pricing::Bids { .. } => from,
    };
    draft.quoted_price(index, Position(at))?.inverse()
}

fn value_of(bound: Bound, value_per_token: Option<Ratio>) -> Option<u128> {
    match bound {
        Bound::Value(value) => Some(value.0),
        Bound::Tokens(tokens) => value_per_token?.times(tokens.0, RoundingMode::Down),
    }
}

/// What a round takes by its own cap, supply, tiers or reserve.
fn own_size(round: &Round, value_per_token: Option<Ratio>) -> Option<u128> {
    let supply = round
        .supply
        .and_then(|supply| value_of(Bound::Tokens(supply), value_per_token));
    let by_pricing = match &round.pricing {
        Pricing::Tiers { tiers, .. } => tiers.last().and_then(|tier| tier.up_to),
        // People pay a quarter more than the issuer asks for at least.
        Pricing::Bids { min_proceeds, .. } => (!min_proceeds.is_zero())
            .then(|| softcap_offering::Value(share::part(min_proceeds.0, 5, 4))),
        Pricing::Fixed { .. }
        | Pricing::Steps { .. }
        | Pricing::Linear { .. }
        | Pricing::Dutch { .. } => None,
    };
    let cap = round.cap.map(|cap| cap.0);
    [supply, by_pricing.map(|value| value.0), cap]
        .into_iter()
        .flatten()
        .min()
}

/// A size for sales without one: four soft caps, or a whole unit of the numeraire for each person.
fn assumed(terms: &Terms, soft_cap: Option<u128>, investors: u32) -> u128 {
    let unit = power_of_ten(u32::from(terms.numeraire.decimals)).unwrap_or(1);
    soft_cap
        .map(|cap| cap.saturating_mul(4))
        .unwrap_or_else(|| unit.saturating_mul(u128::from(investors)))
}

fn usual_bid(round: &Round, size: u128) -> Option<LimitPrice> {
    let Pricing::Bids { .. } = round.pricing else {
        return None;
    };
    Some(LimitPrice {
        money: size,
        tokens: round.supply.unwrap_or(Tokens(1)).0.max(1),
    })
}

fn purses(terms: &Terms, round: &Round, value_per_token: Option<Ratio>) -> Vec<Purse> {
    let purse = |currency: &CurrencyIndex| {
        let held = terms.currencies.get(currency.index())?;
        let window = (*round.windows.get(held.line.index())?)?;
        let rate = match &held.rate {
            RateTerm::Fixed(rate) => *rate,
            RateTerm::Recorded { .. } => rates::first(terms, *currency),
        };
        let limits = Limits {
            rate,
            currency: *currency,
            value_per_token,
        };
        let minimum = limits.least(round);
        let step = lock_step(round);
        let least = minimum.max(limits.worth(1)).max(1).next_multiple_of(step);
        Some(Purse {
            currency: *currency,
            line: held.line,
            window,
            rate,
            least,
            has_minimum: minimum > 1 && step == 1,
            most: limits.most(terms, round).map(|most| most.max(least)),
            step,
        })
    };
    round.currencies.iter().filter_map(purse).collect()
}

fn lock_step(round: &Round) -> u128 {
    match round.pricing {
        Pricing::Bids {
            sealing: Sealing::Sealed { lock_step, .. },
            ..
        } => lock_step.0.max(1),
        Pricing::Bids {
            sealing: Sealing::Open,
            ..
        }
        | Pricing::Fixed { .. }
        | Pricing::Steps { .. }
        | Pricing::Linear { .. }
        | Pricing::Tiers { .. }
        | Pricing::Dutch { .. } => 1,
    }
}

/// Limits of one person, told in one currency.
struct Limits {
    rate: Ratio,
    currency: CurrencyIndex,
    value_per_token: Option<Ratio>,
}

impl Limits {
    /// The smallest amount that is worth at least so much.
    fn worth(&self, value: u128) -> u128 {
        let amount = amount_of(value, self.rate);
        let short = self
            .rate
            .times(amount, RoundingMode::Down)
            .is_some_and(|worth| worth < value);
        amount.saturating_add(u128::from(short))
    }

    fn least(&self, round: &Round) -> u128 {
        let limits = round.contribution_min.iter().map(|limit| match *limit {
            Limit::Value(value) => self.worth(value.0),
            Limit::Money(currency, amount) if currency == self.currency => amount.0,
            Limit::Money(..) => 0,
            // A unit more, because the price may lie between two amounts.
            Limit::Tokens(tokens) => value_of(Bound::Tokens(tokens), self.value_per_token)
                .map_or(0, |value| self.worth(value.saturating_add(1))),
        });
        let person = round.investor_min.map(|value| self.worth(value.0));
        limits.chain(person).max().unwrap_or(0)
    }

    fn most(&self, terms: &Terms, round: &Round) -> Option<u128> {
        let value = |bound| value_of(bound, self.value_per_token).map(|v| amount_of(v, self.rate));
        let limits = round
            .contribution_max
            .iter()
            .filter_map(|limit| match *limit {
                Limit::Value(most) => value(Bound::Value(most)),
                Limit::Tokens(most) => value(Bound::Tokens(most)),
                Limit::Money(currency, most) => (currency == self.currency).then_some(most.0),
            });
        let drawn = match &round.allocation {
            Allocation::ProRataCapped { cap } => Some(Bound::Value(*cap)),
            Allocation::FirstCome
            | Allocation::ProRata
            | Allocation::WaterFilling
            | Allocation::Lottery { .. }
            | Allocation::Guaranteed { .. } => None,
        };
        let person = [
            round.investor_max,
            terms.investor_max.map(Bound::Value),
            drawn,
        ];
        limits
            .chain(person.into_iter().flatten().filter_map(value))
            .min()
    }
}

/// The largest amount that is worth at most so much.
pub(super) fn amount_of(value: u128, rate: Ratio) -> u128 {
    rate.inverse()
        .and_then(|inverse| inverse.times(value, RoundingMode::Down))
        .unwrap_or(0)
}
