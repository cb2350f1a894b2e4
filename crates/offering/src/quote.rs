//! What a contribution is worth and what it buys, at its place in the order.

mod fitting;

use std::{cell::Cell, sync::Arc};

use crate::{
    ContributionIndex, CurrencyIndex, InvestorIndex, Offering, Position, Refusal, RoundIndex,
    RoundingMode, Tokens, Value,
    contribution::NO_ROUND,
    pricing::{self, tiers},
    ratio::Factor,
    rounds::is_batch,
    terms::{Allocation, Bound, FreedRoom, Pricing, Rounding, RoundingScope, Terms},
};

/// Value and tokens of money of one currency, in one round, at one position.
#[derive(Clone, Debug)]
pub(crate) struct Quote {
    pub(crate) currency: CurrencyIndex,
    pub(crate) rate_index: u32,
    pub(crate) rounding: Rounding,
    pub(crate) credit: u128,
    /// Numeraire units per money unit.
    pub(crate) rate: Factor,
    pub(crate) price: QuotePrice,
    /// The last amount whose tokens were asked for, and the answer: checking and recording one
    /// contribution ask for the same several times, and each answer is a division of 256 bits.
    last: Cell<Option<(u128, u128)>>,
}

#[derive(Clone, Debug)]
pub(crate) enum QuotePrice {
    /// Token units per money unit.
    Known(Factor),
    /// By the amount raised before.
    Tiers {
        terms: Arc<Terms>,
        round: usize,
        raised: u128,
    },
    /// Known at the end only.
    Later,
}

impl Offering {
    pub(crate) fn quote(
        &self,
        round: RoundIndex,
        currency: CurrencyIndex,
        rate: Factor,
        rate_index: u32,
        position: Position,
    ) -> Result<Quote, Refusal> {
        let terms = &self.terms.rounds[round.index()];
        let state = &self.rounds[round.index()];
        let price = match (&terms.pricing, state.fixed_factors[currency.index()]) {
            (_, Some(factor)) => QuotePrice::Known(factor),
            (Pricing::Tiers { .. }, None) => QuotePrice::Tiers {
                terms: Arc::clone(&self.terms),
                round: round.index(),
                raised: state.gross_value,
            },
            (Pricing::Dutch { .. } | Pricing::Bids { .. }, None) => QuotePrice::Later,
            (pricing, None) => {
                let price = pricing::price_at(pricing, position).ok_or(Refusal::NotYetOpen)?;
                QuotePrice::Known(price.checked_mul(rate).ok_or(Refusal::AmountTooLarge)?)
            }
        };
        let held = &self.terms.currencies[currency.index()];
        Ok(Quote {
            currency,
            rate_index,
            rounding: held.rounding,
            credit: held.credit.0,
            rate,
            price,
            last: Cell::new(None),
        })
    }

    /// The quote that a recorded contribution had.
    pub(crate) fn quote_of(&self, index: ContributionIndex) -> Option<Quote> {
        let held = self.contributions.get(index.index())?;
        let place = usize::try_from(held.rate).ok()?;
        let rate = self.rates.all.get(place)?.factor();
        self.quote(held.round()?, held.currency, rate, held.rate, held.position)
            .ok()
    }

    /// Room under each cap that a round's contributions meet, with the refusal of who meets it.
    pub(crate) fn rooms(
        &self,
        round: RoundIndex,
        quote: &Quote,
        investor: InvestorIndex,
        position: Position,
    ) -> Result<Rooms, Refusal> {
        let terms = &self.terms.rounds[round.index()];
        let state = &self.rounds[round.index()];
        let mut others = 0;
        if let Allocation::Guaranteed { until } = terms.allocation
            && position < until
        {
            let own = self.guarantee_left(investor, round);
            others = state.guaranteed - own.min(state.guaranteed);
        }
        let mut rooms = Rooms::default();
        if let Some(cap) = terms.cap {
            let used = state
                .used_value
                .checked_add(others)
                .ok_or(Refusal::AmountTooLarge)?;
            rooms.push_value(cap, used, Refusal::RoundCapReached);
        }
        if let Some(supply) = terms.supply {
            let reserved = quote.tokens_of_value(others)?;
            let used = state
                .used_tokens
                .checked_add(reserved)
                .ok_or(Refusal::AmountTooLarge)?;
            rooms.push_tokens(supply, used, Refusal::SoldOut);
        }
        let (all_value, all_tokens) = self.used_outside_batches();
        match self.terms.hard_cap {
            Some(Bound::Value(cap)) => {
                let reserved = self.reserved_by_batches(round);
                let used = all_value
                    .checked_add(reserved.0)
                    .ok_or(Refusal::AmountTooLarge)?;
                rooms.push_value(cap, used, Refusal::HardCapReached);
            }
            Some(Bound::Tokens(cap)) => {
                let reserved = self.reserved_by_batches(round);
                let used = all_tokens
                    .checked_add(reserved.1)
                    .ok_or(Refusal::AmountTooLarge)?;
                rooms.push_tokens(cap, used, Refusal::HardCapReached);
            }
            None => {}
        }
        if let Some(for_sale) = self.terms.token.supply.most_for_sale() {
            let reserved = self.reserved_by_batches(round);
            let used = all_tokens
                .checked_add(reserved.1)
                .ok_or(Refusal::AmountTooLarge)?;
            rooms.push_tokens(for_sale, used, Refusal::SoldOut);
        }
        match &terms.pricing {
            Pricing::Tiers { tiers, .. } => {
                if let Some(left) = tiers::room(tiers, state.gross_value) {
                    rooms.push(Bound::Value(Value(left)), Refusal::SoldOut);
                }
            }
            Pricing::Dutch { .. } => {
                let left = self.dutch_room(round, position).unwrap_or(0);
                rooms.push(Bound::Value(Value(left)), Refusal::SoldOut);
            }
            Pricing::Fixed { .. }
            | Pricing::Steps { .. }
            | Pricing::Linear { .. }
            | Pricing::Bids { .. } => {}
        }
        Ok(rooms)
    }

    /// Value and tokens that rounds without batch allocation use. A Dutch auction uses its whole
    /// supply from the beginning, because what it sells is known only at its end.
    pub(crate) fn used_outside_batches(&self) -> (u128, u128) {
        let rounds = self.terms.rounds.iter().zip(&self.rounds);
        rounds.filter(|(terms, _)| !is_batch(terms)).fold(
            (0, 0),
            |(value, tokens), (terms, state)| {
                let used = match terms.pricing {
                    Pricing::Dutch { .. } => terms.supply.map_or(0, |supply| supply.0),
                    Pricing::Fixed { .. }
                    | Pricing::Steps { .. }
                    | Pricing::Linear { .. }
                    | Pricing::Tiers { .. }
                    | Pricing::Bids { .. } => state.used_tokens,
                };
                (
                    value.saturating_add(state.used_value),
                    tokens.saturating_add(used),
                )
            },
        )
    }

    /// Value and tokens set aside for batch rounds, which are allocated at settlement: each keeps
    /// the room that the terms give it.
    pub(crate) fn reserved_by_batches(&self, but: RoundIndex) -> (u128, u128) {
        let mut reserved = (0_u128, 0_u128);
        for (place, round) in self.terms.rounds.iter().enumerate() {
            if place != but.index() && is_batch(round) {
                reserved.0 = reserved.0.saturating_add(round.cap.map_or(0, |cap| cap.0));
                reserved.1 = reserved
                    .1
                    .saturating_add(round.supply.map_or(0, |supply| supply.0));
            }
        }
        reserved
    }

    /// Adds `accepted` money of a contribution to everything that counts it; its tokens.
    pub(crate) fn take(&mut self, index: ContributionIndex, quote: &Quote, accepted: u128) -> u128 {
        let before = self.uses(index, quote);
        let held = &mut self.contributions[index.index()];
        held.accepted += accepted;
        if accepted > 0 {
            held.tokens = match quote.price {
                // Every part keeps the price of the tier in which it was taken.
                QuotePrice::Tiers { .. } => held.tokens + quote.tokens(accepted).unwrap_or(0),
                QuotePrice::Known(_) | QuotePrice::Later => {
                    quote.tokens(held.accepted).unwrap_or(0)
                }
            };
        }
        let (tokens, round, investor) = (held.tokens, held.round, held.investor);
        let after = self.uses(index, quote);
        let round = RoundIndex(round);
        let (value, reserve) = (after.value - before.value, after.reserve - before.reserve);
        let state = &mut self.rounds[round.index()];
        state.used_value += value;
        state.used_tokens += reserve;
        state.gross_value += value;
        state.net_value += value;
        state.net_tokens += after.tokens - before.tokens;
        self.sums.value += value;
        self.sums.tokens += reserve;
        let (used_value, used_tokens) = self.used_in_round(investor, round);
        self.set_used_in_round(investor, round, used_value + value, used_tokens + reserve);
        let total = self.investors.total_value(investor) + value;
        self.investors.set_total_value(investor, total);
        if matches!(
            self.terms.rounds[round.index()].allocation,
            Allocation::Guaranteed { .. }
        ) {
            self.use_guarantee(investor, round, value);
        }
        tokens
    }

    /// Takes `amount` of accepted money out again; whether freed room may be used anew is a term.
    pub(crate) fn give_back(&mut self, index: ContributionIndex, quote: &Quote, amount: u128) {
        let before = self.uses(index, quote);
        let held = &mut self.contributions[index.index()];
        let was = held.accepted;
        held.accepted -= amount;
        held.tokens = match quote.price {
            // A tier's price belongs to its place in the order: what is left keeps its share,
            // rounded down to the unit of the currency.
            QuotePrice::Tiers { .. } => Factor::share(held.accepted, was)
                .and_then(|share| {
                    share.times_to_unit(held.tokens, quote.unit(), RoundingMode::Down)
                })
                .unwrap_or(0),
            QuotePrice::Known(_) | QuotePrice::Later if held.accepted == 0 => 0,
            QuotePrice::Known(_) | QuotePrice::Later => quote.tokens(held.accepted).unwrap_or(0),
        };
        let (round, investor) = (RoundIndex(held.round), held.investor);
        let after = self.uses(index, quote);
        let value = before.value - after.value;
        let reserve = before.reserve - after.reserve.min(before.reserve);
        let state = &mut self.rounds[round.index()];
        state.net_value -= value;
        state.net_tokens -= before.tokens - after.tokens.min(before.tokens);
        if self.terms.freed_room != FreedRoom::Closed {
            state.used_value -= value;
            state.used_tokens -= reserve;
            let (used_value, used_tokens) = self.used_in_round(investor, round);
            self.set_used_in_round(investor, round, used_value - value, used_tokens - reserve);
            let total = self.investors.total_value(investor).saturating_sub(value);
            self.investors.set_total_value(investor, total);
        }
    }

    /// Tokens that a contribution may come to.
    pub(crate) fn reserve_of(&self, index: ContributionIndex) -> u128 {
        self.quote_of(index)
            .map_or(0, |quote| self.uses(index, &quote).reserve)
    }

    fn uses(&self, index: ContributionIndex, quote: &Quote) -> Uses {
        let held = &self.contributions[index.index()];
        Uses {
            value: quote.value(held.accepted).unwrap_or(0),
            tokens: held.tokens,
            reserve: match quote.rounding.per {
                RoundingScope::Contribution => held.tokens,
                RoundingScope::Investor if held.accepted == 0 => 0,
                RoundingScope::Investor => quote.reserve(held.accepted).unwrap_or(0),
            },
        }
    }

    /// Value and tokens an investor used in a round.
    pub(crate) fn used_in_round(&self, investor: InvestorIndex, round: RoundIndex) -> (u128, u128) {
        let record = self.investors.get(investor);
        if record.round == round.0 {
            return (record.round_value, record.round_tokens);
        }
        self.other_rounds
            .get(&(investor, round))
            .copied()
            .unwrap_or((0, 0))
    }

    fn set_used_in_round(
        &mut self,
        investor: InvestorIndex,
        round: RoundIndex,
        value: u128,
        tokens: u128,
    ) {
        let record = self.investors.get_mut(investor);
        if record.round != round.0 {
            if record.round != NO_ROUND {
                let used = (record.round_value, record.round_tokens);
                self.other_rounds
                    .insert((investor, RoundIndex(record.round)), used);
            }
            self.other_rounds.remove(&(investor, round));
            record.round = round.0;
        }
        record.round_value = value;
        record.round_tokens = tokens;
    }
}

/// Room under each cap that a contribution meets: at most five, held without an allocation.
#[derive(Default)]
pub(crate) struct Rooms {
    held: [Option<(Bound, Refusal)>; 5],
    length: usize,
}

impl Rooms {
    pub(crate) fn push_value(&mut self, most: Value, used: u128, refusal: Refusal) {
        self.push(Bound::Value(Value(most.0.saturating_sub(used))), refusal);
    }

    pub(crate) fn push_tokens(&mut self, most: Tokens, used: u128, refusal: Refusal) {
        self.push(Bound::Tokens(Tokens(most.0.saturating_sub(used))), refusal);
    }

    fn push(&mut self, room: Bound, refusal: Refusal) {
        if let Some(place) = self.held.get_mut(self.length) {
            *place = Some((room, refusal));
            self.length += 1;
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Bound, Refusal)> {
        self.held.iter().flatten().copied()
    }
}

/// What a contribution counts for.
struct Uses {
    value: u128,
    tokens: u128,
    reserve: u128,
}

impl Quote {
    /// Value in numeraire units, rounded down.
    pub(crate) fn value(&self, amount: u128) -> Result<u128, Refusal> {
        self.rate.floor(amount).ok_or(Refusal::AmountTooLarge)
    }

    /// Value in numeraire units, rounded up.
    pub(crate) fn value_up(&self, amount: u128) -> Result<u128, Refusal> {
        self.rate
            .ceil_to_unit(amount, 1)
            .ok_or(Refusal::AmountTooLarge)
    }

    /// The multiple of the token's smallest unit to which tokens are rounded.
    pub(crate) fn unit(&self) -> u128 {
        self.rounding.unit.0
    }

    /// For more of a contribution that has had its credit.
    pub(crate) fn without_credit(self) -> Self {
        Self {
            credit: 0,
            last: Cell::new(None),
            ..self
        }
    }

    /// Whether the price depends on what was raised before, so that parts of one contribution can
    /// have different ones.
    pub(crate) fn is_tiered(&self) -> bool {
        matches!(self.price, QuotePrice::Tiers { .. })
    }

    /// The largest amount whose exact value is at most `value`.
    pub(crate) fn money_within(&self, value: u128) -> u128 {
        self.rate.largest_within(value).unwrap_or(u128::MAX)
    }

    /// Tokens for an amount by the rounding of its currency, the credit included; zero while the
    /// price is not known. Nothing buys nothing: a credit goes with money.
    pub(crate) fn tokens(&self, amount: u128) -> Result<u128, Refusal> {
        if amount == 0 {
            return Ok(0);
        }
        if let Some((asked, tokens)) = self.last.get()
            && asked == amount
        {
            return Ok(tokens);
        }
        let tokens = self.compute_tokens(amount)?;
        self.last.set(Some((amount, tokens)));
        Ok(tokens)
    }

    fn compute_tokens(&self, amount: u128) -> Result<u128, Refusal> {
        let money = amount
            .checked_add(self.credit)
            .ok_or(Refusal::AmountTooLarge)?;
        let (unit, mode) = (self.rounding.unit, self.rounding.mode);
        match &self.price {
            QuotePrice::Known(factor) => factor.times_to_unit(money, unit.0, mode),
            QuotePrice::Tiers {
                terms,
                round,
                raised,
            } => {
                let Pricing::Tiers { tiers, crossing } = &terms.rounds[*round].pricing else {
                    return Err(Refusal::Inconsistent);
                };
                tiers::tokens_for(tiers, *crossing, *raised, money, self.rate, unit, mode)
            }
            QuotePrice::Later => Some(0),
        }
        .ok_or(Refusal::AmountTooLarge)
    }

    /// Tokens that an amount can become at most, whatever rounding per investor adds.
    pub(crate) fn reserve(&self, amount: u128) -> Result<u128, Refusal> {
        let money = amount
            .checked_add(self.credit)
            .ok_or(Refusal::AmountTooLarge)?;
        match &self.price {
            QuotePrice::Known(factor) => factor
                .ceil_to_unit(money, self.rounding.unit.0)
                .ok_or(Refusal::AmountTooLarge),
            QuotePrice::Tiers { .. } | QuotePrice::Later => self.tokens(amount),
        }
    }

    /// Token units per money unit where it is known.
    pub(crate) fn factor(&self) -> Option<Factor> {
        match self.price {
            QuotePrice::Known(factor) => Some(factor),
            QuotePrice::Tiers { .. } | QuotePrice::Later => None,
        }
    }

    /// Tokens for a value of the numeraire, rounded up.
    pub(crate) fn tokens_of_value(&self, value: u128) -> Result<u128, Refusal> {
        if value == 0 {
            return Ok(0);
        }
        let money = self
            .rate
            .smallest_reaching(value)
            .ok_or(Refusal::AmountTooLarge)?;
        self.reserve(money)
    }

    /// Tokens as they count against limits and the supply.
    fn counted(&self, amount: u128) -> Result<u128, Refusal> {
        match self.rounding.per {
            RoundingScope::Investor if amount == 0 => Ok(0),
            RoundingScope::Contribution => self.tokens(amount),
            RoundingScope::Investor => self.reserve(amount),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ratio, fixture::open};

    #[test]
    fn a_quote_without_credit_forgets_what_it_said_with_one() {
        let quote = Quote {
            currency: CurrencyIndex(0),
            rate_index: 0,
            rounding: Rounding {
                mode: RoundingMode::Down,
                unit: Tokens(1),
                per: RoundingScope::Contribution,
            },
            credit: 10,
            rate: Ratio::ONE.factor(),
            price: QuotePrice::Known(Ratio::ONE.factor()),
            last: Cell::new(None),
        };
        assert_eq!(quote.tokens(5), Ok(15));
        assert_eq!(quote.tokens(5), Ok(15));
        assert_eq!(quote.tokens(6), Ok(16));
        assert_eq!(quote.without_credit().tokens(6), Ok(6));
    }

    #[test]
    fn a_contribution_reserves_what_it_buys() {
        let offering = open();
        assert_eq!(offering.reserve_of(ContributionIndex(0)), 50);
        assert_eq!(offering.reserve_of(ContributionIndex(9)), 0);
    }
}
