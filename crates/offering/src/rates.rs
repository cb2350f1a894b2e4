//! Recorded rates: the value of a currency, bounded in age and in step by the terms.

use crate::{
    BasisPoints, CurrencyIndex, Offering, Ratio, Refusal, Stamp, offering::CurrentRate,
    ratio::wide, terms::RateTerm,
};

impl Offering {
    pub(crate) fn record_rate(
        &mut self,
        stamp: Stamp,
        currency: CurrencyIndex,
        rate: Ratio,
    ) -> Result<(), Refusal> {
        self.require_running()?;
        let terms = self
            .terms
            .currencies
            .get(currency.index())
            .ok_or(Refusal::UnknownCurrency)?;
        let RateTerm::Recorded { max_step, .. } = &terms.rate else {
            return Err(Refusal::RateIsFixed);
        };
        if stamp.line != terms.line {
            return Err(Refusal::UnknownCurrency);
        }
        if rate.is_zero() {
            return Err(Refusal::RateIsZero);
        }
        if let Some(current) = self.rates.current[currency.index()] {
            let place = usize::try_from(current.index).unwrap_or(usize::MAX);
            let before = self.rates.all.get(place).ok_or(Refusal::NoRate)?;
            if !within_step(*before, rate, *max_step) {
                return Err(Refusal::RateStep);
            }
        }
        let index = u32::try_from(self.rates.all.len()).map_err(|_| Refusal::TooManyEntries)?;
        self.rates.all.push(rate);
        self.rates.current[currency.index()] = Some(CurrentRate {
            index,
            recorded: Some(stamp.position),
        });
        Ok(())
    }
}

/// Whether `|new - old| <= old x step`, exactly. What does not fit 512 bits of comparison is no
/// step that a sane source makes, and counts as too large.
fn within_step(old: Ratio, new: Ratio, step: BasisPoints) -> bool {
    use ruint::aliases::U512;
    let product = |a, b| U512::from(wide(a, b));
    let (old_side, new_side) = (product(old.num(), new.den()), product(new.num(), old.den()));
    let difference = new_side.abs_diff(old_side);
    difference * U512::from(BasisPoints::WHOLE.0) <= old_side * U512::from(step.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_measured_against_the_rate_before() {
        let ratio = |n, d| Ratio::new(n, d).unwrap();
        // (old, new, step in basis points, within)
        let table = [
            (ratio(100, 1), ratio(120, 1), 2_000, true),
            (ratio(100, 1), ratio(12_001, 100), 2_000, false),
            (ratio(100, 1), ratio(80, 1), 2_000, true),
            (ratio(100, 1), ratio(7_999, 100), 2_000, false),
            (ratio(1, 3), ratio(1, 3), 0, true),
            (ratio(u128::MAX, 1), ratio(1, u128::MAX), 9_999, false),
        ];
        for (old, new, step, within) in table {
            assert_eq!(
                within_step(old, new, BasisPoints(step)),
                within,
                "{old:?} to {new:?}"
            );
        }
    }
}
