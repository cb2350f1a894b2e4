//! Scenarios: how much is asked, and how it comes.

use super::share::basis_points;

/// A state of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scenario {
    /// Hardly anybody comes.
    Quiet,
    /// A little less than the soft cap.
    JustMissed,
    /// A little more than the soft cap.
    JustEnough,
    /// As much as there is room for.
    Full,
    /// Three times as much.
    Oversubscribed,
    /// Ten times as much, all at once.
    Stampede,
    /// One person asks for most of it.
    OneWhale,
}

/// What the demand of a scenario is measured against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Yardstick {
    /// The soft cap.
    SoftCap,
    /// All that the sale can take.
    Capacity,
}

impl Scenario {
    /// All, from little to much.
    pub(super) const ALL: [Self; 7] = [
        Self::Quiet,
        Self::JustMissed,
        Self::JustEnough,
        Self::Full,
        Self::Oversubscribed,
        Self::Stampede,
        Self::OneWhale,
    ];

    /// The name in JSON.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::JustMissed => "just_missed",
            Self::JustEnough => "just_enough",
            Self::Full => "full",
            Self::Oversubscribed => "oversubscribed",
            Self::Stampede => "stampede",
            Self::OneWhale => "one_whale",
        }
    }

    /// The name in headings.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::JustMissed => "just missed",
            Self::JustEnough => "just enough",
            Self::Full => "full",
            Self::Oversubscribed => "oversubscribed",
            Self::Stampede => "stampede",
            Self::OneWhale => "one whale",
        }
    }

    /// The name above a column of eight characters.
    pub(super) fn short(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::JustMissed => "missed",
            Self::JustEnough => "enough",
            Self::Full => "full",
            Self::Oversubscribed => "3 x",
            Self::Stampede => "stampede",
            Self::OneWhale => "whale",
        }
    }

    /// What happens, in a sentence.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Quiet => "hardly anybody comes",
            Self::JustMissed => "the demand ends a little below the soft cap",
            Self::JustEnough => "the demand ends a little above the soft cap",
            Self::Full => "people ask for as much as there is room for",
            Self::Oversubscribed => "people ask for three times as much as there is room for",
            Self::Stampede => "people ask for ten times as much, all in the first minute or block",
            Self::OneWhale => "one person asks for 60 % of all that is asked",
        }
    }

    /// What the demand is measured against. A quiet sale without a soft cap is measured against its
    /// capacity.
    pub(super) fn yardstick(self, has_soft_cap: bool) -> Yardstick {
        match self {
            Self::JustMissed | Self::JustEnough => Yardstick::SoftCap,
            Self::Quiet if has_soft_cap => Yardstick::SoftCap,
            Self::Quiet | Self::Full | Self::Oversubscribed | Self::Stampede | Self::OneWhale => {
                Yardstick::Capacity
            }
        }
    }

    /// Whether the scenario says something about an offering.
    pub(super) fn applies(self, has_soft_cap: bool) -> bool {
        has_soft_cap || !matches!(self, Self::JustMissed | Self::JustEnough)
    }

    /// Demand in basis points of the yardstick.
    pub(super) fn demand(self) -> u64 {
        match self {
            Self::Quiet => 3_000,
            Self::JustMissed => 9_700,
            Self::JustEnough | Self::Full => 10_300,
            Self::Oversubscribed => 30_000,
            Self::Stampede => 100_000,
            Self::OneWhale => 15_000,
        }
    }

    /// Between which basis points of the yardstick what is taken must end, so that the scenario is
    /// what its name says. Limits per person and minimums take a part of the demand away that only
    /// the engine knows, so the demand is corrected until it fits.
    pub(super) fn must_reach(self) -> Option<(u128, u128)> {
        match self {
            Self::JustMissed => Some((9_000, 9_999)),
            Self::JustEnough => Some((10_000, 10_800)),
            Self::Full => Some((9_000, u128::MAX)),
            Self::Quiet | Self::Oversubscribed | Self::Stampede | Self::OneWhale => None,
        }
    }

    /// Whether `taken` of `yardstick` makes the scenario what its name says.
    pub(super) fn is_reached(self, taken: u128, yardstick: u128) -> bool {
        self.must_reach()
            .is_none_or(|(least, most)| (least..=most).contains(&basis_points(taken, yardstick)))
    }

    /// The demand to try next, after `demand` has led to `taken`.
    pub(super) fn corrected(self, demand: u128, taken: u128, yardstick: u128) -> u128 {
        let Some((least, most)) = self.must_reach() else {
            return demand;
        };
        let aim = match most {
            u128::MAX => least + 500,
            _ => least.midpoint(most),
        };
        // Towards the aim, at most fourfold at once: close to a cap more demand changes nothing.
        let reached = basis_points(taken, yardstick).max(aim / 4);
        super::share::part(demand, aim, reached)
    }
}
