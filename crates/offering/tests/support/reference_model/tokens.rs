//! What money is worth and what it buys.

use num_bigint::BigInt;
use softcap_offering::terms::{Bound, Crossing, Currency, Pricing, RoundingScope, Tier};

use super::super::fraction::{Fraction, big, least, or_zero};
use super::{Model, Payment, Piece};

/// Token units per money unit.
#[derive(Clone, Debug)]
pub(super) enum Price {
    Known(Fraction),
    /// By what was raised before.
    Tiered,
    /// Known when the round is over.
    Later,
}

/// Money on its way into a round: whose conditions hold for it.
#[derive(Clone, Debug)]
pub(super) struct Conditions {
    pub(super) round: usize,
    pub(super) currency: usize,
    pub(super) rate: Fraction,
    pub(super) price: Price,
    /// Raised in the round before.
    pub(super) raised: BigInt,
    pub(super) credit: BigInt,
}

impl Model {
    pub(super) fn currency(&self, place: usize) -> &Currency {
        &self.terms.currencies[place]
    }

    pub(super) fn price(&self, round: usize, rate: &Fraction, position: u64) -> Option<Price> {
        Some(match &self.terms.rounds[round].pricing {
            Pricing::Fixed { price } => Price::Known(Fraction::of(*price).times(rate)),
            Pricing::Steps { steps } => {
                let step = steps.iter().rfind(|step| step.from.0 <= position)?;
                Price::Known(Fraction::of(step.price).times(rate))
            }
            Pricing::Linear {
                base,
                bonus,
                per,
                until,
                granularity,
            } => {
                let distance = until.0.saturating_sub(position);
                let whole = distance / granularity.0 * granularity.0;
                let extra = big(bonus.0.into()) * big(whole.into());
                let unit = big(10_000) * big(per.0.into());
                let factor = Fraction::new(&unit + extra, unit);
                Price::Known(Fraction::of(*base).times(&factor).times(rate))
            }
            Pricing::Tiers { .. } => Price::Tiered,
            Pricing::Dutch { .. } | Pricing::Bids { .. } => Price::Later,
        })
    }

    /// The conditions that a recorded payment had.
    pub(super) fn conditions(&self, paid: &Payment) -> Option<Conditions> {
        let round = paid.round?;
        let price = self.price(round, &paid.rate, paid.position)?;
        Some(Conditions {
            round,
            currency: paid.currency,
            rate: paid.rate.clone(),
            price,
            raised: self.raised(round),
            credit: big(self.currency(paid.currency).credit.0),
        })
    }

    /// Value rounded down.
    pub(super) fn value_of(rate: &Fraction, money: &BigInt) -> BigInt {
        rate.of_count(money).floor()
    }

    /// Value of what is accepted of a payment.
    pub(super) fn value(&self, paid: &Payment) -> BigInt {
        Self::value_of(&paid.rate, &paid.accepted())
    }

    /// Everything that was ever taken of a payment, counted as it was taken.
    pub(super) fn gross_value(paid: &Payment) -> BigInt {
        Self::value_taken_after(paid, None)
    }

    /// The same for what was taken after an entry.
    pub(super) fn value_taken_after(paid: &Payment, entry: Option<u64>) -> BigInt {
        let mut sum = big(0);
        let mut accepted = big(0);
        for piece in &paid.pieces {
            match piece {
                Piece::Taken { money, at, .. } => {
                    let before = Self::value_of(&paid.rate, &accepted);
                    accepted += money;
                    if entry.is_none_or(|entry| *at > entry) {
                        sum += Self::value_of(&paid.rate, &accepted) - before;
                    }
                }
                Piece::Back { money } => accepted -= money,
            }
        }
        sum
    }

    /// Value raised in a round, withdrawals and returns not subtracted.
    pub(super) fn raised(&self, round: usize) -> BigInt {
        let own = self
            .payments
            .iter()
            .filter(|paid| paid.round == Some(round));
        own.map(Self::gross_value).sum()
    }

    /// Tokens by the rounding per contribution, or what the settlement gave.
    pub(super) fn tokens(&self, paid: &Payment) -> BigInt {
        if let Some(given) = &paid.given {
            return given.clone();
        }
        self.after_pieces(paid, paid.pieces.len(), false)
    }

    /// Tokens that count against limits and the supply: rounded up where rounding comes once per
    /// investor.
    pub(super) fn reserve(&self, paid: &Payment) -> BigInt {
        self.after_pieces(paid, paid.pieces.len(), true)
    }

    /// The same, never less for what went back.
    pub(super) fn gross_reserve(&self, paid: &Payment) -> BigInt {
        let mut sum = big(0);
        for (place, piece) in paid.pieces.iter().enumerate() {
            if matches!(piece, Piece::Taken { .. }) {
                sum +=
                    self.after_pieces(paid, place + 1, true) - self.after_pieces(paid, place, true);
            }
        }
        sum
    }

    fn after_pieces(&self, paid: &Payment, count: usize, reserve: bool) -> BigInt {
        let Some(conditions) = self.conditions(paid) else {
            return big(0);
        };
        let unit = big(self.currency(paid.currency).rounding.unit.0);
        let (mut accepted, mut tokens) = (big(0), big(0));
        for piece in &paid.pieces[..count] {
            match (piece, &conditions.price) {
                (Piece::Taken { money, .. }, _) if *money == big(0) && paid.amount > big(0) => {}
                (Piece::Taken { money, raised, .. }, Price::Tiered) => {
                    let first = accepted == big(0);
                    let credit = if first {
                        conditions.credit.clone()
                    } else {
                        big(0)
                    };
                    let own = Conditions {
                        raised: raised.clone(),
                        credit,
                        ..conditions.clone()
                    };
                    tokens += self.bought(&own, money);
                    accepted += money;
                }
                (Piece::Taken { money, .. }, _) => {
                    accepted += money;
                    tokens = match (reserve, self.currency(paid.currency).rounding.per) {
                        (true, RoundingScope::Investor) => self.counted(&conditions, &accepted),
                        _ => self.bought(&conditions, &accepted),
                    };
                }
                (Piece::Back { money }, price) => {
                    let left = &accepted - money;
                    tokens = if left == big(0) {
                        big(0)
                    } else if matches!(price, Price::Tiered) {
                        Fraction::new(&tokens * &left, &accepted * &unit).floor() * &unit
                    } else if reserve {
                        self.counted(&conditions, &left)
                    } else {
                        self.bought(&conditions, &left)
                    };
                    accepted = left;
                }
            }
        }
        tokens
    }

    /// Tokens for money, the credit added, rounded as the currency says.
    pub(super) fn bought(&self, conditions: &Conditions, money: &BigInt) -> BigInt {
        let rounding = self.currency(conditions.currency).rounding;
        if *money == big(0) {
            return big(0);
        }
        let money = money + &conditions.credit;
        let exact = match &conditions.price {
            Price::Known(price) => price.of_count(&money),
            Price::Tiered => self.tiered(conditions, &money),
            Price::Later => return big(0),
        };
        exact.rounded(&big(rounding.unit.0), rounding.mode)
    }

    /// Tokens for money as they count against limits.
    pub(super) fn counted(&self, conditions: &Conditions, money: &BigInt) -> BigInt {
        let rounding = self.currency(conditions.currency).rounding;
        if *money == big(0) {
            return big(0);
        }
        match (&conditions.price, rounding.per) {
            (Price::Known(price), RoundingScope::Investor) => price
                .of_count(&(money + &conditions.credit))
                .rounded_up(&big(rounding.unit.0)),
            (_, RoundingScope::Contribution | RoundingScope::Investor) => {
                self.bought(conditions, money)
            }
        }
    }

    /// The sum over the tiers; what lies beyond the last one has its price.
    fn tiered(&self, conditions: &Conditions, money: &BigInt) -> Fraction {
        let Pricing::Tiers { tiers, crossing } = &self.terms.rounds[conditions.round].pricing
        else {
            panic!("no tiers");
        };
        let mut value = conditions.rate.of_count(money);
        let begins = |tier: &&Tier| tier.up_to.is_none_or(|end| conditions.raised < big(end.0));
        let first = tiers
            .iter()
            .position(|tier| begins(&tier))
            .unwrap_or(tiers.len() - 1);
        if *crossing == Crossing::Before {
            return value.times(&Fraction::of(tiers[first].price));
        }
        let mut raised = conditions.raised.clone();
        let mut sum = Fraction::new(big(0), big(1));
        for tier in &tiers[first..tiers.len() - 1] {
            let end = big(tier.up_to.unwrap().0);
            let room = Fraction::new(&end - &raised, big(1));
            let part = if value.at_most(&room) {
                value.clone()
            } else {
                room
            };
            sum = sum.plus(&part.times(&Fraction::of(tier.price)));
            value = value.minus(&part);
            raised = end;
        }
        sum.plus(&value.times(&Fraction::of(tiers[tiers.len() - 1].price)))
    }

    /// How much of `more` fits into a room on top of what was taken `before` of the same payment.
    pub(super) fn fitting(
        &self,
        conditions: &Conditions,
        before: &BigInt,
        more: &BigInt,
        room: Bound,
    ) -> BigInt {
        let all = before + more;
        match room {
            Bound::Value(left) => {
                let room = Self::value_of(&conditions.rate, before) + big(left.0);
                if Self::value_of(&conditions.rate, &all) <= room {
                    return more.clone();
                }
                let most = conditions.rate.inverse().of_count(&room).floor();
                let fits = or_zero(least(most, all) - before);
                self.unless_for_nothing(conditions, before, fits)
            }
            Bound::Tokens(left) => match conditions.price {
                Price::Later => more.clone(),
                // A part at a price of its own is rounded by itself.
                Price::Tiered => self.for_tokens(conditions, more, &big(left.0)),
                Price::Known(_) => {
                    let room = self.counted(conditions, before) + big(left.0);
                    or_zero(self.for_tokens(conditions, &all, &room) - before)
                }
            },
        }
    }

    /// What an amount of money buys on top of `before` of the same payment; `None` where one payment
    /// does not tell.
    fn added(&self, conditions: &Conditions, before: &BigInt, more: &BigInt) -> Option<BigInt> {
        let per = self.currency(conditions.currency).rounding.per;
        match (&conditions.price, per) {
            (Price::Later, _) | (Price::Known(_), RoundingScope::Investor) => None,
            (Price::Tiered, _) => Some(self.bought(conditions, more)),
            (Price::Known(_), RoundingScope::Contribution) => {
                Some(self.bought(conditions, &(before + more)) - self.bought(conditions, before))
            }
        }
    }

    /// Money that buys nothing is not taken.
    pub(super) fn unless_for_nothing(
        &self,
        conditions: &Conditions,
        before: &BigInt,
        more: BigInt,
    ) -> BigInt {
        match self.added(conditions, before, &more) {
            Some(tokens) if tokens == big(0) => big(0),
            _ => more,
        }
    }

    /// The least money that buys as many tokens as the room lets be bought. Where fractions of an
    /// investor add up, less money would buy less: the most that stays inside.
    fn for_tokens(&self, conditions: &Conditions, all: &BigInt, room: &BigInt) -> BigInt {
        let beyond = |money: &BigInt| self.counted(conditions, money) > *room;
        if !beyond(all) {
            return all.clone();
        }
        let most = first(all, beyond) - 1;
        if self.currency(conditions.currency).rounding.per == RoundingScope::Investor {
            return most;
        }
        let tokens = self.counted(conditions, &most);
        if tokens == big(0) {
            return big(0);
        }
        first(&most, |money| self.counted(conditions, money) >= tokens)
    }
}

/// The first amount for which something holds that holds from there on, at the latest for `end`, and
/// not for zero.
fn first(end: &BigInt, holds: impl Fn(&BigInt) -> bool) -> BigInt {
    let (mut low, mut high) = (big(0), end.clone());
    while &high - &low > big(1) {
        let middle: BigInt = (&low + &high) / 2;
        if holds(&middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}
