//! Traces: how the arithmetic of one contribution went, as numbers with their units and no words.
//!
//! [`Offering::apply_traced`] looks at a contribution with the functions that decide it, right
//! before they do. What is known only at the end is in [`SettlementTrace`], taken right before the
//! settlement, and in [`FinalTrace`], taken after it. Nothing here decides anything.

mod caps;
mod ending;
mod prices;
mod settling;

pub use caps::{CapKind, CapTrace, CapUse, LimitKind, LimitTrace};
pub use ending::{DutchTrace, FinalTrace, RunningPart};
pub use prices::{PriceTrace, TierPart, WholeNumber};
pub use settling::{
    AskTrace, BatchRule, BatchTrace, BidTrace, ForNothingTrace, SettlementTrace, SoftCapTrace,
};

use crate::{
    Amount, Command, Contribute, CurrencyIndex, InvestorIndex, Offering, Outcome, Position, Ratio,
    Refusal, RequestId, RoundIndex, Sequence, Stamp, Tokens, Value,
    contribute::Plan,
    quote::Quote,
    rounds::is_batch,
    terms::{Allocation, Limit, Rounding, Window},
};

/// A contribution on its way in, seen right before the engine takes or refuses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The number that its entry takes.
    pub sequence: Sequence,
    /// Where in the schedule it stands.
    pub stamp: Stamp,
    /// In which currency. For a sealed bid that of the round.
    pub currency: CurrencyIndex,
    /// What arrived.
    pub amount: Amount,
    /// The rounds in the order in which they are tried, up to the one that takes it.
    pub rounds: Vec<RoundTrace>,
    /// The arithmetic from the round on, as far as it came; `None` for sealed bids too, which are
    /// looked at when they are opened.
    pub offer: Option<OfferTrace>,
    /// Why nothing is taken; `None` when it is, in whole or in part.
    pub refusal: Option<Refusal>,
}

/// A round that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundTrace {
    /// Which one.
    pub round: RoundIndex,
    /// Its window on the clock line of the currency, as pauses have moved it.
    pub window: Option<Window>,
    /// What came of it.
    pub standing: RoundStanding,
}

/// What came of trying a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundStanding {
    /// It has no window on this clock line.
    NoWindow,
    /// Its window has not begun.
    Ahead,
    /// Its window is over.
    Over,
    /// Its window is open, and something else stands in the way.
    Obstacle(Refusal),
    /// It takes the contribution.
    Takes(AdmissionTrace),
}

/// The investor's standing in the round that takes the contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdmissionTrace {
    /// Everybody may take part, and nothing is recorded of this investor.
    Open,
    /// An admission is recorded.
    Admitted {
        /// Most the investor may have accepted in the round.
        limit: Option<Value>,
        /// What is left of a guaranteed allocation.
        guaranteed: Value,
    },
}

/// The arithmetic of a contribution in its round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferTrace {
    /// The round.
    pub round: RoundIndex,
    /// Whether who gets how much is known only at the end.
    pub batch: bool,
    /// Numeraire units per unit of the currency.
    pub rate: Ratio,
    /// Where the rate was recorded; `None` for a rate that the terms fix.
    pub rate_recorded: Option<Position>,
    /// Value of the whole amount, rounded down.
    pub value: Value,
    /// The price at its position.
    pub price: PriceTrace,
    /// Token units per unit of the currency, where it is known at once and the same for all of it.
    pub per_money: Option<Ratio>,
    /// Added to the accepted money when tokens are computed.
    pub credit: Amount,
    /// How tokens are rounded.
    pub rounding: Rounding,
    /// The lower bounds.
    pub minimums: Vec<MinimumTrace>,
    /// The upper bounds of one contribution and of one investor.
    pub limits: Vec<LimitTrace>,
    /// The caps that it meets, in the order in which they are tried; none in a batch round.
    pub caps: Vec<CapTrace>,
    /// What is taken.
    pub taken: Option<TakenTrace>,
}

/// A lower bound, and what was compared with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinimumTrace {
    /// The bound.
    pub least: Limit,
    /// What the investor had in the round before; zero for a bound of one contribution.
    pub before: Value,
    /// What was compared with it, in the unit of the bound.
    pub has: u128,
}

/// What is taken of a contribution: `amount == accepted + refunded + waiting + kept`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakenTrace {
    /// Accepted, or asked for in a batch round.
    pub accepted: Amount,
    /// Goes back at once.
    pub refunded: Amount,
    /// Waits for freed room.
    pub waiting: Amount,
    /// Kept and counted as nothing.
    pub kept: Amount,
    /// Tokens by the rounding per contribution; zero while the price is not known.
    pub tokens: Tokens,
    /// Why not everything is taken.
    pub reason: Option<Refusal>,
}

impl Offering {
    /// [`Offering::apply_request_traced`] of an entry that came with no request.
    pub fn apply_traced(
        &mut self,
        stamp: Stamp,
        command: &Command<'_>,
    ) -> (Option<Trace>, Outcome) {
        self.apply_request_traced(stamp, None, command)
    }

    /// [`Offering::apply_request`], with the trace of a contribution or a sealed bid; `None` for every
    /// other command and for a repeat.
    ///
    /// The trace is taken after the entry's position has reached the clock and before anything
    /// else, so that it sees the state that decides.
    pub fn apply_request_traced(
        &mut self,
        stamp: Stamp,
        request: Option<RequestId>,
        command: &Command<'_>,
    ) -> (Option<Trace>, Outcome) {
        if request.is_some_and(|request| self.find_request(request).is_some()) {
            return (None, self.apply_request(stamp, request, command));
        }
        let traced = match command {
            Command::Contribute(contribute) => Some((
                (contribute.investor, contribute.funding),
                contribute.currency,
                contribute.amount,
                Some(contribute),
            )),
            Command::Commit {
                investor,
                locked,
                funding,
                ..
            } => Some((
                (*investor, *funding),
                self.sealed_currency(stamp),
                *locked,
                None,
            )),
            Command::Announce { .. }
            | Command::Admit(_)
            | Command::Revoke { .. }
            | Command::Rate { .. }
            | Command::Reveal { .. }
            | Command::Withdraw { .. }
            | Command::Return { .. }
            | Command::Pause
            | Command::Resume
            | Command::Seed { .. }
            | Command::Document { .. }
            | Command::Close { .. }
            | Command::Cancel
            | Command::Tick
            | Command::Settle
            | Command::Publish { .. }
            | Command::Distribute { .. }
            | Command::PayRefund { .. }
            | Command::Vest { .. }
            | Command::Release { .. }
            | Command::Fund { .. }
            | Command::TakeBack { .. }
            | Command::Escrow(_) => None,
        };
        let trace = traced.map(|((id, funding), currency, amount, contribute)| {
            let mut trace = Trace {
                sequence: self.next,
                stamp,
                currency,
                amount,
                rounds: Vec::new(),
                offer: None,
                refusal: None,
            };
            // Both are what applying begins with, and doing them twice changes nothing.
            let stopped = self
                .admit_stamp(stamp)
                .and_then(|()| self.require_running());
            let looked = stopped.and_then(|()| {
                let investor = self.contributor(id, funding)?;
                self.look(&mut trace, investor, contribute)
            });
            trace.refusal = looked.err();
            trace
        });
        let outcome = self.apply_request(stamp, request, command);
        // A sealed bid is refused by rules of its own, which are not traced.
        let trace = trace.map(|trace| match outcome {
            Outcome::Refused(refusal) => Trace {
                refusal: Some(refusal),
                ..trace
            },
            Outcome::Contributed(_)
            | Outcome::Done
            | Outcome::Refunded { .. }
            | Outcome::RefundedAndPromoted { .. }
            | Outcome::Settled(_)
            | Outcome::RepeatOf(_) => trace,
        });
        (trace, outcome)
    }

    fn look(
        &self,
        trace: &mut Trace,
        investor: InvestorIndex,
        contribute: Option<&Contribute<'_>>,
    ) -> Result<(), Refusal> {
        trace.rounds = self.trace_rounds(trace.stamp, trace.currency, investor);
        let Some(contribute) = contribute else {
            return Ok(());
        };
        let decided = self.check_contribution(trace.stamp, investor, contribute);
        trace.offer = self.trace_offer(trace.stamp, investor, contribute, decided.as_ref().ok());
        decided.map(|_| ())
    }

    fn trace_rounds(
        &self,
        stamp: Stamp,
        currency: CurrencyIndex,
        investor: InvestorIndex,
    ) -> Vec<RoundTrace> {
        let mut traced = Vec::new();
        for (place, state) in (0_u8..).zip(&self.rounds) {
            let round = RoundIndex(place);
            let window = state.window(stamp.line);
            let standing = match window {
                None => RoundStanding::NoWindow,
                Some(window) if stamp.position < window.from => RoundStanding::Ahead,
                Some(window) if !window.contains(stamp.position) => RoundStanding::Over,
                Some(_) => self.trace_open_round(stamp, currency, investor, round),
            };
            traced.push(RoundTrace {
                round,
                window,
                standing,
            });
            if matches!(standing, RoundStanding::Takes(_)) {
                break;
            }
        }
        traced
    }

    fn trace_open_round(
        &self,
        stamp: Stamp,
        currency: CurrencyIndex,
        investor: InvestorIndex,
        round: RoundIndex,
    ) -> RoundStanding {
        let terms = &self.terms.rounds[round.index()];
        if self.rounds[round.index()].closed.is_some() || self.is_sealed_off(round.index()) {
            return RoundStanding::Obstacle(Refusal::RoundClosed);
        }
        if terms.currencies.binary_search(&currency).is_err() {
            return RoundStanding::Obstacle(Refusal::CurrencyNotTaken);
        }
        if let Err(refusal) = self.check_access(Some(investor), round, stamp.position) {
            return RoundStanding::Obstacle(refusal);
        }
        RoundStanding::Takes(match self.admission_place(investor, round) {
            None => AdmissionTrace::Open,
            Some(_) => AdmissionTrace::Admitted {
                limit: self.admission_limit(investor, round),
                guaranteed: Value(self.guarantee_left(investor, round)),
            },
        })
    }

    /// The arithmetic from the round on; `None` when no round takes it or there is no rate.
    fn trace_offer(
        &self,
        stamp: Stamp,
        investor: InvestorIndex,
        contribute: &Contribute<'_>,
        plan: Option<&Plan>,
    ) -> Option<OfferTrace> {
        let access = |round| self.check_access(Some(investor), round, stamp.position);
        let currency = contribute.currency;
        let amount = contribute.amount.0;
        let round = self.find_round(stamp, currency, access).ok()?;
        self.check_bid(round, contribute).ok()?;
        let (rate, rate_index) = self.rate_at(currency, stamp.position).ok()?;
        let quote = self
            .quote(round, currency, rate, rate_index, stamp.position)
            .ok()?;
        let batch = is_batch(&self.terms.rounds[round.index()]);
        let limits = self.trace_limits(round, &quote, investor, amount);
        let asked = limits
            .iter()
            .map(|limit| limit.fits.0)
            .fold(amount, u128::min);
        let caps = if batch {
            Vec::new()
        } else {
            self.trace_caps(round, &quote, investor, stamp.position, asked)
                .unwrap_or_default()
        };
        let bought = plan.map_or(amount, |plan| plan.accepted);
        Some(OfferTrace {
            round,
            batch,
            rate: Ratio::new(rate.num(), rate.den())?,
            rate_recorded: self
                .rates
                .current
                .get(currency.index())
                .and_then(|held| (*held)?.recorded),
            value: Value(quote.value(amount).ok()?),
            price: self.trace_price(round, &quote, stamp.position, bought, contribute.limit)?,
            per_money: quote
                .factor()
                .and_then(|factor| Ratio::new(factor.num(), factor.den())),
            credit: Amount(quote.credit),
            rounding: quote.rounding,
            minimums: self.trace_minimums(round, &quote, investor, amount),
            limits,
            caps,
            taken: plan.and_then(|plan| taken(plan, amount)),
        })
    }

    fn trace_minimums(
        &self,
        round: RoundIndex,
        quote: &Quote,
        investor: InvestorIndex,
        amount: u128,
    ) -> Vec<MinimumTrace> {
        let terms = &self.terms.rounds[round.index()];
        let value = quote.value(amount).unwrap_or(0);
        let mut minimums = Vec::new();
        for &least in &terms.contribution_min {
            let has = match least {
                Limit::Value(_) => value,
                Limit::Tokens(_) => quote.tokens(amount).unwrap_or(0),
                Limit::Money(currency, _) if currency == quote.currency => amount,
                Limit::Money(..) => continue,
            };
            minimums.push(MinimumTrace {
                least,
                before: Value::ZERO,
                has,
            });
        }
        if let Some(least) = terms.investor_min {
            let (held, _) = self.used_in_round(investor, round);
            let has = held.saturating_add(value);
            minimums.push(MinimumTrace {
                least: Limit::Value(least),
                before: Value(held),
                has,
            });
        }
        minimums
    }

    /// Whether a round reserves guaranteed allocations at a position.
    fn reserves_guarantees(&self, round: RoundIndex, position: Position) -> bool {
        matches!(
            self.terms.rounds[round.index()].allocation,
            Allocation::Guaranteed { until } if position < until
        )
    }
}

/// `None` when the tokens do not fit, which the check has refused before.
fn taken(plan: &Plan, amount: u128) -> Option<TakenTrace> {
    let back = amount
        .checked_sub(plan.accepted)?
        .checked_sub(plan.waiting)?
        .checked_sub(plan.kept)?;
    let tokens = plan.quote.tokens(plan.accepted).ok()?;
    Some(TakenTrace {
        accepted: Amount(plan.accepted),
        refunded: Amount(back),
        waiting: Amount(plan.waiting),
        kept: Amount(plan.kept),
        tokens: Tokens(tokens),
        reason: plan.reason,
    })
}

#[cfg(test)]
mod cases;
#[cfg(test)]
mod room_cases;
#[cfg(test)]
mod tests;
