//! Arguments of the commands for a settlement by root on a chain.

use std::path::PathBuf;

use alloy_primitives::Address;
use clap::{Args, Subcommand};

use super::on_chain::{EscrowArguments, SenderArguments};

/// What can be done with a root.
#[derive(Debug, Subcommand)]
pub(crate) enum RootCommand {
    /// Show where a settlement by root stands.
    #[command(after_help = "Example:\n  \
            softcap root show --rpc http://127.0.0.1:8545 --escrow 0x5FC8…\n\n\
            Exit codes: 0 shown, 1 there is no such escrow, 2 bad input, or the node did not answer.")]
    Show(RootShowArguments),
    /// Post the root of a settlement: the issuer's key, once, after the window and before the refund deadline.
    #[command(after_help = "Examples:\n  \
            softcap root post --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --bundle result --key-file issuer.key\n  \
            softcap root post --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --bundle result --from 0xf39F… --dry-run\n\n\
            The result folder is verified first, and every leaf is judged as the contract will judge it; where it would \
            refuse one, nothing is sent.\n\n\
            Exit codes: 0 posted, 1 the contract refuses or would refuse a leaf, 2 bad input, or the node did not answer.")]
    Post(RootArguments),
    /// Object to the root that was posted, with the weight of the money that was contributed.
    #[command(after_help = "Example:\n  \
            softcap root object --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --key-file wallet.key\n\n\
            Objections of the share that the terms name make the root void, and everybody takes the money back.\n\n\
            Exit codes: 0 done, 1 the contract refuses, 2 bad input, or the node did not answer.")]
    Object(EscrowArguments),
    /// Make the root void by a leaf of it that breaks a rule of the contract. Anybody may, until claims end.
    #[command(after_help = "Examples:\n  \
            softcap root refute --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --bundle result --key-file wallet.key\n  \
            softcap root refute --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --proof leaf.json --key-file wallet.key\n\n\
            A broken leaf gives somebody other money than they contributed, too few tokens for it, or more than there is. It \
            is looked for in the result folder whose root was posted, or given as a file that `softcap proof --json` wrote. \
            A void root opens refunds of everything.\n\n\
            Exit codes: 0 the root is void, 1 no leaf breaks a rule or the contract refuses, 2 bad input, or the node did not \
            answer.")]
    Refute(RefuteArguments),
    /// Prove the leaves of all investors, in lists: tokens and refunds go to them. Anybody may, after the challenge period.
    #[command(after_help = "Example:\n  \
            softcap root distribute --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --bundle result --key-file wallet.key\n\n\
            Who was paid already is left out, so that it can be repeated. What is not proved when claims end goes back.\n\n\
            Exit codes: 0 done, 1 the contract refuses or skipped somebody, 2 bad input, or the node did not answer.")]
    Distribute(RootArguments),
    /// Give the sale up before there is a root: everything goes back. The issuer's key.
    #[command(after_help = "Example:\n  \
            softcap root cancel --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --key-file issuer.key\n\n\
            Exit codes: 0 done, 1 the contract refuses, 2 bad input, or the node did not answer.")]
    Cancel(EscrowArguments),
}

#[derive(Debug, Args)]
pub(crate) struct RootShowArguments {
    /// Address of a node (JSON-RPC), http:// or https://.
    #[arg(long, value_name = "URL")]
    pub(crate) rpc: String,
    /// The escrow.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) escrow: Address,
}

#[derive(Debug, Args)]
pub(crate) struct RefuteArguments {
    /// The escrow.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) escrow: Address,
    /// The result folder whose root was posted.
    #[arg(long, value_name = "FOLDER", required_unless_present = "proof")]
    pub(crate) bundle: Option<PathBuf>,
    /// Look at the leaf of this wallet alone.
    #[arg(long, value_name = "ADDRESS", requires = "bundle")]
    pub(crate) investor: Option<Address>,
    /// The proof of a broken leaf, where there is no result folder.
    #[arg(long, value_name = "FILE", conflicts_with = "bundle")]
    pub(crate) proof: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) sender: SenderArguments,
}

#[derive(Debug, Args)]
pub(crate) struct RootArguments {
    /// The escrow.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) escrow: Address,
    /// The result folder of the settled record.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) bundle: PathBuf,
    #[command(flatten)]
    pub(crate) sender: SenderArguments,
}
