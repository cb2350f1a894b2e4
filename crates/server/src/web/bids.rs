//! Bids on pages: the most that somebody pays for one token.

use softcap_offering::{
    Amount, LimitPrice,
    terms::{Pricing, Sealing, Terms},
};

use super::{amounts, form::Errors, visit::Visit};

/// Whether people say the most they would pay, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bidding {
    /// The price is that of the terms.
    None,
    /// In the contribution.
    Open,
    /// In a hash that is made in the browser and opened later.
    Sealed,
}

impl Bidding {
    pub(super) fn of(terms: &Terms) -> Self {
        let mut found = Self::None;
        for round in &terms.rounds {
            match &round.pricing {
                Pricing::Bids {
                    sealing: Sealing::Open,
                    ..
                } => found = Self::Open,
                Pricing::Bids {
                    sealing: Sealing::Sealed { .. },
                    ..
                } => return Self::Sealed,
                Pricing::Fixed { .. }
                | Pricing::Steps { .. }
                | Pricing::Linear { .. }
                | Pricing::Tiers { .. }
                | Pricing::Dutch { .. } => {}
            }
        }
        found
    }
}

/// The limit that was typed, in smallest units of a currency for one token; `None` where nobody bids.
pub(super) fn read_limit(
    visit: &Visit,
    terms: &Terms,
    typed: &str,
    decimals: u8,
) -> Result<Option<Amount>, Errors> {
    if Bidding::of(terms) == Bidding::None {
        return Ok(None);
    }
    match amounts::parse(visit.language, typed, decimals) {
        Ok(units) => Ok(Some(Amount(units))),
        Err(fault) => {
            let mut errors = Errors::default();
            errors.add("limit", visit.say(fault.key()));
            Err(errors)
        }
    }
}

/// As a bid has it: money for one whole token.
pub(super) fn limit_price(terms: &Terms, limit: Amount) -> Option<LimitPrice> {
    let tokens = 10_u128.checked_pow(u32::from(terms.token.decimals))?;
    Some(LimitPrice {
        money: limit.0,
        tokens,
    })
}
