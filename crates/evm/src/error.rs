//! What can go wrong between us and a chain.

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::SolInterface as _;
use alloy_transport::{RpcError, TransportErrorKind};

use crate::{
    bindings::{
        escrow::IEscrow::IEscrowErrors, milestones::Milestones::MilestonesErrors,
        offering_factory::OfferingFactory::OfferingFactoryErrors,
        root_escrow::IRootEscrow::IRootEscrowErrors, vesting::Vesting::VestingErrors,
    },
    chain_source::SourceError,
    endpoints::EndpointError,
};

/// Something was not read, not sent, or is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum EvmError {
    /// The node did not answer, or with something else.
    #[error("R201: the node did not answer {method}: {problem}; try again, or give another --rpc")]
    Node {
        /// What was asked.
        method: &'static str,
        /// What happened.
        problem: String,
    },
    /// The contract refuses, and nothing was sent.
    #[error("R202: the contract refuses {what}: {refusal}; docs/evm.md says when it would not")]
    Refused {
        /// What it was asked for.
        what: &'static str,
        /// Its error with the numbers.
        refusal: String,
    },
    /// A transaction is in a block and failed.
    #[error(
        "R203: {what} failed in transaction {transaction}; somebody was faster: look, and try again"
    )]
    Failed {
        /// What it was for.
        what: &'static str,
        /// Its hash.
        transaction: B256,
    },
    /// A transaction was sent and is in no block yet.
    #[error(
        "R204: {what} was sent in transaction {transaction}, which is in no block after {seconds} seconds; wait for \
         it before you send anything again"
    )]
    Waiting {
        /// What it is for.
        what: &'static str,
        /// Its hash.
        transaction: B256,
        /// How long was waited.
        seconds: u64,
    },
    /// The chain holds something else than what was announced.
    #[error("R205: {address} is not what was announced: {}; use no money with it", .differences.join("; "))]
    Different {
        /// The contract.
        address: Address,
        /// Each difference.
        differences: Vec<String>,
    },
    /// There is no contract of ours at the address.
    #[error(
        "R206: {address} is no {expected} of Softcap: {problem}; compare the address with a source you trust"
    )]
    NotOurs {
        /// The address.
        address: Address,
        /// What was expected there.
        expected: &'static str,
        /// What was found.
        problem: String,
    },
    /// A key that cannot be used.
    #[error(
        "R207: {place} holds no key: 64 hexadecimal digits are expected on the first line; give the right file"
    )]
    Key {
        /// Where it was looked for. The key itself is never repeated.
        place: String,
    },
    /// A signer did not sign.
    #[error("R208: the signer did not sign: {problem}; look at the signer")]
    Signer {
        /// What it says.
        problem: String,
    },
    /// An address of a node that cannot be used.
    #[error(
        "R209: the address with the host `{host}` is none of a node: {problem}; give one such as \
         http://127.0.0.1:8545"
    )]
    Address {
        /// Its host: the rest may hold a key.
        host: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// A permit beyond the contract's counter.
    #[error(
        "R210: a permit for {max} is more than the escrow counts for one investor, 2^80 - 1; sign for less"
    )]
    PermitTooLarge {
        /// What it was for.
        max: alloy_primitives::U256,
    },
    /// The sender has too little coin.
    #[error("R211: {sender} has {balance} wei, and {needed} are needed; send it some")]
    NoCoin {
        /// Who sends.
        sender: Address,
        /// What it has.
        balance: alloy_primitives::U256,
        /// What it needs, gas at the highest price included.
        needed: alloy_primitives::U256,
    },
    /// The bytecode did not run in this process.
    #[error(
        "R212: the contracts that this program carries do not run: {problem}; install it again"
    )]
    OwnCode {
        /// What happened.
        problem: String,
    },
    /// Another key than the one the escrow asks for.
    #[error(
        "R213: the key is that of {key}, and the escrow takes permits of {verifier}; give the verifier's key"
    )]
    NotVerifier {
        /// Whose key it is.
        key: Address,
        /// Whose the escrow asks for; zero where it asks for none.
        verifier: Address,
    },
    /// A sale that nobody could take part in.
    #[error(
        "R214: the window closes at {closes}, and the chain is at {now} (unix seconds); announce terms with a later window"
    )]
    WindowOver {
        /// First second after the window.
        closes: alloy_primitives::U256,
        /// The newest block's.
        now: u64,
    },
    /// The currency counts in other units than the terms.
    #[error(
        "R215: {currency} has {there} decimals, and the terms say {terms}; correct `decimals` of the currency"
    )]
    CurrencyDecimals {
        /// The ERC-20.
        currency: Address,
        /// What it says.
        there: u8,
        /// What the terms say.
        terms: u8,
    },
    /// The chain is not deep enough on top of the announcement.
    #[error(
        "R216: up to block {block} nobody announced the escrow, which the record has at {second} (unix seconds); wait for \
         more blocks, or name a later one"
    )]
    TooEarly {
        /// The block that was looked at.
        block: u64,
        /// When the escrow was announced.
        second: u64,
    },
    /// A withdrawal from an escrow whose terms give no such right.
    #[error(
        "R217: the terms of {escrow} give no right to take a contribution back; what is due comes with `softcap refund`"
    )]
    NoWithdrawalRight {
        /// The escrow.
        escrow: Address,
    },
    /// Leaves of a settlement that the escrow would refuse.
    #[error(
        "R219: the escrow {escrow} would not take this settlement: {}; nothing was sent, compare the record with the \
         contract", .flaws.join("; ")
    )]
    BrokenLeaves {
        /// The escrow.
        escrow: Address,
        /// What it would refuse, with the investor.
        flaws: Vec<String>,
    },
    /// An escrow that computes its outcome.
    #[error(
        "R220: {escrow} computes its outcome by itself and takes no root; use `softcap release`, `claim` and `refund`"
    )]
    NotByRoot {
        /// The escrow.
        escrow: Address,
    },
    /// A pause of an escrow that has none.
    #[error(
        "R224: {escrow} takes its outcome as a root and cannot be paused; its window ends with the terms, and \
         `softcap escrow cancel` gives the sale up"
    )]
    NoPause {
        /// The escrow.
        escrow: Address,
    },
    /// A settlement of which no leaf makes the root void.
    #[error(
        "R225: no leaf that was given breaks a rule of {escrow}, so that the root stands; nothing was sent, and who does \
         not agree with it objects (`softcap root object`)"
    )]
    SoundRoot {
        /// The escrow.
        escrow: Address,
    },
    /// The sender has too little of the currency.
    #[error(
        "R226: {sender} has {balance} smallest units of {currency}, and {needed} are offered; send it some, or offer less"
    )]
    NoCurrency {
        /// Who sends.
        sender: Address,
        /// The ERC-20.
        currency: Address,
        /// What it has.
        balance: alloy_primitives::U256,
        /// What it offers.
        needed: alloy_primitives::U256,
    },
    /// Endpoints that do not answer or agree, or a log that is none of an escrow.
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl From<EndpointError> for EvmError {
    fn from(error: EndpointError) -> Self {
        Self::Source(error.into())
    }
}

impl EvmError {
    /// Whether the chain is not what it should be, and not only out of reach.
    #[must_use]
    pub fn is_finding(&self) -> bool {
        match self {
            Self::Refused { .. }
            | Self::Failed { .. }
            | Self::Different { .. }
            | Self::NotOurs { .. }
            | Self::NoWithdrawalRight { .. }
            | Self::BrokenLeaves { .. }
            | Self::NotByRoot { .. }
            | Self::NoPause { .. }
            | Self::SoundRoot { .. } => true,
            Self::Source(error) => !error.is_passing(),
            Self::Node { .. }
            | Self::Waiting { .. }
            | Self::Key { .. }
            | Self::Signer { .. }
            | Self::Address { .. }
            | Self::PermitTooLarge { .. }
            | Self::NoCoin { .. }
            | Self::NoCurrency { .. }
            | Self::OwnCode { .. }
            | Self::NotVerifier { .. }
            | Self::WindowOver { .. }
            | Self::TooEarly { .. }
            | Self::CurrencyDecimals { .. } => false,
        }
    }

    pub(crate) fn node(method: &'static str, error: &RpcError<TransportErrorKind>) -> Self {
        let problem = match error.as_error_resp() {
            Some(answer) => format!("{} ({})", answer.message, answer.code),
            None => error.to_string(),
        };
        Self::Node { method, problem }
    }

    /// The refusal of a contract, or what else kept a call or an estimate from working.
    pub(crate) fn refusal(
        what: &'static str,
        method: &'static str,
        error: &RpcError<TransportErrorKind>,
    ) -> Self {
        let data = error
            .as_error_resp()
            .and_then(|answer| answer.as_revert_data());
        match data {
            Some(data) => Self::Refused {
                what,
                refusal: refusal(&data),
            },
            None => Self::node(method, error),
        }
    }
}

/// The contract's own error with its numbers.
fn refusal(data: &Bytes) -> String {
    if let Ok(error) = IEscrowErrors::abi_decode(data) {
        return inner(&format!("{error:?}"));
    }
    // What it has with the other escrow in common was said by that.
    if let Ok(error) = IRootEscrowErrors::abi_decode(data) {
        return inner(&format!("{error:?}"));
    }
    // Its errors are those of the other factories, and more.
    if let Ok(error) = OfferingFactoryErrors::abi_decode(data) {
        return inner(&format!("{error:?}"));
    }
    if let Ok(error) = MilestonesErrors::abi_decode(data) {
        return inner(&format!("{error:?}"));
    }
    if let Ok(error) = VestingErrors::abi_decode(data) {
        return inner(&format!("{error:?}"));
    }
    if data.is_empty() {
        "it gives no reason".to_owned()
    } else {
        format!("{data}")
    }
}

/// `Closed(Closed { closes: 5 })` without the repeated name.
fn inner(debug: &str) -> String {
    let start = debug.find('(').map_or(0, |place| place + 1);
    let body = debug.get(start..).unwrap_or(debug);
    body.strip_suffix(')').unwrap_or(body).to_owned()
}
