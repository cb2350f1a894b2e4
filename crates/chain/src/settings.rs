//! How a chain is run.

use crate::time::Clock;

/// How a chain is run. What a stored chain already decided may be left open.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The chain's number; [`crate::USUAL_CHAIN_ID`] for a new one.
    pub chain_id: Option<u64>,
    /// How many accounts are funded at first; [`USUAL_ACCOUNTS`] for a new chain.
    pub accounts: Option<u32>,
    /// When there is a block.
    pub blocks: Blocks,
    /// Where time comes from.
    pub clock: Clock,
}

/// Accounts of a chain of which nothing else was said.
pub const USUAL_ACCOUNTS: u32 = 10;

/// When there is a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocks {
    /// As soon as there is a transaction. Those that come while a block is written share the next one.
    WithTransactions,
    /// When [`crate::Node::mine`] is called; until then transactions wait.
    WhenTold,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            chain_id: None,
            accounts: None,
            blocks: Blocks::WithTransactions,
            clock: Clock::System,
        }
    }
}
