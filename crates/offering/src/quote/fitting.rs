//! How much of an amount fits into a room: under a limit, a cap, or what is left on sale.
//!
//! One rule for every pricing. Where tokens are the bound, the least money is taken that buys all
//! tokens which can be had, so that the last buyer does not pay for a fraction that nobody gets.
//! Where money is the bound, as much as goes in is taken. In both cases nothing is taken for nothing.

use super::{Quote, QuotePrice};
use crate::{
    Refusal, RoundingMode,
    ratio::Factor,
    terms::{Bound, Limit, RoundingScope},
};

impl Quote {
    /// The part of `amount` within a limit per contribution; `None` for a limit on another currency.
    pub(crate) fn within_limit(&self, amount: u128, limit: Limit) -> Result<Option<u128>, Refusal> {
        match limit {
            Limit::Value(most) => self.more_within(0, amount, Bound::Value(most)).map(Some),
            Limit::Tokens(most) => self.more_within(0, amount, Bound::Tokens(most)).map(Some),
            Limit::Money(currency, _) if currency != self.currency => Ok(None),
            Limit::Money(_, most) if amount <= most.0 => Ok(Some(amount)),
            Limit::Money(_, most) => Ok(Some(self.worth_taking(most.0))),
        }
    }

    /// The part of `more` that fits into `room` on top of what was taken `before` of the same
    /// contribution. Roundings count for the whole of a contribution, not for each part.
    pub(crate) fn more_within(
        &self,
        before: u128,
        more: u128,
        room: Bound,
    ) -> Result<u128, Refusal> {
        let sum = |a: u128, b: u128| a.checked_add(b).ok_or(Refusal::AmountTooLarge);
        match room {
            Bound::Value(left) => {
                let most = sum(self.value(before)?, left.0)?;
                let total = sum(before, more)?;
                if self.value(total)? <= most {
                    return Ok(more);
                }
                let fits = self.money_within(most).min(total).saturating_sub(before);
                Ok(if self.adds_nothing(before, fits) {
                    0
                } else {
                    fits
                })
            }
            Bound::Tokens(left) if self.is_tiered() => self.amount_for_tokens(more, left.0),
            Bound::Tokens(left) => {
                let most = sum(self.counted(before)?, left.0)?;
                let total = self.amount_for_tokens(sum(before, more)?, most)?;
                Ok(total.saturating_sub(before))
            }
        }
    }

    /// Whether an amount buys no token. Never where that is not known of one contribution: the price
    /// comes later, or an investor's contributions are rounded together.
    pub(crate) fn buys_nothing(&self, amount: u128) -> bool {
        self.adds_nothing(0, amount)
    }

    /// Whether `more` on top of what was taken `before` buys no further token.
    pub(crate) fn adds_nothing(&self, before: u128, more: u128) -> bool {
        let added = match (&self.price, self.rounding.per) {
            (QuotePrice::Later, _) | (QuotePrice::Known(_), RoundingScope::Investor) => {
                return false;
            }
            // Each part has its own price and its own rounding.
            (QuotePrice::Tiers { .. }, _) => self.tokens(more),
            (QuotePrice::Known(_), RoundingScope::Contribution) => {
                let total = self.tokens(before.saturating_add(more));
                total.and_then(|total| Ok(total - self.tokens(before)?))
            }
        };
        // What is too large to be counted is refused as such, elsewhere.
        added == Ok(0)
    }

    /// The amount, or nothing when it buys nothing.
    pub(crate) fn worth_taking(&self, amount: u128) -> u128 {
        if self.buys_nothing(amount) { 0 } else { amount }
    }

    /// The part of `amount` that buys at most `room` tokens, as many as possible for as little money as
    /// possible.
    fn amount_for_tokens(&self, amount: u128, room: u128) -> Result<u128, Refusal> {
        if self.counted(amount)? <= room {
            return Ok(amount);
        }
        // Less than one rounding unit can never be sold.
        let room = room - room % self.unit();
        if room == 0 {
            return Ok(0);
        }
        let QuotePrice::Known(factor) = self.price else {
            return self.search(amount, room);
        };
        match (self.rounding.per, self.rounding.mode) {
            // Each unit of money buys a fraction that the sum of the investor has.
            (RoundingScope::Investor, _) => Ok(self.most_within(factor, amount, room)),
            (RoundingScope::Contribution, RoundingMode::Down) => {
                let least = factor.smallest_reaching(room).unwrap_or(amount);
                // Nothing buys nothing, not even a credit.
                let least = least.saturating_sub(self.credit).max(1).min(amount);
                if self.counted(least)? <= room {
                    return Ok(least);
                }
                // A unit of money buys more than a rounding unit: no amount buys exactly the room, and
                // a smaller one buys less.
                Ok(self.most_within(factor, amount, room))
            }
            (RoundingScope::Contribution, RoundingMode::HalfUp | RoundingMode::HalfEven) => {
                self.search(amount, room)
            }
        }
    }

    /// The most money whose exact tokens fit.
    fn most_within(&self, factor: Factor, amount: u128, room: u128) -> u128 {
        let most = factor.largest_within(room).unwrap_or(amount);
        most.saturating_sub(self.credit).min(amount)
    }

    /// Bisection for prices without a formula, and for roundings that go up: first how many tokens can
    /// be had, then the least money for them. Tokens never fall when money rises.
    fn search(&self, amount: u128, room: u128) -> Result<u128, Refusal> {
        let most = self.last_with(amount, |tokens| tokens <= room)?;
        let tokens = self.counted(most)?;
        if tokens == 0 {
            return Ok(0);
        }
        Ok(self.last_with(most, |fewer| fewer < tokens)? + 1)
    }

    /// The largest amount below `end` whose tokens pass a test; an amount of zero does, and `end` does not.
    fn last_with(&self, end: u128, passes: impl Fn(u128) -> bool) -> Result<u128, Refusal> {
        let (mut last, mut end) = (0, end);
        while end - last > 1 {
            let middle = last + (end - last) / 2;
            if passes(self.counted(middle)?) {
                last = middle;
            } else {
                end = middle;
            }
        }
        Ok(last)
    }
}

#[cfg(test)]
mod tests;
