//! What the issuer does, on the chain first and then in the journal.

use alloy_primitives::U256;
use softcap_evm::bindings::escrow::IEscrow::{
    self, IEscrowErrors as Error, IEscrowEvents as Event,
};
use softcap_offering::{Amount, Command, Outcome, Phase, Refusal, ReturnReason, Standing};

use crate::acts::{Caller, IssuerAct};
use crate::chain::{Failed, STRANGER, investor};
use crate::follow::same;
use crate::play::Table;
use crate::refusals;
use crate::sale::ISSUER;

impl Table<'_> {
    pub(crate) fn issuer(&mut self, caller: Caller, act: IssuerAct) -> Result<(), String> {
        let from = match caller {
            Caller::Issuer => ISSUER,
            Caller::Stranger => STRANGER,
        };
        let none = U256::ZERO;
        let answer = match act {
            IssuerAct::Pause => self.chain.send(from, none, &IEscrow::pauseCall {}),
            IssuerAct::Resume => self.chain.send(from, none, &IEscrow::resumeCall {}),
            IssuerAct::Cancel => self.chain.send(from, none, &IEscrow::cancelCall {}),
            IssuerAct::Revoke(who) => {
                let investor = investor(who);
                self.chain
                    .send(from, none, &IEscrow::revokeCall { investor })
            }
            IssuerAct::Return(who, reason) => {
                let (investor, reason) = (investor(who), reason_on_chain(reason));
                self.chain
                    .send(from, none, &IEscrow::returnMoneyCall { investor, reason })
            }
        };
        match (self.noted(answer), caller) {
            (Err(Failed::Refused(Error::NotIssuer(_))), Caller::Stranger) => Ok(()),
            (answer, Caller::Stranger) => Err(format!("not the issuer: {answer:?}")),
            (Ok(events), Caller::Issuer) => self.issuer_did(act, &events),
            (Err(failed), Caller::Issuer) => self.issuer_refused(act, &failed),
        }
    }

    fn issuer_did(&mut self, act: IssuerAct, events: &[Event]) -> Result<(), String> {
        if self.takes_no_commands() && !matches!(act, IssuerAct::Pause) {
            // Everybody may take the money already, or has it: nothing moves, and the journal refuses the entry.
            self.met.note("an act of the issuer after the end");
            return Ok(());
        }
        let second = self.chain.now;
        match act {
            IssuerAct::Pause => same(&self.engine.apply(second, &Command::Pause), &Outcome::Done),
            // Nothing to resume: no event, and for the journal nothing happened.
            IssuerAct::Resume if events.is_empty() => {
                let mut would = self.engine.clone();
                let outcome = would.apply(second, &Command::Resume);
                same(&outcome, &Outcome::Refused(Refusal::NotPaused))
            }
            IssuerAct::Resume => same(&self.engine.apply(second, &Command::Resume), &Outcome::Done),
            IssuerAct::Revoke(who) => same(&self.engine.revoke(second, who), &Outcome::Done),
            IssuerAct::Cancel => same(&self.engine.apply(second, &Command::Cancel), &Outcome::Done),
            IssuerAct::Return(who, reason) => {
                let Some(Event::Returned(said)) = events.last() else {
                    return Err(format!("nothing returned: {events:?}"));
                };
                same(&self.engine.revoke(second, who), &Outcome::Done)?;
                let mut back = 0;
                for (contribution, amount) in self.engine.contributions(who) {
                    let command = Command::Return {
                        contribution,
                        amount,
                        reason,
                    };
                    same(
                        &self.engine.apply(second, &command),
                        &Outcome::Refunded { amount },
                    )?;
                    back += amount.0;
                }
                self.note_shared("returned");
                same(&U256::from(back), &said.amount)
            }
        }
    }

    /// Whether the journal takes no more commands of the issuer.
    fn takes_no_commands(&self) -> bool {
        match self.engine.offering.phase() {
            Phase::Draft
            | Phase::Announced
            | Phase::Open(_)
            | Phase::Paused
            | Phase::BetweenRounds
            | Phase::Closed => false,
            Phase::Cancelled
            | Phase::Expired
            | Phase::Distributing
            | Phase::Refunding
            | Phase::Finished => true,
        }
    }

    fn issuer_refused(&mut self, act: IssuerAct, failed: &Failed) -> Result<(), String> {
        let Failed::Refused(error) = failed else {
            return Err(format!("{failed:?}"));
        };
        let second = self.chain.now;
        let mut would = self.engine.clone();
        let outcome = match act {
            IssuerAct::Pause => would.apply(second, &Command::Pause),
            IssuerAct::Resume => would.apply(second, &Command::Resume),
            IssuerAct::Cancel => would.apply(second, &Command::Cancel),
            // To revoke twice is nothing for the journal, too: it stays revoked.
            IssuerAct::Revoke(who) => {
                let revoked = would.standing(second, who) == Some(Standing::Revoked);
                return match error {
                    Error::NotAllowed(_) if revoked || self.takes_no_commands() => Ok(()),
                    _ => Err(format!("not revoked: {error:?}")),
                };
            }
            IssuerAct::Return(who, reason) => {
                let rows = would.rows(who);
                let row = rows
                    .iter()
                    .find(|row| !row.accepted.is_zero())
                    .or(rows.first());
                let next = would.offering.next_sequence();
                would.apply(
                    second,
                    &Command::Return {
                        contribution: row.map_or(next, |row| row.sequence),
                        amount: row.map_or(Amount(1), |row| row.accepted.max(Amount(1))),
                        reason,
                    },
                )
            }
        };
        // The contract pauses while contributions come in, the journal any time before the end.
        let stricter = matches!(act, IssuerAct::Pause)
            && matches!(error, Error::NotOpenYet(_) | Error::Closed(_));
        match outcome {
            Outcome::Refused(refusal) if refusals::of_issuer(error).contains(&refusal) => Ok(()),
            _ if stricter => Ok(()),
            outcome => Err(format!(
                "the contract refuses with {error:?}, the engine says {outcome:?}"
            )),
        }
    }
}

/// The journal's reasons begin with 1, those of the contract with 0.
fn reason_on_chain(reason: ReturnReason) -> u8 {
    reason.code() - 1
}
