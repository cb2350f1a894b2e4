//! Money that comes in: which round takes it, and how much of it.

use num_bigint::BigInt;
use softcap_offering::{
    Command, Contribute, Funding, Stamp, Tokens, Value,
    terms::{Access, Allocation, Bound, FreedRoom, Limit, Misfit, Pricing, Sealing},
};

use super::super::fraction::{Fraction, big, least, or_zero};
use super::tokens::Conditions;
use super::{Admitted, Answer, Grant, Model, Payment, Piece, Stage};

impl Model {
    pub(super) fn contribute(
        &mut self,
        sequence: u64,
        stamp: Stamp,
        paid: &Contribute<'_>,
    ) -> Option<Answer> {
        self.require_running()?;
        let who = paid.investor.to_string();
        let currency = paid.currency.index();
        let amount = big(paid.amount.0);
        let known = self.terms.currencies.get(currency)?;
        if known.line != stamp.line || self.is_paused(stamp) || !self.sum_fits(currency, &amount) {
            return None;
        }
        let round = self.open_round(stamp, currency, &who)?;
        match &self.terms.rounds[round].pricing {
            Pricing::Bids {
                min_proceeds,
                sealing: Sealing::Open,
            } => {
                self.reserve_is_met(round, *min_proceeds, paid.limit?)?;
            }
            Pricing::Bids { .. } => return None,
            _ if paid.limit.is_some() => return None,
            _ => {}
        }
        let rate = self.rate(currency, stamp.position.0)?;
        let mut payment = Payment {
            sequence,
            who,
            currency,
            amount: amount.clone(),
            funding: paid.funding,
            position: stamp.position.0,
            right_from: stamp.position.0,
            round: Some(round),
            rate,
            limit: paid.limit,
            sealed: None,
            pieces: Vec::new(),
            waiting: big(0),
            kept: big(0),
            given: None,
            over_limit: false,
            reasoned: false,
        };
        if paid.funding == Funding::Account && self.draws_too_much(&payment.who, currency, &amount)
        {
            return None;
        }
        let conditions = self.conditions(&payment)?;
        self.minimum_is_met(&conditions, &payment.who, &amount)?;
        let (within, kept) = self.within_limits(&conditions, &payment.who, &amount)?;
        let accepted = self.within_caps(&conditions, &payment.who, &within, stamp.position.0)?;
        let waits = self.terms.freed_room == FreedRoom::WaitingList
            && self.terms.rounds[round].over_cap != Misfit::Kept;
        payment.kept = kept;
        let rest = &within - &accepted;
        if waits {
            payment.waiting = rest;
        } else if self.terms.rounds[round].over_cap == Misfit::Kept {
            payment.kept += rest;
        }
        payment.reasoned = accepted < amount;
        let (money, raised) = (accepted.clone(), conditions.raised);
        payment.pieces.push(Piece::Taken {
            money,
            raised,
            at: sequence,
        });
        let answer = Answer::Taken {
            round,
            refunded: &amount - &accepted - &payment.waiting - &payment.kept,
            waiting: payment.waiting.clone(),
            kept: payment.kept.clone(),
            tokens: self.tokens(&payment),
            accepted,
        };
        self.payments.push(payment);
        Some(answer)
    }

    /// Records refused money: all of it goes back. Money in an account has not moved. After settlement
    /// there is no row for it, and none where the currency is unknown or the sum of the column would not fit 128 bits.
    pub(super) fn note_refused(&mut self, sequence: u64, stamp: Stamp, command: &Command<'_>) {
        let (who, currency, amount) = match command {
            Command::Contribute(Contribute {
                funding: Funding::Account,
                ..
            })
            | Command::Commit {
                funding: Funding::Account,
                ..
            } => return,
            Command::Contribute(paid) => (
                paid.investor.to_string(),
                paid.currency.index(),
                big(paid.amount.0),
            ),
            Command::Commit {
                investor, locked, ..
            } => (
                investor.to_string(),
                self.sealed_currency(stamp),
                big(locked.0),
            ),
            _ => return,
        };
        let known = currency < self.terms.currencies.len();
        if self.stage == Stage::Settled || !known || !self.sum_fits(currency, &amount) {
            return;
        }
        self.payments.push(Payment {
            sequence,
            who,
            currency,
            amount,
            funding: Funding::Arrived,
            position: stamp.position.0,
            right_from: stamp.position.0,
            round: None,
            rate: Fraction::new(big(0), big(1)),
            limit: None,
            sealed: None,
            pieces: Vec::new(),
            waiting: big(0),
            kept: big(0),
            given: None,
            over_limit: false,
            reasoned: true,
        });
    }

    pub(super) fn sum_fits(&self, currency: usize, amount: &BigInt) -> bool {
        let own = self
            .payments
            .iter()
            .filter(|paid| paid.currency == currency);
        let sum: BigInt = own.map(|paid| &paid.amount).sum();
        sum + amount <= big(u128::MAX)
    }

    /// The first round that is open at the position, takes the currency and lets the person in.
    pub(super) fn open_round(&self, stamp: Stamp, currency: usize, who: &str) -> Option<usize> {
        (0..self.terms.rounds.len()).find(|&round| {
            let at = stamp.position.0;
            let inside = self
                .window(round, stamp.line.index())
                .is_some_and(|(from, end)| from <= at && at < end);
            let takes = self.terms.rounds[round].currencies.iter();
            inside
                && !self.is_closed(round)
                && !self.takes_no_late_entry(round)
                && takes.clone().any(|taken| taken.index() == currency)
                && self.lets_in(round, who, at)
        })
    }

    pub(super) fn last_admission(&self, who: &str, round: usize) -> Option<&Admitted> {
        self.admissions
            .iter()
            .rev()
            .find(|admitted| admitted.who == who && admitted.round == round)
    }

    /// The newest admission, also one that was taken back.
    pub(super) fn newest_grant(&self, who: &str, round: usize) -> Option<Grant> {
        self.admissions.iter().rev().find_map(|admitted| {
            let own = admitted.who == who && admitted.round == round;
            admitted.grant.filter(|_| own)
        })
    }

    pub(super) fn lets_in(&self, round: usize, who: &str, at: u64) -> bool {
        match self.last_admission(who, round) {
            None => self.terms.rounds[round].access == Access::Public,
            Some(admitted) => admitted
                .grant
                .is_some_and(|grant| grant.expires.is_none_or(|expires| at < expires)),
        }
    }

    pub(super) fn minimum_is_met(
        &self,
        conditions: &Conditions,
        who: &str,
        amount: &BigInt,
    ) -> Option<()> {
        let terms = &self.terms.rounds[conditions.round];
        let value = Self::value_of(&conditions.rate, amount);
        let mut nothing_is_allowed = false;
        for limit in &terms.contribution_min {
            let (least, have) = match *limit {
                Limit::Value(least) => (big(least.0), value.clone()),
                Limit::Tokens(least) => (big(least.0), self.bought(conditions, amount)),
                Limit::Money(currency, least) if currency.index() == conditions.currency => {
                    (big(least.0), amount.clone())
                }
                Limit::Money(..) => continue,
            };
            nothing_is_allowed |= least == big(0);
            if have < least {
                return None;
            }
        }
        let bought = self.unless_for_nothing(conditions, &big(0), amount.clone());
        let for_nothing = value == big(0) || bought == big(0);
        if for_nothing && !nothing_is_allowed {
            return None;
        }
        if let Some(least) = terms.investor_min {
            let (held, _) = self.used_by(who, Some(conditions.round));
            if held + value < big(least.0) {
                return None;
            }
        }
        Some(())
    }

    /// What counts of a person's payments against limits: value, and tokens rounded up.
    pub(super) fn used_by(&self, who: &str, round: Option<usize>) -> (BigInt, BigInt) {
        self.used(|paid| paid.who == who && (round.is_none() || paid.round == round))
    }

    /// What payments count for. Where freed room stays closed, what went back still counts.
    pub(super) fn used(&self, counts: impl Fn(&Payment) -> bool) -> (BigInt, BigInt) {
        let mut sums = (big(0), big(0));
        for paid in self.payments.iter().filter(|paid| counts(paid)) {
            if self.terms.freed_room == FreedRoom::Closed {
                sums.0 += Self::gross_value(paid);
                sums.1 += self.gross_reserve(paid);
            } else {
                sums.0 += self.value(paid);
                sums.1 += self.reserve(paid);
            }
        }
        sums
    }

    /// What of an amount is within the limits of one contribution and one investor, and what of it is
    /// kept.
    pub(super) fn within_limits(
        &self,
        conditions: &Conditions,
        who: &str,
        amount: &BigInt,
    ) -> Option<(BigInt, BigInt)> {
        let terms = &self.terms.rounds[conditions.round];
        let mut within = amount.clone();
        for limit in &terms.contribution_max {
            let fits = match *limit {
                Limit::Value(most) => self.fitting(conditions, &big(0), amount, Bound::Value(most)),
                Limit::Tokens(most) => {
                    self.fitting(conditions, &big(0), amount, Bound::Tokens(most))
                }
                Limit::Money(currency, most) if currency.index() == conditions.currency => {
                    let most = big(most.0);
                    if *amount > most {
                        self.unless_for_nothing(conditions, &big(0), most)
                    } else {
                        most
                    }
                }
                Limit::Money(..) => continue,
            };
            within = least(within, fits);
        }
        within = least(within, self.personal(conditions, who, &big(0), amount));
        match terms.over_limit {
            _ if within == *amount => Some((within, big(0))),
            Misfit::Partial if within > big(0) => Some((within, big(0))),
            Misfit::Kept => Some((within.clone(), amount - within)),
            Misfit::Partial | Misfit::Refuse => None,
        }
    }

    /// What fits under the limits of one person.
    pub(super) fn personal(
        &self,
        conditions: &Conditions,
        who: &str,
        before: &BigInt,
        more: &BigInt,
    ) -> BigInt {
        let round = conditions.round;
        let (value, tokens) = self.used_by(who, Some(round));
        let (everywhere, _) = self.used_by(who, None);
        let mut rooms = Vec::new();
        match self.terms.rounds[round].investor_max {
            Some(Bound::Value(most)) => rooms.push(value_room(most, &value)),
            Some(Bound::Tokens(most)) => rooms.push(token_room(most, &tokens)),
            None => {}
        }
        if let Some(most) = self.terms.investor_max {
            rooms.push(value_room(most, &everywhere));
        }
        // A limit outlives its admission, for bids that are opened later.
        let grant = self.newest_grant(who, round);
        if let Some(most) = grant.and_then(|grant| grant.limit) {
            rooms.push(value_room(most, &value));
        }
        self.smallest(conditions, before, more, rooms)
    }

    fn smallest(
        &self,
        conditions: &Conditions,
        before: &BigInt,
        more: &BigInt,
        rooms: Vec<Bound>,
    ) -> BigInt {
        let fits = rooms
            .into_iter()
            .map(|room| self.fitting(conditions, before, more, room));
        fits.fold(more.clone(), least)
    }

    /// What of an amount is within the caps; `None` when it is refused.
    fn within_caps(
        &self,
        conditions: &Conditions,
        who: &str,
        amount: &BigInt,
        at: u64,
    ) -> Option<BigInt> {
        if self.is_batch(conditions.round) {
            return Some(amount.clone());
        }
        let fits = self.under_caps(conditions, who, &big(0), amount, at);
        let waits = self.terms.freed_room == FreedRoom::WaitingList;
        match self.terms.rounds[conditions.round].over_cap {
            _ if fits == *amount => Some(fits),
            Misfit::Kept => Some(fits),
            Misfit::Refuse if waits => Some(big(0)),
            Misfit::Partial if waits || fits > big(0) => Some(fits),
            Misfit::Partial | Misfit::Refuse => None,
        }
    }

    /// What fits under the caps of round and offering, the supply, and the price's own end.
    pub(super) fn under_caps(
        &self,
        conditions: &Conditions,
        who: &str,
        before: &BigInt,
        more: &BigInt,
        at: u64,
    ) -> BigInt {
        let round = conditions.round;
        let terms = &self.terms.rounds[round];
        let (value, tokens) = self.used(|paid| paid.round == Some(round));
        let (all_value, all_tokens) = self.used_outside_batches();
        let (batch_value, batch_tokens) = self.kept_for_batches(round);
        let reserved = self.reserved_for_others(round, who, at);
        let mut rooms = Vec::new();
        if let Some(cap) = terms.cap {
            rooms.push(value_room(cap, &(&value + &reserved)));
        }
        if let Some(supply) = terms.supply {
            let reserved = self.tokens_for_value(conditions, &reserved);
            rooms.push(token_room(supply, &(&tokens + reserved)));
        }
        match self.terms.hard_cap {
            Some(Bound::Value(cap)) => rooms.push(value_room(cap, &(all_value + batch_value))),
            Some(Bound::Tokens(cap)) => {
                rooms.push(token_room(cap, &(&all_tokens + &batch_tokens)));
            }
            None => {}
        }
        if let Some(sale) = self.terms.token.supply.most_for_sale() {
            rooms.push(token_room(sale, &(all_tokens + batch_tokens)));
        }
        let raised = &conditions.raised;
        match &terms.pricing {
            Pricing::Tiers { tiers, .. } => {
                if let Some(end) = tiers.last().and_then(|tier| tier.up_to) {
                    rooms.push(value_room(end, raised));
                }
            }
            Pricing::Dutch { .. } => {
                let lot = self
                    .dutch_price(round, at)
                    .of_count(&big(terms.supply.unwrap().0));
                let room = or_zero(lot.floor() - raised);
                rooms.push(Bound::Value(Value(u128::try_from(room).unwrap())));
            }
            _ => {}
        }
        self.smallest(conditions, before, more, rooms)
    }

    pub(super) fn is_batch(&self, round: usize) -> bool {
        !matches!(
            self.terms.rounds[round].allocation,
            Allocation::FirstCome | Allocation::Guaranteed { .. }
        )
    }

    /// Value and tokens that rounds in the order of the journal use; a Dutch auction its supply.
    pub(super) fn used_outside_batches(&self) -> (BigInt, BigInt) {
        let mut sums = (big(0), big(0));
        for (round, terms) in self.terms.rounds.iter().enumerate() {
            if self.is_batch(round) {
                continue;
            }
            let (value, tokens) = self.used(|paid| paid.round == Some(round));
            sums.0 += value;
            sums.1 += match (&terms.pricing, terms.supply) {
                (Pricing::Dutch { .. }, Some(supply)) => big(supply.0),
                _ => tokens,
            };
        }
        sums
    }

    /// Room that the terms give to the batch rounds, whatever is asked there.
    fn kept_for_batches(&self, but: usize) -> (BigInt, BigInt) {
        let mut sums = (big(0), big(0));
        for (round, terms) in self.terms.rounds.iter().enumerate() {
            if round != but && self.is_batch(round) {
                sums.0 += terms.cap.map_or(0, |cap| cap.0);
                sums.1 += terms.supply.map_or(0, |supply| supply.0);
            }
        }
        sums
    }

    /// What is guaranteed to others in a round and not used, up to the date of the terms.
    fn reserved_for_others(&self, round: usize, who: &str, at: u64) -> BigInt {
        match self.terms.rounds[round].allocation {
            Allocation::Guaranteed { until } if at < until.0 => self.guaranteed_but(round, who),
            _ => big(0),
        }
    }

    fn guaranteed_but(&self, round: usize, who: &str) -> BigInt {
        let mut people: Vec<&str> = self
            .admissions
            .iter()
            .map(|admitted| admitted.who.as_str())
            .collect();
        people.sort_unstable();
        people.dedup();
        let others = people.into_iter().filter(|other| *other != who);
        others.map(|other| self.guarantee_left(round, other)).sum()
    }

    /// What a person was guaranteed last, less all value taken from them since.
    fn guarantee_left(&self, round: usize, who: &str) -> BigInt {
        let Some(admitted) = self.last_admission(who, round) else {
            return big(0);
        };
        let Some(grant) = admitted.grant else {
            return big(0);
        };
        let own = self
            .payments
            .iter()
            .filter(|paid| paid.who == who && paid.round == Some(round));
        let taken = own.map(|paid| Self::value_taken_after(paid, Some(admitted.sequence)));
        or_zero(big(grant.guaranteed) - taken.sum::<BigInt>())
    }

    /// A guarantee needs a round that has them, and room for all of them.
    pub(super) fn guarantee_fits(&self, round: usize, who: &str, amount: u128) -> Option<()> {
        if amount == 0 {
            return Some(());
        }
        let terms = &self.terms.rounds[round];
        let Allocation::Guaranteed { .. } = terms.allocation else {
            return None;
        };
        let reserved = self.guaranteed_but(round, who) + big(amount);
        let (used, _) = self.used(|paid| paid.round == Some(round));
        terms
            .cap
            .is_none_or(|cap| used + reserved <= big(cap.0))
            .then_some(())
    }

    /// Tokens for a reserved value at the conditions of who wants to buy, rounded up.
    fn tokens_for_value(&self, conditions: &Conditions, value: &BigInt) -> BigInt {
        if *value == big(0) {
            return big(0);
        }
        let money = conditions.rate.inverse().of_count(value).ceil();
        let unit = big(self.currency(conditions.currency).rounding.unit.0);
        match &conditions.price {
            super::tokens::Price::Known(price) => price
                .of_count(&(money + &conditions.credit))
                .rounded_up(&unit),
            _ => self.bought(conditions, &money),
        }
    }
}

fn value_room(most: Value, used: &BigInt) -> Bound {
    let room = or_zero(big(most.0) - used);
    Bound::Value(Value(u128::try_from(room).unwrap()))
}

fn token_room(most: Tokens, used: &BigInt) -> Bound {
    let room = or_zero(big(most.0) - used);
    Bound::Tokens(Tokens(u128::try_from(room).unwrap()))
}
