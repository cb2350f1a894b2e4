//! The real contracts on a chain in this process, from the announcement to the last exit.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod after_sale;
mod after_sale_compared;
mod announcing;
mod announcing_after_sale;
mod comparison;
mod contract_signature;
mod falsehoods;
mod fixture;
mod forged_logs;
mod over_http;
mod recorded;
mod rehearsal;
mod root;
mod root_at_price;
mod root_compared;
mod root_in_order;
mod rounds;
mod sale;
#[path = "../../../offering/tests/support/seeded.rs"]
#[allow(dead_code, reason = "the state machine's own tests use all of it")]
mod seeded;
