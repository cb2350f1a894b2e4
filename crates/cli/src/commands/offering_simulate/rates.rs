//! Rates of currencies whose rates are recorded: an assumed first one, and small moves after it.

use softcap_offering::{
    Command, CurrencyIndex, Offering, Outcome, Position, Ratio, Refusal, Stamp,
    terms::{RateTerm, Terms},
};

use super::draws::Draws;
use crate::decimal::power_of_ten;

/// Whole numeraire units for a whole unit of the currency, to begin with. Demand is counted in the
/// numeraire, so another number changes amounts and no share.
pub(super) const FIRST_RATE: u128 = 1_000;
/// Largest move from one rate to the next, in basis points, where the terms allow as much.
const LARGEST_MOVE: u64 = 200;
/// A first rate of 10,000 parts can move in whole parts.
const PARTS: u128 = 10_000;

/// The first rate of a currency.
pub(super) fn first(terms: &Terms, currency: CurrencyIndex) -> Ratio {
    scaled(terms, currency, PARTS)
}

/// The rate that is `parts / PARTS` of the first one.
fn scaled(terms: &Terms, currency: CurrencyIndex, parts: u128) -> Ratio {
    let decimals = terms
        .currencies
        .get(currency.index())
        .map_or(0, |held| held.decimals);
    let power = |decimals: u8| power_of_ten(u32::from(decimals)).unwrap_or(1);
    let money = power(terms.numeraire.decimals).saturating_mul(FIRST_RATE * parts);
    Ratio::new(money, power(decimals).saturating_mul(PARTS)).unwrap_or(Ratio::ONE)
}

/// The rates so far.
pub(super) struct RateWalk {
    /// Of each currency with recorded rates: parts of the first rate, and when it was recorded.
    current: Vec<Option<(u128, Position)>>,
}

impl RateWalk {
    pub(super) fn new(terms: &Terms) -> Self {
        Self {
            current: vec![None; terms.currencies.len()],
        }
    }

    /// The rate in force.
    pub(super) fn rate(&self, terms: &Terms, currency: CurrencyIndex) -> Ratio {
        match terms
            .currencies
            .get(currency.index())
            .map(|held| &held.rate)
        {
            Some(RateTerm::Fixed(rate)) => *rate,
            Some(RateTerm::Recorded { .. }) | None => {
                let current = self.current.get(currency.index()).copied().flatten();
                scaled(terms, currency, current.map_or(PARTS, |(parts, _)| parts))
            }
        }
    }

    /// Records a new rate when the one in force is half as old as it may get.
    pub(super) fn refresh(
        &mut self,
        offering: &mut Offering,
        stamp: Stamp,
        currency: CurrencyIndex,
        draws: &mut Draws,
    ) -> Result<(), Refusal> {
        let terms = offering.terms();
        let Some(RateTerm::Recorded {
            max_age, max_step, ..
        }) = terms
            .currencies
            .get(currency.index())
            .map(|held| &held.rate)
        else {
            return Ok(());
        };
        let held = self.current.get(currency.index()).copied().flatten();
        let parts = match held {
            Some((_, at)) if stamp.position.0.saturating_sub(at.0) <= max_age.0 / 2 => {
                return Ok(());
            }
            Some((parts, _)) => {
                let largest = LARGEST_MOVE.min(u64::from(max_step.0));
                let up = u128::from(draws.below(2 * largest + 1));
                // Rounded towards the old rate, so that a step is never a part too large.
                let moved = (parts * (PARTS + up)).saturating_sub(parts * u128::from(largest));
                if up >= u128::from(largest) {
                    moved / PARTS
                } else {
                    moved.div_ceil(PARTS)
                }
            }
            None => PARTS,
        };
        let rate = scaled(terms, currency, parts.max(1));
        if let Outcome::Refused(refusal) = offering.apply(stamp, &Command::Rate { currency, rate })
        {
            return Err(refusal);
        }
        if let Some(place) = self.current.get_mut(currency.index()) {
            *place = Some((parts.max(1), stamp.position));
        }
        Ok(())
    }
}
