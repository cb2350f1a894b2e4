//! Money that goes back before settlement, and who gets the room it frees.

use num_bigint::BigInt;
use softcap_offering::{
    DocumentExit, ReturnReason, Stamp, WithdrawalMark,
    terms::{Allocation, FreedRoom, Misfit, WithdrawalHolder},
};

use super::super::fraction::{big, least, or_zero};
use super::tokens::{Conditions, Price};
use super::{Answer, Model, Payment, Piece};

impl Model {
    pub(super) fn find(&self, sequence: u64) -> Option<usize> {
        self.payments
            .iter()
            .position(|paid| paid.sequence == sequence)
    }

    /// An investor takes back what waits at any time, and what is accepted under a right.
    pub(super) fn withdraw(&mut self, stamp: Stamp, sequence: u64) -> Option<Answer> {
        self.require_running()?;
        let place = self.find(sequence)?;
        let paid = &self.payments[place];
        let right = self.has_right(stamp, paid);
        let accepted = if right { paid.accepted() } else { big(0) };
        let amount = &accepted + &paid.waiting;
        if paid.sealed.is_some() || amount == big(0) {
            return None;
        }
        self.send_back(place, accepted);
        Some(self.after_freed(place, amount))
    }

    fn has_right(&self, stamp: Stamp, paid: &Payment) -> bool {
        let first_line = self.latest(0);
        let exit = self
            .exits
            .iter()
            .any(|(entry, until)| paid.sequence < *entry && first_line <= *until);
        if exit {
            return true;
        }
        let Some(right) = self.terms.withdrawal else {
            return false;
        };
        if right.who == WithdrawalHolder::Marked {
            // A mark outlives its admission: taking part and taking back are different rights.
            let newest = paid
                .round
                .and_then(|round| self.newest_grant(&paid.who, round));
            if newest.is_none_or(|grant| grant.mark == WithdrawalMark::Unmarked) {
                return false;
            }
        }
        let line = self.currency(paid.currency).line;
        let now = if stamp.line == line {
            stamp.position.0
        } else {
            self.latest(line.index())
        };
        now < right
            .until
            .map_or(paid.right_from + right.span.0, |until| until.0)
    }

    /// The issuer returns money; what waits goes first, and all of it.
    pub(super) fn give_back(
        &mut self,
        sequence: u64,
        amount: BigInt,
        reason: ReturnReason,
    ) -> Option<Answer> {
        self.require_running()?;
        let place = self.find(sequence)?;
        let paid = &self.payments[place];
        let round = paid.round?;
        let late = self.is_over(round) && !reason.is_of_law();
        let most = paid.accepted() + &paid.waiting;
        let wrong = amount == big(0) || amount > most;
        if paid.sealed.is_some() || self.seed(round).is_some() || late || wrong {
            return None;
        }
        let accepted = or_zero(amount - &paid.waiting);
        let amount = &accepted + &paid.waiting;
        self.payments[place].over_limit |= reason == ReturnReason::OverLimit;
        self.send_back(place, accepted);
        Some(self.after_freed(place, amount))
    }

    fn send_back(&mut self, place: usize, accepted: BigInt) {
        let paid = &mut self.payments[place];
        paid.waiting = big(0);
        paid.reasoned = true;
        paid.pieces.push(Piece::Back { money: accepted });
    }

    fn after_freed(&mut self, place: usize, amount: BigInt) -> Answer {
        let mut promoted = 0;
        let round = self.payments[place].round;
        if self.terms.freed_room == FreedRoom::WaitingList {
            for waits in 0..self.payments.len() {
                if self.payments[waits].round == round && self.payments[waits].waiting > big(0) {
                    promoted += u32::from(self.promote(waits));
                }
            }
        }
        Answer::Back { amount, promoted }
    }

    /// Takes what now fits of money that waits; whole or nothing where the terms refuse in whole.
    fn promote(&mut self, place: usize) -> bool {
        let paid = &self.payments[place];
        let Some(conditions) = self.conditions(paid) else {
            return false;
        };
        if !self.lets_in(conditions.round, &paid.who, paid.position) {
            return false;
        }
        let before = paid.accepted();
        let own_credit = matches!(conditions.price, Price::Tiered) && before > big(0);
        let credit = if own_credit {
            big(0)
        } else {
            conditions.credit.clone()
        };
        let conditions = Conditions {
            credit,
            ..conditions
        };
        let terms = &self.terms.rounds[conditions.round];
        let now = self.latest(self.currency(paid.currency).line.index());
        let mut fits = self.personal(&conditions, &paid.who, &before, &paid.waiting);
        if terms.over_limit == Misfit::Refuse && fits < paid.waiting {
            fits = big(0);
        }
        fits = least(
            fits.clone(),
            self.under_caps(&conditions, &paid.who, &before, &fits, now),
        );
        if terms.over_cap == Misfit::Refuse && fits < paid.waiting {
            fits = big(0);
        }
        fits = self.unless_for_nothing(&conditions, &before, fits);
        if fits == big(0) {
            return false;
        }
        let at = self.next - 1;
        let paid = &mut self.payments[place];
        paid.waiting -= &fits;
        paid.pieces.push(Piece::Taken {
            money: fits,
            raised: conditions.raised,
            at,
        });
        paid.reasoned = paid.accepted() < paid.amount;
        true
    }

    pub(super) fn document(&mut self, sequence: u64, exit: DocumentExit) -> Option<()> {
        if let DocumentExit::WithdrawalUntil(until) = exit {
            self.require_running()?;
            self.exits.push((sequence, until.0));
        }
        Some(())
    }

    /// Nothing of what settlement waits for is still to come.
    pub(super) fn may_settle(&self) -> bool {
        let rounds = 0..self.terms.rounds.len();
        let over = rounds.clone().all(|round| self.is_over(round));
        let rights = self
            .payments
            .iter()
            .filter(|paid| !paid.pieces.is_empty())
            .all(|paid| {
                let Some(right) = self.terms.withdrawal else {
                    return true;
                };
                let now = self.latest(self.currency(paid.currency).line.index());
                now >= right
                    .until
                    .map_or(paid.right_from + right.span.0, |until| until.0)
            });
        let exits = self.exits.iter().all(|(_, until)| self.latest(0) > *until);
        let seeds = rounds.clone().all(|round| {
            !matches!(
                self.terms.rounds[round].allocation,
                Allocation::Lottery { .. }
            ) || self.seed(round).is_some()
        });
        over && rights && exits && seeds && !self.reveals_are_open()
    }
}
