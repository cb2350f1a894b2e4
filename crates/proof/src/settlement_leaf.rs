//! Leaves of the settlement tree: one per investor, hashed as `@openzeppelin/merkle-tree` does,
//! `keccak256(keccak256(abi.encode(id, amounts...)))`.
//!
//! The amounts are `uint256`: tokens, then accepted and refunded per currency in the order of the
//! terms, each a count of the smallest unit.

use sha2::Sha256;
use sha3::{Digest, Keccak256};

/// Separates investor ids from everything else that Softcap hashes.
const INVESTOR_DOMAIN: &[u8] = b"softcap/investor/v1\0";
/// One ABI word in bytes.
const WORD: usize = 32;
/// Words that are encoded on the stack: the id and seven amounts, enough for three currencies.
const STACK_WORDS: usize = 8;

/// The first value of a leaf: who it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LeafId {
    /// An EVM account, ABI type `address`.
    Address([u8; 20]),
    /// Any other investor: the hash of the id, ABI type `bytes32`. Made by [`LeafId::opaque`].
    Opaque([u8; 32]),
}

impl LeafId {
    /// The leaf id of an investor who is not an EVM account:
    /// `SHA-256("softcap/investor/v1\0" || id)` over the UTF-8 bytes of the id.
    #[must_use]
    pub fn opaque(investor: &str) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(INVESTOR_DOMAIN);
        hasher.update(investor);
        Self::Opaque(hasher.finalize().into())
    }

    /// Which kind this is.
    #[must_use]
    pub fn kind(&self) -> LeafIdKind {
        match self {
            Self::Address(_) => LeafIdKind::Address,
            Self::Opaque(_) => LeafIdKind::Opaque,
        }
    }

    /// The id as one ABI word: an address is a number, padded on the left.
    fn word(&self) -> [u8; WORD] {
        match self {
            Self::Address(address) => {
                let mut word = [0; WORD];
                word[12..].copy_from_slice(address);
                word
            }
            Self::Opaque(hash) => *hash,
        }
    }
}

/// The kind of id that all leaves of one tree have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LeafIdKind {
    /// EVM accounts, ABI type `address`.
    Address,
    /// Hashed ids, ABI type `bytes32`.
    Opaque,
}

/// The types of a leaf, for whoever rebuilds the tree with `@openzeppelin/merkle-tree`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LeafEncoding {
    /// Kind of the first value.
    pub id: LeafIdKind,
    /// How many `uint256` follow.
    pub amounts: usize,
}

impl LeafEncoding {
    /// The `leafEncoding` argument of `StandardMerkleTree.of`.
    ///
    /// ```
    /// use softcap_proof::{LeafEncoding, LeafIdKind};
    ///
    /// let encoding = LeafEncoding { id: LeafIdKind::Address, amounts: 2 };
    /// assert_eq!(encoding.types(), ["address", "uint256", "uint256"]);
    /// ```
    #[must_use]
    pub fn types(&self) -> Vec<&'static str> {
        let id = match self.id {
            LeafIdKind::Address => "address",
            LeafIdKind::Opaque => "bytes32",
        };
        std::iter::once(id)
            .chain(std::iter::repeat_n("uint256", self.amounts))
            .collect()
    }
}

/// The hash of one investor's settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SettlementLeaf(pub [u8; 32]);

impl SettlementLeaf {
    /// Hashes one row of the settlement: `amounts` in the order that the module's page gives.
    #[must_use]
    pub fn new(id: &LeafId, amounts: &[u128]) -> Self {
        let words = 1 + amounts.len();
        let mut stack = [0; WORD * STACK_WORDS];
        if words <= STACK_WORDS {
            let encoded = &mut stack[..WORD * words];
            encode(id, amounts, encoded);
            Self::of_encoded(encoded)
        } else {
            let mut encoded = vec![0; WORD * words];
            encode(id, amounts, &mut encoded);
            Self::of_encoded(&encoded)
        }
    }

    /// Hashed twice, so that a leaf can never be passed off as an inner node.
    fn of_encoded(encoded: &[u8]) -> Self {
        Self(Keccak256::digest(Keccak256::digest(encoded)).into())
    }
}

/// ABI-encodes the id and the amounts, all static types, into zeroed words: one word each.
fn encode(id: &LeafId, amounts: &[u128], words: &mut [u8]) {
    let (first, rest) = words.split_at_mut(WORD);
    first.copy_from_slice(&id.word());
    for (word, amount) in rest.chunks_exact_mut(WORD).zip(amounts) {
        word[WORD / 2..].copy_from_slice(&amount.to_be_bytes());
    }
}
