//! The reference model: the rules of an offering a second time, slow and plain.
//!
//! It is written from the terms' documentation and keeps nothing but the list of what happened.
//! Every question (what is used of a cap, what does an investor hold, where does a window end) is
//! answered by going through that list again, in integers without bounds. It knows no fast path, no
//! table of investors and no running total.

mod accounts;
mod allotment;
mod contributions;
mod money_back;
mod offers;
mod schedule;
mod settling;
mod tokens;

use std::sync::Arc;

use num_bigint::BigInt;
use softcap_offering::{
    Command, ContributionIndex, Funding, LimitPrice, Offering, Outcome, Ratio, Refusal, RequestId,
    Stamp, Value, Verdict, WithdrawalMark,
    terms::{Allocation, Bound, EarlyClose, RateTerm, Terms},
};

use super::fraction::{Fraction, big};

/// What the model says about one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Refused,
    Done,
    Taken {
        round: usize,
        accepted: BigInt,
        refunded: BigInt,
        waiting: BigInt,
        kept: BigInt,
        tokens: BigInt,
    },
    Back {
        amount: BigInt,
        promoted: u32,
    },
    Settled {
        verdict: Verdict,
        raised: BigInt,
        sold: BigInt,
    },
    /// The first entry with the same request or transfer.
    Repeat(u64),
}

impl Answer {
    /// What the engine says, in the model's words.
    pub(crate) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Refused(_) => Self::Refused,
            Outcome::Done => Self::Done,
            Outcome::Contributed(taken) => Self::Taken {
                round: taken.round.index(),
                accepted: big(taken.accepted.0),
                refunded: big(taken.refunded.0),
                waiting: big(taken.waiting.0),
                kept: big(taken.kept.0),
                tokens: big(taken.tokens.0),
            },
            Outcome::Refunded { amount } => Self::Back {
                amount: big(amount.0),
                promoted: 0,
            },
            Outcome::RefundedAndPromoted { amount, promoted } => Self::Back {
                amount: big(amount.0),
                promoted: *promoted,
            },
            Outcome::Settled(settled) => Self::Settled {
                verdict: settled.verdict,
                raised: big(settled.raised.0),
                sold: big(settled.sold.0),
            },
            Outcome::RepeatOf(first) => Self::Repeat(first.0),
        }
    }
}

/// One payment, refused ones included, and what happened to it.
#[derive(Clone, Debug)]
pub(crate) struct Payment {
    pub(crate) sequence: u64,
    pub(crate) who: String,
    pub(crate) currency: usize,
    pub(crate) amount: BigInt,
    funding: Funding,
    position: u64,
    /// From where a right of withdrawal counts: a sealed bid's from its opening.
    right_from: u64,
    round: Option<usize>,
    rate: Fraction,
    limit: Option<LimitPrice>,
    /// Hash of a sealed bid that is not open.
    sealed: Option<[u8; 32]>,
    pieces: Vec<Piece>,
    waiting: BigInt,
    pub(crate) kept: BigInt,
    /// Tokens where only the settlement knows them.
    given: Option<BigInt>,
    /// Whether the issuer returned some of it as over a limit.
    over_limit: bool,
    /// Whether the row must say why less than all is accepted.
    pub(crate) reasoned: bool,
}

/// Money taken or given back, in order.
#[derive(Clone, Debug)]
enum Piece {
    /// Taken by entry `at`, when so much value had been raised in the round.
    Taken {
        money: BigInt,
        raised: BigInt,
        at: u64,
    },
    Back {
        money: BigInt,
    },
}

/// An entry about an admission.
#[derive(Clone, Debug)]
struct Admitted {
    sequence: u64,
    round: usize,
    who: String,
    /// `None` takes the admission back.
    grant: Option<Grant>,
}

#[derive(Clone, Copy, Debug)]
struct Grant {
    limit: Option<Value>,
    expires: Option<u64>,
    guaranteed: u128,
    mark: WithdrawalMark,
}

#[derive(Clone, Debug)]
struct Paused {
    line: usize,
    from: u64,
    latest_end: u64,
    ended: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Draft,
    Running,
    Cancelled,
    Expired,
    Settled,
}

/// The offering as a list of what happened.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    terms: Arc<Terms>,
    hash: [u8; 32],
    stage: Stage,
    next: u64,
    stamps: Vec<Stamp>,
    pub(crate) payments: Vec<Payment>,
    admissions: Vec<Admitted>,
    rates: Vec<(usize, Ratio, u64)>,
    pauses: Vec<Paused>,
    closes: Vec<(usize, u64)>,
    seeds: Vec<(usize, [u8; 32])>,
    /// Documents that open an exit: number of the entry, last position.
    exits: Vec<(u64, u64)>,
    moves: Vec<accounts::Moved>,
    /// Requests and transfers with the entries that used them first.
    ids: Vec<([u8; 17], u64)>,
    verdict: Option<Verdict>,
    pub(crate) clearing: Vec<Option<Fraction>>,
}

impl Model {
    pub(crate) fn new(terms: Arc<Terms>) -> Self {
        Self {
            hash: terms.hash().0,
            stage: Stage::Draft,
            next: 0,
            stamps: Vec::new(),
            payments: Vec::new(),
            admissions: Vec::new(),
            rates: Vec::new(),
            pauses: Vec::new(),
            closes: Vec::new(),
            seeds: Vec::new(),
            exits: Vec::new(),
            moves: Vec::new(),
            ids: Vec::new(),
            verdict: None,
            clearing: vec![None; terms.rounds.len()],
            terms,
        }
    }

    /// One entry. Money beyond 2^96 units may be refused as too large for 128-bit arithmetic; where
    /// exactly is not a rule of money, so there the model takes the engine's word.
    pub(crate) fn apply(
        &mut self,
        stamp: Stamp,
        request: Option<RequestId>,
        command: &Command<'_>,
        engine: &Outcome,
    ) -> Answer {
        let sequence = self.next;
        self.next += 1;
        if let Some(first) = self.repeated(sequence, request, command) {
            return Answer::Repeat(first);
        }
        let huge = matches!(command, Command::Contribute(paid) if paid.amount.0 >> 96 != 0)
            && *engine == Outcome::Refused(Refusal::AmountTooLarge);
        let answer = if self.enter(stamp) && !huge {
            self.perform(sequence, stamp, command)
        } else {
            None
        };
        answer.unwrap_or_else(|| {
            self.note_refused(sequence, stamp, command);
            Answer::Refused
        })
    }

    /// `None` is a refusal.
    fn perform(&mut self, sequence: u64, stamp: Stamp, command: &Command<'_>) -> Option<Answer> {
        if let Command::Announce { terms_hash } = command {
            let fits = self.stage == Stage::Draft && *terms_hash == self.hash;
            fits.then(|| self.stage = Stage::Running)?;
            return Some(Answer::Done);
        }
        if self.stage == Stage::Draft {
            return None;
        }
        match command {
            Command::Contribute(paid) => return self.contribute(sequence, stamp, paid),
            Command::Commit {
                investor,
                locked,
                commitment,
                funding,
                ..
            } => {
                let money = (investor.to_string(), big(locked.0), *funding);
                return self.commit(sequence, stamp, money, *commitment);
            }
            Command::Fund {
                investor,
                currency,
                amount,
                ..
            } => self.fund(investor.to_string(), currency.index(), *amount)?,
            Command::TakeBack {
                investor,
                currency,
                amount,
                ..
            } => self.take_back(investor.to_string(), currency.index(), *amount)?,
            Command::Withdraw { contribution } => return self.withdraw(stamp, contribution.0),
            Command::Return {
                contribution,
                amount,
                reason,
            } => {
                return self.give_back(contribution.0, big(amount.0), *reason);
            }
            Command::Settle => return self.settle(),
            Command::Tick => {}
            Command::Document { exit, .. } => self.document(sequence, *exit)?,
            Command::Reveal {
                bid,
                amount,
                limit,
                salt,
            } => {
                self.reveal(stamp, bid.0, big(amount.0), *limit, salt)?;
            }
            _ => {
                self.require_running()?;
                self.govern(sequence, stamp, command)?;
            }
        }
        Some(Answer::Done)
    }

    /// What the issuer and the clock enter while the offering runs.
    fn govern(&mut self, sequence: u64, stamp: Stamp, command: &Command<'_>) -> Option<()> {
        match command {
            Command::Admit(admit) => {
                let round = self.round(admit.round.index())?;
                let who = admit.investor.to_string();
                self.guarantee_fits(round, &who, admit.guaranteed.0)?;
                let grant = Some(Grant {
                    limit: admit.limit,
                    expires: admit.expires.map(|end| end.0),
                    guaranteed: admit.guaranteed.0,
                    mark: admit.withdrawal,
                });
                self.admissions.push(Admitted {
                    sequence,
                    round,
                    who,
                    grant,
                });
            }
            Command::Revoke { round, investor } => {
                let round = self.round(round.index())?;
                let who = investor.to_string();
                self.last_admission(&who, round)?;
                self.admissions.push(Admitted {
                    sequence,
                    round,
                    who,
                    grant: None,
                });
            }
            Command::Rate { currency, rate } => {
                self.record_rate(stamp, currency.index(), *rate)?;
            }
            Command::Pause => self.pause(stamp)?,
            Command::Resume => self.resume(stamp)?,
            Command::Seed { round, seed, proof } => {
                let round = self.round(round.index())?;
                let Allocation::Lottery { instant, .. } = self.terms.rounds[round].allocation
                else {
                    return None;
                };
                let early = stamp.position < instant || !self.is_over(round);
                if early || proof.len() > 1024 || self.seed(round).is_some() {
                    return None;
                }
                self.seeds.push((round, *seed));
            }
            Command::Close { round } => {
                let round = self.round(round.index())?;
                let allowed = match self.terms.early_close {
                    EarlyClose::Never => false,
                    EarlyClose::Allowed => true,
                    EarlyClose::AfterSoftCap => self.soft_cap_is_met(),
                };
                if !allowed || !self.has_begun(round) || self.is_over(round) {
                    return None;
                }
                self.closes.push((round, self.latest(stamp.line.index())));
            }
            Command::Cancel => self.stage = Stage::Cancelled,
            // Everything else belongs to the time after settlement.
            _ => return None,
        }
        Some(())
    }

    fn require_running(&self) -> Option<()> {
        (self.stage == Stage::Running).then_some(())
    }

    fn round(&self, index: usize) -> Option<usize> {
        (index < self.terms.rounds.len()).then_some(index)
    }

    fn seed(&self, round: usize) -> Option<[u8; 32]> {
        self.seeds
            .iter()
            .find(|(of, _)| *of == round)
            .map(|(_, seed)| *seed)
    }

    /// A rate must be a number, on its currency's clock line, and within a step of the one before.
    fn record_rate(&mut self, stamp: Stamp, currency: usize, rate: Ratio) -> Option<()> {
        let terms = self.terms.currencies.get(currency)?;
        let RateTerm::Recorded { max_step, .. } = &terms.rate else {
            return None;
        };
        if stamp.line != terms.line || rate.is_zero() {
            return None;
        }
        if let Some((_, before, _)) = self.rates.iter().rev().find(|(of, ..)| *of == currency) {
            let (old, new) = (Fraction::of(*before), Fraction::of(rate));
            let step = Fraction::new(big(max_step.0.into()), big(10_000)).times(&old);
            let within = new.at_most(&old.plus(&step)) && old.minus(&step).at_most(&new);
            within.then_some(())?;
        }
        self.rates.push((currency, rate, stamp.position.0));
        Some(())
    }

    /// What is accepted now reaches the soft cap; in batch rounds what was asked.
    fn soft_cap_is_met(&self) -> bool {
        match self.terms.soft_cap {
            None => true,
            Some(Bound::Value(cap)) => {
                let raised: BigInt = self.payments.iter().map(|paid| self.value(paid)).sum();
                raised >= big(cap.0)
            }
            Some(Bound::Tokens(cap)) => {
                let sold: BigInt = self.payments.iter().map(|paid| self.tokens(paid)).sum();
                sold >= big(cap.0)
            }
        }
    }

    /// Tokens of a payment, final once settled.
    pub(crate) fn final_tokens(&self, paid: &Payment) -> BigInt {
        self.tokens(paid)
    }

    /// Compares the rows of the engine with the payments of the model.
    pub(crate) fn compare_rows(&self, engine: &Offering) -> Result<(), String> {
        if engine.contribution_count() != self.payments.len() {
            let (rows, paid) = (engine.contribution_count(), self.payments.len());
            return Err(format!("the engine has {rows} rows, the model {paid}"));
        }
        for (place, paid) in (0..).zip(&self.payments) {
            let row = engine.row(ContributionIndex(place));
            let accepted = paid.accepted();
            let refunded = &paid.amount - &accepted - &paid.kept;
            let pairs = [
                (
                    "sequence",
                    big(row.sequence.0.into()),
                    big(paid.sequence.into()),
                ),
                ("contributed", big(row.contributed.0), paid.amount.clone()),
                ("accepted", big(row.accepted.0), accepted),
                ("refunded", big(row.refunded.0), refunded),
                ("kept", big(row.kept.0), paid.kept.clone()),
                ("tokens", big(row.tokens.0), self.tokens(paid)),
                (
                    "reason",
                    u128::from(row.reason.is_some()).into(),
                    u8::from(paid.reasoned).into(),
                ),
                ("currency", row.currency.0.into(), paid.currency.into()),
            ];
            for (what, engine, model) in pairs {
                if engine != model {
                    let sequence = paid.sequence;
                    return Err(format!(
                        "entry {sequence}, {what}: engine {engine}, model {model} ({:?})",
                        row.reason
                    ));
                }
            }
            if engine.investor(row.investor).to_string() != paid.who
                || row.round.map(|round| round.index()) != paid.round
            {
                return Err(format!("entry {}: investor or round differ", paid.sequence));
            }
        }
        Ok(())
    }
}

impl Payment {
    /// What the offering has of it.
    pub(crate) fn accepted(&self) -> BigInt {
        self.pieces.iter().fold(big(0), |sum, piece| match piece {
            Piece::Taken { money, .. } => sum + money,
            Piece::Back { money } => sum - money,
        })
    }
}
