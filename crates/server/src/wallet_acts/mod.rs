//! What people's own wallets are asked for on the pages, and what became of it.
//!
//! The server prepares a transaction ([`prepare`]) and never signs one; the wallet sends it, and the page tells its hash. From
//! there on the server follows sender and nonce ([`look`]), so that a page that is closed, a fee that is raised and a
//! transaction that the network forgot end in a true state. What the chain accepted becomes an entry of the record by the
//! rail, whether anybody told a hash or not: a row here is a note of where somebody was, in no record, and is erased with its
//! person. A wallet that somebody names shows them what everybody can see on the chain, and moves nothing: that takes its key.

mod act;
mod give_back;
mod look;
mod prepare;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use act::{ActId, ActKind, Stage, WalletAct};
pub(crate) use give_back::GiveBack;
pub(crate) use look::{Seen, look, tell_hash};
pub(crate) use prepare::{
    EscrowPlace, NotPrepared, Prepared, client_of, coin_fee, exits_of, prepare, to,
};
pub(crate) use store::WalletActs;
