//! The methods that are answered.

use crate::error::ChainError;

/// What can be asked of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Question(Question),
    Command(Command),
}

/// What anybody may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    Accounts,
    BlockNumber,
    Call,
    ChainId,
    ClientVersion,
    EstimateGas,
    FeeHistory,
    GasPrice,
    GetBalance,
    GetBlockByHash,
    GetBlockByNumber,
    GetBlockReceipts,
    GetCode,
    GetLogs,
    GetStorageAt,
    GetTransactionByHash,
    GetTransactionCount,
    GetTransactionReceipt,
    MaxPriorityFeePerGas,
    NetVersion,
    SendRawTransaction,
    Syncing,
}

/// What moves time or blocks, which only the owner of the chain may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    IncreaseTime,
    Mine,
    Reorganise,
    Revert,
    SetNextBlockTimestamp,
    Snapshot,
}

pub(super) const NAMES: [(&str, Method); 28] = [
    ("eth_accounts", Method::Question(Question::Accounts)),
    ("eth_blockNumber", Method::Question(Question::BlockNumber)),
    ("eth_call", Method::Question(Question::Call)),
    ("eth_chainId", Method::Question(Question::ChainId)),
    (
        "web3_clientVersion",
        Method::Question(Question::ClientVersion),
    ),
    ("eth_estimateGas", Method::Question(Question::EstimateGas)),
    ("eth_feeHistory", Method::Question(Question::FeeHistory)),
    ("eth_gasPrice", Method::Question(Question::GasPrice)),
    ("eth_getBalance", Method::Question(Question::GetBalance)),
    (
        "eth_getBlockByHash",
        Method::Question(Question::GetBlockByHash),
    ),
    (
        "eth_getBlockByNumber",
        Method::Question(Question::GetBlockByNumber),
    ),
    (
        "eth_getBlockReceipts",
        Method::Question(Question::GetBlockReceipts),
    ),
    ("eth_getCode", Method::Question(Question::GetCode)),
    ("eth_getLogs", Method::Question(Question::GetLogs)),
    ("eth_getStorageAt", Method::Question(Question::GetStorageAt)),
    (
        "eth_getTransactionByHash",
        Method::Question(Question::GetTransactionByHash),
    ),
    (
        "eth_getTransactionCount",
        Method::Question(Question::GetTransactionCount),
    ),
    (
        "eth_getTransactionReceipt",
        Method::Question(Question::GetTransactionReceipt),
    ),
    (
        "eth_maxPriorityFeePerGas",
        Method::Question(Question::MaxPriorityFeePerGas),
    ),
    ("net_version", Method::Question(Question::NetVersion)),
    (
        "eth_sendRawTransaction",
        Method::Question(Question::SendRawTransaction),
    ),
    ("eth_syncing", Method::Question(Question::Syncing)),
    ("evm_increaseTime", Method::Command(Command::IncreaseTime)),
    ("evm_mine", Method::Command(Command::Mine)),
    // Anvil's name, so that a test can be run against either.
    ("anvil_reorg", Method::Command(Command::Reorganise)),
    ("evm_revert", Method::Command(Command::Revert)),
    (
        "evm_setNextBlockTimestamp",
        Method::Command(Command::SetNextBlockTimestamp),
    ),
    ("evm_snapshot", Method::Command(Command::Snapshot)),
];

impl Method {
    /// # Errors
    /// [`ChainError::Method`].
    pub(super) fn parse(name: &str) -> Result<Self, ChainError> {
        NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, method)| *method)
            .ok_or_else(|| ChainError::Method {
                // Somebody else's text is not repeated at any length.
                method: name.chars().take(64).collect(),
            })
    }
}

impl Command {
    pub(super) fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(_, method)| *method == Method::Command(self))
            .map_or("", |(name, _)| name)
    }
}
