//! An EVM chain in process, for demonstrations, rehearsals and tests. It knows nothing of offerings.
//!
//! [`Node`] is a chain that one process runs: in memory, or in a folder whose file holds the signed
//! transactions and is replayed at the start. Programs talk to it as to any other node: through an alloy provider in
//! the same process ([`InProcess`]), or as JSON-RPC over HTTP ([`Server`]).
//!
//! It is no public chain: nobody else checks it, whoever runs it moves its time and drops its blocks, and the keys of
//! its accounts are known to everybody.

mod accounts;
mod block;
mod call;
mod chain;
mod control;
mod error;
mod execution;
mod fee;
mod genesis;
mod interval;
mod node;
mod place;
mod pool;
mod record;
mod replay;
mod rpc;
mod server;
mod settings;
mod state;
mod store;
mod submission;
mod time;
mod transaction;
mod transport;
mod view;

pub use accounts::{DevelopmentAccount, MOST_ACCOUNTS, PUBLIC_MNEMONIC, development_accounts};
pub use control::Snapshot;
pub use error::ChainError;
pub use genesis::USUAL_CHAIN_ID;
pub use interval::mine_every;
pub use node::Node;
pub use rpc::Control;
pub use server::{Origins, Server};
pub use settings::{Blocks, Settings, USUAL_ACCOUNTS};
pub use time::Clock;
pub use transport::InProcess;
