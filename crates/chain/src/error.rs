//! What can go wrong on the chain.

use std::{io, net::SocketAddr, path::PathBuf};

use alloy_primitives::{B256, Bytes, U256};

/// Something was not done, or the chain cannot be opened.
///
/// Sentences about transactions begin with the words that other nodes use, because wallets look for them.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The folder cannot be used.
    #[error("E101: cannot use {}: {source}; give a folder that this user may write", path.display())]
    Folder {
        /// The folder or a file in it.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another process has the chain open.
    #[error("E102: the chain in {} is in use; stop the other program first", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The file of blocks holds what was never written.
    #[error(
        "E103: {} is damaged at byte {offset}: {detail}; restore a copy, or begin a new chain in another folder", path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the record begins.
        offset: u64,
        /// What is wrong.
        detail: String,
    },
    /// A block came out differently when it was executed again.
    #[error(
        "E104: block {number} comes out differently than when it was made; open the chain with the version of softcap that made it"
    )]
    Replay {
        /// The block.
        number: u64,
    },
    /// The folder holds a chain with another beginning.
    #[error(
        "E105: the chain there has {there}, not {asked}; leave the option out, or give another folder"
    )]
    OtherChain {
        /// What is stored.
        there: String,
        /// What was asked for.
        asked: String,
    },
    /// A record could not be written. Nothing changed.
    #[error(
        "E106: the chain's file cannot be written: {source}; make room, nothing needs a restart"
    )]
    Unwritable {
        /// What the system says.
        source: io::Error,
    },
    /// It is not known what is on the disk.
    #[error(
        "E107: the disk refused to keep a block; start the chain again, it goes on from what is stored"
    )]
    Unsure,
    /// The accounts cannot be made.
    #[error("E108: {problem}; allowed: at most 1000 accounts")]
    Accounts {
        /// What is wrong.
        problem: String,
    },
    /// The address cannot be listened on.
    #[error("E109: cannot listen on {address}: {source}; give a free address with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },

    /// The bytes are no signed transaction.
    #[error("E201: transaction cannot be decoded: {problem}")]
    Undecodable {
        /// What is wrong.
        problem: String,
    },
    /// A kind of transaction that this chain does not take.
    #[error(
        "E202: transaction type not supported: {kind}; send a legacy, an access list or a dynamic fee transaction"
    )]
    Unsupported {
        /// The kind.
        kind: &'static str,
    },
    /// Signed for another chain.
    #[error("E203: invalid chain id for signer: have {signed}, want {expected}")]
    WrongChain {
        /// What was signed.
        signed: u64,
        /// This chain.
        expected: u64,
    },
    /// Signed for every chain, so that anybody could send it elsewhere.
    #[error("E204: only replay-protected (EIP-155) transactions allowed")]
    Unprotected,
    /// The signature belongs to nobody.
    #[error("E205: invalid sender: the signature is of no key")]
    Signature,
    /// The nonce was used.
    #[error("E206: nonce too low: next nonce {expected}, tx nonce {nonce}")]
    NonceTooLow {
        /// The transaction's.
        nonce: u64,
        /// The next one.
        expected: u64,
    },
    /// The nonces before it are missing.
    #[error(
        "E207: nonce too high: next nonce {expected}, tx nonce {nonce}; send those between first"
    )]
    NonceTooHigh {
        /// The transaction's.
        nonce: u64,
        /// The next one.
        expected: u64,
    },
    /// The base fee is higher than what is offered.
    #[error(
        "E208: max fee per gas less than block base fee: transaction underpriced, base fee {base_fee} wei"
    )]
    Underpriced {
        /// Of the block that was to hold it.
        base_fee: u64,
    },
    /// The sender cannot pay.
    #[error("E209: insufficient funds for gas * price + value: have {balance} want {needed}")]
    Funds {
        /// What the account holds, in wei.
        balance: U256,
        /// The most that it could cost, in wei.
        needed: U256,
    },
    /// More gas than a block has.
    #[error("E210: exceeds block gas limit: at most {limit}")]
    GasLimit {
        /// Of a block.
        limit: u64,
    },
    /// Less gas than every such transaction uses.
    #[error("E211: intrinsic gas too low: have {given}, want {needed}")]
    IntrinsicGas {
        /// The transaction's limit.
        given: u64,
        /// What it uses at least.
        needed: u64,
    },
    /// Another rule of the protocol.
    #[error("E212: invalid transaction: {rule}")]
    Invalid {
        /// The rule.
        rule: String,
    },
    /// It waits already, or is in a block.
    #[error("E213: already known: {hash}")]
    Known {
        /// The transaction.
        hash: B256,
    },
    /// Too much waits for a block.
    #[error("E214: txpool is full; wait for the next block")]
    PoolFull,

    /// The code took back what it did.
    #[error("{}", reverted(.reason.as_deref()))]
    Reverted {
        /// The reason, where it is text.
        reason: Option<String>,
        /// What the code returned.
        data: Bytes,
    },
    /// The code could not go on.
    #[error("E302: execution stopped: {cause}")]
    Halted {
        /// Why, or out of gas.
        cause: String,
    },
    /// No block has this number or hash.
    #[error("E303: header not found: {asked}")]
    UnknownBlock {
        /// What was asked for.
        asked: String,
    },
    /// More logs than one answer holds.
    #[error("E304: query returned more than {limit} results; ask for fewer blocks")]
    TooManyLogs {
        /// The most.
        limit: usize,
    },
    /// A range that ends before it begins.
    #[error("E305: invalid block range: from {from} to {to}")]
    Range {
        /// First block.
        from: u64,
        /// Last block.
        to: u64,
    },

    /// Time would run back, or beyond the year 9999.
    #[error(
        "E401: timestamp {asked} is not allowed: from {earliest} on, and before the year 10000"
    )]
    Time {
        /// What was asked for, in unix seconds.
        asked: String,
        /// The newest block's.
        earliest: u64,
    },
    /// There are not so many blocks to drop.
    #[error("E402: cannot drop {depth} blocks: the newest is {newest}")]
    Depth {
        /// How many.
        depth: u64,
        /// Number of the newest block.
        newest: u64,
    },
    /// No snapshot has this number, or the block it was of is gone.
    #[error("E403: there is no snapshot {id}")]
    Snapshot {
        /// What was asked for.
        id: String,
    },
    /// The chain was started without control over time.
    #[error("E404: the method {method} is not available: start the chain with --time-control")]
    NotControlled {
        /// The method.
        method: &'static str,
    },

    /// Not JSON.
    #[error("E501: parse error: {problem}")]
    Json {
        /// What is wrong.
        problem: String,
    },
    /// JSON, but no request.
    #[error("E502: invalid request: {problem}")]
    Request {
        /// What is wrong.
        problem: String,
    },
    /// No such method.
    #[error("E503: the method {method} does not exist/is not available")]
    Method {
        /// What was asked for.
        method: String,
    },
    /// The arguments do not fit.
    #[error("E504: invalid argument {index} ({name}): {problem}")]
    Argument {
        /// From 0.
        index: usize,
        /// What it is.
        name: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// More requests at once than are answered.
    #[error("E505: batch too large: at most {limit} requests")]
    Batch {
        /// The most.
        limit: usize,
    },
    /// A defect.
    #[error("E901: {problem}")]
    Defect {
        /// What happened.
        problem: String,
    },
}

/// Without a code, because programs look for exactly these words.
fn reverted(reason: Option<&str>) -> String {
    reason.map_or_else(
        || "execution reverted".to_owned(),
        |reason| format!("execution reverted: {reason}"),
    )
}
