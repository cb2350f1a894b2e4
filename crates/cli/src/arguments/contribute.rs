//! Arguments of `softcap contribute`.

use std::path::PathBuf;

use alloy_primitives::{Address, U256};
use clap::Args;

use super::on_chain::SenderArguments;

#[derive(Debug, Args)]
pub(crate) struct ContributeArguments {
    /// The escrow, from a source you trust: what the issuer signed, or the terms with --terms.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) escrow: Address,
    /// How much is offered, in smallest units of the currency.
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) amount: U256,
    /// The most that is paid for the price unit of the terms, in smallest units of the currency: where people bid.
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) limit: Option<U256>,
    /// The permit, as `softcap permit --json` printed it: with the first contribution, where the round needs one.
    #[arg(long, value_name = "FILE")]
    pub(crate) permit: Option<PathBuf>,
    /// The terms that must be those of the escrow.
    #[arg(long, value_name = "FILE")]
    pub(crate) terms: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) sender: SenderArguments,
}
