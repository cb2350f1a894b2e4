//! The leaves of a verified result folder, as an escrow takes them.

use std::{fs::File, path::Path};

use alloy_primitives::{Address, B256};
use softcap_evm::ProvedLeaf;
use softcap_offering::{InvestorId, InvestorIndex, Offering};
use softcap_proof::{TreeFile, bundle::BundleFile, investor_proof::InvestorProof, verify::Trust};

use crate::{bundle_folder::BundleFolder, commands::checked, console::Console, failure::Failure};

/// A result folder that holds together, and its settlement tree.
pub(crate) struct SettlementLeaves {
    offering: Offering,
    tree: TreeFile<File>,
}

impl SettlementLeaves {
    /// Verifies the folder first: a proof from one that does not hold together would prove nothing.
    pub(crate) fn open(bundle: &Path, console: &Console) -> Result<Self, Failure> {
        let folder = BundleFolder::open(bundle)?;
        let kept = checked(&folder, &Trust::default(), console)?;
        let tree = BundleFile::SettlementTree.name();
        let file = folder.file(tree).map_err(|source| Failure::Unreadable {
            file: bundle.join(tree).display().to_string(),
            source,
        })?;
        Ok(Self {
            offering: kept.offering,
            tree: TreeFile::open(file)?,
        })
    }

    /// SHA-256 of the terms' canonical JSON.
    pub(crate) fn terms_hash(&self) -> B256 {
        B256::from(self.offering.terms_hash())
    }

    /// Chain and escrow that the record follows, where it does.
    pub(crate) fn escrow(&self) -> Option<(u64, Address)> {
        let escrow = self.offering.escrow()?;
        Some((escrow.chain_id, Address::from(escrow.contract)))
    }

    /// What is posted.
    pub(crate) fn root(&self) -> B256 {
        B256::from(self.tree.root().0)
    }

    pub(crate) fn count(&self) -> usize {
        self.offering.investor_count()
    }

    /// The leaf at a place, in the order of the tree.
    pub(crate) fn at(&mut self, place: usize) -> Result<ProvedLeaf, Failure> {
        let index = InvestorIndex(u32::try_from(place).unwrap_or(u32::MAX));
        let investor = self.offering.investor(index);
        leaf(&self.offering, &mut self.tree, investor)
    }

    /// The leaf of a wallet; `None` where it took no part.
    pub(crate) fn of(&mut self, wallet: Address) -> Result<Option<ProvedLeaf>, Failure> {
        let investor = InvestorId::Address(wallet.into());
        if self.offering.find_investor(investor).is_none() {
            return Ok(None);
        }
        leaf(&self.offering, &mut self.tree, investor).map(Some)
    }
}

fn leaf(
    offering: &Offering,
    tree: &mut TreeFile<File>,
    investor: InvestorId<'_>,
) -> Result<ProvedLeaf, Failure> {
    let proof = InvestorProof::new(offering, investor, tree)?;
    ProvedLeaf::new(&proof).ok_or_else(|| Failure::Argument {
        flag: "bundle",
        problem: format!("the leaf of {investor} is none that an escrow takes"),
        allowed: "a settlement in one currency, whose investors are all addresses of wallets",
    })
}
