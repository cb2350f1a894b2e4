//! What decides at the settlement, seen right before it: batch allocations, bids, the soft cap.

use std::borrow::Cow;

use crate::{
    Amount, ContributionIndex, CurrencyIndex, LimitPrice, Offering, Refusal, Sequence, Tokens,
    Value, Verdict,
    allocation::{
        dust::tie_rank,
        lottery::{self, Draw},
        pro_rata, pro_rata_capped,
        uniform_price::Price,
        water_filling,
    },
    resolve::Asks,
    rounds::is_batch,
    settlement::{ByInvestor, RoundSettlement},
    terms::{Allocation, Bound, DustRule, Pricing, Round, RoundingScope},
    trace::RunningPart,
};

/// How a contribution fares in what is decided at the settlement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettlementTrace {
    /// In a round that is shared out at the end.
    pub batch: Option<BatchTrace>,
    /// In an auction with bids.
    pub bid: Option<BidTrace>,
    /// What of it is accepted once all rounds are shared out, before the verdict.
    pub allotted: Amount,
    /// Where that comes to no token, so that it goes back.
    pub for_nothing: Option<ForNothingTrace>,
    /// The soft cap, where the terms have one and the settlement comes to it.
    pub soft_cap: Option<SoftCapTrace>,
}

/// Money that comes to no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForNothingTrace {
    /// Its value, rounded down.
    pub value: Value,
    /// With rounding once per investor: what is rounded together, in order.
    pub together: Vec<RunningPart>,
}

/// The soft cap and what was compared with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoftCapTrace {
    /// The cap.
    pub cap: Bound,
    /// What is accepted, in its unit.
    pub has: u128,
}

/// A batch round and one person's part in it. The unit is the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchTrace {
    /// How many people ask.
    pub people: usize,
    /// What all of them ask, each contribution rounded up to a whole unit.
    pub asked: Value,
    /// The value that the round may accept.
    pub capacity: Value,
    /// The room in value under caps, if any bounds it.
    pub room_value: Option<Value>,
    /// The room in tokens, if any bounds it.
    pub room_tokens: Option<Tokens>,
    /// The tokens that all asks together would be, where that decides the capacity.
    pub asked_tokens: Option<Tokens>,
    /// What this person asks.
    pub person_asked: Value,
    /// What this person gets.
    pub person_part: Value,
    /// The rule and what it computes for this person.
    pub rule: BatchRule,
    /// Whether each contribution is scaled by itself, because prices differ; else the person's part
    /// is shared over the contributions in this order.
    pub scaled: bool,
    /// The person's contributions.
    pub asks: Vec<AskTrace>,
}

/// A rule, and the numbers of one person in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchRule {
    /// `part = asked x capacity / asked by all`, rounded down, and perhaps one unit of dust.
    ProRata,
    /// The same over asks that count up to the cap.
    ProRataCapped {
        /// Most that counts.
        cap: Value,
        /// What counts of this person's ask.
        counted: Value,
        /// What counts of all asks.
        counted_by_all: Value,
    },
    /// Everybody the same level, up to what they asked.
    WaterFilling {
        /// The level; `None` when everybody gets the whole ask.
        level: Option<Value>,
        /// Units that the level leaves over.
        leftover: Value,
    },
    /// Drawn: tickets up to the threshold win.
    Lottery {
        /// The seed.
        seed: [u8; 32],
        /// This person's ticket.
        ticket: [u8; 32],
        /// The last ticket that wins; `None` when nobody does.
        threshold: Option<[u8; 32]>,
    },
}

/// What one contribution asks in a batch round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskTrace {
    /// The contribution's entry.
    pub sequence: Sequence,
    /// Its currency.
    pub currency: CurrencyIndex,
    /// Money asked for.
    pub money: Amount,
    /// Its value, rounded up.
    pub value: Value,
}

/// A bid among all bids of its auction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BidTrace {
    /// The most it gives.
    pub limit: LimitPrice,
    /// The money behind it.
    pub money: Amount,
    /// Tokens on sale.
    pub supply: Tokens,
    /// Least money for all of them.
    pub min_proceeds: Value,
    /// All bids.
    pub bids: usize,
    /// Bids with a higher limit.
    pub higher: usize,
    /// The money behind them.
    pub higher_money: Value,
    /// Bids with the same limit, this one included.
    pub equal: usize,
    /// The money behind them.
    pub equal_money: Value,
}

impl Offering {
    /// What the settlement will find, right before [`Command::Settle`](crate::Command::Settle);
    /// nothing when the offering is not to succeed. `index` must come from this offering.
    ///
    /// May copy the state, because rounds are resolved one after the other.
    ///
    /// # Errors
    /// What would refuse the settlement.
    pub fn trace_settlement(&self, index: ContributionIndex) -> Result<SettlementTrace, Refusal> {
        if self.check_settleable()? != Verdict::Succeeded {
            return Ok(SettlementTrace::default());
        }
        let resolved = self.resolved_before(self.rounds.len())?;
        let by_investor = ByInvestor::new(resolved.investors.len(), &resolved.contributions);
        let for_nothing = resolved.taken_for_nothing(&by_investor);
        let held = &self.contributions[index.index()];
        let mut trace = SettlementTrace {
            batch: None,
            bid: None,
            allotted: Amount(resolved.contributions[index.index()].accepted),
            for_nothing: for_nothing
                .contains(&index)
                .then(|| resolved.trace_for_nothing(index, &by_investor)),
            soft_cap: resolved.trace_soft_cap(&for_nothing),
        };
        let Some(place) = held.round().map(|round| round.index()) else {
            return Ok(trace);
        };
        let terms = &self.terms.rounds[place];
        let at = self.resolved_before(place)?;
        trace.bid = match terms.pricing {
            Pricing::Bids { min_proceeds, .. } => at.trace_bid(place, index, min_proceeds),
            Pricing::Fixed { .. }
            | Pricing::Steps { .. }
            | Pricing::Linear { .. }
            | Pricing::Tiers { .. }
            | Pricing::Dutch { .. } => None,
        };
        if trace.bid.is_none() && is_batch(terms) && held.accepted > 0 {
            trace.batch = Some(at.trace_batch(place, terms, index)?);
        }
        Ok(trace)
    }

    /// The state in which a round is resolved: all earlier ones are.
    fn resolved_before(&self, place: usize) -> Result<Cow<'_, Self>, Refusal> {
        let late = |round: &Round| {
            is_batch(round) || matches!(round.pricing, Pricing::Dutch { .. } | Pricing::Bids { .. })
        };
        if !self.terms.rounds.iter().take(place).any(late) {
            return Ok(Cow::Borrowed(self));
        }
        let mut resolved = self.clone();
        resolved.end_waiting();
        resolved.resolve_rounds(&mut vec![RoundSettlement::default(); place])?;
        Ok(Cow::Owned(resolved))
    }

    /// The soft cap; all rounds must be resolved, and what is `for_nothing` goes back.
    fn trace_soft_cap(&self, for_nothing: &[ContributionIndex]) -> Option<SoftCapTrace> {
        let cap = self.terms.soft_cap?;
        let parts = self.rounds.iter().map(|round| match cap {
            Bound::Value(_) => round.net_value,
            Bound::Tokens(_) => round.net_tokens,
        });
        let back = for_nothing.iter().map(|&index| match cap {
            Bound::Value(_) => self.value_of(index),
            Bound::Tokens(_) => self.contributions[index.index()].tokens,
        });
        let has = parts.fold(0, u128::saturating_add);
        Some(SoftCapTrace {
            cap,
            has: has.saturating_sub(back.fold(0, u128::saturating_add)),
        })
    }

    /// Value of what is accepted of a contribution.
    fn value_of(&self, index: ContributionIndex) -> u128 {
        let accepted = self.contributions[index.index()].accepted;
        let quote = self.quote_of(index);
        quote.map_or(0, |quote| quote.value(accepted).unwrap_or(0))
    }

    fn trace_for_nothing(
        &self,
        index: ContributionIndex,
        by_investor: &ByInvestor,
    ) -> ForNothingTrace {
        let held = &self.contributions[index.index()];
        let together = match self.terms.currencies[held.currency.index()].rounding.per {
            RoundingScope::Contribution => Vec::new(),
            RoundingScope::Investor => {
                self.running_parts(&self.row(index), by_investor.of(held.investor))
            }
        };
        ForNothingTrace {
            value: Value(self.value_of(index)),
            together,
        }
    }

    fn trace_batch(
        &self,
        place: usize,
        round: &Round,
        index: ContributionIndex,
    ) -> Result<BatchTrace, Refusal> {
        let found = self.collect_asks(place)?;
        let own = found.asks.iter().find(|ask| ask.index == index);
        let person = own.ok_or(Refusal::Inconsistent)?.person;
        let (capacity, dust) = self.batch_capacity(place, round, &found)?;
        let (room_value, room_tokens) = self.left_for_batch(place);
        let (part, rule) = self.trace_rule(place, round, &found, person, (capacity, dust))?;
        let scaled = !matches!(round.pricing, Pricing::Fixed { .. });
        let asked_tokens = if scaled && room_tokens.is_some() {
            let wanted = found.asks.iter().map(|ask| {
                ask.quote
                    .reserve(self.contributions[ask.index.index()].accepted)
                    .unwrap_or(u128::MAX)
            });
            Some(Tokens(sum(wanted)?))
        } else {
            None
        };
        Ok(BatchTrace {
            people: found.people.len(),
            asked: Value(sum(found.people.iter().copied())?),
            capacity: Value(capacity),
            room_value: room_value.map(Value),
            room_tokens: room_tokens.map(Tokens),
            asked_tokens,
            person_asked: Value(found.people[person]),
            person_part: Value(part),
            rule,
            scaled,
            asks: self.asks_of(&found, person),
        })
    }

    /// What a person gets by the rule of the round, and the numbers in it.
    fn trace_rule(
        &self,
        place: usize,
        round: &Round,
        found: &Asks,
        person: usize,
        (capacity, dust): (u128, DustRule),
    ) -> Result<(u128, BatchRule), Refusal> {
        let rank = |person: usize| tie_rank(&self.terms_hash, found.ids[person].as_bytes());
        let people = &found.people;
        let (parts, rule) = match &round.allocation {
            Allocation::ProRata => (
                pro_rata::allot(people, capacity, dust, rank),
                BatchRule::ProRata,
            ),
            Allocation::ProRataCapped { cap } => {
                let counted_by_all = Value(sum(people.iter().map(|ask| *ask.min(&cap.0)))?);
                let counted = Value(people[person].min(cap.0));
                let rule = BatchRule::ProRataCapped {
                    cap: *cap,
                    counted,
                    counted_by_all,
                };
                (
                    pro_rata_capped::allot(people, cap.0, capacity, dust, rank),
                    rule,
                )
            }
            Allocation::WaterFilling => {
                let level = water_filling::level(people, capacity);
                let rule = BatchRule::WaterFilling {
                    level: level.map(|level| Value(level.height)),
                    leftover: Value(level.map_or(0, |level| level.leftover)),
                };
                (water_filling::allot(people, capacity, dust, rank), rule)
            }
            Allocation::Lottery { marginal, .. } => {
                let seed = self.rounds[place].seed.ok_or(Refusal::SeedMissing)?;
                let number = u16::try_from(place).unwrap_or(u16::MAX);
                let draw = Draw::new(&self.terms_hash, number, &seed);
                let id = |person: usize| found.ids[person].as_bytes();
                let drawn = lottery::allot(&draw, people, id, capacity, *marginal);
                let (ticket, threshold) = (draw.ticket(id(person)), drawn.threshold);
                (
                    drawn.allotments,
                    BatchRule::Lottery {
                        seed,
                        ticket,
                        threshold,
                    },
                )
            }
            Allocation::FirstCome | Allocation::Guaranteed { .. } => {
                return Err(Refusal::Inconsistent);
            }
        };
        Ok((parts[person], rule))
    }

    /// A person's asks in the order in which their part is shared over them.
    fn asks_of(&self, found: &Asks, person: usize) -> Vec<AskTrace> {
        let mut own: Vec<_> = found
            .asks
            .iter()
            .filter(|ask| ask.person == person)
            .collect();
        let held = |index: ContributionIndex| &self.contributions[index.index()];
        own.sort_by_key(|ask| {
            (
                ask.quote.currency,
                ask.value,
                held(ask.index).amount,
                ask.index,
            )
        });
        let ask = |ask: &&crate::resolve::Ask| AskTrace {
            sequence: held(ask.index).sequence,
            currency: ask.quote.currency,
            money: Amount(held(ask.index).accepted),
            value: Value(ask.value),
        };
        own.iter().map(ask).collect()
    }

    fn trace_bid(
        &self,
        place: usize,
        index: ContributionIndex,
        min_proceeds: Value,
    ) -> Option<BidTrace> {
        let terms = &self.terms.rounds[place];
        let in_round = |at: ContributionIndex| {
            let held = &self.contributions[at.index()];
            held.round().map(|round| round.index()) == Some(place) && held.accepted > 0
        };
        let (_, limit) = *self.bids.open.iter().find(|(bid, _)| *bid == index)?;
        let own = Price::new(limit.money, limit.tokens)?;
        let (_, left) = self.left_for_batch(place);
        let supply = terms.supply.map_or(0, |supply| supply.0);
        let mut trace = BidTrace {
            limit,
            money: Amount(self.contributions[index.index()].accepted),
            supply: Tokens(left.map_or(supply, |left| left.min(supply))),
            min_proceeds,
            bids: 0,
            higher: 0,
            higher_money: Value::ZERO,
            equal: 0,
            equal_money: Value::ZERO,
        };
        for &(at, limit) in &self.bids.open {
            let Some(price) = Price::new(limit.money, limit.tokens).filter(|_| in_round(at)) else {
                continue;
            };
            let money = Value(self.contributions[at.index()].accepted);
            trace.bids += 1;
            let order = price.cmp_ratio(&own);
            if order.is_gt() {
                trace.higher += 1;
                trace.higher_money = trace.higher_money.checked_add(money)?;
            } else if order.is_eq() {
                trace.equal += 1;
                trace.equal_money = trace.equal_money.checked_add(money)?;
            }
        }
        Some(trace)
    }
}

fn sum(mut parts: impl Iterator<Item = u128>) -> Result<u128, Refusal> {
    parts
        .try_fold(0, u128::checked_add)
        .ok_or(Refusal::AmountTooLarge)
}
