//! The settlement tree and its file on any machine: roots that the npm package gave, a naive second
//! implementation, and every changed byte of a file found. `settlement_tree_npm.rs` asks the package.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says why and fails"
)]

#[path = "support/hex.rs"]
mod hex;
#[path = "support/settlement_rows.rs"]
mod settlement_rows;

use std::io::{self, Cursor, Read};

use hex::hash;
use proptest::prelude::*;
use settlement_rows::{rows, tree};
use sha3::{Digest, Keccak256};
use softcap_proof::settlement_tree::verify;
use softcap_proof::{
    FilePart, LeafEncoding, LeafId, LeafIdKind, LeafProof, ProofError, SettlementLeaf,
    SettlementNode, SettlementRoot, SettlementTree, TreeFile,
};

const ADDRESSES: LeafEncoding = LeafEncoding {
    id: LeafIdKind::Address,
    amounts: 3,
};
const OPAQUE: LeafEncoding = LeafEncoding {
    id: LeafIdKind::Opaque,
    amounts: 5,
};

#[test]
fn roots_are_those_of_the_npm_package() {
    // Printed by @openzeppelin/merkle-tree 1.0.8 for the rows of `support/settlement_rows.rs`.
    let rows_of = [
        (
            ADDRESSES,
            1,
            "de37a8ca3a1755ec02dd7ad1f1c703cbc6be5ebd163826921d3c3647bee3c999",
        ),
        (
            ADDRESSES,
            2,
            "baa15698ef130808795ba4979ba5e6ac1bbdf3590511d5f4ac3029a6c13be830",
        ),
        (
            ADDRESSES,
            7,
            "38e492ebeae8699ea3c58f1a99e2156e42a7a68219a1e52b806423bd769c40c2",
        ),
        (
            ADDRESSES,
            1000,
            "db9efbe970cf8e3c24f59b353c6dcaff6abd8b9818c32722e6827b905bba0b30",
        ),
        (
            OPAQUE,
            1,
            "5f3b721da22645edaade61591e1a3d144a84e9f4481c2757d2a8c228a610d057",
        ),
        (
            OPAQUE,
            3,
            "8e20a917f6d26f201d3b5f756cd31d6ca350bbaf3fb1d720cccf4c50577e57de",
        ),
        (
            OPAQUE,
            64,
            "db174c4621b03f104d4cf19e1c6b9ec014ee2d303cfa88b01696b6fc31674a02",
        ),
        (
            OPAQUE,
            1000,
            "e027ce70fe00932774b728efe39d163f47701a98a38a647a7b5bbd73acda288d",
        ),
    ];
    for (encoding, count, root) in rows_of {
        let tree = tree(&rows(encoding, count));
        assert_eq!(
            tree.root(),
            SettlementRoot(hash(root)),
            "{count} rows of {encoding:?}"
        );
    }
}

#[test]
fn the_example_of_the_npm_package_has_its_published_root() {
    let ether = 1_000_000_000_000_000_000;
    let rows = [
        (LeafId::Address([0x11; 20]), [5 * ether]),
        (LeafId::Address([0x22; 20]), [2 * ether + ether / 2]),
    ];
    let leaves = rows.map(|(id, amounts)| SettlementLeaf::new(&id, &amounts));
    let tree = SettlementTree::from_leaves(&leaves).expect("two leaves");
    let published = "0xd4dee0beab2d53f2cc83e567171bd2820e49898130a22622b10ead383e90bd77";
    assert_eq!(tree.root(), SettlementRoot(hash(published)));
}

#[test]
fn an_opaque_id_is_the_hash_of_domain_and_id() {
    // printf 'softcap/investor/v1\0alice' | sha256sum
    let expected = LeafId::Opaque(hash(
        "616a5ed9d4b22015e1e7bb418f49ec02baccdba32362c09afde027778084c0b1",
    ));
    assert_eq!(LeafId::opaque("alice"), expected);
    assert_ne!(LeafId::opaque("alice "), expected);
    assert_eq!(LeafId::opaque("alice").kind(), LeafIdKind::Opaque);
    assert_eq!(LeafId::Address([1; 20]).kind(), LeafIdKind::Address);
    assert_eq!(
        OPAQUE.types(),
        [
            "bytes32", "uint256", "uint256", "uint256", "uint256", "uint256"
        ]
    );
    assert_eq!(
        LeafEncoding {
            id: LeafIdKind::Address,
            amounts: 0
        }
        .types(),
        ["address"]
    );
}

/// The tree as the package's source describes it, without threads, prefixes or shared storage.
fn naive(leaves: &[SettlementLeaf]) -> (Vec<[u8; 32]>, Vec<u32>) {
    let mut sorted: Vec<(usize, [u8; 32])> = leaves.iter().map(|leaf| leaf.0).enumerate().collect();
    sorted.sort_by_key(|(_, hash)| *hash);
    let length = 2 * leaves.len() - 1;
    let (mut nodes, mut positions) = (vec![[0; 32]; length], vec![0; leaves.len()]);
    for (rank, (index, hash)) in sorted.into_iter().enumerate() {
        nodes[length - 1 - rank] = hash;
        positions[index] = (length - 1 - rank) as u32;
    }
    for at in (0..leaves.len() - 1).rev() {
        let mut pair = [nodes[2 * at + 1], nodes[2 * at + 2]];
        pair.sort_unstable();
        nodes[at] = Keccak256::digest(pair.concat()).into();
    }
    (nodes, positions)
}

fn assert_equals_naive(leaves: &[SettlementLeaf]) {
    let tree = SettlementTree::from_leaves(leaves).expect("leaves");
    let (nodes, positions) = naive(leaves);
    let ours: Vec<[u8; 32]> = tree.nodes().iter().map(|node| node.0).collect();
    assert!(
        ours == nodes && tree.positions() == positions,
        "{} leaves",
        leaves.len()
    );
    assert_eq!(tree.leaf_count(), leaves.len());
    let step = leaves.len() / 200 + 1;
    for index in (0..leaves.len()).step_by(step) {
        assert_eq!(tree.leaf(index), Some(leaves[index]));
        let proof = tree.proof(index).expect("a leaf");
        verify(&tree.root(), &leaves[index], &proof).expect("its own proof");
    }
}

#[test]
fn every_size_equals_the_naive_tree() {
    let leaves: Vec<_> = rows(ADDRESSES, 20_000)
        .iter()
        .map(|row| row.leaf())
        .collect();
    for size in (1..=130).chain([255, 256, 257, 511, 512, 513, 1023, 1025, 8191, 20_000]) {
        assert_equals_naive(&leaves[..size]);
    }
}

#[test]
fn no_leaves_and_too_many_leaves_are_refused_before_anything_is_hashed() {
    let never = |_| -> SettlementLeaf { panic!("no leaf may be asked for") };
    let code = |count| {
        SettlementTree::build(count, never)
            .expect_err("refused")
            .code()
    };
    assert_eq!(code(0), "P301");
    assert_eq!(code((1 << 31) + 1), "P302");
    assert_eq!(
        SettlementTree::from_leaves(&[])
            .expect_err("refused")
            .code(),
        "P301"
    );
}

#[test]
fn a_leaf_that_is_not_there_has_no_proof() {
    let tree = tree(&rows(ADDRESSES, 5));
    assert_eq!(tree.leaf(5), None);
    assert_eq!(tree.proof(5).expect_err("refused").code(), "P121");
    let mut file = TreeFile::open(Cursor::new(written(&tree))).expect("its own file");
    assert_eq!(file.proof(5).expect_err("refused").code(), "P121");
}

fn written(tree: &SettlementTree) -> Vec<u8> {
    let mut file = Vec::new();
    tree.write_to(&mut file).expect("memory");
    file
}

#[test]
fn the_file_has_the_documented_form() {
    let tree = tree(&rows(OPAQUE, 3));
    let mut expected = b"softcap-settlement-tree\n\x01\x03\0\0\0\0\0\0\0".to_vec();
    expected.extend(
        tree.positions()
            .iter()
            .flat_map(|position| position.to_le_bytes()),
    );
    expected.extend(tree.nodes().iter().flat_map(|node| node.0));
    assert_eq!(written(&tree), expected);
    assert_eq!(expected.len(), 33 + 3 * 4 + 5 * 32);
}

#[test]
fn proofs_read_from_the_file_are_those_of_the_tree() {
    // The last is larger than one chunk in both parts of the file.
    for count in [1, 2, 3, 64, 1000, 40_000] {
        let rows = rows(ADDRESSES, count);
        let tree = tree(&rows);
        let bytes = written(&tree);
        tree.check_file(&bytes[..]).expect("its own file");
        let mut file = TreeFile::open(Cursor::new(bytes)).expect("its own file");
        assert_eq!(
            (file.leaf_count(), file.root()),
            (count as u64, tree.root())
        );
        for index in (0..count).step_by(count / 500 + 1) {
            let expected = LeafProof {
                leaf: rows[index].leaf(),
                proof: tree.proof(index).expect("a leaf"),
            };
            assert_eq!(
                file.proof(index as u64).expect("a leaf"),
                expected,
                "{index} of {count}"
            );
        }
    }
}

#[test]
fn every_changed_byte_is_found_and_placed() {
    let tree = tree(&rows(OPAQUE, 5));
    let bytes = written(&tree);
    for at in 0..bytes.len() {
        let part = match at {
            0..33 => FilePart::Header,
            33..53 => FilePart::Leaf((at as u64 - 33) / 4),
            _ => FilePart::Node((at as u64 - 53) / 32),
        };
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            assert_eq!(difference(&tree, &changed), part, "byte {at} bit {bit}");
            // Even without the tree to compare with, no proof that is handed out can be wrong.
            let Ok(mut file) = TreeFile::open(Cursor::new(changed)) else {
                continue;
            };
            if file.root() != tree.root() {
                continue;
            }
            for index in 0..5 {
                if let Ok(read) = file.proof(index) {
                    verify(&tree.root(), &read.leaf, &read.proof).expect("checked when read");
                }
            }
        }
        assert_eq!(difference(&tree, &bytes[..at]), part, "cut off at {at}");
        assert!(TreeFile::open(Cursor::new(&bytes[..at])).is_err());
    }
    let mut longer = bytes;
    longer.push(0);
    assert_eq!(difference(&tree, &longer), FilePart::End);
    assert_eq!(
        TreeFile::open(Cursor::new(longer))
            .expect_err("too long")
            .code(),
        "P304"
    );
}

#[test]
fn a_file_that_gives_an_inner_node_or_nothing_for_a_leaf_is_refused() {
    let bytes = written(&tree(&rows(OPAQUE, 5)));
    // Nodes 0 to 3 are inner ones and lead to the root; 9 and above are not in the tree.
    for position in [0_u32, 1, 3, 9, u32::MAX] {
        let mut changed = bytes.clone();
        changed[33..37].copy_from_slice(&position.to_le_bytes());
        let mut file = TreeFile::open(Cursor::new(changed)).expect("the header is intact");
        assert_eq!(
            file.proof(0).expect_err("refused").code(),
            "P304",
            "position {position}"
        );
        file.proof(1).expect("another leaf is intact");
    }
}

#[test]
fn differences_beyond_the_first_chunk_are_placed() {
    let tree = tree(&rows(ADDRESSES, 40_000));
    let bytes = written(&tree);
    let nodes_at = 33 + 4 * 40_000;
    let places = [
        (33 + 4 * 39_999 + 3, FilePart::Leaf(39_999)),
        (33 + 4 * 16_384, FilePart::Leaf(16_384)),
        (nodes_at, FilePart::Node(0)),
        (nodes_at + 32 * 2048 + 31, FilePart::Node(2048)),
        (bytes.len() - 1, FilePart::Node(79_998)),
    ];
    for (at, part) in places {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert_eq!(difference(&tree, &changed), part);
        assert_eq!(difference(&tree, &bytes[..at]), part);
    }
}

fn difference(tree: &SettlementTree, file: &[u8]) -> FilePart {
    match tree.check_file(file) {
        Err(ProofError::TreeFileDiffers { part }) => part,
        other => panic!("no difference: {other:?}"),
    }
}

#[test]
fn headers_of_other_files_are_refused_with_the_reason() {
    let bytes = written(&tree(&rows(ADDRESSES, 2)));
    let with = |range: std::ops::Range<usize>, new: &[u8]| {
        let mut changed = bytes.clone();
        changed[range].copy_from_slice(new);
        changed
    };
    let table = [
        (Vec::new(), "it ends within the header"),
        (
            with(0..7, b"softCAP"),
            "it does not begin with `softcap-settlement-tree`",
        ),
        (with(24..25, &[2]), "version 2 is not known, only 1"),
        (with(25..33, &[0; 8]), "a leaf count of 0 is not possible"),
        (
            with(25..33, &[255; 8]),
            "a leaf count of 18446744073709551615 is not possible",
        ),
        (with(25..26, &[3]), "3 leaves need 205 bytes, it has 137"),
        (bytes[..136].to_vec(), "2 leaves need 137 bytes, it has 136"),
    ];
    for (file, expected) in table {
        match TreeFile::open(Cursor::new(file)) {
            Err(ProofError::TreeFileMalformed { problem }) => assert_eq!(problem, expected),
            other => panic!("{expected}: {other:?}"),
        }
    }
}

/// A disk that fills up, and a medium that breaks, after some bytes.
struct Failing(usize);

impl io::Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        if taken == 0 {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(taken)
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_and_a_broken_medium_are_reported() {
    let tree = tree(&rows(ADDRESSES, 5));
    let bytes = written(&tree);
    for room in [0, 20, 40, bytes.len() - 1] {
        let error = tree.write_to(&mut Failing(room)).expect_err("no room");
        assert_eq!(error.code(), "P306");
        assert_eq!(
            error.to_string(),
            "the settlement tree file cannot be written"
        );

        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::Other.into())
            }
        }
        let error = tree
            .check_file((&bytes[..room]).chain(Broken))
            .expect_err("broken");
        assert_eq!(error.to_string(), "the settlement tree file cannot be read");
    }
    tree.write_to(&mut Failing(bytes.len()))
        .expect("just enough room");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Few different prefixes and few different hashes: what sorting by prefix could get wrong.
    #[test]
    fn equal_prefixes_and_equal_hashes_keep_the_order_of_the_package(
        choices in prop::collection::vec((0_u8..3, 0_u8..4), 1..200),
    ) {
        let leaves: Vec<_> = choices
            .iter()
            .map(|(prefix, rest)| {
                let mut hash = [*rest; 32];
                hash[..4].copy_from_slice(&[0x80, 0, 0, *prefix]);
                SettlementLeaf(hash)
            })
            .collect();
        assert_equals_naive(&leaves);
    }

    #[test]
    fn a_proof_is_worth_nothing_for_anything_else(
        count in 2_usize..300,
        index in any::<prop::sample::Index>(),
        amount in 0_usize..3,
        at in any::<prop::sample::Index>(),
        bit in 0_usize..256,
    ) {
        let rows = rows(ADDRESSES, count);
        let tree = tree(&rows);
        let index = index.index(count);
        let proof = tree.proof(index).expect("a leaf");
        let holds = |root: SettlementRoot, leaf: SettlementLeaf, proof: &[SettlementNode]| {
            verify(&root, &leaf, proof).is_ok()
        };
        let (root, leaf) = (tree.root(), rows[index].leaf());
        prop_assert!(holds(root, leaf, &proof));

        let mut amounts = rows[index].amounts.clone();
        amounts[amount] ^= 1 << (bit % 128);
        prop_assert!(!holds(root, SettlementLeaf::new(&rows[index].id, &amounts), &proof));
        let other = LeafId::opaque("somebody else");
        prop_assert!(!holds(root, SettlementLeaf::new(&other, &rows[index].amounts), &proof));

        let mut flipped = proof.clone();
        flipped[at.index(proof.len())].0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!holds(root, leaf, &flipped));
        prop_assert!(!holds(root, leaf, &proof[1..]));
        let mut wrong_root = root;
        wrong_root.0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!holds(wrong_root, leaf, &proof));
        // An inner node is not a leaf: its proof is shorter and would otherwise pay somebody.
        let inner = SettlementLeaf(Keccak256::digest(proof[0].0).into());
        prop_assert!(!holds(root, inner, &proof[1..]));
    }
}
