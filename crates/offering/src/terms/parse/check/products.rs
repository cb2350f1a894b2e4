//! Whether prices, rates and rounding units stay exact ratios of 128-bit integers.

use ruint::aliases::U256;

use super::super::super::problem::TermsCode;
use super::super::super::{Pricing, RateTerm};
use super::super::reader::Reader;
use super::RoundSite;
use crate::ratio::{narrow, wide};
use crate::{BasisPoints, Ratio, Tokens};

impl RoundSite<'_> {
    /// Rate x price must stay an exact ratio of 128-bit integers, also with the rounding unit.
    pub(super) fn products(&self, reader: &mut Reader<'_>) {
        for currency in self.currencies() {
            let rate = match currency.rate {
                RateTerm::Fixed(rate) => rate,
                RateTerm::Recorded { .. } => Ratio::ONE,
            };
            if self.ratios_fit(rate, currency.rounding.unit) != Some(true) {
                let message = format!(
                    "price, rate and rounding unit of {} together are beyond 128 bits",
                    currency.symbol
                );
                let hint = "use fewer digits in price or rate, or fewer decimals";
                self.report(reader, TermsCode::ProductTooLarge, "pricing", message, hint);
            }
        }
    }

    /// Whether every price of the round fits; `None` when a product is beyond 128 bits.
    fn ratios_fit(&self, rate: Ratio, unit: Tokens) -> Option<bool> {
        let fits = |price: Ratio| {
            let product = price.checked_mul(rate)?;
            Some(narrow(wide(product.den(), unit.0)).is_some())
        };
        match &self.round.pricing {
            Pricing::Fixed { price } => fits(*price),
            Pricing::Steps { steps } => steps
                .iter()
                .map(|step| fits(step.price))
                .try_fold(true, |all, fit| Some(all && fit?)),
            Pricing::Tiers { tiers, .. } => tiers
                .iter()
                .map(|tier| fits(tier.price))
                .try_fold(true, |all, fit| Some(all && fit?)),
            Pricing::Bids { .. } => Some(true),
            Pricing::Linear {
                base,
                bonus,
                per,
                until,
                ..
            } => {
                // The engine multiplies by (whole + bonus x distance) / whole; the distance is
                // largest at the earliest position. What fits unreduced fits at every position.
                let from = self.window()?.from;
                let distance = u128::from(until.0.saturating_sub(from.0));
                let whole = u128::from(BasisPoints::WHOLE.0).checked_mul(u128::from(per.0))?;
                let most = whole.checked_add(u128::from(bonus.0).checked_mul(distance)?)?;
                for ratio in [*base, base.checked_mul(rate)?] {
                    ratio.num().checked_mul(most)?;
                    ratio.den().checked_mul(whole)?.checked_mul(unit.0)?;
                }
                Some(true)
            }
            Pricing::Dutch { start, end, .. } => {
                // The price is a mixture of both ends by time, over their common denominator.
                let window = self.window()?;
                let total = u128::from(window.until.0.saturating_sub(window.from.0).max(1));
                let common = start
                    .den()
                    .checked_mul(Ratio::new(start.den(), end.den())?.den())?;
                common.checked_mul(total)?;
                let highest = start
                    .num()
                    .checked_mul(common / start.den())?
                    .checked_mul(total)?;
                let intermediate = wide(start.num(), end.den());
                intermediate.checked_mul(U256::from(total))?;
                wide(start.den(), end.den()).checked_mul(U256::from(total))?;
                highest.checked_mul(rate.den())?;
                common.checked_mul(total)?.checked_mul(rate.num())?;
                Some(true)
            }
        }
    }
}
