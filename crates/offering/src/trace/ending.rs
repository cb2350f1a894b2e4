//! What became of a contribution, seen after the settlement.

use crate::{
    Amount, BasisPoints, ContributionIndex, LimitPrice, Offering, Ratio, Refusal, Row, Sequence,
    Tokens, Value, Verdict,
    contribution::Status,
    terms::{Pricing, Rounding, RoundingScope, Sealing},
};

/// How a contribution ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalTrace {
    /// Its final row.
    pub row: Row,
    /// Numeraire units per unit of its currency; `None` where no round took it.
    pub rate: Option<Ratio>,
    /// Value of what is accepted, rounded down.
    pub value: Value,
    /// Token units per unit of its currency, where one price holds for all of it from the beginning.
    pub per_money: Option<Ratio>,
    /// Added to the accepted money when tokens are computed.
    pub credit: Amount,
    /// How tokens are rounded.
    pub rounding: Rounding,
    /// With rounding once per investor: the investor's contributions in this currency and round
    /// that bought something, in order, up to this one.
    pub running: Vec<RunningPart>,
    /// The ceiling of an investor's tokens where it counts for this one, and what the investor had
    /// of it before this contribution.
    pub ceiling: Option<(Tokens, Tokens)>,
    /// The price that everybody pays, in Dutch auctions and auctions with bids.
    pub clearing: Option<LimitPrice>,
    /// How a Dutch auction came to it.
    pub dutch: Option<DutchTrace>,
    /// Part of the locked money that is kept because a sealed bid was not opened.
    pub bond: Option<BasisPoints>,
}

/// A contribution in the running sum of one investor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunningPart {
    /// Its entry.
    pub sequence: Sequence,
    /// Accepted money and the credit.
    pub money: Amount,
    /// Token units per unit of it.
    pub per_money: Ratio,
    /// What it adds to the rounded sum.
    pub added: Tokens,
}

/// The end of a Dutch auction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DutchTrace {
    /// Value taken.
    pub raised: Value,
    /// Tokens on sale.
    pub supply: Tokens,
    /// Numeraire units per token unit at the end.
    pub last: Ratio,
    /// What the supply costs at that price, rounded down. If no more than this was raised, that is
    /// the price, else `raised / supply`.
    pub lot: Value,
}

impl Offering {
    /// How a contribution ended; `None` before the settlement. `index` must come from this offering.
    pub fn final_trace(&self, index: ContributionIndex) -> Option<FinalTrace> {
        let settlement = self.settlement.as_deref()?;
        let succeeded = settlement.settled.verdict == Verdict::Succeeded;
        let row = self.row(index);
        let quote = self.quote_of(index);
        let rounding = self.terms.currencies.get(row.currency.index())?.rounding;
        let round = row.round.map(|round| round.index());
        let pricing = round.and_then(|place| Some(&self.terms.rounds.get(place)?.pricing));
        let clearing = round.and_then(|place| settlement.rounds.get(place)?.clearing);
        let status = self.contributions.get(index.index())?.status;
        Some(FinalTrace {
            row,
            rate: quote
                .as_ref()
                .and_then(|q| Ratio::new(q.rate.num(), q.rate.den())),
            value: Value(
                quote
                    .as_ref()
                    .map_or(Some(0), |q| q.value(row.accepted.0).ok())?,
            ),
            per_money: quote
                .as_ref()
                .and_then(|quote| quote.factor())
                .and_then(|factor| Ratio::new(factor.num(), factor.den())),
            credit: Amount(quote.as_ref().map_or(0, |quote| quote.credit)),
            rounding,
            running: if succeeded && rounding.per == RoundingScope::Investor {
                self.trace_running(index, &row)
            } else {
                Vec::new()
            },
            ceiling: self
                .terms
                .token_ceiling
                .filter(|_| succeeded)
                .and_then(|ceiling| {
                    if !self.is_cut_to_ceiling(self.contributions_of(row.investor)) {
                        return None;
                    }
                    let earlier = self
                        .contributions_of(row.investor)
                        .take_while(|at| *at < index);
                    let before = earlier.map(|at| self.row(at).tokens.0);
                    Some((ceiling, Tokens(before.fold(0, u128::saturating_add))))
                }),
            clearing: clearing.filter(|_| succeeded),
            dutch: round
                .filter(|_| succeeded)
                .and_then(|place| self.trace_dutch(place)),
            bond: match (status, pricing) {
                (
                    Status::Cut(Refusal::NotRevealed),
                    Some(Pricing::Bids {
                        sealing: Sealing::Sealed { bond, .. },
                        ..
                    }),
                ) => Some(*bond),
                _ => None,
            },
        })
    }

    fn trace_running(&self, index: ContributionIndex, row: &Row) -> Vec<RunningPart> {
        let up_to = self
            .contributions_of(row.investor)
            .take_while(|at| *at <= index);
        self.running_parts(row, up_to)
    }

    /// Those of an investor's contributions that are rounded together with one of them.
    pub(super) fn running_parts(
        &self,
        row: &Row,
        own: impl Iterator<Item = ContributionIndex>,
    ) -> Vec<RunningPart> {
        own.filter_map(|at| {
            let other = self.row(at);
            let same = other.currency == row.currency && other.round == row.round;
            if !same || other.accepted.is_zero() {
                return None;
            }
            let quote = self.quote_of(at)?;
            let factor = quote.factor()?;
            Some(RunningPart {
                sequence: other.sequence,
                money: other.accepted.checked_add(Amount(quote.credit))?,
                per_money: Ratio::new(factor.num(), factor.den())?,
                added: other.tokens,
            })
        })
        .collect()
    }

    fn trace_dutch(&self, place: usize) -> Option<DutchTrace> {
        let round = crate::RoundIndex(u8::try_from(place).ok()?);
        let supply = self.terms.rounds.get(place)?.supply?;
        let state = self.rounds.get(place)?;
        let end = state.closed.or_else(|| self.round_end(place))?.position;
        let last = self.dutch_price(round, end)?;
        Some(DutchTrace {
            raised: Value(state.gross_value),
            supply,
            last: Ratio::new(last.num(), last.den())?,
            lot: Value(last.floor(supply.0)?),
        })
    }
}
