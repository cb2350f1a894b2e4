//! Contributions with a price limit, on the chain first and then in the record, which must say the same.

use alloy_primitives::U256;
use softcap_evm::bindings::root_escrow::IRootEscrow::{self, IRootEscrowEvents as Event};
use softcap_offering::{
    Amount, Command, Contribute, CurrencyIndex, Funding, InvestorId, LimitPrice, Outcome as Said,
    Refusal, Standing,
};

use super::acts::{Limit, Pay, Size};
use super::chain::Answer;
use super::sale::Outcome;
use super::table::Table;
use crate::acts::{INVESTORS, Permit, Seal};
use crate::chain::{Chain, investor};
use crate::engine::accepted;
use crate::follow::same;
use crate::script::part;

/// What everybody is admitted for where no permit is asked for.
const OPEN_TO_ALL: u128 = (1 << 80) - 1;
/// What an investor's counter holds.
const LARGEST: U256 = U256::from_limbs([0, 1 << 16, 0, 0]);

/// What the record looks at behind the minima.
const AFTER_MINIMA: [Refusal; 6] = [
    Refusal::AboveMaximum,
    Refusal::InvestorLimit,
    Refusal::AdmissionLimit,
    Refusal::RoundCapReached,
    Refusal::HardCapReached,
    Refusal::SoldOut,
];

/// A contribution with everything worked out.
struct Offer {
    who: usize,
    amount: u128,
    limit: U256,
    permit: Option<(Permit, IRootEscrow::Admission)>,
}

impl Table<'_> {
    pub(crate) fn contribute(&mut self, pay: &Pay) -> Result<(), String> {
        let offer = self.offer(pay);
        let answer = pay_in(&mut self.chain, &offer);
        match self.noted(answer) {
            Ok(events) => self.contributed(&offer, &events),
            Err(error) => self.contribution_refused(&offer, &error),
        }
    }

    fn offer(&mut self, pay: &Pay) -> Offer {
        let now = self.chain.now;
        let permit = pay.permit.map(|permit| {
            let (to, expiry) = match permit.seal {
                Seal::Good => (pay.who, now + 1),
                Seal::Expired => (pay.who, now),
                Seal::Forged => ((pay.who + 1) % INVESTORS, now + 1),
            };
            let admission = IRootEscrow::Admission {
                max: U256::from(permit.max),
                expiry: U256::from(expiry),
                signature: self.chain.permit(to, permit.max, expiry),
            };
            (permit, admission)
        });
        Offer {
            who: pay.who,
            amount: self.amount(pay),
            limit: self.limit(pay.limit),
            permit,
        }
    }

    fn prices(&self) -> Vec<(u64, U256)> {
        let prices = self.sale.told.prices.iter();
        prices.map(|price| (price.from.to(), price.limit)).collect()
    }

    fn limit(&self, limit: Limit) -> U256 {
        let ceiling = self.rules.terms.ceiling;
        let (least, _) = self.rules.least_limit(&self.prices(), self.chain.now);
        match limit {
            Limit::Ceiling => ceiling,
            Limit::Between(parts) => least + U256::from(part((ceiling - least).to(), parts)),
            Limit::Over => ceiling + U256::from(1),
            Limit::Under => least - U256::from(1),
        }
    }

    fn amount(&mut self, pay: &Pay) -> u128 {
        let (terms, person) = (&self.rules.terms, self.rules.people[pay.who]);
        let left = |most: U256| most.saturating_sub(U256::from(person.money));
        let (room, near) = match pay.size {
            Size::Units(units) => (U256::from(units), 0),
            Size::Part(parts) => (U256::from(part(self.sale.most, parts)), 0),
            Size::Minimum(near) => (terms.contributionMin, near),
            Size::Maximum(near) => (terms.contributionMax, near),
            Size::InvestorRoom(near) => (left(terms.investorMax), near),
            Size::PermitRoom(near) => {
                let shown = pay.permit.map_or(0, |permit| permit.max);
                (left(U256::from(person.cap.max(shown))), near)
            }
        };
        let purse = self.chain.money(investor(pay.who));
        let most: u128 = purse.min(LARGEST).to();
        let room: u128 = room.saturating_to();
        room.saturating_add_signed(near.into()).min(most)
    }

    fn contributed(&mut self, offer: &Offer, events: &[Event]) -> Result<(), String> {
        let [Event::Contributed(said)] = events else {
            return Err(format!("not one contribution: {events:?}"));
        };
        let (second, who, amount) = (self.chain.now, offer.who, offer.amount);
        let (least, by_time) = self.rules.least_limit(&self.prices(), second);
        // Where the terms say the price by time, nobody is bound by more.
        let limit = if by_time { least } else { offer.limit };
        same(&limit, &said.limit).map_err(|why| format!("limit: {why}"))?;
        same(&U256::from(amount), &said.amount)?;
        let cap: u128 = said.cap.to();
        let known = self.engine.cap(second, who);
        if cap > known {
            same(&self.engine.admit(second, who, cap, None), &Said::Done)?;
        } else {
            same(&known, &cap)?;
        }
        let command = self.entry(offer, offer.limit);
        let outcome = self.engine.apply(second, &Command::Contribute(command));
        match outcome {
            Said::Contributed(taken) if taken.accepted.0 == amount => {}
            Said::Contributed(taken) if self.sale.outcome.is_by_order() => {
                self.met.note("in part, for lack of room");
                same(&(taken.accepted.0 < amount), &true)?;
            }
            Said::Refused(
                Refusal::RoundCapReached | Refusal::HardCapReached | Refusal::SoldOut,
            ) if self.sale.outcome.is_by_order() => self.met.note("no room"),
            outcome => {
                return Err(format!(
                    "the contract takes {amount}, the record says {outcome:?}"
                ));
            }
        }
        self.rules.contributed(who, cap, amount, limit.to());
        Ok(())
    }

    /// The entry that follows a contribution: a bid has its limit, in the numbers of the terms.
    fn entry(&self, offer: &Offer, limit: U256) -> Contribute<'static> {
        let amount = Amount(offer.amount);
        let bid = self.sale.outcome == Outcome::Bids;
        let limit = LimitPrice {
            money: limit.to(),
            tokens: self.rules.terms.priceUnit.to(),
        };
        Contribute {
            investor: InvestorId::Address(investor(offer.who).into_array()),
            currency: CurrencyIndex(0),
            amount,
            limit: bid.then_some(limit),
            reference: "",
            source: None,
            funding: Funding::Chain { accepted: amount },
        }
    }

    fn contribution_refused(&mut self, offer: &Offer, error: &str) -> Result<(), String> {
        let Some(expected) = refusals(error) else {
            // Of the chain alone: the record cannot say it.
            return if error.starts_with("otherwise") {
                Err(error.to_owned())
            } else {
                Ok(())
            };
        };
        let (second, who) = (self.chain.now, offer.who);
        let left_out = self.rules.people[who].money > accepted(&self.engine.offering, who);
        if left_out && matches!(error, "InvestorLimit" | "AdmissionLimit") {
            // What there was no room for is in the contract all the same, and counts there.
            self.met.note("what was left out counts for limits");
            return Ok(());
        }
        if self.sale.is_public() && error == "AdmissionExpired" {
            // Nobody signs permits of a sale that asks for none.
            return Ok(());
        }
        let mut would = self.engine.clone();
        let standing = would.standing(second, who);
        if self.sale.is_public() && standing.is_none() {
            would.admit(second, who, OPEN_TO_ALL, None);
        }
        if let Some((permit, admission)) = &offer.permit
            && standing != Some(Standing::Revoked)
            && (permit.max > would.cap(second, who) || standing.is_none())
            && !self.sale.is_public()
        {
            let expiry = admission.expiry.to();
            would.admit(second, who, permit.max.min(OPEN_TO_ALL), Some(expiry));
        }
        // The contract looks at the limit last.
        let command = self.entry(offer, self.rules.terms.ceiling);
        match would.apply(second, &Command::Contribute(command)) {
            Said::Refused(refusal) if expected.contains(&refusal) => Ok(()),
            // A permit is looked at before the window and the amounts.
            Said::Refused(_) if offer.permit.is_some() && is_of_permit(error) => Ok(()),
            // The contract asks at every time for what buys a token at the highest price, so the record may look further.
            Said::Contributed(_) => self.stricter_minimum(offer, error),
            Said::Refused(refusal) if AFTER_MINIMA.contains(&refusal) => {
                self.stricter_minimum(offer, error)
            }
            outcome => Err(format!(
                "the contract refuses with {error}, the record says {outcome:?}"
            )),
        }
    }

    /// Whether an amount is below what the contract asks for where the price goes by time.
    fn stricter_minimum(&self, offer: &Offer, error: &str) -> Result<(), String> {
        let by_time = self.sale.outcome == Outcome::FirstBySteps;
        if by_time
            && error == "BelowMinimum"
            && U256::from(offer.amount) < self.rules.terms.contributionMin
        {
            return Ok(());
        }
        Err(format!(
            "the contract refuses with {error}, the record would take more"
        ))
    }

    /// A currency that says yes and moves nothing.
    pub(crate) fn hollow(&mut self, who: usize) -> Result<(), String> {
        if self.chain.is_coin() {
            return Ok(());
        }
        let pay = Pay {
            who,
            size: Size::Part(1 << 12),
            limit: Limit::Ceiling,
            permit: (!self.sale.is_public()).then_some(Permit {
                max: OPEN_TO_ALL,
                seal: Seal::Good,
            }),
        };
        let offer = self.offer(&pay);
        let mut chain = self.chain.fork();
        chain.at(self.chain.now);
        chain.hollow_out(chain.currency);
        let answer = pay_in(&mut chain, &offer);
        match self.noted(answer) {
            Err(error) if !error.starts_with("otherwise") => Ok(()),
            answer => Err(format!("this must be refused: {answer:?}")),
        }
    }
}

fn pay_in(chain: &mut Chain, offer: &Offer) -> Answer {
    let amount = U256::from(offer.amount);
    let value = if chain.is_coin() { amount } else { U256::ZERO };
    let (from, limit) = (investor(offer.who), offer.limit);
    match &offer.permit {
        None => chain.ask(from, value, &IRootEscrow::contributeCall { amount, limit }),
        Some((_, admission)) => {
            let call = IRootEscrow::contributeAdmittedCall {
                amount,
                limit,
                admission: admission.clone(),
            };
            chain.ask(from, value, &call)
        }
    }
}

fn is_of_permit(error: &str) -> bool {
    matches!(error, "NotAllowed" | "AdmissionExpired")
}

/// What each error of a contribution is in the words of the record; `None` if the record cannot say it.
fn refusals(error: &str) -> Option<&'static [Refusal]> {
    use Refusal as R;
    Some(match error {
        // A root may be there before the record is settled.
        "WrongPhase" => &[
            R::OfferingCancelled,
            R::OfferingSettled,
            R::DeadlinePassed,
            R::WindowOver,
        ],
        "NotOpenYet" => &[R::NotYetOpen],
        "Closed" => &[R::WindowOver, R::OfferingSettled, R::DeadlinePassed],
        "NotAdmitted" => &[R::NotAdmitted],
        "NotAllowed" => &[R::AdmissionRevoked],
        "AdmissionExpired" => &[R::AdmissionExpired],
        "BelowMinimum" => &[R::BelowMinimum, R::Zero, R::BuysNothing],
        "AboveMaximum" => &[R::AboveMaximum],
        "InvestorLimit" => &[R::InvestorLimit],
        "AdmissionLimit" => &[R::AdmissionLimit],
        _ => return None,
    })
}
