//! Sales that share out what too much was asked for, by the formula of docs/evm.md: everybody's part, what the beneficiary may have, and the
//! tokens that may be sold. Computed from what everybody asked for and the terms alone; the record must say the same parts.

use alloy_primitives::{U256, U512};
use softcap_evm::{EscrowTerms, Misfit};
use softcap_offering::Offering;

use crate::acts::INVESTORS;
use crate::engine::{Engine, accepted, tokens};
use crate::follow::same;

/// What is asked for in a sale that is shared out.
#[derive(Clone, Debug)]
pub(crate) struct Asks {
    pub(crate) of: [u128; INVESTORS],
    pub(crate) sum: U256,
    capacity: U256,
    price: (U256, U256),
}

/// Whether what is above the caps is shared out.
pub(crate) fn is_shared(terms: &EscrowTerms) -> bool {
    terms.over_cap == Misfit::Share
}

impl Asks {
    /// What is asked for now, in a sale that is not settled. `None` where the first who comes is the first served.
    pub(crate) fn before(terms: &EscrowTerms, engine: &Engine) -> Option<Self> {
        if !is_shared(terms) {
            return None;
        }
        let price = (terms.price_numerator, terms.price_denominator);
        let of: [u128; INVESTORS] = std::array::from_fn(|who| accepted(&engine.offering, who));
        Some(Self {
            sum: of.iter().map(|ask| U256::from(*ask)).sum(),
            of,
            capacity: terms.hard_cap.min(terms.for_sale * price.1 / price.0),
            price,
        })
    }

    /// Whether more is asked for than there is.
    pub(crate) fn are_cut(&self) -> bool {
        self.sum > self.capacity
    }

    /// How many ask.
    pub(crate) fn count(&self) -> usize {
        self.of.iter().filter(|ask| **ask > 0).count()
    }

    /// What of an investor's ask is accepted.
    pub(crate) fn part(&self, who: usize) -> U256 {
        let ask = U256::from(self.of[who]);
        if self.are_cut() {
            ask * self.capacity / self.sum
        } else {
            ask
        }
    }

    fn tokens_for(&self, money: U256) -> U256 {
        let exact = U512::from(money) * U512::from(self.price.0) / U512::from(self.price.1);
        exact.to()
    }

    /// What the beneficiary may have, whatever the parts come to together.
    pub(crate) fn certain(&self) -> U256 {
        if self.are_cut() {
            self.capacity - U256::from(self.count())
        } else {
            self.sum
        }
    }

    /// Most tokens that all parts can come to.
    pub(crate) fn sold(&self) -> U256 {
        self.tokens_for(self.sum.min(self.capacity))
    }

    /// The record gives these parts, and the contract has enough of everything for them.
    pub(crate) fn compare(&self, settled: &Offering) -> Result<(), String> {
        let (mut money, mut all) = (U256::ZERO, U256::ZERO);
        for who in 0..INVESTORS {
            let part = self.part(who);
            let bought = self.tokens_for(part);
            same(&U256::from(accepted(settled, who)), &part)
                .and_then(|()| same(&U256::from(tokens(settled, who)), &bought))
                .map_err(|why| format!("part of investor {who}: {why}"))?;
            money += part;
            all += bought;
        }
        let settled = settled.settlement().ok_or("no settlement")?.settled;
        same(&U256::from(settled.raised.0), &money)?;
        same(&U256::from(settled.sold.0), &all)?;
        if self.certain() > money || money - self.certain() > U256::from(self.count()) {
            return Err(format!("{} drawn of {money}", self.certain()));
        }
        if self.sold() < all {
            return Err(format!("{} sold at most, and {all} bought", self.sold()));
        }
        Ok(())
    }
}
