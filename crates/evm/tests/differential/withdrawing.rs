//! Contributions that are taken back, on the chain first and then in the journal.

use alloy_primitives::U256;
use softcap_evm::bindings::escrow::IEscrow::IEscrowErrors as Error;
use softcap_evm::bindings::withdrawal::IWithdrawal;
use softcap_offering::{Outcome, Refusal, Sequence};

use crate::acts::Purse;
use crate::chain::{Failed, investor};
use crate::follow::same;
use crate::play::Table;
use crate::refusals;

impl Table<'_> {
    pub(crate) fn withdraw(&mut self, who: usize) -> Result<(), String> {
        let refuses = self.chain.is_coin() && self.purses[who] == Purse::Refuses;
        match self.chain.withdraw(investor(who)) {
            Ok(events) => self.withdrawn(who, &events),
            Err(Failed::Refused(Error::PaymentFailed(_))) if refuses => Ok(()),
            Err(failed) => self.withdrawal_refused(who, &failed),
        }
    }

    fn withdrawn(&mut self, who: usize, events: &[IWithdrawal::Withdrawn]) -> Result<(), String> {
        let second = self.chain.now;
        for event in events {
            if event.investor != investor(who) {
                return Err(format!("of another: {event:?}"));
            }
            let mut back = U256::ZERO;
            while back < event.amount {
                let latest = self.engine.contributions(who).pop();
                let (contribution, amount) = latest.ok_or("more than the engine has")?;
                let outcome = self.engine.withdraw(second, who, contribution);
                same(&outcome, &Outcome::Refunded { amount })?;
                back += U256::from(amount.0);
            }
            same(&back, &event.amount)?;
        }
        let kind = if self.sale.told.terms.withdrawal_span.is_zero() {
            "withdrawn, right to a date"
        } else {
            "withdrawn, right of a span"
        };
        self.met.note(kind);
        self.note_shared("taken back");
        if self
            .engine
            .rows(who)
            .iter()
            .any(|row| row.round != Some(self.engine.round(second)))
        {
            self.met.note("withdrawn, of an earlier round");
        }
        if !self.engine.contributions(who).is_empty() {
            self.met.note("withdrawn in part");
        }
        Ok(())
    }

    fn withdrawal_refused(&mut self, who: usize, failed: &Failed) -> Result<(), String> {
        let outcome =
            self.engine
                .clone()
                .withdraw(self.chain.now, who, self.latest_contribution(who));
        let agree = match (self.sale.told.terms.kind().gives_back(), failed) {
            // Such an escrow does not have the function.
            (false, Failed::Otherwise(_)) => {
                outcome == Outcome::Refused(Refusal::NoWithdrawalRight)
                    || is_refused(&outcome, &refusals::NOTHING_THERE)
            }
            (true, Failed::Refused(Error::NothingDue(_))) => {
                self.met.note("nothing within the right");
                is_refused(&outcome, &[Refusal::WithdrawalOver])
                    || is_refused(&outcome, &refusals::NOTHING_THERE)
            }
            (true, Failed::Refused(Error::WrongPhase(_))) => is_refused(&outcome, &refusals::OVER),
            _ => false,
        };
        if agree {
            Ok(())
        } else {
            Err(format!(
                "no withdrawal, {failed:?}; the engine says {outcome:?}"
            ))
        }
    }

    /// The latest contribution of which something is left, else the latest one; else none that there is.
    fn latest_contribution(&self, who: usize) -> Sequence {
        let left = self.engine.contributions(who).pop().map(|(last, _)| last);
        let any = self.engine.rows(who).pop().map(|row| row.sequence);
        let none = self.engine.offering.next_sequence();
        left.or(any).unwrap_or(none)
    }

    /// What both sides say an investor could take back now.
    pub(crate) fn compare_right(&mut self, who: usize) -> Result<(), String> {
        if !self.sale.told.terms.kind().gives_back() {
            return Ok(());
        }
        let call = IWithdrawal::withdrawableCall {
            investor: investor(who),
        };
        let there = self.chain.look(&call);
        let mut would = self.engine.clone();
        let mut sum = U256::ZERO;
        for (contribution, _) in self.engine.contributions(who) {
            if let Outcome::Refunded { amount } = would.withdraw(self.chain.now, who, contribution)
            {
                sum += U256::from(amount.0);
            }
        }
        same(&sum, &there).map_err(|why| format!("to be taken back: {why}"))
    }
}

fn is_refused(outcome: &Outcome, refusals: &[Refusal]) -> bool {
    matches!(outcome, Outcome::Refused(refusal) if refusals.contains(refusal))
}
