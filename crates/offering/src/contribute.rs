//! A contribution: checked first, then recorded. After the check nothing may refuse.

use crate::{
    Amount, Command, Contribute, Contributed, CurrencyIndex, Funding, InvestorId, InvestorIndex,
    Offering, Outcome, Position, Refusal, RoundIndex, Sequence, Stamp, Tokens,
    accounts::Uses,
    contribution::{Contribution, NO_ROUND, Status},
    escrow::check_accepted,
    offering::{Stage, index_of},
    quote::{Quote, Rooms},
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
    /// What was taken of the same contribution before; zero unless it waited.
    pub(crate) before: u128,
    /// What is kept and counts as nothing.
    pub(crate) kept: u128,
    /// What waits for freed room. The rest is refunded.
    pub(crate) waiting: u128,
    /// Why not everything is taken.
    pub(crate) reason: Option<Refusal>,
}

impl Offering {
    pub(crate) fn contribute(
        &mut self,
        sequence: Sequence,
        stamp: Stamp,
        contribute: &Contribute<'_>,
    ) -> Result<Outcome, Refusal> {
        self.require_running()?;
        let investor = self.contributor(contribute.investor, contribute.funding)?;
        // By reference: a plan has some two hundred bytes, and `?` would move them.
        match &self.check_contribution(stamp, investor, contribute) {
            Ok(plan) => Ok(self.record_contribution(sequence, stamp, investor, contribute, plan)),
            Err(refusal) => Err(*refusal),
        }
    }

    pub(crate) fn check_contribution(
        &self,
        stamp: Stamp,
        investor: InvestorIndex,
        contribute: &Contribute<'_>,
    ) -> Result<Plan, Refusal> {
        let currency = self
            .terms
            .currencies
            .get(contribute.currency.index())
            .ok_or(Refusal::UnknownCurrency)?;
        if currency.line != stamp.line {
            return Err(Refusal::UnknownCurrency);
        }
        self.check_way_in(contribute.currency, contribute.funding)?;
        if self.is_paused_at(stamp) {
            return Err(Refusal::Paused);
        }
        if self.contributions.len() >= usize::try_from(u32::MAX).unwrap_or(usize::MAX) {
            return Err(Refusal::TooManyEntries);
        }
        self.contributed_with(contribute.currency, contribute.amount.0)?;
        let round = self.find_round(stamp, contribute.currency, |round| {
            self.check_access(Some(investor), round, stamp.position)
        })?;
        self.check_bid(round, contribute)?;
        let (rate, rate_index) = self.rate_at(contribute.currency, stamp.position)?;
        let quote = self.quote(round, contribute.currency, rate, rate_index, stamp.position)?;
        let amount = contribute.amount.0;
        self.check_minimum(round, &quote, investor, amount)?;
        let mut plan = Plan::new(round, quote, amount);
        self.fit_limits(&mut plan, investor, amount)?;
        let within_limits = plan.accepted;
        if !is_batch(&self.terms.rounds[round.index()]) {
            self.fit_caps(&mut plan, investor, stamp.position)?;
        }
        self.check_sums(&plan)?;
        // A contract that takes the outcome as a root keeps limits and knows no caps: what they leave out goes back with the
        // outcome.
        let taken = if self.terms.root.is_some() {
            within_limits
        } else {
            plan.accepted
        };
        check_accepted(taken, contribute.funding)?;
        if contribute.funding == Funding::Account {
            self.check_funds(investor, contribute.currency, amount)?;
        }
        Ok(plan)
    }

    /// Refuses money whose sum, value or tokens would not fit 128 bits together with what came
    /// before, so that recording and settling can add without a check.
    pub(crate) fn check_sums(&self, plan: &Plan) -> Result<(), Refusal> {
        let value = plan.quote.value(plan.accepted)?.checked_add(1);
        let tokens = plan
            .quote
            .tokens(plan.accepted)?
            .checked_add(plan.quote.unit());
        let fits = |sum: u128, more: Option<u128>, most: u128| {
            more.and_then(|more| sum.checked_add(more))
                .is_some_and(|sum| sum <= most)
        };
        if fits(self.sums.value, value, u128::MAX)
            && fits(self.sums.tokens, tokens, self.sums.most_tokens)
        {
            Ok(())
        } else {
            Err(Refusal::AmountTooLarge)
        }
    }

    /// The sum of all money of a currency together with an amount, if it fits.
    pub(crate) fn contributed_with(
        &self,
        currency: CurrencyIndex,
        amount: u128,
    ) -> Result<u128, Refusal> {
        let sum = self
            .sums
            .contributed
            .get(currency.index())
            .ok_or(Refusal::UnknownCurrency)?;
        sum.checked_add(amount).ok_or(Refusal::AmountTooLarge)
    }

    pub(crate) fn check_bid(
        &self,
        round: RoundIndex,
        contribute: &Contribute<'_>,
    ) -> Result<(), Refusal> {
        let pricing = &self.terms.rounds[round.index()].pricing;
        let Pricing::Bids {
            min_proceeds,
            sealing,
        } = pricing
        else {
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
    pub(crate) fn rate_at(
        &self,
        currency: CurrencyIndex,
        position: Position,
    ) -> Result<(Factor, u32), Refusal> {
        let current = self.rates.current[currency.index()].ok_or(Refusal::NoRate)?;
        if let (Some(recorded), RateTerm::Recorded { max_age, .. }) = (
            current.recorded,
            &self.terms.currencies[currency.index()].rate,
        ) && recorded.after(*max_age) < position
        {
            return Err(Refusal::RateStale);
        }
        let place = usize::try_from(current.index).unwrap_or(usize::MAX);
        let rate = self.rates.all.get(place).ok_or(Refusal::NoRate)?;
        Ok((rate.factor(), current.index))
    }

    pub(crate) fn check_minimum(
        &self,
        round: RoundIndex,
        quote: &Quote,
        investor: InvestorIndex,
        amount: u128,
    ) -> Result<(), Refusal> {
        let terms = &self.terms.rounds[round.index()];
        let value = quote.value(amount)?;
        for limit in &terms.contribution_min {
            let below = match *limit {
                Limit::Value(least) => value < least.0,
                Limit::Tokens(least) => quote.tokens(amount)? < least.0,
                Limit::Money(currency, least) => currency == quote.currency && amount < least.0,
            };
            if below {
                return Err(Refusal::BelowMinimum);
            }
        }
        if (value == 0 || quote.buys_nothing(amount)) && !terms.allows_nothing(quote.currency) {
            return Err(if amount == 0 {
                Refusal::Zero
            } else {
                Refusal::BuysNothing
            });
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
    pub(crate) fn fit_limits(
        &self,
        plan: &mut Plan,
        investor: InvestorIndex,
        amount: u128,
    ) -> Result<(), Refusal> {
        let terms = &self.terms.rounds[plan.round.index()];
        let policy = terms.over_limit;
        for limit in &terms.contribution_max {
            if let Some(fits) = plan.quote.within_limit(amount, *limit)? {
                plan.cut(fits, policy, Refusal::AboveMaximum)?;
            }
        }
        for (room, refusal) in self.personal_rooms(plan.round, investor).iter() {
            let fits = plan.quote.more_within(plan.before, amount, room)?;
            plan.cut(fits, policy, refusal)?;
        }
        Ok(())
    }

    /// Room under each limit of one investor in a round.
    pub(crate) fn personal_rooms(&self, round: RoundIndex, investor: InvestorIndex) -> Rooms {
        let (used_value, used_tokens) = self.used_in_round(investor, round);
        let mut rooms = Rooms::default();
        match self.terms.rounds[round.index()].investor_max {
            Some(Bound::Value(most)) => {
                rooms.push_value(most, used_value, Refusal::InvestorLimit);
            }
            Some(Bound::Tokens(most)) => {
                rooms.push_tokens(most, used_tokens, Refusal::InvestorLimit);
            }
            None => {}
        }
        if let Some(most) = self.terms.investor_max {
            let used = self.investors.total_value(investor);
            rooms.push_value(most, used, Refusal::InvestorLimit);
        }
        if let Some(most) = self.admission_limit(investor, round) {
            rooms.push_value(most, used_value, Refusal::AdmissionLimit);
        }
        rooms
    }

    /// What of waiting money may be taken now: whole or nothing where the terms refuse in whole.
    pub(crate) fn plan_promotion(
        &self,
        round: RoundIndex,
        quote: Quote,
        investor: InvestorIndex,
        parts: (u128, u128),
        now: Position,
    ) -> Result<Plan, Refusal> {
        let (before, waiting) = parts;
        let terms = &self.terms.rounds[round.index()];
        let mut plan = Plan {
            before,
            ..Plan::new(round, quote, waiting)
        };
        for (room, _) in self.personal_rooms(round, investor).iter() {
            let fits = plan.quote.more_within(before, waiting, room)?;
            plan.accepted = plan.accepted.min(fits);
        }
        if terms.over_limit == Misfit::Refuse && plan.accepted < waiting {
            plan.accepted = 0;
        }
        self.fit_caps(&mut plan, investor, now)?;
        // Also where a limit is what leaves less than the whole.
        let refused = terms.over_cap == Misfit::Refuse && plan.accepted < waiting;
        if refused || plan.quote.adds_nothing(before, plan.accepted) {
            plan.accepted = 0;
        }
        self.check_sums(&plan)?;
        Ok(plan)
    }

    /// Cuts the plan to what is left under the caps and the supply.
    pub(crate) fn fit_caps(
        &self,
        plan: &mut Plan,
        investor: InvestorIndex,
        position: Position,
    ) -> Result<(), Refusal> {
        let terms = &self.terms.rounds[plan.round.index()];
        let waits =
            self.terms.freed_room == FreedRoom::WaitingList && terms.over_cap != Misfit::Kept;
        let rooms = self.rooms(plan.round, &plan.quote, investor, position)?;
        let asked = plan.accepted;
        for (room, refusal) in rooms.iter() {
            let fits = plan.quote.more_within(plan.before, asked, room)?;
            if fits >= plan.accepted {
                continue;
            }
            if !waits {
                plan.cut(fits, terms.over_cap, refusal)?;
                continue;
            }
            let fits = if terms.over_cap == Misfit::Refuse {
                0
            } else {
                fits
            };
            plan.waiting += plan.accepted - fits;
            plan.accepted = fits;
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
            holder: contribute.funding.holder(),
            amount: contribute.amount.0,
            accepted: 0,
            tokens: 0,
        });
        if let Some(limit) = contribute.limit {
            self.bids.open.push((index, limit));
        }
        self.add_contributed(contribute.currency, contribute.amount.0);
        self.note_change(index, contribute.amount.0, contribute.funding);
        let (kept, waiting) = (plan.kept, plan.waiting);
        if kept > 0 {
            self.kept.insert(index, kept);
        }
        if waiting > 0 {
            self.rounds[plan.round.index()]
                .waiting
                .push_back((index, waiting));
        }
        let tokens = self.take(index, &plan.quote, plan.accepted);
        let held = plan.accepted + waiting;
        self.hold(index, Uses { held, kept });
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

    /// Records a contribution that was refused: its money is refunded whole. Money in an account has
    /// not moved, so that there is nothing to record.
    pub(crate) fn record_refused(
        &mut self,
        sequence: Sequence,
        stamp: Stamp,
        command: &Command<'_>,
        refusal: Refusal,
    ) {
        let Some((investor, currency, amount, funding)) = self.money_of(stamp, command) else {
            return;
        };
        // The settlement table is final: what comes later is returned without a row in it.
        let full = self.contributions.len() >= usize::try_from(u32::MAX).unwrap_or(usize::MAX);
        if self.stage == Stage::Settled || full {
            return;
        }
        // An unknown currency has no column, and a sum beyond 128 bits no number.
        if self.contributed_with(currency, amount).is_err() {
            return;
        }
        let Some(investor) = self.investors.find_or_insert(investor) else {
            return;
        };
        self.contributions.push(Contribution {
            sequence,
            position: stamp.position,
            investor,
            rate: u32::MAX,
            round: NO_ROUND,
            currency,
            status: Status::Cut(refusal),
            holder: funding.holder(),
            amount,
            accepted: 0,
            tokens: 0,
        });
        self.note_change(index_of(self.contributions.len() - 1), amount, funding);
        self.add_contributed(currency, amount);
    }

    /// Counts money that has a row.
    pub(crate) fn add_contributed(&mut self, currency: CurrencyIndex, amount: u128) {
        if let Some(sum) = self.sums.contributed.get_mut(currency.index()) {
            *sum += amount;
        }
    }

    /// Money that arrived with a command.
    fn money_of<'a>(
        &self,
        stamp: Stamp,
        command: &Command<'a>,
    ) -> Option<(InvestorId<'a>, CurrencyIndex, u128, Funding)> {
        if let Command::Contribute(contribute) = command {
            if contribute.funding == Funding::Account {
                return None;
            }
            return Some((
                contribute.investor,
                contribute.currency,
                contribute.amount.0,
                contribute.funding,
            ));
        }
        let Command::Commit {
            investor,
            locked,
            funding: funding @ (Funding::Arrived | Funding::Chain { .. }),
            ..
        } = command
        else {
            return None;
        };
        Some((*investor, self.sealed_currency(stamp), locked.0, *funding))
    }
}

impl Plan {
    /// Cuts to `fits`, as the terms say for what does not fit.
    pub(crate) fn cut(
        &mut self,
        fits: u128,
        policy: Misfit,
        refusal: Refusal,
    ) -> Result<(), Refusal> {
        if fits >= self.accepted {
            return Ok(());
        }
        match policy {
            Misfit::Refuse => return Err(refusal),
            Misfit::Partial if fits == 0 => return Err(refusal),
            Misfit::Partial => {}
            Misfit::Kept => self.kept += self.accepted - fits,
        }
        self.accepted = fits;
        self.reason = Some(refusal);
        Ok(())
    }

    /// All of an amount, before any limit or cap.
    pub(crate) fn new(round: RoundIndex, quote: Quote, amount: u128) -> Self {
        Self {
            round,
            quote,
            accepted: amount,
            before: 0,
            kept: 0,
            waiting: 0,
            reason: None,
        }
    }

    pub(crate) fn kept(&self) -> u128 {
        self.kept
    }

    pub(crate) fn reason(&self) -> Option<Refusal> {
        self.reason
    }
}
