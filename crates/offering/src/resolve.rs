//! Resolving rounds at settlement: batch allocations, Dutch prices and auctions.
//!
//! The unit of a batch allocation is the person. A person's part is shared over their contributions
//! in proportion, in an order that does not depend on the journal's.

use crate::{
    Amount, ContributionIndex, LimitPrice, Offering, Refusal, RoundIndex, Tokens,
    allocation::{self, dust::tie_rank, lottery::Draw, uniform_price},
    contribution::{Contribution, Status},
    quote::Quote,
    ratio::Factor,
    rounds::is_batch,
    settlement::RoundSettlement,
    terms::{Allocation, DustRule, Pricing, Round},
};

/// What one contribution asks for in a batch round.
pub(crate) struct Ask {
    pub(crate) index: ContributionIndex,
    /// Place of the person in `Asks::people`.
    pub(crate) person: usize,
    /// Value, rounded up, so that accepting all of it never exceeds the room.
    pub(crate) value: u128,
    pub(crate) quote: Quote,
}

/// What is asked in a batch round.
pub(crate) struct Asks {
    pub(crate) asks: Vec<Ask>,
    /// What each person asks: sums of `asks`.
    pub(crate) people: Vec<u128>,
    /// Id of each person as text.
    pub(crate) ids: Vec<String>,
}

impl Offering {
    pub(crate) fn resolve_rounds(&mut self, rounds: &mut [RoundSettlement]) -> Result<(), Refusal> {
        let terms = std::sync::Arc::clone(&self.terms);
        for (place, (round, result)) in terms.rounds.iter().zip(rounds).enumerate() {
            match &round.pricing {
                Pricing::Dutch { .. } => result.clearing = self.resolve_dutch(place)?,
                Pricing::Bids { min_proceeds, .. } => {
                    result.clearing = self.resolve_bids(place, min_proceeds.0)?;
                }
                Pricing::Fixed { .. } | Pricing::Steps { .. } | Pricing::Linear { .. }
                    if is_batch(round) =>
                {
                    result.lottery_threshold = self.resolve_batch(place, round)?;
                }
                Pricing::Fixed { .. }
                | Pricing::Steps { .. }
                | Pricing::Linear { .. }
                | Pricing::Tiers { .. } => {}
            }
        }
        Ok(())
    }

    pub(crate) fn collect_asks(&self, round: usize) -> Result<Asks, Refusal> {
        let mut person_of = vec![usize::MAX; self.investors.len()];
        let mut found = Asks {
            asks: Vec::new(),
            people: Vec::new(),
            ids: Vec::new(),
        };
        for (at, held) in self.contributions.iter().enumerate() {
            if held.round().map(RoundIndex::index) != Some(round) || held.accepted == 0 {
                continue;
            }
            let index = crate::offering::index_of(at);
            let quote = self.quote_of(index).ok_or(Refusal::NoRate)?;
            let value = quote.value_up(held.accepted)?;
            let person = &mut person_of[held.investor.index()];
            if *person == usize::MAX {
                *person = found.people.len();
                found.people.push(0);
                found.ids.push(self.investors.id(held.investor).to_string());
            }
            let total = &mut found.people[*person];
            *total = total.checked_add(value).ok_or(Refusal::AmountTooLarge)?;
            found.asks.push(Ask {
                index,
                person: *person,
                value,
                quote,
            });
        }
        Ok(found)
    }

    fn resolve_batch(&mut self, place: usize, round: &Round) -> Result<Option<[u8; 32]>, Refusal> {
        let found = self.collect_asks(place)?;
        let (capacity, dust) = self.batch_capacity(place, round, &found)?;
        let rank = |person: usize| tie_rank(&self.terms_hash, found.ids[person].as_bytes());
        let people = &found.people;
        let mut threshold = None;
        let (parts, reason) = match &round.allocation {
            Allocation::ProRata => (
                allocation::pro_rata::allot(people, capacity, dust, rank),
                Refusal::Oversubscribed,
            ),
            Allocation::ProRataCapped { cap } => (
                allocation::pro_rata_capped::allot(people, cap.0, capacity, dust, rank),
                Refusal::Oversubscribed,
            ),
            Allocation::WaterFilling => (
                allocation::water_filling::allot(people, capacity, dust, rank),
                Refusal::Oversubscribed,
            ),
            Allocation::Lottery { marginal, .. } => {
                let seed = self.rounds[place].seed.ok_or(Refusal::SeedMissing)?;
                let number = u16::try_from(place).unwrap_or(u16::MAX);
                let draw = Draw::new(&self.terms_hash, number, &seed);
                let id = |person: usize| found.ids[person].as_bytes();
                let drawn = allocation::lottery::allot(&draw, people, id, capacity, *marginal);
                threshold = drawn.threshold;
                (drawn.allotments, Refusal::NotDrawn)
            }
            Allocation::FirstCome | Allocation::Guaranteed { .. } => return Ok(None),
        };
        if matches!(round.pricing, Pricing::Fixed { .. }) {
            self.share_out(found, &parts, reason);
        } else {
            self.scale_down(&found, &parts, reason);
        }
        Ok(threshold)
    }

    /// The value that a batch round may accept, and what becomes of rounding dust.
    pub(crate) fn batch_capacity(
        &self,
        place: usize,
        round: &Round,
        found: &Asks,
    ) -> Result<(u128, DustRule), Refusal> {
        let (value, tokens) = self.left_for_batch(place);
        let value = value.unwrap_or(u128::MAX);
        let Some(tokens) = tokens else {
            return Ok((value, self.terms.dust));
        };
        if let Pricing::Fixed { price } = &round.pricing {
            let by_tokens = price.factor().largest_within(tokens).unwrap_or(u128::MAX);
            return Ok((value.min(by_tokens), self.terms.dust));
        }
        // The price differs from contribution to contribution: everybody is scaled by
        // tokens on sale / tokens asked, both rounded against the buyer, and dust stays unsold.
        let mut asked = 0_u128;
        for ask in &found.asks {
            let held = &self.contributions[ask.index.index()];
            let wanted = ask.quote.reserve(held.accepted)?;
            asked = asked.checked_add(wanted).ok_or(Refusal::AmountTooLarge)?;
        }
        if asked <= tokens {
            return Ok((value, self.terms.dust));
        }
        let total = found
            .people
            .iter()
            .try_fold(0_u128, |sum, ask| sum.checked_add(*ask));
        let total = total.ok_or(Refusal::AmountTooLarge)?;
        let scaled = Factor::share(tokens, asked).and_then(|share| share.floor(total));
        Ok((value.min(scaled.unwrap_or(0)), DustRule::Unassigned))
    }

    /// Shares each person's part over their contributions in proportion; exactly, and whatever the
    /// order in which they came.
    fn share_out(&mut self, mut found: Asks, parts: &[u128], reason: Refusal) {
        let amount =
            |ask: &Ask, all: &crate::chunked::Chunked<Contribution>| all[ask.index.index()].amount;
        let all = &self.contributions;
        found.asks.sort_by(|a, b| {
            (a.person, a.quote.currency, a.value, amount(a, all), a.index).cmp(&(
                b.person,
                b.quote.currency,
                b.value,
                amount(b, all),
                b.index,
            ))
        });
        let mut sums = vec![0_u128; parts.len()];
        for ask in found.asks {
            let (asked, part) = (found.people[ask.person], parts[ask.person]);
            if part == asked {
                continue;
            }
            let share = |value: u128| {
                Factor::share(part, asked)
                    .and_then(|share| share.floor(value))
                    .unwrap_or(0)
            };
            let before = sums[ask.person];
            let after = before + ask.value;
            sums[ask.person] = after;
            let value = share(after) - share(before);
            let held = self.contributions[ask.index.index()].accepted;
            let accepted = if value == ask.value {
                held
            } else {
                ask.quote.money_within(value)
            };
            // Who wins a lottery with a part was drawn; there was not enough left.
            let reason = if part > 0 {
                Refusal::Oversubscribed
            } else {
                reason
            };
            self.reduce(ask.index, &ask.quote, accepted.min(held), reason);
        }
    }

    /// Scales each contribution down by its person's ratio, rounded down. Where prices differ, no
    /// contribution may get more than its ratio, or the tokens of all could exceed the supply.
    fn scale_down(&mut self, found: &Asks, parts: &[u128], reason: Refusal) {
        for ask in &found.asks {
            let (asked, part) = (found.people[ask.person], parts[ask.person]);
            if part < asked {
                let held = self.contributions[ask.index.index()].accepted;
                let accepted = Factor::share(part, asked)
                    .and_then(|share| share.floor(held))
                    .unwrap_or(0);
                self.reduce(ask.index, &ask.quote, accepted, reason);
            }
        }
    }

    /// Leaves `accepted` of what a contribution asked; of what is cut, nothing where that buys no token.
    fn reduce(&mut self, index: ContributionIndex, quote: &Quote, accepted: u128, reason: Refusal) {
        let held = self.contributions[index.index()].accepted;
        if accepted < held {
            let accepted = quote.worth_taking(accepted);
            self.give_back(index, quote, held - accepted);
            self.contributions[index.index()].status = Status::Cut(reason);
        }
    }

    fn resolve_dutch(&mut self, place: usize) -> Result<Option<LimitPrice>, Refusal> {
        let round = RoundIndex(u8::try_from(place).unwrap_or(u8::MAX));
        let state = &self.rounds[place];
        let end = state
            .closed
            .or_else(|| self.round_end(place))
            .map(|stamp| stamp.position);
        let end = end.ok_or(Refusal::Inconsistent)?;
        let supply = self.terms.rounds[place].supply.unwrap_or(Tokens::ZERO).0;
        let raised = state.gross_value;
        let last = self
            .dutch_price(round, end)
            .ok_or(Refusal::AmountTooLarge)?;
        // Money and tokens at which everybody buys. It cleared before the end exactly when what
        // was raised pays for the whole supply at the price of the end.
        let price = if raised > 0 && last.floor(supply).is_some_and(|lot| raised >= lot) {
            Factor::share(raised, supply).ok_or(Refusal::Inconsistent)?
        } else {
            last
        };
        let per_value = price.inverse().ok_or(Refusal::Inconsistent)?;
        let (mut sold, rounding) = (0_u128, &self.terms.currencies);
        for at in 0..self.contributions.len() {
            let held = &self.contributions[at];
            if held.round() != Some(round) || held.accepted == 0 {
                continue;
            }
            let index = crate::offering::index_of(at);
            let quote = self.quote_of(index).ok_or(Refusal::NoRate)?;
            let unit = rounding[held.currency.index()].rounding.unit.0;
            let value = quote.value(held.accepted)?;
            let tokens = per_value
                .times_to_unit(value, unit, crate::RoundingMode::Down)
                .ok_or(Refusal::AmountTooLarge)?;
            sold = sold.checked_add(tokens).ok_or(Refusal::AmountTooLarge)?;
            self.contributions[at].tokens = tokens;
        }
        self.rounds[place].net_tokens = sold;
        self.rounds[place].used_tokens = sold;
        Ok(Some(LimitPrice {
            money: price.num(),
            tokens: price.den(),
        }))
    }

    fn resolve_bids(
        &mut self,
        place: usize,
        min_proceeds: u128,
    ) -> Result<Option<LimitPrice>, Refusal> {
        let round = RoundIndex(u8::try_from(place).unwrap_or(u8::MAX));
        self.bids.open.sort_by_key(|(index, _)| *index);
        let (_, tokens) = self.left_for_batch(place);
        let supply = self.terms.rounds[place].supply.unwrap_or(Tokens::ZERO).0;
        let supply = tokens.map_or(supply, |left| left.min(supply));
        let mut bids = Vec::new();
        for &(index, limit) in &self.bids.open {
            let held = &self.contributions[index.index()];
            if held.round() == Some(round) && held.accepted > 0 {
                let id = self.investors.id(held.investor).to_string();
                bids.push((index, Amount(held.accepted), limit, id));
            }
        }
        let lot = std::num::NonZeroU128::new(supply).map(|supply| uniform_price::Lot {
            supply,
            min_proceeds,
        });
        let Some(lot) = lot else {
            // Other rounds have sold everything: every bid goes back.
            for (index, ..) in &bids {
                let quote = self.quote_of(*index).ok_or(Refusal::NoRate)?;
                self.reduce(*index, &quote, 0, Refusal::SoldOut);
            }
            return Ok(None);
        };
        let clearing = clear(lot, &bids, &self.terms, &self.terms_hash)?;
        let mut sold = 0_u128;
        for (place, (index, ..)) in bids.iter().enumerate() {
            let accepted = clearing.accepted[place];
            let quote = self.quote_of(*index).ok_or(Refusal::NoRate)?;
            let reason = if accepted == 0 {
                Refusal::Outbid
            } else {
                Refusal::Oversubscribed
            };
            self.reduce(*index, &quote, accepted, reason);
            let unit = self.terms.currencies[quote.currency.index()]
                .rounding
                .unit
                .0
                .max(1);
            let tokens = clearing.tokens[place] - clearing.tokens[place] % unit;
            self.contributions[index.index()].tokens = tokens;
            sold = sold.checked_add(tokens).ok_or(Refusal::AmountTooLarge)?;
        }
        self.rounds[place].net_tokens = sold;
        Ok(clearing.price.map(|price| LimitPrice {
            money: price.money.get(),
            tokens: price.tokens.get(),
        }))
    }
}

/// Clears the lot by the tie and dust rules of the terms.
fn clear(
    lot: uniform_price::Lot,
    bids: &[(ContributionIndex, Amount, LimitPrice, String)],
    terms: &crate::terms::Terms,
    terms_hash: &[u8; 32],
) -> Result<uniform_price::Clearing, Refusal> {
    let mut offers = Vec::with_capacity(bids.len());
    for (_, money, limit, id) in bids {
        let limit = uniform_price::Price::new(limit.money, limit.tokens)
            .ok_or(Refusal::LimitPriceMissing)?;
        offers.push(uniform_price::Bid {
            money: money.0,
            limit,
            id: id.as_bytes(),
        });
    }
    // Bids of one person that are equal in everything are interchangeable; all others differ here.
    let rank = |place: usize| {
        let (_, money, limit, id) = &bids[place];
        let mut key = id.clone().into_bytes();
        key.push(0);
        for part in [money.0, limit.money, limit.tokens] {
            key.extend_from_slice(&part.to_be_bytes());
        }
        tie_rank(terms_hash, &key)
    };
    uniform_price::clear(lot, &offers, terms.tie, terms.dust, rank)
        .map_err(|_| Refusal::AmountTooLarge)
}
