//! Random sales, and the reference model that they are compared with.
//!
//! The tests and the benchmark of 10,000 sales per pair share these files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it must be"
)]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "the model asks one question at a time; a new rule shows as a difference"
)]

mod fraction;
mod moves;
mod no_token;
mod random_commands;
mod random_sales;
mod random_terms;
mod reference_model;
mod seeded;

pub(crate) use random_sales::{orders, run, survey};
