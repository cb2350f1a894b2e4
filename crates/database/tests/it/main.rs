//! SQLite and a real PostgreSQL, asked the same.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says why and fails"
)]

mod dispatch;
mod faults;
mod migrations;
mod settings;
