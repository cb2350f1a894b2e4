//! A forger who knows every format: changes what a bundle says, then makes hashes, trees, roots and
//! the manifest fit again, so that only the rules can tell.

use softcap_offering::{Command, Outcome, Sequence};
use softcap_proof::{
    Checkpoint, LeafHash, LeafId, SettlementLeaf, SettlementTree,
    bundle::{BundleFile, FileDigest, Manifest},
    entry::{Entry, decode, encode},
    hex, journal_tree,
};

use crate::workplace::Workplace;

/// A bundle in the folder `result` while it is being forged.
pub(crate) struct Forgery {
    place: Workplace,
    leaves: Vec<Vec<u8>>,
}

impl Forgery {
    /// Begins with the unsigned bundle in `result`.
    pub(crate) fn of(place: Workplace) -> Self {
        let journal = place.bytes("result/journal");
        let (mut leaves, mut rest) = (Vec::new(), &journal[..]);
        while let Some((length, more)) = rest.split_first_chunk() {
            let (leaf, more) = more.split_at(usize::from(u16::from_be_bytes(*length)));
            leaves.push(leaf.to_vec());
            rest = more;
        }
        Self { place, leaves }
    }

    /// A bundle that follows other terms, given out as one of the honest terms.
    pub(crate) fn graft(liar: Workplace, honest: &Workplace) -> Self {
        let mut forgery = Self::of(liar);
        for file in ["result/offering.toml", "result/terms.json"] {
            forgery.place.write(file, honest.bytes(file));
        }
        let terms_hash = |place: &Workplace| {
            let summary = place.json("result/settlement.json");
            summary["terms_hash"].as_str().unwrap().to_owned()
        };
        let (own, other) = (terms_hash(&forgery.place), terms_hash(honest));
        forgery.replace("settlement.json", &own, &other);
        let announced = FileDigest::of(&honest.bytes("result/terms.json")).sha256;
        forgery.change(0, |entry, _| {
            entry.command = Command::Announce {
                terms_hash: announced,
            };
        });
        forgery
    }

    /// Replaces a text that stands exactly once in a file.
    pub(crate) fn replace(&self, file: &str, old: &str, new: &str) {
        self.place.replace(&format!("result/{file}"), old, new);
    }

    /// The number of the entry with a contribution.
    pub(crate) fn entry_of(&self, contribution: &str) -> usize {
        let is_it = |leaf: &Vec<u8>| {
            matches!(decode(leaf).unwrap().0.command,
                Command::Contribute(made) if made.reference == contribution)
        };
        self.leaves.iter().position(is_it).unwrap()
    }

    /// The number of the settlement's entry.
    pub(crate) fn settlement(&self) -> usize {
        let settles = |leaf: &Vec<u8>| decode(leaf).unwrap().0.command == Command::Settle;
        self.leaves.iter().position(settles).unwrap()
    }

    /// Changes an entry and what it did.
    pub(crate) fn change(
        &mut self,
        number: usize,
        change: impl FnOnce(&mut Entry<'_>, &mut Outcome),
    ) {
        let mut forged = Vec::new();
        let (mut entry, mut outcome) = decode(&self.leaves[number]).unwrap();
        change(&mut entry, &mut outcome);
        encode(&entry, &outcome, &mut forged).unwrap();
        self.leaves[number] = forged;
    }

    /// Swaps what happened in two entries; each place keeps its number and time.
    pub(crate) fn swap(&mut self, a: usize, b: usize) {
        let stamps = [a, b].map(|at| decode(&self.leaves[at]).unwrap().0.stamp);
        self.leaves.swap(a, b);
        for (at, stamp) in [a, b].into_iter().zip(stamps) {
            self.change(at, |entry, _| {
                entry.sequence = Sequence(u64::try_from(at).unwrap());
                entry.stamp = stamp;
            });
        }
    }

    /// Takes an entry out and closes the gap.
    pub(crate) fn drop_entry(&mut self, number: usize) {
        self.leaves.remove(number);
        let gone = u64::try_from(number).unwrap();
        for at in number..self.leaves.len() {
            self.change(at, |entry, _| {
                entry.sequence.0 -= 1;
                if let Command::Withdraw { contribution } = &mut entry.command
                    && contribution.0 > gone
                {
                    contribution.0 -= 1;
                }
            });
        }
    }

    /// Makes everything fit: settlement tree, published root, journal, checkpoint, manifest.
    pub(crate) fn seal(mut self) -> Workplace {
        let old = self.place.json("result/settlement.json");
        self.seal_tree(old["settlement_tree"]["root"].as_str().unwrap());
        let hashes: Vec<LeafHash> = self.leaves.iter().map(|leaf| LeafHash::of(leaf)).collect();
        let root = journal_tree::root(&hashes);
        self.replace(
            "settlement.json",
            &format!(
                "\"size\": {},\n    \"root\": {}",
                old["journal"]["size"], old["journal"]["root"]
            ),
            &format!(
                "\"size\": {},\n    \"root\": \"{}\"",
                hashes.len(),
                hex(&root.0)
            ),
        );
        let mut journal = Vec::new();
        for leaf in &self.leaves {
            journal.extend_from_slice(&u16::try_from(leaf.len()).unwrap().to_be_bytes());
            journal.extend_from_slice(leaf);
        }
        let place = self.place;
        place.write("result/journal", journal);
        let hashes: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
        let size = u64::try_from(self.leaves.len()).unwrap();
        let origin = old["journal"]["origin"].as_str().unwrap();
        let checkpoint = Checkpoint::new(origin, size, root).unwrap();
        place.write("result/journal.hashes", hashes);
        place.write("result/checkpoint", checkpoint.to_string());
        let files = BundleFile::ALL
            .into_iter()
            .filter(|file| *file != BundleFile::Manifest)
            .filter(|file| place.path().join("result").join(file.name()).exists())
            .map(|file| {
                let content = place.bytes(&format!("result/{}", file.name()));
                (file, FileDigest::of(&content))
            });
        let manifest = Manifest::new(None, files.collect());
        place.write("result/manifest.json", manifest.to_json());
        place
    }

    /// The tree of what `investors.csv` says now, its root published and in the summary.
    fn seal_tree(&mut self, old_root: &str) {
        let terms = self.place.json("result/terms.json");
        let decimals = |terms: &serde_json::Value| -> usize {
            terms["decimals"].as_str().unwrap().parse().unwrap()
        };
        let currencies: Vec<usize> = terms["currencies"]
            .as_array()
            .unwrap()
            .iter()
            .map(decimals)
            .collect();
        let table = self.place.text("result/investors.csv");
        let leaves: Vec<SettlementLeaf> = table
            .lines()
            .skip(1)
            .map(|line| {
                let fields: Vec<&str> = line.split(',').collect();
                let mut amounts = vec![units(fields[1], decimals(&terms["token"]))];
                for (four, decimals) in fields[2..].chunks(4).zip(&currencies) {
                    amounts.extend([units(four[1], *decimals), units(four[2], *decimals)]);
                }
                SettlementLeaf::new(&LeafId::opaque(fields[0]), &amounts)
            })
            .collect();
        let tree = SettlementTree::from_leaves(&leaves).unwrap();
        let mut content = Vec::new();
        tree.write_to(&mut content).unwrap();
        self.place.write("result/settlement.tree", content);
        let root = tree.root();
        self.replace("settlement.json", old_root, &format!("0x{}", hex(&root.0)));
        self.change(self.leaves.len() - 1, |entry, _| {
            let Command::Publish {
                settlement_root: published,
            } = &mut entry.command
            else {
                panic!("the last entry publishes the root");
            };
            *published = root.0;
        });
    }
}

/// Smallest units of a decimal number.
fn units(number: &str, decimals: usize) -> u128 {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    format!("{whole}{fraction:0<decimals$}").parse().unwrap()
}
