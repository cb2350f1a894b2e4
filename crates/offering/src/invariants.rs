//! What is always true. Checked after every command in tests, and at settlement in production.

use crate::{
    Offering, Verdict,
    rows::CurrencyTotals,
    terms::{Bound, Supply},
};

/// A broken invariant: a defect of the engine, never of its input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// `contributed == accepted + refunded + kept` does not hold for a contribution.
    #[error("contribution {index}: contributed is not accepted + refunded + kept")]
    Contribution {
        /// Which one.
        index: usize,
    },
    /// The same, summed up by currency.
    #[error("currency {currency}: contributed is not accepted + refunded + kept")]
    Currency {
        /// Which one.
        currency: usize,
    },
    /// `sold + unsold == for_sale`, `total == for_sale + shares` or `minted == sold + shares`.
    #[error("the supply does not add up")]
    Supply,
    /// Rounds and contributions disagree on tokens.
    #[error("the tokens of contributions are not the tokens of their rounds")]
    Tokens,
    /// A round accepted more than its cap or sold more than its supply.
    #[error("round {round} is above its cap or supply")]
    Round {
        /// Which one.
        round: usize,
    },
    /// More was accepted than the hard cap.
    #[error("the accepted value is above the hard cap")]
    HardCap,
    /// Accounts and contributions disagree, or `funded == taken_back + available + held + spent` does
    /// not hold for an account or for the accounts of a currency.
    #[error("the accounts do not add up")]
    Accounts,
    /// An investor has more than a limit.
    #[error("investor {investor} is above a limit")]
    Investor {
        /// Which one.
        investor: usize,
    },
}

impl Offering {
    /// Checks everything that must always hold.
    pub fn check_invariants(&self) -> Result<(), Violation> {
        self.check_contributions()?;
        self.check_caps()?;
        self.check_investors()?;
        self.check_supply()?;
        if self.accounts_balance() {
            Ok(())
        } else {
            Err(Violation::Accounts)
        }
    }

    fn check_contributions(&self) -> Result<(), Violation> {
        let mut totals = vec![CurrencyTotals::default(); self.terms.currencies.len()];
        let mut tokens = vec![0_u128; self.rounds.len()];
        for (index, held) in self.contributions.iter().enumerate() {
            let broken = Violation::Contribution { index };
            let place = crate::offering::index_of(index);
            let kept = self.kept.get(&place).copied().unwrap_or(0);
            if held
                .accepted
                .checked_add(kept)
                .is_none_or(|taken| taken > held.amount)
            {
                return Err(broken);
            }
            let row = self.row(place);
            let total = totals.get_mut(row.currency.index()).ok_or(broken.clone())?;
            *total = total.with(&row).ok_or(broken)?;
            match held.round() {
                Some(round) => tokens[round.index()] += held.tokens,
                None if held.tokens > 0 || held.accepted > 0 => return Err(Violation::Tokens),
                None => {}
            }
        }
        if self
            .rounds
            .iter()
            .zip(&tokens)
            .any(|(state, sum)| state.net_tokens != *sum)
        {
            return Err(Violation::Tokens);
        }
        for (currency, total) in totals.iter().enumerate() {
            let parts = total.accepted.0 + total.refunded.0 + total.kept.0;
            let settled = self
                .settlement
                .as_ref()
                .map(|settled| settled.totals[currency]);
            if parts != total.contributed.0 || settled.is_some_and(|held| held != *total) {
                return Err(Violation::Currency { currency });
            }
        }
        Ok(())
    }

    fn check_caps(&self) -> Result<(), Violation> {
        let settled = self.settlement.is_some();
        let (mut value, mut tokens) = (0_u128, 0_u128);
        for (round, (terms, state)) in self.terms.rounds.iter().zip(&self.rounds).enumerate() {
            if crate::rounds::is_batch(terms) && !settled {
                continue;
            }
            value += state.net_value;
            tokens += state.net_tokens;
            let above_cap = terms.cap.is_some_and(|cap| state.net_value > cap.0);
            let above_supply = terms
                .supply
                .is_some_and(|supply| state.net_tokens > supply.0);
            if above_cap || above_supply {
                return Err(Violation::Round { round });
            }
        }
        match self.terms.hard_cap {
            Some(Bound::Value(cap)) if value > cap.0 => Err(Violation::HardCap),
            Some(Bound::Tokens(cap)) if tokens > cap.0 => Err(Violation::HardCap),
            _ => Ok(()),
        }
    }

    fn check_investors(&self) -> Result<(), Violation> {
        if let (Some(most), None) = (self.terms.investor_max, &self.settlement) {
            for investor in 0..self.investors.len() {
                let index = crate::InvestorIndex(u32::try_from(investor).unwrap_or(u32::MAX));
                if self.investors.total_value(index) > most.0 {
                    return Err(Violation::Investor { investor });
                }
            }
        }
        self.check_round_limits()?;
        if let (Some(most), Some(settlement)) = (self.terms.token_ceiling, &self.settlement) {
            let mut rows = self.investor_rows();
            while let Some(row) = rows.next() {
                let held = settlement.by_investor.of(row.investor);
                if row.tokens > most && self.is_cut_to_ceiling(held) {
                    return Err(Violation::Investor {
                        investor: row.investor.index(),
                    });
                }
            }
        }
        Ok(())
    }

    /// Nobody has more in a round than its limit for one investor.
    fn check_round_limits(&self) -> Result<(), Violation> {
        for (place, round) in (0_u8..).zip(&self.terms.rounds) {
            let Some(most) = round.investor_max else {
                continue;
            };
            for investor in 0..self.investors.len() {
                let index = crate::InvestorIndex(u32::try_from(investor).unwrap_or(u32::MAX));
                let (value, tokens) = self.used_in_round(index, crate::RoundIndex(place));
                let above = match most {
                    Bound::Value(most) => value > most.0,
                    Bound::Tokens(most) => tokens > most.0,
                };
                if above {
                    return Err(Violation::Investor { investor });
                }
            }
        }
        Ok(())
    }

    fn check_supply(&self) -> Result<(), Violation> {
        let Some(settlement) = &self.settlement else {
            return Ok(());
        };
        if settlement.settled.verdict != Verdict::Succeeded {
            return Ok(());
        }
        let sold = settlement.settled.sold.0;
        let shares: u128 = settlement.shares.iter().map(|share| share.0).sum();
        let holds = match &self.terms.token.supply {
            Supply::Fixed {
                total, for_sale, ..
            } => sold + settlement.unsold.0 == for_sale.0 && for_sale.0 + shares == total.0,
            Supply::Minted { .. } => settlement.minted.0 == sold + shares,
        };
        if holds {
            Ok(())
        } else {
            Err(Violation::Supply)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        Amount, Tokens, Value,
        fixture::{open, settled},
    };

    #[test]
    fn a_sound_state_has_no_violation() {
        assert_eq!(open().check_invariants(), Ok(()));
        assert_eq!(settled().check_invariants(), Ok(()));
        assert_eq!(settled().settlement().unwrap().settled.sold, Tokens(100));
    }

    #[test]
    fn every_false_state_is_named() {
        type Break = fn(&mut Offering);
        let table: [(Break, Violation); 12] = [
            (
                |o| o.contributions[1].accepted = 501,
                Violation::Contribution { index: 1 },
            ),
            (|o| o.contributions[1].tokens += 1, Violation::Tokens),
            (|o| o.rounds[0].net_tokens += 1, Violation::Tokens),
            (
                |o| o.settlement.as_mut().unwrap().totals[0].refunded = Amount(1),
                Violation::Currency { currency: 0 },
            ),
            (
                |o| Arc::make_mut(&mut o.terms).rounds[0].cap = Some(Value(999)),
                Violation::Round { round: 0 },
            ),
            (
                |o| Arc::make_mut(&mut o.terms).rounds[0].supply = Some(Tokens(99)),
                Violation::Round { round: 0 },
            ),
            (
                |o| Arc::make_mut(&mut o.terms).hard_cap = Some(Bound::Value(Value(999))),
                Violation::HardCap,
            ),
            (
                |o| Arc::make_mut(&mut o.terms).hard_cap = Some(Bound::Tokens(Tokens(99))),
                Violation::HardCap,
            ),
            (
                |o| Arc::make_mut(&mut o.terms).token_ceiling = Some(Tokens(49)),
                Violation::Investor { investor: 0 },
            ),
            (
                |o| o.settlement.as_mut().unwrap().unsold = Tokens(899),
                Violation::Supply,
            ),
            (
                |o| o.settlement.as_mut().unwrap().shares.push(Tokens(1)),
                Violation::Supply,
            ),
            (
                |o| {
                    o.contributions[0].round = crate::contribution::NO_ROUND;
                },
                Violation::Tokens,
            ),
        ];
        for (place, (change, violation)) in table.into_iter().enumerate() {
            let mut offering = settled();
            change(&mut offering);
            assert_eq!(offering.check_invariants(), Err(violation), "row {place}");
        }
    }

    #[test]
    fn bounds_that_are_just_reached_hold() {
        let mut offering = settled();
        let terms = Arc::make_mut(&mut offering.terms);
        terms.rounds[0].cap = Some(Value(1_000));
        terms.rounds[0].supply = Some(Tokens(100));
        terms.hard_cap = Some(Bound::Value(Value(1_000)));
        terms.token_ceiling = Some(Tokens(50));
        assert_eq!(offering.check_invariants(), Ok(()));
        Arc::make_mut(&mut offering.terms).hard_cap = Some(Bound::Tokens(Tokens(100)));
        assert_eq!(offering.check_invariants(), Ok(()));
    }
}
