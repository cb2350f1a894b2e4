//! Random commands for random terms: mostly what people do, some nonsense.

use softcap_offering::{
    Amount, Command, CurrencyIndex, DocumentExit, Funding, LimitPrice, LineIndex, Position, Ratio,
    RequestId, ReturnReason, RoundIndex, Sequence, Span, Stamp, Tokens, Value, WithdrawalMark,
    terms::{Access, Allocation, Pricing, RateTerm, Sealing, Terms},
};

use super::moves::{Admission, Move, PEOPLE, SecretBid, Step, person};
use super::random_terms::Ticks;
use super::seeded::Seeded;

/// Writes a random list of steps.
pub(crate) struct Script<'a> {
    rng: Seeded,
    terms: &'a Terms,
    ticks: Ticks,
    now: u64,
    labels: usize,
    /// Requests so far, and transfers.
    requests: u8,
    transfers: u8,
    bids: Vec<(usize, SecretBid)>,
    steps: Vec<Step>,
}

impl<'a> Script<'a> {
    /// From before the first window to after the last one; the settlement is not in it.
    pub(crate) fn random(terms: &'a Terms, ticks: Ticks, rng: &mut Seeded) -> Vec<Step> {
        let rng = Seeded::new(rng.next());
        let mut script = Script {
            rng,
            terms,
            ticks,
            now: 60,
            labels: 0,
            requests: 0,
            transfers: 0,
            bids: Vec::new(),
            steps: Vec::new(),
        };
        script.opening();
        let count = script.rng.between(12, 60);
        let last = script.last_tick();
        let pace = (last.saturating_sub(80) / count).max(1);
        script.now = if script.rng.chance(20) { 90 } else { 100 };
        for _ in 0..count {
            if script.rng.chance(60) {
                script.now += script.rng.below(2 * pace + 1);
            }
            script.anything();
        }
        script.draws();
        script.reveals();
        if script.rng.chance(15) {
            script.now += script.rng.between(1, 150);
            script.plain(Command::Tick);
            script.anything();
        }
        script.steps
    }

    fn last_tick(&self) -> u64 {
        let windows = self
            .terms
            .rounds
            .iter()
            .flat_map(|round| round.windows.iter().flatten());
        let last = windows.map(|window| window.until.0).max().unwrap();
        match self.ticks {
            Ticks::Time => (last - self.ticks.position(0)) / 1_000,
            Ticks::Block => last - self.ticks.position(0),
        }
    }

    fn push(&mut self, line: u8, command: Move) {
        let mut position = self.ticks.position(self.now);
        if self.ticks == Ticks::Time && self.rng.chance(5) {
            position += self.rng.below(1_000);
        }
        let Span(tolerance) = self.terms.clock.tolerance;
        if tolerance > 0 && self.rng.chance(30) {
            // Sometimes further behind than is tolerated.
            let more = if self.rng.chance(10) {
                tolerance / 4 + 1
            } else {
                0
            };
            position -= self.rng.below(tolerance + more);
        }
        let stamp = Stamp {
            line: LineIndex(line),
            position: Position(position),
        };
        let request = self.request();
        self.steps.push(Step {
            stamp,
            request,
            command,
        });
        if request.is_some() && self.rng.chance(5) {
            let again = self.steps.last().cloned();
            self.steps.extend(again);
        }
    }

    /// Often none, mostly a new one, sometimes that of another entry.
    fn request(&mut self) -> Option<RequestId> {
        let number = match self.rng.below(50) {
            0..=32 => return None,
            33 if self.requests > 0 => 1 + self.rng.below(self.requests.into()),
            _ => {
                self.requests = self.requests.saturating_add(1);
                self.requests.into()
            }
        };
        Some(RequestId([u8::try_from(number).unwrap(); 16]))
    }

    fn any_line(&mut self) -> u8 {
        let lines = u64::try_from(self.terms.clock.lines.len()).unwrap();
        u8::try_from(self.rng.below(lines)).unwrap()
    }

    fn plain(&mut self, command: Command<'static>) {
        let line = self.any_line();
        self.push(line, Move::Plain(command));
    }

    fn opening(&mut self) {
        if self.rng.chance(10) {
            self.contribute();
        }
        self.plain(Command::Announce {
            terms_hash: self.terms.hash().0,
        });
        for currency in 0..self.terms.currencies.len() {
            let currency = u8::try_from(currency).unwrap();
            if self.rng.chance(90) {
                self.rate(currency);
            }
            for who in 0..PEOPLE.len() {
                if self.rng.chance(60) {
                    self.fund(who, currency);
                }
            }
        }
        for round in 0..self.terms.rounds.len() {
            let admitted = self.terms.rounds[round].access == Access::Admitted;
            let guaranteed = matches!(
                self.terms.rounds[round].allocation,
                Allocation::Guaranteed { .. }
            );
            for who in 0..PEOPLE.len() {
                let chance = if admitted || guaranteed { 65 } else { 15 };
                if self.rng.chance(chance) {
                    self.admit(u8::try_from(round).unwrap(), who);
                }
            }
        }
    }

    fn anything(&mut self) {
        match self.rng.below(100) {
            0..=55 => self.pay(),
            56..=68 => {
                let of = self.some_label();
                let line = self.any_line();
                self.push(line, Move::Withdraw { of });
            }
            69..=75 => {
                let of = self.some_label();
                let tenths = u128::from(*self.rng.pick(&[10_u64, 10, 3, 5, 1, 11, 0]));
                let reason = self.rng.pick(&ReturnReason::ALL).0;
                let line = self.any_line();
                self.push(line, Move::Return { of, tenths, reason });
            }
            76..=78 => self.plain(Command::Pause),
            79..=81 => self.plain(Command::Resume),
            82..=84 => {
                let (round, who) = (self.some_round(), self.somebody());
                self.admit(round, who);
            }
            85 => {
                let (round, who) = (self.some_round(), self.somebody());
                let line = self.any_line();
                self.push(line, Move::Revoke { round, who });
            }
            86..=89 => {
                let currency = self.some_currency();
                self.rate(currency);
            }
            90 => {
                let round = RoundIndex(self.some_round());
                self.plain(Command::Close { round });
            }
            91 if self.rng.chance(15) => self.plain(Command::Cancel),
            92 => self.document(),
            93..=94 => self.nonsense(),
            95 => self.plain(Command::Settle),
            97 => {
                let (who, currency) = (self.somebody(), self.some_currency());
                self.fund(who, currency);
            }
            98 => self.take_back(),
            96 => {
                let (round, seed) = (RoundIndex(self.some_round()), self.rng.bytes());
                self.plain(Command::Seed {
                    round,
                    seed,
                    proof: &[],
                });
            }
            _ => self.plain(Command::Tick),
        }
    }

    fn fund(&mut self, who: usize, currency: u8) {
        let (transfer, amount) = (self.transfer(), self.amount(currency));
        let line = self.any_line();
        self.push(
            line,
            Move::Fund {
                transfer,
                who,
                currency,
                amount: 4 * amount,
            },
        );
    }

    fn take_back(&mut self) {
        let (who, currency) = (self.somebody(), self.some_currency());
        let tenths = u128::from(*self.rng.pick(&[10_u64, 10, 11, 3, 5, 0]));
        let transfer = self.transfer();
        let line = self.any_line();
        self.push(
            line,
            Move::TakeBack {
                transfer,
                who,
                currency,
                tenths,
            },
        );
    }

    /// A new transfer, or one that was there.
    fn transfer(&mut self) -> u8 {
        if self.transfers > 0 && self.rng.chance(10) {
            return u8::try_from(self.rng.below(self.transfers.into())).unwrap();
        }
        let next = self.transfers;
        self.transfers = self.transfers.saturating_add(1);
        next
    }

    fn funding(&mut self) -> Funding {
        if self.rng.chance(15) {
            Funding::Account
        } else {
            Funding::Arrived
        }
    }

    fn pay(&mut self) {
        let sealed = self.terms.rounds.iter().any(|round| {
            matches!(
                round.pricing,
                Pricing::Bids {
                    sealing: Sealing::Sealed { .. },
                    ..
                }
            )
        });
        if sealed && self.rng.chance(90) {
            self.commit()
        } else {
            self.contribute()
        }
    }

    fn contribute(&mut self) {
        let (who, currency) = (self.somebody(), self.some_currency());
        let amount = self.amount(currency);
        let bids = self.terms.rounds.iter().any(|round| {
            matches!(
                round.pricing,
                Pricing::Bids {
                    sealing: Sealing::Open,
                    ..
                }
            )
        });
        let asked = self.rng.chance(if bids { 92 } else { 2 });
        let limit = asked.then(|| self.limit());
        let label = self.labels;
        self.labels += 1;
        let line = self.terms.currencies[usize::from(currency)].line.0;
        let funding = self.funding();
        self.push(
            line,
            Move::Contribute {
                label,
                who,
                currency,
                amount,
                limit,
                funding,
            },
        );
    }

    /// Some whole units, often with a rest; sometimes next to nothing.
    fn amount(&mut self, currency: u8) -> u128 {
        let one = 10_u128.pow(self.terms.currencies[usize::from(currency)].decimals.into());
        let whole = u128::from(self.rng.between(1, 90)) * one;
        match self.rng.below(20) {
            0 => u128::from(self.rng.below(3)),
            1 => u128::from(self.rng.between(100, 900)) * one,
            2..=8 => whole,
            9..=11 => 10 * one,
            _ => whole + u128::from(self.rng.next()) % one,
        }
    }

    /// Few levels of price, so that bids tie.
    fn limit(&mut self) -> LimitPrice {
        let money = 10_u128.pow(self.terms.numeraire.decimals.into());
        let tokens = 10_u128.pow(self.terms.token.decimals.into());
        let level = u128::from(self.rng.between(1, 5));
        match self.rng.below(10) {
            0 => LimitPrice {
                money: 2 * level * money,
                tokens: 2 * tokens,
            },
            1 => LimitPrice {
                money: level * money + 1,
                tokens: 3 * tokens,
            },
            2 => LimitPrice { money: 0, tokens },
            _ => LimitPrice {
                money: level * money,
                tokens,
            },
        }
    }

    fn commit(&mut self) {
        let amount = self.amount(0);
        let bid = SecretBid {
            amount,
            limit: self.limit(),
            salt: self.rng.bytes(),
        };
        let step = self
            .terms
            .rounds
            .iter()
            .find_map(|round| match round.pricing {
                Pricing::Bids {
                    sealing: Sealing::Sealed { lock_step, .. },
                    ..
                } => Some(lock_step.0),
                _ => None,
            });
        let step = step.unwrap();
        let extra = u128::from(self.rng.below(3));
        let wrong = if self.rng.chance(8) { 1 } else { 0 };
        let locked = match self.rng.below(12) {
            0 => amount / step * step,
            _ => (amount / step + 1 + extra) * step + wrong,
        };
        let label = self.labels;
        self.labels += 1;
        self.bids.push((label, bid));
        let (who, funding) = (self.somebody(), self.funding());
        self.push(
            0,
            Move::Commit {
                label,
                who,
                locked,
                bid,
                funding,
            },
        );
    }

    /// Some seeds come at their instant, and people go on as if nothing had happened.
    fn draws(&mut self) {
        for (place, round) in (0..).zip(&self.terms.rounds) {
            let Allocation::Lottery { instant, .. } = round.allocation else {
                continue;
            };
            if self.rng.chance(40) {
                continue;
            }
            let ticks = instant.0 - self.ticks.position(0);
            let tick = if self.ticks == Ticks::Time {
                ticks / 1_000
            } else {
                ticks
            };
            self.now = self.now.max(tick);
            self.plain(Command::Tick);
            let (round, seed) = (RoundIndex(place), self.rng.bytes());
            self.plain(Command::Seed {
                round,
                seed,
                proof: &[3; 5],
            });
            for _ in 0..6 {
                self.anything();
            }
        }
    }

    /// Most bids are opened after the window, some wrongly, some not at all.
    fn reveals(&mut self) {
        if self.bids.is_empty() {
            return;
        }
        self.now = self.now.max(self.last_tick() + 1);
        for (of, mut bid) in self.bids.clone() {
            if self.rng.chance(15) {
                continue;
            }
            if self.rng.chance(10) {
                bid.amount += 1;
            }
            if self.rng.chance(20) {
                self.now += self.rng.below(10);
            }
            self.push(0, Move::Reveal { of, bid });
            if self.rng.chance(10) {
                self.push(0, Move::Reveal { of, bid });
            }
        }
    }

    fn admit(&mut self, round: u8, who: usize) {
        let one = 10_u128.pow(self.terms.numeraire.decimals.into());
        let some = |rng: &mut Seeded, low, high| Value(u128::from(rng.between(low, high)) * one);
        let limit = self.rng.chance(30).then(|| some(&mut self.rng, 10, 120));
        let expires = self
            .rng
            .chance(20)
            .then(|| Position(self.ticks.position(self.now + self.rng.between(20, 200))));
        let guarantees = matches!(
            self.terms.rounds[usize::from(round)].allocation,
            Allocation::Guaranteed { .. }
        );
        let guaranteed = if guarantees && self.rng.chance(70) || self.rng.chance(2) {
            some(&mut self.rng, 1, 60)
        } else {
            Value(0)
        };
        let withdrawal = *self
            .rng
            .pick(&[WithdrawalMark::Marked, WithdrawalMark::Unmarked]);
        let admission = Admission {
            limit,
            expires,
            guaranteed,
            withdrawal,
        };
        let line = self.any_line();
        self.push(
            line,
            Move::Admit {
                round,
                who,
                admission,
            },
        );
    }

    /// A rate near 3 whole numeraire units per whole unit, so that steps are small or too large.
    fn rate(&mut self, currency: u8) {
        let terms = &self.terms.currencies[usize::from(currency)];
        if matches!(terms.rate, RateTerm::Fixed(_)) && !self.rng.chance(10) {
            return;
        }
        let one = 10_u128.pow(terms.decimals.into());
        let unit = 10_u128.pow(self.terms.numeraire.decimals.into());
        let hundredths = u128::from(*self.rng.pick(&[300_u64, 310, 333, 290, 260, 390, 500, 0]));
        let rate = Ratio::new(hundredths * unit, 100 * one).unwrap();
        let line = terms.line.0;
        let currency = CurrencyIndex(currency);
        self.push(line, Move::Plain(Command::Rate { currency, rate }));
    }

    fn document(&mut self) {
        let until = Position(self.ticks.position(self.now + self.rng.between(0, 60)));
        let exit = *self
            .rng
            .pick(&[DocumentExit::None, DocumentExit::WithdrawalUntil(until)]);
        self.plain(Command::Document {
            hash: [7; 32],
            exit,
        });
    }

    fn nonsense(&mut self) {
        let label = self.labels;
        self.labels += 1;
        let who = self.somebody();
        let far = Sequence(1_000_000);
        let (line, command) = match self.rng.below(9) {
            0 => (
                0,
                Command::Announce {
                    terms_hash: [1; 32],
                },
            ),
            1 => (0, Command::Withdraw { contribution: far }),
            2 => (
                0,
                Command::Close {
                    round: RoundIndex(60),
                },
            ),
            3 => (
                0,
                Command::Publish {
                    settlement_root: [2; 32],
                },
            ),
            4 => (99, Command::Tick),
            5 => {
                let amount = u128::MAX >> self.rng.below(20);
                let currency = self.some_currency();
                let line = self.terms.currencies[usize::from(currency)].line.0;
                let paid = Move::Contribute {
                    label,
                    who,
                    currency,
                    amount,
                    limit: None,
                    funding: Funding::Arrived,
                };
                self.push(line, paid);
                return;
            }
            6 => {
                let paid = Move::Contribute {
                    label,
                    who,
                    currency: 77,
                    amount: 5,
                    limit: None,
                    funding: Funding::Account,
                };
                self.push(0, paid);
                return;
            }
            7 => (
                0,
                Command::Return {
                    contribution: far,
                    amount: Amount(1),
                    reason: ReturnReason::Order,
                },
            ),
            _ => (
                0,
                Command::Distribute {
                    investor: person(who),
                    tokens: Tokens(1),
                },
            ),
        };
        self.push(line, Move::Plain(command));
    }

    fn some_label(&mut self) -> usize {
        if self.labels > 6 && self.rng.chance(60) {
            return self.labels - 1 - usize::try_from(self.rng.below(6)).unwrap();
        }
        usize::try_from(self.rng.below(u64::try_from(self.labels).unwrap() + 1)).unwrap()
    }

    fn some_round(&mut self) -> u8 {
        u8::try_from(self.rng.below(self.terms.rounds.len() as u64)).unwrap()
    }

    fn some_currency(&mut self) -> u8 {
        u8::try_from(self.rng.below(self.terms.currencies.len() as u64)).unwrap()
    }

    fn somebody(&mut self) -> usize {
        usize::try_from(self.rng.below(PEOPLE.len() as u64)).unwrap()
    }
}
