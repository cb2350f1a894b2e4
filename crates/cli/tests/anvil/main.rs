//! The program against an EVM node that is not ours: a server follows an escrow on anvil while the chain goes back,
//! endpoints fail and lie, and processes are killed; and viem, an EVM client that is not ours, does what a wallet does.
//!
//! Needs `SOFTCAP_ANVIL`, the folder that `cargo xtask anvil` prints. `SOFTCAP_FULL=1` runs the full counts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

#[path = "../faults/client.rs"]
#[allow(
    dead_code,
    reason = "of the tests of faults, not all of it is used here"
)]
mod client;
#[path = "../faults/record.rs"]
#[allow(
    dead_code,
    reason = "of the tests of faults, not all of it is used here"
)]
mod record;
#[path = "../faults/rpc.rs"]
#[allow(
    dead_code,
    reason = "of the tests of faults, not all of it is used here"
)]
mod rpc;
#[path = "../faults/server.rs"]
#[allow(
    dead_code,
    reason = "of the tests of faults, not all of it is used here"
)]
mod server;

mod endpoint;
mod journey;
mod node;
mod reorganisations;
mod restarts;
mod rpc_errors;
mod sale;
mod viem;

/// A count of a usual run, and one of a full run.
pub(crate) fn count(usual: u32, full: u32) -> u32 {
    let is_full = std::env::var_os("SOFTCAP_FULL").is_some_and(|value| value == "1");
    if is_full { full } else { usual }
}
