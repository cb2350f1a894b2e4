//! Accounts: what was moved in and out, and what payments have of it.

use num_bigint::BigInt;
use softcap_offering::{Amount, Command, Funding, RequestId, TransferId, Verdict};

use super::super::fraction::big;
use super::{Model, Payment, Stage};

/// Money moved into an account, or out of it again.
#[derive(Clone, Debug)]
pub(super) struct Moved {
    pub(super) who: String,
    pub(super) currency: usize,
    pub(super) amount: BigInt,
    pub(super) way: Way,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Out,
}

impl Model {
    /// The first entry with the same request, or with the same transfer. Ids are used up also by an
    /// entry that is refused.
    pub(super) fn repeated(
        &mut self,
        sequence: u64,
        request: Option<RequestId>,
        command: &Command<'_>,
    ) -> Option<u64> {
        let mut first = |id: [u8; 17]| {
            let before = self.ids.iter().find(|(used, _)| *used == id);
            let before = before.map(|(_, entry)| *entry);
            if before.is_none() {
                self.ids.push((id, sequence));
            }
            before
        };
        let tagged = |tag, id: [u8; 16]| {
            let mut tagged = [tag; 17];
            tagged[1..].copy_from_slice(&id);
            tagged
        };
        if let Some(RequestId(id)) = request
            && let Some(before) = first(tagged(1, id))
        {
            return Some(before);
        }
        match command {
            Command::Fund {
                transfer: TransferId(id),
                ..
            }
            | Command::TakeBack {
                transfer: TransferId(id),
                ..
            } => first(tagged(2, *id)),
            _ => None,
        }
    }

    /// Money comes in while the offering runs.
    pub(super) fn fund(&mut self, who: String, currency: usize, amount: Amount) -> Option<()> {
        self.require_running()?;
        self.terms.currencies.get(currency)?;
        let amount = big(amount.0);
        let sum = self.moved(Way::In, |moved| moved.currency == currency) + &amount;
        if amount == big(0) || sum > big(u128::MAX) {
            return None;
        }
        self.moves.push(Moved {
            who,
            currency,
            amount,
            way: Way::In,
        });
        Some(())
    }

    /// Free money goes out at any time.
    pub(super) fn take_back(&mut self, who: String, currency: usize, amount: Amount) -> Option<()> {
        let amount = big(amount.0);
        self.terms.currencies.get(currency)?;
        if amount == big(0) || self.draws_too_much(&who, currency, &amount) {
            return None;
        }
        self.moves.push(Moved {
            who,
            currency,
            amount,
            way: Way::Out,
        });
        Some(())
    }

    fn moved(&self, way: Way, counts: impl Fn(&Moved) -> bool) -> BigInt {
        let own = self.moves.iter().filter(|moved| moved.way == way);
        own.filter(|moved| counts(moved))
            .map(|moved| &moved.amount)
            .sum()
    }

    /// Whether an account is not there or does not cover an amount.
    pub(super) fn draws_too_much(&self, who: &str, currency: usize, amount: &BigInt) -> bool {
        let [funded, .., available, _] = self.account(who, currency);
        funded == big(0) || *amount > available
    }

    /// An account: funded, taken back, held, free, spent.
    pub(crate) fn account(&self, who: &str, currency: usize) -> [BigInt; 5] {
        let own = |moved: &Moved| moved.who == who && moved.currency == currency;
        let (funded, back) = (self.moved(Way::In, own), self.moved(Way::Out, own));
        let drawn = self.payments.iter().filter(|paid| {
            paid.funding == Funding::Account && paid.who == who && paid.currency == currency
        });
        let (mut held, mut spent) = (big(0), big(0));
        for paid in drawn {
            held += self.held(paid);
            spent += &paid.kept;
        }
        match self.ending() {
            None => {}
            Some(Verdict::Succeeded) => {
                spent += held;
                held = big(0);
            }
            Some(Verdict::Failed | Verdict::Cancelled | Verdict::Expired) => held = big(0),
        }
        let free = &funded - &back - &held - &spent;
        [funded, back, held, free, spent]
    }

    /// Accepted, waiting or locked.
    fn held(&self, paid: &Payment) -> BigInt {
        let is_locked = paid.sealed.is_some() && self.stage != Stage::Settled;
        let locked = if is_locked {
            paid.amount.clone()
        } else {
            big(0)
        };
        paid.accepted() + &paid.waiting + locked
    }

    /// How the offering ended, also before that is settled.
    fn ending(&self) -> Option<Verdict> {
        match self.stage {
            Stage::Draft | Stage::Running => None,
            Stage::Cancelled => Some(Verdict::Cancelled),
            Stage::Expired => Some(Verdict::Expired),
            Stage::Settled => self.verdict,
        }
    }

    /// What is to be paid out of an investor's refunds.
    pub(crate) fn refund_due(&self, who: &str, currency: usize) -> BigInt {
        let arrived = self.payments.iter().filter(|paid| {
            paid.funding == Funding::Arrived && paid.who == who && paid.currency == currency
        });
        let back = arrived.map(|paid| &paid.amount - paid.accepted() - &paid.kept);
        back.sum()
    }
}
