//! Batch allocation: who gets how much when more is asked than is on sale.
//!
//! An *ask* is what one person asked for, in the smallest units of the numeraire, and the
//! *capacity* is what there is to give, in the same units. Every rule here looks at all asks at
//! once, after the round has closed, so the order in which they came has no influence: a permuted
//! input gives the same result permuted. Allotments are parallel to the asks.
//!
//! For every rule, with the asks already cut to a cap where there is one:
//! - `allotment[i] <= ask[i]`, and the allotments add up to no more than the capacity;
//! - they add up to exactly `min(capacity, sum of asks)` when the dust is assigned
//!   ([`DustRule::LargestRemainder`](crate::terms::DustRule::LargestRemainder), or
//!   [`MarginalWinner::Partial`](crate::terms::MarginalWinner::Partial)).
//!
//! | rule | file | who gets less when it is tight |
//! |---|---|---|
//! | pro rata | [`pro_rata`] | everybody, by the same ratio |
//! | pro rata with a cap | [`pro_rata_capped`] | the same, counting no ask beyond the cap |
//! | water filling | [`water_filling`] | whoever asked for more than the common level |
//! | lottery | [`lottery`] | whoever drew a larger ticket |
//! | uniform-price auction | [`uniform_price`] | whoever bid less per token |
//!
//! The sum of all asks may be larger than `u128::MAX`; it is formed in 256 bits. There are no
//! floats, no clock, no randomness and no maps in this module.

pub mod dust;
pub mod lottery;
pub mod pro_rata;
pub mod pro_rata_capped;
pub mod uniform_price;
pub mod water_filling;

mod wide;

#[cfg(test)]
mod model;
