//! Kinds of people: what they do, and in which rounds they exist.

use softcap_offering::terms::{Access, Allocation, Pricing, Round, Sealing, Terms};

/// A way to take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Comes in the first tenth of the window.
    Early,
    /// Comes at any time, with any amount.
    Typical,
    /// Comes in the last tenth of the window.
    Late,
    /// Pays little more than the minimum.
    Small,
    /// Pays far more than others, without looking at limits.
    Whale,
    /// Pays three times.
    Repeated,
    /// Takes everything back under the right of withdrawal.
    Withdrawing,
    /// Pays half of the minimum.
    TooSmall,
    /// Comes to a round that lets in by name only, and is not on the list.
    NotAdmitted,
    /// Has a reserved amount and comes late for it.
    Guaranteed,
    /// Bids less than others.
    BiddingLow,
    /// Bids far more than others.
    BiddingHigh,
    /// Never opens the sealed bid.
    Silent,
}

impl Kind {
    /// All, in the order of tables.
    pub(super) const ALL: [Self; 13] = [
        Self::Early,
        Self::Typical,
        Self::Late,
        Self::Small,
        Self::Whale,
        Self::Repeated,
        Self::Withdrawing,
        Self::Guaranteed,
        Self::NotAdmitted,
        Self::TooSmall,
        Self::BiddingLow,
        Self::BiddingHigh,
        Self::Silent,
    ];

    /// The name in JSON.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Early => "early",
            Self::Typical => "typical",
            Self::Late => "late",
            Self::Small => "small",
            Self::Whale => "whale",
            Self::Repeated => "repeated",
            Self::Withdrawing => "withdrawing",
            Self::TooSmall => "too_small",
            Self::NotAdmitted => "not_admitted",
            Self::Guaranteed => "guaranteed",
            Self::BiddingLow => "bidding_low",
            Self::BiddingHigh => "bidding_high",
            Self::Silent => "not_revealing",
        }
    }

    /// The name in tables and charts.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::TooSmall => "too small",
            Self::NotAdmitted => "not admitted",
            Self::BiddingLow => "bidding low",
            Self::BiddingHigh => "bidding high",
            Self::Silent => "not revealing",
            Self::Early
            | Self::Typical
            | Self::Late
            | Self::Small
            | Self::Whale
            | Self::Repeated
            | Self::Withdrawing
            | Self::Guaranteed => self.name(),
        }
    }

    /// What they do, for the legend.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Early => "comes in the first tenth of the window",
            Self::Typical => "comes at any time, with any amount",
            Self::Late => "comes in the last tenth of the window",
            Self::Small => "pays little more than the minimum",
            Self::Whale => "pays far more than others, whatever the limits",
            Self::Repeated => "pays three times",
            Self::Withdrawing => "takes everything back under the right of withdrawal",
            Self::TooSmall => "pays half of the minimum",
            Self::NotAdmitted => "comes to a round by admission without one",
            Self::Guaranteed => "has a reserved amount and comes late for it",
            Self::BiddingLow => "bids less than others",
            Self::BiddingHigh => "bids two to three times as much as others",
            Self::Silent => "never opens the sealed bid",
        }
    }

    /// Of 1,000 people, how many; the rest is typical.
    fn per_mille(self) -> u64 {
        match self {
            Self::Typical => 0,
            Self::Early | Self::Late => 150,
            Self::Small => 200,
            Self::Whale => 10,
            Self::Repeated | Self::BiddingLow | Self::BiddingHigh => 100,
            Self::Withdrawing | Self::Guaranteed => 60,
            Self::TooSmall | Self::NotAdmitted | Self::Silent => 40,
        }
    }

    /// Whether they read the terms, and ask for no more than one person may have.
    pub(super) fn minds_limits(self) -> bool {
        !matches!(self, Self::Whale | Self::Repeated)
    }

    /// Whether what they ask comes on top of the demand of a scenario, because none of it stays.
    pub(super) fn comes_on_top(self) -> bool {
        matches!(
            self,
            Self::Withdrawing | Self::TooSmall | Self::NotAdmitted | Self::Silent
        )
    }

    fn exists(self, terms: &Terms, round: &Round, has_minimum: bool) -> bool {
        let sealed = matches!(
            round.pricing,
            Pricing::Bids {
                sealing: Sealing::Sealed { .. },
                ..
            }
        );
        match self {
            Self::Early
            | Self::Typical
            | Self::Late
            | Self::Small
            | Self::Whale
            | Self::Repeated => true,
            // A sealed bid stays until it is opened, so there is nothing to withdraw in the window.
            Self::Withdrawing => terms.withdrawal.is_some() && !sealed,
            Self::TooSmall => has_minimum,
            Self::NotAdmitted => round.access == Access::Admitted,
            Self::Guaranteed => matches!(round.allocation, Allocation::Guaranteed { .. }),
            Self::BiddingLow | Self::BiddingHigh => matches!(round.pricing, Pricing::Bids { .. }),
            Self::Silent => sealed,
        }
    }

    /// How many people of each kind a round has. With few people the rare kinds are left out.
    pub(super) fn counts(
        terms: &Terms,
        round: &Round,
        has_minimum: bool,
        people: u64,
    ) -> Vec<(Self, u64)> {
        let kinds = Self::ALL
            .into_iter()
            .filter(|kind| kind.exists(terms, round, has_minimum));
        let kinds: Vec<Self> = kinds.collect();
        let enough = people >= 2 * kinds.len() as u64;
        let mut left = people;
        let mut counts = Vec::new();
        for kind in kinds.into_iter().filter(|kind| *kind != Self::Typical) {
            let exact = people * kind.per_mille() / 1_000;
            let count = if enough { exact.max(1) } else { exact }.min(left);
            left -= count;
            counts.push((kind, count));
        }
        counts.push((Self::Typical, left));
        counts.retain(|(_, count)| *count > 0);
        counts
    }
}
