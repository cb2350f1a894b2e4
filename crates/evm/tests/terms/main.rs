//! From terms to the numbers of the contract: every reason why not, and every number when it can.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod after_sale;
mod base;
mod numbers;
mod pro_rata;
mod reasons;
mod root;
mod root_at_price;
mod rounds;
