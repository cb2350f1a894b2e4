//! A contribution: checked first, then recorded. After the check nothing may refuse.

use crate::{
    Amount, Command, Contribute, Contributed, CurrencyIndex, InvestorId, InvestorIndex, Offering,
    Outcome, Position, Refusal, RoundIndex, Sequence, Stamp, Tokens,
    contribution::{Contribution, NO_ROUND, Status},
    offering::{Stage, index_of},
    quote::Quote,
    ratio::Factor,
    rounds::is_batch,
    terms::{Bound, FreedRoom, Limit, Misfit, Pricing, RateTerm, Sealing},
};

/// What a contribution would do.
pub(crate) struct Plan {
    pub(crate) round: RoundIndex,
    pub(crate) quote: Quote,
    /// What is taken, at most the amount.
    pub(crate) accepted: u128,
    /// What becomes of the rest.
    rest: Rest,
    /// Why there is a rest.
    reason: Option<Refusal>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    Refunded,
    Kept,
    Waits,
}

impl Offering {
    pub(crate) fn contribute(
        &mut self,
        sequence: Sequence,
        stamp: Stamp,
        contribute: &Contribute<'_>,
    ) -> Result<Outcome, Refusal> {
        self.require_running()?;
        let investor =
            self.investors.find_or_insert(contribute.investor).ok_or(Refusal::TooManyEntries)?;
        let plan = self.check_contribution(stamp, investor, contribute)?;
        Ok(self.record_contribution(sequence, stamp, investor, contribute, &plan))
    }

    fn check_contribution(
        &self,
        stamp: Stamp,
        investor: InvestorIndex,
        contribute: &Contribute<'_>,
    ) -> Result<Plan, Refusal> {
        let currency =
            self.terms.currencies.get(contribute.currency.index()).ok_or(Refusal::UnknownCurrency)?;
        if currency.line != stamp.line {
            return Err(Refusal::UnknownCurrency);
        }
        if self.is_paused_at(stamp) {
            return Err(Refusal::Paused);
        }
        if self.contributions.len() >= usize::try_from(u32::MAX).unwrap_or(usize::MAX) {
            return Err(Refusal::TooManyEntries);
        }
        let round = self.find_round(stamp, contribute.currency, |round| {
            self.check_access(Some(investor), round, stamp.position)
        })?;
        self.check_bid(round, contribute)?;
        let (rate, rate_index) = self.rate_at(contribute.currency, stamp.position)?;
        let quote = self.quote(round, contribute.currency, rate, rate_index, stamp.position)?;
        let amount = contribute.amount.0;
        self.check_minimum(round, &quote, investor, amount)?;
        let mut plan = Plan { round, quote, accepted: amount, rest: Rest::Refunded, reason: None };
        self.fit_limits(&mut plan, investor, amount)?;
        if !is_batch(&self.terms.rounds[round.index()]) {
            self.fit_caps(&mut plan, investor, stamp.position)?;
        }
        Ok(plan)
    }

    fn check_bid(&self, round: RoundIndex, contribute: &Contribute<'_>) -> Result<(), Refusal> {
        let pricing = &self.terms.rounds[round.index()].pricing;
        let Pricing::Bids { min_proceeds, sealing } = pricing else {
            return match contribute.limit {
                Some(_) => Err(Refusal::LimitPriceNotAsked),
                None => Ok(()),
            };
        };
        if *sealing != Sealing::Open {
            return Err(Refusal::BidsAreSealed);
        }
        let limit = contribute.limit.ok_or(Refusal::LimitPriceMissing)?;
        self.check_reserve(round, *min_proceeds, limit)
    }

    /// The rate in force and its place in the table of rates.
    fn rate_at(
        &self,
        currency: CurrencyIndex,
        position: Position,
    ) -> Result<(Factor, u32), Refusal> {
        let current = self.rates.current[currency.index()].ok_or(Refusal::NoRate)?;
        if let (Some(recorded), RateTerm::Recorded { max_age, .. }) =
            (current.recorded, &self.terms.currencies[currency.index()].rate)
            && recorded.after(*max_age) < position
        {
            return Err(Refusal::RateStale);
        }
        let place = usize::try_from(current.index).unwrap_or(usize::MAX);
        let rate = self.rates.all.get(place).ok_or(Refusal::NoRate)?;
        Ok((rate.factor(), current.index))
    }

    fn check_minimum(
        &self,
        round: RoundIndex,
        quote: &Quote,
        investor: InvestorIndex,
        amount: u128,
    ) -> Result<(), Refusal> {
        let terms = &self.terms.rounds[round.index()];
        let mut zero_allowed = false;
        let value = quote.value(amount)?;
        for limit in &terms.contribution_min {
            let below = match *limit {
                Limit::Value(least) => {
                    zero_allowed |= least.is_zero();
                    value < least.0
                }
                Limit::Tokens(least) => {
                    zero_allowed |= least.is_zero();
                    quote.tokens(amount)? < least.0
                }
                Limit::Money(currency, least) => {
                    zero_allowed |= currency == quote.currency && least.is_zero();
                    currency == quote.currency && amount < least.0
                }
            };
            if below {
                return Err(Refusal::BelowMinimum);
            }
        }
        if !zero_allowed && amount == 0 {
            return Err(Refusal::Zero);
        }
        if !zero_allowed && value == 0 {
            return Err(Refusal::BuysNothing);
        }
        if let Some(least) = terms.investor_min {
            let (held, _) = self.used_in_round(investor, round);
            if held.checked_add(value).is_some_and(|total| total < least.0) {
                return Err(Refusal::BelowInvestorMinimum);
            }
        }
        Ok(())
    }

    /// Cuts the plan to the limits of one contribution and of one investor.
    fn fit_limits(
        &self,
        plan: &mut Plan,
        investor: InvestorIndex,
        amount: u128,
    ) -> Result<(), Refusal> {
        let terms = &self.terms.rounds[plan.round.index()];
        let policy = terms.over_limit;
        for limit in &terms.contribution_max {
            let fits = match *limit {
                Limit::Value(most) => plan.quote.amount_for_value(amount, most.0)?,
                Limit::Tokens(most) => plan.quote.amount_for_tokens(amount, most.0)?,
                Limit::Money(currency, most) if currency == plan.quote.currency => most.0,
                Limit::Money(..) => continue,
            };
            plan.cut(fits, policy, Refusal::AboveMaximum)?;
        }
        let (used_value, used_tokens) = self.used_in_round(investor, plan.round);
        match terms.investor_max {
            Some(Bound::Value(most)) => {
                let room = most.0.saturating_sub(used_value);
                let fits = plan.quote.amount_for_value(amount, room)?;
                plan.cut(fits, policy, Refusal::InvestorLimit)?;
            }
            Some(Bound::Tokens(most)) => {
                let room = most.0.saturating_sub(used_tokens);
                let fits = plan.quote.amount_for_tokens(amount, room)?;
                plan.cut(fits, policy, Refusal::InvestorLimit)?;
            }
            None => {}
        }
        if let Some(most) = self.terms.investor_max {
            let room = most.0.saturating_sub(self.investors.get(investor).total_value);
            let fits = plan.quote.amount_for_value(amount, room)?;
            plan.cut(fits, policy, Refusal::InvestorLimit)?;
        }
        if let Some(most) = self.admission_limit(investor, plan.round) {
            let room = most.0.saturating_sub(used_value);
            let fits = plan.quote.amount_for_value(amount, room)?;
            plan.cut(fits, policy, Refusal::AdmissionLimit)?;
        }
        Ok(())
    }

    /// Cuts the plan to what is left under the caps and the supply.
    pub(crate) fn fit_caps(
        &self,
        plan: &mut Plan,
        investor: InvestorIndex,
        position: Position,
    ) -> Result<(), Refusal> {
        let terms = &self.terms.rounds[plan.round.index()];
        let waits = self.terms.freed_room == FreedRoom::WaitingList && terms.over_cap != Misfit::Kept;
        let rooms = self.rooms(plan.round, &plan.quote, investor, position)?;
        for (room, refusal) in rooms.iter() {
            let fits = match room {
                Bound::Value(left) => plan.quote.amount_for_value(plan.accepted, left.0)?,
                Bound::Tokens(left) => plan.quote.amount_for_tokens(plan.accepted, left.0)?,
            };
            if fits >= plan.accepted {
                continue;
            }
            if !waits {
                plan.cut(fits, terms.over_cap, refusal)?;
                continue;
            }
            plan.accepted = if terms.over_cap == Misfit::Refuse { 0 } else { fits };
            plan.rest = Rest::Waits;
            plan.reason = Some(refusal);
        }
        Ok(())
    }

    /// Takes a contribution as planned.
    fn record_contribution(
        &mut self,
        sequence: Sequence,
        stamp: Stamp,
        investor: InvestorIndex,
        contribute: &Contribute<'_>,
        plan: &Plan,
    ) -> Outcome {
        let index = index_of(self.contributions.len());
        let rest = contribute.amount.0 - plan.accepted;
        self.contributions.push(Contribution {
            sequence,
            position: stamp.position,
            investor,
            rate: plan.quote.rate_index,
            round: plan.round.0,
            currency: contribute.currency,
            status: plan.reason.map_or(Status::Whole, Status::Cut),
            amount: contribute.amount.0,
            accepted: 0,
            tokens: 0,
        });
        if let Some(limit) = contribute.limit {
            self.bids.open.push((index, limit));
        }
        let kept = if plan.rest == Rest::Kept { rest } else { 0 };
        if kept > 0 {
            self.kept.insert(index, kept);
        }
        let waiting = if plan.rest == Rest::Waits { rest } else { 0 };
        if waiting > 0 {
            self.rounds[plan.round.index()].waiting.push_back(index);
        }
        let tokens = self.take(index, &plan.quote, plan.accepted);
        self.extend_rights(stamp);
        Outcome::Contributed(Contributed {
            round: plan.round,
            accepted: Amount(plan.accepted),
            refunded: Amount(rest - kept - waiting),
            waiting: Amount(waiting),
            kept: Amount(kept),
            tokens: Tokens(tokens),
            reason: plan.reason,
        })
    }

    /// Records a contribution that was refused: its money is refunded whole.
    pub(crate) fn record_refused(
        &mut self,
        sequence: Sequence,
        stamp: Stamp,
        command: &Command<'_>,
        refusal: Refusal,
    ) {
        let Some((investor, currency, amount)) = self.money_of(stamp, command) else { return };
        // The settlement table is final: what comes later is returned without a row in it.
        let full = self.contributions.len() >= usize::try_from(u32::MAX).unwrap_or(usize::MAX);
        if self.stage == Stage::Settled || full {
            return;
        }
        if currency.index() >= self.terms.currencies.len() {
            return;
        }
        let Some(investor) = self.investors.find_or_insert(investor) else { return };
        self.contributions.push(Contribution {
            sequence,
            position: stamp.position,
            investor,
            rate: u32::MAX,
            round: NO_ROUND,
            currency,
            status: Status::Cut(refusal),
            amount,
            accepted: 0,
            tokens: 0,
        });
    }

    fn money_of<'a>(
        &self,
        stamp: Stamp,
        command: &Command<'a>,
    ) -> Option<(InvestorId<'a>, CurrencyIndex, u128)> {
        if let Command::Contribute(contribute) = command {
            return Some((contribute.investor, contribute.currency, contribute.amount.0));
        }
        let Command::Commit { investor, locked, .. } = command else { return None };
        Some((*investor, self.sealed_currency(stamp), locked.0))
    }
}

impl Plan {
    /// Cuts to `fits`, as the terms say for what does not fit.
    fn cut(&mut self, fits: u128, policy: Misfit, refusal: Refusal) -> Result<(), Refusal> {
        if fits >= self.accepted {
            return Ok(());
        }
        match policy {
            Misfit::Refuse => return Err(refusal),
            Misfit::Partial if fits == 0 => return Err(refusal),
            Misfit::Partial => self.rest = Rest::Refunded,
            Misfit::Kept => self.rest = Rest::Kept,
        }
        self.accepted = fits;
        self.reason = Some(refusal);
        Ok(())
    }

    pub(crate) fn of_waiting(round: RoundIndex, quote: Quote, amount: u128) -> Self {
        Self { round, quote, accepted: amount, rest: Rest::Waits, reason: None }
    }
}
