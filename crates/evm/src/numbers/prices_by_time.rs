//! Prices that go by time, as limits of the contract that is settled by a root.
//!
//! The contract looks up the limit of a contribution by its second. It knows no line, so a price that moves along one is
//! cut into stretches of the window, each with the highest price in it: what is enforced is never below the price, and
//! above it by one stretch at most.

use alloy_primitives::U256;
use softcap_offering::Ratio;
use softcap_offering::terms::Pricing;

use super::root_prices::{PriceLimits, goes_by_time};
use super::schedule::WindowNumbers;

/// Stretches at most. Each is a word in the code of the escrow, 6,400 gas of its announcement.
const MOST: u64 = 32;

/// The limit from a second on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LimitFrom {
    pub(crate) from: u64,
    pub(crate) limit: U256,
}

/// The limits by time, or none where one is for the whole window. `price_at` are tokens for money at a second.
pub(super) fn read(
    pricing: &Pricing,
    window: &WindowNumbers,
    limits: &PriceLimits,
    price_at: &dyn Fn(u64) -> Option<Ratio>,
) -> Option<Vec<LimitFrom>> {
    if !goes_by_time(pricing) {
        return Some(Vec::new());
    }
    let (opens, closes) = (window.opens.saturating_to(), window.closes.saturating_to());
    let begins = beginnings(pricing, (opens, closes));
    let ends = begins.iter().skip(1).copied().chain([closes]);
    let mut found = Vec::with_capacity(begins.len());
    for (from, end) in begins.iter().zip(ends) {
        // Within a stretch the price only rises or only falls.
        let first = limit_of(limits, price_at(*from)?)?;
        let last = limit_of(limits, price_at(end.saturating_sub(1))?)?;
        let limit = first.max(last).min(limits.ceiling);
        found.push(LimitFrom { from: *from, limit });
    }
    let mut found = merged(&found);
    found.dedup_by(|later, before| later.limit == before.limit);
    match found[..] {
        [only] if only.limit == limits.ceiling => Some(Vec::new()),
        _ => Some(found),
    }
}

/// Where stretches begin, the first one with the window.
fn beginnings(pricing: &Pricing, (opens, closes): (u64, u64)) -> Vec<u64> {
    let mut begins = vec![opens];
    if let Pricing::Steps { steps } = pricing {
        let steps = steps.iter().map(|step| step.from.0.div_ceil(1_000));
        begins.extend(steps.filter(|from| (opens + 1..closes).contains(from)));
    } else {
        let part = closes.saturating_sub(opens).div_ceil(MOST);
        let after = (1..MOST).map(|place| opens.saturating_add(place * part));
        begins.extend(after.take_while(|from| *from < closes));
    }
    begins.dedup();
    begins
}

/// No more than there is room for: neighbours have the highest of their limits.
fn merged(limits: &[LimitFrom]) -> Vec<LimitFrom> {
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let size = limits.len().div_ceil(most).max(1);
    let highest = |part: &[LimitFrom]| {
        let from = part.first()?.from;
        let limit = part.iter().map(|each| each.limit).max()?;
        Some(LimitFrom { from, limit })
    };
    limits.chunks(size).filter_map(highest).collect()
}

/// Money for the price unit at a price, rounded up.
fn limit_of(limits: &PriceLimits, price: Ratio) -> Option<U256> {
    // 127 and 128 bits.
    let money = limits.unit * U256::from(price.den());
    let tokens = U256::from(price.num());
    (!tokens.is_zero()).then(|| money.div_ceil(tokens))
}
