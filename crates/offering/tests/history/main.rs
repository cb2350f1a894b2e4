//! Sales that really happened, replayed through the terms in `examples/history`.
//!
//! About ten rows of each sale stand here as facts and hold on any machine. The whole of each sale
//! is read from the folder that `SOFTCAP_SALES` names (default `../shared/sales` beside the
//! workspace). Where it is not, the run says which sale was not checked; with
//! `SOFTCAP_SALES_REQUIRED=1` that is a failure.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it was"
)]

mod bancor;
mod cosmos;
mod easyauction;
mod ethereum;
mod mastercoin;
mod recorded_sale;
