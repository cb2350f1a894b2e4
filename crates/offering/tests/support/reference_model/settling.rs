//! Settlement: who gets what, and who gets what back.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use softcap_offering::{
    Verdict,
    terms::{
        Allocation, Bound, CeilingScope, DustRule, Limit, Pricing, RoundingScope, Sealing, Supply,
        TieRule, Unsold,
    },
};

use super::super::fraction::{Fraction, big, least, or_zero};
use super::tokens::Price;
use super::{Answer, Model, Payment, Piece, Stage, allotment};

/// Tokens that are not an investor's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Split {
    pub(crate) shares: Vec<BigInt>,
    pub(crate) unsold: BigInt,
    pub(crate) minted: BigInt,
}

impl Model {
    pub(super) fn settle(&mut self) -> Option<Answer> {
        let verdict = match self.stage {
            Stage::Draft | Stage::Settled => return None,
            Stage::Cancelled => Verdict::Cancelled,
            Stage::Expired => Verdict::Expired,
            Stage::Running if !self.may_settle() => return None,
            Stage::Running => {
                self.resolve();
                self.return_for_nothing();
                let met = self.soft_cap_is_met();
                self.keep_bonds();
                if met {
                    Verdict::Succeeded
                } else {
                    Verdict::Failed
                }
            }
        };
        for paid in &mut self.payments {
            paid.waiting = big(0);
        }
        if verdict == Verdict::Succeeded {
            self.round_once();
        } else {
            for paid in &mut self.payments {
                let accepted = paid.accepted();
                paid.pieces.push(Piece::Back { money: accepted });
                paid.given = Some(big(0));
                paid.reasoned = true;
            }
        }
        self.stage = Stage::Settled;
        self.verdict = Some(verdict);
        let raised = self.payments.iter().map(|paid| self.value(paid)).sum();
        let sold = self.payments.iter().map(|paid| self.tokens(paid)).sum();
        Some(Answer::Settled {
            verdict,
            raised,
            sold,
        })
    }

    fn resolve(&mut self) {
        for round in 0..self.terms.rounds.len() {
            let terms = self.terms.rounds[round].clone();
            match &terms.pricing {
                Pricing::Dutch { .. } => self.resolve_dutch(round),
                Pricing::Bids { min_proceeds, .. } => self.resolve_bids(round, min_proceeds.0),
                _ if self.is_batch(round) => self.resolve_batch(round, &terms.allocation),
                _ => {}
            }
        }
    }

    fn of_round(&self, round: usize) -> Vec<usize> {
        let own = self.payments.iter().enumerate();
        own.filter(|(_, paid)| paid.round == Some(round) && paid.accepted() > big(0))
            .map(|(place, _)| place)
            .collect()
    }

    /// Value and tokens left for a batch round after the rounds in order and earlier batches.
    fn left(&self, round: usize) -> (Option<BigInt>, Option<BigInt>) {
        let (mut value, mut tokens) = self.used_outside_batches();
        for paid in &self.payments {
            if paid.round.is_some_and(|of| of < round && self.is_batch(of)) {
                value += self.value(paid);
                tokens += paid.given.clone().unwrap_or_else(|| self.reserve(paid));
            }
        }
        let terms = &self.terms.rounds[round];
        let mut values: Vec<BigInt> = terms.cap.iter().map(|cap| big(cap.0)).collect();
        let mut supplies: Vec<BigInt> = terms.supply.iter().map(|most| big(most.0)).collect();
        match self.terms.hard_cap {
            Some(Bound::Value(cap)) => values.push(or_zero(big(cap.0) - value)),
            Some(Bound::Tokens(cap)) => supplies.push(or_zero(big(cap.0) - &tokens)),
            None => {}
        }
        if let Some(sale) = self.terms.token.supply.most_for_sale() {
            supplies.push(or_zero(big(sale.0) - tokens));
        }
        (
            values.into_iter().reduce(least),
            supplies.into_iter().reduce(least),
        )
    }

    fn resolve_batch(&mut self, round: usize, allocation: &Allocation) {
        let payments = self.of_round(round);
        let mut people: Vec<String> = Vec::new();
        let mut asks: Vec<BigInt> = Vec::new();
        for &place in &payments {
            let paid = &self.payments[place];
            let at = people
                .iter()
                .position(|who| *who == paid.who)
                .unwrap_or_else(|| {
                    people.push(paid.who.clone());
                    asks.push(big(0));
                    people.len() - 1
                });
            asks[at] += Self::value_up(paid);
        }
        let total: BigInt = asks.iter().sum();
        let mut dust = self.terms.dust;
        let moving = !matches!(self.terms.rounds[round].pricing, Pricing::Fixed { .. });
        let (value, tokens) = self.left(round);
        let mut capacity = value.unwrap_or_else(|| big(u128::MAX));
        if let Some(tokens) = tokens {
            if let Pricing::Fixed { price } = self.terms.rounds[round].pricing {
                let most = Fraction::of(price).inverse().of_count(&tokens).floor();
                capacity = least(capacity, most);
            } else {
                let asked: BigInt = payments
                    .iter()
                    .map(|&place| self.rounded_up(&self.payments[place]))
                    .sum();
                if asked > tokens {
                    capacity = least(capacity, Fraction::new(&total * tokens, asked).floor());
                    dust = DustRule::Unassigned;
                }
            }
        }
        let rank = |person: &usize| allotment::hash(&self.hash, people[*person].as_bytes());
        let parts = match allocation {
            Allocation::ProRata => allotment::pro_rata(&asks, &capacity, dust, rank),
            Allocation::ProRataCapped { cap } => {
                let cut: Vec<BigInt> = asks
                    .iter()
                    .map(|ask| least(ask.clone(), big(cap.0)))
                    .collect();
                allotment::pro_rata(&cut, &capacity, dust, rank)
            }
            Allocation::WaterFilling => allotment::water(&asks, &capacity, dust, rank),
            Allocation::Lottery { marginal, .. } => {
                let seed = self.seed(round).unwrap();
                let ticket =
                    |person: &usize| allotment::ticket(&self.hash, round, &seed, &people[*person]);
                allotment::lottery(&asks, &capacity, *marginal, ticket)
            }
            Allocation::FirstCome | Allocation::Guaranteed { .. } => panic!("no batch"),
        };
        for (person, who) in people.iter().enumerate() {
            let own: Vec<usize> = payments
                .iter()
                .copied()
                .filter(|&at| self.payments[at].who == *who)
                .collect();
            if parts[person] < asks[person] {
                let share = Fraction::new(parts[person].clone(), asks[person].clone());
                if moving {
                    self.scale(&own, &share)
                } else {
                    self.share_out(own, &share)
                }
            }
        }
    }

    fn value_up(paid: &Payment) -> BigInt {
        paid.rate.of_count(&paid.accepted()).ceil()
    }

    /// Tokens that a payment asks for, rounded up.
    fn rounded_up(&self, paid: &Payment) -> BigInt {
        let conditions = self.conditions(paid).unwrap();
        let Price::Known(price) = &conditions.price else {
            panic!("a batch knows its prices")
        };
        let unit = big(self.currency(paid.currency).rounding.unit.0);
        price
            .of_count(&(paid.accepted() + &conditions.credit))
            .rounded_up(&unit)
    }

    /// Each payment keeps the same part, rounded down.
    fn scale(&mut self, own: &[usize], share: &Fraction) {
        for &place in own {
            let accepted = self.payments[place].accepted();
            self.reduce(place, &share.of_count(&accepted).floor());
        }
    }

    /// One person's payments share the person's part in proportion, the smaller first, exactly.
    fn share_out(&mut self, mut own: Vec<usize>, share: &Fraction) {
        own.sort_by_key(|&place| {
            let paid = &self.payments[place];
            (
                paid.currency,
                Self::value_up(paid),
                paid.amount.clone(),
                place,
            )
        });
        let mut before = big(0);
        for place in own {
            let value = Self::value_up(&self.payments[place]);
            let after = &before + &value;
            let part = share.of_count(&after).floor() - share.of_count(&before).floor();
            before = after;
            if part < value {
                let money = self.payments[place].rate.inverse().of_count(&part).floor();
                self.reduce(place, &money);
            }
        }
    }

    /// Leaves so much of a payment; of one that is cut, nothing where that buys nothing.
    fn reduce(&mut self, place: usize, left: &BigInt) {
        let accepted = self.payments[place].accepted();
        if *left < accepted {
            let conditions = self.conditions(&self.payments[place]).unwrap();
            let left = self.unless_for_nothing(&conditions, &big(0), left.clone());
            self.payments[place].reasoned = true;
            self.payments[place].pieces.push(Piece::Back {
                money: accepted - left,
            });
        }
    }

    /// Everybody pays the price at which the money raised bought the supply, or the last one.
    fn resolve_dutch(&mut self, round: usize) {
        let closed = self
            .closes
            .iter()
            .find(|(of, _)| *of == round)
            .map(|(_, at)| *at);
        let end = closed.unwrap_or_else(|| {
            let lines = 0..self.terms.clock.lines.len();
            let mut windows = lines.filter_map(|line| self.window(round, line));
            windows.next().unwrap().1
        });
        let supply = big(self.terms.rounds[round].supply.unwrap().0);
        let raised = self.raised(round);
        let last = self.dutch_price(round, end);
        let sold_out = raised > big(0) && raised >= last.of_count(&supply).floor();
        let price = if sold_out {
            Fraction::new(raised, supply)
        } else {
            last
        };
        for place in self.of_round(round) {
            let paid = &self.payments[place];
            let unit = big(self.currency(paid.currency).rounding.unit.0);
            let tokens = price.inverse().of_count(&self.value(paid));
            let tokens = Fraction::new(tokens.num, tokens.den * &unit).floor() * &unit;
            self.payments[place].given = Some(tokens);
        }
        self.clearing[round] = Some(price);
    }

    fn resolve_bids(&mut self, round: usize, min_proceeds: u128) {
        let places = self.of_round(round);
        let (_, left) = self.left(round);
        let supply = left.unwrap();
        let bids: Vec<allotment::Bid> = places
            .iter()
            .map(|&place| {
                let paid = &self.payments[place];
                let limit = paid.limit.unwrap();
                allotment::Bid {
                    money: paid.accepted(),
                    limit,
                    who: paid.who.clone(),
                }
            })
            .collect();
        let by_id = self.terms.tie == TieRule::ById;
        let cleared = if supply == big(0) {
            None
        } else {
            let lot = (&supply, &big(min_proceeds));
            allotment::clear(lot, &bids, by_id, self.terms.dust, &self.hash)
        };
        for (bid, place) in places.into_iter().enumerate() {
            let (accepted, tokens) = cleared.as_ref().map_or((big(0), big(0)), |cleared| {
                let accepted = cleared.accepted[bid].clone();
                let tokens = cleared.price.inverse().of_count(&accepted).floor();
                (accepted, tokens)
            });
            let unit = big(self.currency(self.payments[place].currency).rounding.unit.0);
            self.reduce(place, &accepted);
            self.payments[place].given = Some(tokens / &unit * &unit);
        }
        self.clearing[round] = cleared.map(|cleared| cleared.price);
    }

    /// Sealed bids that nobody opened go back, less the bond.
    fn keep_bonds(&mut self) {
        for place in 0..self.payments.len() {
            let paid = &self.payments[place];
            let (true, Some(round)) = (paid.sealed.is_some(), paid.round) else {
                continue;
            };
            if let Pricing::Bids {
                sealing: Sealing::Sealed { bond, .. },
                ..
            } = self.terms.rounds[round].pricing
            {
                let share = Fraction::new(big(bond.0.into()), big(10_000));
                self.payments[place].kept = share.of_count(&paid.amount).floor();
            }
        }
    }

    /// Money that comes to no token goes back: that of one payment, or of all payments of a person that
    /// are rounded together.
    fn return_for_nothing(&mut self) {
        let taken = |paid: &&Payment| paid.accepted() > big(0);
        let for_nothing = |paid: &Payment| match self.currency(paid.currency).rounding.per {
            RoundingScope::Contribution => self.tokens(paid) == big(0),
            RoundingScope::Investor => {
                let rounding = self.currency(paid.currency).rounding;
                let together = self.payments.iter().filter(taken).filter(|other| {
                    (&other.who, other.currency, other.round)
                        == (&paid.who, paid.currency, paid.round)
                });
                let exact = together.map(|other| self.exact(other));
                let sum = exact.reduce(|sum, one| sum.plus(&one)).unwrap();
                sum.rounded(&big(rounding.unit.0), rounding.mode) == big(0)
            }
        };
        let all = self.payments.iter().enumerate();
        let back: Vec<usize> = all
            .filter(|(_, paid)| taken(paid) && !self.allows_nothing(paid) && for_nothing(paid))
            .map(|(place, _)| place)
            .collect();
        for place in back {
            let money = self.payments[place].accepted();
            self.payments[place].pieces.push(Piece::Back { money });
            self.payments[place].reasoned = true;
        }
    }

    /// What a payment buys before anything is rounded.
    fn exact(&self, paid: &Payment) -> Fraction {
        let conditions = self.conditions(paid).unwrap();
        let Price::Known(price) = &conditions.price else {
            panic!("only known prices are rounded once")
        };
        price.of_count(&(paid.accepted() + &conditions.credit))
    }

    /// A minimum of zero lets in what buys nothing.
    fn allows_nothing(&self, paid: &Payment) -> bool {
        let Some(round) = paid.round else { return true };
        self.terms.rounds[round]
            .contribution_min
            .iter()
            .any(|least| match *least {
                Limit::Value(least) => least.0 == 0,
                Limit::Tokens(least) => least.0 == 0,
                Limit::Money(currency, least) => currency.index() == paid.currency && least.0 == 0,
            })
    }

    /// Rounds once per investor and round where the currency says so; then nobody has more than the ceiling.
    fn round_once(&mut self) {
        let mut sums: BTreeMap<(String, usize, usize), Fraction> = BTreeMap::new();
        let mut rounded: BTreeMap<(String, usize, usize), BigInt> = BTreeMap::new();
        let mut had: BTreeMap<String, BigInt> = BTreeMap::new();
        for place in 0..self.payments.len() {
            let paid = &self.payments[place];
            let rounding = self.currency(paid.currency).rounding;
            let mut tokens = self.tokens(paid);
            let conditions = self.conditions(paid);
            if let (RoundingScope::Investor, Some(conditions)) = (rounding.per, conditions)
                && let Price::Known(price) = &conditions.price
            {
                let key = (paid.who.clone(), paid.currency, conditions.round);
                let before = rounded.get(&key).cloned().unwrap_or_else(|| big(0));
                let zero = Fraction::new(big(0), big(1));
                let mut sum = sums.get(&key).cloned().unwrap_or(zero);
                if paid.accepted() > big(0) {
                    sum = sum.plus(&price.of_count(&(paid.accepted() + &conditions.credit)));
                }
                let after = sum.rounded(&big(rounding.unit.0), rounding.mode);
                tokens = &after - before;
                sums.insert(key.clone(), sum);
                rounded.insert(key, after);
            }
            let own = had.entry(paid.who.clone()).or_insert_with(|| big(0));
            let own_return = || {
                let mut all = self.payments.iter();
                all.any(|other| other.who == paid.who && other.over_limit)
            };
            let counts = self.terms.token_ceiling_scope == CeilingScope::Everyone || own_return();
            if let Some(ceiling) = self.terms.token_ceiling.filter(|_| counts) {
                tokens = least(tokens, big(ceiling.0) - &*own);
            }
            *own += &tokens;
            self.payments[place].given = Some(tokens);
        }
    }

    /// Shares, unsold tokens and all that exist; only after a success.
    pub(crate) fn split(&self) -> Split {
        let sold: BigInt = self.payments.iter().map(|paid| self.tokens(paid)).sum();
        match &self.terms.token.supply {
            Supply::Fixed {
                total,
                for_sale,
                shares,
            } => {
                let unsold = big(for_sale.0) - sold;
                let minted = match self.terms.unsold {
                    Unsold::Burned => big(total.0) - &unsold,
                    Unsold::Treasury => big(total.0),
                };
                let shares = shares.iter().map(|share| big(share.size.0)).collect();
                Split {
                    shares,
                    unsold,
                    minted,
                }
            }
            Supply::Minted { max, shares } => {
                let of_sold = |ratio| Fraction::of(ratio).of_count(&sold);
                let shares: Vec<BigInt> = shares
                    .iter()
                    .map(|share| of_sold(share.size.ratio).rounded(&big(1), share.size.rounding))
                    .collect();
                let minted = &sold + shares.iter().sum::<BigInt>();
                let unsold = max.map_or(big(0), |max| big(max.0) - &sold);
                Split {
                    shares,
                    unsold,
                    minted,
                }
            }
        }
    }
}
