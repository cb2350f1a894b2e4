//! The rail of EVM chains: from frozen terms to an escrow contract, and out of it again.
//!
//! Reading order: [`announcement`] (what a chain is told, from the terms and the [`Parties`]), [`Unkept`] (why a
//! contract cannot keep some terms), [`EscrowTerms`] (the numbers as the contract holds them), [`ChainClient`] (one node),
//! [`announce_draft`] and [`read_back`], [`Permit`], [`Exit`]; [`bindings`] are the contracts as types.
//!
//! Back from a chain: [`Endpoints`] (several nodes that must agree), [`Follower`] (which blocks are deep enough),
//! [`ChainSource`] (both together: the logs of an escrow), [`ChainEntries`] (what the record says of them);
//! [`EvidenceReader`] (what a chain says at one block) and [`comparison`] (whether a record says the same);
//! [`rehearse_sale`] plays all of it on a chain in this process.
//!
//! Amounts are smallest units of the currency, tokens smallest units of the token, positions unix seconds. Nothing
//! here decides money: it says the terms again in the contract's numbers, or refuses. No key that is read here can move an
//! investor's money.

mod address_list;
mod after_sale_acts;
mod after_sale_event;
mod after_sale_place;
mod after_sale_plans;
mod allowance;
mod announce;
mod announcement;
pub mod bindings;
mod broken_answer;
mod chain_entries;
mod chain_source;
mod client;
pub mod comparison;
mod contract_signature;
mod contribution;
mod endpoints;
mod entry_check;
mod error;
mod escrow_event;
mod escrow_standing;
mod escrow_terms;
mod evidence_reading;
mod exits;
mod find_after_sale;
mod follower;
mod http;
mod issuer_acts;
mod manifest;
mod numbers;
mod own_code;
mod parties;
mod permit;
mod reading;
mod rehearsal;
mod releases;
mod root_acts;
mod root_announcement;
mod root_entries;
mod root_event;
mod root_leaves;
mod root_standing;
mod root_terms;
mod round_words;
mod sale_rounds;
mod sale_terms;
mod sent;
mod signed_after_sale;
mod taken_back;
mod told;
mod unkept;
mod verifier;
mod wallet;

pub use address_list::AddressList;
pub use after_sale_acts::{
    AfterSaleAct, ReturnableTokens, begun_at, money_for_tokens, refunds_open, settle_all_draft,
    vested,
};
pub use after_sale_event::AfterSaleEvent;
pub use after_sale_place::{AfterSalePlace, escrow_of_milestones, escrow_of_vesting};
pub use after_sale_plans::AfterSalePlans;
pub use allowance::{SignedAllowance, allow_draft, allowance_of, sign_allowance};
/// The way to one endpoint, over any transport.
pub use alloy_rpc_client::RpcClient;
/// What a node says of a transaction in a block.
pub use alloy_rpc_types_eth::TransactionReceipt as Receipt;
pub use announce::{
    Place, announce_draft, place_of, read_back, require_announceable, require_factory, terms_at,
};
pub use announcement::{Announcement, announcement, takes_evm, unkept};
pub use chain_entries::{ChainCommand, ChainEntries, ChainEntry, Ending, Slack, entry_request};
pub use chain_source::{ChainSource, Polled, SourceError, block_before};
pub use client::{ChainClient, Cost, Draft, Head};
pub use contribution::{
    ShownPermit, TakenIn, contribution_draft, contribution_with_allowance_draft, taken_in,
};
pub use endpoints::{BlockHead, Blocks, Endpoint, EndpointError, Endpoints, Fault, RawLog};
pub use entry_check::Difference;
pub use error::EvmError;
pub use escrow_event::{EscrowEvent, EscrowLog, ForeignLog, LogPlace};
pub use escrow_standing::{EscrowStanding, InvestorStanding, RootFate, Standing, due_of_root};
pub use escrow_terms::{
    AfterClaim, EscrowKind, EscrowTerms, Misfit, PACKED_WORDS, PauseEnding, PricingKind,
    TERMS_WORDS, WrongWord,
};
pub use evidence_reading::{Asked, EvidenceReader, ReadAt, ReadingProgress};
pub use exits::{EscrowPhase, Exit, ListOutcome, MOST_OF_A_LIST, PaidOut, phase_of};
pub use find_after_sale::{FindError, find_after_sale, promises_after_sale};
pub use follower::{Block, Follower, Header, Stop, Taken};
pub use http::{HttpTransport, host_of};
pub use issuer_acts::IssuerAct;
pub use manifest::{Addresses, ManifestError};
pub use own_code::{
    AfterSaleCode, FactoryKind, OwnCode, factory_draft, rehearse, require_own_escrow,
};
pub use parties::{PaidIn, Parties};
pub use permit::{Permit, PermitDomain};
pub use reading::{ContributedLog, EscrowAccount};
pub use rehearsal::{Demand, NotRehearsed, RehearsalStep, RehearsedSale, rehearse_sale};
pub use releases::{Releases, Stopped};
pub use root_acts::{MOST_LEAVES, RootAct, bid_draft, root_refunds_open};
pub use root_announcement::{RootAnnouncement, root_announcement};
pub use root_entries::check_root;
pub use root_event::RootEvent;
pub use root_leaves::{LeafFlaw, LeafRules, ProvedLeaf, is_closed, root_account};
pub use root_standing::{RootPhase, RootStanding};
pub use root_terms::{ROOT_TERMS_WORDS, RootTerms, root_members};
pub use sale_rounds::round_at;
pub use sale_terms::{SaleTerms, SaleWindow, sale_terms_at, window_now};
pub use sent::{Fate, InBlock, SeenTransaction, Sent, Turn};
pub use signed_after_sale::{SignedAfterSale, SignedContract};
pub use told::{Facts, Told, told};
pub use unkept::{Unkept, UnkeptCode};
pub use verifier::Verifier;
pub use wallet::{KEY_VARIABLE, read_wallet};
