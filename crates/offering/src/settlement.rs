//! Settlement: who gets what, and who gets what back.

use crate::{
    BasisPoints, ContributionIndex, InvestorIndex, LimitPrice, Offering, Outcome, Refusal, Settled,
    Stamp, Tokens, Value, Verdict,
    after_sale::AfterSale,
    chunked::Chunked,
    contribution::{Contribution, Status},
    offering::Stage,
    rows::CurrencyTotals,
    terms::{Bound, Currency, Pricing, RoundingScope, Sealing, ShareOfSold, Supply},
    token_rounding::RunningTokens,
};

/// The final result of an offering.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// Verdict and totals.
    pub settled: Settled,
    /// Where the first clock line stood; vesting and milestones count from here, on that line.
    pub at: Stamp,
    /// One per round of the terms.
    pub rounds: Vec<RoundSettlement>,
    /// One per currency of the terms.
    pub totals: Vec<CurrencyTotals>,
    /// Tokens of each share of the terms; zero unless the offering succeeded.
    pub shares: Vec<Tokens>,
    /// Tokens on sale that nobody got; zero where nothing bounds the sale.
    pub unsold: Tokens,
    /// All tokens that exist after the settlement.
    pub minted: Tokens,
    /// Contributions of each investor.
    pub(crate) by_investor: ByInvestor,
    pub(crate) after: AfterSale,
}

/// The final result of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoundSettlement {
    /// Accepted value.
    pub accepted: Value,
    /// Tokens sold.
    pub sold: Tokens,
    /// The one price that everybody pays, in Dutch auctions and auctions with bids.
    pub clearing: Option<LimitPrice>,
    /// Tickets up to this one win the lottery; `None` also when everybody does.
    pub lottery_threshold: Option<[u8; 32]>,
}

/// Contributions grouped by investor, in journal order: those of investor `i` are
/// `order[starts[i]..starts[i + 1]]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct ByInvestor {
    starts: Vec<u32>,
    order: Vec<u32>,
}

impl ByInvestor {
    pub(crate) fn new(investors: usize, contributions: &Chunked<Contribution>) -> Self {
        let mut starts = vec![0_u32; investors + 1];
        for held in contributions.iter() {
            starts[held.investor.index() + 1] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut order = vec![0_u32; contributions.len()];
        for (index, held) in (0_u32..).zip(contributions.iter()) {
            let place = &mut next[held.investor.index()];
            if let Some(slot) = usize::try_from(*place)
                .ok()
                .and_then(|at| order.get_mut(at))
            {
                *slot = index;
            }
            *place += 1;
        }
        Self { starts, order }
    }

    pub(crate) fn of(
        &self,
        investor: InvestorIndex,
    ) -> impl Iterator<Item = ContributionIndex> + '_ {
        let bound = |place: usize| {
            self.starts
                .get(place)
                .and_then(|&start| usize::try_from(start).ok())
                .unwrap_or(0)
        };
        let range = bound(investor.index())..bound(investor.index() + 1);
        self.order
            .get(range)
            .unwrap_or_default()
            .iter()
            .map(|&index| ContributionIndex(index))
    }
}

impl Offering {
    pub(crate) fn settle(&mut self) -> Result<Outcome, Refusal> {
        let result = self.settle_all();
        if result.is_err() {
            self.recount_accounts();
        }
        result
    }

    fn settle_all(&mut self) -> Result<Outcome, Refusal> {
        let mut verdict = self.check_settleable()?;
        let mut rounds = vec![RoundSettlement::default(); self.rounds.len()];
        self.end_waiting();
        let by_investor = ByInvestor::new(self.investors.len(), &self.contributions);
        if verdict == Verdict::Succeeded {
            self.resolve_rounds(&mut rounds)?;
            self.return_for_nothing(&by_investor);
            if !self.soft_cap_is_met() {
                verdict = Verdict::Failed;
            }
            self.keep_bonds();
        }
        if verdict == Verdict::Succeeded {
            self.round_per_investor(&by_investor);
        } else {
            self.void_everything();
        }
        self.total_rounds(&mut rounds);
        let settled = Settled {
            verdict,
            raised: Value(sum(rounds.iter().map(|round| round.accepted.0))?),
            sold: Tokens(sum(rounds.iter().map(|round| round.sold.0))?),
        };
        let (shares, unsold, minted) = self.split_supply(settled)?;
        let totals = self.currency_totals()?;
        self.recount_accounts();
        let shares_count = self.terms.token.supply.share_count();
        let (refunds_paid, paid_back) = self.paid_before();
        let mut back = self.back_in_accounts();
        if let Some(sum) = self
            .escrow()
            .and_then(|at| back.get_mut(at.currency.index()))
        {
            *sum += paid_back;
        }
        let after = AfterSale::new(shares_count, back, refunds_paid);
        let settlement = Settlement {
            settled,
            at: self.now_stamp(),
            rounds,
            totals,
            shares,
            unsold,
            minted,
            by_investor,
            after,
        };
        self.settlement = Some(Box::new(settlement));
        if self.check_invariants().is_err() {
            self.settlement = None;
            return Err(Refusal::Inconsistent);
        }
        self.stage = Stage::Settled;
        Ok(Outcome::Settled(settled))
    }

    /// What still waits goes back.
    pub(crate) fn end_waiting(&mut self) {
        for round in 0..self.rounds.len() {
            for (index, _) in std::mem::take(&mut self.rounds[round].waiting) {
                let held = &mut self.contributions[index.index()];
                if held.accepted == 0 {
                    held.status = Status::Cut(Refusal::Waiting);
                }
            }
        }
    }

    /// Bids that nobody opened go back, less the bond of the terms.
    fn keep_bonds(&mut self) {
        let sealed = std::mem::take(&mut self.bids.sealed);
        for index in sealed.into_keys() {
            let held = &mut self.contributions[index.index()];
            held.status = Status::Cut(Refusal::NotRevealed);
            let Some(round) = held.round() else { continue };
            if let Pricing::Bids {
                sealing: Sealing::Sealed { bond, .. },
                ..
            } = self.terms.rounds[round.index()].pricing
            {
                let share = crate::Ratio::new(bond.0.into(), BasisPoints::WHOLE.0.into());
                let kept = share
                    .and_then(|share| share.times(held.amount, crate::RoundingMode::Down))
                    .unwrap_or(0);
                if kept != 0 {
                    self.kept.insert(index, kept);
                }
            }
        }
        self.bids.live.clear();
    }

    /// Nothing was sold: everything accepted goes back.
    fn void_everything(&mut self) {
        for index in 0..self.contributions.len() {
            let held = &mut self.contributions[index];
            if held.accepted > 0 || held.status == Status::Whole {
                held.status = Status::Voided;
            }
            if held.status == Status::Sealed {
                held.status = Status::Voided;
            }
            held.accepted = 0;
            held.tokens = 0;
        }
        for state in &mut self.rounds {
            state.net_value = 0;
            state.net_tokens = 0;
        }
    }

    /// Rounds once per investor where the terms say so, and cuts to the ceiling.
    fn round_per_investor(&mut self, by_investor: &ByInvestor) {
        let once = self
            .terms
            .currencies
            .iter()
            .any(|c| c.rounding.per == RoundingScope::Investor);
        if !once && self.terms.token_ceiling.is_none() {
            return;
        }
        let ceiling = self
            .terms
            .token_ceiling
            .map_or(u128::MAX, |ceiling| ceiling.0);
        let investors = u32::try_from(self.investors.len()).unwrap_or(u32::MAX);
        for investor in 0..investors {
            let cut = self.is_cut_to_ceiling(by_investor.of(InvestorIndex(investor)));
            let mut room = if cut { ceiling } else { u128::MAX };
            let mut running = RunningTokens::new(&self.terms);
            for index in by_investor.of(InvestorIndex(investor)) {
                let tokens = running.next(self, index).min(room);
                room -= tokens;
                let held = &mut self.contributions[index.index()];
                let before = held.tokens;
                held.tokens = tokens;
                if let Some(round) = held.round() {
                    let state = &mut self.rounds[round.index()];
                    state.net_tokens = state.net_tokens - before.min(state.net_tokens) + tokens;
                }
            }
        }
    }

    /// Whether the token ceiling counts for an investor with these contributions.
    pub(crate) fn is_cut_to_ceiling(
        &self,
        mut contributions: impl Iterator<Item = crate::ContributionIndex>,
    ) -> bool {
        match self.terms.token_ceiling_scope {
            crate::terms::CeilingScope::Everyone => true,
            crate::terms::CeilingScope::ReturnedOverLimit => {
                contributions.any(|index| self.over_limit.contains(&index))
            }
        }
    }

    fn total_rounds(&self, rounds: &mut [RoundSettlement]) {
        for (round, state) in rounds.iter_mut().zip(&self.rounds) {
            round.accepted = Value(state.net_value);
            round.sold = Tokens(state.net_tokens);
        }
    }

    /// Shares, unsold tokens, and all tokens there are.
    fn split_supply(&self, settled: Settled) -> Result<(Vec<Tokens>, Tokens, Tokens), Refusal> {
        let supply = &self.terms.token.supply;
        if settled.verdict != Verdict::Succeeded {
            return Ok((
                vec![Tokens::ZERO; supply.share_count()],
                Tokens::ZERO,
                Tokens::ZERO,
            ));
        }
        let sold = settled.sold;
        let shares: Vec<Tokens> = match supply {
            Supply::Fixed { shares, .. } => shares.iter().map(|share| share.size).collect(),
            Supply::Minted { shares, .. } => shares
                .iter()
                .map(|share| share.size.of(sold).ok_or(Refusal::AmountTooLarge))
                .collect::<Result<_, _>>()?,
        };
        let unsold = match supply.most_for_sale() {
            Some(most) => most.checked_sub(sold).ok_or(Refusal::Inconsistent)?,
            None => Tokens::ZERO,
        };
        let minted = match (supply, self.terms.unsold) {
            (Supply::Fixed { total, .. }, crate::terms::Unsold::Treasury) => *total,
            (Supply::Fixed { total, .. }, crate::terms::Unsold::Burned) => {
                total.checked_sub(unsold).ok_or(Refusal::Inconsistent)?
            }
            (Supply::Minted { .. }, _) => {
                Tokens(sum(shares.iter().map(|share| share.0).chain([sold.0]))?)
            }
        };
        Ok((shares, unsold, minted))
    }

    fn currency_totals(&self) -> Result<Vec<CurrencyTotals>, Refusal> {
        let mut totals = vec![CurrencyTotals::default(); self.terms.currencies.len()];
        for index in 0..self.contributions.len() {
            let row = self.row(crate::offering::index_of(index));
            let total = totals
                .get_mut(row.currency.index())
                .ok_or(Refusal::Inconsistent)?;
            *total = total.with(&row).ok_or(Refusal::AmountTooLarge)?;
        }
        Ok(totals)
    }

    /// Value and tokens left under the hard cap and the supply when rounds without batch
    /// allocation, and batch rounds up to `before`, have taken theirs.
    pub(crate) fn left_for_batch(&self, before: usize) -> (Option<u128>, Option<u128>) {
        let (mut value, mut tokens) = self.used_outside_batches();
        let batches = self
            .terms
            .rounds
            .iter()
            .zip(&self.rounds)
            .enumerate()
            .take(before);
        for (place, (_, state)) in batches.filter(|(_, (terms, _))| crate::rounds::is_batch(terms))
        {
            value = value.saturating_add(state.net_value);
            tokens = tokens.saturating_add(self.reserved_by_batch(place, state.net_tokens));
        }
        let terms = &self.terms.rounds[before];
        let mut values = vec![terms.cap.map(|cap| cap.0)];
        let mut supplies = vec![terms.supply.map(|supply| supply.0)];
        match self.terms.hard_cap {
            Some(Bound::Value(cap)) => values.push(Some(cap.0.saturating_sub(value))),
            Some(Bound::Tokens(cap)) => supplies.push(Some(cap.0.saturating_sub(tokens))),
            None => {}
        }
        let most = self.terms.token.supply.most_for_sale();
        supplies.push(most.map(|most| most.0.saturating_sub(tokens)));
        (
            values.into_iter().flatten().min(),
            supplies.into_iter().flatten().min(),
        )
    }
}

impl Offering {
    /// Tokens that a resolved batch round may come to: rounded up per contribution where they are
    /// rounded once per investor later.
    fn reserved_by_batch(&self, round: usize, net_tokens: u128) -> u128 {
        let once = |currency: &Currency| currency.rounding.per == RoundingScope::Investor;
        if !self.terms.currencies.iter().any(once) {
            return net_tokens;
        }
        let own = self.contributions.iter().enumerate();
        let own = own.filter(|(_, held)| held.round().is_some_and(|of| of.index() == round));
        own.map(|(place, _)| self.reserve_of(crate::offering::index_of(place)))
            .fold(0, u128::saturating_add)
    }
}

impl Supply {
    /// Most tokens that rounds may sell together.
    pub fn most_for_sale(&self) -> Option<Tokens> {
        match self {
            Self::Fixed { for_sale, .. } => Some(*for_sale),
            Self::Minted { max, .. } => *max,
        }
    }

    /// How many shares the terms name.
    pub fn share_count(&self) -> usize {
        match self {
            Self::Fixed { shares, .. } => shares.len(),
            Self::Minted { shares, .. } => shares.len(),
        }
    }

    /// Vesting of a share.
    pub fn share_vesting(&self, share: usize) -> Option<crate::terms::Vesting> {
        match self {
            Self::Fixed { shares, .. } => shares.get(share).map(|share| share.vesting),
            Self::Minted { shares, .. } => shares.get(share).map(|share| share.vesting),
        }
    }
}

impl ShareOfSold {
    /// The share of what was sold; `None` when it does not fit.
    pub fn of(self, sold: Tokens) -> Option<Tokens> {
        self.ratio.times(sold.0, self.rounding).map(Tokens)
    }
}

fn sum(parts: impl Iterator<Item = u128>) -> Result<u128, Refusal> {
    parts
        .into_iter()
        .try_fold(0_u128, u128::checked_add)
        .ok_or(Refusal::AmountTooLarge)
}
