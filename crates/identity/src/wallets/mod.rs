//! Wallets of people: to sign up and to log in with them (EIP-4361; contracts by ERC-1271).
//!
//! A wallet stands where a password stands: it is the first factor, and whoever has a second one is asked for it. An
//! account has an address of mail all the same, because everything that warns somebody goes there, and because whoever
//! loses a wallet comes back by mail.
//!
//! This crate asks no chain. Whether a contract accepts a signature, the caller finds out
//! ([`Examined::ByContract`]); everything else is decided here.

mod address;
mod book;
mod challenge;
mod error;
mod message;
mod sign_up;

pub use address::WalletAddress;
pub(crate) use book::{INSERT as ADD_WALLET, WalletRow};
pub use book::{WalletId, WalletView, Wallets};
pub use challenge::{
    ContractQuestion, Examined, ProvenWallet, SignedMessage, WalletChallenge, WalletPurpose,
};
pub(crate) use challenge::{FORGET_CHALLENGES, USE_CHALLENGE};
pub use error::WalletError;

/// Wallets of a person.
pub const MOST_WALLETS: u32 = 10;
