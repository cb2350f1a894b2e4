//! Arguments of the commands for what comes after a sale on a chain.

use alloy_primitives::{Address, U256};
use clap::{Args, Subcommand};

use super::on_chain::SenderArguments;

#[derive(Debug, Args)]
pub(crate) struct ReleaseArguments {
    /// The escrow.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) escrow: Address,
    /// The factory that made it, which lets the sale be settled and all that vests begin in one second.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) factory: Option<Address>,
    /// A contract that holds a share until it is free; once for each.
    #[arg(long, value_name = "ADDRESS", requires = "factory")]
    pub(crate) vesting: Vec<Address>,
    #[command(flatten)]
    pub(crate) sender: SenderArguments,
}

/// What can be done with milestones.
#[derive(Debug, Subcommand)]
pub(crate) enum MilestoneCommand {
    /// Say that the next milestone is reached: the issuer's key. Objections may come from then on.
    #[command(after_help = "Example:\n  \
            softcap milestone announce --rpc http://127.0.0.1:8545 --milestones 0x75f0… --key-file issuer.key\n\n\
            The contract says until when contributors may object.\n\n\
            Exit codes: 0 done, 1 the contract refuses, 2 bad input, or the node did not answer.")]
    Announce(MilestoneArguments),
    /// Object to the milestone that is announced, with the weight of the money that was accepted.
    #[command(after_help = "Example:\n  \
            softcap milestone object --rpc http://127.0.0.1:8545 --milestones 0x75f0… --key-file wallet.key\n\n\
            Who has not claimed the tokens claims first: the weight is that of the money they were bought with.\n\n\
            Exit codes: 0 done, 1 the contract refuses, 2 bad input, or the node did not answer.")]
    Object(MilestoneArguments),
    /// Pay the part of the announced milestone to the beneficiary, once nobody can object any more. Anybody may.
    #[command(after_help = "Example:\n  \
            softcap milestone release --rpc http://127.0.0.1:8545 --milestones 0x75f0… --key-file wallet.key\n\n\
            Exit codes: 0 done, 1 the contract refuses, 2 bad input, or the node did not answer.")]
    Release(MilestoneArguments),
    /// Give tokens back for their part of the money that is left, once the releases are stopped or too late.
    #[command(after_help = "Example:\n  \
            softcap milestone refund --rpc http://127.0.0.1:8545 --milestones 0x75f0… --key-file wallet.key\n\n\
            Two transactions: the contract is allowed to take the tokens, and then takes them and pays. Tokens that were \
            bought from others give no money.\n\n\
            Exit codes: 0 done, 1 the contract refuses, 2 bad input, or the node did not answer.")]
    Refund(GiveBackArguments),
}

#[derive(Debug, Args)]
pub(crate) struct MilestoneArguments {
    /// The contract that releases the money.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) milestones: Address,
    #[command(flatten)]
    pub(crate) sender: SenderArguments,
}

#[derive(Debug, Args)]
pub(crate) struct GiveBackArguments {
    /// How many tokens, in smallest units; without it all that can be given back.
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) tokens: Option<U256>,
    #[command(flatten)]
    pub(crate) milestone: MilestoneArguments,
}

#[derive(Debug, Args)]
pub(crate) struct VestArguments {
    /// The contract that holds the share.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) vesting: Address,
    #[command(flatten)]
    pub(crate) sender: SenderArguments,
}
