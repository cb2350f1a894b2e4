//! Arguments of the commands by which an issuer acts on an escrow.

use alloy_primitives::Address;
use clap::{Args, Subcommand, ValueEnum};
use softcap_offering::ReturnReason;

use super::on_chain::{EscrowArguments, SenderArguments};

/// What an issuer can do with an escrow, and anybody can look at.
#[derive(Debug, Subcommand)]
pub(crate) enum EscrowCommand {
    /// Show where a sale stands, and an investor in it.
    #[command(after_help = "Examples:\n  \
            softcap escrow show --rpc http://127.0.0.1:8545 --escrow 0x5FC8…\n  \
            softcap escrow show --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --investor 0x15d3…\n\n\
            Exit codes: 0 shown, 1 there is no such escrow, 2 bad input, or the node did not answer.")]
    Show(EscrowShowArguments),
    /// Take no more contributions of an investor: the issuer's key. Cannot be undone; what is in the sale stays.
    #[command(after_help = "Examples:\n  \
            softcap escrow revoke --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --investor 0x15d3… --key-file issuer.key\n  \
            softcap escrow revoke --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --investor 0x15d3… --from 0xf39F… --dry-run\n\n\
            Exit codes: 0 done, 1 the contract refuses, 2 bad input, or the node did not answer.")]
    Revoke(InvestorArguments),
    /// Give an investor's money back, to the address that it came from, and take no more of it: the issuer's key.
    #[command(after_help = "Example:\n  \
            softcap escrow return --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --investor 0x15d3… \\\n    \
                --reason sanctions --key-file issuer.key\n\n\
            The investor takes it out with `softcap refund`, and nobody else can. The reasons `discretion` and `over_limit` \
            count until the window closes, the others until the sale is settled.\n\n\
            Exit codes: 0 done, 1 the contract refuses, 2 bad input, or the node did not answer.")]
    Return(ReturnArguments),
    /// Stop contributions for the longest time that the terms allow: the issuer's key.
    #[command(after_help = "Example:\n  \
            softcap escrow pause --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --key-file issuer.key\n\n\
            It ends by itself, and closes no way out. The terms say how often.\n\n\
            Exit codes: 0 done, 1 the contract refuses or knows no pause, 2 bad input, or the node did not answer.")]
    Pause(EscrowArguments),
    /// End a pause before its time: the issuer's key.
    #[command(after_help = "Example:\n  \
            softcap escrow resume --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --key-file issuer.key\n\n\
            Exit codes: 0 done, 1 the contract refuses or knows no pause, 2 bad input, or the node did not answer.")]
    Resume(EscrowArguments),
    /// Give the sale up: everything goes back. The issuer's key. Cannot be undone.
    #[command(after_help = "Example:\n  \
            softcap escrow cancel --rpc http://127.0.0.1:8545 --escrow 0x5FC8… --key-file issuer.key\n\n\
            Possible until the sale is settled, or its root is posted.\n\n\
            Exit codes: 0 done, 1 the contract refuses, 2 bad input, or the node did not answer.")]
    Cancel(EscrowArguments),
}

#[derive(Debug, Args)]
pub(crate) struct EscrowShowArguments {
    /// Address of a node (JSON-RPC), http:// or https://.
    #[arg(long, value_name = "URL")]
    pub(crate) rpc: String,
    /// The escrow.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) escrow: Address,
    /// Also this wallet.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) investor: Option<Address>,
}

/// An escrow, and an investor in it.
#[derive(Debug, Args)]
pub(crate) struct InvestorArguments {
    /// The escrow.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) escrow: Address,
    /// The investor's wallet.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) investor: Address,
    #[command(flatten)]
    pub(crate) sender: SenderArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ReturnArguments {
    /// Why, for the record.
    #[arg(long, value_enum)]
    pub(crate) reason: Why,
    #[command(flatten)]
    pub(crate) investor: InvestorArguments,
}

/// Why money is returned, by the names that the journal has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Why(pub(crate) ReturnReason);

impl ValueEnum for Why {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Why; ReturnReason::ALL.len()] = {
            let mut all = [Why(ReturnReason::Discretion); ReturnReason::ALL.len()];
            let mut place = 0;
            while place < all.len() {
                all[place] = Why(ReturnReason::ALL[place].0);
                place += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.0.name()))
    }
}
