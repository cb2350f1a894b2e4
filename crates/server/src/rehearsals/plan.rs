//! What is played of some terms.

use softcap_evm::takes_evm;
use softcap_offering::{
    RoundingMode,
    terms::{Bound, Pricing, Sealing, Terms},
};

use crate::api::full_sale;

/// Steps of a sale on a chain: the contracts, the window, everything after it, the comparison.
pub(super) const CHAIN_STEPS: u32 = 4;
/// Where nothing bounds a sale and nothing is asked of it, so many whole units are enough for all.
const WHOLE_UNITS: u128 = 10_000;

/// What is played of some terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// What a full sale would bring, in the numeraire.
    pub(super) whole: u128,
    /// The soft cap.
    pub(super) soft: Option<u128>,
    /// A contract takes the money.
    pub(super) on_chain: bool,
}

impl Plan {
    /// `None` for sealed bids: what nobody knows before it is revealed is not played.
    pub(crate) fn of(terms: &Terms) -> Option<Self> {
        let is_sealed = terms.rounds.iter().any(|round| {
            matches!(
                round.pricing,
                Pricing::Bids {
                    sealing: Sealing::Sealed { .. },
                    ..
                }
            )
        });
        if is_sealed {
            return None;
        }
        let soft = match terms.soft_cap {
            Some(Bound::Value(soft)) => Some(soft.0),
            Some(Bound::Tokens(_)) | None => None,
        };
        Some(Self {
            whole: full_sale(terms).unwrap_or_else(|| unbounded(terms, soft)),
            soft: soft.filter(|soft| *soft > 1),
            on_chain: takes_evm(terms),
        })
    }

    /// How many steps it has.
    pub(super) fn steps(self) -> u32 {
        let sales = 1 + u32::from(self.soft.is_some());
        let on_chain = u32::from(self.on_chain) * CHAIN_STEPS;
        sales * (1 + on_chain)
    }
}

/// More than is asked for, where no rule says how much fits.
fn unbounded(terms: &Terms, soft: Option<u128>) -> u128 {
    let asked = terms.rounds.iter().filter_map(|round| match round.pricing {
        Pricing::Bids { min_proceeds, .. } => Some(min_proceeds.0),
        Pricing::Fixed { .. }
        | Pricing::Steps { .. }
        | Pricing::Linear { .. }
        | Pricing::Tiers { .. }
        | Pricing::Dutch { .. } => None,
    });
    let asked = asked.chain(soft).max().unwrap_or(0);
    let hard = match terms.hard_cap {
        Some(Bound::Value(cap)) => Some(cap.0),
        Some(Bound::Tokens(_)) | None => None,
    };
    // Where a contract takes bids, none may be above a price.
    let ceiling = terms.root.and_then(|root| root.bids).and_then(|bids| {
        let supply = terms.rounds.first()?.supply?;
        bids.ceiling.times(supply.0, RoundingMode::Down)
    });
    let unit = 10_u128.saturating_pow(u32::from(terms.numeraire.decimals));
    let enough = asked
        .saturating_mul(3)
        .max(unit.saturating_mul(WHOLE_UNITS));
    hard.or(ceiling).unwrap_or(enough).max(1)
}
