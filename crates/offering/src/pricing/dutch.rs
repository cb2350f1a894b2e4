//! Dutch auction: the price per token falls along a line until the money raised buys the whole
//! supply; everybody pays the clearing price.
//!
//! The auction clears either inside a contribution, at the price of its position, or between two of
//! them, when the falling price meets what was raised: then the price is exactly
//! `raised / supply`. Tokens are rounded down; what rounding leaves over stays unsold.

use ruint::aliases::U256;

use crate::{
    Position, Ratio, Span,
    ratio::{Factor, wide},
    terms::Window,
};

/// Numeraire units per token unit at a position, `start` at the beginning of the window and `end` at
/// its end, stepping once each `granularity`. `None` when it does not fit 128 bits.
pub(crate) fn money_per_token(
    start: Ratio,
    end: Ratio,
    granularity: Span,
    window: Window,
    position: Position,
) -> Option<Factor> {
    let total = window.until.0.saturating_sub(window.from.0).max(1);
    let elapsed = position.0.saturating_sub(window.from.0).min(total);
    let elapsed = if elapsed == total {
        total
    } else {
        elapsed - elapsed % granularity.0.max(1)
    };
    let high = wide(start.num(), end.den());
    let low = wide(end.num(), start.den());
    let fallen = high.checked_sub(low)?.checked_mul(U256::from(elapsed))?;
    let num = high.checked_mul(U256::from(total))?.checked_sub(fallen)?;
    let den = wide(start.den(), end.den()).checked_mul(U256::from(total))?;
    Factor::from_wide(num, den)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::WindowEnd;

    #[test]
    fn the_price_falls_in_steps_from_start_to_end() {
        let window = Window {
            from: Position(1_000),
            until: Position(2_000),
            end: WindowEnd::Exclusive,
        };
        let price = |at| {
            let start = Ratio::new(10, 1).unwrap();
            let end = Ratio::new(5, 2).unwrap();
            money_per_token(start, end, Span(100), window, Position(at)).unwrap()
        };
        // (position, money for 4 tokens)
        let table = [
            (0, 40),
            (1_000, 40),
            (1_099, 40),
            (1_100, 37),
            (1_500, 25),
            (2_000, 10),
            (9_999, 10),
        ];
        for (at, money) in table {
            assert_eq!(
                price(at).times_to_unit(4, 1, crate::RoundingMode::Down),
                Some(money),
                "at {at}"
            );
        }
    }
}
