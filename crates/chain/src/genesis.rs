//! What a chain begins with.

use alloy_primitives::{Address, U256};

/// Gas that a block may hold, as on public chains in 2025.
pub(crate) const GAS_LIMIT: u64 = 36_000_000;
/// The first block's base fee in wei: one gwei.
pub(crate) const FIRST_BASE_FEE: u64 = 1_000_000_000;
/// The number that development tools use for chains that are nobody's.
pub const USUAL_CHAIN_ID: u64 = 31_337;

/// Block 0: everything that later blocks follow from, besides their transactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Genesis {
    /// The number that signatures are bound to (EIP-155).
    pub(crate) chain_id: u64,
    /// Unix seconds.
    pub(crate) timestamp: u64,
    /// What accounts hold at first, in wei.
    pub(crate) balances: Vec<(Address, U256)>,
}
