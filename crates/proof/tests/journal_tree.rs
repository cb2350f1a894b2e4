//! The journal tree against published vectors, against the recursive definitions of the RFCs, and
//! against the `tlog_tiles` crate (a port of Go's `sumdb/tlog`).
#![allow(
    clippy::expect_used,
    reason = "a test that cannot go on says why and fails"
)]

#[path = "support/hex.rs"]
mod hex;

use hex::hash;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use softcap_proof::journal_tree::{
    consistency_proof, inclusion_proof, parallel_root, root, verify_consistency, verify_inclusion,
};
use softcap_proof::{JournalTree, LeafHash, NodeHash, ProofError, Root};

/// The inputs of certificate-transparency's reference tests and the root after each of them.
const CT_VECTORS: [(&[u8], &str); 8] = [
    (
        b"",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    ),
    (
        b"\x00",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    ),
    (
        b"\x10",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    ),
    (
        b"\x20\x21",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (
        b"\x30\x31",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    ),
    (
        b"\x40\x41\x42\x43",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    ),
    (
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    ),
    (
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ),
];

fn ct_leaves() -> Vec<LeafHash> {
    CT_VECTORS
        .iter()
        .map(|(entry, _)| LeafHash::of(entry))
        .collect()
}

fn nodes(hashes: &[&str]) -> Vec<NodeHash> {
    hashes.iter().map(|hex| NodeHash(hash(hex))).collect()
}

#[test]
fn roots_are_those_of_the_reference_vectors() {
    let leaves = ct_leaves();
    let mut tree = JournalTree::new();
    let empty = hash("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(tree.root(), Root(empty));
    for (index, (_, expected)) in CT_VECTORS.iter().enumerate() {
        assert_eq!(tree.append(leaves[index]), index as u64);
        assert_eq!(tree.root(), Root(hash(expected)), "after leaf {index}");
        assert_eq!(root(&leaves[..=index]), Root(hash(expected)));
    }
}

#[test]
fn proofs_are_those_of_the_reference_vectors() {
    let leaves = ct_leaves();
    let first_of_eight = [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ];
    let six_to_eight = [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ];
    assert_eq!(
        inclusion_proof(&leaves, 0).expect("a leaf"),
        nodes(&first_of_eight)
    );
    assert_eq!(
        consistency_proof(&leaves, 6).expect("smaller"),
        nodes(&six_to_eight)
    );
}

/// `MTH`, `PATH` and `PROOF` written down as RFC 6962 section 2.1 defines them.
mod naive {
    use super::{Digest, LeafHash, Sha256};

    fn split(n: usize) -> usize {
        let mut k = 1;
        while 2 * k < n {
            k *= 2;
        }
        k
    }

    pub(crate) fn mth(d: &[LeafHash]) -> [u8; 32] {
        match d {
            [] => Sha256::digest(b"").into(),
            [leaf] => leaf.0,
            _ => {
                let k = split(d.len());
                Sha256::digest([&[1][..], &mth(&d[..k]), &mth(&d[k..])].concat()).into()
            }
        }
    }

    pub(crate) fn path(m: usize, d: &[LeafHash]) -> Vec<[u8; 32]> {
        if d.len() == 1 {
            return Vec::new();
        }
        let k = split(d.len());
        let (mut rest, sibling) = if m < k {
            (path(m, &d[..k]), mth(&d[k..]))
        } else {
            (path(m - k, &d[k..]), mth(&d[..k]))
        };
        rest.push(sibling);
        rest
    }

    pub(crate) fn subproof(m: usize, d: &[LeafHash], complete: bool) -> Vec<[u8; 32]> {
        if m == d.len() {
            return if complete { Vec::new() } else { vec![mth(d)] };
        }
        let k = split(d.len());
        let (mut rest, sibling) = if m <= k {
            (subproof(m, &d[..k], complete), mth(&d[k..]))
        } else {
            (subproof(m - k, &d[k..], false), mth(&d[..k]))
        };
        rest.push(sibling);
        rest
    }
}

fn numbered(count: usize) -> Vec<LeafHash> {
    (0..count as u64)
        .map(|i| LeafHash::of(&i.to_le_bytes()))
        .collect()
}

fn bare(proof: &[NodeHash]) -> Vec<[u8; 32]> {
    proof.iter().map(|node| node.0).collect()
}

#[test]
fn every_small_tree_equals_the_recursive_definition() {
    let all = numbered(70);
    let mut tree = JournalTree::new();
    for size in 1..=all.len() {
        let leaves = &all[..size];
        tree.append(all[size - 1]);
        let new_root = Root(naive::mth(leaves));
        assert_eq!(tree.root(), new_root);
        for index in 0..size {
            let proof = inclusion_proof(leaves, index as u64).expect("a leaf");
            assert_eq!(
                bare(&proof),
                naive::path(index, leaves),
                "leaf {index} of {size}"
            );
            verify_inclusion(&new_root, size as u64, index as u64, &leaves[index], &proof)
                .expect("its own proof");
        }
        for old in 1..=size {
            let proof = consistency_proof(leaves, old as u64).expect("smaller");
            assert_eq!(
                bare(&proof),
                naive::subproof(old, leaves, true),
                "{old} to {size}"
            );
            let old_root = Root(naive::mth(&leaves[..old]));
            verify_consistency(&old_root, old as u64, &new_root, size as u64, &proof)
                .expect("its own proof");
        }
    }
}

#[test]
fn threads_do_not_change_the_root() {
    let all = numbered(20_000);
    for size in [0, 1, 4095, 4096, 4097, 8192, 8193, 12_289, 20_000] {
        assert_eq!(
            parallel_root(&all[..size]),
            root(&all[..size]),
            "{size} leaves"
        );
    }
}

/// `tlog_tiles` keeps every complete subtree's hash; this is its store in memory.
struct Stored(Vec<tlog_tiles::tlog::Hash>);

impl tlog_tiles::tlog::HashReader for Stored {
    fn read_hashes(
        &self,
        indexes: &[u64],
    ) -> Result<Vec<tlog_tiles::tlog::Hash>, tlog_tiles::tlog::Error> {
        Ok(indexes.iter().map(|i| self.0[*i as usize]).collect())
    }
}

#[test]
fn tlog_tiles_makes_the_same_roots_and_proofs() {
    use tlog_tiles::tlog::{
        Hash, check_record, check_tree, prove_record, prove_tree, stored_hashes_for_record_hash,
        tree_hash,
    };
    let all = numbered(150);
    let mut store = Stored(Vec::new());
    for (index, leaf) in all.iter().enumerate() {
        let new = stored_hashes_for_record_hash(index as u64, Hash(leaf.0), &store);
        store.0.extend(new.expect("earlier hashes are stored"));
    }
    let theirs = |proof: &[NodeHash]| proof.iter().map(|node| Hash(node.0)).collect::<Vec<_>>();
    for size in [1, 2, 3, 5, 64, 100, 127, 128, 129, 150_u64] {
        let leaves = &all[..size as usize];
        let new_root = Hash(root(leaves).0);
        assert_eq!(
            tree_hash(size, &store).expect("a root"),
            new_root,
            "{size} leaves"
        );
        for index in 0..size {
            let ours = theirs(&inclusion_proof(leaves, index).expect("a leaf"));
            assert_eq!(prove_record(size, index, &store).expect("a proof"), ours);
            let leaf = Hash(leaves[index as usize].0);
            check_record(&ours, size, new_root, index, leaf).expect("our proof");
        }
        for old in 1..=size {
            let ours = theirs(&consistency_proof(leaves, old).expect("smaller"));
            assert_eq!(prove_tree(size, old, &store).expect("a proof"), ours);
            let old_root = Hash(root(&leaves[..old as usize]).0);
            check_tree(&ours, size, new_root, old, old_root).expect("our proof");
        }
    }
}

#[test]
fn asking_beyond_the_tree_is_refused_with_the_numbers() {
    let leaves = numbered(5);
    let tree_root = root(&leaves);
    let cases = [
        (inclusion_proof(&leaves, 5).err(), "P121"),
        (inclusion_proof(&[], 0).err(), "P121"),
        (inclusion_proof(&leaves, u64::MAX).err(), "P121"),
        (consistency_proof(&leaves, 6).err(), "P122"),
        (
            verify_inclusion(&tree_root, 5, 5, &leaves[4], &[]).err(),
            "P121",
        ),
        (
            verify_inclusion(&Root::empty(), 0, 0, &leaves[0], &[]).err(),
            "P121",
        ),
        (
            verify_consistency(&tree_root, 5, &tree_root, 4, &[]).err(),
            "P122",
        ),
    ];
    for (row, (error, code)) in cases.iter().enumerate() {
        assert_eq!(
            error.as_ref().map(ProofError::code),
            Some(*code),
            "row {row}"
        );
    }
}

#[test]
fn a_tree_without_leaves_is_a_beginning_of_every_tree_and_of_nothing_else() {
    let leaves = numbered(3);
    let (empty, three) = (Root::empty(), root(&leaves));
    assert_eq!(consistency_proof(&leaves, 0).expect("smaller"), []);
    let (none, one) = (&[][..], &[NodeHash(leaves[0].0)][..]);
    let rows = [
        (&empty, 0, &three, 3, none, true),
        (&empty, 0, &empty, 0, none, true),
        (&three, 0, &three, 3, none, false),
        (&empty, 0, &three, 0, none, false),
        (&empty, 0, &three, 3, one, false),
        (&three, 3, &three, 3, one, false),
    ];
    for (row, (old_root, old, new_root, new, proof, holds)) in rows.into_iter().enumerate() {
        let result = verify_consistency(old_root, old, new_root, new, proof);
        assert_eq!(result.is_ok(), holds, "row {row}");
    }
}

/// What a log could try: a proof that stops early, at a hash the verifier already has.
#[test]
fn a_proof_that_stops_below_the_root_is_refused() {
    let leaves = numbered(8);
    let eight = root(&leaves);
    let inclusion = inclusion_proof(&leaves, 0).expect("a leaf");
    let pair = LeafHash(root(&leaves[..2]).0);
    let rows = [
        verify_inclusion(&eight, 8, 0, &LeafHash(eight.0), &[]),
        verify_inclusion(&eight, 8, 0, &pair, &inclusion[1..]),
        verify_consistency(&eight, 4, &eight, 8, &[]),
        verify_consistency(&eight, 6, &eight, 8, &[NodeHash(eight.0)]),
    ];
    for (row, result) in rows.into_iter().enumerate() {
        let code = result.expect_err("refused").code();
        assert_eq!(code, if row < 2 { "P123" } else { "P124" }, "row {row}");
    }
}

/// Every way to change one thing about a proof that the tests below try.
fn tampered(proof: &[NodeHash], at: usize, bit: usize) -> Vec<Vec<NodeHash>> {
    let mut longer = proof.to_vec();
    longer.push(NodeHash([7; 32]));
    let mut ways = vec![longer];
    if !proof.is_empty() {
        let at = at % proof.len();
        let mut flipped = proof.to_vec();
        flipped[at].0[bit / 8] ^= 1 << (bit % 8);
        let mut shorter = proof.to_vec();
        shorter.remove(at);
        let mut doubled = proof.to_vec();
        doubled.insert(at, proof[at]);
        ways.extend([flipped, shorter, doubled]);
    }
    ways
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn inclusion_holds_for_its_own_leaf_only(
        size in 1_usize..600,
        index in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        at in 0_usize..64,
        bit in 0_usize..256,
    ) {
        let leaves = numbered(size);
        let (index, other) = (index.index(size), other.index(size));
        let (size, place) = (size as u64, index as u64);
        let tree_root = root(&leaves);
        let proof = inclusion_proof(&leaves, place).expect("a leaf");
        prop_assert_eq!(bare(&proof), naive::path(index, &leaves));
        let check = |root: &Root, place: u64, leaf: &LeafHash, proof: &[NodeHash]| {
            verify_inclusion(root, size, place, leaf, proof).is_ok()
        };
        prop_assert!(check(&tree_root, place, &leaves[index], &proof));
        if other != index {
            prop_assert!(!check(&tree_root, other as u64, &leaves[index], &proof));
            prop_assert!(!check(&tree_root, place, &leaves[other], &proof));
        }
        let mut wrong_root = tree_root;
        wrong_root.0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!check(&wrong_root, place, &leaves[index], &proof));
        for changed in tampered(&proof, at, bit) {
            prop_assert!(!check(&tree_root, place, &leaves[index], &changed));
        }
    }

    #[test]
    fn consistency_holds_for_its_own_trees_only(
        new in 2_usize..600,
        old in any::<prop::sample::Index>(),
        at in 0_usize..64,
        bit in 0_usize..256,
    ) {
        let leaves = numbered(new);
        let old = 1 + old.index(new - 1);
        let (old_root, new_root) = (root(&leaves[..old]), root(&leaves));
        let proof = consistency_proof(&leaves, old as u64).expect("smaller");
        prop_assert_eq!(bare(&proof), naive::subproof(old, &leaves, true));
        let check = |old_root: &Root, new_root: &Root, proof: &[NodeHash]| {
            verify_consistency(old_root, old as u64, new_root, new as u64, proof).is_ok()
        };
        prop_assert!(check(&old_root, &new_root, &proof));
        let flip = |mut root: Root| {
            root.0[bit / 8] ^= 1 << (bit % 8);
            root
        };
        prop_assert!(!check(&flip(old_root), &new_root, &proof));
        prop_assert!(!check(&old_root, &flip(new_root), &proof));
        for changed in tampered(&proof, at, bit) {
            prop_assert!(!check(&old_root, &new_root, &changed));
        }

        // A log that rewrote one of the old entries cannot prove that it did not.
        let mut rewritten = leaves.clone();
        rewritten[at % old] = LeafHash::of(b"another history");
        let forged = consistency_proof(&rewritten, old as u64).expect("smaller");
        prop_assert!(!check(&old_root, &root(&rewritten), &forged));
    }
}

#[test]
fn many_entries_are_hashed_as_each_by_itself() {
    let entries: Vec<Vec<u8>> = (0_u16..1_500)
        .map(|number| number.to_be_bytes().repeat(usize::from(number % 80)))
        .collect();
    for count in [0, 1, 511, 512, 1_500] {
        let some: Vec<&[u8]> = entries.iter().take(count).map(Vec::as_slice).collect();
        let each: Vec<LeafHash> = some.iter().map(|entry| LeafHash::of(entry)).collect();
        assert_eq!(LeafHash::of_all(&some), each, "{count}");
    }
}
