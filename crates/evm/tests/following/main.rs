//! Following a chain: blocks, logs, entries.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod blocks;
mod entries;
mod limits;
mod root;
mod source;
