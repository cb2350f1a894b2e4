//! After the sale: tokens handed over as they vest, refunds paid, money released by milestones.

use std::collections::BTreeSet;

use crate::{
    BasisPoints, CurrencyIndex, InvestorId, InvestorIndex, LineIndex, Offering, Phase, Position,
    Refusal, Span, Stamp, Tokens, Verdict,
    accounts::Holder,
    offering::Stage,
    ratio::{divide, wide},
    rows::CurrencyTotals,
    settlement::Settlement,
    terms::Vesting,
};

/// What was done since settlement.
#[derive(Clone, Debug, Default)]
pub(crate) struct AfterSale {
    pub(crate) published: Published,
    /// Tokens handed over, by investor; empty until the first.
    pub(crate) distributed: Vec<u128>,
    pub(crate) distributed_total: u128,
    /// Tokens of shares handed over.
    pub(crate) vested: Vec<u128>,
    pub(crate) refunds_paid: BTreeSet<(InvestorIndex, CurrencyIndex)>,
    /// Refunds that were paid or are in accounts, per currency.
    pub(crate) refunded: Vec<u128>,
    pub(crate) released: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Published {
    #[default]
    No,
    Yes,
}

impl AfterSale {
    /// Nothing done, but what is in accounts or was paid by a contract is refunded already.
    pub(crate) fn new(
        shares: usize,
        back_already: Vec<u128>,
        refunds_paid: BTreeSet<(InvestorIndex, CurrencyIndex)>,
    ) -> Self {
        Self {
            vested: vec![0; shares],
            refunded: back_already,
            refunds_paid,
            ..Self::default()
        }
    }
}

impl Vesting {
    /// How much of `whole` is free `elapsed` after settlement: nothing before the cliff, then
    /// `whole x elapsed / duration` rounded down, everything from `duration` on.
    pub fn free(self, whole: Tokens, elapsed: Span) -> Tokens {
        if elapsed < self.cliff {
            return Tokens::ZERO;
        }
        if elapsed >= self.duration {
            return whole;
        }
        let product = wide(whole.0, elapsed.0.into());
        let duration = ruint::aliases::U256::from(self.duration.0);
        divide(product, duration, crate::RoundingMode::Down).map_or(Tokens::ZERO, Tokens)
    }
}

impl Offering {
    fn settled(&self) -> Result<&Settlement, Refusal> {
        match self.stage {
            Stage::Draft => Err(Refusal::NotAnnounced),
            Stage::Settled => self.settlement.as_deref().ok_or(Refusal::NotSettled),
            Stage::Running | Stage::Cancelled | Stage::Expired => Err(Refusal::NotSettled),
        }
    }

    fn succeeded(&self) -> Result<&Settlement, Refusal> {
        let settlement = self.settled()?;
        if settlement.settled.verdict == Verdict::Succeeded {
            Ok(settlement)
        } else {
            Err(Refusal::NotSucceeded)
        }
    }

    fn after(&mut self) -> Result<&mut AfterSale, Refusal> {
        self.settlement
            .as_mut()
            .map(|held| &mut held.after)
            .ok_or(Refusal::NotSettled)
    }

    /// How long ago the settlement is. Spans after it count on the first clock line whatever line the
    /// entries stand on: an entry of another chain says nothing about how much time has passed there.
    fn elapsed(&self, settlement: &Settlement) -> Span {
        let since = settlement.at;
        Span(self.latest(since.line).0 - since.position.0)
    }

    pub(crate) fn publish(&mut self) -> Result<(), Refusal> {
        self.settled()?;
        let after = self.after()?;
        if after.published == Published::Yes {
            return Err(Refusal::AlreadyPublished);
        }
        after.published = Published::Yes;
        Ok(())
    }

    pub(crate) fn distribute(
        &mut self,
        investor: InvestorId<'_>,
        tokens: Tokens,
    ) -> Result<(), Refusal> {
        let settlement = self.succeeded()?;
        let elapsed = self.elapsed(settlement);
        let index = self
            .investors
            .find(investor)
            .ok_or(Refusal::UnknownInvestor)?;
        let mut totals = vec![CurrencyTotals::default(); self.terms.currencies.len()];
        let whole = self.investor_totals(index, &mut totals);
        let free = self.terms.token.sale_vesting.free(whole, elapsed);
        let given = settlement
            .after
            .distributed
            .get(index.index())
            .copied()
            .unwrap_or(0);
        if tokens.is_zero() || given == whole.0 {
            return Err(Refusal::NothingToClaim);
        }
        let after = given.checked_add(tokens.0).ok_or(Refusal::NotVested)?;
        if after > free.0 {
            return Err(Refusal::NotVested);
        }
        let count = self.investors.len();
        let record = self.after()?;
        record.distributed.resize(count, 0);
        record.distributed[index.index()] = after;
        record.distributed_total += tokens.0;
        Ok(())
    }

    pub(crate) fn pay_refund(
        &mut self,
        investor: InvestorId<'_>,
        currency: CurrencyIndex,
    ) -> Result<(), Refusal> {
        if self.is_early_refund(currency) {
            return self.pay_return(investor);
        }
        self.settled()?;
        let index = self
            .investors
            .find(investor)
            .ok_or(Refusal::UnknownInvestor)?;
        if currency.index() >= self.terms.currencies.len() {
            return Err(Refusal::UnknownCurrency);
        }
        let due = self.refund_due(index, currency);
        let currencies = self.terms.currencies.len();
        let after = self.after()?;
        if due == 0 || !after.refunds_paid.insert((index, currency)) {
            return Err(Refusal::NothingToClaim);
        }
        after.refunded.resize(currencies, 0);
        after.refunded[currency.index()] += due;
        Ok(())
    }

    /// What of an investor's refunds is to be paid out: those of money that arrived. Refunds of money
    /// from an account are back in it, and change that a contract gave is paid.
    pub(crate) fn refund_due(&self, investor: InvestorIndex, currency: CurrencyIndex) -> u128 {
        self.contributions_of(investor)
            .filter(|index| {
                let held = &self.contributions[index.index()];
                held.currency == currency && held.holder == Holder::Rail
            })
            .map(|index| {
                self.row(index)
                    .refunded
                    .0
                    .saturating_sub(self.change_of(index))
            })
            .sum()
    }

    pub(crate) fn vest(&mut self, share: u8, tokens: Tokens) -> Result<(), Refusal> {
        let settlement = self.succeeded()?;
        let share = usize::from(share);
        let whole = *settlement.shares.get(share).ok_or(Refusal::UnknownShare)?;
        let vesting = self
            .terms
            .token
            .supply
            .share_vesting(share)
            .ok_or(Refusal::UnknownShare)?;
        let free = vesting.free(whole, self.elapsed(settlement));
        let given = settlement.after.vested.get(share).copied().unwrap_or(0);
        if tokens.is_zero() || given == whole.0 {
            return Err(Refusal::NothingToClaim);
        }
        let after = given.checked_add(tokens.0).ok_or(Refusal::NotVested)?;
        if after > free.0 {
            return Err(Refusal::NotVested);
        }
        self.after()?.vested[share] = after;
        Ok(())
    }

    pub(crate) fn release(&mut self, milestone: u8) -> Result<(), Refusal> {
        let settlement = self.succeeded()?;
        let place = usize::from(milestone);
        if place >= self.release_count() {
            return Err(Refusal::UnknownMilestone);
        }
        if place != settlement.after.released {
            return Err(Refusal::MilestoneOrder);
        }
        let terms = self.terms.milestones.get(place);
        if terms.is_some_and(|terms| self.elapsed(settlement) < terms.after) {
            return Err(Refusal::MilestoneTooEarly);
        }
        self.after()?.released = place + 1;
        Ok(())
    }

    /// Part of the accepted money that the issuer may have drawn so far.
    pub fn released(&self) -> BasisPoints {
        let Ok(settlement) = self.succeeded() else {
            return BasisPoints(0);
        };
        if self.terms.milestones.is_empty() {
            return BasisPoints::WHOLE;
        }
        let done = self.terms.milestones.iter().take(settlement.after.released);
        BasisPoints(done.map(|milestone| milestone.part.0).sum())
    }

    pub(crate) fn settled_phase(&self) -> Phase {
        let Some(settlement) = &self.settlement else {
            return Phase::Closed;
        };
        let after = &settlement.after;
        let refunds_done = settlement.totals.iter().enumerate().all(|(place, total)| {
            after.refunded.get(place).copied().unwrap_or(0) == total.refunded.0
        });
        if settlement.settled.verdict != Verdict::Succeeded {
            return if refunds_done {
                Phase::Finished
            } else {
                Phase::Refunding
            };
        }
        let handed_over = after.distributed_total == settlement.settled.sold.0
            && after
                .vested
                .iter()
                .zip(&settlement.shares)
                .all(|(given, whole)| *given == whole.0)
            && after.released == self.release_count();
        if handed_over && refunds_done {
            Phase::Finished
        } else {
            Phase::Distributing
        }
    }

    /// Where a settlement at the newest positions stands: on the first clock line.
    pub fn now_stamp(&self) -> Stamp {
        Stamp {
            line: LineIndex(0),
            position: self.latest.first().map_or(Position(0), |now| *now),
        }
    }
}
