//! What the chain's file remembers: signed transactions by block, from which all else follows.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_rlp::{Decodable, Encodable, RlpDecodable, RlpEncodable};

use crate::{genesis::Genesis, time::Shift};

/// Version of the form below, in the first record.
const VERSION: u64 = 1;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    /// The beginning; the first record and no other.
    Genesis(Genesis),
    /// A block.
    Block(StoredBlock),
    /// A transaction that waits for a block.
    Waiting(Bytes),
    /// So many of the newest blocks went.
    Dropped(u64),
    /// The time was set.
    Time(Shift),
}

/// A block: what it is made from, and the hash that it must come to again.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub(crate) struct StoredBlock {
    pub(crate) number: u64,
    pub(crate) timestamp: u64,
    pub(crate) hash: B256,
    /// As they were signed (EIP-2718).
    pub(crate) transactions: Vec<Bytes>,
}

#[derive(RlpEncodable, RlpDecodable)]
struct StoredGenesis {
    version: u64,
    chain_id: u64,
    timestamp: u64,
    balances: Vec<StoredBalance>,
}

#[derive(RlpEncodable, RlpDecodable)]
struct StoredBalance {
    address: Address,
    balance: U256,
}

#[derive(RlpEncodable, RlpDecodable)]
struct StoredTime {
    /// Two's complement.
    offset: u64,
    /// None or one.
    next: Vec<u64>,
}

const GENESIS: u8 = 1;
const BLOCK: u8 = 2;
const WAITING: u8 = 3;
const DROPPED: u8 = 4;
const TIME: u8 = 5;

impl Record {
    /// A byte for the kind, then RLP.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let (kind, content): (u8, Box<dyn Encodable + '_>) = match self {
            Self::Genesis(genesis) => (
                GENESIS,
                Box::new(StoredGenesis {
                    version: VERSION,
                    chain_id: genesis.chain_id,
                    timestamp: genesis.timestamp,
                    balances: genesis
                        .balances
                        .iter()
                        .map(|(address, balance)| StoredBalance {
                            address: *address,
                            balance: *balance,
                        })
                        .collect(),
                }),
            ),
            Self::Block(block) => (BLOCK, Box::new(block)),
            Self::Waiting(transaction) => (WAITING, Box::new(transaction)),
            Self::Dropped(depth) => (DROPPED, Box::new(depth)),
            Self::Time(shift) => (
                TIME,
                Box::new(StoredTime {
                    offset: u64::from_be_bytes(shift.offset.to_be_bytes()),
                    next: shift.next.into_iter().collect(),
                }),
            ),
        };
        let mut bytes = vec![kind];
        content.encode(&mut bytes);
        bytes
    }

    /// # Errors
    /// What is wrong, in words.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, String> {
        let (kind, mut content) = bytes.split_first().ok_or("an empty record")?;
        let record = match *kind {
            GENESIS => {
                let stored: StoredGenesis = exactly(&mut content)?;
                if stored.version != VERSION {
                    return Err(format!("version {} is not known here", stored.version));
                }
                Self::Genesis(Genesis {
                    chain_id: stored.chain_id,
                    timestamp: stored.timestamp,
                    balances: stored
                        .balances
                        .into_iter()
                        .map(|held| (held.address, held.balance))
                        .collect(),
                })
            }
            BLOCK => Self::Block(exactly(&mut content)?),
            WAITING => Self::Waiting(exactly(&mut content)?),
            DROPPED => Self::Dropped(exactly(&mut content)?),
            TIME => {
                let stored: StoredTime = exactly(&mut content)?;
                Self::Time(Shift {
                    offset: i64::from_be_bytes(stored.offset.to_be_bytes()),
                    next: stored.next.first().copied(),
                })
            }
            other => return Err(format!("a record of unknown kind {other}")),
        };
        Ok(record)
    }
}

fn exactly<T: Decodable>(content: &mut &[u8]) -> Result<T, String> {
    let value = T::decode(content).map_err(|error| error.to_string())?;
    if content.is_empty() {
        Ok(value)
    } else {
        Err(format!("{} bytes follow the record", content.len()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn records() -> impl Strategy<Value = Record> {
        let bytes = proptest::collection::vec(any::<u8>(), 0..40).prop_map(Bytes::from);
        prop_oneof![
            (any::<u64>(), any::<u64>(), any::<[u8; 20]>(), any::<u128>()).prop_map(
                |(chain_id, timestamp, address, balance)| Record::Genesis(Genesis {
                    chain_id,
                    timestamp,
                    balances: vec![(Address::from(address), U256::from(balance))],
                })
            ),
            (
                any::<u64>(),
                any::<u64>(),
                any::<[u8; 32]>(),
                proptest::collection::vec(bytes.clone(), 0..4)
            )
                .prop_map(|(number, timestamp, hash, transactions)| {
                    Record::Block(StoredBlock {
                        number,
                        timestamp,
                        hash: B256::from(hash),
                        transactions,
                    })
                }),
            bytes.prop_map(Record::Waiting),
            any::<u64>().prop_map(Record::Dropped),
            (any::<i64>(), any::<Option<u64>>())
                .prop_map(|(offset, next)| Record::Time(Shift { offset, next })),
        ]
    }

    proptest! {
        #[test]
        fn a_record_reads_as_it_was_written(record in records()) {
            prop_assert_eq!(Record::decode(&record.encode()), Ok(record));
        }

        #[test]
        fn any_bytes_are_a_record_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(record) = Record::decode(&bytes) {
                prop_assert_eq!(Record::decode(&record.encode()), Ok(record));
            }
        }
    }
}
