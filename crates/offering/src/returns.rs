//! Money that goes back before settlement: withdrawals by investors, returns by the issuer, and the
//! waiting list that freed room serves.

use crate::{
    Amount, ContributionIndex, Offering, Outcome, Position, Refusal, ReturnReason, RoundIndex,
    Sequence, Stamp,
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
        let index = self
            .contribution_at(contribution)
            .ok_or(Refusal::NoSuchContribution)?;
        let held = &self.contributions[index.index()];
        if held.status == Status::Sealed {
            return Err(Refusal::SealedBidStays);
        }
        // Money that only waits is nobody's but the investor's: it may always be taken back.
        let waiting = self.waiting_amount(index);
        let right = self.check_right(stamp, index);
        if waiting == 0 {
            right?;
        }
        if held.accepted == 0 && waiting == 0 {
            return Err(Refusal::NothingLeft);
        }
        self.stop_waiting(index);
        let accepted = if right.is_ok() {
            self.contributions[index.index()].accepted
        } else {
            0
        };
        self.send_back(index, accepted, Status::Withdrawn);
        self.note_withdrawn(index, accepted);
        self.free(index, accepted + waiting);
        Ok(self.after_freed(index, Amount(accepted + waiting)))
    }

    /// Whether the investor may still take what is accepted of a contribution back.
    fn check_right(&self, stamp: Stamp, index: ContributionIndex) -> Result<(), Refusal> {
        let held = &self.contributions[index.index()];
        let exit = self
            .document_exits
            .iter()
            .any(|(before, until)| held.sequence < *before && self.now() <= *until);
        if exit {
            return Ok(());
        }
        let end = self.right_end(index)?;
        let line = self.line_of(self.contributions[index.index()].currency);
        let now = if stamp.line == line {
            stamp.position
        } else {
            self.latest(line)
        };
        if now >= end {
            return Err(Refusal::WithdrawalOver);
        }
        Ok(())
    }

    /// When the right of withdrawal of the terms ends for a contribution that has it.
    pub(crate) fn right_end(&self, index: ContributionIndex) -> Result<Position, Refusal> {
        let held = &self.contributions[index.index()];
        let right = self.terms.withdrawal.ok_or(Refusal::NoWithdrawalRight)?;
        let marked = held
            .round()
            .is_some_and(|round| self.is_marked(held.investor, round));
        if right.who == WithdrawalHolder::Marked && !marked {
            return Err(Refusal::NotMarkedForWithdrawal);
        }
        let from = self
            .bids
            .opened
            .get(&index)
            .copied()
            .unwrap_or(held.position);
        Ok(right.until.unwrap_or(from.after(right.span)))
    }

    pub(crate) fn return_money(
        &mut self,
        contribution: Sequence,
        amount: Amount,
        reason: ReturnReason,
    ) -> Result<Outcome, Refusal> {
        self.require_running()?;
        let index = self
            .contribution_at(contribution)
            .ok_or(Refusal::NoSuchContribution)?;
        let held = &self.contributions[index.index()];
        if held.status == Status::Sealed {
            return Err(Refusal::SealedBidStays);
        }
        let round = held.round().ok_or(Refusal::NothingLeft)?;
        if self.rounds[round.index()].seed.is_some() {
            return Err(Refusal::NotBetweenSeedAndSettlement);
        }
        if self.round_is_over(round.index()) && !reason.is_of_law() {
            return Err(Refusal::RoundOverForReturns);
        }
        if amount.is_zero() {
            return Err(Refusal::Zero);
        }
        let waiting = self.waiting_amount(index);
        if held.accepted == 0 && waiting == 0 {
            return Err(Refusal::NothingLeft);
        }
        if amount.0 > held.accepted + waiting {
            return Err(Refusal::MoreThanAccepted);
        }
        // What waits goes back first and whole, so that the contribution cannot take the room that
        // its own return frees.
        let accepted = amount.0.saturating_sub(waiting);
        self.stop_waiting(index);
        self.send_back(index, accepted, Status::Returned(reason));
        self.free(index, accepted + waiting);
        if reason == ReturnReason::OverLimit {
            self.over_limit.insert(index);
        }
        Ok(self.after_freed(index, Amount(accepted + waiting)))
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
        let Some(round) = self.contributions[index.index()].round() else {
            return 0;
        };
        let waiting = &self.rounds[round.index()].waiting;
        let place = waiting.binary_search_by_key(&index, |(waits, _)| *waits);
        place
            .ok()
            .and_then(|place| waiting.get(place))
            .map_or(0, |(_, amount)| *amount)
    }

    fn stop_waiting(&mut self, index: ContributionIndex) {
        let Some(round) = self.contributions[index.index()].round() else {
            return;
        };
        let waiting = &mut self.rounds[round.index()].waiting;
        if let Ok(place) = waiting.binary_search_by_key(&index, |(waits, _)| *waits) {
            waiting.remove(place);
        }
    }

    /// Accepts waiting contributions into the room there is, in order; how many.
    fn serve_waiting(&mut self, round: RoundIndex) -> u32 {
        let mut promoted = 0;
        let waiting = std::mem::take(&mut self.rounds[round.index()].waiting);
        for (index, waits) in waiting {
            let fits = self.promote(round, index, waits);
            promoted += u32::from(fits > 0);
            if fits != waits {
                self.rounds[round.index()]
                    .waiting
                    .push_back((index, waits - fits));
            }
        }
        promoted
    }

    /// Takes what now fits of a contribution that waits; how much. Caps are those of now, price and
    /// rate those of its place in the order; whoever was shut out meanwhile gets nothing.
    fn promote(&mut self, round: RoundIndex, index: ContributionIndex, waits: u128) -> u128 {
        let held = &self.contributions[index.index()];
        let (investor, before) = (held.investor, held.accepted);
        let now = self.latest(self.line_of(held.currency));
        if self
            .check_access(Some(investor), round, held.position)
            .is_err()
        {
            return 0;
        }
        let Some(quote) = self.quote_of(index) else {
            return 0;
        };
        let quote = if quote.is_tiered() && before > 0 {
            quote.without_credit()
        } else {
            quote
        };
        let Ok(plan) = self.plan_promotion(round, quote, investor, (before, waits), now) else {
            return 0;
        };
        if plan.accepted == 0 {
            return 0;
        }
        self.take(index, &plan.quote, plan.accepted);
        let held = &mut self.contributions[index.index()];
        if held.accepted == held.amount {
            held.status = Status::Whole;
        }
        plan.accepted
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
