//! The rail of EVM chains: from frozen terms to an escrow contract.
//!
//! Reading order: [`announcement`] (what a chain is told, from the terms and the [`Parties`]), [`Unkept`] (why a
//! contract cannot keep some terms), [`EscrowTerms`] (the numbers as the contract holds them), [`bindings`] (the
//! contracts as types).
//!
//! Back from a chain: [`Endpoints`] (several nodes that must agree), [`Follower`] (which blocks are deep enough),
//! [`ChainSource`] (both together: the logs of an escrow), [`ChainEntries`] (what the record says of them).
//!
//! Amounts are smallest units of the currency, tokens smallest units of the token, positions unix seconds. Nothing
//! here decides money: it says the terms again in the contract's numbers, or refuses.

mod announcement;
pub mod bindings;
mod chain_entries;
mod chain_source;
mod endpoints;
mod escrow_event;
mod escrow_terms;
mod follower;
mod numbers;
mod parties;
mod unkept;

pub use announcement::{Announcement, announcement, takes_evm, unkept};
pub use chain_entries::{ChainCommand, ChainEntries, ChainEntry, Difference, Ending};
pub use chain_source::{ChainSource, Polled, SourceError, block_before};
pub use endpoints::{BlockHead, Blocks, Endpoint, EndpointError, Endpoints, Fault, RawLog};
pub use escrow_event::{EscrowEvent, EscrowLog, ForeignLog, LogPlace};
pub use escrow_terms::{EscrowTerms, Misfit, PACKED_WORDS, PricingKind, TERMS_WORDS, WrongWord};
pub use follower::{Block, Follower, Header, Stop, Taken};
pub use parties::{PaidIn, Parties};
pub use unkept::{Unkept, UnkeptCode};
