//! Playing a scenario: the people's money goes through the real engine, entry by entry.

use std::sync::Arc;

use softcap_offering::{
    Admit, Command, Contribute, Funding, InvestorId, Offering, Outcome, Position, Ratio, Refusal,
    RoundIndex, Sequence, Settled, Stamp, Value, Verdict, WithdrawalMark, sealed_bid_commitment,
    terms::{Access, Allocation, Bound, Pricing, Sealing, Terms, WithdrawalHolder},
};

use super::{
    demand::{Demand, Payment, Person},
    draws::Draws,
    kind::Kind,
    rates::RateWalk,
    sale::Sale,
};

/// A settled scenario.
pub(super) struct Played {
    pub(super) offering: Offering,
    /// Of each payment: the number of its entry, and the rate in force.
    pub(super) payments: Vec<Option<(Sequence, Ratio)>>,
    pub(super) settled: Settled,
    /// What was taken before settlement, in numeraire units.
    pub(super) taken_value: u128,
    /// Tokens that it would have bought, as far as they were known before settlement.
    pub(super) taken_tokens: u128,
}

impl Played {
    /// What was taken, counted as a cap counts; below the cap when the soft cap was missed.
    pub(super) fn taken(&self, cap: Bound) -> u128 {
        let succeeded = self.settled.verdict == Verdict::Succeeded;
        match (cap, succeeded) {
            (Bound::Value(_), true) => self.settled.raised.0,
            (Bound::Tokens(_), true) => self.settled.sold.0,
            (Bound::Value(cap), false) => self.taken_value.min(cap.0.saturating_sub(1)),
            (Bound::Tokens(cap), false) => self.taken_tokens.min(cap.0.saturating_sub(1)),
        }
    }
}

/// Something that happens, and when. Sorted, positions on one line never go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Scheduled {
    /// How far the line has come at the position, so that lines can be put in one order.
    progress: u64,
    position: Position,
    place: u64,
    event: Event,
    line: softcap_offering::LineIndex,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Pay(usize),
    Withdraw(usize),
    Reveal(usize),
    Seed(RoundIndex),
}

/// Runs a demand to its settlement.
///
/// # Errors
/// The refusal of an entry that the terms themselves call for: a rate, a seed, a settlement.
pub(super) fn play(
    sale: &Sale,
    demand: &Demand,
    draws: &mut Draws,
    mut progress: impl FnMut(),
) -> Result<Played, Refusal> {
    let mut stage = Stage::open(sale, demand, draws)?;
    for scheduled in schedule(sale, demand, stage.draws) {
        stage.happen(scheduled)?;
        progress();
    }
    stage.settle()
}

struct Stage<'a> {
    terms: Arc<Terms>,
    demand: &'a Demand,
    draws: &'a mut Draws,
    offering: Offering,
    rates: RateWalk,
    payments: Vec<Option<(Sequence, Ratio)>>,
    /// Salts of sealed bids, by payment.
    salts: Vec<Option<[u8; 32]>>,
}

impl<'a> Stage<'a> {
    /// Announces, and admits who is to be admitted.
    fn open(sale: &Sale, demand: &'a Demand, draws: &'a mut Draws) -> Result<Self, Refusal> {
        let terms = Arc::clone(&sale.terms);
        let mut offering = Offering::new(Arc::clone(&terms));
        let terms_hash = offering.terms_hash();
        required(&offering.apply(Stamp::default(), &Command::Announce { terms_hash }))?;
        let mut guaranteed = vec![0_u128; terms.rounds.len()];
        for (number, person) in demand.people.iter().enumerate() {
            let Some(mut admit) = admission(&terms, person) else {
                continue;
            };
            // At most half of a round is reserved, so that there is something left to compete for.
            if let (Some(sum), Some(round)) = (
                guaranteed.get_mut(person.round.index()),
                sale.rounds.get(person.round.index()),
            ) {
                let room = (round.size / 2).saturating_sub(*sum);
                admit.guaranteed = Value(admit.guaranteed.0.min(room));
                *sum += admit.guaranteed.0;
            }
            let id = id_of(number, person);
            admit.investor = InvestorId::Opaque(&id);
            required(&offering.apply(Stamp::default(), &Command::Admit(admit)))?;
        }
        let rates = RateWalk::new(&terms);
        let payments = vec![None; demand.payments.len()];
        let salts = vec![None; demand.payments.len()];
        Ok(Self {
            terms,
            demand,
            draws,
            offering,
            rates,
            payments,
            salts,
        })
    }

    fn happen(&mut self, scheduled: Scheduled) -> Result<(), Refusal> {
        let stamp = Stamp {
            line: scheduled.line,
            position: scheduled.position,
        };
        match scheduled.event {
            Event::Pay(number) => self.pay(stamp, number),
            Event::Withdraw(number) => {
                let Some((contribution, _)) = self.payments.get(number).copied().flatten() else {
                    return Ok(());
                };
                // Refused when nothing of the contribution was taken: then it is back already.
                self.offering
                    .apply(stamp, &Command::Withdraw { contribution });
                Ok(())
            }
            Event::Reveal(number) => {
                self.reveal(stamp, number);
                Ok(())
            }
            Event::Seed(round) => {
                let seed = self.draws.bytes();
                let command = Command::Seed {
                    round,
                    seed,
                    proof: b"simulated",
                };
                required(&self.offering.apply(stamp, &command))
            }
        }
    }

    fn pay(&mut self, stamp: Stamp, number: usize) -> Result<(), Refusal> {
        let Some(payment) = self.demand.payments.get(number) else {
            return Ok(());
        };
        let Some((id, person)) = payer(self.demand, payment) else {
            return Ok(());
        };
        self.rates
            .refresh(&mut self.offering, stamp, payment.currency, self.draws)?;
        let rate = self.rates.rate(&self.terms, payment.currency);
        if let Some(place) = self.payments.get_mut(number) {
            *place = Some((self.offering.next_sequence(), rate));
        }
        let investor = InvestorId::Opaque(&id);
        let sealed = payment
            .limit
            .filter(|_| is_sealed(&self.terms, person.round));
        let command = if let Some(limit) = sealed {
            let salt = self.draws.bytes();
            if let Some(place) = self.salts.get_mut(number) {
                *place = Some(salt);
            }
            let hash = self.offering.terms_hash();
            let commitment = sealed_bid_commitment(&hash, investor, payment.amount, limit, &salt);
            Command::Commit {
                investor,
                locked: payment.amount,
                commitment,
                reference: "simulated",
                funding: Funding::Arrived,
            }
        } else {
            Command::Contribute(Contribute {
                investor,
                currency: payment.currency,
                amount: payment.amount,
                limit: payment.limit,
                reference: "simulated",
                source: None,
                funding: Funding::Arrived,
            })
        };
        self.offering.apply(stamp, &command);
        Ok(())
    }

    /// Opens a bid. A bid that was not taken cannot be opened, and the engine says so.
    fn reveal(&mut self, stamp: Stamp, number: usize) {
        let bid = self.payments.get(number).copied().flatten();
        let salt = self.salts.get(number).copied().flatten();
        let payment = self.demand.payments.get(number);
        if let (
            Some((bid, _)),
            Some(salt),
            Some(Payment {
                amount,
                limit: Some(limit),
                ..
            }),
        ) = (bid, salt, payment)
        {
            let command = Command::Reveal {
                bid,
                amount: *amount,
                limit: *limit,
                salt,
            };
            self.offering.apply(stamp, &command);
        }
    }

    fn settle(mut self) -> Result<Played, Refusal> {
        for stamp in self.offering.settlement_stamps() {
            required(&self.offering.apply(stamp, &Command::Tick))?;
        }
        let taken_value = self.offering.raised().0;
        let taken_tokens = self
            .offering
            .rows()
            .map(|row| row.tokens.0)
            .fold(0, u128::saturating_add);
        let stamp = Stamp {
            position: self.offering.latest(softcap_offering::LineIndex(0)),
            ..Stamp::default()
        };
        let settled = match self.offering.apply(stamp, &Command::Settle) {
            Outcome::Settled(settled) => settled,
            Outcome::Refused(refusal) => return Err(refusal),
            Outcome::Contributed(_)
            | Outcome::Done
            | Outcome::Refunded { .. }
            | Outcome::RefundedAndPromoted { .. }
            | Outcome::RepeatOf(_) => return Err(Refusal::Inconsistent),
        };
        // The engine has checked itself before it settled; a simulation promises it to the reader.
        self.offering
            .check_invariants()
            .map_err(|_| Refusal::Inconsistent)?;
        let (offering, payments) = (self.offering, self.payments);
        Ok(Played {
            offering,
            payments,
            settled,
            taken_value,
            taken_tokens,
        })
    }
}

fn required(outcome: &Outcome) -> Result<(), Refusal> {
    if let Outcome::Refused(refusal) = outcome {
        Err(*refusal)
    } else {
        Ok(())
    }
}

/// The id of a person in the journal. Of one length, so that nobody's sorts first for its kind.
fn id_of(number: usize, person: &Person) -> String {
    format!("{:08x}-{number:08x}", person.name)
}

fn payer<'a>(demand: &'a Demand, payment: &Payment) -> Option<(String, &'a Person)> {
    let number = usize::try_from(payment.person).ok()?;
    let person = demand.people.get(number)?;
    Some((id_of(number, person), person))
}

/// The id under which a person's rows stand.
pub(super) fn investor_id(demand: &Demand, number: usize) -> Option<String> {
    demand
        .people
        .get(number)
        .map(|person| id_of(number, person))
}

fn is_sealed(terms: &Terms, round: RoundIndex) -> bool {
    terms.rounds.get(round.index()).is_some_and(|round| {
        matches!(
            round.pricing,
            Pricing::Bids {
                sealing: Sealing::Sealed { .. },
                ..
            }
        )
    })
}

/// The admission that a person needs before the sale; the caller fills in the id.
fn admission(terms: &Terms, person: &Person) -> Option<Admit<'static>> {
    let round = terms.rounds.get(person.round.index())?;
    let by_name = round.access == Access::Admitted && person.kind != Kind::NotAdmitted;
    let marked = terms
        .withdrawal
        .is_some_and(|right| right.who == WithdrawalHolder::Marked)
        && person.kind == Kind::Withdrawing;
    (by_name || marked || !person.guaranteed.is_zero()).then_some(Admit {
        round: person.round,
        investor: InvestorId::Address([0; 20]),
        limit: None,
        expires: None,
        guaranteed: person.guaranteed,
        withdrawal: if marked {
            WithdrawalMark::Marked
        } else {
            WithdrawalMark::Unmarked
        },
    })
}

/// Everything that happens, in order.
fn schedule(sale: &Sale, demand: &Demand, draws: &mut Draws) -> Vec<Scheduled> {
    let lines = Lines::new(&sale.terms);
    let mut all = Vec::with_capacity(demand.payments.len());
    for (number, payment) in demand.payments.iter().enumerate() {
        let at = |event, position| Scheduled {
            progress: lines.progress(payment.line, position),
            position,
            place: payment.place,
            event,
            line: payment.line,
        };
        all.push(at(Event::Pay(number), payment.position));
        let Some((_, person)) = payer(demand, payment) else {
            continue;
        };
        if person.kind == Kind::Withdrawing {
            let position = withdrawal_position(&sale.terms, payment, draws);
            all.push(at(Event::Withdraw(number), position));
        }
        if person.kind != Kind::Silent
            && let Some(position) = reveal_position(&sale.terms, person.round, draws)
        {
            all.push(at(Event::Reveal(number), position));
        }
    }
    for (place, round) in sale.terms.rounds.iter().enumerate() {
        if let Allocation::Lottery { instant, .. } = round.allocation {
            let line = round.windows.iter().position(Option::is_some).unwrap_or(0);
            let line = softcap_offering::LineIndex(u8::try_from(line).unwrap_or(0));
            let event = Event::Seed(RoundIndex(u8::try_from(place).unwrap_or(u8::MAX)));
            let progress = lines.progress(line, instant);
            all.push(Scheduled {
                progress,
                position: instant,
                place: 0,
                event,
                line,
            });
        }
    }
    all.sort_unstable();
    all
}

/// Some time in the first half of the right, or right before it ends for everybody.
fn withdrawal_position(terms: &Terms, payment: &Payment, draws: &mut Draws) -> Position {
    let from = payment.position.0;
    let end = terms.withdrawal.map_or(from, |right| match right.until {
        Some(until) => until.0.max(from),
        None => payment.position.after(right.span).0,
    });
    Position(draws.between(from, from.midpoint(end)))
}

fn reveal_position(terms: &Terms, round: RoundIndex, draws: &mut Draws) -> Option<Position> {
    let round = terms.rounds.get(round.index())?;
    let Pricing::Bids {
        sealing: Sealing::Sealed { reveal_until, .. },
        ..
    } = round.pricing
    else {
        return None;
    };
    let window = round.windows.iter().flatten().next()?;
    Some(Position(
        draws.between(window.end_exclusive().0, reveal_until.0),
    ))
}

/// The stretch of each clock line in which rounds are open. Heights of two chains do not compare;
/// here they are assumed to pass in step.
struct Lines {
    spans: Vec<(u64, u64)>,
}

impl Lines {
    fn new(terms: &Terms) -> Self {
        let span = |line: usize| {
            let windows = || {
                terms
                    .rounds
                    .iter()
                    .filter_map(move |round| *round.windows.get(line)?)
            };
            let from = windows().map(|window| window.from.0).min().unwrap_or(0);
            let end = windows()
                .map(|window| window.end_exclusive().0)
                .max()
                .unwrap_or(from);
            (from, end.max(from.saturating_add(1)))
        };
        Self {
            spans: (0..terms.clock.lines.len()).map(span).collect(),
        }
    }

    fn progress(&self, line: softcap_offering::LineIndex, position: Position) -> u64 {
        let (from, end) = self.spans.get(line.index()).copied().unwrap_or((0, 1));
        let passed = u128::from(position.0.saturating_sub(from)) << 40;
        u64::try_from(passed / u128::from(end - from)).unwrap_or(u64::MAX)
    }
}
