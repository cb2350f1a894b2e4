//! From the file back to the chain.

use std::path::Path;

use crate::{
    chain::{Chain, WhenEmpty},
    error::ChainError,
    pool::Pool,
    record::{Record, StoredBlock},
    time::Shift,
    transaction::decode,
};

/// Executes every block of the file again and compares its hash.
///
/// # Errors
/// [`ChainError::Damaged`], [`ChainError::Replay`].
pub(crate) fn replay(
    records: Vec<(u64, Record)>,
    path: &Path,
) -> Result<(Chain, Pool, Shift), ChainError> {
    let damaged = |offset: u64, detail: String| ChainError::Damaged {
        path: path.to_owned(),
        offset,
        detail,
    };
    let mut records = records.into_iter();
    let Some((_, Record::Genesis(genesis))) = records.next() else {
        return Err(damaged(0, "the first record is no beginning".to_owned()));
    };
    let mut chain = Chain::new(genesis);
    let mut pool = Pool::default();
    let mut shift = Shift::default();
    for (offset, record) in records {
        match record {
            Record::Genesis(_) => {
                return Err(damaged(offset, "a second beginning".to_owned()));
            }
            Record::Block(block) => {
                replay_block(&mut chain, &block)?;
                shift.next = None;
                let state = chain.state_at(block.number);
                pool.forget_used(|account| state.account(account).map_or(0, |info| info.nonce));
            }
            Record::Waiting(bytes) => {
                let transaction = decode(&bytes, chain.genesis().chain_id)
                    .map_err(|error| damaged(offset, error.to_string()))?;
                pool.push(transaction);
            }
            Record::Dropped(depth) => {
                chain
                    .drop_blocks(depth)
                    .map_err(|error| damaged(offset, error.to_string()))?;
                pool.take();
            }
            Record::Time(stored) => shift = stored,
        }
    }
    Ok((chain, pool, shift))
}

fn replay_block(chain: &mut Chain, block: &StoredBlock) -> Result<(), ChainError> {
    let differs = || ChainError::Replay {
        number: block.number,
    };
    let chain_id = chain.genesis().chain_id;
    let transactions = block
        .transactions
        .iter()
        .map(|bytes| decode(bytes, chain_id).map_err(|_| differs()))
        .collect::<Result<Vec<_>, _>>()?;
    chain.mine(block.timestamp, transactions, WhenEmpty::Mine);
    if chain.newest().hash() == block.hash {
        Ok(())
    } else {
        Err(differs())
    }
}
