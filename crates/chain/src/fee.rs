//! What gas costs.

use alloy_consensus::Transaction as _;
use alloy_eips::BlockNumberOrTag;
use alloy_rpc_types_eth::FeeHistory;

use crate::{
    block::{MinedBlock, next_base_fee},
    error::ChainError,
    node::Ledger,
};

/// The tip that is proposed: nobody competes for room here. In wei for each unit of gas.
pub(crate) const PROPOSED_TIP: u128 = 1_000_000_000;
/// Blocks of which one answer tells.
const MOST_BLOCKS: u64 = 1_024;

impl Ledger {
    /// Base fee of the next block and the proposed tip, in wei.
    pub(crate) fn gas_price(&self) -> u128 {
        u128::from(next_base_fee(self.chain.newest())).saturating_add(PROPOSED_TIP)
    }

    /// Fees of the last blocks up to one, and tips at these percentiles of each block's gas.
    ///
    /// # Errors
    /// [`ChainError::UnknownBlock`]; [`ChainError::Argument`] for percentiles that do not rise from 0 to 100.
    pub(crate) fn fee_history(
        &self,
        count: u64,
        newest: BlockNumberOrTag,
        percentiles: &[f64],
    ) -> Result<FeeHistory, ChainError> {
        let rising = percentiles.windows(2).all(|pair| pair[0] <= pair[1]);
        let inside = percentiles.iter().all(|part| (0.0..=100.0).contains(part));
        if !rising || !inside {
            return Err(ChainError::Argument {
                index: 2,
                name: "reward percentiles",
                problem: "they rise from 0 to 100".to_owned(),
            });
        }
        let last = self.existing(newest.into())?;
        let count = count.min(MOST_BLOCKS).min(last.saturating_add(1));
        let oldest = last.saturating_add(1).saturating_sub(count);
        let mut history = FeeHistory {
            oldest_block: oldest,
            reward: (!percentiles.is_empty()).then(Vec::new),
            ..FeeHistory::default()
        };
        for block in (oldest..=last)
            .filter_map(|number| self.chain.block(number))
            .take(usize::try_from(count).unwrap_or(usize::MAX))
        {
            let base_fee = block.header.base_fee_per_gas.unwrap_or_default();
            history.base_fee_per_gas.push(u128::from(base_fee));
            history.base_fee_per_blob_gas.push(1);
            history.blob_gas_used_ratio.push(0.0);
            history.gas_used_ratio.push(fullness(block));
            if let Some(rewards) = &mut history.reward {
                rewards.push(tips(block, percentiles));
            }
        }
        if let Some(block) = self.chain.block(last) {
            let next = next_base_fee(&block.header);
            history.base_fee_per_gas.push(u128::from(next));
            history.base_fee_per_blob_gas.push(1);
        }
        Ok(history)
    }
}

/// Gas used as a part of the limit. A float because the answer's form has one; nothing is decided by it.
fn fullness(block: &MinedBlock) -> f64 {
    let part = |gas: u64| f64::from(u32::try_from(gas).unwrap_or(u32::MAX));
    part(block.header.gas_used) / part(block.header.gas_limit)
}

/// The tip below which a part of the block's gas paid, for each of the parts.
fn tips(block: &MinedBlock, percentiles: &[f64]) -> Vec<u128> {
    let base_fee = block.header.base_fee_per_gas.unwrap_or_default();
    let mut paid: Vec<(u128, u64)> = block
        .transactions
        .iter()
        .map(|mined| {
            let tip = mined.transaction.inner().effective_tip_per_gas(base_fee);
            (tip.unwrap_or_default(), mined.gas_used)
        })
        .collect();
    paid.sort_unstable();
    percentiles
        .iter()
        .map(|percentile| {
            let all = f64::from(u32::try_from(block.header.gas_used).unwrap_or(u32::MAX));
            let wanted = all * percentile / 100.0;
            let mut so_far = 0.0;
            let mut at = paid.iter().find(|(_, gas)| {
                so_far += f64::from(u32::try_from(*gas).unwrap_or(u32::MAX));
                so_far >= wanted
            });
            at.take().map_or(0, |(tip, _)| *tip)
        })
        .collect()
}
