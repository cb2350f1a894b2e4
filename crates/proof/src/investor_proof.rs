//! What one investor needs to claim: the values of their leaf, its proof, and the numbers of their
//! contributions' entries.

use std::io::{Read, Seek};

use serde::Serialize;
use softcap_offering::{ContributionIndex, InvestorId, Offering};

use crate::bundle::{leaf_encoding, leaf_id, push_leaf_amounts};
use crate::error::ProofError;
use crate::hex::hex;
use crate::settlement_file::TreeFile;
use crate::settlement_leaf::{LeafId, SettlementLeaf};
use crate::settlement_tree::{SettlementNode, SettlementRoot, verify};

/// The proof of one investor's settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvestorProof {
    /// The investor's id.
    pub investor: String,
    /// Root of the settlement tree.
    pub root: SettlementRoot,
    /// Types of the leaf's values.
    pub types: Vec<&'static str>,
    /// First value of the leaf.
    pub id: LeafId,
    /// The other values: tokens, then accepted and refunded per currency of the terms.
    pub amounts: Vec<u128>,
    /// The siblings up to the root, nearest first.
    pub proof: Vec<SettlementNode>,
    /// Sequence numbers of the entries of the investor's contributions.
    pub contributions: Vec<u64>,
}

impl InvestorProof {
    /// Takes the values from the settled offering and the proof from its tree, and checks that they
    /// belong together.
    ///
    /// # Errors
    /// [`ProofError::NotSettled`], [`ProofError::InvestorUnknown`],
    /// [`ProofError::SettlementProofInvalid`] when the tree is of another settlement, and those of
    /// reading it.
    pub fn new<R: Read + Seek>(
        offering: &Offering,
        investor: InvestorId<'_>,
        tree: &mut TreeFile<R>,
    ) -> Result<Self, ProofError> {
        if offering.settlement().is_none() {
            return Err(ProofError::NotSettled);
        }
        let unknown = || ProofError::InvestorUnknown {
            investor: investor.to_string(),
        };
        let index = offering.find_investor(investor).ok_or_else(unknown)?;
        let place = index.index();
        let encoding = leaf_encoding(offering);
        let id = leaf_id(investor, encoding.id);
        let mut rows = offering.investor_rows_from(place, place + 1);
        let mut amounts = Vec::new();
        push_leaf_amounts(&rows.next().ok_or_else(unknown)?, &mut amounts);

        let found = tree.proof(place as u64)?;
        verify(
            &tree.root(),
            &SettlementLeaf::new(&id, &amounts),
            &found.proof,
        )?;
        let sequence = |index: ContributionIndex| offering.row(index).sequence.0;
        Ok(Self {
            investor: investor.to_string(),
            root: tree.root(),
            types: encoding.types(),
            id,
            amounts,
            proof: found.proof,
            contributions: offering.contributions_of(index).map(sequence).collect(),
        })
    }

    /// As JSON: `root`, `types`, `values` and `proof` are the arguments of
    /// `StandardMerkleTree.verify` of `@openzeppelin/merkle-tree`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let bytes = |bytes: &[u8]| format!("0x{}", hex(bytes));
        let id = match &self.id {
            LeafId::Address(address) => bytes(address),
            LeafId::Opaque(hash) => bytes(hash),
        };
        let amounts = self.amounts.iter().map(u128::to_string);
        let json = InvestorProofJson {
            format: "softcap-proof-1",
            investor: &self.investor,
            root: bytes(&self.root.0),
            types: &self.types,
            values: std::iter::once(id).chain(amounts).collect(),
            proof: self.proof.iter().map(|node| bytes(&node.0)).collect(),
            contributions: &self.contributions,
        };
        // Strings and numbers always have a JSON form.
        serde_json::to_string_pretty(&json).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct InvestorProofJson<'a> {
    format: &'static str,
    investor: &'a str,
    root: String,
    types: &'a [&'static str],
    values: Vec<String>,
    proof: Vec<String>,
    contributions: &'a [u64],
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::bundle::tests::small_bundle;
    use crate::verify::{Trust, verify_and_keep};

    #[test]
    fn every_investor_has_a_proof_and_strangers_have_none() {
        for addresses in [false, true] {
            let folder = small_bundle(None, false, addresses);
            let kept = verify_and_keep(&folder, &Trust::default(), &mut |_| {}).unwrap();
            let mut tree = TreeFile::open(Cursor::new(&folder["settlement.tree"])).unwrap();
            let summary: serde_json::Value =
                serde_json::from_slice(&folder["settlement.json"]).unwrap();
            let mut entries = Vec::new();
            let table = String::from_utf8(folder["investors.csv"].clone()).unwrap();
            for row in table.lines().skip(1) {
                let id = InvestorId::parse(row.split(',').next().unwrap()).unwrap();
                let proof = InvestorProof::new(&kept.offering, id, &mut tree).unwrap();
                let json: serde_json::Value = serde_json::from_str(&proof.to_json()).unwrap();
                assert_eq!(json["root"], summary["settlement_tree"]["root"]);
                assert_eq!(json["types"], summary["settlement_tree"]["leaf_encoding"]);
                assert_eq!(json["values"].as_array().unwrap().len(), 6);
                entries.extend(proof.contributions);
            }
            entries.sort_unstable();
            assert_eq!(entries, [1, 2, 3, 4, 5, 6]);
            let stranger = InvestorId::Opaque("nobody");
            let error = InvestorProof::new(&kept.offering, stranger, &mut tree).unwrap_err();
            assert_eq!(error.code(), "P505");
        }
    }

    #[test]
    fn a_tree_of_another_settlement_is_refused() {
        let folder = small_bundle(None, false, false);
        let kept = verify_and_keep(&folder, &Trust::default(), &mut |_| {}).unwrap();
        let other = small_bundle(None, false, true);
        let mut tree = TreeFile::open(Cursor::new(&other["settlement.tree"])).unwrap();
        let error = InvestorProof::new(&kept.offering, InvestorId::Opaque("p1"), &mut tree);
        assert_eq!(error.unwrap_err().code(), "P303");
    }
}
