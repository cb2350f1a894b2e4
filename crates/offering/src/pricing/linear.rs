//! A bonus that falls linearly to nothing, over time or block height.
//!
//! `price = base x (1 + bonus x s / per)` with `s` the distance from the contribution's position to
//! `until` in whole multiples of `granularity`, and zero afterwards. Exact: the price is a ratio.
//! Source: Mastercoin 2013 (10 % for each week early, linear per second), Counterparty 2014.

use ruint::aliases::U256;

use crate::{BasisPoints, Position, Ratio, Span, ratio::Factor};

/// The price at a position; `None` only when it does not fit 128 bits in lowest terms.
pub(crate) fn price_at(
    base: Ratio,
    bonus: BasisPoints,
    per: Span,
    until: Position,
    granularity: Span,
    position: Position,
) -> Option<Factor> {
    let distance = until.0.saturating_sub(position.0);
    let whole = distance - distance % granularity.0.max(1);
    let unit = U256::from(per.0) * U256::from(BasisPoints::WHOLE.0);
    let num = U256::from(base.num()).checked_mul(unit + U256::from(whole) * U256::from(bonus.0))?;
    let den = U256::from(base.den()).checked_mul(unit)?;
    Factor::from_wide(num, den)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mastercoin_bonus_is_ten_per_cent_a_week_per_second() {
        let deadline = 1_377_993_600_000;
        let week = 604_800_000;
        let price = |at| {
            price_at(
                Ratio::new(100, 1).unwrap(),
                BasisPoints(1_000),
                Span(week),
                Position(deadline),
                Span(1_000),
                Position(at),
            )
            .unwrap()
        };
        // (milliseconds before the deadline, tokens for 1e8 satoshi, rounded down)
        let table = [
            (0, 10_000_000_000),
            (week, 11_000_000_000),
            (2 * week, 12_000_000_000),
            (999, 10_000_000_000),
            (1_000, 10_000_001_653),
            (1_999, 10_000_001_653),
        ];
        for (early, tokens) in table {
            assert_eq!(
                price(deadline - early).floor(100_000_000),
                Some(tokens),
                "{early} ms early"
            );
        }
        assert_eq!(
            price(deadline + week).floor(100_000_000),
            Some(10_000_000_000)
        );
    }
}
