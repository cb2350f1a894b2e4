//! Money that goes back before settlement: withdrawals by investors, returns by the issuer, and the
//! waiting list that freed room serves.

use crate::{
    Amount, ContributionIndex, DocumentExit, Offering, Outcome, Position, Refusal, ReturnReason,
    RoundIndex, Sequence, Stamp,
    contribution::Status,
    terms::{FreedRoom, WithdrawalHolder},
};

impl Offering {
    pub(crate) fn withdraw(
        &mut self,
        stamp: Stamp,
        contribution: Sequence,
    ) -> Result<Outcome, Refusal> {
        self.require_running()?;
        let index = self.contribution_at(contribution).ok_or(Refusal::NoSuchContribution)?;
        let held = &self.contributions[index.index()];
        if held.status == Status::Sealed {
            return Err(Refusal::SealedBidStays);
        }
        self.check_right(stamp, index)?;
        let waiting = self.waiting_amount(index);
        if held.accepted == 0 && waiting == 0 {
            return Err(Refusal::NothingLeft);
        }
        let accepted = held.accepted;
        self.stop_waiting(index);
        self.send_back(index, accepted, Status::Withdrawn);
        Ok(self.after_freed(index, Amount(accepted + waiting)))
    }

    /// Whether the investor may still take a contribution back.
    fn check_right(&self, stamp: Stamp, index: ContributionIndex) -> Result<(), Refusal> {
        let held = &self.contributions[index.index()];
        let exit = self
            .document_exit
            .filter(|(before, _)| held.sequence < *before)
            .is_some_and(|(_, until)| self.now() <= until);
        if exit || self.waiting_amount(index) > 0 {
            return Ok(());
        }
        let right = self.terms.withdrawal.ok_or(Refusal::NoWithdrawalRight)?;
        let marked = held.round().is_some_and(|round| self.is_marked(held.investor, round));
        if right.who == WithdrawalHolder::Marked && !marked {
            return Err(Refusal::NotMarkedForWithdrawal);
        }
        let line = self.line_of(held.currency);
        let now = if stamp.line == line { stamp.position } else { self.latest(line) };
        if now >= right.until.unwrap_or(held.position.after(right.span)) {
            return Err(Refusal::WithdrawalOver);
        }
        Ok(())
    }

    pub(crate) fn return_money(
        &mut self,
        contribution: Sequence,
        amount: Amount,
        reason: ReturnReason,
    ) -> Result<Outcome, Refusal> {
        self.require_running()?;
        let index = self.contribution_at(contribution).ok_or(Refusal::NoSuchContribution)?;
        let held = &self.contributions[index.index()];
        if held.status == Status::Sealed {
            return Err(Refusal::SealedBidStays);
        }
        let round = held.round().ok_or(Refusal::NothingLeft)?;
        let state = &self.rounds[round.index()];
        if state.seed.is_some() {
            return Err(Refusal::NotBetweenSeedAndSettlement);
        }
        if state.is_over(&self.latest) && !reason.is_of_law() {
            return Err(Refusal::RoundOverForReturns);
        }
        if amount.is_zero() {
            return Err(Refusal::Zero);
        }
        if held.accepted == 0 {
            return Err(Refusal::NothingLeft);
        }
        if amount.0 > held.accepted {
            return Err(Refusal::MoreThanAccepted);
        }
        self.send_back(index, amount.0, Status::Returned(reason));
        Ok(self.after_freed(index, amount))
    }

    fn send_back(&mut self, index: ContributionIndex, amount: u128, status: Status) {
        if let Some(quote) = self.quote_of(index) {
            self.give_back(index, &quote, amount);
        }
        self.contributions[index.index()].status = status;
    }

    /// Serves the waiting list of the round whose room was freed.
    fn after_freed(&mut self, index: ContributionIndex, amount: Amount) -> Outcome {
        let round = self.contributions[index.index()].round();
        match round.map_or(0, |round| self.serve_waiting(round)) {
            0 => Outcome::Refunded { amount },
            promoted => Outcome::RefundedAndPromoted { amount, promoted },
        }
    }

    /// What of a contribution waits for freed room.
    pub(crate) fn waiting_amount(&self, index: ContributionIndex) -> u128 {
        if self.terms.freed_room != FreedRoom::WaitingList {
            return 0;
        }
        let held = &self.contributions[index.index()];
        let waits = held.round().is_some_and(|round| {
            self.rounds[round.index()].waiting.binary_search(&index).is_ok()
        });
        if waits { held.amount - held.accepted } else { 0 }
    }

    fn stop_waiting(&mut self, index: ContributionIndex) {
        let Some(round) = self.contributions[index.index()].round() else { return };
        let waiting = &mut self.rounds[round.index()].waiting;
        if let Ok(place) = waiting.binary_search(&index) {
            waiting.remove(place);
        }
    }

    /// Accepts waiting contributions into the room there is, in order; how many.
    fn serve_waiting(&mut self, round: RoundIndex) -> u32 {
        let mut promoted = 0;
        let waiting = std::mem::take(&mut self.rounds[round.index()].waiting);
        for index in waiting {
            let held = &self.contributions[index.index()];
            let (investor, position, rest) =
                (held.investor, held.position, held.amount - held.accepted);
            let Some(quote) = self.quote_of(index) else { continue };
            let mut plan = crate::contribute::Plan::of_waiting(round, quote, rest);
            let fits = self.fit_caps(&mut plan, investor, position).map_or(0, |()| plan.accepted);
            if fits > 0 {
                self.take(index, &plan.quote, fits);
                promoted += 1;
            }
            if fits < rest {
                self.rounds[round.index()].waiting.push_back(index);
            } else {
                self.contributions[index.index()].status = Status::Whole;
            }
        }
        promoted
    }

    pub(crate) fn record_document(
        &mut self,
        sequence: Sequence,
        exit: DocumentExit,
    ) -> Result<(), Refusal> {
        if let DocumentExit::WithdrawalUntil(until) = exit {
            self.require_running()?;
            // A later supplement adds exits; it never shortens one that is open.
            let until = self.document_exit.map_or(until, |(_, open)| open.max(until));
            self.document_exit = Some((sequence, until));
        }
        Ok(())
    }

    /// Notes that a contribution at `stamp` may be withdrawn for a while.
    pub(crate) fn extend_rights(&mut self, stamp: Stamp) {
        if let Some(right) = self.terms.withdrawal {
            let end = right.until.unwrap_or(stamp.position.after(right.span));
            if let Some(latest) = self.rights_end.get_mut(stamp.line.index()) {
                *latest = Position::max(*latest, end);
            }
        }
    }
}
