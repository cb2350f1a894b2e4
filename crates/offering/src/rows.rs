//! Rows: contributions and investors as tables show them.

use crate::{
    Amount, ContributionIndex, CurrencyIndex, InvestorId, InvestorIndex, Offering, Position,
    Refusal, ReturnReason, RoundIndex, Sequence, Tokens, Verdict, contribution::Status,
};

/// A contribution as it stands now; final once the offering is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Number of its entry.
    pub sequence: Sequence,
    /// Its position in the schedule.
    pub position: Position,
    /// Whose.
    pub investor: InvestorIndex,
    /// In which currency.
    pub currency: CurrencyIndex,
    /// The round that took it.
    pub round: Option<RoundIndex>,
    /// What came in: `accepted + refunded + kept`.
    pub contributed: Amount,
    /// What the offering has.
    pub accepted: Amount,
    /// What goes back.
    pub refunded: Amount,
    /// What is neither: burned, or a bond.
    pub kept: Amount,
    /// What it buys.
    pub tokens: Tokens,
    /// Why less than all is accepted.
    pub reason: Option<Reason>,
}

/// Why less than all of a contribution is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A rule.
    Refused(Refusal),
    /// The investor took it back.
    Withdrawn,
    /// The issuer returned some or all.
    Returned(ReturnReason),
    /// The soft cap was missed.
    SoftCapMissed,
    /// The issuer cancelled.
    Cancelled,
    /// Nothing was settled by the deadline.
    Expired,
    /// The sealed bid is not opened yet.
    Sealed,
}

impl Reason {
    /// The name in files.
    pub fn name(self) -> String {
        match self {
            Self::Refused(refusal) => refusal.name(),
            Self::Withdrawn => "withdrawn".into(),
            Self::Returned(reason) => format!("returned_{}", reason.name()),
            Self::SoftCapMissed => "soft_cap_missed".into(),
            Self::Cancelled => "cancelled".into(),
            Self::Expired => "expired".into(),
            Self::Sealed => "sealed".into(),
        }
    }
}

/// Money of one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CurrencyTotals {
    /// What came in.
    pub contributed: Amount,
    /// What the offering has.
    pub accepted: Amount,
    /// What goes back.
    pub refunded: Amount,
    /// What is neither.
    pub kept: Amount,
}

impl CurrencyTotals {
    /// With one more row, or `None` when a sum does not fit.
    pub(crate) fn with(self, row: &Row) -> Option<Self> {
        Some(Self {
            contributed: self.contributed.checked_add(row.contributed)?,
            accepted: self.accepted.checked_add(row.accepted)?,
            refunded: self.refunded.checked_add(row.refunded)?,
            kept: self.kept.checked_add(row.kept)?,
        })
    }
}

/// An investor as the settlement shows them.
#[derive(Clone, Copy, Debug)]
pub struct InvestorRow<'a> {
    /// The investor.
    pub investor: InvestorIndex,
    /// Their id.
    pub id: InvestorId<'a>,
    /// Their tokens.
    pub tokens: Tokens,
    /// One per currency of the terms.
    pub totals: &'a [CurrencyTotals],
}

/// The investors of a settlement, in order of their first entry.
#[derive(Debug)]
pub struct InvestorRows<'a> {
    offering: &'a Offering,
    next: usize,
    end: usize,
    totals: Vec<CurrencyTotals>,
}

impl InvestorRows<'_> {
    /// The next investor. The row borrows from the iterator, so that millions need no allocation.
    #[expect(
        clippy::should_implement_trait,
        reason = "the row borrows from the iterator"
    )]
    pub fn next(&mut self) -> Option<InvestorRow<'_>> {
        if self.next >= self.end {
            return None;
        }
        let investor = InvestorIndex(u32::try_from(self.next).ok()?);
        self.next += 1;
        let tokens = self.offering.investor_totals(investor, &mut self.totals);
        let id = self.offering.investor(investor);
        Some(InvestorRow {
            investor,
            id,
            tokens,
            totals: &self.totals,
        })
    }
}

impl Offering {
    /// A contribution as it stands now; `index` must come from this offering.
    pub fn row(&self, index: ContributionIndex) -> Row {
        let held = &self.contributions[index.index()];
        // The map is empty in every sale without proof of burn or bonds.
        let kept = if self.kept.is_empty() {
            0
        } else {
            self.kept.get(&index).copied().unwrap_or(0)
        };
        Row {
            sequence: held.sequence,
            position: held.position,
            investor: held.investor,
            currency: held.currency,
            round: held.round(),
            contributed: Amount(held.amount),
            accepted: Amount(held.accepted),
            refunded: Amount(held.amount - held.accepted - kept),
            kept: Amount(kept),
            tokens: Tokens(held.tokens),
            reason: match held.status {
                Status::Whole => None,
                Status::Cut(refusal) => Some(Reason::Refused(refusal)),
                Status::Sealed => Some(Reason::Sealed),
                Status::Withdrawn => Some(Reason::Withdrawn),
                Status::Returned(reason) => Some(Reason::Returned(reason)),
                Status::Voided => Some(self.void_reason()),
            },
        }
    }

    fn void_reason(&self) -> Reason {
        match self
            .settlement
            .as_ref()
            .map(|settlement| settlement.settled.verdict)
        {
            Some(Verdict::Cancelled) => Reason::Cancelled,
            Some(Verdict::Expired) => Reason::Expired,
            Some(Verdict::Succeeded | Verdict::Failed) | None => Reason::SoftCapMissed,
        }
    }

    /// All rows in the order of the journal.
    pub fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        (0..self.contributions.len()).map(|index| self.row(crate::offering::index_of(index)))
    }

    /// All investors; none before the offering is settled.
    pub fn investor_rows(&self) -> InvestorRows<'_> {
        self.investor_rows_from(0, self.investors.len())
    }

    /// The investors from `start` up to `end`, so that threads may share the work.
    pub fn investor_rows_from(&self, start: usize, end: usize) -> InvestorRows<'_> {
        let end = if self.settlement.is_some() {
            end.min(self.investors.len())
        } else {
            0
        };
        let totals = vec![CurrencyTotals::default(); self.terms.currencies.len()];
        InvestorRows {
            offering: self,
            next: start,
            end,
            totals,
        }
    }

    /// Sums an investor's rows into `totals`; their tokens.
    pub(crate) fn investor_totals(
        &self,
        investor: InvestorIndex,
        totals: &mut [CurrencyTotals],
    ) -> Tokens {
        totals.fill(CurrencyTotals::default());
        let mut tokens = 0_u128;
        if let Some(settlement) = &self.settlement {
            for index in settlement.by_investor.of(investor) {
                let row = self.row(index);
                tokens = tokens.saturating_add(row.tokens.0);
                if let Some(total) = totals.get_mut(row.currency.index()) {
                    *total = total.with(&row).unwrap_or(*total);
                }
            }
        }
        Tokens(tokens)
    }

    /// Contributions of an investor in the order of the journal; none before settlement.
    pub fn contributions_of(
        &self,
        investor: InvestorIndex,
    ) -> impl Iterator<Item = ContributionIndex> + '_ {
        let settlement = self.settlement.as_deref();
        settlement
            .into_iter()
            .flat_map(move |settled| settled.by_investor.of(investor))
    }
}
