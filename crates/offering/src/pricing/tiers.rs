//! Volume tiers: the price depends on the gross amount the round has raised before.
//!
//! A purchase that crosses a boundary is split exactly, each part at the price of its tier, or pays
//! wholly the price before it, as the terms say. Tiers use the gross amount and never step back.

use ruint::aliases::U256;

use crate::{
    Tokens,
    ratio::{Factor, RoundingMode, divide, narrow, wide},
    terms::{Crossing, Tier},
};

/// The tier in which the next unit of value falls; the last one when none is left.
pub(crate) fn tier_at(tiers: &[Tier], raised: u128) -> Option<&Tier> {
    tiers
        .iter()
        .find(|tier| tier.up_to.is_none_or(|end| raised < end.0))
        .or(tiers.last())
}

/// Value that may still be raised before the last tier ends; `None` when it never does.
pub(crate) fn room(tiers: &[Tier], raised: u128) -> Option<u128> {
    let end = tiers.last()?.up_to?;
    Some(end.0.saturating_sub(raised))
}

/// Tokens for `money` units of a currency worth `rate` numeraire units each, bought when the round
/// had raised `raised`: the exact sum over the tiers, rounded once to a multiple of `unit`.
///
/// [`room`] ends a purchase at the end of the last tier. What is beyond it here is less than one
/// unit of the numeraire, or the credit of a currency, and has the last tier's price. `None` when
/// the result does not fit.
pub(crate) fn tokens_for(
    tiers: &[Tier],
    crossing: Crossing,
    raised: u128,
    money: u128,
    rate: Factor,
    unit: Tokens,
    mode: RoundingMode,
) -> Option<u128> {
    let first = tier_at(tiers, raised)?;
    if crossing == Crossing::Before {
        return first
            .price
            .factor()
            .checked_mul(rate)?
            .times_to_unit(money, unit.0, mode);
    }
    // In units of 1 / rate.den of the numeraire everything is a whole number.
    let mut left = wide(money, rate.num());
    let mut from = raised;
    let mut sum = ExactSum::default();
    for (place, tier) in tiers.iter().enumerate() {
        let part = match tier.up_to {
            _ if place + 1 == tiers.len() => left,
            Some(end) if end.0 <= from => continue,
            Some(end) => left.min(wide(end.0 - from, rate.den())),
            None => left,
        };
        sum.add(part, tier.price.factor())?;
        left -= part;
        if left.is_zero() {
            return sum.round(rate.den(), unit.0, mode);
        }
        from = tier.up_to.map_or(from, |end| end.0);
    }
    None
}

/// A sum of products with ratios, over one common denominator.
struct ExactSum {
    num: U256,
    den: U256,
}

impl Default for ExactSum {
    fn default() -> Self {
        Self {
            num: U256::ZERO,
            den: U256::from(1),
        }
    }
}

impl ExactSum {
    fn add(&mut self, amount: U256, price: Factor) -> Option<()> {
        let product = amount.checked_mul(U256::from(price.num()))?;
        let den = U256::from(price.den());
        if self.den % den == U256::ZERO {
            self.num = self.num.checked_add(product.checked_mul(self.den / den)?)?;
        } else {
            self.num = self
                .num
                .checked_mul(den)?
                .checked_add(product.checked_mul(self.den)?)?;
            self.den = self.den.checked_mul(den)?;
        }
        Some(())
    }

    fn round(&self, den: u128, unit: u128, mode: RoundingMode) -> Option<u128> {
        let den = self
            .den
            .checked_mul(U256::from(den))?
            .checked_mul(U256::from(unit))?;
        narrow(U256::from(divide(self.num, den, mode)?))?.checked_mul(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ratio, Value};

    fn tiers() -> Vec<Tier> {
        let tier = |up_to: Option<u128>, num, den| Tier {
            up_to: up_to.map(Value),
            price: Ratio::new(num, den).unwrap(),
        };
        vec![
            tier(Some(100), 3, 1),
            tier(Some(150), 5, 2),
            tier(None, 1, 3),
        ]
    }

    #[test]
    fn a_purchase_over_boundaries_is_split_exactly_or_pays_the_price_before() {
        // (raised before, money, split, wholly the price before)
        let table = [
            (0, 100, 300, 300),
            (90, 10, 30, 30),
            (90, 11, 32, 33),
            (99, 1, 3, 3),
            (100, 1, 2, 2),
            (90, 61, 155, 183),
            (90, 63, 156, 189),
            (1_000, 3, 1, 1),
        ];
        for (raised, money, split, before) in table {
            let tokens = |crossing| {
                tokens_for(
                    &tiers(),
                    crossing,
                    raised,
                    money,
                    Ratio::ONE.factor(),
                    Tokens(1),
                    RoundingMode::Down,
                )
            };
            assert_eq!(
                tokens(Crossing::Split),
                Some(split),
                "{money} after {raised}, split"
            );
            assert_eq!(
                tokens(Crossing::Before),
                Some(before),
                "{money} after {raised}, before"
            );
        }
    }

    #[test]
    fn the_last_tier_ends_the_room_and_prices_a_fraction_beyond_it() {
        let bounded = &tiers()[..2];
        let tokens = |raised, money| {
            tokens_for(
                bounded,
                Crossing::Split,
                raised,
                money,
                Ratio::ONE.factor(),
                Tokens(1),
                RoundingMode::Down,
            )
        };
        assert_eq!(tokens(140, 10), Some(25));
        assert_eq!(tokens(140, 11), Some(27));
        assert_eq!(tokens(150, 2), Some(5));
        assert_eq!(room(bounded, 140), Some(10));
        assert_eq!(room(bounded, 151), Some(0));
        assert_eq!(room(&tiers(), 140), None);
    }
}
