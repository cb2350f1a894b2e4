//! What the issuer does before a root, on the chain first and then in the record.

use softcap_evm::bindings::root_escrow::IRootEscrow;
use softcap_offering::{Command, Outcome, Phase, ReturnReason};

use super::table::{Table, agree, sender};
use crate::acts::{Caller, IssuerAct};
use crate::chain::investor;
use crate::follow::same;

impl Table<'_> {
    pub(crate) fn issuer(&mut self, caller: Caller, act: IssuerAct) -> Result<(), String> {
        let from = sender(caller);
        let answer = match act {
            IssuerAct::Cancel => self.ask(from, &IRootEscrow::cancelCall {}),
            IssuerAct::Revoke(who) => {
                let investor = investor(who);
                self.ask(from, &IRootEscrow::revokeCall { investor })
            }
            IssuerAct::Return(who, reason) => {
                // The journal's reasons begin with 1, those of the contract with 0.
                let (investor, reason) = (investor(who), reason.code() - 1);
                self.ask(from, &IRootEscrow::returnMoneyCall { investor, reason })
            }
            IssuerAct::Pause | IssuerAct::Resume => {
                return Err("such an escrow has no pause".into());
            }
        };
        let now = self.now();
        let open = self.record_is_open();
        let expected = match act {
            _ if caller == Caller::Stranger => Err("NotIssuer"),
            IssuerAct::Cancel => self.rules.cancel(),
            IssuerAct::Revoke(who) => self.rules.revoke(who),
            IssuerAct::Return(who, reason) => {
                let choice = matches!(reason, ReturnReason::Discretion | ReturnReason::OverLimit);
                self.rules.give_back(now, who, choice)
            }
            IssuerAct::Pause | IssuerAct::Resume => Ok(()),
        };
        agree(&answer, expected)?;
        if answer.is_err() {
            return Ok(());
        }
        if open {
            return self.recorded(act);
        }
        if let IssuerAct::Return(..) = act {
            self.returned_late = true;
            self.met.note("returned after the settlement");
        }
        Ok(())
    }

    /// Whether the record takes commands of the issuer.
    fn record_is_open(&self) -> bool {
        matches!(
            self.engine.offering.phase(),
            Phase::Announced
                | Phase::Open(_)
                | Phase::Paused
                | Phase::BetweenRounds
                | Phase::Closed
        )
    }

    /// What the issuer did, in the record.
    fn recorded(&mut self, act: IssuerAct) -> Result<(), String> {
        let now = self.now();
        match act {
            IssuerAct::Cancel => same(&self.engine.apply(now, &Command::Cancel), &Outcome::Done),
            IssuerAct::Revoke(who) => same(&self.engine.revoke(now, who), &Outcome::Done),
            IssuerAct::Return(who, reason) => {
                same(&self.engine.revoke(now, who), &Outcome::Done)?;
                for (contribution, amount) in self.engine.contributions(who) {
                    let command = Command::Return {
                        contribution,
                        amount,
                        reason,
                    };
                    let outcome = self.engine.apply(now, &command);
                    same(&outcome, &Outcome::Refunded { amount })?;
                }
                Ok(())
            }
            IssuerAct::Pause | IssuerAct::Resume => Ok(()),
        }
    }
}
