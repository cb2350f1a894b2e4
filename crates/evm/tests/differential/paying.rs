//! The end of a sale: settled, drawn, claimed, refunded, on the chain first and then in the journal.

use alloy_primitives::U256;
use alloy_sol_types::SolCall;
use softcap_evm::bindings::escrow::IEscrow::{
    self, IEscrowErrors as Error, IEscrowEvents as Event,
};
use softcap_offering::{Command, Outcome, Refusal, Verdict};

use crate::acts::Purse;
use crate::chain::{Answer, Failed, STRANGER, investor, who};
use crate::engine::Money;
use crate::follow::same;
use crate::play::Table;
use crate::sale::BENEFICIARY;
use crate::shares::{Asks, is_shared};

/// What a list pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    Tokens,
    Refunds,
}

impl Table<'_> {
    /// Whether everybody's money is due back, or the sale is settled.
    fn is_over(&self) -> bool {
        let settled = self.engine.settled_at(self.chain.now);
        self.engine.offering.settlement().is_some()
            || settled.is_some_and(|(_, verdict)| verdict != Verdict::Succeeded)
    }

    fn settle_without_success(&mut self) {
        let second = self.chain.now;
        if self.engine.offering.settlement().is_none()
            && let Outcome::Settled(settled) = self.engine.apply(second, &Command::Settle)
        {
            self.met.note(format!("verdict {}", settled.verdict.name()));
        }
    }

    /// Notes what happens to a sale that is shared out.
    pub(crate) fn note_shared(&mut self, what: &str) {
        if is_shared(&self.sale.told.terms) {
            self.met.note(format!("shared out, {what}"));
        }
    }

    pub(crate) fn settle(&mut self) -> Result<(), String> {
        let answer = self
            .chain
            .send(STRANGER, U256::ZERO, &IEscrow::settleCall {});
        let answer = self.noted(answer);
        self.settle_answered(&answer)
    }

    /// What the contract said to somebody who settles.
    pub(crate) fn settle_answered(&mut self, answer: &Answer) -> Result<(), String> {
        let second = self.chain.now;
        let before = self.engine.offering.settlement().is_some();
        let asks = Asks::before(&self.sale.told.terms, &self.engine);
        let outcome = self.engine.apply(second, &Command::Settle);
        if let Outcome::Settled(settled) = outcome {
            self.met.note(format!("verdict {}", settled.verdict.name()));
        }
        let verdict = |expected: Verdict| match outcome {
            Outcome::Settled(settled) => settled.verdict == expected,
            Outcome::Refused(Refusal::OfferingSettled) => before,
            _ => false,
        };
        let agree = match answer {
            Ok(events) => return self.settled(events, &outcome, asks),
            Err(Failed::Refused(error)) => match error {
                Error::StillOpen(_) => outcome == Outcome::Refused(Refusal::TooEarlyToSettle),
                Error::SoftCapMissed(_) => verdict(Verdict::Failed),
                Error::Expired(_) => verdict(Verdict::Expired),
                Error::WrongPhase(_) => {
                    before || verdict(Verdict::Cancelled) || verdict(Verdict::Expired)
                }
                _ => false,
            },
            Err(Failed::Otherwise(_)) => false,
        };
        if agree {
            Ok(())
        } else {
            Err(format!(
                "the contract says {answer:?}, the engine {outcome:?}"
            ))
        }
    }

    fn settled(
        &mut self,
        events: &[Event],
        outcome: &Outcome,
        asks: Option<Asks>,
    ) -> Result<(), String> {
        let [Event::Settled(said)] = events else {
            return Err(format!("not one settlement: {events:?}"));
        };
        let Outcome::Settled(settled) = outcome else {
            return Err(format!("the contract settles, the engine says {outcome:?}"));
        };
        if said.unsold.is_zero() {
            self.met.note("everything sold");
        } else {
            self.met.note("unsold tokens");
        }
        if self.sale.terms.rounds.len() > 1 {
            self.met.note("settled, of several rounds");
        }
        same(&settled.verdict, &Verdict::Succeeded)?;
        self.compare_settled(&self.engine.offering, asks.as_ref(), said)?;
        if let Some(asks) = &asks {
            self.note_shared(if asks.are_cut() {
                "settled and cut"
            } else {
                "settled whole"
            });
        }
        self.asks = asks;
        Ok(())
    }

    /// Money that the contract has for the beneficiary once the sale is settled.
    pub(crate) fn drawable(&self) -> u128 {
        match &self.asks {
            Some(asks) => asks.certain().to(),
            None => self.engine.offering.raised().0,
        }
    }

    pub(crate) fn draw(&mut self) -> Result<(), String> {
        let paid = self.chain.made.milestones.unwrap_or(BENEFICIARY);
        let before = self.chain.money(paid);
        let answer = self.chain.send(STRANGER, U256::ZERO, &IEscrow::drawCall {});
        let may = self.succeeded() && self.engine.money == Money::Held;
        match self.noted(answer) {
            Ok(events) if may => {
                same(&self.engine.drawn(self.chain.now), &Outcome::Done)?;
                let drawn = U256::from(self.drawable());
                same(&(self.chain.money(paid) - before), &drawn)?;
                match events.as_slice() {
                    [Event::Drawn(said)] => same(&said.amount, &drawn),
                    _ => Err(format!("not drawn: {events:?}")),
                }
            }
            Err(Failed::Refused(Error::WrongPhase(_))) if !may => Ok(()),
            answer => Err(format!("may draw: {may}; the contract says {answer:?}")),
        }
    }

    /// Whether tokens may be handed over.
    pub(crate) fn succeeded(&self) -> bool {
        let settlement = self.engine.offering.settlement();
        settlement.is_some_and(|settlement| settlement.settled.verdict == Verdict::Succeeded)
    }

    pub(crate) fn claim(&mut self, who: usize) -> Result<(), String> {
        let due = self.tokens_due(who);
        let change = self.change_due(who)?;
        let closed = self.chain.is_coin() && self.purses[who] == Purse::Refuses;
        let answer = self
            .chain
            .send(investor(who), U256::ZERO, &IEscrow::claimCall {});
        match self.noted(answer) {
            Ok(events) => {
                if change > 0 {
                    self.note_shared("claimed with change");
                }
                same(&events.len(), &(1 + usize::from(change > 0)))?;
                self.paid_out(&events)
            }
            Err(Failed::Refused(Error::PaymentFailed(_))) if change > 0 && closed => Ok(()),
            Err(Failed::Refused(Error::NothingDue(_))) if self.succeeded() && due == 0 => Ok(()),
            Err(Failed::Refused(Error::WrongPhase(_))) if !self.succeeded() => Ok(()),
            answer => Err(format!("{due} tokens due, the contract says {answer:?}")),
        }
    }

    pub(crate) fn refund(&mut self, who: usize) -> Result<(), String> {
        let due = self.refund_due(who)?;
        let refuses = self.chain.is_coin() && self.purses[who] == Purse::Refuses;
        let answer = self
            .chain
            .send(investor(who), U256::ZERO, &IEscrow::refundCall {});
        match self.noted(answer) {
            Ok(events) => self.paid_out(&events),
            Err(Failed::Refused(Error::NothingDue(_))) if due == 0 => Ok(()),
            Err(Failed::Refused(Error::PaymentFailed(_))) if due > 0 && refuses => Ok(()),
            answer => Err(format!("{due} due, the contract says {answer:?}")),
        }
    }

    pub(crate) fn distribute(&mut self, list: &[usize]) -> Result<(), String> {
        let investors = list.iter().map(|who| investor(*who)).collect();
        self.list(list, List::Tokens, &IEscrow::distributeCall { investors })
    }

    pub(crate) fn refund_many(&mut self, list: &[usize]) -> Result<(), String> {
        let investors = list.iter().map(|who| investor(*who)).collect();
        self.list(list, List::Refunds, &IEscrow::refundManyCall { investors })
    }

    fn list(&mut self, list: &[usize], of: List, call: &impl SolCall) -> Result<(), String> {
        let answer = self.chain.send(STRANGER, U256::ZERO, call);
        match self.noted(answer) {
            Ok(events) => self.listed(list, of, &events),
            Err(Failed::Refused(Error::WrongPhase(_)))
                if of == List::Tokens && !self.succeeded() =>
            {
                Ok(())
            }
            answer => Err(format!("the contract says {answer:?}")),
        }
    }

    /// What became of each entry, in order: skipped, or paid. Where a claim gives change back, that comes first.
    fn listed(&mut self, list: &[usize], of: List, mut events: &[Event]) -> Result<(), String> {
        for one in list {
            let change = of == List::Tokens && self.change_due(*one)? > 0;
            let entry = match events {
                [Event::Refunded(_), Event::Claimed(_), ..] if change => {
                    self.note_shared("distributed with change");
                    2
                }
                [_, ..] => 1,
                [] => return Err(format!("nothing of investor {one}")),
            };
            let (paid, rest) = events.split_at(entry);
            events = rest;
            let of_one = |event: &Event| match event {
                Event::Skipped(said) => said.investor == investor(*one),
                Event::Claimed(said) => said.investor == investor(*one),
                Event::Refunded(said) => said.investor == investor(*one),
                _ => false,
            };
            if !paid.iter().all(of_one) {
                return Err(format!("not of investor {one}: {paid:?}"));
            }
            match paid {
                [Event::Skipped(_)] => self.skipped(*one, of)?,
                paid => self.paid_out(paid)?,
            }
        }
        same(&events.len(), &0)
    }

    /// Payments as the journal records them: each must be what is due.
    fn paid_out(&mut self, events: &[Event]) -> Result<(), String> {
        let second = self.chain.now;
        for event in events {
            match event {
                Event::Claimed(said) => {
                    let who = who(said.investor);
                    same(&U256::from(self.tokens_due(who)), &said.tokens)?;
                    let outcome = self.engine.distribute(second, who, said.tokens.to());
                    same(&outcome, &Outcome::Done)?;
                }
                Event::Refunded(said) => {
                    let who = who(said.investor);
                    if self.is_over() {
                        // No transaction says that refunds are open; a journal settles before the first of them.
                        self.settle_without_success();
                    }
                    same(&U256::from(self.money_due(who)?), &said.amount)?;
                    let outcome = self.engine.refunded(second, who, said.amount.to());
                    same(&outcome, &Outcome::Done)?;
                }
                other => return Err(format!("no payment: {other:?}")),
            }
        }
        Ok(())
    }

    /// Who is skipped has nothing due, or does not take it. Everybody takes tokens, but nobody without the change.
    fn skipped(&mut self, who: usize, of: List) -> Result<(), String> {
        let closed = self.chain.is_coin() && self.purses[who] == Purse::Refuses;
        let due = match of {
            List::Tokens if closed && self.change_due(who)? > 0 => 0,
            List::Tokens => self.tokens_due(who),
            List::Refunds if closed => 0,
            List::Refunds => self.refund_due(who)?,
        };
        same(&due, &0)
    }

    /// Tokens that the settlement gives and that were not handed over.
    pub(crate) fn tokens_due(&self, who: usize) -> u128 {
        if !self.succeeded() {
            return 0;
        }
        crate::engine::tokens(&self.engine.offering, who) - self.engine.given[who]
    }

    /// Money that goes back to an investor now: in a sale that is over without success also before the journal
    /// was told to settle.
    pub(crate) fn money_due(&self, who: usize) -> Result<u128, String> {
        let settled = self.engine.settled_at(self.chain.now);
        let due = match settled {
            Some((offering, verdict)) if verdict != Verdict::Succeeded => {
                self.engine.due(&offering, who)
            }
            Some(_) | None => self.engine.due(&self.engine.offering, who),
        };
        due.ok_or_else(|| format!("more paid than brought by {who}"))
    }

    /// What of it a claim gives back together with the tokens: a refund does not.
    pub(crate) fn change_due(&self, who: usize) -> Result<u128, String> {
        if self.tokens_due(who) == 0 {
            return Ok(0);
        }
        self.money_due(who)
    }

    /// What of it a refund gives back.
    pub(crate) fn refund_due(&self, who: usize) -> Result<u128, String> {
        Ok(self.money_due(who)? - self.change_due(who)?)
    }
}
