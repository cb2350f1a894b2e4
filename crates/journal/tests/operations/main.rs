//! What an operator does with a record: check it, rebuild what is derived, keep and restore it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod backup;
mod chain_time;
mod check;
mod cosignatures;
mod guard;
mod sale;
mod scrub;
mod snapshots;
