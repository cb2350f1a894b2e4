//! The rail of EVM chains: from frozen terms to an escrow contract.
//!
//! Reading order: [`announcement`] (what a chain is told, from the terms and the [`Parties`]), [`Unkept`] (why a
//! contract cannot keep some terms), [`EscrowTerms`] (the numbers as the contract holds them), [`bindings`] (the
//! contracts as types).
//!
//! Amounts are smallest units of the currency, tokens smallest units of the token, positions unix seconds. Nothing
//! here decides money: it says the terms again in the contract's numbers, or refuses.

mod announcement;
pub mod bindings;
mod escrow_terms;
mod numbers;
mod parties;
mod unkept;

pub use announcement::{Announcement, announcement, takes_evm, unkept};
pub use escrow_terms::{EscrowTerms, Misfit, PACKED_WORDS, PricingKind, TERMS_WORDS, WrongWord};
pub use parties::{PaidIn, Parties};
pub use unkept::{Unkept, UnkeptCode};
