//! Contributions on the chain first; then the state machine is told what a journal that follows the chain would
//! record, and must say the same.

use alloy_primitives::{B256, U256};
use softcap_evm::bindings::escrow::IEscrow::{
    self, IEscrowErrors as Error, IEscrowEvents as Event,
};
use softcap_offering::{Outcome, Standing};

use crate::acts::{INVESTORS, Pay, Permit, Purse, Seal};
use crate::chain::{Answer, Failed, investor};
use crate::play::Table;
use crate::refusals;
use crate::shares::is_shared;
use crate::sizes;

/// What everybody is admitted for where no permit is asked for.
const OPEN_TO_ALL: u128 = (1 << 80) - 1;

/// A permit with its signature.
pub(crate) struct Shown {
    max: u128,
    expiry: u64,
    pub(crate) admission: IEscrow::Admission,
}

impl Table<'_> {
    pub(crate) fn contribute(&mut self, pay: &Pay) -> Result<(), String> {
        let amount = sizes::amount(self.sale, &mut self.chain, pay);
        let shown = pay.permit.map(|permit| self.shown(pay.who, permit));
        let answer = self.pay(pay.who, U256::from(amount), shown.as_ref());
        match answer {
            Ok(events) => self.contributed(pay.who, amount, &events),
            Err(failed) => self.contribution_refused(pay, amount, shown.as_ref(), &failed),
        }
    }

    pub(crate) fn shown(&mut self, who: usize, permit: Permit) -> Shown {
        let Permit { max, seal } = permit;
        let now = self.chain.now;
        let (to, expiry) = match seal {
            Seal::Good => (who, now + 1),
            Seal::Expired => (who, now),
            Seal::Forged => ((who + 1) % INVESTORS, now + 1),
        };
        let signature = self.chain.permit(to, max, expiry);
        Shown {
            max,
            expiry,
            admission: IEscrow::Admission {
                max: U256::from(max),
                expiry: U256::from(expiry),
                signature,
            },
        }
    }

    /// In the way that fits the currency.
    fn pay(&mut self, who: usize, amount: U256, shown: Option<&Shown>) -> Answer {
        let from = investor(who);
        let none = U256::ZERO;
        let answer = match (self.chain.is_coin(), shown) {
            (true, None) => self.chain.send(from, amount, &IEscrow::contributeCall {}),
            (true, Some(shown)) => {
                let admission = shown.admission.clone();
                self.chain
                    .send(from, amount, &IEscrow::contributeAdmittedCall { admission })
            }
            (false, None) => self
                .chain
                .send(from, none, &IEscrow::contributeTokenCall { amount }),
            (false, Some(shown)) => {
                let admission = shown.admission.clone();
                // Every other one shows an allowance that nobody signed, which must not matter: there is one.
                if amount.bit(0) {
                    let call = IEscrow::contributeTokenWithAllowanceCall {
                        amount,
                        admission,
                        deadline: U256::MAX,
                        v: 27,
                        r: B256::repeat_byte(1),
                        s: B256::repeat_byte(1),
                    };
                    self.chain.send(from, none, &call)
                } else {
                    let call = IEscrow::contributeTokenAdmittedCall { amount, admission };
                    self.chain.send(from, none, &call)
                }
            }
        };
        self.noted(answer)
    }

    fn contributed(&mut self, who: usize, amount: u128, events: &[Event]) -> Result<(), String> {
        let [Event::Contributed(said)] = events else {
            return Err(format!("not one contribution: {events:?}"));
        };
        let (cap, accepted): (u128, u128) = (said.cap.to(), said.accepted.to());
        let second = self.chain.now;
        if said.amount != U256::from(amount) || said.investor != investor(who) {
            return Err(format!("another contribution: {said:?}"));
        }
        let known = self.engine.cap(second, who);
        if cap > known {
            let admitted = self.engine.admit(second, who, cap, None);
            same(&admitted, &Outcome::Done)?;
        } else if cap != known {
            return Err(format!("cap {cap} after {known}"));
        }
        let outcome = self.engine.contribute(second, who, amount, accepted);
        let Outcome::Contributed(taken) = outcome else {
            return Err(format!(
                "the contract accepts {accepted}, the engine says {outcome:?}"
            ));
        };
        if taken.accepted.0 != accepted || taken.refunded.0 != amount - accepted {
            return Err(format!(
                "the contract accepts {accepted}, the engine {taken:?}"
            ));
        }
        if accepted < amount {
            self.met.note("change given back");
        }
        if is_shared(&self.sale.told.terms) && cap < OPEN_TO_ALL {
            self.met.note("shared out, with a permit");
        }
        if U256::from(second) >= self.sale.told.terms.closes {
            self.met.note("after a pause moved the end");
        }
        let round = self.engine.round(second);
        let rows = self.engine.rows(who);
        if rows
            .iter()
            .any(|row| row.round.is_some_and(|before| before < round))
        {
            self.met.note("in another round before");
        }
        let counted = self.counted(accepted, taken.tokens.0)?;
        if said.tokens != counted {
            return Err(format!(
                "the contract counts {}, the rules {counted}",
                said.tokens
            ));
        }
        Ok(())
    }

    /// Tokens that caps count for a contribution: with a fixed price rounded up, else what it buys.
    fn counted(&mut self, accepted: u128, bought: u128) -> Result<U256, String> {
        let terms = &self.sale.told.terms;
        if is_shared(terms) {
            // Nothing is sold before the settlement.
            return Ok(U256::ZERO);
        }
        if terms.price_denominator.is_zero() || !terms.bonus_per.is_zero() {
            return Ok(U256::from(bought));
        }
        let exact = U256::from(accepted) * terms.price_numerator;
        let down = exact / terms.price_denominator;
        if down < U256::from(bought) {
            return Err(format!("{bought} bought with {accepted}, {down} at most"));
        }
        Ok(exact.div_ceil(terms.price_denominator))
    }

    fn contribution_refused(
        &mut self,
        pay: &Pay,
        amount: u128,
        shown: Option<&Shown>,
        failed: &Failed,
    ) -> Result<(), String> {
        let Failed::Refused(error) = failed else {
            return Err(format!("{failed:?}"));
        };
        let (who, second) = (pay.who, self.chain.now);
        if refusals::is_of_chain(error) {
            let refuses = self.purses[who] == Purse::Refuses;
            return match error {
                Error::ChangeRefused(_) if !refuses => Err("takes its change".to_owned()),
                _ => Ok(()),
            };
        }
        if matches!(error, Error::AmountTooLarge(_)) && amount > OPEN_TO_ALL {
            // Nobody can have so much accepted; the journal would first see what of it fits.
            return Ok(());
        }
        let public = self.sale.is_public(second);
        if public && shown.is_some() && refusals::is_of_permit(error) {
            // Nobody signs permits of a sale that asks for none.
            return Ok(());
        }
        // The journal never hears of it; what would it have said?
        let mut would = self.engine.clone();
        let barred = would.standing(second, who) == Some(Standing::Revoked);
        let before = would.of_earlier_rounds(second, who);
        if public && would.standing(second, who).is_none() {
            would.admit(second, who, OPEN_TO_ALL - before, None);
        }
        if let Some(shown) = shown
            && (shown.max > would.cap(second, who) || would.standing(second, who).is_none())
            && !barred
        {
            let most = within_counter(shown.max, before);
            would.admit(second, who, most, Some(shown.expiry));
        }
        match would.contribute(second, who, amount, amount) {
            Outcome::Refused(refusal) if refusals::of_contribution(error).contains(&refusal) => {
                Ok(())
            }
            // A permit is looked at before the window and the amounts.
            Outcome::Refused(_) if shown.is_some() && refusals::is_of_permit(error) => Ok(()),
            outcome => Err(format!(
                "the contract refuses with {error:?}, the engine says {outcome:?}"
            )),
        }
    }
}

/// What a permit allows in its round whose investor had so much before: no counter holds more of all rounds, and the largest number stands
/// for no bound.
fn within_counter(most: u128, before: u128) -> u128 {
    if most == OPEN_TO_ALL {
        OPEN_TO_ALL - before
    } else {
        most.min(OPEN_TO_ALL - 1 - before)
    }
}

pub(crate) fn same<T: PartialEq + std::fmt::Debug>(engine: &T, expected: &T) -> Result<(), String> {
    if engine == expected {
        Ok(())
    } else {
        Err(format!(
            "the engine has {engine:?}, the contract {expected:?}"
        ))
    }
}
