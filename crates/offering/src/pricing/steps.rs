//! Steps over time or block height: each price holds from its position up to the next one's.
//!
//! The price is that of the contribution's own position, not of the moment somebody evaluates it.
//! Source: the sale of ether in 2014 (2000 per BTC, then 30 less a day).

use crate::{Position, ratio::Factor, terms::PriceStep};

/// The price in force; `None` before the first step.
pub(crate) fn price_at(steps: &[PriceStep], position: Position) -> Option<Factor> {
    let after = steps.partition_point(|step| step.from <= position);
    Some(steps.get(after.checked_sub(1)?)?.price.factor())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ratio;

    #[test]
    fn a_step_begins_at_its_position() {
        let price = |n| Ratio::new(n, 1).unwrap();
        let steps = [
            PriceStep {
                from: Position(10),
                price: price(20),
            },
            PriceStep {
                from: Position(30),
                price: price(15),
            },
            PriceStep {
                from: Position(31),
                price: price(0),
            },
        ];
        let table = [
            (9, None),
            (10, Some(20)),
            (29, Some(20)),
            (30, Some(15)),
            (31, Some(0)),
            (99, Some(0)),
        ];
        for (position, expected) in table {
            let found = price_at(&steps, Position(position)).map(Factor::num);
            assert_eq!(found, expected, "at {position}");
        }
    }
}
