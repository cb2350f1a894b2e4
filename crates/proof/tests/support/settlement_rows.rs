//! Settlement rows that are the same on every machine.
#![allow(
    clippy::expect_used,
    reason = "a test that cannot go on says why and fails"
)]

use sha2::{Digest, Sha256};
use softcap_proof::{LeafEncoding, LeafId, LeafIdKind, SettlementLeaf, SettlementTree};

/// One investor: id, tokens, accepted and refunded.
pub(crate) struct Row {
    pub(crate) id: LeafId,
    pub(crate) amounts: Vec<u128>,
}

impl Row {
    pub(crate) fn leaf(&self) -> SettlementLeaf {
        SettlementLeaf::new(&self.id, &self.amounts)
    }
}

/// `count` rows whose digits come from SHA-256; every seventh amount is an extreme.
pub(crate) fn rows(encoding: LeafEncoding, count: usize) -> Vec<Row> {
    (0..count).map(|number| row(encoding, number)).collect()
}

fn row(encoding: LeafEncoding, number: usize) -> Row {
    let digest = |part: usize| -> [u8; 32] {
        Sha256::digest(format!("settlement row {number} part {part}")).into()
    };
    let id = match encoding.id {
        LeafIdKind::Address => LeafId::Address(std::array::from_fn(|i| digest(0)[i])),
        LeafIdKind::Opaque => LeafId::opaque(&format!("investor {number}")),
    };
    let amounts = (1..=encoding.amounts)
        .map(|part| match (number + part) % 14 {
            0 => 0,
            7 => u128::MAX,
            _ => u128::from_be_bytes(std::array::from_fn(|i| digest(part)[i])),
        })
        .collect();
    Row { id, amounts }
}

pub(crate) fn tree(rows: &[Row]) -> SettlementTree {
    SettlementTree::build(rows.len(), |i| rows[i].leaf()).expect("at least one row")
}
