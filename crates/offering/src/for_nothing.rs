//! Money for nothing: what is accepted and comes to no token goes back when the offering is settled.
//!
//! Most of it is never taken: an amount that buys no token is refused, or not cut to
//! (`quote/fitting.rs`). What one contribution does not tell is left to the settlement: the price of an
//! auction, the sum of an investor's contributions that are rounded together, and what is left of a
//! contribution of which the issuer returned a part.
//!
//! It goes back after all rounds are shared out and before the soft cap is judged. No price and no room
//! changes by it: others have contributed at those.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    ContributionIndex, CurrencyIndex, InvestorIndex, Offering, Refusal,
    contribution::{Contribution, Status},
    settlement::ByInvestor,
    terms::{Limit, Round, RoundingScope},
    token_rounding::RunningTokens,
};

impl Round {
    /// Whether a minimum of zero lets in what buys nothing.
    pub(crate) fn allows_nothing(&self, currency: CurrencyIndex) -> bool {
        self.contribution_min.iter().any(|limit| match limit {
            Limit::Value(least) => least.is_zero(),
            Limit::Tokens(least) => least.is_zero(),
            Limit::Money(other, least) => *other == currency && least.is_zero(),
        })
    }
}

impl Offering {
    /// Sends back what is accepted for no token; all rounds must be resolved.
    pub(crate) fn return_for_nothing(&mut self, by_investor: &ByInvestor) {
        for index in self.taken_for_nothing(by_investor) {
            if let Some(quote) = self.quote_of(index) {
                let held = &mut self.contributions[index.index()];
                held.status = Status::Cut(Refusal::BuysNothing);
                let accepted = held.accepted;
                self.give_back(index, &quote, accepted);
            }
        }
    }

    /// Contributions that have money accepted for no token, where the terms do not allow it.
    pub(crate) fn taken_for_nothing(&self, by_investor: &ByInvestor) -> Vec<ContributionIndex> {
        let mut found = Vec::new();
        let mut together = BTreeSet::new();
        for (place, held) in self.contributions.iter().enumerate() {
            if held.accepted == 0 || held.tokens > 0 || self.is_allowed_nothing(held) {
                continue;
            }
            match self.terms.currencies[held.currency.index()].rounding.per {
                RoundingScope::Contribution => found.push(crate::offering::index_of(place)),
                RoundingScope::Investor => {
                    together.insert(held.investor);
                }
            }
        }
        for investor in together {
            found.extend(self.rounded_to_nothing(investor, by_investor));
        }
        found
    }

    fn is_allowed_nothing(&self, held: &Contribution) -> bool {
        let round = held.round().map(|round| &self.terms.rounds[round.index()]);
        round.is_none_or(|round| round.allows_nothing(held.currency))
    }

    /// Contributions of an investor in currencies that are rounded once, whose sum is rounded to nothing.
    fn rounded_to_nothing(
        &self,
        investor: InvestorIndex,
        by_investor: &ByInvestor,
    ) -> Vec<ContributionIndex> {
        let mut running = RunningTokens::new(&self.terms);
        let mut bought = BTreeMap::new();
        for index in by_investor.of(investor) {
            let held = &self.contributions[index.index()];
            let sum = bought.entry((held.round, held.currency)).or_insert(0_u128);
            *sum = sum.saturating_add(running.next(self, index));
        }
        let for_nothing = |index: &ContributionIndex| {
            let held = &self.contributions[index.index()];
            let once = self.terms.currencies[held.currency.index()].rounding.per;
            held.accepted > 0
                && once == RoundingScope::Investor
                && bought.get(&(held.round, held.currency)) == Some(&0)
                && !self.is_allowed_nothing(held)
        };
        by_investor.of(investor).filter(for_nothing).collect()
    }
}
