//! Rounding once per investor: the exact sum of what an investor's money of one currency buys in one
//! round, rounded at the end. In one round, because the supply and the price are the round's.
//!
//! Each contribution's row shows what it adds to the rounded sum, so that rows add up to the
//! investor's tokens. Source: the Cosmos fundraiser of 2017, where bitcoin was added up per person
//! before rounding and ether was rounded payment by payment.

use ruint::aliases::U512;

use crate::{
    ContributionIndex, Offering, RoundingMode,
    ratio::{Factor, wide},
    terms::{RoundingScope, Terms},
};

/// The sums of one investor, one for each round and currency that is rounded once.
pub(crate) struct RunningTokens {
    sums: Vec<Option<Sum>>,
    currencies: usize,
}

/// An exact fraction, and what it was rounded to so far.
#[derive(Clone)]
struct Sum {
    num: U512,
    den: U512,
    rounded: u128,
}

impl RunningTokens {
    pub(crate) fn new(terms: &Terms) -> Self {
        let start = || Sum {
            num: U512::ZERO,
            den: U512::from(1),
            rounded: 0,
        };
        let once = terms.rounds.iter().flat_map(|_| &terms.currencies);
        let sums = once
            .map(|currency| (currency.rounding.per == RoundingScope::Investor).then(start))
            .collect();
        Self {
            sums,
            currencies: terms.currencies.len(),
        }
    }

    /// Tokens that the investor's next contribution adds.
    pub(crate) fn next(&mut self, offering: &Offering, index: ContributionIndex) -> u128 {
        let held = &offering.contributions[index.index()];
        let place = held.round().map(|round| round.index() * self.currencies);
        let place = place.map(|first| first + held.currency.index());
        let Some(Some(sum)) = place.and_then(|place| self.sums.get_mut(place)) else {
            return held.tokens;
        };
        if held.accepted == 0 {
            return 0;
        }
        let terms = &offering.terms.currencies[held.currency.index()];
        let Some(factor) = offering.quote_of(index).and_then(|quote| quote.factor()) else {
            return held.tokens;
        };
        let money = held.accepted.saturating_add(terms.credit.0);
        let (unit, mode) = (terms.rounding.unit.0, terms.rounding.mode);
        // Prices of one schedule share small denominators; where a sum of unrelated ones does not
        // fit 512 bits, this contribution is rounded by itself.
        sum.add(money, factor, unit, mode).unwrap_or(held.tokens)
    }
}

impl Sum {
    fn add(&mut self, money: u128, factor: Factor, unit: u128, mode: RoundingMode) -> Option<u128> {
        let product = U512::from(wide(money, factor.num()));
        let den = U512::from(factor.den());
        let (num, common) = if (self.den % den).is_zero() {
            (
                self.num.checked_add(product.checked_mul(self.den / den)?)?,
                self.den,
            )
        } else {
            let num = self
                .num
                .checked_mul(den)?
                .checked_add(product.checked_mul(self.den)?)?;
            (num, self.den.checked_mul(den)?)
        };
        let step = common.checked_mul(U512::from(unit))?;
        let (quotient, rest) = num.div_rem(step);
        let other = step - rest;
        let odd = quotient.bit(0);
        let up = match mode {
            RoundingMode::Down => false,
            RoundingMode::HalfUp => rest >= other,
            RoundingMode::HalfEven => rest > other || (rest == other && odd),
        };
        let rounded = u128::try_from(quotient)
            .ok()?
            .checked_add(u128::from(up))?
            .checked_mul(unit)?;
        let added = rounded.checked_sub(self.rounded)?;
        *self = Self {
            num,
            den: common,
            rounded,
        };
        Some(added)
    }
}
