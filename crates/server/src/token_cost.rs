//! What one token costs, from the ratio that terms have.

use softcap_offering::{Ratio, RoundingMode, terms::Terms};

/// Places that a cost has beyond those of the numeraire.
const MORE_PLACES: u8 = 6;

/// Money for one token, finer than the numeraire's smallest unit. All costs of the same terms have the same places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TokenCost {
    /// Rounded up.
    pub(crate) units: u128,
    /// Of the units.
    pub(crate) places: u8,
    /// Whether nothing was rounded.
    pub(crate) is_exact: bool,
}

impl TokenCost {
    /// Of token units per unit of the numeraire.
    pub(crate) fn of(terms: &Terms, price: Ratio) -> Option<Self> {
        let places = terms.token.decimals.checked_add(MORE_PLACES)?;
        let one = 10_u128.checked_pow(u32::from(places))?;
        let inverse = price.inverse()?;
        let down = inverse.times(one, RoundingMode::Down)?;
        // In lowest terms the product is whole only when the denominator divides the factor.
        let is_exact = one.is_multiple_of(inverse.den());
        Some(Self {
            units: if is_exact { down } else { down.checked_add(1)? },
            places: terms.numeraire.decimals.checked_add(MORE_PLACES)?,
            is_exact,
        })
    }
}
