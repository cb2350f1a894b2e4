//! Errors in the form of JSON-RPC, with the codes that other nodes use.

use alloy_primitives::Bytes;
use serde::Serialize;

use crate::error::ChainError;

/// What stands under `error` in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct WireError {
    pub(crate) code: i64,
    pub(crate) message: String,
    /// What reverted code returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Bytes>,
}

const PARSE: i64 = -32_700;
const REQUEST: i64 = -32_600;
const METHOD: i64 = -32_601;
const ARGUMENT: i64 = -32_602;
const INTERNAL: i64 = -32_603;
const SERVER: i64 = -32_000;
const LIMIT: i64 = -32_005;
/// Geth's code of reverted code, which all took over.
const REVERTED: i64 = 3;

impl From<ChainError> for WireError {
    fn from(error: ChainError) -> Self {
        let code = code(&error);
        let message = error.to_string();
        let data = if let ChainError::Reverted { data, .. } = error {
            Some(data)
        } else {
            None
        };
        Self {
            code,
            message,
            data,
        }
    }
}

fn code(error: &ChainError) -> i64 {
    match error {
        ChainError::Json { .. } => PARSE,
        ChainError::Request { .. } | ChainError::Batch { .. } => REQUEST,
        ChainError::Method { .. } | ChainError::NotControlled { .. } => METHOD,
        ChainError::Argument { .. } | ChainError::Time { .. } | ChainError::Depth { .. } => {
            ARGUMENT
        }
        ChainError::Snapshot { .. } | ChainError::Range { .. } => ARGUMENT,
        ChainError::Reverted { .. } => REVERTED,
        ChainError::TooManyLogs { .. } => LIMIT,
        ChainError::Unwritable { .. }
        | ChainError::Unsure
        | ChainError::Defect { .. }
        | ChainError::Folder { .. }
        | ChainError::InUse { .. }
        | ChainError::Damaged { .. }
        | ChainError::Replay { .. }
        | ChainError::OtherChain { .. }
        | ChainError::Accounts { .. }
        | ChainError::Listen { .. } => INTERNAL,
        ChainError::Undecodable { .. }
        | ChainError::Unsupported { .. }
        | ChainError::WrongChain { .. }
        | ChainError::Unprotected
        | ChainError::Signature
        | ChainError::NonceTooLow { .. }
        | ChainError::NonceTooHigh { .. }
        | ChainError::Underpriced { .. }
        | ChainError::Funds { .. }
        | ChainError::GasLimit { .. }
        | ChainError::IntrinsicGas { .. }
        | ChainError::Invalid { .. }
        | ChainError::Known { .. }
        | ChainError::PoolFull
        | ChainError::Halted { .. }
        | ChainError::UnknownBlock { .. } => SERVER,
    }
}
