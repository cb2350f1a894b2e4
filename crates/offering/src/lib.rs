//! The offering state machine: commands in, outcomes out.
//!
//! `apply(stamp, command) -> outcome` is a pure function of the state: no clock, no randomness, no
//! floating point, no I/O, no map iteration order. Time, rates, admissions and seeds enter as
//! commands, so a journal of commands replays to the same state anywhere.
//!
//! Reading order: [`terms`] (what is promised), [`Command`] (what can happen), [`Offering`] (what
//! follows), [`Settlement`] (how it ends).

mod accounts;
mod admissions;
mod after_sale;
pub mod allocation;
mod bids;
mod chunked;
mod command;
mod contribute;
mod contribution;
mod documents;
mod escrow;
#[cfg(test)]
mod fixture;
mod for_nothing;
mod invariants;
mod investor_id;
mod investors;
mod lifecycle;
mod lookup;
mod offering;
mod outcome;
pub mod pairs;
mod pauses;
mod pricing;
mod quote;
mod rates;
mod ratio;
mod refusal;
mod resolve;
mod returns;
mod rounds;
mod rows;
mod sealed;
mod seen_ids;
mod settlement;
mod state;
pub mod terms;
mod token_rounding;
pub mod trace;
mod units;
mod views;

pub use accounts::{AccountBalance, Funding};
pub use admissions::{AdmissionView, Standing};
pub use command::{
    Admit, Command, Contribute, DocumentExit, LimitPrice, ReturnReason, WithdrawalMark,
};
pub use documents::Document;
pub use escrow::EscrowAddress;
pub use invariants::Violation;
pub use investor_id::{InvestorId, InvestorIdError};
pub use offering::{Offering, Phase};
pub use outcome::{Contributed, Outcome, Settled, Verdict};
pub use ratio::{Ratio, RoundingMode};
pub use refusal::Refusal;
pub use rows::{CurrencyTotals, InvestorRow, InvestorRows, Reason, Row};
pub use sealed::sealed_bid_commitment;
pub use seen_ids::{RequestId, TransferId};
pub use settlement::{RoundSettlement, Settlement};
pub use state::{STATE_VERSION, StateError};
pub use units::{
    Amount, BasisPoints, ContributionIndex, CurrencyIndex, InvestorIndex, LineIndex, Position,
    RoundIndex, Sequence, Span, Stamp, Tokens, Value,
};
