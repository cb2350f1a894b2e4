//! Who brings how much: within what one contribution and one person may, and never by chance.

use softcap_offering::terms::{Bound, Limit, Round, Terms};

use super::Demand;

/// Wallets at least.
const WALLETS: u128 = 24;
/// And at most, where a limit makes each of them bring little.
const MOST_WALLETS: u128 = 240;
/// Most that a wallet of the chain can bring of the coin, in wei; it pays for transactions as well.
const MOST_COIN: u128 = 9_000_000_000_000_000_000_000;
/// Decimal places of a chain's own coin.
pub(super) const COIN_DECIMALS: u8 = 18;

/// The wallets that come, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Crowd {
    /// What each brings, in smallest units of the currency.
    pub(super) amounts: Vec<u128>,
    /// Whether the chain's coin is enough for it; else an ERC-20 is made.
    pub(super) in_coin: bool,
    /// Whether all of it together reaches the soft cap.
    pub(super) could_succeed: bool,
}

impl Crowd {
    pub(super) fn of(terms: &Terms, demand: Demand) -> Self {
        let bounds = Bounds::of(terms);
        let wished = match demand {
            Demand::InAll(sum) => sum,
            Demand::LessThan(most) => most / 2,
        };
        let count = wished.div_ceil(bounds.most).clamp(WALLETS, MOST_WALLETS);
        let each = (wished / count).max(1);
        let mut amounts = Vec::new();
        let mut sum = 0_u128;
        for number in 0..count {
            let amount = bounds.within(part(each, number));
            let next = sum.saturating_add(amount);
            match demand {
                Demand::LessThan(most) if next >= most => break,
                Demand::InAll(_) | Demand::LessThan(_) => {}
            }
            sum = next;
            amounts.push(amount);
        }
        let soft = match terms.soft_cap {
            Some(Bound::Value(soft)) => soft.0,
            Some(Bound::Tokens(_)) | None => 0,
        };
        let is_coin = terms
            .currencies
            .first()
            .is_some_and(|currency| currency.decimals == COIN_DECIMALS);
        Self {
            in_coin: is_coin && amounts.iter().all(|amount| *amount <= MOST_COIN),
            could_succeed: sum >= soft,
            amounts,
        }
    }
}

/// Between six tenths and fourteen tenths of what everybody brings on average.
fn part(each: u128, number: u128) -> u128 {
    let tenths_of_tenths = 60 + number * 37 % 81;
    match each.checked_mul(tenths_of_tenths) {
        Some(product) => product / 100,
        None => each / 100 * tenths_of_tenths,
    }
}

/// What one contribution of one person may be.
struct Bounds {
    least: u128,
    most: u128,
}

impl Bounds {
    /// Of terms that a contract keeps: all of them count the one currency.
    fn of(terms: &Terms) -> Self {
        let units = |limit: &Limit| match limit {
            Limit::Value(value) => Some(value.0),
            Limit::Money(_, amount) => Some(amount.0),
            Limit::Tokens(_) => None,
        };
        let value = |bound: Bound| match bound {
            Bound::Value(value) => Some(value.0),
            Bound::Tokens(_) => None,
        };
        // What every round takes: who comes does not choose one.
        let of_rounds = |read: fn(&Round) -> &[Limit]| terms.rounds.iter().flat_map(read);
        let least = of_rounds(|round| &round.contribution_min).filter_map(units);
        let investor_min = terms.rounds.iter().filter_map(|round| round.investor_min);
        let investor_min = investor_min.map(|min| min.0);
        let most = of_rounds(|round| &round.contribution_max).filter_map(units);
        let investor_max = terms.rounds.iter().filter_map(|round| round.investor_max);
        let investor_max = investor_max.filter_map(value);
        let all_rounds = terms.investor_max.map(|most| most.0);
        let least = least.chain(investor_min).max().unwrap_or(1).max(1);
        let most = most.chain(investor_max).chain(all_rounds).min();
        Self {
            least,
            most: most.unwrap_or(u128::MAX).max(least),
        }
    }

    fn within(&self, amount: u128) -> u128 {
        amount.clamp(self.least, self.most)
    }
}
