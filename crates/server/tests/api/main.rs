//! The routes on a real node: a record on disk, keys, and requests over a socket.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what only tests call is a test too"
)]

mod accounts;
mod addresses;
mod alerts;
mod asvs;
mod audit;
mod authorization;
mod balances;
mod contributions;
mod cosignatures;
mod documents;
mod draft_store;
mod drafts;
mod events;
mod imports;
mod independent_checker;
mod investors;
mod issuers;
mod keys;
mod leaks;
mod log;
mod oauth;
mod offerings;
mod operations;
mod pages;
mod people;
mod privacy;
mod rail;
mod roles;
mod scopes;
mod settlement;
mod signed_requests;
mod simulations;
mod test_node;
mod verification;
