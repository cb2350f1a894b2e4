//! Faults and attacks against the program itself: a real server in its own process, a real database,
//! real sockets. `docs/faults.md` is the table of what happens at each.
//!
//! `SOFTCAP_FULL=1` (what `cargo xtask test --full` sets) runs the full counts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod appenders;
mod audit;
mod bundle;
mod canaries;
mod chain;
mod client;
mod clock;
mod crowds;
mod disk;
mod hostile;
mod kills;
mod load;
mod notices;
mod one_folder;
mod one_place;
mod postgres;
mod privacy;
mod rail;
mod rail_after_sale;
mod rail_root;
mod record;
mod rpc;
mod server;
mod witness;

/// A count of a usual run, and one of a full run.
pub(crate) fn count(usual: u32, full: u32) -> u32 {
    let is_full = std::env::var_os("SOFTCAP_FULL").is_some_and(|value| value == "1");
    if is_full { full } else { usual }
}
