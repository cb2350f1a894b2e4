//! What can be done with terms.

use std::path::PathBuf;

use clap::Subcommand;

use super::{AnnounceArguments, NewArguments, SignArguments, SimulateArguments};

#[derive(Debug, Subcommand)]
pub(crate) enum OfferingCommand {
    /// Ask a few questions and write commented terms.
    #[command(after_help = "Examples:\n  \
            softcap offering new --out offering.toml\n  \
            softcap offering new --out offering.toml --defaults --name Harbour --symbol HBR")]
    New(NewArguments),
    /// Find errors in terms, and what investors should be warned of.
    #[command(after_help = "Example:\n  softcap offering check offering.toml\n\n\
            Where people pay on an EVM chain it also says what the escrow contract cannot keep.\n\n\
            Exit codes: 0 nothing found, 1 warnings, or something that a contract cannot keep; 2 errors.")]
    Check {
        /// The terms.
        terms: PathBuf,
    },
    /// Play the whole sale with people who do not exist, to its end.
    #[command(after_help = "Example:\n  softcap offering rehearse offering.toml\n\n\
            Once more comes than fits, once too little, on the engine of the real sale; where people pay on an EVM chain \
            once more with the contracts on a chain in this process, compared with the record at the end.\n\n\
            Exit codes: 0 it passed, 1 it did not; 2 errors in the terms, or they cannot be rehearsed.")]
    Rehearse {
        /// The terms.
        terms: PathBuf,
    },
    /// Put an escrow and its token on a chain, and compare everything there with the terms.
    #[command(after_help = "Examples:\n  \
            softcap offering announce --rail evm --rpc http://127.0.0.1:8545 --terms offering.toml \\\n    \
                --beneficiary 0x3C44… --verifier 0x7099… --holder team=0x90F7… --key-file issuer.key\n  \
            softcap offering announce --rail evm --rpc http://127.0.0.1:8545 --terms offering.toml \\\n    \
                --beneficiary 0x3C44… --from 0xf39F… --dry-run\n\n\
            The sale is rehearsed first, on a chain in this process: nothing is sent where it does not pass. \
            --without-rehearsal leaves that out, for trials.\n\n\
            The sender is the issuer of the escrow: it may pause, revoke, return and cancel, and cannot take money. \
            Keys come from a file or from SOFTCAP_EVM_KEY, never from the command line.\n\n\
            Exit codes: 0 announced and read back, 1 the contract refuses or the chain holds something else, 2 terms \
            that no contract keeps, bad input, or the node did not answer.")]
    Announce(AnnounceArguments),
    /// Sign terms with the issuer's key, on a machine that needs no network.
    #[command(after_help = "Examples:\n  \
            softcap key --name example.org/issuer --out issuer.key\n  \
            softcap offering sign offering.toml --key issuer.key\n\n\
            The signature goes along when the terms are announced or settled; whoever has the issuer's public \
            key from a source they trust checks it with softcap verify --issuer-key.\n\n\
            Exit codes: 0 signed, 2 errors in the terms, or bad input.")]
    Sign(SignArguments),
    /// Draw demand from a seed and show what each kind of investor would get.
    #[command(after_help = "Examples:\n  \
            softcap offering simulate offering.toml\n  \
            softcap offering simulate offering.toml --seed 7 --investors 5000 --chart demand.svg")]
    Simulate(SimulateArguments),
}
