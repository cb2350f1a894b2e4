//! A chain as programs see it: through an alloy provider in the same process, and over a restart.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod contract;
mod control;
mod errors;
mod fees;
mod fixture;
mod http;
mod persistence;
mod provider;
