//! The program `softcap` itself, run as people run it: files in, files and messages out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod after_sale;
mod alarms;
mod bad_arguments;
mod bad_contributions;
mod bad_disk;
mod bad_toml;
mod balance_import;
mod chain;
mod contribute;
mod developer_examples;
mod escrow;
mod forgery;
mod golden;
mod help;
mod history;
mod kill;
mod migrate;
mod on_chain;
mod python_checker;
mod role;
mod root;
mod root_at_price;
mod scan;
mod selftest;
mod signing;
mod small_sales;
mod starter;
mod tamper;
mod verify_chain;
mod workplace;
