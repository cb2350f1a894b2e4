//! Bids: limit prices, and sealed bids that lock money behind a salted hash until they are opened.

use std::collections::BTreeMap;

use crate::{
    Amount, Contributed, ContributionIndex, CurrencyIndex, Funding, InvestorId, InvestorIndex,
    LimitPrice, Offering, Outcome, Position, Refusal, RoundIndex, Sequence, Stamp, Tokens, Value,
    accounts::Uses,
    contribute::Plan,
    contribution::{Contribution, Status},
    escrow::check_accepted,
    offering::index_of,
    ratio::{Factor, wide},
    sealed_bid_commitment,
    terms::{Pricing, Sealing},
};

/// The bids of all rounds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bids {
    /// Limit prices of open and of opened bids; sorted by contribution when all are in.
    pub(crate) open: Vec<(ContributionIndex, LimitPrice)>,
    /// Hashes of bids that are still sealed.
    pub(crate) sealed: BTreeMap<ContributionIndex, [u8; 32]>,
    /// Where sealed bids were opened: their right of withdrawal counts from there.
    pub(crate) opened: BTreeMap<ContributionIndex, Position>,
    /// The live sealed bid of a person in a round.
    pub(crate) live: BTreeMap<(RoundIndex, InvestorIndex), ContributionIndex>,
}

impl Offering {
    pub(crate) fn commit_bid(
        &mut self,
        sequence: Sequence,
        stamp: Stamp,
        investor: InvestorId<'_>,
        (locked, funding): (Amount, Funding),
        commitment: [u8; 32],
    ) -> Result<Outcome, Refusal> {
        self.require_running()?;
        if self.is_paused_at(stamp) {
            return Err(Refusal::Paused);
        }
        let investor = self.contributor(investor, funding)?;
        let currency = self.sealed_currency(stamp);
        let round = self.find_round(stamp, currency, |round| {
            self.check_access(Some(investor), round, stamp.position)
        })?;
        let sealing = self.sealing_of(round).ok_or(Refusal::BidsAreOpen)?;
        self.check_way_in(currency, funding)?;
        // A contract takes no sealed bids.
        check_accepted(locked.0, funding)?;
        self.contributed_with(currency, locked.0)?;
        if locked.is_zero() {
            return Err(Refusal::Zero);
        }
        if !locked.0.is_multiple_of(sealing.lock_step.0) {
            return Err(Refusal::LockStep);
        }
        if self.bids.live.contains_key(&(round, investor)) {
            return Err(Refusal::SealedBidLive);
        }
        if funding == Funding::Account {
            self.check_funds(investor, currency, locked.0)?;
        }
        let index = index_of(self.contributions.len());
        self.add_contributed(currency, locked.0);
        self.contributions.push(Contribution {
            sequence,
            position: stamp.position,
            investor,
            rate: self.rates.current[currency.index()].map_or(u32::MAX, |rate| rate.index),
            round: round.0,
            currency,
            status: Status::Sealed,
            holder: funding.holder(),
            amount: locked.0,
            accepted: 0,
            tokens: 0,
        });
        self.bids.sealed.insert(index, commitment);
        self.bids.live.insert((round, investor), index);
        let (held, kept) = (locked.0, 0);
        self.hold(index, Uses { held, kept });
        Ok(Outcome::Contributed(Contributed {
            round,
            accepted: Amount::ZERO,
            refunded: Amount::ZERO,
            waiting: locked,
            kept: Amount::ZERO,
            tokens: Tokens::ZERO,
            reason: None,
        }))
    }

    pub(crate) fn reveal_bid(
        &mut self,
        stamp: Stamp,
        bid: Sequence,
        amount: Amount,
        limit: LimitPrice,
        salt: &[u8; 32],
    ) -> Result<(), Refusal> {
        self.require_running()?;
        let index = self
            .contribution_at(bid)
            .ok_or(Refusal::NoSuchContribution)?;
        let held = &self.contributions[index.index()];
        let round = held.round().ok_or(Refusal::NotSealed)?;
        let Some(commitment) = self.bids.sealed.get(&index) else {
            let opened = self.bids.open.iter().any(|(open, _)| *open == index);
            return Err(if opened {
                Refusal::AlreadyRevealed
            } else {
                Refusal::NotSealed
            });
        };
        let sealing = self.sealing_of(round).ok_or(Refusal::NotSealed)?;
        if !self.round_is_over(round.index()) {
            return Err(Refusal::RevealTooEarly);
        }
        if stamp.position >= sealing.reveal_until {
            return Err(Refusal::RevealTooLate);
        }
        let id = self.investors.id(held.investor);
        if sealed_bid_commitment(&self.terms_hash, id, amount, limit, salt) != *commitment {
            return Err(Refusal::RevealMismatch);
        }
        if amount.is_zero() {
            return Err(Refusal::Zero);
        }
        if amount.0 > held.amount {
            return Err(Refusal::RevealAboveLock);
        }
        self.check_reserve(round, sealing.min_proceeds, limit)?;
        let investor = held.investor;
        let quote = self.quote_of(index).ok_or(Refusal::NoRate)?;
        self.check_minimum(round, &quote, investor, amount.0)?;
        let mut plan = Plan::new(round, quote, amount.0);
        self.fit_limits(&mut plan, investor, amount.0)?;
        self.check_sums(&plan)?;
        self.bids.sealed.remove(&index);
        self.bids.live.remove(&(round, investor));
        self.bids.open.push((index, limit));
        self.contributions[index.index()].status = plan.reason().map_or(Status::Whole, Status::Cut);
        if plan.kept() > 0 {
            self.kept.insert(index, plan.kept());
        }
        self.take(index, &plan.quote, plan.accepted);
        // All that was locked comes free, and what the bid takes is held again.
        self.free(index, self.contributions[index.index()].amount);
        let (held, kept) = (plan.accepted, plan.kept());
        self.hold(index, Uses { held, kept });
        let line = self.line_of(plan.quote.currency);
        let opened = Stamp {
            line,
            position: self.latest(line),
        };
        self.bids.opened.insert(index, opened.position);
        self.extend_rights(opened);
        Ok(())
    }

    /// A limit price must be a price, and reach the reserve `min_proceeds / supply`.
    pub(crate) fn check_reserve(
        &self,
        round: RoundIndex,
        min_proceeds: Value,
        limit: LimitPrice,
    ) -> Result<(), Refusal> {
        if limit.tokens == 0 || limit.money == 0 {
            return Err(Refusal::LimitPriceMissing);
        }
        let supply = self.terms.rounds[round.index()]
            .supply
            .map_or(0, |supply| supply.0);
        if wide(limit.money, supply) < wide(min_proceeds.0, limit.tokens) {
            return Err(Refusal::BelowReserve);
        }
        Ok(())
    }

    /// The currency of the round with sealed bids that is open at a stamp; the first currency when
    /// there is none, so that money which arrives anyway has a name.
    pub(crate) fn sealed_currency(&self, stamp: Stamp) -> CurrencyIndex {
        self.terms
            .rounds
            .iter()
            .zip(&self.rounds)
            .filter(|(round, _)| {
                matches!(
                    round.pricing,
                    Pricing::Bids {
                        sealing: Sealing::Sealed { .. },
                        ..
                    }
                )
            })
            .find(|(_, state)| {
                state
                    .window(stamp.line)
                    .is_some_and(|window| window.contains(stamp.position))
            })
            .and_then(|(round, _)| round.currencies.first().copied())
            .unwrap_or_default()
    }

    fn sealing_of(&self, round: RoundIndex) -> Option<SealedTerms> {
        let Pricing::Bids {
            min_proceeds,
            sealing:
                Sealing::Sealed {
                    lock_step,
                    reveal_until,
                    ..
                },
        } = self.terms.rounds[round.index()].pricing
        else {
            return None;
        };
        Some(SealedTerms {
            min_proceeds,
            lock_step,
            reveal_until,
        })
    }

    /// Value a Dutch auction still takes at a position before its supply is sold; zero once it is.
    ///
    /// Money per token only falls, so the first position at which `raised >= supply x price` clears
    /// it, whether or not a contribution stands there.
    pub(crate) fn dutch_room(&self, round: RoundIndex, position: Position) -> Option<u128> {
        let state = &self.rounds[round.index()];
        let price = self.dutch_price(round, position)?;
        let supply = self.terms.rounds[round.index()].supply?;
        Some(price.floor(supply.0)?.saturating_sub(state.gross_value))
    }

    /// Money per token of a Dutch auction at a position.
    pub(crate) fn dutch_price(&self, round: RoundIndex, position: Position) -> Option<Factor> {
        let terms = &self.terms.rounds[round.index()];
        let Pricing::Dutch {
            start,
            end,
            granularity,
        } = &terms.pricing
        else {
            return None;
        };
        let window = terms.windows.iter().flatten().next()?;
        crate::pricing::dutch::money_per_token(*start, *end, *granularity, *window, position)
    }
}

struct SealedTerms {
    min_proceeds: Value,
    lock_step: Amount,
    reveal_until: Position,
}
