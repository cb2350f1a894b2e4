//! What the record knows of a contribution.

use softcap_offering::{
    Amount, ContributionIndex, Offering, Phase, Position, Reason, Row, Tokens, Verdict,
    terms::{Allocation, Bound, Pricing, Rail},
};

use super::{
    Course, Entered, Known, Part, Payout, ResultOnChain, Source, Stage, State, Voiding, decide,
};

/// A contribution with its state, and the numbers that its sentence needs.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// The one state.
    pub(crate) state: State,
    /// How it stands in the record.
    pub(crate) row: Row,
    /// Until when it can be taken back, if it can.
    pub(crate) exit_until: Option<Position>,
    /// Tokens that the investor has of all contributions, once there is a result.
    pub(crate) handed_over: Tokens,
    /// What goes back, or went: where nobody gets tokens all of it does, also before an entry says so.
    pub(crate) back: Amount,
    /// Where that is.
    pub(crate) place: Place,
    /// Until when the result can be contested, if it can.
    pub(crate) contest_until: Option<Position>,
    /// Why the result counts no more, if it does not.
    pub(crate) voiding: Option<Voiding>,
}

impl Facts {
    /// Whether everything goes back, or went: then nothing of it is counted, also where no entry says so.
    fn is_all_back(&self) -> bool {
        self.back >= self.row.contributed
    }

    /// What of it is counted.
    pub(crate) fn accepted(&self) -> Amount {
        if self.is_all_back() {
            Amount::ZERO
        } else {
            self.row.accepted
        }
    }

    /// Tokens for it.
    pub(crate) fn tokens(&self) -> Tokens {
        if self.is_all_back() {
            Tokens(0)
        } else {
            self.row.tokens
        }
    }
}

/// Where money is that goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the account on the platform.
    Account,
    /// With the issuer, who pays it back.
    Issuer,
    /// In the contract, for its owner to take.
    Contract,
    /// In the wallet that it came from.
    Wallet,
}

/// What is the matter with a contribution, by the record and what the chain says of its result.
pub(crate) fn facts(offering: &Offering, index: ContributionIndex, result: ResultOnChain) -> Facts {
    facts_while(offering, index, (result, OnItsWay::Nothing))
}

/// Whether a wallet has sent for what is due to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnItsWay {
    /// Nobody knows that it has.
    Nothing,
    /// A transaction is on its way.
    Exit,
    /// The contract would hand over tokens now, which the record of a settlement by root cannot know.
    Offered,
    /// The contract has paid, which the record of a result that counts no more cannot know.
    PaidOut,
}

/// The same, where it is known whether what is due is on its way.
pub(crate) fn facts_while(
    offering: &Offering,
    index: ContributionIndex,
    (result, on_its_way): (ResultOnChain, OnItsWay),
) -> Facts {
    let row = offering.row(index);
    let waiting = offering.waiting_of(index);
    let rail = offering
        .terms()
        .currencies
        .get(row.currency.index())
        .map_or(Rail::Balance, |currency| currency.rail);
    let handed_over = offering.handed_over(row.investor);
    // Who has their tokens keeps them, whatever becomes of the result.
    // A contract that hands over now knows better than a record that is a few blocks behind.
    let result = match rail {
        Rail::Evm if handed_over.is_zero() && on_its_way != OnItsWay::Offered => result,
        Rail::Evm | Rail::Bitcoin | Rail::Balance => ResultOnChain::Undisputed,
    };
    let course = course(offering, result);
    let part = part(offering, &row, waiting, course);
    let payout = match course {
        Course::Running | Course::Ended | Course::Contested => Payout::Nothing,
        Course::Succeeded => tokens_paid(offering, &row, (handed_over, rail)),
        Course::GivenUp | Course::Voided => money_paid(offering, &row, rail),
    };
    let payout = match (payout, on_its_way) {
        (Payout::Ready, OnItsWay::Exit) => Payout::Sent,
        (Payout::Ready, OnItsWay::PaidOut) => Payout::Done,
        (Payout::Nothing, OnItsWay::Exit) if course == Course::Succeeded => Payout::Sent,
        (Payout::Nothing, OnItsWay::Offered) if course == Course::Succeeded => Payout::Ready,
        (payout, _) => payout,
    };
    let back = match (course, offering.settlement()) {
        // It is locked, whatever of it is bid.
        (Course::Running, _) if row.reason == Some(Reason::Sealed) => Amount::ZERO,
        (Course::GivenUp, None) | (Course::Voided, _) => {
            Amount(row.refunded.0.saturating_add(row.accepted.0))
        }
        _ => row.refunded,
    };
    let stage = Stage::Entered(Entered {
        part,
        course,
        payout,
    });
    let source = Source::Reached;
    Facts {
        state: decide(Known { source, stage }),
        row,
        exit_until: offering.withdrawable_until(index),
        handed_over,
        back,
        place: place(offering, &row, rail, payout),
        contest_until: match result {
            ResultOnChain::Contestable(until) => (course == Course::Contested).then_some(until),
            ResultOnChain::Undisputed | ResultOnChain::Void(_) => None,
        },
        voiding: match result {
            ResultOnChain::Void(why) => (course == Course::Voided).then_some(why),
            ResultOnChain::Undisputed | ResultOnChain::Contestable(_) => None,
        },
    }
}

/// Change of a contract never leaves the wallet, or is there again at once; what the issuer returned or the sale gave up
/// waits in it until its owner takes it.
fn place(offering: &Offering, row: &Row, rail: Rail, payout: Payout) -> Place {
    match rail {
        Rail::Balance => Place::Account,
        Rail::Bitcoin => Place::Issuer,
        Rail::Evm => {
            let id = offering.investor(row.investor);
            let is_out = offering.refund_paid(id, row.currency).is_some();
            let waits = matches!(row.reason, Some(Reason::Returned(_)))
                || matches!(payout, Payout::Ready | Payout::Sent);
            if waits && !is_out {
                Place::Contract
            } else {
                Place::Wallet
            }
        }
    }
}

fn course(offering: &Offering, result: ResultOnChain) -> Course {
    match offering.settlement().map(|held| held.settled.verdict) {
        Some(Verdict::Succeeded) => {
            return match result {
                ResultOnChain::Undisputed => Course::Succeeded,
                ResultOnChain::Contestable(_) => Course::Contested,
                ResultOnChain::Void(_) => Course::Voided,
            };
        }
        Some(Verdict::Failed | Verdict::Cancelled | Verdict::Expired) => return Course::GivenUp,
        None => {}
    }
    match offering.phase() {
        Phase::Draft | Phase::Announced | Phase::Open(_) | Phase::Paused | Phase::BetweenRounds => {
            Course::Running
        }
        // Money in accounts is free from here on, before anything is settled.
        Phase::Cancelled | Phase::Expired => Course::GivenUp,
        // A contract pays back from here on, and says nothing of it before somebody takes it.
        Phase::Closed if offering.escrow().is_some() && misses_soft_cap(offering) => {
            Course::GivenUp
        }
        Phase::Closed | Phase::Distributing | Phase::Refunding | Phase::Finished => Course::Ended,
    }
}

/// Whether less than the least is in. What is in only goes down after the end.
fn misses_soft_cap(offering: &Offering) -> bool {
    match offering.terms().soft_cap {
        Some(Bound::Value(least)) => offering.raised() < least,
        Some(Bound::Tokens(_)) | None => false,
    }
}

fn part(offering: &Offering, row: &Row, waiting: Amount, course: Course) -> Part {
    match row.reason {
        // What was voided with the whole offering was taken before.
        Some(Reason::SoftCapMissed | Reason::Cancelled | Reason::Expired) => return Part::Whole,
        Some(Reason::Sealed) => return Part::Undecided,
        Some(Reason::Withdrawn | Reason::Returned(_)) if row.accepted.is_zero() => {
            return Part::TakenBack;
        }
        Some(Reason::Withdrawn | Reason::Returned(_) | Reason::Refused(_)) | None => {}
    }
    if !waiting.is_zero() {
        return Part::Undecided;
    }
    if row.accepted.is_zero() {
        return Part::Refused;
    }
    if matches!(course, Course::Running) && is_decided_later(offering, row) {
        return Part::Undecided;
    }
    if row.accepted == row.contributed {
        Part::Whole
    } else {
        Part::Some
    }
}

/// Whether the round decides at settlement what each contribution gets.
fn is_decided_later(offering: &Offering, row: &Row) -> bool {
    let rounds = &offering.terms().rounds;
    let round = row.round.and_then(|round| rounds.get(round.index()));
    round.is_some_and(|round| {
        let by_allocation = match round.allocation {
            Allocation::FirstCome | Allocation::Guaranteed { .. } => false,
            Allocation::ProRata
            | Allocation::ProRataCapped { .. }
            | Allocation::WaterFilling
            | Allocation::Lottery { .. } => true,
        };
        by_allocation || matches!(round.pricing, Pricing::Bids { .. })
    })
}

fn tokens_paid(offering: &Offering, row: &Row, (handed_over, rail): (Tokens, Rail)) -> Payout {
    if handed_over.is_zero() {
        // A settled contract hands over what is asked for; by root a leaf must be proved with it.
        let is_there = rail == Rail::Evm && offering.escrow().is_some();
        return if is_there && offering.terms().root.is_none() {
            Payout::Ready
        } else {
            Payout::Nothing
        };
    }
    if handed_over >= offering.tokens_of(row.investor) {
        Payout::Done
    } else {
        Payout::Partly
    }
}

/// Money of balances is back in the account by itself; other money is paid out by an entry.
fn money_paid(offering: &Offering, row: &Row, rail: Rail) -> Payout {
    match rail {
        Rail::Balance => Payout::Done,
        Rail::Evm | Rail::Bitcoin => {
            let id = offering.investor(row.investor);
            match offering.refund_paid(id, row.currency) {
                Some(_) => Payout::Done,
                None => Payout::Ready,
            }
        }
    }
}
