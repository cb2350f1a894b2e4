//! The leaves of a root: those of the record's settlement, and false ones.

use alloy_primitives::{B256, U256};
use softcap_evm::bindings::root_escrow::IRootEscrow::Leaf;
use softcap_offering::InvestorId;
use softcap_proof::{LeafId, SettlementLeaf, SettlementTree, bundle::settlement_tree};

use super::acts::{Proof, Root};
use super::rules::Rules;
use crate::acts::INVESTORS;
use crate::chain::{investor, who};
use crate::engine::Engine;

/// A root with all of its leaves.
#[derive(Clone, Debug)]
pub(crate) struct Leaves {
    pub(crate) all: Vec<Leaf>,
    tree: SettlementTree,
}

impl Leaves {
    fn of(all: Vec<Leaf>) -> Self {
        let hashes: Vec<SettlementLeaf> = all.iter().map(hash).collect();
        let tree = SettlementTree::from_leaves(&hashes).unwrap();
        Self { all, tree }
    }

    /// Of the record's settlement; `None` where nobody took part.
    pub(crate) fn of_record(engine: &Engine) -> Option<Self> {
        let offering = &engine.offering;
        let mut rows = offering.investor_rows_from(0, offering.investor_count());
        let mut all = Vec::new();
        while let Some(row) = rows.next() {
            let InvestorId::Address(address) = row.id else {
                panic!("no address");
            };
            let [money] = row.totals else {
                panic!("not one currency");
            };
            all.push(Leaf {
                investor: address.into(),
                tokens: U256::from(row.tokens.0),
                accepted: U256::from(money.accepted.0),
                refunded: U256::from(money.refunded.0),
            });
        }
        let tree = settlement_tree(offering).unwrap()?;
        let own = Self::of(all);
        assert_eq!(own.tree.root(), tree.root(), "the rows are the leaves");
        Some(own)
    }

    /// A root that may say something else than the record; there is always one.
    pub(crate) fn posted(root: Root, engine: &Engine, rules: &Rules) -> Self {
        let settled = engine.offering.settlement().is_some();
        let record = if settled {
            Self::of_record(engine)
        } else {
            None
        };
        let mut all = record.map_or_else(|| everything_back(rules), |record| record.all);
        falsify(root, &mut all, rules);
        Self::of(all)
    }

    pub(crate) fn root(&self) -> B256 {
        B256::from(self.tree.root().0)
    }

    /// The leaf of an investor, or of whoever is there; with a proof, and whether it is its own.
    pub(crate) fn of_investor(&self, of: usize, proof: Proof) -> (Leaf, Vec<B256>, bool) {
        let mut places = self.all.iter().enumerate();
        let place = places.position(|(_, leaf)| who(leaf.investor) == of);
        let place = place.unwrap_or(0);
        let leaf = self.all[place].clone();
        let mut path = self.path(place);
        if proof == Proof::Foreign {
            path.push(B256::repeat_byte(7));
        }
        (leaf, path, proof == Proof::Own)
    }

    pub(crate) fn path(&self, place: usize) -> Vec<B256> {
        let path = self.tree.proof(place).unwrap();
        path.iter().map(|node| B256::from(node.0)).collect()
    }
}

fn hash(leaf: &Leaf) -> SettlementLeaf {
    let id = LeafId::Address(leaf.investor.into());
    let amounts = [leaf.tokens, leaf.accepted, leaf.refunded];
    SettlementLeaf::new(&id, &amounts.map(|amount| amount.to::<u128>()))
}

fn everything_back(rules: &Rules) -> Vec<Leaf> {
    let leaf = |who: usize| Leaf {
        investor: investor(who),
        tokens: U256::ZERO,
        accepted: U256::ZERO,
        refunded: U256::from(rules.people[who].money),
    };
    (0..INVESTORS).map(leaf).collect()
}

fn falsify(root: Root, all: &mut [Leaf], rules: &Rules) {
    match root {
        Root::Record | Root::Zero => {}
        Root::Nothing => all.iter_mut().for_each(|leaf| leaf.tokens = U256::ZERO),
        Root::Swapped => {
            let other =
                |leaf: &&Leaf| (leaf.accepted, leaf.refunded) != (all[0].accepted, all[0].refunded);
            let place = all.iter().position(|leaf| other(&leaf)).unwrap_or(0);
            let (first, second) = (all[0].investor, all[place].investor);
            (all[0].investor, all[place].investor) = (second, first);
        }
        Root::Elsewhere => {
            let more = |leaf: &mut Leaf| leaf.refunded += U256::from(1);
            all.iter_mut().for_each(more);
        }
        Root::Tokens => {
            let most = rules.terms.forSale + U256::from(1);
            let mut buyers = all.iter_mut().filter(|leaf| !leaf.accepted.is_zero());
            if let Some(leaf) = buyers.next() {
                leaf.tokens = most;
            }
        }
        Root::Money => {
            for leaf in all {
                let person = rules.people[who(leaf.investor)];
                if person.money == 0 {
                    continue;
                }
                leaf.accepted = U256::from(person.money);
                leaf.refunded = U256::ZERO;
                let exact = leaf.accepted * rules.terms.priceUnit / U256::from(person.limit);
                leaf.tokens = exact.max(U256::from(1)).min(U256::from(u128::MAX));
            }
        }
    }
}
