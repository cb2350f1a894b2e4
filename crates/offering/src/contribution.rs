//! One contribution, as the state holds it.

use crate::{
    CurrencyIndex, InvestorIndex, Position, Refusal, ReturnReason, RoundIndex, Sequence,
    accounts::Holder,
};

/// A contribution: what came in, what of it is accepted, and what it buys.
///
/// `refunded` is not held: it is `amount - accepted - kept`, so the three can never disagree.
#[derive(Clone, Debug)]
pub(crate) struct Contribution {
    pub(crate) sequence: Sequence,
    pub(crate) position: Position,
    pub(crate) investor: InvestorIndex,
    /// Place of its rate in the table of rates; `u32::MAX` when it had none.
    pub(crate) rate: u32,
    pub(crate) round: u8,
    pub(crate) currency: CurrencyIndex,
    pub(crate) status: Status,
    pub(crate) holder: Holder,
    pub(crate) amount: u128,
    pub(crate) accepted: u128,
    /// Tokens by the rounding per contribution; zero until they are known.
    pub(crate) tokens: u128,
}

/// Why a contribution is what it is; the last thing that happened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Accepted whole.
    Whole,
    /// A part or nothing was taken.
    Cut(Refusal),
    /// A sealed bid that nobody has opened yet.
    Sealed,
    /// The investor took it back.
    Withdrawn,
    /// The issuer returned some or all.
    Returned(ReturnReason),
    /// It was accepted, and the offering did not succeed.
    Voided,
}

/// The round of a contribution that reached none.
pub(crate) const NO_ROUND: u8 = u8::MAX;

impl Contribution {
    pub(crate) fn round(&self) -> Option<RoundIndex> {
        (self.round != NO_ROUND).then_some(RoundIndex(self.round))
    }
}
