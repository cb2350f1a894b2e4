//! The file of a settlement tree: written once, then any investor's proof is read by seeking.
//!
//! ```text
//! magic       24 bytes   "softcap-settlement-tree\n"
//! version      1 byte    1
//! leaf count   8 bytes   n, u64 little endian, 1 ..= 2^31
//! positions   4n bytes   u32 little endian each: where leaf i (the caller's order) stands in the tree
//! nodes       32(2n-1)   the array of the tree, root first
//! ```
//!
//! Nothing follows. All of it is determined by the leaves, so that [`SettlementTree::check_file`]
//! finds any changed byte.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::error::ProofError;
use crate::settlement_leaf::SettlementLeaf;
use crate::settlement_tree::{
    LEAVES_MAX, SettlementNode, SettlementRoot, SettlementTree, sibling_positions, verify,
};

const MAGIC: &[u8; 24] = b"softcap-settlement-tree\n";
const VERSION: u8 = 1;
/// Magic, version and leaf count.
const HEADER: usize = 24 + 1 + 8;
const POSITION: u64 = 4;
const NODE: u64 = 32;
/// Bytes encoded or compared at a time; a multiple of both record lengths.
const CHUNK: usize = 1 << 16;

/// A place in the file, counted from 0 within its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilePart {
    /// Magic, version or leaf count.
    Header,
    /// The position of this leaf, in the caller's order.
    Leaf(u64),
    /// This node of the array, the root being 0.
    Node(u64),
    /// Bytes after the last node.
    End,
}

impl fmt::Display for FilePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => f.write_str("the header"),
            Self::Leaf(index) => write!(f, "the position of leaf {index}"),
            Self::Node(position) => write!(f, "node {position}"),
            Self::End => f.write_str("the end: there are bytes after the last node"),
        }
    }
}

impl SettlementTree {
    /// Writes the file. Only whole chunks are written, a buffer around `writer` gains nothing.
    ///
    /// # Errors
    /// [`ProofError::TreeFileIo`].
    pub fn write_to(&self, writer: &mut impl Write) -> Result<(), ProofError> {
        let written = |source| ProofError::TreeFileIo {
            action: "written",
            source,
        };
        writer.write_all(&self.header()).map_err(written)?;
        let mut buffer = Vec::with_capacity(CHUNK);
        for chunk in self.positions().chunks(CHUNK / POSITION as usize) {
            encode_positions(chunk, &mut buffer);
            writer.write_all(&buffer).map_err(written)?;
        }
        for chunk in self.nodes().chunks(CHUNK / NODE as usize) {
            encode_nodes(chunk, &mut buffer);
            writer.write_all(&buffer).map_err(written)?;
        }
        Ok(())
    }

    /// Compares a file, byte by byte and in one pass, with this tree, which was built again from the
    /// settlement.
    ///
    /// # Errors
    /// [`ProofError::TreeFileDiffers`] with the first differing place (a file that ends early differs
    /// where it ends), [`ProofError::TreeFileIo`].
    pub fn check_file(&self, mut reader: impl Read) -> Result<(), ProofError> {
        let mut buffer = Vec::with_capacity(CHUNK);
        if compare(&mut reader, &self.header())?.is_some() {
            return Err(ProofError::TreeFileDiffers {
                part: FilePart::Header,
            });
        }
        let mut checked = 0;
        for chunk in self.positions().chunks(CHUNK / POSITION as usize) {
            encode_positions(chunk, &mut buffer);
            if let Some(offset) = compare(&mut reader, &buffer)? {
                let part = FilePart::Leaf(checked + offset as u64 / POSITION);
                return Err(ProofError::TreeFileDiffers { part });
            }
            checked += chunk.len() as u64;
        }
        let mut checked = 0;
        for chunk in self.nodes().chunks(CHUNK / NODE as usize) {
            encode_nodes(chunk, &mut buffer);
            if let Some(offset) = compare(&mut reader, &buffer)? {
                let part = FilePart::Node(checked + offset as u64 / NODE);
                return Err(ProofError::TreeFileDiffers { part });
            }
            checked += chunk.len() as u64;
        }
        if read_up_to(&mut reader, &mut [0])? > 0 {
            return Err(ProofError::TreeFileDiffers {
                part: FilePart::End,
            });
        }
        Ok(())
    }

    fn header(&self) -> [u8; HEADER] {
        let mut header = [VERSION; HEADER];
        header[..MAGIC.len()].copy_from_slice(MAGIC);
        header[MAGIC.len() + 1..].copy_from_slice(&(self.leaf_count() as u64).to_le_bytes());
        header
    }
}

/// The part of the file of `leaves` leaves in which a byte stands.
pub(crate) fn part_at(offset: u64, leaves: u64) -> FilePart {
    let (nodes, end) = (node_offset(leaves, 0), node_offset(leaves, 2 * leaves - 1));
    if offset < HEADER as u64 {
        FilePart::Header
    } else if offset < nodes {
        FilePart::Leaf((offset - HEADER as u64) / POSITION)
    } else if offset < end {
        FilePart::Node((offset - nodes) / NODE)
    } else {
        FilePart::End
    }
}

/// A leaf with its proof, as read from a file: checked against the root in the same file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafProof {
    /// The leaf's hash.
    pub leaf: SettlementLeaf,
    /// The siblings up to the root, nearest first.
    pub proof: Vec<SettlementNode>,
}

/// A settlement tree file open for reading proofs. Keeps nothing but the root in memory.
#[derive(Debug)]
pub struct TreeFile<R> {
    reader: R,
    leaves: u64,
    root: SettlementRoot,
}

impl<R: Read + Seek> TreeFile<R> {
    /// Reads the header and the root, and checks that the length fits the leaf count.
    ///
    /// # Errors
    /// [`ProofError::TreeFileMalformed`], [`ProofError::TreeFileIo`].
    pub fn open(mut reader: R) -> Result<Self, ProofError> {
        let mut header = [0; HEADER];
        let length = reader.seek(SeekFrom::End(0)).map_err(unreadable)?;
        if length < HEADER as u64 {
            return Err(malformed("it ends within the header".to_owned()));
        }
        read_at(&mut reader, 0, &mut header)?;
        let (magic, rest) = header.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(malformed(
                "it does not begin with `softcap-settlement-tree`".to_owned(),
            ));
        }
        if rest[0] != VERSION {
            return Err(malformed(format!(
                "version {} is not known, only {VERSION}",
                rest[0]
            )));
        }
        let mut count = [0; 8];
        count.copy_from_slice(&rest[1..]);
        let leaves = u64::from_le_bytes(count);
        if leaves == 0 || leaves > LEAVES_MAX {
            return Err(malformed(format!(
                "a leaf count of {leaves} is not possible"
            )));
        }
        let expected = node_offset(leaves, 2 * leaves - 1);
        if length != expected {
            return Err(malformed(format!(
                "{leaves} leaves need {expected} bytes, it has {length}"
            )));
        }
        let mut root = [0; NODE as usize];
        read_at(&mut reader, node_offset(leaves, 0), &mut root)?;
        Ok(Self {
            reader,
            leaves,
            root: SettlementRoot(root),
        })
    }

    /// Number of leaves.
    #[must_use]
    pub fn leaf_count(&self) -> u64 {
        self.leaves
    }

    /// The root that the file says it has. Compare it with the published one.
    #[must_use]
    pub fn root(&self) -> SettlementRoot {
        self.root
    }

    /// Reads leaf `index` (the order of the settlement table) and its proof, about log2(n) seeks.
    ///
    /// # Errors
    /// [`ProofError::LeafOutOfRange`]; [`ProofError::TreeFileMalformed`] when what is read does not
    /// lead to [`TreeFile::root`]; [`ProofError::TreeFileIo`].
    pub fn proof(&mut self, index: u64) -> Result<LeafProof, ProofError> {
        if index >= self.leaves {
            return Err(ProofError::LeafOutOfRange {
                index,
                size: self.leaves,
            });
        }
        let mut bytes = [0; POSITION as usize];
        read_at(
            &mut self.reader,
            HEADER as u64 + POSITION * index,
            &mut bytes,
        )?;
        let position = u32::from_le_bytes(bytes);
        let at = u64::from(position);
        if at < self.leaves - 1 || at > 2 * self.leaves - 2 {
            return Err(malformed(format!(
                "leaf {index} is said to be at {at}, where no leaf is"
            )));
        }
        let leaf = SettlementLeaf(self.node(position)?.0);
        let proof = sibling_positions(position)
            .map(|sibling| self.node(sibling))
            .collect::<Result<Vec<_>, _>>()?;
        verify(&self.root, &leaf, &proof)
            .map_err(|_| malformed(format!("leaf {index} at {at} does not lead to the root")))?;
        Ok(LeafProof { leaf, proof })
    }

    fn node(&mut self, position: u32) -> Result<SettlementNode, ProofError> {
        let mut node = [0; NODE as usize];
        read_at(
            &mut self.reader,
            node_offset(self.leaves, u64::from(position)),
            &mut node,
        )?;
        Ok(SettlementNode(node))
    }
}

/// Where a node stands in the file. At most 2^37, so that it cannot overflow.
fn node_offset(leaves: u64, position: u64) -> u64 {
    HEADER as u64 + POSITION * leaves + NODE * position
}

fn encode_positions(positions: &[u32], buffer: &mut Vec<u8>) {
    buffer.clear();
    buffer.extend(positions.iter().flat_map(|position| position.to_le_bytes()));
}

fn encode_nodes(nodes: &[SettlementNode], buffer: &mut Vec<u8>) {
    buffer.clear();
    for node in nodes {
        buffer.extend_from_slice(&node.0);
    }
}

/// Reads as much as `expected` and returns the offset of the first difference.
fn compare(reader: &mut impl Read, expected: &[u8]) -> Result<Option<usize>, ProofError> {
    let mut found = vec![0; expected.len()];
    let length = read_up_to(reader, &mut found)?;
    if found[..length] == *expected {
        return Ok(None);
    }
    let equal = found[..length]
        .iter()
        .zip(expected)
        .take_while(|(a, b)| a == b)
        .count();
    Ok(Some(equal))
}

/// Fills the buffer as far as the reader has bytes.
fn read_up_to(reader: &mut impl Read, buffer: &mut [u8]) -> Result<usize, ProofError> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
    Ok(filled)
}

fn read_at(
    reader: &mut (impl Read + Seek),
    offset: u64,
    buffer: &mut [u8],
) -> Result<(), ProofError> {
    reader.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
    reader.read_exact(buffer).map_err(unreadable)
}

fn unreadable(source: io::Error) -> ProofError {
    ProofError::TreeFileIo {
        action: "read",
        source,
    }
}

fn malformed(problem: String) -> ProofError {
    ProofError::TreeFileMalformed { problem }
}
