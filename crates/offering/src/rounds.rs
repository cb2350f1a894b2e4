//! The state of a round: its windows as pauses moved them, and what of its room is used.

use std::collections::VecDeque;

use crate::{
    ContributionIndex, CurrencyIndex, LineIndex, Offering, Position, Refusal, RoundIndex, Stamp,
    ratio::Factor,
    terms::{Allocation, ClockKind, Pricing, RateTerm, Round, Sealing, Terms, Window},
};

/// What changes about a round.
#[derive(Clone, Debug)]
pub(crate) struct RoundState {
    /// Per clock line.
    pub(crate) windows: Vec<Option<Window>>,
    /// Where the issuer closed it, if so.
    pub(crate) closed: Option<Stamp>,
    /// Value that counts against caps. Falls with withdrawals only where freed room reopens.
    pub(crate) used_value: u128,
    /// Tokens that count against the supply, rounded up where rounding comes later.
    pub(crate) used_tokens: u128,
    /// Value taken, withdrawals not subtracted: what tiers and Dutch prices look at.
    pub(crate) gross_value: u128,
    /// Value accepted now.
    pub(crate) net_value: u128,
    /// Tokens sold now, as far as they are known.
    pub(crate) net_tokens: u128,
    /// Reserved by guarantees and not used yet.
    pub(crate) guaranteed: u128,
    /// Contributions waiting for freed room, in order, and what of each waits.
    pub(crate) waiting: VecDeque<(ContributionIndex, u128)>,
    /// Seed of its lottery.
    pub(crate) seed: Option<[u8; 32]>,
    /// Token units per unit of each currency, where price and rate never change.
    pub(crate) fixed_factors: Vec<Option<Factor>>,
}

impl RoundState {
    pub(crate) fn new(terms: &Terms, round: &Round) -> Self {
        let fixed_factors = terms
            .currencies
            .iter()
            .map(|currency| match (&round.pricing, &currency.rate) {
                (Pricing::Fixed { price }, RateTerm::Fixed(rate)) => {
                    price.checked_mul(*rate).map(|ratio| ratio.factor())
                }
                _ => None,
            })
            .collect();
        Self {
            windows: round.windows.clone(),
            closed: None,
            used_value: 0,
            used_tokens: 0,
            gross_value: 0,
            net_value: 0,
            net_tokens: 0,
            guaranteed: 0,
            waiting: VecDeque::new(),
            seed: None,
            fixed_factors,
        }
    }

    pub(crate) fn window(&self, line: LineIndex) -> Option<Window> {
        self.windows.get(line.index()).copied().flatten()
    }

    /// Whether its windows on all lines lie behind.
    pub(crate) fn is_over(&self, latest: &[Position]) -> bool {
        self.closed.is_some()
            || self
                .windows
                .iter()
                .zip(latest)
                .all(|(window, now)| window.is_none_or(|window| *now >= window.end_exclusive()))
    }
}

/// Whether who gets what in a round is known only at the end.
pub(crate) fn is_batch(round: &Round) -> bool {
    match round.allocation {
        Allocation::FirstCome | Allocation::Guaranteed { .. } => false,
        Allocation::ProRata
        | Allocation::ProRataCapped { .. }
        | Allocation::WaterFilling
        | Allocation::Lottery { .. } => true,
    }
}

impl Offering {
    /// The first open round that takes the currency and lets the investor in, or why there is none.
    /// The refusal names the obstacle nearest to success.
    pub(crate) fn find_round(
        &self,
        stamp: Stamp,
        currency: CurrencyIndex,
        admitted: impl Fn(RoundIndex) -> Result<(), Refusal>,
    ) -> Result<RoundIndex, Refusal> {
        let mut nearest = None;
        let mut begun = false;
        let mut ahead = false;
        for (place, (round, state)) in self.terms.rounds.iter().zip(&self.rounds).enumerate() {
            let index = RoundIndex(u8::try_from(place).unwrap_or(u8::MAX));
            let Some(window) = state.window(stamp.line) else {
                continue;
            };
            ahead |= stamp.position < window.from;
            begun |= stamp.position >= window.from;
            if !window.contains(stamp.position) {
                continue;
            }
            let obstacle = if state.closed.is_some() || self.is_sealed_off(place) {
                Refusal::RoundClosed
            } else if round.currencies.binary_search(&currency).is_err() {
                Refusal::CurrencyNotTaken
            } else {
                match admitted(index) {
                    Ok(()) => return Ok(index),
                    Err(refusal) => refusal,
                }
            };
            nearest = Some(nearest.map_or(obstacle, |held: Refusal| nearer(held, obstacle)));
        }
        Err(nearest.unwrap_or(match (begun, ahead) {
            (false, true) => Refusal::NotYetOpen,
            (true, true) => Refusal::BetweenRounds,
            (true, false) => Refusal::WindowOver,
            (false, false) => Refusal::CurrencyNotTaken,
        }))
    }

    /// Whether a round's windows are over or the issuer closed it. A pause that will move a
    /// window's end keeps the round from being over.
    pub(crate) fn round_is_over(&self, index: usize) -> bool {
        self.rounds.get(index).is_none_or(|state| {
            state.closed.is_some()
                || (state.is_over(&self.latest) && self.pause_to_move(state).is_none())
        })
    }

    /// Whether a late entry could know what must not be known: the seed of a lottery, or revealed
    /// bids. Elsewhere a contribution is judged by its own position alone.
    pub(crate) fn is_sealed_off(&self, index: usize) -> bool {
        let round = &self.terms.rounds[index];
        let sealed = matches!(
            round.pricing,
            Pricing::Bids {
                sealing: Sealing::Sealed { .. },
                ..
            }
        );
        let instant = match round.allocation {
            Allocation::Lottery { instant, .. } => Some(instant),
            Allocation::FirstCome
            | Allocation::ProRata
            | Allocation::ProRataCapped { .. }
            | Allocation::WaterFilling
            | Allocation::Guaranteed { .. } => None,
        };
        let mut lines = self.rounds[index].windows.iter().zip(&self.latest);
        let drawn =
            lines.any(|(window, now)| window.is_some() && instant.is_some_and(|at| *now >= at));
        drawn || (sealed && self.round_is_over(index))
    }

    /// The newest position of the line on which issuer, investors and time act without a currency:
    /// the first one.
    pub(crate) fn now(&self) -> Position {
        self.latest.first().copied().unwrap_or_default()
    }

    /// Where a round ends on the first line on which it has a window.
    pub(crate) fn round_end(&self, index: usize) -> Option<Stamp> {
        let windows = &self.rounds.get(index)?.windows;
        let (line, window) = windows
            .iter()
            .enumerate()
            .find_map(|(l, w)| Some((l, (*w)?)))?;
        let line = LineIndex(u8::try_from(line).unwrap_or(u8::MAX));
        Some(Stamp {
            line,
            position: window.end_exclusive(),
        })
    }

    /// The unit in which settlements and vesting count: whether positions are milliseconds.
    pub fn clock_kind(&self) -> ClockKind {
        self.terms.clock.kind
    }
}

/// Of two obstacles the one that is easier to overcome: an admission before a currency before a
/// closed round.
fn nearer(a: Refusal, b: Refusal) -> Refusal {
    let distance = |refusal| {
        const FARTHEST_LAST: [Refusal; 2] = [Refusal::CurrencyNotTaken, Refusal::RoundClosed];
        FARTHEST_LAST
            .iter()
            .position(|far| *far == refusal)
            .map_or(0, |place| place + 1)
    };
    if distance(b) < distance(a) { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_names_the_obstacle_nearest_to_success() {
        use Refusal::{AdmissionExpired, CurrencyNotTaken, NotAdmitted, RoundClosed};
        // (first seen, seen later, named); of two as near, the first
        let table = [
            (RoundClosed, CurrencyNotTaken, CurrencyNotTaken),
            (CurrencyNotTaken, RoundClosed, CurrencyNotTaken),
            (CurrencyNotTaken, NotAdmitted, NotAdmitted),
            (NotAdmitted, RoundClosed, NotAdmitted),
            (NotAdmitted, AdmissionExpired, NotAdmitted),
            (AdmissionExpired, NotAdmitted, AdmissionExpired),
        ];
        for (first, later, named) in table {
            assert_eq!(nearer(first, later), named, "{first:?} and {later:?}");
        }
    }
}
