//! Which pricing goes with which allocation.
//!
//! Not every pair has a meaning. A batch allocation decides who gets how much after the round is
//! over, so the price may not depend on what was sold before; a clearing price already says who
//! gets how much, so nothing is left to draw or share. The table is complete: each of the 36
//! pairs is allowed or refused with a code and a reason.

use std::fmt;

use crate::terms::{Allocation, Pricing};

/// The pricing rules by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PricingKind {
    /// One price.
    Fixed,
    /// A price for each stretch of the schedule.
    Steps,
    /// A bonus that falls linearly.
    Linear,
    /// A price by amount raised.
    Tiers,
    /// A falling price, one clearing price.
    Dutch,
    /// Bids, one clearing price.
    Bids,
}

/// The allocation rules by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AllocationKind {
    /// In the order of the journal.
    FirstCome,
    /// Everybody the same part.
    ProRata,
    /// The same part of what was asked up to a cap.
    ProRataCapped,
    /// The same amount, up to what was asked.
    WaterFilling,
    /// Drawn by a public seed.
    Lottery,
    /// Reserved amounts first.
    Guaranteed,
}

impl PricingKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Fixed,
        Self::Steps,
        Self::Linear,
        Self::Tiers,
        Self::Dutch,
        Self::Bids,
    ];

    /// The word of the terms.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Steps => "steps",
            Self::Linear => "linear",
            Self::Tiers => "tiers",
            Self::Dutch => "dutch",
            Self::Bids => "bids",
        }
    }
}

impl AllocationKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::FirstCome,
        Self::ProRata,
        Self::ProRataCapped,
        Self::WaterFilling,
        Self::Lottery,
        Self::Guaranteed,
    ];

    /// The word of the terms.
    pub fn name(self) -> &'static str {
        match self {
            Self::FirstCome => "first_come",
            Self::ProRata => "pro_rata",
            Self::ProRataCapped => "pro_rata_capped",
            Self::WaterFilling => "water_filling",
            Self::Lottery => "lottery",
            Self::Guaranteed => "guaranteed",
        }
    }
}

impl Pricing {
    /// Its name in the table of pairs.
    pub fn kind(&self) -> PricingKind {
        match self {
            Self::Fixed { .. } => PricingKind::Fixed,
            Self::Steps { .. } => PricingKind::Steps,
            Self::Linear { .. } => PricingKind::Linear,
            Self::Tiers { .. } => PricingKind::Tiers,
            Self::Dutch { .. } => PricingKind::Dutch,
            Self::Bids { .. } => PricingKind::Bids,
        }
    }
}

impl Allocation {
    /// Its name in the table of pairs.
    pub fn kind(&self) -> AllocationKind {
        match self {
            Self::FirstCome => AllocationKind::FirstCome,
            Self::ProRata => AllocationKind::ProRata,
            Self::ProRataCapped { .. } => AllocationKind::ProRataCapped,
            Self::WaterFilling => AllocationKind::WaterFilling,
            Self::Lottery { .. } => AllocationKind::Lottery,
            Self::Guaranteed { .. } => AllocationKind::Guaranteed,
        }
    }
}

/// Why a pair is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PairRefusal {
    /// A cap per person in money does not bound tokens when everybody has another price.
    CapWithMovingPrice,
    /// The same money for all is not the same tokens when everybody has another price.
    LevelWithMovingPrice,
    /// A drawn contribution would have paid for its early place with no effect on the draw.
    LotteryWithMovingPrice,
    /// A price by amount raised needs the order that a batch throws away.
    BatchWithTiers,
    /// What is reserved leaves the amount raised, and so the price of others, open.
    ReservedWithTiers,
    /// The falling price already shares out the supply: who pays the clearing price gets tokens.
    BatchWithDutch,
    /// A reservation would hold back supply from the clearing price.
    ReservedWithDutch,
    /// Bids are ranked by price; the order of the journal says nothing.
    OrderWithBids,
    /// Bids are ranked by price; a second rule would take tokens from the higher bid.
    SharingWithBids,
    /// A reservation would have no price before the bids are cleared.
    ReservedWithBids,
}

impl PairRefusal {
    /// Every refusal.
    pub const ALL: [Self; 10] = [
        Self::CapWithMovingPrice,
        Self::LevelWithMovingPrice,
        Self::LotteryWithMovingPrice,
        Self::BatchWithTiers,
        Self::ReservedWithTiers,
        Self::BatchWithDutch,
        Self::ReservedWithDutch,
        Self::OrderWithBids,
        Self::SharingWithBids,
        Self::ReservedWithBids,
    ];

    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::CapWithMovingPrice => "P101",
            Self::LevelWithMovingPrice => "P102",
            Self::LotteryWithMovingPrice => "P103",
            Self::BatchWithTiers => "P104",
            Self::ReservedWithTiers => "P105",
            Self::BatchWithDutch => "P106",
            Self::ReservedWithDutch => "P107",
            Self::OrderWithBids => "P108",
            Self::SharingWithBids => "P109",
            Self::ReservedWithBids => "P110",
        }
    }

    /// Why the pair makes no sense.
    pub fn reason(self) -> &'static str {
        match self {
            Self::CapWithMovingPrice => {
                "a cap per person in money does not mean the same tokens when the price depends on \
                 the time"
            }
            Self::LevelWithMovingPrice => {
                "the same money for everybody is not the same tokens when the price depends on the \
                 time"
            }
            Self::LotteryWithMovingPrice => {
                "a draw ignores when somebody came, and the price would not"
            }
            Self::BatchWithTiers => {
                "a price by amount raised needs the order of contributions, which a batch ignores"
            }
            Self::ReservedWithTiers => {
                "a reservation leaves open how much was raised before, and so everybody's price"
            }
            Self::BatchWithDutch => "the falling price already says who gets how much",
            Self::ReservedWithDutch => {
                "a reservation would hold supply back from the clearing price"
            }
            Self::OrderWithBids => "bids are ranked by price, not by the order in which they came",
            Self::SharingWithBids => {
                "bids are ranked by price; a second rule would take tokens from a higher bid"
            }
            Self::ReservedWithBids => "a reservation has no price before the bids are cleared",
        }
    }

    /// What to use instead.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::CapWithMovingPrice
            | Self::LevelWithMovingPrice
            | Self::LotteryWithMovingPrice => {
                "use a fixed price, or `first_come`, `pro_rata` or `guaranteed`"
            }
            Self::BatchWithTiers
            | Self::ReservedWithTiers
            | Self::BatchWithDutch
            | Self::ReservedWithDutch => "use `allocation = \"first_come\"`",
            Self::OrderWithBids | Self::SharingWithBids | Self::ReservedWithBids => {
                "use `allocation = \"pro_rata\"`: it says how bids at the clearing price share"
            }
        }
    }
}

impl fmt::Display for PairRefusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.code(), self.reason())
    }
}

impl std::error::Error for PairRefusal {}

/// Every allowed pair, for tests that run over all of them.
pub const ALL_ALLOWED: [(PricingKind, AllocationKind); 15] = [
    (PricingKind::Fixed, AllocationKind::FirstCome),
    (PricingKind::Fixed, AllocationKind::ProRata),
    (PricingKind::Fixed, AllocationKind::ProRataCapped),
    (PricingKind::Fixed, AllocationKind::WaterFilling),
    (PricingKind::Fixed, AllocationKind::Lottery),
    (PricingKind::Fixed, AllocationKind::Guaranteed),
    (PricingKind::Steps, AllocationKind::FirstCome),
    (PricingKind::Steps, AllocationKind::ProRata),
    (PricingKind::Steps, AllocationKind::Guaranteed),
    (PricingKind::Linear, AllocationKind::FirstCome),
    (PricingKind::Linear, AllocationKind::ProRata),
    (PricingKind::Linear, AllocationKind::Guaranteed),
    (PricingKind::Tiers, AllocationKind::FirstCome),
    (PricingKind::Dutch, AllocationKind::FirstCome),
    (PricingKind::Bids, AllocationKind::ProRata),
];

/// Whether a pricing goes with an allocation.
///
/// # Errors
/// The reason why it does not.
pub fn check(pricing: PricingKind, allocation: AllocationKind) -> Result<(), PairRefusal> {
    use AllocationKind as A;
    use PricingKind as P;
    match (pricing, allocation) {
        (
            P::Fixed,
            A::FirstCome
            | A::ProRata
            | A::ProRataCapped
            | A::WaterFilling
            | A::Lottery
            | A::Guaranteed,
        )
        | (P::Steps | P::Linear, A::FirstCome | A::ProRata | A::Guaranteed)
        | (P::Tiers | P::Dutch, A::FirstCome)
        | (P::Bids, A::ProRata) => Ok(()),
        (P::Steps | P::Linear, A::ProRataCapped) => Err(PairRefusal::CapWithMovingPrice),
        (P::Steps | P::Linear, A::WaterFilling) => Err(PairRefusal::LevelWithMovingPrice),
        (P::Steps | P::Linear, A::Lottery) => Err(PairRefusal::LotteryWithMovingPrice),
        (P::Tiers, A::ProRata | A::ProRataCapped | A::WaterFilling | A::Lottery) => {
            Err(PairRefusal::BatchWithTiers)
        }
        (P::Tiers, A::Guaranteed) => Err(PairRefusal::ReservedWithTiers),
        (P::Dutch, A::ProRata | A::ProRataCapped | A::WaterFilling | A::Lottery) => {
            Err(PairRefusal::BatchWithDutch)
        }
        (P::Dutch, A::Guaranteed) => Err(PairRefusal::ReservedWithDutch),
        (P::Bids, A::FirstCome) => Err(PairRefusal::OrderWithBids),
        (P::Bids, A::ProRataCapped | A::WaterFilling | A::Lottery) => {
            Err(PairRefusal::SharingWithBids)
        }
        (P::Bids, A::Guaranteed) => Err(PairRefusal::ReservedWithBids),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_allowed_pairs_is_exactly_what_the_table_allows() {
        let mut allowed = Vec::new();
        let mut refusals = Vec::new();
        for pricing in PricingKind::ALL {
            for allocation in AllocationKind::ALL {
                match check(pricing, allocation) {
                    Ok(()) => allowed.push((pricing, allocation)),
                    Err(refusal) => refusals.push(refusal),
                }
            }
        }
        assert_eq!(allowed, ALL_ALLOWED);
        assert_eq!(refusals.len(), 36 - ALL_ALLOWED.len());
        refusals.sort_unstable();
        refusals.dedup();
        assert_eq!(refusals, PairRefusal::ALL, "every refusal is reached");
    }

    #[test]
    fn refusals_have_unique_codes_and_say_something() {
        let mut codes: Vec<&str> = PairRefusal::ALL
            .iter()
            .map(|refusal| refusal.code())
            .collect();
        codes.dedup();
        assert_eq!(codes.len(), PairRefusal::ALL.len());
        for refusal in PairRefusal::ALL {
            assert!(
                refusal.reason().len() > 20 && refusal.remedy().len() > 20,
                "{refusal:?}"
            );
        }
    }
}
