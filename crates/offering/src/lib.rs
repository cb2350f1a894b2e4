//! The offering state machine: commands in, outcomes out.
//!
//! `apply(stamp, command) -> outcome` is a pure function of the state: no clock, no randomness, no
//! floating point, no I/O, no map iteration order. Time, rates, admissions and seeds enter as
//! commands, so a journal of commands replays to the same state anywhere.

mod command;
mod investor_id;
mod outcome;
mod ratio;
mod refusal;
mod sealed;
pub mod terms;
mod units;

pub use command::{
    Admit, Command, Contribute, DocumentExit, LimitPrice, ReturnReason, WithdrawalMark,
};
pub use investor_id::{InvestorId, InvestorIdError};
pub use outcome::{Contributed, Outcome, Settled, Verdict};
pub use refusal::Refusal;
pub use ratio::{Ratio, RoundingMode};
pub use sealed::sealed_bid_commitment;
pub use units::{
    Amount, BasisPoints, ContributionIndex, CurrencyIndex, InvestorIndex, LineIndex, Position,
    RoundIndex, Sequence, Span, Stamp, Tokens, Value,
};
