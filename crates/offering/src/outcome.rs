//! Outcomes: what a command did. They are part of the leaf that the journal's tree hashes.

use crate::{Amount, Refusal, RoundIndex, Sequence, Tokens, Value};

/// What a command did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A contribution was taken, in whole or in part.
    Contributed(Contributed),
    /// Nothing happened, for a reason. Money of a refused contribution is refunded whole.
    Refused(Refusal),
    /// It is done; there is nothing more to say.
    Done,
    /// Money went back to an investor.
    Refunded {
        /// How much of the contribution was taken back.
        amount: Amount,
    },
    /// Contributions of the waiting list were accepted into freed room, after money went back.
    RefundedAndPromoted {
        /// How much of the contribution was taken back.
        amount: Amount,
        /// How many waiting contributions were accepted, in whole or in part.
        promoted: u32,
    },
    /// The offering is settled.
    Settled(Settled),
    /// An earlier entry came with the same request or transfer: its outcome holds, and this entry
    /// changed nothing, not even the clock.
    RepeatOf(Sequence),
}

/// A contribution that was taken, in whole or in part: `contributed == accepted + refunded +
/// waiting + kept` where the command says what was contributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contributed {
    /// In which round.
    pub round: RoundIndex,
    /// What the round took. In a batch round this is the ask, decided at settlement.
    pub accepted: Amount,
    /// What goes back at once.
    pub refunded: Amount,
    /// What waits for freed room.
    pub waiting: Amount,
    /// What is kept and counts as nothing.
    pub kept: Amount,
    /// Tokens of what is accepted, as far as they are known now: none where the price comes at the
    /// end, and before the one rounding per investor where the terms round once.
    pub tokens: Tokens,
    /// Why less than all was taken.
    pub reason: Option<Refusal>,
}

/// How an offering ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Tokens are distributed and money is released.
    Succeeded,
    /// The soft cap was missed; everybody is refunded.
    Failed,
    /// The issuer cancelled; everybody is refunded.
    Cancelled,
    /// Nothing was settled by the deadline; everybody is refunded.
    Expired,
}

impl Verdict {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }
}

/// The totals of a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// How it ended.
    pub verdict: Verdict,
    /// Accepted value in the numeraire.
    pub raised: Value,
    /// Tokens that investors get.
    pub sold: Tokens,
}
