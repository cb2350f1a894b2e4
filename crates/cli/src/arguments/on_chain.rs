//! Arguments of the commands that talk to a chain.

use std::path::PathBuf;

use alloy_primitives::{Address, U256};
use clap::{Args, ValueEnum};

/// A node, and who sends to it.
#[derive(Debug, Args)]
pub(crate) struct SenderArguments {
    /// Address of a node (JSON-RPC), http:// or https://.
    #[arg(long, value_name = "URL")]
    pub(crate) rpc: String,
    /// A file whose first line is the sender's key (64 hexadecimal digits); without it SOFTCAP_EVM_KEY.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Who would send, where no key is at hand.
    #[arg(
        long,
        value_name = "ADDRESS",
        requires = "dry_run",
        conflicts_with = "key_file"
    )]
    pub(crate) from: Option<Address>,
    /// Try it out, say what it costs, and send nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// How the money of an offering arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnnouncedRail {
    /// An escrow contract on an EVM chain.
    Evm,
}

#[derive(Debug, Args)]
pub(crate) struct AnnounceArguments {
    /// Where the money is held; `softcap serve` announces on the other rails.
    #[arg(long, value_enum)]
    pub(crate) rail: AnnouncedRail,
    /// The terms (offering.toml).
    #[arg(long, value_name = "FILE")]
    pub(crate) terms: PathBuf,
    /// Gets the accepted money after settlement.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) beneficiary: Address,
    /// Signs permits, where a round is for admitted people.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) verifier: Option<Address>,
    /// Gets unsold tokens, where the terms say `unsold = "treasury"`.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) treasury: Option<Address>,
    /// The ERC-20 that people pay with; without it the chain's own coin.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) currency: Option<Address>,
    /// Who gets a share of the supply, by its name in the terms; once for each share.
    #[arg(long, value_name = "SHARE=ADDRESS", value_parser = holder)]
    pub(crate) holder: Vec<(String, Address)>,
    /// A factory that is there already; without it one is deployed.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) factory: Option<Address>,
    /// Do not rehearse the sale first: for trials, and for a sale that was rehearsed as it is.
    #[arg(long)]
    pub(crate) without_rehearsal: bool,
    /// Write where the offering stands to this file, signed by --issuer-key; must not exist.
    #[arg(
        long,
        value_name = "FILE",
        requires = "issuer_key",
        conflicts_with = "dry_run"
    )]
    pub(crate) manifest: Option<PathBuf>,
    /// The file with the issuer's secret key for signing (`softcap key`); it sends no transaction.
    #[arg(long, value_name = "FILE", requires = "manifest")]
    pub(crate) issuer_key: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) sender: SenderArguments,
}

fn holder(text: &str) -> Result<(String, Address), String> {
    let (name, address) = text.rsplit_once('=').ok_or("it is not SHARE=ADDRESS")?;
    let address = address.parse().map_err(|_| "no address after `=`")?;
    Ok((name.to_owned(), address))
}

#[derive(Debug, Args)]
pub(crate) struct ExitArguments {
    /// The escrow.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) escrow: Address,
    /// Pay the wallets in this file, one address a line, instead of the sender's own. Anybody may.
    #[arg(long, value_name = "FILE")]
    pub(crate) list: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) sender: SenderArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ClaimArguments {
    /// The result folder, where the outcome is a root.
    #[arg(long, value_name = "FOLDER", conflicts_with = "list")]
    pub(crate) bundle: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) exit: ExitArguments,
}

/// An escrow, and who sends to it.
#[derive(Debug, Args)]
pub(crate) struct EscrowArguments {
    /// The escrow.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) escrow: Address,
    #[command(flatten)]
    pub(crate) sender: SenderArguments,
}

#[derive(Debug, Args)]
pub(crate) struct PermitArguments {
    /// Address of a node (JSON-RPC), http:// or https://.
    #[arg(long, value_name = "URL")]
    pub(crate) rpc: String,
    /// The escrow.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) escrow: Address,
    /// A file whose first line is the verifier's key; without it SOFTCAP_EVM_KEY.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// The investor's wallet.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) investor: Address,
    /// Most that may be accepted of it, in smallest units of the currency.
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) max: U256,
    /// How many seconds it can be shown from now on.
    #[arg(long, value_name = "SECONDS", default_value_t = 86_400)]
    pub(crate) valid: u64,
    /// Where there are several rounds: the one that it is for, counted from 0. Without it the one that is open, or else the next
    /// one.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) round: Option<u8>,
}

#[derive(Debug, Args)]
pub(crate) struct WatchArguments {
    /// The page of the offering, or its softcap-addresses.json, as an address or a file.
    #[arg(value_name = "PAGE")]
    pub(crate) source: String,
    /// The issuer's public key, from a source you trust: NAME+ID+KEY. Again for each issuer where the file has offerings of several.
    #[arg(long, value_name = "KEY", required = true)]
    pub(crate) issuer_key: Vec<String>,
    /// Where the file has many offerings: only the one of this origin, which must be there.
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) origin: Option<String>,
    /// Address of a node (JSON-RPC), http:// or https://.
    #[arg(long, value_name = "URL")]
    pub(crate) rpc: String,
    /// The terms that must be those of the escrow.
    #[arg(long, value_name = "FILE")]
    pub(crate) terms: Option<PathBuf>,
    /// A page that must show the escrow's address, and no other one that the issuer did not sign.
    #[arg(long, value_name = "URL")]
    pub(crate) page: Option<String>,
    /// Look once, and end.
    #[arg(long)]
    pub(crate) once: bool,
    /// Seconds between two looks.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) every: u32,
}

/// Which chain a record is compared with.
#[derive(Debug, Args)]
pub(crate) struct ComparisonArguments {
    /// An endpoint (JSON-RPC) of the chain that the record follows; given several times, all must agree.
    #[arg(long, value_name = "URL")]
    pub(crate) chain: Vec<String>,
    /// Compare up to this block.
    #[arg(
        long,
        value_name = "NUMBER",
        requires = "chain",
        conflicts_with = "confirmations"
    )]
    pub(crate) block: Option<u64>,
    /// Compare up to the newest block that has so many on top.
    #[arg(long, value_name = "BLOCKS", requires = "chain", default_value_t = 64)]
    pub(crate) confirmations: u64,
    /// Ask the contract about so many investors, evenly spread, instead of about all.
    #[arg(long, value_name = "COUNT", requires = "chain")]
    pub(crate) accounts: Option<usize>,
}
