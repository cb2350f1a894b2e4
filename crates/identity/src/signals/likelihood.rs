//! How much more likely a login is one of anybody than one of its person: the likelihood ratio of Freeman et al. (NDSS
//! 2016), as Wiefling et al. (ACM TOPS 2022) weigh its features.
//!
//! For each feature the ratio is p(x) / p(x | person). p(x) is how often all people come with this value; p(x | person)
//! is estimated from the person's own history with one pseudo-observation that is distributed as p(x) is, so that a value
//! that the person never had is not impossible. Attack data are not used: they made the figures worse.

use std::{collections::VecDeque, num::NonZeroU128};

use super::{Mark, Origin, log2::log2};

/// Parts of the place's weight: one address, its network, its country.
const WITH_COUNTRY: [i64; 3] = [2, 4, 2];
const WITHOUT_COUNTRY: [i64; 3] = [2, 6, 0];
const PARTS: i64 = 8;

/// How often all people logged in, and how often of that with each value of an origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Logins.
    pub total: u64,
    /// From the address.
    pub address: u64,
    /// From the network.
    pub network: u64,
    /// From the country.
    pub country: u64,
    /// With the program.
    pub agent: u64,
}

/// The logarithm of the ratio, in bits ([`super::log2::BIT`]): above zero a stranger is more likely.
pub(super) fn login_bits(history: &VecDeque<Origin>, origin: &Origin, counts: &Counts) -> i64 {
    let own = |same: &dyn Fn(&Origin) -> bool| history.iter().filter(|login| same(login)).count();
    let of = |same: &dyn Fn(&Origin) -> bool, everybody: u64| {
        bits(own(same), history.len(), everybody, counts.total)
    };
    let address = of(&|login| login.address == origin.address, counts.address);
    let network = of(&|login| login.network == origin.network, counts.network);
    let agent = of(&|login| login.agent == origin.agent, counts.agent);
    let country = origin.country.map_or(0, |country: Mark| {
        of(&|login| login.country == Some(country), counts.country)
    });
    let weights = match origin.country {
        Some(_) => WITH_COUNTRY,
        None => WITHOUT_COUNTRY,
    };
    let [of_address, of_network, of_country] = weights;
    (of_address * address + of_network * network + of_country * country) / PARTS + agent
}

/// `own` of `owns` logins of the person, and `count` of `total` of all, had the value.
fn bits(own: usize, owns: usize, count: u64, total: u64) -> i64 {
    let wide = |count: usize| u128::try_from(count).unwrap_or(u128::MAX >> 64);
    let (seen, all) = (u128::from(count) + 1, u128::from(total) + 2);
    // p = seen / all, and p(x | person) = (own + p) / (owns + 1).
    let above = seen.saturating_mul(wide(owns) + 1);
    let below = wide(own).saturating_mul(all).saturating_add(seen);
    let log = |value: u128| NonZeroU128::new(value).map_or(0, log2);
    log(above) - log(below)
}

#[cfg(test)]
mod tests {
    use super::{super::log2::BIT, *};

    #[test]
    fn the_ratio_of_a_feature_is_that_of_the_formula() {
        // own, owns, count, total, bits by hand: p = 100/1000, (own + p) / (owns + 1).
        let table = [
            // Never seen of the person: (1 / p) * p * 16 = 16, four bits.
            (0, 15, 99, 998, 4.0),
            // Always: 0.1 * 16 / 15.1 = 0.10596.
            (15, 15, 99, 998, -3.2384),
            // Nobody has a history: no word about it.
            (0, 0, 99, 998, 0.0),
        ];
        for (own, owns, count, total, expected) in table {
            let found = bits(own, owns, count, total);
            let one: f64 = 65_536.0;
            let expected = expected * one;
            let found = f64::from(i32::try_from(found).unwrap());
            assert!((found - expected).abs() < 8.0, "{own} of {owns}: {found}");
        }
        assert_eq!(BIT, 65_536);
    }
}
