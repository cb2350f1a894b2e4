//! Limits and caps: the room that each leaves, and what makes it up.

use crate::{
    Amount, InvestorIndex, Offering, Position, Refusal, RoundIndex, Tokens, Value,
    quote::Quote,
    terms::{Bound, Limit, Pricing},
};

/// An upper bound of one contribution or one investor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitTrace {
    /// Which one.
    pub kind: LimitKind,
    /// The bound of the terms or of the admission.
    pub most: Limit,
    /// What counted against it before, in its unit.
    pub used: u128,
    /// What of the amount fits under it.
    pub fits: Amount,
    /// Why the rest does not.
    pub refusal: Refusal,
}

/// Which limit it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitKind {
    /// Of one contribution in the round.
    Contribution,
    /// Of one investor in the round.
    InvestorInRound,
    /// Of one investor over all rounds.
    InvestorOverall,
    /// Of the investor's admission to the round.
    Admission,
}

/// A cap that a contribution meets: `room == most - sum of uses`, or nothing when they are more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapTrace {
    /// Which one.
    pub kind: CapKind,
    /// Its size.
    pub most: Bound,
    /// What is taken or set aside already, in its unit.
    pub uses: Vec<(CapUse, u128)>,
    /// What is left, in its unit.
    pub room: Bound,
    /// What of the amount fits into the room.
    pub fits: Amount,
    /// Why the rest does not.
    pub refusal: Refusal,
}

/// Which cap it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapKind {
    /// Money that the round accepts.
    RoundCap,
    /// Tokens that the round sells.
    RoundSupply,
    /// The cap of the whole offering.
    HardCap,
    /// All tokens on sale.
    ForSale,
    /// The end of the last price tier.
    LastTier,
    /// What the whole supply costs at the falling price of this position.
    DutchLot,
}

/// What takes room under a cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapUse {
    /// Taken in the round before.
    Round,
    /// Taken in all rounds that are not shared out at the end.
    AllRounds,
    /// Reserved for guaranteed allocations of others.
    Guarantees,
    /// Set aside for rounds that are shared out at the end.
    Batches,
}

/// A cap, its size, and what takes room under it.
type CapParts = (CapKind, Bound, Vec<(CapUse, u128)>);

impl Offering {
    /// Upper bounds in the order in which the engine tries them.
    pub(super) fn trace_limits(
        &self,
        round: RoundIndex,
        quote: &Quote,
        investor: InvestorIndex,
        amount: u128,
    ) -> Vec<LimitTrace> {
        let terms = &self.terms.rounds[round.index()];
        let mut limits = Vec::new();
        for &most in &terms.contribution_max {
            let Some(fits) = quote.within_limit(amount, most).unwrap_or(Some(0)) else {
                continue;
            };
            let (kind, refusal) = (LimitKind::Contribution, Refusal::AboveMaximum);
            let fits = Amount(fits);
            limits.push(LimitTrace {
                kind,
                most,
                used: 0,
                fits,
                refusal,
            });
        }
        let (used_value, used_tokens) = self.used_in_round(investor, round);
        let mut personal = Vec::new();
        match terms.investor_max {
            Some(Bound::Value(most)) => {
                personal.push((LimitKind::InvestorInRound, Limit::Value(most), used_value));
            }
            Some(Bound::Tokens(most)) => {
                personal.push((LimitKind::InvestorInRound, Limit::Tokens(most), used_tokens));
            }
            None => {}
        }
        if let Some(most) = self.terms.investor_max {
            let used = self.investors.total_value(investor);
            personal.push((LimitKind::InvestorOverall, Limit::Value(most), used));
        }
        if let Some(most) = self.admission_limit(investor, round) {
            personal.push((LimitKind::Admission, Limit::Value(most), used_value));
        }
        let rooms = self.personal_rooms(round, investor);
        for ((kind, most, used), (room, refusal)) in personal.into_iter().zip(rooms.iter()) {
            let fits = Amount(quote.more_within(0, amount, room).unwrap_or(0));
            limits.push(LimitTrace {
                kind,
                most,
                used,
                fits,
                refusal,
            });
        }
        limits
    }

    /// Caps in the order in which the engine tries them.
    pub(super) fn trace_caps(
        &self,
        round: RoundIndex,
        quote: &Quote,
        investor: InvestorIndex,
        position: Position,
        asked: u128,
    ) -> Result<Vec<CapTrace>, Refusal> {
        let parts = self.cap_parts(round, quote, investor, position)?;
        let rooms = self.rooms(round, quote, investor, position)?;
        let mut caps = Vec::new();
        for ((kind, most, uses), (room, refusal)) in parts.into_iter().zip(rooms.iter()) {
            let fits = Amount(quote.more_within(0, asked, room)?);
            let uses = uses
                .into_iter()
                .filter(|part| part.1 > 0 || part.0 == CapUse::Round);
            caps.push(CapTrace {
                kind,
                most,
                uses: uses.collect(),
                room,
                fits,
                refusal,
            });
        }
        Ok(caps)
    }

    /// What each room of `Offering::rooms` is made of, in the same order.
    fn cap_parts(
        &self,
        round: RoundIndex,
        quote: &Quote,
        investor: InvestorIndex,
        position: Position,
    ) -> Result<Vec<CapParts>, Refusal> {
        let terms = &self.terms.rounds[round.index()];
        let state = &self.rounds[round.index()];
        let others = if self.reserves_guarantees(round, position) {
            let own = self.guarantee_left(investor, round);
            state.guaranteed - own.min(state.guaranteed)
        } else {
            0
        };
        let (all_value, all_tokens) = self.used_outside_batches();
        let (batch_value, batch_tokens) = self.reserved_by_batches(round);
        let tokens_in_use = || {
            vec![
                (CapUse::AllRounds, all_tokens),
                (CapUse::Batches, batch_tokens),
            ]
        };
        let mut parts = Vec::new();
        if let Some(cap) = terms.cap {
            let uses = vec![
                (CapUse::Round, state.used_value),
                (CapUse::Guarantees, others),
            ];
            parts.push((CapKind::RoundCap, Bound::Value(cap), uses));
        }
        if let Some(supply) = terms.supply {
            let reserved = quote.tokens_of_value(others)?;
            let uses = vec![
                (CapUse::Round, state.used_tokens),
                (CapUse::Guarantees, reserved),
            ];
            parts.push((CapKind::RoundSupply, Bound::Tokens(supply), uses));
        }
        match self.terms.hard_cap {
            Some(cap @ Bound::Value(_)) => {
                let uses = vec![
                    (CapUse::AllRounds, all_value),
                    (CapUse::Batches, batch_value),
                ];
                parts.push((CapKind::HardCap, cap, uses));
            }
            Some(cap @ Bound::Tokens(_)) => parts.push((CapKind::HardCap, cap, tokens_in_use())),
            None => {}
        }
        if let Some(most) = self.terms.token.supply.most_for_sale() {
            parts.push((CapKind::ForSale, Bound::Tokens(most), tokens_in_use()));
        }
        parts.extend(self.price_cap(round, position));
        Ok(parts)
    }

    /// The cap that a price sets: the end of the last tier, the falling price of the whole supply.
    fn price_cap(&self, round: RoundIndex, position: Position) -> Option<CapParts> {
        let terms = &self.terms.rounds[round.index()];
        let raised = vec![(CapUse::Round, self.rounds[round.index()].gross_value)];
        match &terms.pricing {
            Pricing::Tiers { tiers, .. } => {
                let end = tiers.last()?.up_to?;
                Some((CapKind::LastTier, Bound::Value(end), raised))
            }
            Pricing::Dutch { .. } => {
                let supply = terms.supply.unwrap_or(Tokens::ZERO);
                let lot = self
                    .dutch_price(round, position)
                    .and_then(|price| price.floor(supply.0));
                Some((
                    CapKind::DutchLot,
                    Bound::Value(Value(lot.unwrap_or(0))),
                    raised,
                ))
            }
            Pricing::Fixed { .. }
            | Pricing::Steps { .. }
            | Pricing::Linear { .. }
            | Pricing::Bids { .. } => None,
        }
    }
}
